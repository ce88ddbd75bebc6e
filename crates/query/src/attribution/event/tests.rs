//! Rows in the forms the log has.

use model::Parser;

use super::*;
use crate::attribution::activity::Operation;

fn read(row: &str) -> Option<AuditEvent> {
    let mut parser = Parser::new();
    let document = parser.parse_text(row).expect("because it is JSON");
    AuditEvent::read("key", document.root())
}

#[test]
fn a_user_in_the_portal_is_the_user() {
    let event = read(
        r#"{"id":"Directory_1","activityDateTime":"2026-04-18T05:35:32Z","activityDisplayName":"Update user",
        "operationType":"Update","result":"success","correlationId":"c",
        "initiatedBy":{"user":{"id":"U","userPrincipalName":"a@b","ipAddress":"203.0.113.7"},"app":{"displayName":"ADIbizaUX"}},
        "targetResources":[{"id":"AAAA","type":"User","modifiedProperties":[
          {"displayName":"Department","oldValue":"[\"Sales\"]","newValue":"[\"Legal\"]"},
          {"displayName":"Included Updated Properties","oldValue":null,"newValue":"\"Department, City\""},
          {"displayName":"TargetId.UserType","oldValue":null,"newValue":"\"Member\""}]}]}"#,
    )
    .expect("because it succeeded");
    assert_eq!(event.actor.name.as_deref(), Some("a@b"));
    assert_eq!(
        (event.actor.kind(), event.actor.ip.as_deref()),
        ("user", Some("203.0.113.7"))
    );
    assert_eq!(event.activity.operation, Operation::Update);
    let target = event.target("AAAA").expect("because it is named");
    assert_eq!(target.told.len(), 1);
    assert_eq!(
        target.listed.as_deref(),
        Some(&["Department".to_owned(), "City".to_owned()][..])
    );
    assert!(target.tells() && !target.tells_of_nothing());
}

#[test]
fn what_failed_or_has_no_time_says_nothing() {
    assert_eq!(
        read(r#"{"activityDateTime":"2026-04-18T05:35:32Z","result":"failure"}"#),
        None
    );
    assert_eq!(
        read(r#"{"activityDateTime":"yesterday","result":"success"}"#),
        None
    );
    assert_eq!(read("{}"), None);
    assert!(read(r#"{"activityDateTime":"2026-04-18T05:35:32Z","targetResources":[7,null,{}],"initiatedBy":3}"#).is_some());
}

#[test]
fn an_empty_list_says_that_nothing_changed() {
    let event = read(
        r#"{"activityDateTime":"2026-04-18T05:35:32Z","activityDisplayName":"Update service principal",
        "initiatedBy":{"user":null,"app":{"appId":"x","displayName":"Sync","servicePrincipalId":"S"}},
        "targetResources":[{"id":"b","modifiedProperties":[{"displayName":"Included Updated Properties","newValue":"\"\""}]}]}"#,
    )
    .expect("because no result is no failure");
    assert!(event.targets[0].tells_of_nothing());
    assert_eq!(
        (event.actor.id.as_deref(), event.actor.kind()),
        (Some("S"), "app")
    );
}

#[test]
fn an_id_in_a_value_is_named_and_the_actor_is_not() {
    let event = read(
        r#"{"activityDateTime":"2026-04-18T05:35:32Z","activityDisplayName":"Add member to group",
        "initiatedBy":{"user":{"id":"99999999-0000-4000-8000-000000000009"}},
        "targetResources":[{"id":"u","modifiedProperties":[{"displayName":"Group.ObjectID","newValue":"\"AAAAAAAA-0000-4000-8000-000000000001\""}]}]}"#,
    )
    .expect("because it has a time");
    assert!(event.names("u"));
    assert!(event.names("aaaaaaaa-0000-4000-8000-000000000001"));
    assert!(!event.names("99999999-0000-4000-8000-000000000009"));
}
