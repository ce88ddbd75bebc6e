//! Explains the changes that tables of changes show, many at a time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use model::{Change, Parser};
use roaring::RoaringBitmap;
use store::{CoverageState, KindNumber, Snapshot, SnapshotNumber, StoredKind};

use super::addresses::Addresses;
use super::decision::{Attribution, together};
use super::event::AuditEvent;
use super::evidence::{Deed, Strength, strength};
use super::log::{AuditLog, between};
use super::subject::{Subject, is_grant};
use crate::error::Result;
use crate::source::Source;
use crate::tables::{ChangeType, Comparison, Delta, Named, ObjectChange, with_payloads};

/// A property that changed with an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Modified<'c> {
    pub(crate) object: &'c ObjectChange,
    pub(crate) change: &'c Change,
}

/// What of a change no event explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unexplained {
    /// That the object came or went.
    Object,
    /// These of its properties.
    Properties(Vec<String>),
}

/// When a kind was read for a snapshot.
#[derive(Debug, Clone, Copy)]
struct Reading {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    is_complete: bool,
}

/// Explains changes up to a horizon.
#[derive(Debug)]
pub(crate) struct Attributor<'s> {
    source: &'s Source,
    log: AuditLog<'s>,
    addresses: Option<Addresses<'s>>,
    readings: HashMap<SnapshotNumber, HashMap<String, Reading>>,
    known: HashMap<(KindNumber, SnapshotNumber), Timestamp>,
    /// Roles by the id of their template, and the other way round.
    roles: Option<HashMap<String, String>>,
}

impl<'s> Attributor<'s> {
    /// An attributor; `wants_addresses` whether it is asked from where, which may need sign-ins.
    pub(crate) fn new(
        source: &'s Source,
        horizon: Option<&Snapshot>,
        wants_addresses: bool,
    ) -> Self {
        Self {
            source,
            log: AuditLog::new(source, horizon),
            addresses: wants_addresses.then(|| Addresses::new(source, horizon)),
            readings: HashMap::new(),
            known: HashMap::new(),
            roles: None,
        }
    }

    /// Who changed these objects or edges of one kind, each as a whole.
    pub(crate) fn objects(
        &mut self,
        kind: &StoredKind,
        rows: &[&ObjectChange],
        names: &HashMap<u32, Named>,
    ) -> Result<Vec<Attribution>> {
        let parts = modified(self.source, kind, rows)?;
        let comparison = Comparison::of(&kind.name);
        let subjects = self.subjects(kind, rows, names)?;
        let mut all = Vec::with_capacity(rows.len());
        for (row, subject) in rows.iter().zip(&subjects) {
            let Some(subject) = subject else {
                all.push(Attribution::None);
                continue;
            };
            let mut by = match row.change_type {
                ChangeType::Added | ChangeType::Restored => {
                    self.explain(kind, row, subject, Deed::Added)?
                }
                ChangeType::Removed => self.explain(kind, row, subject, Deed::Removed)?,
                ChangeType::Modified => {
                    let changes = parts.get(&row.delta).map_or(&[][..], Vec::as_slice);
                    let is_drift = |change: &&Change| comparison.is_drift(&change.path);
                    let only_drift = changes.iter().all(|change| is_drift(&change));
                    let mut said = Vec::new();
                    for change in changes
                        .iter()
                        .filter(|change| only_drift || !is_drift(change))
                    {
                        said.push(self.explain(kind, row, subject, Deed::Modified(change))?);
                    }
                    together(said.iter())
                }
            };
            self.locate(&mut by)?;
            all.push(by);
        }
        Ok(all)
    }

