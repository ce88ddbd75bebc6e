//! Checking an archive against itself.
//!
//! Every statement is checked against what it stands on, bottom up: bytes against names, frames
//! against seals, leaves against tiles and checkpoint, records against leaves, states and Merkle roots
//! against records, and the index against all of it. A problem names the damaged thing and what it
//! touches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use roaring::RoaringBitmap;

use crate::archive::{Archive, Gathered, Rebuilt, Unlocked, rebuild};
use crate::error::{Error, Result};
use crate::id::{KindNumber, Ordinal, PackId, RecordId, SnapshotNumber, to_hex};
use crate::index::{AliveRow, IndexBatch, Place};
use crate::log;
use crate::merkle::RightEdge;
use crate::pack;
use crate::state::alive_hash;

/// Names of this many objects and snapshots are given per problem.
const NAMED: usize = 20;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReadData {
    /// What describes: log, footers, records, states, index.
    Structure,
    /// Every byte.
    All,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Acts in the log.
    pub acts: u64,
    /// Live packs.
    pub packs: u64,
    /// Bytes of live packs.
    pub pack_bytes: u64,
    /// Versions of all kinds.
    pub versions: u64,
    /// Snapshots, imports of events included.
    pub snapshots: u64,
    /// Whether every byte was read.
    pub read_data: bool,
    /// Packs that no act names: remains of a crash, harmless, deleted by `compact`.
    pub orphans: Vec<String>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// One damaged thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is damaged and how.
    pub message: String,
    /// Versions that cannot be read because of it, by kind.
    pub affected: Vec<Affected>,
}

/// What a problem touches in one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Name of the kind.
    pub kind: String,
    /// How many versions cannot be read.
    pub versions: u64,
    /// Keys of the first objects whose key is still known from another version.
    pub objects: Vec<String>,
    /// How many snapshots contain such a version.
    pub snapshots: u64,
    /// Ids of the first of them.
    pub snapshot_ids: Vec<RecordId>,
}

/// Checks an archive; an error means that checking itself was not possible.
pub fn check(archive: &Archive, read: ReadData) -> Result<CheckReport> {
    let mut check = Check {
        archive,
        report: CheckReport {
            acts: archive.head.size,
            read_data: read == ReadData::All,
            ..CheckReport::default()
        },
    };
    match check.run(read) {
        // What is damaged is an answer; what cannot be read at all is not.
        Err(error) if error.is_damage() => check.problem(&error, Vec::new()),
        Err(Error::Index(reason)) => {
            check.problem(
                &Error::corrupt("index.redb", format!("{reason}: run rebuild")),
                Vec::new(),
            );
        }
        other => other?,
    }
    Ok(check.report)
}

struct Check<'a> {
    archive: &'a Archive,
    report: CheckReport,
}

