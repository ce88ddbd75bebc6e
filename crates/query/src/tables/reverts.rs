//! `reverts(['FROM', 'TO'])`: what was changed and put back.
//!
//! Each way back is a row: a property that has the value again it had before a change, an object or a
//! relationship that is gone again after it appeared, or there again after it was gone. What was changed
//! and put back between two snapshots leaves no trace here, only in the audit log.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use jiff::Timestamp;
use model::Change;
use roaring::RoaringBitmap;
use store::StoredKind;

use super::arrays::{self, ROWS, Type, batch_of, bools, constant, numbers, texts, times};
use super::changes::{ChangeType, ObjectChange, object_changes};
use super::delta::{Comparison, Delta, with_payloads};
use super::names::{Named, named};
use super::provider::{Emit, Relation, RelationTable, Scan};
use crate::attribution::{Attribution, Attributor, Modified};
use crate::columns::versions_of;
use crate::error::Result;
use crate::functions::Call;
use crate::scope::Scope;
use crate::timeline::Window;

const COLUMNS: [(&str, Type); 17] = [
    ("kind", Type::Text),
    ("object_id", Type::Text),
    ("display_name", Type::Text),
    ("path", Type::Text),
    ("value", Type::Json),
    ("changed_value", Type::Json),
    ("changed_after", Type::Time),
    ("changed_at", Type::Time),
    ("changed_by", Type::Text),
    ("changed_from_ip", Type::Text),
    ("reverted_at", Type::Time),
    ("reverted_by", Type::Text),
    ("reverted_from_ip", Type::Text),
    ("lasted_seconds", Type::Number),
    ("is_drift", Type::Bool),
    ("change_id", Type::Text),
    ("revert_id", Type::Text),
];
/// The value of an object or a relationship as a whole.
const PRESENT: &str = "\"present\"";
const ABSENT: &str = "\"absent\"";

/// Everything that was put back within a time.
#[derive(Debug)]
pub(crate) struct RevertsTable {
    scope: Scope,
    window: Window,
    schema: SchemaRef,
}

/// A way there and back. Changes are by position among those of the kind.
#[derive(Debug, Clone)]
struct Revert {
    /// `None`: the object as a whole.
    path: Option<String>,
    value: Option<String>,
    changed_value: Option<String>,
    /// What it was before it was put back: another value, if it changed in between.
    left_value: Option<String>,
    changed: usize,
    reverted: usize,
    is_drift: bool,
}

/// A value that was left, and what it became.
struct Step {
    old: Option<String>,
    new: Option<String>,
    change: usize,
}

impl RevertsTable {
    /// `reverts(['FROM', 'TO'])`: both the change and the way back lie in that time.
    pub(crate) fn function(call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        let (from, to) = match call.texts.as_slice() {
            [] => (None, None),
            [from, to] => (Some(from.as_str()), Some(to.as_str())),
            _ => return Err(call.misused()),
        };
        Ok(RelationTable::provider(Self {
            scope: call.scope.clone(),
            window: Window::between(call.scope, from, to)?,
            schema: arrays::schema(&COLUMNS),
        }))
    }

    /// The changes of objects that changed more than once, in the order of time.
    fn repeated(&self, kind: &StoredKind, scan: &Scan) -> Result<Vec<ObjectChange>> {
        let source = &self.scope.source;
        let only = versions_of(&source.archive, kind, scan.equal("object_id"))?;
        let changes = source.changes(kind.number, self.scope.horizon.as_ref())?;
        let mut all: Vec<ObjectChange> = Vec::new();
        object_changes(
            source,
            kind.number,
            &changes,
            only.as_ref(),
            |_, objects| {
                let inside = objects.into_iter();
                all.extend(
                    inside.filter(|change| self.window.overlaps(change.after, change.before)),
                );
                Ok(())
            },
        )?;
        let mut times: HashMap<u32, u32> = HashMap::new();
        for change in &all {
            *times.entry(change.delta.object).or_insert(0) += 1;
        }
        all.retain(|change| times[&change.delta.object] > 1);
        Ok(all)
    }

