//! What can go wrong with a plan, by what must be done about it.

use crate::approval::Refusal;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure. The message is one line and names the thing, the place and the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was given is wrong: change it.
    #[error("{0}")]
    Invalid(String),
    /// The credential may not do it: give it what is missing, or use another.
    #[error("{0}")]
    Denied(String),
    /// Nothing has that name: ask for another.
    #[error("{0}")]
    NotFound(String),
    /// Several things have that name: ask for one of them.
    #[error("{name:?} is ambiguous: {}", .candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// What it may mean.
        candidates: Vec<String>,
    },
    /// The plan may not run, or an approval does not count.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The plan file is not the one that was made.
    #[error(
        "{name} was changed after it was made: it is no longer plan {}; every approval is void, make the plan anew",
        .id.get(..8).unwrap_or(.id)
    )]
    Edited {
        /// The file.
        name: String,
        /// The id that stands in it.
        id: String,
    },
    /// The archive could not be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Microsoft Graph refused, or could not be reached.
    #[error(transparent)]
    Graph(#[from] graph::Error),
    /// A bug in entrace.
    #[error("internal error: {0}")]
    Internal(String),
}
