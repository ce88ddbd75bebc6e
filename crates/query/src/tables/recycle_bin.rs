//! `recycle_bin`: what was deleted and how long it can still be restored in the tenant itself.
//!
//! Rows come from two sides: what a bin holds, and what a living kind no longer shows. An object that is
//! gone and was never seen in a bin that was read since is gone for good, and only the archive still has
//! it; where no bin was read since, nothing is claimed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use catalog::Kind;
use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::arrow::datatypes::SchemaRef;
use jiff::{SignedDuration, Timestamp};
use model::{Parser, Value};
use roaring::RoaringBitmap;
use store::{CoverageState, Snapshot, SnapshotNumber, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, constant, texts, times};
use super::changes::{ChangeType, ObjectChange};
use super::delta::deltas;
use super::names::{Named, named};
use super::provider::{Emit, Relation, Scan};
use crate::attribution::{Attribution, Attributor};
use crate::error::Result;
use crate::source::{Source, short_id};
use crate::timeline::sightings;

const COLUMNS: [(&str, Type); 15] = [
    ("_tenant_id", Type::Text),
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("status", Type::Text),
    ("deleted_at", Type::Time),
    ("purge_at", Type::Time),
    ("days_left", Type::Number),
    ("dependents", Type::Number),
    ("deleted_by", Type::Text),
    ("deleted_from_ip", Type::Text),
    ("last_seen", Type::Time),
    ("gone_at", Type::Time),
    ("last_snapshot_id", Type::Text),
    ("audit_id", Type::Text),
];
const DEPENDENTS: usize = 8;
/// `deleted_at` is the event's time where the bin does not tell.
const ATTRIBUTED: [usize; 6] = [5, 6, 7, 9, 10, 14];
/// Beginning of the names of kinds that are recycle bins.
const BIN: &str = "deleted_";
const HOURS_A_DAY: i64 = 24;

/// The recycle bin as of a snapshot.
#[derive(Debug)]
pub(crate) struct RecycleBinTable {
    source: Arc<Source>,
    snapshot: Snapshot,
    /// The time that is left is counted from here.
    now: Timestamp,
    schema: SchemaRef,
}

/// A kind that has a bin.
struct Binned {
    living: &'static Kind,
    bin: Option<&'static Kind>,
    days: Option<u16>,
}

/// One deleted object.
struct Row {
    kind: &'static str,
    name: Named,
    status: &'static str,
    deleted_at: Option<Timestamp>,
    purge_at: Option<Timestamp>,
    /// How it went away, where a snapshot showed it alive.
    gone: Option<ObjectChange>,
    by: Attribution,
    dependents: Option<u64>,
}

impl RecycleBinTable {
    pub(crate) fn new(source: &Arc<Source>, snapshot: Snapshot, now: Timestamp) -> Self {
        Self {
            source: Arc::clone(source),
            snapshot,
            now,
            schema: arrays::schema(&COLUMNS),
        }
    }

    /// Objects of a living kind that were there and are not any more, by object number.
    fn gone(&self, kind: &StoredKind) -> Result<BTreeMap<u32, ObjectChange>> {
        let mut gone = BTreeMap::new();
        let changes = self.source.changes(kind.number, Some(&self.snapshot))?;
        for change in changes.iter() {
            let (opened, closed) = (&change.opened, &change.closed);
            if closed.is_empty() && gone.is_empty() {
                continue;
            }
            for delta in deltas(&self.source.archive, kind.number, opened, closed)? {
                match (delta.before, delta.after) {
                    (Some(_), None) => {
                        let removed = ObjectChange {
                            change_type: ChangeType::of(&delta, false),
                            snapshot: change.snapshot,
                            previous: change.before,
                            after: change.before.map(|before| self.source.taken_at(before)),
                            before: self.source.taken_at(change.snapshot),
                            delta,
                        };
                        gone.insert(removed.delta.object, removed);
                    }
                    _ => drop(gone.remove(&delta.object)),
                }
            }
        }
        Ok(gone)
    }

    /// Whether a bin was read completely at or after a time.
    fn was_read_since(&self, bin: &StoredKind, time: Timestamp) -> Result<bool> {
        let archive = &self.source.archive;
        let Some(statement) = archive.statement_of(bin.number, &self.snapshot)? else {
            return Ok(false);
        };
        let record = archive.record(statement)?;
        let said = record.kinds.iter().find(|said| said.kind == bin.name);
        let is_complete = said.is_some_and(|said| said.coverage.state == CoverageState::Complete);
        Ok(is_complete && self.source.taken_at(statement) >= time)
    }

    /// What lies in a bin, with the times at which it was deleted.
    fn contents(&self, bin: &StoredKind) -> Result<Vec<(Named, Option<Timestamp>)>> {
        let archive = &self.source.archive;
        let alive = archive.alive(bin.number, &self.snapshot)?;
        let mut names = named(&self.source, bin, &alive)?;
        let mut contents = Vec::new();
        archive.versions(bin.number, &alive, |ordinal, _, payload| {
            let name = names.remove(&ordinal);
            contents.extend(name.map(|name| (name, deleted_at(payload))));
            Ok(())
        })?;
        Ok(contents)
    }

