//! Where an archive's plans are kept, with everything that was ever said about them.
//!
//! ```text
//! papers/plans/LOCK                    the OS lock of whoever executes; says nothing
//! papers/plans/<plan id>/
//!     plan                             the plan file, as it was made
//!     head                             what a list shows of it, so that a list reads no plan
//!     approvals/<statement's hash>     what was signed, and the signature
//!     rejection | cancellation | stale who said so, when, why
//!     runs/<number>                    an execution that began, and the approvals it used up
//!     journal/<number>                 what it did
//! ```
//!
//! Papers are only ever added, and sealed with the archive's keys under their names: none can be moved to another
//! plan. What state a plan is in is nowhere written; it follows from which papers there are ([`State`]).

mod acts;
mod head;
mod journal;
mod lock;
mod state;

pub use acts::{Act, Approval, Run};
pub use head::{Entry, Head};
pub use journal::{Journal, Outcome};
pub use lock::Exclusive;
pub use state::{Record, State};

use store::Archive;

use crate::error::{Error, Result};
use crate::plan::Plan;

/// Folder of the papers about plans.
const PLANS: &str = "plans";
/// Fewest characters of an id that name a plan.
const MIN_PREFIX: usize = 6;
/// Characters of a plan's id.
const ID_LENGTH: usize = 64;

/// The plans of one archive.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    archive: &'a Archive,
}

impl<'a> Book<'a> {
    /// The book of an archive; empty at first.
    #[must_use]
    pub fn new(archive: &'a Archive) -> Self {
        Self { archive }
    }

    /// The archive it is kept in.
    #[must_use]
    pub fn archive(&self) -> &'a Archive {
        self.archive
    }

    /// Enters a plan and returns its id. One that is there already stays as it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the plan's wanted state is in another archive.
    pub fn put(&self, plan: &Plan) -> Result<String> {
        let own = self.archive.id().to_string();
        if plan.archive != own {
            return Err(Error::Invalid(format!(
                "the plan was made from archive {}, this is archive {own}: name that one with -a",
                plan.archive
            )));
        }
        let id = plan.id();
        // The head comes last: a plan is in the book once it is listed.
        if !self.contains(&id)? {
            self.archive
                .write_paper(&plan_name(&id), plan.to_file().as_bytes())?;
            self.write(&head_name(&id), &Head::of(plan))?;
        }
        Ok(id)
    }

    /// Whether a plan with exactly this id was entered.
    pub fn contains(&self, id: &str) -> Result<bool> {
        Ok(self.archive.read_paper(&head_name(id))?.is_some())
    }

    /// The plan with exactly this id.
    pub fn get(&self, id: &str) -> Result<Plan> {
        let name = plan_name(id);
        let bytes = self.archive.read_paper(&name)?.ok_or_else(|| unknown(id))?;
        let plan = Plan::from_file(&format!("papers/{name}"), &bytes)?;
        // That the id which stands in the file is that of the plan was just found out.
        if bytes.starts_with(format!("{{\n  \"id\": \"{id}\"").as_bytes()) {
            Ok(plan)
        } else {
            Err(damaged(&name, "it is another plan"))
        }
    }

    /// The id that begins with these six or more hexadecimal digits.
    ///
    /// # Errors
    /// [`Error::NotFound`] where none does, [`Error::Ambiguous`] where several do.
    pub fn find(&self, prefix: &str) -> Result<String> {
        if prefix.len() < MIN_PREFIX || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::Invalid(format!(
                "{prefix:?} names no plan: give a plan file, or {MIN_PREFIX} or more digits of a plan's id"
            )));
        }
        let prefix = prefix.to_ascii_lowercase();
        let mut found = self.ids()?;
        found.retain(|id| id.starts_with(&prefix));
        match found.len() {
            0 => Err(unknown(&prefix)),
            1 => Ok(found.remove(0)),
            _ => Err(Error::Ambiguous {
                name: prefix,
                candidates: found,
            }),
        }
    }

    /// Every plan, oldest first.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for id in self.ids()? {
            entries.push(Entry {
                head: self.head(&id)?,
                id,
            });
        }
        entries.sort_by(|a, b| (a.head.made_at, &a.id).cmp(&(b.head.made_at, &b.id)));
        Ok(entries)
    }

    /// What a list shows of a plan.
    pub fn head(&self, id: &str) -> Result<Head> {
        self.read(&head_name(id))?.ok_or_else(|| unknown(id))
    }

    fn ids(&self) -> Result<Vec<String>> {
        let papers = self.archive.list_papers(PLANS)?;
        let heads = papers.iter().filter_map(|name| {
            let (id, rest) = name.strip_prefix("plans/")?.split_once('/')?;
            (rest == "head" && id.len() == ID_LENGTH).then(|| id.to_owned())
        });
        Ok(heads.collect())
    }

    fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(bytes) = self.archive.read_paper(name)? else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| damaged(name, &error.to_string()))
    }

    fn write(&self, name: &str, paper: &impl serde::Serialize) -> Result<()> {
        let text = serde_json::to_vec(paper)
            .map_err(|error| Error::Internal(format!("{name} cannot be written: {error}")))?;
        Ok(self.archive.write_paper(name, &text)?)
    }
}

fn plan_name(id: &str) -> String {
    format!("{PLANS}/{id}/plan")
}

fn head_name(id: &str) -> String {
    format!("{PLANS}/{id}/head")
}

fn unknown(id: &str) -> Error {
    Error::NotFound(format!(
        "there is no plan {} in this archive: see them with plan list",
        id.get(..8).unwrap_or(id)
    ))
}

fn damaged(name: &str, reason: &str) -> Error {
    Error::Store(store::Error::Corrupt {
        place: format!("papers/{name}"),
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests;
