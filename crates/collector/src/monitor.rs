//! How a library that never prints says how far it is.

/// What is being done at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking for files or commits.
    Listing,
    /// Reading files into the snapshot.
    Reading,
    /// Making the snapshot durable.
    Committing,
}

/// How far an import is. Totals are 0 while they are not known.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// What is being done.
    pub stage: Stage,
    /// File or commit at hand.
    pub name: &'a str,
    /// Snapshots done, of how many.
    pub snapshots: (u64, u64),
    /// Files of the snapshot done, of how many.
    pub files: (u64, u64),
    /// Bytes read over the whole import.
    pub bytes: u64,
    /// Objects taken, unchanged ones included, over the whole import.
    pub objects: u64,
}

/// Told about progress and asked whether to go on. Both have answers that do nothing.
pub trait Monitor {
    /// Called between files and, within long files, every few thousand objects.
    fn report(&self, progress: &Progress<'_>) {
        let _ = progress;
    }

    /// Whether to stop: the snapshot at hand is dropped, those before stay.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody listens.
impl Monitor for () {}
