//! Reading the record, the newest line first.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use jiff::Timestamp;

use super::entry::Entry;
use super::files::{self, FileName};
use super::writer::AccessRecord;
use crate::error::{Error, Result};

/// How much of a file is read at once, in bytes.
const CHUNK_BYTES: usize = 256 << 10;
/// Longest line that is read, in bytes.
const MAX_LINE_BYTES: usize = 1 << 20;
/// Lines that are looked at for one answer, whether they fit or not.
const MAX_LOOKED_AT: usize = 200_000;

/// Which lines are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Requests that meant this tenant.
    pub tenant: Option<String>,
    /// Requests of this principal, by its key.
    pub principal: Option<String>,
    /// Requests from this time on.
    pub since: Option<Timestamp>,
    /// Requests before this time.
    pub until: Option<Timestamp>,
    /// Where an answer before this one ended.
    pub after: Option<String>,
    /// Most lines of the answer.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The lines, the newest first.
    pub entries: Vec<Entry>,
    /// Where to go on; `None` where there is nothing more.
    pub next: Option<String>,
}

impl AccessRecord {
    /// Looks for lines. Blocks.
    ///
    /// # Errors
    /// A place to go on from that is none, or files that cannot be read.
    pub fn read(&self, wanted: &Wanted) -> Result<Found> {
        let place = wanted.after.as_deref().map(Place::parse).transpose()?;
        let mut names = files::list(self.folder())?;
        names.reverse();
        let mut found = Found {
            entries: Vec::new(),
            next: None,
        };
        let mut looked_at = 0;
        for name in names {
            let end = match &place {
                Some(place) if name > place.file => continue,
                Some(place) if name == place.file => Some(place.offset),
                _ => None,
            };
            // A day before the wanted ones, and the one in which answers may have ended later.
            let first = wanted.since.map(|since| FileName::first_of(since).day);
            if first.is_some_and(|first| name.day < first) {
                break;
            }
            let mut lines = Backwards::open(self.folder(), name, end)?;
            while let Some((offset, line)) = lines.next()? {
                looked_at += 1;
                let entry = serde_json::from_slice::<Entry>(&line).ok();
                found
                    .entries
                    .extend(entry.filter(|entry| wanted.has(entry)));
                if found.entries.len() >= wanted.limit.max(1) || looked_at >= MAX_LOOKED_AT {
                    found.next = Some(Place { file: name, offset }.to_string());
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}

impl Wanted {
    fn has(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, had: &Option<String>| wanted.is_none() || wanted == had;
        is(&self.tenant, &entry.tenant)
            && is(&self.principal, &entry.principal)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

/// Where a line begins.
struct Place {
    file: FileName,
    offset: u64,
}

impl Place {
    fn parse(text: &str) -> Result<Self> {
        let parsed = text.rsplit_once('@').and_then(|(file, offset)| {
            let (file, offset) = (FileName::parse(file)?, offset.parse().ok()?);
            Some(Self { file, offset })
        });
        parsed.ok_or_else(|| Error::Invalid(format!("{text:?} is no place in the access record")))
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.file, self.offset)
    }
}

/// The lines of a file, the last one first.
struct Backwards {
    path: std::path::PathBuf,
    file: File,
    /// Where what is in memory begins in the file.
    from: u64,
    memory: Vec<u8>,
}

impl Backwards {
    /// Before an offset, or before the end.
    fn open(folder: &std::path::Path, name: FileName, end: Option<u64>) -> Result<Self> {
        let path = folder.join(name.to_string());
        let failed = |error| Error::file(&path, error);
        let file = File::open(&path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        Ok(Self {
            file,
            from: end.unwrap_or(size).min(size),
            memory: Vec::new(),
            path,
        })
    }

    /// The line before the last one that was given, and where it begins.
    fn next(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        loop {
            // The last byte in memory ends the line that is looked for.
            let body = self.memory.len().saturating_sub(1);
            let before = self.memory[..body].iter().rposition(|&byte| byte == b'\n');
            if let Some(before) = before {
                let mut line = self.memory.split_off(before + 1);
                line.pop();
                return Ok(Some((self.from + before as u64 + 1, line)));
            }
            if self.from == 0 {
                let line = std::mem::take(&mut self.memory);
                let text = line.strip_suffix(b"\n").unwrap_or(&line).to_vec();
                return Ok((!line.is_empty()).then_some((0, text)));
            }
            if self.memory.len() > MAX_LINE_BYTES {
                self.memory.truncate(1);
            }
            self.read_before()?;
        }
    }

    fn read_before(&mut self) -> Result<()> {
        let failed = |error| Error::file(&self.path, error);
        let length = CHUNK_BYTES.min(usize::try_from(self.from).unwrap_or(CHUNK_BYTES));
        self.from -= length as u64;
        self.file.seek(SeekFrom::Start(self.from)).map_err(failed)?;
        let mut chunk = vec![0; length];
        self.file.read_exact(&mut chunk).map_err(failed)?;
        chunk.append(&mut self.memory);
        self.memory = chunk;
        Ok(())
    }
}
