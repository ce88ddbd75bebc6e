//! The tenant: a state machine over [`Deed`]s, without any HTTP.
//!
//! Everything that happens goes through [`Tenant::apply`], which changes the objects, notes the change
//! for delta queries and writes the audit row. The clock stands still unless somebody moves it.

mod acts;
mod audit;
mod changes;
mod edges;
mod follow;
mod ids;
mod kinds;
mod mirrors;
mod options;
mod refusal;
mod seeding;
mod storage;

use std::collections::{BTreeSet, HashMap};

use catalog::{Kind, Shape};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use options::{DELEGATED_ONLY, TenantOptions};
pub use refusal::Refusal;

pub(crate) use changes::{ChangeLog, Sequence, What};
pub(crate) use edges::Edges;
pub(crate) use follow::end_of;
pub(crate) use ids::guid;
pub(crate) use kinds::{
    alternate_keys, index_of, is_soft_deleted, kind_at, living_kind, local_type, named,
    parent_count,
};
pub(crate) use storage::{Slot, State, Storage, key_of, nanoseconds, prefix_of, read, split_key};

use crate::deed::{Act, Deed, Properties};

/// Days an object stays in the recycle bin.
const BIN_DAYS: i64 = 30;

/// Binary content and its MIME type.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: bytes::Bytes,
}

/// A directory and everything Graph keeps about it.
#[derive(Debug)]
pub struct Tenant {
    options: TenantOptions,
    now: Timestamp,
    pub(crate) storage: Storage,
    pub(crate) edges: Edges,
    pub(crate) changes: ChangeLog,
    contents: HashMap<String, Content>,
    /// When which object leaves the recycle bin for ever.
    expiries: BTreeSet<(i64, Slot)>,
    ids: ids::Ids,
}

/// What a deed led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Changes the tenant has seen since it began, this one included.
    pub sequence: u64,
    /// Id of the row in `directoryAudits`; `None` for silent deeds and for updates that changed
    /// nothing.
    pub audit_id: Option<String>,
}

