//! A storage that remembers what was asked of it: tests count operations and replay crashes.

use std::sync::{Arc, Mutex};

use super::{LockGuard, MemoryStorage, Storage};
use crate::error::Result;

/// One operation, with the bytes it moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Bytes read from a file.
    Read(String, u64),
    /// A file written.
    Put(String, Vec<u8>),
    /// A file deleted.
    Delete(String),
}

/// Passes everything on and keeps a list of it.
#[derive(Debug, Clone)]
pub struct RecordingStorage<S> {
    inner: S,
    operations: Arc<Mutex<Vec<Operation>>>,
}

impl<S: Storage> RecordingStorage<S> {
    /// Records what is asked of `inner`.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            operations: Arc::default(),
        }
    }

    /// The operations since the last call.
    pub fn take(&self) -> Vec<Operation> {
        std::mem::take(&mut *self.list())
    }

    /// What a crash just after the first `count` of these writes leaves, starting from `before`.
    #[must_use]
    pub fn crash_image(
        before: &MemoryStorage,
        writes: &[Operation],
        count: usize,
    ) -> MemoryStorage {
        let image = before.snapshot();
        for operation in &writes[..count] {
            match operation {
                Operation::Put(path, bytes) => {
                    image.files().insert(path.clone(), bytes.clone());
                }
                Operation::Delete(path) => {
                    image.files().remove(path);
                }
                Operation::Read(..) => {}
            }
        }
        image
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Operation>> {
        self.operations
            .lock()
            .expect("because no holder panics while it has the list")
    }
}

impl<S: Storage> Storage for RecordingStorage<S> {
    fn read(&self, path: &str) -> Result<Vec<u8>> {
        let bytes = self.inner.read(path)?;
        self.list()
            .push(Operation::Read(path.to_owned(), bytes.len() as u64));
        Ok(bytes)
    }

    fn read_range(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>> {
        let bytes = self.inner.read_range(path, offset, length)?;
        self.list()
            .push(Operation::Read(path.to_owned(), bytes.len() as u64));
        Ok(bytes)
    }

    fn size(&self, path: &str) -> Result<Option<u64>> {
        self.inner.size(path)
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.inner.put(path, bytes)?;
        self.list()
            .push(Operation::Put(path.to_owned(), bytes.to_vec()));
        Ok(())
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        self.inner.list(folder)
    }

    fn delete(&self, path: &str) -> Result<()> {
        self.inner.delete(path)?;
        self.list().push(Operation::Delete(path.to_owned()));
        Ok(())
    }

    fn lock(&self, holder: &str) -> Result<Box<dyn LockGuard>> {
        self.inner.lock(holder)
    }

    fn local_root(&self) -> Option<&std::path::Path> {
        self.inner.local_root()
    }
}
