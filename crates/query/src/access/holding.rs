//! What rows say of who is in what and holds what.

use super::facts::{Relation, Tie, Window};
use super::ids::Node;
use super::privilege::{Privilege, scope};
use super::reading::{Reader, Row};
use super::schedule::{schedule, window};
use super::telling::TELLING;

impl Reader {
    fn tie(&mut self, row: &Row<'_>, relation: Relation, from: Node, to: Node, window: Window) {
        let window = self.facts.window(window);
        self.facts.ties.push(Tie {
            from,
            to,
            ordinal: row.ordinal,
            window,
            telling: row.telling,
            relation,
        });
    }

    pub(super) fn group_member(&mut self, row: &Row<'_>) {
        if let (Some(group), Some(member)) = (self.node(row, 0), self.node(row, 1)) {
            self.tie(row, Relation::Member, member, group, Window::ALWAYS);
        }
    }

    pub(super) fn owner(&mut self, row: &Row<'_>) {
        if let (Some(owned), Some(owner)) = (self.node(row, 0), self.node(row, 1)) {
            self.tie(row, Relation::Owner, owner, owned, Window::ALWAYS);
        }
    }

    pub(super) fn pim_group_instance(&mut self, row: &Row<'_>) {
        self.pim_group(row, window(row.time(3), row.time(4)));
    }

    pub(super) fn pim_group_schedule(&mut self, row: &Row<'_>) {
        if let Some(window) = schedule(&row.json(3), row.text(4)) {
            self.pim_group(row, window);
        }
    }

    fn pim_group(&mut self, row: &Row<'_>, window: Window) {
        let eligible = TELLING[row.telling as usize].kind.contains("eligibility");
        let relation = match (row.text(2), eligible) {
            (Some("member"), false) => Relation::Member,
            (Some("member"), true) => Relation::EligibleMember,
            (Some("owner"), false) => Relation::Owner,
            (Some("owner"), true) => Relation::EligibleOwner,
            _ => return,
        };
        if let (Some(group), Some(principal)) = (self.node(row, 0), self.node(row, 1)) {
            self.tie(row, relation, principal, group, window);
        }
    }

    pub(super) fn role_assignment(&mut self, row: &Row<'_>) {
        self.holds_role(row, Window::ALWAYS);
    }

    pub(super) fn role_instance(&mut self, row: &Row<'_>) {
        self.holds_role(row, window(row.time(4), row.time(5)));
    }

    pub(super) fn role_schedule(&mut self, row: &Row<'_>) {
        if let Some(window) = schedule(&row.json(4), row.text(5)) {
            self.holds_role(row, window);
        }
    }

    fn holds_role(&mut self, row: &Row<'_>, window: Window) {
        let eligible = TELLING[row.telling as usize].kind.contains("eligibility");
        let relation = if eligible {
            Relation::Eligible
        } else {
            Relation::Assigned
        };
        let (Some(principal), Some(role)) = (self.node(row, 0), self.node(row, 1)) else {
            return;
        };
        let scope = scope(row.text(2), row.text(3)).into();
        let held = self.facts.privilege(Privilege::Role { role, scope });
        self.tie(row, relation, principal, held, window);
    }

    pub(super) fn role_member(&mut self, row: &Row<'_>) {
        let (Some(role), Some(member)) = (self.node(row, 0), self.node(row, 1)) else {
            return;
        };
        let template = self.directory_roles.get(&role).copied().unwrap_or(role);
        let held = self.tenant_role(template);
        self.tie(row, Relation::Assigned, member, held, Window::ALWAYS);
    }

    pub(super) fn scoped_member(&mut self, row: &Row<'_>) {
        let member = row.json(2);
        let (Some(role), Some(unit), Some(member)) =
            (self.node(row, 0), row.text(1), member["id"].as_str())
        else {
            return;
        };
        let role = self.directory_roles.get(&role).copied().unwrap_or(role);
        let scope = format!("/administrativeUnits/{}", model::fold_id(unit)).into();
        let member = self.facts.ids.object(member);
        let held = self.facts.privilege(Privilege::Role { role, scope });
        self.tie(row, Relation::Assigned, member, held, Window::ALWAYS);
    }

    pub(super) fn app_role_assignment(&mut self, row: &Row<'_>) {
        let (Some(principal), Some(resource), Some(app_role)) =
            (self.node(row, 0), self.node(row, 1), self.node(row, 2))
        else {
            return;
        };
        let held = self
            .facts
            .privilege(Privilege::AppRole { resource, app_role });
        self.tie(row, Relation::Granted, principal, held, Window::ALWAYS);
    }

    pub(super) fn consent(&mut self, row: &Row<'_>) {
        let wanted = self.value.as_deref().unwrap_or_default();
        let scopes = row.text(3).unwrap_or_default();
        let Some(value) = scopes
            .split_whitespace()
            .find(|value| value.eq_ignore_ascii_case(wanted))
        else {
            return;
        };
        let user = self.node(row, 2);
        if let (Some(client), Some(resource)) = (self.node(row, 0), self.node(row, 1)) {
            let held = self.facts.privilege(Privilege::Delegated {
                resource,
                value: value.into(),
                user,
            });
            self.tie(row, Relation::Consented, client, held, Window::ALWAYS);
        }
    }
}
