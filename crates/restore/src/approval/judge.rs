//! What approvals are worth, and the moment at which they are used up.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Approver, Approvers, NAMESPACE, Needed, Policy, Refusal, Statement, signature};
use crate::book::{Approval, Book, Exclusive, Record, Run, State};
use crate::error::Result;
use crate::plan::Plan;

/// How far clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An approval that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Id of the approval: the hash of its statement.
    pub id: String,
    /// Name the approver is enrolled under.
    pub approver: String,
    /// Whose voice it is.
    pub person: String,
    /// Fingerprint of the key.
    pub fingerprint: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when an execution may begin.
    pub not_after: Timestamp,
}

/// What the approvals of a plan come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What is needed.
    pub needed: Needed,
    /// Approvals that count, each by another person.
    pub accepted: Vec<Accepted>,
    /// Ids of the others, and why each does not count.
    pub refused: Vec<(String, Refusal)>,
    plan: String,
}

impl Verdict {
    /// Whether enough approvals count.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.accepted.len() as u64 >= u64::from(self.needed.approvals)
    }

    /// Why the plan may not run: what is wrong with its newest approval where none counts, else how many are
    /// missing.
    pub fn check(&self) -> std::result::Result<(), Refusal> {
        if self.is_approved() {
            return Ok(());
        }
        if let (true, Some((_, refusal))) = (self.accepted.is_empty(), self.refused.last()) {
            return Err(refusal.clone());
        }
        let because = match self.needed.because.as_slice() {
            [] => String::new(),
            reasons => format!(", because {}", reasons.join(" and ")),
        };
        Err(Refusal::Missing {
            plan: short(&self.plan),
            valid: u32::try_from(self.accepted.len()).unwrap_or(u32::MAX),
            needed: self.needed.approvals,
            because,
        })
    }
}

/// By whose word, and when.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'a> {
    /// Everybody who may approve.
    pub approvers: &'a Approvers,
    /// What the configuration asks for.
    pub policy: &'a Policy,
    /// The time.
    pub now: Timestamp,
}

/// An execution that may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the book says of it.
    pub run: Run,
    /// Whether it began before and was interrupted: its journal says how far it came.
    pub is_resumed: bool,
}

