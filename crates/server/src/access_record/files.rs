//! Names of the record's files, and which of them are old.

use std::path::Path;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::error::{Error, Result};

/// A file: a day (UTC), and its number within the day, from 1. Sorts as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileName {
    pub(super) day: Date,
    pub(super) number: u32,
}

impl FileName {
    pub(super) fn first_of(at: Timestamp) -> Self {
        let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        Self { day, number: 1 }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".jsonl")?;
        let (day, number) = match stem.split_once('.') {
            Some((day, number)) => (day, number.parse().ok().filter(|number| *number > 1)?),
            None => (stem, 1),
        };
        let day = day.parse().ok()?;
        let parsed = Self { day, number };
        (parsed.to_string() == name).then_some(parsed)
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number {
            1 => write!(f, "{}.jsonl", self.day),
            number => write!(f, "{}.{number}.jsonl", self.day),
        }
    }
}

/// The files there are, the oldest first.
pub(super) fn list(folder: &Path) -> Result<Vec<FileName>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file(folder, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::file(folder, error))?;
        names.extend(entry.file_name().to_str().and_then(FileName::parse));
    }
    names.sort_unstable();
    Ok(names)
}

/// Deletes files of days that are longer ago.
pub(super) fn forget(folder: &Path, days: u32, now: Timestamp) -> Result<()> {
    let today = FileName::first_of(now).day;
    let Ok(first) = today.checked_sub(i64::from(days).days()) else {
        return Ok(());
    };
    for name in list(folder)?.into_iter().filter(|name| name.day < first) {
        let path = folder.join(name.to_string());
        std::fs::remove_file(&path).map_err(|error| Error::file(&path, error))?;
    }
    Ok(())
}
