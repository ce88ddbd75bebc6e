//! Edges between people, groups, devices and applications at the start.

use super::super::World;
use super::super::groups::{self, FIRST_ORDINARY, Style};
use super::super::people::Class;
use super::super::record::kind;
use crate::deed::Seed;

fn link(kind_name: &str, source: &str, target: String) -> Seed {
    Seed::Link {
        kind: kind(kind_name),
        source: source.to_owned(),
        target,
    }
}

impl World {
    pub(super) fn user_link_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let person = self.person(number);
        let id = self.user_id(number);
        if let Some(manager) = self.manager(&person) {
            seeds.push(link("user_manager", &id, self.user_id(manager)));
        }
        if person.is_guest()
            && let Some(sponsor) = self.sponsor(&person)
        {
            seeds.push(link("user_sponsor", &id, self.user_id(sponsor)));
        }
        for group in Self::ruled_groups(&person, Some(person.department)) {
            seeds.push(link("group_member", &self.group_id(group), id.clone()));
        }
        if number.is_multiple_of(6) && !matches!(person.class, Class::Account(_)) {
            let unit = u32::try_from(person.office_number).unwrap_or(0) % 3;
            if let Some(unit) = self.fixture_key(kind("administrative_unit"), unit) {
                seeds.push(link("administrative_unit_member", &unit, id));
            }
        }
    }

    pub(super) fn group_link_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let id = self.group_id(number);
        for owner in self.group_owners(number) {
            seeds.push(link("group_owner", &id, self.user_id(owner)));
        }
        if self.group_style(number) == Style::Dynamic {
            return;
        }
        for member in Self::purpose_members(number) {
            seeds.push(link("group_member", &id, self.user_id(member)));
        }
        if number >= FIRST_ORDINARY {
            let deal = self.deal(number);
            for place in 0..self.dealt_count(number) {
                seeds.push(link(
                    "group_member",
                    &id,
                    self.user_id(Self::dealt(&deal, place)),
                ));
            }
        }
        if let Some(inner) = self.nested_group(number) {
            seeds.push(link("group_member", &id, self.group_id(inner)));
        }
    }

    pub(super) fn device_link_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let id = self.device_id(number);
        if let Some(user) = self.device_user(number) {
            let user = self.user_id(user);
            seeds.push(link("device_registered_owner", &id, user.clone()));
            seeds.push(link("device_registered_user", &id, user));
        }
        let group = if number.is_multiple_of(11) {
            "devices-pilot"
        } else {
            "devices-windows"
        };
        if self.device_make(number).system == "Windows"
            && Self::is_managed(number)
            && let Some(group) = groups::purpose(group)
        {
            seeds.push(link("group_member", &self.group_id(group), id));
        }
    }

    pub(super) fn application_link_seeds(&self, number: u32, seeds: &mut Vec<Seed>) {
        let Some(owner) = self.application_owner(number) else {
            return;
        };
        let owner = self.user_id(owner);
        seeds.push(link(
            "application_owner",
            &self.application_id(number),
            owner.clone(),
        ));
        seeds.push(link(
            "service_principal_owner",
            &self.own_principal_id(number),
            owner,
        ));
    }
}
