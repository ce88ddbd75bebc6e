//! What the rows of the index hold.

use roaring::RoaringBitmap;

use super::unusable;
use crate::bytes::{Put, Reader, Short, put_runs, take_runs};
use crate::error::{Error, Result};
use crate::frame::FrameKind;
use crate::id::{FrameId, KindNumber, Ordinal, PackId, RecordId, SnapshotNumber};
use crate::merkle::RightEdge;
use crate::pack::FrameEntry;
use crate::seal::{Handle, Sealer};

/// Changes with every change of what rows mean: an index of another layout is rebuilt.
pub(super) const LAYOUT: u32 = 2;
/// redb gives a row that is alone in its page a power of two of bytes: with its check and redb's own
/// words, a row of 512 versions would take twice the 16 KiB that one of 508 takes.
pub(super) const VERSIONS_PER_ROW: u32 = 508;
pub(super) const VERSION_LEN: usize = 32;
/// As for versions, in 4 KiB.
pub(super) const OBJECTS_PER_ROW: u32 = 1008;
pub(super) const HANDLE_LEN: usize = 20;
/// A bucket is split when buckets hold this many handles on average.
pub(super) const HANDLES_PER_BUCKET: u32 = 160;

pub(super) fn key_bytes(key: super::RowKey) -> [u8; 6] {
    let mut bytes = [0; 6];
    bytes[..2].copy_from_slice(&key.0.to_le_bytes());
    bytes[2..].copy_from_slice(&key.1.to_le_bytes());
    bytes
}

fn short(what: &'static str) -> impl Fn(Short) -> Error {
    move |_| unusable(format!("{what} row does not decode"))
}

/// How far the index is, and how many rows of each table there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct IndexState {
    /// Size of the log that was applied.
    pub(crate) applied: u64,
    /// Root of that log.
    pub(crate) root: [u8; 32],
    pub(crate) packs: u32,
    pub(crate) frames: u32,
    pub(crate) kinds: u16,
    pub(crate) snapshots: u32,
    /// Versions that could not be read when the index was rebuilt.
    pub(crate) lost: u32,
}

impl IndexState {
    pub(crate) fn encode(&self, sealer: &Sealer) -> Vec<u8> {
        let mut out = Vec::new();
        out.u32(LAYOUT);
        out.extend_from_slice(sealer.archive.as_bytes());
        out.u64(self.applied);
        out.extend_from_slice(&self.root);
        out.u32(self.packs);
        out.u32(self.frames);
        out.u32(self.kinds.into());
        out.u32(self.snapshots);
        out.u32(self.lost);
        out
    }

    pub(crate) fn decode(row: &[u8], sealer: &Sealer) -> Result<Self> {
        let mut reader = Reader(row);
        let mut read = || {
            let layout = reader.u32()?;
            let archive = reader.array::<16>()?;
            let state = Self {
                applied: reader.u64()?,
                root: reader.array()?,
                packs: reader.u32()?,
                frames: reader.u32()?,
                kinds: u16::try_from(reader.u32()?).map_err(|_| Short)?,
                snapshots: reader.u32()?,
                lost: reader.u32()?,
            };
            Ok((layout, archive, state))
        };
        let (layout, archive, state) = read().map_err(short("state"))?;
        if layout != LAYOUT {
            return Err(unusable(format!(
                "it has layout {layout}, this program uses {LAYOUT}"
            )));
        }
        if &archive != sealer.archive.as_bytes() {
            return Err(unusable("it belongs to another archive"));
        }
        Ok(state)
    }
}

pub(super) fn encode_pack(id: PackId, size_bytes: u64) -> Vec<u8> {
    let mut out = id.as_bytes().to_vec();
    out.u64(size_bytes);
    out
}

pub(super) fn decode_pack(row: &[u8]) -> Result<(PackId, u64)> {
    let mut reader = Reader(row);
    let mut read = || Ok((PackId(reader.array()?), reader.u64()?));
    read().map_err(short("pack"))
}

/// Where a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameRow {
    pub(crate) pack: u32,
    pub(crate) entry: FrameEntry,
}

