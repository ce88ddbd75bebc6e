//! Reading packs: the footer, single frames, and the whole file against its name.

use super::{FrameEntry, HEAD_LEN, HEAD_MAGIC, TAIL_LEN, TAIL_MAGIC, VERSION, decode_footer, path};
use crate::bytes::Reader;
use crate::error::{Error, Result};
use crate::frame::{self, FrameKind};
use crate::id::{FrameId, PackId};
use crate::seal::Sealer;
use crate::storage::Storage;

/// A footer is read together with the tail if it fits into this many bytes from the end.
const TAIL_READ: u64 = 16 << 10;

/// The frames of a pack, by its footer.
pub(crate) fn read_footer(
    storage: &dyn Storage,
    sealer: &Sealer,
    id: PackId,
) -> Result<(u64, Vec<FrameEntry>)> {
    let path = path(id);
    let missing = || Error::Missing {
        place: path.clone(),
        reason: "the log refers to it".to_owned(),
    };
    let size = storage.size(&path)?.ok_or_else(missing)?;
    let damaged = |reason: &str| Error::corrupt(path.clone(), reason);
    if size < (HEAD_LEN + TAIL_LEN) as u64 {
        return Err(damaged("it is shorter than a pack's head and tail"));
    }
    let start = size.saturating_sub(TAIL_READ);
    let mut end = storage.read_range(
        &path,
        start,
        usize::try_from(size - start).unwrap_or(usize::MAX),
    )?;
    let offset = footer_offset(&end, size, &path)?;
    if offset < start {
        end = storage.read_range(
            &path,
            offset,
            usize::try_from(size - offset).unwrap_or(usize::MAX),
        )?;
    } else {
        end.drain(
            ..usize::try_from(offset - start)
                .unwrap_or(usize::MAX)
                .min(end.len()),
        );
    }
    if end.len() < TAIL_LEN + 32 {
        return Err(damaged("its footer is cut"));
    }
    let (footer, tail) = end.split_at(end.len() - TAIL_LEN - 32);
    let footer_id = FrameId(tail[..32].try_into().expect("because 32 bytes are 32"));
    let place = || format!("{path} (footer at {offset})");
    let opened = frame::open(sealer, FrameKind::Footer, footer_id, footer, place)?;
    let entries =
        decode_footer(&opened.content).map_err(|_| damaged("its footer does not decode"))?;
    let end_of_frames = entries
        .last()
        .map_or(HEAD_LEN as u64, |e| e.offset + e.len() as u64);
    if end_of_frames != offset {
        return Err(damaged("its frames do not end where its footer starts"));
    }
    Ok((size, entries))
}

fn footer_offset(end: &[u8], size: u64, path: &str) -> Result<u64> {
    let damaged = |reason: &str| Error::corrupt(path, reason);
    let tail = end
        .get(end.len().saturating_sub(TAIL_LEN)..)
        .unwrap_or_default();
    let mut reader = Reader(tail);
    let read = |reader: &mut Reader<'_>| {
        Ok::<_, crate::bytes::Short>((
            reader.u64()?,
            reader.u32()?,
            reader.u32()?,
            reader.array::<8>()?,
        ))
    };
    let (offset, version, zero, magic) =
        read(&mut reader).map_err(|_| damaged("its tail is cut"))?;
    if &magic != TAIL_MAGIC {
        return Err(damaged("it does not end with ENTRPEND"));
    }
    if version > VERSION {
        return Err(Error::TooNew {
            place: path.to_owned(),
            found: version,
            supported: VERSION,
        });
    }
    if zero != 0 || offset < HEAD_LEN as u64 || offset > size - TAIL_LEN as u64 {
        return Err(damaged("its tail points outside the file"));
    }
    Ok(offset)
}

/// The sealed bytes of one frame.
pub(crate) fn read_frame_bytes(
    storage: &dyn Storage,
    pack: PackId,
    entry: &FrameEntry,
) -> Result<Vec<u8>> {
    let path = path(pack);
    let bytes = storage
        .read_range(&path, entry.offset, entry.len())
        .map_err(|error| match error {
            Error::NotFound { .. } => Error::Missing {
                place: path.clone(),
                reason: "the log refers to it".to_owned(),
            },
            other => other,
        })?;
    if bytes.len() < entry.len() {
        return Err(Error::corrupt(
            format!("{path} (frame at {})", entry.offset),
            "the file ends inside it",
        ));
    }
    Ok(bytes)
}

/// Checks every byte of the file against its name, and its head and footer; returns the frames.
pub(crate) fn verify_pack(
    storage: &dyn Storage,
    sealer: &Sealer,
    id: PackId,
) -> Result<Vec<FrameEntry>> {
    let path = path(id);
    let bytes = storage.read(&path).map_err(|error| match error {
        Error::NotFound { .. } => Error::Missing {
            place: path.clone(),
            reason: "the log refers to it".to_owned(),
        },
        other => other,
    })?;
    if blake3::hash(&bytes).as_bytes() != id.as_bytes() {
        return Err(Error::corrupt(path, "its bytes do not fit its name"));
    }
    let head = bytes.get(..HEAD_LEN).unwrap_or_default();
    if head.get(..8) != Some(HEAD_MAGIC.as_slice())
        || head.get(16..32) != Some(sealer.archive.as_bytes())
    {
        return Err(Error::corrupt(
            path,
            "its head is not that of a pack of this archive",
        ));
    }
    Ok(read_footer(storage, sealer, id)?.1)
}
