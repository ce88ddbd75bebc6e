//! What goes around an execution: the source that must not go away meanwhile, the way back, and the book.

use std::cell::RefCell;

use graph::Client;
use jiff::Timestamp;
use store::{Archive, Hold, HoldScope, PlanEvent, SnapshotNumber, Writer};

use super::entry::{Ended, Entry, Journal};
use super::ids::IdMap;
use super::inverse::inverse;
use super::options::{Monitor, Options};
use super::record::Record;
use super::report::Report;
use crate::approval::Judge;
use crate::book::{self, Book, Outcome};
use crate::error::{Error, Result};
use crate::plan::{Plan, Step};

impl Journal for book::Journal<'_> {
    fn append(&self, entries: &[Entry]) -> Result<()> {
        book::Journal::append(self, entries)
    }

    fn finish(&self, entries: &[Entry], ended: Ended) -> Result<()> {
        let outcome = match ended {
            Ended::Done => Outcome::Done,
            Ended::PartlyDone => Outcome::PartlyDone,
            Ended::Failed => Outcome::Failed,
            Ended::Cancelled => Outcome::Cancelled,
            Ended::NeedsReview => Outcome::NeedsReview,
        };
        book::Journal::finish(self, entries, outcome)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        book::Journal::entries(self)
    }
}

/// An approved plan that is to be executed, and by whom.
#[derive(Debug)]
pub struct Order<'o> {
    /// The plan; it is in the book of its archive.
    pub plan: &'o Plan,
    /// Whether its approvals suffice.
    pub judge: &'o Judge<'o>,
    /// Whoever executes it, for the record.
    pub by: &'o str,
    /// What others are told who want to execute it at the same time.
    pub holder: &'o str,
    /// Program and version.
    pub tool: &'o str,
}

/// What became of an [`Order`].
#[derive(Debug)]
pub struct CarriedOut {
    /// Step by step.
    pub report: Report,
    /// Id of the plan that takes it back; none where nothing was done, or nothing can be taken back.
    pub way_back: Option<String>,
}

/// The archive's writer, of which there is one at a time, its log, and its clock.
pub trait Keeper {
    /// What its calls fail with.
    type Error: From<Error>;

    /// Time of whoever keeps the archive; the tenant's may be another.
    fn now(&self) -> Timestamp;

    /// A writer; it is dropped before the first request.
    ///
    /// # Errors
    /// Where somebody else writes: then nothing is executed.
    fn writer(&self) -> std::result::Result<Writer, Self::Error>;

    /// Has the log say what happens to the plan.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn log(&self, event: PlanEvent) -> std::result::Result<(), Self::Error>;
}

/// Executes an approved plan with all that goes around it, or goes on with an execution that was interrupted.
///
/// The credential is checked before an approval is used up, the hold and the way back are durable before the first
/// request, and nobody else executes the plan meanwhile. The future stays on one thread.
///
/// # Errors
/// [`Error::Refused`] where the plan may not run; else as for [`super::run`], and those of the keeper.
pub async fn carry_out<K: Keeper>(
    archive: &Archive,
    order: &Order<'_>,
    client: &Client,
    options: &Options<'_>,
    monitor: &dyn Monitor,
    keeper: &K,
) -> std::result::Result<CarriedOut, K::Error> {
    let (plan, book) = (order.plan, Book::new(archive));
    let id = plan.id();
    super::check(plan, client, options).await?;
    let right = book.exclusive(order.holder)?;
    book.may_begin(&id, order.judge)?;
    prepare(&mut keeper.writer()?, plan, order.by, order.tool)?;
    let begun = book.begin(&right, &id, order.by, order.judge)?;
    if !begun.is_resumed {
        keeper.log(PlanEvent::Started)?;
    }
    let journal = Retraceable {
        journal: book.journal(&id)?,
        way_back: RefCell::default(),
        find: &|journal| way_back(archive, journal, order, keeper.now()),
    };
    let report = super::run(plan, client, &journal, options, monitor).await?;
    keeper.log(PlanEvent::Executed)?;
    let way_back = journal.way_back.into_inner();
    Ok(CarriedOut { report, way_back })
}

