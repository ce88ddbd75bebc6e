//! All jobs: those at work in memory, those that ended in the archive of their tenant.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;

use super::job::{Job, JobId, JobKind, JobState};
use super::live::{JobHandle, Live};
use super::turns::{Turn, Turns};
use super::watching::JobEvent;
use crate::clock::Clock;
use crate::keep::Keep;
use crate::problem::{Code, Problem};

/// Folder of jobs among a tenant's working files.
const FOLDER: &str = "server/jobs";
/// Jobs of a tenant that are kept; the oldest goes first.
const KEPT: usize = 500;
/// Ended jobs whose events can still be watched.
const IN_MEMORY: usize = 100;
/// Jobs of one tenant that may wait.
const WAITING: usize = 16;

/// What a job does; runs on a thread where it may wait for files and for Graph.
pub type Work = Box<dyn FnOnce(&JobHandle) -> Result<Value, Problem> + Send>;

/// All jobs of a server. Clones are the same.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    keep: Arc<dyn Keep>,
    clock: Clock,
    live: Mutex<BTreeMap<JobId, Arc<Live>>>,
    /// One at a time works in a tenant: all of them write its archive.
    turns: Turns,
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").finish_non_exhaustive()
    }
}

impl Jobs {
    pub(crate) fn new(keep: Arc<dyn Keep>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            keep,
            clock,
            live: Mutex::default(),
            turns: Turns::default(),
        }))
    }

    /// Begins a job, or puts it behind the one that is at work in this tenant.
    ///
    /// # Errors
    /// Where too many wait, another of its kind does already, or it cannot be written down.
    pub fn begin(
        &self,
        kind: JobKind,
        tenant: &str,
        wanted_by: &str,
        plan: Option<&str>,
        work: Work,
    ) -> Result<Job, Problem> {
        let job = Job {
            id: JobId::new(self.0.clock.now()),
            kind,
            tenant: tenant.to_owned(),
            state: JobState::Waiting,
            wanted_by: wanted_by.to_owned(),
            plan: plan.map(str::to_owned),
            made_at: self.0.clock.now(),
            started_at: None,
            ended_at: None,
            progress: None,
            result: None,
            error: None,
        };
        let live = self.admit(&job)?;
        if let Err(problem) = self.write(&job) {
            self.lock().remove(&job.id);
            return Err(problem);
        }
        let turn = self.0.turns.take(tenant);
        let (jobs, at_work) = (self.clone(), Arc::clone(&live));
        let name = format!("job {kind:?}").to_lowercase();
        let started = std::thread::Builder::new()
            .name(name)
            .spawn(move || jobs.run(&at_work, &turn, work));
        if let Err(error) = started {
            self.lock().remove(&job.id);
            return Err(Problem::bug(format!("a thread cannot be started: {error}")));
        }
        Ok(job)
    }

    fn admit(&self, job: &Job) -> Result<Arc<Live>, Problem> {
        let mut live = self.lock();
        let others: Vec<Job> = live
            .values()
            .map(|other| other.job())
            .filter(|other| other.tenant == job.tenant && !other.state.is_final())
            .collect();
        let same = |other: &&Job| {
            (other.kind, &other.plan) == (job.kind, &job.plan) && other.kind != JobKind::Plan
        };
        if let Some(other) = others.iter().find(same) {
            return Err(Problem::new(
                Code::JobRunning,
                format!("job {} does that already", other.id),
            )
            .with("job", other.id.as_str()));
        }
        if others.len() >= WAITING {
            return Err(Problem::new(
                Code::Busy,
                format!("{} jobs wait in this tenant already", others.len()),
            )
            .retry_after(std::time::Duration::from_mins(1)));
        }
        let entry = Arc::new(Live::new(job.clone()));
        live.insert(job.id.clone(), Arc::clone(&entry));
        Ok(entry)
    }

    fn run(&self, live: &Arc<Live>, turn: &Turn, work: Work) {
        turn.wait();
        let handle = JobHandle {
            live: Arc::clone(live),
        };
        if handle.is_cancelled() {
            self.end(live, JobState::Cancelled, None, None);
            return;
        }
        live.change(|job, events| {
            job.state = JobState::Running;
            job.started_at = Some(self.0.clock.now());
            events.state(job);
        });
        self.write_or_warn(&live.job());
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&handle)));
        match worked {
            Ok(Ok(result)) => self.end(live, JobState::Done, Some(result), None),
            Ok(Err(_)) if handle.is_cancelled() => self.end(live, JobState::Cancelled, None, None),
            Ok(Err(problem)) => self.failed(live, &problem),
            Err(_) => self.failed(live, &Problem::bug("the job's thread panicked")),
        }
    }

    fn failed(&self, live: &Live, problem: &Problem) {
        if let Some(told) = problem.told_to_log() {
            tracing::error!(job = %live.job().id, code = problem.code().word(), "{told}");
        }
        self.end(live, JobState::Failed, None, Some(problem.document(None)));
    }

    fn end(&self, live: &Live, state: JobState, result: Option<Value>, error: Option<Value>) {
        let mut ended = live.job();
        ended.state = state;
        ended.ended_at = Some(self.0.clock.now());
        ended.result = result;
        ended.error = error;
        // Written before it is told: who hears of an end finds it after a crash too.
        self.write_or_warn(&ended);
        self.forget_old(&ended.tenant);
        live.change(|job, events| {
            *job = ended;
            events.state(job);
        });
        let mut all = self.lock();
        let over: Vec<JobId> = all
            .iter()
            .filter(|(_, live)| live.job().state.is_final())
            .map(|(id, _)| id.clone())
            .collect();
        for id in over.iter().take(over.len().saturating_sub(IN_MEMORY)) {
            all.remove(id);
        }
    }

    /// A job of a tenant; `None` where there is none of that id.
    pub fn get(&self, tenant: &str, id: &JobId) -> Result<Option<Job>, Problem> {
        let live = self.lock().get(id).cloned();
        match live.map(|live| live.job()) {
            Some(job) => Ok((job.tenant == tenant).then_some(job)),
            None => self.read(tenant, &name(id)),
        }
    }

    /// Jobs of a tenant, the newest first.
    pub fn list(&self, tenant: &str) -> Result<Vec<Job>, Problem> {
        let mut names = self.0.keep.list(tenant, FOLDER)?;
        names.sort();
        let mut jobs = Vec::with_capacity(names.len());
        for name in names.iter().rev() {
            let id = name.rsplit('/').next().and_then(|id| id.parse().ok());
            let Some(id) = id else { continue };
            if let Some(job) = self.get(tenant, &id)? {
                jobs.push(job);
            }
        }
        Ok(jobs)
    }

    /// Says that nobody wants a job any more; it ends when it next looks.
    ///
    /// # Errors
    /// Where it has ended already.
    pub fn cancel(&self, tenant: &str, id: &JobId) -> Result<Option<Job>, Problem> {
        let Some(job) = self.get(tenant, id)? else {
            return Ok(None);
        };
        if job.state.is_final() {
            return Err(Problem::new(
                Code::JobEnded,
                format!("job {id} has ended already"),
            ));
        }
        if let Some(live) = self.lock().get(id) {
            live.cancel();
        }
        Ok(Some(job))
    }

    /// Says so of all, and how many are still at work: for a server that is being stopped.
    #[must_use]
    pub fn cancel_all(&self) -> usize {
        let live = self.lock();
        let working = live.values().filter(|live| !live.job().state.is_final());
        working.map(|live| live.cancel()).count()
    }

    /// Jobs that have not ended, by tenant and kind.
    pub(crate) fn counts(&self) -> Vec<(String, &'static str, i64)> {
        let mut counts: BTreeMap<(String, &'static str), i64> = BTreeMap::new();
        let live: Vec<Arc<Live>> = self.lock().values().cloned().collect();
        for job in live.iter().map(|live| live.job()) {
            if !job.state.is_final() {
                *counts.entry((job.tenant, job.kind.word())).or_default() += 1;
            }
        }
        let flat = counts
            .into_iter()
            .map(|((tenant, kind), count)| (tenant, kind, count));
        flat.collect()
    }

    /// What happens to a job after an event of that number, until it ends. A job whose events are not in memory
    /// any more is told by its state alone.
    ///
    /// `None` where there is no such job.
    pub fn watch(
        &self,
        tenant: &str,
        id: &JobId,
        after: u64,
    ) -> Result<Option<BoxStream<'static, JobEvent>>, Problem> {
        let Some(job) = self.get(tenant, id)? else {
            return Ok(None);
        };
        let live = self.lock().get(id).cloned();
        let live = live.unwrap_or_else(|| Arc::new(Live::new(job)));
        let news = live.news.subscribe();
        let events = futures::stream::unfold(
            (live, news, after, Vec::new().into_iter(), false),
            |(live, mut news, mut after, mut ready, mut over)| async move {
                loop {
                    if let Some(event) = ready.next() {
                        let event: JobEvent = event;
                        after = event.number;
                        return Some((event, (live, news, after, ready, over)));
                    }
                    if over {
                        return None;
                    }
                    news.borrow_and_update();
                    {
                        let state = live.lock();
                        ready = state.1.after(after).into_iter();
                        over = state.0.state.is_final();
                    }
                    if ready.len() == 0 && !over && news.changed().await.is_err() {
                        return None;
                    }
                }
            },
        );
        Ok(Some(events.boxed()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<JobId, Arc<Live>>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, tenant: &str, name: &str) -> Result<Option<Job>, Problem> {
        let Some(text) = self.0.keep.read(tenant, name)? else {
            return Ok(None);
        };
        let mut job: Job = serde_json::from_slice(&text)
            .map_err(|error| Problem::bug(format!("job {name} cannot be read: {error}")))?;
        // It had not ended, and is not at work here.
        if !job.state.is_final() {
            job.state = JobState::Interrupted;
        }
        Ok(Some(job))
    }

    fn write(&self, job: &Job) -> Result<(), Problem> {
        let text = serde_json::to_vec(job).expect("because a job is made of JSON");
        self.0.keep.write(&job.tenant, &name(&job.id), &text)
    }

    fn write_or_warn(&self, job: &Job) {
        if let Err(problem) = self.write(job) {
            let told = problem.told_to_log().unwrap_or(problem.detail());
            tracing::warn!(job = %job.id, "what became of it could not be written: {told}");
        }
    }

    fn forget_old(&self, tenant: &str) {
        let Ok(names) = self.0.keep.list(tenant, FOLDER) else {
            return;
        };
        for name in names.iter().take(names.len().saturating_sub(KEPT)) {
            let _ = self.0.keep.delete(tenant, name);
        }
    }
}

fn name(id: &JobId) -> String {
    format!("{FOLDER}/{id}")
}
