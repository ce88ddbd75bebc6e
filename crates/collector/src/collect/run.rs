//! One run: who is asked for what, what is written when, and what is remembered.

use std::collections::BTreeMap;
use std::time::Duration;

use catalog::Kind;
use graph::{Api, Client, Figures, Get, MeterReport};
use jiff::{SignedDuration, Timestamp};
use model::is_guid;
use store::{
    Archive, Commit, CoverageState, Finding, KindRecord, RecordId, SnapshotNumber, Source, Writer,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::memory::{Lesson, Memory};
use super::message::{Message, Mode, Outcome};
use super::plan::{self, Plan, Situation};
use super::reader::{Limits, Reader, SIZE_KIND};
use super::resume::Resumed;
use super::spool::{Head, Spool};
use super::taker::Taker;
use crate::error::{Error, Result};
use crate::intake::{Intake, IntakeOptions, Known};

/// Bundles of pages on their way from the reading to the writing side: each is a page of a list, or what
/// a batch brought.
const ON_THE_WAY: usize = 8;
/// How often somebody who waits for Graph looks up.
const PATIENCE: Duration = Duration::from_millis(250);
/// A run that was left unfinished longer ago is begun anew: what it read is too old to be one state.
const STALE: SignedDuration = SignedDuration::from_hours(24);

/// What to collect, and how.
#[derive(Debug, Clone)]
pub struct CollectRequest {
    /// The kinds to read.
    pub kinds: Vec<&'static Kind>,
    /// The choice in the words it was made in, for the record (`all`, `@default,-device`).
    pub selection: String,
    /// Read everything whole, whatever is remembered.
    pub full: bool,
    /// How long changes alone are trusted before everything is read whole and compared.
    pub full_every: SignedDuration,
    /// Go on with a run that was left unfinished.
    pub resume: bool,
    /// Most requests to make; what is not read then is said to be partial.
    pub max_requests: Option<u64>,
    /// How long reading one kind may take.
    pub kind_time: Duration,
    /// Take a kind of which nothing is left as deleted.
    pub accept_deletions: bool,
    /// When the tenant is in the state that is read; by default when reading begins, by its own clock.
    pub taken_at: Option<Timestamp>,
}

impl CollectRequest {
    /// All of these kinds, with the usual limits: a full read every 7 days, two hours a kind.
    #[must_use]
    pub fn new(kinds: Vec<&'static Kind>, selection: impl Into<String>) -> Self {
        Self {
            kinds,
            selection: selection.into(),
            full: false,
            full_every: SignedDuration::from_hours(24 * 7),
            resume: false,
            max_requests: None,
            kind_time: Duration::from_hours(2),
            accept_deletions: false,
            taken_at: None,
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct CollectProgress<'a> {
    /// The kind read last; empty while the snapshot is being made.
    pub kind: &'a str,
    /// Kinds finished, of how many.
    pub kinds: (u64, u64),
    /// Objects taken, unchanged ones included.
    pub objects: u64,
    /// Requests made.
    pub requests: u64,
    /// Answers that said "too many requests".
    pub throttled: u64,
}

/// Told about progress and asked whether to go on. Both have answers that do nothing.
pub trait CollectMonitor {
    /// Called after each page.
    fn report(&self, progress: &CollectProgress<'_>) {
        let _ = progress;
    }

    /// Whether to stop. What was read stays on disk, for a run that goes on.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody listens.
impl CollectMonitor for () {}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct CollectReport {
    /// Number of the snapshot.
    pub number: SnapshotNumber,
    /// Its id.
    pub id: RecordId,
    /// When the tenant was in this state, by its own clock.
    pub taken_at: Timestamp,
    /// Whether it is a new snapshot; the same state of the same moment is not stored twice.
    pub is_new: bool,
    /// What it says of each kind.
    pub kinds: Vec<CollectedKind>,
    /// Bytes it added to the archive.
    pub bytes_added: u64,
    /// Requests, resource units, retries and bytes of this run, by kind.
    pub meter: MeterReport,
    /// The tenant's clock minus ours.
    pub clock_skew: Option<SignedDuration>,
    /// Whether it went on with a run that was left unfinished.
    pub resumed: bool,
    /// A run that was left unfinished and thrown away, by when it began.
    pub discarded: Option<Timestamp>,
}

/// What a run says of a kind.
#[derive(Debug, Clone)]
pub struct CollectedKind {
    /// Name of the kind.
    pub kind: String,
    /// How completely it was read.
    pub state: CoverageState,
    /// Why the state is not `complete`.
    pub reason: Option<String>,
    /// Objects alive.
    pub alive: u64,
    /// Versions stored for the first time.
    pub new_versions: u64,
    /// Versions alive now and not before.
    pub opened: u64,
    /// Versions alive before and not now.
    pub closed: u64,
    /// What there was to say about single objects.
    pub findings: Vec<Finding>,
    /// Whether more should have been read than was: a refusal, a failure, an end before the end.
    pub is_lacking: bool,
}

/// Reads a tenant into a snapshot. Blocks the thread; requests are made on `runtime`.
///
/// A kind that cannot be read never fails the run: its coverage says so.
///
/// # Errors
/// [`Error::Graph`] where not even a token can be had, [`Error::Tenant`] where the token is for another
/// tenant than the archive, [`Error::Cancelled`] where the monitor said so, [`Error::Store`].
pub fn collect(
    writer: &mut Writer,
    client: &Client,
    runtime: &Handle,
    request: &CollectRequest,
    monitor: &dyn CollectMonitor,
) -> Result<CollectReport> {
    // A client may have made runs before this one.
    let before = client.meter().snapshot();
    let identity = runtime.block_on(client.identity())?;
    check_tenant(writer, identity.tenant.as_deref())?;
    runtime.block_on(set_clock(client));
    let begun = Begun::new(writer, client, request)?;
    let mut memory = Memory::load(writer.archive())?;
    let reader = plan::Reader::new(&identity);
    let plan = planned(writer, &reader, request, &memory, begun.taken_at);
    tell_size(writer.archive(), client);
    let known = Known::new(writer.archive())?;
    let source = Source {
        kind: "graph".to_owned(),
        name: request.selection.clone(),
        ..Source::default()
    };
    let options = IntakeOptions {
        collected: true,
        ..IntakeOptions::default()
    };
    let snapshot = writer.begin(begun.taken_at, source)?;
    let mut run = Run {
        taker: Taker::new(Intake::new(snapshot, options, &known)),
        spool: Spool::default(),
        client,
        monitor,
        total: plan.steps.len() as u64,
        done: 0,
        kind: String::new(),
        before: before.total,
    };
    let resumed = run.begin(&begun)?;
    let limits = Limits {
        requests: request.max_requests,
        asked_before: before.total.requests,
        kind_time: request.kind_time,
    };
    let (out, inbox) = mpsc::channel(ON_THE_WAY);
    let reading = runtime.spawn(Reader::new(client.clone(), plan, out, limits, resumed).run());
    let listened = run.listen(runtime, inbox);
    reading.abort();
    listened?;
    let mut taker = run.taker;
    taker.end_untold(&request.kinds);
    taker.refuse_other_tenants()?;
    taker.refuse_nothing()?;
    taker.settle(request.accept_deletions)?;
    taker.leave_out(&request.kinds)?;
    let outcomes = taker.outcomes();
    taker.intake.digest.bytes(request.selection.as_bytes());
    let content = taker.intake.digest.finish();
    let commit = taker.intake.snapshot.commit(&content)?;
    let (number, id, record, bytes_added, is_new) = match commit {
        Commit::Made(summary) => {
            let snapshot = summary.snapshot;
            let kinds = summary.record.kinds;
            (
                snapshot.number,
                snapshot.id,
                kinds,
                summary.bytes_added,
                true,
            )
        }
        Commit::Unchanged(snapshot) => {
            let record = writer.archive().record(snapshot.number)?;
            (snapshot.number, snapshot.id, record.kinds, 0, false)
        }
    };
    memory.learn(&Lesson {
        outcomes: &outcomes,
        begun_at: begun.taken_at,
        roles: reader.roles.as_deref().unwrap_or_default(),
    });
    memory.save(writer.archive(), number)?;
    Spool::discard(writer.archive())?;
    let kinds = record
        .into_iter()
        .map(|record| collected(record, &outcomes));
    Ok(CollectReport {
        number,
        id,
        taken_at: begun.taken_at,
        is_new,
        kinds: kinds.collect(),
        bytes_added,
        meter: client.meter().snapshot().since(&before),
        clock_skew: client.clock_skew(),
        resumed: begun.resumes,
        discarded: begun.discarded,
    })
}

/// What a run reads, and which way.
fn planned(
    writer: &Writer,
    reader: &plan::Reader,
    request: &CollectRequest,
    memory: &Memory,
    now: Timestamp,
) -> Plan {
    let archive = writer.archive();
    let latest = archive.snapshots().last();
    let counts = |name: &str| {
        let alive = archive
            .kind(name)
            .zip(latest)
            .and_then(|(kind, latest)| archive.alive(kind.number, latest).ok());
        alive.map_or(0, |alive| alive.len())
    };
    let situation = Situation {
        memory,
        reader,
        counts: &counts,
        now,
        full: request.full,
        full_every: request.full_every,
    };
    Plan::new(&request.kinds, &situation)
}

/// Asks Graph for anything, so that the tenant's clock is known before the first page. What it answers
/// is of no interest.
async fn set_clock(client: &Client) {
    let get = Get::path(Api::V1, "/organization?$select=id", "organization");
    let _ = client.get(&get).await;
}

/// The tenant's quota goes by its users: as many as there were, until they are listed again.
fn tell_size(archive: &Archive, client: &Client) {
    let latest = archive.snapshots().last();
    let users = archive
        .kind(SIZE_KIND)
        .zip(latest)
        .and_then(|(kind, latest)| archive.alive(kind.number, latest).ok());
    if let Some(users) = users {
        client.tell_user_count(users.len());
    }
}

/// A token for another tenant than the archive's must not fill it.
fn check_tenant(writer: &Writer, token: Option<&str>) -> Result<()> {
    let archive = writer.archive().tenant();
    match token {
        Some(token) if is_guid(archive) && !archive.eq_ignore_ascii_case(token) => {
            Err(Error::Tenant {
                archive: archive.to_owned(),
                found: token.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

fn collected(record: KindRecord, outcomes: &BTreeMap<String, Outcome>) -> CollectedKind {
    let coverage = record.coverage;
    let hinted = outcomes
        .get(&record.kind)
        .is_none_or(|outcome| outcome.mode == Mode::Hints);
    let is_lacking = match coverage.state {
        CoverageState::Failed => true,
        // What no application can read, or none without the right to write, is known beforehand.
        CoverageState::Forbidden => {
            catalog::by_name(&record.kind).is_some_and(|kind| kind.is_default() || kind.is_event())
        }
        CoverageState::Partial => !hinted,
        _ => false,
    };
    CollectedKind {
        kind: record.kind,
        state: coverage.state,
        reason: coverage.reason,
        alive: record.alive,
        new_versions: record.new_versions,
        opened: record.opened,
        closed: record.closed,
        findings: coverage.findings,
        is_lacking,
    }
}

/// A run about to begin.
struct Begun {
    taken_at: Timestamp,
    head: Head,
    /// Whether an unfinished run is gone on with.
    resumes: bool,
    discarded: Option<Timestamp>,
}

impl Begun {
    fn new(writer: &Writer, client: &Client, request: &CollectRequest) -> Result<Self> {
        let archive = writer.archive();
        let now = request
            .taken_at
            .or_else(|| client.server_time())
            .unwrap_or_else(Timestamp::now);
        // Graph tells its time in seconds.
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let fresh = Head {
            begun_at: now,
            log_size: archive.log_size(),
            kinds: request
                .kinds
                .iter()
                .map(|kind| kind.name.to_owned())
                .collect(),
            full: request.full,
        };
        let left = Spool::unfinished(archive)?;
        let fits = |head: &Head| {
            head.log_size == fresh.log_size
                && head.kinds == fresh.kinds
                && now.duration_since(head.begun_at) < STALE
        };
        Ok(match left {
            Some(head) if request.resume && fits(&head) => Self {
                taken_at: head.begun_at,
                head,
                resumes: true,
                discarded: None,
            },
            left => Self {
                taken_at: now,
                discarded: left.map(|head| head.begun_at),
                head: fresh,
                resumes: false,
            },
        })
    }
}

/// The writing side while messages come.
struct Run<'r, 'w> {
    taker: Taker<'w>,
    spool: Spool,
    client: &'r Client,
    monitor: &'r dyn CollectMonitor,
    total: u64,
    done: u64,
    kind: String,
    /// What the client had asked before this run.
    before: Figures,
}

impl Run<'_, '_> {
    /// Makes ready, with what an unfinished run had read.
    fn begin(&mut self, begun: &Begun) -> Result<Resumed> {
        let mut resumed = Resumed::default();
        if !begun.resumes {
            self.spool = Spool::begin(self.taker.intake.snapshot.archive(), &begun.head)?;
            return Ok(resumed);
        }
        while let Some(messages) = self.spool.recall(self.taker.intake.snapshot.archive())? {
            for message in messages {
                resumed.note(&message, catalog::by_name);
                self.take(message)?;
            }
        }
        Ok(resumed)
    }

    /// Takes messages until there are no more, or somebody wants it to stop.
    fn listen(&mut self, runtime: &Handle, mut inbox: mpsc::Receiver<Vec<Message>>) -> Result<()> {
        loop {
            let next = match inbox.try_recv() {
                // What is there already needs no waiting, which takes a timer each time.
                Ok(messages) => Ok(Some(messages)),
                // Graph may ask to wait for minutes: meanwhile the wish to stop must be heard.
                Err(_) => {
                    runtime.block_on(async { tokio::time::timeout(PATIENCE, inbox.recv()).await })
                }
            };
            match next {
                Ok(Some(messages)) => self.take_all(messages)?,
                Ok(None) => break,
                // Nothing comes: what waits to be written need not wait longer.
                Err(_) => {
                    self.spool.flush(self.taker.intake.snapshot.archive())?;
                    self.heed()?;
                }
            }
        }
        self.spool.flush(self.taker.intake.snapshot.archive())
    }

    fn take_all(&mut self, messages: Vec<Message>) -> Result<()> {
        for message in messages {
            if message.is_kept() {
                let archive = self.taker.intake.snapshot.archive();
                self.spool.add(archive, &message)?;
            }
            self.take(message)?;
            self.heed()?;
        }
        Ok(())
    }

    /// Stops where somebody wants that; what was read stays.
    fn heed(&mut self) -> Result<()> {
        if self.monitor.cancelled() {
            self.spool.flush(self.taker.intake.snapshot.archive())?;
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    fn take(&mut self, message: Message) -> Result<()> {
        match &message {
            Message::Page(page) => page.kind.clone_into(&mut self.kind),
            Message::Done(_) => self.done += 1,
            _ => {}
        }
        self.taker.take(message)?;
        let meter = self.client.meter().total().since(&self.before);
        self.monitor.report(&CollectProgress {
            kind: &self.kind,
            kinds: (self.done, self.total),
            objects: self.taker.intake.objects,
            requests: meter.requests,
            throttled: meter.throttled,
        });
        Ok(())
    }
}
