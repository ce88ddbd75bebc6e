//! Questions that facts suggest: what was there, what changed, and one that fits the kind.

use catalog::{Column, ColumnType, Kind, Reference, Relationship, Shape};

use super::Question;
use super::names::{living_twin, name_column, quoted};
use super::telling;

/// The day that questions about the past name: one of the demonstration.
const DAY: &str = "2026-01-08";

/// Three questions, for kinds of which nobody wrote any.
pub(super) fn questions(kind: &'static Kind) -> Vec<Question> {
    match kind.shape {
        Shape::Event { time } => of_events(kind, time),
        Shape::Relationship(edge) => {
            let mut all = vec![edges(kind, edge)];
            all.extend(changes(kind));
            all.push(gone_edges(kind, edge));
            all
        }
        Shape::Singleton if kind.parent.is_none() => {
            let mut all = vec![state(kind)];
            all.extend(changes(kind));
            all.push(versions(kind));
            all
        }
        _ if living_twin(kind).is_some() => of_bin(kind),
        _ => {
            let mut all = vec![state(kind)];
            all.extend(changes(kind));
            all.push(special(kind));
            all
        }
    }
}

/// What changed, and who did it; logs do not change.
pub(super) fn changes(kind: &Kind) -> Option<Question> {
    let title = "What changed, and who did it?".to_owned();
    match kind.shape {
        Shape::Event { .. } => None,
        Shape::Relationship(edge) => Some(Question {
            title,
            sql: format!(
                "select changed_at, actor, source_name, change_type, target_kind, target_name\nfrom link_changes\nwhere source_kind = '{}' and relation = '{}'\norder by changed_at desc\nlimit 100;",
                kind.parent.unwrap_or_default(),
                edge.relation
            ),
        }),
        _ => {
            let name = if name_column(kind).is_some_and(|name| name != "principal_id") {
                "display_name"
            } else {
                "object_id"
            };
            let drift = if kind.drift.is_empty() {
                ""
            } else {
                " and not is_drift"
            };
            Some(Question {
                title,
                sql: format!(
                    "select changed_at, actor, {name}, path, old_value, new_value\nfrom property_changes\nwhere kind = '{}'{drift}\norder by changed_at desc\nlimit 100;",
                    kind.name
                ),
            })
        }
    }
}

/// The columns to show, each with a table's alias where there is one.
fn shown(kind: &'static Kind, alias: &str) -> String {
    let mut names: Vec<String> = telling::columns(kind)
        .into_iter()
        .map(|column| format!("{alias}{}", quoted(&column.name())))
        .collect();
    let names_itself =
        name_column(kind).is_some_and(|name| names.contains(&format!("{alias}{name}")));
    if !names_itself && kind.key.is_some() {
        names.insert(0, format!("{alias}id"));
    }
    if names.len() < 2 {
        names.push(format!("{alias}properties"));
    }
    names.join(", ")
}

/// What was there on a day.
fn state(kind: &'static Kind) -> Question {
    let table = kind.table;
    let title = "What was there on 8 January?".to_owned();
    let parent = kind.parent.and_then(catalog::by_name);
    if let Some((parent, name)) = parent.and_then(|parent| Some((parent, name_column(parent)?))) {
        return Question {
            title,
            sql: format!(
                "select p.{} as {}_name, {}\nfrom \"@{DAY}\".{table} as t\nleft join \"@{DAY}\".{} as p on p.id = t._parent_id\norder by 1, 2;",
                quoted(&name),
                parent.name,
                shown(kind, "t."),
                parent.table
            ),
        };
    }
    let order = if kind.shape == Shape::Singleton && kind.parent.is_none() {
        ""
    } else {
        "\norder by 1"
    };
    Question {
        title,
        sql: format!(
            "select {}\nfrom {table} for system_time as of timestamp '{DAY} 00:00:00Z'{order};",
            shown(kind, "")
        ),
    }
}

/// Every version of a kind that has one object.
fn versions(kind: &Kind) -> Question {
    Question {
        title: "What was it like, ever?".to_owned(),
        sql: format!(
            "select _first_seen, _gone_at, properties\nfrom {}_history\norder by _first_seen;",
            kind.table
        ),
    }
}

