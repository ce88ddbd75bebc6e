//! Events made by hand, each with what it may be taken for.

use model::Parser;
use serde_json::{Value, json};

use super::*;

const USER: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const OTHER: &str = "aaaaaaaa-0000-4000-8000-000000000009";
const GROUP: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const ROLE: &str = "cccccccc-0000-4000-8000-000000000003";

/// An event with that name about those targets.
fn event(name: &str, targets: &Value) -> AuditEvent {
    let row = json!({
        "id": "e", "activityDateTime": "2026-03-01T09:00:00Z", "activityDisplayName": name,
        "result": "success", "targetResources": targets,
        "initiatedBy": {"user": {"id": "dddddddd-0000-4000-8000-000000000004"}},
    });
    let text = row.to_string();
    let mut parser = Parser::new();
    let document = parser.parse_text(&text).expect("because it is JSON");
    AuditEvent::read("e", document.root()).expect("because it succeeded")
}

fn told(name: &str, old: Option<&str>, new: Option<&str>) -> Value {
    json!({"displayName": name, "oldValue": old, "newValue": new})
}

fn change(path: &str, old: &str, new: &str) -> Change {
    let value = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Change {
        path: path.to_owned(),
        old: value(old),
        new: value(new),
    }
}

fn edge(kind: &str, source: &str, target: &str) -> Subject {
    Subject::new(kind, &format!("{source}\u{1f}{target}"), None)
}

#[test]
fn a_property_is_proven_by_its_name_and_certain_by_its_value() {
    let user = Subject::new("user", USER, None);
    let moved = change("department", "\"Sales\"", "\"Legal\"");
    let update = |told: Vec<Value>| {
        let event = event(
            "Update user",
            &json!([{"id": USER, "type": "User", "modifiedProperties": told}]),
        );
        strength(&event, &user, Deed::Modified(&moved))
    };
    assert_eq!(
        update(vec![told(
            "Department",
            Some("[\"Sales\"]"),
            Some("[\"Legal\"]")
        )]),
        Some(Strength::Certain)
    );
    assert_eq!(
        update(vec![told(
            "Department",
            Some("[\"Sales\"]"),
            Some("[\"HR\"]")
        )]),
        None
    );
    assert_eq!(
        update(vec![told("City", Some("[\"A\"]"), Some("[\"B\"]"))]),
        None
    );
    assert_eq!(
        update(vec![told(
            "Included Updated Properties",
            None,
            Some("\"Department\"")
        )]),
        Some(Strength::Proven)
    );
    assert_eq!(
        update(vec![told(
            "Included Updated Properties",
            None,
            Some("\"\"")
        )]),
        None
    );
    assert_eq!(
        update(vec![told("SomethingInternal", None, Some("\"x\""))]),
        Some(Strength::Possible)
    );
    assert_eq!(update(vec![]), Some(Strength::Possible));
}

#[test]
fn an_event_of_another_sort_explains_nothing() {
    let user = Subject::new("user", USER, None);
    let moved = change("department", "\"Sales\"", "\"Legal\"");
    for name in [
        "Add member to group",
        "Delete user",
        "Reset user password",
        "User started security info registration",
        "Update group",
        "Update policy",
    ] {
        let event = event(name, &json!([{"id": USER, "type": "User"}]));
        assert_eq!(
            strength(&event, &user, Deed::Modified(&moved)),
            None,
            "{name}"
        );
    }
    let other = event("Update user", &json!([{"id": OTHER}]));
    assert_eq!(strength(&other, &user, Deed::Modified(&moved)), None);
}

#[test]
fn names_of_activities_tell_what_they_change() {
    let user = Subject::new("user", USER, None);
    let event = event("Disable account", &json!([{"id": USER}]));
    let off = change("accountEnabled", "true", "false");
    assert_eq!(
        strength(&event, &user, Deed::Modified(&off)),
        Some(Strength::Proven)
    );
    let stamp = change("lastPasswordChangeDateTime", "", "\"2026-03-01T09:00:02Z\"");
    let reset = super::tests::event("Reset user password", &json!([{"id": USER}]));
    assert_eq!(
        strength(&reset, &user, Deed::Modified(&stamp)),
        Some(Strength::Proven)
    );
    let earlier = change("lastPasswordChangeDateTime", "", "\"2026-03-01T07:00:00Z\"");
    assert_eq!(strength(&reset, &user, Deed::Modified(&earlier)), None);
}

