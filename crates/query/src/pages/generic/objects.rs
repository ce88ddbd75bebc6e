//! Questions about objects.

use std::fmt::Write as _;

use catalog::{Column, ColumnType, Kind, Reference, Shape};

use super::{DAY, name_of, shown};
use crate::pages::names::{name_column, quoted};
use crate::pages::{Question, telling};

/// What was there on a day; of what stands below something, with the name of that.
pub(super) fn state(kind: &'static Kind) -> Question {
    let table = kind.table;
    let parent = kind.parent.and_then(catalog::by_name);
    let named = parent.and_then(|parent| Some((parent, quoted(&name_column(parent)?))));
    let is_alone = kind.shape == Shape::Singleton && kind.parent.is_none();
    let title = if is_alone {
        "What did it say on 8 January?"
    } else {
        "What was there on 8 January?"
    };
    let sql = match named {
        Some((parent, name)) => format!(
            "select p.{name} as {}, {}\nfrom \"@{DAY}\".{table} as t\nleft join \"@{DAY}\".{} as p on p.id = t._parent_id\norder by 1, 2;",
            name_of(parent.name),
            shown(kind, "t.", ""),
            parent.table
        ),
        None => format!(
            "select {}\nfrom {table} for system_time as of timestamp '{DAY} 00:00:00Z'{};",
            shown(kind, "", ""),
            if is_alone { "" } else { "\norder by 1" }
        ),
    };
    Question {
        title: title.to_owned(),
        sql,
    }
}

/// Every version of a kind that has one object.
pub(super) fn versions(kind: &Kind) -> Question {
    Question {
        title: "What was it like, ever?".to_owned(),
        sql: format!(
            "select _first_seen, _gone_at, properties\nfrom {}_history\norder by _first_seen;",
            kind.table
        ),
    }
}

/// A question that fits the kind's facts.
pub(super) fn fitting(kind: &'static Kind) -> Question {
    with_names(kind)
        .or_else(|| ending(kind))
        .or_else(|| switched(kind))
        .unwrap_or_else(|| gone(kind))
}

/// References that are columns, with the table and the column that name the target; at most two.
fn named_references(kind: &'static Kind) -> Vec<(&'static Reference, &'static str, String)> {
    let is_text = |reference: &&Reference| {
        let mut columns = kind.columns.iter();
        columns.any(|column| column.property == reference.path && column.kind == ColumnType::Text)
    };
    let target = |reference: &'static Reference| {
        if reference.target == "directory_object" {
            return Some((reference, "objects", "display_name".to_owned()));
        }
        let target = catalog::by_name(reference.target)?;
        Some((reference, target.table, name_column(target)?))
    };
    let all = kind.references.iter().filter(is_text);
    all.filter_map(target).take(2).collect()
}

/// Names in place of ids.
fn with_names(kind: &'static Kind) -> Option<Question> {
    let named = named_references(kind);
    let (mut select, mut joins) = (Vec::new(), String::new());
    for (alias, (reference, table, name)) in ["a", "b"].iter().zip(&named) {
        let column = catalog::snake_case(reference.path);
        select.push(format!("{alias}.{} as {}", quoted(name), name_of(&column)));
        let key = catalog::snake_case(reference.target_key);
        let column = quoted(&column);
        let _ = write!(
            joins,
            "\nleft join {table} as {alias} on {alias}.{key} = t.{column}"
        );
        if *table == "objects" {
            let _ = write!(
                joins,
                "\n  and {alias}.kind in ('user', 'group', 'service_principal', 'device')"
            );
        }
    }
    if select.is_empty() {
        return None;
    }
    let paths: Vec<&str> = named.iter().map(|(reference, ..)| reference.path).collect();
    let others = telling::columns(kind)
        .into_iter()
        .filter(|column| !paths.contains(&column.property));
    select.extend(
        others
            .take(3)
            .map(|column| format!("t.{}", quoted(&column.name()))),
    );
    Some(Question {
        title: "What is there now, with names for ids?".to_owned(),
        sql: format!(
            "select {}\nfrom {} as t{joins}\norder by 1;",
            select.join(", "),
            kind.table
        ),
    })
}

/// What ends soon.
fn ending(kind: &'static Kind) -> Option<Question> {
    const ENDS: [&str; 6] = [
        "endDateTime",
        "expirationDateTime",
        "expiredDateTime",
        "expiryDateTime",
        "tokenExpirationDateTime",
        "nextLifecycleDateTime",
    ];
    let is_end =
        |column: &&Column| column.kind == ColumnType::Time && ENDS.contains(&column.property);
    let end = kind.columns.iter().find(is_end)?.name();
    Some(Question {
        title: "What ends within 30 days?".to_owned(),
        sql: format!(
            "select {}, {end}\nfrom {}\nwhere {end} between now() and now() + interval '30 days'\norder by {end};",
            shown(kind, "", &end),
            kind.table
        ),
    })
}

/// What is switched otherwise than it was at first.
fn switched(kind: &'static Kind) -> Option<Question> {
    const SWITCHES: [&str; 5] = ["state", "isEnabled", "accountEnabled", "status", "version"];
    let mut switches = SWITCHES.iter();
    let of = |switch: &&str| {
        kind.columns
            .iter()
            .find(|column| column.property == *switch)
    };
    let switch = switches.find_map(of)?;
    // An object below another is known by both ids, and machines switch what is drift.
    if kind.parent.is_some() || kind.drift.contains(&switch.property) {
        return None;
    }
    let switch = quoted(&switch.name());
    let name = name_column(kind).map_or_else(|| "id".to_owned(), |name| quoted(&name));
    Some(Question {
        title: "Which were switched since the first snapshot?".to_owned(),
        sql: format!(
            "select now_.{name}, then_.{switch} as before, now_.{switch} as after\nfrom {0} as now_\njoin \"@first\".{0} as then_ on then_.id = now_.id\nwhere then_.{switch} is distinct from now_.{switch}\norder by 1;",
            kind.table
        ),
    })
}

/// What was there once, by the last name it had.
fn gone(kind: &'static Kind) -> Question {
    let key = match (kind.parent, kind.key) {
        (Some(_), Some(_)) => "_parent_id, id",
        (Some(_), None) => "_parent_id",
        (None, _) => "id",
    };
    let name = name_column(kind).filter(|name| name != "id");
    let named = name.map_or_else(String::new, |name| {
        let name = quoted(&name);
        format!(", last_value({name} order by _last_seen) as {name}")
    });
    Question {
        title: "What was there once and is not now?".to_owned(),
        sql: format!(
            "select {key}{named}, min(_first_seen) as first_seen, max(_gone_at) as gone_at\nfrom {}_history\ngroup by {key}\nhaving not bool_or(_is_current)\norder by gone_at desc;",
            kind.table
        ),
    }
}
