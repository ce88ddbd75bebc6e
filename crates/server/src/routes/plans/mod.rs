//! Restore plans: made, read, judged, run.

pub(crate) mod acts;
pub(crate) mod create;
mod document;
pub(crate) mod read;
pub(crate) mod report;
pub(crate) mod run;

use std::sync::Arc;

use restore::approval::{Approvers, Judge, Policy, Verdict};
use restore::{Book, Plan, Record};
use store::{Archive, PlanAct, PlanEvent, Writer, WriterOptions};

use self::document::tag_of;
use crate::asked::Asked;
use crate::fleet::{Opened, Served};
use crate::problem::Problem;
use crate::state::AppState;

/// A plan of the book that somebody means, and by whose word it may run.
pub(super) struct Meant {
    pub(super) opened: Arc<Opened>,
    pub(super) id: String,
    pub(super) plan: Plan,
    approvers: Approvers,
    policy: Policy,
    now: jiff::Timestamp,
}

impl Meant {
    pub(super) fn archive(&self) -> &Arc<Archive> {
        self.opened.source.archive()
    }

    pub(super) fn book(&self) -> Book<'_> {
        Book::new(self.archive())
    }

    pub(super) fn judge(&self) -> Judge<'_> {
        Judge {
            approvers: &self.approvers,
            policy: &self.policy,
            now: self.now,
        }
    }

    /// What the approvals that were handed in come to now.
    pub(super) fn verdict(&self, record: &Record) -> Verdict {
        let judge = self.judge();
        judge.verdict(&self.plan, &record.approvals, &record.used())
    }
}

/// The plan with an id that begins like this. Blocks.
pub(super) fn meant(
    state: &AppState,
    served: &Served,
    opened: Arc<Opened>,
    id: &str,
) -> Result<Meant, Problem> {
    let book = Book::new(opened.source.archive());
    let id = book.find(id)?;
    let plan = book.get(&id)?;
    let restoring = served.options().restoring.as_deref();
    let (approvers, policy) = match restoring {
        Some(restoring) => (
            restoring.approvers(opened.archive())?,
            restoring.policy.clone(),
        ),
        None => (Approvers::of(opened.archive())?, Policy::default()),
    };
    Ok(Meant {
        opened,
        id,
        plan,
        approvers,
        policy,
        now: (state.options.now)(),
    })
}

impl<P: Send + Sync + 'static> Asked<P> {
    /// Works on a plan, where it may wait for files.
    pub(super) async fn with_plan<T: Send + 'static>(
        &self,
        id: &str,
        work: impl FnOnce(Meant) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (state, served) = (self.state.clone(), Arc::clone(&self.served));
        let (opened, id) = (Arc::clone(&self.opened), id.to_owned());
        let condition = self.condition.clone();
        self.state
            .engine
            .run_blocking(move || {
                let meant = meant(&state, &served, opened, &id)?;
                if !condition.is_none() {
                    condition.check(&tag_of(&meant.id, &meant.book().record(&meant.id)?))?;
                }
                work(meant)
            })
            .await
    }
}

/// Writes into the archive's log what became of a plan. While another process writes to the archive, what people
/// decide is not held up by that: the papers are there, and the log says nothing.
pub(super) fn logged(
    state: &AppState,
    served: &Served,
    plan: &str,
    acts: &[(PlanEvent, &str, Option<String>)],
) -> Result<(), Problem> {
    let options = WriterOptions {
        tool: state.options.tool.clone(),
        now: state.options.now,
    };
    let storage = Arc::clone(served.storage());
    let mut writer = match Writer::open(storage, &served.options().secrets, options) {
        Ok(writer) => writer,
        Err(store::Error::Locked { holder }) => {
            tracing::warn!(plan, %holder, "the archive is locked: its log does not have an act of a plan");
            return Ok(());
        }
        Err(other) => return Err(other.into()),
    };
    for (event, by, paper) in acts {
        writer.record_plan(PlanAct {
            event: *event,
            plan: plan.to_owned(),
            by: (*by).to_owned(),
            paper: paper.clone(),
        })?;
    }
    drop(writer);
    served.doubt();
    Ok(())
}
