//! One worker as its parent sees it.

use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use arrow::buffer::Buffer;
use arrow::ipc::reader::StreamDecoder;
use query::{Limits, Provenance};
use store::Snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use crate::confine::Confinement;
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::frame::{self, Frame, Kind};
use crate::message::{End, Opening, Pinned, Ready, Request, WireRequest, bytes_of, parsed};
use crate::pool::PoolOptions;
use crate::rows::{Answer, Piece, Rows};

/// Batches that wait for whoever asked.
const WAITING_BATCHES: usize = 2;
/// What is read of the last words of a worker.
const LAST_WORDS_BYTES: usize = 4096;
/// How long an archive may take to open.
const OPENING: Duration = Duration::from_mins(2);
/// Rows on the wire may take this much more than they do in memory.
const WIRE_BYTES: u64 = 1 << 20;

/// A child process with the archive open.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    errors: Option<ChildStderr>,
    pub(crate) confinement: Confinement,
}

/// Whether a worker can take another statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It answered and waits.
    Keep,
    /// It must be killed: it is still at work, or in a state nobody knows.
    Kill,
    /// It could not even be asked: the statement is still to be answered.
    Dead,
}

/// Where an answer goes.
pub(crate) type Reply = oneshot::Sender<Result<Answer>>;

impl Process {
    /// Starts a worker and waits until it has opened the archive.
    pub(crate) async fn start(options: &PoolOptions) -> Result<Self> {
        let mut command = Command::new(&options.program);
        command
            .args(&options.arguments)
            .env_clear()
            // More of glibc's arenas would only reserve more of the limited address space.
            .env("MALLOC_ARENA_MAX", "2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let program = options.program.display();
        let mut child = command
            .spawn()
            .map_err(|e| Error::Start(format!("{program}: {e}")))?;
        let no_pipe = || Error::Start(format!("{program}: it has no pipes"));
        let mut process = Self {
            input: child.stdin.take().ok_or_else(no_pipe)?,
            output: child.stdout.take().ok_or_else(no_pipe)?,
            errors: child.stderr.take(),
            child,
            confinement: Confinement::default(),
        };
        let opening = Opening::new(
            &options.archive,
            &options.secrets,
            options.limits.memory_bytes,
        );
        let opened = timeout(OPENING, process.open(&opening)).await;
        match opened {
            Ok(Ok(ready)) => process.confinement = ready.confinement,
            Ok(Err(Error::Lost(reason))) => {
                let last = process.last_words().await;
                return Err(Error::Start(format!("{program}: {reason}{last}")));
            }
            Ok(Err(other)) => return Err(other),
            Err(_) => {
                let seconds = OPENING.as_secs();
                return Err(Error::Start(format!(
                    "{program}: the archive was not open after {seconds} s"
                )));
            }
        }
        Ok(process)
    }

    async fn open(&mut self, opening: &Opening<'_>) -> Result<Ready> {
        self.write(Kind::Opening, &bytes_of(opening)?).await?;
        let frame = self.read().await?;
        match frame.kind {
            Kind::Ready => parsed(&frame.payload),
            Kind::Failure => Err(failure(&frame)?),
            _ => Err(Error::garbled("it is not ready")),
        }
    }

    async fn write(&mut self, kind: Kind, payload: &[u8]) -> Result<()> {
        let bytes = frame::encoded(kind, payload).map_err(|e| lost(&e))?;
        let bytes = zeroize::Zeroizing::new(bytes);
        self.input.write_all(&bytes).await.map_err(|e| lost(&e))?;
        self.input.flush().await.map_err(|e| lost(&e))
    }

    async fn read(&mut self) -> Result<Frame> {
        frame::receive(&mut self.output).await.map_err(|e| lost(&e))
    }

    /// Ends the process and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        // It may be gone already.
        let _ = self.child.kill().await;
    }

