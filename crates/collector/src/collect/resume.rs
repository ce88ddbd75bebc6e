//! What a run that goes on must not read again.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use catalog::Kind;

use super::hints::HINTING_LOG;
use super::message::{Message, Outcome};
use super::reader::row_ids;

/// What an unfinished run had read.
#[derive(Debug, Default)]
pub(super) struct Resumed {
    kinds: HashMap<String, Begun>,
    rows: HashMap<&'static str, Vec<String>>,
    audits: Vec<Bytes>,
}

#[derive(Debug, Default)]
struct Begun {
    outcome: Option<Outcome>,
    /// Where to go on, by parent; lists read to their end are in `read`.
    next: HashMap<String, String>,
    read: HashSet<String>,
}

impl Resumed {
    /// Takes note of a message that is told again.
    pub(super) fn note(&mut self, message: &Message, kind: impl Fn(&str) -> Option<&'static Kind>) {
        match message {
            Message::Page(page) => {
                if page.kind == HINTING_LOG {
                    self.audits.push(page.body.clone());
                }
                let begun = self.kinds.entry(page.kind.clone()).or_default();
                match &page.next {
                    Some(next) => {
                        begun.next.insert(page.parent.clone(), next.clone());
                    }
                    None => {
                        begun.next.remove(&page.parent);
                        begun.read.insert(page.parent.clone());
                    }
                }
                if let Some(kind) = kind(&page.kind) {
                    let ids = row_ids(kind, &page.parent, &page.body);
                    self.rows.entry(kind.name).or_default().extend(ids);
                }
            }
            Message::Restart { kinds, .. } => {
                for name in kinds {
                    self.kinds.insert(name.clone(), Begun::default());
                    if let Some(kind) = kind(name) {
                        self.rows.remove(kind.name);
                    }
                }
            }
            Message::Done(outcome) => {
                let begun = self.kinds.entry(outcome.kind.clone()).or_default();
                begun.outcome = Some(outcome.clone());
            }
            _ => {}
        }
    }

    pub(super) fn is_done(&self, kind: &str) -> bool {
        self.kinds
            .get(kind)
            .is_some_and(|begun| begun.outcome.is_some())
    }

    pub(super) fn has_begun(&self, kind: &str) -> bool {
        self.kinds
            .get(kind)
            .is_some_and(|begun| !begun.next.is_empty() || !begun.read.is_empty())
    }

    /// What became of a finished kind.
    pub(super) fn outcome(&self, kind: &str) -> Option<&Outcome> {
        self.kinds.get(kind)?.outcome.as_ref()
    }

    /// Where a list goes on.
    pub(super) fn next(&self, kind: &str, parent: &str) -> Option<&str> {
        let next = self.kinds.get(kind)?.next.get(parent)?;
        Some(next)
    }

    /// Whether a list was read to its end.
    pub(super) fn has_read(&self, kind: &str, parent: &str) -> bool {
        self.kinds
            .get(kind)
            .is_some_and(|begun| begun.read.contains(parent))
    }

    pub(super) fn take_audits(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.audits)
    }

    pub(super) fn take_rows(&mut self) -> HashMap<&'static str, Vec<String>> {
        std::mem::take(&mut self.rows)
    }
}

/// When the run began that was left unfinished, if one was: what it read is still on disk.
pub fn unfinished(archive: &store::Archive) -> crate::Result<Option<jiff::Timestamp>> {
    Ok(super::spool::Spool::unfinished(archive)?.map(|head| head.begun_at))
}
