//! Rows as Microsoft writes them, for the common acts.

use catalog::Kind;
use serde_json::{Value, json};

use crate::deed::{Act, Actor, Deed, Properties, Seed};
use crate::tenant::{Tenant, TenantOptions, named};

fn object(value: Value) -> Properties {
    match value {
        Value::Object(properties) => properties,
        other => panic!("{other} is no object"),
    }
}

fn tenant() -> Tenant {
    let now = "2026-03-01T08:00:00Z"
        .parse()
        .expect("because it is a time");
    Tenant::new(TenantOptions::new("t", "Contoso", now))
}

fn seed(tenant: &mut Tenant, kind: &'static Kind, properties: Value) {
    let seed = Seed::Object {
        kind,
        parents: Vec::new(),
        properties: object(properties),
    };
    tenant.seed(seed).expect("because the seed is whole");
}

/// Does it and gives the row.
fn row_of(tenant: &mut Tenant, act: Act) -> Value {
    let deed = Deed {
        at: "2026-03-01T09:00:00Z"
            .parse()
            .expect("because it is a time"),
        by: Actor::User {
            id: "admin".to_owned(),
            name: "admin@contoso.com".to_owned(),
            address: "203.0.113.7".to_owned(),
        },
        act,
        activity: None,
        silent: false,
    };
    let applied = tenant.apply(&deed).expect("because the deed can be done");
    let id = applied.audit_id.expect("because the deed is not silent");
    let text = tenant.object(named("directory_audit"), &[], &id);
    serde_json::from_str(text.expect("because the row was just written"))
        .expect("because rows are JSON")
}

#[test]
fn a_new_member_is_a_row_about_member_and_group() {
    let mut tenant = tenant();
    seed(
        &mut tenant,
        named("user"),
        json!({"id": "u", "displayName": "Ada"}),
    );
    seed(
        &mut tenant,
        named("group"),
        json!({"id": "g", "displayName": "Staff", "groupTypes": []}),
    );
    let act = Act::Link {
        kind: named("group_member"),
        source: "g".to_owned(),
        target: "u".to_owned(),
    };
    let row = row_of(&mut tenant, act);
    assert_eq!(row["activityDisplayName"], "Add member to group");
    assert_eq!(row["category"], "GroupManagement");
    assert_eq!(row["operationType"], "Assign");
    assert_eq!(row["initiatedBy"]["user"]["ipAddress"], "203.0.113.7");
    let targets = &row["targetResources"];
    assert_eq!(targets[0]["id"], "u");
    assert_eq!(targets[0]["type"], "User");
    assert_eq!(
        targets[0]["modifiedProperties"][0]["displayName"],
        "Group.ObjectID"
    );
    assert_eq!(targets[0]["modifiedProperties"][0]["newValue"], "\"g\"");
    assert_eq!(targets[1]["id"], "g");
    assert_eq!(targets[1]["groupType"], "azureAD");
}

#[test]
fn a_disabled_user_is_called_so_with_values_in_lists() {
    let mut tenant = tenant();
    seed(
        &mut tenant,
        named("user"),
        json!({"id": "u", "accountEnabled": true}),
    );
    let act = Act::Update {
        kind: named("user"),
        parents: Vec::new(),
        id: "u".to_owned(),
        properties: object(json!({"accountEnabled": false})),
    };
    let row = row_of(&mut tenant, act);
    assert_eq!(row["activityDisplayName"], "Disable account");
    let change = &row["targetResources"][0]["modifiedProperties"][0];
    assert_eq!(change["displayName"], "AccountEnabled");
    assert_eq!(change["oldValue"], "[true]");
    assert_eq!(change["newValue"], "[false]");
    assert_eq!(row["activityDateTime"], "2026-03-01T09:00:00.0000000Z");
}

#[test]
fn a_role_assignment_is_about_principal_and_role() {
    let mut tenant = tenant();
    seed(
        &mut tenant,
        named("user"),
        json!({"id": "u", "displayName": "Ada"}),
    );
    seed(
        &mut tenant,
        named("role_definition"),
        json!({"id": "r", "displayName": "Reader"}),
    );
    let assignment = json!({
        "id": "a", "principalId": "u", "roleDefinitionId": "r", "directoryScopeId": "/",
    });
    let act = Act::Create {
        kind: named("role_assignment"),
        parents: Vec::new(),
        properties: object(assignment),
    };
    let row = row_of(&mut tenant, act);
    assert_eq!(row["activityDisplayName"], "Add member to role");
    assert_eq!(row["category"], "RoleManagement");
    let types: Vec<&Value> = row["targetResources"]
        .as_array()
        .expect("because it is a list")
        .iter()
        .map(|target| &target["type"])
        .collect();
    assert_eq!(types, ["User", "Role"]);
    let change = &row["targetResources"][0]["modifiedProperties"][0];
    assert_eq!(change["displayName"], "Role.ObjectID");
    assert_eq!(change["newValue"], "\"r\"");
}

#[test]
fn conditional_access_logs_the_policy_whole() {
    let mut tenant = tenant();
    let policy = json!({"id": "p", "displayName": "MFA", "state": "enabled"});
    seed(&mut tenant, named("conditional_access_policy"), policy);
    let act = Act::Update {
        kind: named("conditional_access_policy"),
        parents: Vec::new(),
        id: "p".to_owned(),
        properties: object(json!({"state": "disabled"})),
    };
    let row = row_of(&mut tenant, act);
    assert_eq!(
        row["activityDisplayName"],
        "Update conditional access policy"
    );
    assert_eq!(row["loggedByService"], "Conditional Access");
    let change = &row["targetResources"][0]["modifiedProperties"][0];
    assert_eq!(change["displayName"], "ConditionalAccessPolicy");
    let old = change["oldValue"]
        .as_str()
        .expect("because the policy was there");
    assert!(old.contains("\"state\":\"enabled\""), "{old}");
}

#[test]
fn secrets_never_reach_the_log() {
    let mut tenant = tenant();
    let user = json!({"id": "u", "passwordProfile": {"password": "open sesame"}});
    let act = Act::Create {
        kind: named("user"),
        parents: Vec::new(),
        properties: object(user),
    };
    let row = row_of(&mut tenant, act);
    assert!(!row.to_string().contains("sesame"));
}