/// Who stood in a relationship on a day.
fn edges(kind: &'static Kind, edge: Relationship) -> Question {
    let source = kind.parent.and_then(catalog::by_name);
    let named_source = source.and_then(|source| Some((source, name_column(source)?)));
    let (from, source_join) = match named_source {
        Some((source, name)) => (
            format!(
                "s.{} as {}",
                quoted(&name),
                edge.source_column.trim_end_matches("_id")
            ),
            format!(
                "\nleft join \"@{DAY}\".{} as s on s.id = e.{}",
                source.table, edge.source_column
            ),
        ),
        None => (format!("e.{}", edge.source_column), String::new()),
    };
    let target = catalog::by_name(edge.target);
    let named_target = target.and_then(|target| Some((target, name_column(target)?)));
    let (to, target_join) = match named_target {
        Some((target, name)) => (
            format!("t.{}", quoted(&name)),
            format!(
                "\nleft join \"@{DAY}\".{} as t on t.id = e.{}",
                target.table, edge.target_column
            ),
        ),
        None => (
            "t.display_name".to_owned(),
            format!(
                "\nleft join \"@{DAY}\".objects as t on t.id = e.{} and t.kind = e.target_kind",
                edge.target_column
            ),
        ),
    };
    let word = edge.target_column.trim_end_matches("_id");
    Question {
        title: "Who or what was in it on 8 January?".to_owned(),
        sql: format!(
            "select {}, {to} as {}, e.target_kind\nfrom \"@{DAY}\".{} as e{source_join}{target_join}\norder by 1, 2;",
            from.replace(" as group", " as group_name"),
            if word == "user" { "user_name" } else { word },
            kind.table
        ),
    }
}

/// Who left a relationship.
fn gone_edges(kind: &Kind, edge: Relationship) -> Question {
    let (source, target) = (edge.source_column, edge.target_column);
    Question {
        title: "What was in it once and is not now?".to_owned(),
        sql: format!(
            "select {source}, {target}, min(_first_seen) as first_seen, max(_gone_at) as gone_at\nfrom {}_history\ngroup by {source}, {target}\nhaving not bool_or(_is_current)\norder by gone_at desc;",
            kind.table
        ),
    }
}

fn of_events(kind: &'static Kind, time: &str) -> Vec<Question> {
    let time = catalog::snake_case(time);
    let table = kind.table;
    let columns: Vec<String> = telling::columns(kind)
        .into_iter()
        .map(Column::name)
        .filter(|name| *name != time)
        .map(|name| quoted(&name))
        .collect();
    let by = columns.first().cloned().unwrap_or_else(|| "id".to_owned());
    vec![
        Question {
            title: "What happened since 8 January?".to_owned(),
            sql: format!(
                "select {time}, {}\nfrom {table}\nwhere {time} >= timestamp '{DAY} 00:00:00Z'\norder by {time}\nlimit 100;",
                columns.join(", ")
            ),
        },
        Question {
            title: "How often, first and last?".to_owned(),
            sql: format!(
                "select {by}, count(*) as events, min({time}) as first, max({time}) as last\nfrom {table}\ngroup by 1\norder by events desc;"
            ),
        },
        Question {
            title: "On which days most?".to_owned(),
            sql: format!(
                "select date_trunc('day', {time}) as day, count(*) as events\nfrom {table}\ngroup by 1\norder by events desc\nlimit 10;"
            ),
        },
    ]
}

/// Questions about a recycle bin.
fn of_bin(kind: &'static Kind) -> Vec<Question> {
    let (Some(living), Some(name)) = (living_twin(kind), name_column(kind)) else {
        return vec![state(kind)];
    };
    let (table, name) = (kind.table, quoted(&name));
    let days = living.soft_delete.and_then(|bin| bin.days).unwrap_or(30);
    vec![
        Question {
            title: "What is in the bin, and until when?".to_owned(),
            sql: format!(
                "select {name}, deleted_date_time, deleted_date_time + interval '{days} days' as purged_at\nfrom {table}\norder by deleted_date_time;"
            ),
        },
        Question {
            title: "Who put it there?".to_owned(),
            sql: format!(
                "select c.changed_at, c.actor, c.actor_ip, c.display_name\nfrom changes as c\njoin {table} as d on d.id = c.object_id\nwhere c.kind = '{}' and c.change_type = 'removed'\norder by c.changed_at;",
                living.name
            ),
        },
        Question {
            title: "What was in it once, and is purged or put back?".to_owned(),
            sql: format!(
                "select h.{name}, max(h._last_seen) as last_in_the_bin, bool_or(l.id is not null) as lives\nfrom {table}_history as h\nleft join {} as l on l.id = h.id\ngroup by h.id, h.{name}\nhaving not bool_or(h._is_current)\norder by 2 desc;",
                living.table
            ),
        },
    ]
}

