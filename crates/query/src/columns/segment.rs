//! Segments: Parquet files of one kind's versions, encrypted with Parquet's own modular encryption.
//!
//! A segment covers a run of ordinals and never changes, because versions never do. Its name says which,
//! and carries a hash of the file (`FIRST-END-HASH.parquet`); its metadata says which columns it was
//! made with. What cannot be read is as good as not there: its versions are read from the packs.
//!
//! A file does not hold what its other columns tell: of half a million memberships, key and target would
//! be two thirds of it, and they consist of ids that are there already.

use std::collections::HashSet;
use std::io::{BufReader, Read};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder, UInt32Array,
};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{SchemaRef, TimestampNanosecondType, UInt32Type};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use datafusion::parquet::arrow::arrow_writer::ArrowWriter;
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use datafusion::parquet::file::statistics::Statistics;
use datafusion::parquet::schema::types::ColumnPath;
use store::Storage;

use super::schema::{ID, KEY, KindSchema, ORDINAL, ToldByOthers};
use crate::error::{Error, Result};

/// Metadata entry with [`KindSchema::fingerprint`].
const FINGERPRINT: &str = "entrace.columns";
/// Characters of the hash in a file's name: it finds damage, forgery fails at the encryption.
const HASH_CHARS: usize = 16;

/// Bytes of a segment read at a time: headers of pages are short, pages up to a few hundred kilobytes.
const READ_AHEAD: usize = 64 << 10;

/// Rows that are looked at to tell whether a column repeats its values.
const SAMPLE_ROWS: usize = 4096;

/// A segment's place and what it covers.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    path: String,
    pub(crate) first: u32,
    pub(crate) end: u32,
    metadata: ArrowReaderMetadata,
    file: StorageFile,
    schema: SchemaRef,
    told: Option<ToldByOthers>,
}

/// Key and additional data of one segment's encryption.
pub(crate) struct SegmentKey<'k> {
    pub(crate) key: &'k [u8; 32],
    pub(crate) archive: String,
}

impl SegmentKey<'_> {
    /// Binds a file to its archive, kind and run, so that none can stand in for another.
    fn bound_to(&self, kind: u16, first: u32, end: u32) -> Vec<u8> {
        format!("entrace {} {kind} {first}-{end}", self.archive).into_bytes()
    }

    /// The hash in a file's name, in hexadecimal characters.
    pub(crate) fn hash(&self, bytes: &[u8]) -> String {
        blake3::keyed_hash(self.key, bytes).to_hex()[..HASH_CHARS].to_owned()
    }
}

/// What a file's name says: its kind, run and hash.
pub(crate) struct Name<'p> {
    pub(crate) kind: u16,
    pub(crate) first: u32,
    pub(crate) end: u32,
    pub(crate) hash: &'p str,
}

