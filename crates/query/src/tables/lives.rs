//! When each version was alive, as far as snapshots saw it.

use std::collections::HashMap;

use jiff::Timestamp;
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

/// The lives of a kind's versions.
#[derive(Debug)]
pub(crate) struct Lives {
    /// Snapshots that state the kind, in the order of time.
    pub(crate) statements: Vec<(SnapshotNumber, Timestamp)>,
    /// By ordinal, then by time.
    all: Vec<Life>,
    first: HashMap<u32, (usize, usize)>,
}

impl Lives {
    pub(crate) fn new(source: &Source, changes: &[StateChange]) -> Self {
        let statements = changes
            .iter()
            .map(|change| (change.snapshot, source.taken_at(change.snapshot)))
            .collect();
        let mut open: HashMap<u32, usize> = HashMap::new();
        let mut lives = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            for ordinal in &change.closed {
                if let Some(opened) = open.remove(&ordinal) {
                    lives.push(Life {
                        ordinal,
                        opened,
                        closed: Some(at),
                    });
                }
            }
            open.extend(change.opened.iter().map(|ordinal| (ordinal, at)));
        }
        lives.extend(open.into_iter().map(|(ordinal, opened)| Life {
            ordinal,
            opened,
            closed: None,
        }));
        lives.sort_unstable_by_key(|life| (life.ordinal, life.opened));
        let mut first = HashMap::new();
        for (at, life) in lives.iter().enumerate() {
            let range = first.entry(life.ordinal).or_insert((at, at));
            range.1 = at + 1;
        }
        Self {
            statements,
            all: lives,
            first,
        }
    }

    /// The lives of a version, in the order of time.
    pub(crate) fn of(&self, ordinal: u32) -> &[Life] {
        self.first
            .get(&ordinal)
            .map_or(&[], |(from, to)| &self.all[*from..*to])
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
