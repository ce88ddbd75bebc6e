//! Reading columns of wanted versions: from segments, from the tail, or one by one from the packs.
//!
//! Rows are read in blocks, which are row groups of segments and pieces of what comes from packs. Of a
//! block, the columns of a condition are read first, and the others only where a row passed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, UInt32Array,
};
use datafusion::arrow::datatypes::UInt32Type;
use roaring::RoaringBitmap;
use store::Archive;

use super::schema::ORDINAL;
use super::segment::Segment;
use super::told::Unfold;
use super::{CHUNK_ROWS, ID, KEPT_TAIL_ROWS, KindColumns, RowBuilder, keep, versions_of};
use crate::error::{Error, Result};

/// Values of a segment, rows times columns, that are decoded in the time one version takes from the packs.
///
/// Measured with 100,000 users: a value takes 65 ns in a scan of 81 columns, 150 ns among few that are
/// texts. A version takes 10 µs where all are read, 26 µs where a thousand lie scattered: 150 to 170
/// values. Scattered memberships, whose blocks are larger, take up to 700. In rows that is a handful
/// with all columns and some hundred with one.
const VERSION_READ_VALUES: u64 = 400;
/// Stands for the rows of a block by ordinal among its columns that are kept in memory.
const POSITIONS: usize = usize::MAX;
/// Position of a version that a block does not have.
const NOWHERE: u32 = u32::MAX;

/// Rows that were asked for: their ordinals and the columns in the order asked for.
pub(crate) struct Rows {
    pub(crate) ordinals: UInt32Array,
    pub(crate) columns: Vec<ArrayRef>,
}

/// A condition on rows that some of their columns decide.
pub(crate) struct Condition<'c> {
    /// The columns, by position in the schema.
    pub(crate) columns: Vec<usize>,
    /// Which of so many rows pass, from these columns; `None`: all of them.
    pub(crate) passes: Passes<'c>,
}

type Passes<'c> = Box<dyn Fn(&[ArrayRef], usize) -> Result<Option<BooleanArray>> + 'c>;

type Emit<'e> = dyn FnMut(Rows) -> Result<()> + 'e;

/// What a scan is asked for.
struct Asked<'a> {
    columns: &'a [usize],
    /// What is read to find out which rows are wanted.
    early: Vec<usize>,
    /// What is read of them then, and not known from before.
    late: Vec<usize>,
    id: Option<&'a str>,
    condition: Option<&'a Condition<'a>>,
}

impl<'a> Asked<'a> {
    fn new(
        columns: &'a [usize],
        id: Option<&'a str>,
        condition: Option<&'a Condition<'a>>,
    ) -> Self {
        let mut early = condition.map_or_else(Vec::new, |condition| condition.columns.clone());
        if id.is_some() && !early.contains(&ID) {
            early.push(ID);
        }
        let late = columns.iter().copied();
        let late = late.filter(|column| !early.contains(column)).collect();
        Self {
            columns,
            early,
            late,
            id,
            condition,
        }
    }

    /// Which rows pass, from the early columns; `None`: all of them.
    fn passed(&self, early: &[ArrayRef], rows: usize) -> Result<Option<BooleanArray>> {
        let mut passed = match self.condition {
            Some(condition) => (condition.passes)(&early[..condition.columns.len()], rows)?,
            None => None,
        };
        if let Some(id) = self.id {
            let at = self.early.iter().position(|column| *column == ID);
            let ids = early[at.expect("because it is read early")].as_string::<i32>();
            let is_wanted = |row: usize| passed.as_ref().is_none_or(|mask| mask.value(row));
            let same = |row: usize| ids.is_valid(row) && ids.value(row) == id && is_wanted(row);
            passed = Some((0..rows).map(|row| Some(same(row))).collect());
        }
        Ok(passed.filter(|mask| mask.true_count() < rows))
    }
}

