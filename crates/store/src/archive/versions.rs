//! Reading versions: from ordinal to content.

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::{Archive, View};
use crate::bytes::Reader;
use crate::compress::{self, Dictionary, Method};
use crate::data::{self, Codec, DataFrame, Record, Unit};
use crate::error::{Error, Result};
use crate::frame::{self, FrameKind, Opened};
use crate::id::{KindNumber, Ordinal, PackId, SnapshotNumber, VersionId};
use crate::index::Place;
use crate::pack;
use crate::seal::Nonce;
use crate::volatile::VolatileFrame;

/// Frames and units are dropped from memory when they pass this many bytes.
const CACHE_BYTES: usize = 48 << 20;

#[derive(Debug, Default)]
pub(super) struct VersionCache {
    frames: HashMap<u32, Arc<OpenFrame>>,
    units: HashMap<(u32, u16), Arc<RawUnit>>,
    dictionaries: HashMap<u32, Arc<Dictionary>>,
    size_bytes: usize,
}

#[derive(Debug)]
pub(crate) struct OpenFrame {
    pub(crate) data: DataFrame,
    pub(crate) nonce: Nonce,
    place: String,
}

/// The raw bytes of a unit, and where its records begin: a block holds thousands, and a walk to each
/// from the front would take time with the square of their number.
#[derive(Debug)]
pub(crate) struct RawUnit {
    pub(crate) bytes: Vec<u8>,
    /// Of the records up to the first that is cut short.
    starts: Vec<u32>,
}

impl RawUnit {
    fn new(bytes: Vec<u8>) -> Self {
        let starts = data::record_starts(&bytes);
        Self { bytes, starts }
    }

    fn record(&self, number: u16) -> Option<Record<'_>> {
        let start = *self.starts.get(usize::from(number))? as usize;
        data::take_record(&mut Reader(&self.bytes[start..])).ok()
    }

    fn size_bytes(&self) -> usize {
        self.bytes.len() + self.starts.len() * size_of::<u32>()
    }
}

/// One version of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number within the kind.
    pub ordinal: Ordinal,
    /// The object's key.
    pub key: String,
    /// Canonical JSON.
    pub payload: String,
}

impl Archive {
    /// Content of one version.
    pub fn version(&self, kind: KindNumber, ordinal: Ordinal) -> Result<Version> {
        let bytes = self.record_bytes(kind, ordinal)?;
        let record = data::take_record(&mut Reader(&bytes));
        let record = record.map_err(|_| self.broken_record(kind, ordinal))?;
        Ok(Version {
            ordinal,
            key: record.key.to_owned(),
            payload: record.payload.to_owned(),
        })
    }

    /// Content of many versions, in the order they are stored, which is not that of ordinals.
    ///
    /// A version whose person was erased is left out.
    pub fn versions(
        &self,
        kind: KindNumber,
        ordinals: &RoaringBitmap,
        mut each: impl FnMut(Ordinal, &str, &str) -> Result<()>,
    ) -> Result<()> {
        let mut places = self.view.reader.places(kind, ordinals)?;
        places.sort_unstable();
        let mut places = places.as_slice();
        while let Some((first, _)) = places.first() {
            let unit = (first.frame, first.unit);
            let count = places.partition_point(|(place, _)| (place.frame, place.unit) == unit);
            let (inside, rest) = places.split_at(count);
            places = rest;
            let raw = match self.unit(kind, unit.0, unit.1) {
                Err(Error::Erased) => continue,
                other => other?,
            };
            for (place, ordinal) in inside {
                let record = raw.record(place.record);
                let record = record.ok_or_else(|| self.broken_record(kind, *ordinal))?;
                each(*ordinal, record.key, record.payload)?;
            }
        }
        Ok(())
    }

    /// All versions an object ever had, newest first; empty where there is no such object.
    pub fn object_versions(&self, kind: KindNumber, key: &str) -> Result<Vec<Ordinal>> {
        let state = self.view.kind_state(kind)?;
        let handle = self.sealer.object(&state.name, key).handle;
        let Some(object) = self.view.reader.object(state, &handle)? else {
            return Ok(Vec::new());
        };
        self.chain(kind, object)
    }

    /// All versions of the object that a version is of, newest first.
    pub fn versions_beside(&self, kind: KindNumber, ordinal: Ordinal) -> Result<Vec<Ordinal>> {
        self.chain(kind, self.object_of(kind, ordinal)?)
    }

