//! What can go wrong with an archive, by what the caller must do about it.

use std::io;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed store operation. The message is one line and names the thing and the place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no archive, snapshot, object or file of that name: ask for another.
    #[error("{what} not found: {name}")]
    NotFound {
        /// What was looked for (`archive`, `snapshot` ...).
        what: &'static str,
        /// The name it was looked for under.
        name: String,
    },
    /// What was asked for cannot be done as asked: change the request.
    #[error("{0}")]
    Invalid(String),
    /// Stored bytes are not what was written: run `check`, restore from a copy.
    #[error("{place} is damaged: {reason}")]
    Corrupt {
        /// File and, where known, offset.
        place: String,
        /// What does not hold.
        reason: String,
    },
    /// A file the log refers to is gone: run `check`, restore from a copy.
    #[error("{place} is missing: {reason}")]
    Missing {
        /// The file.
        place: String,
        /// Who refers to it.
        reason: String,
    },
    /// Written by a newer program: update entrace.
    #[error("{place} has format {found}, this program reads up to {supported}")]
    TooNew {
        /// The file.
        place: String,
        /// Format found.
        found: u32,
        /// Newest format this program reads.
        supported: u32,
    },
    /// Another process writes to the archive: wait.
    #[error("archive is locked by {holder}")]
    Locked {
        /// Process, host and start time, as the holder wrote them.
        holder: String,
    },
    /// No key slot opens with the secrets at hand: give another.
    #[error("no key slot of the archive opens: {0}")]
    Key(String),
    /// The version's person was erased from the archive on purpose.
    #[error("the data of this person was erased from the archive")]
    Erased,
    /// The index is absent, damaged or behind: it is rebuilt, never believed.
    #[error("index is unusable: {0}")]
    Index(String),
    /// The operating system refused; the path is in the message.
    #[error("{path}: {source}")]
    Io {
        /// Path of the file.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A bug in entrace.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    pub(crate) fn corrupt(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            place: place.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn io(path: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    /// Whether stored truth is damaged or missing.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Missing { .. })
    }
}
