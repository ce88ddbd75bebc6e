//! Opening an archive, and making its index fit the log.

use std::path::PathBuf;
use std::sync::Arc;

use super::create::KEYRING;
use super::rebuild::rebuild_index;
use super::{Archive, Config, View};
use crate::error::{Error, Result};
use crate::index::{IndexBatch, IndexFile, IndexReader, IndexState, PATH};
use crate::keys::{Secrets, open_slots};
use crate::log::{self, Head, LogKey};
use crate::seal::Sealer;
use crate::storage::{LockGuard, Storage};

/// What is known of an archive before its index is.
pub(crate) struct Unlocked {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) config: Config,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) log_key: LogKey,
}

impl Unlocked {
    /// Reads configuration and keys and makes sure that they belong together.
    pub(crate) fn open(storage: Arc<dyn Storage>, secrets: &Secrets) -> Result<Self> {
        let config = Config::read(&*storage).map_err(|error| match error {
            Error::NotFound { .. } => {
                let name = storage
                    .local_root()
                    .map_or_else(String::new, |root| root.display().to_string());
                Error::NotFound {
                    what: "archive",
                    name,
                }
            }
            other => other,
        })?;
        let bundle = open_slots(&*storage, secrets)?;
        let log_key = LogKey::new(bundle.archive, &bundle);
        if config.id()? != bundle.archive || config.log_key != log_key.verifier_key() {
            return Err(Error::corrupt(
                "archive.toml",
                "its id or log key is not that of the archive's keys",
            ));
        }
        let keyring = storage.read(KEYRING).map_err(|error| match error {
            Error::NotFound { .. } => {
                let reason = "every archive has a keyring".to_owned();
                Error::Missing {
                    place: KEYRING.to_owned(),
                    reason,
                }
            }
            other => other,
        })?;
        let subjects = Sealer::open_keyring(&bundle, &keyring, KEYRING)?;
        let sealer = Arc::new(Sealer::new(bundle, subjects));
        Ok(Self {
            storage,
            config,
            sealer,
            log_key,
        })
    }

    fn index_path(&self) -> Option<PathBuf> {
        self.storage.local_root().map(|root| root.join(PATH))
    }

    fn with(self, head: Head, index: IndexFile) -> Result<Archive> {
        let view = View::new(IndexReader::new(index.tables()?, Arc::clone(&self.sealer))?)?;
        let Self {
            storage,
            config,
            sealer,
            log_key,
        } = self;
        Ok(Archive {
            storage,
            config,
            sealer,
            log_key,
            head,
            index,
            view,
        })
    }
}

/// How an index stands to the log.
enum Fit {
    Fits,
    Behind,
}

fn fit(index: &IndexFile, sealer: &Arc<Sealer>, head: Head) -> Result<Fit> {
    let state = IndexReader::new(index.tables()?, Arc::clone(sealer))?.state;
    if state.applied > head.size {
        return Err(Error::corrupt(
            log::CHECKPOINT,
            format!(
                "it has size {}, but the index has already seen size {}: the log was rolled back; delete {PATH} to accept that",
                head.size, state.applied
            ),
        ));
    }
    if state.applied < head.size {
        return Ok(Fit::Behind);
    }
    if state.root != head.root.0 {
        return Err(Error::corrupt(
            log::CHECKPOINT,
            format!(
                "the index has seen another log of size {}; delete {PATH} to accept this one",
                head.size
            ),
        ));
    }
    Ok(Fit::Fits)
}

impl Archive {
    /// Opens an archive for reading.
    ///
    /// An index that does not fit the log is repaired when no writer works, else the archive is shown
    /// as the index has it, or from a private copy where the index cannot be read at all.
    pub fn open(storage: Arc<dyn Storage>, secrets: &Secrets) -> Result<Self> {
        let unlocked = Unlocked::open(storage, secrets)?;
        let mut head = log::read_head(&*unlocked.storage, &unlocked.log_key)?;
        let Some(path) = unlocked.index_path() else {
            let index = IndexFile::in_memory()?;
            rebuild_index(&unlocked, head, &index)?;
            return unlocked.with(head, index);
        };
        loop {
            match open_existing(&path, &unlocked, head) {
                Ok(Some(index)) => return unlocked.with(head, index),
                Ok(None) | Err(Error::Index(_)) => break,
                Err(other) => {
                    // A writer may have committed between the two reads: then the head is another now.
                    let now = log::read_head(&*unlocked.storage, &unlocked.log_key)?;
                    if now == head {
                        return Err(other);
                    }
                    head = now;
                }
            }
        }
        match unlocked.storage.lock(&holder()) {
            Ok(guard) => {
                // The writer may have finished since: the head is read again under the lock.
                let head = log::read_head(&*unlocked.storage, &unlocked.log_key)?;
                drop(repair(&path, &unlocked, head)?);
                drop(guard);
                let index = IndexFile::read_only(&path)?;
                unlocked.with(head, index)
            }
            Err(Error::Locked { .. } | Error::Io { .. }) => {
                Self::open_beside_writer(unlocked, &path, head)
            }
            Err(other) => Err(other),
        }
    }

