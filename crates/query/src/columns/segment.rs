//! Segments: Parquet files of one kind's versions, encrypted with Parquet's own modular encryption.
//!
//! A segment covers a run of ordinals and never changes, because versions never do. Its name says which,
//! and carries a hash of the file (`FIRST-END-HASH.parquet`); its metadata says which columns it was
//! made with. What cannot be read is as good as not there: its versions are read from the packs.

use std::collections::HashSet;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::{TimestampNanosecondType, UInt32Type};
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
use datafusion::parquet::file::metadata::{KeyValue, ParquetMetaData};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use datafusion::parquet::file::statistics::Statistics;
use datafusion::parquet::schema::types::ColumnPath;
use store::{Archive, Storage};

use super::schema::{ID, KindSchema, ORDINAL};
use super::told::fold;
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
#[derive(Debug)]
pub(crate) struct Segment {
    path: String,
    pub(crate) first: u32,
    pub(crate) end: u32,
    groups: Vec<Group>,
    metadata: ArrowReaderMetadata,
    file: StorageFile,
}

/// Rows of a segment that are read together.
#[derive(Debug)]
pub(crate) struct Group {
    /// The versions in it; its rows are in another order.
    pub(crate) ordinals: Range<u32>,
    /// Values that could have been decoded while its versions were read from the packs instead.
    pub(crate) spent: AtomicU64,
}

/// Key and additional data of one segment's encryption.
pub(crate) struct SegmentKey<'k> {
    pub(crate) key: &'k [u8; 32],
    pub(crate) archive: String,
}

impl<'k> SegmentKey<'k> {
    pub(crate) fn new(archive: &Archive, key: &'k [u8; 32]) -> Self {
        Self {
            key,
            archive: archive.id().to_string(),
        }
    }

    /// Binds a file to its archive, kind and run, so that none can stand in for another.
    fn bound_to(&self, kind: u16, first: u32, end: u32) -> Vec<u8> {
        format!("entrace {} {kind} {first}-{end}", self.archive).into_bytes()
    }

    /// Key of one file of ids, bound as segments are, and to its content by the salt that follows from it.
    pub(crate) fn for_ids(&self, kind: u16, first: u32, end: u32, salt: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(self.key);
        hasher.update(b"entrace v1 ids\0");
        hasher.update(salt);
        hasher.update(&self.bound_to(kind, first, end));
        *hasher.finalize().as_bytes()
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
    /// How the names of files of columns end.
    const COLUMNS: &'static str = ".parquet";
    /// How the names of files of ids end.
    pub(crate) const IDS: &'static str = ".ids";

    /// Reads a path; `None` where it is no segment's.
    pub(crate) fn of(path: &'p str) -> Option<Self> {
        Self::ending(path, Self::COLUMNS)
    }

    /// Reads a path; `None` where it is not that of a file of ids.
    pub(crate) fn of_ids(path: &'p str) -> Option<Self> {
        Self::ending(path, Self::IDS)
    }

    fn ending(path: &'p str, end: &str) -> Option<Self> {
        let (kind, name) = path.strip_prefix("columns/")?.split_once('/')?;
        let mut parts = name.strip_suffix(end)?.split('-');
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
        if *fingerprint != schema.fingerprint() {
            return None;
        }
        Some(Self {
            path: path.to_owned(),
            first,
            end,
            groups: groups_of(metadata.metadata(), first, end)?,
            metadata,
            file,
        })
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The row groups, in the order of their ordinals.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Whether a row group may hold an id, as its statistics say.
    pub(crate) fn may_hold(&self, group: usize, id: &str) -> bool {
        let column = self.metadata.metadata().row_group(group).column(ID);
        let Some(Statistics::ByteArray(statistics)) = column.statistics() else {
            return true;
        };
        // Long ids are cut in statistics: a cut minimum is still below, a cut maximum above.
        let below = statistics.min_opt();
        let above = statistics.max_opt();
        below.is_none_or(|min| min.data() <= id.as_bytes())
            && above.is_none_or(|max| max.data() >= id.as_bytes())
    }

    /// Reads columns (positions in the kind's schema, ascending) of a row group, as they are stored.
    pub(crate) fn read(
        &self,
        group: usize,
        columns: &[usize],
    ) -> std::result::Result<Vec<ArrayRef>, ArrowError> {
        let rows = self.groups[group].ordinals.len();
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.file.clone(),
            self.metadata.clone(),
        )
        .with_projection(mask)
        .with_row_groups(vec![group])
        .with_batch_size(rows)
        .build()?;
        match reader.next().transpose()? {
            Some(batch) if batch.num_rows() == rows => Ok(batch.columns().to_vec()),
            _ => Err(ArrowError::ParquetError(
                "a row group is cut short".to_owned(),
            )),
        }
    }
}

/// Where each row group's ordinals begin and end; `None` where they are not the segment's.
fn groups_of(metadata: &ParquetMetaData, first: u32, end: u32) -> Option<Vec<Group>> {
    let mut next = first;
    let mut groups = Vec::with_capacity(metadata.num_row_groups());
    for group in metadata.row_groups() {
        let rows = u32::try_from(group.num_rows()).ok()?;
        let ordinals = next..next.checked_add(rows)?;
        next = ordinals.end;
        groups.push(Group {
            ordinals,
            spent: AtomicU64::new(0),
        });
    }
    (next == end).then_some(groups)
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