impl<'p> Name<'p> {
    /// Reads a path; `None` where it is no segment's.
    pub(crate) fn of(path: &'p str) -> Option<Self> {
        let (kind, name) = path.strip_prefix("columns/")?.split_once('/')?;
        let mut parts = name.strip_suffix(".parquet")?.split('-');
        let (first, end, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let name = Self {
            kind: kind.parse().ok()?,
            first: first.parse().ok()?,
            end: end.parse().ok()?,
            hash,
        };
        (name.first < name.end && parts.next().is_none()).then_some(name)
    }
}

impl Segment {
    /// Opens a segment; `None` where it is not one of this schema or cannot be read.
    pub(crate) fn open(
        storage: &Arc<dyn Storage>,
        path: &str,
        key: &SegmentKey<'_>,
        schema: &KindSchema,
    ) -> Option<Self> {
        let Name {
            kind, first, end, ..
        } = Name::of(path)?;
        let length = storage.size(path).ok()??;
        let file = StorageFile {
            storage: Arc::clone(storage),
            path: path.to_owned(),
            length,
        };
        let decryption = FileDecryptionProperties::builder(key.key.to_vec())
            .with_aad_prefix(key.bound_to(kind, first, end))
            .build()
            .ok()?;
        let options = ArrowReaderOptions::new().with_file_decryption_properties(decryption);
        let metadata = ArrowReaderMetadata::load(&file, options).ok()?;
        let entries = metadata.metadata().file_metadata().key_value_metadata()?;
        let fingerprint = entries
            .iter()
            .find(|entry| entry.key == FINGERPRINT)?
            .value
            .as_ref()?;
        let rows = i64::from(end - first);
        let fits = *fingerprint == schema.fingerprint()
            && metadata.metadata().file_metadata().num_rows() == rows;
        fits.then(|| Self {
            path: path.to_owned(),
            first,
            end,
            metadata,
            file,
            schema: Arc::clone(&schema.arrow),
            told: schema.told_by_others(),
        })
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Reads columns (positions in the kind's schema, ascending) of the row groups that may hold `id`.
    ///
    /// Nothing follows an error: what was not returned before it must be read from the packs.
    pub(crate) fn read(
        &self,
        columns: &[usize],
        id: Option<&str>,
    ) -> impl Iterator<Item = std::result::Result<RecordBatch, ArrowError>> + use<> {
        let unfold = Unfold::new(self.told, &self.schema, columns);
        let read = unfold.read.iter().copied();
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), read);
        let groups = self.metadata.metadata().row_groups();
        let may_hold = |group: usize| {
            let Some(id) = id else { return true };
            match groups[group].column(ID).statistics() {
                Some(Statistics::ByteArray(statistics)) => {
                    // Long ids are cut in statistics: a cut minimum is still below, a cut maximum above.
                    let below = statistics
                        .min_opt()
                        .is_none_or(|min| min.data() <= id.as_bytes());
                    let above = statistics
                        .max_opt()
                        .is_none_or(|max| max.data() >= id.as_bytes());
                    below && above
                }
                _ => true,
            }
        };
        let wanted = (0..groups.len()).filter(|group| may_hold(*group)).collect();
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.file.clone(),
            self.metadata.clone(),
        )
        .with_projection(mask)
        .with_row_groups(wanted)
        .with_batch_size(8192)
        .build();
        let (reader, failed) = match reader {
            Ok(reader) => (Some(reader), None),
            Err(error) => (None, Some(Err(ArrowError::from(error)))),
        };
        let batches = reader.into_iter().flatten().chain(failed);
        batches.map(move |batch| unfold.batch(&batch?))
    }
}

/// Sets to null what other columns tell.
fn fold(batch: &RecordBatch, told: ToldByOthers) -> std::result::Result<RecordBatch, ArrowError> {
    let text = |column: usize| batch.column(column).as_string::<i32>();
    let (ids, keys, firsts) = (text(ID), text(KEY), text(told.first));
    let lasts = text(told.target.unwrap_or(ID));
    let keys: StringArray = (0..keys.len())
        .map(|row| {
            let key = keys.is_valid(row).then(|| keys.value(row))?;
            let rest = key.strip_prefix(firsts.value(row));
            let rest = rest.and_then(|rest| rest.strip_prefix(model::KEY_SEPARATOR));
            (rest != Some(lasts.value(row))).then_some(key)
        })
        .collect();
    let mut columns = batch.columns().to_vec();
    columns[KEY] = Arc::new(keys);
    if let Some(target) = told.target {
        let targets = text(target);
        let targets: StringArray = (0..targets.len())
            .map(|row| (ids.value(row) != targets.value(row)).then(|| targets.value(row)))
            .collect();
        columns[target] = Arc::new(targets);
    }
    RecordBatch::try_new(batch.schema(), columns)
}

/// Undoes [`fold`] for some columns.
struct Unfold {
    told: Option<ToldByOthers>,
    /// The columns asked for, and those and what tells them; both ascending.
    wanted: Vec<usize>,
    read: Vec<usize>,
    schema: std::result::Result<SchemaRef, ArrowError>,
}

impl Unfold {
    fn new(told: Option<ToldByOthers>, schema: &SchemaRef, columns: &[usize]) -> Self {
        let mut read = columns.to_vec();
        if let Some(ToldByOthers { first, target }) = told {
            if columns.contains(&KEY) {
                read.extend([first, target.unwrap_or(ID)]);
            }
            if target.is_some_and(|target| read.contains(&target)) {
                read.push(ID);
            }
            read.sort_unstable();
            read.dedup();
        }
        Self {
            told,
            wanted: columns.to_vec(),
            read,
            schema: schema.project(columns).map(Arc::new),
        }
    }

