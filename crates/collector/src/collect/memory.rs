//! What a collector remembers between runs: where changes can be asked for, when what was last read
//! whole.
//!
//! It counts only for the archive it was written with: an archive that was put back from a copy must
//! not be continued with the newer links of what is lost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Archive, CoverageState};

use super::hints::HINTING_LOG;
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
    /// Application permissions of the last run's token, in order.
    #[serde(default)]
    roles: Vec<String>,
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
    /// Up to when the log told what changed below its parents. Another run may have read the log
    /// further without this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hinted_to: Option<Timestamp>,
    /// What Graph would answer again: not asked below many parents every day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Refusal>,
}

/// A refusal that will last until a permission, a licence or the tenant changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Refusal {
    pub(super) at: Timestamp,
    pub(super) state: CoverageState,
    pub(super) reason: String,
}

/// The run to learn from.
#[derive(Debug)]
pub(super) struct Lesson<'a> {
    pub(super) outcomes: &'a BTreeMap<String, Outcome>,
    /// When it began, by the tenant's clock.
    pub(super) begun_at: Timestamp,
    pub(super) roles: &'a [String],
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

    /// Whether these are the permissions of the last run.
    pub(super) fn has_roles(&self, roles: &[String]) -> bool {
        self.roles == roles
    }

    /// Learns from what became of the kinds.
    pub(super) fn learn(&mut self, lesson: &Lesson<'_>) {
        self.roles = lesson.roles.to_vec();
        let log = lesson.outcomes.get(HINTING_LOG);
        let has_hints = log.is_some_and(|log| log.state == CoverageState::Complete);
        for outcome in lesson.outcomes.values() {
            let known = self.kinds.entry(outcome.kind.clone()).or_default();
            if outcome.state == CoverageState::Complete {
                known.complete(outcome, lesson.begun_at);
            } else if stands_below(&outcome.kind) {
                known.incomplete(outcome, lesson.begun_at, has_hints);
            }
        }
        let moved = lesson.outcomes.values().filter(|one| one.delta.is_some());
        for parent in moved {
            self.forget_untold(&parent.kind, lesson.outcomes);
        }
    }

    /// A delta told what changed, and kinds below that know of changes by it alone were not there to
    /// hear: they are due.
    fn forget_untold(&mut self, parent: &str, outcomes: &BTreeMap<String, Outcome>) {
        for kind in catalog::kinds() {
            let is_told = kind.delta.is_some() || !kind.changed_by.is_empty();
            let is_deaf = !is_told && !outcomes.contains_key(kind.name);
            let known = self.kinds.get_mut(kind.name);
            if let Some(known) = known.filter(|_| is_deaf && kind.parent == Some(parent)) {
                known.whole_at = None;
            }
        }
    }

    pub(super) fn of(&self, kind: &str) -> KindMemory {
        self.kinds.get(kind).cloned().unwrap_or_default()
    }
}

impl KindMemory {
    fn complete(&mut self, outcome: &Outcome, begun_at: Timestamp) {
        match outcome.mode {
            Mode::Whole => {
                self.whole_at = outcome.read_from;
                self.delta.clone_from(&outcome.delta);
                self.hinted_to = Some(begun_at);
                self.refusal = None;
            }
            Mode::Changes => self.delta = outcome.delta.clone().or(self.delta.take()),
            Mode::Window => self.read_to = outcome.read_from,
            Mode::Hints | Mode::Part | Mode::Recalled | Mode::Unread => {}
        }
    }

    /// What an incomplete reading below many parents leaves to be done.
    fn incomplete(&mut self, outcome: &Outcome, begun_at: Timestamp, has_hints: bool) {
        // Where some of the parents that were named cannot be read, the next full read will say so again.
        let is_hinted = outcome.mode == Mode::Hints
            || (outcome.mode == Mode::Part && outcome.lasting && outcome.whole_at.is_some());
        match outcome.mode {
            Mode::Recalled => {}
            _ if outcome.state == CoverageState::NotSelected => {}
            _ if is_hinted => {
                if has_hints {
                    self.hinted_to = Some(begun_at);
                }
            }
            _ if outcome.lasting => {
                self.hinted_to = Some(begun_at);
                self.refusal = Some(Refusal {
                    at: begun_at,
                    state: outcome.state,
                    reason: outcome.reason.clone().unwrap_or_default(),
                });
            }
            // What was told of it is told no more: only a full read makes up for it.
            _ => {
                self.whole_at = None;
                self.refusal = None;
            }
        }
    }
}

/// Whether a kind is read below parents that have ids.
fn stands_below(kind: &str) -> bool {
    catalog::by_name(kind)
        .is_some_and(|kind| kind.parent.is_some() && !kind.addressing_parents().is_empty())
}