    /// Has a statement answered. `reply` is closed by whoever does not want the answer any more.
    pub(crate) async fn run(
        &mut self,
        request: Request,
        grace: Duration,
        reply: &mut Option<Reply>,
    ) -> Fate {
        let limits = request.limits;
        let message = match bytes_of(&WireRequest::new(request)) {
            Ok(message) if message.len() <= frame::MAX_PAYLOAD_BYTES => message,
            Ok(_) => {
                let text = "the statement and its parameters are longer than 1 MiB".to_owned();
                give(reply, Err(query::Error::Limit(text).into()));
                return Fate::Keep;
            }
            Err(error) => {
                give(reply, Err(error));
                return Fate::Keep;
            }
        };
        if self.write(Kind::Request, &message).await.is_err() {
            return Fate::Dead;
        }
        let deadline = limits.time.map(|time| Instant::now() + time + grace);
        let mut running = Running {
            limits,
            deadline,
            decoder: StreamDecoder::new(),
            sender: None,
            received_bytes: 0,
        };
        match running.answer(self, reply).await {
            Ok(fate) => fate,
            Err(error) => {
                let error = match error {
                    Error::Lost(reason) => self.autopsy(reason, &limits).await,
                    other => other,
                };
                running.give(reply, Err(error));
                Fate::Kill
            }
        }
    }

    /// Why a worker went away in the middle of a statement.
    async fn autopsy(&mut self, reason: String, limits: &Limits) -> Error {
        let Ok(Ok(status)) = timeout(Duration::from_secs(1), self.child.wait()).await else {
            return Error::Lost(reason);
        };
        let words = self.last_words().await;
        if words.contains("memory allocation") {
            let mebibytes = limits.memory_bytes >> 20;
            return limit(format!(
                "the statement needs more memory than it may use, {mebibytes} MiB: ask for less or raise the limit"
            ));
        }
        if is_cpu_limit(status) {
            return too_long(limits);
        }
        Error::Lost(format!("{status}{words}"))
    }

    /// The first line of what a worker wrote before it ended, as the end of a sentence.
    async fn last_words(&mut self) -> String {
        let Some(errors) = self.errors.take() else {
            return String::new();
        };
        let mut bytes = Vec::new();
        let mut errors = errors.take(LAST_WORDS_BYTES as u64);
        let _ = timeout(Duration::from_secs(1), errors.read_to_end(&mut bytes)).await;
        let text = String::from_utf8_lossy(&bytes);
        let line = text.lines().find(|line| !line.trim().is_empty());
        line.map_or_else(String::new, |line| format!(": {}", line.trim()))
    }
}

/// One statement in a worker.
struct Running {
    limits: Limits,
    deadline: Option<Instant>,
    decoder: StreamDecoder,
    /// Where rows go, once the columns are known.
    sender: Option<mpsc::Sender<Result<Piece>>>,
    received_bytes: u64,
}

impl Running {
    async fn answer(&mut self, process: &mut Process, reply: &mut Option<Reply>) -> Result<Fate> {
        loop {
            let frame = tokio::select! {
                frame = process.read() => frame?,
                () = unwanted(reply, self.sender.as_ref()) => return Ok(Fate::Kill),
                () = reached(self.deadline) => return Err(too_long(&self.limits)),
            };
            match frame.kind {
                Kind::Rows => {
                    if !self.rows(frame.payload, reply).await? {
                        return Ok(Fate::Kill);
                    }
                }
                Kind::End => {
                    let end: End = parsed(&frame.payload)?;
                    let end = Piece::End(Provenance::try_from(end)?);
                    return Ok(if self.hand_over(end).await? {
                        Fate::Keep
                    } else {
                        Fate::Kill
                    });
                }
                Kind::Pinned => {
                    let pinned: Pinned = parsed(&frame.payload)?;
                    let snapshot = pinned.snapshot.map(Snapshot::try_from).transpose()?;
                    give(reply, Ok(Answer::Pinned(snapshot)));
                    return Ok(Fate::Keep);
                }
                Kind::Failure => {
                    let error = failure(&frame)?;
                    let fate = fate_after(&error);
                    self.give(reply, Err(error));
                    return Ok(fate);
                }
                _ => return Err(Error::garbled("that is no answer")),
            }
        }
    }

