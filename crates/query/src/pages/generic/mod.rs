//! Questions that facts suggest: what was there, what changed, and one that fits the kind.

mod bin;
mod logs;
mod objects;
mod relationships;

use catalog::{Kind, Shape};

use super::Question;
use super::names::{living_twin, name_column, quoted};
use super::telling;

/// The day that questions about the past name: one of the demonstration.
const DAY: &str = "2026-01-08";

/// The questions, mostly three, for kinds of which nobody wrote any.
pub(super) fn questions(kind: &'static Kind) -> Vec<Question> {
    let (first, last) = match kind.shape {
        Shape::Event { time } => return logs::questions(kind, time),
        _ if living_twin(kind).is_some() => return bin::questions(kind),
        Shape::Relationship(edge) => (
            relationships::state(kind, edge),
            relationships::gone(kind, edge),
        ),
        Shape::Singleton if kind.parent.is_none() => {
            (objects::state(kind), objects::versions(kind))
        }
        _ => (objects::state(kind), objects::fitting(kind)),
    };
    std::iter::once(first)
        .chain(changes(kind))
        .chain([last])
        .collect()
}

/// What changed, and who did it; logs do not change.
pub(super) fn changes(kind: &Kind) -> Option<Question> {
    let sql = match kind.shape {
        Shape::Event { .. } => return None,
        Shape::Relationship(edge) => format!(
            "select changed_at, actor, source_name, change_type, target_kind, target_name\nfrom link_changes\nwhere source_kind = '{}' and relation = '{}'\norder by changed_at desc\nlimit 100;",
            kind.parent.unwrap_or_default(),
            edge.relation
        ),
        _ => {
            let has_name = name_column(kind).is_some_and(|name| name != "principal_id");
            let name = if has_name {
                "display_name"
            } else {
                "object_id"
            };
            let drift = if kind.drift.is_empty() {
                ""
            } else {
                " and not is_drift"
            };
            format!(
                "select changed_at, actor, {name}, path, old_value, new_value\nfrom property_changes\nwhere kind = '{}'{drift}\norder by changed_at desc\nlimit 100;",
                kind.name
            )
        }
    };
    Some(Question {
        title: "What changed, and who did it?".to_owned(),
        sql,
    })
}

/// What a name is called in an answer that has names of several tables: of `group_id`, `group_name`.
fn name_of(id_column: &str) -> String {
    format!("{}_name", id_column.trim_end_matches("_id"))
}

/// The columns that tell most, but one, with a table's alias before each; the id among them where
/// nothing else names the object, and the whole object where they are too few.
fn shown(kind: &'static Kind, alias: &str, but: &str) -> String {
    let columns = telling::columns(kind)
        .into_iter()
        .map(catalog::Column::name);
    let mut names: Vec<String> = columns.filter(|name| name != but).collect();
    let is_named = name_column(kind).is_some_and(|name| names.contains(&name));
    if !is_named && kind.key.is_some() {
        names.insert(0, "id".to_owned());
    }
    if names.len() < 2 {
        names.push("properties".to_owned());
    }
    let written: Vec<String> = names
        .iter()
        .map(|name| format!("{alias}{}", quoted(name)))
        .collect();
    written.join(", ")
}
