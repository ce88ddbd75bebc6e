//! `archive.toml` (`docs/format.md` section 2).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::id::ArchiveId;
use crate::storage::Storage;

/// Path of the file that makes a folder an archive.
pub(crate) const PATH: &str = "archive.toml";
/// Newest format this program reads, and the one it writes.
pub(crate) const FORMAT: u32 = 1;

/// What an archive says about itself in clear.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) format: u32,
    id: String,
    pub(crate) tenant: String,
    pub(crate) created_at: Timestamp,
    pub(crate) log_key: String,
    #[serde(default)]
    pub(crate) compression: Compression,
}

/// How versions are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Compression {
    /// zstd level.
    pub(crate) level: i32,
    /// Size of a trained dictionary in bytes.
    pub(crate) dictionary_bytes: usize,
    /// Raw bytes of a unit of several objects.
    pub(crate) block_bytes: usize,
    /// Longest chain of units compressed against each other.
    pub(crate) chain_max: u8,
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            level: 3,
            dictionary_bytes: 32 << 10,
            block_bytes: 64 << 10,
            chain_max: 8,
        }
    }
}

/// The member a program of any version can read.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Config {
    pub(crate) fn new(id: ArchiveId, tenant: &str, created_at: Timestamp, log_key: String) -> Self {
        let compression = Compression::default();
        Self {
            format: FORMAT,
            id: id.to_string(),
            tenant: tenant.to_owned(),
            created_at,
            log_key,
            compression,
        }
    }

    pub(crate) fn id(&self) -> Result<ArchiveId> {
        self.id
            .parse()
            .map_err(|_| Error::corrupt(PATH, "its id is not an archive id"))
    }

    pub(crate) fn write(&self, storage: &dyn Storage) -> Result<()> {
        let text = toml::to_string(self).map_err(|e| Error::Internal(e.to_string()))?;
        let text = format!("# An entrace archive. This file is not edited by hand.\n{text}");
        storage.put(PATH, text.as_bytes())
    }

    pub(crate) fn read(storage: &dyn Storage) -> Result<Self> {
        let bytes = storage.read(PATH)?;
        let damaged = |reason: String| Error::corrupt(PATH, reason);
        let text = std::str::from_utf8(&bytes).map_err(|e| damaged(e.to_string()))?;
        // toml's message spans lines with a picture of the place; its first line names it.
        let first_line =
            |e: toml::de::Error| e.message().lines().next().unwrap_or_default().to_owned();
        let format: FormatOnly = toml::from_str(text).map_err(|e| damaged(first_line(e)))?;
        if format.format > FORMAT {
            return Err(Error::TooNew {
                place: PATH.to_owned(),
                found: format.format,
                supported: FORMAT,
            });
        }
        toml::from_str(text).map_err(|e| damaged(first_line(e)))
    }
}
