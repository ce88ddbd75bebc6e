//! What the service does by itself besides what it is asked for.
//!
//! One role that somebody holds is shown four times: as an assignment, as a PIM schedule, as the schedule's
//! instance, and as a member of the activated `directoryRole`. Whoever writes one of them changes all of them. A
//! Conditional Access policy shows its authentication strength whole.
//! The world tells its deeds whole and needs none of this.

mod groups;
mod policies;
mod roles;

use super::{Applied, Refusal, Slot, Tenant, key_of, read};
use crate::deed::{Act, Deed, Properties};

impl Tenant {
    /// Does one thing as the service does it for whoever asks: with everything that follows from it and leaves
    /// no audit row of its own. [`Tenant::apply`] does the one thing only.
    ///
    /// # Errors
    /// As [`Tenant::apply`].
    pub fn carry_out(&mut self, deed: &Deed) -> Result<Applied, Refusal> {
        let acts = self.consequences(&deed.act);
        let applied = self.apply(deed)?;
        for act in acts {
            self.apply(&Deed {
                at: deed.at,
                by: deed.by.clone(),
                act,
                activity: None,
                silent: true,
            })?;
        }
        Ok(Applied {
            sequence: self.changes.next(),
            audit_id: applied.audit_id,
        })
    }

    fn consequences(&self, act: &Act) -> Vec<Act> {
        match act {
            Act::Create {
                kind, properties, ..
            } => match kind.name {
                "directory_role" => self.members_of_activated(properties),
                "conditional_access_policy" => {
                    let id = super::text_property(properties, "id").unwrap_or_default();
                    self.strength_shown(id, properties).into_iter().collect()
                }
                name if roles::is_grant(name) => self.role_granted(kind, properties),
                name if groups::is_grant(name) => self.access_granted(kind, properties),
                _ => Vec::new(),
            },
            Act::Update {
                kind,
                id,
                properties,
                ..
            } => match kind.name {
                "conditional_access_policy" => {
                    self.strength_shown(id, properties).into_iter().collect()
                }
                "authentication_strength_policy" => self.strength_changed(id, properties),
                _ => Vec::new(),
            },
            Act::Delete { kind, parents, id } => {
                let count = super::parent_count(kind).min(parents.len());
                let slot = self.storage.find(kind, &key_of(&parents[..count], id));
                let Some(slot) = slot else { return Vec::new() };
                match kind.name {
                    name if roles::is_grant(name) => self.role_withdrawn(slot),
                    name if groups::is_grant(name) => self.access_withdrawn(slot),
                    _ => Vec::new(),
                }
            }
            Act::Link {
                kind,
                source,
                target,
            } if kind.name == "directory_role_member" => self.member_added(source, target),
            Act::Unlink {
                kind,
                source,
                target,
            } if kind.name == "directory_role_member" => self.member_removed(source, target),
            _ => Vec::new(),
        }
    }

    /// Living objects of a kind in which each of these properties has this value; null and a missing property are
    /// the same.
    pub(crate) fn having(&self, kind: &str, values: &[(&str, Option<&str>)]) -> Vec<Slot> {
        let all = self.storage.live(super::named(kind), "", None);
        let has_all = |slot: &Slot| {
            read(&self.storage.object(*slot).text, |root| {
                values.iter().all(|(name, value)| {
                    let own = root.get(name).and_then(model::Value::text);
                    match (own, value) {
                        (Some(own), Some(value)) => own.eq_ignore_ascii_case(value),
                        (None, None) => true,
                        _ => false,
                    }
                })
            })
        };
        all.filter(has_all).collect()
    }

    /// The act that deletes an object which stands below nothing.
    fn deletion(&self, slot: Slot) -> Act {
        Act::Delete {
            kind: self.kind(slot),
            parents: Vec::new(),
            id: self.key(slot).to_owned(),
        }
    }
}

/// The act that makes an object which stands below nothing.
fn creation(kind: &str, properties: serde_json::Value) -> Act {
    let serde_json::Value::Object(properties) = properties else {
        unreachable!("only objects are made");
    };
    Act::Create {
        kind: super::named(kind),
        parents: Vec::new(),
        properties,
    }
}

/// A member of an object's `scheduleInfo`, dots between the names.
fn scheduled<'p>(properties: &'p Properties, path: &str) -> Option<&'p str> {
    let first = properties.get("scheduleInfo")?;
    let found = path
        .split('.')
        .try_fold(first, |value, name| value.get(name));
    found?.as_str()
}

/// When a schedule ends: at the time it names, or so long after its start.
pub(crate) fn end_of(properties: &Properties) -> Option<String> {
    if let Some(end) = scheduled(properties, "expiration.endDateTime") {
        return Some(end.to_owned());
    }
    let start = scheduled(properties, "startDateTime")?;
    let start: jiff::Timestamp = start.parse().ok()?;
    let length: jiff::Span = scheduled(properties, "expiration.duration")?.parse().ok()?;
    let end = start
        .to_zoned(jiff::tz::TimeZone::UTC)
        .checked_add(length)
        .ok()?;
    Some(end.timestamp().to_string())
}
