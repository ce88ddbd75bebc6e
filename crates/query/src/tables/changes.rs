//! `changes`: one row per object and snapshot that showed it changed.
//!
//! The first time a kind is read is no change: there is nothing it could have changed from.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use store::{KindNumber, Snapshot, SnapshotNumber, StateChange, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, constant, numbers, texts, times};
use super::delta::{Comparison, Delta, deltas, with_payloads};
use super::names::{Named, named};
use super::provider::{Emit, Relation, Scan};
use crate::attribution::{Attribution, Attributor, actor_column, is_actor_column};
use crate::columns::versions_of;
use crate::error::Result;
use crate::source::{Source, short_id};

pub(crate) const COLUMNS: [(&str, Type); 23] = [
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
    ("actor_ip_source", Type::Text),
    ("activity", Type::Text),
    ("correlation_id", Type::Text),
    ("audit_id", Type::Text),
    ("confidence", Type::Text),
];

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
    /// All of them.
    const ALL: [Self; 4] = [Self::Added, Self::Modified, Self::Removed, Self::Restored];

    /// What a delta is; `is_new` says that the object was never there before.
    pub(crate) fn of(delta: &Delta, is_new: bool) -> Self {
        match (delta.before, delta.after) {
            (Some(_), Some(_)) => Self::Modified,
            (Some(_), None) => Self::Removed,
            (None, _) if is_new => Self::Added,
            (None, _) => Self::Restored,
        }
    }

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
    /// The statement before, behind which it changed.
    pub(crate) previous: Option<SnapshotNumber>,
    pub(crate) after: Option<Timestamp>,
    pub(crate) before: Timestamp,
}

impl ObjectChange {
    /// What names the change in tables: the same as long as the archive is.
    pub(crate) fn change_id(&self, kind: &StoredKind) -> String {
        format!(
            "c-{}-{}-{}",
            self.snapshot, kind.number.0, self.delta.object
        )
    }
}

/// The changes of a kind in the order of time; `only` leaves those of some versions.
pub(crate) fn object_changes(
    source: &Source,
    kind: KindNumber,
    changes: &[StateChange],
    only: Option<&RoaringBitmap>,
    mut each: impl FnMut(&StateChange, Vec<ObjectChange>) -> Result<()>,
) -> Result<()> {
    // Versions there were in any statement before.
    let mut known = RoaringBitmap::new();
    for change in changes {
        let within = |versions| match only {
            Some(only) => Cow::Owned(versions & only),
            None => Cow::Borrowed(versions),
        };
        let (opened, closed) = (within(&change.opened), within(&change.closed));
        if change.before.is_some() {
            let before = source.taken_at(change.snapshot);
            let after = change.before.map(|before| source.taken_at(before));
            let mut objects = Vec::new();
            for delta in deltas(&source.archive, kind, &opened, &closed)? {
                let is_new = delta.before.is_none() && !was_there(source, kind, &delta, &known)?;
                objects.push(ObjectChange {
                    delta,
                    change_type: ChangeType::of(&delta, is_new),
                    snapshot: change.snapshot,
                    previous: change.before,
                    after,
                    before,
                });
            }
            each(change, objects)?;
        }
        known |= &*opened;
    }
    Ok(())
}

/// Whether any version of an object that is there now was known before.
fn was_there(
    source: &Source,
    kind: KindNumber,
    delta: &Delta,
    known: &RoaringBitmap,
) -> Result<bool> {
    let versions = source.archive.versions_beside(kind, delta.telling())?;
    Ok(versions.into_iter().any(|version| known.contains(version)))
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
        let wants = |name: &str| wants(scan, &COLUMNS, name);
        let attributed = wants_actor(scan, &COLUMNS);
        let horizon = self.horizon.as_ref();
        let mut attributor = Attributor::new(&self.source, horizon, wants_address(scan, &COLUMNS));
        for kind in self.source.state_kinds() {
            scan.check()?;
            if !scan.allows("kind", &kind.name) {
                continue;
            }
            let mut rows = changes_of(&self.source, &kind, horizon, scan.equal("object_id"))?;
            let of_type = |of_type: &ChangeType| scan.allows("change_type", of_type.as_str());
            let wanted: Vec<ChangeType> = ChangeType::ALL.into_iter().filter(of_type).collect();
            rows.retain(|row| wanted.contains(&row.change_type));
            let names = if attributed || wants("object_id") || wants("display_name") {
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
                properties: if wants("properties_changed") {
                    property_counts(&self.source, &kind, &rows)?
                } else {
                    HashMap::new()
                },
                links: if wants("links_changed") {
                    link_counts(&self.source, &kind, horizon)?
                } else {
                    HashMap::new()
                },
            };
            for chunk in rows.chunks(ROWS) {
                let by = if attributed {
                    let rows: Vec<&ObjectChange> = chunk.iter().collect();
                    attributor.objects(&kind, &rows, &context.names)?
                } else {
                    vec![Attribution::None; chunk.len()]
                };
                emit(batch_of(scan, chunk, |column, rows| {
                    context.column(COLUMNS[column].0, rows, &by)
                })?)?;
            }
        }
        Ok(())
    }
}

