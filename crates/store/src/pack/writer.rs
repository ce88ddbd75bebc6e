//! Building a pack in memory.

use super::{FrameEntry, HEAD_LEN, HEAD_MAGIC, TAIL_MAGIC, VERSION, encode_footer, path};
use crate::error::Result;
use crate::frame::{self, FrameKind};
use crate::id::PackId;
use crate::seal::{Nonce, Sealer};
use crate::storage::Storage;

/// A pack is closed when it passes this many bytes.
const TARGET_BYTES: usize = 16 << 20;

/// Collects sealed frames into one pack.
#[derive(Debug)]
pub(crate) struct PackBuilder {
    bytes: Vec<u8>,
    entries: Vec<FrameEntry>,
}

/// A pack that is on storage, durable, and that no leaf names yet.
#[derive(Debug, Clone)]
pub(crate) struct FinishedPack {
    pub(crate) id: PackId,
    pub(crate) size_bytes: u64,
    pub(crate) entries: Vec<FrameEntry>,
}

impl PackBuilder {
    pub(crate) fn new(sealer: &Sealer) -> Self {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(HEAD_MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(sealer.archive.as_bytes());
        Self {
            bytes,
            entries: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= TARGET_BYTES
    }

    pub(crate) fn push(
        &mut self,
        sealer: &Sealer,
        kind: FrameKind,
        object_kind: u16,
        number: u32,
        content: &[u8],
        nonce: &Nonce,
    ) -> Result<()> {
        let sealed = frame::seal(sealer, kind, content, nonce)?;
        let stored_len = u32::try_from(sealed.bytes.len() - frame::HEADER_LEN)
            .expect("because seal() refuses frames beyond 64 MiB");
        self.entries.push(FrameEntry {
            kind,
            object_kind,
            number,
            offset: self.bytes.len() as u64,
            stored_len,
            raw_len: sealed.raw_len,
            id: sealed.id,
        });
        self.bytes.extend_from_slice(&sealed.bytes);
        Ok(())
    }

    /// Closes the pack and makes it durable. The builder is then empty and keeps its memory for the
    /// next pack.
    pub(crate) fn finish(
        &mut self,
        sealer: &Sealer,
        storage: &dyn Storage,
    ) -> Result<FinishedPack> {
        let offset = self.bytes.len() as u64;
        let footer = encode_footer(&self.entries);
        let sealed = frame::seal(sealer, FrameKind::Footer, &footer, &Sealer::random_nonce())?;
        self.bytes.extend_from_slice(&sealed.bytes);
        // The footer's own id is needed to open it, and nothing else holds it.
        self.bytes.extend_from_slice(sealed.id.as_bytes());
        self.bytes.extend_from_slice(&offset.to_le_bytes());
        self.bytes.extend_from_slice(&VERSION.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(TAIL_MAGIC);
        let id = PackId(*blake3::hash(&self.bytes).as_bytes());
        storage.put(&path(id), &self.bytes)?;
        let size_bytes = self.bytes.len() as u64;
        self.bytes.truncate(HEAD_LEN);
        Ok(FinishedPack {
            id,
            size_bytes,
            entries: std::mem::take(&mut self.entries),
        })
    }
}
