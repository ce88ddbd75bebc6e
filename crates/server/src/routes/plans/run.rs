//! Running plans, and looking what came of them: jobs.

use std::sync::Arc;

use axum::response::Response;
use graph::Client;
use jiff::Timestamp;
use restore::Book;
use restore::execution::{self, Monitor, Options, Order, Record, StepDone};
use restore::verification::{self, Verification};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Archive, PlanEvent, Writer, WriterOptions};
use tokio::runtime::Handle;
use utoipa::ToSchema;

use super::super::common::{Common, IfMatch};
use super::super::jobs::begun;
use super::read::OfPlans;
use super::report::{ExecutionDocument, VerificationDocument};
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
    params(("id" = String, Path, description = "Six or more digits of its id."), IfMatch, Common),
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
            meant.book().may_begin(&meant.id, &meant.judge())?;
            running.writer()?;
            running.begin(JobKind::Run, &meant.id, move |own, job, id| {
                own.execute(job, id, &how)
            })
        })
        .await?;
    Ok(begun(&asked, &job))
}

/// Verify a plan
///
/// Begins a job that reads again what the plan touched and compares it with what was wanted.
#[utoipa::path(post, path = "/v1/plans/{id}/verify", tag = "plans", operation_id = "verify_plan",
    params(("id" = String, Path, description = "Six or more digits of its id."), IfMatch, Common),
    responses((status = 202, description = "It is begun; `Location` is the job's.", body = Job)))]
pub(crate) async fn verify(
    Named(id): Named<String>,
    asked: Asked<OfPlans>,
) -> Result<Response, Problem> {
    let running = Running::new(&asked);
    let job = asked
        .with_plan(&id, move |meant| {
            running.reader()?;
            running.begin(JobKind::Verify, &meant.id, |own, _, id| own.verify(id))
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

    /// Begins a job about a plan.
    fn begin(
        self,
        kind: JobKind,
        plan: &str,
        work: impl FnOnce(&Self, &JobHandle, &str) -> Result<Value, Problem> + Send + 'static,
    ) -> Result<Job, Problem> {
        let own = self.clone();
        let id = plan.to_owned();
        let work: Work = Box::new(move |job| work(&own, job, &id));
        let jobs = &self.state.guard.jobs;
        jobs.begin(kind, &self.served.name, &self.by, Some(plan), work)
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
        let archive = meant.archive();
        let baseline = |step: &restore::Step| execution::baseline(archive, &meant.plan, step);
        let options = Options {
            max_changes: how.max_changes,
            keep_going: how.keep_going,
            baseline: Some(&baseline),
            ..Options::default()
        };
        let order = Order {
            plan: &meant.plan,
            judge: &meant.judge(),
            by: &self.by,
            holder: &format!("{}, job of a server", self.by),
            tool: &self.state.options.tool,
        };
        let watch = Watch {
            job,
            archive,
            plan: id,
        };
        let keeper = Keeper { running: self, id };
        let carry_out = execution::carry_out(archive, &order, &client, &options, &watch, &keeper);
        let carried = self.runtime.block_on(carry_out)?;
        let mut told = json!(ExecutionDocument::new(carried.report)?);
        told["plan"] = json!(id);
        told["inverse"] = json!(carried.way_back);
        Ok(told)
    }

    fn verify(&self, id: &str) -> Result<Value, Problem> {
        let verified = self.verified(id);
        if !matches!(&verified, Ok(found) if found.is_equal()) {
            let metrics = &self.state.guard.metrics;
            metrics.not_verified(&self.served.name);
        }
        let mut told = json!(VerificationDocument::new(&verified?)?);
        told["plan"] = json!(id);
        Ok(told)
    }

    fn verified(&self, id: &str) -> Result<Verification, Problem> {
        let meant = self.meant(id)?;
        let client = self.reader()?;
        let record = Record::of(meant.archive(), &meant.plan)?;
        let verify = verification::verify(&meant.plan, &record, &client, self.state.options.now);
        let found = self.runtime.block_on(verify)?;
        let paper = found.keep(meant.archive())?;
        self.logged(id, PlanEvent::Verified, Some(paper))?;
        Ok(found)
    }

    fn logged(&self, id: &str, event: PlanEvent, paper: Option<String>) -> Result<(), Problem> {
        let acts = [(event, self.by.as_str(), paper)];
        logged(&self.state, &self.served, id, &acts)
    }
}

/// The tenant's archive, and what its log says of a plan.
struct Keeper<'k> {
    running: &'k Running,
    id: &'k str,
}

impl execution::Keeper for Keeper<'_> {
    type Error = Problem;

    fn now(&self) -> Timestamp {
        (self.running.state.options.now)()
    }

    fn writer(&self) -> Result<Writer, Problem> {
        let Running { state, served, .. } = self.running;
        let options = WriterOptions {
            tool: state.options.tool.clone(),
            now: state.options.now,
        };
        let storage = Arc::clone(served.storage());
        Ok(Writer::open(storage, &served.options().secrets, options)?)
    }

    fn log(&self, event: PlanEvent) -> Result<(), Problem> {
        self.running.logged(self.id, event, None)
    }
}

fn unreachable() -> Problem {
    Problem::new(
        Code::CannotRestore,
        "the configuration does not say how this tenant is reached",
    )
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
