//! One kind within one snapshot being written.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::units::{Base, Tools, UnitWriter};
use crate::archive::Archive;
use crate::data::put_record;
use crate::error::{Error, Result};
use crate::frame::MAX_CONTENT;
use crate::id::{KindNumber, Ordinal, SnapshotNumber};
use crate::index::{HandleMap, KindState, Place, Runs, UnitTable, VersionRow};
use crate::keys::Key;
use crate::record::Coverage;
use crate::seal::Handle;

/// How a kind is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct KindOptions {
    /// Rows of an append-only log: nothing is ever closed, and the first content of a key stays.
    pub events: bool,
}

/// An object as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// What identifies it within its kind.
    pub key: &'a str,
    /// Canonical JSON.
    pub payload: &'a str,
    /// Id of the natural person whose data it is.
    pub subject: Option<&'a str>,
    /// Properties that make no version: a JSON object, or nothing.
    pub volatile: &'a str,
}

/// What became of an object that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is as it was.
    Same(Ordinal),
    /// It is again as it was at some time before.
    Reopened(Ordinal),
    /// This content is new.
    New(Ordinal),
    /// The snapshot has another content of this object already; nothing was stored.
    Clash(Ordinal),
}

impl Put {
    /// The version the object has now.
    #[must_use]
    pub fn ordinal(self) -> Ordinal {
        match self {
            Self::Same(ordinal)
            | Self::Reopened(ordinal)
            | Self::New(ordinal)
            | Self::Clash(ordinal) => ordinal,
        }
    }
}

/// What happens to objects that were there before and were not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// They are gone: the kind was read completely.
    Unseen,
    /// Nothing is concluded: the kind was read in part.
    Keep,
}

/// Counts before a kind is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Objects alive before.
    pub before: u64,
    /// Objects seen now.
    pub seen: u64,
    /// Objects alive before of which nothing was seen.
    pub gone: u64,
}

/// The rules raw input is read under: the same input under other rules is another unit.
///
/// They are in the key rather than in front of the input, because BLAKE3 hashes the pieces of a text
/// side by side only where it is given the whole of it at once.
#[derive(Debug, Clone)]
pub struct UnitRules(pub(super) Key);

impl UnitRules {
    /// The id of a raw piece of input.
    #[must_use]
    pub fn unit(&self, raw: &[u8]) -> UnitId {
        let mut handle = Handle::default();
        handle.copy_from_slice(&blake3::keyed_hash(&self.0.0, raw).as_bytes()[..16]);
        UnitId(handle)
    }
}

/// Keyed hash of a raw piece of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitId(pub(crate) Handle);

impl UnitId {
    /// The hash, for digests over many units.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) options: KindOptions,
    pub(super) state: KindState,
    /// Versions and objects the index has.
    pub(super) committed: (u32, u32),
    pub(super) base: Option<SnapshotNumber>,
    pub(super) base_alive: Arc<RoaringBitmap>,
    pub(super) seen: RoaringBitmap,
    removed: RoaringBitmap,
    /// Alive before, and another version of the same object has been taken.
    superseded: RoaringBitmap,
    pub(super) versions: Vec<VersionRow>,
    /// Newest ordinals of objects the index has, where this snapshot brings a newer one.
    heads: BTreeMap<u32, Ordinal>,
    /// Newest ordinals of new objects, in the order of their numbers.
    new_heads: Vec<Ordinal>,
    pub(super) new_objects: HandleMap<u32>,
    pub(super) old_units: Option<UnitTable>,
    pub(super) units: UnitTable,
    pub(super) volatile: crate::volatile::Values,
    pub(super) coverage: Option<(Coverage, Closing)>,
    writer: UnitWriter,
    record: Vec<u8>,
}

impl Session {
    pub(super) fn new(
        archive: &Archive,
        state: KindState,
        options: KindOptions,
        base: Option<SnapshotNumber>,
    ) -> Result<Self> {
        let base_alive = base.map_or_else(
            || Ok(Arc::default()),
            |base| archive.view.state(state.number, base),
        )?;
        Ok(Self {
            options,
            committed: (state.versions, state.objects),
            base,
            base_alive,
            seen: RoaringBitmap::new(),
            removed: RoaringBitmap::new(),
            superseded: RoaringBitmap::new(),
            versions: Vec::new(),
            heads: BTreeMap::new(),
            new_heads: Vec::new(),
            new_objects: HandleMap::default(),
            old_units: None,
            units: UnitTable::default(),
            volatile: BTreeMap::new(),
            coverage: None,
            writer: UnitWriter::new(archive, &state)?,
            record: Vec::new(),
            state,
        })
    }

    fn kind(&self) -> KindNumber {
        self.state.number
    }

