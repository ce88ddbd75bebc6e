//! Relationships that are missing, and those that were added since.

use std::collections::{BTreeMap, HashMap, HashSet};

use catalog::{Kind, Shape};
use model::{KEY_SEPARATOR, Value};

use super::draft::{Draft, Subject};
use super::drafting::Drafting;
use super::link;
use super::present::{DIRECTORY, Present};
use super::risk;
use super::rows::{Row, What};
use crate::error::Result;
use crate::plan::{Action, Dangling, Impossible, Reason, Risk, RiskCode};

/// What matters of an object at the end of an edge.
#[derive(Debug, Default)]
struct End {
    name: Option<String>,
    follows_rule: bool,
    is_synchronised: bool,
    holds_roles: bool,
}

/// The ends of the edges of a plan.
struct Ends {
    present: Present,
    known: HashMap<String, End>,
}

impl<'d> Drafting<'d> {
    /// Makes the steps of relationships. Everything else must have been drafted.
    pub(super) fn edges(&mut self) -> Result<()> {
        let ends = self.ends()?;
        let deleted: HashSet<String> = self
            .drafts
            .iter()
            .filter(|draft| matches!(draft.step.action, Action::SoftDelete | Action::Delete))
            .filter_map(|draft| draft.step.object.last().cloned())
            .collect();
        let mut refused = BTreeMap::new();
        for at in 0..self.differences.len() {
            let kind = self.differences[at].kind;
            let Shape::Relationship(relationship) = kind.shape else {
                continue;
            };
            let (missing, added) = self.chosen_edges(at);
            let mut taken: HashSet<String> = HashSet::new();
            let rows: &'d [Row] = self.rows;
            let before: HashMap<&str, &str> = rows[self.ranges[at].clone()]
                .iter()
                .filter(|row| relationship.single && matches!(row.what, What::Added(_)))
                .map(|row| (row.parts().next().unwrap_or_default(), &*row.key))
                .collect();
            for key in &missing {
                let source = key.split(KEY_SEPARATOR).next().unwrap_or_default();
                taken.insert(source.to_owned());
                let before = before.get(source).copied();
                self.missing_edge(kind, key, before, &ends, &mut refused);
            }
            if !self.request.options.links && !self.request.options.delete_added {
                continue;
            }
            for key in &added {
                let mut parts = key.split(KEY_SEPARATOR);
                let is_replaced = relationship.single
                    && parts.clone().next().is_some_and(|it| taken.contains(it));
                if is_replaced || parts.any(|part| deleted.contains(part)) {
                    continue;
                }
                self.added_edge(kind, key, &ends, &mut refused);
            }
        }
        self.impossible.extend(refused.into_values());
        Ok(())
    }

    /// Keys of the chosen edges of a kind, missing and added, sorted.
    fn chosen_edges(&self, difference: usize) -> (Vec<&'d str>, Vec<&'d str>) {
        let (mut missing, mut added) = (Vec::new(), Vec::new());
        let rows: &'d [Row] = self.rows;
        for at in self.ranges[difference].clone() {
            let row = &rows[at];
            if self.chosen[at] {
                match row.what {
                    What::Missing(_) => missing.push(&*row.key),
                    What::Added(_) => added.push(&*row.key),
                    What::Changed(..) => {}
                }
            }
        }
        missing.sort_unstable();
        added.sort_unstable();
        (missing, added)
    }

    fn ends(&self) -> Result<Ends> {
        let mut ids = HashSet::new();
        let mut kinds: Vec<&'static Kind> = DIRECTORY
            .iter()
            .filter_map(|it| catalog::by_name(it))
            .collect();
        for (at, difference) in self.differences.iter().enumerate() {
            let Shape::Relationship(relationship) = difference.kind.shape else {
                continue;
            };
            let (missing, added) = self.chosen_edges(at);
            for key in missing.iter().chain(&added) {
                ids.extend(
                    key.split(KEY_SEPARATOR)
                        .map(|part| self.mapping.id(part).to_owned()),
                );
            }
            if missing.is_empty() && added.is_empty() {
                continue;
            }
            let parent = difference.kind.parent.and_then(catalog::by_name);
            for kind in catalog::by_name(relationship.target)
                .into_iter()
                .chain(parent)
            {
                if !kinds.iter().any(|it| std::ptr::eq(*it, kind)) {
                    kinds.push(kind);
                }
            }
        }
        let mut known = HashMap::new();
        if ids.is_empty() {
            return Ok(Ends {
                present: Present::default(),
                known,
            });
        }
        let present = Present::find(self.request.current, &kinds, &ids)?;
        present.read(self.request.current, |kind, id, name, value| {
            let is_true = |name: &str| value.get(name).and_then(Value::bool) == Some(true);
            let follows_rule = value.get("groupTypes").is_some_and(|types| {
                types
                    .elements()
                    .any(|it| it.text().as_deref() == Some("DynamicMembership"))
            });
            let end = End {
                name,
                follows_rule,
                is_synchronised: kind.name == "group" && is_true("onPremisesSyncEnabled"),
                holds_roles: is_true("isAssignableToRole"),
            };
            known.insert(id.to_owned(), end);
        })?;
        Ok(Ends { present, known })
    }