    /// All versions of an object by its number, newest first.
    fn chain(&self, kind: KindNumber, object: u32) -> Result<Vec<Ordinal>> {
        let mut ordinals = Vec::new();
        let mut next = Some(self.view.reader.object_head(kind, object)?);
        while let Some(ordinal) = next {
            if ordinals.last().is_some_and(|last| *last <= ordinal) {
                return Err(Error::Index(format!(
                    "versions of object {object} of kind {} do not descend",
                    kind.0
                )));
            }
            ordinals.push(ordinal);
            next = self.view.reader.version(kind, ordinal)?.previous;
        }
        Ok(ordinals)
    }

    /// What names a version.
    pub fn version_id(&self, kind: KindNumber, ordinal: Ordinal) -> Result<VersionId> {
        Ok(VersionId(self.view.reader.version(kind, ordinal)?.blob))
    }

    /// Number of the object a version is of: versions of one object share it.
    pub fn object_of(&self, kind: KindNumber, ordinal: Ordinal) -> Result<u32> {
        Ok(self.view.reader.version(kind, ordinal)?.object)
    }

    /// The versions with the number of their object, in the order of ordinals.
    pub fn objects_of(
        &self,
        kind: KindNumber,
        ordinals: &RoaringBitmap,
    ) -> Result<Vec<(Ordinal, u32)>> {
        let mut objects = Vec::with_capacity(usize::try_from(ordinals.len()).unwrap_or(0));
        self.view
            .reader
            .each_version(kind, ordinals, |ordinal, row| {
                objects.push((ordinal, row.object));
            })?;
        Ok(objects)
    }

    /// The volatile properties of a kind as last seen at or before a snapshot's statement of it:
    /// canonical JSON objects by ordinal.
    pub fn volatile(
        &self,
        kind: KindNumber,
        statement: SnapshotNumber,
    ) -> Result<HashMap<Ordinal, String>> {
        let frames = self.view.reader.volatile(kind)?;
        let taken_at: HashMap<_, _> = self
            .view
            .statements_of(kind)?
            .iter()
            .map(|(at, number)| (*number, *at))
            .collect();
        let limit = taken_at.get(&statement).map(|at| (*at, statement));
        let mut in_time: Vec<_> = frames
            .into_iter()
            .filter_map(|(snapshot, frame)| Some(((*taken_at.get(&snapshot)?, snapshot), frame)))
            .filter(|(at, _)| limit.is_some_and(|limit| *at <= limit))
            .collect();
        in_time.sort_unstable();
        let mut values = HashMap::new();
        for (_, frame) in in_time {
            let opened = self.open_frame(frame, FrameKind::Volatile)?;
            let decoded = VolatileFrame::decode(&opened.content);
            let decoded = decoded
                .map_err(|_| Error::corrupt(self.frame_place(frame), "it does not decode"))?;
            values.extend(decoded.values);
        }
        Ok(values)
    }

    fn broken_record(&self, kind: KindNumber, ordinal: Ordinal) -> Error {
        let frame = self
            .view
            .reader
            .version(kind, ordinal)
            .map_or(0, |row| row.place.frame);
        Error::corrupt(
            self.frame_place(frame),
            format!("the record of version {ordinal} does not decode"),
        )
    }

    /// The record bytes of a version.
    pub(crate) fn record_bytes(&self, kind: KindNumber, ordinal: Ordinal) -> Result<Vec<u8>> {
        let place = self.view.reader.version(kind, ordinal)?.place;
        let unit = self.unit(kind, place.frame, place.unit)?;
        let record = unit.record(place.record);
        record
            .map(|record| record.bytes.to_vec())
            .ok_or_else(|| self.broken_record(kind, ordinal))
    }

    /// The raw bytes of a unit.
    pub(crate) fn unit(&self, kind: KindNumber, number: u32, unit: u16) -> Result<Arc<RawUnit>> {
        if let Some(bytes) = self.view.cache()?.units.get(&(number, unit)) {
            return Ok(Arc::clone(bytes));
        }
        let frame = self.data_frame(number)?;
        let entry = frame
            .data
            .units
            .get(usize::from(unit))
            .filter(|_| frame.data.kind == kind);
        let entry = entry.ok_or_else(|| {
            Error::Index(format!(
                "frame {number} has no unit {unit} of kind {}",
                kind.0
            ))
        })?;
        let raw = Arc::new(RawUnit::new(self.decode_unit(&frame, unit, entry)?));
        let mut cache = self.view.cache()?;
        cache.make_room(raw.size_bytes());
        cache.units.insert((number, unit), Arc::clone(&raw));
        Ok(raw)
    }

