//! The attackers strike: the highest role for their account, spoilt attributes, deleted and purged
//! users.

use super::super::company::role;
use super::super::life::people::destroy as delete_user;
use super::super::life::{Day, update};
use super::super::people::FIRST_ORDINARY;
use super::super::record::{NULL, kind, record};
use super::Planted;
use super::attack::{assign_role, deployer_actor, impostor_actor};
use crate::deed::{Act, Actor};

/// A75, first: the account becomes Global Administrator.
pub(super) fn gain_admin(day: &mut Day<'_>) {
    let at = day.clock(20, 5);
    let Some((number, _)) = impostor_actor(day) else {
        return;
    };
    let account = day.world.user_id(number);
    let actor = deployer_actor(day);
    let assignment = assign_role(day, at, &actor, &account, role("Global Administrator"));
    day.plant(at, Planted {
        id: "A75", title: "The attackers' account becomes Global Administrator", at: day.world.moment(at), actor,
        kind: "role_assignment", objects: vec![assignment, account],
        change: "new role assignment of Global Administrator".to_owned(),
        sentence: "Harbour Deployments, run by the attackers, made Print Synchronization a Global Administrator.".to_owned(),
    });
}

/// A75: attributes of many are spoilt, accounts deleted, the recycle bin emptied behind them.
pub(super) fn destroy(day: &mut Day<'_>) {
    let Some((_, actor)) = impostor_actor(day) else {
        return;
    };
    spoil(day, &actor);
    let at = day.clock(22, 0);
    let most = (day.world.sizes.users / 50).clamp(4, 400);
    let mut deleted = Vec::new();
    for place in 0..most {
        if let Some(person) = day.some_employee() {
            deleted.push(delete_user(
                day,
                at + i64::from(place) * 2,
                &actor,
                person.number,
            ));
        }
    }
    let change = format!("{} users deleted", deleted.len());
    day.plant(
        at,
        Planted {
            id: "A75",
            title: "Accounts deleted",
            at: day.world.moment(at),
            actor: actor.clone(),
            kind: "user",
            objects: deleted.clone(),
            change,
            sentence: "Print Synchronization deleted users one after another.".to_owned(),
        },
    );
    let at = day.clock(22, 40);
    let purged: Vec<String> = deleted.into_iter().step_by(2).collect();
    for bin in day.world.state.bin.values_mut() {
        bin.retain(|(_, id)| !purged.contains(id));
    }
    for (id, place) in purged.iter().zip(0..) {
        day.deed(
            at + place * 2,
            &actor,
            Act::Purge {
                kind: kind("user"),
                id: id.clone(),
            },
        );
    }
    day.plant(at, Planted {
        id: "A75", title: "Deleted accounts purged from the recycle bin", at: day.world.moment(at), actor,
        kind: "user", change: format!("{} users purged for ever", purged.len()), objects: purged,
        sentence: "Every other one of the deleted users was purged, so that nobody can bring them back.".to_owned(),
    });
}

fn spoil(day: &mut Day<'_>, actor: &Actor) {
    let at = day.clock(21, 0);
    let mut objects = Vec::new();
    for number in FIRST_ORDINARY..day.there.users {
        let chosen = day
            .world
            .key
            .chance("spoilt", u64::from(number))
            .per_mille(50);
        if !chosen
            || day.world.state.gone.contains(&number)
            || !day.world.class(number).is_employee()
        {
            continue;
        }
        let spoilt = record! { "jobTitle": "-", "mobilePhone": NULL, "officeLocation": "-", "usageLocation": "AQ" };
        let id = day.world.user_id(number);
        let second = at + i64::from(number % 2_400);
        day.deed(second, actor, update("user", id.clone(), spoilt));
        objects.push(id);
    }
    day.plant(at, Planted {
        id: "A75", title: "Attributes of many users spoilt", at: day.world.moment(at), actor: actor.clone(),
        kind: "user", change: format!("jobTitle, mobilePhone, officeLocation, usageLocation of {} users", objects.len()),
        objects,
        sentence: "Print Synchronization overwrote titles, phones and countries of one user in twenty.".to_owned(),
    });
}
