//! The worker: reads statements, writes rows, one after the other, until its input ends.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arrow::ipc::writer::StreamWriter;
use jiff::Timestamp;
use query::{Answer, Session, SessionOptions, Source};
use store::{Archive, LocalStorage, Secrets, Storage};
use tokio::runtime::{Builder, Runtime};

use crate::confine::{Confinement, Meter, confine, limit_computing};
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::frame::{self, Kind};
use crate::message::{End, Opened, Pinned, Ready, WireRequest, WireSnapshot, bytes_of, parsed};

/// Stack of the thread that runs statements. Memory only as far as it is used.
const STACK_BYTES: usize = 128 << 20;
/// Stack of the threads that read tables.
const READER_STACK_BYTES: usize = 4 << 20;
/// What the address space may grow besides what a statement may take: stacks of readers, caches of the archive,
/// what the engine holds without accounting for it. A join of twelve tables took 75 MiB of it.
const OVERHEAD_BYTES: u64 = 384 << 20;
/// Replaced by each commit to the archive.
const CHECKPOINT: &str = "log/checkpoint";
/// How long the time that `-7d` is relative to may lag behind.
const MAX_AGE: Duration = Duration::from_mins(1);

/// Runs a worker until its input ends; `main` does nothing else in such a process.
///
/// Reads frames from standard input and writes them to standard output. What goes wrong with a statement is a
/// frame; the exit code is a failure only where the parent could not be understood or reached.
#[must_use]
pub fn serve() -> ExitCode {
    // A panic is told in the answer. What it says may be somebody's data: it stays out of logs.
    std::panic::set_hook(Box::new(|_| {}));
    let run = || Worker::begin(std::io::stdin(), std::io::stdout());
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn io(error: &std::io::Error) -> Error {
    Error::Lost(error.to_string())
}

/// An open archive.
struct Opening {
    storage: Arc<dyn Storage>,
    secrets: Secrets,
    source: Arc<Source>,
    checkpoint: Vec<u8>,
    since: Instant,
}

impl Opening {
    fn new(storage: Arc<dyn Storage>, secrets: Secrets) -> query::Result<Self> {
        let checkpoint = storage.read(CHECKPOINT).unwrap_or_default();
        let archive = Archive::open(Arc::clone(&storage), &secrets)?;
        Ok(Self {
            source: Source::new(Arc::new(archive), Timestamp::now()),
            storage,
            secrets,
            checkpoint,
            since: Instant::now(),
        })
    }

    /// The archive as it is now: somebody may have committed since.
    fn renewed(&mut self) -> query::Result<&Arc<Source>> {
        let checkpoint = self.storage.read(CHECKPOINT)?;
        if checkpoint != self.checkpoint {
            *self = Self::new(Arc::clone(&self.storage), self.secrets.clone())?;
        } else if self.since.elapsed() > MAX_AGE {
            self.source = Source::new(Arc::clone(self.source.archive()), Timestamp::now());
            self.since = Instant::now();
        }
        Ok(&self.source)
    }
}

struct Worker<R, W> {
    input: R,
    output: W,
    runtime: Runtime,
    opening: Opening,
}

impl<R: Read + Send + 'static, W: Write + Send + 'static> Worker<R, W> {
    fn begin(mut input: R, mut output: W) -> Result<()> {
        let Some(frame) = frame::read(&mut input).map_err(|e| io(&e))? else {
            return Ok(());
        };
        let mut opened: Opened = parsed(&frame.payload)?;
        drop(frame);
        let meter = Meter::open();
        let confinement = confine(&opened.archive);
        let work = move || {
            let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(&opened.archive));
            let opening = match Opening::new(storage, opened.secrets()) {
                Ok(opening) => opening,
                Err(error) => return tell(&mut output, &error),
            };
            let memory = meter.limit_growth(opened.memory_bytes as u64 + OVERHEAD_BYTES);
            let ready = Ready {
                confinement: Confinement {
                    memory,
                    ..confinement
                },
            };
            let message = bytes_of(&ready)?;
            frame::write(&mut output, Kind::Ready, &message).map_err(|e| io(&e))?;
            let worker = Self {
                input,
                output,
                runtime: runtime()?,
                opening,
            };
            worker.work()
        };
        let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(work);
        let thread = thread.map_err(|e| io(&e))?;
        thread
            .join()
            .map_err(|_| Error::Lost("it panicked".to_owned()))?
    }

    fn work(mut self) -> Result<()> {
        while let Some(frame) = frame::read(&mut self.input).map_err(|e| io(&e))? {
            let request: WireRequest = parsed(&frame.payload)?;
            if let Some(time) = request.limits().time {
                limit_computing(time.as_secs().saturating_add(1));
            }
            if let Err(error) = self.answer(&request) {
                match error {
                    Error::Statement(error) => tell(&mut self.output, &error)?,
                    other => return Err(other),
                }
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: &WireRequest) -> Result<()> {
        let options = SessionOptions {
            as_of: request.as_of.clone(),
            limits: request.limits(),
        };
        let mut session = Session::new(self.opening.renewed()?, options)?;
        let output = &mut self.output;
        self.runtime.block_on(async {
            match session.run(&request.sql, &request.parameters).await? {
                Answer::Rows(rows) => send(output, rows).await,
                Answer::Pinned(snapshot) => {
                    let snapshot = snapshot.as_ref().map(WireSnapshot::from);
                    let message = bytes_of(&Pinned { snapshot })?;
                    frame::write(output, Kind::Pinned, &message).map_err(|e| io(&e))
                }
            }
        })
    }
}

/// One thread computes; the others read tables and mostly wait.
fn runtime() -> Result<Runtime> {
    Builder::new_current_thread()
        .enable_time()
        .thread_stack_size(READER_STACK_BYTES)
        .build()
        .map_err(|e| io(&e))
}

fn tell(output: &mut impl Write, error: &query::Error) -> Result<()> {
    let message = bytes_of(&Failure::from(error))?;
    frame::write(output, Kind::Failure, &message).map_err(|e| io(&e))
}

async fn send(output: &mut impl Write, mut rows: query::Rows) -> Result<()> {
    let unwritable = |e: arrow::error::ArrowError| {
        Error::Statement(query::Error::Internal(format!(
            "the rows cannot be written: {e}"
        )))
    };
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema).map_err(unwritable)?;
    let mut flush = |writer: &mut StreamWriter<Vec<u8>>| {
        let bytes = std::mem::take(writer.get_mut());
        frame::write_all(output, Kind::Rows, &bytes).map_err(|e| io(&e))
    };
    // The schema alone goes first with the first rows: what fails by then leaves no half answer.
    while let Some(batch) = rows.next().await? {
        writer.write(&batch).map_err(unwritable)?;
        flush(&mut writer)?;
    }
    writer.finish().map_err(unwritable)?;
    flush(&mut writer)?;
    let message = bytes_of(&End::from(&rows.provenance()?))?;
    frame::write(output, Kind::End, &message).map_err(|e| io(&e))
}
