//! What an execution came to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Archive;

use super::engine::Engine;
use super::entry::{Ended, Entry, StepOutcome};
use super::ids::IdMap;
use super::judge::Verdict;
use super::ready::Ready;
use super::record::{Progress, Record};
use crate::book::Book;
use crate::error::Result;
use crate::plan::{Action, Plan, Step};

/// What an execution came to, step by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Id of the plan.
    pub plan: String,
    /// When this execution began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How; `None` where nothing was to be executed.
    pub ended: Option<Ended>,
    /// What came of each step, in the order of the plan.
    pub steps: Vec<StepReport>,
    /// From ids of the wanted state to those that were made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// Properties that were not compared with what the plan was made on, by kind: the credential may not read them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, Vec<String>>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Its number.
    pub number: u32,
    /// Kind of the object.
    pub kind: String,
    /// Its key in the wanted state.
    pub object: Vec<String>,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the step does.
    pub action: Action,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: StepOutcome,
}

impl Report {
    /// What the executions of a plan of an archive's book did so far, as its journal has it; `None` where none began.
    /// Without an end, steps of which nothing came yet are left out, and `ended_at` is when something was written last.
    ///
    /// # Errors
    /// Where the journal cannot be read, or is another plan's.
    pub fn of(archive: &Archive, plan: &Plan) -> Result<Option<Self>> {
        let id = plan.id();
        let entries: Vec<Entry> = Book::new(archive).journal(&id)?.entries()?;
        let record = Record::read(plan, &entries)?;
        let (Some(began_at), Some(last)) = (record.began_at(), entries.last()) else {
            return Ok(None);
        };
        let ended = match last {
            Entry::Ended { ended, .. } => Some(*ended),
            _ => None,
        };
        let over = ended.map(|_| StepOutcome::Cancelled);
        let steps = plan.steps.iter().filter_map(|step| {
            let outcome = record.outcome(step.number).or_else(|| over.clone())?;
            Some(StepReport::new(step, outcome))
        });
        Ok(Some(Self {
            plan: id,
            began_at,
            ended_at: last.at(),
            ended,
            steps: steps.collect(),
            ids: paired(record.ids()),
            unread: BTreeMap::new(),
        }))
    }

    /// Steps by what came of them, the words of [`StepOutcome::title`].
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for step in &self.steps {
            *counts.entry(step.outcome.title()).or_default() += 1;
        }
        counts
    }

    /// Whether a step found the tenant otherwise than planned.
    #[must_use]
    pub fn has_drifted(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| matches!(step.outcome, StepOutcome::Drifted { .. }))
    }
}

impl StepReport {
    fn new(step: &Step, outcome: StepOutcome) -> Self {
        Self {
            number: step.number,
            kind: step.kind.clone(),
            object: step.object.clone(),
            name: step.name.clone(),
            action: step.action,
            outcome,
        }
    }
}

/// The report of an execution that ended.
pub(super) fn executed(
    plan: &Plan,
    engine: &Engine<'_, '_>,
    began_at: Timestamp,
    ended: Ended,
) -> Report {
    let outcome = |number| {
        let outcome = engine.record.outcome(number);
        outcome.unwrap_or(StepOutcome::Cancelled)
    };
    made(plan, engine, began_at, Some(ended), outcome)
}

/// The report of what an execution would find.
pub(super) async fn foreseen(plan: &Plan, engine: &Engine<'_, '_>) -> Result<Report> {
    let began_at = engine.sender.now();
    let mut outcomes = BTreeMap::new();
    let mut ready = Vec::new();
    for step in &plan.steps {
        let ids = engine.record.ids();
        match engine.record.step(step.number) {
            Progress::Over(outcome) if outcome.is_done() => {
                outcomes.insert(step.number, outcome.clone());
            }
            Progress::Written => {
                outcomes.insert(step.number, StepOutcome::NotYetVisible);
            }
            // What it is about is not there before.
            _ => match engine.waits_for(step) {
                Some(waits_for)
                    if !step.uses.iter().all(|id| ids.get(id).is_some())
                        || step.action == Action::Enable =>
                {
                    outcomes.insert(step.number, StepOutcome::Skipped { waits_for });
                }
                _ => ready.push(Ready::new(step, ids)?),
            },
        }
    }
    let window = engine.options.window.max(1);
    while !ready.is_empty() {
        let rest = ready.split_off(ready.len().min(window));
        for (ready, verdict) in engine.verdicts(std::mem::replace(&mut ready, rest)).await? {
            let waits_for = engine.waits_for(ready.step);
            let outcome = match (verdict, waits_for) {
                (Ok(Verdict::Go), _) => StepOutcome::Ready,
                (Ok(Verdict::Holds), _) => StepOutcome::AlreadyThere,
                // What comes before may bring about what is missing now.
                (Ok(Verdict::Drifted(_)), Some(waits_for)) => StepOutcome::Skipped { waits_for },
                (Ok(Verdict::Drifted(moved)), None) => StepOutcome::Drifted { moved },
                (Err(error), _) => StepOutcome::refused(&error),
            };
            outcomes.insert(ready.step.number, outcome);
        }
    }
    let outcome = |number| outcomes.get(&number).cloned().unwrap_or(StepOutcome::Ready);
    Ok(made(plan, engine, began_at, None, outcome))
}

fn made(
    plan: &Plan,
    engine: &Engine<'_, '_>,
    began_at: Timestamp,
    ended: Option<Ended>,
    outcome: impl Fn(u32) -> StepOutcome,
) -> Report {
    let steps = plan.steps.iter();
    let steps = steps.map(|step| StepReport::new(step, outcome(step.number)));
    Report {
        plan: plan.id(),
        began_at,
        ended_at: engine.sender.now(),
        ended,
        steps: steps.collect(),
        ids: paired(engine.record.ids()),
        unread: engine.sender.reader.unread(),
    }
}

fn paired(ids: &IdMap) -> BTreeMap<String, String> {
    let pairs = ids.iter();
    pairs
        .map(|(old, new)| (old.to_owned(), new.to_owned()))
        .collect()
}
