//! One file into the snapshot.

use std::io::Read;

use store::{Ordinal, UnitId, Verdict};

use super::Intake;
use super::findings::{Noted, Scope, finding};
use crate::error::Result;
use crate::read::{Pieces, Row, Rows, Step, Where};
use crate::recognise::{Around, FilePlace, Target};

/// Elements between two looks at whether to go on.
const ELEMENTS_PER_LOOK: u64 = 4096;

/// What the name of a file says it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileForm {
    /// JSON values in any arrangement.
    Json,
    /// One JSON value a line.
    Lines,
    /// CSV.
    Csv,
}

impl FileForm {
    /// By the extension; `None` for files that are left aside.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Lines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// What a file came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileOutcome {
    /// The versions it held, by kind; not known of streams.
    pub(crate) taken: Vec<(Target, Vec<Ordinal>)>,
    /// Units of its elements, by kind as in `taken`.
    units: Vec<(usize, UnitId)>,
    /// What there was to say about it.
    pub(crate) noted: Vec<NotedFile>,
    /// Whether it came to this only beside the other files.
    pub(crate) depends: bool,
    /// Whether it holds something that is no directory object.
    pub(crate) has_foreign: bool,
    /// Pages in it, and how many of them say that another follows.
    pub(crate) pages: (u64, u64),
    /// Bytes read.
    pub(crate) bytes: u64,
}

/// A finding of a file that may be said again for another snapshot.
#[derive(Debug, Clone)]
pub(crate) struct NotedFile {
    pub(crate) finding: store::Finding,
    pub(crate) scope: NotedScope,
}

/// [`Scope`] without the slots of one snapshot.
#[derive(Debug, Clone)]
pub(crate) enum NotedScope {
    Kind(Target),
    Other(Scope),
}

/// Told how far a file is; an error stops the import.
pub(crate) type Look<'l> = &'l mut dyn FnMut(u64, u64) -> Result<()>;

