//! A small tenant by hand.

use catalog::Kind;
use serde_json::{Value, json};
use simulator::{Act, Actor, Deed, Properties, Seed, ServerOptions, Tenant, TenantOptions};

use crate::client::Client;

pub(crate) const TENANT_ID: &str = "0f0c7b1e-6d2a-4f0e-9a55-1b2c3d4e5f60";

pub(crate) fn kind(name: &str) -> &'static Kind {
    catalog::by_name(name).unwrap_or_else(|| panic!("no kind {name}"))
}

pub(crate) fn object(value: Value) -> Properties {
    match value {
        Value::Object(properties) => properties,
        other => panic!("{other} is no object"),
    }
}

/// A GUID that ends in a number.
pub(crate) fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

pub(crate) fn put(tenant: &mut Tenant, name: &str, properties: Value) {
    put_below(tenant, name, &[], properties);
}

pub(crate) fn put_below(tenant: &mut Tenant, name: &str, parents: &[&str], properties: Value) {
    let seed = Seed::Object {
        kind: kind(name),
        parents: parents.iter().map(|id| (*id).to_owned()).collect(),
        properties: object(properties),
    };
    tenant
        .seed(seed)
        .unwrap_or_else(|refusal| panic!("{refusal}"));
}

pub(crate) fn link(tenant: &mut Tenant, name: &str, source: &str, target: &str) {
    let seed = Seed::Link {
        kind: kind(name),
        source: source.to_owned(),
        target: target.to_owned(),
    };
    tenant
        .seed(seed)
        .unwrap_or_else(|refusal| panic!("{refusal}"));
}

pub(crate) fn empty() -> Tenant {
    let now = "2026-03-01T08:00:00Z"
        .parse()
        .expect("because it is a time");
    Tenant::new(TenantOptions::new(TENANT_ID, "Contoso", now))
}

/// A user with what lists show of him, and a little more.
pub(crate) fn user(number: u32) -> Value {
    json!({
        "id": id(number),
        "displayName": format!("User {number}"),
        "userPrincipalName": format!("user{number}@contoso.com"),
        "mail": null,
        "businessPhones": [],
        "accountEnabled": true,
        "department": if number.is_multiple_of(2) { "Even" } else { "Odd" },
        "createdDateTime": "2025-01-01T00:00:00Z",
        "userType": "Member",
    })
}

/// Id of the group of everybody.
pub(crate) const STAFF: u32 = 900_001;
/// Id of a group with one user and the first group in it.
pub(crate) const BOARD: u32 = 900_002;

/// So many users, two groups, a manager, an application with its service principal, a policy.
pub(crate) fn contoso(users: u32) -> Tenant {
    let mut tenant = empty();
    put(
        &mut tenant,
        "domain",
        json!({"id": "contoso.com", "isVerified": true}),
    );
    for number in 1..=users {
        put(&mut tenant, "user", user(number));
    }
    for (number, name) in [(STAFF, "Staff"), (BOARD, "Board")] {
        let group = json!({
            "id": id(number), "displayName": name, "groupTypes": [], "mailEnabled": false,
            "mailNickname": name.to_lowercase(), "securityEnabled": true, "description": null,
        });
        put(&mut tenant, "group", group);
    }
    for number in 1..=users {
        link(&mut tenant, "group_member", &id(STAFF), &id(number));
    }
    if users >= 2 {
        link(&mut tenant, "group_member", &id(BOARD), &id(1));
        link(&mut tenant, "group_member", &id(BOARD), &id(STAFF));
        link(&mut tenant, "group_owner", &id(STAFF), &id(1));
        link(&mut tenant, "user_manager", &id(2), &id(1));
    }
    let app = json!({
        "id": id(800_001), "appId": id(810_001), "displayName": "Payroll",
        "passwordCredentials": [], "keyCredentials": [],
    });
    put(&mut tenant, "application", app);
    let principal = json!({
        "id": id(800_002), "appId": id(810_001), "displayName": "Payroll", "appRoles": [],
    });
    put(&mut tenant, "service_principal", principal);
    let policy = json!({
        "id": id(700_001), "displayName": "Require MFA", "state": "enabled", "conditions": {},
        "grantControls": null, "sessionControls": null,
        "createdDateTime": "2025-01-01T00:00:00Z", "modifiedDateTime": null,
    });
    put(&mut tenant, "conditional_access_policy", policy);
    tenant
}

/// [`contoso`], served without limits and faults.
pub(crate) async fn serve(users: u32) -> Client {
    Client::start(contoso(users), ServerOptions::default()).await
}

/// Applies an act at a time of the first of March.
pub(crate) fn act(client: &Client, time: &str, act: Act) {
    let deed = Deed {
        at: format!("2026-03-{time}Z")
            .parse()
            .expect("because it is a time"),
        by: Actor::User {
            id: id(1),
            name: "user1@contoso.com".to_owned(),
            address: "203.0.113.9".to_owned(),
        },
        act,
        activity: None,
        silent: false,
    };
    let tenant = client.simulator.tenant();
    let mut tenant = tenant
        .write()
        .expect("because nobody panics with this lock");
    tenant
        .apply(&deed)
        .unwrap_or_else(|refusal| panic!("{refusal}"));
}

pub(crate) fn update(name: &str, number: u32, properties: Value) -> Act {
    Act::Update {
        kind: kind(name),
        parents: Vec::new(),
        id: id(number),
        properties: object(properties),
    }
}

pub(crate) fn delete(name: &str, number: u32) -> Act {
    Act::Delete {
        kind: kind(name),
        parents: Vec::new(),
        id: id(number),
    }
}

pub(crate) fn restore(name: &str, number: u32) -> Act {
    Act::Restore {
        kind: kind(name),
        id: id(number),
    }
}

pub(crate) fn join(name: &str, source: u32, target: u32) -> Act {
    Act::Link {
        kind: kind(name),
        source: id(source),
        target: id(target),
    }
}

pub(crate) fn part(name: &str, source: u32, target: u32) -> Act {
    Act::Unlink {
        kind: kind(name),
        source: id(source),
        target: id(target),
    }
}
