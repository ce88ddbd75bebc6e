//! The index: everything derived from packs and log that makes reading and importing fast.
//!
//! A redb file of rows that are arrays rather than single facts, because a first import of a large
//! tenant brings a million of them: versions by 508, objects by 1,008, handles by bucket, import units
//! by 3,200. Each row carries a keyed check of its table, key and bytes, and which rows must exist
//! follows from counts in other rows, so that a damaged file is noticed at the first wrong row. It is
//! never repaired by hand: it is rebuilt.

mod batch;
mod file;
mod rows;
mod units;

pub(crate) use batch::{IndexBatch, KindBatch};
pub(crate) use file::{IndexFile, PATH};
pub(crate) use rows::{AliveRow, FrameRow, IndexState, KindState, Place, SnapshotRow, VersionRow};
pub(crate) use units::{HandleMap, Runs, UnitTable};

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use roaring::RoaringBitmap;
use serde::de::DeserializeOwned;

use crate::bytes::Reader;
use crate::error::{Error, Result};
use crate::id::{KindNumber, Ordinal, SnapshotNumber};
use crate::record::Hold;
use crate::seal::{Handle, Sealer};
use file::ReadTables;
use rows::{HANDLE_LEN, OBJECTS_PER_ROW, VERSION_LEN, VERSIONS_PER_ROW, bucket_of};

/// The tables of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    State,
    Packs,
    Frames,
    Kinds,
    Versions,
    Objects,
    Handles,
    Alive,
    Snapshots,
    Records,
    Units,
    Tags,
    Volatile,
}

impl Table {
    pub(crate) const ALL: [Table; 13] = [
        Self::State,
        Self::Packs,
        Self::Frames,
        Self::Kinds,
        Self::Versions,
        Self::Objects,
        Self::Handles,
        Self::Alive,
        Self::Snapshots,
        Self::Records,
        Self::Units,
        Self::Tags,
        Self::Volatile,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Packs => "packs",
            Self::Frames => "frames",
            Self::Kinds => "kinds",
            Self::Versions => "versions",
            Self::Objects => "objects",
            Self::Handles => "handles",
            Self::Alive => "alive",
            Self::Snapshots => "snapshots",
            Self::Records => "records",
            Self::Units => "units",
            Self::Tags => "tags",
            Self::Volatile => "volatile",
        }
    }
}

/// Key of a row: the kind (0 where the table has none) and a number.
pub(crate) type RowKey = (u16, u32);

/// Rows of [`Table::Tags`].
const TAGS: RowKey = (0, 0);
const HOLDS: RowKey = (0, 1);

/// Rows are dropped from memory when they pass this many bytes.
const CACHE_BYTES: usize = 32 << 20;

/// Reads the index as it was when the reader was made.
#[derive(Debug)]
pub(crate) struct IndexReader {
    tables: ReadTables,
    sealer: Arc<Sealer>,
    cache: Mutex<Cache>,
    pub(crate) state: IndexState,
}

#[derive(Debug, Default)]
struct Cache {
    rows: HashMap<(Table, RowKey), Arc<Vec<u8>>>,
    size_bytes: usize,
}

fn unusable(reason: impl Into<String>) -> Error {
    Error::Index(reason.into())
}

/// A version in the row that holds it.
fn version_in(row: &[u8], kind: KindNumber, ordinal: Ordinal) -> Result<VersionRow> {
    let at = (ordinal % VERSIONS_PER_ROW) as usize * VERSION_LEN;
    let bytes = row.get(at..at + VERSION_LEN);
    let bytes = bytes
        .ok_or_else(|| unusable(format!("version {ordinal} of kind {} is missing", kind.0)))?;
    VersionRow::decode(bytes)
}

impl IndexReader {
    pub(crate) fn new(tables: ReadTables, sealer: Arc<Sealer>) -> Result<Self> {
        let cache = Mutex::default();
        let mut reader = Self {
            tables,
            sealer,
            cache,
            state: IndexState::default(),
        };
        let row = reader.need(Table::State, (0, 0))?;
        reader.state = IndexState::decode(&row, &reader.sealer)?;
        Ok(reader)
    }

    /// Lets go of the file; every later read fails.
    pub(crate) fn close(&mut self) {
        self.tables = ReadTables::closed();
    }

