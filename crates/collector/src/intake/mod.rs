//! A snapshot filled from documents: its kinds, what passes unread, what was noticed.

mod delta;
mod element;
mod file;
mod findings;
mod page;
mod put;
mod take;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use model::Parser;
use roaring::RoaringBitmap;
use store::{
    Archive, Coverage, KindHandle, KindOptions, Ordinal, SnapshotWriter, UnitId, UnitRules, Verdict,
};

pub(crate) use file::{FileForm, FileOutcome};
pub(crate) use findings::Scope;
pub(crate) use page::PagePlace;

use crate::error::Result;
use crate::normalise::{Normaliser, RULES_VERSION, Rules};
use crate::recognise::{Around, FilePlace, Target};

use delta::Deltas;
use findings::{Folders, Noted, Place, finding};

/// A kind of the snapshot.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) target: Target,
    pub(crate) handle: KindHandle,
    pub(crate) rules: Rc<Rules>,
    /// Whether something of it was found, an empty list included.
    pub(crate) present: bool,
    /// Why it cannot be complete, whatever was found.
    pub(crate) partial: Option<&'static str>,
    /// Pages it was read from, and how many of them say that another follows.
    pub(crate) pages: (u64, u64),
    /// The last stream of lines that held it, by the number of its file, and the one before.
    pub(crate) stream: Option<u32>,
    pub(crate) earlier_stream: Option<u32>,
    /// Properties that could not be read: what is not there is not gone.
    pub(crate) unread: Vec<String>,
    /// What the snapshot had of it before the stream at hand.
    pub(crate) before_stream: RoaringBitmap,
}

impl Slot {
    fn in_stream(&mut self, file: u32) {
        if self.stream != Some(file) {
            self.earlier_stream = self.stream;
            self.stream = Some(file);
        }
    }
}

/// Kinds whose units are tried for each element of a file.
const MAX_CANDIDATES: usize = 6;

/// The file being read.
#[derive(Debug, Default)]
pub(crate) struct FileState {
    /// Its number.
    pub(crate) number: u32,
    /// Whether it is a stream of lines: too many to remember which holds what.
    pub(crate) is_stream: bool,
    /// Kinds it may hold, the likeliest first.
    pub(crate) candidates: Vec<usize>,
    /// Kind of the last element taken or passed.
    pub(crate) held: Option<usize>,
    /// Kind of all elements of its list, once one was recognised by its name.
    pub(crate) trusted: Option<usize>,
    /// Kind of the last element of its list that was recognised, and its property names.
    pub(crate) like: Option<(usize, Vec<String>)>,
    /// What it held, by kind; not kept for streams.
    pub(crate) taken: Vec<(usize, Vec<Ordinal>)>,
    /// Units of its elements, where files pass as a whole.
    pub(crate) units: Vec<(usize, UnitId)>,
    /// Whether what became of it depended on other files.
    pub(crate) depends: bool,
    /// Documents in it that are no directory objects.
    pub(crate) foreign: u64,
    /// Pages in it, and how many of them say that another follows.
    pub(crate) pages: (u64, u64),
}

/// How an import takes documents.
#[derive(Debug, Clone, Default)]
pub(crate) struct IntakeOptions {
    /// Documents are changes, not states.
    pub(crate) delta: bool,
    /// Whether single files pass as a whole, so that what they hold must be known.
    pub(crate) file_units: bool,
    /// What is read comes from the tenant itself, page by page.
    pub(crate) collected: bool,
}

/// The rules of elements whose key depends on where they stand, for the place of the last one.
#[derive(Debug)]
struct PlacedRules {
    path: String,
    member: String,
    rules: UnitRules,
}

