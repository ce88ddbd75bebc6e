//! From a recognised document to objects of its kind: rows of logs, edges, everything else.

use std::borrow::Cow;
use std::rc::Rc;

use catalog::{Kind, PARENT};
use model::{Value, fold_id};
use store::{Ordinal, UnitId, Verdict};

use super::Intake;
use super::findings::Scope;
use crate::edges::{self, Edge};
use crate::error::Result;
use crate::events::Event;
use crate::key::{Key, key_of};
use crate::recognise::{Around, Target, is_pascal};
use crate::reshape::camel;

impl Intake<'_> {
    pub(crate) fn event(
        &mut self,
        event: &Event,
        object: Value<'_>,
        unit: UnitId,
        around: &Around<'_>,
    ) -> Result<()> {
        let slot = self.slot(&event.target)?;
        let noted = self.findings;
        for doubt in &event.doubts {
            self.note(around, Scope::Kind(slot), doubt.clone(), Verdict::Doubtful);
        }
        let mut parser = self.parsers.pop().unwrap_or_default();
        let mapped = event
            .text
            .as_deref()
            .map(|text| parser.parse(text.as_bytes()));
        let ordinal = match mapped {
            Some(Ok(document)) => self.put_event(slot, event, document.root(), around),
            _ => self.put_event(slot, event, object, around),
        };
        self.parsers.push(parser);
        if let Some(ordinal) = ordinal? {
            self.finish_unit(slot, unit, &[ordinal], noted, around);
        }
        Ok(())
    }

    fn put_event(
        &mut self,
        slot: usize,
        event: &Event,
        row: Value<'_>,
        around: &Around<'_>,
    ) -> Result<Option<Ordinal>> {
        let kind = event.target.kind();
        let rules = Rc::clone(&self.slots[slot].rules);
        self.normaliser.write(row, &rules, &[]);
        let own = kind.and_then(|kind| row.get(kind.key?)?.text());
        let id = event
            .id
            .as_deref()
            .or(own.as_deref())
            .filter(|id| !id.trim().is_empty());
        let key = match id {
            Some(id) => Key::of_id(id),
            None => Key::of_content(&self.normaliser.canonical.text),
        };
        let subject = kind.and_then(|kind| row.get(kind.subject?)?.text());
        let subject = subject.filter(|subject| !subject.is_empty());
        self.put(slot, &key, subject.as_deref(), around)
    }

    /// Takes an object of a known kind.
    pub(crate) fn take(
        &mut self,
        target: &Target,
        object: Value<'_>,
        unit: UnitId,
        around: &Around<'_>,
    ) -> Result<()> {
        if let Some(kind) = target.kind() {
            if kind.is_relationship() {
                return self.take_edges(target, kind, object, unit, around);
            }
            if is_pascal(object) {
                let text = camel(object, Some(kind));
                let mut parser = self.parsers.pop().unwrap_or_default();
                let result = match parser.parse(text.as_bytes()) {
                    Ok(document) => self.take_object(target, document.root(), unit, around),
                    Err(error) => {
                        self.reject(around, error.to_string());
                        Ok(())
                    }
                };
                self.parsers.push(parser);
                return result;
            }
        }
        self.take_object(target, object, unit, around)
    }

    fn take_object(
        &mut self,
        target: &Target,
        object: Value<'_>,
        unit: UnitId,
        around: &Around<'_>,
    ) -> Result<()> {
        let slot = self.slot(target)?;
        self.holds(around.file.folder(), slot);
        let noted = self.findings;
        let key = key_of(target, object, around);
        if self.options.delta && object.get("@removed").is_some() {
            self.deltas.remove(slot, key.text.as_str());
            let handle = self.slots[slot].handle;
            self.snapshot.remove(handle, key.text.as_str())?;
            self.slots[slot].present = true;
            if self.options.collected {
                self.removed.insert(key.text.as_str().to_owned(), slot);
            }
            return Ok(());
        }
        if self.removed.get(key.text.as_str()) == Some(&slot) {
            self.removed.remove(key.text.as_str());
        }
        let lists = self.take_lists(target, object, &key, around)?;
        let only_lists = self.options.delta
            && !lists.is_empty()
            && object.members().all(|(name, _)| {
                name == "id"
                    || name.starts_with("@odata.")
                    || lists.iter().any(|list| *list == name)
            });
        if only_lists {
            return Ok(());
        }
        if self.options.delta && self.options.collected {
            let handle = self.slots[slot].handle;
            if !self.snapshot.has(handle, key.text.as_str())? {
                let news = self.news.entry(slot).or_default();
                news.push(key.text.as_str().to_owned());
                return Ok(());
            }
        }
        let kind = target.kind();
        let rules = Rc::clone(&self.slots[slot].rules);
        self.normaliser.write(object, &rules, &lists);
        let subject = subject_of(kind, object, around);
        if kind.is_some_and(|kind| kind.name == "organization") {
            self.note_organization(slot, key.text.as_str(), around);
        }
        let Some(ordinal) = self.put(slot, &key, subject.as_deref(), around)? else {
            return Ok(());
        };
        if lists.is_empty() {
            let unit = if key.by_path {
                self.placed_unit(unit, around)
            } else {
                unit
            };
            self.finish_unit(slot, unit, &[ordinal], noted, around);
        }
        Ok(())
    }

    /// Takes the edges an object lists out of it; the names of the lists.
    fn take_lists(
        &mut self,
        target: &Target,
        object: Value<'_>,
        key: &Key,
        around: &Around<'_>,
    ) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let Some(kind) = target.kind() else {
            return Ok(names);
        };
        let edge_kinds = edges::from_kind(kind);
        if !edges::lists_any(object, edge_kinds) {
            return Ok(names);
        }
        for edge_kind in edge_kinds {
            let Some(relationship) = edges::relationship(edge_kind) else {
                continue;
            };
            let is_edges = |list: Value<'_>| {
                list.get("id").is_some()
                    || list.elements().all(|element| element.get("id").is_some())
            };
            if object
                .get(relationship.relation)
                .is_some_and(Value::is_null)
            {
                // Expanded, and there is none.
                names.push(relationship.relation.to_owned());
            }
            for (name, list) in edges::listed(object, relationship.relation) {
                if !is_edges(list) {
                    continue;
                }
                let slot = self.slot(&Target::Catalogued(edge_kind))?;
                if !name.ends_with("@delta") {
                    // $expand stops at 20 targets without saying so.
                    self.slots[slot].partial = Some("read from lists inside their owners");
                }
                let source = Cow::Borrowed(key.text.as_str());
                let found = edges::list_edges(&source, list);
                self.put_edges(slot, found, around)?;
                names.push(name.into_owned());
            }
        }
        Ok(names)
    }

    fn take_edges(
        &mut self,
        target: &Target,
        kind: &'static Kind,
        object: Value<'_>,
        unit: UnitId,
        around: &Around<'_>,
    ) -> Result<()> {
        let slot = self.slot(target)?;
        self.holds(around.file.folder(), slot);
        self.slots[slot].present = true;
        let noted = self.findings;
        let found = edges::edges(kind, object, around);
        let by_path = found.len() == 1 && !around.parents().is_empty();
        let ordinals = self.put_edges(slot, found, around)?;
        let unit = if by_path {
            self.placed_unit(unit, around)
        } else {
            unit
        };
        self.finish_unit(slot, unit, &ordinals, noted, around);
        Ok(())
    }

    fn put_edges(
        &mut self,
        slot: usize,
        found: Vec<std::result::Result<Edge<'_>, &'static str>>,
        around: &Around<'_>,
    ) -> Result<Vec<Ordinal>> {
        let mut ordinals = Vec::with_capacity(found.len());
        for edge in found {
            let edge = match edge {
                Ok(edge) => edge,
                Err(reason) => {
                    self.note(
                        around,
                        Scope::Kind(slot),
                        reason.to_owned(),
                        Verdict::Rejected,
                    );
                    continue;
                }
            };
            let key = Key::of_edge(&edge.source, &edge.target);
            if self.options.delta && self.is_single(slot) {
                let replaced = self.replaced.entry(slot).or_default();
                replaced.insert(fold_id(&edge.source));
            }
            if edge.removed {
                let handle = self.slots[slot].handle;
                self.snapshot.remove(handle, key.text.as_str())?;
                self.slots[slot].present = true;
                continue;
            }
            let rules = Rc::clone(&self.slots[slot].rules);
            self.normaliser.write(edge.object, &rules, &[]);
            ordinals.extend(self.put(slot, &key, None, around)?);
        }
        Ok(ordinals)
    }

    fn is_single(&self, slot: usize) -> bool {
        let kind = self.slots[slot].target.kind();
        kind.and_then(edges::relationship)
            .is_some_and(|relationship| relationship.single)
    }

    /// Remembers what an element came to, unless there was something to say about it: then it is
    /// read again the next time, so that it is said again.
    fn finish_unit(
        &mut self,
        slot: usize,
        unit: UnitId,
        ordinals: &[Ordinal],
        noted: u64,
        around: &Around<'_>,
    ) {
        self.holds(around.file.folder(), slot);
        if self.options.delta || self.findings > noted {
            return;
        }
        let handle = self.slots[slot].handle;
        self.snapshot.keep_unit(handle, unit, ordinals);
        if self.options.file_units {
            self.file.units.push((slot, unit));
        }
        let candidates = &mut self.file.candidates;
        if !candidates.contains(&slot) {
            candidates.insert(0, slot);
        }
    }

    fn note_organization(&mut self, slot: usize, id: &str, around: &Around<'_>) {
        if let Some(other) = self.organizations.iter().find(|other| *other != id) {
            let reason = format!("organization {id} beside {other}: another tenant's export?");
            self.note(around, Scope::Kind(slot), reason, Verdict::Doubtful);
        }
        self.organizations.insert(id.to_owned());
    }
}

/// The id of the person whose data an object is.
fn subject_of<'a>(
    kind: Option<&Kind>,
    object: Value<'a>,
    around: &Around<'a>,
) -> Option<Cow<'a, str>> {
    let subject = kind?.subject?;
    let id = if subject == PARENT {
        Cow::Borrowed(around.parents().last()?.as_str())
    } else {
        object.get(subject)?.text()?
    };
    (!id.is_empty()).then_some(id)
}
