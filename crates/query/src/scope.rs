//! What one session may see: an archive up to a horizon.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use store::{CoverageState, Snapshot};

use crate::error::{Error, Result};
use crate::revision;
use crate::source::Source;

/// An archive, pinned to a snapshot where the session asked for that. Nothing after the horizon is
/// shown to anyone who asks through it.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) source: Arc<Source>,
    pub(crate) horizon: Option<Snapshot>,
    touched: Arc<Mutex<BTreeSet<Touched>>>,
    remarks: Arc<Mutex<BTreeSet<String>>>,
}

/// A state that an answer was made from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Touched {
    /// Time and number of the snapshot.
    pub(crate) taken_at: Timestamp,
    pub(crate) snapshot: u32,
    /// Kind that was read, where only one was.
    pub(crate) kind: Option<String>,
}

impl Scope {
    pub(crate) fn new(source: Arc<Source>, horizon: Option<Snapshot>) -> Self {
        Self {
            source,
            horizon,
            touched: Arc::default(),
            remarks: Arc::default(),
        }
    }

    /// The snapshot that is now, as far as this scope sees.
    pub(crate) fn latest(&self) -> Result<Snapshot> {
        match &self.horizon {
            Some(horizon) => Ok(horizon.clone()),
            None => self.source.resolve("latest"),
        }
    }

    /// The time that is now, as far as this scope sees.
    pub(crate) fn now(&self) -> Timestamp {
        let horizon = self.horizon.as_ref();
        horizon.map_or(self.source.now, |horizon| horizon.taken_at)
    }

    /// The snapshot a revision means; one after the horizon is refused.
    pub(crate) fn resolve(&self, revision: &str) -> Result<Snapshot> {
        let snapshots = self.source.snapshots(self.horizon.as_ref());
        let (archive, now) = (&self.source.archive, self.source.now);
        self.within(revision::resolve_among(archive, snapshots, now, revision)?)
    }

    pub(crate) fn at(&self, time: Timestamp, asked: &str) -> Result<Snapshot> {
        self.within(revision::at(
            &self.source.archive,
            self.source.now,
            time,
            asked,
        )?)
    }

    pub(crate) fn numbered(&self, number: u64) -> Result<Snapshot> {
        self.within(revision::numbered(&self.source.archive, number)?)
    }

    fn within(&self, snapshot: Snapshot) -> Result<Snapshot> {
        match &self.horizon {
            Some(horizon)
                if (snapshot.taken_at, snapshot.number) > (horizon.taken_at, horizon.number) =>
            {
                Err(Error::invalid(format!(
                    "the snapshot of {} is after {}, to which this session is pinned",
                    snapshot.taken_at.strftime("%F %TZ"),
                    horizon.taken_at.strftime("%F %TZ")
                )))
            }
            _ => Ok(snapshot),
        }
    }

    /// Remembers that an answer uses a state.
    pub(crate) fn touch(&self, snapshot: &Snapshot, kind: Option<&str>) {
        if let Ok(mut touched) = self.touched.lock() {
            let kind = kind.map(str::to_owned);
            touched.insert(Touched {
                taken_at: snapshot.taken_at,
                snapshot: snapshot.number,
                kind,
            });
        }
    }

    /// Remembers what must be said about an answer besides.
    fn remark(&self, remark: String) {
        if let Ok(mut remarks) = self.remarks.lock() {
            remarks.insert(remark);
        }
    }

    /// Says so if a period begins before anything is known.
    pub(crate) fn begins_early(&self, from: Timestamp) {
        let first = self.source.snapshots(self.horizon.as_ref()).first();
        if let Some(first) = first.filter(|first| from < first.taken_at) {
            self.remark(format!(
                "nothing is known of the time before {}, the first snapshot",
                first.taken_at.strftime("%F %TZ")
            ));
        }
    }

    pub(crate) fn forget_touched(&self) {
        if let Ok(mut touched) = self.touched.lock() {
            touched.clear();
        }
        if let Ok(mut remarks) = self.remarks.lock() {
            remarks.clear();
        }
    }

    /// The snapshots the last answer was made from, and what must be said about them.
    pub(crate) fn provenance(&self) -> Result<Provenance> {
        let touched: Vec<Touched> = self
            .touched
            .lock()
            .map_or_else(|_| Vec::new(), |touched| touched.iter().cloned().collect());
        let mut provenance = Provenance::default();
        for state in touched {
            let snapshots = self.source.archive.snapshots();
            let Some(snapshot) = snapshots.iter().find(|s| s.number == state.snapshot) else {
                continue;
            };
            if !provenance.snapshots.contains(snapshot) {
                provenance.snapshots.push(snapshot.clone());
            }
            if let Some(kind) = &state.kind {
                provenance.notes.extend(self.note(kind, snapshot)?);
            }
        }
        if let Ok(remarks) = self.remarks.lock() {
            provenance.notes.extend(remarks.iter().cloned());
        }
        provenance.notes.dedup();
        Ok(provenance)
    }

    /// What an answer about a kind must not hide: "no row" is never "not read".
    fn note(&self, kind: &str, snapshot: &Snapshot) -> Result<Option<String>> {
        let archive = &self.source.archive;
        let at = snapshot.taken_at.strftime("%F %TZ");
        let table = crate::tables::table_name(kind);
        let Some(stored) = archive.kind(kind) else {
            return Ok(Some(format!("{table} was never read into this archive")));
        };
        let Some(statement) = archive.statement_of(stored.number, snapshot)? else {
            return Ok(Some(format!("{table} had not been read yet at {at}")));
        };
        let record = archive.record(statement)?;
        let Some(entry) = record.kinds.iter().find(|entry| entry.kind == kind) else {
            return Ok(None);
        };
        if entry.coverage.state != CoverageState::Complete {
            let reason = entry
                .coverage
                .reason
                .as_deref()
                .map_or_else(String::new, |reason| format!(": {reason}"));
            let state = entry.coverage.state.as_str().replace('_', " ");
            return Ok(Some(format!(
                "{table} was read only in part ({state}){reason}"
            )));
        }
        if statement != snapshot.number {
            let read = archive
                .taken_at(statement)
                .map_or_else(String::new, |t| t.strftime("%F %TZ").to_string());
            return Ok(Some(format!(
                "{table} was last read at {read}, before the snapshot of {at}"
            )));
        }
        Ok(None)
    }
}

/// Where an answer comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The snapshots it was made from.
    pub snapshots: Vec<Snapshot>,
    /// What it leaves out: kinds not read, or not completely.
    pub notes: Vec<String>,
}
