//! A page of Graph into the snapshot. What it holds is known from what was asked, so nothing of it is
//! guessed.

use catalog::{Kind, Shape};
use model::{JsonKind, Value};
use store::{UnitId, Verdict};

use super::findings::{Scope, finding};
use super::{FileState, Intake};
use crate::error::Result;
use crate::read::{Pieces, Step, Where, begins_as_page};
use crate::recognise::{Around, ExportPlace, FilePlace, Target};

/// Longer pages are cut into pieces, one of which is parsed at a time.
const MAX_PARSED_BYTES: usize = 4 << 20;

/// Where a page comes from.
#[derive(Debug)]
pub(crate) struct PagePlace {
    pub(crate) kind: &'static Kind,
    /// Whether it is an answer of a delta query.
    pub(crate) delta: bool,
    file: FilePlace,
}

impl PagePlace {
    /// A page of a kind, below the parents with these ids, outermost first. `path` names it in
    /// findings.
    pub(crate) fn new(
        kind: &'static Kind,
        parents: Vec<String>,
        path: String,
        delta: bool,
    ) -> Self {
        let target = Target::Catalogued(kind);
        let export = ExportPlace {
            kind,
            parents,
            object: None,
        };
        let file = FilePlace {
            path,
            stem: String::new(),
            folders: Vec::new(),
            export: Some(export),
            own: None,
            folder_kind: None,
            named: Vec::new(),
            forced: Some(target),
            only_events: false,
        };
        Self { kind, delta, file }
    }
}

impl Intake<'_> {
    /// Takes everything on a page; how many elements that were.
    pub(crate) fn take_page(&mut self, place: &PagePlace, body: &[u8]) -> Result<u64> {
        let target = Target::Catalogued(place.kind);
        let slot = self.slot(&target)?;
        self.slots[slot].present = true;
        self.options.delta = place.delta;
        self.file = FileState {
            // Which page held what need not be known.
            is_stream: true,
            candidates: vec![slot],
            held: Some(slot),
            ..FileState::default()
        };
        if place.kind.shape == Shape::Singleton {
            let around = Around::new(&place.file, Where::Whole, None, false);
            self.page_element(&target, body, &around)?;
            return Ok(1);
        }
        if let Some(count) = self.parsed_page(place, &target, body)? {
            return Ok(count);
        }
        let whole = Around::new(&place.file, Where::Whole, None, true);
        let mut count = 0;
        let mut pieces = match Pieces::of_page(body) {
            Ok(pieces) => pieces,
            Err(error) => {
                self.reject_of(&target, &whole, format!("cannot be read: {error}"))?;
                return Ok(0);
            }
        };
        loop {
            match pieces.advance() {
                Ok(Step::Element) => {
                    let (raw, at) = pieces.current();
                    let around = Around::new(&place.file, at, None, true);
                    self.page_element(&target, raw, &around)?;
                    count += 1;
                }
                Ok(Step::End) => return Ok(count),
                Ok(Step::Fault(fault)) => {
                    let around = Around::new(&place.file, fault.place, None, true);
                    self.reject_of(&target, &around, fault.reason)?;
                }
                Err(error) => {
                    self.reject_of(&target, &whole, format!("cannot be read: {error}"))?;
                    return Ok(count);
                }
            }
        }
    }

    /// Takes a page that is parsed as a whole; how many elements that were. Nothing where it is no list, or
    /// not JSON: then it is cut into pieces, each of which is taken or rejected for itself.
    ///
    /// A page that does not begin with annotations must be parsed however long it is, because pieces would
    /// take it for an object: a service may write the members of an object in any order.
    fn parsed_page(
        &mut self,
        place: &PagePlace,
        target: &Target,
        body: &[u8],
    ) -> Result<Option<u64>> {
        if body.len() > MAX_PARSED_BYTES && begins_as_page(body) {
            return Ok(None);
        }
        let mut parser = self.parsers.pop().unwrap_or_default();
        let taken = match parser.parse(body) {
            Ok(document) => {
                let root = document.root();
                let own = place.kind.key.and_then(|key| root.get(key));
                let list = root
                    .get("value")
                    .filter(|list| own.is_none() && list.kind() == JsonKind::Array);
                match list {
                    Some(list) => self.listed(place, target, list).map(Some),
                    None => Ok(None),
                }
            }
            // Whoever reads it piece by piece says what is wrong with it.
            Err(_) => Ok(None),
        };
        self.parsers.push(parser);
        taken
    }

    fn listed(&mut self, place: &PagePlace, target: &Target, list: Value<'_>) -> Result<u64> {
        let mut count = 0;
        for element in list.elements() {
            count += 1;
            let around = Around::new(&place.file, Where::Element(count), None, true);
            let unit = self.unit(element.raw().as_bytes());
            self.digest.unit(unit);
            if self.options.delta || !self.passes(unit, &around)? {
                self.page_object(target, element, unit, &around)?;
            }
        }
        Ok(count)
    }

    /// Takes one document of a kind that is named by `path` alone.
    pub(crate) fn take_document(&mut self, target: &Target, path: &str, text: &[u8]) -> Result<()> {
        let slot = self.slot(target)?;
        self.options.delta = false;
        self.file = FileState {
            is_stream: true,
            candidates: vec![slot],
            held: Some(slot),
            ..FileState::default()
        };
        let place = FilePlace {
            forced: Some(target.clone()),
            ..FilePlace::new("", path)
        };
        let around = Around::new(&place, Where::Whole, None, true);
        self.page_element(target, text, &around)
    }

    /// Rejects something of the kind that was asked for: what it would have been is not known, so that
    /// nothing of the kind may be taken as gone.
    fn reject_of(&mut self, target: &Target, around: &Around<'_>, reason: String) -> Result<()> {
        let slot = self.slot(target)?;
        self.note(around, Scope::Kind(slot), reason, Verdict::Rejected);
        Ok(())
    }

    /// Notes something about what was read, where no element is at hand.
    pub(crate) fn remark(&mut self, scope: Scope, place: &str, reason: String, verdict: Verdict) {
        self.add(finding(place, String::new(), reason, verdict), scope);
    }

    fn page_element(&mut self, target: &Target, raw: &[u8], around: &Around<'_>) -> Result<()> {
        let unit = self.unit(raw);
        self.digest.unit(unit);
        if !self.options.delta && self.passes(unit, around)? {
            return Ok(());
        }
        let mut parser = self.parsers.pop().unwrap_or_default();
        let result = match parser.parse(raw) {
            Ok(document) => self.page_object(target, document.root(), unit, around),
            Err(error) => self.reject_of(target, around, error.to_string()),
        };
        self.parsers.push(parser);
        result
    }

    fn page_object(
        &mut self,
        target: &Target,
        object: Value<'_>,
        unit: UnitId,
        around: &Around<'_>,
    ) -> Result<()> {
        if object.kind() != JsonKind::Object {
            return self.reject_of(target, around, "is no object".to_owned());
        }
        // Functions that return one object wrap it.
        let inside = object.get("value").filter(|inside| {
            !around.listed && inside.kind() == JsonKind::Object && object.get("id").is_none()
        });
        let object = inside.unwrap_or(object);
        self.take(target, object, unit, around)
    }
}
