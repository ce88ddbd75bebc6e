//! Frames on their way into packs that no leaf names yet.

use crate::archive::Archive;
use crate::error::Result;
use crate::frame::FrameKind;
use crate::id::PackId;
use crate::index::{FrameRow, IndexBatch};
use crate::pack::{FinishedPack, PackBuilder};
use crate::seal::{Nonce, Sealer};

/// Packs being filled. A pack that passes its size is written at once, so that memory stays bounded.
#[derive(Debug)]
pub(crate) struct Staging {
    builder: PackBuilder,
    finished: Vec<FinishedPack>,
    first_pack: u32,
    next_frame: u32,
}

impl Staging {
    /// Frames and packs are numbered behind those the index has.
    pub(crate) fn new(archive: &Archive) -> Self {
        let state = archive.view.reader.state;
        Self::numbered(&archive.sealer, state.packs, state.frames)
    }

    pub(crate) fn numbered(sealer: &Sealer, first_pack: u32, next_frame: u32) -> Self {
        Self {
            builder: PackBuilder::new(sealer),
            finished: Vec::new(),
            first_pack,
            next_frame,
        }
    }

    /// Adds a frame; returns the number the index will know it by.
    pub(crate) fn push(
        &mut self,
        archive: &Archive,
        kind: FrameKind,
        object_kind: u16,
        number: u32,
        content: &[u8],
        nonce: &Nonce,
    ) -> Result<u32> {
        self.builder
            .push(&archive.sealer, kind, object_kind, number, content, nonce)?;
        if self.builder.is_full() {
            self.close(archive)?;
        }
        self.next_frame += 1;
        Ok(self.next_frame - 1)
    }

    fn close(&mut self, archive: &Archive) -> Result<()> {
        let finished = self.builder.finish(&archive.sealer, &*archive.storage)?;
        self.finished.push(finished);
        Ok(())
    }

    /// Packs written so far: those a record must name because another pack will hold it.
    pub(crate) fn written(&self) -> Vec<PackId> {
        self.finished.iter().map(|pack| pack.id).collect()
    }

    /// Closes the last pack. Everything that was pushed is durable when this returns.
    pub(crate) fn finish(mut self, archive: &Archive) -> Result<Staged> {
        if !self.builder.is_empty() {
            self.close(archive)?;
        }
        Ok(Staged {
            packs: self.finished,
            first_pack: self.first_pack,
            next_frame: self.next_frame,
        })
    }
}

/// Packs that are durable and wait for their leaf.
#[derive(Debug)]
pub(crate) struct Staged {
    pub(crate) packs: Vec<FinishedPack>,
    first_pack: u32,
    next_frame: u32,
}

impl Staged {
    /// The pack that holds what was pushed last: the record.
    pub(crate) fn last_pack(&self) -> Option<PackId> {
        self.packs.last().map(|pack| pack.id)
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.packs.iter().map(|pack| pack.size_bytes).sum()
    }

    /// Tells the index where the frames are.
    pub(crate) fn describe(&self, batch: &mut IndexBatch) {
        let count: usize = self.packs.iter().map(|pack| pack.entries.len()).sum();
        let first_frame = self.next_frame - u32::try_from(count).unwrap_or(self.next_frame);
        let mut frames = first_frame..;
        for (pack, finished) in (self.first_pack..).zip(&self.packs) {
            batch.packs.push((pack, finished.id, finished.size_bytes));
            let rows = finished.entries.iter().map(|entry| FrameRow {
                pack,
                entry: *entry,
            });
            batch.frames.extend(frames.by_ref().zip(rows));
        }
        batch.state.packs = self.first_pack + u32::try_from(self.packs.len()).unwrap_or(0);
        batch.state.frames = self.next_frame;
    }
}
