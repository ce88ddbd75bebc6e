//! What can go wrong with a statement in another process, by what the asker must do about it.

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed statement, or a pool that cannot take it. The message is one line and names the thing and the place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The statement failed in the worker, or was ended at a limit: the same as without one.
    #[error(transparent)]
    Statement(#[from] query::Error),
    /// All workers have work and as many statements wait as may: ask again later.
    #[error(
        "{running} statements are running and {waiting} wait, which is as many as may: try again in a while"
    )]
    Busy {
        /// Statements that are running.
        running: usize,
        /// Statements that wait.
        waiting: usize,
    },
    /// No worker could be started.
    #[error("no process for statements could be started: {0}")]
    Start(String),
    /// The worker ended by itself: a bug in entrace, or somebody else ended it.
    #[error("the statement's process ended: {0}")]
    Lost(String),
}

impl Error {
    pub(crate) fn garbled(reason: &str) -> Self {
        Self::Lost(format!("what it said cannot be read: {reason}"))
    }
}