    /// The row's bytes, checked; `None` where there is no such row.
    fn row(&self, table: Table, key: RowKey) -> Result<Option<Arc<Vec<u8>>>> {
        let lock = || {
            self.cache
                .lock()
                .map_err(|_| Error::Internal("index cache is poisoned".to_owned()))
        };
        if let Some(row) = lock()?.rows.get(&(table, key)) {
            return Ok(Some(Arc::clone(row)));
        }
        let Some(bytes) = self.tables.get(table, key)? else {
            return Ok(None);
        };
        let row = Arc::new(self.verify(table, key, bytes)?);
        let mut cache = lock()?;
        if cache.size_bytes > CACHE_BYTES {
            *cache = Cache::default();
        }
        cache.size_bytes += row.len();
        cache.rows.insert((table, key), Arc::clone(&row));
        Ok(Some(row))
    }

    fn verify(&self, table: Table, key: RowKey, mut bytes: Vec<u8>) -> Result<Vec<u8>> {
        let wrong = || {
            unusable(format!(
                "row {key:?} of {} does not fit its check",
                table.name()
            ))
        };
        let length = bytes.len().checked_sub(8).ok_or_else(wrong)?;
        let check: [u8; 8] = bytes[length..].try_into().map_err(|_| wrong())?;
        bytes.truncate(length);
        if self
            .sealer
            .index_check(table.name(), &rows::key_bytes(key), &bytes)
            != check
        {
            return Err(wrong());
        }
        Ok(bytes)
    }

    fn need(&self, table: Table, key: RowKey) -> Result<Arc<Vec<u8>>> {
        self.row(table, key)?
            .ok_or_else(|| unusable(format!("row {key:?} of {} is missing", table.name())))
    }

    pub(crate) fn frame(&self, number: u32) -> Result<FrameRow> {
        FrameRow::decode(&self.need(Table::Frames, (0, number))?)
    }

    /// The frames there are, by number.
    pub(crate) fn frames(&self) -> Result<Vec<(u32, FrameRow)>> {
        let mut frames = Vec::new();
        for number in 0..self.state.frames {
            // Numbers of frames that were compacted away are not used again.
            if let Some(row) = self.row(Table::Frames, (0, number))? {
                frames.push((number, FrameRow::decode(&row)?));
            }
        }
        Ok(frames)
    }

    /// The packs there are, by number.
    pub(crate) fn packs(&self) -> Result<Vec<(u32, crate::id::PackId, u64)>> {
        let mut packs = Vec::new();
        for number in 0..self.state.packs {
            if let Some(row) = self.row(Table::Packs, (0, number))? {
                let (id, size_bytes) = rows::decode_pack(&row)?;
                packs.push((number, id, size_bytes));
            }
        }
        Ok(packs)
    }

    pub(crate) fn pack(&self, number: u32) -> Result<(crate::id::PackId, u64)> {
        rows::decode_pack(&self.need(Table::Packs, (0, number))?)
    }

    pub(crate) fn kinds(&self) -> Result<Vec<KindState>> {
        (1..=self.state.kinds)
            .map(|number| self.kind(KindNumber(number)))
            .collect()
    }

    pub(crate) fn kind(&self, kind: KindNumber) -> Result<KindState> {
        KindState::decode(kind, &self.need(Table::Kinds, (kind.0, 0))?, &self.sealer)
    }

    pub(crate) fn version(&self, kind: KindNumber, ordinal: Ordinal) -> Result<VersionRow> {
        let row = self.need(Table::Versions, (kind.0, ordinal / VERSIONS_PER_ROW))?;
        version_in(&row, kind, ordinal)
    }

    /// Where versions are stored.
    pub(crate) fn places(
        &self,
        kind: KindNumber,
        ordinals: &RoaringBitmap,
    ) -> Result<Vec<(Place, Ordinal)>> {
        let mut places = Vec::with_capacity(usize::try_from(ordinals.len()).unwrap_or(0));
        self.each_version(kind, ordinals, |ordinal, row| {
            places.push((row.place, ordinal));
        })?;
        Ok(places)
    }