/// Some rows and a way to read their columns.
struct Block<'b> {
    ordinals: &'b UInt32Array,
    /// Which of them are wanted; `None`: all.
    wanted: Option<BooleanArray>,
    /// How columns are put together that are not there as they are.
    told: Option<super::schema::ToldByOthers>,
    /// Columns of all rows; `None` where they cannot be read.
    load: &'b dyn Fn(&[usize]) -> Option<Vec<ArrayRef>>,
}

impl Block<'_> {
    fn selected(
        &self,
        columns: &[usize],
        mask: Option<&BooleanArray>,
    ) -> Result<Option<Vec<ArrayRef>>> {
        let unfold = Unfold::new(self.told, columns);
        let Some(mut arrays) = (self.load)(&unfold.read) else {
            return Ok(None);
        };
        if let Some(mask) = mask {
            for array in &mut arrays {
                *array = keep(array, mask)?;
            }
        }
        Ok(Some(unfold.arrays(&arrays)))
    }

    /// The rows that are wanted and pass; `false` where they cannot be read.
    fn read(&self, asked: &Asked<'_>, emit: &mut Emit<'_>) -> Result<bool> {
        let rows = match &self.wanted {
            Some(mask) => mask.true_count(),
            None => self.ordinals.len(),
        };
        if rows == 0 {
            return Ok(true);
        }
        let Some(mut early) = self.selected(&asked.early, self.wanted.as_ref())? else {
            return Ok(false);
        };
        let passed = asked.passed(&early, rows)?;
        if passed.as_ref().is_some_and(|mask| mask.true_count() == 0) {
            return Ok(true);
        }
        let mask = match (&self.wanted, &passed) {
            (Some(wanted), Some(passed)) => Some(within(wanted, passed)),
            (wanted, passed) => wanted.clone().or_else(|| passed.clone()),
        };
        let Some(late) = self.selected(&asked.late, mask.as_ref())? else {
            return Ok(false);
        };
        if let Some(passed) = &passed {
            for array in &mut early {
                *array = keep(array, passed)?;
            }
        }
        let ordinals = match &mask {
            None => self.ordinals.clone(),
            Some(mask) => {
                let all: ArrayRef = Arc::new(self.ordinals.clone());
                keep(&all, mask)?.as_primitive::<UInt32Type>().clone()
            }
        };
        let mut late: VecDeque<ArrayRef> = late.into();
        let columns = asked.columns.iter().map(|column| {
            let known = asked.early.iter().position(|early| early == column);
            match known {
                Some(at) => Arc::clone(&early[at]),
                None => late.pop_front().expect("because the others were read late"),
            }
        });
        let columns = columns.collect();
        emit(Rows { ordinals, columns })?;
        Ok(true)
    }
}

/// Of the rows of one mask, those of another mask over these rows alone.
fn within(wanted: &BooleanArray, passed: &BooleanArray) -> BooleanArray {
    let mut bits = BooleanBufferBuilder::new(wanted.len());
    bits.append_n(wanted.len(), false);
    for (row, at) in wanted.values().set_indices().enumerate() {
        if passed.value(row) {
            bits.set_bit(at, true);
        }
    }
    BooleanArray::new(bits.finish(), None)
}

