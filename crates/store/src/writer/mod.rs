//! Writing: one process at a time, one snapshot at a time.

mod commit;
mod hold;
mod session;
mod snapshot;
mod staging;
mod tag;
mod units;

use std::sync::Arc;

use jiff::Timestamp;

pub(crate) use staging::Staging;
pub(crate) use units::{Base, Tools, UnitWriter};

pub use commit::{Commit, Summary};
pub use session::{Closing, KindOptions, Object, Put, Tally, UnitId, UnitRules};
pub use snapshot::{KindHandle, SnapshotWriter};

use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::keys::Secrets;
use crate::storage::{LockGuard, Storage};

/// What a writer says of itself in records.
#[derive(Debug, Clone)]
pub struct WriterOptions {
    /// Program and version.
    pub tool: String,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// An archive opened for writing. Holds the writer lock as long as it lives.
#[derive(Debug)]
pub struct Writer {
    archive: Archive,
    options: WriterOptions,
    /// Dropped last, so that the index is closed before another writer opens it.
    #[expect(dead_code, reason = "held, not read: dropping it gives the lock up")]
    guard: Box<dyn LockGuard>,
}

impl Writer {
    /// Opens an archive for writing, repairing its index where needed.
    pub fn open(
        storage: Arc<dyn Storage>,
        secrets: &Secrets,
        options: WriterOptions,
    ) -> Result<Self> {
        let (archive, guard) = Archive::open_locked(storage, secrets, false)?;
        let lost = archive.view.reader.state.lost;
        if lost > 0 {
            return Err(Error::corrupt(
                "the archive",
                format!(
                    "{lost} versions cannot be read: run check, restore the packs it names and run rebuild"
                ),
            ));
        }
        Ok(Self {
            archive,
            options,
            guard,
        })
    }

    /// Throws the index away and makes it anew from packs and log.
    pub fn rebuild(
        storage: Arc<dyn Storage>,
        secrets: &Secrets,
        options: WriterOptions,
    ) -> Result<Self> {
        let (archive, guard) = Archive::open_locked(storage, secrets, true)?;
        Ok(Self {
            archive,
            options,
            guard,
        })
    }

    /// The archive as this writer has left it.
    #[must_use]
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    pub(crate) fn archive_mut(&mut self) -> &mut Archive {
        &mut self.archive
    }

    /// The archive alone; the writer lock is given up.
    #[must_use]
    pub fn into_archive(self) -> Archive {
        self.archive
    }
}
