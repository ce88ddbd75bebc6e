//! The journal: what was intended, what was answered, what came of it.
//!
//! ```text
//!   began ─ intent 1 ─ intent 2 ─ written 1 ─ outcome 1 ─ written 2 ─ outcome 2 ─ ended
//!             └ durable before   └ durable as soon as     └ durable once the tenant
//!               the request         the answer is known      shows what is expected
//! ```
//!
//! An execution that died is taken up from these entries alone. A step with an outcome that counts as done is
//! never sent again; one that was written is only looked at; of one that has an intent and no more, nobody knows
//! what became of the request, and the tenant is asked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;

/// What is kept of an execution, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// An execution begins, or goes on.
    Began {
        /// When.
        at: Timestamp,
        /// Which time it is, from 1.
        attempt: u32,
        /// Who executes: name of the application or person of the token.
        by: String,
    },
    /// A request is about to be sent.
    Intent {
        /// When, by the tenant's clock where it is known.
        at: Timestamp,
        /// Number of the step.
        step: u32,
        /// Which time the plan is executed, from 1.
        attempt: u32,
    },
    /// The request was carried out, as the service said or as was found out.
    Written {
        /// When.
        at: Timestamp,
        /// Number of the step.
        step: u32,
        /// From ids of the wanted state to those the service gave.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        made: BTreeMap<String, String>,
        /// Microsoft's id of the request, where there was an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// What came of a step.
    Outcome {
        /// When.
        at: Timestamp,
        /// Number of the step.
        step: u32,
        /// What.
        #[serde(flatten)]
        outcome: StepOutcome,
    },
    /// The execution ended.
    Ended {
        /// When.
        at: Timestamp,
        /// How.
        ended: Ended,
    },
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StepOutcome {
    /// The request was carried out, and the tenant shows it.
    Done,
    /// The request was carried out, and the tenant did not show it for as long as was waited.
    NotYetVisible,
    /// The tenant was as wanted before anything was sent.
    AlreadyThere,
    /// The tenant is neither as planned nor as wanted: nothing was sent.
    Drifted {
        /// What moved since the plan was made.
        moved: Vec<Moved>,
    },
    /// The service refused the request.
    Refused {
        /// Graph's error code, where it gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Status of the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// What was said, on one line.
        message: String,
        /// Microsoft's id of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// A step it waits for was not done: nothing was sent.
    Skipped {
        /// That step.
        waits_for: u32,
    },
    /// The request was sent, and what became of it could not be found out.
    Unknown {
        /// What happened to the answer.
        message: String,
    },
    /// The execution was stopped before the step: nothing was sent.
    Cancelled,
    /// Everything the step asks for holds; nothing was sent because nothing was to be. Never in a journal.
    Ready,
}

impl Entry {
    /// When it was.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Began { at, .. }
            | Self::Intent { at, .. }
            | Self::Written { at, .. }
            | Self::Outcome { at, .. }
            | Self::Ended { at, .. } => *at,
        }
    }
}

impl StepOutcome {
    /// Whether the tenant is as the step wants it, as far as is known.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done | Self::NotYetVisible | Self::AlreadyThere)
    }

    /// One or two words for a person.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotYetVisible => "written, not yet visible",
            Self::AlreadyThere => "already there",
            Self::Drifted { .. } => "drifted",
            Self::Refused { .. } => "refused",
            Self::Skipped { .. } => "skipped",
            Self::Unknown { .. } => "unknown",
            Self::Cancelled => "cancelled",
            Self::Ready => "ready",
        }
    }

    pub(crate) fn refused(error: &graph::Error) -> Self {
        Self::Refused {
            code: error.code().map(str::to_owned),
            status: error.status(),
            message: error.message().to_owned(),
            request_id: error.request_id().map(str::to_owned),
        }
    }
}

/// Something that is not as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Path of the property; empty: the object as a whole.
    pub path: String,
    /// As planned; `null` where there was nothing.
    pub from: Value,
    /// As found; `null` where there is nothing.
    pub to: Value,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Every step is done.
    Done,
    /// Some are, some could not be.
    PartlyDone,
    /// None is.
    Failed,
    /// It was stopped on the way.
    Cancelled,
    /// A step found the tenant otherwise than planned, and nothing was written after that.
    NeedsReview,
}

/// Where entries are kept.
pub trait Journal {
    /// Writes entries, all or none: when this returns they are there whatever happens next.
    ///
    /// # Errors
    /// Where they could not be written: nothing more may be sent then.
    fn append(&self, entries: &[Entry]) -> Result<()>;

    /// Writes the last entries of an execution and how it ended.
    ///
    /// # Errors
    /// As for [`Journal::append`].
    fn finish(&self, entries: &[Entry], ended: Ended) -> Result<()>;

    /// Every entry of every execution of the plan, in order.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn entries(&self) -> Result<Vec<Entry>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_were_written() {
        let at = Timestamp::UNIX_EPOCH;
        let entries = vec![
            Entry::Intent {
                at,
                step: 1,
                attempt: 2,
            },
            Entry::Written {
                at,
                step: 1,
                made: BTreeMap::from([("old".to_owned(), "new".to_owned())]),
                request_id: None,
            },
            Entry::Outcome {
                at,
                step: 1,
                outcome: StepOutcome::Drifted {
                    moved: vec![Moved {
                        path: "city".to_owned(),
                        from: "Berlin".into(),
                        to: Value::Null,
                    }],
                },
            },
        ];
        let text = serde_json::to_string(&entries).expect("because entries are JSON");
        assert!(
            text.contains(r#"{"entry":"intent","at":"1970-01-01T00:00:00Z","step":1,"attempt":2}"#),
            "{text}"
        );
        let read: Vec<Entry> = serde_json::from_str(&text).expect("because it was just written");
        assert_eq!(read, entries);
    }
}
