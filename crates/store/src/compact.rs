//! Compacting: many small packs become few, ordered by object.
//!
//! Daily packs are small and hold each version alone. Compaction rewrites every pack below a size, with
//! the versions of one object next to each other, where they compress against each other; merges
//! changesets and records; and thins volatile values to the newest and the first of each month. Large
//! packs are left alone, so that the cost follows what is new. It is an act of the log like any other:
//! before its checkpoint nothing has changed, after it the old packs are no longer part of the archive
//! and are deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::archive::Archive;
use crate::compress::Compressor;
use crate::error::{Error, Result};
use crate::frame::FrameKind;
use crate::id::{KindNumber, Ordinal, PackId, SnapshotNumber};
use crate::index::{FrameRow, IndexBatch, KindBatch, Runs, VersionRow};
use crate::keys::SubjectHandle;
use crate::pack;
use crate::record::{decode_records, encode_records};
use crate::seal::Sealer;
use crate::state::{Changeset, decode_changesets, encode_changesets};
use crate::volatile::{Values, VolatileFrame};
use crate::writer::{Base, Staging, Tools, UnitWriter, Writer};

/// zstd level of what is rewritten. A compaction is rare and what it writes stays for years: of a tenant
/// of 10,000 users this level takes 4 % less room than the level of imports and twice its CPU.
const LEVEL: i32 = 9;
/// Packs of at least this many bytes are left as they are.
const KEEP_BYTES: u64 = 8 << 20;
/// Versions of one object share a unit up to this many raw bytes.
const RUN_BYTES: usize = 256 << 10;
/// Changesets and records share a frame up to this many bytes.
const BATCH_BYTES: usize = 1 << 20;

/// What compacting did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompactReport {
    /// Packs before and after.
    pub packs: (u64, u64),
    /// Bytes of packs before and after.
    pub pack_bytes: (u64, u64),
    /// Versions that were rewritten.
    pub versions: u64,
    /// Files deleted that no act named: the remains of crashes.
    pub orphans: u64,
}

impl Writer {
    /// Compacts the archive. Where there is nothing to gain, nothing is written.
    pub fn compact(&mut self) -> Result<CompactReport> {
        let selection = Selection::of(self.archive())?;
        let before = self.archive().view.reader.packs()?;
        let mut report = CompactReport::default();
        report.packs.0 = before.len() as u64;
        report.pack_bytes.0 = before.iter().map(|(_, _, size)| size).sum();
        if selection.packs.len() > 1 {
            report.versions = self.rewrite(&selection)?;
        }
        report.orphans = self.delete_orphans()?;
        self.archive_mut().shrink_index()?;
        let after = self.archive().view.reader.packs()?;
        report.packs.1 = after.len() as u64;
        report.pack_bytes.1 = after.iter().map(|(_, _, size)| size).sum();
        Ok(report)
    }

    fn rewrite(&mut self, selection: &Selection) -> Result<u64> {
        let archive = self.archive();
        let mut staging = Staging::new(archive);
        let mut compressor = Compressor::new(LEVEL)?;
        let mut batch = IndexBatch {
            state: archive.view.reader.state,
            ..IndexBatch::default()
        };
        let mut rewritten = 0;
        for kind in archive.view.kinds() {
            let mut tools = Tools {
                archive,
                staging: &mut staging,
                compressor: &mut compressor,
            };
            let kind_batch = selection.rewrite_kind(&mut tools, kind.number)?;
            rewritten += kind_batch.moved.len() as u64;
            batch.kinds.insert(kind.number, kind_batch);
        }
        selection.copy_states(archive, &mut staging)?;
        let mut record = self.new_record("compact");
        let kept = archive.view.reader.packs()?.into_iter();
        let kept = kept
            .filter(|(number, _, _)| !selection.packs.contains(number))
            .map(|(_, id, _)| id);
        let mut live: Vec<String> = kept.map(|id| id.to_string()).collect();
        let texts = selection.records(archive)?;
        for group in groups(&texts, String::len) {
            push_records(archive, &mut staging, group.iter().map(String::as_str))?;
        }
        live.extend(staging.written().iter().map(ToString::to_string));
        record.live = Some(live);
        let text = record.to_text();
        push_records(archive, &mut staging, std::iter::once(text.as_str()))?;
        let staged = staging.finish(archive)?;
        let id = archive.sealer.record_id(text.as_bytes());
        batch.dropped_packs = selection.packs.iter().copied().collect();
        batch.dropped_frames = selection.frames.keys().copied().collect();
        self.publish(&record, id, &staged, batch)?;
        Ok(rewritten)
    }

