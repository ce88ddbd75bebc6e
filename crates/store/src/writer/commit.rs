//! Committing: states, record, packs, leaf, index, in that order (`docs/format.md` section 12).

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::Writer;
use super::session::{Closing, Session};
use super::snapshot::SnapshotWriter;
use super::staging::{Staged, Staging};
use crate::archive::Snapshot;
use crate::error::{Error, Result};
use crate::frame::FrameKind;
use crate::id::{RecordId, SnapshotNumber, to_hex};
use crate::index::{AliveRow, IndexBatch, KindBatch, SnapshotRow};
use crate::log::{self, Head, Leaf};
use crate::record::{Coverage, CoverageState, KindRecord, Record, encode_records};
use crate::seal::Sealer;
use crate::state::{
    Changeset, KEYFRAME_EVERY, KindChange, alive_hash, encode_alive, encode_changesets,
};
use crate::volatile::VolatileFrame;

/// What came of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub enum Commit {
    /// It is in the archive now.
    Made(Box<Summary>),
    /// The archive had it already.
    Unchanged(Snapshot),
}

/// A snapshot that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The snapshot; of an import of events, only its number and record id mean something.
    pub snapshot: Snapshot,
    /// Its record.
    pub record: Record,
    /// Bytes of packs it added.
    pub bytes_added: u64,
}

/// What a kind's session comes to.
struct Closed {
    change: KindChange,
    alive: RoaringBitmap,
    coverage: Coverage,
}

