//! Drafts of everything that was chosen, in the order in which one decides about the other: what is made or
//! brought back first, because what else is done depends on which ids stay.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use model::Parser;
use roaring::RoaringBitmap;
use serde_json::Value;
use store::Ordinal;

use super::create;
use super::difference::Difference;
use super::draft::{Draft, Drafted, Subject};
use super::mapping::Mapping;
use super::refusal::is_everywhere;
use super::request::PlanRequest;
use super::rows::{Row, What, bound_to, is_attachment};
use super::texts::{Texts, chunks, pairs};
use super::update::Updates;
use super::{Bin, remove};
use crate::error::Result;
use crate::plan::{Dangling, Impossible, Precondition, Reason};

/// Everything that is known while drafts are made.
pub(super) struct Drafting<'d> {
    pub(super) request: &'d PlanRequest<'d>,
    pub(super) differences: &'d [Difference],
    pub(super) rows: &'d [Row],
    /// Where the rows of each difference stand.
    pub(super) ranges: &'d [Range<usize>],
    /// Of the rows, those the plan is about.
    pub(super) chosen: Vec<bool>,
    pub(super) mapping: &'d Mapping,
    pub(super) bin: &'d Bin,
    pub(super) drafts: Vec<Draft>,
    pub(super) impossible: Vec<Impossible>,
    pub(super) dangling: Vec<Dangling>,
    /// Ids that become others.
    pub(super) made: HashSet<String>,
    /// Ids the caller chooses, of what is made anew.
    pub(super) kept: HashSet<String>,
    /// Ids that come back as they were.
    pub(super) restored: HashSet<String>,
    /// What comes back from the recycle bin: its row, and kind and version of what lies there.
    pub(super) binned: Vec<(usize, (usize, Ordinal))>,
    /// Groups of the plan whose members follow a rule.
    pub(super) ruled: HashSet<String>,
    /// Names of missing objects by their ids.
    pub(super) gone: HashMap<&'d str, Option<&'d str>>,
    /// Relationships that come back with an object.
    pub(super) come_along: u64,
}

