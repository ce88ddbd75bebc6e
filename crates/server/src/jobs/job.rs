//! One job, as it is shown and kept.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a job does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Reads the tenant and makes a snapshot.
    Collect,
    /// Makes a restore plan.
    Plan,
    /// Executes an approved plan.
    Run,
    /// Verifies an executed plan.
    Verify,
}

impl JobKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Verify => "verify",
        }
    }
}

/// Where a job stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Not begun yet: another of its kind is at work in this tenant.
    Waiting,
    /// At work.
    Running,
    /// Ended well: see its result.
    Done,
    /// Ended otherwise: see its error.
    Failed,
    /// Somebody wanted it to end.
    Cancelled,
    /// The server ended before it did.
    Interrupted,
}

impl JobState {
    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// Names a job: when it was made, and chance. Sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    pub(super) fn new(now: Timestamp) -> Self {
        let chance = uuid::Uuid::new_v4().simple().to_string();
        let time = now.strftime("%Y%m%dT%H%M%S");
        Self(format!("{time}-{}", &chance[..12]))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for JobId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // It becomes part of a file's name.
        let fits = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f' | 'T' | '-');
        if text.len() == 28 && text.chars().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err("a job's id looks like 20260105T120000-0123456789ab".to_owned())
    }
}

impl TryFrom<String> for JobId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// What it is called.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// In which tenant.
    pub tenant: String,
    /// Where it stands.
    pub state: JobState,
    /// Who wanted it: the key of a principal, or `schedule`.
    pub wanted_by: String,
    /// The plan it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// When it was wanted.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// How far it is, in members that depend on its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Value>,
    /// What came of it, in members that depend on its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why it failed: a problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
}
