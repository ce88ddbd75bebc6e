//! The reading side of a run: what is asked of Graph, in which order, and what is told of it.
//!
//! Logs and lists first, many small lists in one batch; then, level by level, what stands below their
//! rows. Each kind ends in an [`Outcome`], whatever happens to the others.

mod below;
mod changes;
mod contents;
mod failure;
mod list;
mod pages;
mod shown;

pub use below::READ_WHERE_CHANGED;
pub(super) use contents::NAMED_BY as CONTENT_NAMED_BY;
pub(super) use pages::{SIZE_KIND, row_ids};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalog::Kind;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use graph::{Client, Get, Page as GraphPage};
use jiff::{SignedDuration, Timestamp};
use store::CoverageState;
use tokio::sync::mpsc::Sender;

use super::hints::Hints;
use super::message::{Message, Mode, Outcome};
use super::plan::{Plan, Step, Way};
use super::resume::Resumed;
use failure::{Failure, Result};

/// Lists read at the same time; the client bounds how many requests are under way.
const LISTS_AT_ONCE: usize = 8;
/// Most requests Graph takes in one batch.
const BATCH: usize = 20;

/// Limits of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Requests after which nothing more is asked.
    pub(super) requests: Option<u64>,
    /// Requests the client had made before.
    pub(super) asked_before: u64,
    /// How long reading one kind may take.
    pub(super) kind_time: Duration,
}

/// The ids of a kind's rows, as far as others stand below them. Each is composed of the ids of its
/// parents and its own.
#[derive(Debug, Clone, Default)]
struct Rows {
    ids: Arc<Vec<String>>,
    /// Whether these are all; else only those known to have changed.
    all: bool,
    /// Those a delta named, where all are known.
    changed: Arc<Vec<String>>,
}

/// A run's reading side.
#[derive(Debug)]
pub(super) struct Reader {
    client: Client,
    plan: Plan,
    out: Sender<Vec<Message>>,
    limits: Limits,
    resumed: Resumed,
    hints: Mutex<Hints>,
    rows: Mutex<HashMap<&'static str, Rows>>,
    /// How kinds that are finished were read.
    states: Mutex<HashMap<String, (CoverageState, Mode)>>,
    /// Properties Graph refused, by kind: not asked for again.
    refused: Mutex<HashMap<&'static str, Vec<String>>>,
}

