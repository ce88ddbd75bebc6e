//! An invented company's tenant that lives day by day, with incidents to find in it.
//!
//! The world is arithmetic: every object is a function of the seed and its number, so a million
//! users are streamed without being held. What it remembers is what has happened since: who came and
//! went, which memberships changed, which policies. The tenant that keeps the objects is somebody
//! else's; the two speak in [`Seed`]s and [`Deed`]s.
//!
//! The same options give the same seeds and deeds, byte for byte, on every machine: no clock, no hash
//! map's order, no floating point.

mod applications;
mod chance;
mod company;
mod consent;
mod devices;
mod filler;
mod first_party;
mod fixtures;
mod groups;
mod incidents;
mod life;
mod membership;
mod methods;
mod names;
mod people;
mod principals;
mod record;
mod roles;
mod seeds;
mod sign_ins;
mod state;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::deed::{Deed, Seed};

use chance::Key;
use fixtures::Fixtures;
pub use incidents::Planted;
use state::State;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Fewer users than this could not fill the parts of the story.
const LEAST_USERS: u32 = 60;

/// How a [`World`] is made.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Everything follows from it.
    pub seed: u64,
    /// Users at the start, guests and the accounts of programs included; fewer than 60 are taken as
    /// 60.
    pub users: u32,
    /// First moment of day 0; midnight UTC gives office hours their place in the day.
    pub start: Timestamp,
    /// How many days the caller means to live; the incidents are laid out to fit.
    pub days: u32,
    /// Whether there are incidents to find.
    pub incidents: bool,
    /// Name of the company; its domain is the name's letters and `.example`.
    pub tenant_name: String,
}

impl Default for WorldOptions {
    /// Orrery Quay, makers of navigation instruments: 1,300 users, 90 days from Monday, 5 January
    /// 2026, with incidents.
    fn default() -> Self {
        Self {
            seed: 1,
            users: 1_300,
            start: Timestamp::from_second(1_767_571_200).expect("because it is a date in 2026"),
            days: 90,
            incidents: true,
            tenant_name: "Orrery Quay".to_owned(),
        }
    }
}

/// How many there are of each population at the start.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    users: u32,
    groups: u32,
    devices: u32,
    applications: u32,
    principals: u32,
}

impl Sizes {
    fn of(users: u32) -> Self {
        let applications = applications::NAMED_COUNT.max(users / 50 + 15);
        Self {
            users,
            groups: groups::FIRST_ORDINARY + users / 8,
            devices: users / 10 * 6,
            applications,
            principals: applications + principals::OTHERS,
        }
    }
}

/// A tenant and its life so far.
#[derive(Debug)]
pub struct World {
    options: WorldOptions,
    key: Key,
    sizes: Sizes,
    tenant_id: String,
    domain: String,
    initial_domain: String,
    fixtures: Fixtures,
    state: State,
    truth: Vec<Planted>,
}

impl World {
    /// A world on the eve of its first day.
    #[must_use]
    pub fn new(mut options: WorldOptions) -> Self {
        options.users = options.users.max(LEAST_USERS);
        let key = Key::new(options.seed);
        let mut label = names::fold(&options.tenant_name);
        label.retain(|letter| letter.is_ascii_alphanumeric());
        if label.is_empty() {
            label.push_str("tenant");
        }
        Self {
            key,
            sizes: Sizes::of(options.users),
            tenant_id: key.guid("tenant", 0),
            domain: format!("{label}.example"),
            initial_domain: format!("{label}.onmicrosoft.example"),
            fixtures: Fixtures::read(),
            state: State::default(),
            truth: Vec::new(),
            options,
        }
    }

    /// Id of the tenant, a GUID.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// Domain of the users' names (`orreryquay.example`).
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The state at the start, made while it is read: objects before their children, every edge
    /// after all objects. Days lived since make no difference to it.
    pub fn seeds(&mut self) -> impl Iterator<Item = Seed> + '_ {
        seeds::Seeds::new(self)
    }

    /// The next day's deeds in order of time.
    pub fn live_day(&mut self) -> Vec<Deed> {
        life::live_day(self)
    }

    /// What the incidents so far really were, in order of time.
    #[must_use]
    pub fn truth(&self) -> &[Planted] {
        &self.truth
    }

    /// The moment `seconds` after the start, before it where negative.
    fn moment(&self, seconds: i64) -> Timestamp {
        let second = self.options.start.as_second().saturating_add(seconds);
        Timestamp::from_second(second).unwrap_or(self.options.start)
    }

    /// [`World::moment`] as Graph writes it.
    fn written(&self, seconds: i64) -> String {
        self.moment(seconds).to_string()
    }

    /// A moment of the `days` before the start, as Graph writes it.
    fn past(&self, chance: &mut chance::Chance, days: u32) -> String {
        let seconds = i64::from(chance.below(days.max(1))) * DAY + i64::from(chance.below(86_400));
        self.written(-seconds - 1)
    }
}