impl Tenant {
    /// An empty directory but for its organization.
    #[must_use]
    pub fn new(options: TenantOptions) -> Self {
        let mut tenant = Self {
            now: options.now,
            ids: ids::Ids::new(&options.tenant_id),
            options,
            storage: Storage::new(),
            edges: Edges::new(),
            changes: ChangeLog::default(),
            contents: HashMap::new(),
            expiries: BTreeSet::new(),
        };
        tenant.seed_organization();
        tenant
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Moves the clock, forwards only. What lay in the recycle bin for 30 days goes; so do log rows
    /// older than [`TenantOptions::log_retention_days`].
    pub fn set_now(&mut self, now: Timestamp) {
        if now <= self.now {
            return;
        }
        self.now = now;
        self.purge_expired();
        self.forget_old_rows();
        self.changes.forget(now);
    }

    /// What the tenant was made of; permissions and licences may change while it lives.
    #[must_use]
    pub fn options(&self) -> &TenantOptions {
        &self.options
    }

    /// [`Tenant::options`], to change.
    pub fn options_mut(&mut self) -> &mut TenantOptions {
        &mut self.options
    }

    /// Does one thing. The clock follows to [`Deed::at`] where that is later.
    pub fn apply(&mut self, deed: &Deed) -> Result<Applied, Refusal> {
        self.set_now(deed.at);
        let outcome = self.perform(&deed.act)?;
        let audit_id = match outcome {
            Some(outcome) if !deed.silent && !matches!(deed.act, Act::Log { .. }) => {
                Some(self.audit(deed, &outcome))
            }
            _ => None,
        };
        Ok(Applied {
            sequence: self.changes.next(),
            audit_id,
        })
    }

    /// The living object of an id, whole, as JSON text. `parents` are the ids in the path before its
    /// own, outermost first; the id of a singleton is empty.
    #[must_use]
    pub fn object(&self, kind: &Kind, parents: &[String], id: &str) -> Option<&str> {
        let slot = self.storage.find(kind, &key_of(parents, id))?;
        Some(&self.storage.object(slot).text)
    }

    /// Every living object of a kind, whole, as JSON text, in the order of ids.
    pub fn objects(&self, kind: &Kind) -> impl Iterator<Item = &str> {
        let slots = self.storage.live(kind, "", None);
        slots.map(|slot| &*self.storage.object(slot).text)
    }

    /// [`Tenant::objects`] without those below an object that is not alive, which nobody can read: they
    /// wait for it in the recycle bin.
    pub fn reachable(&self, kind: &'static Kind) -> impl Iterator<Item = &str> {
        let slots = self.storage.live(kind, "", None);
        let reachable = slots.filter(move |slot| self.is_reachable(kind, *slot));
        reachable.map(|slot| &*self.storage.object(slot).text)
    }

    fn is_reachable(&self, kind: &'static Kind, slot: Slot) -> bool {
        if self.kind(slot).name != kind.name {
            // Shown here too, but put elsewhere: its key names other parents.
            return true;
        }
        let (parents, _) = split_key(self.key(slot));
        let kinds = kind.addressing_parents();
        (0..parents.len()).zip(kinds).all(|(place, kind)| {
            let key = key_of(&parents[..place], &parents[place]);
            self.storage.find(kind, &key).is_some()
        })
    }

    /// How many objects of a kind live.
    #[must_use]
    pub fn count(&self, kind: &Kind) -> usize {
        self.storage.count_live(kind)
    }

    /// Every edge of a relationship kind between living objects: source id, target id, in lower case.
    pub fn links(&self, kind: &Kind) -> impl Iterator<Item = (&str, &str)> {
        let edges = self.edges.all(kind);
        let living =
            edges.filter(|(source, target)| self.is_live(*source) && self.is_live(*target));
        living.map(|(source, target)| (self.key(source), self.key(target)))
    }

    /// A new id as the service assigns them: the same ones in the same order for one tenant id.
    pub fn assign_id(&mut self) -> String {
        self.ids.next()
    }

    pub(crate) fn content(&self, path: &str) -> Option<&Content> {
        self.contents.get(&path.to_ascii_lowercase())
    }

    pub(crate) fn is_live(&self, slot: Slot) -> bool {
        self.storage.object(slot).state == State::Live
    }

    pub(crate) fn key(&self, slot: Slot) -> &str {
        &self.storage.object(slot).key
    }

    /// The id as the object spells it; the key's where the object is gone.
    pub(crate) fn id(&self, slot: Slot) -> std::borrow::Cow<'_, str> {
        let object = self.storage.object(slot);
        let (_, own) = split_key(&object.key);
        // Nearly every id is in lower case, as its key is.
        let quoted = format!("\"{own}\"");
        if object.text.is_empty() || object.text.contains(&quoted) {
            return own.into();
        }
        let spelt = read(&object.text, |root| {
            Some(root.get("id")?.text()?.into_owned())
        });
        spelt.map_or_else(|| own.into(), Into::into)
    }

    pub(crate) fn kind(&self, slot: Slot) -> &'static Kind {
        kind_at(self.storage.object(slot).kind)
    }

    /// The object's properties, parsed.
    pub(crate) fn properties(&self, slot: Slot) -> Properties {
        properties_of(&self.storage.object(slot).text)
    }

    fn purge_expired(&mut self) {
        let now = nanoseconds(self.now);
        while let Some((expiry, slot)) = self.expiries.first().copied()
            && expiry <= now
        {
            self.expiries.pop_first();
            if self.storage.object(slot).state == State::Binned {
                self.erase(slot);
            }
        }
    }

    fn forget_old_rows(&mut self) {
        let days = i64::from(self.options.log_retention_days);
        let Ok(oldest) = self.now.checked_sub(SignedDuration::from_hours(24 * days)) else {
            return;
        };
        let oldest = nanoseconds(oldest);
        let logs = catalog::kinds().iter().filter(|kind| {
            matches!(kind.shape, Shape::Event { .. }) && kind.path.starts_with("/auditLogs")
        });
        for kind in logs {
            let old: Vec<Slot> = self
                .storage
                .by_time(kind, i64::MIN, oldest)
                .map(|(_, slot)| slot)
                .collect();
            for slot in old {
                self.storage.move_to(slot, State::Gone);
            }
        }
    }
}

/// Properties of a text the tenant wrote.
pub(crate) fn properties_of(text: &str) -> Properties {
    serde_json::from_str(text).expect("because only serialised objects are stored")
}

/// The text the tenant keeps for these properties.
pub(crate) fn text_of(properties: &Properties) -> String {
    serde_json::to_string(properties).expect("because maps with text keys always serialise")
}

/// A property's text; `None` where it is missing or no text.
pub(crate) fn text_property<'p>(properties: &'p Properties, name: &str) -> Option<&'p str> {
    properties.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
