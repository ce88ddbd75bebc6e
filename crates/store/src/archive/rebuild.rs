//! Rebuilding the index from packs and log.
//!
//! Two passes. The first reads what describes (leaves, records, footers, changesets, the tables of data
//! frames) and makes an index that can find every version; the second reads every version through it,
//! as any reader would, and learns objects and blob ids. A damaged or missing data frame loses its own
//! versions and nothing else; damaged records or changesets are an error, because without them no
//! state is certain.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::open::{Unlocked, empty_batch};
use super::{Archive, View};
use crate::data::{self, Codec, DataFrame};
use crate::error::{Error, Result};
use crate::frame::{self, FrameKind, Opened};
use crate::id::{KindNumber, Ordinal, PackId, RecordId, SnapshotNumber};
use crate::index::{
    AliveRow, FrameRow, IndexBatch, IndexFile, IndexReader, KindBatch, KindState, Place,
    SnapshotRow, VersionRow,
};
use crate::log::{self, Head, Leaf};
use crate::pack::{self, FrameEntry};
use crate::record::{Hold, Record, decode_records};
use crate::seal::Handle;
use crate::state::{decode_alive, decode_changesets};

/// Fills an empty index from the truth.
pub(crate) fn rebuild_index(unlocked: &Unlocked, head: Head, index: &IndexFile) -> Result<()> {
    let rebuilt = rebuild(unlocked, &Gathered::read(unlocked, head)?, head)?;
    index.apply(&unlocked.sealer, rebuilt.batch)
}

/// What an archive's truth says, and what of it cannot be read.
pub(crate) struct Rebuilt {
    pub(crate) batch: IndexBatch,
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Versions that cannot be read, and why.
pub(crate) struct Unreadable {
    pub(crate) kind: KindNumber,
    pub(crate) ordinals: Vec<Ordinal>,
    /// `None` where no live pack holds them.
    pub(crate) error: Option<Error>,
}

pub(crate) fn rebuild(unlocked: &Unlocked, gathered: &Gathered, head: Head) -> Result<Rebuilt> {
    let mut batch = gathered.describe(unlocked, head)?;
    let mut unreadable = Vec::new();
    if batch.kinds.values().any(|kind| kind.state.versions > 0) {
        let scratch = IndexFile::in_memory()?;
        scratch.apply_kept(&unlocked.sealer, &mut batch)?;
        let archive = unlocked.scratch_archive(head, scratch)?;
        learn(&archive, &mut batch, &mut unreadable)?;
    }
    Ok(Rebuilt { batch, unreadable })
}

impl Unlocked {
    /// What an open archive was opened with.
    pub(crate) fn of(archive: &Archive) -> Self {
        Self {
            storage: Arc::clone(&archive.storage),
            config: archive.config.clone(),
            sealer: Arc::clone(&archive.sealer),
            log_key: archive.log_key.clone(),
        }
    }

    fn scratch_archive(&self, head: Head, index: IndexFile) -> Result<Archive> {
        let view = View::new(IndexReader::new(index.tables()?, Arc::clone(&self.sealer))?)?;
        Ok(Archive {
            storage: Arc::clone(&self.storage),
            config: self.config.clone(),
            sealer: Arc::clone(&self.sealer),
            log_key: self.log_key.clone(),
            head,
            index,
            view,
        })
    }
}

/// A pack and its frames; `None` where its footer cannot be read.
pub(crate) type GatheredPack = (PackId, Option<(u64, Vec<FrameEntry>)>);

/// Leaves, records and footers: what says where everything is.
pub(crate) struct Gathered {
    /// Acts in the order of the log.
    pub(crate) acts: Vec<(Leaf, String, Record)>,
    /// The live packs.
    pub(crate) packs: Vec<GatheredPack>,
}

impl Gathered {
    pub(crate) fn read(unlocked: &Unlocked, head: Head) -> Result<Self> {
        let leaves = log::read_leaves(&*unlocked.storage, head, 0)?;
        let mut gathered = Self {
            acts: Vec::new(),
            packs: Vec::new(),
        };
        let mut records = HashMap::new();
        // Records say which packs are live, and lie in packs themselves: the newest compaction knows
        // all of its time, every later act names its own.
        let start = leaves
            .iter()
            .rposition(|leaf| leaf.act == "compact")
            .unwrap_or(0);
        for leaf in &leaves[start..] {
            gathered.add_pack(unlocked, leaf.pack, &mut records)?;
            let record = find_record(&records, leaf)?.1;
            for id in record.live.iter().flatten().chain(&record.packs) {
                let id = id.parse().map_err(|_| broken_record(leaf))?;
                gathered.add_pack(unlocked, id, &mut records)?;
            }
        }
        for leaf in leaves {
            let (text, record) = find_record(&records, &leaf)?;
            gathered.acts.push((leaf, text, record));
        }
        Ok(gathered)
    }

