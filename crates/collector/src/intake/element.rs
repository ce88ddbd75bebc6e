//! One element of a file: what it carries, what it is, and into which kinds it goes.

use catalog::Kind;
use model::{JsonKind, Value};
use store::{UnitId, Verdict};

use super::Intake;
use super::findings::Scope;
use crate::error::Result;
use crate::events::{self, Event};
use crate::read::Where;
use crate::recognise::{Around, Target, recognise};
use crate::reshape::{Inside, collections, unwrap};

/// Documents within documents are followed this far.
const MAX_DEPTH: u8 = 6;

const NOT_RECOGNISED: &str = "not recognised as a directory object";

impl Intake<'_> {
    /// Takes the raw text of one element. What was read before passes without being parsed.
    pub(crate) fn element(&mut self, raw: &[u8], around: &Around<'_>) -> Result<()> {
        let unit = self.unit(raw);
        self.digest.unit(unit);
        if !self.options.delta && self.passes(unit, around)? {
            return Ok(());
        }
        self.parsed(raw, unit, around)
    }

    fn parsed(&mut self, raw: &[u8], unit: UnitId, around: &Around<'_>) -> Result<()> {
        let mut parser = self.parsers.pop().unwrap_or_default();
        let result = match parser.parse(raw) {
            Ok(document) => self.value(document.root(), unit, around),
            Err(error) => {
                self.reject(around, error.to_string());
                Ok(())
            }
        };
        self.parsers.push(parser);
        result
    }

    /// An element that another document carries.
    fn inner(&mut self, value: Value<'_>, around: &Around<'_>) -> Result<()> {
        let unit = self.unit(value.raw().as_bytes());
        if !self.options.delta && self.passes(unit, around)? {
            return Ok(());
        }
        self.value(value, unit, around)
    }

    fn value(&mut self, value: Value<'_>, unit: UnitId, around: &Around<'_>) -> Result<()> {
        if around.depth > MAX_DEPTH {
            self.reject(
                around,
                "documents within documents beyond 6 levels".to_owned(),
            );
            return Ok(());
        }
        let what = match value.kind() {
            JsonKind::Object => return self.object(value, unit, around),
            JsonKind::Array => return self.list(value, around, around.context),
            JsonKind::Null => "null",
            JsonKind::Text => "a text",
            JsonKind::Number => "a number",
            JsonKind::True | JsonKind::False => "true or false",
        };
        self.reject(around, format!("holds {what} where an object was expected"));
        Ok(())
    }

    fn list(&mut self, list: Value<'_>, around: &Around<'_>, context: Option<&str>) -> Result<()> {
        for (number, element) in (1..).zip(list.elements()) {
            let around = Around {
                place: Where::Element(number),
                context,
                listed: true,
                ..around.within()
            };
            self.inner(element, &around)?;
        }
        if list.elements().next().is_none() {
            self.empty_list(around, context)?;
        }
        Ok(())
    }

    /// An empty list says that there is no object of its kind, if something says which.
    pub(crate) fn empty_list(&mut self, around: &Around<'_>, context: Option<&str>) -> Result<()> {
        let by_context = context.and_then(catalog::by_path).map(Target::Catalogued);
        let own = || around.file.list_of().filter(|_| around.member.is_none());
        if let Some(target) = by_context.or_else(own) {
            let slot = self.slot(&target)?;
            self.slots[slot].present = true;
        }
        Ok(())
    }

    fn object(&mut self, object: Value<'_>, unit: UnitId, around: &Around<'_>) -> Result<()> {
        if let Some(slot) = self.of_same_list(object, around) {
            let target = self.slots[slot].target.clone();
            return self.take(&target, object, unit, around);
        }
        if let Some(inside) = unwrap(object) {
            return self.inside(inside, around);
        }
        if !self.options.delta && has_delta_mark(object) {
            self.found_delta = true;
            return Ok(());
        }
        if around.file.forced.is_none()
            && let Some(event) = events::event(object, around)
        {
            return self.event(&event, object, unit, around);
        }
        match recognise(object, around) {
            Some(target) => {
                self.take(&target, object, unit, around)?;
                self.remember_list(&target, object, around);
                Ok(())
            }
            None => self.unrecognised(object, unit, around),
        }
    }

    /// The kind of an element of a list, where the elements before it leave no doubt: the list's name
    /// says it and nothing in the element asks for a closer look, or the element before had the same
    /// properties.
    fn of_same_list(&self, object: Value<'_>, around: &Around<'_>) -> Option<usize> {
        if around.depth > 0 || !around.listed {
            return None;
        }
        if let Some(slot) = self.file.trusted {
            let key = self.slots[slot].target.kind()?.key?;
            let mut has_key = false;
            for (name, value) in object.members() {
                if has_meaning(&name) {
                    return None;
                }
                has_key |= key == name && value.kind() == JsonKind::Text;
            }
            return has_key.then_some(slot);
        }
        let (slot, names) = self.file.like.as_ref()?;
        let mut names = names.iter();
        let alike = object
            .members()
            .all(|(name, _)| names.next().is_some_and(|other| *other == name));
        (alike && names.next().is_none()).then_some(*slot)
    }

    fn remember_list(&mut self, target: &Target, object: Value<'_>, around: &Around<'_>) {
        let Some(slot) = self.open_slot(target.name()) else {
            return;
        };
        if around.depth > 0 || !around.listed || self.file.trusted == Some(slot) {
            return;
        }
        let of_name = |kind: &'static Kind| target.kind().is_some_and(|own| own.name == kind.name);
        if around.file.forced.is_some() || around.named().any(of_name) {
            self.file.trusted = Some(slot);
        } else if !object.members().any(|(name, _)| has_meaning(&name)) {
            let names = object.members().map(|(name, _)| name.into_owned());
            self.file.like = Some((slot, names.collect()));
        }
    }

    fn inside(&mut self, inside: Inside<'_>, around: &Around<'_>) -> Result<()> {
        match inside {
            Inside::List(list, context, followed) => {
                self.file.pages.0 += 1;
                self.file.pages.1 += u64::from(followed);
                let context = context.as_deref().or(around.context);
                self.list(list, around, context)
            }
            Inside::One(object, context) => {
                let context = context.as_deref().or(around.context);
                let around = Around {
                    context,
                    ..around.within()
                };
                self.inner(object, &around)
            }
            Inside::Logged(event, log_type) => {
                let around = Around {
                    log_type: Some(&log_type),
                    listed: true,
                    ..around.within()
                };
                self.inner(event, &around)
            }
            Inside::AuditData(data) => match data.text() {
                None => self.inner(data, &around.within()),
                Some(text) => {
                    let unit = self.unit(text.as_bytes());
                    self.parsed(text.as_bytes(), unit, &around.within())
                }
            },
            Inside::Failure(code) => {
                let reason = format!("holds an answer of Graph that failed: {code}");
                self.reject(around, reason);
                Ok(())
            }
        }
    }

    /// A document that says nothing of an object: perhaps a bundle of collections.
    fn unrecognised(&mut self, object: Value<'_>, unit: UnitId, around: &Around<'_>) -> Result<()> {
        if around.file.only_events {
            let event = Event::kept("event_record", None);
            return self.event(&event, object, unit, around);
        }
        if let Some(slot) = self
            .file
            .held
            .filter(|_| around.listed && around.depth == 0)
        {
            // A list of objects of a kind: this is a broken one of them.
            let target = self.slots[slot].target.clone();
            if target.kind().is_some() || target.is_event() {
                self.reject(around, NOT_RECOGNISED.to_owned());
                return Ok(());
            }
            return self.take(&target, object, unit, around);
        }
        let collections = collections(object);
        let known = |target: Option<Target>| target.is_some_and(|target| target.kind().is_some());
        let is_bundle = collections.len() > 1
            && collections.iter().any(|collection| {
                let around = Around {
                    member: Some(&collection.name),
                    listed: collection.listed,
                    ..around.within()
                };
                let mut objects = collection.objects.iter();
                objects.any(|(_, object)| known(recognise(*object, &around)))
            });
        if !is_bundle {
            self.foreign(around);
            return Ok(());
        }
        for collection in &collections {
            for (number, (key, object)) in (1..).zip(&collection.objects) {
                let around = Around {
                    place: Where::Element(number),
                    member: Some(&collection.name),
                    map_key: key.as_deref(),
                    listed: collection.listed,
                    ..around.within()
                };
                self.inner(*object, &around)?;
            }
        }
        Ok(())
    }

    /// Rejects what is no directory object: reported once a file, or once a collection of a bundle.
    fn foreign(&mut self, around: &Around<'_>) {
        let reason = NOT_RECOGNISED;
        self.folders.holds_foreign(around.file.folder());
        self.file.foreign += 1;
        let again = self.noted.last().is_some_and(|noted| {
            let finding = &noted.finding;
            matches!(noted.scope, Scope::Foreign)
                && finding.file == around.file.path
                && finding.reason == reason
                && around
                    .member
                    .is_none_or(|member| finding.place.ends_with(member))
        });
        if !again {
            self.note(around, Scope::Foreign, reason.to_owned(), Verdict::Rejected);
        }
    }
}

/// Whether a property is an annotation that says what an object is, or what happened to it.
fn has_meaning(name: &str) -> bool {
    (name.starts_with('@') && !catalog::is_transport(name)) || name.ends_with("@delta")
}

fn has_delta_mark(object: Value<'_>) -> bool {
    let mut members = object.members();
    members.any(|(name, _)| name == "@removed" || name.ends_with("@delta"))
}
