//! When a question is about: one snapshot, or all of an interval.

use std::collections::HashMap;
use std::hash::Hash;

use store::Snapshot;

use crate::error::{Error, Result};
use crate::scope::Scope;

/// Parts a range: `REV..REV`.
const TO: &str = "..";

/// The snapshots a question is about.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// At least one, oldest first.
    pub(crate) snapshots: Vec<Snapshot>,
    /// Whether an interval was asked for, even if only one snapshot lies in it.
    pub(crate) is_range: bool,
}

impl Asked {
    /// A revision, `REV..REV`, or now where nothing is said.
    pub(crate) fn new(scope: &Scope, text: Option<&str>) -> Result<Self> {
        let one = |snapshot: Snapshot| Self {
            snapshots: vec![snapshot],
            is_range: false,
        };
        let Some(text) = text else {
            return Ok(one(scope.latest()?));
        };
        let Some((from, to)) = text.split_once(TO) else {
            return Ok(one(scope.resolve(text)?));
        };
        let (from, to) = (scope.resolve(from)?, scope.resolve(to)?);
        let order = |snapshot: &Snapshot| (snapshot.taken_at, snapshot.number);
        if order(&from) > order(&to) {
            return Err(Error::invalid(format!(
                "{text} ends before it begins: {} is after {}",
                from.taken_at.strftime("%F %TZ"),
                to.taken_at.strftime("%F %TZ")
            )));
        }
        let all = scope.source.snapshots(scope.horizon.as_ref());
        let within = all
            .iter()
            .filter(|s| order(&from) <= order(s) && order(s) <= order(&to));
        Ok(Self {
            snapshots: within.cloned().collect(),
            is_range: true,
        })
    }

    /// The last snapshot.
    pub(crate) fn last(&self) -> &Snapshot {
        self.snapshots
            .last()
            .expect("because every question is about one at least")
    }
}

/// What held from when to when: positions of snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first snapshot in which it held.
    pub(crate) first: usize,
    /// The first in which it no longer did.
    pub(crate) gone: Option<usize>,
}

/// Joins the answers for one snapshot after the other into intervals.
#[derive(Debug)]
pub(crate) struct Over<K, V> {
    rows: Vec<(K, V, Span)>,
    /// Row that holds now, and the last snapshot in which it did.
    open: HashMap<K, (usize, usize)>,
    most: usize,
}

impl<K: Clone + Eq + Hash, V> Over<K, V> {
    /// `most` is how many rows are kept.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            rows: Vec::new(),
            open: HashMap::new(),
            most,
        }
    }

    /// Says that something holds in a snapshot; of what is said twice the first counts.
    pub(crate) fn holds(&mut self, at: usize, key: K, value: impl FnOnce() -> V) -> Result<()> {
        if let Some((_, seen)) = self.open.get_mut(&key) {
            *seen = at;
            return Ok(());
        }
        if self.rows.len() == self.most {
            return Err(Error::Limit(format!(
                "the answer has more than {} rows: ask for less, or for a shorter interval",
                self.most
            )));
        }
        self.open.insert(key.clone(), (self.rows.len(), at));
        let span = Span {
            first: at,
            gone: None,
        };
        self.rows.push((key, value(), span));
        Ok(())
    }

    /// Ends what was not said to hold in this snapshot.
    pub(crate) fn end(&mut self, at: usize) {
        let rows = &mut self.rows;
        self.open.retain(|_, (row, seen)| {
            let holds = *seen == at;
            if !holds {
                rows[*row].2.gone = Some(at);
            }
            holds
        });
    }

    /// All rows, in the order in which they began.
    pub(crate) fn finish(self) -> Vec<(K, V, Span)> {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_twice_is_two_intervals() {
        let mut over = Over::new(10);
        for (at, holds) in [true, true, false, true, false].into_iter().enumerate() {
            if holds {
                over.holds(at, "role", || at)
                    .expect("because there is room");
            }
            over.end(at);
        }
        let span = |first, gone| Span { first, gone };
        assert_eq!(
            over.finish(),
            [("role", 0, span(0, Some(2))), ("role", 3, span(3, Some(4)))]
        );
    }

    #[test]
    fn an_interval_has_a_bound() {
        let mut over = Over::new(1);
        over.holds(0, 1, || ()).expect("because there is room");
        assert!(matches!(over.holds(0, 2, || ()), Err(Error::Limit(_))));
    }
}
