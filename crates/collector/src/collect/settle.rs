//! The end of a run: what each kind's messages come to in the snapshot.
//!
//! An object that was not seen is gone only where its absence says so:
//! - of a kind read whole, if nothing of it was rejected;
//! - of a kind whose changes were read, if Graph said so, or if what it belonged to is gone: a
//!   deleted group has no members any more, and a deleted user is a member of nothing;
//! - of a kind read below some parents, if it stood below one of those.
//!
//! A kind of which everything was there before and nothing is now is not believed: an empty answer is
//! likelier a fault of the service than a directory without users. Nor is then what was not asked for
//! below it.

use std::collections::{BTreeMap, HashSet};

use catalog::Kind;
use model::{ObjectKey, is_guid};
use store::{Closing, Coverage, CoverageState, Finding, Tally, Verdict};

use super::compare;
use super::message::{Mode, Outcome};
use super::reader::{CONTENT_NAMED_BY, outcome};
use super::taker::{CONTENT_KIND, Taken, Taker, content_target};
use crate::edges;
use crate::error::{Error, Result};
use crate::intake::Scope;
use crate::recognise::Target;

/// So many objects gone at once are suspicious if nothing is left of their kind, and remarkable if they
/// are a fifth of it.
const REMARKABLE_OBJECTS: u64 = 50;
const REMARKABLE_SHARE: u64 = 5;