    fn decode_unit(&self, frame: &OpenFrame, number: u16, unit: &Unit) -> Result<Vec<u8>> {
        let mut stored = frame.data.bytes(unit).to_vec();
        if let Some(subject) = unit.subject {
            self.sealer
                .subject_cipher(subject, &frame.nonce, number.into(), &mut stored)?;
        }
        let kind = frame.data.kind;
        let raw = match unit.codec {
            Codec::Plain => Some(stored).filter(|bytes| bytes.len() == unit.raw_len),
            Codec::Zstd => compress::decompress(&stored, unit.raw_len, Method::Plain),
            Codec::Dictionary(dictionary) => {
                let dictionary = self.dictionary(kind, dictionary)?;
                compress::decompress(&stored, unit.raw_len, Method::Dictionary(&dictionary))
            }
            Codec::Prefix(base) => {
                // Chains are written short; what is not earlier cannot be a base.
                if unit.ordinals().any(|ordinal| ordinal <= base) {
                    return Err(Error::corrupt(
                        &frame.place,
                        format!("unit {number} has a later base"),
                    ));
                }
                let prefix = self.record_bytes(kind, base)?;
                compress::decompress(&stored, unit.raw_len, Method::Prefix(&prefix))
            }
        };
        raw.ok_or_else(|| {
            Error::corrupt(
                &frame.place,
                format!("unit {number} does not decompress to its length"),
            )
        })
    }

    pub(crate) fn data_frame(&self, number: u32) -> Result<Arc<OpenFrame>> {
        if let Some(frame) = self.view.cache()?.frames.get(&number) {
            return Ok(Arc::clone(frame));
        }
        let Opened { content, nonce } = self.open_frame(number, FrameKind::Data)?;
        let place = self.frame_place(number);
        let data =
            DataFrame::decode(content).map_err(|_| Error::corrupt(&place, "it does not decode"))?;
        let frame = Arc::new(OpenFrame { data, nonce, place });
        let mut cache = self.view.cache()?;
        cache.make_room(frame.data.size_bytes());
        cache.frames.insert(number, Arc::clone(&frame));
        Ok(frame)
    }

    pub(crate) fn dictionary(&self, kind: KindNumber, number: u32) -> Result<Arc<Dictionary>> {
        let known = &self.view.kind_state(kind)?.dictionaries;
        let frame = known
            .iter()
            .find(|(dictionary, _)| *dictionary == number)
            .map(|(_, frame)| *frame);
        let frame = frame
            .ok_or_else(|| Error::Index(format!("kind {} has no dictionary {number}", kind.0)))?;
        if let Some(dictionary) = self.view.cache()?.dictionaries.get(&frame) {
            return Ok(Arc::clone(dictionary));
        }
        let opened = self.open_frame(frame, FrameKind::Dictionary)?;
        let dictionary = Arc::new(Dictionary::new(
            number,
            &opened.content,
            self.config.compression.level,
        ));
        self.view
            .cache()?
            .dictionaries
            .insert(frame, Arc::clone(&dictionary));
        Ok(dictionary)
    }

    /// Reads and opens a frame.
    pub(crate) fn open_frame(&self, number: u32, kind: FrameKind) -> Result<Opened> {
        if number == Place::LOST.frame {
            let reason =
                "it was damaged or missing when the index was rebuilt: run check".to_owned();
            return Err(Error::Missing {
                place: "the pack of this version".to_owned(),
                reason,
            });
        }
        let row = self.view.reader.frame(number)?;
        let (pack, _) = self.view.reader.pack(row.pack)?;
        let bytes = pack::read_frame_bytes(&*self.storage, pack, &row.entry)?;
        frame::open(&self.sealer, kind, row.entry.id, &bytes, || {
            place(pack, row.entry.offset)
        })
    }

    /// Pack and offset of a frame, for messages.
    pub(crate) fn frame_place(&self, number: u32) -> String {
        let located = self
            .view
            .reader
            .frame(number)
            .and_then(|row| Ok((self.view.reader.pack(row.pack)?.0, row)));
        located.map_or_else(
            |_| format!("frame {number}"),
            |(pack, row)| place(pack, row.entry.offset),
        )
    }
}

fn place(pack: PackId, offset: u64) -> String {
    format!("{} (frame at {offset})", pack::path(pack))
}

impl View {
    fn cache(&self) -> Result<std::sync::MutexGuard<'_, VersionCache>> {
        self.versions
            .lock()
            .map_err(|_| Error::Internal("version cache is poisoned".to_owned()))
    }
}

impl VersionCache {
    fn make_room(&mut self, bytes: usize) {
        if self.size_bytes + bytes > CACHE_BYTES {
            self.frames.clear();
            self.units.clear();
            self.size_bytes = 0;
        }
        self.size_bytes += bytes;
    }
}
