//! The end of a snapshot: how complete each kind was, and what is gone.
//!
//! An object that is not there was deleted only if its kind was read completely. So nothing is
//! closed
//! - in a delta, which says itself what is gone;
//! - in a kind of which every page names a next one: the last is missing;
//! - in a kind of which an item was rejected: the rejected one may be the one that is missing;
//! - where more than a fifth of a kind, and more than 50 objects, are gone at once: that is a failed
//!   export far more often than a deletion.
//!
//! Whoever knows better says so (`accept_deletions`), and then the last two close. A kind the export
//! does not hold is not stated at all.

use jiff::Timestamp;
use store::{Closing, Commit, Coverage, CoverageState, Tally, Verdict};

use crate::error::Result;
use crate::intake::Intake;
use crate::intake::Scope;
use crate::recognise::Target;
use crate::report::{ImportReport, ImportedKind, ImportedSnapshot, Suspected};

/// So many objects gone at once are suspicious if they are also this part of their kind.
const SUSPICIOUS_OBJECTS: u64 = 50;
const SUSPICIOUS_SHARE: u64 = 5;

/// What ends a snapshot.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) taken_at: Timestamp,
    /// Id of the commit it was read from.
    pub(crate) version: &'a str,
    pub(crate) accept_deletions: bool,
    /// Kinds that were there before and of which no file is left: closed as well.
    pub(crate) absent: Vec<Target>,
}

impl Intake<'_> {
    /// Makes the snapshot and says what it came to. Nothing is made where nothing was found.
    pub(crate) fn finish(mut self, ending: &Ending<'_>, report: &mut ImportReport) -> Result<()> {
        for noted in self.noted.iter().filter(|noted| !noted.repeated) {
            report.add(&noted.finding);
        }
        for target in &ending.absent {
            // A slot that is open and empty belongs to a file that could not be read.
            if self.open_slot(target.name()).is_none() {
                let slot = self.slot(target)?;
                self.slots[slot].present = true;
            }
        }
        if !self.slots.iter().any(|slot| slot.present) {
            return Ok(());
        }
        let (findings, lacking) = self.settle()?;
        for (slot, (mut coverage, lacks)) in findings.into_iter().zip(lacking).enumerate() {
            let handle = self.slots[slot].handle;
            let tally = self.snapshot.tally(handle)?;
            coverage.objects = tally.seen;
            let (state, reason) =
                self.verdict(slot, lacks.then_some(coverage.rejected), tally, ending);
            let closing = if state == CoverageState::Complete {
                Closing::Unseen
            } else {
                Closing::Keep
            };
            if let Some(Reason::Suspected) = reason {
                report.suspected.push(Suspected {
                    kind: self.slots[slot].target.name().to_owned(),
                    before: tally.before,
                    gone: tally.gone,
                    taken_at: ending.taken_at,
                    version: ending.version.to_owned(),
                });
            }
            coverage.state = state;
            coverage.reason = reason.map(|reason| reason.text(tally));
            self.snapshot.cover(handle, coverage, closing);
        }
        let content = self.digest.finish();
        match self.snapshot.commit(&content)? {
            Commit::Unchanged(_) => report.already += 1,
            Commit::Made(summary) => {
                let kinds = summary.record.kinds.iter().map(|kind| ImportedKind {
                    kind: kind.kind.clone(),
                    state: kind.coverage.state,
                    alive: kind.alive,
                    new_versions: kind.new_versions,
                    opened: kind.opened,
                    closed: kind.closed,
                });
                report.snapshots.push(ImportedSnapshot {
                    number: summary.snapshot.number,
                    id: summary.snapshot.id,
                    taken_at: ending.taken_at,
                    version: ending.version.to_owned(),
                    kinds: kinds.collect(),
                    bytes_added: summary.bytes_added,
                });
            }
        }
        Ok(())
    }

    /// Gives each finding to a kind's coverage; those of no kind stand with the first. Also which
    /// kinds lack something.
    fn settle(&mut self) -> Result<(Vec<Coverage>, Vec<bool>)> {
        let mut settled = Vec::with_capacity(self.noted.len());
        for noted in std::mem::take(&mut self.noted) {
            let concerned = match &noted.scope {
                Scope::Kind(slot) => vec![*slot],
                Scope::Place(place) => self.suspects(place)?,
                Scope::Foreign => Vec::new(),
            };
            settled.push((noted.finding, concerned));
        }
        let mut coverages = vec![Coverage::default(); self.slots.len()];
        let mut lacking = vec![false; self.slots.len()];
        for (finding, concerned) in settled {
            let is_rejected = finding.verdict == Verdict::Rejected;
            coverages[concerned.first().copied().unwrap_or(0)].add(finding);
            for slot in concerned.into_iter().filter(|_| is_rejected) {
                lacking[slot] = true;
            }
        }
        Ok((coverages, lacking))
    }

    fn verdict(
        &self,
        slot: usize,
        rejected: Option<u64>,
        tally: Tally,
        ending: &Ending<'_>,
    ) -> (CoverageState, Option<Reason>) {
        let state = &self.slots[slot];
        if state.target.is_event() {
            return (CoverageState::Complete, None);
        }
        let suspicious =
            tally.gone > SUSPICIOUS_OBJECTS && tally.gone * SUSPICIOUS_SHARE > tally.before;
        let partial = if self.options.delta {
            Some(Reason::Fixed("a delta: only changes were read"))
        } else if !state.present {
            let suggested = Reason::Fixed("a file's name suggests it, but none was found");
            Some(rejected.map_or(suggested, Reason::Rejected))
        } else if let Some(reason) = state.partial {
            Some(Reason::Fixed(reason))
        } else if state.pages.1 > 0 && state.pages.1 >= state.pages.0 {
            Some(Reason::Fixed(
                "the last page is missing: each names a next one",
            ))
        } else if let Some(rejected) = rejected.filter(|_| !ending.accept_deletions) {
            Some(Reason::Rejected(rejected))
        } else if suspicious && !ending.accept_deletions {
            Some(Reason::Suspected)
        } else {
            None
        };
        match partial {
            Some(reason) => (CoverageState::Partial, Some(reason)),
            None => (CoverageState::Complete, rejected.map(Reason::Accepted)),
        }
    }
}

/// Why a kind is not complete, or complete only by decree.
enum Reason {
    Fixed(&'static str),
    Rejected(u64),
    Accepted(u64),
    Suspected,
}

impl Reason {
    fn text(&self, tally: Tally) -> String {
        match self {
            Self::Fixed(text) => (*text).to_owned(),
            Self::Rejected(0) => "items that may belong to it were rejected".to_owned(),
            Self::Rejected(count) => format!("{count} items were rejected"),
            Self::Accepted(count) => {
                format!("{count} items were rejected; deletions were accepted all the same")
            }
            Self::Suspected => format!(
                "suspected partial: {} of {} objects gone at once",
                tally.gone, tally.before
            ),
        }
    }
}
