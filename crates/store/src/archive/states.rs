//! Which versions were alive when.

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::{Archive, Snapshot, View};
use crate::error::{Error, Result};
use crate::id::{KindNumber, SnapshotNumber};
use crate::index::AliveRow;

/// States kept in memory.
const CACHED_STATES: usize = 256;

#[derive(Debug, Default)]
pub(super) struct StateCache {
    states: HashMap<(KindNumber, SnapshotNumber), Arc<RoaringBitmap>>,
    entries: HashMap<KindNumber, Arc<Vec<(i64, SnapshotNumber)>>>,
}

/// A kind's change from one statement of it to the next in time.
#[derive(Debug, Clone, PartialEq)]
pub struct StateChange {
    /// The statement before; `None` for the first.
    pub before: Option<SnapshotNumber>,
    /// The snapshot that states the kind.
    pub snapshot: SnapshotNumber,
    /// Ordinals alive now and not before.
    pub opened: RoaringBitmap,
    /// Ordinals alive before and not now.
    pub closed: RoaringBitmap,
}

impl View {
    /// `(taken_at_ns, snapshot)` of all statements of a kind, in the order of time.
    pub(crate) fn statements_of(
        &self,
        kind: KindNumber,
    ) -> Result<Arc<Vec<(i64, SnapshotNumber)>>> {
        let mut cache = self
            .states
            .lock()
            .map_err(|_| Error::Internal("state cache is poisoned".to_owned()))?;
        if let Some(entries) = cache.entries.get(&kind) {
            return Ok(Arc::clone(entries));
        }
        let stating = self.rows.iter().filter(|row| row.kinds.contains(&kind));
        let mut entries: Vec<_> = stating.map(|row| (row.taken_at_ns, row.number)).collect();
        entries.sort_unstable();
        let entries = Arc::new(entries);
        cache.entries.insert(kind, Arc::clone(&entries));
        Ok(entries)
    }

    /// The newest statement of the kind at or before that time.
    pub(crate) fn statement_at(
        &self,
        kind: KindNumber,
        at: (i64, SnapshotNumber),
    ) -> Result<Option<SnapshotNumber>> {
        let entries = self.statements_of(kind)?;
        let behind = entries.partition_point(|entry| *entry <= at);
        Ok(behind.checked_sub(1).map(|last| entries[last].1))
    }

    /// The state a statement says.
    pub(crate) fn state(
        &self,
        kind: KindNumber,
        snapshot: SnapshotNumber,
    ) -> Result<Arc<RoaringBitmap>> {
        let mut deltas = Vec::new();
        let mut at = Some(snapshot);
        let mut alive = loop {
            let Some(number) = at else {
                break RoaringBitmap::new();
            };
            if let Some(state) = self.cached_state(kind, number)? {
                break RoaringBitmap::clone(&state);
            }
            match self.reader.alive(kind, number)? {
                AliveRow::Full(alive) => break alive,
                AliveRow::Delta {
                    base,
                    opened,
                    closed,
                } => {
                    if base.is_some_and(|base| base >= number) {
                        return Err(Error::Index(format!(
                            "state {number} of kind {} has a later base",
                            kind.0
                        )));
                    }
                    deltas.push((opened, closed));
                    at = base;
                }
            }
        };
        for (opened, closed) in deltas.iter().rev() {
            alive -= closed;
            alive |= opened;
        }
        let alive = Arc::new(alive);
        let mut cache = self
            .states
            .lock()
            .map_err(|_| Error::Internal("state cache is poisoned".to_owned()))?;
        if cache.states.len() >= CACHED_STATES {
            cache.states.clear();
        }
        cache.states.insert((kind, snapshot), Arc::clone(&alive));
        Ok(alive)
    }

    /// Changesets that must be followed to read a statement.
    pub(crate) fn state_depth(
        &self,
        kind: KindNumber,
        mut at: Option<SnapshotNumber>,
    ) -> Result<u32> {
        let mut depth = 0;
        while let Some(number) = at {
            match self.reader.alive(kind, number)? {
                AliveRow::Full(_) => break,
                AliveRow::Delta { base, .. } => at = base.filter(|base| *base < number),
            }
            depth += 1;
        }
        Ok(depth)
    }

    fn cached_state(
        &self,
        kind: KindNumber,
        snapshot: SnapshotNumber,
    ) -> Result<Option<Arc<RoaringBitmap>>> {
        let cache = self
            .states
            .lock()
            .map_err(|_| Error::Internal("state cache is poisoned".to_owned()))?;
        Ok(cache.states.get(&(kind, snapshot)).map(Arc::clone))
    }
}

impl Archive {
    /// The ordinals of a kind alive in a snapshot. A kind the snapshot did not read is shown as it was
    /// read last before it.
    pub fn alive(&self, kind: KindNumber, snapshot: &Snapshot) -> Result<Arc<RoaringBitmap>> {
        match self.statement_of(kind, snapshot)? {
            Some(statement) => self.view.state(kind, statement),
            None => Ok(Arc::default()),
        }
    }

    /// The snapshot that says what a kind was at `snapshot`: itself, or the newest before it that read
    /// the kind; `None` where none had.
    pub fn statement_of(
        &self,
        kind: KindNumber,
        snapshot: &Snapshot,
    ) -> Result<Option<SnapshotNumber>> {
        let taken_at = i64::try_from(snapshot.taken_at.as_nanosecond()).unwrap_or(i64::MAX);
        self.view.statement_at(kind, (taken_at, snapshot.number))
    }

    /// How a kind changed from statement to statement, in the order of time.
    pub fn state_changes(&self, kind: KindNumber) -> Result<Vec<StateChange>> {
        let entries = self.view.statements_of(kind)?;
        let mut changes = Vec::with_capacity(entries.len());
        let mut before: Option<(SnapshotNumber, Arc<RoaringBitmap>)> = None;
        for (_, snapshot) in entries.iter() {
            let (alive, opened, closed) = match (&before, self.view.reader.alive(kind, *snapshot)?)
            {
                // The usual case: the statement is stored relative to the one before it.
                (
                    Some((number, state)),
                    AliveRow::Delta {
                        base,
                        opened,
                        closed,
                    },
                ) if base == Some(*number) => {
                    let mut alive = RoaringBitmap::clone(state);
                    alive -= &closed;
                    alive |= &opened;
                    (Arc::new(alive), opened, closed)
                }
                (state, _) => {
                    let alive = self.view.state(kind, *snapshot)?;
                    let empty = RoaringBitmap::new();
                    let old = state.as_ref().map_or(&empty, |(_, state)| state);
                    let (opened, closed) = (&*alive - old, old - &*alive);
                    (alive, opened, closed)
                }
            };
            let number = before.as_ref().map(|(number, _)| *number);
            changes.push(StateChange {
                before: number,
                snapshot: *snapshot,
                opened,
                closed,
            });
            before = Some((*snapshot, alive));
        }
        Ok(changes)
    }
}
