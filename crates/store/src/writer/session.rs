//! One kind within one snapshot being written.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::staging::Staging;
use crate::archive::Archive;
use crate::compress::{Compressor, Dictionary, Method};
use crate::data::{Codec, DataBuilder, MAX_RECORDS, MAX_UNITS, put_record};
use crate::error::{Error, Result};
use crate::frame::{FrameKind, MAX_CONTENT};
use crate::id::{KindNumber, Ordinal, SnapshotNumber};
use crate::index::{HandleMap, KindState, Place, Runs, UnitTable, VersionRow};
use crate::keys::SubjectHandle;
use crate::record::Coverage;
use crate::seal::{Handle, Nonce, Sealer};

/// A data frame is closed when it holds this many stored bytes: small enough to read one version
/// from, large enough for its own overhead not to count.
const FRAME_BYTES: usize = 128 << 10;
/// Versions a dictionary is trained on; more cost time and gain nothing measurable.
const TRAINING_VERSIONS: usize = 1000;
/// A dictionary is worth its own size from here on.
const TRAINING_MIN_VERSIONS: usize = 200;
const TRAINING_MIN_BYTES: usize = 256 << 10;
/// Versions wait for training up to this many bytes.
const TRAINING_MAX_BYTES: usize = 8 << 20;

/// How a kind is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct KindOptions {
    /// Rows of an append-only log: nothing is ever closed, and the first content of a key stays.
    pub events: bool,
    /// Raw bytes of a unit of several objects, where the archive's own parameter does not fit.
    pub block_bytes: Option<usize>,
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

/// Keyed hash of a raw piece of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitId(pub(crate) Handle);

/// A version waiting for its unit.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    ordinal: Ordinal,
    end: usize,
    subject: Option<SubjectHandle>,
}

/// Records waiting, one behind the other.
#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    items: Vec<Waiting>,
}

impl Queue {
    fn push(&mut self, ordinal: Ordinal, record: &[u8], subject: Option<SubjectHandle>) {
        self.bytes.extend_from_slice(record);
        self.items.push(Waiting {
            ordinal,
            end: self.bytes.len(),
            subject,
        });
    }

    fn iter(&self) -> impl Iterator<Item = (Waiting, &[u8])> {
        let starts = std::iter::once(0).chain(self.items.iter().map(|item| item.end));
        self.items
            .iter()
            .zip(starts)
            .map(|(item, start)| (*item, &self.bytes[start..item.end]))
    }
}

/// The data frame being filled, and where its versions will be found in it.
#[derive(Debug)]
struct OpenFrame {
    builder: DataBuilder,
    nonce: Nonce,
    places: Vec<(Ordinal, Place)>,
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
    pub(super) versions: Vec<VersionRow>,
    pub(super) heads: BTreeMap<u32, Ordinal>,
    pub(super) new_objects: HandleMap<u32>,
    pub(super) old_units: Option<UnitTable>,
    pub(super) units: UnitTable,
    pub(super) volatile: crate::volatile::Values,
    pub(super) coverage: Option<(Coverage, Closing)>,
    dictionary: Option<Arc<Dictionary>>,
    /// Whether it is settled if versions are compressed with a dictionary.
    decided: bool,
    training: Queue,
    block: Queue,
    frame: Option<OpenFrame>,
    record: Vec<u8>,
}

