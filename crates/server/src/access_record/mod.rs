//! Who asked what: one JSON object a line, in files of the server, a file a day.
//!
//! ```text
//!   access/2026-01-05.jsonl        lines in the order in which answers ended
//!   access/2026-01-05.2.jsonl      the same day, after the first file was full
//! ```
//!
//! The record is the server's and not an archive's: it also tells of requests that were refused, it must go on when
//! an archive cannot be written, and log shippers read lines of files. It names objects and has the text of
//! statements, so the folder is for the server's user alone. Tokens never get into it ([`redacted`]).
//!
//! What cannot be recorded is not answered: when writing fails, requests are refused until it works again.

mod entry;
mod files;
mod reading;
mod redact;
mod writer;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use entry::Entry;
pub use reading::{Found, Wanted};
pub use redact::redacted;
pub use writer::AccessRecord;

/// How the record is kept.
#[derive(Debug, Clone)]
pub struct AccessOptions {
    /// The folder; made where there is none.
    pub folder: PathBuf,
    /// Days after which a file is deleted.
    pub days: u32,
    /// Whether the text of statements is recorded besides its hash.
    pub statements: bool,
    /// Size at which a file is full, in bytes.
    pub file_bytes: u64,
}

impl AccessOptions {
    /// In this folder, for 400 days, with statements.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            days: 400,
            statements: true,
            file_bytes: 64 << 20,
        }
    }
}
