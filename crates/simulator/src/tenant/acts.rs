//! What each act does to the state.

use catalog::{Kind, Shape};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::seeding::id_of;
use super::{
    BIN_DAYS, Refusal, Slot, State, Tenant, What, alternate_keys, index_of, is_soft_deleted,
    key_of, named, nanoseconds, text_of, text_property,
};
use crate::deed::{Act, Properties};

/// What an act changed, for the audit row.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The object it is about; the source of an edge.
    pub(super) slot: Slot,
    /// Its properties before; empty where it is new.
    pub(super) before: Properties,
    /// Its properties after; empty where it is gone.
    pub(super) after: Properties,
    /// The other end of an edge.
    pub(super) target: Option<Slot>,
}

impl Outcome {
    fn of_object(slot: Slot, before: Properties, after: Properties) -> Self {
        Self {
            slot,
            before,
            after,
            target: None,
        }
    }
}

impl Tenant {
    /// Performs an act; `None` where it changed nothing or no object is left to speak of.
    pub(super) fn perform(&mut self, act: &Act) -> Result<Option<Outcome>, Refusal> {
        match act {
            Act::Create {
                kind,
                parents,
                properties,
            } => {
                if self.is_mirrored(kind, parents, &id_of(kind, properties)?) {
                    return Ok(None);
                }
                self.create(kind, parents, properties).map(Some)
            }
            Act::Update {
                kind,
                parents,
                id,
                properties,
            } => self.update(kind, parents, id, properties),
            Act::Delete { kind, parents, id } => self.delete(kind, parents, id).map(Some),
            Act::Purge { kind, id } => self.purge(kind, id).map(Some),
            Act::Restore { kind, id } => self.restore(kind, id).map(Some),
            Act::Link {
                kind,
                source,
                target,
            } => self.link(kind, source, target).map(Some),
            Act::Unlink {
                kind,
                source,
                target,
            } => self.unlink(kind, source, target).map(Some),
            Act::Log { kind, properties } => {
                let id = id_of(kind, properties)?;
                let key = key_of(&[], &id);
                // Logs repeat rows; a client deduplicates them by id, and so does the listing.
                if self.storage.find(kind, &key).is_none() {
                    let text = text_of(properties);
                    self.storage.insert(kind, &key, &text, State::Live);
                }
                Ok(None)
            }
        }
    }

    fn create(
        &mut self,
        kind: &'static Kind,
        parents: &[String],
        properties: &Properties,
    ) -> Result<Outcome, Refusal> {
        let key = self.free_key(kind, parents, properties)?;
        let text = text_of(properties);
        let slot = self.storage.insert(kind, &key, &text, State::Live);
        self.mirror(slot);
        self.note(slot, What::Created);
        Ok(Outcome::of_object(
            slot,
            Properties::new(),
            properties.clone(),
        ))
    }

    fn update(
        &mut self,
        kind: &'static Kind,
        parents: &[String],
        id: &str,
        changes: &Properties,
    ) -> Result<Option<Outcome>, Refusal> {
        let parents = self.checked_parents(kind, parents)?;
        let Some(slot) = self.storage.find(kind, &key_of(parents, id)) else {
            if kind.shape == Shape::Singleton {
                return self.create(kind, parents, changes).map(Some);
            }
            return Err(not_found(kind, id));
        };
        let before = self.properties(slot);
        let mut after = before.clone();
        let mut changed: Vec<Box<str>> = Vec::new();
        for (name, value) in changes {
            if after.get(name).unwrap_or(&Value::Null) != value {
                changed.push(name.as_str().into());
            }
            after.insert(name.clone(), value.clone());
        }
        if changed.is_empty() {
            return Ok(None);
        }
        self.check_alternates(kind, &after, Some(slot))?;
        self.storage.replace(slot, &text_of(&after));
        self.note(slot, What::Changed(changed.into()));
        Ok(Some(Outcome::of_object(slot, before, after)))
    }

