//! Kinds whose rows stand below those of another.
//!
//! Where the parents are few, all are asked each time. Where they are many, all are asked when the
//! kind is due, and otherwise those of which the audit log or a delta says that something changed:
//! never one request a user on an ordinary day.

use std::collections::BTreeSet;

use catalog::Delta;
use model::KEY_SEPARATOR;
use store::CoverageState;

use super::super::message::{Mode, Outcome};
use super::super::plan::{FEW, Step, Way};
use super::failure::Result;
use super::{Reader, lock, outcome};

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
        if !matches!(
            state,
            Some(CoverageState::Complete | CoverageState::Partial)
        ) {
            let table = parent_step.map_or(parent, |step| step.kind.table);
            return Ok(Outcome {
                state: CoverageState::Failed,
                reason: Some(format!("{table} could not be read")),
                ..outcome(step.kind, Mode::Unread)
            });
        }
        let (ids, all) = {
            let mut rows = lock(&self.rows);
            let rows = rows
                .entry(parent_step.map_or("", |step| step.kind.name))
                .or_default();
            (rows.ids.clone(), rows.all)
        };
        let comes_along = step.kind.delta == Some(Delta::Within);
        let by_changes = parent_step.is_some_and(|step| matches!(step.way, Way::Changes(_)));
        if comes_along && by_changes && !all {
            return Ok(Outcome {
                state: state.unwrap_or_default(),
                whole_at: step.whole_at,
                ..outcome(step.kind, Mode::Changes)
            });
        }
        let due = step.due || (comes_along && all);
        if all && (due || ids.len() <= FEW) {
            return self.below_all(step, &ids).await;
        }
        self.below_some(step, &ids, all).await
    }

    async fn below_all(&self, step: &Step, parents: &[String]) -> Result<Outcome> {
        if parents.is_empty() {
            self.tell_empty(step).await?;
        }
        let failed = self.lists(step, parents, false).await?;
        self.set_all(step.kind, failed.is_none());
        match failed {
            None => Ok(outcome(step.kind, Mode::Whole)),
            Some((failure, 1)) if parents.len() == 1 => Ok(failure.outcome(step)),
            Some((failure, count)) => {
                let one = failure.outcome(step);
                let reason = one.reason.unwrap_or_default();
                let refused = matches!(
                    one.state,
                    CoverageState::Forbidden | CoverageState::NotLicensed
                );
                let state = if refused {
                    one.state
                } else {
                    CoverageState::Partial
                };
                Ok(Outcome {
                    state,
                    reason: Some(if refused {
                        reason
                    } else {
                        format!("{count} of {} parents not read: {reason}", parents.len())
                    }),
                    ..outcome(step.kind, if refused { Mode::Unread } else { Mode::Part })
                })
            }
        }
    }

    /// Reads below those parents of which something is known to have changed.
    async fn below_some(&self, step: &Step, changed: &[String], all: bool) -> Result<Outcome> {
        let mut parents: BTreeSet<String> = BTreeSet::new();
        if step.kind.changed_by.is_empty() && !all {
            parents.extend(changed.iter().cloned());
        }
        {
            let hints = lock(&self.hints);
            if step.depth == 1 {
                parents.extend(hints.of(step.kind).map(str::to_owned));
            } else {
                // The log names the nearest parent only: find the rest of its address.
                let named: BTreeSet<&str> = hints.of(step.kind).collect();
                let own = |composed: &&String| {
                    let id = composed.rsplit(KEY_SEPARATOR).next().unwrap_or_default();
                    named.contains(id.to_ascii_lowercase().as_str())
                };
                parents.extend(changed.iter().filter(own).cloned());
            }
        }
        let parents: Vec<String> = parents.into_iter().collect();
        let failed = self.lists(step, &parents, true).await?;
        let since = step.whole_at.map_or_else(
            || "never".to_owned(),
            |at| at.strftime("%Y-%m-%d %H:%MZ").to_string(),
        );
        let mut reason = format!("read where something changed; in full on {since}");
        let mut mode = Mode::Hints;
        if let Some((failure, count)) = failed {
            mode = Mode::Part;
            let why = failure.outcome(step).reason.unwrap_or_default();
            reason = format!("{reason}; {count} could not be read: {why}");
        }
        Ok(Outcome {
            state: CoverageState::Partial,
            reason: Some(reason),
            whole_at: step.whole_at,
            ..outcome(step.kind, mode)
        })
    }
}
