//! People come, change and go.

use super::super::company::{DEPARTMENTS, account};
use super::super::membership::department_group;
use super::super::names;
use super::super::people::{Person, title_in};
use super::super::record::{NULL, kind, record, texts};
use super::super::state::Newcomer;
use super::{Day, create, create_under, delete, edge, update};
use crate::deed::{Act, Actor, Properties};

/// The recycle bin is emptied and closed accounts are deleted, before anybody is at work.
pub(super) fn leave(day: &mut Day<'_>) {
    purge(day);
    for user in day
        .world
        .state
        .leaving
        .remove(&day.number)
        .unwrap_or_default()
    {
        remove(day, user);
    }
}

pub(super) fn live(day: &mut Day<'_>) {
    let users = day.world.sizes.users;
    for _ in 0..day.count(users, 3_000) {
        change(day);
    }
    for _ in 0..day.count(users, 1_500) {
        change_password(day);
    }
    for _ in 0..day.count(users, 450) {
        hire(day);
    }
    for _ in 0..day.count(users, 200).max(u32::from(day.number % 7 == 2)) {
        invite(day);
    }
    for _ in 0..day.count(users, 320) {
        close_account(day);
    }
}

/// The service empties the recycle bin of what has lain in it for 30 days.
fn purge(day: &mut Day<'_>) {
    for (name, id) in day.world.state.bin.remove(&day.number).unwrap_or_default() {
        let at = day.any_time();
        day.deed(
            at,
            &Actor::Service,
            Act::Purge {
                kind: kind(name),
                id,
            },
        );
    }
}

fn change(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let by = day.hr(&person);
    let at = day.office_time();
    let number = person.number;
    let changed = match day.chance.below(100) {
        0..26 => {
            let department = day.world.department(&person).unwrap_or(person.department);
            let title = day.chance.below_crowded(14) as usize;
            record! { "jobTitle": title_in(department, title) }
        }
        26..40 => return move_department(day, &person),
        40..58 => {
            let phone = format!(
                "{} {:07}",
                person.office.dial,
                1_000_000 + day.chance.below(8_999_999)
            );
            let desk = day.helpdesk();
            let changed = record! { "mobilePhone": phone };
            return day.deed(
                at,
                &desk,
                update("user", day.world.user_id(number), changed),
            );
        }
        58..70 => return change_manager(day, &person),
        70..80 => {
            record! { "officeLocation": format!("{}/{}", person.office.city, 1 + day.chance.below(9)) }
        }
        80..86 => {
            let name = names::name(number + 5_003);
            record! { "surname": name.surname, "displayName": format!("{} {}", person.given, name.surname) }
        }
        86..94 => {
            record! { "employeeType": if day.chance.per_mille(500) { "Contractor" } else { "Employee" } }
        }
        _ => return register_method(day, &person),
    };
    day.deed(at, &by, update("user", day.world.user_id(number), changed));
}

fn move_department(day: &mut Day<'_>, person: &Person) {
    let old = day.world.department(person);
    let new = day.chance.below(14) as usize;
    if old == Some(new) || day.moved.contains(&person.number) {
        return;
    }
    let (by, at) = (day.hr(person), day.office_time());
    let number = person.number;
    let changed = record! {
        "department": DEPARTMENTS[new], "jobTitle": title_in(new, person.title),
        "employeeOrgData": record! {
            "division": if new < 5 { "Instruments" } else { "Services" },
            "costCenter": format!("CC-{:03}", 100 + new * 10 + person.office_number),
        },
    };
    day.deed(at, &by, update("user", day.world.user_id(number), changed));
    follow_department(day, at + 240, number, old, Some(new));
    day.moved.insert(number);
}

/// The dynamic groups follow somebody's department.
pub(in super::super) fn follow_department(
    day: &mut Day<'_>,
    at: i64,
    user: u32,
    old: Option<usize>,
    new: Option<usize>,
) {
    for (department, there) in [(old, false), (new, true)] {
        if let Some(department) = department {
            day.member(
                at,
                &Actor::Service,
                department_group(department),
                user,
                there,
            );
        }
    }
    day.world.state.departments.insert(user, new);
}

