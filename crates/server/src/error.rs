//! Why a server does not start, or ends.

use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A server that cannot serve. What goes wrong with one request is a [`crate::Problem`] instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What it was told to do cannot be done: change the options.
    #[error("{0}")]
    Invalid(String),
    /// The address is taken, or the system refuses it.
    #[error("{address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file or folder of the server cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The operating system refused something else.
    #[error("{what}: {source}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
