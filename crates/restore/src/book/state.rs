//! What state a plan is in.
//!
//! ```text
//!   planned ──▶ approved ──▶ running ──▶ done | partly_done | failed | needs_review
//!      │            │           │
//!      ├────────────┼───────────┴─────▶ cancelled
//!      └────────────┴─────────────────▶ rejected | stale
//! ```

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::acts::{CANCELLATION, REJECTION, STALE};
use super::{Act, Approval, Book, Outcome, Run};
use crate::error::Result;

/// Everything that was said about a plan, and done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Approvals as they were handed in, oldest first.
    pub approvals: Vec<Approval>,
    /// That it may not run.
    pub rejection: Option<Act>,
    /// That it does not run any more.
    pub cancellation: Option<Act>,
    /// That the tenant is not any more what it was made on.
    pub stale: Option<Act>,
    /// Executions that began, oldest first.
    pub runs: Vec<Run>,
    /// How the last of them ended; `None` while it has not.
    pub outcome: Option<Outcome>,
}

impl Record {
    /// Ids of the approvals that executions used up.
    #[must_use]
    pub fn used(&self) -> BTreeSet<String> {
        let runs = self.runs.iter();
        runs.flat_map(|run| run.approvals.iter().cloned()).collect()
    }
}

/// What state a plan is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was made, and nobody has let it run.
    Planned,
    /// It may run.
    Approved,
    /// Somebody refused it; it will never run.
    Rejected,
    /// It began and has not ended: it is running, or was interrupted and goes on when it is run again.
    Running,
    /// Every step was done.
    Done,
    /// Some steps were done.
    PartlyDone,
    /// No step was done.
    Failed,
    /// Somebody called it off.
    Cancelled,
    /// The tenant is not any more what it was made on; it will never run.
    Stale,
    /// A step found the tenant otherwise than the plan says, and nothing was done after that.
    NeedsReview,
}

impl State {
    /// The state that follows from a record. `is_approved`: whether its approvals suffice now.
    #[must_use]
    pub fn of(record: &Record, is_approved: bool) -> Self {
        match record.outcome {
            Some(Outcome::Done) => return Self::Done,
            Some(Outcome::PartlyDone) => return Self::PartlyDone,
            Some(Outcome::Failed) => return Self::Failed,
            Some(Outcome::Cancelled) => return Self::Cancelled,
            Some(Outcome::NeedsReview) => return Self::NeedsReview,
            None => {}
        }
        if record.cancellation.is_some() {
            Self::Cancelled
        } else if !record.runs.is_empty() {
            Self::Running
        } else if record.rejection.is_some() {
            Self::Rejected
        } else if record.stale.is_some() {
            Self::Stale
        } else if is_approved {
            Self::Approved
        } else {
            Self::Planned
        }
    }

    /// The word for it, as in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Running => "running",
            Self::Done => "done",
            Self::PartlyDone => "partly_done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Stale => "stale",
            Self::NeedsReview => "needs_review",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word().replace('_', " "))
    }
}

impl Book<'_> {
    /// Everything that was said about a plan, and done.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] where there is no such plan.
    pub fn record(&self, id: &str) -> Result<Record> {
        self.head(id)?;
        Ok(Record {
            approvals: self.approvals(id)?,
            rejection: self.act(id, REJECTION)?,
            cancellation: self.act(id, CANCELLATION)?,
            stale: self.act(id, STALE)?,
            runs: self.runs(id)?,
            outcome: self.outcome(id)?,
        })
    }
}