/// Whether a scan wants a column of a table, by name.
pub(crate) fn wants(scan: &Scan, columns: &[(&str, Type)], name: &str) -> bool {
    let at = columns.iter().position(|(column, _)| *column == name);
    at.is_some_and(|at| scan.wants(at))
}

/// Whether a scan asks who did it.
pub(crate) fn wants_actor(scan: &Scan, columns: &[(&str, Type)]) -> bool {
    (0..columns.len()).any(|at| scan.wants(at) && is_actor_column(columns[at]))
}

/// Whether a scan asks from where it was done.
pub(crate) fn wants_address(scan: &Scan, columns: &[(&str, Type)]) -> bool {
    wants(scan, columns, "actor_ip") || wants(scan, columns, "actor_ip_source")
}

/// The changes of a kind in the order of time, of one object where an id is given.
pub(crate) fn changes_of(
    source: &Source,
    kind: &StoredKind,
    horizon: Option<&Snapshot>,
    id: Option<&str>,
) -> Result<Vec<ObjectChange>> {
    let changes = source.changes(kind.number, horizon)?;
    let only = versions_of(&source.archive, kind, id)?;
    let mut rows = Vec::new();
    object_changes(
        source,
        kind.number,
        &changes,
        only.as_ref(),
        |_, objects| {
            rows.extend(objects);
            Ok(())
        },
    )?;
    Ok(rows)
}

/// Changed properties by (snapshot, object).
pub(crate) fn property_counts(
    source: &Source,
    kind: &StoredKind,
    rows: &[ObjectChange],
) -> Result<HashMap<(u32, u32), u64>> {
    let comparison = Comparison::of(&kind.name);
    let mut counts = HashMap::new();
    for group in rows.chunk_by(|a, b| a.snapshot == b.snapshot) {
        let deltas: Vec<Delta> = group.iter().map(|row| row.delta).collect();
        with_payloads(&source.archive, kind.number, &deltas, |delta, old, new| {
            let count = comparison.changes(old, new)?.len() as u64;
            counts.insert((group[0].snapshot, delta.object), count);
            Ok(())
        })?;
    }
    Ok(counts)
}

/// Edges that appeared or disappeared by (snapshot, key of the object they start from).
pub(crate) fn link_counts(
    source: &Source,
    kind: &StoredKind,
    horizon: Option<&Snapshot>,
) -> Result<HashMap<(u32, String), u64>> {
    let mut counts = HashMap::new();
    for edge in edges_from(source, &kind.name) {
        let changed = changes_of(source, &edge, horizon, None)?;
        let telling = changed
            .iter()
            .map(|change| change.delta.telling())
            .collect();
        let names = named(source, &edge, &telling)?;
        for change in changed {
            if let Some(from) = names
                .get(&change.delta.telling())
                .and_then(|name| name.key.split(model::KEY_SEPARATOR).next())
            {
                *counts
                    .entry((change.snapshot, from.to_owned()))
                    .or_insert(0) += 1;
            }
        }
    }
    Ok(counts)
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
pub(crate) struct KindRows<'a> {
    pub(crate) source: &'a Source,
    pub(crate) kind: &'a StoredKind,
    pub(crate) names: HashMap<u32, Named>,
    pub(crate) properties: HashMap<(u32, u32), u64>,
    pub(crate) links: HashMap<(u32, String), u64>,
}

impl KindRows<'_> {
    fn name(&self, row: &ObjectChange) -> Option<&Named> {
        self.names.get(&row.delta.telling())
    }

    pub(crate) fn column(
        &self,
        column: &str,
        rows: &[ObjectChange],
        by: &[Attribution],
    ) -> Result<ArrayRef> {
        if let Some(actors) = actor_column(column, by) {
            return Ok(actors);
        }
        let strings = |values: Vec<Option<String>>| texts(values.iter().map(Option::as_deref));
        let version = |ordinal: Option<u32>| {
            ordinal
                .map(|ordinal| version_text(self.source, self.kind.number, ordinal))
                .transpose()
        };
        Ok(match column {
            "_tenant_id" => constant(self.source.archive.tenant(), rows.len()),
            "change_id" => strings(
                rows.iter()
                    .map(|row| Some(row.change_id(self.kind)))
                    .collect(),
            ),
            "changed_after" => times(rows.iter().map(|row| row.after)),
            "changed_before" => times(rows.iter().map(|row| Some(row.before))),
            "changed_at" => times(
                rows.iter()
                    .zip(by)
                    .map(|(row, by)| Some(by.by().map_or(row.before, |by| by.event.time))),
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
            _ => strings(
                rows.iter()
                    .map(|row| {
                        self.source
                            .archive
                            .record_id(row.snapshot)
                            .map(|id| short_id(&id))
                    })
                    .collect(),
            ),
        })
    }
}

/// A version as tables name it.
pub(crate) fn version_text(source: &Source, kind: KindNumber, ordinal: u32) -> Result<String> {
    Ok(source.archive.version_id(kind, ordinal)?.to_string())
}