    fn reverts(&self, kind: &StoredKind, changes: &[ObjectChange]) -> Result<Vec<Revert>> {
        let mut found = presence(changes);
        let position: HashMap<(u32, Option<u32>, Option<u32>), Vec<usize>> = changes
            .iter()
            .enumerate()
            .fold(HashMap::new(), |mut map, (at, change)| {
                let Delta {
                    object,
                    before,
                    after,
                } = change.delta;
                map.entry((object, before, after))
                    .or_insert_with(Vec::new)
                    .push(at);
                map
            });
        let comparison = Comparison::of(&kind.name);
        let mut steps: BTreeMap<(u32, String), Vec<Step>> = BTreeMap::new();
        let deltas: Vec<Delta> = position
            .keys()
            .map(|(object, before, after)| Delta {
                object: *object,
                before: *before,
                after: *after,
            })
            .collect();
        let archive = &self.scope.source.archive;
        with_payloads(archive, kind.number, &deltas, |delta, old, new| {
            let places = &position[&(delta.object, delta.before, delta.after)];
            for property in comparison.changes(old, new)? {
                let all = steps.entry((delta.object, property.path)).or_default();
                all.extend(places.iter().map(|change| Step {
                    old: property.old.clone(),
                    new: property.new.clone(),
                    change: *change,
                }));
            }
            Ok(())
        })?;
        for ((_, path), mut steps) in steps {
            steps.sort_by_key(|step| step.change);
            let is_drift = comparison.is_drift(&path);
            for (at, back) in steps.iter().enumerate() {
                let left = steps[..at].iter().rev().find(|step| step.old == back.new);
                found.extend(left.map(|left| Revert {
                    path: Some(path.clone()),
                    value: back.new.clone(),
                    changed_value: left.new.clone(),
                    left_value: back.old.clone(),
                    changed: left.change,
                    reverted: back.change,
                    is_drift,
                }));
            }
        }
        found.sort_by(|a, b| (a.reverted, &a.path).cmp(&(b.reverted, &b.path)));
        Ok(found)
    }
}

/// Objects that came and went, or went and came.
fn presence(changes: &[ObjectChange]) -> Vec<Revert> {
    let mut last: HashMap<u32, (usize, bool)> = HashMap::new();
    let mut found = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let is_there = match change.change_type {
            ChangeType::Modified => continue,
            ChangeType::Removed => false,
            ChangeType::Added | ChangeType::Restored => true,
        };
        let before = last.insert(change.delta.object, (at, is_there));
        if let Some((changed, was_there)) = before.filter(|(_, was_there)| *was_there != is_there) {
            let value = |is_there| if is_there { PRESENT } else { ABSENT };
            found.push(Revert {
                path: None,
                value: Some(value(is_there).to_owned()),
                changed_value: Some(value(was_there).to_owned()),
                left_value: None,
                changed,
                reverted: at,
                is_drift: false,
            });
        }
    }
    found
}

impl Relation for RevertsTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn scan(&self, scan: &Scan, emit: &mut Emit<'_>) -> Result<()> {
        let source = &self.scope.source;
        let mut attributor = Attributor::new(source, self.scope.horizon.as_ref(), true);
        for kind in source.state_kinds() {
            if !scan.allows("kind", &kind.name) {
                continue;
            }
            let changes = self.repeated(&kind, scan)?;
            let rows = self.reverts(&kind, &changes)?;
            if rows.is_empty() {
                continue;
            }
            let of = |at: usize| changes[at].delta.telling();
            let telling: RoaringBitmap = rows
                .iter()
                .flat_map(|row| [of(row.changed), of(row.reverted)])
                .collect();
            let names = named(source, &kind, &telling)?;
            let context = KindReverts {
                kind: &kind,
                changes: &changes,
                names: &names,
            };
            let explained = context.explained(&mut attributor, &rows)?;
            let parted = context.rows(&rows, explained);
            for chunk in parted.chunks(ROWS) {
                emit(batch_of(scan, chunk, |column, rows| {
                    Ok(context.column(COLUMNS[column].0, rows))
                })?)?;
            }
        }
        Ok(())
    }
}

/// What the rows of one kind need besides themselves.
struct KindReverts<'a> {
    kind: &'a StoredKind,
    changes: &'a [ObjectChange],
    names: &'a HashMap<u32, Named>,
}

/// A revert with who did what.
struct Row<'a> {
    revert: &'a Revert,
    name: Option<&'a Named>,
    changed: Attribution,
    reverted: Attribution,
    changed_at: Timestamp,
    reverted_at: Timestamp,
}

