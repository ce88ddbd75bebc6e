//! What can go wrong with an import as a whole, by what the caller must do about it.
//!
//! A bad file, line or element is none of these: it becomes a finding and the import goes on.

use std::io;
use std::path::Path;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed import. The message is one line and names the thing and the place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing of that name: give another path or reference.
    #[error("{what} not found: {name}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// The name it was looked for under.
        name: String,
    },
    /// What was asked for cannot be done as asked: change the request.
    #[error("{0}")]
    Invalid(String),
    /// The operating system refused; the path is in the message.
    #[error("{path}: {source}")]
    Io {
        /// Path of the file or folder.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The git repository cannot be read: repair it, or clone it again in full.
    #[error("git repository {path}: {reason}")]
    Git {
        /// Path of the repository.
        path: String,
        /// What git's object database said.
        reason: String,
    },
    /// The caller asked to stop; snapshots committed before that stay.
    #[error("cancelled")]
    Cancelled,
    /// The token, or what was read, belongs to another tenant than the archive.
    #[error(
        "this archive is of tenant {archive}, but {found} answered: use that tenant's own archive"
    )]
    Tenant {
        /// Tenant of the archive.
        archive: String,
        /// Tenant that was found.
        found: String,
    },
    /// Not one kind could be read, so that no snapshot was made: see to the reason and run again.
    #[error("nothing could be read: {0}")]
    NothingRead(String),
    /// Graph, or the sign-in service, refused.
    #[error(transparent)]
    Graph(#[from] graph::Error),
    /// The archive refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.display().to_string(),
            source,
        }
    }

    pub(crate) fn git(path: &Path, reason: impl std::fmt::Display) -> Self {
        // One line: gix errors may carry several.
        let reason = reason.to_string().replace('\n', "; ");
        Self::Git {
            path: path.display().to_string(),
            reason,
        }
    }
}
