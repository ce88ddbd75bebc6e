//! What a kind was before and after a moment, where both are known for certain.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use model::KEY_SEPARATOR;
use serde_json::Value;
use store::{CoverageState, Snapshot, StoredKind};

use crate::error::Result;
use crate::source::Source;
use crate::tables::Lives;

/// Objects kept parsed.
const KEPT_OBJECTS: usize = 4096;

/// One kind through time.
#[derive(Debug)]
pub(crate) struct States {
    pub(super) kind: StoredKind,
    lives: Lives,
    /// When each statement was read, from and to; `None` where it was not read completely.
    readings: Vec<Option<(Timestamp, Timestamp)>>,
}

/// Two complete readings that follow each other, by position among the statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Between {
    before: usize,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl States {
    pub(super) fn new(
        source: &Source,
        kind: StoredKind,
        horizon: Option<&Snapshot>,
    ) -> Result<Self> {
        let changes = source.changes(kind.number, horizon)?;
        let lives = Lives::new(source, &changes);
        let mut readings = Vec::with_capacity(lives.statements.len());
        for (number, taken_at) in &lives.statements {
            let record = source.archive.record(*number)?;
            let entry = record
                .kinds
                .into_iter()
                .find(|entry| entry.kind == kind.name);
            let complete = entry.filter(|entry| entry.coverage.state == CoverageState::Complete);
            readings.push(complete.map(|entry| {
                let from = entry.coverage.read_from.unwrap_or(*taken_at);
                (
                    from.min(*taken_at),
                    entry.coverage.read_to.unwrap_or(*taken_at).max(*taken_at),
                )
            }));
        }
        Ok(Self {
            kind,
            lives,
            readings,
        })
    }

    /// The readings around a moment, neither of which it was in.
    pub(super) fn around(&self, time: Timestamp) -> Option<Between> {
        let next = self
            .lives
            .statements
            .partition_point(|(_, taken_at)| *taken_at < time);
        let before = next.checked_sub(1)?;
        let (_, read_to) = (*self.readings.get(before)?)?;
        let (read_from, _) = (*self.readings.get(next)?)?;
        (read_to < time && time < read_from).then_some(Between {
            before,
            from: self.lives.statements[before].1,
            to: self.lives.statements[next].1,
        })
    }

    /// The versions of an object at both ends, of all versions it ever had.
    pub(super) fn at(&self, versions: &[u32], between: Between) -> (Option<u32>, Option<u32>) {
        let at = |statement: usize| {
            let lives = |ordinal: &u32| {
                self.lives.of(*ordinal).iter().any(|life| {
                    life.opened <= statement && life.closed.is_none_or(|closed| closed > statement)
                })
            };
            versions.iter().copied().find(lives)
        };
        (at(between.before), at(between.before + 1))
    }
}

/// The states of all kinds that were asked for, and contents of their objects.
#[derive(Debug)]
pub(crate) struct AllStates<'s> {
    source: &'s Source,
    horizon: Option<Snapshot>,
    kinds: HashMap<&'static str, Option<Arc<States>>>,
    objects: HashMap<(u32, u32), Arc<Value>>,
}

impl<'s> AllStates<'s> {
    pub(super) fn new(source: &'s Source, horizon: Option<&Snapshot>) -> Self {
        Self {
            source,
            horizon: horizon.cloned(),
            kinds: HashMap::new(),
            objects: HashMap::new(),
        }
    }

    /// A kind, if the archive has it.
    pub(super) fn kind(&mut self, name: &'static str) -> Result<Option<Arc<States>>> {
        if let Some(known) = self.kinds.get(name) {
            return Ok(known.clone());
        }
        let stored = self.source.archive.kind(name);
        let states = stored
            .map(|kind| States::new(self.source, kind, self.horizon.as_ref()))
            .transpose()?
            .map(Arc::new);
        self.kinds.insert(name, states.clone());
        Ok(states)
    }

    /// All versions of an object; of an edge by both ends.
    pub(super) fn versions(&self, states: &States, key: &[&str]) -> Result<Vec<u32>> {
        let key: Vec<String> = key.iter().map(|part| model::fold_id(part)).collect();
        let key = key.join(&KEY_SEPARATOR.to_string());
        Ok(self
            .source
            .archive
            .object_versions(states.kind.number, &key)?)
    }

    /// What a version is.
    pub(super) fn object(&mut self, states: &States, ordinal: u32) -> Result<Arc<Value>> {
        let place = (u32::from(states.kind.number.0), ordinal);
        if let Some(known) = self.objects.get(&place) {
            return Ok(Arc::clone(known));
        }
        if self.objects.len() >= KEPT_OBJECTS {
            self.objects.clear();
        }
        let mut value = Value::Null;
        let wanted = std::iter::once(ordinal).collect();
        self.source
            .archive
            .versions(states.kind.number, &wanted, |_, _, payload| {
                value = serde_json::from_str(payload).unwrap_or(Value::Null);
                Ok(())
            })?;
        let value = Arc::new(value);
        self.objects.insert(place, Arc::clone(&value));
        Ok(value)
    }
}