/// What a session works with.
pub(super) struct Tools<'a> {
    pub(super) archive: &'a Archive,
    pub(super) staging: &'a mut Staging,
    pub(super) compressor: &'a mut Compressor,
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
        let newest = state.dictionaries.last().map(|(number, _)| *number);
        let dictionary = newest
            .map(|number| archive.dictionary(state.number, number))
            .transpose()?;
        Ok(Self {
            options,
            committed: (state.versions, state.objects),
            base,
            base_alive,
            seen: RoaringBitmap::new(),
            removed: RoaringBitmap::new(),
            versions: Vec::new(),
            heads: BTreeMap::new(),
            new_objects: HandleMap::default(),
            old_units: None,
            units: UnitTable::default(),
            volatile: BTreeMap::new(),
            coverage: None,
            decided: dictionary.is_some(),
            dictionary,
            training: Queue::default(),
            block: Queue::default(),
            frame: None,
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
        let head = self.heads.get(&object).copied();
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
        let runs = match self.units.get(&unit.0) {
            Some(runs) => Some(runs),
            None => self.units.take_from(old, &unit.0),
        };
        let Some(runs) = runs else { return Ok(false) };
        for (first, length) in runs.iter() {
            self.seen.insert_range(first..first + length);
        }
        Ok(true)
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

    pub(super) fn unsee(&mut self, ordinal: Ordinal) {
        self.seen.remove(ordinal);
        self.volatile.remove(&ordinal);
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
        self.heads.insert(number, ordinal);
        let subject = object
            .subject
            .map(|subject| tools.archive.sealer.subject(subject));
        let chain_max = tools.archive.config.compression.chain_max;
        match base.filter(|(_, row)| row.place.depth < chain_max) {
            Some((base, row)) => {
                let prefix = tools.archive.record_bytes(self.kind(), base)?;
                let depth = row.place.depth + 1;
                self.write_prefix(tools, ordinal, record, subject, base, &prefix, depth)?;
            }
            None => self.queue(tools, ordinal, record, subject)?,
        }
        Ok(Put::New(ordinal))
    }

    /// A version without base waits for a dictionary, then for its block.
    fn queue(
        &mut self,
        tools: &mut Tools<'_>,
        ordinal: Ordinal,
        record: &[u8],
        subject: Option<SubjectHandle>,
    ) -> Result<()> {
        if !self.decided {
            self.training.push(ordinal, record, subject);
            let enough = self.training.items.len() >= TRAINING_VERSIONS;
            if enough || self.training.bytes.len() >= TRAINING_MAX_BYTES {
                self.decide(tools)?;
            }
            return Ok(());
        }
        if subject.is_some() {
            return self.write_unit(tools, &[(ordinal, 1)], record, subject);
        }
        self.block.push(ordinal, record, None);
        let limit = self
            .options
            .block_bytes
            .unwrap_or(tools.archive.config.compression.block_bytes);
        if self.block.bytes.len() >= limit || self.block.items.len() >= MAX_RECORDS - 1 {
            self.write_block(tools)?;
        }
        Ok(())
    }

    /// Trains a dictionary if that is worth it, and writes what has waited for it.
    fn decide(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        let waiting = std::mem::take(&mut self.training);
        self.decided = true;
        let worth = waiting.items.len() >= TRAINING_MIN_VERSIONS
            && waiting.bytes.len() >= TRAINING_MIN_BYTES;
        if worth {
            let sizes: Vec<usize> = waiting.iter().map(|(_, record)| record.len()).collect();
            let size = tools.archive.config.compression.dictionary_bytes;
            if let Some(content) = Dictionary::train(&waiting.bytes, &sizes, size) {
                self.add_dictionary(tools, &content)?;
            }
        }
        for (item, record) in waiting.iter() {
            self.queue(tools, item.ordinal, record, item.subject)?;
        }
        Ok(())
    }

    fn add_dictionary(&mut self, tools: &mut Tools<'_>, content: &[u8]) -> Result<()> {
        let number = self
            .state
            .dictionaries
            .last()
            .map_or(1, |(number, _)| number + 1);
        let (kind, nonce) = (self.kind().0, Sealer::random_nonce());
        let frame = tools.staging.push(
            tools.archive,
            FrameKind::Dictionary,
            kind,
            number,
            content,
            &nonce,
        )?;
        self.state.dictionaries.push((number, frame));
        let level = tools.archive.config.compression.level;
        self.dictionary = Some(Arc::new(Dictionary::new(number, content, level)));
        Ok(())
    }

    fn write_block(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        let mut block = std::mem::take(&mut self.block);
        let mut runs = Runs::default();
        block.items.iter().for_each(|item| runs.push(item.ordinal));
        let runs: Vec<_> = runs.iter().collect();
        if !runs.is_empty() {
            self.write_unit(tools, &runs, &block.bytes, None)?;
        }
        block.bytes.clear();
        block.items.clear();
        self.block = block;
        Ok(())
    }

    fn write_unit(
        &mut self,
        tools: &mut Tools<'_>,
        runs: &[(Ordinal, u32)],
        raw: &[u8],
        subject: Option<SubjectHandle>,
    ) -> Result<()> {
        let dictionary = self.dictionary.clone();
        let (codec, method) = match &dictionary {
            Some(dictionary) => (
                Codec::Dictionary(dictionary.number),
                Method::Dictionary(dictionary),
            ),
            None => (Codec::Zstd, Method::Plain),
        };
        let stored = tools.compressor.compress(raw, method)?.to_vec();
        self.push_unit(tools, codec, subject, runs, raw.len(), stored, 0)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a unit is what it is; every argument is a different thing"
    )]
    fn write_prefix(
        &mut self,
        tools: &mut Tools<'_>,
        ordinal: Ordinal,
        record: &[u8],
        subject: Option<SubjectHandle>,
        base: Ordinal,
        prefix: &[u8],
        depth: u8,
    ) -> Result<()> {
        let stored = tools
            .compressor
            .compress(record, Method::Prefix(prefix))?
            .to_vec();
        self.push_unit(
            tools,
            Codec::Prefix(base),
            subject,
            &[(ordinal, 1)],
            record.len(),
            stored,
            depth,
        )
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a unit is what it is; every argument is a different thing"
    )]
    fn push_unit(
        &mut self,
        tools: &mut Tools<'_>,
        codec: Codec,
        subject: Option<SubjectHandle>,
        runs: &[(Ordinal, u32)],
        raw_len: usize,
        mut stored: Vec<u8>,
        depth: u8,
    ) -> Result<()> {
        let frame = self.frame.get_or_insert_with(|| OpenFrame {
            builder: DataBuilder::new(),
            nonce: Sealer::random_nonce(),
            places: Vec::new(),
        });
        let number = u16::try_from(frame.builder.unit_count())
            .map_err(|_| Error::Internal("a data frame has too many units".to_owned()))?;
        if let Some(subject) = subject {
            tools.archive.sealer.subject_cipher(
                subject,
                &frame.nonce,
                number.into(),
                &mut stored,
            )?;
        }
        let ordinals = runs
            .iter()
            .flat_map(|(first, length)| *first..first + length);
        for (record, ordinal) in (0u16..).zip(ordinals) {
            frame.places.push((
                ordinal,
                Place {
                    frame: 0,
                    unit: number,
                    record,
                    depth,
                },
            ));
        }
        frame
            .builder
            .push(codec, subject, runs.to_vec(), raw_len, &stored);
        if frame.builder.len() >= FRAME_BYTES || frame.builder.unit_count() >= MAX_UNITS - 1 {
            self.write_frame(tools)?;
        }
        Ok(())
    }

    fn write_frame(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        let Some(mut frame) = self.frame.take().filter(|frame| !frame.builder.is_empty()) else {
            return Ok(());
        };
        let content = frame.builder.finish(self.kind())?;
        let number = tools.staging.push(
            tools.archive,
            FrameKind::Data,
            self.kind().0,
            0,
            &content,
            &frame.nonce,
        )?;
        for (ordinal, place) in frame.places {
            self.versions[(ordinal - self.committed.0) as usize].place = Place {
                frame: number,
                ..place
            };
        }
        Ok(())
    }

    /// Writes everything that still waits.
    pub(super) fn flush(&mut self, tools: &mut Tools<'_>) -> Result<()> {
        if !self.decided && !self.training.items.is_empty() {
            self.decide(tools)?;
        }
        self.write_block(tools)?;
        self.write_frame(tools)
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
