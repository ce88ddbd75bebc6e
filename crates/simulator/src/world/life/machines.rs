//! What ticks by itself: last sign-ins, system updates, compliance, new devices.

use super::super::people::Class;
use super::super::record::record;
use super::{Day, create, delete, edge, update};

pub(super) fn live(day: &mut Day<'_>) {
    users_seen(day);
    devices_seen(day);
    let devices = day.world.sizes.devices;
    for _ in 0..day.count(devices, 9_000) {
        update_system(day);
    }
    for _ in 0..day.count(devices, 2_500) {
        check_compliance(day);
    }
    for _ in 0..day.count(devices, 900) {
        join_device(day);
    }
}

/// Four in ten users are seen on a working day, one in ten at the weekend.
fn users_seen(day: &mut Day<'_>) {
    let share = if day.busy > 500 { 400 } else { 90 };
    for number in 0..day.there.users {
        if !day.chance.per_mille(share) || day.world.state.gone.contains(&number) {
            continue;
        }
        let idle = matches!(day.world.class(number), Class::Resource) || number < 2;
        if idle {
            continue;
        }
        let at = day.office_time();
        let mut chance = day
            .world
            .key
            .chance("seen", u64::from(day.number) << 32 | u64::from(number));
        let activity = day.world.sign_in_activity(at, &mut chance);
        let act = update(
            "user",
            day.world.user_id(number),
            record! { "signInActivity": activity },
        );
        day.tick(at, act);
    }
}

fn devices_seen(day: &mut Day<'_>) {
    let share = if day.busy > 500 { 120 } else { 30 };
    for number in day.world.state.retired_devices..day.there.devices {
        if day.chance.per_mille(share) {
            let at = day.any_time();
            let seen = record! { "approximateLastSignInDateTime": day.world.written(at) };
            day.tick(at, update("device", day.world.device_id(number), seen));
        }
    }
}

/// Some device still there: the oldest go first.
fn some_device(day: &mut Day<'_>) -> u32 {
    let first = day.world.state.retired_devices;
    first + day.chance.below(day.there.devices - first)
}

/// A device installs an update; newer versions spread over the weeks.
fn update_system(day: &mut Day<'_>) {
    let number = some_device(day);
    let make = day.world.device_make(number);
    let newest = (1 + day.number / 30).min(3) as usize;
    let version = make.versions[newest.saturating_sub(usize::from(day.chance.per_mille(200)))];
    let at = day.any_time();
    let device = record! { "operatingSystemVersion": version };
    day.tick(at, update("device", day.world.device_id(number), device));
    if super::World::is_managed(number) {
        let managed = record! { "osVersion": version, "lastSyncDateTime": day.world.written(at) };
        let id = day.world.key.guid("managed_device", u64::from(number));
        day.tick(at + 30, update("managed_device", id, managed));
    }
}

/// Intune finds a device wanting, or in order again.
fn check_compliance(day: &mut Day<'_>) {
    let number = some_device(day);
    if !super::World::is_managed(number) {
        return;
    }
    let compliant = day.chance.per_mille(700);
    let at = day.any_time();
    let intune = day.app("intune");
    day.deed(
        at,
        &intune,
        update(
            "device",
            day.world.device_id(number),
            record! { "isCompliant": compliant },
        ),
    );
    let managed = record! {
        "complianceState": if compliant { "compliant" } else { "noncompliant" },
        "lastSyncDateTime": day.world.written(at),
    };
    let id = day.world.key.guid("managed_device", u64::from(number));
    day.tick(at + 1, update("managed_device", id, managed));
}

fn join_device(day: &mut Day<'_>) {
    let number = day.world.device_count();
    day.world.state.new_devices += 1;
    let at = day.office_time();
    let by = day.app("device-registration");
    day.deed(at, &by, create("device", day.world.device(number, -at)));
    let user = day
        .world
        .device_user(number)
        .filter(|user| !day.world.state.gone.contains(user));
    if let Some(user) = user {
        let (device, user) = (day.world.device_id(number), day.world.user_id(user));
        day.deed(
            at + 2,
            &by,
            edge(
                "device_registered_owner",
                device.clone(),
                user.clone(),
                true,
            ),
        );
        day.deed(
            at + 2,
            &by,
            edge("device_registered_user", device, user, true),
        );
    }
    if super::World::is_managed(number) {
        let managed = day.world.managed_device(number, -at);
        day.tick(at + 300, create("managed_device", managed));
    }
    if number.is_multiple_of(13) {
        retire_device(day);
    }
}

/// The oldest device goes.
fn retire_device(day: &mut Day<'_>) {
    let retired = day.world.state.retired_devices;
    if retired >= day.world.sizes.devices / 2 {
        return;
    }
    day.world.state.retired_devices += 1;
    let at = day.office_time();
    let by = day.admin("adm.tamura");
    day.deed(at, &by, delete("device", day.world.device_id(retired)));
    if super::World::is_managed(retired) {
        let id = day.world.key.guid("managed_device", u64::from(retired));
        day.deed(at + 40, &by, delete("managed_device", id));
    }
}