    fn rows_of(&self, binned: &Binned, attributed: bool) -> Result<Vec<Row>> {
        let archive = &self.source.archive;
        let living = archive.kind(binned.living.name);
        let bin = binned.bin.and_then(|bin| archive.kind(bin.name));
        let (mut gone, mut names) = (BTreeMap::new(), HashMap::new());
        if let Some(living) = &living {
            gone = self.gone(living)?;
            names = named(
                &self.source,
                living,
                &gone.values().map(|gone| gone.delta.telling()).collect(),
            )?;
        }
        let mut by_key: HashMap<String, ObjectChange> = HashMap::new();
        for gone in gone.into_values() {
            if let Some(name) = names.get(&gone.delta.telling()) {
                by_key.insert(name.key.clone(), gone);
            }
        }
        let mut rows = Vec::new();
        for (name, deleted_at) in bin
            .as_ref()
            .map_or(Ok(Vec::new()), |bin| self.contents(bin))?
        {
            let gone = by_key.remove(&name.key);
            rows.push(binned.row(name, "in_bin", gone, deleted_at));
        }
        for (_, gone) in by_key {
            let Some(name) = names.get(&gone.delta.telling()).cloned() else {
                continue;
            };
            let (status, deleted_at) = self.fate(bin.as_ref(), &name.key, gone.before)?;
            rows.push(binned.row(name, status, Some(gone), deleted_at));
        }
        if attributed && let Some(living) = &living {
            self.attribute(living, &names, &mut rows)?;
        }
        for row in &mut rows {
            let deleted_at = row.deleted_at.or(row.gone.as_ref().map(|gone| gone.before));
            row.deleted_at = deleted_at;
            row.purge_at = binned
                .purge_at(deleted_at)
                .filter(|_| row.status != "hard_deleted");
        }
        Ok(rows)
    }

    /// What became of an object that is in no bin now, and when its bin said it was deleted.
    fn fate(
        &self,
        bin: Option<&StoredKind>,
        key: &str,
        gone_at: Timestamp,
    ) -> Result<(&'static str, Option<Timestamp>)> {
        let Some(bin) = bin else {
            return Ok(("unknown", None));
        };
        let archive = &self.source.archive;
        let versions: RoaringBitmap = archive
            .object_versions(bin.number, key)?
            .into_iter()
            .collect();
        let seen = sightings(&self.source, bin, &versions, Some(&self.snapshot))?;
        if let Some(last) = seen.last() {
            let version = archive.version(bin.number, last.delta.telling());
            let deleted_at = version
                .ok()
                .and_then(|version| deleted_at(&version.payload));
            return Ok(("purged", deleted_at));
        }
        let status = if self.was_read_since(bin, gone_at)? {
            "hard_deleted"
        } else {
            "unknown"
        };
        Ok((status, None))
    }

    /// Who deleted them, as far as the audit log says.
    fn attribute(
        &self,
        living: &StoredKind,
        names: &HashMap<u32, Named>,
        rows: &mut [Row],
    ) -> Result<()> {
        let mut attributor = Attributor::new(&self.source, Some(&self.snapshot), true);
        let mut seen: Vec<&mut Row> = rows.iter_mut().filter(|row| row.gone.is_some()).collect();
        let changes: Vec<&ObjectChange> = seen.iter().filter_map(|row| row.gone.as_ref()).collect();
        let explained = attributor.objects(living, &changes, names)?;
        for (row, by) in seen.iter_mut().zip(explained) {
            if row.deleted_at.is_none() {
                row.deleted_at = by.by().map(|by| by.event.time);
            }
            row.by = by;
        }
        Ok(())
    }

    /// Objects and edges that named an object when it was last there; its own parts left out.
    fn dependents(&self, living: &Kind, key: &str, last: SnapshotNumber) -> Result<Option<u64>> {
        let archive = &self.source.archive;
        let Some(last) = archive.snapshots().iter().find(|s| s.number == last) else {
            return Ok(None);
        };
        let mut count = 0;
        for kind in self.source.state_kinds() {
            let listed = catalog::by_name(&kind.name);
            let is_part = |kind: &Kind| kind.parent == Some(living.name) && !kind.is_relationship();
            if kind.name == living.name || kind.name.starts_with(BIN) || listed.is_some_and(is_part)
            {
                continue;
            }
            let mut naming = self.source.mentions(&kind)?.of(key);
            if naming.is_empty() {
                continue;
            }
            naming &= &*archive.alive(kind.number, last)?;
            // Reports and risk are kept under the id of the user they are about.
            for own in archive.object_versions(kind.number, key)? {
                naming.remove(own);
            }
            count += naming.len();
        }
        Ok(Some(count))
    }

