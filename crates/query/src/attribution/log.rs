//! The directory audit log, read as far as it is asked for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use model::Parser;
use roaring::RoaringBitmap;
use store::{Snapshot, StoredKind};

use super::activity::Activity;
use super::event::AuditEvent;
use crate::columns::{KindColumn, Origin};
use crate::error::Result;
use crate::source::Source;
use crate::tables::written;

/// The kind whose events name actors.
pub(crate) const AUDITS: &str = "directory_audit";
/// Events kept in memory from one batch of changes to the next.
const KEPT_EVENTS: usize = 100_000;

/// Events in the order of time.
pub(crate) type Events = Arc<Vec<Arc<AuditEvent>>>;

/// The events about the objects that were asked for, up to a horizon.
#[derive(Debug)]
pub(crate) struct AuditLog<'s> {
    source: &'s Source,
    kind: Option<StoredKind>,
    last: Option<Timestamp>,
    read: HashMap<u32, Option<Arc<AuditEvent>>>,
    by_id: HashMap<String, Events>,
    /// Versions by the name of their activity.
    activities: Option<HashMap<String, RoaringBitmap>>,
    by_kind: HashMap<&'static str, Events>,
}

impl<'s> AuditLog<'s> {
    pub(crate) fn new(source: &'s Source, horizon: Option<&Snapshot>) -> Self {
        Self {
            source,
            kind: source.archive.kind(AUDITS),
            last: horizon.map(|horizon| horizon.taken_at),
            read: HashMap::new(),
            by_id: HashMap::new(),
            activities: None,
            by_kind: HashMap::new(),
        }
    }

    /// Reads what names these ids, at once.
    pub(crate) fn prepare(&mut self, ids: &BTreeSet<&str>) -> Result<()> {
        let Some(kind) = self.kind.clone() else {
            return Ok(());
        };
        if self.read.len() > KEPT_EVENTS {
            self.read.clear();
            self.by_id.clear();
        }
        let mentions = self.source.mentions(&kind)?;
        let new: Vec<(&str, RoaringBitmap)> = ids
            .iter()
            .filter(|id| !self.by_id.contains_key(**id))
            .map(|id| (*id, mentions.of(id)))
            .collect();
        let mut wanted = RoaringBitmap::new();
        for (_, versions) in &new {
            wanted |= versions;
        }
        self.read(&kind, wanted)?;
        for (id, versions) in new {
            let events = self.events(&versions, |event| event.names(id));
            self.by_id.insert(id.to_owned(), events);
        }
        Ok(())
    }

    /// The events whose targets or values name an id that was prepared.
    pub(crate) fn about(&self, id: &str) -> Events {
        self.by_id.get(id).map(Arc::clone).unwrap_or_default()
    }

    /// The events whose activity is about a kind, for kinds whose objects the log does not name by id.
    pub(crate) fn about_kind(&mut self, kind: &'static catalog::Kind) -> Result<Events> {
        if let Some(known) = self.by_kind.get(kind.name) {
            return Ok(Arc::clone(known));
        }
        let Some(stored) = self.kind.clone() else {
            return Ok(Events::default());
        };
        let mut wanted = RoaringBitmap::new();
        for (name, versions) in self.activities()? {
            let activity = Activity::new(name, None);
            if activity.is_about(kind) == Some(true) || activity.announces(kind) {
                wanted |= versions;
            }
        }
        self.read(&stored, wanted.clone())?;
        let events = self.events(&wanted, |_| true);
        self.by_kind.insert(kind.name, Arc::clone(&events));
        Ok(events)
    }

