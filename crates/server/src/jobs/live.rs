//! A job at work: its state, who watches it, and whether somebody still wants it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::job::Job;
use super::watching::Events;

/// A job whose events are in memory.
pub(super) struct Live {
    state: Mutex<(Job, Events)>,
    /// Moves on with each event.
    pub(super) news: watch::Sender<u64>,
    cancelled: AtomicBool,
}

/// What a job at work has: a way to say how far it is, and to hear that nobody wants it any more.
pub struct JobHandle {
    pub(super) live: Arc<Live>,
}

impl std::fmt::Debug for JobHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobHandle").finish_non_exhaustive()
    }
}

impl JobHandle {
    /// Whether somebody wants it to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.live.cancelled.load(Ordering::Relaxed)
    }

    /// Says how far it is.
    pub fn progress(&self, progress: Value) {
        self.live.change(|job, events| {
            job.progress = Some(progress);
            events.progress(job);
        });
    }
}

impl collector::CollectMonitor for JobHandle {
    fn report(&self, progress: &collector::CollectProgress<'_>) {
        let (finished, of) = progress.kinds;
        self.progress(json!({
            "kind": progress.kind,
            "kinds_finished": finished,
            "kinds": of,
            "objects": progress.objects,
            "requests": progress.requests,
            "throttled": progress.throttled,
        }));
    }

    fn cancelled(&self) -> bool {
        self.is_cancelled()
    }
}

impl Live {
    /// A job of which nothing has been told yet.
    pub(super) fn new(job: Job) -> Self {
        let mut events = Events::default();
        events.state(&job);
        Self {
            state: Mutex::new((job, events)),
            news: watch::Sender::new(0),
            cancelled: AtomicBool::new(false),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, (Job, Events)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Job, &mut Events)) {
        let mut state = self.lock();
        let (job, events) = &mut *state;
        change(job, events);
        drop(state);
        self.news.send_modify(|number| *number += 1);
    }

    pub(super) fn job(&self) -> Job {
        self.lock().0.clone()
    }
}
