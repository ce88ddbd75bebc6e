//! The two moments that count: an approval is handed in, and an execution begins.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::judge::{is_after, short};
use super::{Judge, Refusal, Verdict};
use crate::book::{Approval, Book, Exclusive, Record, Run, State};
use crate::error::Result;
use crate::plan::Plan;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An execution that may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the book says of it.
    pub run: Run,
    /// Whether it began before and was interrupted: its journal says how far it came.
    pub is_resumed: bool,
}

/// How an execution may go on.
enum Admission {
    /// The one that was interrupted, with the approvals it has.
    Resume(Run),
    /// A new one, which uses up these approvals.
    Begin(Vec<String>),
}

impl Book<'_> {
    /// What the approvals of a plan come to now.
    pub fn verdict(&self, id: &str, judge: &Judge<'_>) -> Result<Verdict> {
        let record = self.record(id)?;
        Ok(judge.verdict(&self.get(id)?, &record.approvals, &record.used()))
    }

    /// Enters an approval, if it counts now.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] where it does not count, or the plan may not run any more.
    pub fn approve(&self, plan: &Plan, approval: &Approval, judge: &Judge<'_>) -> Result<Verdict> {
        let id = self.put(plan)?;
        let record = self.record(&id)?;
        may_run(&id, &record)?;
        self.in_time(plan, &record, judge)?;
        let used = record.used();
        // One that is there already says why it does not count twice.
        let others: Vec<Approval> = record
            .approvals
            .iter()
            .filter(|a| a.id() != approval.id())
            .cloned()
            .collect();
        let mut all = others;
        all.push(approval.clone());
        let verdict = judge.verdict(plan, &all, &used);
        if let Some((_, refusal)) = verdict.refused.iter().find(|(id, _)| *id == approval.id()) {
            return Err(refusal.clone().into());
        }
        self.add_approval(&id, approval)?;
        Ok(verdict)
    }

    /// Lets an execution of a plan begin: its approvals are judged, and used up. When this returns, that is durable,
    /// so that nobody uses them again. One that was interrupted goes on with the approvals it has, as long as they
    /// count.
    ///
    /// # Errors
    /// [`crate::Error::Refused`] with the reason.
    pub fn begin(
        &self,
        _right: &Exclusive,
        id: &str,
        by: &str,
        judge: &Judge<'_>,
    ) -> Result<Begun> {
        let plan = self.get(id)?;
        let record = self.record(id)?;
        let approvals = match self.admit(id, &plan, &record, judge)? {
            Admission::Resume(run) => {
                return Ok(Begun {
                    run,
                    is_resumed: true,
                });
            }
            Admission::Begin(approvals) => approvals,
        };
        let run = Run {
            number: record.runs.last().map_or(0, |run| run.number) + 1,
            by: by.to_owned(),
            began_at: judge.now,
            approvals,
        };
        self.add_run(id, &run)?;
        Ok(Begun {
            run,
            is_resumed: false,
        })
    }

    /// Whether [`Book::begin`] would let an execution begin: for what must be made ready before.
    pub fn may_begin(&self, id: &str, judge: &Judge<'_>) -> Result<()> {
        let (plan, record) = (self.get(id)?, self.record(id)?);
        self.admit(id, &plan, &record, judge).map(drop)
    }

    fn admit(
        &self,
        id: &str,
        plan: &Plan,
        record: &Record,
        judge: &Judge<'_>,
    ) -> Result<Admission> {
        if !judge.policy.enabled {
            return Err(Refusal::Disabled.into());
        }
        may_run(id, record)?;
        self.in_time(plan, record, judge)?;
        let resumed = record.open_run().map(|run| {
            let mut own = record.approvals.clone();
            own.retain(|approval| run.approvals.contains(&approval.id()));
            (run, judge.verdict(plan, &own, &BTreeSet::new()))
        });
        if let Some((run, verdict)) = &resumed
            && verdict.is_approved()
        {
            return Ok(Admission::Resume(Run::clone(run)));
        }
        let verdict = judge.verdict(plan, &record.approvals, &record.used());
        if let (Some((_, why)), false) = (&resumed, verdict.is_approved()) {
            why.check()?;
        }
        verdict.check()?;
        let approvals = verdict.accepted.into_iter().map(|a| a.id);
        Ok(Admission::Begin(approvals.collect()))
    }

    /// Checks that the plan is not too old, and that the clock was not set back behind anything that is written.
    fn in_time(&self, plan: &Plan, record: &Record, judge: &Judge<'_>) -> Result<()> {
        let approvals = record
            .approvals
            .iter()
            .map(|a| ("an approval was entered", a.received_at));
        let runs = record
            .runs
            .iter()
            .map(|run| ("an execution began", run.began_at));
        let list = judge
            .approvers
            .made_at
            .map(|at| ("the list of approvers was changed", at));
        let snapshot = match self.archive().snapshots().last() {
            Some(last) => Some(self.archive().record(last.number)?.committed_at),
            None => None,
        };
        let snapshot = snapshot.map(|at| ("the newest snapshot was committed", at));
        let made = ("the plan was made", plan.made_at);
        let known = approvals
            .chain(runs)
            .chain(list)
            .chain(snapshot)
            .chain([made]);
        let latest = known.max_by_key(|(_, at)| *at);
        if let Some((what, then)) = latest
            && is_after(then, judge.now)
        {
            return Err(Refusal::Clock {
                what: what.to_owned(),
                then,
                now: judge.now,
            }
            .into());
        }
        if judge.now.duration_since(plan.made_at) > judge.policy.oldest_plan {
            return Err(Refusal::PlanExpired {
                plan: short(&plan.id()),
                made_at: plan.made_at,
                days: judge.policy.oldest_plan.as_secs() / DAY.as_secs(),
            }
            .into());
        }
        Ok(())
    }
}

/// Checks that nobody called the plan off, and that it is not done.
fn may_run(id: &str, record: &Record) -> std::result::Result<(), Refusal> {
    let plan = short(id);
    if let Some(act) = &record.cancellation {
        let by = act.by.clone();
        return Err(Refusal::Cancelled { plan, by });
    }
    if let Some(act) = &record.rejection {
        let by = act.by.clone();
        return Err(Refusal::Rejected { plan, by });
    }
    match State::of(record, false) {
        State::Stale => Err(Refusal::Stale { plan }),
        State::Done => Err(Refusal::Done { plan }),
        _ => Ok(()),
    }
}
