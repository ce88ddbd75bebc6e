//! The columnar projection: typed columns of every version, in a small LSM tree per kind.
//!
//! Versions are numbered without gaps, so a kind's projection is a run of segments (Parquet files, made
//! once and never changed) and behind them a tail that is read from the packs. A tail that has grown
//! becomes a segment, and takes smaller neighbours with it. Everything here is derived: whatever is
//! missing, damaged or of another schema is read from the packs instead.

mod builder;
mod check;
mod refresh;
mod schema;
mod segment;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{filter, filter_record_batch};
use datafusion::arrow::datatypes::UInt32Type;
use roaring::RoaringBitmap;
use store::{Archive, KindNumber, StoredKind};

pub(crate) use builder::RowBuilder;
pub use check::{DamagedColumns, check_columns};
pub use refresh::{RefreshReport, refresh_columns};
pub(crate) use schema::{ID, KEY, KindColumn, KindSchema, ORDINAL, Origin, json_field, time_type};

use crate::error::{Error, Result};
use segment::{Name, Segment, SegmentKey};

/// Versions turned into arrays at a time.
const CHUNK_ROWS: usize = 8192;
/// Values of a segment, rows times columns, that are read in the time one version takes from the packs.
///
/// Measured with 100,000 users: a value takes 65 ns in a scan of 81 columns, 150 ns among few that are
/// texts. A version takes 10 µs where all are read, 26 µs where a thousand lie scattered: 150 to 170
/// values. Scattered memberships, whose blocks are larger, take up to 700. In rows that is a handful
/// with all columns and some hundred with one.
const VERSION_READ_VALUES: u64 = 400;
/// A tail up to this many versions is kept in memory once it was read.
const KEPT_TAIL_ROWS: u32 = 16 << 10;

/// The projection of an archive.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    kinds: Mutex<HashMap<KindNumber, Arc<KindColumns>>>,
}

/// The projection of one kind.
#[derive(Debug)]
pub(crate) struct KindColumns {
    pub(crate) schema: KindSchema,
    kind: StoredKind,
    /// Segments that follow each other without gap, from ordinal 0.
    segments: Vec<Segment>,
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

/// Rows that were asked for: their ordinals and the columns in the order asked for.
pub(crate) struct Rows {
    pub(crate) ordinals: UInt32Array,
    pub(crate) columns: Vec<ArrayRef>,
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
        let opened = Arc::new(KindColumns::open(archive, kind)?);
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
        let key = SegmentKey {
            key: &key,
            archive: archive.id().to_string(),
        };
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
            tail: Mutex::default(),
        })
    }

    /// Versions that are in segments.
    pub(crate) fn covered(&self) -> u32 {
        self.segments.last().map_or(0, |segment| segment.end)
    }

    /// Reads columns (positions in the schema) of the wanted versions, of one object where `id` says so.
    pub(crate) fn scan(
        &self,
        archive: &Archive,
        wanted: &RoaringBitmap,
        columns: &[usize],
        id: Option<&str>,
        emit: &mut dyn FnMut(Rows) -> Result<()>,
    ) -> Result<()> {
        let mut read: Vec<usize> = columns.to_vec();
        read.push(ORDINAL);
        if id.is_some() {
            read.push(ID);
        }
        read.sort_unstable();
        read.dedup();
        let picked = Picked {
            read: &read,
            columns,
            id,
        };
        let of_object = versions_of(archive, &self.kind, id)?.map(|versions| versions & wanted);
        let wanted = of_object.as_ref().unwrap_or(wanted);
        for segment in &self.segments {
            if wanted.range_cardinality(segment.first..segment.end) == 0 {
                continue;
            }
            self.scan_segment(archive, segment, wanted, &picked, emit)?;
        }
        self.scan_tail(archive, wanted, &picked, emit)
    }

    /// Reads a segment; what is damaged in it is read from the packs, from which it was made.
    fn scan_segment(
        &self,
        archive: &Archive,
        segment: &Segment,
        wanted: &RoaringBitmap,
        picked: &Picked<'_>,
        emit: &mut dyn FnMut(Rows) -> Result<()>,
    ) -> Result<()> {
        let dense = Dense::new(wanted, segment.first, segment.end);
        let mut inside = wanted.clone();
        inside.remove_range(..segment.first);
        inside.remove_range(segment.end..);
        // A column is read as a whole: few versions are read faster one by one.
        let values = u64::from(segment.end - segment.first) * picked.read.len() as u64;
        if inside.len() * VERSION_READ_VALUES < values {
            return self.build(archive, &inside, picked.read, &mut |batch| {
                picked.emit(batch, &dense, emit)
            });
        }
        let mut handed_on: Vec<UInt32Array> = Vec::new();
        for batch in segment.read(picked.read, picked.id) {
            let Ok(batch) = batch else {
                for ordinals in handed_on {
                    inside -= ordinals.values().iter().collect::<RoaringBitmap>();
                }
                return self.build(archive, &inside, picked.read, &mut |batch| {
                    picked.emit(batch, &dense, emit)
                });
            };
            picked.emit(&batch, &dense, &mut |rows| {
                handed_on.push(rows.ordinals.clone());
                emit(rows)
            })?;
        }
        Ok(())
    }

    fn scan_tail(
        &self,
        archive: &Archive,
        wanted: &RoaringBitmap,
        picked: &Picked<'_>,
        emit: &mut dyn FnMut(Rows) -> Result<()>,
    ) -> Result<()> {
        let (first, end) = (self.covered(), self.kind.versions);
        if first == end || wanted.range_cardinality(first..end) == 0 {
            return Ok(());
        }
        let dense = Dense::new(wanted, first, end);
        if end - first <= KEPT_TAIL_ROWS {
            let tail = self.tail(archive)?;
            let projected = tail
                .project(picked.read)
                .map_err(|e| Error::Internal(e.to_string()))?;
            return picked.emit(&projected, &dense, emit);
        }
        let mut inside = wanted.clone();
        inside.remove_range(..first);
        self.build(archive, &inside, picked.read, &mut |batch| {
            picked.emit(batch, &dense, emit)
        })
    }

    /// All columns of the versions behind the segments.
    fn tail(&self, archive: &Archive) -> Result<Arc<RecordBatch>> {
        let lock = || {
            self.tail
                .lock()
                .map_err(|_| Error::Internal("tail cache is poisoned".to_owned()))
        };
        if let Some(tail) = &*lock()? {
            return Ok(Arc::clone(tail));
        }
        let all: Vec<usize> = (0..self.schema.columns.len()).collect();
        let range = (self.covered()..self.kind.versions).collect();
        let mut batches = Vec::new();
        self.build(archive, &range, &all, &mut |batch| {
            batches.push(batch.clone());
            Ok(())
        })?;
        let tail = datafusion::arrow::compute::concat_batches(&self.schema.arrow, &batches)
            .map_err(|e| Error::Internal(e.to_string()))?;
        let tail = Arc::new(tail);
        *lock()? = Some(Arc::clone(&tail));
        Ok(tail)
    }

    /// Columns of versions, made from the packs.
    fn build(
        &self,
        archive: &Archive,
        ordinals: &RoaringBitmap,
        columns: &[usize],
        emit: &mut dyn FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let schema = Arc::new(
            self.schema
                .arrow
                .project(columns)
                .map_err(|e| Error::Internal(e.to_string()))?,
        );
        let mut builder = RowBuilder::new(&self.schema, columns);
        let mut failed = None;
        archive
            .versions(self.kind.number, ordinals, |ordinal, key, payload| {
                let pushed = builder.push(ordinal, key, payload).and_then(|()| {
                    if builder.rows() < CHUNK_ROWS {
                        Ok(())
                    } else {
                        emit(&builder.finish(&schema)?)
                    }
                });
                pushed.map_err(|error| {
                    failed = Some(error);
                    store::Error::Internal("reading versions was stopped".to_owned())
                })
            })
            .map_err(|error| failed.take().unwrap_or(Error::Store(error)))?;
        if builder.rows() > 0 {
            emit(&builder.finish(&schema)?)
        } else {
            Ok(())
        }
    }
}