    /// Deletes packs that are not part of the archive: compacted ones and the remains of crashes.
    fn delete_orphans(&mut self) -> Result<u64> {
        let archive = self.archive();
        let live: BTreeSet<PackId> = archive
            .view
            .reader
            .packs()?
            .into_iter()
            .map(|(_, id, _)| id)
            .collect();
        let mut deleted = 0;
        for (path, _) in archive.storage.list(pack::FOLDER)? {
            if pack::from_path(&path).is_some_and(|id| !live.contains(&id)) {
                archive.storage.delete(&path)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}

fn push_records<'t>(
    archive: &Archive,
    staging: &mut Staging,
    texts: impl ExactSizeIterator<Item = &'t str>,
) -> Result<()> {
    let content = encode_records(texts);
    staging
        .push(
            archive,
            FrameKind::Records,
            0,
            0,
            &content,
            &Sealer::random_nonce(),
        )
        .map(|_| ())
}

/// Splits a list into groups of about [`BATCH_BYTES`].
fn groups<T>(items: &[T], size: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut groups = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, item) in items.iter().enumerate() {
        bytes += size(item);
        if bytes >= BATCH_BYTES {
            groups.push(&items[start..=at]);
            (start, bytes) = (at + 1, 0);
        }
    }
    if start < items.len() {
        groups.push(&items[start..]);
    }
    groups
}

/// The packs to rewrite and the frames in them.
struct Selection {
    packs: BTreeSet<u32>,
    frames: BTreeMap<u32, FrameRow>,
}

impl Selection {
    fn of(archive: &Archive) -> Result<Self> {
        let reader = &archive.view.reader;
        let small = reader
            .packs()?
            .into_iter()
            .filter(|(_, _, size)| *size < KEEP_BYTES);
        let packs: BTreeSet<u32> = small.map(|(number, _, _)| number).collect();
        let frames = reader
            .frames()?
            .into_iter()
            .filter(|(_, row)| packs.contains(&row.pack));
        Ok(Self {
            frames: frames.collect(),
            packs,
        })
    }

    fn frames_of(&self, kind: FrameKind) -> impl Iterator<Item = (u32, &FrameRow)> {
        self.frames
            .iter()
            .filter(move |(_, row)| row.entry.kind == kind)
            .map(|(number, row)| (*number, row))
    }

    fn undecodable(archive: &Archive, frame: u32) -> Error {
        Error::corrupt(archive.frame_place(frame), "it does not decode")
    }

    fn records(&self, archive: &Archive) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for (number, _) in self.frames_of(FrameKind::Records) {
            let opened = archive.open_frame(number, FrameKind::Records)?;
            let decoded =
                decode_records(&opened.content).map_err(|_| Self::undecodable(archive, number))?;
            texts.extend(decoded.into_iter().map(str::to_owned));
        }
        Ok(texts)
    }

    /// Changesets together, keyframes as they are.
    fn copy_states(&self, archive: &Archive, staging: &mut Staging) -> Result<()> {
        let mut changesets = Vec::new();
        for (number, _) in self.frames_of(FrameKind::Changesets) {
            let opened = archive.open_frame(number, FrameKind::Changesets)?;
            let decoded = decode_changesets(&opened.content)
                .map_err(|_| Self::undecodable(archive, number))?;
            changesets.extend(decoded);
        }
        changesets.sort_by_key(|changeset| changeset.snapshot);
        let size = |changeset: &Changeset| encode_changesets(std::slice::from_ref(changeset)).len();
        for group in groups(&changesets, size) {
            let content = encode_changesets(group);
            staging.push(
                archive,
                FrameKind::Changesets,
                0,
                0,
                &content,
                &Sealer::random_nonce(),
            )?;
        }
        for (number, row) in self.frames_of(FrameKind::Alive) {
            let opened = archive.open_frame(number, FrameKind::Alive)?;
            let (kind, snapshot) = (row.entry.object_kind, row.entry.number);
            staging.push(
                archive,
                FrameKind::Alive,
                kind,
                snapshot,
                &opened.content,
                &Sealer::random_nonce(),
            )?;
        }
        Ok(())
    }

