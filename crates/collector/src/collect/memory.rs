//! What a collector remembers between runs: where changes can be asked for, when what was last read
//! whole.
//!
//! It counts only for the archive it was written with: an archive that was put back from a copy must
//! not be continued with the newer links of what is lost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Archive, CoverageState};

use super::message::{Mode, Outcome};
use crate::error::{Error, Result};

const NAME: &str = "collector";
const FORMAT: &str = "entrace/collector/v1";

/// What is remembered of all kinds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    format: String,
    /// Snapshot it was written after, and its record.
    snapshot: u32,
    record: String,
    pub(super) kinds: BTreeMap<String, KindMemory>,
}

/// What is remembered of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct KindMemory {
    /// When it was last read whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) whole_at: Option<Timestamp>,
    /// Where its changes since the last run can be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delta: Option<String>,
    /// Rows of a log have been read up to this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) read_to: Option<Timestamp>,
}

impl Memory {
    /// What was remembered, if it still holds for this archive.
    pub(super) fn load(archive: &Archive) -> Result<Self> {
        let Some(text) = archive.read_work(NAME)? else {
            return Ok(Self::default());
        };
        let memory: Option<Self> = serde_json::from_slice(&text).ok();
        let holds = |memory: &Self| {
            let record = archive.record_id(memory.snapshot);
            memory.format == FORMAT
                && record.is_some_and(|record| record.to_string() == memory.record)
        };
        Ok(memory.filter(holds).unwrap_or_default())
    }

    /// Remembers, after the snapshot of this number.
    pub(super) fn save(&mut self, archive: &Archive, snapshot: u32) -> Result<()> {
        FORMAT.clone_into(&mut self.format);
        self.snapshot = snapshot;
        self.record = archive
            .record_id(snapshot)
            .map_or_else(String::new, |record| record.to_string());
        let text = serde_json::to_vec(self)
            .map_err(|error| Error::Invalid(format!("memory cannot be written: {error}")))?;
        Ok(archive.write_work(NAME, &text)?)
    }

    /// Learns from what became of the kinds.
    pub(super) fn learn<'o>(&mut self, outcomes: impl Iterator<Item = &'o Outcome>) {
        for outcome in outcomes {
            if outcome.state != CoverageState::Complete {
                continue;
            }
            let known = self.kinds.entry(outcome.kind.clone()).or_default();
            match outcome.mode {
                Mode::Whole => {
                    known.whole_at = outcome.read_from;
                    known.delta.clone_from(&outcome.delta);
                }
                Mode::Changes => known.delta = outcome.delta.clone().or(known.delta.take()),
                Mode::Window => known.read_to = outcome.read_from,
                Mode::Hints | Mode::Part | Mode::Unread => {}
            }
        }
    }

    pub(super) fn of(&self, kind: &str) -> KindMemory {
        self.kinds.get(kind).cloned().unwrap_or_default()
    }
}