impl FrameRow {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let entry = &self.entry;
        let mut out = Vec::with_capacity(64);
        out.u32(self.pack);
        out.push(entry.kind.number());
        out.u32(entry.object_kind.into());
        out.u32(entry.number);
        out.u64(entry.offset);
        out.u32(entry.stored_len);
        out.u32(entry.raw_len);
        out.extend_from_slice(entry.id.as_bytes());
        out
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Self> {
        let mut reader = Reader(row);
        let mut read = || {
            let pack = reader.u32()?;
            let entry = FrameEntry {
                kind: FrameKind::from_number(reader.u8()?).ok_or(Short)?,
                object_kind: u16::try_from(reader.u32()?).map_err(|_| Short)?,
                number: reader.u32()?,
                offset: reader.u64()?,
                stored_len: reader.u32()?,
                raw_len: reader.u32()?,
                id: FrameId(reader.array()?),
            };
            Ok(Self { pack, entry })
        };
        read().map_err(short("frame"))
    }
}

/// What is known of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KindState {
    pub(crate) number: KindNumber,
    pub(crate) name: String,
    /// Ordinals so far.
    pub(crate) versions: u32,
    /// Objects so far.
    pub(crate) objects: u32,
    /// log2 of the number of handle buckets.
    pub(crate) handle_bits: u8,
    pub(crate) edge: RightEdge,
    /// `(number, frame)` of the kind's dictionaries, newest last.
    pub(crate) dictionaries: Vec<(u32, u32)>,
}

impl KindState {
    pub(crate) fn new(number: KindNumber, name: &str) -> Self {
        Self {
            number,
            name: name.to_owned(),
            versions: 0,
            objects: 0,
            handle_bits: 0,
            edge: RightEdge::default(),
            dictionaries: Vec::new(),
        }
    }

    pub(super) fn encode(&self, sealer: &Sealer) -> Vec<u8> {
        let mut out = Vec::new();
        let name = sealer.seal_text(self.name.as_bytes());
        out.varint(name.len() as u64);
        out.extend_from_slice(&name);
        out.u32(self.versions);
        out.u32(self.objects);
        out.push(self.handle_bits);
        self.edge.encode(&mut out);
        out.varint(self.dictionaries.len() as u64);
        for (number, frame) in &self.dictionaries {
            out.u32(*number);
            out.u32(*frame);
        }
        out
    }

    pub(super) fn decode(number: KindNumber, row: &[u8], sealer: &Sealer) -> Result<Self> {
        let mut reader = Reader(row);
        let mut read = || {
            let name = sealer
                .open_text(reader.sized()?)
                .and_then(|name| String::from_utf8(name).ok());
            Ok(Self {
                number,
                name: name.ok_or(Short)?,
                versions: reader.u32()?,
                objects: reader.u32()?,
                handle_bits: reader.u8()?,
                edge: RightEdge::decode(&mut reader)?,
                dictionaries: (0..reader.length()?)
                    .map(|_| Ok((reader.u32()?, reader.u32()?)))
                    .collect::<std::result::Result<_, Short>>()?,
            })
        };
        read().map_err(short("kind"))
    }

    /// Handle buckets for that many objects.
    pub(super) fn bits_for(objects: u32) -> u8 {
        let buckets = objects.div_ceil(HANDLES_PER_BUCKET).next_power_of_two();
        u8::try_from(buckets.trailing_zeros()).expect("because a u32 has 32 bits")
    }
}

/// Where a version's bytes are: frame, unit within it, record within that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) frame: u32,
    pub(crate) unit: u16,
    pub(crate) record: u16,
    /// Units that must be decompressed before this one.
    pub(crate) depth: u8,
}

impl Place {
    /// Of a version whose frame is gone.
    pub(crate) const LOST: Place = Place {
        frame: MAX_FRAMES - 1,
        unit: 0,
        record: 0,
        depth: 0,
    };
}

/// What is known of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VersionRow {
    pub(crate) place: Place,
    pub(crate) object: u32,
    /// The object's version before this one.
    pub(crate) previous: Option<Ordinal>,
    /// First half of the blob id.
    pub(crate) blob: [u8; 16],
}