/// A snapshot being filled.
#[derive(Debug)]
pub(crate) struct Intake<'w> {
    pub(crate) snapshot: SnapshotWriter<'w>,
    /// The rules elements are read under.
    rules: UnitRules,
    placing: Option<PlacedRules>,
    pub(crate) options: IntakeOptions,
    pub(crate) slots: Vec<Slot>,
    by_name: HashMap<String, usize>,
    /// Kinds the archive has.
    stored: HashSet<String>,
    pub(crate) normaliser: Normaliser,
    pub(crate) parsers: Vec<Parser>,
    /// The file a version was read from, but for streams.
    pub(crate) origins: HashMap<(usize, Ordinal), u32>,
    files: Vec<String>,
    pub(crate) file: FileState,
    pub(crate) folders: Folders,
    pub(crate) noted: Vec<Noted>,
    /// Findings so far, those that are only counted included.
    findings: u64,
    /// How many findings of each slot are noted, and how many more, rejected and doubtful, are counted alone.
    listed_findings: HashMap<usize, usize>,
    pub(crate) unlisted_findings: HashMap<usize, (u64, u64)>,
    pub(crate) digest: Digest,
    /// A mark of a delta query was found where states were expected.
    pub(crate) found_delta: bool,
    pub(crate) deltas: Deltas,
    /// Ids of organizations, those in the archive first.
    pub(crate) organizations: BTreeSet<String>,
    /// Objects taken or passed.
    pub(crate) objects: u64,
    /// Keys and contents taken, where somebody will ask for those not in the archive yet.
    pub(crate) fresh: Option<Fresh>,
    /// Keys of objects that a delta said are gone, with their kind: the same id may be alive in the
    /// recycle bin.
    pub(crate) removed: HashMap<String, usize>,
    /// Sources, by kind of edge, to whose only target a delta named a new one.
    pub(crate) replaced: HashMap<usize, HashSet<String>>,
    /// Keys of objects that a delta named and nobody knows yet, by kind. A delta leaves out what was
    /// never set, so they must be read by themselves.
    pub(crate) news: HashMap<usize, Vec<String>>,
}

/// Contents that are in no committed snapshot, by kind and version.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    texts: HashMap<(usize, Ordinal), (String, String)>,
    size_bytes: usize,
}

impl Fresh {
    /// So much is remembered; of what is beyond, only the number is known.
    const MAX_BYTES: usize = 64 << 20;

    fn insert(&mut self, slot: usize, ordinal: Ordinal, key: &str, payload: &str) {
        if self.size_bytes < Self::MAX_BYTES {
            self.size_bytes += key.len() + payload.len();
            let text = (key.to_owned(), payload.to_owned());
            self.texts.insert((slot, ordinal), text);
        }
    }

    /// Key and canonical text of a version.
    pub(crate) fn get(&self, slot: usize, ordinal: Ordinal) -> Option<(&str, &str)> {
        let (key, text) = self.texts.get(&(slot, ordinal))?;
        Some((key, text))
    }
}

impl<'w> Intake<'w> {
    pub(crate) fn new(snapshot: SnapshotWriter<'w>, options: IntakeOptions, known: &Known) -> Self {
        Self {
            rules: snapshot.unit_rules(rules_salt()),
            placing: None,
            snapshot,
            options,
            slots: Vec::new(),
            by_name: HashMap::new(),
            stored: known.kinds.clone(),
            normaliser: Normaliser::default(),
            parsers: Vec::new(),
            origins: HashMap::new(),
            files: Vec::new(),
            file: FileState::default(),
            folders: Folders::default(),
            noted: Vec::new(),
            findings: 0,
            listed_findings: HashMap::new(),
            unlisted_findings: HashMap::new(),
            digest: Digest::default(),
            found_delta: false,
            deltas: Deltas::default(),
            organizations: known.organizations.clone(),
            objects: 0,
            fresh: None,
            removed: HashMap::new(),
            replaced: HashMap::new(),
            news: HashMap::new(),
        }
    }

    /// The kind's slot, opened at the first call.
    pub(crate) fn slot(&mut self, target: &Target) -> Result<usize> {
        if let Some(slot) = self.by_name.get(target.name()) {
            return Ok(*slot);
        }
        let options = KindOptions {
            events: target.is_event(),
        };
        let handle = self.snapshot.kind(target.name(), options)?;
        self.slots.push(Slot {
            target: target.clone(),
            handle,
            rules: Rc::new(Rules::new(target.kind())),
            present: false,
            partial: None,
            pages: (0, 0),
            stream: None,
            earlier_stream: None,
            unread: Vec::new(),
            before_stream: RoaringBitmap::new(),
        });
        let slot = self.slots.len() - 1;
        self.by_name.insert(target.name().to_owned(), slot);
        Ok(slot)
    }

    /// The slot of a kind that is open already.
    pub(crate) fn open_slot(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Begins with a file, of which `hints` are the kinds it held before.
    pub(crate) fn begin_file(&mut self, place: &FilePlace, hints: &[Target]) -> Result<()> {
        if self.files.last() != Some(&place.path) {
            self.files.push(place.path.clone());
        }
        let number = u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX);
        self.file = FileState {
            number,
            ..FileState::default()
        };
        let mut candidates: Vec<usize> = self.folders.slots(place.folder()).collect();
        for target in place.said().iter().chain(hints) {
            // Only a kind the archive has can have units; others must not be opened on a mere name.
            if self.stored.contains(target.name()) {
                let slot = self.slot(target)?;
                candidates.retain(|other| *other != slot);
                candidates.insert(0, slot);
            }
        }
        candidates.truncate(MAX_CANDIDATES);
        self.file.candidates = candidates;
        Ok(())
    }