    fn column(&self, column: &str, rows: &[Row]) -> ArrayRef {
        match column {
            "_tenant_id" => constant(self.source.archive.tenant(), rows.len()),
            "kind" => texts(rows.iter().map(|row| Some(row.kind))),
            "object_id" => texts(rows.iter().map(|row| Some(row.name.id.as_str()))),
            "display_name" => texts(rows.iter().map(|row| row.name.display.as_deref())),
            "status" => texts(rows.iter().map(|row| Some(row.status))),
            "deleted_at" => times(rows.iter().map(|row| row.deleted_at)),
            "purge_at" => times(rows.iter().map(|row| row.purge_at)),
            "days_left" => optional(rows.iter().map(|row| {
                let left = row.purge_at.filter(|_| row.status == "in_bin")?;
                Some(left.duration_since(self.now).as_hours().max(0) / HOURS_A_DAY)
            })),
            "dependents" => optional(
                rows.iter()
                    .map(|row| row.dependents.and_then(|count| i64::try_from(count).ok())),
            ),
            "deleted_by" => texts(rows.iter().map(|row| row.by.actor()?.name.as_deref())),
            "deleted_from_ip" => texts(
                rows.iter()
                    .map(|row| Some(row.by.by()?.address.as_ref()?.ip.as_str())),
            ),
            "last_seen" => times(
                rows.iter()
                    .map(|row| Some(self.source.taken_at(row.gone.as_ref()?.previous?))),
            ),
            "gone_at" => times(rows.iter().map(|row| Some(row.gone.as_ref()?.before))),
            "last_snapshot_id" => {
                let archive = &self.source.archive;
                let id =
                    |row: &Row| Some(short_id(&archive.record_id(row.gone.as_ref()?.previous?)?));
                let ids: Vec<Option<String>> = rows.iter().map(id).collect();
                texts(ids.iter().map(Option::as_deref))
            }
            _ => texts(rows.iter().map(|row| Some(row.by.by()?.event.id.as_str()))),
        }
    }
}

fn optional(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

/// The kinds whose deleted objects go somewhere first.
fn binned() -> Vec<Binned> {
    let living = catalog::kinds()
        .iter()
        .filter(|kind| !kind.name.starts_with(BIN));
    living
        .filter_map(|living| {
            let named = catalog::by_name(&format!("{BIN}{}", living.name));
            let bin = living.deleted_twin().or(named);
            (bin.is_some() || living.soft_delete.is_some()).then(|| Binned {
                living,
                bin,
                days: living.soft_delete.and_then(|bin| bin.days),
            })
        })
        .collect()
}

impl Binned {
    fn row(
        &self,
        name: Named,
        status: &'static str,
        gone: Option<ObjectChange>,
        deleted_at: Option<Timestamp>,
    ) -> Row {
        Row {
            kind: self.living.name,
            name,
            status,
            deleted_at,
            purge_at: None,
            gone,
            by: Attribution::None,
            dependents: None,
        }
    }

    /// When an object that was deleted then is deleted for good.
    fn purge_at(&self, deleted_at: Option<Timestamp>) -> Option<Timestamp> {
        let hours = i64::from(self.days?) * HOURS_A_DAY;
        deleted_at?
            .checked_add(SignedDuration::from_hours(hours))
            .ok()
    }
}

/// The time a deleted object bears.
fn deleted_at(payload: &str) -> Option<Timestamp> {
    let mut parser = Parser::new();
    let document = parser.parse_text(payload).ok()?;
    let text = document
        .root()
        .get("deletedDateTime")
        .and_then(Value::text)?;
    model::parse_time(&text).ok()
}

impl Relation for RecycleBinTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let attributed = ATTRIBUTED.iter().any(|column| scan.wants(*column));
        let mut told = HashSet::new();
        for binned in binned() {
            let unwanted = scan
                .equal("kind")
                .is_some_and(|wanted| wanted != binned.living.name);
            // Two kinds may share a bin: what is in it is told of once.
            let is_told = binned.bin.is_some_and(|bin| !told.insert(bin.name));
            if unwanted || is_told {
                continue;
            }
            let mut rows = self.rows_of(&binned, attributed)?;
            rows.sort_by(|a, b| (a.deleted_at, &a.name.id).cmp(&(b.deleted_at, &b.name.id)));
            if scan.wants(DEPENDENTS) {
                for row in &mut rows {
                    if let Some(last) = row.gone.as_ref().and_then(|gone| gone.previous) {
                        row.dependents = self.dependents(binned.living, &row.name.key, last)?;
                    }
                }
            }
            for chunk in rows.chunks(ROWS) {
                emit(batch_of(scan, chunk, |column, rows| {
                    Ok(self.column(COLUMNS[column].0, rows))
                })?)?;
            }
        }
        Ok(())
    }
}
