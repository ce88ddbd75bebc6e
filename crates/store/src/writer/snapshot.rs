//! A snapshot being written.

use std::collections::HashMap;

use jiff::Timestamp;
use roaring::RoaringBitmap;

use super::Writer;
use super::commit::Commit;
use super::session::{Closing, KindOptions, Object, Put, Session, Tally, UnitId, UnitRules};
use super::staging::Staging;
use super::units::Tools;
use crate::archive::Archive;
use crate::compress::Compressor;
use crate::error::{Error, Result};
use crate::id::{KindNumber, Ordinal};
use crate::index::KindState;
use crate::record::{Coverage, Source};

/// A kind of the snapshot being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KindHandle(usize);

/// A snapshot being written. Nothing of it is visible before [`SnapshotWriter::commit`]; dropping it
/// leaves the archive as it was.
#[derive(Debug)]
pub struct SnapshotWriter<'w> {
    pub(super) writer: &'w mut Writer,
    pub(super) taken_at: Timestamp,
    pub(super) source: Source,
    pub(super) sessions: Vec<Session>,
    by_name: HashMap<String, KindHandle>,
    pub(super) staging: Staging,
    compressor: Compressor,
}

impl Writer {
    /// Begins a snapshot of the tenant as it was at `taken_at`, which may lie before other snapshots.
    pub fn begin(&mut self, taken_at: Timestamp, source: Source) -> Result<SnapshotWriter<'_>> {
        i64::try_from(taken_at.as_nanosecond())
            .map_err(|_| Error::invalid(format!("{taken_at} is outside the years 1678 to 2261")))?;
        let staging = Staging::new(self.archive());
        let compressor = Compressor::new(self.archive().config.compression.level)?;
        let (sessions, by_name) = (Vec::new(), HashMap::new());
        Ok(SnapshotWriter {
            writer: self,
            taken_at,
            source,
            sessions,
            by_name,
            staging,
            compressor,
        })
    }
}

