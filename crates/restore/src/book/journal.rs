//! What an execution did: pages that are only ever added.
//!
//! The book does not know what an entry says; the executor does. What the book must know is on the page beside the
//! entries: which execution wrote it, and whether it ended there.

use std::fmt;
use std::sync::Mutex;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use store::Archive;

use super::{Book, PLANS};
use crate::error::{Error, Result};

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every step was done.
    Done,
    /// Some steps were, some could not be.
    PartlyDone,
    /// No step was.
    Failed,
    /// Somebody cancelled it on the way.
    Cancelled,
    /// A step found the tenant otherwise than the plan says, and nothing was done after that.
    NeedsReview,
}

/// A page of the journal.
#[derive(Serialize, Deserialize)]
struct Page<E> {
    run: u32,
    entries: Vec<E>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished: Option<Outcome>,
}

/// The journal of one plan, over all its executions.
///
/// One process appends at a time: who holds [`super::Exclusive`].
pub struct Journal<'a> {
    archive: &'a Archive,
    folder: String,
    run: u32,
    /// Number of the last page, from 1.
    last: Mutex<u32>,
}

impl<'a> Book<'a> {
    /// The journal of a plan. What is appended belongs to the execution that began last.
    pub fn journal(&self, id: &str) -> Result<Journal<'a>> {
        let folder = folder(id);
        let last = last_page(self.archive, &folder)?;
        Ok(Journal {
            archive: self.archive,
            folder,
            run: self.last_run(id)?,
            last: Mutex::new(last),
        })
    }

    /// How the plan's last execution ended; `None` where it has not, or where there was none.
    pub(super) fn outcome(&self, id: &str) -> Result<Option<Outcome>> {
        let folder = folder(id);
        let last = last_page(self.archive, &folder)?;
        if last == 0 {
            return Ok(None);
        }
        let page: Page<IgnoredAny> = read(self.archive, &page_name(&folder, last))?;
        let of_last_run = page.run == self.last_run(id)?;
        Ok(page.finished.filter(|_| of_last_run))
    }
}

impl Journal<'_> {
    /// Writes entries, durably, all or none: when this returns they are there whatever happens next.
    pub fn append<E: Serialize>(&self, entries: &[E]) -> Result<()> {
        self.write(entries, None)
    }

    /// Writes the last entries of an execution and how it ended.
    pub fn finish<E: Serialize>(&self, entries: &[E], outcome: Outcome) -> Result<()> {
        self.write(entries, Some(outcome))
    }

    /// Every entry of every execution, in the order in which they were written.
    pub fn entries<E: DeserializeOwned>(&self) -> Result<Vec<E>> {
        let last = *self.last();
        let mut entries = Vec::new();
        for number in 1..=last {
            let page: Page<E> = read(self.archive, &page_name(&self.folder, number))?;
            entries.extend(page.entries);
        }
        Ok(entries)
    }

    fn write<E: Serialize>(&self, entries: &[E], finished: Option<Outcome>) -> Result<()> {
        let mut last = self.last();
        let name = page_name(&self.folder, *last + 1);
        let page = Page {
            run: self.run,
            entries: entries.iter().collect(),
            finished,
        };
        let text = serde_json::to_vec(&page)
            .map_err(|error| Error::Internal(format!("{name} cannot be written: {error}")))?;
        self.archive.write_paper(&name, &text)?;
        *last += 1;
        Ok(())
    }

    fn last(&self) -> std::sync::MutexGuard<'_, u32> {
        self.last
            .lock()
            .expect("because nobody panics while holding it")
    }
}

impl fmt::Debug for Journal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = *self.last();
        write!(f, "journal {} with {last} pages", self.folder)
    }
}

fn folder(id: &str) -> String {
    format!("{PLANS}/{id}/journal")
}

fn page_name(folder: &str, number: u32) -> String {
    format!("{folder}/{number:08}")
}

/// Number of the last page. Pages are numbered without a gap: where one is missing, what is left may not be
/// believed.
fn last_page(archive: &Archive, folder: &str) -> Result<u32> {
    let names = archive.list_papers(folder)?;
    let mut last = 0;
    for name in names {
        let expected = page_name(folder, last + 1);
        if name != expected {
            return Err(Error::Store(store::Error::Missing {
                place: format!("papers/{expected}"),
                reason: format!("the journal goes on with {name}"),
            }));
        }
        last += 1;
    }
    Ok(last)
}

fn read<E: DeserializeOwned>(archive: &Archive, name: &str) -> Result<Page<E>> {
    let bytes = archive.read_paper(name)?.ok_or_else(|| {
        Error::Store(store::Error::Missing {
            place: format!("papers/{name}"),
            reason: "it is a page of a journal".to_owned(),
        })
    })?;
    serde_json::from_slice(&bytes).map_err(|error| super::damaged(name, &error.to_string()))
}
