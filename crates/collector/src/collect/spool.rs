//! The pages of a run on disk, until its snapshot is made.
//!
//! A run may take hours; what it has read must survive a crash. Messages go into numbered working files
//! of the archive, sealed like everything in it, and are told again when a run goes on.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Archive;
use zstd::bulk::Compressor;

use super::message::Message;
use crate::error::{Error, Result};

const FOLDER: &str = "run";
const HEAD: &str = "run/head";
/// Messages that come at once are put together before they go to disk, up to so many bytes or for so long. A page of
/// a large kind is more than that; when nothing follows, what waits is written as well.
const CHUNK_BYTES: usize = 256 << 10;
const CHUNK_TIME: Duration = Duration::from_millis(250);
/// Pages are text that repeats itself; the fastest level already divides them by ten.
const LEVEL: i32 = 1;
/// No chunk is larger: a page has at most 64 MiB, a batch of small ones 128.
const MAX_CHUNK_BYTES: usize = 512 << 20;

/// What a run was begun with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) begun_at: Timestamp,
    /// Acts in the archive's log when it began: afterwards its changes would be laid over another state.
    pub(super) log_size: u64,
    /// The kinds it reads.
    pub(super) kinds: Vec<String>,
    pub(super) full: bool,
}

/// The spool of a run being written.
#[derive(Default)]
pub(super) struct Spool {
    number: u32,
    /// Nothing after what was recalled last can be read.
    is_torn: bool,
    waiting: Vec<u8>,
    since: Option<Instant>,
    /// Made once: its tables are larger than many a chunk.
    compressor: Option<Compressor<'static>>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spool({})", self.number)
    }
}

impl Spool {
    /// Begins a run: what another left is thrown away.
    pub(super) fn begin(archive: &Archive, head: &Head) -> Result<Self> {
        Self::discard(archive)?;
        let text = serde_json::to_vec(head).map_err(|error| internal(&error))?;
        archive.write_work(HEAD, &text)?;
        Ok(Self::default())
    }

    /// Head of the run that was left unfinished, if one was.
    pub(super) fn unfinished(archive: &Archive) -> Result<Option<Head>> {
        let text = archive.read_work(HEAD)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    /// The next messages of the run that was left unfinished, a file of them at a time; nothing at its
    /// end. What follows a file that cannot be read does not count.
    pub(super) fn recall(&mut self, archive: &Archive) -> Result<Option<Vec<Message>>> {
        let packed = archive.read_work(&name(self.number))?;
        let unpack = |packed: Vec<u8>| zstd::bulk::decompress(&packed, MAX_CHUNK_BYTES).ok();
        let Some(chunk) = packed.filter(|_| !self.is_torn).and_then(unpack) else {
            self.cut(archive)?;
            return Ok(None);
        };
        self.number += 1;
        let chunk = Bytes::from(chunk);
        let mut messages = Vec::new();
        let mut at = 0;
        while let Some((message, next)) = take(&chunk, at) {
            messages.push(message);
            at = next;
        }
        self.is_torn = at < chunk.len();
        Ok(Some(messages))
    }

    /// Throws away what follows the messages that were recalled. If it stayed, the next run would find
    /// it behind what this one is going to write in its place.
    fn cut(&self, archive: &Archive) -> Result<()> {
        let first = name(self.number);
        let files = archive.list_work(FOLDER)?.into_iter();
        for (name, _) in files.filter(|(name, _)| name != HEAD && *name >= first) {
            archive.delete_work(&name)?;
        }
        Ok(())
    }

    /// Keeps a message.
    pub(super) fn add(&mut self, archive: &Archive, message: &Message) -> Result<()> {
        let start = self.waiting.len();
        self.waiting.extend_from_slice(&[0; 4]);
        serde_json::to_writer(&mut self.waiting, message).map_err(|error| internal(&error))?;
        let length = sized_as(self.waiting.len() - start - 4)?;
        self.waiting[start..start + 4].copy_from_slice(&length);
        let body = message.body();
        self.waiting.extend_from_slice(&sized_as(body.len())?);
        self.waiting.extend_from_slice(body);
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.waiting.len() >= CHUNK_BYTES || since.elapsed() >= CHUNK_TIME {
            self.flush(archive)?;
        }
        Ok(())
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self, archive: &Archive) -> Result<()> {
        self.since = None;
        if self.waiting.is_empty() {
            return Ok(());
        }
        let failed = |error| Error::Invalid(format!("a page cannot be compressed: {error}"));
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(LEVEL).map_err(failed)?),
        };
        let packed = compressor.compress(&self.waiting).map_err(failed)?;
        archive.write_work(&name(self.number), &packed)?;
        self.number += 1;
        self.waiting.clear();
        Ok(())
    }

    /// Throws a run away. The head goes first: without it there is no run.
    pub(super) fn discard(archive: &Archive) -> Result<()> {
        archive.delete_work(HEAD)?;
        for (name, _) in archive.list_work(FOLDER)? {
            archive.delete_work(&name)?;
        }
        Ok(())
    }
}

