//! A full read against what the deltas since the last one led to.
//!
//! Delta queries are known to miss things. Whatever differs is right in the full read and becomes a
//! finding, so that nobody has to trust that it does not.

use std::collections::{BTreeMap, HashMap};

use model::{DiffRules, Parser, PathTree, diff};
use roaring::RoaringBitmap;
use store::Verdict;

use super::taker::Taken;
use crate::error::Result;
use crate::intake::{Intake, Scope};

/// Differences told one by one; beyond, only their number.
const MAX_TOLD: usize = 200;

/// Contents of the two sides of one object.
#[derive(Debug, Default)]
struct Sides {
    delta: Option<String>,
    full: Option<String>,
}

/// Notes every object of a kind in which the full read differs from what was predicted.
pub(super) fn remark_differences(
    intake: &mut Intake<'_>,
    slot: usize,
    taken: &Taken,
) -> Result<()> {
    let Some(predicted) = &taken.predicted else {
        return Ok(());
    };
    let handle = intake.slots[slot].handle;
    let full = intake.snapshot.taken(handle);
    let mut sides: BTreeMap<String, Sides> = BTreeMap::new();
    for (key, text) in contents(intake, slot, &(predicted - full))? {
        sides.entry(key).or_default().delta = Some(text);
    }
    for (key, text) in contents(intake, slot, &(full - predicted))? {
        sides.entry(key).or_default().full = Some(text);
    }
    let own_id = |key: &str| {
        key.split(model::KEY_SEPARATOR)
            .next()
            .unwrap_or(key)
            .to_owned()
    };
    let removed = |key: &str| {
        let mut ends = key.split(model::KEY_SEPARATOR);
        ends.any(|end| intake.removed.contains_key(end))
    };
    sides.retain(|key, _| !taken.touched.contains(&own_id(key)) && !removed(key));
    let untracked = intake.slots[slot]
        .target
        .kind()
        .and_then(|kind| kind.delta)
        .map_or(&[][..], |delta| match delta {
            catalog::Delta::Own { without, .. } => without,
            catalog::Delta::Within => &[],
        });
    let rules = std::rc::Rc::clone(&intake.slots[slot].rules);
    let mut told = 0;
    let mut untold = 0;
    for (key, sides) in sides {
        let Some(reason) = difference(&sides, untracked, &rules.sets) else {
            continue;
        };
        if told == MAX_TOLD {
            untold += 1;
            continue;
        }
        told += 1;
        intake.remark(Scope::Kind(slot), &key, reason, Verdict::Doubtful);
    }
    if untold > 0 {
        let reason = format!("{untold} more objects differ between delta and full read");
        intake.remark(Scope::Kind(slot), "delta", reason, Verdict::Doubtful);
    }
    Ok(())
}

/// Keys and texts of versions, those not in the archive yet included.
fn contents(
    intake: &Intake<'_>,
    slot: usize,
    ordinals: &RoaringBitmap,
) -> Result<HashMap<String, String>> {
    let handle = intake.slots[slot].handle;
    let archive = intake.snapshot.archive();
    let number = intake.snapshot.number(handle);
    let committed = intake.snapshot.committed(handle);
    let mut found = HashMap::new();
    let old: RoaringBitmap = ordinals.iter().filter(|one| *one < committed).collect();
    if !old.is_empty() {
        archive.versions(number, &old, |_, key, payload| {
            found.insert(key.to_owned(), payload.to_owned());
            Ok(())
        })?;
    }
    for ordinal in ordinals.iter().filter(|one| *one >= committed) {
        let fresh = intake.fresh.as_ref();
        if let Some((key, text)) = fresh.and_then(|fresh| fresh.get(slot, ordinal)) {
            found.insert(key.to_owned(), text.to_owned());
        }
    }
    Ok(found)
}

/// What differs; nothing where it is only what delta queries never tell.
fn difference(sides: &Sides, untracked: &[&str], sets: &PathTree) -> Option<String> {
    match (&sides.delta, &sides.full) {
        (Some(_), None) => Some("the delta kept it, the full read does not have it".to_owned()),
        (None, Some(_)) => Some("the delta did not have it, the full read has it".to_owned()),
        (Some(delta), Some(full)) => {
            let (mut old, mut new) = (Parser::new(), Parser::new());
            let (Ok(old), Ok(new)) = (old.parse(delta.as_bytes()), new.parse(full.as_bytes()))
            else {
                return Some("delta and full read differ".to_owned());
            };
            let rules = DiffRules {
                sets,
                annotation: catalog::is_transport,
            };
            let changes = diff(old.root(), new.root(), rules);
            let mut paths: Vec<String> = changes.into_iter().map(|change| change.path).collect();
            paths.retain(|path| {
                let property = path.split(['.', '[']).next().unwrap_or(path);
                !untracked.contains(&property)
            });
            paths.dedup();
            (!paths.is_empty()).then(|| {
                format!(
                    "delta and full read differ in {}; the full read is taken",
                    paths.join(", ")
                )
            })
        }
        (None, None) => None,
    }
}
