//! From a normalised document to a version: clashes, duplicates, deltas.

use std::rc::Rc;

use store::{Object, Ordinal, Put, Verdict};

use super::Intake;
use super::delta::{carried, merged};
use super::findings::Scope;
use crate::error::Result;
use crate::key::{Key, numbered, qualified};
use crate::read::MAX_ELEMENT_BYTES;
use crate::recognise::Around;

/// What a stored record needs besides key and text.
const RECORD_BYTES: usize = 64;

/// Where the other document of a clash stands.
enum Origin {
    SameFile,
    Other(u32),
}

impl Intake<'_> {
    /// Takes the document normalised last as an object of the slot's kind; `None` where it was
    /// rejected.
    pub(crate) fn put(
        &mut self,
        slot: usize,
        key: &Key,
        subject: Option<&str>,
        around: &Around<'_>,
    ) -> Result<Option<Ordinal>> {
        self.note_doubts(slot, key, around);
        let size = self.normaliser.canonical.text.len() + key.text.as_str().len();
        if size + RECORD_BYTES > MAX_ELEMENT_BYTES {
            let reason = "longer than 64 MiB in canonical form".to_owned();
            self.note(around, Scope::Kind(slot), reason, Verdict::Rejected);
            return Ok(None);
        }
        let text = key.text.as_str();
        self.carry(slot, text)?;
        let ordinal = if self.options.delta && !self.slots[slot].target.is_event() {
            self.put_delta(slot, text, subject)?
        } else {
            match self.put_text(slot, text, subject)? {
                Put::Clash(first) => self.clash(slot, first, key, subject, around)?,
                put => put.ordinal(),
            }
        };
        self.took(slot, ordinal);
        self.objects += 1;
        if let Some(fresh) = &mut self.fresh {
            fresh.insert(slot, ordinal, text, &self.normaliser.canonical.text);
        }
        Ok(Some(ordinal))
    }

    /// Gives an object the properties that could not be read this time as they were before.
    fn carry(&mut self, slot: usize, key: &str) -> Result<()> {
        let state = &self.slots[slot];
        if state.unread.is_empty() || self.options.delta || state.target.is_event() {
            return Ok(());
        }
        if let Some(before) = self.snapshot.content_before(state.handle, key)? {
            let text = &self.normaliser.canonical.text;
            self.normaliser.canonical.text = carried(&before, text, &state.unread);
        }
        Ok(())
    }

    fn note_doubts(&mut self, slot: usize, key: &Key, around: &Around<'_>) {
        if let Some(doubt) = key.doubt {
            self.note(
                around,
                Scope::Kind(slot),
                doubt.to_owned(),
                Verdict::Doubtful,
            );
        }
        if let Some(name) = self.normaliser.canonical.duplicate_key.take() {
            let reason = format!("the property {name:?} occurs twice; both are kept");
            self.note(around, Scope::Kind(slot), reason, Verdict::Doubtful);
        }
    }

    fn put_text(&mut self, slot: usize, key: &str, subject: Option<&str>) -> Result<Put> {
        let handle = self.slots[slot].handle;
        let rules = Rc::clone(&self.slots[slot].rules);
        let (canonical, mut comparison) = self.normaliser.split();
        let object = Object {
            key,
            payload: &canonical.text,
            subject,
            volatile: &canonical.aside,
        };
        let put = self.snapshot.put(handle, &object, &mut |payload| {
            comparison.same(payload, &canonical.text, &rules)
        })?;
        Ok(put)
    }

    /// The snapshot has another content of this object.
    fn clash(
        &mut self,
        slot: usize,
        first: Ordinal,
        key: &Key,
        subject: Option<&str>,
        around: &Around<'_>,
    ) -> Result<Ordinal> {
        let doubt = |intake: &mut Self, reason: String| {
            intake.note(around, Scope::Kind(slot), reason, Verdict::Doubtful);
        };
        if self.slots[slot].target.is_event() {
            // Overlapping windows bring rows again, and sign-ins are assessed after they happened.
            if self.options.collected && self.slots[slot].target.name() != "directory_audit" {
                return Ok(first);
            }
            doubt(
                self,
                "another content of its id was there before; that stays".to_owned(),
            );
            return Ok(first);
        }
        if self.slots[slot]
            .target
            .kind()
            .is_some_and(catalog::Kind::is_relationship)
        {
            // Both say that the edge is there; the one that knows the target's type says more.
            if self.normaliser.canonical.text == "{}" {
                return Ok(first);
            }
            return self.replace(slot, first, key.text.as_str(), subject);
        }
        if key.doubt.is_some() {
            // Not the same id, only the same name in the same place.
            let numbered = numbered(&key.text, around);
            return match self.put_text(slot, numbered.as_str(), subject)? {
                Put::Clash(first) => self.replace(slot, first, numbered.as_str(), subject),
                put => Ok(put.ordinal()),
            };
        }
        // Beside other files the same elements may come to something else.
        self.file.depends = true;
        match self.origin(slot, first) {
            Origin::SameFile => {
                doubt(
                    self,
                    "its id came before in this file; the later one is taken".to_owned(),
                );
                self.replace(slot, first, key.text.as_str(), subject)
            }
            Origin::Other(file) => {
                let reason = format!("the id is also in {}", self.file_path(file));
                doubt(self, reason);
                let own = qualified(&key.text, around);
                match self.put_text(slot, own.as_str(), subject)? {
                    Put::Clash(first) => self.replace(slot, first, own.as_str(), subject),
                    put => Ok(put.ordinal()),
                }
            }
        }
    }

    fn replace(
        &mut self,
        slot: usize,
        first: Ordinal,
        key: &str,
        subject: Option<&str>,
    ) -> Result<Ordinal> {
        let handle = self.slots[slot].handle;
        self.snapshot.unsee(handle, first);
        self.untake(slot, first);
        Ok(self.put_text(slot, key, subject)?.ordinal())
    }

    fn origin(&self, slot: usize, first: Ordinal) -> Origin {
        let file = &self.file;
        let state = &self.slots[slot];
        if file.is_stream && !state.before_stream.contains(first) {
            return Origin::SameFile;
        }
        match self.origins.get(&(slot, first)) {
            Some(origin) if *origin == file.number => Origin::SameFile,
            Some(origin) => Origin::Other(*origin),
            None if file.is_stream && state.stream == Some(file.number) => {
                state.earlier_stream.map_or(Origin::SameFile, Origin::Other)
            }
            None => state.stream.map_or(Origin::SameFile, Origin::Other),
        }
    }

    /// Lays the document over what the delta said before, and over what the archive has.
    fn put_delta(&mut self, slot: usize, key: &str, subject: Option<&str>) -> Result<Ordinal> {
        if let Some(earlier) = self.deltas.get(slot, key) {
            self.normaliser.canonical.text = merged(earlier, &self.normaliser.canonical.text);
        }
        let handle = self.slots[slot].handle;
        let rules = Rc::clone(&self.slots[slot].rules);
        let (canonical, mut comparison) = self.normaliser.split();
        let object = Object {
            key,
            payload: &canonical.text,
            subject,
            volatile: &canonical.aside,
        };
        let mut whole = None;
        let put = self.snapshot.put(handle, &object, &mut |payload| {
            let text = merged(payload, &canonical.text);
            if !comparison.same(payload, &text, &rules) {
                whole = Some(text);
            }
            true
        })?;
        let ordinal = match (put, whole) {
            (Put::Same(unchanged), Some(whole)) => {
                self.normaliser.canonical.text = whole;
                self.snapshot.unsee(handle, unchanged);
                self.put_changed(slot, key, subject)?
            }
            (Put::Clash(first), _) => self.replace(slot, first, key, subject)?,
            (put, _) => put.ordinal(),
        };
        self.deltas
            .insert(slot, key, &self.normaliser.canonical.text);
        Ok(ordinal)
    }

    /// Takes a text that is known to differ from the current one.
    fn put_changed(&mut self, slot: usize, key: &str, subject: Option<&str>) -> Result<Ordinal> {
        let handle = self.slots[slot].handle;
        let canonical = &self.normaliser.canonical;
        let object = Object {
            key,
            payload: &canonical.text,
            subject,
            volatile: &canonical.aside,
        };
        Ok(self
            .snapshot
            .put(handle, &object, &mut |_| false)?
            .ordinal())
    }
}
