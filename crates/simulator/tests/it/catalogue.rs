//! Every kind of the catalogue, put into a tenant and found again under its path.

use std::collections::BTreeMap;

use catalog::{Api, Kind, Shape};
use serde_json::{Value, json};
use simulator::{ServerOptions, Tenant};

use crate::client::Client;
use crate::world::{empty, id, kind, link, put_below};

/// The one object of each kind: ids of its parents and its own.
type Made = BTreeMap<&'static str, (Vec<String>, String)>;

/// Puts an object of a kind into the tenant, its parents before it.
fn make(tenant: &mut Tenant, kind: &'static Kind, made: &mut Made) -> (Vec<String>, String) {
    if let Some(there) = made.get(kind.name) {
        return there.clone();
    }
    let parents = if kind.path.contains('{') {
        let parent = crate::world::kind(kind.parent.expect("because braces stand for a parent"));
        let (mut parents, own) = make(tenant, parent, made);
        parents.push(own);
        parents
    } else {
        Vec::new()
    };
    let number = 1000 + u32::try_from(made.len()).expect("because there are not so many kinds");
    let key = kind.key.unwrap_or("id");
    let mut properties = json!({ key: id(number) });
    if let Shape::Event { time } = kind.shape {
        properties[time] = json!("2026-03-01T00:00:00Z");
    }
    if kind.name == "sign_in_beta" {
        properties["signInEventTypes"] = json!(["servicePrincipal"]);
    }
    if let Some(scope) = scope(kind) {
        properties[scope] = json!("/");
    }
    let names: Vec<&str> = parents.iter().map(String::as_str).collect();
    put_below(tenant, kind.name, &names, properties);
    let own = (parents, id(number));
    made.insert(kind.name, own.clone());
    own
}

/// Property without which a kind is not listed.
fn scope(kind: &Kind) -> Option<&'static str> {
    match kind.name {
        "role_management_policy" | "role_management_policy_assignment" => Some("scopeId"),
        name => name.starts_with("pim_group_").then_some("groupId"),
    }
}

fn url(kind: &Kind, parents: &[String]) -> String {
    let version = if kind.api == Api::V1 { "v1.0" } else { "beta" };
    let mut parents = parents.iter();
    let parts = kind.path.split('/').map(|part| {
        if part.starts_with('{') {
            parents
                .next()
                .expect("because every brace has its parent")
                .as_str()
        } else {
            part
        }
    });
    let path: Vec<&str> = parts.collect();
    format!("/{version}{}", path.join("/"))
}

fn expect_key(answer: &Value, key: &str, own: &str, url: &str) {
    assert_eq!(answer[key], own, "{url}: {answer}");
}

#[tokio::test]
async fn what_is_seeded_is_found_under_its_path() {
    let mut tenant = empty();
    let mut made = Made::new();
    let objects = || {
        let kinds = catalog::kinds().iter().copied();
        kinds.filter(|kind| !kind.is_relationship() && !kind.name.starts_with("deleted_"))
    };
    for kind in objects().filter(|kind| kind.name != "organization") {
        make(&mut tenant, kind, &mut made);
    }
    let client = Client::start(tenant, ServerOptions::default()).await;
    for kind in objects().filter(|kind| made.contains_key(kind.name)) {
        let (parents, own) = &made[kind.name];
        let mut url = url(kind, parents);
        let key = kind.key.unwrap_or("id");
        if kind.shape == Shape::Singleton {
            expect_key(&client.get(&url).await.body, key, own, &url);
            continue;
        }
        expect_key(
            &client.get(&format!("{url}/{own}")).await.body,
            key,
            own,
            &url,
        );
        if let Some(scope) = scope(kind) {
            url = format!("{url}?$filter={scope} eq '/'");
        }
        if kind.name == "sign_in_beta" {
            url.push_str("?$filter=signInEventTypes/any(t:t eq 'servicePrincipal')");
        }
        let list = client.get(&url).await;
        // The directory's settings have two addresses, and both show all of them.
        let shown = match kind.name {
            "group_setting" | "directory_setting" => 2,
            _ => 1,
        };
        assert_eq!(list.items().len(), shown, "{url}: {}", list.body);
        let object = list.items().iter().find(|item| item[key] == **own);
        expect_key(object.unwrap_or(&Value::Null), key, own, &url);
    }
}

#[tokio::test]
async fn what_is_linked_is_found_under_its_path() {
    let mut tenant = empty();
    let mut made = Made::new();
    let relations = || {
        catalog::kinds()
            .iter()
            .copied()
            .filter(|kind| kind.is_relationship())
    };
    let mut targets = BTreeMap::new();
    for relation in relations() {
        let Shape::Relationship(relationship) = relation.shape else {
            unreachable!("only relationships were asked for");
        };
        let source = kind(relation.parent.expect("because edges start somewhere"));
        let (_, source) = make(&mut tenant, source, &mut made);
        let target = catalog::by_name(relationship.target).unwrap_or(kind("user"));
        let (_, target) = make(&mut tenant, target, &mut made);
        link(&mut tenant, relation.name, &source, &target);
        targets.insert(relation.name, (source, target));
    }
    let client = Client::start(tenant, ServerOptions::default()).await;
    for relation in relations() {
        let (source, target) = &targets[relation.name];
        let url = url(relation, std::slice::from_ref(source));
        let answer = client.get(&url).await;
        assert_eq!(answer.status, 200, "{url}: {}", answer.body);
        let found = match answer.body["value"].as_array() {
            Some(list) => list[0].clone(),
            None => answer.body.clone(),
        };
        expect_key(&found, "id", target, &url);
        assert!(found["@odata.type"].is_string(), "{url}");
    }
}