    /// Reads a pack's footer and the records in it; once.
    fn add_pack(
        &mut self,
        unlocked: &Unlocked,
        id: PackId,
        records: &mut HashMap<RecordId, String>,
    ) -> Result<()> {
        if self.packs.iter().any(|(known, _)| *known == id) {
            return Ok(());
        }
        let footer = match pack::read_footer(&*unlocked.storage, &unlocked.sealer, id) {
            Err(error) if error.is_damage() => None,
            other => Some(other?),
        };
        for entry in footer
            .iter()
            .flat_map(|(_, entries)| entries)
            .filter(|e| e.kind == FrameKind::Records)
        {
            let opened = unlocked.open_frame(id, entry)?;
            let texts = decode_records(&opened.content);
            for text in texts.map_err(|_| broken_frame(id, entry))? {
                records.insert(unlocked.sealer.record_id(text.as_bytes()), text.to_owned());
            }
        }
        self.packs.push((id, footer));
        Ok(())
    }

    /// Everything but objects and blob ids.
    fn describe(&self, unlocked: &Unlocked, head: Head) -> Result<IndexBatch> {
        let mut batch = empty_batch(head);
        self.describe_acts(&mut batch)?;
        let mut found: HashMap<KindNumber, Vec<Found>> = HashMap::new();
        for (number, (id, footer)) in (0u32..).zip(&self.packs) {
            let size_bytes = footer.as_ref().map_or(0, |(size, _)| *size);
            batch.packs.push((number, *id, size_bytes));
            for entry in footer.iter().flat_map(|(_, entries)| entries) {
                let frame = batch.state.frames;
                batch.frames.push((
                    frame,
                    FrameRow {
                        pack: number,
                        entry: *entry,
                    },
                ));
                batch.state.frames += 1;
                describe_frame(unlocked, *id, entry, frame, &mut batch, &mut found)?;
            }
        }
        batch.state.packs = u32::try_from(self.packs.len()).map_err(|_| too_many("packs"))?;
        for (kind, kind_batch) in &mut batch.kinds {
            place_versions(
                kind_batch,
                found.remove(kind).unwrap_or_default(),
                &mut batch.state.lost,
            );
        }
        Ok(batch)
    }

