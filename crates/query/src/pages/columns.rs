//! The columns of a page, and what there is to know of each.

use std::fmt::Write as _;

use catalog::{Column, Kind, Shape};
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::authored::Authored;
use super::names::{link, name_column};
use crate::error::{Error, Result};

/// Columns that every table of states has, those of every table of versions, and what they tell.
pub(super) const OF_STATES: [(&str, &str); 5] = [
    (
        "properties",
        "the whole object as Graph gave it, in Graph's own names",
    ),
    ("_tenant_id", "the tenant"),
    (
        "_version",
        "the content: equal contents of an object have equal ones",
    ),
    (
        "_snapshot_id",
        "the snapshot that last said something of the kind",
    ),
    ("_observed_at", "when that snapshot was taken"),
];
/// What tables of versions have instead of `_observed_at`.
pub(super) const OF_HISTORY: [(&str, &str); 6] = [
    ("_first_seen", "the first snapshot that showed this version"),
    (
        "_not_before",
        "the snapshot before that: the change lies between the two; empty where the kind was first read",
    ),
    ("_last_seen", "the last snapshot that showed it"),
    (
        "_gone_at",
        "the first snapshot that did not show it any more; empty while it lasts",
    ),
    (
        "_changed_at",
        "the time of the change, as well as it is known",
    ),
    ("_is_current", "whether it is what there is now"),
];

/// SQL's name of a column's type.
pub(super) fn type_name(field: &Field) -> &'static str {
    match field.data_type() {
        DataType::Utf8 if field.metadata().contains_key("ARROW:extension:name") => "json",
        DataType::Boolean => "boolean",
        DataType::Int64 | DataType::UInt32 => "bigint",
        DataType::Float64 => "double",
        DataType::Date32 => "date",
        DataType::Timestamp(..) => "timestamp",
        _ => "text",
    }
}

/// Columns of a kind's table that no other kind's table has in the same way.
pub(super) fn of_kind(kind: &'static Kind, schema: &Schema) -> String {
    let mut out = String::from("| column | type | Graph property | |\n|---|---|---|---|\n");
    for field in schema.fields() {
        let name = field.name();
        if OF_STATES.iter().any(|(common, _)| common == name) {
            continue;
        }
        let column = kind.columns.iter().find(|column| column.name() == *name);
        let property = column.map_or_else(String::new, |column| format!("`{}`", column.property));
        let note = match column {
            Some(column) => marks(kind, column.property).join(", "),
            None => own(kind, name),
        };
        let _ = writeln!(
            out,
            "| `{name}` | {} | {property} | {note} |",
            type_name(field)
        );
    }
    let history = if kind.is_event() {
        "Also `properties`, `_tenant_id` and `_version`"
    } else {
        "Also `properties`, `_tenant_id`, `_version`, `_snapshot_id` and `_observed_at`; the table of versions has `_first_seen`, `_not_before`, `_last_seen`, `_gone_at`, `_changed_at` and `_is_current`"
    };
    let _ = writeln!(
        out,
        "\n{history}: [columns of every table](README.md#columns-of-every-table)."
    );
    out
}

/// What a column that shows no property is.
fn own(kind: &Kind, name: &str) -> String {
    let parent = || kind.parent.map(link).unwrap_or_default();
    match (name, kind.shape) {
        ("_parent_id", _) => format!("id of {}", parent()),
        ("id", Shape::Relationship(_)) => "the target's".to_owned(),
        ("target_kind", _) => "kind of the target, as Graph tells it".to_owned(),
        (name, Shape::Relationship(edge)) if name == edge.source_column => {
            format!("id of {}", parent())
        }
        (_, Shape::Relationship(edge)) => format!("id of {}", link(edge.target)),
        ("id", _) if name_column(kind).is_none() && kind.display.contains(&"id") => {
            "names it".to_owned()
        }
        _ => String::new(),
    }
}

/// What the catalogue says of a property, in the words that the index explains.
fn marks(kind: &Kind, property: &str) -> Vec<String> {
    let mut marks = Vec::new();
    if kind.display.first() == Some(&property) {
        marks.push("names it".to_owned());
    }
    let lead = kind
        .references
        .iter()
        .filter(|reference| reference.path == property);
    marks.extend(
        lead.map(|reference| format!("{} of {}", reference.target_key, link(reference.target))),
    );
    for (list, word) in [
        (kind.volatile, "volatile"),
        (kind.drift, "drift"),
        (kind.read_only, "read-only"),
        (kind.immutable, "fixed"),
        (kind.sets, "set"),
        (kind.secrets, "secret"),
    ] {
        if list.contains(&property) {
            marks.push(word.to_owned());
        }
    }
    marks
}

/// What the catalogue says of properties that stand inside a column, or in `properties` alone.
pub(super) fn beside(kind: &Kind) -> String {
    let is_column = |path: &str| {
        kind.columns
            .iter()
            .any(|Column { property, .. }| *property == path)
    };
    let mut out = String::new();
    for (list, what) in [
        (kind.volatile, "Volatile, not as a column of its own"),
        (kind.drift, "Drift, not as a column of its own"),
        (kind.secrets, "Secret, not as a column of its own"),
    ] {
        let inside: Vec<String> = list
            .iter()
            .filter(|path| !is_column(path))
            .map(|path| format!("`{path}`"))
            .collect();
        if !inside.is_empty() {
            let _ = writeln!(out, "\n{what}: {}.", inside.join(", "));
        }
    }
    out
}

/// Where properties inside a column lead to.
pub(super) fn references(kind: &Kind) -> String {
    let is_column = |path: &str| {
        kind.columns
            .iter()
            .any(|Column { property, .. }| *property == path)
    };
    let inside: Vec<_> = kind
        .references
        .iter()
        .filter(|reference| !is_column(reference.path))
        .collect();
    if kind.is_relationship() || inside.is_empty() {
        return String::new();
    }
    let mut out =
        String::from("\n## References inside properties\n\n| property | is |\n|---|---|\n");
    for reference in inside {
        let _ = writeln!(
            out,
            "| `{}` | {} of {} |",
            reference.path,
            reference.target_key,
            link(reference.target)
        );
    }
    out
}

/// Columns of a computed table, with what is written of them.
pub(super) fn of_common(name: &str, authored: &Authored, schema: &Schema) -> Result<String> {
    let mut out = String::from("| column | type | |\n|---|---|---|\n");
    for field in schema.fields() {
        let column = field.name();
        let note = authored
            .columns
            .iter()
            .find(|(own, _)| own == column)
            .ok_or_else(|| {
                Error::Internal(format!(
                    "authored/{name}.md does not tell of the column {column}"
                ))
            })?;
        let _ = writeln!(out, "| `{column}` | {} | {} |", type_name(field), note.1);
    }
    let is_there = |column: &str| schema.column_with_name(column).is_some();
    match authored
        .columns
        .iter()
        .find(|(column, _)| !is_there(column))
    {
        None => Ok(out),
        Some((column, _)) => Err(Error::Internal(format!(
            "authored/{name}.md tells of a column {column}, which {name} does not have"
        ))),
    }
}

/// Columns of a table function, as they are written: `NAME TYPE`, and a note.
pub(super) fn of_function(name: &str, authored: &Authored) -> Result<String> {
    let mut out = String::from("| column | type | |\n|---|---|---|\n");
    for (column, note) in &authored.columns {
        let (column, kind) = column.split_once(' ').ok_or_else(|| {
            Error::Internal(format!(
                "authored/{name}.md does not tell the type of {column}"
            ))
        })?;
        let _ = writeln!(out, "| `{column}` | {kind} | {note} |");
    }
    Ok(out)
}
