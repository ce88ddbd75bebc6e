//! `exposure('KIND', 'CONDITION' [, 'FROM', 'TO'])`: all intervals in which a condition held for an object.
//!
//! Each version is tested once. From then on it is about sets: at every statement of the kind, the
//! objects whose versions pass are compared with those that passed before, so that an interval goes on
//! over any number of versions and ends with the condition or with the object.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use store::{SnapshotNumber, StoredKind};

use super::arrays::{self, ROWS, Type, batch_of, constant, numbers, texts, times};
use super::names::{Named, named};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::condition::Condition;
use crate::error::Result;
use crate::functions::Call;
use crate::scope::Scope;
use crate::source::short_id;
use crate::timeline::Window;

const COLUMNS: [(&str, Type); 11] = [
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("opened_at", Type::Time),
    ("not_before", Type::Time),
    ("closed_at", Type::Time),
    ("closed_by", Type::Text),
    ("lasted_seconds", Type::Number),
    ("versions", Type::Number),
    ("opened_snapshot_id", Type::Text),
    ("closed_snapshot_id", Type::Text),
];

/// Intervals of one kind and one condition.
#[derive(Debug)]
pub(crate) struct ExposureTable {
    scope: Scope,
    kind: Option<StoredKind>,
    condition: Condition,
    window: Window,
    schema: SchemaRef,
}

/// A time during which the condition held for an object.
#[derive(Debug, Clone)]
struct Interval {
    /// The version that tells what the object was called at the end.
    telling: u32,
    opened: SnapshotNumber,
    opened_at: Timestamp,
    /// The statement before the one that first showed it; `None`: it held when the kind was first read.
    not_before: Option<Timestamp>,
    closed: Option<Closed>,
    versions: u64,
}

#[derive(Debug, Clone)]
struct Closed {
    snapshot: SnapshotNumber,
    at: Timestamp,
    /// Whether there was no such object any more.
    is_gone: bool,
}

impl ExposureTable {
    /// `exposure('KIND', 'CONDITION' [, 'FROM', 'TO'])`.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let texts: Vec<&str> = call.texts.iter().map(String::as_str).collect();
        let (kind, condition, from, to) = match texts.as_slice() {
            [kind, condition] => (*kind, *condition, None, None),
            [kind, condition, from, to] => (*kind, *condition, Some(*from), Some(*to)),
            _ => return Err(call.misused()),
        };
        let kind = call.state_kind(kind)?;
        let scope = call.scope;
        if let Ok(latest) = scope.latest() {
            scope.touch(&latest, Some(&kind));
        }
        Ok(RelationTable::provider(Self {
            scope: scope.clone(),
            condition: Condition::new(condition, &kind, call.state()?)?,
            kind: scope.source.archive.kind(&kind),
            window: Window::between(scope, from, to)?,
            schema: arrays::schema(&COLUMNS),
        }))
    }

    /// All intervals of a kind that touch the window, by the time they began.
    fn intervals(&self, kind: &StoredKind) -> Result<Vec<Interval>> {
        let source = &self.scope.source;
        let changes = source.changes(kind.number, self.scope.horizon.as_ref())?;
        let mut ever = RoaringBitmap::new();
        changes.iter().for_each(|change| ever |= &change.opened);
        let holding = self.condition.holds_for(source, kind, &ever)?;
        let mut open: BTreeMap<u32, Interval> = BTreeMap::new();
        let mut done = Vec::new();
        for change in changes.iter() {
            let (began, ended) = (&change.opened & &holding, &change.closed & &holding);
            if began.is_empty() && ended.is_empty() {
                continue;
            }
            let at = source.taken_at(change.snapshot);
            let object = |ordinal| source.archive.object_of(kind.number, ordinal);
            let mut now: HashMap<u32, u32> = HashMap::new();
            for ordinal in &began {
                now.insert(object(ordinal)?, ordinal);
            }
            let mut there = BTreeSet::new();
            if !ended.is_empty() {
                for ordinal in &change.opened {
                    there.insert(object(ordinal)?);
                }
            }
            for ordinal in &ended {
                let number = object(ordinal)?;
                if now.contains_key(&number) {
                    continue;
                }
                if let Some(mut interval) = open.remove(&number) {
                    interval.closed = Some(Closed {
                        snapshot: change.snapshot,
                        at,
                        is_gone: !there.contains(&number),
                    });
                    done.push(interval);
                }
            }
            for (number, ordinal) in now {
                let interval = open.entry(number).or_insert_with(|| Interval {
                    telling: ordinal,
                    opened: change.snapshot,
                    opened_at: at,
                    not_before: change.before.map(|before| source.taken_at(before)),
                    closed: None,
                    versions: 0,
                });
                interval.telling = ordinal;
                interval.versions += 1;
            }
        }
        done.extend(open.into_values());
        done.retain(|interval| {
            let end = interval.closed.as_ref().map(|closed| closed.at);
            self.window.to.is_none_or(|to| interval.opened_at <= to)
                && self
                    .window
                    .from
                    .is_none_or(|from| end.is_none_or(|end| end >= from))
        });
        done.sort_by_key(|interval| (interval.opened_at, interval.telling));
        Ok(done)
    }

    fn column(
        &self,
        column: &str,
        kind: &StoredKind,
        names: &HashMap<u32, Named>,
        rows: &[Interval],
    ) -> ArrayRef {
        let name = |row: &Interval| names.get(&row.telling);
        let source = &self.scope.source;
        let snapshots = |pick: fn(&Interval) -> Option<SnapshotNumber>| {
            let id = |row: &Interval| Some(short_id(&source.archive.record_id(pick(row)?)?));
            let ids: Vec<Option<String>> = rows.iter().map(id).collect();
            texts(ids.iter().map(Option::as_deref))
        };
        let closed_at = |row: &Interval| row.closed.as_ref().map(|closed| closed.at);
        match column {
            "kind" => constant(&kind.name, rows.len()),
            "object_id" => texts(
                rows.iter()
                    .map(|row| name(row).map(|name| name.id.as_str())),
            ),
            "display_name" => texts(rows.iter().map(|row| name(row)?.display.as_deref())),
            "opened_at" => times(rows.iter().map(|row| Some(row.opened_at))),
            "not_before" => times(rows.iter().map(|row| row.not_before)),
            "closed_at" => times(rows.iter().map(closed_at)),
            "closed_by" => texts(rows.iter().map(|row| {
                let closed = row.closed.as_ref()?;
                Some(if closed.is_gone { "gone" } else { "changed" })
            })),
            "lasted_seconds" => numbers(rows.iter().map(|row| {
                let end = closed_at(row).unwrap_or_else(|| self.scope.now());
                arrays::seconds_between(row.opened_at, end)
            })),
            "versions" => numbers(rows.iter().map(|row| row.versions)),
            "opened_snapshot_id" => snapshots(|row| Some(row.opened)),
            _ => snapshots(|row| row.closed.as_ref().map(|closed| closed.snapshot)),
        }
    }
}

impl Relation for ExposureTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let Some(kind) = &self.kind else {
            return Ok(());
        };
        let rows = self.intervals(kind)?;
        let telling = rows.iter().map(|row| row.telling).collect();
        let names = named(&self.scope.source, kind, &telling)?;
        for chunk in rows.chunks(ROWS) {
            emit(batch_of(scan, chunk, |column, rows| {
                Ok(self.column(COLUMNS[column].0, kind, &names, rows))
            })?)?;
        }
        Ok(())
    }
}
