//! The changes of a few versions of a kind, without looking at all the others.

use roaring::RoaringBitmap;
use store::{Snapshot, StoredKind};

use crate::error::Result;
use crate::source::Source;
use crate::tables::{ChangeType, ObjectChange, deltas};

/// What snapshots saw of these versions, in the order of time. What the first statement of a kind shows
/// is no change: it has no time after which it happened.
pub(crate) fn sightings(
    source: &Source,
    kind: &StoredKind,
    versions: &RoaringBitmap,
    horizon: Option<&Snapshot>,
) -> Result<Vec<ObjectChange>> {
    let mut all = Vec::new();
    if versions.is_empty() {
        return Ok(all);
    }
    let mut known = RoaringBitmap::new();
    for change in source.changes(kind.number, None)?.iter() {
        if change.opened.is_disjoint(versions) && change.closed.is_disjoint(versions) {
            continue;
        }
        let before = source.taken_at(change.snapshot);
        let is_later =
            |horizon: &Snapshot| (before, change.snapshot) > (horizon.taken_at, horizon.number);
        if horizon.is_some_and(is_later) {
            break;
        }
        let (opened, closed) = (&change.opened & versions, &change.closed & versions);
        for delta in deltas(&source.archive, kind.number, &opened, &closed)? {
            let is_new = known.insert(delta.object);
            all.push(ObjectChange {
                delta,
                change_type: ChangeType::of(&delta, is_new),
                snapshot: change.snapshot,
                previous: change.before,
                after: change.before.map(|before| source.taken_at(before)),
                before,
            });
        }
    }
    Ok(all)
}
