//! `changes`: one row per object and snapshot that showed it changed.
//!
//! The first time a kind is read is no change: there is nothing it could have changed from.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use store::{KindNumber, Snapshot, SnapshotNumber, StateChange, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, constant, numbers, texts, times};
use super::attribution::{Attribution, Audits};
use super::delta::{Comparison, Delta, deltas, with_payloads};
use super::names::{Named, named};
use super::provider::{Emit, Relation, Scan};
use crate::columns::versions_of;
use crate::error::Result;
use crate::source::{Source, short_id};

const COLUMNS: [(&str, Type); 22] = [
    ("_tenant_id", Type::Text),
    ("change_id", Type::Text),
    ("changed_after", Type::Time),
    ("changed_before", Type::Time),
    ("changed_at", Type::Time),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("change_type", Type::Text),
    ("properties_changed", Type::Number),
    ("links_changed", Type::Number),
    ("from_version", Type::Text),
    ("to_version", Type::Text),
    ("snapshot_id", Type::Text),
    ("actor_id", Type::Text),
    ("actor", Type::Text),
    ("actor_type", Type::Text),
    ("actor_ip", Type::Text),
    ("activity", Type::Text),
    ("correlation_id", Type::Text),
    ("audit_id", Type::Text),
    ("confidence", Type::Text),
];
/// Columns that cost more than reading the index.
const CHANGED_AT: usize = 4;
const NAMED: std::ops::RangeInclusive<usize> = 6..=7;
const PROPERTIES: usize = 9;
const LINKS: usize = 10;
const ATTRIBUTED: std::ops::RangeInclusive<usize> = 14..=21;

/// All changes up to a horizon.
#[derive(Debug)]
pub(crate) struct ChangesTable {
    source: Arc<Source>,
    horizon: Option<Snapshot>,
    schema: SchemaRef,
}

/// What kind of change it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeType {
    Added,
    Modified,
    Removed,
    /// There again, after it was gone.
    Restored,
}

impl ChangeType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Removed => "removed",
            Self::Restored => "restored",
        }
    }
}

/// One change of one object.
#[derive(Debug, Clone)]
pub(crate) struct ObjectChange {
    pub(crate) delta: Delta,
    pub(crate) change_type: ChangeType,
    pub(crate) snapshot: SnapshotNumber,
    pub(crate) after: Option<Timestamp>,
    pub(crate) before: Timestamp,
}

/// The changes of a kind in the order of time; `only` leaves those of some versions.
pub(crate) fn object_changes(
    source: &Source,
    kind: KindNumber,
    changes: &[StateChange],
    only: Option<&RoaringBitmap>,
    mut each: impl FnMut(&StateChange, Vec<ObjectChange>) -> Result<()>,
) -> Result<()> {
    let mut known = RoaringBitmap::new();
    let within =
        |versions: &RoaringBitmap| only.map_or_else(|| versions.clone(), |only| versions & only);
    for change in changes {
        let before = source.taken_at(change.snapshot);
        let after = change.before.map(|before| source.taken_at(before));
        let (opened, closed) = (within(&change.opened), within(&change.closed));
        let all = deltas(&source.archive, kind, &opened, &closed)?;
        let objects: Vec<ObjectChange> = all
            .into_iter()
            .map(|delta| {
                let is_new = known.insert(delta.object);
                let change_type = match (delta.before, delta.after) {
                    (Some(_), Some(_)) => ChangeType::Modified,
                    (Some(_), None) => ChangeType::Removed,
                    (None, _) if is_new => ChangeType::Added,
                    (None, _) => ChangeType::Restored,
                };
                ObjectChange {
                    delta,
                    change_type,
                    snapshot: change.snapshot,
                    after,
                    before,
                }
            })
            .collect();
        if change.before.is_some() {
            each(change, objects)?;
        }
    }
    Ok(())
}

impl ChangesTable {
    pub(crate) fn new(source: &Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source: Arc::clone(source),
            horizon,
            schema: arrays::schema(&COLUMNS),
        }
    }
}