    /// Takes a piece of the stream; `false`: nobody wants it any more.
    async fn rows(&mut self, payload: Vec<u8>, reply: &mut Option<Reply>) -> Result<bool> {
        self.received_bytes += payload.len() as u64;
        if let Some(bytes) = self.limits.bytes
            && self.received_bytes > bytes.saturating_mul(2).saturating_add(WIRE_BYTES)
        {
            return Err(limit(format!(
                "the answer takes more than {bytes} bytes, the limit: ask for less or raise it"
            )));
        }
        let mut buffer = Buffer::from_vec(payload);
        while !buffer.is_empty() {
            let batch = self.decoder.decode(&mut buffer);
            let batch = batch.map_err(|e| Error::garbled(&e.to_string()))?;
            if self.sender.is_none()
                && let Some(schema) = self.decoder.schema()
            {
                let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
                self.sender = Some(sender);
                give(reply, Ok(Answer::Rows(Rows::new(schema, receiver))));
            }
            if let Some(batch) = batch
                && !self.hand_over(Piece::Batch(batch)).await?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn hand_over(&mut self, piece: Piece) -> Result<bool> {
        let Some(sender) = &self.sender else {
            return Err(Error::garbled("rows without columns"));
        };
        tokio::select! {
            sent = sender.send(Ok(piece)) => Ok(sent.is_ok()),
            () = reached(self.deadline) => Err(too_long(&self.limits)),
        }
    }

    /// Tells whoever asked, wherever they are waiting by now.
    fn give(&mut self, reply: &mut Option<Reply>, answer: Result<Answer>) {
        match (self.sender.take(), answer) {
            (Some(sender), Err(error)) => {
                // Whoever asked may take their time; the worker's place is needed.
                tokio::spawn(async move { sender.send(Err(error)).await });
            }
            (_, answer) => give(reply, answer),
        }
    }
}

fn give(reply: &mut Option<Reply>, answer: Result<Answer>) {
    if let Some(reply) = reply.take() {
        // Nobody may be waiting any more.
        let _ = reply.send(answer);
    }
}

/// Returns when nobody waits for the answer any more.
async fn unwanted(reply: &mut Option<Reply>, sender: Option<&mpsc::Sender<Result<Piece>>>) {
    match (reply, sender) {
        (Some(reply), _) => reply.closed().await,
        (None, Some(sender)) => sender.closed().await,
        (None, None) => std::future::pending().await,
    }
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A worker that met a limit may still be at work on threads of its own, and one with a bug is not trusted.
fn fate_after(error: &Error) -> Fate {
    match error {
        Error::Statement(
            query::Error::Invalid(_) | query::Error::NotFound(_) | query::Error::Ambiguous { .. },
        ) => Fate::Keep,
        _ => Fate::Kill,
    }
}

fn failure(frame: &Frame) -> Result<Error> {
    let failure: Failure = parsed(&frame.payload)?;
    Ok(Error::Statement(failure.into()))
}

fn lost(error: &std::io::Error) -> Error {
    Error::Lost(match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => "it went away".to_owned(),
        _ => error.to_string(),
    })
}

fn limit(reason: String) -> Error {
    Error::Statement(query::Error::Limit(reason))
}

fn too_long(limits: &Limits) -> Error {
    let seconds = limits.time.unwrap_or_default().as_secs_f64();
    limit(format!(
        "the statement took longer than {seconds} s, the limit, and was ended: ask for less or raise it"
    ))
}

#[cfg(unix)]
fn is_cpu_limit(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(nix::libc::SIGXCPU)
}

#[cfg(not(unix))]
fn is_cpu_limit(_: ExitStatus) -> bool {
    false
}
