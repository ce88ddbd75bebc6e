//! What differs between two states, as ordinals: nothing is read of what is the same.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use catalog::Kind;
use roaring::RoaringBitmap;
use store::{Archive, CoverageState, KindNumber, Ordinal, Record, SnapshotNumber};

use super::request::State;
use crate::error::Result;

/// One kind in one state.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    /// Its number in the archive; none where the archive never had the kind.
    pub(super) number: Option<KindNumber>,
    /// Versions alive.
    pub(super) alive: Arc<RoaringBitmap>,
    /// How completely it was read; none where no snapshot up to then read it.
    pub(super) coverage: Option<CoverageState>,
}

/// What differs in one kind.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) kind: &'static Kind,
    pub(super) wanted: Side,
    pub(super) current: Side,
    /// Versions of objects that are in both states, wanted and current, in the order of the wanted ones.
    pub(super) changed: Vec<(Ordinal, Ordinal)>,
    /// Wanted versions of objects that are not there now.
    pub(super) missing: RoaringBitmap,
    /// Current versions of objects that were not there.
    pub(super) added: RoaringBitmap,
}

/// The differences of all kinds of the catalogue that either state has, in catalogue order, those without any
/// included: they say what was read.
pub(super) fn differences(
    wanted: State<'_>,
    current: Option<State<'_>>,
) -> Result<Vec<Difference>> {
    let same_archive = current.is_some_and(|it| it.archive.id() == wanted.archive.id());
    let mut names: BTreeSet<String> = stored(wanted.archive);
    names.extend(current.iter().flat_map(|state| stored(state.archive)));
    let (mut was, mut is) = (Records::default(), Records::default());
    let mut differences = Vec::new();
    for kind in catalog::kinds()
        .iter()
        .filter(|kind| names.contains(kind.name))
    {
        let wanted_side = was.side(wanted, kind)?;
        let current_side = match current {
            Some(state) => is.side(state, kind)?,
            // Of an empty tenant everything is known: it has nothing.
            None => Side {
                coverage: Some(CoverageState::Complete),
                ..Side::default()
            },
        };
        let mut difference = Difference {
            kind,
            changed: Vec::new(),
            missing: RoaringBitmap::clone(&wanted_side.alive),
            added: RoaringBitmap::clone(&current_side.alive),
            wanted: wanted_side,
            current: current_side,
        };
        if same_archive {
            pair_by_object(wanted.archive, &mut difference)?;
        }
        differences.push(difference);
    }
    Ok(differences)
}

fn stored(archive: &Archive) -> BTreeSet<String> {
    archive.kinds().into_iter().map(|kind| kind.name).collect()
}

/// What is alive in both states is equal; of the rest, versions of one object belong together.
fn pair_by_object(archive: &Archive, difference: &mut Difference) -> Result<()> {
    let Some(number) = difference.wanted.number else {
        return Ok(());
    };
    let mut missing = &*difference.wanted.alive - &*difference.current.alive;
    let mut added = &*difference.current.alive - &*difference.wanted.alive;
    if !missing.is_empty() && !added.is_empty() {
        let now: HashMap<u32, Ordinal> = archive
            .objects_of(number, &added)?
            .into_iter()
            .map(|(ordinal, object)| (object, ordinal))
            .collect();
        for (ordinal, object) in archive.objects_of(number, &missing)? {
            if let Some(other) = now.get(&object) {
                difference.changed.push((ordinal, *other));
            }
        }
        for (was, is) in &difference.changed {
            missing.remove(*was);
            added.remove(*is);
        }
    }
    difference.missing = missing;
    difference.added = added;
    Ok(())
}

/// Records of snapshots already read.
#[derive(Debug, Default)]
struct Records(BTreeMap<SnapshotNumber, Record>);

impl Records {
    fn side(&mut self, state: State<'_>, kind: &'static Kind) -> Result<Side> {
        let Some(stored) = state.archive.kind(kind.name) else {
            return Ok(Side::default());
        };
        let statement = state.archive.statement_of(stored.number, state.snapshot)?;
        let Some(statement) = statement else {
            return Ok(Side {
                number: Some(stored.number),
                ..Side::default()
            });
        };
        let record = match self.0.entry(statement) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(state.archive.record(statement)?),
        };
        let stated = record.kinds.iter().find(|it| it.kind == kind.name);
        Ok(Side {
            number: Some(stored.number),
            alive: state.archive.alive(stored.number, state.snapshot)?,
            coverage: stated.map(|it| it.coverage.state),
        })
    }
}
