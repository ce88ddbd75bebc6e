//! Turning tails into segments. Only the process that holds the writer lock does this.

use std::sync::Arc;

use store::{Archive, StoredKind, Writer};

use super::segment::{Name, SegmentKey, SegmentWriter};
use super::{KindColumns, RowBuilder};
use crate::error::{Error, Result};
use crate::mentions::{Collector, id_files, write_ids};

/// A tail below this stays in the packs: reading it costs less than a file would.
const MIN_ROWS: u32 = 1024;
/// Rows sorted and written at a time: bounds memory, and what a lookup by id must read.
const GROUP_ROWS: u32 = 16 << 10;

/// What bringing the projection up to date did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefreshReport {
    /// Segments written.
    pub segments: u64,
    /// Versions in them.
    pub rows: u64,
    /// Bytes written, the lists of ids included.
    pub bytes: u64,
}

/// Brings the columns of an archive up to date with its versions.
///
/// `all` writes tails of any length and one segment a kind; without it, only what pays is written.
pub fn refresh_columns(writer: &Writer, all: bool) -> Result<RefreshReport> {
    let archive = writer.archive();
    let mut report = RefreshReport::default();
    for kind in archive.kinds() {
        refresh_kind(archive, &kind, all, &mut report)?;
    }
    Ok(report)
}

fn refresh_kind(
    archive: &Archive,
    kind: &StoredKind,
    all: bool,
    report: &mut RefreshReport,
) -> Result<()> {
    let columns = KindColumns::open(archive, kind)?;
    let tail = kind.versions - columns.covered();
    let several = all && columns.segments.len() > 1;
    if several || (tail > 0 && (all || tail >= MIN_ROWS)) {
        // A segment that is not at least twice as long as what follows it is merged with it: so there are
        // only logarithmically many, and each version is rewritten logarithmically often.
        let mut first = columns.covered();
        for segment in columns.segments.iter().rev() {
            let behind = u64::from(kind.versions - first);
            if !all && u64::from(segment.end - segment.first) > 2 * behind {
                break;
            }
            first = segment.first;
        }
        report.bytes += write(archive, kind, &columns, first)?;
        report.rows += u64::from(kind.versions - first);
        report.segments += 1;
    }
    let columns = KindColumns::open(archive, kind)?;
    report.bytes += write_missing_ids(archive, kind, &columns)?;
    delete_others(archive, kind, &columns)
}

/// Writes a segment, and the file of the ids that its versions name.
fn write(archive: &Archive, kind: &StoredKind, columns: &KindColumns, first: u32) -> Result<u64> {
    let key = archive.columns_key();
    let key = SegmentKey::new(archive, &key);
    let mut writer = SegmentWriter::new(kind.number.0, first, kind.versions, &key, &columns.schema);
    let schema = Arc::clone(&columns.schema.arrow);
    let all: Vec<usize> = (0..columns.schema.columns.len()).collect();
    let mut builder = RowBuilder::new(&columns.schema, &all);
    let mut ids = Collector::default();
    let mut at = first;
    while at < kind.versions {
        let end = kind.versions.min(at.saturating_add(GROUP_ROWS));
        each_version(archive, kind, at..end, |ordinal, object, payload| {
            ids.push(ordinal, object, payload)?;
            builder.push(ordinal, object, payload)
        })?;
        writer.push(&builder.finish(&schema)?)?;
        at = end;
    }
    let storage = &**archive.storage();
    let run = first..kind.versions;
    Ok(write_ids(storage, &key, kind.number.0, run, &ids.finish())? + writer.finish(storage)?)
}

/// Writes the files of ids that segments lack: they were damaged, or an earlier version of this program
/// made none.
fn write_missing_ids(archive: &Archive, kind: &StoredKind, columns: &KindColumns) -> Result<u64> {
    let files = id_files(archive, kind)?;
    let key = archive.columns_key();
    let key = SegmentKey::new(archive, &key);
    let mut bytes = 0;
    for segment in &columns.segments {
        let run = segment.first..segment.end;
        if files.iter().any(|file| file.run() == run) {
            continue;
        }
        let mut ids = Collector::default();
        each_version(archive, kind, run.clone(), |ordinal, object, payload| {
            ids.push(ordinal, object, payload)
        })?;
        bytes += write_ids(
            &**archive.storage(),
            &key,
            kind.number.0,
            run,
            &ids.finish(),
        )?;
    }
    Ok(bytes)
}

fn each_version(
    archive: &Archive,
    kind: &StoredKind,
    run: std::ops::Range<u32>,
    mut each: impl FnMut(u32, &str, &str) -> Result<()>,
) -> Result<()> {
    let mut failed = None;
    let versions = run.collect();
    let read = archive.versions(kind.number, &versions, |ordinal, object, payload| {
        each(ordinal, object, payload).map_err(|error| {
            failed = Some(error);
            store::Error::Internal("reading versions was stopped".to_owned())
        })
    });
    read.map_err(|error| failed.take().unwrap_or(Error::Store(error)))
}

/// Deletes files that are not part of the projection: merged, damaged, or of an older schema.
fn delete_others(archive: &Archive, kind: &StoredKind, columns: &KindColumns) -> Result<()> {
    let storage = archive.storage();
    let ids = id_files(archive, kind)?;
    for (path, _) in storage.list(&format!("columns/{}", kind.number.0))? {
        let is_used = columns
            .segments
            .iter()
            .any(|segment| segment.path() == path)
            || ids.iter().any(|file| file.path() == path);
        if !is_used && (Name::of(&path).is_some() || Name::of_ids(&path).is_some()) {
            storage.delete(&path)?;
        }
    }
    Ok(())
}