    /// Every event, or every one that names an id, in batches of bounded size.
    pub(crate) fn each(
        &mut self,
        id: Option<&str>,
        mut each: impl FnMut(&Arc<AuditEvent>) -> Result<()>,
    ) -> Result<()> {
        const BATCH: usize = 8192;
        let Some(kind) = self.kind.clone() else {
            return Ok(());
        };
        let all: RoaringBitmap = match id {
            Some(id) => self.source.mentions(&kind)?.of(id),
            None => (0..kind.versions).collect(),
        };
        let all: Vec<u32> = all.iter().collect();
        for batch in all.chunks(BATCH) {
            let wanted: RoaringBitmap = batch.iter().copied().collect();
            let mut fresh = Self::new(self.source, None);
            fresh.last = self.last;
            fresh.read(&kind, wanted.clone())?;
            for event in fresh.events(&wanted, |_| true).iter() {
                each(event)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, kind: &StoredKind, mut wanted: RoaringBitmap) -> Result<()> {
        wanted = wanted
            .iter()
            .filter(|ordinal| !self.read.contains_key(ordinal))
            .collect();
        let mut parser = Parser::new();
        let read = &mut self.read;
        self.source
            .archive
            .versions(kind.number, &wanted, |ordinal, key, payload| {
                let event = parser
                    .parse(payload.as_bytes())
                    .ok()
                    .and_then(|document| AuditEvent::read(key, document.root()));
                read.insert(ordinal, event.map(Arc::new));
                Ok(())
            })?;
        Ok(())
    }

    fn events(&self, versions: &RoaringBitmap, wanted: impl Fn(&AuditEvent) -> bool) -> Events {
        let read = versions
            .iter()
            .filter_map(|ordinal| self.read.get(&ordinal)?.clone());
        let mut events: Vec<Arc<AuditEvent>> = read
            .filter(|event| self.last.is_none_or(|last| event.time <= last) && wanted(event))
            .collect();
        events.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Arc::new(events)
    }

    /// When the events up to the horizon happened, in the order of time.
    pub(crate) fn times(&self) -> Result<Vec<Timestamp>> {
        let mut times = Vec::new();
        self.column("activityDateTime", |_, time| {
            let time = model::parse_time(time).ok();
            times.extend(time.filter(|time| self.last.is_none_or(|last| *time <= last)));
        })?;
        times.sort_unstable();
        Ok(times)
    }

    fn activities(&mut self) -> Result<&HashMap<String, RoaringBitmap>> {
        if self.activities.is_none() {
            let mut activities: HashMap<String, RoaringBitmap> = HashMap::new();
            self.column("activityDisplayName", |ordinal, name| {
                match activities.get_mut(name) {
                    Some(versions) => {
                        versions.insert(ordinal);
                    }
                    None => {
                        activities.insert(name.to_owned(), RoaringBitmap::from([ordinal]));
                    }
                }
            })?;
            self.activities = Some(activities);
        }
        Ok(self.activities.get_or_insert_default())
    }

    /// One property of all events, without reading the events.
    fn column(&self, property: &str, mut each: impl FnMut(u32, &str)) -> Result<()> {
        let Some(kind) = &self.kind else {
            return Ok(());
        };
        let projection = self.source.columns(kind)?;
        let is_it = |column: &KindColumn| matches!(column.origin, Origin::Property(name, _) if name == property);
        let column = projection.schema.columns.iter().position(is_it);
        let columns: Vec<usize> = column.into_iter().collect();
        let all: RoaringBitmap = (0..kind.versions).collect();
        projection.scan(&self.source.archive, &all, &columns, None, &mut |rows| {
            let Some(values) = rows.columns.first() else {
                return Ok(());
            };
            for (row, ordinal) in rows.ordinals.values().iter().enumerate() {
                if let Some(value) = written(values, row) {
                    each(*ordinal, &value);
                }
            }
            Ok(())
        })
    }
}

/// The events after one time and not after another.
pub(crate) fn between(
    events: &[Arc<AuditEvent>],
    after: Option<Timestamp>,
    before: Timestamp,
) -> &[Arc<AuditEvent>] {
    let first = after.map_or(0, |after| {
        events.partition_point(|event| event.time <= after)
    });
    let end = events.partition_point(|event| event.time <= before);
    &events[first.min(end)..end]
}
