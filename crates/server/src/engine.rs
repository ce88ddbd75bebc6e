//! Threads on which answers are made, apart from those that speak HTTP.
//!
//! Planning a statement and encoding its rows compute for milliseconds at a time. On the threads that serve
//! connections that would keep every other request waiting.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};
use crate::problem::Problem;

/// Stack of the threads. Memory only as far as it is used.
const STACK_BYTES: usize = 8 << 20;

/// The threads.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Taken at the end: it must not be dropped where a future is polled.
    runtime: Option<Runtime>,
}

impl Engine {
    /// Starts as many threads as the machine has processors, at least two.
    pub(crate) fn start() -> Result<Self> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(2))
            .thread_stack_size(STACK_BYTES)
            .thread_name("entrace-engine")
            .enable_all()
            .build();
        let runtime = runtime.map_err(|source| Error::System {
            what: "threads for answers cannot be started",
            source,
        })?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }

    fn runtime(&self) -> std::result::Result<&Runtime, Problem> {
        self.runtime
            .as_ref()
            .ok_or_else(|| Problem::bug("the engine's threads have ended"))
    }

    /// Works on an answer there. Dropped, the work goes on to its next await and ends.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = std::result::Result<T, Problem>> + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn_on(work, self.runtime()?.handle());
        joined(tasks.join_next().await)
    }

    /// Does work there that waits for files.
    pub(crate) async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, Problem> + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let task = self.runtime()?.spawn_blocking(work);
        joined(Some(task.await))
    }

    /// Begins work that nobody waits for; it ends with the engine.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            drop(runtime.spawn(work));
        }
    }
}

fn joined<T>(
    ended: Option<std::result::Result<std::result::Result<T, Problem>, tokio::task::JoinError>>,
) -> std::result::Result<T, Problem> {
    match ended {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => Err(Problem::bug(format!("an answer was given up: {error}"))),
        None => Err(Problem::bug("an answer was never begun")),
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