    fn batch(&self, batch: &RecordBatch) -> std::result::Result<RecordBatch, ArrowError> {
        let Some(told) = self.told.filter(|_| self.needs_any()) else {
            return Ok(batch.clone());
        };
        let column = |column: usize| {
            let at = self.read.binary_search(&column);
            at.ok().map(|at| batch.column(at))
        };
        let target = told.target.and_then(|target| {
            let (targets, ids) = (column(target)?, column(ID)?);
            Some(or_else(targets, ids))
        });
        let key = column(KEY).and_then(|keys| {
            let last = match &target {
                Some(target) => target,
                None => column(ID)?,
            };
            Some(joined(keys, column(told.first)?, last))
        });
        let columns = self.wanted.iter().filter_map(|wanted| match *wanted {
            KEY => key.clone(),
            at if Some(at) == told.target => target.clone(),
            at => column(at).cloned(),
        });
        let schema = self.schema.as_ref().map_err(|error| {
            ArrowError::SchemaError(format!("columns cannot be projected: {error}"))
        })?;
        RecordBatch::try_new(Arc::clone(schema), columns.collect())
    }

    fn needs_any(&self) -> bool {
        self.wanted
            .iter()
            .any(|wanted| *wanted == KEY || Some(Some(*wanted)) == self.told.map(|t| t.target))
    }
}

/// Texts, and where there is none the other column's.
fn or_else(texts: &ArrayRef, others: &ArrayRef) -> ArrayRef {
    if texts.null_count() == texts.len() {
        return Arc::clone(others);
    }
    let others = others.as_string::<i32>().iter();
    let both = texts.as_string::<i32>().iter().zip(others);
    Arc::new(
        both.map(|(text, other)| text.or(other))
            .collect::<StringArray>(),
    )
}

/// Keys, and where there is none the one that leads from `firsts` to `lasts`.
fn joined(keys: &ArrayRef, firsts: &ArrayRef, lasts: &ArrayRef) -> ArrayRef {
    let (firsts, lasts) = (firsts.as_string::<i32>(), lasts.as_string::<i32>());
    let bytes = firsts.value_data().len() + lasts.value_data().len() + firsts.len();
    let mut joined = StringBuilder::with_capacity(firsts.len(), bytes);
    let mut text = String::new();
    for (row, key) in keys.as_string::<i32>().iter().enumerate() {
        match key {
            Some(key) => joined.append_value(key),
            None if firsts.is_valid(row) && lasts.is_valid(row) => {
                text.clear();
                text.push_str(firsts.value(row));
                text.push(model::KEY_SEPARATOR);
                text.push_str(lasts.value(row));
                joined.append_value(&text);
            }
            None => joined.append_null(),
        }
    }
    Arc::new(joined.finish())
}

/// Writes one segment from batches of all columns, each of which becomes a row group.
pub(crate) struct SegmentWriter<'k> {
    /// Made with the first batch, which tells how columns are best encoded.
    writer: Option<ArrowWriter<Vec<u8>>>,
    key: &'k SegmentKey<'k>,
    kind: u16,
    first: u32,
    end: u32,
    schema: &'k KindSchema,
}

impl<'k> SegmentWriter<'k> {
    pub(crate) fn new(
        kind: u16,
        first: u32,
        end: u32,
        key: &'k SegmentKey<'k>,
        schema: &'k KindSchema,
    ) -> Self {
        Self {
            writer: None,
            key,
            kind,
            first,
            end,
            schema,
        }
    }

    fn start(&self, batch: &RecordBatch) -> Result<ArrowWriter<Vec<u8>>> {
        let bound_to = self.key.bound_to(self.kind, self.first, self.end);
        let encryption = FileEncryptionProperties::builder(self.key.key.to_vec())
            .with_aad_prefix(bound_to)
            .with_aad_prefix_storage(false)
            .build()
            .map_err(internal)?;
        let level = ZstdLevel::try_new(1).map_err(internal)?;
        let fingerprint = KeyValue::new(FINGERPRINT.to_owned(), self.schema.fingerprint());
        let path = |column: usize| ColumnPath::from(self.schema.columns[column].name.as_str());
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(None)
            // Row groups are what is skipped, by their ids; an index of pages would be bytes nobody reads.
            .set_statistics_enabled(EnabledStatistics::None)
            .set_column_statistics_enabled(path(ID), EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(vec![fingerprint]))
            .with_file_encryption_properties(encryption)
            .set_column_encoding(path(ORDINAL), Encoding::DELTA_BINARY_PACKED);
        for column in 0..batch.num_columns() {
            if column == ORDINAL || !repeats(batch.column(column)) {
                properties = properties.set_column_dictionary_enabled(path(column), false);
            }
        }
        let schema = Arc::clone(&self.schema.arrow);
        ArrowWriter::try_new(Vec::new(), schema, Some(properties.build())).map_err(internal)
    }

