//! Questions about relationships.

use catalog::{Kind, Relationship};

use super::{DAY, name_of};
use crate::pages::Question;
use crate::pages::names::{name_column, quoted};

/// Who stood in it on a day, by their names.
pub(super) fn state(kind: &'static Kind, edge: Relationship) -> Question {
    let named = |name: &str| {
        let kind = catalog::by_name(name)?;
        Some((kind.table, quoted(&name_column(kind)?)))
    };
    let (source, source_join) = match kind.parent.and_then(named) {
        Some((table, name)) => (
            format!("s.{name} as {}", name_of(edge.source_column)),
            format!(
                "\nleft join \"@{DAY}\".{table} as s on s.id = e.{}",
                edge.source_column
            ),
        ),
        None => (format!("e.{}", edge.source_column), String::new()),
    };
    let (table, name, further) = match named(edge.target) {
        Some((table, name)) => (table, name, ""),
        None => (
            "objects",
            "display_name".to_owned(),
            " and t.kind = e.target_kind",
        ),
    };
    let target = name_of(edge.target_column);
    Question {
        title: "Who or what was in it on 8 January?".to_owned(),
        sql: format!(
            "select {source}, t.{name} as {target}, e.target_kind\nfrom \"@{DAY}\".{} as e{source_join}\nleft join \"@{DAY}\".{table} as t on t.id = e.{}{further}\norder by 1, 2;",
            kind.table, edge.target_column
        ),
    }
}

/// Who left it.
pub(super) fn gone(kind: &Kind, edge: Relationship) -> Question {
    let (source, target) = (edge.source_column, edge.target_column);
    Question {
        title: "What was in it once and is not now?".to_owned(),
        sql: format!(
            "select {source}, {target}, min(_first_seen) as first_seen, max(_gone_at) as gone_at\nfrom {}_history\ngroup by {source}, {target}\nhaving not bool_or(_is_current)\norder by gone_at desc;",
            kind.table
        ),
    }
}