fn change_manager(day: &mut Day<'_>, person: &Person) {
    let number = person.number;
    let Some(new) = day.some_employee().filter(|new| new.number < number) else {
        return;
    };
    let state = &day.world.state;
    let old = state
        .managers
        .get(&number)
        .copied()
        .or_else(|| day.world.first_manager(person));
    let old = old.filter(|old| !state.gone.contains(old));
    if old == Some(new.number) {
        return;
    }
    let (by, at) = (day.hr(person), day.office_time());
    let user = day.world.user_id(number);
    if let Some(old) = old {
        let old = day.world.user_id(old);
        day.deed(at, &by, edge("user_manager", user.clone(), old, false));
    }
    day.world.state.managers.insert(number, new.number);
    let new = day.world.user_id(new.number);
    day.deed(at, &by, edge("user_manager", user, new, true));
}

/// Somebody registers an app on a new phone.
fn register_method(day: &mut Day<'_>, person: &Person) {
    let at = day.office_time();
    let by = day.user_actor(
        person.number,
        &format!("198.51.100.{}", 60 + person.number % 60),
    );
    let method = record! {
        "@odata.type": "#microsoft.graph.softwareOathAuthenticationMethod", "id": day.chance.guid(),
        "secretKey": NULL, "createdDateTime": day.world.written(at),
    };
    let user = day.world.user_id(person.number);
    let act = create_under("user_authentication_method", user, method);
    day.named_deed(
        at,
        &by,
        act,
        ("User registered security info", "UserManagement"),
    );
}

fn change_password(day: &mut Day<'_>) {
    let Some(person) = day.some_employee() else {
        return;
    };
    let at = day.office_time();
    let self_service = day.chance.per_mille(600);
    let by = if self_service {
        day.user_actor(
            person.number,
            &format!("198.51.100.{}", 60 + person.number % 60),
        )
    } else {
        day.helpdesk()
    };
    let activity = if self_service {
        "Change password (self-service)"
    } else {
        "Reset user password"
    };
    let when = day.world.written(at);
    let changed = record! {
        "lastPasswordChangeDateTime": &*when, "signInSessionsValidFromDateTime": when,
    };
    let act = update("user", day.world.user_id(person.number), changed);
    day.named_deed(at, &by, act, (activity, "UserManagement"));
}

fn hire(day: &mut Day<'_>) {
    let (at, by) = (day.office_time(), day.app("hr"));
    let number = day.world.user_count();
    day.world.state.newcomers.push(Newcomer { guest: false });
    let person = day.world.person(number);
    let user = day.world.user_id(number);
    day.deed(at, &by, create("user", day.world.user(&person, -at)));
    if let Some(manager) = day
        .some_employee()
        .filter(|manager| manager.number != number)
    {
        day.world.state.managers.insert(number, manager.number);
        let manager = day.world.user_id(manager.number);
        day.deed(
            at + 1,
            &by,
            edge("user_manager", user.clone(), manager, true),
        );
    }
    welcome(day, at + 240, &person);
    day.tick(
        at + 2,
        create_under("user_authentication_method", user, password(day, at)),
    );
    let desk = day.helpdesk();
    for _ in 0..=day.chance.below(4) {
        if let Some(group) = super::work::some_group(day)
            && !day.world.is_member(group, number)
        {
            day.member(at + 5_400, &desk, group, number, true);
        }
    }
}

fn password(day: &Day<'_>, at: i64) -> Properties {
    record! {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": "28c10230-6103-485e-b985-444c60001490", "password": NULL,
        "createdDateTime": day.world.written(at),
    }
}

/// The groups with rules take a newcomer in.
pub(in super::super) fn welcome(day: &mut Day<'_>, at: i64, person: &Person) {
    for group in super::World::ruled_groups(person, Some(person.department)) {
        day.member(at, &Actor::Service, group, person.number, true);
    }
}