fn name(number: u32) -> String {
    format!("{FOLDER}/{number:06}")
}

fn internal(error: &serde_json::Error) -> Error {
    Error::Invalid(format!("a message cannot be written: {error}"))
}

/// The length of a part, as it stands before it.
fn sized_as(length: usize) -> Result<[u8; 4]> {
    let length = u32::try_from(length)
        .map_err(|_| Error::Invalid("a page of more than 4 GiB".to_owned()))?;
    Ok(length.to_le_bytes())
}

/// The message at an offset, and where the next one is.
fn take(chunk: &Bytes, at: usize) -> Option<(Message, usize)> {
    let (head, at) = sized(chunk, at)?;
    let (body, at) = sized(chunk, at)?;
    let message: Message = serde_json::from_slice(&head).ok()?;
    Some((message.with_body(body), at))
}

fn sized(chunk: &Bytes, at: usize) -> Option<(Bytes, usize)> {
    let start = at.checked_add(4)?;
    let length = chunk.get(at..start)?.try_into().ok()?;
    let end = start.checked_add(u32::from_le_bytes(length) as usize)?;
    (end <= chunk.len()).then(|| (chunk.slice(start..end), end))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use store::{CreateOptions, MemoryStorage, Secrets, SlotChoice, Storage};

    use super::super::message::Page;
    use super::*;

    fn archive() -> Result<Archive> {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::default());
        let options = CreateOptions {
            tenant: "example".to_owned(),
            slots: vec![SlotChoice::Unprotected],
            tool: "test".to_owned(),
            now: Timestamp::UNIX_EPOCH,
        };
        Archive::create(&storage, &options)?;
        Ok(Archive::open(storage, &Secrets::default())?)
    }

    fn page(number: usize) -> Message {
        Message::Page(Page {
            kind: "user".to_owned(),
            parent: String::new(),
            delta: false,
            next: Some(format!("page-{number}")),
            body: Bytes::from(format!("{{\"value\":[{number}]}}")),
        })
    }

    fn head() -> Head {
        Head {
            begun_at: Timestamp::UNIX_EPOCH,
            log_size: 1,
            kinds: vec!["user".to_owned()],
            full: false,
        }
    }

    fn bodies(archive: &Archive) -> Result<Vec<String>> {
        let mut spool = Spool::default();
        let mut bodies = Vec::new();
        while let Some(messages) = spool.recall(archive)? {
            let texts = messages
                .iter()
                .map(|message| String::from_utf8_lossy(message.body()).into_owned());
            bodies.extend(texts);
        }
        Ok(bodies)
    }

    #[test]
    fn what_was_told_is_told_again_in_order() -> Result<()> {
        let archive = archive()?;
        assert_eq!(Spool::unfinished(&archive)?, None);
        let mut spool = Spool::begin(&archive, &head())?;
        for number in 0..3 {
            spool.add(&archive, &page(number))?;
            spool.flush(&archive)?;
        }
        spool.add(
            &archive,
            &Message::Empty {
                kind: "group".to_owned(),
            },
        )?;
        spool.flush(&archive)?;
        assert_eq!(Spool::unfinished(&archive)?, Some(head()));
        assert_eq!(
            bodies(&archive)?,
            ["{\"value\":[0]}", "{\"value\":[1]}", "{\"value\":[2]}", ""]
        );
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_read_ends_what_counts() -> Result<()> {
        let archive = archive()?;
        let mut spool = Spool::begin(&archive, &head())?;
        for number in 0..3 {
            spool.add(&archive, &page(number))?;
            spool.flush(&archive)?;
        }
        archive.storage().put("work/run/000001", b"torn")?;
        assert_eq!(bodies(&archive)?, ["{\"value\":[0]}"]);

        Spool::discard(&archive)?;
        assert_eq!(Spool::unfinished(&archive)?, None);
        assert!(archive.list_work("run")?.is_empty());
        Ok(())
    }
}