    fn delete(
        &mut self,
        kind: &'static Kind,
        parents: &[String],
        id: &str,
    ) -> Result<Outcome, Refusal> {
        let parents = self.checked_parents(kind, parents)?;
        let slot = self
            .storage
            .find(kind, &key_of(parents, id))
            .ok_or_else(|| not_found(kind, id))?;
        let before = self.properties(slot);
        for (relation, source) in self.edges_to(slot) {
            let what = What::Unlinked {
                relation: index_of(relation),
                target: slot,
                with_target: true,
            };
            self.note(source, what);
        }
        if is_soft_deleted(kind) {
            let mut after = before.clone();
            after.insert("deletedDateTime".to_owned(), self.now.to_string().into());
            self.storage.replace(slot, &text_of(&after));
            self.storage.move_to(slot, State::Binned);
            self.expire(slot, self.now);
            self.note(slot, What::Binned);
        } else {
            self.erase(slot);
        }
        Ok(Outcome::of_object(slot, before, Properties::new()))
    }

    fn purge(&mut self, kind: &'static Kind, id: &str) -> Result<Outcome, Refusal> {
        let slot = self.find_in_bin(kind, id)?;
        let before = self.properties(slot);
        self.erase(slot);
        Ok(Outcome::of_object(slot, before, Properties::new()))
    }

    fn restore(&mut self, kind: &'static Kind, id: &str) -> Result<Outcome, Refusal> {
        let slot = self.find_in_bin(kind, id)?;
        let before = self.properties(slot);
        let mut after = before.clone();
        after.insert("deletedDateTime".to_owned(), Value::Null);
        self.check_alternates(kind, &after, None)?;
        self.storage.replace(slot, &text_of(&after));
        self.storage.move_to(slot, State::Live);
        self.mirror(slot);
        self.note(slot, What::Created);
        for (relation, source) in self.edges_to(slot) {
            let what = What::Linked {
                relation: index_of(relation),
                target: slot,
            };
            self.note(source, what);
        }
        Ok(Outcome::of_object(slot, before, after))
    }

    fn link(
        &mut self,
        kind: &'static Kind,
        source: &str,
        target: &str,
    ) -> Result<Outcome, Refusal> {
        let (from, to) = self.ends(kind, source, target)?;
        let Shape::Relationship(relationship) = kind.shape else {
            return Err(no_relationship(kind));
        };
        if relationship.single {
            let old: Vec<Slot> = self.edges.targets(kind, from, None).collect();
            for old in old.into_iter().filter(|old| *old != to) {
                self.cut(kind, from, old);
            }
        }
        if !self.edges.insert(kind, from, to) {
            return Err(Refusal::Exists {
                kind: kind.name,
                property: relationship.relation,
                value: target.to_owned(),
            });
        }
        let what = What::Linked {
            relation: index_of(kind),
            target: to,
        };
        self.note(from, what);
        Ok(self.edge_outcome(from, to))
    }

    fn unlink(
        &mut self,
        kind: &'static Kind,
        source: &str,
        target: &str,
    ) -> Result<Outcome, Refusal> {
        let (from, to) = self.ends(kind, source, target)?;
        if !self.edges.contains(kind, from, to) {
            return Err(Refusal::NoEdge {
                relation: kind.name,
                source_id: source.to_owned(),
                target_id: target.to_owned(),
            });
        }
        self.cut(kind, from, to);
        Ok(self.edge_outcome(from, to))
    }

    fn cut(&mut self, kind: &Kind, source: Slot, target: Slot) {
        self.edges.remove(kind, source, target);
        let what = What::Unlinked {
            relation: index_of(kind),
            target,
            with_target: false,
        };
        self.note(source, what);
    }

    fn edge_outcome(&self, source: Slot, target: Slot) -> Outcome {
        Outcome {
            slot: source,
            before: Properties::new(),
            after: self.properties(source),
            target: Some(target),
        }
    }

