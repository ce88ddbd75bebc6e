//! A storage whose n-th operation fails.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{LockGuard, Storage};
use crate::error::{Error, Result};

/// How the chosen operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done.
    Before,
    /// A write was done and still reported as failed, as a lost answer from an object store is.
    After,
}

/// Passes everything on but lets one operation fail, and every later one too: the process is gone.
#[derive(Debug, Clone)]
pub struct FaultStorage<S> {
    inner: S,
    fault: Fault,
    left: Arc<AtomicU64>,
}

impl<S: Storage> FaultStorage<S> {
    /// Fails the operation number `at`, counted from 0, and all behind it.
    pub fn new(inner: S, at: u64, fault: Fault) -> Self {
        Self {
            inner,
            fault,
            left: Arc::new(AtomicU64::new(at)),
        }
    }

    /// Whether the fault has struck.
    #[must_use]
    pub fn struck(&self) -> bool {
        self.left.load(Ordering::SeqCst) == u64::MAX
    }

    fn guard<T>(&self, path: &str, operation: impl FnOnce() -> Result<T>) -> Result<T> {
        let struck = || Error::io(path, io::Error::other("fault injected on purpose"));
        match self.left.load(Ordering::SeqCst) {
            u64::MAX => Err(struck()),
            0 => {
                self.left.store(u64::MAX, Ordering::SeqCst);
                if self.fault == Fault::After {
                    let _ = operation();
                }
                Err(struck())
            }
            left => {
                self.left.store(left - 1, Ordering::SeqCst);
                operation()
            }
        }
    }
}

impl<S: Storage> Storage for FaultStorage<S> {
    fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.guard(path, || self.inner.read(path))
    }

    fn read_range(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.guard(path, || self.inner.read_range(path, offset, length))
    }

    fn size(&self, path: &str) -> Result<Option<u64>> {
        self.guard(path, || self.inner.size(path))
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.guard(path, || self.inner.put(path, bytes))
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        self.guard(folder, || self.inner.list(folder))
    }

    fn delete(&self, path: &str) -> Result<()> {
        self.guard(path, || self.inner.delete(path))
    }

    fn lock(&self, holder: &str) -> Result<Box<dyn LockGuard>> {
        self.inner.lock(holder)
    }

    fn local_root(&self) -> Option<&std::path::Path> {
        self.inner.local_root()
    }
}