    fn version(&self, archive: &Archive, ordinal: Ordinal) -> Result<VersionRow> {
        match ordinal.checked_sub(self.committed.0) {
            Some(new) => Ok(self.versions[new as usize]),
            None => archive.view.reader.version(self.kind(), ordinal),
        }
    }

    fn object(&self, archive: &Archive, handle: &Handle) -> Result<Option<u32>> {
        if let Some(object) = self.new_objects.get(handle) {
            return Ok(Some(*object));
        }
        if self.committed.1 == 0 {
            return Ok(None);
        }
        archive
            .view
            .reader
            .object(archive.view.kind_state(self.kind())?, handle)
    }

    /// The versions of an object, newest first.
    fn chain(&self, archive: &Archive, object: u32) -> Result<Vec<(Ordinal, VersionRow)>> {
        let head = match object.checked_sub(self.committed.1) {
            Some(new) => self.new_heads.get(new as usize).copied(),
            None => self.heads.get(&object).copied(),
        };
        let mut next = Some(match head {
            Some(head) => head,
            None => archive.view.reader.object_head(self.kind(), object)?,
        });
        let mut chain = Vec::new();
        while let Some(ordinal) = next {
            let row = self.version(archive, ordinal)?;
            chain.push((ordinal, row));
            next = row.previous.filter(|previous| *previous < ordinal);
        }
        Ok(chain)
    }

    /// Whether the raw unit was read before: then its versions count as seen.
    ///
    /// A unit that says something else of an object than what was taken already does not pass: it
    /// must be read, so that an object never has two versions alive.
    pub(super) fn pass(&mut self, archive: &Archive, unit: UnitId) -> Result<bool> {
        if self.old_units.is_none() {
            let known = self.committed.0 > 0;
            let table = if known {
                archive.view.reader.units(self.kind())?
            } else {
                UnitTable::default()
            };
            self.old_units = Some(table);
        }
        let old = self.old_units.as_mut().expect("because it was just loaded");
        if self.units.get(&unit.0).is_none() && self.units.take_from(old, &unit.0).is_none() {
            return Ok(false);
        }
        let Some(runs) = self.units.get(&unit.0) else {
            return Ok(false);
        };
        let Some(superseded) = self.supersedes(archive, runs)? else {
            return Ok(false);
        };
        for (first, length) in runs.iter() {
            self.seen.insert_range(first..first + length);
        }
        self.superseded |= superseded;
        Ok(true)
    }

    /// The ordinals alive before that taking these versions supersedes; `None` where another version
    /// of one of their objects has been taken.
    fn supersedes(&self, archive: &Archive, runs: &Runs) -> Result<Option<RoaringBitmap>> {
        let mut superseded = RoaringBitmap::new();
        if self.options.events {
            return Ok(Some(superseded));
        }
        for (first, length) in runs.iter() {
            let run = first..first + length;
            if self.superseded.range_cardinality(run.clone()) > 0 {
                return Ok(None);
            }
            if self.base_alive.contains_range(run.clone()) {
                continue;
            }
            for ordinal in run.filter(|ordinal| !self.base_alive.contains(*ordinal)) {
                let object = self.version(archive, ordinal)?.object;
                for (other, _) in self.chain(archive, object)? {
                    if other != ordinal && self.seen.contains(other) {
                        return Ok(None);
                    }
                    if self.base_alive.contains(other) {
                        superseded.insert(other);
                    }
                }
            }
        }
        Ok(Some(superseded))
    }

    /// The versions a unit of this snapshot stands for.
    pub(super) fn unit_ordinals(&self, unit: UnitId) -> Vec<Ordinal> {
        let runs = self.units.get(&unit.0).into_iter().flat_map(Runs::iter);
        runs.flat_map(|(first, length)| first..first + length)
            .collect()
    }

    pub(super) fn keep_unit(&mut self, unit: UnitId, ordinals: &[Ordinal]) {
        let mut runs = Runs::default();
        ordinals.iter().for_each(|ordinal| runs.push(*ordinal));
        self.units.insert(unit.0, runs);
    }

    /// The version of an object this snapshot has already.
    pub(super) fn seen(&self, archive: &Archive, key: &str) -> Result<Option<Ordinal>> {
        let handle = archive.sealer.object(&self.state.name, key).handle;
        let Some(object) = self.object(archive, &handle)? else {
            return Ok(None);
        };
        let chain = self.chain(archive, object)?;
        Ok(chain
            .into_iter()
            .map(|(ordinal, _)| ordinal)
            .find(|ordinal| self.seen.contains(*ordinal)))
    }