    fn rewrite_kind(&self, tools: &mut Tools<'_>, kind: KindNumber) -> Result<KindBatch> {
        let mut batch = KindBatch::new(tools.archive.view.kind_state(kind)?.clone());
        let mut writer = UnitWriter::at_level(tools.archive, &batch.state, LEVEL)?;
        self.copy_dictionaries(tools, &mut batch)?;
        self.rewrite_versions(tools, kind, &mut writer)?;
        writer.flush(tools)?;
        batch.moved = writer.placed.into_iter().collect();
        batch.state.dictionaries.extend(writer.new_dictionaries);
        self.thin_volatile(tools, &mut batch)?;
        Ok(batch)
    }

    /// Units that stay where they are may need any of them.
    fn copy_dictionaries(&self, tools: &mut Tools<'_>, batch: &mut KindBatch) -> Result<()> {
        for (number, frame) in &mut batch.state.dictionaries {
            if self.frames.contains_key(frame) {
                let opened = tools.archive.open_frame(*frame, FrameKind::Dictionary)?;
                let nonce = Sealer::random_nonce();
                let kind = batch.state.number.0;
                *frame = tools.staging.push(
                    tools.archive,
                    FrameKind::Dictionary,
                    kind,
                    *number,
                    &opened.content,
                    &nonce,
                )?;
            }
        }
        Ok(())
    }

    fn rewrite_versions(
        &self,
        tools: &mut Tools<'_>,
        kind: KindNumber,
        writer: &mut UnitWriter,
    ) -> Result<()> {
        let reader = &tools.archive.view.reader;
        let mut versions: Vec<(u32, Ordinal, VersionRow)> = Vec::new();
        for ordinal in 0..tools.archive.view.kind_state(kind)?.versions {
            let row = reader.version(kind, ordinal)?;
            if self.frames.contains_key(&row.place.frame) {
                versions.push((row.object, ordinal, row));
            }
        }
        versions.sort_unstable_by_key(|(object, ordinal, _)| (*object, *ordinal));
        for object in versions.chunk_by(|a, b| a.0 == b.0) {
            self.rewrite_object(tools, kind, object, writer)?;
        }
        Ok(())
    }

    /// The versions of one object: on the one before them where that stays in its pack, else for
    /// themselves; a long history in several units, each on the last version of the one before.
    fn rewrite_object(
        &self,
        tools: &mut Tools<'_>,
        kind: KindNumber,
        versions: &[(u32, Ordinal, VersionRow)],
        writer: &mut UnitWriter,
    ) -> Result<()> {
        let archive = tools.archive;
        let chain_max = archive.config.compression.chain_max;
        let subject = subject_of(archive, kind, &versions[0].2)?;
        let staying = match versions[0].2.previous {
            Some(previous) => {
                let row = archive.view.reader.version(kind, previous)?;
                let stays = !self.frames.contains_key(&row.place.frame);
                (stays && row.place.depth < chain_max).then_some((previous, row.place.depth))
            }
            None => None,
        };
        let mut base = match staying {
            Some((ordinal, depth)) => Some((ordinal, archive.record_bytes(kind, ordinal)?, depth)),
            None => None,
        };
        let mut rest = versions;
        while !rest.is_empty() {
            let (mut runs, mut raw, mut taken) = (Runs::default(), Vec::new(), 0);
            for (_, ordinal, _) in rest {
                let record = archive.record_bytes(kind, *ordinal)?;
                if taken > 0 && raw.len() + record.len() > RUN_BYTES {
                    break;
                }
                raw.extend_from_slice(&record);
                runs.push(*ordinal);
                taken += 1;
            }
            let depth = match &base {
                Some((ordinal, record, depth)) => {
                    let base = Base {
                        ordinal: *ordinal,
                        record,
                        depth: *depth,
                    };
                    writer.add_on(tools, base, &runs, &raw, subject)?;
                    depth + 1
                }
                None => {
                    writer.add(tools, runs, &raw, subject)?;
                    0
                }
            };
            let newest = rest[taken - 1].1;
            rest = &rest[taken..];
            // A chain that has reached its length starts anew.
            base = (depth < chain_max && !rest.is_empty())
                .then(|| {
                    archive
                        .record_bytes(kind, newest)
                        .map(|record| (newest, record, depth))
                })
                .transpose()?;
        }
        Ok(())
    }