fn invite(day: &mut Day<'_>) {
    let Some(host) = day.some_employee() else {
        return;
    };
    let at = day.office_time();
    let by = day.user_actor(
        host.number,
        &format!("198.51.100.{}", 60 + host.number % 60),
    );
    let number = day.world.user_count();
    day.world.state.newcomers.push(Newcomer { guest: true });
    let person = day.world.person(number);
    let mut guest = day.world.user(&person, -at);
    guest.insert("externalUserState".to_owned(), "PendingAcceptance".into());
    day.named_deed(
        at,
        &by,
        create("user", guest),
        ("Invite external user", "UserManagement"),
    );
    let (guest, host) = (day.world.user_id(number), day.world.user_id(host.number));
    day.deed(at + 1, &by, edge("user_sponsor", guest.clone(), host, true));
    welcome(day, at + 240, &person);
    if !person.number.is_multiple_of(4) {
        let accepted = record! {
            "externalUserState": "Accepted", "externalUserStateChangeDateTime": day.world.written(at + 7_000),
        };
        let invited = day.app("portal");
        day.named_deed(
            at + 7_000,
            &invited,
            update("user", guest, accepted),
            ("Redeem external user invite", "UserManagement"),
        );
    }
}

/// Somebody leaves: the account is closed today and deleted a week later.
fn close_account(day: &mut Day<'_>) {
    let number = day.number;
    let Some(person) = day.some_user(|person| person.is_employee() || person.is_guest()) else {
        return;
    };
    let leaving = &mut day.world.state.leaving;
    if leaving
        .values()
        .flatten()
        .any(|other| *other == person.number)
    {
        return;
    }
    leaving.entry(number + 7).or_default().push(person.number);
    let (by, at) = (day.hr(&person), day.office_time());
    let changed =
        record! { "accountEnabled": false, "employeeLeaveDateTime": day.world.written(at) };
    day.deed(
        at,
        &by,
        update("user", day.world.user_id(person.number), changed),
    );
}

/// A user into the recycle bin.
fn remove(day: &mut Day<'_>, number: u32) {
    if !day.world.state.gone.insert(number) {
        return;
    }
    let by = day.hr(&day.world.person(number));
    let at = day.begin + 300 + i64::from(day.chance.below(3_600));
    let id = day.world.user_id(number);
    day.world
        .state
        .bin
        .entry(day.number + 30)
        .or_default()
        .push(("user", id.clone()));
    day.deed(at, &by, delete("user", id));
}

/// A second account the attackers make: one that looks like the others.
pub(in super::super) fn impostor(
    day: &mut Day<'_>,
    at: i64,
    by: &Actor,
    nick: &str,
    display: &str,
) -> (u32, String) {
    let number = day.world.user_count();
    day.world.state.newcomers.push(Newcomer { guest: false });
    let person = day.world.person(number);
    let mut user = day.world.user(&person, -at);
    let name = format!("{nick}@{}", day.world.domain);
    user.extend(record! {
        "displayName": display, "givenName": NULL, "surname": NULL, "department": NULL,
        "jobTitle": NULL, "mail": NULL, "employeeId": NULL, "mailNickname": nick,
        "userPrincipalName": &*name, "proxyAddresses": texts(None::<String>),
        "identities": super::super::record::list([record! {
            "signInType": "userPrincipalName", "issuer": &*day.world.initial_domain,
            "issuerAssignedId": name,
        }]),
    });
    day.deed(at, by, create("user", user));
    // Never picked for everyday life: nobody works with this account.
    day.world.state.gone.insert(number);
    (number, day.world.user_id(number))
}

/// Deletes a user for the attackers and says when the service would purge it.
pub(in super::super) fn destroy(day: &mut Day<'_>, at: i64, by: &Actor, number: u32) -> String {
    let id = day.world.user_id(number);
    if day.world.state.gone.insert(number) {
        day.world
            .state
            .bin
            .entry(day.number + 30)
            .or_default()
            .push(("user", id.clone()));
        day.deed(at, by, delete("user", id.clone()));
    }
    id
}

impl super::World {
    /// Manager somebody had when they came: that of the start, none for a newcomer.
    fn first_manager(&self, person: &Person) -> Option<u32> {
        (person.number < self.sizes.users)
            .then(|| self.manager(person))
            .flatten()
    }
}

/// Number of one of the story's accounts.
pub(in super::super) fn number_of(alias: &str) -> u32 {
    account(alias).expect("because the story names its accounts only")
}
