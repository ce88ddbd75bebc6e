//! Who is in which group at the start, by arithmetic, and what has changed since.

use super::chance::Deal;
use super::groups::{
    ALL_EMPLOYEES, ALL_GUESTS, FIRST_DEPARTMENT, FIRST_OFFICE, FIRST_ORDINARY, Style,
};
use super::people::{self, Person};
use super::{World, groups};

/// Sizes of everyday groups: most small, a few large. Each is as likely as the others.
const SIZES: [u32; 20] = [
    3, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 18, 22, 27, 33, 42, 55, 75, 110, 180,
];

impl World {
    /// Members a group without a rule has at the start, groups in it not counted.
    pub(super) fn dealt_count(&self, group: u32) -> u32 {
        if group < FIRST_ORDINARY || group >= self.sizes.groups {
            return 0;
        }
        let mut chance = self.key.chance("group size", u64::from(group));
        let size = match chance.below(400) {
            0 => 3_000,
            1..=9 => 400,
            _ => *chance.pick(&SIZES),
        };
        size.min(self.sizes.users / 3)
    }

    /// From which an everyday group's members are dealt.
    pub(super) fn deal(&self, group: u32) -> Deal {
        let mut chance = self.key.chance("group deal", u64::from(group));
        Deal::new(&mut chance, self.sizes.users - people::FIRST_ORDINARY)
    }

    /// User at a place of an everyday group's list of the start.
    pub(super) fn dealt(deal: &Deal, place: u32) -> u32 {
        people::FIRST_ORDINARY + deal.at(place)
    }

    /// Whether a user is in an everyday group by now.
    pub(super) fn is_member(&self, group: u32, user: u32) -> bool {
        if let Some(member) = self.state.memberships.get(&(group, user)) {
            return *member;
        }
        (people::FIRST_ORDINARY..self.sizes.users).contains(&user)
            && self.deal(group).position(user - people::FIRST_ORDINARY) < self.dealt_count(group)
    }

    /// Groups a rule puts somebody in, and the groups that give out their licences.
    pub(super) fn ruled_groups(person: &Person, department: Option<usize>) -> Vec<u32> {
        let mut groups = Vec::with_capacity(5);
        if person.is_guest() {
            groups.push(ALL_GUESTS);
        }
        if person.is_employee() {
            groups.push(ALL_EMPLOYEES);
            groups.extend(department.map(department_group));
            groups.push(office_group(person.office_number));
            let licences = person.licences.iter();
            groups.extend(licences.filter_map(|sku| Self::licence_group(*sku)));
        }
        groups
    }

    /// Department somebody is in by now; `None` where it is none of the company's.
    pub(super) fn department(&self, person: &Person) -> Option<usize> {
        match self.state.departments.get(&person.number) {
            Some(department) => *department,
            None => Some(person.department),
        }
    }

    /// Accounts in a group with a purpose.
    pub(super) fn purpose_members(group: u32) -> impl Iterator<Item = u32> {
        let members = groups::purpose_of(group).map_or(&[][..], |purpose| purpose.members);
        members
            .iter()
            .filter_map(|alias| super::company::account(alias))
    }

    /// A group inside an everyday group.
    pub(super) fn nested_group(&self, group: u32) -> Option<u32> {
        let inner = group + 1;
        let fits = group >= FIRST_ORDINARY
            && group.is_multiple_of(17)
            && inner < self.sizes.groups
            && self.group_style(group) == Style::Security
            && self.group_style(inner) == Style::Security;
        fits.then_some(inner)
    }

    /// Owners of a group at the start.
    pub(super) fn group_owners(&self, group: u32) -> Vec<u32> {
        if group < FIRST_ORDINARY || group >= self.sizes.groups {
            return super::company::account("adm.duval").into_iter().collect();
        }
        if self.group_style(group) == Style::Synced || group.is_multiple_of(23) {
            return Vec::new();
        }
        let deal = self.deal(group);
        let mut owners: Vec<u32> = (0..=(group % 2))
            .filter_map(|place| self.employee_near(Self::dealt(&deal, place)))
            .collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }
}

/// Group of a department.
pub(super) fn department_group(department: usize) -> u32 {
    FIRST_DEPARTMENT + u32::try_from(department).expect("because there are 14 departments")
}

/// Group of an office.
pub(super) fn office_group(office: usize) -> u32 {
    FIRST_OFFICE + u32::try_from(office).expect("because there are 10 offices")
}
