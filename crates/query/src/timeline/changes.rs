//! The changes of a timeline: what snapshots saw of the subject and of what names it, each with the
//! event that explains it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::Change;
use roaring::RoaringBitmap;
use store::StoredKind;

use super::Timeline;
use super::entry::{Entry, EntryType};
use super::events::is_risk;
use super::sightings::sightings;
use super::subject::Subject;
use super::summary;
use crate::error::Result;
use crate::tables::{ChangeType, Comparison, Named, ObjectChange, named};

/// The changes of one kind that may belong to a timeline.
pub(super) struct Changed {
    kind: StoredKind,
    changes: Vec<ObjectChange>,
    names: HashMap<u32, Named>,
    /// Whether they are of objects the subject did something to, and not about itself.
    is_deed: bool,
}

impl Timeline<'_> {
    /// The changes of a kind that are about a subject, and the ids of what it was linked with.
    pub(super) fn changed(
        &self,
        kind: &StoredKind,
        subject: &Subject,
        linked: &mut BTreeSet<String>,
    ) -> Result<Option<Changed>> {
        let concerned = subject.versions(self.source, kind)?;
        let seen = sightings(self.source, kind, &concerned.all, self.horizon)?;
        if seen.is_empty() {
            return Ok(None);
        }
        let is_edge = catalog::by_name(&kind.name).is_some_and(catalog::Kind::is_relationship);
        let is_about = |change: &ObjectChange| {
            [change.delta.before, change.delta.after]
                .iter()
                .flatten()
                .any(|version| concerned.naming.contains(*version))
        };
        let alive = if is_edge && self.depth > 0 {
            self.alive_in_window(&seen)
        } else {
            RoaringBitmap::new()
        };
        let changes: Vec<ObjectChange> = seen
            .into_iter()
            .filter(|change| change.after.is_some() && is_about(change))
            .filter(|change| self.window.overlaps(change.after, change.before))
            .collect();
        let telling = changes.iter().map(|change| change.delta.telling());
        let wanted: RoaringBitmap = telling.chain(&alive).collect();
        let names = named(self.source, kind, &wanted)?;
        for name in names.values() {
            linked.extend(name.key.split(model::KEY_SEPARATOR).map(str::to_owned));
        }
        Ok((!changes.is_empty()).then(|| Changed {
            kind: kind.clone(),
            changes,
            names,
            is_deed: false,
        }))
    }

    /// A version of each object that was there at any time of the window.
    fn alive_in_window(&self, seen: &[ObjectChange]) -> RoaringBitmap {
        let mut lives: BTreeMap<u32, &ObjectChange> = BTreeMap::new();
        let mut alive = RoaringBitmap::new();
        for change in seen {
            match (change.change_type, lives.remove(&change.delta.object)) {
                (ChangeType::Removed, Some(opened)) => {
                    let starts_in_time = self.window.to.is_none_or(|to| opened.before <= to);
                    let ends_in_time = self.window.from.is_none_or(|from| change.before >= from);
                    if starts_in_time && ends_in_time {
                        alive.insert(opened.delta.telling());
                    }
                }
                (ChangeType::Removed, None) => {}
                (_, opened) => {
                    lives.insert(change.delta.object, opened.unwrap_or(change));
                }
            }
        }
        let still = lives.values();
        let begun = still.filter(|opened| self.window.to.is_none_or(|to| opened.before <= to));
        alive.extend(begun.map(|opened| opened.delta.telling()));
        alive
    }

    /// The changes of objects that events name as their targets.
    pub(super) fn deeds(&self, targets: &BTreeSet<String>) -> Result<Vec<Changed>> {
        let mut by_kind: BTreeMap<u16, (StoredKind, RoaringBitmap)> = BTreeMap::new();
        for target in targets {
            if let Some((kind, versions)) = self.names.versions(target)? {
                let entry = by_kind.entry(kind.number.0);
                entry
                    .or_insert_with(|| (kind, RoaringBitmap::new()))
                    .1
                    .extend(versions);
            }
        }
        let mut deeds = Vec::new();
        for (kind, versions) in by_kind.into_values() {
            let mut changes = sightings(self.source, &kind, &versions, self.horizon)?;
            changes.retain(|change| {
                change.after.is_some() && self.window.overlaps(change.after, change.before)
            });
            let telling = changes
                .iter()
                .map(|change| change.delta.telling())
                .collect();
            deeds.push(Changed {
                names: named(self.source, &kind, &telling)?,
                kind,
                changes,
                is_deed: true,
            });
        }
        Ok(deeds)
    }

    /// Entries of changes; `own` are the events of the subject's doing, `used` takes those that explain
    /// one of the changes.
    pub(super) fn change_entries(
        &mut self,
        subject: &Subject,
        of_kind: &Changed,
        own: &BTreeSet<String>,
        used: &mut BTreeSet<String>,
    ) -> Result<Vec<Entry>> {
        let payloads = self.payloads(of_kind)?;
        let comparison = Comparison::of(&of_kind.kind.name);
        let rows: Vec<&ObjectChange> = of_kind.changes.iter().collect();
        let explained = self
            .attributor
            .objects(&of_kind.kind, &rows, &of_kind.names)?;
        let mut entries = Vec::new();
        for (change, by) in rows.into_iter().zip(&explained) {
            let Some(name) = of_kind.names.get(&change.delta.telling()) else {
                continue;
            };
            let event = by.by().map(|by| &by.event.id);
            if of_kind.is_deed && !event.is_some_and(|event| own.contains(event)) {
                continue;
            }
            let mut entry = Self::change_entry(subject, of_kind, change, name);
            entry.explain(by);
            if event.is_some() && !self.window.contains(entry.at) {
                continue;
            }
            used.extend(event.cloned());
            entry.summary = self.change_summary(of_kind, change, name, &comparison, &payloads)?;
            entries.push(entry);
        }
        Ok(entries)
    }

    fn change_entry(
        subject: &Subject,
        of_kind: &Changed,
        change: &ObjectChange,
        name: &Named,
    ) -> Entry {
        let kind = &of_kind.kind;
        let is_edge = catalog::by_name(&kind.name).is_some_and(catalog::Kind::is_relationship);
        let whence = if is_risk(&kind.name) {
            EntryType::Risk
        } else if of_kind.is_deed || subject.owns(&name.key) && !is_edge {
            EntryType::Change
        } else {
            EntryType::Link
        };
        let mut made = Entry::at(change.before, whence);
        made.not_before = change.after;
        made.kind = Some(kind.name.clone());
        made.object_id.clone_from(&name.id);
        made.display.clone_from(&name.display);
        made.change_type = Some(change.change_type.as_str());
        made.snapshot = Some(change.snapshot);
        made.change_id = Some(format!(
            "c-{}-{}-{}",
            change.snapshot, kind.number.0, change.delta.object
        ));
        made
    }

    /// The contents that summaries are made from, by version; an edge's is told by its key.
    fn payloads(&self, of_kind: &Changed) -> Result<HashMap<u32, String>> {
        let mut payloads = HashMap::new();
        let kind = catalog::by_name(&of_kind.kind.name);
        if kind.is_some_and(catalog::Kind::is_relationship) {
            return Ok(payloads);
        }
        let versions = of_kind.changes.iter().flat_map(|change| {
            let delta = change.delta;
            delta.before.into_iter().chain(delta.after)
        });
        let number = of_kind.kind.number;
        let archive = &self.source.archive;
        archive.versions(number, &versions.collect(), |ordinal, _, payload| {
            payloads.insert(ordinal, payload.to_owned());
            Ok(())
        })?;
        Ok(payloads)
    }

    fn change_summary(
        &mut self,
        of_kind: &Changed,
        change: &ObjectChange,
        name: &Named,
        comparison: &Comparison,
        payloads: &HashMap<u32, String>,
    ) -> Result<String> {
        let kind = catalog::by_name(&of_kind.kind.name);
        let is_there = change.change_type != ChangeType::Removed;
        if let Some(kind) = kind.filter(|kind| kind.is_relationship()) {
            return summary::of_edge(kind, &name.key, is_there, &mut self.names);
        }
        let payload = |ordinal: Option<u32>| ordinal.and_then(|ordinal| payloads.get(&ordinal));
        match (payload(change.delta.before), payload(change.delta.after)) {
            (Some(old), Some(new)) => {
                let changes = told_first(kind, comparison, comparison.changes(old, new)?);
                summary::of_changes(&changes, &mut self.names)
            }
            (old, new) => match (kind, old.or(new)) {
                (Some(kind), Some(payload)) if is_risk(kind.name) => Ok(summary::of_risk(payload)),
                (Some(kind), Some(payload)) => {
                    summary::of_references(kind, payload, &mut self.names)
                }
                _ => Ok(String::new()),
            },
        }
    }
}

/// What somebody changed. What Graph computes, or machines change, only where there is nothing else.
fn told_first(
    kind: Option<&'static catalog::Kind>,
    comparison: &Comparison,
    changes: Vec<Change>,
) -> Vec<Change> {
    let computed = kind.map_or(&[][..], |kind| kind.read_only);
    let (by_itself, told): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|change| {
        computed.contains(&change.path.as_str()) || comparison.is_drift(&change.path)
    });
    if told.is_empty() { by_itself } else { told }
}
