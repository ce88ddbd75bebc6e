//! What an answer is made from: kinds that tell the same, and kinds that were not read.

use std::collections::BTreeMap;
use std::sync::Arc;

use query::{Answer, Session, SessionOptions, Source};

use super::lines;
use super::tenant::{Day, GLOBAL_READER, id, tenant};
use crate::columns::runtime;

/// What is said about the answer.
fn notes(source: &Arc<Source>, sql: &str) -> Vec<String> {
    let mut session =
        Session::new(source, SessionOptions::default()).expect("because the archive is sound");
    runtime().block_on(async {
        let answer = session.run(sql, &BTreeMap::new()).await;
        let Answer::Rows(rows) = answer.expect("because the question is right") else {
            panic!("no rows");
        };
        rows.provenance()
            .expect("because the archive is sound")
            .notes
    })
}

/// The older view of a role: its members, below the activated role.
fn activated(day: Day, member: &str) -> Day {
    let role = id("activated");
    let payload = format!(
        r#"{{"displayName":"Global Reader","id":"{role}","roleTemplateId":"{GLOBAL_READER}"}}"#
    );
    day.row("directory_role", role.clone(), &payload).edge(
        "directory_role_member",
        &role,
        &id(member),
    )
}

const HOLDERS: &str = "select principal_id from who_can('Global Reader') order by 1";

#[test]
fn of_two_views_of_the_same_the_complete_one_is_believed() {
    let day = Day::new().assign(&id("alice"), GLOBAL_READER, "/");
    let source = tenant(&[activated(day.clone(), "bob")]);
    assert_eq!(lines(&source, HOLDERS), [id("alice")]);
    assert_eq!(notes(&source, HOLDERS), [""; 0]);

    let partly = activated(day, "bob").partly("role_assignment");
    let source = tenant(&[partly]);
    let mut both = [id("alice"), id("bob")];
    both.sort();
    assert_eq!(lines(&source, HOLDERS), both);
    assert_eq!(
        notes(&source, HOLDERS),
        ["role_assignments was read only in part (partial): only changes were read"]
    );
}

#[test]
fn what_alone_was_read_is_enough_and_the_rest_is_said() {
    let unit = id("unit");
    let scoped = format!(
        r#"{{"administrativeUnitId":"{unit}","id":"s1","roleId":"{}","roleMemberInfo":{{"id":"{}"}}}}"#,
        id("activated"),
        id("carol")
    );
    let day = activated(Day::unread(), "bob").row(
        "administrative_unit_scoped_role_member",
        format!("{unit}\u{1f}s1"),
        &scoped,
    );
    let source = tenant(&[day]);
    let sql = "select principal_id, privilege, scope from who_can('Global Reader') order by scope";
    assert_eq!(
        lines(&source, sql),
        [
            format!("{} | Global Reader | /", id("bob")),
            format!(
                "{} | Global Reader | /administrativeUnits/{unit}",
                id("carol")
            ),
        ]
    );
    let notes = notes(&source, sql);
    for table in [
        "role_assignments",
        "role_eligibility_schedule_instances",
        "group_members",
    ] {
        let note = format!("{table} was never read into this archive");
        assert!(notes.contains(&note), "{table}: {notes:?}");
    }
}

#[test]
fn schedules_stand_in_for_instances_while_they_are_in_force() {
    let schedule = |name: &str, status: &str, until: &str| {
        let (key, principal) = (id(&format!("{name}{status}")), id(name));
        let payload = format!(
            r#"{{"directoryScopeId":"/","id":"{key}","principalId":"{principal}","roleDefinitionId":"{GLOBAL_READER}","scheduleInfo":{{"expiration":{{"endDateTime":{until}}},"startDateTime":"2025-06-01T00:00:00Z"}},"status":"{status}"}}"#
        );
        (key, payload)
    };
    let rows = [
        schedule("alice", "Provisioned", "null"),
        schedule("bob", "Revoked", "null"),
        schedule("carol", "Provisioned", r#""2025-12-01T00:00:00Z""#),
        schedule("dave", "Provisioned", r#""2026-12-01T00:00:00Z""#),
    ];
    let day = Day::unread().role(GLOBAL_READER, "Global Reader");
    let day = rows.into_iter().fold(day, |day, (key, payload)| {
        day.row("role_eligibility_schedule", key, &payload)
    });
    let source = tenant(&[day]);
    let mut wanted = [id("alice"), id("dave")];
    wanted.sort();
    assert_eq!(lines(&source, HOLDERS), wanted);
}
