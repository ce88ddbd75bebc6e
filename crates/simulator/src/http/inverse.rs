//! Lists the catalogue has no template for, because what they hold is read elsewhere: the other ends of
//! edges, and grants seen from the side of a user or client.

use std::collections::BTreeSet;

use catalog::Kind;

use super::source::Source;
use crate::tenant::{Slot, Tenant, named, read};

/// The kind and objects of `/{object}/{name}`; `None` where there is no such list.
pub(crate) fn sources(tenant: &Tenant, slot: Slot, name: &str) -> Option<(&'static Kind, Source)> {
    let members = named("group_member");
    match (tenant.kind(slot).name, name) {
        (_, "memberOf") => {
            let slots = containers(tenant, slot);
            Some((members, Source::Slots(slots)))
        }
        (_, "transitiveMemberOf") => {
            let slots = closure(slot, |slot| containers(tenant, slot));
            Some((members, Source::Slots(slots)))
        }
        ("group", "transitiveMembers") => {
            let targets = |slot| {
                let targets = tenant.edges.targets(members, slot, None);
                targets.filter(|slot| tenant.is_live(*slot)).collect()
            };
            Some((members, Source::Slots(closure(slot, targets))))
        }
        ("user", "directReports") => {
            let managers = named("user_manager");
            Some((managers, Source::Sources(managers, slot)))
        }
        ("user" | "service_principal", "ownedObjects") => {
            Some((named("group_owner"), Source::Slots(owned(tenant, slot))))
        }
        ("user", "appRoleAssignments") => {
            let kind = named("app_role_assignment");
            Some((
                kind,
                Source::Slots(naming(tenant, kind, "principalId", slot)),
            ))
        }
        ("user" | "service_principal", "oauth2PermissionGrants") => {
            let kind = named("oauth2_permission_grant");
            let property = match tenant.kind(slot).name {
                "user" => "principalId",
                _ => "clientId",
            };
            Some((kind, Source::Slots(naming(tenant, kind, property, slot))))
        }
        _ => None,
    }
}

/// Groups, roles and administrative units an object is in directly.
fn containers(tenant: &Tenant, slot: Slot) -> Vec<Slot> {
    let kinds = [
        "group_member",
        "directory_role_member",
        "administrative_unit_member",
    ];
    let sources = kinds
        .iter()
        .flat_map(|kind| tenant.edges.sources(named(kind), slot, None));
    sources.filter(|slot| tenant.is_live(*slot)).collect()
}

fn owned(tenant: &Tenant, slot: Slot) -> Vec<Slot> {
    let kinds = [
        "group_owner",
        "application_owner",
        "service_principal_owner",
    ];
    let sources = kinds
        .iter()
        .flat_map(|kind| tenant.edges.sources(named(kind), slot, None));
    sources.filter(|slot| tenant.is_live(*slot)).collect()
}

/// Everything reached by any number of steps, without the start.
fn closure(start: Slot, step: impl Fn(Slot) -> Vec<Slot>) -> Vec<Slot> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(slot) = open.pop() {
        for next in step(slot) {
            if next != start && reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached.into_iter().collect()
}

/// Objects of a kind one of whose properties holds the id of another.
fn naming(tenant: &Tenant, kind: &'static Kind, property: &str, slot: Slot) -> Vec<Slot> {
    let id = tenant.key(slot);
    let all = tenant.storage.live(kind, "", None);
    let naming = all.filter(|slot| {
        let text = &tenant.storage.object(*slot).text;
        text.contains(id)
            && read(text, |root| {
                let value = root.get(property).and_then(model::Value::text);
                value.is_some_and(|value| value.eq_ignore_ascii_case(id))
            })
    });
    naming.collect()
}