impl Relation for ChangesTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let wants = |range: &std::ops::RangeInclusive<usize>| {
            range.clone().any(|column| scan.wants(column))
        };
        let attributed = wants(&ATTRIBUTED) || scan.wants(CHANGED_AT);
        let audits = if attributed {
            Audits::load(&self.source)?
        } else {
            Audits::default()
        };
        for kind in self.source.state_kinds() {
            scan.check()?;
            if scan.equal("kind").is_some_and(|wanted| wanted != kind.name) {
                continue;
            }
            let changes = self.source.changes(kind.number, self.horizon.as_ref())?;
            let mut rows = Vec::new();
            let only = versions_of(&self.source.archive, &kind, scan.equal("object_id"))?;
            object_changes(
                &self.source,
                kind.number,
                &changes,
                only.as_ref(),
                |_, objects| {
                    rows.extend(objects);
                    Ok(())
                },
            )?;
            let names = if wants(&NAMED) || attributed {
                named(
                    &self.source,
                    &kind,
                    &rows.iter().map(|row| row.delta.telling()).collect(),
                )?
            } else {
                HashMap::new()
            };
            let context = KindRows {
                source: &self.source,
                kind: &kind,
                names,
                properties: if scan.wants(PROPERTIES) {
                    self.properties(&kind, &rows)?
                } else {
                    HashMap::new()
                },
                links: if scan.wants(LINKS) {
                    self.links(&kind)?
                } else {
                    HashMap::new()
                },
                audits: &audits,
                attributed,
            };
            for chunk in rows.chunks(ROWS) {
                emit(context.batch(scan, chunk)?)?;
            }
        }
        Ok(())
    }
}

impl ChangesTable {
    /// Changed properties by (snapshot, object).
    fn properties(
        &self,
        kind: &StoredKind,
        rows: &[ObjectChange],
    ) -> Result<HashMap<(u32, u32), u64>> {
        let comparison = Comparison::of(&kind.name);
        let mut counts = HashMap::new();
        for group in rows.chunk_by(|a, b| a.snapshot == b.snapshot) {
            let deltas: Vec<Delta> = group.iter().map(|row| row.delta).collect();
            with_payloads(
                &self.source.archive,
                kind.number,
                &deltas,
                |delta, old, new| {
                    let count = comparison.changes(old, new)?.len() as u64;
                    counts.insert((group[0].snapshot, delta.object), count);
                    Ok(())
                },
            )?;
        }
        Ok(counts)
    }

    /// Edges that appeared or disappeared by (snapshot, key of the object they start from).
    fn links(&self, kind: &StoredKind) -> Result<HashMap<(u32, String), u64>> {
        let mut counts = HashMap::new();
        for edge in edges_from(&self.source, &kind.name) {
            let changes = self.source.changes(edge.number, self.horizon.as_ref())?;
            let mut changed = Vec::new();
            object_changes(&self.source, edge.number, &changes, None, |_, objects| {
                changed.extend(
                    objects
                        .into_iter()
                        .map(|object| (object.snapshot, object.delta.telling())),
                );
                Ok(())
            })?;
            let names = named(
                &self.source,
                &edge,
                &changed.iter().map(|(_, ordinal)| *ordinal).collect(),
            )?;
            for (snapshot, ordinal) in changed {
                if let Some(from) = names
                    .get(&ordinal)
                    .and_then(|name| name.key.split(model::KEY_SEPARATOR).next())
                {
                    *counts.entry((snapshot, from.to_owned())).or_insert(0) += 1;
                }
            }
        }
        Ok(counts)
    }
}

/// Relationships of the archive that start from objects of a kind.
pub(crate) fn edges_from(source: &Source, kind: &str) -> Vec<StoredKind> {
    let starts_here = |edge: &StoredKind| {
        catalog::by_name(&edge.name)
            .is_some_and(|edge| edge.is_relationship() && edge.parent == Some(kind))
    };
    source
        .state_kinds()
        .into_iter()
        .filter(starts_here)
        .collect()
}

/// What the rows of one kind need besides themselves.
struct KindRows<'a> {
    source: &'a Source,
    kind: &'a StoredKind,
    names: HashMap<u32, Named>,
    properties: HashMap<(u32, u32), u64>,
    links: HashMap<(u32, String), u64>,
    audits: &'a Audits,
    attributed: bool,
}