/// Which of the columns that were read are handed on, and for which object.
struct Picked<'a> {
    read: &'a [usize],
    columns: &'a [usize],
    id: Option<&'a str>,
}

impl Picked<'_> {
    fn position(&self, column: usize) -> usize {
        self.read
            .binary_search(&column)
            .expect("because every column handed on was read")
    }

    fn emit(
        &self,
        batch: &RecordBatch,
        wanted: &Dense,
        emit: &mut dyn FnMut(Rows) -> Result<()>,
    ) -> Result<()> {
        let ordinals = batch
            .column(self.position(ORDINAL))
            .as_primitive::<UInt32Type>();
        let mut mask: Option<BooleanArray> = wanted.mask(ordinals);
        if let Some(id) = self.id {
            let ids = batch.column(self.position(ID)).as_string::<i32>();
            let is_wanted = |at: usize| mask.as_ref().is_none_or(|mask| mask.value(at));
            mask = Some(
                (0..ids.len())
                    .map(|at| ids.is_valid(at) && ids.value(at) == id && is_wanted(at))
                    .collect(),
            );
        }
        let batch = match mask {
            None => batch.clone(),
            Some(mask) if mask.true_count() == 0 => return Ok(()),
            Some(mask) => {
                filter_record_batch(batch, &mask).map_err(|e| Error::Internal(e.to_string()))?
            }
        };
        let ordinals = batch
            .column(self.position(ORDINAL))
            .as_primitive::<UInt32Type>()
            .clone();
        let columns = self
            .columns
            .iter()
            .map(|column| Arc::clone(batch.column(self.position(*column))))
            .collect();
        emit(Rows { ordinals, columns })
    }
}

/// A run of a bitmap as plain bits: testing one costs a nanosecond instead of a search.
struct Dense {
    first: u32,
    bits: Vec<u64>,
    all: bool,
}

impl Dense {
    fn new(set: &RoaringBitmap, first: u32, end: u32) -> Self {
        let length = (end - first) as usize;
        let mut bits = vec![0u64; length.div_ceil(64)];
        for ordinal in set.range(first..end) {
            let at = (ordinal - first) as usize;
            bits[at / 64] |= 1 << (at % 64);
        }
        let all = set.range_cardinality(first..end) == u64::from(end - first);
        Self { first, bits, all }
    }

    fn contains(&self, ordinal: u32) -> bool {
        let at = ordinal.wrapping_sub(self.first) as usize;
        self.bits
            .get(at / 64)
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Which of the ordinals are in the set; `None`: all of them.
    fn mask(&self, ordinals: &UInt32Array) -> Option<BooleanArray> {
        (!self.all).then(|| {
            ordinals
                .values()
                .iter()
                .map(|ordinal| Some(self.contains(*ordinal)))
                .collect()
        })
    }
}

/// Keeps the rows of an array a mask says.
pub(crate) fn keep(array: &ArrayRef, mask: &BooleanArray) -> Result<ArrayRef> {
    filter(array, mask).map_err(|e| Error::Internal(e.to_string()))
}
