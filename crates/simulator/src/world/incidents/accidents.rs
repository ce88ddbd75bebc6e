//! What nobody meant, what was taken back, and what nobody logged.

use super::super::company::role;
use super::super::life::people::{follow_department, number_of};
use super::super::life::privileged::activate;
use super::super::life::{Day, update};
use super::super::people::FIRST_ORDINARY;
use super::super::record::{kind, record};
use super::Planted;
use crate::deed::Actor;

/// The department a script with a slip of the pen writes.
const WRONG_DEPARTMENT: &str = "Field Opertions";

/// An administrator's script sets two attributes of a fifth of all users to one wrong value.
pub(super) fn bulk_update(day: &mut Day<'_>) {
    let at = day.clock(10, 20);
    let actor = day.admin("adm.duval");
    let mut objects = Vec::new();
    for number in FIRST_ORDINARY..day.there.users {
        let chosen = day
            .world
            .key
            .chance("bulk", u64::from(number))
            .per_mille(200);
        // Who is moved the same day by HR is left out: which of the two came last would not be plain.
        if !chosen || day.world.state.gone.contains(&number) || day.moved.contains(&number) {
            continue;
        }
        let person = day.world.person(number);
        if !person.is_employee() {
            continue;
        }
        let id = day.world.user_id(number);
        let second = at + i64::from(number % 600);
        let wrong = record! { "department": WRONG_DEPARTMENT, "usageLocation": "NL" };
        day.deed(second, &actor, update("user", id.clone(), wrong));
        let old = day.world.department(&person);
        if old.is_some() {
            follow_department(day, second + 240, number, old, None);
        }
        objects.push(id);
    }
    day.plant(at, Planted {
        id: "bulk-update", title: "Accidental bulk update", at: day.world.moment(at), actor, kind: "user",
        change: format!("department -> {WRONG_DEPARTMENT}, usageLocation -> NL of {} users", objects.len()),
        objects,
        sentence: "Maren Duval's script wrote one misspelt department and one country to a fifth of all users within ten minutes; the departments' groups lost them.".to_owned(),
    });
}

/// A policy is off for forty minutes.
pub(super) fn change_and_revert(day: &mut Day<'_>) {
    let at = day.clock(14, 5);
    let actor = day.admin("adm.adeyemi");
    activate(
        day,
        at - 200,
        &actor,
        number_of("adm.adeyemi"),
        role("Security Administrator"),
        3_600,
    );
    let id = day
        .world
        .fixture_key(kind("conditional_access_policy"), 6)
        .expect("because the story's policies are in the fixtures");
    for (state, seconds) in [("disabled", 0), ("enabled", 2_400)] {
        let changed =
            record! { "state": state, "modifiedDateTime": day.world.written(at + seconds) };
        day.deed(
            at + seconds,
            &actor,
            update("conditional_access_policy", id.clone(), changed),
        );
    }
    day.plant(at, Planted {
        id: "change-and-revert", title: "Policy off for forty minutes", at: day.world.moment(at), actor,
        kind: "conditional_access_policy", objects: vec![id],
        change: "state: enabled -> disabled -> enabled".to_owned(),
        sentence: "Folake Adeyemi switched CA007 off for a migration and on again; two daily snapshots show no difference.".to_owned(),
    });
}

/// A setting changes and no log says why.
pub(super) fn unlogged(day: &mut Day<'_>) {
    let at = day.clock(16, 40);
    let changed = record! {
        "allowInvitesFrom": "everyone", "guestUserRoleId": role("Guest User"),
    };
    day.tick(at, update("authorization_policy", String::new(), changed));
    day.plant(at, Planted {
        id: "unexplained", title: "Guest settings changed without an audit event", at: day.world.moment(at),
        actor: Actor::Service, kind: "authorization_policy", objects: vec!["authorizationPolicy".to_owned()],
        change: "allowInvitesFrom: adminsGuestInvitersAndAllMembers -> everyone; guestUserRoleId: Restricted Guest User -> Guest User".to_owned(),
        sentence: "Guests may invite guests and see more, and the log has no word about it.".to_owned(),
    });
}
