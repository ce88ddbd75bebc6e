//! `unexplained_changes`: what changed without an event that explains it.
//!
//! Drift, which machines make by themselves, is left out. Every other row says why there is no event, so
//! that "nobody told" is not taken for "nobody could tell".

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use jiff::SignedDuration;
use model::Parser;
use roaring::RoaringBitmap;
use store::{Snapshot, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, bools, texts};
use super::changes::{
    self, ChangeType, KindRows, ObjectChange, changes_of, link_counts, property_counts, wants,
};
use super::names::{Named, named};
use super::provider::{Emit, Relation, Scan};
use crate::attribution::{
    Attribution, Attributor, LogCoverage, Unexplained, is_in_other_log, is_not_logged,
    is_property_in_other_log,
};
use crate::error::Result;
use crate::source::Source;

/// Columns besides those of `changes`.
const FURTHER: [(&str, Type); 3] = [
    ("paths", Type::Json),
    ("log_covers", Type::Bool),
    ("reason", Type::Text),
];
/// How long an object stays in the recycle bin.
const BIN_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Unexplained changes up to a horizon.
#[derive(Debug)]
pub(crate) struct UnexplainedChangesTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    columns: Vec<(&'static str, Type)>,
    schema: SchemaRef,
}

/// A change that no event explains, or not all of it.
struct Row {
    change: ObjectChange,
    /// The properties nothing explains, of a modified object, as JSON.
    paths: Option<String>,
    log_covers: bool,
    reason: &'static str,
}

impl UnexplainedChangesTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        let columns: Vec<_> = changes::COLUMNS.into_iter().chain(FURTHER).collect();
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&columns),
            columns,
        }
    }

    fn rows(
        &self,
        kind: &StoredKind,
        chunk: &[ObjectChange],
        names: &HashMap<u32, Named>,
        attributor: &mut Attributor<'_>,
        log: &LogCoverage,
    ) -> Result<Vec<Row>> {
        let all: Vec<&ObjectChange> = chunk.iter().collect();
        let found = attributor.unexplained(kind, &all, names)?;
        let expired = self.expired(kind, chunk)?;
        let mut rows = Vec::new();
        for (change, unexplained) in chunk.iter().zip(found) {
            let Some(unexplained) = unexplained else {
                continue;
            };
            let log_covers = change
                .after
                .is_some_and(|after| log.covers(after, change.before));
            let is_expired = change
                .delta
                .before
                .is_some_and(|ordinal| expired.contains(ordinal));
            rows.push(Row {
                change: change.clone(),
                reason: reason(kind, &unexplained, log_covers, is_expired),
                paths: match unexplained {
                    Unexplained::Object => None,
                    Unexplained::Properties(paths) => {
                        Some(serde_json::Value::from(paths).to_string())
                    }
                },
                log_covers,
            });
        }
        Ok(rows)
    }

    /// Versions in the recycle bin that were removed when their time there was over.
    fn expired(&self, kind: &StoredKind, rows: &[ObjectChange]) -> Result<RoaringBitmap> {
        let mut expired = RoaringBitmap::new();
        if !kind.name.starts_with("deleted_") {
            return Ok(expired);
        }
        let removed = rows
            .iter()
            .filter(|row| row.change_type == ChangeType::Removed);
        let removed: HashMap<u32, _> = removed
            .filter_map(|row| Some((row.delta.before?, row.before)))
            .collect();
        let mut parser = Parser::new();
        let wanted = removed.keys().copied().collect();
        self.source
            .archive
            .versions(kind.number, &wanted, |ordinal, _, payload| {
                let document = parser.parse(payload.as_bytes()).ok();
                let deleted = document
                    .and_then(|document| document.root().get("deletedDateTime")?.text())
                    .and_then(|text| model::parse_time(&text).ok());
                if deleted
                    .is_some_and(|deleted| removed[&ordinal].duration_since(deleted) >= BIN_LIFE)
                {
                    expired.insert(ordinal);
                }
                Ok(())
            })?;
        Ok(expired)
    }
}

/// Why there is no event.
fn reason(
    kind: &StoredKind,
    unexplained: &Unexplained,
    log_covers: bool,
    is_expired: bool,
) -> &'static str {
    let is_elsewhere = catalog::by_name(&kind.name).is_some_and(is_in_other_log)
        || matches!(unexplained, Unexplained::Properties(paths)
            if paths.iter().all(|path| is_property_in_other_log(path)));
    if is_not_logged(&kind.name) {
        "not logged"
    } else if is_elsewhere {
        "other log"
    } else if is_expired {
        "expired"
    } else if !log_covers {
        "log not read"
    } else {
        "no event"
    }
}

impl Relation for UnexplainedChangesTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let horizon = self.horizon.as_ref();
        let mut attributor = Attributor::new(&self.source, horizon, false);
        let log = LogCoverage::new(&self.source, horizon)?;
        for kind in self.source.state_kinds() {
            if scan.equal("kind").is_some_and(|wanted| wanted != kind.name) {
                continue;
            }
            let all = changes_of(&self.source, &kind, horizon, scan.equal("object_id"))?;
            let telling = all.iter().map(|row| row.delta.telling()).collect();
            let names = named(&self.source, &kind, &telling)?;
            let mut rows = Vec::new();
            for chunk in all.chunks(ROWS) {
                rows.extend(self.rows(&kind, chunk, &names, &mut attributor, &log)?);
            }
            if rows.is_empty() {
                continue;
            }
            let changed: Vec<ObjectChange> = rows.iter().map(|row| row.change.clone()).collect();
            let context = KindRows {
                source: &self.source,
                kind: &kind,
                names,
                properties: if wants(scan, &self.columns, "properties_changed") {
                    property_counts(&self.source, &kind, &changed)?
                } else {
                    HashMap::new()
                },
                links: if wants(scan, &self.columns, "links_changed") {
                    link_counts(&self.source, &kind, horizon)?
                } else {
                    HashMap::new()
                },
            };
            for chunk in rows.chunks(ROWS) {
                let changed: Vec<ObjectChange> =
                    chunk.iter().map(|row| row.change.clone()).collect();
                let nobody = vec![Attribution::None; chunk.len()];
                emit(batch_of(scan, chunk, |at, rows| {
                    Ok(match self.columns[at].0 {
                        "paths" => texts(rows.iter().map(|row| row.paths.as_deref())),
                        "log_covers" => bools(rows.iter().map(|row| Some(row.log_covers))),
                        "reason" => texts(rows.iter().map(|row| Some(row.reason))),
                        column => context.column(column, &changed, &nobody)?,
                    })
                })?)?;
            }
        }
        Ok(())
    }
}
