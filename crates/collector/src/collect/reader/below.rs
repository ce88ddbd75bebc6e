//! Kinds whose rows stand below those of another.
//!
//! Where the parents are few, all are asked each time. Where they are many, all are asked when the
//! kind is due, and otherwise those of which the audit log or a delta says that something changed:
//! never one request a user on an ordinary day. Where a list of the parents can show the rows, that is
//! asked for instead.

use std::collections::BTreeSet;

use catalog::Delta;
use model::KEY_SEPARATOR;
use store::CoverageState;

use super::super::hints::HINTING_LOG;
use super::super::message::{Mode, Outcome};
use super::super::plan::{FEW, Step, Way};
use super::failure::Result;
use super::{Reader, Rows, lock, outcome};

/// How the reason begins of a kind that was read below the parents of which something is known to have changed, as
/// it should be between two full reads.
pub const READ_WHERE_CHANGED: &str = "read where something changed";

impl Reader {
    /// Reads a kind below its parents.
    pub(super) async fn below(&self, step: &Step) -> Result<Outcome> {
        let Some(parent) = step.kind.parent else {
            return self.list(step, None).await;
        };
        if step.depth == 0 {
            // Every parent is a singleton, so its address has no id.
            return self.list(step, None).await;
        }
        let parent_step = self.plan.step(parent);
        let state = lock(&self.states).get(parent).copied();
        let Some((state, _)) = state.filter(|state| is_known(*state)) else {
            let table = parent_step.map_or(parent, |step| step.kind.table);
            return Ok(Outcome {
                state: CoverageState::Failed,
                reason: Some(format!("{table} could not be read")),
                ..outcome(step.kind, Mode::Unread)
            });
        };
        let parents = {
            let mut rows = lock(&self.rows);
            let rows = rows.entry(parent_step.map_or("", |step| step.kind.name));
            rows.or_default().clone()
        };
        let comes_along = step.kind.delta == Some(Delta::Within);
        let by_changes = parent_step.is_some_and(|step| matches!(step.way, Way::Changes(_)));
        if comes_along && by_changes && !parents.all {
            return Ok(Outcome {
                state,
                whole_at: step.whole_at,
                ..outcome(step.kind, Mode::Changes)
            });
        }
        let due = step.due || comes_along;
        if parents.all && (due || parents.ids.len() <= FEW) {
            return self.below_all(step, &parents.ids).await;
        }
        self.below_some(step, &parents).await
    }

    async fn below_all(&self, step: &Step, parents: &[String]) -> Result<Outcome> {
        if parents.is_empty() {
            self.tell_empty(step).await?;
        }
        let alone = self.shown_by_all(step, parents).await?;
        let missed = self.lists(step, &alone, false).await?;
        self.set_all(step.kind, missed.is_none());
        let Some(missed) = missed else {
            return Ok(outcome(step.kind, Mode::Whole));
        };
        let one = missed.first.outcome(step);
        let refused = matches!(
            one.state,
            CoverageState::Forbidden | CoverageState::NotLicensed
        );
        if refused || missed.count == parents.len() {
            return Ok(one);
        }
        let reason = one.reason.unwrap_or_default();
        Ok(Outcome {
            state: CoverageState::Partial,
            reason: Some(format!(
                "{} of {} parents not read: {reason}",
                missed.count,
                parents.len()
            )),
            lasting: missed.lasting,
            ..outcome(step.kind, Mode::Part)
        })
    }

    /// Reads below those parents of which something is known to have changed.
    async fn below_some(&self, step: &Step, parents: &Rows) -> Result<Outcome> {
        let named = self.named(step, parents);
        let alone = self.shown_by_some(step, named).await?;
        let missed = self.lists(step, &alone, true).await?;
        let log = lock(&self.states).get(HINTING_LOG).copied();
        let has_hints = matches!(log, Some((CoverageState::Complete, _)));
        let mut reason = if has_hints || step.kind.changed_by.is_empty() {
            READ_WHERE_CHANGED.to_owned()
        } else {
            format!("what changed is not known, because {HINTING_LOG} was not read")
        };
        let at = step.whole_at.map(|at| at.strftime("%Y-%m-%d %H:%MZ"));
        reason += &at.map_or_else(
            || "; never in full".to_owned(),
            |at| format!("; in full on {at}"),
        );
        if let Some(gap) = &step.gap {
            reason = format!("{reason}, but {gap}");
        }
        let (mut mode, mut lasting) = (Mode::Hints, false);
        if let Some(missed) = missed {
            (mode, lasting) = (Mode::Part, missed.lasting);
            let why = missed.first.outcome(step).reason.unwrap_or_default();
            reason = format!("{reason}; {} could not be read: {why}", missed.count);
        }
        Ok(Outcome {
            state: CoverageState::Partial,
            reason: Some(reason),
            whole_at: step.whole_at,
            lasting,
            ..outcome(step.kind, mode)
        })
    }

    /// The parents below which something is known to have changed: by the log, or, where no activity of
    /// the log announces it, by being changed themselves.
    fn named(&self, step: &Step, parents: &Rows) -> Vec<String> {
        let mut named: BTreeSet<String> = BTreeSet::new();
        if step.kind.changed_by.is_empty() {
            let changed = if parents.all {
                &parents.changed
            } else {
                &parents.ids
            };
            named.extend(changed.iter().cloned());
        }
        let hints = lock(&self.hints);
        if step.depth == 1 {
            named.extend(hints.of(step.kind).map(str::to_owned));
        } else {
            // The log names the nearest parent only: find the rest of its address.
            let nearest: BTreeSet<&str> = hints.of(step.kind).collect();
            let own = |composed: &&String| {
                let id = composed.rsplit(KEY_SEPARATOR).next().unwrap_or_default();
                nearest.contains(id.to_ascii_lowercase().as_str())
            };
            named.extend(parents.ids.iter().filter(own).cloned());
        }
        named.into_iter().collect()
    }
}

/// Whether the rows of a kind in this state are known, be it only those that changed.
fn is_known((state, mode): (CoverageState, Mode)) -> bool {
    match state {
        CoverageState::Complete => true,
        // A list that ended early has told none of its ids.
        CoverageState::Partial => mode != Mode::Whole,
        _ => false,
    }
}
