//! Data frames: versions of one kind in compressed units (`docs/format.md` section 6).

use std::ops::Range;

use crate::bytes::{Put, Reader, Short};
use crate::compress;
use crate::frame::MAX_CONTENT;
use crate::id::{KindNumber, Ordinal};
use crate::keys::SubjectHandle;

const CODEC_PLAIN: u8 = 0;
const CODEC_ZSTD: u8 = 1;
const CODEC_DICTIONARY: u8 = 2;
const CODEC_PREFIX: u8 = 3;
const SUBJECT_BIT: u8 = 0x80;
/// Units of a frame and records of a unit are numbered in 16 bits by the index.
pub(crate) const MAX_UNITS: usize = 1 << 16;
pub(crate) const MAX_RECORDS: usize = 1 << 16;

/// How a unit's bytes were compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Plain,
    Zstd,
    Dictionary(u32),
    Prefix(Ordinal),
}

/// One unit's row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) codec: Codec,
    pub(crate) subject: Option<SubjectHandle>,
    /// Runs `(first, length)` of the unit's ordinals, in the order of its records.
    pub(crate) runs: Vec<(Ordinal, u32)>,
    pub(crate) raw_len: usize,
    /// Where the unit's bytes lie in the frame's content.
    pub(crate) bytes: Range<usize>,
}

impl Unit {
    /// The ordinals in the order of the records.
    pub(crate) fn ordinals(&self) -> impl Iterator<Item = Ordinal> + '_ {
        self.runs
            .iter()
            .flat_map(|(first, length)| *first..*first + *length)
    }
}

/// Appends the record bytes of a version.
pub(crate) fn put_record(out: &mut Vec<u8>, key: &str, payload: &str) {
    out.varint(key.len() as u64);
    out.extend_from_slice(key.as_bytes());
    out.varint(payload.len() as u64);
    out.extend_from_slice(payload.as_bytes());
}

/// One version as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) key: &'a str,
    pub(crate) payload: &'a str,
    /// The record bytes.
    pub(crate) bytes: &'a [u8],
}

/// Reads one record from the front.
pub(crate) fn take_record<'a>(reader: &mut Reader<'a>) -> Result<Record<'a>, Short> {
    let start = reader.0;
    let key = std::str::from_utf8(reader.sized()?).map_err(|_| Short)?;
    let payload = std::str::from_utf8(reader.sized()?).map_err(|_| Short)?;
    Ok(Record {
        key,
        payload,
        bytes: &start[..start.len() - reader.0.len()],
    })
}

/// Where the records of a unit's raw bytes begin, up to the first that is cut short; what is in them
/// is looked at when it is taken.
pub(crate) fn record_starts(raw: &[u8]) -> Vec<u32> {
    let mut starts = Vec::new();
    let mut reader = Reader(raw);
    while !reader.is_empty() {
        let start = raw.len() - reader.0.len();
        if reader.sized().and_then(|_| reader.sized()).is_err() {
            break;
        }
        starts.extend(u32::try_from(start));
    }
    starts
}

/// The records of a unit's raw bytes.
pub(crate) fn records(raw: &[u8]) -> impl Iterator<Item = Result<Record<'_>, Short>> {
    let mut reader = Reader(raw);
    std::iter::from_fn(move || (!reader.is_empty()).then(|| take_record(&mut reader)))
}

/// Builds the content of one data frame.
#[derive(Debug)]
pub(crate) struct DataBuilder {
    units: Vec<Unit>,
    bytes: Vec<u8>,
}