impl Intake<'_> {
    /// Reads a file. What is wrong with it is noted; only the archive, or the caller's wish to stop,
    /// is an error.
    pub(crate) fn read_file(
        &mut self,
        place: &FilePlace,
        form: FileForm,
        hints: &[Target],
        reader: impl Read,
        look: Look<'_>,
    ) -> Result<FileOutcome> {
        self.digest.bytes(place.path.as_bytes());
        let noted = self.noted.len();
        let bytes = match form {
            FileForm::Csv => self.read_rows(place, hints, reader, look),
            _ => self.read_pieces(place, form, hints, reader, look),
        }?;
        Ok(self.outcome(noted, bytes))
    }

    fn read_pieces(
        &mut self,
        place: &FilePlace,
        form: FileForm,
        hints: &[Target],
        reader: impl Read,
        look: Look<'_>,
    ) -> Result<u64> {
        let whole = Around::new(place, Where::Whole, None, false);
        self.begin_file(place, hints)?;
        let mut pieces = match Pieces::new(reader, form == FileForm::Lines) {
            Ok(pieces) => pieces,
            Err(error) => {
                self.reject(&whole, format!("cannot be read: {error}"));
                return Ok(0);
            }
        };
        let (mut count, mut faults) = (0_u64, 0_u64);
        while !self.found_delta {
            match pieces.advance() {
                Ok(Step::Element) => {}
                Ok(Step::End) => break,
                Ok(Step::Fault(fault)) => {
                    faults += 1;
                    let around = Around::new(place, fault.place, None, true);
                    self.reject(&around, fault.reason);
                    continue;
                }
                Err(error) => {
                    faults += 1;
                    self.reject(&whole, format!("cannot be read: {error}"));
                    break;
                }
            }
            count += 1;
            // A file that passes as a whole must be remembered in full.
            if count == 1 && pieces.is_lines() && !self.options.file_units {
                self.begin_stream();
            }
            let (raw, at) = pieces.current();
            let around = Around::new(place, at, pieces.context(), at != Where::Whole);
            self.element(raw, &around)?;
            if count % ELEMENTS_PER_LOOK == 0 {
                look(pieces.read_bytes(), self.objects)?;
            }
        }
        let (pages, followed) = pieces.pages();
        self.file.pages.0 += pages;
        self.file.pages.1 += followed;
        if pieces.is_malformed() {
            let reason = "holds text that is no UTF-16; it was replaced".to_owned();
            self.note(&whole, Scope::Foreign, reason, Verdict::Doubtful);
        }
        if count + faults == 0 {
            if pieces.is_listed() {
                self.empty_list(&whole, pieces.context())?;
            } else {
                self.reject(
                    &whole,
                    "is empty: no statement about what there is".to_owned(),
                );
            }
        }
        Ok(pieces.read_bytes())
    }

    fn read_rows(
        &mut self,
        place: &FilePlace,
        hints: &[Target],
        reader: impl Read,
        look: Look<'_>,
    ) -> Result<u64> {
        self.begin_file(place, hints)?;
        let mut rows = match Rows::new(reader) {
            Ok(rows) => rows,
            Err(error) => {
                let whole = Around::new(place, Where::Whole, None, false);
                self.reject(&whole, format!("cannot be read: {error}"));
                return Ok(0);
            }
        };
        while let Some(row) = rows.next() {
            match row {
                Row::Record(text, number) => {
                    let around = Around::new(place, Where::Element(number), None, true);
                    self.element(text.as_bytes(), &around)?;
                    if number % ELEMENTS_PER_LOOK == 0 {
                        look(0, self.objects)?;
                    }
                }
                Row::Fault(reason, number) => {
                    let at = match number {
                        0 => Where::Whole,
                        number => Where::Element(number),
                    };
                    let around = Around::new(place, at, None, true);
                    self.note(&around, Scope::Foreign, reason, Verdict::Rejected);
                }
            }
        }
        Ok(rows.read_bytes())
    }

    fn outcome(&mut self, noted: usize, bytes: u64) -> FileOutcome {
        if let Some(slot) = self.file.held {
            self.add_pages(slot, self.file.pages);
        }
        let slots = &self.slots;
        let taken = std::mem::take(&mut self.file.taken);
        let place = |slot: usize| taken.iter().position(|(other, _)| *other == slot);
        let units = self
            .file
            .units
            .iter()
            .filter_map(|(slot, unit)| Some((place(*slot)?, *unit)));
        let units: Vec<_> = units.collect();
        let noted = self.noted[noted..].iter().map(|noted| NotedFile {
            finding: noted.finding.clone(),
            scope: match &noted.scope {
                Scope::Kind(slot) => NotedScope::Kind(slots[*slot].target.clone()),
                other => NotedScope::Other(other.clone()),
            },
        });
        FileOutcome {
            units: if units.len() > 1 { units } else { Vec::new() },
            taken: taken
                .into_iter()
                .map(|(slot, ordinals)| (slots[slot].target.clone(), ordinals))
                .collect(),
            noted: noted.collect(),
            depends: self.file.depends,
            has_foreign: self.file.foreign > 0,
            pages: self.file.pages,
            bytes,
        }
    }

    /// Counts the pages a kind was read from: whether the last one is there shows at the end.
    fn add_pages(&mut self, slot: usize, (pages, followed): (u64, u64)) {
        let total = &mut self.slots[slot].pages;
        *total = (total.0 + pages, total.1 + followed);
    }

    /// Remembers a file as a whole, so that it passes by its id.
    pub(crate) fn keep_file(&mut self, unit: UnitId, outcome: &FileOutcome) {
        for (target, ordinals) in &outcome.taken {
            if let Some(slot) = self.open_slot(target.name()) {
                let handle = self.slots[slot].handle;
                self.snapshot.keep_unit(handle, unit, ordinals);
            }
        }
    }

    /// Takes a file as it came out before; false where it must be read again.
    pub(crate) fn pass_file(
        &mut self,
        place: &FilePlace,
        unit: UnitId,
        outcome: &FileOutcome,
    ) -> Result<bool> {
        self.begin_file(place, &[])?;
        for (at, (target, ordinals)) in outcome.taken.iter().enumerate() {
            let slot = self.slot(target)?;
            let handle = self.slots[slot].handle;
            if !self.snapshot.pass(handle, unit)? {
                return Ok(false);
            }
            self.holds(place.folder(), slot);
            for ordinal in ordinals {
                self.took(slot, *ordinal);
            }
            // The elements pass as well: when one of them changes, the others are still known.
            let units = outcome.units.iter().filter(|(of, _)| *of == at);
            for (_, unit) in units {
                self.snapshot.pass(handle, *unit)?;
            }
            self.objects += ordinals.len() as u64;
        }
        if let Some(slot) = self.file.held {
            self.add_pages(slot, outcome.pages);
        }
        if outcome.has_foreign {
            self.folders.holds_foreign(place.folder());
        }
        for noted in &outcome.noted {
            let scope = match &noted.scope {
                NotedScope::Kind(target) => Scope::Kind(self.slot(target)?),
                NotedScope::Other(scope) => scope.clone(),
            };
            self.noted.push(Noted {
                finding: noted.finding.clone(),
                scope,
                repeated: true,
            });
        }
        Ok(true)
    }

    /// Notes something that is not taken at all: a link, a device, a file that cannot be opened.
    pub(crate) fn leave_out(&mut self, place: &FilePlace, reason: String) -> Result<()> {
        let form = FileForm::by_name(&place.path);
        let whole = Around::new(place, Where::Whole, None, false);
        if form.is_some() {
            self.begin_file(place, &[])?;
            self.reject(&whole, reason);
            return Ok(());
        }
        self.add(
            finding(&place.path, String::new(), reason, Verdict::Rejected),
            Scope::Foreign,
        );
        Ok(())
    }
}
