//! What people said about a plan, and the executions of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Book, PLANS, State, unknown};
use crate::error::{Error, Result};

/// A rejection, a cancellation, or the finding that a plan is stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Who: `name@host` or the principal of an API token.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// An approval as it was handed in. What it is worth is judged each time it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The statement, byte for byte as it was signed.
    pub statement: String,
    /// The detached signature, `-----BEGIN SSH SIGNATURE-----`.
    pub signature: String,
    /// When it was entered.
    pub received_at: Timestamp,
}

impl Approval {
    /// BLAKE3 of the statement, 64 hexadecimal digits: the approval's name, whatever signature it comes with.
    #[must_use]
    pub fn id(&self) -> String {
        blake3::hash(self.statement.as_bytes()).to_hex().to_string()
    }
}

/// An execution that began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// From 1.
    pub number: u32,
    /// Who: `name@host` or the principal of an API token.
    pub by: String,
    /// When.
    pub began_at: Timestamp,
    /// Ids of the approvals it used up.
    pub approvals: Vec<String>,
}

impl Book<'_> {
    /// Rejects a plan: it will never run.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it has begun to run already.
    pub fn reject(&self, id: &str, act: &Act) -> Result<()> {
        let record = self.record(id)?;
        if !record.runs.is_empty() {
            return Err(Error::Invalid(format!(
                "plan {} has begun to run, so that it can only be cancelled",
                short(id)
            )));
        }
        self.say(id, REJECTION, record.rejection.as_ref(), act)
    }

    /// Cancels a plan: it does not run any more, and an execution that is under way ends before its next step.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it has ended.
    pub fn cancel(&self, id: &str, act: &Act) -> Result<()> {
        let record = self.record(id)?;
        if record.outcome.is_some() {
            let state = State::of(&record, false);
            return Err(Error::Invalid(format!(
                "plan {} is {state}: there is nothing to cancel",
                short(id)
            )));
        }
        self.say(id, CANCELLATION, record.cancellation.as_ref(), act)
    }

    /// Whether somebody cancelled the plan: what an execution asks before each step.
    pub fn is_cancelled(&self, id: &str) -> Result<bool> {
        Ok(self.act(id, CANCELLATION)?.is_some())
    }

    /// Says that the tenant is not any more what the plan was made on: it will not run.
    pub fn mark_stale(&self, id: &str, act: &Act) -> Result<()> {
        let record = self.record(id)?;
        self.say(id, STALE, record.stale.as_ref(), act)
    }

    /// What was said first stays.
    fn say(&self, id: &str, word: &str, said: Option<&Act>, act: &Act) -> Result<()> {
        match said {
            Some(_) => Ok(()),
            None => self.write(&format!("{PLANS}/{id}/{word}"), act),
        }
    }

    pub(super) fn act(&self, id: &str, word: &str) -> Result<Option<Act>> {
        self.read(&format!("{PLANS}/{id}/{word}"))
    }

    /// Enters an approval, whatever it is worth.
    pub(crate) fn add_approval(&self, id: &str, approval: &Approval) -> Result<()> {
        self.head(id)?;
        let name = format!("{PLANS}/{id}/approvals/{}", approval.id());
        if self.archive.read_paper(&name)?.is_some() {
            return Ok(());
        }
        self.write(&name, approval)
    }

    pub(super) fn approvals(&self, id: &str) -> Result<Vec<Approval>> {
        let mut approvals: Vec<Approval> = self.all(&format!("{PLANS}/{id}/approvals"))?;
        approvals.sort_by_key(|approval| approval.received_at);
        Ok(approvals)
    }

    pub(crate) fn add_run(&self, id: &str, run: &Run) -> Result<()> {
        self.write(&format!("{PLANS}/{id}/runs/{:08}", run.number), run)
    }

    pub(super) fn runs(&self, id: &str) -> Result<Vec<Run>> {
        self.all(&format!("{PLANS}/{id}/runs"))
    }

    /// Number of the execution that began last, 0 where there was none.
    pub(super) fn last_run(&self, id: &str) -> Result<u32> {
        let names = self.archive.list_papers(&format!("{PLANS}/{id}/runs"))?;
        u32::try_from(names.len())
            .map_err(|_| Error::Internal(format!("plan {} ran too often", short(id))))
    }

    fn all<T: serde::de::DeserializeOwned>(&self, folder: &str) -> Result<Vec<T>> {
        let mut papers = Vec::new();
        for name in self.archive.list_papers(folder)? {
            papers.push(self.read(&name)?.ok_or_else(|| unknown(&name))?);
        }
        Ok(papers)
    }
}

pub(super) const REJECTION: &str = "rejection";
pub(super) const CANCELLATION: &str = "cancellation";
pub(super) const STALE: &str = "stale";

pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
