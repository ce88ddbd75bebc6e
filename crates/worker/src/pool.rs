//! Workers, the statements that wait for them, and who gets which.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use query::Limits;
use store::Secrets;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::confine::Confinement;
use crate::error::{Error, Result};
use crate::message::Request;
use crate::process::{Fate, Process, Reply};
use crate::rows::Answer;

/// What a pool is made of.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// The program whose process calls [`crate::serve`].
    pub program: PathBuf,
    /// The arguments that make it do so.
    pub arguments: Vec<OsString>,
    /// The archive, a folder.
    pub archive: PathBuf,
    /// What opens it.
    pub secrets: Secrets,
    /// Workers: statements answered at the same time.
    pub workers: usize,
    /// Statements that may wait for a worker; more are refused as busy.
    pub waiting: usize,
    /// The most that any statement may take. A request may ask for less.
    pub limits: Limits,
    /// How long after its deadline a worker may take to say so itself before it is killed.
    pub grace: Duration,
}

impl PoolOptions {
    /// Two workers of this program over an archive, with limits fit for strangers: 512 MiB, 30 s, a million rows
    /// and 256 MiB of them.
    ///
    /// # Errors
    ///
    /// The path of the running program is unknown.
    pub fn new(archive: PathBuf, secrets: Secrets, arguments: Vec<OsString>) -> Result<Self> {
        let program = std::env::current_exe()
            .map_err(|e| Error::Start(format!("the path of this program is unknown: {e}")))?;
        Ok(Self {
            program,
            arguments,
            archive,
            secrets,
            workers: 2,
            waiting: 16,
            limits: Limits {
                memory_bytes: 512 << 20,
                disk_bytes: 0,
                time: Some(Duration::from_secs(30)),
                rows: Some(1_000_000),
                bytes: Some(256 << 20),
            },
            grace: Duration::from_millis(300),
        })
    }
}

/// What a pool did and does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Statements that run now.
    pub running: usize,
    /// Statements that wait for a worker.
    pub waiting: usize,
    /// Statements answered, failures included.
    pub answered: u64,
    /// Workers that were killed, or found dead, and replaced.
    pub killed: u64,
}

#[derive(Debug, Default)]
struct Counters {
    running: AtomicUsize,
    answered: AtomicU64,
    killed: AtomicU64,
}

struct Job {
    request: Request,
    reply: Reply,
}

/// Workers over one archive. Dropped, all of them end.
#[derive(Debug)]
pub struct Pool {
    jobs: mpsc::Sender<Job>,
    waiting: usize,
    limits: Limits,
    counters: Arc<Counters>,
    confinement: Confinement,
    /// Ends the workers with the pool.
    _workers: JoinSet<()>,
}

impl Pool {
    /// Starts the workers; returns when the first one is ready.
    ///
    /// # Errors
    ///
    /// The first worker cannot be started, or does not open the archive.
    pub async fn start(options: PoolOptions) -> Result<Self> {
        let first = Process::start(&options).await?;
        let confinement = first.confinement;
        let (jobs, queue) = mpsc::channel(options.waiting.max(1));
        let queue = Arc::new(Mutex::new(queue));
        let counters = Arc::new(Counters::default());
        let options = Arc::new(options);
        let mut workers = JoinSet::new();
        let mut ready = Some(first);
        for _ in 0..options.workers.max(1) {
            let place = Place {
                options: Arc::clone(&options),
                queue: Arc::clone(&queue),
                counters: Arc::clone(&counters),
            };
            workers.spawn(place.work(ready.take()));
        }
        Ok(Self {
            jobs,
            waiting: options.waiting.max(1),
            limits: options.limits,
            counters,
            confinement,
            _workers: workers,
        })
    }