    /// Who changed these properties of objects of one kind.
    pub(crate) fn properties(
        &mut self,
        kind: &StoredKind,
        rows: &[Modified<'_>],
        names: &HashMap<u32, Named>,
    ) -> Result<Vec<Attribution>> {
        let objects: Vec<&ObjectChange> = rows.iter().map(|row| row.object).collect();
        let subjects = self.subjects(kind, &objects, names)?;
        let mut all = Vec::with_capacity(rows.len());
        for (row, subject) in rows.iter().zip(&subjects) {
            let mut by = match subject {
                Some(subject) => {
                    self.explain(kind, row.object, subject, Deed::Modified(row.change))?
                }
                None => Attribution::None,
            };
            self.locate(&mut by)?;
            all.push(by);
        }
        Ok(all)
    }

    /// What no event explains of these changes; `None` where everything is explained, or is drift.
    pub(crate) fn unexplained(
        &mut self,
        kind: &StoredKind,
        rows: &[&ObjectChange],
        names: &HashMap<u32, Named>,
    ) -> Result<Vec<Option<Unexplained>>> {
        let parts = modified(self.source, kind, rows)?;
        let comparison = Comparison::of(&kind.name);
        let subjects = self.subjects(kind, rows, names)?;
        let mut all = Vec::with_capacity(rows.len());
        for (row, subject) in rows.iter().zip(&subjects) {
            // Nothing names a change of an object whose person was erased.
            let Some(subject) = subject else {
                all.push(None);
                continue;
            };
            let deed = match row.change_type {
                ChangeType::Added | ChangeType::Restored => Deed::Added,
                ChangeType::Removed => Deed::Removed,
                ChangeType::Modified => {
                    let mut paths = Vec::new();
                    for change in parts.get(&row.delta).into_iter().flatten() {
                        let is_told = comparison.is_drift(&change.path)
                            || self.explain(kind, row, subject, Deed::Modified(change))?
                                != Attribution::None;
                        if !is_told {
                            paths.push(change.path.clone());
                        }
                    }
                    all.push((!paths.is_empty()).then_some(Unexplained::Properties(paths)));
                    continue;
                }
            };
            let by = self.explain(kind, row, subject, deed)?;
            all.push((by == Attribution::None).then_some(Unexplained::Object));
        }
        Ok(all)
    }

    /// Says from where an actor acted.
    fn locate(&mut self, by: &mut Attribution) -> Result<()> {
        if let (Attribution::By(by), Some(addresses)) = (by, &mut self.addresses) {
            by.address = addresses.of(&by.event)?;
        }
        Ok(())
    }

    /// The subjects of rows, with all events about them read.
    fn subjects(
        &mut self,
        kind: &StoredKind,
        rows: &[&ObjectChange],
        names: &HashMap<u32, Named>,
    ) -> Result<Vec<Option<Subject>>> {
        let joins = catalog::by_name(&kind.name).is_some_and(is_grant);
        let mut payloads: HashMap<u32, String> = HashMap::new();
        if joins {
            let wanted: RoaringBitmap = rows.iter().map(|row| row.delta.telling()).collect();
            self.source
                .archive
                .versions(kind.number, &wanted, |ordinal, _, payload| {
                    payloads.insert(ordinal, payload.to_owned());
                    Ok(())
                })?;
        }
        self.read_roles()?;
        let roles = self.roles.as_ref();
        let subjects: Vec<Option<Subject>> = rows
            .iter()
            .map(|row| {
                let telling = row.delta.telling();
                let payload = payloads.get(&telling).map(String::as_str);
                let mut subject = Subject::new(&kind.name, &names.get(&telling)?.key, payload);
                subject.alias(|id| roles?.get(id).cloned());
                Some(subject)
            })
            .collect();
        let ids: BTreeSet<&str> = subjects.iter().flatten().flat_map(Subject::ids).collect();
        self.log.prepare(&ids)?;
        Ok(subjects)
    }

    /// What the events say of one change.
    fn explain(
        &mut self,
        kind: &StoredKind,
        row: &ObjectChange,
        subject: &Subject,
        deed: Deed<'_>,
    ) -> Result<Attribution> {
        let after = match (row.previous, row.after) {
            (Some(previous), Some(after)) => Some(self.known_since(kind, previous)?.min(after)),
            _ => None,
        };
        // What happened while a kind was read may be in that reading, or in the next.
        let to = self.reading(row.snapshot, &kind.name)?.to;
        let before = to.map_or(row.before, |to| to.max(row.before));
        let mut lists: Vec<_> = subject
            .ids()
            .into_iter()
            .map(|id| self.log.about(id))
            .collect();
        if let Some(kind) = subject.kind.filter(|_| subject.is_found_by_activity()) {
            lists.push(self.log.about_kind(kind)?);
        }
        let mut candidates: Vec<(Strength, Arc<AuditEvent>)> = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for list in &lists {
            for event in between(list, after, before) {
                if !seen.insert(&event.id) {
                    continue;
                }
                let is_inside =
                    row.after.is_none_or(|after| event.time > after) && event.time <= row.before;
                let strength = strength(event, subject, deed);
                if let Some(strength) = strength.filter(|s| is_inside || *s >= Strength::Proven) {
                    candidates.push((strength, Arc::clone(event)));
                }
            }
        }
        candidates.sort_by(|(_, a), (_, b)| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Ok(Attribution::of(&candidates))
    }

    /// Since when what a statement lacks is known to have come later: since the last time the whole kind
    /// was read. One that was read in part says nothing of what it did not read.
    fn known_since(&mut self, kind: &StoredKind, statement: SnapshotNumber) -> Result<Timestamp> {
        if let Some(known) = self.known.get(&(kind.number, statement)) {
            return Ok(*known);
        }
        let changes = self.source.changes(kind.number, None)?;
        let statements = changes.iter().map(|change| change.snapshot).rev();
        let mut since = self.source.taken_at(statement);
        for earlier in statements.skip_while(|number| *number != statement) {
            let reading = self.reading(earlier, &kind.name)?;
            since = reading
                .from
                .unwrap_or_else(|| self.source.taken_at(earlier));
            if reading.is_complete {
                break;
            }
        }
        self.known.insert((kind.number, statement), since);
        Ok(since)
    }

    fn reading(&mut self, snapshot: SnapshotNumber, kind: &str) -> Result<Reading> {
        if !self.readings.contains_key(&snapshot) {
            let record = self.source.archive.record(snapshot)?;
            let kinds = record.kinds.into_iter().map(|entry| {
                let reading = Reading {
                    from: entry.coverage.read_from,
                    to: entry.coverage.read_to,
                    is_complete: entry.coverage.state == CoverageState::Complete,
                };
                (entry.kind, reading)
            });
            self.readings.insert(snapshot, kinds.collect());
        }
        let reading = self
            .readings
            .get(&snapshot)
            .and_then(|kinds| kinds.get(kind));
        Ok(reading.copied().unwrap_or(Reading {
            from: None,
            to: None,
            is_complete: false,
        }))
    }

    /// Roles have an id of their own in the tenant, and their template's everywhere.
    fn read_roles(&mut self) -> Result<()> {
        if self.roles.is_some() {
            return Ok(());
        }
        let mut roles = HashMap::new();
        if let Some(kind) = self.source.archive.kind("directory_role") {
            let all: RoaringBitmap = (0..kind.versions).collect();
            let mut parser = Parser::new();
            self.source
                .archive
                .versions(kind.number, &all, |_, key, payload| {
                    let template = parser.parse(payload.as_bytes()).ok().and_then(|document| {
                        let template = document.root().get("roleTemplateId")?.text()?;
                        Some(model::fold_id(&template))
                    });
                    if let Some(template) = template.filter(|template| template != key) {
                        roles.insert(template.clone(), key.to_owned());
                        roles.insert(key.to_owned(), template);
                    }
                    Ok(())
                })?;
        }
        self.roles = Some(roles);
        Ok(())
    }
}

/// The changed properties of modified objects.
pub(crate) fn modified(
    source: &Source,
    kind: &StoredKind,
    rows: &[&ObjectChange],
) -> Result<HashMap<Delta, Vec<Change>>> {
    let comparison = Comparison::of(&kind.name);
    let deltas: Vec<Delta> = rows.iter().map(|row| row.delta).collect();
    let mut changes = HashMap::new();
    with_payloads(&source.archive, kind.number, &deltas, |delta, old, new| {
        changes.insert(*delta, comparison.changes(old, new)?);
        Ok(())
    })?;
    Ok(changes)
}