    /// Begins with the lines of the file at hand: what it holds will not be remembered line by line,
    /// only what the files before it held.
    pub(crate) fn begin_stream(&mut self) {
        self.file.is_stream = true;
        for slot in &mut self.slots {
            slot.before_stream
                .clone_from(self.snapshot.taken(slot.handle));
        }
    }

    /// Notes that something of a kind was found in a folder. A tenant has no folders that could say
    /// what is inside.
    pub(crate) fn holds(&mut self, folder: &str, slot: usize) {
        if !self.options.collected {
            self.folders.holds(folder, slot);
        }
    }

    /// Path of a file by its number.
    pub(crate) fn file_path(&self, number: u32) -> &str {
        self.files.get(number as usize).map_or("", String::as_str)
    }

    /// The id of an element's raw text; the rules it is read under are part of it.
    pub(crate) fn unit(&self, raw: &[u8]) -> UnitId {
        self.rules.unit(raw)
    }

    /// The id of an element whose key depends on where it stands.
    pub(crate) fn placed_unit(&mut self, unit: UnitId, around: &Around<'_>) -> UnitId {
        let (path, member) = (&around.file.path, around.member.unwrap_or_default());
        let is_there = |at: &&PlacedRules| at.path == *path && at.member == member;
        if let Some(at) = self.placing.as_ref().filter(is_there) {
            return at.rules.unit(unit.as_bytes());
        }
        let salt = format!("placed {path} {member}");
        let rules = self.snapshot.unit_rules(salt.as_bytes());
        let placed = rules.unit(unit.as_bytes());
        self.placing = Some(PlacedRules {
            path: path.clone(),
            member: member.to_owned(),
            rules,
        });
        placed
    }

