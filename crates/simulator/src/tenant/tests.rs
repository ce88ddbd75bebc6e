//! The state machine by itself.

use serde_json::{Value, json};

use super::*;
use crate::deed::{Actor, Seed};

fn object(value: Value) -> Properties {
    match value {
        Value::Object(properties) => properties,
        other => panic!("{other} is no object"),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("because it is a time")
}

fn contoso() -> Tenant {
    let options = TenantOptions::new("t", "Contoso", time("2026-03-01T00:00:00Z"));
    let mut tenant = Tenant::new(options);
    for (kind, value) in [
        (
            "user",
            json!({"id": "u1", "userPrincipalName": "ada@contoso.com"}),
        ),
        (
            "user",
            json!({"id": "u2", "userPrincipalName": "bob@contoso.com"}),
        ),
        ("group", json!({"id": "g", "displayName": "Staff"})),
    ] {
        let seed = Seed::Object {
            kind: named(kind),
            parents: Vec::new(),
            properties: object(value),
        };
        tenant.seed(seed).expect("because the seed is whole");
    }
    let link = Seed::Link {
        kind: named("group_member"),
        source: "g".to_owned(),
        target: "u1".to_owned(),
    };
    tenant.seed(link).expect("because both ends are there");
    tenant
}

fn deed(at: &str, act: Act) -> Deed {
    Deed {
        at: time(at),
        by: Actor::Service,
        act,
        activity: None,
        silent: false,
    }
}

fn deletion(id: &str) -> Act {
    Act::Delete {
        kind: named("user"),
        parents: Vec::new(),
        id: id.to_owned(),
    }
}

#[test]
fn a_deleted_user_lies_in_the_bin_and_comes_back_with_its_edges() {
    let mut tenant = contoso();
    let users = named("user");
    let members = named("group_member");
    tenant
        .apply(&deed("2026-03-02T00:00:00Z", deletion("u1")))
        .expect("because u1 lives");
    assert!(tenant.object(users, &[], "u1").is_none());
    assert_eq!(tenant.links(members).count(), 0);
    let restore = Act::Restore {
        kind: users,
        id: "u1".to_owned(),
    };
    tenant
        .apply(&deed("2026-03-03T00:00:00Z", restore))
        .expect("because u1 is in the bin");
    assert!(tenant.object(users, &[], "u1").is_some());
    assert_eq!(tenant.links(members).collect::<Vec<_>>(), [("g", "u1")]);
}

#[test]
fn the_bin_is_emptied_after_thirty_days() {
    let mut tenant = contoso();
    tenant
        .apply(&deed("2026-03-02T00:00:00Z", deletion("u1")))
        .expect("because u1 lives");
    tenant.set_now(time("2026-03-31T23:59:59Z"));
    assert_eq!(tenant.storage.binned(named("user"), None).count(), 1);
    tenant.set_now(time("2026-04-01T00:00:00Z"));
    assert_eq!(tenant.storage.binned(named("user"), None).count(), 0);
}

#[test]
fn unique_names_stay_unique() {
    let mut tenant = contoso();
    let twin = Act::Create {
        kind: named("user"),
        parents: Vec::new(),
        properties: object(json!({"id": "u3", "userPrincipalName": "ADA@contoso.com"})),
    };
    let refusal = tenant.apply(&deed("2026-03-02T00:00:00Z", twin));
    let expected = Refusal::Exists {
        kind: "user",
        property: "userPrincipalName",
        value: "ADA@contoso.com".to_owned(),
    };
    assert_eq!(refusal, Err(expected));
}

#[test]
fn edges_to_nobody_are_refused() {
    let mut tenant = contoso();
    let link = Act::Link {
        kind: named("group_member"),
        source: "g".to_owned(),
        target: "nobody".to_owned(),
    };
    let refusal = tenant.apply(&deed("2026-03-02T00:00:00Z", link));
    assert!(
        matches!(refusal, Err(Refusal::UnknownEnd { .. })),
        "{refusal:?}"
    );
}

#[test]
fn a_grant_of_an_app_role_is_in_both_lists_until_it_goes() {
    let mut tenant = contoso();
    for id in ["client", "resource"] {
        let seed = Seed::Object {
            kind: named("service_principal"),
            parents: Vec::new(),
            properties: object(json!({"id": id, "appId": format!("app-{id}")})),
        };
        tenant.seed(seed).expect("because the seed is whole");
    }
    let granted = named("app_role_assignment");
    let held = named("service_principal_app_role_assignment");
    let grant = json!({
        "id": "a", "principalId": "client", "principalType": "ServicePrincipal",
        "resourceId": "resource", "appRoleId": "r",
    });
    let create = Act::Create {
        kind: granted,
        parents: vec!["resource".to_owned()],
        properties: object(grant.clone()),
    };
    tenant
        .apply(&deed("2026-03-02T00:00:00Z", create))
        .expect("because both ends are there");
    assert!(tenant.object(held, &["client".to_owned()], "a").is_some());
    let again = Act::Create {
        kind: held,
        parents: vec!["client".to_owned()],
        properties: object(grant),
    };
    let told_twice = tenant.apply(&deed("2026-03-02T00:00:01Z", again));
    assert_eq!(told_twice.map(|applied| applied.audit_id), Ok(None));
    let delete = Act::Delete {
        kind: held,
        parents: vec!["client".to_owned()],
        id: "a".to_owned(),
    };
    tenant
        .apply(&deed("2026-03-03T00:00:00Z", delete))
        .expect("because it is granted");
    assert_eq!(tenant.count(granted), 0);
    assert_eq!(tenant.count(held), 0);
}

#[test]
fn old_log_rows_are_forgotten() {
    let mut tenant = contoso();
    tenant
        .apply(&deed("2026-03-02T00:00:00Z", deletion("u1")))
        .expect("because u1 lives");
    let audits = named("directory_audit");
    assert_eq!(tenant.count(audits), 1);
    tenant.set_now(time("2026-04-02T00:00:01Z"));
    assert_eq!(tenant.count(audits), 0);
}

#[test]
fn what_stands_below_something_deleted_waits_for_it() {
    let mut tenant = contoso();
    let method = Seed::Object {
        kind: named("user_authentication_method"),
        parents: vec!["u1".to_owned()],
        properties: object(json!({"id": "m1"})),
    };
    tenant.seed(method).expect("because the user is there");
    let methods = |tenant: &Tenant| {
        tenant
            .reachable(named("user_authentication_method"))
            .count()
    };
    assert_eq!(methods(&tenant), 1);
    let user = || (named("user"), "u1".to_owned());
    let (kind, id) = user();
    let parents = Vec::new();
    let delete = Act::Delete { kind, parents, id };
    tenant
        .apply(&deed("2026-03-02T00:00:00Z", delete))
        .expect("because he lives");
    assert_eq!(methods(&tenant), 0);
    let (kind, id) = user();
    tenant
        .apply(&deed("2026-03-03T00:00:00Z", Act::Restore { kind, id }))
        .expect("because he is in the bin");
    assert_eq!(methods(&tenant), 1);
}
