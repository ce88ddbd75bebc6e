//! The columns in which tables of changes say who did it.

use datafusion::arrow::array::ArrayRef;

use super::decision::{Attribution, By};
use crate::tables::{Type, texts};

/// Names of the columns; a table has some of them.
const COLUMNS: [&str; 10] = [
    "actor_id",
    "actor",
    "actor_type",
    "actor_ip",
    "actor_ip_source",
    "activity",
    "correlation_id",
    "audit_id",
    "confidence",
    "changed_at",
];

/// Whether a column says who did it, or when exactly.
pub(crate) fn is_actor_column((name, _): (&str, Type)) -> bool {
    COLUMNS.contains(&name)
}

/// One such column of rows; `None` for another column.
pub(crate) fn actor_column(name: &str, rows: &[Attribution]) -> Option<ArrayRef> {
    let of = |pick: for<'b> fn(&'b By) -> Option<&'b str>| {
        Some(texts(rows.iter().map(move |row| row.by().and_then(pick))))
    };
    match name {
        "actor_id" => of(|by| by.event.actor.id.as_deref()),
        "actor" => of(|by| by.event.actor.name.as_deref()),
        "actor_type" => of(|by| Some(by.event.actor.kind())),
        "actor_ip" => of(|by| by.address.as_ref().map(|address| address.ip.as_str())),
        "actor_ip_source" => of(|by| by.address.as_ref().map(|address| address.source)),
        "activity" => of(|by| by.event.activity_name.as_deref()),
        "correlation_id" => of(|by| by.event.correlation_id.as_deref()),
        "audit_id" => of(|by| Some(by.event.id.as_str())),
        "confidence" => Some(texts(rows.iter().map(|row| Some(row.confidence())))),
        _ => None,
    }
}
