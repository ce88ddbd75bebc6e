//! What one act adds to the index, written in one transaction.

use std::collections::BTreeMap;

use redb::{ReadableTable as _, Table as RedbTable};

use super::rows::{
    HANDLE_LEN, KindState, MAX_FRAMES, OBJECTS_PER_ROW, VERSION_LEN, VERSIONS_PER_ROW, bucket_of,
    encode_pack, find_handle, key_bytes,
};
use super::{
    AliveRow, FrameRow, HOLDS, IndexState, Place, RowKey, SnapshotRow, TAGS, Table, UnitTable,
    unusable,
};
use crate::bytes::Put;
use crate::error::{Error, Result};
use crate::id::{BlobId, KindNumber, Ordinal, PackId, SnapshotNumber};
use crate::record::Hold;
use crate::seal::{Handle, Sealer};

use super::VersionRow;

/// New rows and changed rows of one transaction.
#[derive(Debug, Default)]
pub(crate) struct IndexBatch {
    /// The state after the batch.
    pub(crate) state: IndexState,
    /// Packs by number. A compaction replaces all of them.
    pub(crate) packs: Vec<(u32, PackId, u64)>,
    /// Frames by number.
    pub(crate) frames: Vec<(u32, FrameRow)>,
    /// Packs and frames that are no more; their numbers are not used again.
    pub(crate) dropped_packs: Vec<u32>,
    pub(crate) dropped_frames: Vec<u32>,
    pub(crate) kinds: BTreeMap<KindNumber, KindBatch>,
    /// Snapshots with their records' text.
    pub(crate) snapshots: Vec<(SnapshotRow, String)>,
    /// All tags, where they changed.
    pub(crate) tags: Option<Vec<(String, SnapshotNumber)>>,
    /// All holds, where they changed.
    pub(crate) holds: Option<Vec<Hold>>,
}

/// What a batch holds of one kind.
#[derive(Debug)]
pub(crate) struct KindBatch {
    /// The kind after the batch; `handle_bits` is set while writing.
    pub(crate) state: KindState,
    /// Versions behind the ones the index has.
    pub(crate) versions: Vec<VersionRow>,
    /// Whole blob ids of all versions, known only to a rebuilt batch; no row holds them.
    pub(crate) blobs: Vec<BlobId>,
    /// Versions that lie elsewhere now.
    pub(crate) moved: BTreeMap<Ordinal, Place>,
    /// Newest ordinal by object, for new and changed objects.
    pub(crate) heads: BTreeMap<u32, Ordinal>,
    /// Handles of new objects.
    pub(crate) handles: Vec<(Handle, u32)>,
    pub(crate) alive: Vec<(SnapshotNumber, AliveRow)>,
    /// All units, where they changed.
    pub(crate) units: Option<UnitTable>,
    /// All `(snapshot, frame)` of volatile values, where they changed.
    pub(crate) volatile: Option<Vec<(SnapshotNumber, u32)>>,
}

impl KindBatch {
    pub(crate) fn new(state: KindState) -> Self {
        Self {
            state,
            versions: Vec::new(),
            blobs: Vec::new(),
            moved: BTreeMap::new(),
            heads: BTreeMap::new(),
            handles: Vec::new(),
            alive: Vec::new(),
            units: None,
            volatile: None,
        }
    }
}

type OpenTable<'t> = RedbTable<'t, RowKey, &'static [u8]>;

/// The tables of a write transaction; adds and verifies the checks of rows.
pub(super) struct Rows<'a, 't> {
    tables: &'a mut Vec<OpenTable<'t>>,
    sealer: &'a Sealer,
}

impl<'a, 't> Rows<'a, 't> {
    pub(super) fn new(tables: &'a mut Vec<OpenTable<'t>>, sealer: &'a Sealer) -> Self {
        Self { tables, sealer }
    }

    fn put(&mut self, table: Table, key: RowKey, mut row: Vec<u8>) -> Result<()> {
        let check = self.sealer.index_check(table.name(), &key_bytes(key), &row);
        row.extend_from_slice(&check);
        self.tables[table as usize]
            .insert(key, row.as_slice())
            .map_err(storage)?;
        Ok(())
    }

    fn get(&self, table: Table, key: RowKey) -> Result<Option<Vec<u8>>> {
        let Some(row) = self.tables[table as usize].get(key).map_err(storage)? else {
            return Ok(None);
        };
        let wrong = || {
            unusable(format!(
                "row {key:?} of {} does not fit its check",
                table.name()
            ))
        };
        let (row, check) = row
            .value()
            .split_last_chunk::<8>()
            .map(|(row, check)| (row.to_vec(), *check))
            .ok_or_else(wrong)?;
        if self.sealer.index_check(table.name(), &key_bytes(key), &row) == check {
            Ok(Some(row))
        } else {
            Err(wrong())
        }
    }