impl Judge<'_> {
    /// What the approvals of a plan come to now. `used` are ids of approvals that count no more.
    #[must_use]
    pub fn verdict(&self, plan: &Plan, approvals: &[Approval], used: &BTreeSet<String>) -> Verdict {
        let id = plan.id();
        let mut verdict = Verdict {
            needed: self.policy.needed(plan),
            accepted: Vec::new(),
            refused: Vec::new(),
            plan: id.clone(),
        };
        for approval in approvals {
            match self.accept(plan, &id, approval, used, &verdict.accepted) {
                Ok(accepted) => verdict.accepted.push(accepted),
                Err(refusal) => verdict.refused.push((approval.id(), refusal)),
            }
        }
        verdict
    }

    fn accept(
        &self,
        plan: &Plan,
        id: &str,
        approval: &Approval,
        used: &BTreeSet<String>,
        before: &[Accepted],
    ) -> std::result::Result<Accepted, Refusal> {
        let statement = Statement::parse(&approval.statement)?;
        let key = signature::verify(
            &approval.signature,
            NAMESPACE,
            approval.statement.as_bytes(),
        )?;
        let fingerprint = signature::fingerprint(&key);
        let Some(approver) = self.approvers.by_fingerprint(&fingerprint) else {
            return Err(Refusal::UnknownApprover { fingerprint });
        };
        is_about(&statement, plan, id)?;
        if statement.approver != approver.name {
            return Err(Refusal::OtherApprover {
                named: statement.approver,
                approver: approver.name.clone(),
            });
        }
        self.in_time(&statement, approver, plan)?;
        if used.contains(&approval.id()) {
            return Err(Refusal::Used {
                approver: approver.name.clone(),
            });
        }
        if self.policy.require_second_person {
            self.is_another(approver, &plan.author)?;
        }
        let same = |other: &&Accepted| {
            let other = self.approvers.by_fingerprint(&other.fingerprint);
            other.is_some_and(|other| other.is_person_of(approver))
        };
        if before.iter().any(|other| same(&other)) {
            return Err(Refusal::SecondOfPerson {
                approver: approver.name.clone(),
                person: approver.person.clone(),
            });
        }
        Ok(Accepted {
            id: approval.id(),
            approver: approver.name.clone(),
            person: approver.person.clone(),
            fingerprint,
            made_at: statement.made_at,
            not_after: statement.not_after,
        })
    }

    fn in_time(
        &self,
        statement: &Statement,
        approver: &Approver,
        plan: &Plan,
    ) -> std::result::Result<(), Refusal> {
        approver.counts(self.now)?;
        approver.counts(statement.made_at)?;
        let clock =
            |what: String, then: Timestamp, now: Timestamp| Err(Refusal::Clock { what, then, now });
        let name = &approver.name;
        if is_after(statement.made_at, self.now) {
            return clock(format!("{name} approved"), statement.made_at, self.now);
        }
        if is_after(plan.made_at, statement.made_at) {
            let what = "the plan was made".to_owned();
            return clock(what, plan.made_at, statement.made_at);
        }
        let length = statement.not_after.duration_since(statement.made_at);
        let most = self.policy.longest_approval;
        if length > most {
            return Err(Refusal::TooLong {
                approver: name.clone(),
                hours: length.as_secs() / HOUR.as_secs(),
                most: most.as_secs() / HOUR.as_secs(),
            });
        }
        if self.now >= statement.not_after {
            return Err(Refusal::Expired {
                approver: name.clone(),
                not_after: statement.not_after,
            });
        }
        Ok(())
    }

    /// Checks that an approver is not who made the plan, under whatever name.
    fn is_another(&self, approver: &Approver, author: &str) -> std::result::Result<(), Refusal> {
        if approver.goes_by(author) {
            return Err(Refusal::OwnPlan {
                approver: approver.name.clone(),
                author: author.to_owned(),
            });
        }
        // A key that was revoked still tells who somebody is.
        let is_author = |known: &Approver| known.goes_by(author) || known.has_account(author);
        let mut authors = self.approvers.list().iter().filter(|a| is_author(a));
        if authors.any(|known| known.is_person_of(approver)) {
            return Err(Refusal::SamePerson {
                approver: approver.name.clone(),
                person: approver.person.clone(),
                author: author.to_owned(),
            });
        }
        Ok(())
    }
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
        if !judge.policy.enabled {
            return Err(Refusal::Disabled.into());
        }
        let plan = self.get(id)?;
        let record = self.record(id)?;
        may_run(id, &record)?;
        self.in_time(&plan, &record, judge)?;
        let interrupted = record.runs.last().filter(|_| record.outcome.is_none());
        let resumed = interrupted.map(|run| {
            let mut own = record.approvals.clone();
            own.retain(|approval| run.approvals.contains(&approval.id()));
            (run, judge.verdict(&plan, &own, &BTreeSet::new()))
        });
        if let Some((run, verdict)) = &resumed
            && verdict.is_approved()
        {
            return Ok(Begun {
                run: Run::clone(run),
                is_resumed: true,
            });
        }
        let verdict = judge.verdict(&plan, &record.approvals, &record.used());
        if let (Some((_, why)), false) = (&resumed, verdict.is_approved()) {
            why.check()?;
        }
        verdict.check()?;
        let run = Run {
            number: record.runs.last().map_or(0, |run| run.number) + 1,
            by: by.to_owned(),
            began_at: judge.now,
            approvals: verdict.accepted.into_iter().map(|a| a.id).collect(),
        };
        self.add_run(id, &run)?;
        Ok(Begun {
            run,
            is_resumed: false,
        })
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

fn is_about(statement: &Statement, plan: &Plan, id: &str) -> std::result::Result<(), Refusal> {
    if statement.action != super::statement::EXECUTE {
        return Err(Refusal::OtherAction {
            action: statement.action.clone(),
        });
    }
    if statement.archive != plan.archive {
        return Err(Refusal::OtherArchive {
            named: short(&statement.archive),
            archive: short(&plan.archive),
        });
    }
    if statement.tenant != plan.tenant {
        return Err(Refusal::OtherTenant {
            named: statement.tenant.clone(),
            tenant: plan.tenant.clone(),
        });
    }
    if statement.plan != id {
        return Err(Refusal::OtherPlan {
            named: short(&statement.plan),
            plan: short(id),
        });
    }
    Ok(())
}

/// Whether a time lies in the future of another by more than clocks may differ.
fn is_after(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > SKEW
}

fn short(id: &str) -> String {
    id.get(..8).unwrap_or(id).to_owned()
}
