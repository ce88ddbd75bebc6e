//! The columnar projection: typed columns of every version, in a small LSM tree per kind.
//!
//! Versions are numbered without gaps, so a kind's projection is a run of segments (Parquet files, made
//! once and never changed) and behind them a tail that is read from the packs. A tail that has grown
//! becomes a segment, and takes smaller neighbours with it. Beside each segment lies a file that says
//! which of its versions name which ids ([`crate::mentions`]). Everything here is derived: whatever is
//! missing, damaged or of another schema is read from the packs instead.

mod builder;
mod cache;
mod check;
mod refresh;
mod scan;
mod schema;
mod segment;
mod told;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter;
use roaring::RoaringBitmap;
use store::{Archive, KindNumber, StoredKind};

pub(crate) use builder::RowBuilder;
pub use check::{DamagedColumns, check_columns};
pub use refresh::{RefreshReport, refresh_columns};
pub(crate) use scan::{Condition, Rows};
pub(crate) use schema::{ID, KEY, KindColumn, KindSchema, Origin, time_type};
pub(crate) use segment::{Name, SegmentKey};

use crate::error::{Error, Result};
use cache::ArrayCache;
use segment::Segment;

/// Versions turned into arrays at a time.
const CHUNK_ROWS: usize = 8192;
/// A tail up to this many versions is kept in memory once it was read.
const KEPT_TAIL_ROWS: u32 = 16 << 10;

/// The projection of an archive.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    kinds: Mutex<HashMap<KindNumber, Arc<KindColumns>>>,
    cache: Arc<ArrayCache>,
}

/// The projection of one kind.
#[derive(Debug)]
pub(crate) struct KindColumns {
    pub(crate) schema: KindSchema,
    kind: StoredKind,
    /// Segments that follow each other without gap, from ordinal 0.
    segments: Vec<Segment>,
    cache: Arc<ArrayCache>,
    tail: Mutex<Option<Arc<RecordBatch>>>,
}

/// The versions of the one object that has an id; `None` where only all versions can tell.
pub(crate) fn versions_of(
    archive: &Archive,
    kind: &StoredKind,
    id: Option<&str>,
) -> Result<Option<RoaringBitmap>> {
    // A child's id may occur under several parents: its key does not follow from it.
    let is_child = catalog::by_name(&kind.name).is_some_and(|kind| kind.parent.is_some());
    let Some(id) = id.filter(|_| !is_child) else {
        return Ok(None);
    };
    let versions = archive.object_versions(kind.number, &model::fold_id(id))?;
    Ok((!versions.is_empty()).then(|| versions.into_iter().collect()))
}

impl Columns {
    /// The projection of a kind as it is on storage now.
    pub(crate) fn kind(&self, archive: &Archive, kind: &StoredKind) -> Result<Arc<KindColumns>> {
        let lock = || {
            self.kinds
                .lock()
                .map_err(|_| Error::Internal("column cache is poisoned".to_owned()))
        };
        if let Some(known) = lock()?.get(&kind.number) {
            return Ok(Arc::clone(known));
        }
        let mut opened = KindColumns::open(archive, kind)?;
        opened.cache = Arc::clone(&self.cache);
        let opened = Arc::new(opened);
        lock()?.insert(kind.number, Arc::clone(&opened));
        Ok(opened)
    }
}

impl KindColumns {
    pub(crate) fn open(archive: &Archive, kind: &StoredKind) -> Result<Self> {
        let schema = KindSchema::new(&kind.name);
        let files = archive
            .storage()
            .list(&format!("columns/{}", kind.number.0))?;
        let mut runs: Vec<(u32, u32, String)> = files
            .into_iter()
            .filter_map(|(path, _)| {
                let (first, end) = Name::of(&path).map(|name| (name.first, name.end))?;
                Some((first, end, path))
            })
            .collect();
        // Of two segments that start alike the longer one was merged from the shorter.
        runs.sort_unstable_by_key(|(first, end, _)| (*first, std::cmp::Reverse(*end)));
        let key = archive.columns_key();
        let key = SegmentKey::new(archive, &key);
        let mut segments: Vec<Segment> = Vec::new();
        for (first, end, path) in runs {
            let next = segments.last().map_or(0, |segment| segment.end);
            if first == next && end <= kind.versions {
                segments.extend(Segment::open(archive.storage(), &path, &key, &schema));
            }
        }
        Ok(Self {
            schema,
            kind: kind.clone(),
            segments,
            cache: Arc::default(),
            tail: Mutex::default(),
        })
    }

    /// Versions that are in segments.
    pub(crate) fn covered(&self) -> u32 {
        self.segments.last().map_or(0, |segment| segment.end)
    }
}

/// Keeps the rows of an array a mask says.
pub(crate) fn keep(array: &ArrayRef, mask: &BooleanArray) -> Result<ArrayRef> {
    filter(array, mask).map_err(|e| Error::Internal(e.to_string()))
}
