//! An archive opened for reading.
//!
//! Everything here answers from one moment: the head of the log when the archive was opened. Whatever
//! is read is verified on the way (index rows by their checks, frames by their seals), so that an
//! answer is right or an error.

mod config;
mod create;
mod open;
mod rebuild;
mod states;
mod versions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

pub(crate) use config::Config;
pub use create::CreateOptions;
pub(crate) use open::Unlocked;
pub(crate) use rebuild::{Gathered, Rebuilt, rebuild};
pub use states::StateChange;
pub use versions::Version;

use crate::error::{Error, Result};
use crate::id::{ArchiveId, KindNumber, RecordId, SnapshotNumber};
use crate::index::{IndexFile, IndexReader, KindState, SnapshotRow};
use crate::log::{Head, LogKey};
use crate::record::{Hold, Record};
use crate::seal::Sealer;
use crate::storage::Storage;
use states::StateCache;
use versions::VersionCache;

/// An archive at one moment.
#[derive(Debug)]
pub struct Archive {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) config: Config,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) log_key: LogKey,
    pub(crate) head: Head,
    pub(crate) index: IndexFile,
    pub(crate) view: View,
}

/// What the index says at one moment, with the caches over it.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) reader: IndexReader,
    /// All acts that state kinds, by number.
    rows: Vec<SnapshotRow>,
    snapshots: Vec<Snapshot>,
    kinds: Vec<KindState>,
    by_name: HashMap<String, KindNumber>,
    tags: Vec<(String, SnapshotNumber)>,
    holds: Vec<Hold>,
    states: Mutex<StateCache>,
    versions: Mutex<VersionCache>,
}

/// One snapshot: a state of the tenant at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Number in the order of commits, from 1.
    pub number: SnapshotNumber,
    /// Id: the keyed hash of its record.
    pub id: RecordId,
    /// When the tenant was in this state.
    pub taken_at: Timestamp,
}

/// A kind this archive has objects of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKind {
    /// Its number in this archive.
    pub number: KindNumber,
    /// Its name.
    pub name: String,
    /// Versions stored.
    pub versions: u32,
    /// Objects stored.
    pub objects: u32,
}

impl View {
    pub(crate) fn new(reader: IndexReader) -> Result<Self> {
        let rows = reader.snapshots()?;
        let kinds = reader.kinds()?;
        let tags = reader.tags()?;
        let holds = reader.holds()?;
        let mut snapshots = rows
            .iter()
            .filter(|row| !row.events_only)
            .map(|row| {
                let taken_at = Timestamp::from_nanosecond(row.taken_at_ns.into());
                let taken_at = taken_at.map_err(|e| Error::Index(e.to_string()))?;
                Ok(Snapshot {
                    number: row.number,
                    id: row.id,
                    taken_at,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        snapshots.sort_by_key(|snapshot| (snapshot.taken_at, snapshot.number));
        let by_name = kinds
            .iter()
            .map(|kind| (kind.name.clone(), kind.number))
            .collect();
        let (states, versions) = (Mutex::default(), Mutex::default());
        Ok(Self {
            reader,
            rows,
            snapshots,
            kinds,
            by_name,
            tags,
            holds,
            states,
            versions,
        })
    }

    pub(crate) fn row(&self, number: SnapshotNumber) -> Option<&SnapshotRow> {
        self.rows.get((number as usize).checked_sub(1)?)
    }

    pub(crate) fn kinds(&self) -> &[KindState] {
        &self.kinds
    }

    pub(crate) fn kind_state(&self, kind: KindNumber) -> Result<&KindState> {
        let at = usize::from(kind.0).wrapping_sub(1);
        self.kinds
            .get(at)
            .ok_or_else(|| Error::Internal(format!("the archive has no kind {}", kind.0)))
    }
}

impl Archive {
    /// Looks at the index as it is now. Frames never change their numbers here, so what was read stays
    /// good.
    pub(crate) fn refresh(&mut self) -> Result<()> {
        let reader = IndexReader::new(self.index.tables()?, Arc::clone(&self.sealer))?;
        let mut view = View::new(reader)?;
        std::mem::swap(&mut view.versions, &mut self.view.versions);
        self.view = view;
        Ok(())
    }

    /// Gives pages the index no longer uses back to the file system, where nobody reads it now.
    pub(crate) fn shrink_index(&mut self) -> Result<()> {
        // redb moves pages only while no transaction reads them, our own included.
        self.view.reader.close();
        self.index.shrink()?;
        self.refresh()
    }

    /// Id of the archive.
    #[must_use]
    pub fn id(&self) -> ArchiveId {
        self.sealer.archive
    }

    /// The tenant's label, as given when the archive was made.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.config.tenant
    }

    /// Where the archive is.
    #[must_use]
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Number of acts in the log.
    #[must_use]
    pub fn log_size(&self) -> u64 {
        self.head.size
    }

    /// The key that verifies the log's checkpoints, in signed-note form.
    #[must_use]
    pub fn log_key(&self) -> String {
        self.log_key.verifier_key()
    }

    /// 32 bytes from which the query engine's files are encrypted.
    #[must_use]
    pub fn columns_key(&self) -> [u8; 32] {
        self.sealer.columns_key().0
    }

    /// The snapshots, oldest state first.
    #[must_use]
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.view.snapshots
    }

    /// The kinds this archive has, in the order they were first stored.
    #[must_use]
    pub fn kinds(&self) -> Vec<StoredKind> {
        let stored = |kind: &KindState| StoredKind {
            number: kind.number,
            name: kind.name.clone(),
            versions: kind.versions,
            objects: kind.objects,
        };
        self.view.kinds.iter().map(stored).collect()
    }

    /// The kind of that name, if the archive has it.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<StoredKind> {
        let number = *self.view.by_name.get(name)?;
        let kind = self.view.kind_state(number).ok()?;
        Some(StoredKind {
            number,
            name: kind.name.clone(),
            versions: kind.versions,
            objects: kind.objects,
        })
    }

    /// Names given to snapshots, sorted by name.
    #[must_use]
    pub fn tags(&self) -> &[(String, SnapshotNumber)] {
        &self.view.tags
    }

    /// The holds that are in force, in the order they were set.
    #[must_use]
    pub fn holds(&self) -> &[Hold] {
        &self.view.holds
    }

    /// Numbers of all acts that state kinds, imports of events among them, in the order of commits.
    pub fn statements(&self) -> impl Iterator<Item = SnapshotNumber> + '_ {
        self.view.rows.iter().map(|row| row.number)
    }

    /// Record id of a snapshot (or an import of events).
    #[must_use]
    pub fn record_id(&self, number: SnapshotNumber) -> Option<RecordId> {
        Some(self.view.row(number)?.id)
    }

    /// When a snapshot (or an import of events) was taken.
    #[must_use]
    pub fn taken_at(&self, number: SnapshotNumber) -> Option<Timestamp> {
        Timestamp::from_nanosecond(self.view.row(number)?.taken_at_ns.into()).ok()
    }

    /// What a snapshot (or an import of events) did.
    pub fn record(&self, snapshot: SnapshotNumber) -> Result<Record> {
        let text = self.view.reader.record(snapshot)?;
        Record::from_text(&text)
            .ok_or_else(|| Error::Index(format!("record of snapshot {snapshot} does not decode")))
    }
}
