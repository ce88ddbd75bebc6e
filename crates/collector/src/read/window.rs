//! A bounded view of a stream that moves forward.

use std::io::{self, Read};

/// Longest element or line, in bytes of UTF-8: what one stored object can hold.
pub(crate) const MAX_ELEMENT_BYTES: usize = 64 << 20;

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// The same of a text that is known to be short.
const LEAST_CHUNK_BYTES: usize = 512;

/// What of a stream is in memory. Grows only while one element asks for it, up to
/// [`MAX_ELEMENT_BYTES`] and a chunk.
#[derive(Debug)]
pub(crate) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    finished: bool,
    /// Offset in the stream of the first byte of the view.
    offset: u64,
    chunk_bytes: usize,
}

impl<R: Read> Window<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            finished: false,
            offset: 0,
            chunk_bytes: CHUNK_BYTES,
        }
    }

    /// A view of a text of known length, which takes no more room than that: a tenant is read in
    /// hundreds of thousands of pages, most of them short.
    pub(crate) fn of_length(reader: R, bytes: usize) -> Self {
        Self {
            chunk_bytes: (bytes + 1).clamp(LEAST_CHUNK_BYTES, CHUNK_BYTES),
            ..Self::new(reader)
        }
    }

    /// What is in memory and not consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether nothing can follow what is in memory.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether one element fills the view to its limit.
    pub(crate) fn is_full(&self) -> bool {
        self.end - self.start > MAX_ELEMENT_BYTES
    }

    /// Offset in the stream of the first byte not consumed.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn reader(&self) -> &R {
        &self.reader
    }

    /// Gives up the first bytes of the view.
    pub(crate) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start, "more than there is");
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads on; false where there is nothing more.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.finished {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            // Doubling keeps the work of scanning a long element again in proportion to its length.
            let wanted =
                (self.buffer.len() * 2).clamp(self.chunk_bytes, MAX_ELEMENT_BYTES + CHUNK_BYTES);
            self.buffer.resize(wanted.max(self.end + 1), 0);
        }
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += count;
        self.finished = count == 0;
        Ok(count > 0)
    }
}
