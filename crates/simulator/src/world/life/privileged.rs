//! Roles activated for some hours.

use super::super::company::ACCOUNTS;
use super::super::record::{NULL, record};
use super::super::roles::Schedule;
use super::super::state::Activation;
use super::super::{DAY, World};
use super::{Day, create, delete, edge};
use crate::deed::Actor;

const ACTIVATED: (&str, &str) = (
    "Add member to role completed (PIM activation)",
    "RoleManagement",
);
const ENDED: (&str, &str) = (
    "Remove member from role (PIM activation expired)",
    "RoleManagement",
);

pub(super) fn live(day: &mut Day<'_>) {
    if day.busy > 500 {
        for _ in 0..=day.chance.below(3) {
            let eligible = World::eligible();
            let (account, role) = *day.chance.pick(&eligible);
            let at = day.office_time();
            let by = day.admin(ACCOUNTS[account as usize].alias);
            activate(
                day,
                at,
                &by,
                account,
                role,
                3_600 * i64::from(1 + day.chance.clone().below(8)),
            );
        }
    }
}

/// Somebody activates a role; `None` where they have it active already.
pub(in super::super) fn activate(
    day: &mut Day<'_>,
    at: i64,
    by: &Actor,
    account: u32,
    role: &'static str,
    seconds: i64,
) -> Option<String> {
    let active = day.world.state.activations.values();
    if active
        .into_iter()
        .any(|active| active.account == account && active.role == role)
    {
        return None;
    }
    let serial = day.world.state.next_serial();
    let schedule = day.world.key.guid("activation", serial);
    let principal = day.world.user_id(account);
    request(day, at, by, &principal, role, seconds);
    let [properties, instance] = day.world.role_schedule(&Schedule {
        id: &schedule,
        principal: &principal,
        role,
        from: at,
        until: Some(at + seconds),
        assignment: Some("Activated"),
    });
    // The log has one event for all of it.
    for (kind, properties) in [
        ("role_assignment_schedule", properties),
        ("role_assignment_schedule_instance", instance),
    ] {
        day.push(at + 1, by, create(kind, properties), None, true);
    }
    day.named_deed(
        at + 1,
        by,
        create(
            "role_assignment",
            day.world.role_assignment(&principal, role),
        ),
        ACTIVATED,
    );
    let member = edge(
        "directory_role_member",
        day.world.directory_role_id(role),
        principal,
        true,
    );
    day.push(at + 1, by, member, None, true);
    let activation = Activation {
        schedule: schedule.clone(),
        account,
        role,
    };
    day.world
        .state
        .activations
        .insert((at + seconds, serial), activation);
    Some(schedule)
}

fn request(day: &mut Day<'_>, at: i64, by: &Actor, principal: &str, role: &str, seconds: i64) {
    let ticket = 4_000 + day.chance.below(5_000);
    let request = record! {
        "id": day.chance.guid(), "status": "Provisioned", "createdDateTime": day.world.written(at),
        "completedDateTime": day.world.written(at + 1), "approvalId": NULL, "customData": NULL,
        "action": "selfActivate", "principalId": principal, "roleDefinitionId": role,
        "directoryScopeId": "/", "appScopeId": NULL, "isValidationOnly": false,
        "targetScheduleId": NULL, "justification": format!("Ticket {ticket}"),
        "createdBy": record! { "user": record! { "displayName": NULL, "id": principal } },
        "scheduleInfo": record! {
            "startDateTime": day.world.written(at), "recurrence": NULL,
            "expiration": record! { "type": "afterDuration", "endDateTime": NULL, "duration": format!("PT{}H", seconds / 3_600) },
        },
        "ticketInfo": record! { "ticketNumber": ticket.to_string(), "ticketSystem": "Helpdesk Bench" },
    };
    let activity = (
        "Add member to role requested (PIM activation)",
        "RoleManagement",
    );
    day.named_deed(
        at,
        by,
        create("role_assignment_schedule_request", request),
        activity,
    );
}

/// Ends the activations whose time is over before the day is. Comes last, when all of the day's are
/// known: nobody activates a role twice a day.
pub(in super::super) fn expire(day: &mut Day<'_>) {
    let end = day.begin + DAY;
    let later = day.world.state.activations.split_off(&(end, 0));
    let over = std::mem::replace(&mut day.world.state.activations, later);
    let service = day.app("pim");
    for ((at, _), activation) in over {
        let principal = day.world.user_id(activation.account);
        let assignment = World::role_assignment_id(&principal, activation.role);
        day.named_deed(at, &service, delete("role_assignment", assignment), ENDED);
        let member = edge(
            "directory_role_member",
            day.world.directory_role_id(activation.role),
            principal,
            false,
        );
        day.push(at, &service, member, None, true);
        let instance = format!("{}-1", activation.schedule);
        for (kind, id) in [
            ("role_assignment_schedule_instance", instance),
            ("role_assignment_schedule", activation.schedule),
        ] {
            day.push(at, &service, delete(kind, id), None, true);
        }
    }
}