/// Rows of wanted versions, from the rows of all versions of a run by their distance from its first;
/// `None`: all rows.
fn mask_of(
    wanted: &RoaringBitmap,
    first: u32,
    positions: &[u32],
    rows: usize,
) -> Option<BooleanArray> {
    let end = first + u32::try_from(positions.len()).unwrap_or(u32::MAX - first);
    if wanted.range_cardinality(first..end) == positions.len() as u64 {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(rows);
    bits.append_n(rows, false);
    for ordinal in wanted.range(first..end) {
        let row = positions[(ordinal - first) as usize];
        if row != NOWHERE {
            bits.set_bit(row as usize, true);
        }
    }
    Some(BooleanArray::new(bits.finish(), None))
}

/// The row of each version of a run; `None` where a version is not of it or is there twice.
fn positions_of(ordinals: &UInt32Array, first: u32, end: u32) -> Option<Vec<u32>> {
    let mut positions = vec![NOWHERE; (end - first) as usize];
    for (row, ordinal) in (0u32..).zip(ordinals.values()) {
        let place = positions.get_mut(ordinal.checked_sub(first)? as usize)?;
        if std::mem::replace(place, row) != NOWHERE {
            return None;
        }
    }
    Some(positions)
}

impl KindColumns {
    /// Reads columns (positions in the schema) of the wanted versions, of one object where `id` says so.
    pub(crate) fn scan(
        &self,
        archive: &Archive,
        wanted: &RoaringBitmap,
        columns: &[usize],
        id: Option<&str>,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        self.scan_where(archive, wanted, columns, id, None, emit)
    }

    /// As [`KindColumns::scan`], of the rows that pass a condition.
    pub(crate) fn scan_where(
        &self,
        archive: &Archive,
        wanted: &RoaringBitmap,
        columns: &[usize],
        id: Option<&str>,
        condition: Option<&Condition<'_>>,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        let asked = Asked::new(columns, id, condition);
        let of_object = versions_of(archive, &self.kind, id)?.map(|versions| versions & wanted);
        let wanted = of_object.as_ref().unwrap_or(wanted);
        // Versions that are read from the packs.
        let mut single = RoaringBitmap::new();
        for segment in &self.segments {
            if wanted.range_cardinality(segment.first..segment.end) == 0 {
                continue;
            }
            for group in 0..segment.groups().len() {
                self.scan_group(segment, group, wanted, &asked, &mut single, emit)?;
            }
        }
        let covered = self.covered();
        if self.kind.versions - covered <= KEPT_TAIL_ROWS {
            self.scan_tail(archive, wanted, &asked, emit)?;
        } else {
            single.extend(wanted.range(covered..self.kind.versions));
        }
        self.scan_single(archive, &single, &asked, emit)
    }

    /// Reads a row group; what is damaged in it, or faster read from the packs, is added to `single`.
    fn scan_group(
        &self,
        segment: &Segment,
        group: usize,
        wanted: &RoaringBitmap,
        asked: &Asked<'_>,
        single: &mut RoaringBitmap,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        let run = segment.groups()[group].ordinals.clone();
        let count = wanted.range_cardinality(run.clone());
        if count == 0 || asked.id.is_some_and(|id| !segment.may_hold(group, id)) {
            return Ok(());
        }
        let rest = || wanted.range(run.clone());
        if self.is_faster_single(segment, group, count, asked) {
            single.extend(rest());
            return Ok(());
        }
        let Some((ordinals, positions)) = self.positions(segment, group) else {
            single.extend(rest());
            return Ok(());
        };
        let block = Block {
            wanted: mask_of(
                wanted,
                run.start,
                positions.as_primitive::<UInt32Type>().values(),
                ordinals.len(),
            ),
            ordinals: ordinals.as_primitive::<UInt32Type>(),
            told: self.schema.told_by_others(),
            load: &|columns| self.load(segment, group, columns),
        };
        if !block.read(asked, emit)? {
            single.extend(rest());
        }
        Ok(())
    }

    /// A column is decoded as a whole, so few versions are read faster from the packs; but when that was
    /// done so often that the column would have been decoded in the time, it is.
    fn is_faster_single(
        &self,
        segment: &Segment,
        group: usize,
        count: u64,
        asked: &Asked<'_>,
    ) -> bool {
        let told = self.schema.told_by_others();
        let mut read = Unfold::new(told, &asked.early).read;
        read.extend(Unfold::new(told, &asked.late).read);
        read.push(ORDINAL);
        read.sort_unstable();
        read.dedup();
        let group = &segment.groups()[group];
        let first = group.ordinals.start;
        let is_missing = |column: &&usize| !self.cache.has((self.kind.number, first, **column));
        let missing = read.iter().filter(is_missing).count() as u64;
        let decoding = missing * group.ordinals.len() as u64;
        let reading = count * VERSION_READ_VALUES;
        if reading >= decoding {
            return false;
        }
        let spent = group.spent.fetch_add(reading, Ordering::Relaxed);
        spent + reading < decoding
    }

    /// The ordinals of a row group, and the row of each by its distance from the first.
    fn positions(&self, segment: &Segment, group: usize) -> Option<(ArrayRef, ArrayRef)> {
        let run = &segment.groups()[group].ordinals;
        let ordinals = self.load(segment, group, &[ORDINAL])?.pop()?;
        let place = (self.kind.number, run.start, POSITIONS);
        if let Some(positions) = self.cache.get(place) {
            return Some((ordinals, positions));
        }
        let found = positions_of(ordinals.as_primitive::<UInt32Type>(), run.start, run.end)?;
        let positions: ArrayRef = Arc::new(UInt32Array::from(found));
        self.cache.keep(place, &positions);
        Some((ordinals, positions))
    }

    /// Columns (ascending) of a row group as they are stored; `None` where they are damaged.
    fn load(&self, segment: &Segment, group: usize, columns: &[usize]) -> Option<Vec<ArrayRef>> {
        let first = segment.groups()[group].ordinals.start;
        let place = |column: usize| (self.kind.number, first, column);
        let mut arrays: Vec<Option<ArrayRef>> = columns
            .iter()
            .map(|column| self.cache.get(place(*column)))
            .collect();
        let missing: Vec<usize> = columns
            .iter()
            .zip(&arrays)
            .filter_map(|(column, known)| known.is_none().then_some(*column))
            .collect();
        if !missing.is_empty() {
            let read = segment.read(group, &missing).ok()?;
            for (column, array) in missing.iter().zip(&read) {
                self.cache.keep(place(*column), array);
            }
            let mut read = read.into_iter();
            for array in arrays.iter_mut().filter(|array| array.is_none()) {
                *array = read.next();
            }
        }
        arrays.into_iter().collect()
    }

    fn scan_tail(
        &self,
        archive: &Archive,
        wanted: &RoaringBitmap,
        asked: &Asked<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        let (first, end) = (self.covered(), self.kind.versions);
        if wanted.range_cardinality(first..end) == 0 {
            return Ok(());
        }
        let tail = self.tail(archive)?;
        let ordinals = tail.column(ORDINAL).as_primitive::<UInt32Type>();
        let positions = positions_of(ordinals, first, end)
            .ok_or_else(|| Error::Internal("a version was read twice".to_owned()))?;
        let block = Block {
            wanted: mask_of(wanted, first, &positions, ordinals.len()),
            ordinals,
            told: None,
            load: &|columns| {
                let columns = columns
                    .iter()
                    .map(|column| Arc::clone(tail.column(*column)));
                Some(columns.collect())
            },
        };
        block.read(asked, emit).map(drop)
    }

    /// Reads versions one by one.
    fn scan_single(
        &self,
        archive: &Archive,
        single: &RoaringBitmap,
        asked: &Asked<'_>,
        emit: &mut Emit<'_>,
    ) -> Result<()> {
        if single.is_empty() {
            return Ok(());
        }
        let mut read = [asked.early.as_slice(), &asked.late, &[ORDINAL]].concat();
        read.sort_unstable();
        read.dedup();
        self.build(archive, single, &read, &mut |batch| {
            let column = |column: usize| {
                let at = read.binary_search(&column);
                batch.column(at.expect("because every column asked for was read"))
            };
            let block = Block {
                ordinals: column(ORDINAL).as_primitive::<UInt32Type>(),
                wanted: None,
                told: None,
                load: &|columns| Some(columns.iter().map(|at| Arc::clone(column(*at))).collect()),
            };
            block.read(asked, emit).map(drop)
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
