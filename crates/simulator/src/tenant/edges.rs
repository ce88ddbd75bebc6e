//! The edges of every relationship kind, as ordered sets in both directions.

use std::collections::BTreeSet;
use std::ops::Bound;

use catalog::Kind;

use super::kinds;
use super::storage::Slot;

#[derive(Debug, Default)]
struct Relation {
    forward: BTreeSet<(Slot, Slot)>,
    backward: BTreeSet<(Slot, Slot)>,
}

/// All edges of a tenant; ends in the recycle bin keep theirs.
#[derive(Debug)]
pub(crate) struct Edges {
    relations: Vec<Relation>,
}

impl Edges {
    pub(crate) fn new() -> Self {
        let mut relations = Vec::new();
        relations.resize_with(kinds::count(), Relation::default);
        Self { relations }
    }

    /// Whether the edge is new.
    pub(crate) fn insert(&mut self, kind: &Kind, source: Slot, target: Slot) -> bool {
        let relation = &mut self.relations[usize::from(kinds::index_of(kind))];
        relation.backward.insert((target, source));
        relation.forward.insert((source, target))
    }

    /// Whether the edge was there.
    pub(crate) fn remove(&mut self, kind: &Kind, source: Slot, target: Slot) -> bool {
        let relation = &mut self.relations[usize::from(kinds::index_of(kind))];
        relation.backward.remove(&(target, source));
        relation.forward.remove(&(source, target))
    }

    pub(crate) fn contains(&self, kind: &Kind, source: Slot, target: Slot) -> bool {
        self.relation(kind).forward.contains(&(source, target))
    }

    /// Targets of a source, those after one only.
    pub(crate) fn targets(
        &self,
        kind: &Kind,
        source: Slot,
        after: Option<Slot>,
    ) -> impl Iterator<Item = Slot> + '_ {
        row(&self.relation(kind).forward, source, after)
    }

    /// Sources that lead to a target, those after one only.
    pub(crate) fn sources(
        &self,
        kind: &Kind,
        target: Slot,
        after: Option<Slot>,
    ) -> impl Iterator<Item = Slot> + '_ {
        row(&self.relation(kind).backward, target, after)
    }

    /// Every edge of a kind.
    pub(crate) fn all(&self, kind: &Kind) -> impl Iterator<Item = (Slot, Slot)> + '_ {
        self.relation(kind).forward.iter().copied()
    }

    fn relation(&self, kind: &Kind) -> &Relation {
        &self.relations[usize::from(kinds::index_of(kind))]
    }
}

fn row(
    set: &BTreeSet<(Slot, Slot)>,
    near: Slot,
    after: Option<Slot>,
) -> impl Iterator<Item = Slot> + '_ {
    let from = match after {
        Some(far) => Bound::Excluded((near, far)),
        None => Bound::Included((near, 0)),
    };
    let to = Bound::Included((near, Slot::MAX));
    set.range((from, to)).map(|(_, far)| *far)
}