/// The third question: one that fits the kind's facts.
fn special(kind: &'static Kind) -> Question {
    with_names(kind)
        .or_else(|| expiring(kind))
        .or_else(|| switched(kind))
        .unwrap_or_else(|| gone(kind))
}

/// References that are columns, with the table and the column that name the target.
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
    kind.references
        .iter()
        .filter(is_text)
        .filter_map(target)
        .take(2)
        .collect()
}

/// Ids replaced by names.
fn with_names(kind: &'static Kind) -> Option<Question> {
    let named = named_references(kind);
    let (mut select, mut joins) = (Vec::new(), String::new());
    for (alias, (reference, table, name)) in ["a", "b"].iter().zip(&named) {
        let column = catalog::snake_case(reference.path);
        let word = column.trim_end_matches("_id");
        select.push(format!("{alias}.{} as {word}_name", quoted(name)));
        let key = catalog::snake_case(reference.target_key);
        joins += &format!(
            "\nleft join {table} as {alias} on {alias}.{key} = t.{}",
            quoted(&column)
        );
        if *table == "objects" {
            joins +=
                &format!(" and {alias}.kind in ('user', 'group', 'service_principal', 'device')");
        }
    }
    if select.is_empty() {
        return None;
    }
    let others = telling::columns(kind)
        .into_iter()
        .map(Column::name)
        .filter(|name| {
            named
                .iter()
                .all(|(reference, ..)| catalog::snake_case(reference.path) != *name)
        });
    select.extend(others.take(3).map(|name| format!("t.{}", quoted(&name))));
    Some(Question {
        title: "What is there now, with names for ids?".to_owned(),
        sql: format!(
            "select {}\nfrom {} as t{joins}\norder by 1, 2;",
            select.join(", "),
            kind.table
        )
        .replace(
            "order by 1, 2",
            if select.len() > 1 {
                "order by 1, 2"
            } else {
                "order by 1"
            },
        ),
    })
}

/// What ends soon.
fn expiring(kind: &'static Kind) -> Option<Question> {
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
            shown(kind, "").replace(&format!(", {end}"), ""),
            kind.table
        ),
    })
}

/// What is switched otherwise than it was at first.
fn switched(kind: &'static Kind) -> Option<Question> {
    const SWITCHES: [&str; 5] = ["state", "isEnabled", "accountEnabled", "status", "version"];
    let find = |switch: &&str| {
        kind.columns
            .iter()
            .find(|column| column.property == *switch)
    };
    let switch = quoted(&SWITCHES.iter().find_map(|switch| find(switch))?.name());
    let name = name_column(kind).map_or_else(|| "id".to_owned(), |name| quoted(&name));
    if kind.drift.contains(&switch.as_str()) || kind.parent.is_some() {
        return None;
    }
    Some(Question {
        title: "Which were switched since the first snapshot?".to_owned(),
        sql: format!(
            "select now_.{name}, then_.{switch} as before, now_.{switch} as after\nfrom {0} as now_\njoin \"@first\".{0} as then_ on then_.id = now_.id\nwhere then_.{switch} is distinct from now_.{switch}\norder by 1;",
            kind.table
        ),
    })
}

/// What was there once.
fn gone(kind: &'static Kind) -> Question {
    let name = name_column(kind).filter(|name| name != "id");
    let (select, group) = match &name {
        Some(name) => (
            format!("id, {}", quoted(name)),
            format!("id, {}", quoted(name)),
        ),
        None => ("id".to_owned(), "id".to_owned()),
    };
    Question {
        title: "What was there once and is not now?".to_owned(),
        sql: format!(
            "select {select}, min(_first_seen) as first_seen, max(_gone_at) as gone_at\nfrom {}_history\ngroup by {group}\nhaving not bool_or(_is_current)\norder by gone_at desc;",
            kind.table
        ),
    }
}