impl SnapshotWriter<'_> {
    /// The snapshot of the same time that was made from the same input.
    pub(super) fn existing(&self) -> Result<Option<Snapshot>> {
        let archive = self.writer.archive();
        let events_only = self.events_only();
        for number in archive.statements() {
            let Some(row) = archive.view.row(number).filter(|row| {
                i128::from(row.taken_at_ns) == self.taken_at.as_nanosecond()
                    && row.events_only == events_only
            }) else {
                continue;
            };
            let same = archive.record(number)?.source.is_some_and(|source| {
                source.content == self.source.content && source.kind == self.source.kind
            });
            if same {
                return Ok(Some(Snapshot {
                    number,
                    id: row.id,
                    taken_at: self.taken_at,
                }));
            }
        }
        Ok(None)
    }

    fn events_only(&self) -> bool {
        !self.sessions.is_empty() && self.sessions.iter().all(|session| session.options.events)
    }

    pub(super) fn commit_flushed(mut self) -> Result<Commit> {
        let number = self.writer.archive().view.reader.state.snapshots + 1;
        let closed = self.close_sessions()?;
        let mut batch = IndexBatch {
            state: self.writer.archive().view.reader.state,
            ..IndexBatch::default()
        };
        self.write_states(number, &closed, &mut batch)?;
        let record = self.record(number, &closed)?;
        let text = record.to_text();
        let content = encode_records(std::iter::once(text.as_str()));
        let nonce = Sealer::random_nonce();
        self.staging.push(
            &self.writer.archive,
            FrameKind::Records,
            0,
            0,
            &content,
            &nonce,
        )?;
        let staged = self.staging.finish(&self.writer.archive)?;
        let id = self.writer.archive.sealer.record_id(text.as_bytes());
        let taken_at_ns = i64::try_from(self.taken_at.as_nanosecond())
            .map_err(|_| Error::Internal("a time outside the years 1678 to 2261".to_owned()))?;
        let row = SnapshotRow {
            number,
            id,
            taken_at_ns,
            leaf: record.number,
            events_only: record.act == "events",
            kinds: self
                .sessions
                .iter()
                .map(|session| session.state.number)
                .collect(),
        };
        for (session, closed) in self.sessions.into_iter().zip(closed) {
            session.describe(number, &closed, &mut batch);
        }
        batch.snapshots.push((row, text));
        batch.state.snapshots = number;
        batch.state.kinds = batch
            .state
            .kinds
            .max(batch.kinds.keys().map(|kind| kind.0).max().unwrap_or(0));
        let bytes_added = staged.size_bytes();
        self.writer.publish(&record, id, &staged, batch)?;
        let snapshot = Snapshot {
            number,
            id,
            taken_at: self.taken_at,
        };
        Ok(Commit::Made(Box::new(Summary {
            snapshot,
            record,
            bytes_added,
        })))
    }

    fn close_sessions(&mut self) -> Result<Vec<Closed>> {
        let mut closed = Vec::with_capacity(self.sessions.len());
        for session in &mut self.sessions {
            let (coverage, closing) = session.coverage.take().unwrap_or_else(|| {
                let state = CoverageState::Partial;
                (
                    Coverage {
                        state,
                        objects: session.seen.len(),
                        ..Coverage::default()
                    },
                    Closing::Keep,
                )
            });
            let alive = session.alive(&self.writer.archive, closing)?;
            if closing == Closing::Keep
                && let Some(old) = session.old_units.take()
            {
                session.units.merge(old);
            }
            let change = KindChange {
                kind: session.state.number,
                base: session.base,
                versions: session.state.versions,
                opened: &alive - &*session.base_alive,
                closed: &*session.base_alive - &alive,
            };
            closed.push(Closed {
                change,
                alive,
                coverage,
            });
        }
        Ok(closed)
    }

    fn write_states(
        &mut self,
        number: SnapshotNumber,
        closed: &[Closed],
        batch: &mut IndexBatch,
    ) -> Result<()> {
        let archive = &self.writer.archive;
        let mut push = |kind, object_kind, content: &[u8]| {
            let nonce = Sealer::random_nonce();
            self.staging
                .push(archive, kind, object_kind, number, content, &nonce)
        };
        for (session, closed) in self.sessions.iter_mut().zip(closed) {
            let kind = session.state.number;
            let mut kind_batch = KindBatch::new(session.state.clone());
            if archive.view.state_depth(kind, session.base)? >= KEYFRAME_EVERY {
                push(FrameKind::Alive, kind.0, &encode_alive(&closed.alive))?;
                kind_batch
                    .alive
                    .push((number, AliveRow::Full(closed.alive.clone())));
            }
            let mut values = std::mem::take(&mut session.volatile);
            values.retain(|ordinal, _| closed.alive.contains(*ordinal));
            if !values.is_empty() {
                let mut frames = archive.view.reader.volatile(kind)?;
                let base = frames.last().map(|(snapshot, _)| *snapshot);
                let frame = push(
                    FrameKind::Volatile,
                    kind.0,
                    &VolatileFrame { kind, base, values }.encode(),
                )?;
                frames.push((number, frame));
                kind_batch.volatile = Some(frames);
            }
            batch.kinds.insert(kind, kind_batch);
        }
        let kinds = closed.iter().map(|closed| closed.change.clone()).collect();
        push(
            FrameKind::Changesets,
            0,
            &encode_changesets(&[Changeset {
                snapshot: number,
                kinds,
            }]),
        )?;
        Ok(())
    }

    fn record(&self, number: SnapshotNumber, closed: &[Closed]) -> Result<Record> {
        let archive = self.writer.archive();
        let act = if self.events_only() {
            "events"
        } else {
            "snapshot"
        };
        let mut record = self.writer.new_record(act);
        record.snapshot = Some(number);
        record.taken_at = Some(self.taken_at);
        record.source = Some(self.source.clone());
        record.packs = self
            .staging
            .written()
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut bases: HashMap<SnapshotNumber, Record> = HashMap::new();
        for (session, closed) in self.sessions.iter().zip(closed) {
            let mut kind = KindRecord {
                kind: session.state.name.clone(),
                number: session.state.number.0,
                alive: closed.alive.len(),
                new_versions: session.versions.len() as u64,
                opened: closed.change.opened.len(),
                closed: closed.change.closed.len(),
                coverage: closed.coverage.clone(),
                ..KindRecord::default()
            };
            if let Some(base) = session
                .base
                .filter(|_| kind.new_versions + kind.opened + kind.closed == 0)
            {
                if let std::collections::hash_map::Entry::Vacant(entry) = bases.entry(base) {
                    entry.insert(archive.record(base)?);
                }
                kind.same_as = bases[&base].stating(&kind.kind, base);
            }
            if kind.same_as.is_none() {
                kind.versions = Some(session.state.versions);
                kind.root = Some(to_hex(&session.state.edge.root()));
                kind.alive_hash = Some(to_hex(&alive_hash(&closed.alive)));
            }
            record.kinds.push(kind);
        }
        Ok(record)
    }
}

