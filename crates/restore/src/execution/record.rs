//! What the journal says of each step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::entry::{Entry, StepOutcome};
use super::ids::IdMap;
use crate::error::{Error, Result};
use crate::plan::Plan;

/// How far a step has come.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Progress {
    /// Nothing was sent.
    #[default]
    Untouched,
    /// A request was about to be sent, and nobody knows what became of it.
    InDoubt {
        /// When it was intended for the first time.
        since: Timestamp,
    },
    /// It was carried out, and not seen yet.
    Written,
    /// What came of it.
    Over(StepOutcome),
}

/// Everything the journal of a plan says.
#[derive(Debug, Clone, Default)]
pub struct Record {
    steps: Vec<Progress>,
    /// Steps whose requests were carried out, be it without an answer.
    written: BTreeSet<u32>,
    ids: IdMap,
    attempts: u32,
    began_at: Option<Timestamp>,
}

impl Record {
    /// Reads what the journal of a plan says.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it speaks of a step the plan does not have: it is another plan's.
    pub fn read(plan: &Plan, entries: &[Entry]) -> Result<Self> {
        let mut record = Self {
            steps: vec![Progress::Untouched; plan.steps.len()],
            ..Self::default()
        };
        for entry in entries {
            record.note(entry)?;
        }
        Ok(record)
    }

    /// Takes in one more entry.
    pub(crate) fn note(&mut self, entry: &Entry) -> Result<()> {
        match entry {
            Entry::Began { at, attempt, .. } => {
                self.attempts = self.attempts.max(*attempt);
                self.began_at.get_or_insert(*at);
            }
            Entry::Intent { at, step, .. } => {
                let progress = self.step_mut(*step)?;
                if !matches!(progress, Progress::InDoubt { .. } | Progress::Written) {
                    *progress = Progress::InDoubt { since: *at };
                }
            }
            Entry::Written { step, made, .. } => {
                *self.step_mut(*step)? = Progress::Written;
                self.written.insert(*step);
                for (old, new) in made {
                    self.ids.insert(old, new);
                }
            }
            Entry::Outcome { step, outcome, .. } => {
                let progress = self.step_mut(*step)?;
                // What could not be found out is still in doubt the next time.
                match (outcome, &*progress) {
                    (StepOutcome::Unknown { .. }, Progress::InDoubt { .. }) => return Ok(()),
                    // It was not so when the request was intended: the request took effect late.
                    (StepOutcome::AlreadyThere, Progress::InDoubt { .. }) => {
                        self.written.insert(*step);
                    }
                    _ => {}
                }
                *self.step_mut(*step)? = Progress::Over(outcome.clone());
            }
            Entry::Ended { .. } => {}
        }
        Ok(())
    }

    /// What is known of a step.
    pub(crate) fn step(&self, number: u32) -> &Progress {
        &self.steps[number as usize - 1]
    }

    /// What came of a step, where something did.
    #[must_use]
    pub fn outcome(&self, number: u32) -> Option<StepOutcome> {
        match self.steps.get((number as usize).checked_sub(1)?)? {
            Progress::Untouched => None,
            Progress::InDoubt { .. } => Some(StepOutcome::Unknown {
                message: "a request was about to be sent when the execution broke off".to_owned(),
            }),
            Progress::Written => Some(StepOutcome::NotYetVisible),
            Progress::Over(outcome) => Some(outcome.clone()),
        }
    }

    /// Whether the step is done, for those that wait for it.
    pub(crate) fn is_done(&self, number: u32) -> bool {
        match self.step(number) {
            Progress::Written => true,
            Progress::Over(outcome) => outcome.is_done(),
            Progress::Untouched | Progress::InDoubt { .. } => false,
        }
    }

    /// Whether a request of the step was carried out. What was as wanted before is done, and not written; what was so
    /// only after a request was intended, is.
    #[must_use]
    pub fn was_written(&self, number: u32) -> bool {
        self.written.contains(&number)
    }

    /// Ids of the wanted state that became others.
    #[must_use]
    pub fn ids(&self) -> &IdMap {
        &self.ids
    }

    /// How often the plan was executed.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// When it was executed first.
    #[must_use]
    pub fn began_at(&self) -> Option<Timestamp> {
        self.began_at
    }

    /// Steps by what came of them, the words of [`StepOutcome::title`].
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for number in 1..=self.steps.len() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            if let Some(outcome) = self.outcome(number) {
                *counts.entry(outcome.title()).or_default() += 1;
            }
        }
        counts
    }

    fn step_mut(&mut self, number: u32) -> Result<&mut Progress> {
        (number as usize)
            .checked_sub(1)
            .and_then(|at| self.steps.get_mut(at))
            .ok_or_else(|| {
                Error::Invalid(format!(
                    "the journal speaks of step {number}, which the plan does not have: it belongs to another plan"
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_steps() -> Record {
        Record {
            steps: vec![Progress::Untouched; 2],
            ..Record::default()
        }
    }

    #[test]
    fn what_is_there_after_a_request_was_intended_is_taken_back_too() {
        let at = Timestamp::UNIX_EPOCH;
        let mut record = two_steps();
        let there = |step| Entry::Outcome {
            at,
            step,
            outcome: StepOutcome::AlreadyThere,
        };
        let intent = Entry::Intent {
            at,
            step: 1,
            attempt: 1,
        };
        for entry in [intent, there(1), there(2)] {
            record
                .note(&entry)
                .expect("because the record has two steps");
        }
        assert!(record.was_written(1));
        assert!(!record.was_written(2));
    }

    #[test]
    fn a_request_without_an_answer_stays_in_doubt() {
        let at = Timestamp::UNIX_EPOCH;
        let mut record = two_steps();
        let unknown = StepOutcome::Unknown {
            message: "reset".to_owned(),
        };
        let entries = [
            Entry::Intent {
                at,
                step: 1,
                attempt: 1,
            },
            Entry::Outcome {
                at,
                step: 1,
                outcome: unknown,
            },
            Entry::Intent {
                at,
                step: 2,
                attempt: 1,
            },
            Entry::Written {
                at,
                step: 2,
                made: BTreeMap::from([("a".into(), "b".into())]),
                request_id: None,
            },
        ];
        for entry in &entries {
            record
                .note(entry)
                .expect("because the record has two steps");
        }
        assert_eq!(*record.step(1), Progress::InDoubt { since: at });
        assert!(!record.is_done(1));
        assert!(record.is_done(2));
        assert_eq!(record.ids().get("a"), Some("b"));
        let stranger = Entry::Intent {
            at,
            step: 3,
            attempt: 1,
        };
        assert!(record.note(&stranger).is_err());
    }
}
