//! Filling a kind's columns by name.

use catalog::{Column, ColumnType, Kind};
use model::Value;

use super::draft::Draft;

/// Other names of Graph's properties, in the order they are tried.
pub(super) type Names = &'static [(&'static str, &'static [&'static str])];

/// Adds every property of the kind that `source` has, in any casing.
pub(super) fn fill(draft: &mut Draft, kind: &Kind, source: Value<'_>) {
    let id = Column {
        property: "id",
        kind: ColumnType::Text,
    };
    for column in std::iter::once(&id).chain(kind.columns) {
        if let Some(value) = source.get_folded(column.property) {
            draft.column(column.property, column.kind, value);
        }
    }
}

/// Adds properties that `source` has under other names, where they are still missing.
pub(super) fn fill_from(draft: &mut Draft, kind: &Kind, source: Value<'_>, names: Names) {
    for (property, others) in names {
        let mut columns = kind.columns.iter();
        let column = columns.find(|column| column.property == *property);
        let kind = column.map_or(ColumnType::Text, |column| column.kind);
        for value in others.iter().filter_map(|name| source.get_folded(name)) {
            draft.column(property, kind, value);
        }
    }
}
