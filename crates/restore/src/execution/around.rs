//! What goes around an execution: the source that must not go away meanwhile, the way back, and the book.

use store::{Archive, Hold, HoldScope, SnapshotNumber, Writer};

use super::entry::{Ended, Entry, Journal};
use super::ids::IdMap;
use super::inverse::inverse;
use super::record::Record;
use crate::book::{Book, Outcome};
use crate::error::{Error, Result};
use crate::plan::{Plan, Step};

impl Journal for crate::book::Journal<'_> {
    fn append(&self, entries: &[Entry]) -> Result<()> {
        crate::book::Journal::append(self, entries)
    }

    fn finish(&self, entries: &[Entry], ended: Ended) -> Result<()> {
        let outcome = match ended {
            Ended::Done => Outcome::Done,
            Ended::PartlyDone => Outcome::PartlyDone,
            Ended::Failed => Outcome::Failed,
            Ended::Cancelled => Outcome::Cancelled,
            Ended::NeedsReview => Outcome::NeedsReview,
        };
        crate::book::Journal::finish(self, entries, outcome)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        crate::book::Journal::entries(self)
    }
}

/// Does what must be durable before the first request: a hold on the snapshot the plan restores from, and the plan
/// that takes it back, as the paper `plans/<id>/inverse`. A second time it does nothing.
///
/// # Errors
/// Where the archive cannot be written: then nothing may be executed.
pub fn prepare(writer: &mut Writer, plan: &Plan, by: &str, tool: &str) -> Result<()> {
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
pub fn way_back(
    archive: &Archive,
    plan: &Plan,
    by: &str,
    tool: &str,
    now: jiff::Timestamp,
) -> Result<Option<String>> {
    let book = Book::new(archive);
    let entries: Vec<Entry> = book.journal(&plan.id())?.entries()?;
    let record = Record::read(plan, &entries)?;
    let back = inverse(
        plan,
        record.ids(),
        |step| record.was_written(step.number),
        now,
        by,
        tool,
    );
    if back.steps.is_empty() {
        return Ok(None);
    }
    Ok(Some(book.put(&back)?))
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
