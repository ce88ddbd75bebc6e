//! A day of the company: who comes and goes, what is changed, what merely ticks.
//!
//! People work from Monday to Friday, in the daytime; machines tick every day. The share of users,
//! groups and devices that change is the same whatever the size.

mod machines;
pub(super) mod people;
pub(super) mod privileged;
pub(super) mod work;

use std::collections::BTreeSet;

use super::chance::Chance;
use super::people::{FIRST_ORDINARY, Person};
use super::record::kind;
use super::{DAY, World, company, groups, incidents, sign_ins};
use crate::deed::{Act, Actor, Deed, Properties};
use catalog::Kind;

/// Lives the next day: everyday life, then the incidents of that day.
pub(super) fn live_day(world: &mut World) -> Vec<Deed> {
    let number = world.state.day;
    if number == 0 {
        for (kind, id, since) in world.bin_at_start() {
            let purged = u32::try_from((since + 30 * DAY) / DAY).unwrap_or(0);
            world.state.bin.entry(purged).or_default().push((kind, id));
        }
    }
    let begin = i64::from(number) * DAY;
    let weekday = (world.moment(begin).as_second().div_euclid(DAY) + 3).rem_euclid(7);
    let busy = [1_000, 1_100, 1_050, 1_000, 850, 60, 40][usize::try_from(weekday).unwrap_or(0)];
    let chance = world.key.chance("day", u64::from(number));
    let there = There {
        users: world.user_count(),
        groups: world.group_count(),
        devices: world.device_count(),
    };
    let mut day = Day {
        world,
        number,
        begin,
        busy,
        chance,
        there,
        moved: BTreeSet::new(),
        deeds: Vec::new(),
    };
    people::leave(&mut day);
    machines::live(&mut day);
    people::live(&mut day);
    work::live(&mut day);
    privileged::live(&mut day);
    sign_ins::live(&mut day);
    if day.world.options.incidents {
        incidents::live(&mut day);
    }
    privileged::expire(&mut day);
    let mut deeds = day.deeds;
    // Stable: what happens in one second happens in the order it was thought of.
    deeds.sort_by_key(|deed| deed.at);
    world.state.day += 1;
    deeds
}

/// A day while it is lived.
pub(super) struct Day<'w> {
    pub(super) world: &'w mut World,
    pub(super) number: u32,
    /// Its first second, from the start.
    pub(super) begin: i64,
    /// How much of a usual day's work is done, in thousandths.
    pub(super) busy: u32,
    pub(super) chance: Chance,
    pub(super) there: There,
    /// Users who got another department today.
    pub(super) moved: BTreeSet<u32>,
    deeds: Vec<Deed>,
}

/// How many there were in the morning: nobody changes what comes only in the course of the day.
#[derive(Debug, Clone, Copy)]
pub(super) struct There {
    pub(super) users: u32,
    pub(super) groups: u32,
    pub(super) devices: u32,
}

