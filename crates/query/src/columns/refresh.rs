//! Turning tails into segments. Only the process that holds the writer lock does this.

use std::sync::Arc;

use store::{Archive, StoredKind, Writer};

use super::segment::{Name, SegmentKey, SegmentWriter};
use super::{KindColumns, RowBuilder};
use crate::error::{Error, Result};

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
    /// Their size in bytes.
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
    if !several && (tail == 0 || (!all && tail < MIN_ROWS)) {
        return delete_others(archive, kind, &columns);
    }
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
    delete_others(archive, kind, &KindColumns::open(archive, kind)?)
}

fn write(archive: &Archive, kind: &StoredKind, columns: &KindColumns, first: u32) -> Result<u64> {
    let key = archive.columns_key();
    let key = SegmentKey {
        key: &key,
        archive: archive.id().to_string(),
    };
    let mut writer = SegmentWriter::new(kind.number.0, first, kind.versions, &key, &columns.schema);
    let schema = Arc::clone(&columns.schema.arrow);
    let all: Vec<usize> = (0..columns.schema.columns.len()).collect();
    let mut builder = RowBuilder::new(&columns.schema, &all);
    let mut at = first;
    while at < kind.versions {
        let end = kind.versions.min(at.saturating_add(GROUP_ROWS));
        let mut failed = None;
        let read = archive.versions(
            kind.number,
            &(at..end).collect(),
            |ordinal, object, payload| {
                builder.push(ordinal, object, payload).map_err(|error| {
                    failed = Some(error);
                    store::Error::Internal("reading versions was stopped".to_owned())
                })
            },
        );
        read.map_err(|error| failed.take().unwrap_or(Error::Store(error)))?;
        writer.push(&builder.finish(&schema)?)?;
        at = end;
    }
    writer.finish(&**archive.storage())
}

/// Deletes files that are not part of the projection: merged, damaged, or of an older schema.
fn delete_others(archive: &Archive, kind: &StoredKind, columns: &KindColumns) -> Result<()> {
    let storage = archive.storage();
    for (path, _) in storage.list(&format!("columns/{}", kind.number.0))? {
        let used = columns
            .segments
            .iter()
            .any(|segment| segment.path() == path);
        if !used && Name::of(&path).is_some() {
            storage.delete(&path)?;
        }
    }
    Ok(())
}
