//! When each version was alive, as far as snapshots saw it.

use jiff::Timestamp;
use roaring::RoaringBitmap;
use store::{SnapshotNumber, StateChange};

use crate::source::Source;

/// One uninterrupted life of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) ordinal: u32,
    /// Statement that first showed it.
    pub(crate) opened: usize,
    /// Statement that no longer showed it.
    pub(crate) closed: Option<usize>,
}

/// The lives of a kind's versions, or of some of them.
#[derive(Debug)]
pub(crate) struct Lives {
    /// Snapshots that state the kind, in the order of time.
    pub(crate) statements: Vec<(SnapshotNumber, Timestamp)>,
    /// By ordinal, then by time.
    all: Vec<Life>,
}

/// A version that was there from a statement on, or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    ordinal: u32,
    statement: usize,
    is_there: bool,
}

impl Lives {
    /// The lives of all versions.
    pub(crate) fn new(source: &Source, changes: &[StateChange]) -> Self {
        Self::of_turns(source, changes, |versions, each| {
            versions.iter().for_each(each);
        })
    }

    /// The lives of these versions alone: takes time for them, and not for all there are.
    pub(crate) fn among(source: &Source, changes: &[StateChange], wanted: &RoaringBitmap) -> Self {
        Self::of_turns(source, changes, |versions, each| {
            (versions & wanted).iter().for_each(each);
        })
    }

    fn of_turns(
        source: &Source,
        changes: &[StateChange],
        walk: impl Fn(&RoaringBitmap, &mut dyn FnMut(u32)),
    ) -> Self {
        let mut turns = Vec::new();
        for (statement, change) in changes.iter().enumerate() {
            for (versions, is_there) in [(&change.opened, true), (&change.closed, false)] {
                walk(versions, &mut |ordinal| {
                    turns.push(Turn {
                        ordinal,
                        statement,
                        is_there,
                    });
                });
            }
        }
        // Each bitmap is in order, so that this only merges; the stable sort sees that.
        turns.sort();
        let mut all: Vec<Life> = Vec::with_capacity(turns.len());
        for turn in turns {
            if turn.is_there {
                all.push(Life {
                    ordinal: turn.ordinal,
                    opened: turn.statement,
                    closed: None,
                });
            } else if let Some(life) = all.last_mut()
                && life.ordinal == turn.ordinal
                && life.closed.is_none()
            {
                life.closed = Some(turn.statement);
            }
        }
        let of_change = |change: &StateChange| (change.snapshot, source.taken_at(change.snapshot));
        Self {
            statements: changes.iter().map(of_change).collect(),
            all,
        }
    }

    /// The lives of a version, in the order of time.
    pub(crate) fn of(&self, ordinal: u32) -> &[Life] {
        let first = self.all.partition_point(|life| life.ordinal < ordinal);
        let behind = &self.all[first..];
        let count = behind.iter().take_while(|life| life.ordinal == ordinal);
        &behind[..count.count()]
    }

    /// The versions that were ever alive.
    pub(crate) fn versions(&self) -> RoaringBitmap {
        self.all.iter().map(|life| life.ordinal).collect()
    }

    pub(crate) fn first_seen(&self, life: &Life) -> Timestamp {
        self.statements[life.opened].1
    }

    /// The statement before the first that showed it: the change lies between the two.
    pub(crate) fn not_before(&self, life: &Life) -> Option<Timestamp> {
        Some(self.statements[life.opened.checked_sub(1)?].1)
    }

    pub(crate) fn last_seen(&self, life: &Life) -> Timestamp {
        let last = life
            .closed
            .map_or(self.statements.len() - 1, |closed| closed - 1);
        self.statements[last].1
    }

    pub(crate) fn gone_at(&self, life: &Life) -> Option<Timestamp> {
        Some(self.statements[life.closed?].1)
    }

    pub(crate) fn snapshot(&self, life: &Life) -> SnapshotNumber {
        self.statements[life.opened].0
    }
}