impl KindReverts<'_> {
    /// Who changed and who put back, for each revert.
    fn explained(
        &self,
        attributor: &mut Attributor<'_>,
        reverts: &[Revert],
    ) -> Result<Vec<[Attribution; 2]>> {
        let mut all: Vec<[Attribution; 2]> = Vec::new();
        all.resize_with(reverts.len(), Default::default);
        // There and back; properties and objects as a whole are asked for together each.
        for way in [0, 1] {
            let change = |revert: &Revert| &self.changes[[revert.changed, revert.reverted][way]];
            let (mut whole, mut parts) = (Vec::new(), Vec::new());
            for (at, revert) in reverts.iter().enumerate() {
                let [value, became, left] =
                    [&revert.value, &revert.changed_value, &revert.left_value];
                let (old, new) = [(value, became), (left, value)][way];
                match revert.path.clone() {
                    None => whole.push((at, change(revert))),
                    Some(path) => {
                        let (old, new) = (old.clone(), new.clone());
                        parts.push((at, change(revert), Change { path, old, new }));
                    }
                }
            }
            let objects: Vec<&ObjectChange> = whole.iter().map(|(_, object)| *object).collect();
            let by = attributor.objects(self.kind, &objects, self.names)?;
            let whole = whole.iter().map(|(at, _)| *at).zip(by);
            let modified = parts
                .iter()
                .map(|(_, object, change)| Modified { object, change });
            let modified: Vec<Modified<'_>> = modified.collect();
            let by = attributor.properties(self.kind, &modified, self.names)?;
            let parts = parts.iter().map(|(at, ..)| *at).zip(by);
            for (at, by) in whole.chain(parts) {
                all[at][way] = by;
            }
        }
        Ok(all)
    }

    fn rows<'a>(&'a self, reverts: &'a [Revert], by: Vec<[Attribution; 2]>) -> Vec<Row<'a>> {
        let at = |by: &Attribution, change: &ObjectChange| {
            by.by().map_or(change.before, |by| by.event.time)
        };
        let all = reverts.iter().zip(by);
        all.map(|(revert, [changed_by, reverted_by])| {
            let changed = &self.changes[revert.changed];
            let reverted = &self.changes[revert.reverted];
            Row {
                revert,
                name: self.names.get(&reverted.delta.telling()),
                changed_at: at(&changed_by, changed),
                reverted_at: at(&reverted_by, reverted),
                changed: changed_by,
                reverted: reverted_by,
            }
        })
        .collect()
    }

    fn column(&self, column: &str, rows: &[Row<'_>]) -> ArrayRef {
        let id = |at: usize| {
            let change = &self.changes[at];
            let (kind, object) = (self.kind.number.0, change.delta.object);
            format!("c-{}-{kind}-{object}", change.snapshot)
        };
        let ids = |pick: fn(&Revert) -> usize| {
            let ids: Vec<String> = rows.iter().map(|row| id(pick(row.revert))).collect();
            texts(ids.iter().map(|id| Some(id.as_str())))
        };
        match column {
            "kind" => constant(&self.kind.name, rows.len()),
            "object_id" => texts(rows.iter().map(|row| row.name.map(|name| name.id.as_str()))),
            "display_name" => texts(rows.iter().map(|row| row.name?.display.as_deref())),
            "path" => texts(rows.iter().map(|row| row.revert.path.as_deref())),
            "value" => texts(rows.iter().map(|row| row.revert.value.as_deref())),
            "changed_value" => texts(rows.iter().map(|row| row.revert.changed_value.as_deref())),
            "changed_after" => times(
                rows.iter()
                    .map(|row| self.changes[row.revert.changed].after),
            ),
            "changed_at" => times(rows.iter().map(|row| Some(row.changed_at))),
            "changed_by" => texts(rows.iter().map(|row| row.changed.actor()?.name.as_deref())),
            "changed_from_ip" => texts(rows.iter().map(|row| address(&row.changed))),
            "reverted_at" => times(rows.iter().map(|row| Some(row.reverted_at))),
            "reverted_by" => texts(rows.iter().map(|row| row.reverted.actor()?.name.as_deref())),
            "reverted_from_ip" => texts(rows.iter().map(|row| address(&row.reverted))),
            "lasted_seconds" => numbers(
                rows.iter()
                    .map(|row| arrays::seconds_between(row.changed_at, row.reverted_at)),
            ),
            "is_drift" => bools(rows.iter().map(|row| Some(row.revert.is_drift))),
            "change_id" => ids(|revert| revert.changed),
            _ => ids(|revert| revert.reverted),
        }
    }
}

fn address(by: &Attribution) -> Option<&str> {
    Some(by.by()?.address.as_ref()?.ip.as_str())
}