/// A journal whose last page says that the way back is in the book: once it is written nobody goes on with the
/// execution, and nobody would enter it any more.
struct Retraceable<'a, 'j> {
    journal: book::Journal<'a>,
    way_back: RefCell<Option<String>>,
    find: &'j dyn Fn(&book::Journal<'a>) -> Result<Option<String>>,
}

impl Journal for Retraceable<'_, '_> {
    fn append(&self, entries: &[Entry]) -> Result<()> {
        Journal::append(&self.journal, entries)
    }

    fn finish(&self, entries: &[Entry], ended: Ended) -> Result<()> {
        *self.way_back.borrow_mut() = (self.find)(&self.journal)?;
        Journal::finish(&self.journal, entries, ended)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        Journal::entries(&self.journal)
    }
}

/// Does what must be durable before the first request: a hold on the snapshot the plan restores from, and the plan
/// that takes it back, as the paper `plans/<id>/inverse`. A second time it does nothing.
///
/// # Errors
/// Where the archive cannot be written: then nothing may be executed.
fn prepare(writer: &mut Writer, plan: &Plan, by: &str, tool: &str) -> Result<()> {
    let id = plan.id();
    let reason = format!("plan {} restores from it", &id[..8]);
    let is_held = |hold: &Hold| hold.reason == reason;
    if !writer.archive().holds().iter().any(is_held) {
        let snapshot = SnapshotNumber::try_from(plan.wanted.snapshot).map_err(|_| {
            Error::Invalid(format!(
                "no archive has a snapshot {}",
                plan.wanted.snapshot
            ))
        })?;
        let scope = HoldScope::Snapshot { snapshot };
        writer.set_hold(scope, &reason, by)?;
    }
    let name = inverse_name(&id);
    if writer.archive().read_paper(&name)?.is_none() {
        let back = inverse(plan, &IdMap::default(), |_| true, plan.made_at, by, tool);
        let file = back.to_file();
        writer.archive().write_paper(&name, file.as_bytes())?;
    }
    Ok(())
}

/// The plan that takes back what the executions of a plan did, with the ids they made. Enters it into the book and
/// gives its id; `None` where nothing was done, or nothing of it can be taken back.
///
/// # Errors
/// Where the archive cannot be read or written.
fn way_back(
    archive: &Archive,
    journal: &book::Journal<'_>,
    order: &Order<'_>,
    now: Timestamp,
) -> Result<Option<String>> {
    let record = Record::read(order.plan, &journal.entries()?)?;
    let back = inverse(
        order.plan,
        record.ids(),
        |step| record.was_written(step.number),
        now,
        order.by,
        order.tool,
    );
    if back.steps.is_empty() {
        return Ok(None);
    }
    Ok(Some(Book::new(archive).put(&back)?))
}

/// The object of a step as it was when the plan was made ([`super::Baseline`]), as far as the archive of the plan
/// has it.
#[must_use]
pub fn baseline(archive: &Archive, plan: &Plan, step: &Step) -> Option<String> {
    let number = SnapshotNumber::try_from(plan.against.snapshot?).ok()?;
    let snapshot = archive
        .snapshots()
        .iter()
        .find(|snapshot| snapshot.number == number)?;
    let kind = archive.kind(&step.kind)?;
    let key = model::ObjectKey::composed(step.object.iter().map(String::as_str));
    let alive = archive.alive(kind.number, snapshot).ok()?;
    let versions = archive.object_versions(kind.number, key.as_str()).ok()?;
    let own = versions
        .into_iter()
        .find(|ordinal| alive.contains(*ordinal))?;
    Some(archive.version(kind.number, own).ok()?.payload)
}

fn inverse_name(id: &str) -> String {
    format!("plans/{id}/inverse")
}

impl Record {
    /// The journal of a plan in an archive's book.
    ///
    /// # Errors
    /// Where it cannot be read, or is another plan's.
    pub fn of(archive: &Archive, plan: &Plan) -> Result<Self> {
        let book = Book::new(archive);
        let id = plan.id();
        if !book.contains(&id)? {
            return Err(Error::NotFound(format!(
                "plan {} is not in this archive's book, so that it was never executed from here",
                &id[..8]
            )));
        }
        let entries: Vec<Entry> = book.journal(&id)?.entries()?;
        Self::read(plan, &entries)
    }
}
