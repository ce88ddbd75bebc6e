//! Packs: immutable files of sealed frames (`docs/format.md` section 5).

mod reader;
mod writer;

pub(crate) use reader::{read_footer, read_frame_bytes, verify_pack};
pub(crate) use writer::{FinishedPack, PackBuilder};

use crate::bytes::{Put, Reader, Short};
use crate::frame::{FrameKind, HEADER_LEN};
use crate::id::{FrameId, PackId};

const HEAD_MAGIC: &[u8; 8] = b"ENTRPACK";
const TAIL_MAGIC: &[u8; 8] = b"ENTRPEND";
const VERSION: u32 = 1;
pub(crate) const HEAD_LEN: usize = 32;
pub(crate) const TAIL_LEN: usize = 24;
/// Folder of all packs.
pub(crate) const FOLDER: &str = "packs";

/// Path of a pack.
pub(crate) fn path(id: PackId) -> String {
    let name = id.to_string();
    format!("{FOLDER}/{}/{name}.pack", &name[..2])
}

/// The pack a path names, if it names one.
pub(crate) fn from_path(path: &str) -> Option<PackId> {
    let id: PackId = path
        .rsplit('/')
        .next()?
        .strip_suffix(".pack")?
        .parse()
        .ok()?;
    (self::path(id) == path).then_some(id)
}

/// What the footer says of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameEntry {
    pub(crate) kind: FrameKind,
    /// Number of the kind of object, 0 where the frame belongs to none.
    pub(crate) object_kind: u16,
    /// Dictionary number or snapshot, by kind of frame.
    pub(crate) number: u32,
    /// Where the frame starts in the pack.
    pub(crate) offset: u64,
    /// Bytes behind the frame's header.
    pub(crate) stored_len: u32,
    pub(crate) raw_len: u32,
    pub(crate) id: FrameId,
}

impl FrameEntry {
    /// Bytes of the frame, header included.
    pub(crate) fn len(&self) -> usize {
        HEADER_LEN + self.stored_len as usize
    }
}

fn encode_footer(entries: &[FrameEntry]) -> Vec<u8> {
    let mut out = Vec::new();
    out.varint(entries.len() as u64);
    for entry in entries {
        out.push(entry.kind.number());
        out.varint(entry.object_kind.into());
        out.varint(entry.number.into());
        out.varint(entry.stored_len.into());
        out.varint(entry.raw_len.into());
        out.extend_from_slice(entry.id.as_bytes());
    }
    out
}

fn decode_footer(content: &[u8]) -> Result<Vec<FrameEntry>, Short> {
    let mut reader = Reader(content);
    let mut offset = HEAD_LEN as u64;
    let count = reader.length()?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let entry = FrameEntry {
            kind: FrameKind::from_number(reader.u8()?).ok_or(Short)?,
            object_kind: u16::try_from(reader.varint()?).map_err(|_| Short)?,
            number: reader.varint_u32()?,
            offset,
            stored_len: reader.varint_u32()?,
            raw_len: reader.varint_u32()?,
            id: FrameId(reader.array()?),
        };
        offset += entry.len() as u64;
        entries.push(entry);
    }
    if reader.is_empty() {
        Ok(entries)
    } else {
        Err(Short)
    }
}