impl SnapshotWriter<'_> {
    /// The kind of that name, opened at the first call; `options` count only then.
    pub fn kind(&mut self, name: &str, options: KindOptions) -> Result<KindHandle> {
        if let Some(handle) = self.by_name.get(name) {
            return Ok(*handle);
        }
        let archive = self.writer.archive();
        let known = archive.view.kinds().iter().find(|kind| kind.name == name);
        let state = if let Some(kind) = known {
            kind.clone()
        } else {
            let stored = archive.view.kinds().len();
            let new = self
                .sessions
                .iter()
                .filter(|session| usize::from(session.state.number.0) > stored);
            let number = stored + new.count() + 1;
            let number = u16::try_from(number)
                .map_err(|_| Error::invalid("an archive cannot have more than 65,535 kinds"))?;
            KindState::new(KindNumber(number), name)
        };
        let at = (
            i64::try_from(self.taken_at.as_nanosecond()).unwrap_or(i64::MAX),
            u32::MAX,
        );
        let base = archive.view.statement_at(state.number, at)?;
        self.sessions
            .push(Session::new(archive, state, options, base)?);
        let handle = KindHandle(self.sessions.len() - 1);
        self.by_name.insert(name.to_owned(), handle);
        Ok(handle)
    }

    /// What makes ids of raw input read under the rules of that name.
    #[must_use]
    pub fn unit_rules(&self, name: &[u8]) -> UnitRules {
        UnitRules(self.writer.archive().sealer.unit_key(name))
    }

    /// Whether this raw unit was read before: then its objects count as seen, and it need not be
    /// parsed. A unit that contradicts what this snapshot has of its objects does not pass.
    pub fn pass(&mut self, kind: KindHandle, unit: UnitId) -> Result<bool> {
        self.sessions[kind.0].pass(&self.writer.archive, unit)
    }

    /// The versions a raw unit of this snapshot stands for, after it passed or was kept.
    #[must_use]
    pub fn unit_ordinals(&self, kind: KindHandle, unit: UnitId) -> Vec<Ordinal> {
        self.sessions[kind.0].unit_ordinals(unit)
    }

    /// Remembers what versions a raw unit stands for.
    pub fn keep_unit(&mut self, kind: KindHandle, unit: UnitId, ordinals: &[Ordinal]) {
        self.sessions[kind.0].keep_unit(unit, ordinals);
    }

    /// Takes an object as read. `same` is asked whether the object's current payload means the same
    /// as the new one although its bytes differ.
    pub fn put(
        &mut self,
        kind: KindHandle,
        object: &Object<'_>,
        same: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Put> {
        let mut tools = Tools {
            archive: &self.writer.archive,
            staging: &mut self.staging,
            compressor: &mut self.compressor,
        };
        self.sessions[kind.0].put(&mut tools, object, same)
    }

    /// The versions this snapshot has so far.
    #[must_use]
    pub fn taken(&self, kind: KindHandle) -> &RoaringBitmap {
        &self.sessions[kind.0].seen
    }

    /// The version of an object this snapshot has already.
    pub fn seen(&self, kind: KindHandle, key: &str) -> Result<Option<Ordinal>> {
        self.sessions[kind.0].seen(&self.writer.archive, key)
    }

    /// Whether an object is there: seen in this snapshot, or alive before and not marked as gone.
    pub fn has(&self, kind: KindHandle, key: &str) -> Result<bool> {
        self.sessions[kind.0].has(&self.writer.archive, key)
    }

    /// Content an object had before this snapshot; `None` where it was not alive.
    pub fn content_before(&self, kind: KindHandle, key: &str) -> Result<Option<String>> {
        self.sessions[kind.0].before(&self.writer.archive, key)
    }

    /// Takes a version out of the snapshot again.
    pub fn unsee(&mut self, kind: KindHandle, ordinal: Ordinal) {
        self.sessions[kind.0].unsee(ordinal);
    }

    /// Marks an object as gone, in a snapshot that reads changes only; whether it was there.
    pub fn remove(&mut self, kind: KindHandle, key: &str) -> Result<bool> {
        self.sessions[kind.0].remove(&self.writer.archive, key)
    }

    /// Begins with a kind anew, as if nothing of it had been read. Contents stored meanwhile stay stored
    /// and are found again.
    pub fn restart(&mut self, kind: KindHandle) {
        self.sessions[kind.0].restart();
    }

    /// The versions that would be alive if the snapshot were made now.
    pub fn alive(&self, kind: KindHandle, closing: Closing) -> Result<RoaringBitmap> {
        self.sessions[kind.0].alive(&self.writer.archive, closing)
    }

    /// The versions that were alive before.
    #[must_use]
    pub fn before(&self, kind: KindHandle) -> &RoaringBitmap {
        &self.sessions[kind.0].base_alive
    }

    /// Versions the archive has of the kind; ordinals from here on are this snapshot's own.
    #[must_use]
    pub fn committed(&self, kind: KindHandle) -> Ordinal {
        self.sessions[kind.0].committed.0
    }

    /// The archive as it was before this snapshot.
    #[must_use]
    pub fn archive(&self) -> &Archive {
        &self.writer.archive
    }

    /// Number of the kind in the archive.
    #[must_use]
    pub fn number(&self, kind: KindHandle) -> KindNumber {
        self.sessions[kind.0].state.number
    }

    /// Objects before, seen and gone.
    pub fn tally(&self, kind: KindHandle) -> Result<Tally> {
        self.sessions[kind.0].tally(&self.writer.archive)
    }

    /// States how completely a kind was read, and what follows for objects that were not seen.
    /// A kind without this is partial and closes nothing.
    pub fn cover(&mut self, kind: KindHandle, coverage: Coverage, closing: Closing) {
        self.sessions[kind.0].coverage = Some((coverage, closing));
    }

    /// Makes the snapshot: when this returns, it is durable and visible.
    ///
    /// `content` is a hash of everything that was read; a snapshot of the same time and content is not
    /// made twice.
    pub fn commit(mut self, content: &str) -> Result<Commit> {
        content.clone_into(&mut self.source.content);
        if let Some(existing) = self.existing()? {
            return Ok(Commit::Unchanged(existing));
        }
        for session in &mut self.sessions {
            let mut tools = Tools {
                archive: &self.writer.archive,
                staging: &mut self.staging,
                compressor: &mut self.compressor,
            };
            session.flush(&mut tools)?;
        }
        self.commit_flushed()
    }
}
