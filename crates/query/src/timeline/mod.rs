//! The timeline of an object or an actor: what snapshots saw of it and of what names it, and what the
//! logs say about it, in the order of time.
//!
//! Nothing is looked through: versions and events come from the mentions of the ids, so that the cost
//! follows from what happened to the object and not from the size of the tenant. An event that explains
//! a change is told with the change and not again.

mod changes;
mod entry;
mod events;
mod sightings;
mod subject;
mod summary;
mod window;

use std::collections::BTreeSet;

use model::Parser;
use roaring::RoaringBitmap;
use store::Snapshot;

pub(crate) use entry::Entry;
pub(crate) use sightings::sightings;
pub(crate) use subject::Subject;
pub(crate) use window::Window;

use crate::attribution::Attributor;
use crate::error::{Error, Result};
use crate::scope::Scope;
use crate::source::Source;
use crate::tables::Directory;
use events::{Event, event};

/// Most objects whose timelines are told together.
const MAX_SUBJECTS: usize = 500;
/// Furthest way from the object asked for to others told of.
pub(crate) const MAX_DEPTH: usize = 3;

/// One timeline being made.
struct Timeline<'s> {
    source: &'s Source,
    horizon: Option<&'s Snapshot>,
    window: Window,
    depth: usize,
    names: Directory<'s>,
    attributor: Attributor<'s>,
}

/// The entries about a subject, and about those linked with it up to `depth` steps away, in the order of
/// time.
pub(crate) fn timeline(
    scope: &Scope,
    subject: &Subject,
    window: Window,
    depth: usize,
) -> Result<Vec<Entry>> {
    let horizon = scope.horizon.as_ref();
    let mut timeline = Timeline {
        source: &scope.source,
        horizon,
        window,
        depth,
        names: Directory::new(&scope.source, horizon),
        attributor: Attributor::new(&scope.source, horizon, true),
    };
    let mut told: BTreeSet<String> = subject.ids.iter().cloned().collect();
    let mut subjects = vec![subject.clone()];
    let mut entries = Vec::new();
    for level in 0..=depth {
        let mut linked = BTreeSet::new();
        for subject in &subjects {
            entries.extend(timeline.of(subject, &mut linked)?);
        }
        if level == depth {
            break;
        }
        linked.retain(|id| model::is_guid(id) && !told.contains(id));
        if told.len() + linked.len() > MAX_SUBJECTS {
            return Err(Error::Limit(format!(
                "{} objects are linked with it, more than {MAX_SUBJECTS}: ask for a shorter time or for its own timeline alone",
                linked.len()
            )));
        }
        subjects = linked.iter().map(|id| Subject::of_id(id)).collect();
        told.append(&mut linked);
    }
    Ok(in_order(entries))
}

/// In the order of time, each once: of what several subjects are told, what the first is told stays.
fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    let explained: BTreeSet<String> = entries
        .iter()
        .filter(|entry| entry.change_id.is_some())
        .filter_map(|entry| entry.audit_id.clone())
        .collect();
    let mut seen = BTreeSet::new();
    entries.retain(|entry| match (&entry.change_id, &entry.audit_id) {
        (Some(change), _) => seen.insert(change.clone()),
        (None, Some(event)) => !explained.contains(event) && seen.insert(event.clone()),
        (None, None) => true,
    });
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.at, entry.whence);
        let ids = |entry: &Entry| {
            let Entry {
                kind,
                object_id,
                change_id,
                audit_id,
                ..
            } = entry;
            (
                kind.clone(),
                object_id.clone(),
                change_id.clone(),
                audit_id.clone(),
            )
        };
        key(a).cmp(&key(b)).then_with(|| ids(a).cmp(&ids(b)))
    });
    entries
}

impl Timeline<'_> {
    /// What there is about one subject; `linked` takes the ids of what it had to do with.
    fn of(&mut self, subject: &Subject, linked: &mut BTreeSet<String>) -> Result<Vec<Entry>> {
        let events = self.events(subject)?;
        let is_own = |event: &&Event| event.initiators.iter().any(|id| subject.ids.contains(id));
        let own: Vec<&Event> = events.iter().filter(is_own).collect();
        let own_ids = own.iter().filter_map(|event| event.entry.audit_id.clone());
        let own_ids: BTreeSet<String> = own_ids.collect();
        let mut targets: BTreeSet<String> = own
            .iter()
            .flat_map(|event| event.targets.iter().cloned())
            .collect();
        targets.retain(|id| !subject.ids.contains(id));
        for event in &events {
            linked.extend(event.targets.iter().chain(&event.initiators).cloned());
        }
        let mut changed = Vec::new();
        for kind in self.source.state_kinds() {
            changed.extend(self.changed(&kind, subject, linked)?);
        }
        changed.extend(self.deeds(&targets)?);
        let mut used = BTreeSet::new();
        let mut entries = Vec::new();
        // What the subject did to what names it is told as that: deeds come last.
        let mut told = BTreeSet::new();
        for of_kind in &changed {
            let mut of_kind = self.change_entries(subject, of_kind, &own_ids, &mut used)?;
            of_kind.retain(|entry| {
                let change = entry.change_id.clone();
                change.is_none_or(|change| told.insert(change))
            });
            entries.append(&mut of_kind);
        }
        for event in events {
            let mut entry = event.entry;
            if entry.audit_id.as_ref().is_some_and(|id| used.contains(id)) {
                continue;
            }
            let about = self.names.entry(&entry.object_id)?;
            entry.kind = about.map(|about| about.kind.clone());
            if entry.display.is_none() {
                entry.display = about.and_then(|about| about.display.clone());
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// The rows of logs that name a subject and fall into the window.
    fn events(&self, subject: &Subject) -> Result<Vec<Event>> {
        let mut found = Vec::new();
        let archive = &self.source.archive;
        for stored in archive.kinds() {
            let Some(kind) = catalog::by_name(&stored.name).filter(|kind| kind.is_event()) else {
                continue;
            };
            let naming: RoaringBitmap = subject.named_in(&*self.source.mentions(&stored)?);
            let mut parser = Parser::new();
            archive.versions(stored.number, &naming, |_, key, payload| {
                if let Ok(row) = parser.parse_text(payload) {
                    let row = event(kind, key, row.root(), &subject.ids);
                    found.extend(row.filter(|row| self.window.contains(row.entry.at)));
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}
