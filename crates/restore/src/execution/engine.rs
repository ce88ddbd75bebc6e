//! An execution under way: what is known, what is written down, and what is still looked for.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use graph::{Client, Clock, ErrorKind};

use super::entry::{Ended, Entry, Journal, StepOutcome};
use super::judge::holds;
use super::options::{Monitor, Options, StepDone};
use super::patience::back_off;
use super::ready::Ready;
use super::record::{Progress, Record};
use super::send::Sender;
use crate::error::Result;
use crate::plan::{Expected, Plan, Step};

/// Everything an execution has in its hands.
pub(super) struct Engine<'p, 'r> {
    pub(super) plan: &'p Plan,
    pub(super) options: &'r Options<'r>,
    pub(super) record: Record,
    pub(super) sender: Rc<Sender<'r>>,
    pub(super) attempt: u32,
    journal: &'r dyn Journal,
    monitor: &'r dyn Monitor,
    clock: Arc<dyn Clock>,
    /// Writes that were not seen yet.
    unseen: Vec<Unseen<'p>>,
    done: u64,
    stop: Option<Ended>,
}

/// A write that the tenant does not show yet.
struct Unseen<'p> {
    ready: Ready<'p>,
    looks: u32,
    waited: Duration,
    due: Duration,
}

impl<'p, 'r> Engine<'p, 'r> {
    pub(super) fn new(
        plan: &'p Plan,
        client: &'r Client,
        journal: &'r dyn Journal,
        options: &'r Options<'r>,
        monitor: &'r dyn Monitor,
    ) -> Result<Self> {
        let record = Record::read(plan, &journal.entries()?)?;
        let clock = Arc::clone(&options.clock);
        let sender = Sender::new(client, Arc::clone(&clock), options.patience, record.ids());
        Ok(Self {
            plan,
            options,
            attempt: record.attempts() + 1,
            record,
            sender: Rc::new(sender),
            journal,
            monitor,
            clock,
            unseen: Vec::new(),
            done: 0,
            stop: None,
        })
    }

    /// Writes entries down, takes them in, and tells what came of steps.
    pub(super) fn keep(&mut self, entries: &[Entry]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        self.journal.append(entries)?;
        for entry in entries {
            self.record.note(entry)?;
            if let Entry::Outcome { step, outcome, .. } = entry {
                self.done += 1;
                self.monitor.step(&StepDone {
                    step: &self.plan.steps[*step as usize - 1],
                    outcome,
                    done: self.done,
                    total: self.plan.steps.len() as u64,
                });
            }
        }
        Ok(())
    }

    pub(super) fn outcome(&self, step: &Step, outcome: StepOutcome) -> Entry {
        Entry::Outcome {
            at: self.sender.now(),
            step: step.number,
            outcome,
        }
    }

    /// The first of the steps this one waits for that is not done.
    pub(super) fn waits_for(&self, step: &Step) -> Option<u32> {
        let mut after = step.after.iter().copied();
        after.find(|number| !self.record.is_done(*number))
    }

    pub(super) fn cancelled(&self) -> bool {
        self.monitor.cancelled()
    }

    /// Whether no further step begins.
    pub(super) fn is_stopped(&mut self) -> bool {
        if self.stop.is_none() && self.cancelled() {
            self.stop = Some(Ended::Cancelled);
        }
        self.stop.is_some()
    }

    pub(super) fn stop_for_review(&mut self) {
        self.stop.get_or_insert(Ended::NeedsReview);
    }

    /// Waits for a write to be seen.
    pub(super) fn look_for(&mut self, ready: &Ready<'p>) {
        self.unseen.push(Unseen {
            ready: ready.clone(),
            looks: 0,
            waited: Duration::ZERO,
            due: self.clock.monotonic(),
        });
    }

    /// Looks for the writes that were not seen yet; with `to_the_end`, until all are or patience is over.
    pub(super) async fn settle(&mut self, to_the_end: bool) -> Result<()> {
        loop {
            let now = self.clock.monotonic();
            let unseen = std::mem::take(&mut self.unseen);
            let (due, later): (Vec<_>, Vec<_>) = unseen.into_iter().partition(|one| one.due <= now);
            self.unseen = later;
            self.look(due).await?;
            let next = self.unseen.iter().map(|one| one.due).min();
            let Some(next) = next.filter(|_| to_the_end) else {
                return Ok(());
            };
            let wait = next.saturating_sub(self.clock.monotonic());
            if !wait.is_zero() {
                self.clock.sleep(wait).await;
            }
        }
    }

    async fn look(&mut self, due: Vec<Unseen<'p>>) -> Result<()> {
        let places: Vec<_> = due.iter().map(|one| one.ready.place.clone()).collect();
        // Relationships are read by their source, once for all that are due.
        places
            .iter()
            .for_each(|place| self.sender.reader.forget(place));
        let found = self.sender.reader.read(&places).await?;
        let mut entries = Vec::new();
        for (mut one, live) in due.into_iter().zip(found) {
            let (step, expected) = (one.ready.step, &one.ready.expected);
            let outcome = match live {
                Ok(live) if holds(one.ready.kind, step.action, expected, &live) => {
                    Some(StepOutcome::Done)
                }
                Ok(live) if says_nothing(expected) && live != super::live::Live::Absent => {
                    Some(StepOutcome::Done)
                }
                Err(error) if !may_pass(&error) => Some(StepOutcome::NotYetVisible),
                _ if one.waited >= self.options.patience.visible || self.cancelled() => {
                    Some(StepOutcome::NotYetVisible)
                }
                _ => None,
            };
            if let Some(outcome) = outcome {
                entries.push(self.outcome(step, outcome));
            } else {
                let wait = back_off(one.looks);
                one.looks += 1;
                one.waited += wait;
                one.due = self.clock.monotonic() + wait;
                self.unseen.push(one);
            }
        }
        self.keep(&entries)
    }

    /// Writes down how it ended.
    pub(super) fn end(&mut self) -> Result<Ended> {
        let mut entries = Vec::new();
        let (mut done, mut drifted) = (0, false);
        for step in &self.plan.steps {
            match self.record.step(step.number) {
                Progress::Over(outcome) => {
                    done += usize::from(outcome.is_done());
                    drifted |= matches!(outcome, StepOutcome::Drifted { .. });
                }
                Progress::Written => done += 1,
                Progress::Untouched if self.stop.is_some() => {
                    entries.push(self.outcome(step, StepOutcome::Cancelled));
                }
                Progress::Untouched | Progress::InDoubt { .. } => {}
            }
        }
        let ended = match self.stop {
            _ if done == self.plan.steps.len() => Ended::Done,
            Some(stop) => stop,
            None if drifted && done == 0 => Ended::NeedsReview,
            None if done == 0 => Ended::Failed,
            None => Ended::PartlyDone,
        };
        for entry in &entries {
            self.record.note(entry)?;
        }
        entries.push(Entry::Ended {
            at: self.sender.now(),
            ended,
        });
        self.journal.finish(&entries, ended)?;
        Ok(ended)
    }
}

fn says_nothing(expected: &Expected) -> bool {
    matches!(expected, Expected::Present { properties } if properties.is_empty())
}

/// Whether looking again makes sense: what may not be read will not be read later either.
fn may_pass(error: &graph::Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Forbidden | ErrorKind::NotLicensed | ErrorKind::Unsupported
    )
}