    /// Whether an object is there, as far as this snapshot knows.
    pub(super) fn has(&self, archive: &Archive, key: &str) -> Result<bool> {
        let handle = archive.sealer.object(&self.state.name, key).handle;
        let Some(object) = self.object(archive, &handle)? else {
            return Ok(false);
        };
        let mut chain = self.chain(archive, object)?.into_iter();
        Ok(chain.any(|(ordinal, _)| {
            let was_alive = self.base_alive.contains(ordinal) && !self.removed.contains(ordinal);
            self.seen.contains(ordinal) || was_alive
        }))
    }

    /// Content an object had before this snapshot, if it was alive.
    pub(super) fn before(&self, archive: &Archive, key: &str) -> Result<Option<String>> {
        let handle = archive.sealer.object(&self.state.name, key).handle;
        let Some(object) = self.object(archive, &handle)? else {
            return Ok(None);
        };
        let chain = self.chain(archive, object)?;
        let alive = chain
            .iter()
            .find(|(ordinal, _)| *ordinal < self.committed.0 && self.base_alive.contains(*ordinal));
        let Some((ordinal, _)) = alive else {
            return Ok(None);
        };
        Ok(Some(archive.version(self.kind(), *ordinal)?.payload))
    }

    pub(super) fn unsee(&mut self, ordinal: Ordinal) {
        self.seen.remove(ordinal);
        self.volatile.remove(&ordinal);
    }

    /// Begins anew: nothing has been seen, nothing is gone.
    pub(super) fn restart(&mut self) {
        self.seen.clear();
        self.removed.clear();
        self.superseded.clear();
        self.volatile.clear();
        self.units = UnitTable::default();
        self.old_units = None;
    }

    /// Marks an object as gone; whether it was there.
    pub(super) fn remove(&mut self, archive: &Archive, key: &str) -> Result<bool> {
        let handle = archive.sealer.object(&self.state.name, key).handle;
        let Some(object) = self.object(archive, &handle)? else {
            return Ok(false);
        };
        let mut was_there = false;
        for (ordinal, _) in self.chain(archive, object)? {
            was_there |= self.seen.remove(ordinal);
            if self.base_alive.contains(ordinal) {
                self.removed.insert(ordinal);
                was_there = true;
            }
        }
        Ok(was_there)
    }

