//! Frames: the sealed pieces of a pack (`docs/format.md` section 5).

use crate::bytes::Reader;
use crate::compress;
use crate::error::{Error, Result};
use crate::id::FrameId;
use crate::seal::{FrameSeal, Nonce, Sealer};

/// Bytes in front of a frame's ciphertext.
pub(crate) const HEADER_LEN: usize = 40;
/// Largest content of a frame, and of a unit within one.
pub(crate) const MAX_CONTENT: usize = 64 << 20;
const TAG_LEN: usize = 16;
const VERSION: u16 = 1;
const FLAG_ZSTD: u8 = 1;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FrameKind {
    Data,
    Dictionary,
    Changesets,
    Alive,
    Volatile,
    Records,
    Footer,
}

impl FrameKind {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Data => 1,
            Self::Dictionary => 2,
            Self::Changesets => 3,
            Self::Alive => 4,
            Self::Volatile => 5,
            Self::Records => 6,
            Self::Footer => 7,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [
            Self::Data,
            Self::Dictionary,
            Self::Changesets,
            Self::Alive,
            Self::Volatile,
            Self::Records,
            Self::Footer,
        ]
        .into_iter()
        .find(|kind| kind.number() == number)
    }

    /// Data frames compress their units themselves.
    fn compressed(self) -> bool {
        self != Self::Data
    }
}

/// A sealed frame, ready for a pack.
#[derive(Debug)]
pub(crate) struct SealedFrame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) raw_len: u32,
    pub(crate) id: FrameId,
}

/// An opened frame.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) content: Vec<u8>,
    pub(crate) nonce: Nonce,
}

pub(crate) fn seal(
    sealer: &Sealer,
    kind: FrameKind,
    content: &[u8],
    nonce: &Nonce,
) -> Result<SealedFrame> {
    let raw_len = u32::try_from(content.len())
        .ok()
        .filter(|_| content.len() <= MAX_CONTENT);
    let raw_len = raw_len.ok_or_else(|| {
        Error::invalid(format!(
            "a {kind:?} frame of {} bytes is above the limit of 64 MiB",
            content.len()
        ))
    })?;
    let id = sealer.frame_id(kind.number(), content);
    let flags = if kind.compressed() { FLAG_ZSTD } else { 0 };
    let seal = FrameSeal {
        kind: kind.number(),
        flags,
        epoch: sealer.epoch(),
        raw_len,
        id,
    };
    let sealed = if kind.compressed() {
        sealer.seal_frame(seal, nonce, &compress::zstd_frame(content)?)
    } else {
        sealer.seal_frame(seal, nonce, content)
    };
    let stored_len = u32::try_from(sealed.len())
        .map_err(|_| Error::Internal("a sealed frame is longer than 4 GiB".to_owned()))?;
    let mut bytes = Vec::with_capacity(HEADER_LEN + sealed.len());
    bytes.extend_from_slice(&[kind.number(), flags]);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&stored_len.to_le_bytes());
    bytes.extend_from_slice(&raw_len.to_le_bytes());
    bytes.extend_from_slice(&sealer.epoch().to_le_bytes());
    bytes.extend_from_slice(nonce);
    bytes.extend_from_slice(&sealed);
    Ok(SealedFrame { bytes, raw_len, id })
}

/// Opens a frame that the footer (or the index) says has this kind and id; `place` names it in errors.
pub(crate) fn open(
    sealer: &Sealer,
    kind: FrameKind,
    id: FrameId,
    bytes: &[u8],
    place: impl Fn() -> String,
) -> Result<Opened> {
    let damaged = |reason: &str| Error::corrupt(place(), reason);
    let mut reader = Reader(bytes);
    let header = |reader: &mut Reader<'_>| {
        Ok::<_, crate::bytes::Short>((
            reader.u8()?,
            reader.u8()?,
            reader.u16()?,
            reader.u32()?,
            reader.u32()?,
            reader.u32()?,
            reader.array::<24>()?,
        ))
    };
    let (number, flags, version, stored_len, raw_len, epoch, nonce) =
        header(&mut reader).map_err(|_| damaged("the frame is shorter than its header"))?;
    if version > VERSION {
        return Err(Error::TooNew {
            place: place(),
            found: version.into(),
            supported: VERSION.into(),
        });
    }
    if number != kind.number() || flags & !FLAG_ZSTD != 0 || raw_len as usize > MAX_CONTENT {
        return Err(damaged("the frame's header does not fit the frame"));
    }
    if stored_len as usize != reader.0.len() || reader.0.len() < TAG_LEN {
        return Err(damaged("the frame's length does not fit the frame"));
    }
    let seal = FrameSeal {
        kind: number,
        flags,
        epoch,
        raw_len,
        id,
    };
    let plain = sealer
        .open_frame(seal, &nonce, reader.0)
        .ok_or_else(|| damaged("the frame's seal does not open"))?;
    let content = if flags & FLAG_ZSTD == 0 {
        plain
    } else {
        compress::read_zstd_frame(&plain, raw_len as usize)
            .ok_or_else(|| damaged("the frame's content does not decompress to its length"))?
    };
    if content.len() != raw_len as usize || sealer.frame_id(number, &content) != id {
        return Err(damaged("the frame's content does not fit its id"));
    }
    Ok(Opened { content, nonce })
}