    /// What is known of many versions: one look at a row of the index for all that are in it.
    pub(crate) fn each_version(
        &self,
        kind: KindNumber,
        ordinals: &RoaringBitmap,
        mut each: impl FnMut(Ordinal, VersionRow),
    ) -> Result<()> {
        let mut last: Option<(u32, Arc<Vec<u8>>)> = None;
        for ordinal in ordinals {
            let number = ordinal / VERSIONS_PER_ROW;
            let row = match last.take() {
                Some((at, row)) if at == number => row,
                _ => self.need(Table::Versions, (kind.0, number))?,
            };
            each(ordinal, version_in(&row, kind, ordinal)?);
            last = Some((number, row));
        }
        Ok(())
    }

    /// The newest ordinal of an object.
    pub(crate) fn object_head(&self, kind: KindNumber, object: u32) -> Result<Ordinal> {
        let row = self.need(Table::Objects, (kind.0, object / OBJECTS_PER_ROW))?;
        let at = (object % OBJECTS_PER_ROW) as usize * 4;
        let bytes = row.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(u32::from_le_bytes)
            .ok_or_else(|| unusable(format!("object {object} of kind {} is missing", kind.0)))
    }

    /// The object with that handle, if the kind has one.
    pub(crate) fn object(&self, kind: &KindState, handle: &Handle) -> Result<Option<u32>> {
        if kind.objects == 0 {
            return Ok(None);
        }
        let bucket = bucket_of(handle, kind.handle_bits);
        let row = self.need(Table::Handles, (kind.number.0, bucket))?;
        let found = rows::find_handle(&row, handle);
        Ok(found.map(|at| rows::handle_object(&row[at * HANDLE_LEN..])))
    }

    /// The row of one state.
    pub(crate) fn alive(&self, kind: KindNumber, snapshot: SnapshotNumber) -> Result<AliveRow> {
        AliveRow::decode(&self.need(Table::Alive, (kind.0, snapshot))?)
    }

    pub(crate) fn snapshots(&self) -> Result<Vec<SnapshotRow>> {
        (1..=self.state.snapshots)
            .map(|number| SnapshotRow::decode(number, &self.need(Table::Snapshots, (0, number))?))
            .collect()
    }

    /// The snapshot's record as text.
    pub(crate) fn record(&self, snapshot: SnapshotNumber) -> Result<String> {
        let row = self.need(Table::Records, (0, snapshot))?;
        let text = self
            .sealer
            .open_text(&row)
            .and_then(|text| String::from_utf8(text).ok());
        text.ok_or_else(|| unusable(format!("record of snapshot {snapshot} does not open")))
    }

    pub(crate) fn tags(&self) -> Result<Vec<(String, SnapshotNumber)>> {
        self.list(&self.need(Table::Tags, TAGS)?, "tags")
    }

    /// Absent until there was one.
    pub(crate) fn holds(&self) -> Result<Vec<Hold>> {
        match self.row(Table::Tags, HOLDS)? {
            Some(row) => self.list(&row, "holds"),
            None => Ok(Vec::new()),
        }
    }

    fn list<T: DeserializeOwned>(&self, row: &[u8], what: &str) -> Result<Vec<T>> {
        let text = self.sealer.open_text(row);
        let text = text.ok_or_else(|| unusable(format!("{what} do not open")))?;
        serde_json::from_slice(&text).map_err(|_| unusable(format!("{what} do not decode")))
    }

    /// Frames with volatile values of a kind, by snapshot.
    pub(crate) fn volatile(&self, kind: KindNumber) -> Result<Vec<(SnapshotNumber, u32)>> {
        let Some(row) = self.row(Table::Volatile, (kind.0, 0))? else {
            return Ok(Vec::new());
        };
        let mut reader = Reader(&row);
        let mut frames = Vec::new();
        while !reader.is_empty() {
            let pair = reader
                .u32()
                .and_then(|snapshot| Ok((snapshot, reader.u32()?)));
            frames.push(pair.map_err(|_| unusable("volatile row does not decode"))?);
        }
        Ok(frames)
    }

    /// The raw units the kind was last imported from.
    pub(crate) fn units(&self, kind: KindNumber) -> Result<UnitTable> {
        let mut table = UnitTable::default();
        for number in 0.. {
            let Some(row) = self.tables.get(Table::Units, (kind.0, number))? else {
                break;
            };
            table.extend(&self.verify(Table::Units, (kind.0, number), row)?)?;
        }
        Ok(table)
    }
}