impl KindRows<'_> {
    fn batch(
        &self,
        scan: &Scan,
        rows: &[ObjectChange],
    ) -> Result<datafusion::arrow::array::RecordBatch> {
        let attributions: Vec<Attribution> = rows.iter().map(|row| self.attribution(row)).collect();
        batch_of(scan, rows, |column, rows| {
            self.column(column, rows, &attributions)
        })
    }

    fn attribution(&self, row: &ObjectChange) -> Attribution {
        match self.names.get(&row.delta.telling()) {
            Some(name) if self.attributed => self.audits.of(&name.key, row.after, row.before),
            _ => Attribution::None,
        }
    }

    fn name(&self, row: &ObjectChange) -> Option<&Named> {
        self.names.get(&row.delta.telling())
    }

    fn column(&self, column: usize, rows: &[ObjectChange], by: &[Attribution]) -> Result<ArrayRef> {
        let strings = |values: Vec<Option<String>>| texts(values.iter().map(Option::as_deref));
        let actor = |pick: fn(&super::attribution::Actor) -> Option<&str>| {
            texts(
                by.iter()
                    .map(move |attribution| attribution.actor().and_then(pick)),
            )
        };
        let version = |ordinal: Option<u32>| {
            ordinal
                .map(|ordinal| version_text(self.source, self.kind.number, ordinal))
                .transpose()
        };
        Ok(match COLUMNS[column].0 {
            "_tenant_id" => constant(self.source.archive.tenant(), rows.len()),
            "change_id" => strings(rows.iter().map(|row| Some(self.change_id(row))).collect()),
            "changed_after" => times(rows.iter().map(|row| row.after)),
            "changed_before" => times(rows.iter().map(|row| Some(row.before))),
            "changed_at" => times(
                rows.iter()
                    .zip(by)
                    .map(|(row, by)| Some(by.actor().map_or(row.before, |a| a.time))),
            ),
            "kind" => constant(&self.kind.name, rows.len()),
            "object_id" => texts(
                rows.iter()
                    .map(|row| self.name(row).map(|name| name.id.as_str())),
            ),
            "display_name" => texts(rows.iter().map(|row| self.name(row)?.display.as_deref())),
            "change_type" => texts(rows.iter().map(|row| Some(row.change_type.as_str()))),
            "properties_changed" => numbers(rows.iter().map(|row| {
                self.properties
                    .get(&(row.snapshot, row.delta.object))
                    .copied()
                    .unwrap_or(0)
            })),
            "links_changed" => numbers(rows.iter().map(|row| {
                let key = self.name(row).map(|name| (row.snapshot, name.key.clone()));
                key.and_then(|key| self.links.get(&key).copied())
                    .unwrap_or(0)
            })),
            "from_version" => strings(
                rows.iter()
                    .map(|row| version(row.delta.before))
                    .collect::<Result<_>>()?,
            ),
            "to_version" => strings(
                rows.iter()
                    .map(|row| version(row.delta.after))
                    .collect::<Result<_>>()?,
            ),
            "snapshot_id" => strings(
                rows.iter()
                    .map(|row| {
                        self.source
                            .archive
                            .record_id(row.snapshot)
                            .map(|id| short_id(&id))
                    })
                    .collect(),
            ),
            "actor_id" => actor(|actor| actor.id.as_deref()),
            "actor" => actor(|actor| actor.name.as_deref()),
            "actor_type" => actor(|actor| Some(actor.kind)),
            "actor_ip" => actor(|actor| actor.ip.as_deref()),
            "activity" => actor(|actor| actor.activity.as_deref()),
            "correlation_id" => actor(|actor| actor.correlation_id.as_deref()),
            "audit_id" => actor(|actor| Some(&actor.audit_id)),
            _ => texts(by.iter().map(|attribution| Some(attribution.confidence()))),
        })
    }

    fn change_id(&self, row: &ObjectChange) -> String {
        format!(
            "c-{}-{}-{}",
            row.snapshot, self.kind.number.0, row.delta.object
        )
    }
}

/// A version as tables name it.
pub(crate) fn version_text(source: &Source, kind: KindNumber, ordinal: u32) -> Result<String> {
    Ok(source.archive.version_id(kind, ordinal)?.to_string())
}
