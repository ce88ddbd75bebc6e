//! The change log: what happened to which object, in order. Delta queries read it.

use std::collections::VecDeque;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::kinds::KindIndex;
use super::storage::Slot;

/// Place in the log: how many changes came before.
pub(crate) type Sequence = u64;

/// How long changes are kept: a day longer than the tokens that ask for them live.
const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

/// One change.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) at: Timestamp,
    pub(crate) slot: Slot,
    pub(crate) what: What,
}

/// What a change did to its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// It came to be, or came back from the recycle bin.
    Created,
    /// These properties have new values.
    Changed(Box<[Box<str>]>),
    /// It went to the recycle bin.
    Binned,
    /// It is gone for ever.
    Purged,
    /// It has a new edge.
    Linked { relation: KindIndex, target: Slot },
    /// It lost an edge; `with_target` when only because the target was deleted.
    Unlinked {
        relation: KindIndex,
        target: Slot,
        with_target: bool,
    },
}

/// Changes of the last days.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog {
    changes: VecDeque<Change>,
    /// Sequence of the first change still kept.
    first: Sequence,
}

impl ChangeLog {
    /// Where the next change will stand.
    pub(crate) fn next(&self) -> Sequence {
        self.first + self.changes.len() as u64
    }

    pub(crate) fn push(&mut self, at: Timestamp, slot: Slot, what: What) {
        self.changes.push_back(Change { at, slot, what });
    }

    /// Whether everything from this place on is still kept.
    pub(crate) fn reaches(&self, from: Sequence) -> bool {
        from >= self.first
    }

    /// The changes in a range, as far as they are kept.
    pub(crate) fn range(&self, range: Range<Sequence>) -> impl Iterator<Item = &Change> {
        let place = |sequence: Sequence| {
            let offset = usize::try_from(sequence.saturating_sub(self.first));
            offset.map_or(self.changes.len(), |offset| offset.min(self.changes.len()))
        };
        let (from, to) = (place(range.start), place(range.end));
        self.changes.range(from..to.max(from))
    }

    /// Forgets what no token can ask for any more.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        while let Some(change) = self.changes.front()
            && change.at.duration_until(now) > KEPT
        {
            self.changes.pop_front();
            self.first += 1;
        }
    }
}
