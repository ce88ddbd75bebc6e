//! `holds`: what must not be removed.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use jiff::Timestamp;
use model::ObjectKey;
use store::{Hold, HoldScope};

use super::arrays::{self, Type, batch_of, numbers, texts, times};
use super::provider::{Emit, Relation, Scan};
use crate::error::Result;
use crate::source::{Source, short_id};

const COLUMNS: [(&str, Type); 10] = [
    ("id", Type::Number),
    ("scope", Type::Text),
    ("snapshot_id", Type::Text),
    ("valid_from", Type::Time),
    ("valid_to", Type::Time),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("reason", Type::Text),
    ("set_by", Type::Text),
    ("set_at", Type::Time),
];

/// The legal holds in force, one row each.
#[derive(Debug)]
pub(crate) struct HoldsTable {
    source: Arc<Source>,
    schema: SchemaRef,
}

impl HoldsTable {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        Self {
            source: Arc::clone(source),
            schema: arrays::schema(&COLUMNS),
        }
    }
}

/// What a hold covers, by column.
#[derive(Default)]
struct Covered {
    scope: &'static str,
    snapshot: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    kind: Option<String>,
    object: Option<String>,
}

impl Covered {
    fn new(source: &Source, hold: &Hold) -> Self {
        match &hold.scope {
            HoldScope::Archive => Self {
                scope: "archive",
                ..Self::default()
            },
            HoldScope::Snapshot { snapshot } => Self {
                scope: "snapshot",
                snapshot: source.archive.record_id(*snapshot).map(|id| short_id(&id)),
                ..Self::default()
            },
            HoldScope::Between { from, to } => Self {
                scope: "between",
                from: Some(*from),
                to: Some(*to),
                ..Self::default()
            },
            HoldScope::Object { kind, key } => {
                let key = ObjectKey::from_text(key);
                let parts: Vec<&str> = key.parts().collect();
                Self {
                    scope: "object",
                    kind: Some(kind.clone()),
                    object: Some(parts.join("/")),
                    ..Self::default()
                }
            }
        }
    }
}

impl Relation for HoldsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let holds = self.source.archive.holds();
        let rows: Vec<(&Hold, Covered)> = holds
            .iter()
            .map(|hold| (hold, Covered::new(&self.source, hold)))
            .collect();
        emit(batch_of(scan, &rows, |column, rows| {
            let covered = rows.iter().map(|(_, covered)| covered);
            Ok(match COLUMNS[column].0 {
                "id" => numbers(rows.iter().map(|(hold, _)| hold.id)),
                "scope" => texts(covered.map(|covered| Some(covered.scope))),
                "snapshot_id" => texts(covered.map(|covered| covered.snapshot.as_deref())),
                "valid_from" => times(covered.map(|covered| covered.from)),
                "valid_to" => times(covered.map(|covered| covered.to)),
                "kind" => texts(covered.map(|covered| covered.kind.as_deref())),
                "object_id" => texts(covered.map(|covered| covered.object.as_deref())),
                "reason" => texts(rows.iter().map(|(hold, _)| Some(hold.reason.as_str()))),
                "set_by" => texts(rows.iter().map(|(hold, _)| Some(hold.by.as_str()))),
                _ => times(rows.iter().map(|(hold, _)| Some(hold.set_at))),
            })
        })?)
    }
}
