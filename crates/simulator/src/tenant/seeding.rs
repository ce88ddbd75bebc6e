//! What is there when the world begins: no audit rows, no changes for delta queries.

use catalog::Kind;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Content, Refusal, State, Tenant, key_of, named, parent_count, text_of};
use crate::deed::{Properties, Seed};

impl Tenant {
    /// Puts an object, edge or content where it belongs. Edges come after both their ends, children
    /// after their parents. The organization may be seeded although one is there: it takes its place.
    pub fn seed(&mut self, seed: Seed) -> Result<(), Refusal> {
        match seed {
            Seed::Object {
                kind,
                parents,
                properties,
            } => self.seed_object(kind, &parents, &properties),
            Seed::Link {
                kind,
                source,
                target,
            } => {
                let (from, to) = self.ends(kind, &source, &target)?;
                self.edges.insert(kind, from, to);
                Ok(())
            }
            Seed::Deleted { kind, properties } => self.seed_deleted(kind, &properties),
            Seed::Content {
                path,
                media_type,
                bytes,
            } => {
                let content = Content {
                    media_type,
                    bytes: bytes.into(),
                };
                self.contents.insert(path.to_ascii_lowercase(), content);
                Ok(())
            }
        }
    }

    fn seed_object(
        &mut self,
        kind: &'static Kind,
        parents: &[String],
        properties: &Properties,
    ) -> Result<(), Refusal> {
        if kind.name == "organization" {
            let seeded: Vec<_> = self.storage.live(kind, "", None).collect();
            for slot in seeded {
                self.storage.move_to(slot, State::Gone);
            }
        }
        if self.is_mirrored(kind, parents, &id_of(kind, properties)?) {
            return Ok(());
        }
        let key = self.free_key(kind, parents, properties)?;
        let slot = self
            .storage
            .insert(kind, &key, &text_of(properties), State::Live);
        self.mirror(slot);
        Ok(())
    }

    fn seed_deleted(
        &mut self,
        kind: &'static Kind,
        properties: &Properties,
    ) -> Result<(), Refusal> {
        let id = id_of(kind, properties)?;
        let slot =
            self.storage
                .insert(kind, &key_of(&[], &id), &text_of(properties), State::Binned);
        let deleted = properties
            .get("deletedDateTime")
            .and_then(Value::as_str)
            .and_then(|text| text.parse::<Timestamp>().ok());
        self.expire(slot, deleted.unwrap_or(self.now));
        Ok(())
    }

    pub(super) fn seed_organization(&mut self) {
        let organization = json!({
            "id": self.options.tenant_id,
            "displayName": self.options.organization,
            "createdDateTime": self.now.to_string(),
            "tenantType": "AAD",
            "verifiedDomains": [],
        });
        let Value::Object(properties) = organization else {
            unreachable!("the literal above is an object");
        };
        self.storage.insert(
            named("organization"),
            &key_of(&[], &self.options.tenant_id),
            &text_of(&properties),
            State::Live,
        );
    }

    /// The key a new object will have, after its parents and unique values were checked.
    pub(super) fn free_key(
        &self,
        kind: &'static Kind,
        parents: &[String],
        properties: &Properties,
    ) -> Result<String, Refusal> {
        let parents = self.checked_parents(kind, parents)?;
        let id = id_of(kind, properties)?;
        let key = key_of(parents, &id);
        if self.storage.find(kind, &key).is_some() || self.storage.find_binned(kind, &key).is_some()
        {
            return Err(Refusal::Exists {
                kind: kind.name,
                property: "id",
                value: id,
            });
        }
        self.check_alternates(kind, properties, None)?;
        Ok(key)
    }

    /// The parents that stand in the kind's path; more may be given, as for kinds that Graph lists for
    /// all parents at once.
    pub(super) fn checked_parents<'p>(
        &self,
        kind: &'static Kind,
        parents: &'p [String],
    ) -> Result<&'p [String], Refusal> {
        let count = parent_count(kind);
        let Some(parents) = parents.get(..count) else {
            return Err(Refusal::Invalid {
                kind: kind.name,
                reason: "too few parents for its path",
            });
        };
        let Some((last, before)) = parents.split_last() else {
            return Ok(parents);
        };
        let parent = kind.parent.map(named);
        match parent.map(|parent| self.storage.find(parent, &key_of(before, last))) {
            Some(Some(_)) => Ok(parents),
            _ => Err(Refusal::NotFound {
                kind: kind.parent.unwrap_or(kind.name),
                id: last.clone(),
            }),
        }
    }
}

/// The id among an object's properties: empty for a singleton, whose path says all.
pub(super) fn id_of(kind: &Kind, properties: &Properties) -> Result<String, Refusal> {
    if kind.shape == catalog::Shape::Singleton {
        return Ok(String::new());
    }
    let key = kind.key.unwrap_or("id");
    let value = properties.get(key).or_else(|| properties.get("id"));
    match value.and_then(Value::as_str) {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(Refusal::Invalid {
            kind: kind.name,
            reason: "no id among the properties",
        }),
    }
}
