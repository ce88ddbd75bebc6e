//! What was not taken as it was, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use store::{Finding, Verdict};

/// What a finding says about completeness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// About an object of this kind, by its slot. Rejected, it makes the kind incomplete.
    Kind(usize),
    /// About an object of the kind of this name, which is neither in the archive nor, so far, in the
    /// export.
    Named(String),
    /// About a file of which nothing says what it holds: every kind found in its folder may be
    /// incomplete; where nothing was found in it, every kind.
    Folder(String),
    /// About something that is no directory object: no kind is the less complete for it.
    Foreign,
}

/// A finding with its scope.
#[derive(Debug, Clone)]
pub(crate) struct Noted {
    pub(crate) finding: Finding,
    pub(crate) scope: Scope,
    /// Whether it was reported before, for an earlier commit.
    pub(crate) repeated: bool,
}

/// What was found in each folder.
#[derive(Debug, Default)]
pub(crate) struct Folders(BTreeMap<String, Folder>);

#[derive(Debug, Default)]
struct Folder {
    slots: BTreeSet<usize>,
    foreign: bool,
}

impl Folders {
    pub(crate) fn holds(&mut self, folder: &str, slot: usize) {
        if !self.slots(folder).any(|other| other == slot) {
            self.0
                .entry(folder.to_owned())
                .or_default()
                .slots
                .insert(slot);
        }
    }

    pub(crate) fn holds_foreign(&mut self, folder: &str) {
        self.0.entry(folder.to_owned()).or_default().foreign = true;
    }

    /// The kinds found in a folder.
    pub(crate) fn slots(&self, folder: &str) -> impl Iterator<Item = usize> + '_ {
        let slots = self.0.get(folder).map(|found| found.slots.iter().copied());
        slots.into_iter().flatten()
    }

    /// The kinds that an unreadable file in this folder may have held objects of.
    pub(crate) fn suspects(&self, folder: &str, all: usize) -> Vec<usize> {
        match self.0.get(folder) {
            Some(found) if !found.slots.is_empty() => found.slots.iter().copied().collect(),
            Some(found) if found.foreign => Vec::new(),
            _ => (0..all).collect(),
        }
    }
}

pub(crate) fn finding(file: &str, place: String, reason: String, verdict: Verdict) -> Finding {
    Finding {
        file: file.to_owned(),
        place,
        reason,
        verdict,
    }
}
