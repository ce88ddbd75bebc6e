//! What approvals are worth.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Approver, Approvers, NAMESPACE, Needed, Policy, Refusal, Statement, signature};
use crate::book::Approval;
use crate::plan::Plan;

/// How far clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

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
    pub fn check(&self) -> Result<(), Refusal> {
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
    ) -> Result<Accepted, Refusal> {
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
        self.may_approve(approver, plan)?;
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
    ) -> Result<(), Refusal> {
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

    /// Whether an approver's signature could count for a plan: asked before somebody is asked to sign.
    pub fn may_approve(&self, approver: &Approver, plan: &Plan) -> Result<(), Refusal> {
        approver.counts(self.now)?;
        if self.policy.require_second_person {
            self.is_another(approver, &plan.author)?;
        }
        Ok(())
    }

    /// Checks that an approver is not who made the plan, under whatever name.
    fn is_another(&self, approver: &Approver, author: &str) -> Result<(), Refusal> {
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

fn is_about(statement: &Statement, plan: &Plan, id: &str) -> Result<(), Refusal> {
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
pub(super) fn is_after(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > SKEW
}

pub(super) fn short(id: &str) -> String {
    id.get(..8).unwrap_or(id).to_owned()
}