impl Check<'_> {
    fn run(&mut self, read: ReadData) -> Result<()> {
        self.log();
        let unlocked = Unlocked::of(self.archive);
        let gathered = Gathered::read(&unlocked, self.archive.head)?;
        self.packs(&gathered, read)?;
        self.statements(&gathered)?;
        if read == ReadData::All {
            self.data(&unlocked, &gathered)?;
        }
        Ok(())
    }

    fn problem(&mut self, error: &Error, affected: Vec<Affected>) {
        let message = error.to_string();
        if self
            .report
            .problems
            .iter()
            .all(|problem| problem.message != message)
        {
            self.report.problems.push(Problem { message, affected });
        }
    }

    fn log(&mut self) {
        let (storage, head) = (&*self.archive.storage, self.archive.head);
        for verify in [log::verify_tiles, log::verify_superseded] {
            if let Err(error) = verify(storage, head) {
                self.problem(&error, Vec::new());
            }
        }
    }

    /// Every live pack is there and whole, and no other file is where packs are.
    fn packs(&mut self, gathered: &Gathered, read: ReadData) -> Result<()> {
        let (storage, sealer) = (&*self.archive.storage, &self.archive.sealer);
        let live: BTreeSet<PackId> = gathered.packs.iter().map(|(id, _)| *id).collect();
        self.report.packs = live.len() as u64;
        for (path, size) in storage.list(pack::FOLDER)? {
            let id = pack::from_path(&path);
            if id.is_some_and(|id| live.contains(&id)) {
                self.report.pack_bytes += size;
                continue;
            }
            // Packs are whole before they have a name: one that is not has been damaged since.
            if let Some(id) = id.filter(|_| read == ReadData::All) {
                match pack::verify_pack(storage, sealer, id) {
                    Err(error) if error.is_damage() => self.problem(&error, Vec::new()),
                    other => drop(other?),
                }
            }
            self.report.orphans.push(path);
        }
        for (id, footer) in &gathered.packs {
            let verified = match (read, footer) {
                (ReadData::All, _) => pack::verify_pack(storage, sealer, *id).map(|_| ()),
                (ReadData::Structure, None) => pack::read_footer(storage, sealer, *id).map(|_| ()),
                (ReadData::Structure, Some(_)) => Ok(()),
            };
            match verified {
                Err(error) if error.is_damage() => {
                    let affected = if footer.is_none() {
                        self.versions_in(*id)?
                    } else {
                        Vec::new()
                    };
                    self.problem(&error, affected);
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Records against the states the index shows, which were applied from the changesets.
    fn statements(&mut self, gathered: &Gathered) -> Result<()> {
        for (leaf, text, record) in &gathered.acts {
            let Some(number) = record.snapshot else {
                continue;
            };
            self.report.snapshots += 1;
            match self.archive.view.row(number) {
                Some(row) if row.id == leaf.record && row.leaf == leaf.number => {}
                _ => {
                    self.problem(&index_differs(&format!("snapshot {number}")), Vec::new());
                    continue;
                }
            }
            if self.archive.view.reader.record(number)? != *text {
                self.problem(
                    &index_differs(&format!("the record of snapshot {number}")),
                    Vec::new(),
                );
            }
            for kind in &record.kinds {
                let alive = self.archive.view.state(KindNumber(kind.number), number)?;
                let hash = to_hex(&alive_hash(&alive));
                let expected = kind.alive_hash.as_ref().unwrap_or(&hash);
                if alive.len() != kind.alive || hash != *expected {
                    let place = format!("the state of kind {} in snapshot {number}", kind.kind);
                    self.problem(
                        &Error::corrupt(place, "it does not fit its record"),
                        Vec::new(),
                    );
                }
            }
        }
        Ok(())
    }

    /// Every version, the Merkle roots over them, and the index against both.
    fn data(&mut self, unlocked: &Unlocked, gathered: &Gathered) -> Result<()> {
        let roots = stated_roots(gathered);
        let Rebuilt { batch, unreadable } = rebuild(unlocked, gathered, self.archive.head)?;
        let mut by_message: BTreeMap<String, BTreeMap<KindNumber, Vec<Ordinal>>> = BTreeMap::new();
        for lost in unreadable {
            for ordinal in &lost.ordinals {
                let message = match &lost.error {
                    Some(error) => error.to_string(),
                    None => self.where_it_was(lost.kind, *ordinal),
                };
                by_message
                    .entry(message)
                    .or_default()
                    .entry(lost.kind)
                    .or_default()
                    .push(*ordinal);
            }
        }
        let complete = by_message.is_empty();
        for (message, kinds) in by_message {
            let affected = kinds
                .iter()
                .map(|(kind, ordinals)| self.affected(*kind, ordinals))
                .collect::<Result<_>>()?;
            self.merge_problem(message, affected);
        }
        self.report.versions = batch
            .kinds
            .values()
            .map(|kind| u64::from(kind.state.versions))
            .sum();
        if complete {
            self.roots(&batch, &roots);
            self.index(&batch)?;
        }
        Ok(())
    }

    fn merge_problem(&mut self, message: String, affected: Vec<Affected>) {
        match self
            .report
            .problems
            .iter_mut()
            .find(|problem| problem.message == message)
        {
            Some(problem) if problem.affected.is_empty() => problem.affected = affected,
            Some(_) => {}
            None => self.report.problems.push(Problem { message, affected }),
        }
    }

    /// For a version that no readable frame holds: where the index, which outlived the frame, has it.
    fn where_it_was(&self, kind: KindNumber, ordinal: Ordinal) -> String {
        match self.archive.view.reader.version(kind, ordinal) {
            Ok(row) if row.place != Place::LOST => {
                format!(
                    "{} is damaged: versions in it cannot be read",
                    self.archive.frame_place(row.place.frame)
                )
            }
            _ => "versions are missing: no live pack holds them".to_owned(),
        }
    }

    fn roots(&mut self, batch: &IndexBatch, stated: &HashMap<KindNumber, BTreeMap<u32, Stated>>) {
        for (kind, roots) in stated {
            let Some(kind_batch) = batch.kinds.get(kind) else {
                continue;
            };
            let mut edge = RightEdge::default();
            let mut blobs = kind_batch.blobs.iter();
            for (versions, stated) in roots {
                while edge.size() < u64::from(*versions) {
                    let Some(blob) = blobs.next() else { break };
                    edge.push(blob);
                }
                if edge.size() != u64::from(*versions) || to_hex(&edge.root()) != stated.root {
                    let name = &kind_batch.state.name;
                    let place = format!("the first {versions} versions of kind {name}");
                    let reason = format!(
                        "they do not have the root stated by snapshot {}",
                        stated.snapshot
                    );
                    self.problem(&Error::corrupt(place, reason), Vec::new());
                }
            }
        }
    }

    /// The index against a fresh one. Places may differ: versions move when the archive is compacted.
    fn index(&mut self, fresh: &IndexBatch) -> Result<()> {
        let reader = &self.archive.view.reader;
        let mut wrong = Vec::new();
        for (number, kind) in &fresh.kinds {
            let state = reader.kind(*number)?;
            if (state.versions, state.objects, &state.edge)
                != (kind.state.versions, kind.state.objects, &kind.state.edge)
            {
                wrong.push(format!("the counts of kind {}", state.name));
                continue;
            }
            for (ordinal, row) in (0u32..).zip(&kind.versions) {
                let known = reader.version(*number, ordinal)?;
                if (known.object, known.previous, known.blob)
                    != (row.object, row.previous, row.blob)
                {
                    wrong.push(format!("version {ordinal} of kind {}", state.name));
                    break;
                }
            }
            for (handle, object) in &kind.handles {
                if reader.object(&state, handle)? != Some(*object) {
                    wrong.push(format!("object {object} of kind {}", state.name));
                    break;
                }
            }
            for (snapshot, alive) in &kind.alive {
                let same = match (alive, reader.alive(*number, *snapshot)?) {
                    (AliveRow::Full(alive), _) => {
                        *self.archive.view.state(*number, *snapshot)? == *alive
                    }
                    (delta, known) => *delta == known,
                };
                if !same {
                    wrong.push(format!(
                        "the state of kind {} in snapshot {snapshot}",
                        state.name
                    ));
                }
            }
        }
        for what in wrong {
            self.problem(&index_differs(&what), Vec::new());
        }
        Ok(())
    }

    /// Versions the index places in a pack.
    fn versions_in(&self, pack: PackId) -> Result<Vec<Affected>> {
        let reader = &self.archive.view.reader;
        let mut affected = Vec::new();
        for kind in self.archive.kinds() {
            let mut ordinals = Vec::new();
            let mut frames: HashMap<u32, bool> = HashMap::new();
            for ordinal in 0..kind.versions {
                let frame = reader.version(kind.number, ordinal)?.place.frame;
                let inside = *frames.entry(frame).or_insert_with(|| {
                    let located = reader
                        .frame(frame)
                        .and_then(|frame| reader.pack(frame.pack));
                    located.is_ok_and(|(id, _)| id == pack)
                });
                if inside {
                    ordinals.push(ordinal);
                }
            }
            if !ordinals.is_empty() {
                affected.push(self.affected(kind.number, &ordinals)?);
            }
        }
        Ok(affected)
    }

    fn affected(&self, kind: KindNumber, ordinals: &[Ordinal]) -> Result<Affected> {
        let lost: RoaringBitmap = ordinals.iter().copied().collect();
        let mut snapshots: Vec<SnapshotNumber> = Vec::new();
        for (_, snapshot) in self.archive.view.statements_of(kind)?.iter() {
            if !self.archive.view.state(kind, *snapshot)?.is_disjoint(&lost) {
                snapshots.push(*snapshot);
            }
        }
        let ids = snapshots
            .iter()
            .take(NAMED)
            .filter_map(|number| Some(self.archive.view.row(*number)?.id));
        Ok(Affected {
            kind: self.archive.view.kind_state(kind)?.name.clone(),
            versions: lost.len(),
            objects: self.known_keys(kind, &lost),
            snapshots: snapshots.len() as u64,
            snapshot_ids: ids.collect(),
        })
    }

    /// Keys of objects with a lost version, as far as another version still tells them.
    fn known_keys(&self, kind: KindNumber, lost: &RoaringBitmap) -> Vec<String> {
        let reader = &self.archive.view.reader;
        let mut keys = BTreeSet::new();
        for ordinal in lost.iter().take(NAMED * 10) {
            let Ok(row) = reader.version(kind, ordinal) else {
                continue;
            };
            let mut next = reader.object_head(kind, row.object).ok();
            while let Some(other) = next {
                if !lost.contains(other)
                    && let Ok(version) = self.archive.version(kind, other)
                {
                    keys.insert(version.key.replace(model::KEY_SEPARATOR, "/"));
                    break;
                }
                next = reader
                    .version(kind, other)
                    .ok()
                    .and_then(|row| row.previous);
            }
            if keys.len() == NAMED {
                break;
            }
        }
        keys.into_iter().collect()
    }
}

/// A root as a record states it.
struct Stated {
    root: String,
    snapshot: SnapshotNumber,
}

fn stated_roots(gathered: &Gathered) -> HashMap<KindNumber, BTreeMap<u32, Stated>> {
    let mut roots: HashMap<KindNumber, BTreeMap<u32, Stated>> = HashMap::new();
    for (_, _, record) in &gathered.acts {
        let Some(snapshot) = record.snapshot else {
            continue;
        };
        for kind in &record.kinds {
            if let (Some(versions), Some(root)) = (kind.versions, &kind.root) {
                let stated = Stated {
                    root: root.clone(),
                    snapshot,
                };
                roots
                    .entry(KindNumber(kind.number))
                    .or_default()
                    .insert(versions, stated);
            }
        }
    }
    roots
}

fn index_differs(what: &str) -> Error {
    Error::corrupt(
        "index.redb",
        format!("{what} is not what packs and log say: run rebuild"),
    )
}
