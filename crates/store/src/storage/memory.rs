//! Files in memory, for tests and throw-away archives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{LockGuard, Storage};
use crate::error::{Error, Result};

type Files = BTreeMap<String, Vec<u8>>;

/// Files in memory. Clones share them, as two processes share a disk.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    files: Arc<Mutex<Files>>,
    lock: Arc<Mutex<Option<String>>>,
}

impl MemoryStorage {
    /// An empty storage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A storage of its own that holds the same files now.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self {
            files: Arc::new(Mutex::new(self.files().clone())),
            lock: Arc::default(),
        }
    }

    /// All files and their bytes.
    pub fn files(&self) -> MutexGuard<'_, Files> {
        self.files
            .lock()
            .expect("because no holder panics while it has the files")
    }
}

fn missing(path: &str) -> Error {
    Error::NotFound {
        what: "file",
        name: path.to_owned(),
    }
}

impl Storage for MemoryStorage {
    fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.files().get(path).cloned().ok_or_else(|| missing(path))
    }

    fn read_range(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>> {
        let files = self.files();
        let bytes = files.get(path).ok_or_else(|| missing(path))?;
        let start = usize::try_from(offset).map_or(bytes.len(), |at| at.min(bytes.len()));
        let end = start.saturating_add(length).min(bytes.len());
        Ok(bytes[start..end].to_vec())
    }

    fn size(&self, path: &str) -> Result<Option<u64>> {
        Ok(self.files().get(path).map(|bytes| bytes.len() as u64))
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.files().insert(path.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let prefix = format!("{folder}/");
        let files = self.files();
        let inside = files.iter().filter(|(path, _)| path.starts_with(&prefix));
        Ok(inside
            .map(|(path, bytes)| (path.clone(), bytes.len() as u64))
            .collect())
    }

    fn delete(&self, path: &str) -> Result<()> {
        self.files().remove(path);
        Ok(())
    }

    fn lock(&self, holder: &str) -> Result<Box<dyn LockGuard>> {
        let mut lock = self
            .lock
            .lock()
            .expect("because no holder panics while it has the lock");
        if let Some(holder) = &*lock {
            return Err(Error::Locked {
                holder: holder.clone(),
            });
        }
        *lock = Some(holder.to_owned());
        Ok(Box::new(MemoryLock {
            lock: Arc::clone(&self.lock),
        }))
    }
}

#[derive(Debug)]
struct MemoryLock {
    lock: Arc<Mutex<Option<String>>>,
}

impl LockGuard for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        if let Ok(mut lock) = self.lock.lock() {
            *lock = None;
        }
    }
}