    pub(super) fn put(
        &mut self,
        tools: &mut Tools<'_>,
        object: &Object<'_>,
        same: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Put> {
        let hash = tools.archive.sealer.object(&self.state.name, object.key);
        let mut record = std::mem::take(&mut self.record);
        record.clear();
        put_record(&mut record, object.key, object.payload);
        if record.len() > MAX_CONTENT {
            return Err(Error::invalid(format!(
                "an object of {} bytes is above the limit of 64 MiB",
                record.len()
            )));
        }
        let blob_id = hash.blob_id(&record);
        let mut blob = [0; 16];
        blob.copy_from_slice(&blob_id.as_bytes()[..16]);
        let found = match self.object(tools.archive, &hash.handle)? {
            Some(number) => Some((number, self.chain(tools.archive, number)?)),
            None => None,
        };
        let alive = found.as_ref().and_then(|(_, chain)| {
            let mut ordinals = chain.iter().map(|(ordinal, _)| *ordinal);
            ordinals.find(|ordinal| self.base_alive.contains(*ordinal))
        });
        let put = match &found {
            Some((_, chain)) => self.known(tools.archive, chain, &blob, same)?,
            None => None,
        };
        let put = match put {
            Some(put) => put,
            None => self.store(tools, object, &hash.handle, found, blob, &record)?,
        };
        if let Put::New(_) = put {
            self.state.edge.push(&blob_id);
        }
        self.record = record;
        if let Put::Same(ordinal) | Put::Reopened(ordinal) | Put::New(ordinal) = put {
            self.seen.insert(ordinal);
            self.removed.remove(ordinal);
            if let Some(alive) = alive.filter(|alive| *alive != ordinal) {
                self.superseded.insert(alive);
            }
            if !object.volatile.is_empty() && crate::volatile::is_object(object.volatile) {
                self.volatile.insert(ordinal, object.volatile.to_owned());
            }
        }
        Ok(put)
    }

    /// The version that has this content already, if one has.
    fn known(
        &self,
        archive: &Archive,
        chain: &[(Ordinal, VersionRow)],
        blob: &[u8; 16],
        same: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<Put>> {
        let matching = chain
            .iter()
            .find(|(_, row)| row.blob == *blob)
            .map(|(ordinal, _)| *ordinal);
        let seen = chain
            .iter()
            .find(|(ordinal, _)| self.seen.contains(*ordinal))
            .map(|(ordinal, _)| *ordinal);
        let clash = if self.options.events {
            chain.first().map(|(ordinal, _)| *ordinal)
        } else {
            seen
        };
        if let Some(clash) = clash {
            return Ok(Some(if matching == Some(clash) {
                Put::Same(clash)
            } else {
                Put::Clash(clash)
            }));
        }
        if let Some(ordinal) = matching {
            let alive = self.base_alive.contains(ordinal);
            return Ok(Some(if alive {
                Put::Same(ordinal)
            } else {
                Put::Reopened(ordinal)
            }));
        }
        let current = chain
            .iter()
            .find(|(ordinal, _)| self.base_alive.contains(*ordinal));
        if let Some((ordinal, _)) = current.filter(|(ordinal, _)| *ordinal < self.committed.0)
            && same(&archive.version(self.kind(), *ordinal)?.payload)
        {
            return Ok(Some(Put::Same(*ordinal)));
        }
        Ok(None)
    }

    fn store(
        &mut self,
        tools: &mut Tools<'_>,
        object: &Object<'_>,
        handle: &Handle,
        found: Option<(u32, Vec<(Ordinal, VersionRow)>)>,
        blob: [u8; 16],
        record: &[u8],
    ) -> Result<Put> {
        let ordinal = self.state.versions;
        self.state.versions = ordinal
            .checked_add(1)
            .ok_or_else(|| Error::invalid("a kind cannot have more than 2^32 versions"))?;
        let (number, previous, base) = match found {
            Some((number, chain)) => {
                let current = chain
                    .iter()
                    .find(|(ordinal, _)| self.base_alive.contains(*ordinal));
                let base = current
                    .or(chain.first())
                    .filter(|(ordinal, _)| *ordinal < self.committed.0);
                (
                    number,
                    chain.first().map(|(ordinal, _)| *ordinal),
                    base.copied(),
                )
            }
            None => {
                let number = self.state.objects;
                self.state.objects += 1;
                self.new_objects.insert(*handle, number);
                (number, None, None)
            }
        };
        let row = VersionRow {
            place: Place::LOST,
            object: number,
            previous,
            blob,
        };
        self.versions.push(row);
        match number.checked_sub(self.committed.1) {
            None => {
                self.heads.insert(number, ordinal);
            }
            Some(new) if new as usize == self.new_heads.len() => self.new_heads.push(ordinal),
            Some(new) => self.new_heads[new as usize] = ordinal,
        }
        let subject = object
            .subject
            .map(|subject| tools.archive.sealer.subject(subject));
        let chain_max = tools.archive.config.compression.chain_max;
        match base.filter(|(_, row)| row.place.depth < chain_max) {
            Some((base, row)) => {
                let prefix = tools.archive.record_bytes(self.kind(), base)?;
                let base = Base {
                    ordinal: base,
                    record: &prefix,
                    depth: row.place.depth,
                };
                self.writer
                    .add_on(tools, base, &Runs::one(ordinal), record, subject)?;
            }
            None => self
                .writer
                .add(tools, Runs::one(ordinal), record, subject)?,
        }
        self.note_places();
        Ok(Put::New(ordinal))
    }

    /// Notes where versions were written since.
    fn note_places(&mut self) {
        for (ordinal, place) in self.writer.placed.drain(..) {
            self.versions[(ordinal - self.committed.0) as usize].place = place;
        }
    }

    /// Writes everything that still waits.
    pub(super) fn flush(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        self.writer.flush(tools)?;
        self.note_places();
        self.state
            .dictionaries
            .append(&mut self.writer.new_dictionaries);
        Ok(())
    }

    /// The newest ordinals of all objects that are new or changed.
    pub(super) fn all_heads(&mut self) -> BTreeMap<u32, Ordinal> {
        let new = std::mem::take(&mut self.new_heads);
        let mut heads: BTreeMap<_, _> = (self.committed.1..).zip(new).collect();
        heads.append(&mut self.heads);
        heads
    }

    pub(super) fn tally(&self, archive: &Archive) -> Result<Tally> {
        let closed = &*self.base_alive - &self.seen;
        let mut modified = 0;
        for ordinal in &self.seen - &*self.base_alive {
            let object = self.version(archive, ordinal)?.object;
            let chain = self.chain(archive, object)?;
            modified += u64::from(chain.iter().any(|(other, _)| closed.contains(*other)));
        }
        let (before, seen) = (self.base_alive.len(), self.seen.len());
        Ok(Tally {
            before,
            seen,
            gone: closed.len() - modified,
        })
    }

    /// The ordinals alive after this snapshot.
    pub(super) fn alive(&self, archive: &Archive, closing: Closing) -> Result<RoaringBitmap> {
        if closing == Closing::Unseen && !self.options.events {
            return Ok(self.seen.clone());
        }
        let mut alive = &*self.base_alive - &self.removed;
        for ordinal in &self.seen - &*self.base_alive {
            let object = self.version(archive, ordinal)?.object;
            for (other, _) in self.chain(archive, object)? {
                alive.remove(other);
            }
        }
        alive |= &self.seen;
        Ok(alive)
    }
}