impl Reader {
    pub(super) fn new(
        client: Client,
        plan: Plan,
        out: Sender<Vec<Message>>,
        limits: Limits,
        resumed: Resumed,
    ) -> Self {
        Self {
            client,
            plan,
            out,
            limits,
            resumed,
            hints: Mutex::default(),
            rows: Mutex::default(),
            states: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// Reads everything. Ends early, without an error, where nobody listens any more.
    pub(super) async fn run(mut self) {
        self.recall();
        let deepest = self.plan.steps.iter().map(level).max().unwrap_or(0);
        for at in 0..=deepest {
            let steps: Vec<&Step> = self
                .plan
                .steps
                .iter()
                .filter(|step| level(step) == at && step.way != Way::Along)
                .filter(|step| !self.resumed.is_done(step.kind.name))
                .collect();
            if self.level(&steps).await.is_err() {
                return;
            }
        }
    }

    async fn level(&self, steps: &[&Step]) -> std::result::Result<(), Gone> {
        let (small, large): (Vec<&Step>, Vec<&Step>) =
            steps.iter().partition(|step| self.is_small(step));
        let small = async {
            for chunk in small.chunks(BATCH) {
                self.small_lists(chunk).await?;
            }
            Ok(())
        };
        let large = async {
            let mut waiting = large.into_iter();
            let mut reading = FuturesUnordered::new();
            for step in waiting.by_ref().take(LISTS_AT_ONCE) {
                reading.push(self.step(step, None));
            }
            while let Some(result) = reading.next().await {
                result?;
                if let Some(step) = waiting.next() {
                    reading.push(self.step(step, None));
                }
            }
            Ok(())
        };
        let (small, large) = futures::join!(small, large);
        small.and(large)
    }

    /// Whether a kind is a short list, whose first page goes into a batch with others'.
    fn is_small(&self, step: &Step) -> bool {
        step.way == Way::List
            && step.kind.page_size.is_none_or(|rows| rows < 500)
            && !step.kind.read_each
            && !self.resumed.has_begun(step.kind.name)
    }

    /// Reads short lists, their first pages in one batch.
    async fn small_lists(&self, steps: &[&Step]) -> std::result::Result<(), Gone> {
        let gets: Vec<Option<Get>> = steps.iter().map(|step| self.first_get(step, &[])).collect();
        let asked: Vec<Get> = gets.iter().flatten().cloned().collect();
        let answers = if self.is_exhausted() {
            Vec::new()
        } else {
            // A batch that fails as a whole is asked again one by one.
            self.client.batch(&asked).await.unwrap_or_default()
        };
        let mut answers = answers.into_iter();
        for (step, get) in steps.iter().zip(gets) {
            let first = get.and_then(|get| Some((get, answers.next()?)));
            self.step(step, first).await?;
        }
        Ok(())
    }

    /// Reads a kind and tells what became of it.
    async fn step(
        &self,
        step: &Step,
        first: Option<(Get, graph::Result<GraphPage>)>,
    ) -> std::result::Result<(), Gone> {
        let from = self.now();
        let read = tokio::time::timeout(self.limits.kind_time, self.read(step, first)).await;
        let read = read.unwrap_or_else(|_| {
            let limit = SignedDuration::try_from(self.limits.kind_time);
            let limit = limit.unwrap_or(SignedDuration::MAX);
            Err(Failure::Stopped(format!("stopped after {limit:#}")))
        });
        let outcome = match read {
            Ok(outcome) => outcome,
            Err(Failure::Gone) => return Err(Gone),
            Err(failure) => failure.outcome(step),
        };
        let is_read = !matches!(outcome.mode, Mode::Unread | Mode::Recalled);
        let outcome = Outcome {
            read_from: Some(from).filter(|_| is_read),
            read_to: Some(self.now()).filter(|_| is_read),
            ..outcome
        };
        let state = (outcome.state, outcome.mode);
        lock(&self.states).insert(step.kind.name.to_owned(), state);
        for along in self.plan.along(step.kind) {
            self.tell_done(Outcome {
                kind: along.kind.name.to_owned(),
                delta: None,
                // What deltas do not tell are properties, and edges have none.
                reason: outcome
                    .reason
                    .clone()
                    .filter(|_| outcome.state != CoverageState::Complete),
                ..outcome.clone()
            })
            .await?;
        }
        self.tell_done(outcome).await
    }

    async fn read(
        &self,
        step: &Step,
        first: Option<(Get, graph::Result<GraphPage>)>,
    ) -> Result<Outcome> {
        if self.is_exhausted() {
            return Err(self.exhausted());
        }
        match &step.way {
            Way::Refused(reason) => Ok(Outcome {
                state: CoverageState::Forbidden,
                reason: Some(reason.clone()),
                ..outcome(step.kind, Mode::Unread)
            }),
            Way::Recalled(state, reason) => Ok(Outcome {
                state: *state,
                reason: Some(reason.clone()),
                ..outcome(step.kind, Mode::Recalled)
            }),
            Way::Orphaned(reason) => Ok(Outcome {
                state: CoverageState::NotSelected,
                reason: Some(reason.clone()),
                ..outcome(step.kind, Mode::Unread)
            }),
            Way::Log(since) => self.log(step, *since).await,
            Way::List => self.list(step, first).await,
            Way::Tracked(link) => self.tracked(step, link.as_deref()).await,
            Way::Changes(link) => self.changes(step, link).await,
            Way::Below => self.below(step).await,
            Way::Along => Ok(outcome(step.kind, Mode::Whole)),
        }
    }

    /// Kinds that are told with each row of the log of changes.
    fn hinted(&self) -> Vec<&'static Kind> {
        let below = self.plan.steps.iter().filter(|step| step.way == Way::Below);
        below.map(|step| step.kind).collect()
    }

    /// Takes up what a run before had read already.
    fn recall(&mut self) {
        let hinted = self.hinted();
        let hints = self
            .hints
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for page in self.resumed.take_audits() {
            hints.learn(&page, &hinted);
        }
        let rows = self
            .rows
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let states = self
            .states
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for (kind, ids) in self.resumed.take_rows() {
            let rows = rows.entry(kind).or_default();
            Arc::make_mut(&mut rows.ids).extend(ids);
        }
        for step in &self.plan.steps {
            if let Some(outcome) = self.resumed.outcome(step.kind.name) {
                let rows = rows.entry(step.kind.name).or_default();
                rows.all = outcome.mode == Mode::Whole;
                // Which of them the delta named before the list is not known any more.
                rows.changed = Arc::clone(&rows.ids);
                states.insert(step.kind.name.to_owned(), (outcome.state, outcome.mode));
            }
        }
    }

    /// Adds ids of a kind's rows.
    fn add_rows(&self, kind: &'static Kind, ids: Vec<String>) {
        let mut all = lock(&self.rows);
        let rows = all.entry(kind.name).or_default();
        Arc::make_mut(&mut rows.ids).extend(ids);
    }

    /// Notes which rows a delta named, before all are listed.
    fn set_changed(&self, kind: &'static Kind, ids: Vec<String>) {
        lock(&self.rows).entry(kind.name).or_default().changed = Arc::new(ids);
    }

    fn set_all(&self, kind: &'static Kind, all: bool) {
        lock(&self.rows).entry(kind.name).or_default().all = all;
    }

    fn is_exhausted(&self) -> bool {
        let requests = self.client.meter().total().requests - self.limits.asked_before;
        self.limits.requests.is_some_and(|most| requests >= most)
    }

    fn exhausted(&self) -> Failure {
        let most = self.limits.requests.unwrap_or(0);
        Failure::Stopped(format!("stopped at the limit of {most} requests"))
    }

    /// The tenant's clock.
    fn now(&self) -> Timestamp {
        self.client.server_time().unwrap_or_else(Timestamp::now)
    }

    async fn tell(&self, message: Message) -> std::result::Result<(), Gone> {
        self.tell_all(vec![message]).await
    }

    /// Tells what belongs together at once: waking the writing side costs more than a small page.
    async fn tell_all(&self, messages: Vec<Message>) -> std::result::Result<(), Gone> {
        if messages.is_empty() {
            return Ok(());
        }
        self.out.send(messages).await.map_err(|_| Gone)
    }

    async fn tell_done(&self, outcome: Outcome) -> std::result::Result<(), Gone> {
        self.tell(Message::Done(outcome)).await
    }

    async fn remark(&self, kind: &Kind, place: &str, reason: String, rejected: bool) -> Result<()> {
        let message = Message::Remark {
            kind: kind.name.to_owned(),
            place: place.to_owned(),
            reason,
            rejected,
        };
        Ok(self.tell(message).await?)
    }
}

/// Nobody listens any more.
#[derive(Debug, Clone, Copy)]
struct Gone;

/// How deep a kind stands.
fn level(step: &Step) -> usize {
    step.kind.parents().len()
}

/// A complete outcome in this mode.
pub(super) fn outcome(kind: &Kind, mode: Mode) -> Outcome {
    Outcome {
        kind: kind.name.to_owned(),
        state: CoverageState::Complete,
        reason: None,
        mode,
        read_from: None,
        read_to: None,
        delta: None,
        whole_at: None,
        lasting: false,
    }
}

/// A lock that a panic elsewhere does not spoil: what it guards is only ever added to.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
