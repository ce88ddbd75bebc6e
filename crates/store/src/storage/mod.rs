//! Where an archive's bytes live.
//!
//! The whole store needs seven operations, so that a local directory, an object store, memory and a
//! storage that fails on purpose are the same to it. Paths are relative, with `/`.

mod fault;
mod local;
mod memory;
mod recording;

use std::fmt::Debug;

pub use fault::{Fault, FaultStorage};
pub use local::LocalStorage;
pub use memory::MemoryStorage;
pub use recording::{Operation, RecordingStorage};

use crate::error::Result;

/// A place for whole files.
pub trait Storage: Send + Sync + Debug {
    /// The whole file.
    fn read(&self, path: &str) -> Result<Vec<u8>>;

    /// `length` bytes from `offset`; shorter only where the file ends.
    fn read_range(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>>;

    /// Size of the file in bytes, `None` where there is none.
    fn size(&self, path: &str) -> Result<Option<u64>>;

    /// Creates or replaces the file: after a crash it is the old or the new one, whole, and when this
    /// returns it is durable.
    fn put(&self, path: &str, bytes: &[u8]) -> Result<()>;

    /// Every file below the folder with its size in bytes, sorted by path; empty where there is none.
    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>>;

    /// Deletes the file; no error where there is none.
    fn delete(&self, path: &str) -> Result<()>;

    /// Takes the writer lock until the guard is dropped or the process ends.
    ///
    /// # Errors
    /// [`crate::Error::Locked`] with `holder` of whoever has it.
    fn lock(&self, holder: &str) -> Result<Box<dyn LockGuard>>;

    /// The folder on this machine, where the storage has one: derived files that need a real file
    /// (the index) are kept there.
    fn local_root(&self) -> Option<&std::path::Path> {
        None
    }
}

/// Holds the writer lock.
pub trait LockGuard: Send + Sync + Debug {}
