//! Segments: Parquet files of one kind's versions, encrypted with Parquet's own modular encryption.
//!
//! A segment covers a run of ordinals and never changes, because versions never do. Its name says which,
//! and carries a hash of the file (`FIRST-END-HASH.parquet`); its metadata says which columns it was
//! made with. What cannot be read is as good as not there: its versions are read from the packs.

use std::io::{BufReader, Read};
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::{SortColumn, lexsort_to_indices, take_record_batch};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use datafusion::parquet::arrow::arrow_writer::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::encryption::decrypt::FileDecryptionProperties;
use datafusion::parquet::encryption::encrypt::FileEncryptionProperties;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use datafusion::parquet::file::statistics::Statistics;
use store::Storage;

use super::schema::{ID, KindSchema, ORDINAL};
use crate::error::{Error, Result};

/// Metadata entry with [`KindSchema::fingerprint`].
const FINGERPRINT: &str = "entrace.columns";
/// Characters of the hash in a file's name: it finds damage, forgery fails at the encryption.
const HASH_CHARS: usize = 16;

/// Bytes of a segment read at a time: headers of pages are short, pages up to a few hundred kilobytes.
const READ_AHEAD: usize = 64 << 10;

/// A segment's place and what it covers.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    path: String,
    pub(crate) first: u32,
    pub(crate) end: u32,
    metadata: ArrowReaderMetadata,
    file: StorageFile,
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
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
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
        reader.into_iter().flatten().chain(failed)
    }
}

/// Writes one segment from batches of all columns, each of which becomes a row group.
pub(crate) struct SegmentWriter<'k> {
    writer: ArrowWriter<Vec<u8>>,
    key: &'k SegmentKey<'k>,
    run: String,
}

impl<'k> SegmentWriter<'k> {
    pub(crate) fn new(
        kind: u16,
        first: u32,
        end: u32,
        key: &'k SegmentKey<'k>,
        schema: &KindSchema,
    ) -> Result<Self> {
        let encryption = FileEncryptionProperties::builder(key.key.to_vec())
            .with_aad_prefix(key.bound_to(kind, first, end))
            .with_aad_prefix_storage(false)
            .build()
            .map_err(internal)?;
        let level = ZstdLevel::try_new(1).map_err(internal)?;
        let fingerprint = KeyValue::new(FINGERPRINT.to_owned(), schema.fingerprint());
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(None)
            // Row groups are what is skipped; an index of pages would be bytes nobody reads.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(vec![fingerprint]))
            .with_file_encryption_properties(encryption)
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema.arrow), Some(properties))
            .map_err(internal)?;
        Ok(Self {
            writer,
            key,
            run: format!("columns/{kind}/{first}-{end}"),
        })
    }

    /// Adds rows; they are sorted by id and ordinal, so that versions of one object are neighbours.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let by = |column: usize| SortColumn {
            values: Arc::clone(batch.column(column)),
            options: None,
        };
        let order: UInt32Array = lexsort_to_indices(&[by(ID), by(ORDINAL)], None)
            .map_err(|e| Error::Internal(e.to_string()))?;
        let sorted =
            take_record_batch(batch, &order).map_err(|e| Error::Internal(e.to_string()))?;
        self.writer.write(&sorted).map_err(internal)?;
        self.writer.flush().map_err(internal)
    }

    pub(crate) fn finish(self, storage: &dyn Storage) -> Result<u64> {
        let bytes = self.writer.into_inner().map_err(internal)?;
        let path = format!("{}-{}.parquet", self.run, self.key.hash(&bytes));
        storage.put(&path, &bytes)?;
        Ok(bytes.len() as u64)
    }
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