impl VersionRow {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        // 24 bits of frame leave 8 for the depth: an archive has far fewer than 16 million frames.
        out.u32(self.place.frame | u32::from(self.place.depth) << 24);
        out.extend_from_slice(&self.place.unit.to_le_bytes());
        out.extend_from_slice(&self.place.record.to_le_bytes());
        out.u32(self.object);
        out.u32(self.previous.map_or(0, |ordinal| ordinal + 1));
        out.extend_from_slice(&self.blob);
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        let mut read = || {
            let frame = reader.u32()?;
            let (unit, record) = (reader.u16()?, reader.u16()?);
            Ok(Self {
                place: Place {
                    frame: frame & 0xff_ffff,
                    unit,
                    record,
                    depth: (frame >> 24) as u8,
                },
                object: reader.u32()?,
                previous: reader.u32()?.checked_sub(1),
                blob: reader.array()?,
            })
        };
        read().map_err(short("version"))
    }
}

/// Largest frame number that fits into a version row.
pub(crate) const MAX_FRAMES: u32 = 1 << 24;

/// A state: whole, or relative to another snapshot's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AliveRow {
    Full(RoaringBitmap),
    Delta {
        base: Option<SnapshotNumber>,
        opened: RoaringBitmap,
        closed: RoaringBitmap,
    },
}

impl AliveRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Full(alive) => {
                out.push(1);
                put_runs(&mut out, alive);
            }
            Self::Delta {
                base,
                opened,
                closed,
            } => {
                out.push(0);
                out.u32(base.unwrap_or(0));
                put_runs(&mut out, opened);
                put_runs(&mut out, closed);
            }
        }
        out
    }

    pub(super) fn decode(row: &[u8]) -> Result<Self> {
        let mut reader = Reader(row);
        let mut read = || match reader.u8()? {
            1 => Ok(Self::Full(take_runs(&mut reader)?)),
            0 => Ok(Self::Delta {
                base: Some(reader.u32()?).filter(|base| *base > 0),
                opened: take_runs(&mut reader)?,
                closed: take_runs(&mut reader)?,
            }),
            _ => Err(Short),
        };
        read().map_err(short("alive"))
    }
}

/// A snapshot, without its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotRow {
    pub(crate) number: SnapshotNumber,
    pub(crate) id: RecordId,
    /// Nanoseconds since the epoch.
    pub(crate) taken_at_ns: i64,
    /// Leaf of the act.
    pub(crate) leaf: u64,
    /// Whether it read event kinds only.
    pub(crate) events_only: bool,
    /// Kinds it states.
    pub(crate) kinds: Vec<KindNumber>,
}

impl SnapshotRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = self.id.as_bytes().to_vec();
        out.extend_from_slice(&self.taken_at_ns.to_le_bytes());
        out.u64(self.leaf);
        out.push(u8::from(self.events_only));
        out.varint(self.kinds.len() as u64);
        self.kinds.iter().for_each(|kind| out.varint(kind.0.into()));
        out
    }

    pub(super) fn decode(number: SnapshotNumber, row: &[u8]) -> Result<Self> {
        let mut reader = Reader(row);
        let mut read = || {
            Ok(Self {
                number,
                id: RecordId(reader.array()?),
                taken_at_ns: i64::from_le_bytes(reader.array()?),
                leaf: reader.u64()?,
                events_only: reader.u8()? != 0,
                kinds: (0..reader.length()?)
                    .map(|_| {
                        u16::try_from(reader.varint()?)
                            .map(KindNumber)
                            .map_err(|_| Short)
                    })
                    .collect::<std::result::Result<_, Short>>()?,
            })
        };
        read().map_err(short("snapshot"))
    }
}

/// Bucket of a handle among `2^bits`.
pub(super) fn bucket_of(handle: &Handle, bits: u8) -> u32 {
    let head = u32::from_be_bytes([handle[0], handle[1], handle[2], handle[3]]);
    if bits == 0 { 0 } else { head >> (32 - bits) }
}

/// Position of a handle in a sorted bucket row.
pub(super) fn find_handle(row: &[u8], handle: &Handle) -> Option<usize> {
    let (mut low, mut high) = (0, row.len() / HANDLE_LEN);
    while low < high {
        let middle = usize::midpoint(low, high);
        match row[middle * HANDLE_LEN..middle * HANDLE_LEN + 16].cmp(handle) {
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// The object number behind a handle in a bucket row.
pub(super) fn handle_object(entry: &[u8]) -> u32 {
    u32::from_le_bytes([entry[16], entry[17], entry[18], entry[19]])
}
