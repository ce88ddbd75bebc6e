//! What was not taken as it was, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use store::{Finding, Verdict};

use crate::recognise::Target;

/// What a finding says about completeness.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// About an object of this kind, by its slot. Rejected, it makes the kind incomplete.
    Kind(usize),
    /// About something unreadable, of which only its place says what it may have been.
    Place(Place),
    /// About something that is no directory object: no kind is the less complete for it.
    Foreign,
}

/// What the place of an unreadable document says. The first that says anything counts: the file's
/// own name, the kinds found beside it, the folder's name. Where nothing was found beside it and no
/// name says anything, it may have been of any kind; beside nothing but tools' settings, of none.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) folder: String,
    /// Kind by the file's name, or its path in an export.
    pub(crate) said: Option<Target>,
    /// Kind by the folder's name.
    pub(crate) folder_kind: Option<Target>,
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

    /// Whether nothing but tools' settings was found in a folder.
    pub(crate) fn is_foreign(&self, folder: &str) -> bool {
        self.0
            .get(folder)
            .is_some_and(|found| found.foreign && found.slots.is_empty())
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