    fn describe_acts(&self, batch: &mut IndexBatch) -> Result<()> {
        let mut tags: BTreeMap<String, SnapshotNumber> = BTreeMap::new();
        let mut holds = Vec::new();
        for (leaf, text, record) in &self.acts {
            if let (Some(tag), target) = (&record.tag, record.target) {
                match target {
                    Some(target) => tags.insert(tag.clone(), target),
                    None => tags.remove(tag),
                };
            }
            holds.extend(record.hold.clone());
            if let Some(release) = &record.release {
                holds.retain(|hold: &Hold| hold.id != release.hold);
            }
            let (Some(number), Some(taken_at)) = (record.snapshot, record.taken_at) else {
                continue;
            };
            for kind in &record.kinds {
                let number = KindNumber(kind.number);
                batch
                    .kinds
                    .entry(number)
                    .or_insert_with(|| KindBatch::new(KindState::new(number, &kind.kind)));
            }
            let row = SnapshotRow {
                number,
                id: leaf.record,
                taken_at_ns: i64::try_from(taken_at.as_nanosecond())
                    .map_err(|_| broken_record(leaf))?,
                leaf: leaf.number,
                events_only: record.act == "events",
                kinds: record
                    .kinds
                    .iter()
                    .map(|kind| KindNumber(kind.number))
                    .collect(),
            };
            batch.snapshots.push((row, text.clone()));
        }
        batch.tags = Some(tags.into_iter().collect());
        batch.holds = Some(holds);
        batch.state.snapshots =
            u32::try_from(batch.snapshots.len()).map_err(|_| too_many("snapshots"))?;
        batch.state.kinds = u16::try_from(batch.kinds.len()).map_err(|_| too_many("kinds"))?;
        let dense = |(at, (row, _)): (u32, &(SnapshotRow, String))| row.number == at;
        if !(1..).zip(&batch.snapshots).all(dense)
            || !(1..).zip(batch.kinds.keys()).all(|(at, kind)| kind.0 == at)
        {
            return Err(Error::corrupt(
                "log",
                "the records' snapshots or kinds are not numbered without gaps",
            ));
        }
        Ok(())
    }
}

/// A unit of a data frame.
struct Found {
    frame: u32,
    unit: u16,
    runs: Vec<(Ordinal, u32)>,
    base: Option<Ordinal>,
}

fn describe_frame(
    unlocked: &Unlocked,
    pack: PackId,
    entry: &FrameEntry,
    number: u32,
    batch: &mut IndexBatch,
    found: &mut HashMap<KindNumber, Vec<Found>>,
) -> Result<()> {
    let kind = KindNumber(entry.object_kind);
    let undecodable = |_| broken_frame(pack, entry);
    let unknown = || {
        Error::corrupt(
            pack::path(pack),
            format!("a frame is of kind {}, which no record names", kind.0),
        )
    };
    match entry.kind {
        FrameKind::Data => match unlocked.open_frame(pack, entry) {
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error),
            Ok(opened) => {
                let frame = DataFrame::decode(opened.content).map_err(undecodable)?;
                let units = found.entry(frame.kind).or_default();
                for (unit, entry) in (0..=u16::MAX).zip(frame.units) {
                    let base = if let Codec::Prefix(base) = entry.codec {
                        Some(base)
                    } else {
                        None
                    };
                    units.push(Found {
                        frame: number,
                        unit,
                        runs: entry.runs,
                        base,
                    });
                }
            }
        },
        FrameKind::Dictionary => {
            batch
                .kinds
                .get_mut(&kind)
                .ok_or_else(unknown)?
                .state
                .dictionaries
                .push((entry.number, number));
        }
        FrameKind::Volatile => {
            let volatile = &mut batch.kinds.get_mut(&kind).ok_or_else(unknown)?.volatile;
            volatile
                .get_or_insert_default()
                .push((entry.number, number));
        }
        FrameKind::Alive => {
            let alive =
                decode_alive(&unlocked.open_frame(pack, entry)?.content).map_err(undecodable)?;
            let rows = &mut batch.kinds.get_mut(&kind).ok_or_else(unknown)?.alive;
            rows.retain(|(snapshot, _)| *snapshot != entry.number);
            rows.push((entry.number, AliveRow::Full(alive)));
        }
        FrameKind::Changesets => {
            let content = unlocked.open_frame(pack, entry)?.content;
            for changeset in decode_changesets(&content).map_err(undecodable)? {
                for change in changeset.kinds {
                    let kind = batch.kinds.get_mut(&change.kind).ok_or_else(unknown)?;
                    kind.state.versions = kind.state.versions.max(change.versions);
                    if kind
                        .alive
                        .iter()
                        .all(|(snapshot, _)| *snapshot != changeset.snapshot)
                    {
                        let row = AliveRow::Delta {
                            base: change.base,
                            opened: change.opened,
                            closed: change.closed,
                        };
                        kind.alive.push((changeset.snapshot, row));
                    }
                }
            }
        }
        FrameKind::Records | FrameKind::Footer => {}
    }
    Ok(())
}

/// Gives every ordinal its place; one without is lost.
fn place_versions(kind: &mut KindBatch, units: Vec<Found>, lost: &mut u32) {
    let nowhere = VersionRow {
        place: Place::LOST,
        object: 0,
        previous: None,
        blob: [0; 16],
    };
    kind.versions = vec![nowhere; kind.state.versions as usize];
    let mut bases = HashMap::new();
    for found in units {
        let ordinals = found
            .runs
            .iter()
            .flat_map(|(first, length)| *first..first + length);
        for (record, ordinal) in (0..=u16::MAX).zip(ordinals) {
            // Versions of a commit that never happened lie behind the last changeset's count.
            if let Some(row) = kind.versions.get_mut(ordinal as usize) {
                row.place = Place {
                    frame: found.frame,
                    unit: found.unit,
                    record,
                    depth: 0,
                };
                found.base.map(|base| bases.insert(ordinal, base));
            }
        }
    }
    for ordinal in 0..kind.state.versions {
        // A base is older, so its depth is known already.
        if let Some(base) = bases
            .get(&ordinal)
            .and_then(|base| kind.versions.get(*base as usize))
        {
            let depth = base.place.depth.saturating_add(1);
            kind.versions[ordinal as usize].place.depth = depth;
        }
        *lost += u32::from(kind.versions[ordinal as usize].place == Place::LOST);
    }
}

