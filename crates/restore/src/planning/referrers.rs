//! Objects that did not change but name what gets another id.

use std::collections::HashSet;

use catalog::{Body, Kind};
use model::{KEY_SEPARATOR, Parser};
use roaring::RoaringBitmap;
use store::Ordinal;

use super::draft::Subject;
use super::drafting::Drafting;
use super::mention::{display, guids, texts_at};
use super::rows::{What, is_attachment};
use super::texts::Texts;
use super::update::Updates;
use super::{create, link};
use crate::error::Result;

/// Kinds that are never searched: they are many, and what they name are no objects a plan makes.
const SILENT: [&str; 2] = ["device", "user"];

impl Drafting<'_> {
    /// Makes steps that point what names an old id to the new one.
    pub(super) fn referrers(&mut self) -> Result<()> {
        let made: HashSet<String> = self
            .made
            .iter()
            .filter(|id| !self.mapping.is_known(id))
            .cloned()
            .collect();
        if made.is_empty() || self.request.current.is_none() {
            return Ok(());
        }
        for at in 0..self.differences.len() {
            let kind = self.differences[at].kind;
            let Some(writing) = kind.writing else {
                continue;
            };
            let told = super::scope::is_record(kind)
                || super::scope::is_told_elsewhere(kind, self.differences);
            if told || SILENT.contains(&kind.name) {
                continue;
            }
            // What somebody holds is not given to somebody else, but given to them too.
            let is_given = writing
                .update
                .is_none_or(|it| matches!(it.body, Body::Action { .. }));
            if is_attachment(kind) && is_given {
                self.stale_attachments(at, &made)?;
            } else if writing.update.is_some_and(|update| update.app_only) {
                self.stale_objects(at, &made)?;
            }
        }
        Ok(())
    }

    /// Versions alive in both states.
    fn unchanged(&self, difference: usize) -> RoaringBitmap {
        let side = &self.differences[difference];
        &*side.wanted.alive & &*side.current.alive
    }

    fn is_same_archive(&self) -> bool {
        self.request
            .current
            .is_some_and(|it| it.archive.id() == self.request.wanted.archive.id())
    }

    /// Objects of the current state whose properties name an old id, unless they are changed anyway.
    fn stale_objects(&mut self, difference: usize, made: &HashSet<String>) -> Result<()> {
        let side = &self.differences[difference];
        let (Some(number), Some(current)) = (side.current.number, self.request.current) else {
            return Ok(());
        };
        let mut alive = RoaringBitmap::clone(&side.current.alive);
        for at in self.ranges[difference]
            .clone()
            .filter(|at| self.chosen[*at])
        {
            match self.rows[at].what {
                What::Changed(_, is) => alive.remove(is),
                What::Added(is) if self.request.options.delete_added => alive.remove(is),
                _ => false,
            };
        }
        let found = self.mentioning(difference, &alive, made)?;
        let kind = side.kind;
        let mut updates = Updates::new(&self.request.options, &[]);
        let mut parser = Parser::new();
        let texts = Texts::read(current.archive, number, &found)?;
        for (_, key, text) in texts.iter() {
            let name = parser
                .parse_text(text)
                .ok()
                .and_then(|document| display(kind, document.root()));
            let subject = Subject {
                kind,
                key,
                address: key,
                name: name.as_deref(),
            };
            let drafted = updates.draft(subject, text, text, made)?;
            self.take(drafted);
        }
        Ok(())
    }

    /// Edges and grants that are still listed under an old id: they are made again for the new one.
    fn stale_attachments(&mut self, difference: usize, made: &HashSet<String>) -> Result<()> {
        if !self.is_same_archive() {
            return Ok(());
        }
        let alive = self.unchanged(difference);
        let side = &self.differences[difference];
        let kind: &'static Kind = side.kind;
        let found = self.mentioning(difference, &alive, made)?;
        let Some(number) = side.wanted.number else {
            return Ok(());
        };
        let mut parser = Parser::new();
        let timed = match kind.name {
            "role_assignment" | "role_assignment_schedule" => self.timed_assignments(made)?,
            _ => HashSet::new(),
        };
        let texts = Texts::read(self.request.wanted.archive, number, &found)?;
        for (_, key, text) in texts.iter() {
            // An active assignment is in two lists, and made once: with its end where it has one.
            let is_spare = match kind.name {
                "role_assignment" => timed.contains(&assignment(text, &mut parser)),
                "role_assignment_schedule" => !timed.contains(&assignment(text, &mut parser)),
                _ => false,
            };
            if is_spare {
                continue;
            }
            let own = key.rsplit(KEY_SEPARATOR).next().unwrap_or_default();
            if !kind.is_relationship() && made.contains(own) {
                continue;
            }
            let name = parser
                .parse_text(text)
                .ok()
                .and_then(|document| display(kind, document.root()));
            let subject = Subject {
                kind,
                key,
                address: key,
                name: name.as_deref(),
            };
            if kind.is_relationship() {
                match link::add(subject, None) {
                    Ok(draft) => self.drafts.push(draft),
                    Err((reason, text)) => {
                        self.impossible
                            .push(subject.impossible(Vec::new(), reason, text));
                    }
                }
            } else {
                let drafted = create::create(subject, text, &self.request.options, &mut parser)?;
                self.take(drafted);
            }
        }
        Ok(())
    }

    /// Who holds which role where for a time only, of those who get another id.
    fn timed_assignments(&self, made: &HashSet<String>) -> Result<HashSet<Vec<String>>> {
        let mut timed = HashSet::new();
        let is_it = |name: &str| name == "role_assignment_schedule";
        let schedules = self.differences.iter().position(|it| is_it(it.kind.name));
        let Some((at, number)) = schedules.and_then(|at| {
            let number = self.differences[at].wanted.number?;
            Some((at, number))
        }) else {
            return Ok(timed);
        };
        let found = self.mentioning(at, &self.unchanged(at), made)?;
        let mut parser = Parser::new();
        let texts = Texts::read(self.request.wanted.archive, number, &found)?;
        for (_, _, text) in texts.iter() {
            let mut ends = false;
            if let Ok(document) = parser.parse_text(text) {
                texts_at(
                    document.root(),
                    "scheduleInfo.expiration.type",
                    &mut |word| {
                        ends = word != "noExpiration";
                    },
                );
            }
            if ends {
                timed.insert(assignment(text, &mut parser));
            }
        }
        Ok(timed)
    }

    /// Of these versions, those that name one of the ids, in key or content.
    fn mentioning(
        &self,
        difference: usize,
        ordinals: &RoaringBitmap,
        ids: &HashSet<String>,
    ) -> Result<RoaringBitmap> {
        let side = &self.differences[difference];
        let (Some(number), Some(current)) = (side.current.number, self.request.current) else {
            return Ok(RoaringBitmap::new());
        };
        let is_edge = side.kind.is_relationship();
        let mut found = RoaringBitmap::new();
        let mut note = |ordinal: Ordinal| {
            found.insert(ordinal);
        };
        current
            .archive
            .versions(number, ordinals, |ordinal, key, text| {
                let mut parts = key.split(KEY_SEPARATOR);
                let parents = key.matches(KEY_SEPARATOR).count();
                let in_key = if is_edge {
                    parts.any(|part| ids.contains(part))
                } else {
                    parts.take(parents).any(|part| ids.contains(part))
                };
                let in_text = || {
                    guids(text).any(|id| ids.contains(id) || ids.contains(&id.to_ascii_lowercase()))
                };
                if in_key || (!is_edge && in_text()) {
                    note(ordinal);
                }
                Ok(())
            })?;
        Ok(found)
    }
}

/// Principal, role and scope of an assignment.
fn assignment(text: &str, parser: &mut Parser) -> Vec<String> {
    let mut ends = Vec::new();
    if let Ok(document) = parser.parse_text(text) {
        for name in ["principalId", "roleDefinitionId", "directoryScopeId"] {
            texts_at(document.root(), name, &mut |id| {
                ends.push(id.to_ascii_lowercase());
            });
        }
    }
    ends
}