#[test]
fn objects_come_and_go_by_events_about_themselves() {
    let user = Subject::new("user", USER, None);
    let of = |name: &str, deed| strength(&event(name, &json!([{"id": USER}])), &user, deed);
    assert_eq!(of("Add user", Deed::Added), Some(Strength::Proven));
    assert_eq!(
        of("Invite external user", Deed::Added),
        Some(Strength::Proven)
    );
    assert_eq!(of("Restore user", Deed::Added), Some(Strength::Proven));
    assert_eq!(of("Delete user", Deed::Removed), Some(Strength::Proven));
    assert_eq!(of("Hard Delete user", Deed::Removed), None);
    assert_eq!(of("Delete user", Deed::Added), None);
    assert_eq!(of("Add group", Deed::Added), None);
    let binned = Subject::new("deleted_user", USER, None);
    let of = |name: &str, deed| strength(&event(name, &json!([{"id": USER}])), &binned, deed);
    assert_eq!(of("Delete user", Deed::Added), Some(Strength::Proven));
    assert_eq!(
        of("Hard Delete user", Deed::Removed),
        Some(Strength::Proven)
    );
    assert_eq!(of("Restore user", Deed::Removed), Some(Strength::Proven));
}

#[test]
fn an_edge_needs_both_ends() {
    let membership = edge("group_member", GROUP, USER);
    let group = |id: &str| told("Group.ObjectID", None, Some(&format!("\"{id}\"")));
    let joined = |name: &str, member: &str, group_id: &str| {
        event(
            name,
            &json!([{"id": member, "type": "User", "modifiedProperties": [group(group_id)]}]),
        )
    };
    let of = |event: &AuditEvent, deed| strength(event, &membership, deed);
    let right = joined("Add member to group", USER, GROUP);
    assert_eq!(of(&right, Deed::Added), Some(Strength::Proven));
    assert_eq!(of(&right, Deed::Removed), None);
    assert_eq!(
        of(
            &joined("Remove member from group", USER, GROUP),
            Deed::Removed
        ),
        Some(Strength::Proven)
    );
    assert_eq!(
        of(&joined("Add member to group", OTHER, GROUP), Deed::Added),
        None
    );
    assert_eq!(
        of(&joined("Add owner to group", USER, GROUP), Deed::Added),
        None
    );
    assert_eq!(
        of(&joined("Add member to group", GROUP, USER), Deed::Added),
        None
    );
    let alone = event(
        "Add member to group",
        &json!([{"id": GROUP, "type": "Group"}]),
    );
    assert_eq!(of(&alone, Deed::Added), Some(Strength::Possible));
    let gone = event("Delete user", &json!([{"id": USER, "type": "User"}]));
    assert_eq!(of(&gone, Deed::Removed), Some(Strength::Possible));
    assert_eq!(of(&gone, Deed::Added), None);
}

#[test]
fn a_manager_is_replaced_by_setting_another() {
    let set = event(
        "Set user manager",
        &json!([{"id": USER, "type": "User", "modifiedProperties": [told("Manager.ObjectID", None, Some(&format!("\"{OTHER}\"")))]}]),
    );
    assert_eq!(
        strength(&set, &edge("user_manager", USER, OTHER), Deed::Added),
        Some(Strength::Proven)
    );
    let old = edge("user_manager", USER, GROUP);
    assert_eq!(
        strength(&set, &old, Deed::Removed),
        Some(Strength::Possible)
    );
    assert_eq!(
        strength(&set, &edge("user_manager", USER, OTHER), Deed::Removed),
        None
    );
}

#[test]
fn an_assignment_is_known_by_principal_and_role() {
    let payload =
        json!({"id": "x", "principalId": USER, "roleDefinitionId": ROLE, "directoryScopeId": "/"})
            .to_string();
    let assignment = Subject::new("role_assignment", "x", Some(&payload));
    let eligibility = Subject::new("role_eligibility_schedule", "x", Some(&payload));
    let given = |name: &str, principal: &str| {
        event(
            name,
            &json!([{"id": principal, "type": "User"}, {"id": ROLE, "type": "Role"}]),
        )
    };
    let of = |event: &AuditEvent, subject: &Subject| strength(event, subject, Deed::Added);
    let plain = given("Add member to role", USER);
    assert_eq!(of(&plain, &assignment), Some(Strength::Proven));
    assert_eq!(of(&plain, &eligibility), None);
    assert_eq!(of(&given("Add member to role", OTHER), &assignment), None);
    assert_eq!(
        of(&given("Add eligible member to role", USER), &eligibility),
        Some(Strength::Proven)
    );
    let asked = given("Add member to role requested (PIM activation)", USER);
    assert_eq!(of(&asked, &assignment), None);
    let done = given("Add member to role completed (PIM activation)", USER);
    assert_eq!(of(&done, &assignment), Some(Strength::Proven));
}