/// Reads every version and fills in objects, blob ids, handles and Merkle trees.
fn learn(
    archive: &Archive,
    batch: &mut IndexBatch,
    unreadable: &mut Vec<Unreadable>,
) -> Result<()> {
    let mut lost = 0;
    for (number, kind) in &mut batch.kinds {
        let mut hashes: Vec<Option<(Handle, crate::id::BlobId)>> = vec![None; kind.versions.len()];
        let mut places: Vec<_> = (0u32..)
            .zip(&kind.versions)
            .map(|(at, row)| (row.place, at))
            .collect();
        places.sort_unstable();
        for unit in places.chunk_by(|a, b| (a.0.frame, a.0.unit) == (b.0.frame, b.0.unit)) {
            let place = unit[0].0;
            let ordinals = || unit.iter().map(|(_, ordinal)| *ordinal).collect();
            if place == Place::LOST {
                unreadable.push(Unreadable {
                    kind: *number,
                    ordinals: ordinals(),
                    error: None,
                });
                continue;
            }
            let bytes = match archive.unit(*number, place.frame, place.unit) {
                Err(Error::Erased) => continue,
                Err(error) if error.is_damage() => {
                    unreadable.push(Unreadable {
                        kind: *number,
                        ordinals: ordinals(),
                        error: Some(error),
                    });
                    continue;
                }
                other => other?,
            };
            for (record, (_, ordinal)) in data::records(&bytes.bytes).zip(unit) {
                let record = record.map_err(|_| {
                    Error::corrupt(archive.frame_place(place.frame), "a record does not decode")
                })?;
                let object = archive.sealer.object(&kind.state.name, record.key);
                hashes[*ordinal as usize] = Some((object.handle, object.blob_id(record.bytes)));
            }
        }
        lost += number_objects(kind, &hashes);
    }
    batch.state.lost = lost;
    Ok(())
}

/// Numbers the objects in the order of their first versions; returns how many versions are unreadable.
fn number_objects(kind: &mut KindBatch, hashes: &[Option<(Handle, crate::id::BlobId)>]) -> u32 {
    let mut objects: HashMap<Handle, (u32, Ordinal)> = HashMap::new();
    let mut lost = 0;
    let (mut next, mut edge) = (0, crate::merkle::RightEdge::default());
    kind.heads.clear();
    for ((ordinal, row), hash) in (0u32..).zip(&mut kind.versions).zip(hashes) {
        let Some((handle, blob)) = hash else {
            // Its object is unknown: it stands for itself, under no handle.
            lost += 1;
            row.object = next;
            kind.heads.insert(next, ordinal);
            kind.handles.push((unknown_handle(ordinal), next));
            next += 1;
            continue;
        };
        row.blob.copy_from_slice(&blob.as_bytes()[..16]);
        edge.push(blob);
        kind.blobs.push(*blob);
        match objects.get_mut(handle) {
            Some((object, head)) => {
                row.object = *object;
                row.previous = Some(*head);
                *head = ordinal;
            }
            None => {
                row.object = next;
                objects.insert(*handle, (next, ordinal));
                kind.handles.push((*handle, next));
                next += 1;
            }
        }
        kind.heads.insert(row.object, ordinal);
    }
    kind.state.objects = next;
    kind.state.edge = edge;
    lost
}

/// A handle that no object has: the bucket rows hold exactly one handle an object.
fn unknown_handle(ordinal: Ordinal) -> Handle {
    let mut handle = [0xff; 16];
    handle[12..].copy_from_slice(&ordinal.to_be_bytes());
    handle
}

impl Unlocked {
    fn open_frame(&self, pack: PackId, entry: &FrameEntry) -> Result<Opened> {
        let bytes = pack::read_frame_bytes(&*self.storage, pack, entry)?;
        let place = || format!("{} (frame at {})", pack::path(pack), entry.offset);
        frame::open(&self.sealer, entry.kind, entry.id, &bytes, place)
    }
}

fn find_record(records: &HashMap<RecordId, String>, leaf: &Leaf) -> Result<(String, Record)> {
    let text = records.get(&leaf.record).ok_or_else(|| Error::Missing {
        place: pack::path(leaf.pack),
        reason: format!("it holds the record of act {}", leaf.number),
    })?;
    let record = Record::from_text(text)
        .filter(|record| record.number == leaf.number && record.act == leaf.act);
    Ok((text.clone(), record.ok_or_else(|| broken_record(leaf))?))
}

fn broken_record(leaf: &Leaf) -> Error {
    Error::corrupt(
        pack::path(leaf.pack),
        format!("the record of act {} does not decode", leaf.number),
    )
}

fn too_many(what: &str) -> Error {
    Error::Internal(format!("too many {what}"))
}

fn broken_frame(pack: PackId, entry: &FrameEntry) -> Error {
    let place = format!("{} (frame at {})", pack::path(pack), entry.offset);
    Error::corrupt(
        place,
        format!("its {:?} content does not decode", entry.kind),
    )
}
