//! The schedule of one tenant, as long as the server runs.

use std::sync::Arc;
use std::time::Duration;

use collector::{Due, Timing};
use futures::StreamExt;
use jiff::Timestamp;

use super::{SCHEDULE, begin};
use crate::fleet::Served;
use crate::jobs::{Job, JobState};
use crate::state::AppState;

/// Longest time that is slept at once: a machine that was suspended or whose clock was set is noticed.
const NAP: Duration = Duration::from_secs(30);

/// Takes snapshots of a tenant as they are due, until the server is stopped.
pub(crate) async fn keep_schedule(state: AppState, served: Arc<Served>) {
    let Some(collecting) = served.options().collecting.clone() else {
        return;
    };
    let opened = served.opened(&state.engine).await.ok();
    let newest = opened.and_then(|opened| {
        let snapshots = opened.archive().snapshots();
        snapshots.last().map(|newest| newest.taken_at)
    });
    let now = || (state.options.now)();
    let mut timing = Timing::new(collecting.every, collecting.whole.clone(), newest, now());
    while wait_until(&state, timing.due().at).await {
        let Due { full, .. } = timing.due();
        match run(&state, &served, full).await {
            JobState::Done => timing.succeeded(now(), full),
            JobState::Cancelled if *state.stopping().borrow() => return,
            _ => {
                timing.failed(now());
                let (tenant, at) = (&served.name, timing.due().at);
                tracing::warn!(%tenant, next_try = %at, "a scheduled snapshot was not taken");
            }
        }
    }
}

/// One run; how it ended.
async fn run(state: &AppState, served: &Arc<Served>, whole: bool) -> JobState {
    let begun = {
        let (state, served) = (state.clone(), Arc::clone(served));
        // Writing the job down waits for a disk.
        let begun = tokio::task::spawn_blocking(move || begin(&state, &served, SCHEDULE, whole));
        begun.await
    };
    match begun {
        Ok(Ok(job)) => ended(state, &job).await,
        Ok(Err(problem)) => {
            tracing::warn!(
                tenant = served.name,
                "no run was begun: {}",
                problem.detail()
            );
            JobState::Failed
        }
        Err(_) => JobState::Failed,
    }
}

/// Waits for the end of a job.
async fn ended(state: &AppState, job: &Job) -> JobState {
    let jobs = &state.guard.jobs;
    if let Ok(Some(mut events)) = jobs.watch(&job.tenant, &job.id, 0) {
        while events.next().await.is_some() {}
    }
    let found = jobs.get(&job.tenant, &job.id).ok().flatten();
    found.map_or(JobState::Failed, |job| job.state)
}

/// Waits; `false` where the server is being stopped.
async fn wait_until(state: &AppState, time: Timestamp) -> bool {
    let mut stopping = state.stopping();
    loop {
        if *stopping.borrow_and_update() {
            return false;
        }
        let left = time.duration_since((state.options.now)());
        if !left.is_positive() {
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(left.unsigned_abs().min(NAP)) => {}
            _ = stopping.changed() => {}
        }
    }
}