    /// A writer works, or the folder is read-only: the committed state the index has will do.
    fn open_beside_writer(unlocked: Unlocked, path: &std::path::Path, head: Head) -> Result<Self> {
        if let Ok(index) = IndexFile::read_only(path)
            && let Ok(reader) = index
                .tables()
                .and_then(|t| IndexReader::new(t, Arc::clone(&unlocked.sealer)))
            && reader.state.applied > 0
        {
            let older = Head {
                size: reader.state.applied,
                root: tlog_tiles::Hash(reader.state.root),
            };
            return unlocked.with(older, index);
        }
        let index = IndexFile::in_memory()?;
        rebuild_index(&unlocked, head, &index)?;
        unlocked.with(head, index)
    }

    /// Opens an archive for writing; the guard keeps every other writer out.
    pub(crate) fn open_locked(
        storage: Arc<dyn Storage>,
        secrets: &Secrets,
        rebuild: bool,
    ) -> Result<(Self, Box<dyn LockGuard>)> {
        let unlocked = Unlocked::open(storage, secrets)?;
        let guard = unlocked.storage.lock(&holder())?;
        let head = log::read_head(&*unlocked.storage, &unlocked.log_key)?;
        let index = match unlocked.index_path() {
            None => {
                let index = IndexFile::in_memory()?;
                rebuild_index(&unlocked, head, &index)?;
                index
            }
            Some(path) => {
                if rebuild {
                    remove(&path)?;
                }
                repair(&path, &unlocked, head)?
            }
        };
        Ok((unlocked.with(head, index)?, guard))
    }
}

/// The index as it is, where it fits.
fn open_existing(
    path: &std::path::Path,
    unlocked: &Unlocked,
    head: Head,
) -> Result<Option<IndexFile>> {
    if !path.exists() {
        return Ok(None);
    }
    let index = IndexFile::read_only(path)?;
    match fit(&index, &unlocked.sealer, head)? {
        Fit::Fits => Ok(Some(index)),
        Fit::Behind => Ok(None),
    }
}

/// Opens the index for writing and makes it fit: under the writer lock.
fn repair(path: &std::path::Path, unlocked: &Unlocked, head: Head) -> Result<IndexFile> {
    if path.exists() {
        let opened = IndexFile::writable(path).and_then(|index| {
            Ok(match fit(&index, &unlocked.sealer, head)? {
                Fit::Fits => Some(index),
                Fit::Behind => None,
            })
        });
        match opened {
            Ok(Some(index)) => return Ok(index),
            Ok(None) | Err(Error::Index(_)) => remove(path)?,
            Err(other) => return Err(other),
        }
    }
    let index = IndexFile::writable(path)?;
    rebuild_index(unlocked, head, &index)?;
    Ok(index)
}

fn remove(path: &std::path::Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(path.display().to_string(), error))
        }
        _ => Ok(()),
    }
}

/// Who this process is, for the one who finds the archive locked.
fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() {
        "this machine".to_owned()
    } else {
        host.trim().to_owned()
    };
    format!(
        "process {} on {host} since {}",
        std::process::id(),
        jiff::Timestamp::now().strftime("%F %TZ")
    )
}

/// An index of an archive without snapshots.
pub(crate) fn empty_batch(head: Head) -> IndexBatch {
    let state = IndexState {
        applied: head.size,
        root: head.root.0,
        ..IndexState::default()
    };
    IndexBatch {
        state,
        tags: Some(Vec::new()),
        ..IndexBatch::default()
    }
}
