//! Errors on the wire: each kind by its name, so that it is the same error on the other side.

use query::Error as QueryError;
use serde::{Deserialize, Serialize};
use store::Error as StoreError;

/// A failed statement, or an archive that does not open.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Failure {
    Invalid {
        message: String,
    },
    NotFound {
        message: String,
    },
    Ambiguous {
        name: String,
        candidates: Vec<String>,
    },
    Limit {
        message: String,
    },
    Cancelled,
    Internal {
        message: String,
    },
    Archive {
        error: ArchiveFailure,
    },
}

/// An error of the store.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ArchiveFailure {
    NoArchive {
        name: String,
    },
    Invalid {
        message: String,
    },
    Corrupt {
        place: String,
        reason: String,
    },
    Missing {
        place: String,
        reason: String,
    },
    TooNew {
        place: String,
        found: u32,
        supported: u32,
    },
    Locked {
        holder: String,
    },
    Key {
        message: String,
    },
    Erased,
    Index {
        message: String,
    },
    Io {
        path: String,
        message: String,
    },
    Internal {
        message: String,
    },
}

impl From<&QueryError> for Failure {
    fn from(error: &QueryError) -> Self {
        let message = error.to_string();
        match error.root() {
            QueryError::NotFound(_) => Self::NotFound { message },
            QueryError::Ambiguous { name, candidates } => Self::Ambiguous {
                name: name.clone(),
                candidates: candidates.clone(),
            },
            QueryError::Limit(_) => Self::Limit { message },
            QueryError::Cancelled => Self::Cancelled,
            QueryError::Internal(text) => Self::Internal {
                message: text.clone(),
            },
            QueryError::Store(store) => Self::Archive {
                error: ArchiveFailure::from(store),
            },
            // What the engine refuses is wrong in the statement.
            QueryError::Invalid(_) | QueryError::Engine(_) => Self::Invalid { message },
        }
    }
}

impl From<Failure> for QueryError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid { message } => Self::Invalid(message),
            Failure::NotFound { message } => Self::NotFound(message),
            Failure::Ambiguous { name, candidates } => Self::Ambiguous { name, candidates },
            Failure::Limit { message } => Self::Limit(message),
            Failure::Cancelled => Self::Cancelled,
            Failure::Internal { message } => Self::Internal(message),
            Failure::Archive { error } => Self::Store(error.into()),
        }
    }
}

impl From<&StoreError> for ArchiveFailure {
    fn from(error: &StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NotFound {
                name,
                what: "archive",
            } => Self::NoArchive { name: name.clone() },
            StoreError::NotFound { .. } | StoreError::Invalid(_) => Self::Invalid { message },
            StoreError::Corrupt { place, reason } => Self::Corrupt {
                place: place.clone(),
                reason: reason.clone(),
            },
            StoreError::Missing { place, reason } => Self::Missing {
                place: place.clone(),
                reason: reason.clone(),
            },
            StoreError::TooNew {
                place,
                found,
                supported,
            } => Self::TooNew {
                place: place.clone(),
                found: *found,
                supported: *supported,
            },
            StoreError::Locked { holder } => Self::Locked {
                holder: holder.clone(),
            },
            StoreError::Key(text) => Self::Key {
                message: text.clone(),
            },
            StoreError::Erased => Self::Erased,
            StoreError::Index(text) => Self::Index {
                message: text.clone(),
            },
            StoreError::Io { path, source } => Self::Io {
                path: path.clone(),
                message: source.to_string(),
            },
            StoreError::Internal(text) => Self::Internal {
                message: text.clone(),
            },
        }
    }
}

impl From<ArchiveFailure> for StoreError {
    fn from(failure: ArchiveFailure) -> Self {
        match failure {
            ArchiveFailure::NoArchive { name } => Self::NotFound {
                what: "archive",
                name,
            },
            ArchiveFailure::Invalid { message } => Self::Invalid(message),
            ArchiveFailure::Corrupt { place, reason } => Self::Corrupt { place, reason },
            ArchiveFailure::Missing { place, reason } => Self::Missing { place, reason },
            ArchiveFailure::TooNew {
                place,
                found,
                supported,
            } => Self::TooNew {
                place,
                found,
                supported,
            },
            ArchiveFailure::Locked { holder } => Self::Locked { holder },
            ArchiveFailure::Key { message } => Self::Key(message),
            ArchiveFailure::Erased => Self::Erased,
            ArchiveFailure::Index { message } => Self::Index(message),
            ArchiveFailure::Io { path, message } => Self::Io {
                path,
                source: std::io::Error::other(message),
            },
            ArchiveFailure::Internal { message } => Self::Internal(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_same_on_the_other_side() {
        let text = String::from;
        for error in [
            QueryError::Invalid(text("a")),
            QueryError::NotFound(text("b")),
            QueryError::Ambiguous {
                name: text("c"),
                candidates: vec![text("user:d"), text("group:e")],
            },
            QueryError::Limit(text("f")),
            QueryError::Cancelled,
            QueryError::Internal(text("g")),
            QueryError::Store(StoreError::Corrupt {
                place: text("packs/1"),
                reason: text("its hash is another"),
            }),
            QueryError::Store(StoreError::NotFound {
                what: "archive",
                name: text("/nowhere"),
            }),
            QueryError::Store(StoreError::Key(text("none of 2 fits"))),
            QueryError::Store(StoreError::Index(text("absent"))),
            QueryError::Store(StoreError::Io {
                path: text("/a"),
                source: std::io::Error::other("disk on fire"),
            }),
            QueryError::Store(StoreError::Erased),
        ] {
            let bytes = serde_json::to_vec(&Failure::from(&error)).expect("because it is plain");
            let wire: Failure = serde_json::from_slice(&bytes).expect("because we wrote it");
            let back = QueryError::from(wire);
            assert_eq!(back.to_string(), error.to_string());
            assert_eq!(
                std::mem::discriminant(&back),
                std::mem::discriminant(&error)
            );
        }
    }
}
