//! Running plans, and looking what came of them: jobs.

use std::sync::Arc;

use axum::response::Response;
use graph::Client;
use restore::Book;
use restore::approval::Refusal;
use restore::execution::{self, Monitor, Options, Record, StepDone};
use restore::verification;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Archive, PlanEvent, Writer, WriterOptions};
use tokio::runtime::Handle;
use utoipa::ToSchema;

use super::super::common::Common;
use super::super::jobs::begun;
use super::read::OfPlans;
use super::{Meant, logged, meant};
use crate::asked::{Asked, Named};
use crate::body::Body;
use crate::fleet::Served;
use crate::jobs::{Job, JobHandle, JobKind, Work};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Most steps of a plan that runs where nothing else is said.
const MAX_CHANGES: usize = 1000;

/// How it is to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Execution {
    /// Refuse a plan with more steps.
    #[serde(default = "max_changes")]
    #[schema(default = 1000, minimum = 1)]
    max_changes: usize,
    /// Where a step finds the tenant otherwise than planned, go on with those that do not wait for it.
    #[serde(default)]
    keep_going: bool,
}

fn max_changes() -> usize {
    MAX_CHANGES
}

/// Execute a plan
///
/// Begins a job that runs a plan whose approvals suffice, once, with the credential that may write; only where the
/// configuration says that plans run. An execution that was interrupted goes on.
#[utoipa::path(post, path = "/v1/plans/{id}/execute", tag = "plans", operation_id = "execute_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), Common),
    request_body = Execution,
    responses((status = 202, description = "It is begun; `Location` is the job's.", body = Job)))]
pub(crate) async fn execute(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
    Body(how): Body<Execution>,
) -> Result<Response, Problem> {
    let running = Running::new(&asked);
    let job = asked
        .with_plan(&id, move |meant| {
            // What cannot be is said now; the job finds out again when its turn comes.
            may_begin(&meant)?;
            running.writer()?;
            let (own, by) = (running.clone(), running.by.clone());
            let plan = meant.id.clone();
            let work: Work = Box::new(move |job| own.execute(job, &meant.id, &how));
            running.state.guard.jobs.begin(
                JobKind::Run,
                &running.served.name,
                &by,
                Some(&plan),
                work,
            )
        })
        .await?;
    Ok(begun(&asked, &job))
}

/// Verify a plan
///
/// Begins a job that reads again what the plan touched and compares it with what was wanted.
#[utoipa::path(post, path = "/v1/plans/{id}/verify", tag = "plans", operation_id = "verify_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), Common),
    responses((status = 202, description = "It is begun; `Location` is the job's.", body = Job)))]
pub(crate) async fn verify(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
) -> Result<Response, Problem> {
    let running = Running::new(&asked);
    let job = asked
        .with_plan(&id, move |meant| {
            running.reader()?;
            let (own, by) = (running.clone(), running.by.clone());
            let plan = meant.id.clone();
            let work: Work = Box::new(move |_| own.verify(&meant.id));
            running.state.guard.jobs.begin(
                JobKind::Verify,
                &running.served.name,
                &by,
                Some(&plan),
                work,
            )
        })
        .await?;
    Ok(begun(&asked, &job))
}

/// Everything a job about a plan needs.
#[derive(Clone)]
struct Running {
    state: AppState,
    served: Arc<Served>,
    by: String,
    runtime: Handle,
}

impl Running {
    fn new(asked: &Asked<OfPlans>) -> Self {
        Self {
            state: asked.state.clone(),
            served: Arc::clone(&asked.served),
            by: asked.principal.key.clone(),
            runtime: Handle::current(),
        }
    }

    /// The client that may write.
    fn writer(&self) -> Result<Client, Problem> {
        let restoring = self.served.options().restoring.as_deref();
        let restoring = restoring.ok_or_else(unreachable)?;
        (restoring.writer)().map_err(|why| Problem::new(Code::CannotRestore, why))
    }

    fn reader(&self) -> Result<Client, Problem> {
        let restoring = self.served.options().restoring.as_deref();
        let reader = restoring.and_then(|restoring| restoring.reader.clone());
        reader.ok_or_else(unreachable)
    }

    /// The plan as it is now.
    fn meant(&self, id: &str) -> Result<Meant, Problem> {
        let opened = self
            .runtime
            .block_on(self.served.opened(&self.state.engine))?;
        meant(&self.state, &self.served, opened, id)
    }