impl DataBuilder {
    pub(crate) fn new() -> Self {
        Self {
            units: Vec::new(),
            bytes: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn unit_count(&self) -> usize {
        self.units.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Adds a unit; `stored` are its final bytes (compressed, and encrypted where it has a subject).
    pub(crate) fn push(
        &mut self,
        codec: Codec,
        subject: Option<SubjectHandle>,
        runs: Vec<(Ordinal, u32)>,
        raw_len: usize,
        stored: &[u8],
    ) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(stored);
        self.units.push(Unit {
            codec,
            subject,
            runs,
            raw_len,
            bytes: start..self.bytes.len(),
        });
    }

    pub(crate) fn finish(&mut self, kind: KindNumber) -> crate::Result<Vec<u8>> {
        let mut table = Vec::new();
        table.varint(kind.0.into());
        table.varint(self.units.len() as u64);
        let mut end = 0i64;
        for unit in &self.units {
            put_unit(&mut table, unit, &mut end);
        }
        let compressed = compress::zstd_frame(&table)?;
        let mut content = Vec::with_capacity(10 + compressed.len() + self.bytes.len());
        content.varint(table.len() as u64);
        content.varint(compressed.len() as u64);
        content.extend_from_slice(&compressed);
        content.append(&mut self.bytes);
        self.units.clear();
        Ok(content)
    }
}

fn put_unit(table: &mut Vec<u8>, unit: &Unit, end: &mut i64) {
    let subject = if unit.subject.is_some() {
        SUBJECT_BIT
    } else {
        0
    };
    match unit.codec {
        Codec::Plain => table.push(CODEC_PLAIN | subject),
        Codec::Zstd => table.push(CODEC_ZSTD | subject),
        Codec::Dictionary(number) => {
            table.push(CODEC_DICTIONARY | subject);
            table.varint(number.into());
        }
        Codec::Prefix(base) => {
            table.push(CODEC_PREFIX | subject);
            table.varint(base.into());
        }
    }
    if let Some(handle) = unit.subject {
        table.extend_from_slice(&handle.0.to_be_bytes());
    }
    table.varint(unit.runs.len() as u64);
    for (first, length) in &unit.runs {
        table.zigzag(i64::from(*first) - *end);
        table.varint((*length).into());
        *end = i64::from(*first) + i64::from(*length);
    }
    table.varint(unit.raw_len as u64);
    table.varint(unit.bytes.len() as u64);
}

/// A decoded data frame.
#[derive(Debug)]
pub(crate) struct DataFrame {
    pub(crate) kind: KindNumber,
    pub(crate) units: Vec<Unit>,
    content: Vec<u8>,
}

impl DataFrame {
    pub(crate) fn decode(content: Vec<u8>) -> Result<Self, Short> {
        let mut reader = Reader(&content);
        let table_len = usize::try_from(reader.varint()?).map_err(|_| Short)?;
        if table_len > MAX_CONTENT {
            return Err(Short);
        }
        let compressed = reader.sized()?;
        let start = content.len() - reader.0.len();
        let table = compress::read_zstd_frame(compressed, table_len).ok_or(Short)?;
        let mut reader = Reader(&table);
        let kind = KindNumber(u16::try_from(reader.varint()?).map_err(|_| Short)?);
        let count = reader.length()?;
        let (mut at, mut end) = (start, 0);
        let mut units = Vec::with_capacity(count);
        for _ in 0..count {
            let unit = take_unit(&mut reader, at, &mut end)?;
            at = unit.bytes.end;
            units.push(unit);
        }
        if at != content.len() || !reader.is_empty() || units.len() > MAX_UNITS {
            return Err(Short);
        }
        Ok(Self {
            kind,
            units,
            content,
        })
    }

    /// The stored bytes of a unit of this frame.
    pub(crate) fn bytes(&self, unit: &Unit) -> &[u8] {
        &self.content[unit.bytes.clone()]
    }

    /// Memory the frame takes, for caches.
    pub(crate) fn size_bytes(&self) -> usize {
        self.content.len() + self.units.len() * size_of::<Unit>()
    }
}

fn take_unit(reader: &mut Reader<'_>, start: usize, end: &mut i64) -> Result<Unit, Short> {
    let codec = reader.u8()?;
    let subject = codec & SUBJECT_BIT != 0;
    let codec = match codec & !SUBJECT_BIT {
        CODEC_PLAIN => Codec::Plain,
        CODEC_ZSTD => Codec::Zstd,
        CODEC_DICTIONARY => Codec::Dictionary(reader.varint_u32()?),
        CODEC_PREFIX => Codec::Prefix(reader.varint_u32()?),
        _ => return Err(Short),
    };
    let subject = if subject {
        Some(SubjectHandle(u64::from_be_bytes(reader.array()?)))
    } else {
        None
    };
    let count = reader.length()?;
    let (mut runs, mut records) = (Vec::with_capacity(count), 0);
    for _ in 0..count {
        let first = end.checked_add(reader.zigzag()?).ok_or(Short)?;
        let length = reader.varint_u32()?;
        *end = first + i64::from(length);
        u32::try_from(*end).map_err(|_| Short)?;
        runs.push((u32::try_from(first).map_err(|_| Short)?, length));
        records += length as usize;
    }
    let raw_len = usize::try_from(reader.varint()?).map_err(|_| Short)?;
    let stored_len = usize::try_from(reader.varint()?).map_err(|_| Short)?;
    if raw_len > MAX_CONTENT || records > MAX_RECORDS {
        return Err(Short);
    }
    let stop = start.checked_add(stored_len).ok_or(Short)?;
    Ok(Unit {
        codec,
        subject,
        runs,
        raw_len,
        bytes: start..stop,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type AnyUnit = (Codec, Option<SubjectHandle>, Vec<(u32, u32)>, Vec<u8>);

    fn any_unit() -> impl Strategy<Value = AnyUnit> {
        let codec = prop_oneof![
            Just(Codec::Plain),
            Just(Codec::Zstd),
            any::<u32>().prop_map(Codec::Dictionary),
            any::<u32>().prop_map(Codec::Prefix),
        ];
        let runs = prop::collection::vec((0u32..1_000_000, 1u32..50), 1..4);
        let subject = prop::option::of(any::<u64>().prop_map(SubjectHandle));
        (
            codec,
            subject,
            runs,
            prop::collection::vec(any::<u8>(), 0..40),
        )
    }

    proptest! {
        #[test]
        fn frames_come_back(units in prop::collection::vec(any_unit(), 0..20)) {
            let mut builder = DataBuilder::new();
            for (codec, subject, runs, bytes) in &units {
                builder.push(*codec, *subject, runs.clone(), bytes.len(), bytes);
            }
            let content = builder.finish(KindNumber(7)).expect("because memory suffices");
            let frame = DataFrame::decode(content).expect("because it was just encoded");
            prop_assert_eq!(frame.kind, KindNumber(7));
            prop_assert_eq!(frame.units.len(), units.len());
            for (unit, (codec, subject, runs, bytes)) in frame.units.iter().zip(&units) {
                prop_assert_eq!((&unit.codec, &unit.subject, &unit.runs), (codec, subject, runs));
                prop_assert_eq!(frame.bytes(unit), bytes.as_slice());
            }
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = DataFrame::decode(bytes.clone());
            let _ = records(&bytes).collect::<Result<Vec<_>, _>>();
        }

        #[test]
        fn records_come_back(pairs in prop::collection::vec((".{0,20}", ".{0,200}"), 0..10)) {
            let mut raw = Vec::new();
            for (key, payload) in &pairs {
                put_record(&mut raw, key, payload);
            }
            let read: Vec<_> = records(&raw).collect::<Result<_, _>>().expect("because they were just written");
            prop_assert_eq!(read.len(), pairs.len());
            for (record, (key, payload)) in read.iter().zip(&pairs) {
                prop_assert_eq!((record.key, record.payload), (key.as_str(), payload.as_str()));
            }
        }
    }
}