    fn remove(&mut self, table: Table, key: RowKey) -> Result<bool> {
        Ok(self.tables[table as usize]
            .remove(key)
            .map_err(storage)?
            .is_some())
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
fn storage(error: redb::StorageError) -> Error {
    unusable(error.to_string())
}

impl IndexBatch {
    /// Writes everything and keeps it.
    pub(super) fn write(&mut self, rows: &mut Rows<'_, '_>) -> Result<()> {
        for (kind, batch) in &mut self.kinds {
            batch.write(*kind, rows)?;
        }
        self.write_acts(rows)
    }

    /// Writes everything and lets go of each kind as it goes: of a first snapshot the batch holds a
    /// hundred bytes an object.
    pub(super) fn write_away(mut self, rows: &mut Rows<'_, '_>) -> Result<()> {
        while let Some((kind, mut batch)) = self.kinds.pop_first() {
            batch.write(kind, rows)?;
        }
        self.write_acts(rows)
    }

    /// Writes what is not of a kind.
    fn write_acts(&self, rows: &mut Rows<'_, '_>) -> Result<()> {
        for (number, id, size_bytes) in &self.packs {
            rows.put(Table::Packs, (0, *number), encode_pack(*id, *size_bytes))?;
        }
        for (number, frame) in &self.frames {
            if *number >= MAX_FRAMES - 1 {
                return Err(Error::Invalid(
                    "the archive has too many frames: run compact".to_owned(),
                ));
            }
            rows.put(Table::Frames, (0, *number), frame.encode())?;
        }
        for number in &self.dropped_packs {
            rows.remove(Table::Packs, (0, *number))?;
        }
        for number in &self.dropped_frames {
            rows.remove(Table::Frames, (0, *number))?;
        }
        for (snapshot, record) in &self.snapshots {
            rows.put(Table::Snapshots, (0, snapshot.number), snapshot.encode())?;
            let sealed = rows.sealer.seal_text(record.as_bytes());
            rows.put(Table::Records, (0, snapshot.number), sealed)?;
        }
        if let Some(tags) = &self.tags {
            let text = serde_json::to_vec(tags).map_err(|e| Error::Internal(e.to_string()))?;
            let sealed = rows.sealer.seal_text(&text);
            rows.put(Table::Tags, TAGS, sealed)?;
        }
        if let Some(holds) = &self.holds {
            let text = serde_json::to_vec(holds).map_err(|e| Error::Internal(e.to_string()))?;
            let sealed = rows.sealer.seal_text(&text);
            rows.put(Table::Tags, HOLDS, sealed)?;
        }
        rows.put(Table::State, (0, 0), self.state.encode(rows.sealer))
    }
}

impl KindBatch {
    fn write(&mut self, kind: KindNumber, rows: &mut Rows<'_, '_>) -> Result<()> {
        self.write_versions(kind, rows)?;
        self.write_heads(kind, rows)?;
        self.write_handles(kind, rows)?;
        for (snapshot, alive) in &self.alive {
            rows.put(Table::Alive, (kind.0, *snapshot), alive.encode())?;
        }
        if let Some(units) = &self.units {
            let mut number =
                units.encode(|number, row| rows.put(Table::Units, (kind.0, number), row))?;
            while rows.remove(Table::Units, (kind.0, number))? {
                number += 1;
            }
        }
        if let Some(volatile) = &self.volatile {
            let mut row = Vec::new();
            for (snapshot, frame) in volatile {
                row.u32(*snapshot);
                row.u32(*frame);
            }
            rows.put(Table::Volatile, (kind.0, 0), row)?;
        }
        let state = self.state.encode(rows.sealer);
        rows.put(Table::Kinds, (kind.0, 0), state)
    }

    fn write_versions(&self, kind: KindNumber, rows: &mut Rows<'_, '_>) -> Result<()> {
        let count = u32::try_from(self.versions.len())
            .map_err(|_| Error::Internal("too many versions".to_owned()))?;
        let mut ordinal = self.state.versions - count;
        let mut left = self.versions.as_slice();
        while !left.is_empty() {
            let key = (kind.0, ordinal / VERSIONS_PER_ROW);
            let inside = ordinal % VERSIONS_PER_ROW;
            let mut row = if inside == 0 {
                Vec::new()
            } else {
                rows.get(Table::Versions, key)?.unwrap_or_default()
            };
            if row.len() != inside as usize * VERSION_LEN {
                return Err(unusable(format!("versions of kind {} have a gap", kind.0)));
            }
            let (now, later) = left.split_at(left.len().min((VERSIONS_PER_ROW - inside) as usize));
            now.iter().for_each(|version| version.encode(&mut row));
            rows.put(Table::Versions, key, row)?;
            ordinal += VERSIONS_PER_ROW - inside;
            left = later;
        }
        self.write_moved(kind, rows)
    }

    fn write_moved(&self, kind: KindNumber, rows: &mut Rows<'_, '_>) -> Result<()> {
        let mut moved = self.moved.iter().peekable();
        while let Some((ordinal, _)) = moved.peek() {
            let number = **ordinal / VERSIONS_PER_ROW;
            let gap = || unusable(format!("versions of kind {} have a gap", kind.0));
            let mut row = rows
                .get(Table::Versions, (kind.0, number))?
                .ok_or_else(gap)?;
            while let Some((ordinal, place)) =
                moved.next_if(|(ordinal, _)| **ordinal / VERSIONS_PER_ROW == number)
            {
                let at = (ordinal % VERSIONS_PER_ROW) as usize * VERSION_LEN;
                let bytes = row.get_mut(at..at + VERSION_LEN).ok_or_else(gap)?;
                let version = VersionRow {
                    place: *place,
                    ..VersionRow::decode(bytes)?
                };
                let mut encoded = Vec::with_capacity(VERSION_LEN);
                version.encode(&mut encoded);
                bytes.copy_from_slice(&encoded);
            }
            rows.put(Table::Versions, (kind.0, number), row)?;
        }
        Ok(())
    }

    fn write_heads(&self, kind: KindNumber, rows: &mut Rows<'_, '_>) -> Result<()> {
        let mut heads = self.heads.iter().peekable();
        while let Some((object, _)) = heads.peek() {
            let number = **object / OBJECTS_PER_ROW;
            let mut row = rows
                .get(Table::Objects, (kind.0, number))?
                .unwrap_or_default();
            while let Some((object, head)) =
                heads.next_if(|(object, _)| **object / OBJECTS_PER_ROW == number)
            {
                let at = (object % OBJECTS_PER_ROW) as usize * 4;
                if row.len() < at {
                    return Err(unusable(format!("objects of kind {} have a gap", kind.0)));
                }
                row.resize(row.len().max(at + 4), 0);
                row[at..at + 4].copy_from_slice(&head.to_le_bytes());
            }
            rows.put(Table::Objects, (kind.0, number), row)?;
        }
        Ok(())
    }

    /// Adds handles to their buckets; when buckets grow large, their number doubles and all are rewritten.
    fn write_handles(&mut self, kind: KindNumber, rows: &mut Rows<'_, '_>) -> Result<()> {
        if self.handles.is_empty() {
            return Ok(());
        }
        let wanted = KindState::bits_for(self.state.objects);
        let new_objects = u32::try_from(self.handles.len())
            .map_err(|_| Error::Internal("too many objects".to_owned()))?;
        let had_any = self.state.objects > new_objects;
        if wanted > self.state.handle_bits || !had_any {
            if had_any {
                for bucket in 0..1u32 << self.state.handle_bits {
                    let row = rows.get(Table::Handles, (kind.0, bucket))?;
                    let row = row.ok_or_else(|| {
                        unusable(format!("handles of kind {} have a gap", kind.0))
                    })?;
                    self.handles
                        .extend(row.chunks_exact(HANDLE_LEN).map(decode_handle));
                }
            }
            self.state.handle_bits = wanted;
        }
        let bits = self.state.handle_bits;
        let rewrite_all = self.handles.len() as u64 == u64::from(self.state.objects);
        self.handles.sort_unstable();
        let mut handles = self.handles.as_slice();
        for bucket in 0..1u32 << bits {
            let count = handles.partition_point(|(handle, _)| bucket_of(handle, bits) == bucket);
            let (inside, rest) = handles.split_at(count);
            handles = rest;
            if inside.is_empty() && !rewrite_all {
                continue;
            }
            let old = if rewrite_all {
                None
            } else {
                rows.get(Table::Handles, (kind.0, bucket))?
            };
            rows.put(
                Table::Handles,
                (kind.0, bucket),
                merge_bucket(old.as_deref().unwrap_or_default(), inside),
            )?;
        }
        Ok(())
    }
}

fn decode_handle(entry: &[u8]) -> (Handle, u32) {
    let mut handle = [0; 16];
    handle.copy_from_slice(&entry[..16]);
    (handle, super::rows::handle_object(entry))
}

fn merge_bucket(old: &[u8], new: &[(Handle, u32)]) -> Vec<u8> {
    debug_assert!(
        new.iter()
            .all(|(handle, _)| find_handle(old, handle).is_none()),
        "objects are new once"
    );
    let mut all: Vec<(Handle, u32)> = old.chunks_exact(HANDLE_LEN).map(decode_handle).collect();
    all.extend_from_slice(new);
    all.sort_unstable();
    let mut row = Vec::with_capacity(all.len() * HANDLE_LEN);
    for (handle, object) in all {
        row.extend_from_slice(&handle);
        row.u32(object);
    }
    row
}
