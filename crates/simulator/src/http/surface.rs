//! One request to Graph and what it can see.

use std::collections::HashMap;
use std::sync::Mutex;

use super::address::Address;
use super::oauth::Session;
use crate::tenant::{Slot, Tenant};

/// Header fields, names in any case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl Headers {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let found = fields.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a preference: `Prefer: return=minimal, odata.maxpagesize=5`.
    pub(crate) fn preference(&self, name: &str) -> Option<&str> {
        let fields = self
            .0
            .iter()
            .filter(|(own, _)| own.eq_ignore_ascii_case("prefer"));
        let preferences = fields.flat_map(|(_, value)| value.split([',', ';']));
        preferences.map(str::trim).find_map(|preference| {
            let (own, value) = preference.split_once('=').unwrap_or((preference, ""));
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// New objects some replicas do not have yet, and for how many more requests.
#[derive(Debug, Default)]
pub(crate) struct Lagging(Mutex<HashMap<Slot, u32>>);

impl Lagging {
    /// Hides a new object from as many requests for it.
    pub(crate) fn hide(&self, slot: Slot, requests: u32) {
        if requests > 0 {
            self.slots().insert(slot, requests);
        }
    }

    /// Whether a request that would show the object does not yet: each brings it nearer.
    pub(crate) fn hides_once(&self, slot: Slot) -> bool {
        let mut slots = self.slots();
        let Some(left) = slots.get_mut(&slot) else {
            return false;
        };
        *left -= 1;
        if *left == 0 {
            slots.remove(&slot);
        }
        true
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<Slot, u32>> {
        self.0
            .lock()
            .expect("because nothing panics while it holds this lock")
    }
}

/// A request that reads.
pub(crate) struct Call<'c> {
    pub(crate) tenant: &'c Tenant,
    pub(crate) address: &'c Address,
    pub(crate) headers: &'c Headers,
    /// Scheme, host and version: what links begin with.
    pub(crate) root: String,
    pub(crate) session: &'c Session,
    pub(crate) lagging: &'c Lagging,
    pub(crate) settings: Settings,
}

/// Behaviour of the service that tests vary.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) declines_expansions: bool,
    pub(crate) delta_members_per_page: usize,
    pub(crate) expired_delta: crate::faults::ExpiredDelta,
    pub(crate) delta_generation: u64,
    pub(crate) replay_delta: bool,
    pub(crate) omit_deleted_members: bool,
    pub(crate) untold_in_delta: Option<String>,
    pub(crate) log_delay_minutes: u32,
}

impl Call<'_> {
    /// Whether the request asked for the index that lags, which answers advanced queries.
    pub(crate) fn is_eventual(&self) -> bool {
        let level = self.headers.get("ConsistencyLevel");
        let counts = self.address.query.get("$count") == Some("true");
        let is_count = self.address.path.ends_with("/$count");
        level.is_some_and(|level| level.eq_ignore_ascii_case("eventual")) && (counts || is_count)
    }

    pub(crate) fn preferred_page_size(&self) -> Option<usize> {
        self.headers.preference("odata.maxpagesize")?.parse().ok()
    }

    /// Whether this replica has the object already.
    pub(crate) fn sees(&self, slot: Slot) -> bool {
        !self.lagging.hides_once(slot)
    }
}