    /// The two living ends of an edge.
    pub(super) fn ends(
        &self,
        kind: &'static Kind,
        source: &str,
        target: &str,
    ) -> Result<(Slot, Slot), Refusal> {
        let (Shape::Relationship(relationship), Some(parent)) = (kind.shape, kind.parent) else {
            return Err(no_relationship(kind));
        };
        let unknown = |id: &str| Refusal::UnknownEnd {
            relation: kind.name,
            id: id.to_owned(),
        };
        let from = self.storage.find(named(parent), &key_of(&[], source));
        let declared = catalog::by_name(relationship.target);
        let to = declared
            .and_then(|kind| self.storage.find(kind, &key_of(&[], target)))
            .or_else(|| self.storage.find_directory_object(target));
        match (from, to) {
            (Some(from), Some(to)) => Ok((from, to)),
            (None, _) => Err(unknown(source)),
            (_, None) => Err(unknown(target)),
        }
    }

    /// Edges that lead to an object, by relationship kind and source. Sources in the recycle bin count:
    /// once they are back, a reader who never missed them must hear what they lost meanwhile.
    fn edges_to(&self, target: Slot) -> Vec<(&'static Kind, Slot)> {
        let relations = catalog::kinds()
            .iter()
            .filter(|kind| kind.is_relationship());
        let edges = relations.flat_map(|kind| {
            let sources = self.edges.sources(kind, target, None);
            sources.map(move |source| (*kind, source))
        });
        edges
            .filter(|(_, source)| self.storage.object(*source).state != State::Gone)
            .collect()
    }

    /// Takes an object away for ever, with its children and its edges.
    pub(super) fn erase(&mut self, slot: Slot) {
        self.note(slot, What::Purged);
        self.unmirror(slot);
        self.erase_children(slot);
        let relations = catalog::kinds()
            .iter()
            .filter(|kind| kind.is_relationship());
        for kind in relations {
            let targets: Vec<Slot> = self.edges.targets(kind, slot, None).collect();
            let sources: Vec<Slot> = self.edges.sources(kind, slot, None).collect();
            for target in targets {
                self.edges.remove(kind, slot, target);
            }
            for source in sources {
                self.edges.remove(kind, source, slot);
            }
        }
        self.storage.move_to(slot, State::Gone);
    }

    fn erase_children(&mut self, slot: Slot) {
        let kind = self.kind(slot);
        let prefix = format!("{}\u{1}", self.key(slot));
        let families = catalog::kinds().iter().filter(|child| {
            child.parent == Some(kind.name) && !child.is_relationship() && child.path.contains('{')
        });
        let children: Vec<Slot> = families
            .flat_map(|child| self.storage.live(child, &prefix, None))
            .collect();
        for child in children {
            self.erase(child);
        }
    }

    pub(super) fn check_alternates(
        &self,
        kind: &'static Kind,
        properties: &Properties,
        own: Option<Slot>,
    ) -> Result<(), Refusal> {
        for property in alternate_keys(kind) {
            let Some(value) = text_property(properties, property) else {
                continue;
            };
            let holder = self.storage.find_alternate(kind, property, value);
            if holder.is_some() && holder != own {
                return Err(Refusal::Exists {
                    kind: kind.name,
                    property,
                    value: value.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Notes the time an object in the bin goes for ever.
    pub(super) fn expire(&mut self, slot: Slot, deleted: Timestamp) {
        let expiry = deleted
            .checked_add(SignedDuration::from_hours(24 * BIN_DAYS))
            .unwrap_or(Timestamp::MAX);
        self.expiries.insert((nanoseconds(expiry), slot));
    }

    pub(super) fn note(&mut self, slot: Slot, what: What) {
        self.changes.push(self.now, slot, what);
    }

    fn find_in_bin(&self, kind: &'static Kind, id: &str) -> Result<Slot, Refusal> {
        let slot = self.storage.find_binned(kind, &key_of(&[], id));
        slot.ok_or_else(|| not_found(kind, id))
    }
}

fn not_found(kind: &'static Kind, id: &str) -> Refusal {
    Refusal::NotFound {
        kind: kind.name,
        id: id.to_owned(),
    }
}

fn no_relationship(kind: &'static Kind) -> Refusal {
    Refusal::Invalid {
        kind: kind.name,
        reason: "not a relationship",
    }
}