    /// Whether an element was read before: then its objects count as taken.
    pub(crate) fn passes(&mut self, unit: UnitId, around: &Around<'_>) -> Result<bool> {
        let placed = around.file.export.is_some() || around.map_key.is_some();
        let placed = placed.then(|| self.placed_unit(unit, around));
        for at in 0..self.file.candidates.len() {
            let slot = self.file.candidates[at];
            let handle = self.slots[slot].handle;
            for unit in std::iter::once(unit).chain(placed) {
                if self.snapshot.pass(handle, unit)? {
                    self.file.candidates.swap(0, at);
                    self.passed(slot, unit);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn passed(&mut self, slot: usize, unit: UnitId) {
        self.slots[slot].present = true;
        self.file.held = Some(slot);
        self.objects += 1;
        if self.options.file_units {
            self.file.units.push((slot, unit));
        }
        if self.file.is_stream {
            self.slots[slot].in_stream(self.file.number);
            return;
        }
        let handle = self.slots[slot].handle;
        for ordinal in self.snapshot.unit_ordinals(handle, unit) {
            self.took(slot, ordinal);
        }
    }

    /// Notes that this file holds a version.
    pub(crate) fn took(&mut self, slot: usize, ordinal: Ordinal) {
        self.slots[slot].present = true;
        self.file.held = Some(slot);
        let file = &mut self.file;
        if file.is_stream {
            self.slots[slot].in_stream(file.number);
            return;
        }
        self.origins.entry((slot, ordinal)).or_insert(file.number);
        if self.options.file_units {
            match file.taken.iter_mut().find(|(other, _)| *other == slot) {
                Some((_, ordinals)) => ordinals.push(ordinal),
                None => file.taken.push((slot, vec![ordinal])),
            }
        }
    }

    /// Forgets a version that another took the place of.
    pub(crate) fn untake(&mut self, slot: usize, ordinal: Ordinal) {
        self.origins.remove(&(slot, ordinal));
        for (of, ordinals) in &mut self.file.taken {
            if *of == slot {
                ordinals.retain(|other| *other != ordinal);
            }
        }
    }

    /// Notes something about an element.
    pub(crate) fn note(
        &mut self,
        around: &Around<'_>,
        scope: Scope,
        reason: String,
        verdict: Verdict,
    ) {
        let mut place = around.place.to_string();
        if let Some(member) = around.member {
            if !place.is_empty() {
                place.push_str(", ");
            }
            place.push_str(member);
        }
        self.add(finding(&around.file.path, place, reason, verdict), scope);
    }

    pub(crate) fn add(&mut self, finding: store::Finding, scope: Scope) {
        self.findings += 1;
        // A page may have a million rows that are none: more than a record keeps is only counted.
        if let (true, Scope::Kind(slot)) = (self.options.collected, &scope) {
            let listed = self.listed_findings.entry(*slot).or_default();
            if *listed >= Coverage::MAX_FINDINGS {
                let (rejected, doubtful) = self.unlisted_findings.entry(*slot).or_default();
                match finding.verdict {
                    Verdict::Rejected => *rejected += 1,
                    Verdict::Doubtful => *doubtful += 1,
                }
                return;
            }
            *listed += 1;
        }
        self.noted.push(Noted {
            finding,
            scope,
            repeated: false,
        });
    }

    /// Rejects an element that cannot be read: of the kind its place suggests, else of any.
    pub(crate) fn reject(&mut self, around: &Around<'_>, reason: String) {
        let scope = self.suspected(around);
        self.note(around, scope, reason, Verdict::Rejected);
    }

    fn suspected(&self, around: &Around<'_>) -> Scope {
        let listed = around.listed && around.depth == 0;
        if let Some(slot) = self.file.held.filter(|_| listed) {
            return Scope::Kind(slot);
        }
        let own = around.member.is_none();
        Scope::Place(Place {
            folder: around.file.folder().to_owned(),
            said: around.file.said().filter(|_| own),
            folder_kind: around
                .file
                .folder_kind
                .filter(|_| own)
                .map(Target::Catalogued),
        })
    }

    /// The kinds that something unreadable may have been of. A kind the archive has is opened for it:
    /// the snapshot must say that it is incomplete.
    pub(crate) fn suspects(&mut self, place: &Place) -> Result<Vec<usize>> {
        let beside: Vec<usize> = self.folders.slots(&place.folder).collect();
        let named = match &place.said {
            None if !beside.is_empty() => return Ok(beside),
            said => said.as_ref().or(place.folder_kind.as_ref()),
        };
        let Some(target) = named else {
            let is_foreign = self.folders.is_foreign(&place.folder);
            return Ok(if is_foreign {
                Vec::new()
            } else {
                (0..self.slots.len()).collect()
            });
        };
        let is_known =
            self.stored.contains(target.name()) || self.open_slot(target.name()).is_some();
        Ok(if is_known {
            vec![self.slot(target)?]
        } else {
            Vec::new()
        })
    }
}

/// What every intake of an import starts from.
#[derive(Debug, Default)]
pub(crate) struct Known {
    kinds: HashSet<String>,
    organizations: BTreeSet<String>,
}

impl Known {
    /// What the archive has.
    pub(crate) fn new(archive: &Archive) -> Result<Self> {
        let kinds = archive.kinds().into_iter().map(|kind| kind.name).collect();
        let mut organizations = BTreeSet::new();
        if let Some(kind) = archive.kind("organization") {
            for change in archive.state_changes(kind.number)? {
                archive.versions(kind.number, &change.opened, |_, key, _| {
                    organizations.insert(key.to_owned());
                    Ok(())
                })?;
            }
        }
        Ok(Self {
            kinds,
            organizations,
        })
    }

    /// Adds what a snapshot brought.
    pub(crate) fn learn(&mut self, kinds: &[Target], organizations: BTreeSet<String>) {
        self.kinds
            .extend(kinds.iter().map(|kind| kind.name().to_owned()));
        self.organizations = organizations;
    }
}

/// What tells the rules an element is read under: it passes only under the same.
fn rules_salt() -> &'static [u8] {
    static SALT: std::sync::LazyLock<[u8; 16]> = std::sync::LazyLock::new(|| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[RULES_VERSION]);
        for kind in catalog::kinds() {
            let lists = [kind.volatile, kind.secrets].map(|list| list.join(" "));
            let shape = (kind.is_relationship(), kind.is_event());
            let rules = format!(
                "{} {:?} {:?} {:?} {lists:?} {shape:?}\n",
                kind.name, kind.key, kind.parent, kind.subject
            );
            hasher.update(rules.as_bytes());
        }
        let mut salt = [0; 16];
        salt.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        salt
    });
    &*SALT
}

/// A running hash over the ids of all units, in the order they were read.
#[derive(Debug, Default)]
pub(crate) struct Digest(blake3::Hasher);

impl Digest {
    pub(crate) fn unit(&mut self, unit: UnitId) {
        self.0.update(unit.as_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}
