//! Administrators at work: groups, applications, policies.

use super::super::groups::{FIRST_ORDINARY, Style};
use super::super::record::{kind, list, record};
use super::{Day, create, edge, update};
use crate::deed::{Act, Actor};

pub(super) fn live(day: &mut Day<'_>) {
    let (users, groups) = (day.world.sizes.users, day.world.sizes.groups);
    for _ in 0..day.count(users, 2_400) {
        change_membership(day);
    }
    for _ in 0..day.count(groups, 4_000) {
        describe_group(day);
    }
    for _ in 0..day.count(groups, 1_500) {
        create_group(day);
    }
    let applications = day.world.sizes.applications;
    if day.count(4 + applications / 20, 30_000) > 0 {
        register_application(day);
    }
    for _ in 0..day.count(applications, 6_000) {
        rotate_secret(day);
    }
    if day.busy > 500 && day.number % 9 == 3 {
        edit_policy(day);
    }
    if day.busy > 500 && day.number % 14 == 10 {
        edit_location(day);
    }
}

/// An everyday group whose members are chosen in the cloud.
pub(super) fn some_group(day: &mut Day<'_>) -> Option<u32> {
    let count = day.there.groups - FIRST_ORDINARY;
    (0..30)
        .map(|_| FIRST_ORDINARY + day.chance.below_crowded(count))
        .find(|group| {
            !matches!(
                day.world.group_style(*group),
                Style::Dynamic | Style::Synced
            )
        })
}

fn change_membership(day: &mut Day<'_>) {
    let Some(group) = some_group(day) else { return };
    let at = day.office_time();
    let owner = day
        .world
        .group_owners(group)
        .into_iter()
        .find(|owner| !day.world.state.gone.contains(owner));
    let by = match owner {
        Some(owner) if day.chance.per_mille(500) => {
            day.user_actor(owner, &format!("198.51.100.{}", 60 + owner % 60))
        }
        _ => day.helpdesk(),
    };
    let dealt = day.world.dealt_count(group);
    if dealt > 4 && day.chance.per_mille(430) {
        let place = day.chance.below(dealt);
        let user = super::World::dealt(&day.world.deal(group), place);
        if day.world.is_member(group, user) && !day.world.state.gone.contains(&user) {
            day.member(at, &by, group, user, false);
        }
    } else if let Some(person) = day.some_employee()
        && !day.world.is_member(group, person.number)
    {
        day.member(at, &by, group, person.number, true);
    }
}

fn describe_group(day: &mut Day<'_>) {
    let Some(group) = some_group(day) else { return };
    let (at, by) = (day.office_time(), day.admin("adm.duval"));
    let changed = record! { "description": format!("Checked with its owners on {}", &day.world.written(at)[..10]) };
    day.deed(at, &by, update("group", day.world.group_id(group), changed));
}

fn create_group(day: &mut Day<'_>) {
    let group = day.world.group_count();
    day.world.state.new_groups += 1;
    let (at, by) = (day.office_time(), day.helpdesk());
    day.deed(at, &by, create("group", day.world.group(group, -at)));
    let owner = day.world.user_id(super::people::number_of("adm.duval"));
    day.deed(
        at + 1,
        &by,
        edge("group_owner", day.world.group_id(group), owner, true),
    );
    for _ in 0..3 + day.chance.below(8) {
        if let Some(person) = day.some_employee()
            && !day.world.is_member(group, person.number)
        {
            day.member(at + 60, &by, group, person.number, true);
        }
    }
}

fn register_application(day: &mut Day<'_>) {
    let number = day.world.application_count();
    day.world.state.new_applications += 1;
    let (at, by) = (day.office_time(), day.admin("adm.petrovic"));
    day.deed(
        at,
        &by,
        create("application", day.world.application(number, -at)),
    );
    day.deed(
        at + 1,
        &by,
        create(
            "service_principal",
            day.world.own_principal(number, -at - 1),
        ),
    );
    if let Some(owner) = day.some_employee() {
        let owner = day.world.user_id(owner.number);
        let application = day.world.application_id(number);
        day.deed(
            at + 90,
            &by,
            edge("application_owner", application, owner.clone(), true),
        );
        let principal = day.world.own_principal_id(number);
        day.deed(
            at + 91,
            &by,
            edge("service_principal_owner", principal, owner, true),
        );
    }
}

fn rotate_secret(day: &mut Day<'_>) {
    let number = day.chance.below(day.world.sizes.applications);
    let (at, by) = (day.office_time(), day.admin("adm.petrovic"));
    let mut chance = day.chance.clone();
    day.chance.next();
    let secret = day.world.password_credential(&mut chance, at, 180);
    let changed = record! { "passwordCredentials": list([secret]) };
    let act = update("application", day.world.application_id(number), changed);
    day.named_deed(
        at,
        &by,
        act,
        (
            "Update application – Certificates and secrets management",
            "ApplicationManagement",
        ),
    );
}

/// Descriptions and modes of the policies an administrator works on; none of those the incidents
/// are about.
fn edit_policy(day: &mut Day<'_>) {
    let number = [5_u32, 13, 15, 17, 11][(day.number / 9) as usize % 5];
    let (at, by) = (day.office_time(), day.admin("adm.wrona"));
    let mut changed = record! {
        "description": format!("Reviewed {}", &day.world.written(at)[..7]),
        "modifiedDateTime": day.world.written(at),
    };
    if number == 15 {
        changed.insert("state".to_owned(), "enabled".into());
    }
    if let Some(id) = day
        .world
        .fixture_key(kind("conditional_access_policy"), number)
    {
        day.deed(at, &by, update("conditional_access_policy", id, changed));
    }
}

fn edit_location(day: &mut Day<'_>) {
    let (at, by) = (day.office_time(), day.admin("adm.wrona"));
    let range = |address: String| record! { "@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": address };
    let ranges = [
        range("192.0.2.0/26".to_owned()),
        range(format!("192.0.2.{}/32", 64 + day.number % 60)),
    ];
    let changed = record! { "ipRanges": list(ranges), "modifiedDateTime": day.world.written(at) };
    if let Some(id) = day.world.fixture_key(kind("named_location"), 1) {
        let mut changed = changed;
        changed.insert(
            "@odata.type".to_owned(),
            "#microsoft.graph.ipNamedLocation".into(),
        );
        day.deed(at, &by, update("named_location", id, changed));
    }
}

/// An application is given an app role: a row in every collection Graph shows it in, one audit
/// event.
pub(in super::super) fn give(
    day: &mut Day<'_>,
    at: i64,
    by: &Actor,
    given: &super::super::consent::Given,
) -> String {
    let properties = day.world.given_properties(given);
    let id = properties
        .get("id")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned();
    for ((name, parent), place) in given.places().into_iter().zip(0..) {
        let act = Act::Create {
            kind: kind(name),
            parents: vec![parent],
            properties: properties.clone(),
        };
        let activity = (
            "Add app role assignment to service principal",
            "ApplicationManagement",
        );
        day.push(at, by, act, Some(activity), place > 0);
    }
    id
}