impl Taker<'_> {
    /// Two organizations in one archive, or one that is not the archive's tenant, are a mistake that
    /// nothing later could undo. A token need not tell whose it is, so this is asked again at the end.
    pub(super) fn refuse_other_tenants(&self) -> Result<()> {
        let mut organizations = self.intake.organizations.iter();
        let archive = self.intake.snapshot.archive().tenant();
        let is_other = |found: &&String| is_guid(archive) && !found.eq_ignore_ascii_case(archive);
        if let Some(found) = self.intake.organizations.iter().find(is_other) {
            return Err(Error::Tenant {
                archive: archive.to_owned(),
                found: found.clone(),
            });
        }
        match (organizations.next(), organizations.next()) {
            (Some(one), Some(other)) => Err(Error::Tenant {
                archive: one.clone(),
                found: other.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// A run that could read nothing at all is a failed run, not a state of the tenant.
    pub(super) fn refuse_nothing(&self) -> Result<()> {
        let outcomes = || {
            self.kinds
                .values()
                .filter_map(|taken| taken.outcome.as_ref())
        };
        let failed = outcomes().find(|outcome| outcome.state == CoverageState::Failed);
        let is_read = |outcome: &Outcome| {
            matches!(
                outcome.state,
                CoverageState::Complete | CoverageState::Partial
            ) && !matches!(outcome.mode, Mode::Unread | Mode::Recalled)
        };
        match failed {
            Some(failed) if !outcomes().any(is_read) => Err(Error::NothingRead(
                failed.reason.clone().unwrap_or_default(),
            )),
            _ => Ok(()),
        }
    }

    /// Kinds whose end nobody told: the reading side broke down. They were asked for, so something must be said of
    /// them.
    pub(super) fn end_untold(&mut self, selected: &[&'static Kind]) {
        for kind in selected {
            let taken = self.kinds.entry(kind.name.to_owned()).or_default();
            taken.outcome.get_or_insert_with(|| Outcome {
                state: CoverageState::Failed,
                reason: Some("reading it ended without a word".to_owned()),
                ..outcome(kind, Mode::Unread)
            });
        }
    }

    /// States that every other kind was not asked for.
    pub(super) fn leave_out(&mut self, selected: &[&'static Kind]) -> Result<()> {
        for kind in catalog::kinds() {
            if selected.iter().any(|other| other.name == kind.name) {
                continue;
            }
            let slot = self.intake.slot(&Target::Catalogued(kind))?;
            let handle = self.intake.slots[slot].handle;
            let coverage = Coverage {
                state: CoverageState::NotSelected,
                ..Coverage::default()
            };
            self.intake.snapshot.cover(handle, coverage, Closing::Keep);
        }
        Ok(())
    }

    /// What became of the kinds, with the state the snapshot gives them.
    pub(super) fn outcomes(&self) -> BTreeMap<String, Outcome> {
        let outcomes = self.kinds.iter().filter_map(|(name, taken)| {
            let mut outcome = taken.outcome.clone()?;
            if self.doubted.contains(name) {
                outcome.state = CoverageState::Partial;
            }
            Some((name.clone(), outcome))
        });
        outcomes.collect()
    }

    /// States the coverage of every kind.
    pub(super) fn settle(&mut self, accept_deletions: bool) -> Result<()> {
        let kinds = std::mem::take(&mut self.kinds);
        let mut covered = HashSet::new();
        let mut settling = Vec::with_capacity(kinds.len());
        for (name, taken) in &kinds {
            if let Some(outcome) = &taken.outcome {
                covered.insert(name.clone());
                let depth = super::taker::kind(name)?.parents().len();
                settling.push((depth, name, taken, outcome));
            }
        }
        // What is below depends on what is above.
        settling.sort_by_key(|(depth, ..)| *depth);
        for (_, name, taken, outcome) in settling {
            self.settle_kind(name, taken, outcome, accept_deletions)?;
        }
        self.kinds = kinds;
        self.settle_content()?;
        // Kinds that came along with others: edges inside their owners.
        for slot in 0..self.intake.slots.len() {
            let name = self.intake.slots[slot].target.name();
            if covered.contains(name) || name == CONTENT_KIND {
                continue;
            }
            let reason = "read where other kinds mention it".to_owned();
            let coverage = self.coverage(slot, CoverageState::Partial, Some(reason));
            let handle = self.intake.slots[slot].handle;
            self.intake.snapshot.cover(handle, coverage, Closing::Keep);
        }
        Ok(())
    }

    /// Content is as complete as the objects that name it: all of it is read each time. Where nothing
    /// of it came although the archive has some, it is either not named any more or could not be read.
    fn settle_content(&mut self) -> Result<()> {
        let naming = CONTENT_NAMED_BY.iter().map(|kind| self.kinds.get(*kind));
        let naming: Vec<Option<&Taken>> = naming.collect();
        let lacking = |taken: &&Taken| taken.lacks_content;
        let is_lacking = naming.iter().flatten().any(lacking);
        let is_stored = self.intake.snapshot.archive().kind(CONTENT_KIND).is_some();
        if !is_lacking && !is_stored && self.intake.open_slot(CONTENT_KIND).is_none() {
            return Ok(());
        }
        let is_read = |taken: Option<&Taken>| {
            let outcome = taken.and_then(|taken| taken.outcome.as_ref());
            outcome.is_some_and(|outcome| {
                outcome.mode == Mode::Whole && outcome.state == CoverageState::Complete
            })
        };
        let (state, reason, closing) = if naming.iter().all(Option::is_none) {
            (CoverageState::NotSelected, None, Closing::Keep)
        } else if is_lacking || !naming.iter().copied().all(is_read) {
            let reason = if is_lacking {
                "not all content could be read"
            } else {
                "not every object that names content was read"
            };
            let reason = Some(reason.to_owned());
            (CoverageState::Partial, reason, Closing::Keep)
        } else {
            (CoverageState::Complete, None, Closing::Unseen)
        };
        let slot = self.intake.slot(&content_target())?;
        let handle = self.intake.slots[slot].handle;
        let coverage = self.coverage(slot, state, reason);
        self.intake.snapshot.cover(handle, coverage, closing);
        Ok(())
    }

    fn settle_kind(
        &mut self,
        name: &str,
        taken: &Taken,
        outcome: &Outcome,
        accept_deletions: bool,
    ) -> Result<()> {
        let slot = self
            .intake
            .slot(&Target::Catalogued(super::taker::kind(name)?))?;
        let handle = self.intake.slots[slot].handle;
        let is_event = self.intake.slots[slot].target.is_event();
        let is_whole = outcome.mode == Mode::Whole && outcome.state == CoverageState::Complete;
        if !is_event && !is_whole {
            self.close_stale(slot, &taken.wholes)?;
        }
        let mut state = outcome.state;
        let mut reason = outcome.reason.clone();
        let mut closing = Closing::Keep;
        let rejected = self.rejected(slot);
        if outcome.mode == Mode::Changes && state == CoverageState::Complete && rejected > 0 {
            // The link is not moved on, so that what could not be read is told again.
            state = CoverageState::Partial;
            reason = Some(format!("{rejected} changes were rejected"));
        }
        if is_whole && !is_event {
            let tally = self.intake.snapshot.tally(handle)?;
            let parent = super::taker::kind(name)?.parent;
            let doubted = parent.filter(|parent| self.doubted.contains(*parent));
            if let Some(parent) = doubted {
                state = CoverageState::Partial;
                let table = super::taker::kind(parent)?.table;
                reason = Some(format!("not all {table} were read"));
            } else if rejected > 0 && !accept_deletions {
                state = CoverageState::Partial;
                reason = Some(format!("{rejected} items were rejected"));
            } else if is_emptied(tally) && !accept_deletions {
                state = CoverageState::Partial;
                reason = Some(format!(
                    "suspected failure: all {} objects gone at once; if they are, --accept-deletions",
                    tally.before
                ));
            } else {
                closing = Closing::Unseen;
                self.remark_losses(slot, tally);
                compare::remark_differences(&mut self.intake, slot, taken)?;
            }
        }
        if state != outcome.state {
            self.doubted.insert(name.to_owned());
        }
        let mut coverage = self.coverage(slot, state, reason);
        if outcome.mode == Mode::Changes && state == CoverageState::Complete {
            // What did not change was read as well, by not being among the changes.
            coverage.objects = self.intake.snapshot.alive(handle, closing)?.len();
        }
        coverage.read_from = outcome.read_from;
        coverage.read_to = outcome.read_to;
        self.intake.snapshot.cover(handle, coverage, closing);
        Ok(())
    }

    /// Takes out of the snapshot what was not seen and cannot be there any more.
    pub(super) fn close_stale(&mut self, slot: usize, wholes: &HashSet<String>) -> Result<()> {
        let intake = &mut self.intake;
        let none = HashSet::new();
        let Some(kind) = intake.slots[slot].target.kind() else {
            return Ok(());
        };
        let is_edge = edges::relationship(kind).is_some();
        let parents_gone = kind.parent.is_some() && !intake.removed.is_empty();
        let replaced = intake.replaced.get(&slot).unwrap_or(&none);
        if wholes.is_empty() && replaced.is_empty() && !parents_gone {
            return Ok(());
        }
        let handle = intake.slots[slot].handle;
        let unseen = intake.snapshot.before(handle) - intake.snapshot.taken(handle);
        if unseen.is_empty() {
            return Ok(());
        }
        let mut stale = Vec::new();
        let number = intake.snapshot.number(handle);
        let removed = &intake.removed;
        intake
            .snapshot
            .archive()
            .versions(number, &unseen, |_, key, _| {
                let parent = key
                    .rsplit_once(model::KEY_SEPARATOR)
                    .map_or("", |(parent, _)| parent);
                let object = ObjectKey::from_text(key);
                let mut ends = object.parts();
                let own = if is_edge { 2 } else { 1 };
                let gone =
                    parents_gone && ends.by_ref().take(own).any(|end| removed.contains_key(end));
                if gone || wholes.contains(parent) || replaced.contains(parent) {
                    stale.push(key.to_owned());
                }
                Ok(())
            })?;
        for key in stale {
            // What a page brought under the same key meanwhile is not stale.
            if intake.snapshot.seen(handle, &key)?.is_none() {
                intake.snapshot.remove(handle, &key)?;
            }
        }
        Ok(())
    }

    fn rejected(&self, slot: usize) -> u64 {
        let of_slot = |scope: &Scope| matches!(scope, Scope::Kind(other) if *other == slot);
        let noted = self.intake.noted.iter();
        let listed = noted
            .filter(|noted| noted.finding.verdict == Verdict::Rejected && of_slot(&noted.scope))
            .count();
        listed as u64 + self.unlisted(slot).0
    }

    fn remark_losses(&mut self, slot: usize, tally: Tally) {
        if tally.gone > REMARKABLE_OBJECTS && tally.gone * REMARKABLE_SHARE > tally.before {
            let reason = format!("{} of {} objects gone at once", tally.gone, tally.before);
            self.intake
                .remark(Scope::Kind(slot), "deletions", reason, Verdict::Doubtful);
        }
    }

    /// The coverage of a kind with what was noted about it.
    fn coverage(&self, slot: usize, state: CoverageState, reason: Option<String>) -> Coverage {
        let handle = self.intake.slots[slot].handle;
        let mut coverage = Coverage {
            state,
            reason,
            objects: self.intake.snapshot.taken(handle).len(),
            ..Coverage::default()
        };
        for finding in self.findings(slot) {
            coverage.add(finding);
        }
        let (rejected, doubtful) = self.unlisted(slot);
        coverage.rejected += rejected;
        coverage.doubtful += doubtful;
        coverage
    }

    /// Findings of a slot that are only counted: rejected and doubtful.
    fn unlisted(&self, slot: usize) -> (u64, u64) {
        let unlisted = self.intake.unlisted_findings.get(&slot);
        unlisted.copied().unwrap_or_default()
    }

    fn findings(&self, slot: usize) -> Vec<Finding> {
        let of_slot = |scope: &Scope| match scope {
            Scope::Kind(other) => *other == slot,
            _ => slot == 0,
        };
        let noted = self
            .intake
            .noted
            .iter()
            .filter(|noted| of_slot(&noted.scope));
        noted.map(|noted| noted.finding.clone()).collect()
    }
}

fn is_emptied(tally: Tally) -> bool {
    tally.seen == 0 && tally.gone > REMARKABLE_OBJECTS
}
