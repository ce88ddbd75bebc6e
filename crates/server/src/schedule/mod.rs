//! Snapshots: when somebody asks for one, and as the tenants' schedules say.
//!
//! Both are jobs, so both are seen, can be cancelled, and wait for each other. A client lives as long as the server:
//! its token and what it knows of Graph's patience are not asked for again with every run. The archive is held for
//! writing only while a run is under way, so `entrace` can write it in between.

mod running;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use collector::{CollectReport, CollectRequest};
use croner::Cron;
use graph::Client;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Writer, WriterOptions};

pub(crate) use running::keep_schedule;

use crate::fleet::Served;
use crate::jobs::{Job, JobHandle, JobKind, Work};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// How a tenant is read.
#[derive(Clone)]
pub struct Collecting {
    /// Reaches the tenant.
    pub client: Client,
    /// What is read of it.
    pub request: CollectRequest,
    /// Names for the newest snapshot that a schedule made.
    pub tags: Vec<String>,
    /// Time between two scheduled runs for what changed.
    pub every: SignedDuration,
    /// When everything is read whole, UTC.
    pub whole: Option<Cron>,
    /// Whether snapshots are taken by themselves.
    pub is_scheduled: bool,
}

impl fmt::Debug for Collecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collecting")
            .field("every", &self.every)
            .field("is_scheduled", &self.is_scheduled)
            .finish_non_exhaustive()
    }
}

/// Begins to take a snapshot of a tenant.
///
/// # Errors
/// Where it cannot be reached from here, or a run is under way already.
pub(crate) fn begin(
    state: &AppState,
    served: &Arc<Served>,
    wanted_by: &str,
    whole: bool,
) -> Result<Job, Problem> {
    let Some(collecting) = served.options().collecting.clone() else {
        return Err(Problem::new(
            Code::CannotCollect,
            "the configuration does not say how this tenant is reached",
        ));
    };
    let runtime = tokio::runtime::Handle::current();
    let (own, tenant) = (state.clone(), Arc::clone(served));
    let mut request = collecting.request.clone();
    request.resume = true;
    request.full |= whole;
    let is_scheduled = wanted_by == SCHEDULE;
    let work: Work = Box::new(move |job| {
        let run = Run {
            state: &own,
            served: &tenant,
            client: &collecting.client,
            runtime: &runtime,
            request,
            tags: if is_scheduled { &collecting.tags } else { &[] },
        };
        Ok(told(&run.take(job)?))
    });
    let jobs = &state.guard.jobs;
    jobs.begin(JobKind::Collect, &served.name, wanted_by, None, work)
}

/// Who wants the runs of a schedule.
const SCHEDULE: &str = "schedule";

/// A snapshot to be taken, as part of a job.
pub(crate) struct Run<'r> {
    pub(crate) state: &'r AppState,
    pub(crate) served: &'r Served,
    pub(crate) client: &'r Client,
    pub(crate) runtime: &'r tokio::runtime::Handle,
    pub(crate) request: CollectRequest,
    /// Names for the snapshot.
    pub(crate) tags: &'r [String],
}

impl Run<'_> {
    /// Takes it, and has the figures say so.
    pub(crate) fn take(&self, job: &JobHandle) -> Result<CollectReport, Problem> {
        let (metrics, begun) = (&self.state.guard.metrics, Instant::now());
        let name = &self.served.name;
        let report = self
            .snapshot(job)
            .inspect_err(|_| metrics.not_collected(name))?;
        metrics.collected(name, &report, begun.elapsed());
        // Whoever hears of the end sees the new snapshot.
        self.served.doubt();
        Ok(report)
    }

    /// Takes a snapshot. An index that is damaged is made anew first, once.
    fn snapshot(&self, job: &JobHandle) -> Result<CollectReport, Problem> {
        match self.attempt(job, false) {
            Err(collector::Error::Store(store::Error::Index(reason))) => {
                tracing::warn!(tenant = self.served.name, reason, "the index is made anew");
                Ok(self.attempt(job, true)?)
            }
            other => Ok(other?),
        }
    }

    fn attempt(&self, job: &JobHandle, rebuild: bool) -> collector::Result<CollectReport> {
        let options = WriterOptions {
            tool: self.state.options.tool.clone(),
            now: self.state.options.now,
        };
        let storage = Arc::clone(self.served.storage());
        let secrets = &self.served.options().secrets;
        let mut writer = if rebuild {
            Writer::rebuild(storage, secrets, options)?
        } else {
            Writer::open(storage, secrets, options)?
        };
        let report =
            collector::collect(&mut writer, self.client, self.runtime, &self.request, job)?;
        // Columns only make answers faster: the snapshot stands without them.
        if let Err(error) = query::refresh_columns(&writer, false) {
            tracing::warn!(tenant = self.served.name, %error, "columns could not be written");
        }
        for tag in self.tags {
            writer.tag(tag, Some(report.number))?;
        }
        Ok(report)
    }
}

impl From<collector::Error> for Problem {
    fn from(error: collector::Error) -> Self {
        let message = error.to_string();
        match error {
            collector::Error::Store(error) => Self::from(error),
            collector::Error::Cancelled => Self::new(Code::Stopping, "the run was cancelled"),
            collector::Error::Graph(_) => Self::new(Code::TenantUnreachable, message),
            _ => Self::new(Code::CannotCollect, message),
        }
    }
}

/// What a run came to.
fn told(report: &CollectReport) -> Value {
    let kinds = || report.kinds.iter();
    let lacking: Vec<&str> = kinds()
        .filter(|kind| kind.is_lacking)
        .map(|kind| kind.kind.as_str())
        .collect();
    json!({
        "snapshot": report.id.to_string(),
        "taken_at": report.taken_at,
        "is_new": report.is_new,
        "objects": kinds().map(|kind| kind.alive).sum::<u64>(),
        "new_versions": kinds().map(|kind| kind.new_versions).sum::<u64>(),
        "closed": kinds().map(|kind| kind.closed).sum::<u64>(),
        "bytes_added": report.bytes_added,
        "requests": report.meter.total.requests,
        "not_read_whole": lacking,
    })
}