#[test]
fn a_whole_policy_is_compared_property_by_property() {
    let policy = Subject::new("conditional_access_policy", GROUP, None);
    let whole = |old: &str, new: &str| {
        let told = told("ConditionalAccessPolicy", Some(old), Some(new));
        event(
            "Update conditional access policy",
            &json!([{"id": GROUP, "type": "Policy", "modifiedProperties": [told]}]),
        )
    };
    let off = change("state", "\"enabled\"", "\"disabled\"");
    let by = |event: &AuditEvent| strength(event, &policy, Deed::Modified(&off));
    assert_eq!(
        by(&whole(r#"{"state":"enabled"}"#, r#"{"state":"disabled"}"#)),
        Some(Strength::Certain)
    );
    assert_eq!(
        by(&whole(r#"{"state":"disabled"}"#, r#"{"state":"disabled"}"#)),
        None
    );
    assert_eq!(
        by(&whole(r#"{"state":"disabled"}"#, r#"{"state":"enabled"}"#)),
        None
    );
    assert_eq!(
        by(&event("Update policy", &json!([{"id": GROUP}]))),
        Some(Strength::Possible)
    );
    assert_eq!(by(&whole("{", "}")), Some(Strength::Possible));
}

#[test]
fn what_stands_below_an_object_is_told_of_the_object() {
    let key = "eeeeeeee-0000-4000-8000-000000000005";
    let method = Subject::new(
        "user_authentication_method",
        &format!("{USER}\u{1f}{key}"),
        None,
    );
    let of = |name: &str, deed| {
        strength(
            &event(name, &json!([{"id": USER, "type": "User"}])),
            &method,
            deed,
        )
    };
    assert_eq!(
        of("User registered security info", Deed::Added),
        Some(Strength::Possible)
    );
    assert_eq!(of("Admin deleted security info", Deed::Added), None);
    assert_eq!(
        of("Admin deleted security info", Deed::Removed),
        Some(Strength::Possible)
    );
    assert_eq!(of("Delete user", Deed::Removed), Some(Strength::Possible));
    assert_eq!(of("Update user", Deed::Added), None);
    let named = event("Admin deleted security info", &json!([{"id": key}]));
    assert_eq!(
        strength(&named, &method, Deed::Removed),
        Some(Strength::Proven)
    );
}

#[test]
fn a_setting_without_an_id_is_known_by_its_activity_and_value() {
    let settings = Subject::new("authorization_policy", "authorizationPolicy", None);
    let invites = change("allowInvitesFrom", "\"none\"", "\"everyone\"");
    let update = |name: &str, value: &str| {
        let told = told("AllowInvitesFrom", None, Some(value));
        let event = event(
            name,
            &json!([{"id": OTHER, "displayName": "Authorization Policy", "modifiedProperties": [told]}]),
        );
        strength(&event, &settings, Deed::Modified(&invites))
    };
    assert_eq!(
        update("Update authorization policy", "\"everyone\""),
        Some(Strength::Proven)
    );
    assert_eq!(update("Update authorization policy", "\"none\""), None);
    assert_eq!(update("Update company information", "\"everyone\""), None);
}

#[test]
fn a_domain_is_known_by_its_name() {
    let told = told("LiveType", Some("\"Managed\""), Some("\"Federated\""));
    let set = event(
        "Set domain authentication",
        &json!([{"id": null, "displayName": "contoso.com", "type": "Directory", "modifiedProperties": [told]}]),
    );
    let federated = change("authenticationType", "\"Managed\"", "\"Federated\"");
    let by = |domain: &str| {
        let domain = Subject::new("domain", domain, None);
        strength(&set, &domain, Deed::Modified(&federated))
    };
    assert_eq!(by("contoso.com"), Some(Strength::Certain));
    assert_eq!(by("fabrikam.com"), None);
    let settings = event(
        "Set federation settings on domain",
        &json!([{"displayName": "contoso.com"}]),
    );
    let configuration = edge("domain_federation_configuration", "contoso.com", OTHER);
    assert_eq!(
        strength(&settings, &configuration, Deed::Added),
        Some(Strength::Possible)
    );
}