    fn execute(&self, job: &JobHandle, id: &str, how: &Execution) -> Result<Value, Problem> {
        let meant = self.meant(id)?;
        let client = self.writer()?;
        let book = meant.book();
        let right = book.exclusive(&format!("{}, job of a server", self.by))?;
        may_begin(&meant)?;
        let tool = &self.state.options.tool;
        {
            let options = WriterOptions {
                tool: tool.clone(),
                now: self.state.options.now,
            };
            let storage = Arc::clone(self.served.storage());
            let secrets = &self.served.options().secrets;
            let mut writer = Writer::open(storage, secrets, options)?;
            execution::prepare(&mut writer, &meant.plan, &self.by, tool)?;
        }
        let begun = book.begin(&right, id, &self.by, &meant.judge())?;
        if !begun.is_resumed {
            logged(
                &self.state,
                &self.served,
                id,
                &[(PlanEvent::Started, &self.by, None)],
            )?;
        }
        let journal = book.journal(id)?;
        let archive = meant.archive();
        let baseline = |step: &restore::Step| execution::baseline(archive, &meant.plan, step);
        let options = Options {
            max_changes: how.max_changes,
            keep_going: how.keep_going,
            baseline: Some(&baseline),
            ..Options::default()
        };
        let watch = Watch {
            job,
            archive,
            plan: id,
        };
        let run = execution::run(&meant.plan, &client, &journal, &options, &watch);
        let report = self.runtime.block_on(run)?;
        let now = (self.state.options.now)();
        let inverse = execution::way_back(archive, &meant.plan, &self.by, tool, now)?;
        logged(
            &self.state,
            &self.served,
            id,
            &[(PlanEvent::Executed, &self.by, None)],
        )?;
        Ok(json!({
            "plan": report.plan,
            "ended": report.ended,
            "counts": report.counts(),
            "steps": report.steps,
            "ids": report.ids,
            "inverse": inverse,
        }))
    }

    fn verify(&self, id: &str) -> Result<Value, Problem> {
        let meant = self.meant(id)?;
        let client = self.reader()?;
        let record = Record::of(meant.archive(), &meant.plan)?;
        let verify = verification::verify(&meant.plan, &record, &client, self.state.options.now);
        let found = self.runtime.block_on(verify)?;
        let paper = found.keep(meant.archive())?;
        let told = [(PlanEvent::Verified, self.by.as_str(), Some(paper))];
        logged(&self.state, &self.served, id, &told)?;
        Ok(json!({
            "plan": found.plan,
            "at": found.at,
            "is_equal": found.is_equal(),
            "counts": found.counts(),
            "steps": found.steps,
        }))
    }
}

fn unreachable() -> Problem {
    Problem::new(
        Code::CannotRestore,
        "the configuration does not say how this tenant is reached",
    )
}

/// Whether the plan would be let run, before anything is made ready for it.
fn may_begin(meant: &Meant) -> Result<(), Problem> {
    let judge = meant.judge();
    if !judge.policy.enabled {
        return Err(restore::Error::from(Refusal::Disabled).into());
    }
    let book = meant.book();
    let record = book.record(&meant.id)?;
    let is_interrupted = !record.runs.is_empty() && record.outcome.is_none();
    if !is_interrupted {
        let verdict = book.verdict(&meant.id, &judge)?;
        verdict.check().map_err(restore::Error::from)?;
    }
    Ok(())
}

/// Tells how a run goes, and stops it when somebody says so.
struct Watch<'w> {
    job: &'w JobHandle,
    archive: &'w Archive,
    plan: &'w str,
}

impl Monitor for Watch<'_> {
    fn step(&self, done: &StepDone<'_>) {
        self.job.progress(json!({
            "step": done.step.number,
            "kind": done.step.kind,
            "object": done.step.object,
            "action": done.step.action,
            "outcome": done.outcome,
            "steps_done": done.done,
            "steps_total": done.total,
        }));
    }

    fn cancelled(&self) -> bool {
        // A book that cannot be read any more is no reason to go on writing.
        self.job.is_cancelled()
            || Book::new(self.archive)
                .is_cancelled(self.plan)
                .unwrap_or(true)
    }
}