    /// Adds rows; they are sorted by id and ordinal, so that versions of one object are neighbours.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let folded = match self.schema.told_by_others() {
            Some(told) => fold(batch, told).map_err(internal)?,
            None => batch.clone(),
        };
        let sorted = match order(&folded) {
            Some(order) => take_record_batch(&folded, &order).map_err(internal)?,
            None => folded,
        };
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.start(&sorted)?,
        };
        writer.write(&sorted).map_err(internal)?;
        writer.flush().map_err(internal)?;
        self.writer = Some(writer);
        Ok(())
    }

    pub(crate) fn finish(self, storage: &dyn Storage) -> Result<u64> {
        let writer = self
            .writer
            .ok_or_else(|| Error::Internal("a segment has no versions".to_owned()))?;
        let bytes = writer.into_inner().map_err(internal)?;
        let path = format!(
            "columns/{}/{}-{}-{}.parquet",
            self.kind,
            self.first,
            self.end,
            self.key.hash(&bytes)
        );
        storage.put(&path, &bytes)?;
        Ok(bytes.len() as u64)
    }
}

/// The order of rows by id and ordinal; `None` where they are in it.
fn order(batch: &RecordBatch) -> Option<UInt32Array> {
    let ids = batch.column(ID).as_string::<i32>();
    let ordinals = batch.column(ORDINAL).as_primitive::<UInt32Type>();
    // Ids hardly ever share their first eight characters, and a number is compared at once.
    let start = |row: usize| {
        let id = if ids.is_valid(row) {
            ids.value(row).as_bytes()
        } else {
            &[]
        };
        let mut start = [0; 8];
        let length = id.len().min(8);
        start[..length].copy_from_slice(&id[..length]);
        u64::from_be_bytes(start)
    };
    let rest = |row: u32| {
        let row = row as usize;
        let id = ids.is_valid(row).then(|| ids.value(row));
        (id, ordinals.value(row))
    };
    let before =
        |a: &(u64, u32), b: &(u64, u32)| a.0.cmp(&b.0).then_with(|| rest(a.1).cmp(&rest(b.1)));
    let rows = u32::try_from(ids.len()).ok()?;
    let mut order: Vec<(u64, u32)> = (0..rows).map(|row| (start(row as usize), row)).collect();
    if order.is_sorted_by(|a, b| before(a, b).is_le()) {
        return None;
    }
    order.sort_unstable_by(before);
    Some(order.into_iter().map(|(_, row)| row).collect())
}

/// Whether a column's values repeat: a dictionary of values that do not costs twice, once to try it and
/// once because every row then has a number as well.
fn repeats(column: &ArrayRef) -> bool {
    let sample = column.slice(0, column.len().min(SAMPLE_ROWS));
    let (present, distinct) = if let Some(texts) = sample.as_string_opt::<i32>() {
        let present = texts.iter().flatten();
        (
            present.clone().count(),
            present.collect::<HashSet<_>>().len(),
        )
    } else if let Some(times) = sample.as_primitive_opt::<TimestampNanosecondType>() {
        let present = times.iter().flatten();
        (
            present.clone().count(),
            present.collect::<HashSet<_>>().len(),
        )
    } else {
        return true;
    };
    distinct * 2 <= present
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

/// A file of the archive's storage, as Parquet reads it.
#[derive(Debug, Clone)]
pub(crate) struct StorageFile {
    storage: Arc<dyn Storage>,
    path: String,
    length: u64,
}

impl Length for StorageFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for StorageFile {
    type T = BufReader<Stretch>;

    fn get_read(&self, start: u64) -> std::result::Result<Self::T, ParquetError> {
        let stretch = Stretch {
            file: self.clone(),
            at: start,
        };
        Ok(BufReader::with_capacity(READ_AHEAD, stretch))
    }

    fn get_bytes(
        &self,
        start: u64,
        length: usize,
    ) -> std::result::Result<bytes::Bytes, ParquetError> {
        let bytes = self.storage.read_range(&self.path, start, length);
        bytes
            .map(Into::into)
            .map_err(|e| ParquetError::External(Box::new(e)))
    }
}

/// A file from some place on, read as far as it is asked for: a page is read through it.
pub(crate) struct Stretch {
    file: StorageFile,
    at: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.file.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let bytes = self
            .file
            .storage
            .read_range(&self.file.path, self.at, length)
            .map_err(std::io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}
