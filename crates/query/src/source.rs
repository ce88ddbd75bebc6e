//! An archive with what questions about it need in common.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use store::{Archive, KindNumber, Snapshot, SnapshotNumber, StateChange, StoredKind};

use crate::columns::{Columns, KindColumns};
use crate::error::{Error, Result};
use crate::mentions::{Mentioned, Mentions};

/// An archive being asked. Clones share everything.
#[derive(Debug)]
pub struct Source {
    pub(crate) archive: Arc<Archive>,
    columns: Columns,
    mentioned: Mentioned,
    /// The time that `now` and durations mean.
    pub(crate) now: Timestamp,
    changes: Mutex<HashMap<KindNumber, Arc<Vec<StateChange>>>>,
    times: HashMap<SnapshotNumber, Timestamp>,
}

impl Source {
    /// Asks an archive; `now` is the time that relative times are relative to.
    #[must_use]
    pub fn new(archive: Arc<Archive>, now: Timestamp) -> Arc<Self> {
        let times = archive
            .statements()
            .filter_map(|number| Some((number, archive.taken_at(number)?)))
            .collect();
        Arc::new(Self {
            archive,
            columns: Columns::default(),
            mentioned: Mentioned::default(),
            now,
            changes: Mutex::default(),
            times,
        })
    }

    /// The archive.
    #[must_use]
    pub fn archive(&self) -> &Arc<Archive> {
        &self.archive
    }

    pub(crate) fn columns(&self, kind: &StoredKind) -> Result<Arc<KindColumns>> {
        self.columns.kind(&self.archive, kind)
    }

    /// Which versions of a kind name which objects.
    pub(crate) fn mentions(&self, kind: &StoredKind) -> Result<Arc<Mentions>> {
        self.mentioned.kind(&self.archive, kind)
    }

    /// As [`Source::mentions`], where they need not be made first.
    pub(crate) fn mentions_at_hand(&self, kind: &StoredKind) -> Result<Option<Arc<Mentions>>> {
        self.mentioned.at_hand(&self.archive, kind)
    }

    /// When a snapshot (or an import of events) was taken.
    pub(crate) fn taken_at(&self, number: SnapshotNumber) -> Timestamp {
        self.times
            .get(&number)
            .copied()
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// How a kind changed from statement to statement, up to a horizon.
    pub(crate) fn changes(
        &self,
        kind: KindNumber,
        horizon: Option<&Snapshot>,
    ) -> Result<Arc<Vec<StateChange>>> {
        let lock = || {
            self.changes
                .lock()
                .map_err(|_| Error::Internal("change cache is poisoned".to_owned()))
        };
        let known = lock()?.get(&kind).map(Arc::clone);
        let all = match known {
            Some(all) => all,
            None => {
                let read = Arc::new(self.archive.state_changes(kind)?);
                lock()?.insert(kind, Arc::clone(&read));
                read
            }
        };
        let Some(horizon) = horizon else {
            return Ok(all);
        };
        let within = |change: &StateChange| {
            (self.taken_at(change.snapshot), change.snapshot) <= (horizon.taken_at, horizon.number)
        };
        let count = all.partition_point(within);
        if count == all.len() {
            Ok(all)
        } else {
            Ok(Arc::new(all[..count].to_vec()))
        }
    }

    /// The snapshots up to a horizon, oldest first.
    pub(crate) fn snapshots(&self, horizon: Option<&Snapshot>) -> &[Snapshot] {
        let all = self.archive.snapshots();
        let Some(horizon) = horizon else { return all };
        let count =
            all.partition_point(|s| (s.taken_at, s.number) <= (horizon.taken_at, horizon.number));
        &all[..count]
    }

    /// Kinds that are states of the tenant, not logs.
    pub(crate) fn state_kinds(&self) -> Vec<StoredKind> {
        self.archive
            .kinds()
            .into_iter()
            .filter(|kind| !is_event(&kind.name))
            .collect()
    }
}

/// Whether a kind is an append-only log.
pub(crate) fn is_event(kind: &str) -> bool {
    catalog::by_name(kind).is_some_and(catalog::Kind::is_event) || catalog::is_kept_log(kind)
}

/// An id as people see it: the first characters of its hexadecimal form.
pub(crate) fn short_id(id: &impl ToString) -> String {
    let mut text = id.to_string();
    text.truncate(SHORT_ID_CHARS);
    text
}

/// Characters of an id in SQL: enough to be unique in any archive, and a revision by itself.
const SHORT_ID_CHARS: usize = 16;
