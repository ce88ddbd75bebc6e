//! `coverage` and `collection_errors`: how completely each kind was read, and what was not taken.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use jiff::Timestamp;
use store::{Finding, KindRecord, Snapshot, Verdict};

use super::arrays::{self, Type, batch_of, numbers, texts, times};
use super::provider::{Emit, Relation, Scan};
use crate::error::Result;
use crate::source::{Source, short_id};

const COLUMNS: [(&str, Type); 12] = [
    ("_tenant_id", Type::Text),
    ("snapshot_id", Type::Text),
    ("taken_at", Type::Time),
    ("kind", Type::Text),
    ("status", Type::Text),
    ("reason", Type::Text),
    ("objects", Type::Number),
    ("alive", Type::Number),
    ("rejected", Type::Number),
    ("doubtful", Type::Number),
    ("read_from", Type::Time),
    ("read_to", Type::Time),
];

/// What a statement, a snapshot or an import of events alone, says of one kind.
struct Row {
    snapshot_id: String,
    taken_at: Timestamp,
    kind: KindRecord,
}

/// One row per snapshot and kind it read.
#[derive(Debug)]
pub(crate) struct CoverageTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

impl CoverageTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&COLUMNS),
        }
    }
}

fn rows(source: &Source, horizon: Option<&Snapshot>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for number in source.archive.statements() {
        let taken_at = source.taken_at(number);
        let is_later = |horizon: &Snapshot| (taken_at, number) > (horizon.taken_at, horizon.number);
        let Some(id) = source.archive.record_id(number) else {
            continue;
        };
        if horizon.is_some_and(is_later) {
            continue;
        }
        let snapshot_id = short_id(&id);
        let kinds = source.archive.record(number)?.kinds;
        rows.extend(kinds.into_iter().map(|kind| Row {
            snapshot_id: snapshot_id.clone(),
            taken_at,
            kind,
        }));
    }
    rows.sort_by_key(|row| row.taken_at);
    Ok(rows)
}

impl Relation for CoverageTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let rows = rows(&self.source, self.horizon.as_ref())?;
        let column = |column: usize, rows: &[Row]| {
            Ok(match COLUMNS[column].0 {
                "_tenant_id" => arrays::constant(self.source.archive.tenant(), rows.len()),
                "snapshot_id" => texts(rows.iter().map(|row| Some(row.snapshot_id.as_str()))),
                "taken_at" => times(rows.iter().map(|row| Some(row.taken_at))),
                "kind" => texts(rows.iter().map(|row| Some(row.kind.kind.as_str()))),
                "status" => texts(
                    rows.iter()
                        .map(|row| Some(row.kind.coverage.state.as_str())),
                ),
                "reason" => texts(rows.iter().map(|row| row.kind.coverage.reason.as_deref())),
                "objects" => numbers(rows.iter().map(|row| row.kind.coverage.objects)),
                "alive" => numbers(rows.iter().map(|row| row.kind.alive)),
                "rejected" => numbers(rows.iter().map(|row| row.kind.coverage.rejected)),
                "doubtful" => numbers(rows.iter().map(|row| row.kind.coverage.doubtful)),
                "read_from" => times(rows.iter().map(|row| row.kind.coverage.read_from)),
                _ => times(rows.iter().map(|row| row.kind.coverage.read_to)),
            })
        };
        for chunk in rows.chunks(arrays::ROWS) {
            emit(batch_of(scan, chunk, column)?)?;
        }
        Ok(())
    }
}

const FINDING_COLUMNS: [(&str, Type); 8] = [
    ("_tenant_id", Type::Text),
    ("snapshot_id", Type::Text),
    ("taken_at", Type::Time),
    ("kind", Type::Text),
    ("file", Type::Text),
    ("place", Type::Text),
    ("reason", Type::Text),
    ("verdict", Type::Text),
];

/// One row per item that was rejected or is doubtful.
#[derive(Debug)]
pub(crate) struct FindingsTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

impl FindingsTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&FINDING_COLUMNS),
        }
    }
}

impl Relation for FindingsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let stated = rows(&self.source, self.horizon.as_ref())?;
        let rows: Vec<(&Row, &Finding)> = stated
            .iter()
            .flat_map(|row| {
                row.kind
                    .coverage
                    .findings
                    .iter()
                    .map(move |finding| (row, finding))
            })
            .collect();
        let column = |column: usize, rows: &[(&Row, &Finding)]| {
            Ok(match FINDING_COLUMNS[column].0 {
                "_tenant_id" => arrays::constant(self.source.archive.tenant(), rows.len()),
                "snapshot_id" => texts(rows.iter().map(|row| Some(row.0.snapshot_id.as_str()))),
                "taken_at" => times(rows.iter().map(|row| Some(row.0.taken_at))),
                "kind" => texts(rows.iter().map(|row| Some(row.0.kind.kind.as_str()))),
                "file" => texts(rows.iter().map(|row| Some(row.1.file.as_str()))),
                "place" => texts(
                    rows.iter()
                        .map(|row| Some(row.1.place.as_str()).filter(|place| !place.is_empty())),
                ),
                "reason" => texts(rows.iter().map(|row| Some(row.1.reason.as_str()))),
                _ => texts(rows.iter().map(|row| {
                    Some(match row.1.verdict {
                        Verdict::Rejected => "rejected",
                        Verdict::Doubtful => "doubtful",
                    })
                })),
            })
        };
        for chunk in rows.chunks(arrays::ROWS) {
            emit(batch_of(scan, chunk, column)?)?;
        }
        Ok(())
    }
}