    /// Has a statement answered by the next worker that is free.
    ///
    /// Its time begins when a worker takes it. Dropping the future, or the rows before their end, ends the
    /// statement.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] at once where as many statements wait as may; else whatever becomes of it.
    pub async fn run(&self, mut request: Request) -> Result<Answer> {
        request.limits = lesser(request.limits, self.limits);
        let (reply, answer) = oneshot::channel();
        self.jobs
            .try_send(Job { request, reply })
            .map_err(|e| match e {
                TrySendError::Full(_) => {
                    let stats = self.stats();
                    Error::Busy {
                        running: stats.running,
                        waiting: stats.waiting,
                    }
                }
                TrySendError::Closed(_) => closed(),
            })?;
        answer.await.map_err(|_| closed())?
    }

    /// What the pool did and does.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            running: self.counters.running.load(Ordering::Relaxed),
            waiting: self.waiting - self.jobs.capacity().min(self.waiting),
            answered: self.counters.answered.load(Ordering::Relaxed),
            killed: self.counters.killed.load(Ordering::Relaxed),
        }
    }

    /// How its workers are confined on this machine.
    #[must_use]
    pub fn confinement(&self) -> Confinement {
        self.confinement
    }
}

fn closed() -> Error {
    Error::Lost("the pool was closed".to_owned())
}

fn lesser(asked: Limits, most: Limits) -> Limits {
    let least = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
    Limits {
        memory_bytes: asked.memory_bytes.min(most.memory_bytes),
        disk_bytes: 0,
        time: asked.time.into_iter().chain(most.time).min(),
        rows: least(asked.rows, most.rows),
        bytes: least(asked.bytes, most.bytes),
    }
}

/// The place of one worker, which is filled again when it was killed.
struct Place {
    options: Arc<PoolOptions>,
    queue: Arc<Mutex<mpsc::Receiver<Job>>>,
    counters: Arc<Counters>,
}

impl Place {
    async fn work(self, mut ready: Option<Process>) {
        loop {
            // The next worker starts before anybody needs it.
            let started = match ready.take() {
                Some(process) => Ok(process),
                None => Process::start(&self.options).await,
            };
            let job = self.queue.lock().await.recv().await;
            let Some(job) = job else { return };
            match started {
                Ok(process) => ready = self.answer(process, job).await,
                // The next job may find the machine in a better state.
                Err(error) => drop(job.reply.send(Err(error))),
            }
        }
    }

    /// Answers a statement; returns the worker if it can take another.
    async fn answer(&self, mut process: Process, job: Job) -> Option<Process> {
        if job.reply.is_closed() {
            return Some(process);
        }
        self.counters.running.fetch_add(1, Ordering::Relaxed);
        let mut reply = Some(job.reply);
        let grace = self.options.grace;
        let mut fate = process.run(job.request.clone(), grace, &mut reply).await;
        if fate == Fate::Dead {
            // It died while nobody looked: another one answers.
            self.bury(process).await;
            match Process::start(&self.options).await {
                Ok(another) => {
                    process = another;
                    fate = process.run(job.request, grace, &mut reply).await;
                }
                Err(error) => {
                    if let Some(reply) = reply {
                        drop(reply.send(Err(error)));
                    }
                    self.done();
                    return None;
                }
            }
        }
        if fate == Fate::Keep {
            self.done();
            return Some(process);
        }
        if let Some(reply) = reply {
            drop(reply.send(Err(Error::Lost("it went away".to_owned()))));
        }
        self.bury(process).await;
        self.done();
        None
    }

    async fn bury(&self, process: Process) {
        process.kill().await;
        self.counters.killed.fetch_add(1, Ordering::Relaxed);
    }

    fn done(&self) {
        self.counters.running.fetch_sub(1, Ordering::Relaxed);
        self.counters.answered.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_than_the_pool_allows() {
        let most = Limits {
            memory_bytes: 100,
            disk_bytes: 0,
            time: Some(Duration::from_secs(10)),
            rows: None,
            bytes: Some(50),
        };
        let asked = Limits {
            memory_bytes: 200,
            disk_bytes: 7,
            time: None,
            rows: Some(3),
            bytes: Some(60),
        };
        let both = lesser(asked, most);
        assert_eq!((both.memory_bytes, both.disk_bytes), (100, 0));
        assert_eq!(both.time, Some(Duration::from_secs(10)));
        assert_eq!((both.rows, both.bytes), (Some(3), Some(50)));
    }
}