    fn missing_edge(
        &mut self,
        kind: &'static Kind,
        key: &str,
        before: Option<&str>,
        ends: &Ends,
        refused: &mut BTreeMap<(String, Reason), Impossible>,
    ) {
        let parts: Vec<&str> = key.split(KEY_SEPARATOR).collect();
        let is_restored = parts.iter().any(|part| self.restored.contains(*part));
        // It comes back with the object, unless its place was given to another meanwhile.
        let is_free = before.is_none();
        if is_restored && is_free && !parts.iter().any(|part| self.made.contains(*part)) {
            self.come_along += 1;
            return;
        }
        let name = self.edge_name(&parts, ends);
        let address = self.mapping.key(key);
        let subject = Subject {
            kind,
            key,
            address: &address,
            name: Some(&name),
        };
        let lost: Vec<&str> = parts
            .iter()
            .copied()
            .filter(|part| !self.is_there(part, ends))
            .collect();
        if !lost.is_empty() {
            for id in lost {
                self.dangle(subject, id);
            }
            return;
        }
        if self.is_refused(subject, &parts, ends, refused) {
            return;
        }
        match link::add(subject, before) {
            Ok(mut draft) => {
                if self.end(parts[0], ends).is_some_and(|end| end.holds_roles)
                    && kind.name == "group_member"
                {
                    draft.step.risks.push(Risk {
                        code: RiskCode::PrivilegedRole,
                        text: "the group can hold directory roles: its members have them"
                            .to_owned(),
                    });
                }
                self.push(draft);
            }
            Err((reason, text)) => {
                self.impossible
                    .push(subject.impossible(Vec::new(), reason, text));
            }
        }
    }

    fn added_edge(
        &mut self,
        kind: &'static Kind,
        key: &str,
        ends: &Ends,
        refused: &mut BTreeMap<(String, Reason), Impossible>,
    ) {
        let parts: Vec<&str> = key.split(KEY_SEPARATOR).collect();
        let name = self.edge_name(&parts, ends);
        let subject = Subject {
            kind,
            key,
            address: key,
            name: Some(&name),
        };
        if self.is_refused(subject, &parts, ends, refused) {
            return;
        }
        match link::remove(subject) {
            Ok(draft) => self.push(draft),
            Err((reason, text)) => {
                self.impossible
                    .push(subject.impossible(Vec::new(), reason, text));
            }
        }
    }

    fn push(&mut self, mut draft: Draft) {
        risk::protect(&self.request.options, &mut draft);
        self.drafts.push(draft);
    }

    fn end<'e>(&self, id: &str, ends: &'e Ends) -> Option<&'e End> {
        ends.known.get(self.mapping.id(id))
    }

    fn is_there(&self, id: &str, ends: &Ends) -> bool {
        self.made.contains(id)
            || self.restored.contains(id)
            || self.kept.contains(id)
            || ends.present.contains(self.mapping.id(id))
    }

    fn edge_name(&self, parts: &[&str], ends: &Ends) -> String {
        let name = |id: &&str| {
            let there = self.end(id, ends).and_then(|end| end.name.clone());
            let gone = self.gone.get(*id).copied().flatten().map(str::to_owned);
            there.or(gone).unwrap_or_else(|| (*id).to_owned())
        };
        let names: Vec<String> = parts.iter().map(name).collect();
        names.join(" → ")
    }

    /// Whether the members of a group are not for us to write; told once for each group.
    fn is_refused(
        &self,
        subject: Subject<'_>,
        parts: &[&str],
        ends: &Ends,
        refused: &mut BTreeMap<(String, Reason), Impossible>,
    ) -> bool {
        if subject.kind.name != "group_member" {
            return false;
        }
        let group = parts[0];
        let end = self.end(group, ends);
        let (reason, text) = if end.is_some_and(|end| end.is_synchronised) {
            (
                Reason::OnPremises,
                "the group is synchronised from on-premises: change its members in Active Directory",
            )
        } else if end.is_some_and(|end| end.follows_rule) || self.ruled.contains(group) {
            (
                Reason::ReadOnly,
                "the members of the group follow a rule: bring the rule back, or the properties it asks for",
            )
        } else {
            return false;
        };
        refused
            .entry((group.to_owned(), reason))
            .or_insert_with(|| Impossible {
                kind: subject.kind.name.to_owned(),
                object: vec![group.to_owned()],
                name: end.and_then(|end| end.name.clone()),
                properties: Vec::new(),
                reason,
                text: text.to_owned(),
            });
        true
    }

    fn dangle(&mut self, subject: Subject<'_>, id: &str) {
        let Shape::Relationship(relationship) = subject.kind.shape else {
            return;
        };
        let known = self.gone.get(id).copied();
        let outcome = match known {
            Some(_) => "not added: the object is not there; select it too, or plan with its links",
            None => {
                "not added: the object is not there, and the wanted state does not have it either"
            }
        };
        self.dangling.push(Dangling {
            kind: subject.kind.name.to_owned(),
            object: subject.parts(),
            name: subject.name.map(str::to_owned),
            path: relationship.relation.to_owned(),
            target: id.to_owned(),
            target_name: known.flatten().map(str::to_owned),
            outcome: outcome.to_owned(),
        });
    }
}