impl Day<'_> {
    /// A second in office hours.
    pub(super) fn office_time(&mut self) -> i64 {
        self.begin + 7 * 3_600 + i64::from(self.chance.below(9 * 3_600))
    }

    /// Any second of the day but its last hour, which is left to consequences.
    pub(super) fn any_time(&mut self) -> i64 {
        self.begin + i64::from(self.chance.below(23 * 3_600))
    }

    /// How often something happens that happens to `per_million` of a million on a usual day.
    pub(super) fn count(&mut self, population: u32, per_million: u32) -> u32 {
        self.chance
            .count(population, per_million * self.busy / 1_000)
    }

    /// Something that happens, with its audit event.
    pub(super) fn deed(&mut self, at: i64, by: &Actor, act: Act) {
        self.push(at, by, act, None, false);
    }

    /// Something that happens, with an audit event of its own name.
    pub(super) fn named_deed(
        &mut self,
        at: i64,
        by: &Actor,
        act: Act,
        activity: (&'static str, &'static str),
    ) {
        self.push(at, by, act, Some(activity), false);
    }

    /// Bookkeeping of the service, without an audit event.
    pub(super) fn tick(&mut self, at: i64, act: Act) {
        self.push(at, &Actor::Service, act, None, true);
    }

    pub(super) fn push(
        &mut self,
        at: i64,
        by: &Actor,
        act: Act,
        activity: Option<(&'static str, &'static str)>,
        silent: bool,
    ) {
        let at = self.world.moment(at);
        self.deeds.push(Deed {
            at,
            by: by.clone(),
            act,
            activity,
            silent,
        });
    }

    /// An administrator at the office.
    pub(super) fn admin(&self, alias: &str) -> Actor {
        let number = company::account(alias).expect("because the story names its accounts only");
        self.user_actor(number, &format!("198.51.100.{}", 20 + number))
    }

    pub(super) fn user_actor(&self, number: u32, address: &str) -> Actor {
        let person = self.world.person(number);
        Actor::User {
            id: self.world.user_id(number),
            name: self.world.upn(&person),
            address: address.to_owned(),
        }
    }

    /// One of the two at the helpdesk.
    pub(super) fn helpdesk(&mut self) -> Actor {
        let alias = *self.chance.pick(&["adm.lindqvist", "adm.menon"]);
        self.admin(alias)
    }

    /// An application by its alias.
    pub(super) fn app(&self, alias: &str) -> Actor {
        let number = self
            .world
            .principal(alias)
            .expect("because the story names its applications only");
        Actor::App {
            id: self.world.principal_id(number),
            app_id: self.world.principal_app_id(number),
            name: self.world.principal_name(number),
        }
    }

    /// Who writes an employee's particulars: the company's own directory, or the HR application.
    pub(super) fn hr(&self, person: &Person) -> Actor {
        match person.class {
            super::people::Class::Synced => self.admin("sync.bergen"),
            _ => self.app("hr"),
        }
    }

    /// Some employee who is still there.
    pub(super) fn some_employee(&mut self) -> Option<Person> {
        self.some_user(Person::is_employee)
    }

    /// Some user of a sort who is still there.
    pub(super) fn some_user(&mut self, wanted: impl Fn(&Person) -> bool) -> Option<Person> {
        let count = self.there.users - FIRST_ORDINARY;
        (0..60).find_map(|_| {
            let number = FIRST_ORDINARY + self.chance.below(count);
            if self.world.state.gone.contains(&number) {
                return None;
            }
            Some(self.world.person(number)).filter(&wanted)
        })
    }

    /// Puts somebody into a group or takes them out.
    pub(super) fn member(&mut self, at: i64, by: &Actor, group: u32, user: u32, there: bool) {
        if group >= groups::FIRST_ORDINARY {
            self.world.state.memberships.insert((group, user), there);
        }
        let (source, target) = (self.world.group_id(group), self.world.user_id(user));
        let act = edge("group_member", source, target, there);
        self.deed(at, by, act);
    }
}

/// A new edge, or an edge less.
pub(super) fn edge(name: &str, source: String, target: String, there: bool) -> Act {
    Act::edge(kind(name), source, target, there)
}

/// A new object without a parent.
pub(super) fn create(name: &str, properties: Properties) -> Act {
    Act::Create {
        kind: kind(name),
        parents: Vec::new(),
        properties,
    }
}

/// A new object under a parent.
pub(super) fn create_under(name: &str, parent: String, properties: Properties) -> Act {
    Act::Create {
        kind: kind(name),
        parents: vec![parent],
        properties,
    }
}

/// New values of an object without a parent.
pub(super) fn update(name: &str, id: String, properties: Properties) -> Act {
    Act::Update {
        kind: kind(name),
        parents: Vec::new(),
        id,
        properties,
    }
}

/// An object without a parent goes.
pub(super) fn delete(name: &str, id: String) -> Act {
    Act::Delete {
        kind: kind(name),
        parents: Vec::new(),
        id,
    }
}

/// A row of a log.
pub(super) fn log(name: &str, properties: Properties) -> Act {
    let kind: &'static Kind = kind(name);
    Act::Log { kind, properties }
}
