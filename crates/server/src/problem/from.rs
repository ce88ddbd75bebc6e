//! Errors of the libraries as problems: whose fault it is decides.

use std::time::Duration;

use query::Error as QueryError;
use store::Error as StoreError;

use super::{Code, Problem};

/// When to look again whether a writer has ended.
const WRITER_WAIT: Duration = Duration::from_secs(10);
/// When to try again after workers were all taken.
const BUSY_WAIT: Duration = Duration::from_secs(2);

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NotFound {
                what: "snapshot", ..
            } => Self::new(Code::RevisionNotFound, message),
            StoreError::NotFound { what: "hold", .. } => Self::new(Code::HoldNotFound, message),
            StoreError::Invalid(_) => Self::new(Code::InvalidParameter, message),
            StoreError::Locked { .. } => {
                Self::new(Code::ArchiveBusy, message).retry_after(WRITER_WAIT)
            }
            StoreError::Erased => Self::new(Code::Erased, message),
            // Places and paths are nobody's business but the keeper's of the archive.
            StoreError::Corrupt { .. } | StoreError::Missing { .. } => Self::new(
                Code::ArchiveDamaged,
                "a part of the archive that the answer needs is damaged",
            )
            .internal(message),
            StoreError::Index(_) => Self::new(
                Code::ArchiveRebuilding,
                "the archive's index does not fit its log: it is made anew by the next writer",
            )
            .retry_after(WRITER_WAIT)
            .internal(message),
            StoreError::NotFound { .. }
            | StoreError::TooNew { .. }
            | StoreError::Key(_)
            | StoreError::Io { .. } => Self::new(
                Code::ArchiveUnavailable,
                "the archive cannot be read now; the server's log says why",
            )
            .retry_after(WRITER_WAIT)
            .internal(message),
            StoreError::Internal(_) => Self::bug(message),
        }
    }
}

impl From<QueryError> for Problem {
    /// An error of a statement of ours: what is wrong was asked for in a parameter.
    fn from(error: QueryError) -> Self {
        let message = error.to_string();
        match error.root() {
            QueryError::Invalid(_) => Self::new(Code::InvalidParameter, message),
            QueryError::NotFound(_) => Self::new(Code::ObjectNotFound, message),
            QueryError::Ambiguous { candidates, .. } => {
                Self::new(Code::AmbiguousName, message).with("candidates", candidates.clone())
            }
            QueryError::Limit(_) => Self::new(Code::QueryLimit, message),
            QueryError::Cancelled => Self::new(Code::Stopping, "the statement was cancelled"),
            QueryError::Store(store) => Self::from(store),
            QueryError::Engine(_) | QueryError::Internal(_) => Self::bug(message),
        }
    }
}

impl From<restore::Error> for Problem {
    fn from(error: restore::Error) -> Self {
        use restore::Error as Restore;
        let message = error.to_string();
        match error {
            Restore::Invalid(_) => Self::new(Code::InvalidPlan, message),
            Restore::Denied(_) => Self::new(Code::PermissionMissing, message),
            Restore::NotFound(_) => Self::new(Code::PlanNotFound, message),
            Restore::Ambiguous { candidates, .. } => {
                Self::new(Code::AmbiguousName, message).with("candidates", candidates)
            }
            Restore::Refused(refusal) => Self::from(&refusal),
            Restore::Edited { .. } => Self::new(Code::PlanEdited, message),
            Restore::Store(error) => Self::from(error),
            Restore::Graph(_) => Self::new(Code::GraphFailed, message),
            Restore::Internal(_) => Self::bug(message),
        }
    }
}

impl Problem {
    /// An error of a statement that the asker wrote.
    pub(crate) fn of_statement(error: &worker::Error) -> Self {
        let message = error.to_string();
        match error {
            worker::Error::Statement(error) => match error.root() {
                QueryError::Limit(_) => Self::new(Code::QueryLimit, message),
                QueryError::Ambiguous { candidates, .. } => {
                    Self::new(Code::AmbiguousName, message).with("candidates", candidates.clone())
                }
                QueryError::Cancelled => Self::new(Code::Stopping, "the statement was cancelled"),
                QueryError::Store(store) => Self::from(store),
                QueryError::Internal(_) => Self::bug(message),
                QueryError::Invalid(_) | QueryError::NotFound(_) | QueryError::Engine(_) => {
                    placed(message)
                }
            },
            worker::Error::Busy { .. } => Self::new(Code::Busy, message).retry_after(BUSY_WAIT),
            worker::Error::Lost(_) => Self::new(
                Code::WorkerLost,
                "the process that ran the statement ended by itself",
            )
            .internal(message),
            worker::Error::Start(_) => Self::new(
                Code::Busy,
                "no process for statements could be started; the server's log says why",
            )
            .retry_after(BUSY_WAIT)
            .internal(message),
        }
    }
}

/// A refused statement: where, and what was meant, as far as the message says it.
fn placed(message: String) -> Problem {
    let place = place(&message);
    let hint = message
        .split_once(": did you mean ")
        .map(|(_, rest)| format!("did you mean {rest}"));
    let mut problem = Problem::new(Code::InvalidSql, message);
    if let Some((line, column)) = place {
        problem = problem.with("line", line).with("column", column);
    }
    match hint {
        Some(hint) => problem.with("hint", hint),
        None => problem,
    }
}

/// The parser ends its messages with `at Line: 1, Column: 8`.
fn place(message: &str) -> Option<(u64, u64)> {
    let (_, rest) = message.rsplit_once("Line: ")?;
    let (line, rest) = rest.split_once(", Column: ")?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    Some((line.parse().ok()?, rest[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_statement_says_where() {
        let message = "Expected: an expression, found: EOF at Line: 2, Column: 14";
        assert_eq!(place(message), Some((2, 14)));
        assert_eq!(place("there is no table users2"), None);
        let problem = placed("there is no column \"idd\": did you mean id?".to_owned());
        let document = problem.document(None);
        assert_eq!(document["hint"], "did you mean id?");
        assert_eq!(document["type"], "/problems/invalid-sql");
    }

    #[test]
    fn paths_of_the_archive_stay_in_the_log() {
        let error = StoreError::Io {
            path: "/var/lib/entrace/packs/aa".to_owned(),
            source: std::io::Error::other("disk on fire"),
        };
        let problem = Problem::from(error);
        assert!(!problem.document(None).to_string().contains("/var/lib"));
        assert!(
            problem
                .told_to_log()
                .is_some_and(|text| text.contains("/var/lib"))
        );
    }
}