impl Drafting<'_> {
    pub(super) fn run(&mut self) -> Result<()> {
        for at in 0..self.differences.len() {
            if !is_attachment(self.differences[at].kind) {
                self.missing(at)?;
            }
        }
        for at in 0..self.differences.len() {
            let kind = self.differences[at].kind;
            if is_attachment(kind) && !kind.is_relationship() {
                self.missing(at)?;
            }
        }
        self.undeleted()?;
        self.referrers()?;
        for at in 0..self.differences.len() {
            if !self.differences[at].kind.is_relationship() {
                self.changed(at)?;
                self.added(at)?;
            }
        }
        self.edges()
    }

    /// The chosen rows of a kind that differ in one way, by ordinal.
    pub(super) fn chosen_rows<'s>(
        &'s self,
        difference: usize,
        what: impl Fn(What) -> Option<Ordinal> + 's,
    ) -> impl Iterator<Item = (Ordinal, usize)> + 's {
        self.ranges[difference]
            .clone()
            .filter(|at| self.chosen[*at])
            .filter_map(move |at| Some((what(self.rows[at].what)?, at)))
    }

    /// Objects that are not there.
    fn missing(&mut self, difference: usize) -> Result<()> {
        let is_missing = |what| match what {
            What::Missing(ordinal) => Some(ordinal),
            _ => None,
        };
        let wanted: HashMap<Ordinal, usize> = self.chosen_rows(difference, is_missing).collect();
        let Some(number) = self.differences[difference].wanted.number else {
            return Ok(());
        };
        let archive = self.request.wanted.archive;
        let mut parser = Parser::new();
        let ordinals: RoaringBitmap = wanted.keys().copied().collect();
        for chunk in chunks(&ordinals) {
            let texts = Texts::read(archive, number, &chunk)?;
            for (ordinal, _, text) in texts.iter() {
                let text = self.mapping.text(text);
                self.missing_object(difference, wanted[&ordinal], &text, &mut parser)?;
            }
        }
        Ok(())
    }

    fn missing_object(
        &mut self,
        difference: usize,
        place: usize,
        text: &str,
        parser: &mut Parser,
    ) -> Result<()> {
        let row = &self.rows[place];
        let kind = self.differences[difference].kind;
        let address = self.mapping.key(&row.key);
        let subject = Subject {
            kind,
            key: &row.key,
            address: &address,
            name: row.name.as_deref(),
        };
        let is_of_another = bound_to(kind, row)
            .iter()
            .any(|id| self.made.contains(&**id));
        if !is_of_another
            && let Some(lies) = self.bin.of(kind, row.id())
            && let Some(draft) = create::undelete(subject, &self.request.options)
        {
            self.restored.insert(row.id().to_owned());
            self.drafts.push(draft);
            self.binned.push((place, lies));
            return Ok(());
        }
        let document = parser.parse_text(text);
        if document.is_ok_and(|it| is_everywhere(kind, it.root())) {
            self.kept.insert(row.id().to_owned());
            return Ok(());
        }
        if is_attachment(kind) && self.comes_along(row) && !self.is_newest(row)? {
            self.come_along += 1;
            return Ok(());
        }
        if is_attachment(kind) && !self.has_parents(subject) {
            return Ok(());
        }
        let drafted = create::create(subject, text, &self.request.options, parser)?;
        for draft in &drafted.drafts {
            self.made
                .extend(draft.step.makes.iter().map(|made| made.old.clone()));
            if draft.step.makes.is_empty() {
                self.kept.extend(draft.step.object.last().cloned());
            }
            let types = draft
                .step
                .request
                .body
                .as_ref()
                .and_then(|body| body.get("groupTypes"));
            let types = types.and_then(Value::as_array);
            if types.is_some_and(|types| types.iter().any(|it| it == "DynamicMembership")) {
                self.ruled.extend(draft.step.object.last().cloned());
            }
        }
        self.take(drafted);
        Ok(())
    }

    /// What differs from the wanted state in what lies in the bin is changed when it is back, and so is what names
    /// ids that become others.
    fn undeleted(&mut self) -> Result<()> {
        let mut updates = Updates::new(&self.request.options, &[]);
        for (place, (twin, ordinal)) in std::mem::take(&mut self.binned) {
            let row = &self.rows[place];
            let difference = &self.differences[row.difference];
            let (Some(current), Some(there), Some(number), What::Missing(missing)) = (
                self.request.current,
                self.differences[twin].current.number,
                difference.wanted.number,
                row.what,
            ) else {
                continue;
            };
            let wanted = self.request.wanted.archive.version(number, missing)?;
            let wanted = self.mapping.text(&wanted.payload);
            let binned = current.archive.version(there, ordinal)?;
            let address = self.mapping.key(&row.key);
            let subject = Subject {
                kind: difference.kind,
                key: &row.key,
                address: &address,
                name: row.name.as_deref(),
            };
            let mut drafted = updates.draft(subject, &wanted, &binned.payload, &self.made)?;
            for draft in &mut drafted.drafts {
                draft.step.precondition = Precondition::Present;
            }
            // The bin knows less of an object than its living state: what it does not say is not lost.
            drafted.impossible.retain(|it| it.reason != Reason::NotRead);
            self.take(drafted);
        }
        Ok(())
    }

    /// Objects that are there with other values.
    fn changed(&mut self, difference: usize) -> Result<()> {
        let is_changed = |what| match what {
            What::Changed(was, _) => Some(was),
            _ => None,
        };
        let rows: HashMap<Ordinal, usize> = self.chosen_rows(difference, is_changed).collect();
        let side = &self.differences[difference];
        let (Some(was), Some(is), Some(current)) = (
            side.wanted.number,
            side.current.number,
            self.request.current,
        ) else {
            return Ok(());
        };
        let changed: Vec<(Ordinal, Ordinal)> = side
            .changed
            .iter()
            .copied()
            .filter(|(was, _)| rows.contains_key(was))
            .collect();
        let only = &self.request.selection.only;
        let mut updates = Updates::new(&self.request.options, only);
        for pairs in pairs(&changed) {
            let old: RoaringBitmap = pairs.iter().map(|(was, _)| *was).collect();
            let new: RoaringBitmap = pairs.iter().map(|(_, is)| *is).collect();
            let old = Texts::read(self.request.wanted.archive, was, &old)?;
            let new = Texts::read(current.archive, is, &new)?;
            for (was, is) in pairs {
                let (Some((key, wanted)), Some((there, current))) = (old.get(*was), new.get(*is))
                else {
                    continue;
                };
                let wanted = self.mapping.text(wanted);
                let subject = Subject {
                    kind: side.kind,
                    key,
                    address: there,
                    name: self.rows[rows[was]].name.as_deref(),
                };
                let drafted = updates.draft(subject, &wanted, current, &self.made)?;
                self.take(drafted);
            }
        }
        Ok(())
    }

    /// Objects that were not there.
    fn added(&mut self, difference: usize) -> Result<()> {
        if !self.request.options.delete_added || self.request.selection.only.iter().any(|_| true) {
            return Ok(());
        }
        let is_added = |what| match what {
            What::Added(ordinal) => Some(ordinal),
            _ => None,
        };
        let rows: HashMap<Ordinal, usize> = self.chosen_rows(difference, is_added).collect();
        let side = &self.differences[difference];
        let (Some(number), Some(current)) = (side.current.number, self.request.current) else {
            return Ok(());
        };
        let mut parser = Parser::new();
        let ordinals: RoaringBitmap = rows.keys().copied().collect();
        for chunk in chunks(&ordinals) {
            let texts = Texts::read(current.archive, number, &chunk)?;
            for (ordinal, key, text) in texts.iter() {
                let subject = Subject {
                    kind: side.kind,
                    key,
                    address: key,
                    name: self.rows[rows[&ordinal]].name.as_deref(),
                };
                match remove::delete(subject, text, &self.request.options, &mut parser)? {
                    Ok(draft) => self.drafts.push(draft),
                    Err((reason, text)) => {
                        self.impossible
                            .push(subject.impossible(Vec::new(), reason, text));
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether what an object stands below is there or will be; else it is listed.
    fn has_parents(&mut self, subject: Subject<'_>) -> bool {
        let parts = subject.parts();
        let parents = &parts[..parts.len().saturating_sub(1)];
        let lost = parents.iter().find(|parent| self.is_lost(parent));
        let Some(lost) = lost else { return true };
        let name = self.gone.get(lost.as_str()).copied().flatten();
        let text = format!(
            "{} is not there, and no step brings it back: select it too",
            name.unwrap_or(lost)
        );
        self.impossible
            .push(subject.impossible(Vec::new(), Reason::MissingParent, text));
        false
    }

    /// Whether what hangs on an object is in the recycle bin with it: what stands below it, and its app roles.
    fn comes_along(&self, row: &Row) -> bool {
        let kind = self.differences[row.difference].kind;
        let is_restored = |id: &str| self.restored.contains(id);
        let below = row.parents().any(is_restored);
        let granted = kind.name.ends_with("app_role_assignment")
            && row.ends.iter().any(|end| is_restored(end));
        (below || granted) && !row.ends.iter().any(|end| self.made.contains(&**end))
    }

    /// Whether a missing object never was otherwise than it is wanted. What comes along with another is looked for then,
    /// and made if it did not come: it may have been removed before the other was.
    fn is_newest(&self, row: &Row) -> Result<bool> {
        let number = self.differences[row.difference].wanted.number;
        let (Some(number), What::Missing(wanted)) = (number, row.what) else {
            return Ok(false);
        };
        let archive = self.request.wanted.archive;
        let newest = archive.object_versions(number, &row.key)?;
        Ok(newest.first() == Some(&wanted))
    }

    /// Whether an object of the wanted state is not there and will not be.
    pub(super) fn is_lost(&self, id: &str) -> bool {
        self.gone.contains_key(id)
            && !self.made.contains(id)
            && !self.restored.contains(id)
            && !self.kept.contains(id)
            && !self.mapping.is_known(id)
    }

    /// Takes over drafts that may wait for each other.
    pub(super) fn take(&mut self, drafted: Drafted) {
        let first = self.drafts.len();
        self.impossible.extend(drafted.impossible);
        for mut draft in drafted.drafts {
            for wait in &mut draft.waits {
                *wait += first;
            }
            self.drafts.push(draft);
        }
    }
}
