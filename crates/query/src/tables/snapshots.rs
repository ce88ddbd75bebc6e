//! `snapshots`: one row per snapshot.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use store::{CoverageState, KindRecord, Record, Snapshot};

use super::arrays::{self, Type, batch_of, numbers, texts, times};
use super::provider::{Emit, Relation, Scan};
use crate::error::Result;
use crate::source::{Source, short_id};

const COLUMNS: [(&str, Type); 17] = [
    ("_tenant_id", Type::Text),
    ("snapshot_id", Type::Text),
    ("number", Type::Number),
    ("taken_at", Type::Time),
    ("committed_at", Type::Time),
    ("status", Type::Text),
    ("kinds", Type::Number),
    ("objects", Type::Number),
    ("new_versions", Type::Number),
    ("opened", Type::Number),
    ("closed", Type::Number),
    ("source_type", Type::Text),
    ("source", Type::Text),
    ("source_version", Type::Text),
    ("tags", Type::Text),
    ("tool", Type::Text),
    ("record_id", Type::Text),
];

/// A snapshot, what it recorded, and its tags.
type Row<'a> = (&'a Snapshot, Record, String);

/// All snapshots up to a horizon, oldest first.
#[derive(Debug)]
pub(crate) struct SnapshotsTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

impl SnapshotsTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&COLUMNS),
        }
    }
}

/// `complete` when nothing lacks that was meant to be read: kinds that were not selected, that the
/// tenant has no licence for, or that no application may read without the right to write, lack nothing.
pub(crate) fn status(record: &Record) -> &'static str {
    let is_complete = |kind: &KindRecord| match kind.coverage.state {
        CoverageState::Complete | CoverageState::NotSelected | CoverageState::NotLicensed => true,
        CoverageState::Forbidden => {
            catalog::by_name(&kind.kind).is_some_and(|kind| !kind.is_default() && !kind.is_event())
        }
        _ => false,
    };
    if record.kinds.iter().all(is_complete) {
        "complete"
    } else {
        "partial"
    }
}

impl Relation for SnapshotsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let archive = &self.source.archive;
        let mut rows = Vec::new();
        for snapshot in self.source.snapshots(self.horizon.as_ref()) {
            let tags: Vec<&str> = archive
                .tags()
                .iter()
                .filter(|(_, number)| *number == snapshot.number)
                .map(|(tag, _)| tag.as_str())
                .collect();
            rows.push((snapshot, archive.record(snapshot.number)?, tags.join(" ")));
        }
        let total = |rows: &[Row<'_>], pick: fn(&store::KindRecord) -> u64| {
            numbers(
                rows.iter()
                    .map(|row| row.1.kinds.iter().map(pick).sum::<u64>()),
            )
        };
        let column = |column: usize, rows: &[Row<'_>]| {
            let source = |pick: fn(&store::Source) -> &str| {
                texts(rows.iter().map(|row| {
                    row.1
                        .source
                        .as_ref()
                        .map(pick)
                        .filter(|text| !text.is_empty())
                }))
            };
            let own = |values: Vec<String>| texts(values.iter().map(|text| Some(text.as_str())));
            Ok(match COLUMNS[column].0 {
                "_tenant_id" => arrays::constant(archive.tenant(), rows.len()),
                "snapshot_id" => own(rows.iter().map(|row| short_id(&row.0.id)).collect()),
                "number" => numbers(rows.iter().map(|row| row.0.number)),
                "taken_at" => times(rows.iter().map(|row| Some(row.0.taken_at))),
                "committed_at" => times(rows.iter().map(|row| Some(row.1.committed_at))),
                "status" => texts(rows.iter().map(|row| Some(status(&row.1)))),
                "kinds" => numbers(rows.iter().map(|row| row.1.kinds.len() as u64)),
                "objects" => total(rows, |kind| kind.alive),
                "new_versions" => total(rows, |kind| kind.new_versions),
                "opened" => total(rows, |kind| kind.opened),
                "closed" => total(rows, |kind| kind.closed),
                "source_type" => source(|source| &source.kind),
                "source" => source(|source| &source.name),
                "source_version" => source(|source| &source.version),
                "tags" => texts(
                    rows.iter()
                        .map(|row| Some(row.2.as_str()).filter(|tags| !tags.is_empty())),
                ),
                "tool" => texts(rows.iter().map(|row| Some(row.1.tool.as_str()))),
                _ => own(rows.iter().map(|row| row.0.id.to_string()).collect()),
            })
        };
        for chunk in rows.chunks(arrays::ROWS) {
            emit(batch_of(scan, chunk, column)?)?;
        }
        Ok(())
    }
}