impl Record {
    /// The snapshot whose record spells out a kind's root, as seen from this record of `own`.
    fn stating(&self, kind: &str, own: SnapshotNumber) -> Option<SnapshotNumber> {
        let entry = self.kinds.iter().find(|entry| entry.kind == kind)?;
        Some(entry.same_as.unwrap_or(own))
    }
}

impl Session {
    /// Tells the index what this kind has become.
    fn describe(mut self, number: SnapshotNumber, closed: &Closed, batch: &mut IndexBatch) {
        let kind = batch
            .kinds
            .entry(self.state.number)
            .or_insert_with(|| KindBatch::new(self.state.clone()));
        let change = &closed.change;
        if kind.alive.is_empty() {
            let (opened, closed) = (change.opened.clone(), change.closed.clone());
            kind.alive.push((
                number,
                AliveRow::Delta {
                    base: change.base,
                    opened,
                    closed,
                },
            ));
        }
        kind.heads = self.all_heads();
        kind.versions = self.versions;
        kind.handles = self.new_objects.into_iter().collect();
        // A kind that was never asked for its units keeps what the index has.
        if self.old_units.is_some() || self.units.len() > 0 {
            kind.units = Some(self.units);
        }
    }
}

impl Writer {
    pub(crate) fn new_record(&self, act: &str) -> Record {
        Record::new(
            act,
            self.archive.head.size,
            (self.options.now)(),
            &self.options.tool,
        )
    }

    /// Commits an act that is only a record: no objects, no state.
    pub(super) fn commit_act(&mut self, record: &Record, mut batch: IndexBatch) -> Result<()> {
        let text = record.to_text();
        let mut staging = Staging::new(self.archive());
        let content = encode_records(std::iter::once(text.as_str()));
        let nonce = Sealer::random_nonce();
        staging.push(&self.archive, FrameKind::Records, 0, 0, &content, &nonce)?;
        let staged = staging.finish(&self.archive)?;
        let id = self.archive.sealer.record_id(text.as_bytes());
        batch.state = self.archive.view.reader.state;
        self.publish(record, id, &staged, batch)
    }

    /// The commit point and what follows from it. The packs are durable already.
    pub(crate) fn publish(
        &mut self,
        record: &Record,
        id: RecordId,
        staged: &Staged,
        mut batch: IndexBatch,
    ) -> Result<()> {
        let pack = staged
            .last_pack()
            .ok_or_else(|| Error::Internal("an act without a pack".to_owned()))?;
        let leaf = Leaf {
            act: record.act.clone(),
            number: record.number,
            time: record.committed_at,
            record: id,
            pack,
        };
        let archive = &mut self.archive;
        let head = log::append(&*archive.storage, &archive.log_key, archive.head, &leaf)?;
        staged.describe(&mut batch);
        self.apply(head, batch)
    }

    /// Brings the index to the new head and looks at the archive through it.
    fn apply(&mut self, head: Head, mut batch: IndexBatch) -> Result<()> {
        let archive = &mut self.archive;
        batch.state.applied = head.size;
        batch.state.root = head.root.0;
        archive.index.apply(&archive.sealer, batch)?;
        archive.head = head;
        archive.refresh()
    }
}