    /// Volatile values are kept for the newest statement and for the first of each month, over each other:
    /// what a frame that stays says already is not said again.
    fn thin_volatile(&self, tools: &mut Tools<'_>, batch: &mut KindBatch) -> Result<()> {
        let archive = tools.archive;
        let kind = batch.state.number;
        let frames = archive.view.reader.volatile(kind)?;
        if frames
            .iter()
            .all(|(_, frame)| !self.frames.contains_key(frame))
        {
            return Ok(());
        }
        let times: HashMap<SnapshotNumber, i64> = archive
            .view
            .statements_of(kind)?
            .iter()
            .map(|(at, number)| (*number, *at))
            .collect();
        let mut in_time: Vec<(i64, SnapshotNumber, u32)> = frames
            .iter()
            .filter_map(|(snapshot, frame)| Some((*times.get(snapshot)?, *snapshot, *frame)))
            .collect();
        in_time.sort_unstable();
        let mut kept: Vec<(SnapshotNumber, u32)> = frames
            .iter()
            .filter(|(_, frame)| !self.frames.contains_key(frame))
            .copied()
            .collect();
        // The values there were at a time, and those that the frames kept so far tell of it.
        let (mut values, mut told) = (Values::new(), Values::new());
        let (mut month, mut base) = (None, None);
        for (at, (time, snapshot, frame)) in in_time.iter().enumerate() {
            let opened = archive.open_frame(*frame, FrameKind::Volatile)?;
            let decoded = VolatileFrame::decode(&opened.content)
                .map_err(|_| Self::undecodable(archive, *frame))?;
            if !self.frames.contains_key(frame) {
                told.extend(decoded.values.clone());
                base = Some(*snapshot);
            }
            values.extend(decoded.values);
            // A statement may have several frames: what it says is known behind the last.
            let next = in_time.get(at + 1);
            if next.is_some_and(|(_, next, _)| next == snapshot) {
                continue;
            }
            let alive = archive.view.state(kind, *snapshot)?;
            let this_month = month_of(*time);
            let first = month != Some(this_month);
            month = Some(this_month);
            if first || next.is_none() {
                let untold: Values = values
                    .iter()
                    .filter(|(o, v)| alive.contains(**o) && told.get(*o) != Some(*v))
                    .map(|(o, v)| (*o, v.clone()))
                    .collect();
                if untold.is_empty() {
                    continue;
                }
                told.extend(untold.clone());
                let content = VolatileFrame {
                    kind,
                    base,
                    values: untold,
                }
                .encode();
                base = Some(*snapshot);
                let nonce = Sealer::random_nonce();
                let number = tools.staging.push(
                    archive,
                    FrameKind::Volatile,
                    kind.0,
                    *snapshot,
                    &content,
                    &nonce,
                )?;
                kept.push((*snapshot, number));
            }
        }
        kept.sort_unstable();
        batch.volatile = Some(kept);
        Ok(())
    }
}

/// Year and month of a time in UTC.
fn month_of(at_ns: i64) -> (i16, i8) {
    let time = Timestamp::from_nanosecond(at_ns.into()).unwrap_or(Timestamp::UNIX_EPOCH);
    let date = time.to_zoned(TimeZone::UTC).date();
    (date.year(), date.month())
}

/// Whose data a version is: said by the unit that holds it.
fn subject_of(
    archive: &Archive,
    kind: KindNumber,
    row: &VersionRow,
) -> Result<Option<SubjectHandle>> {
    let frame = archive.data_frame(row.place.frame)?;
    let unit = frame.data.units.get(usize::from(row.place.unit));
    let unit = unit.ok_or_else(|| {
        Error::Index(format!(
            "frame {} of kind {} lacks a unit",
            row.place.frame, kind.0
        ))
    })?;
    Ok(unit.subject)
}
