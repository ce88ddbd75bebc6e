//! Our answers beside Microsoft's own, as its documentation and public issues print them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simulator::{Seed, ServerOptions};

use crate::client::Client;
use crate::shared::{shared, unpacked};
use crate::world::{
    BOARD, act, contoso, delete, empty, id, join, kind, object, part, put, serve, update,
};

/// The names in an object.
fn names(value: &Value) -> BTreeSet<&str> {
    let members = value
        .as_object()
        .unwrap_or_else(|| panic!("{value} is no object"));
    members.keys().map(String::as_str).collect()
}

/// The JSON texts of a file with one a line.
fn lines(path: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared(path)?).expect("because it exists");
    let lines = text.lines().map(serde_json::from_str);
    Some(
        lines
            .map(|line| line.expect("because each line is JSON"))
            .collect(),
    )
}

/// The pages printed in the documentation that are whole.
fn pages(path: &str) -> Option<Vec<Value>> {
    let lines = lines(path)?;
    let whole = lines.iter().filter(|line| line["valid_json"] == true);
    let texts = whole.map(|line| line["text"].as_str().expect("because each has a text"));
    Some(
        texts
            .map(|text| serde_json::from_str(text).expect("because it is valid"))
            .collect(),
    )
}

#[tokio::test]
async fn errors_have_the_members_and_codes_of_real_ones() {
    let Some(errors) = lines("data/graph-protocol/errors.jsonl") else {
        return;
    };
    let real = |status: u64, code: &str| -> Value {
        let mut errors = errors.iter();
        let found =
            errors.find(|line| line["status"] == status && line["body"]["error"]["code"] == code);
        found.unwrap_or_else(|| panic!("no {status} {code}"))["body"].clone()
    };
    let mut tenant = contoso(1);
    tenant.options_mut().forbidden.insert("device".to_owned());
    tenant.options_mut().unlicensed.insert("sign_in".to_owned());
    tenant
        .options_mut()
        .unlicensed
        .insert("role_eligibility_schedule".to_owned());
    let client = Client::start(tenant, ServerOptions::default()).await;
    for (method, url, status, code) in [
        ("GET", "/v1.0/devices", 403, "Authorization_RequestDenied"),
        ("DELETE", "/v1.0/organization", 405, "Request_BadRequest"),
        (
            "GET",
            "/v1.0/auditLogs/signIns",
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        ),
        (
            "GET",
            "/v1.0/roleManagement/directory/roleEligibilitySchedules",
            400,
            "AadPremiumLicenseRequired",
        ),
        (
            "GET",
            "/v1.0/users?$select=id,skills",
            501,
            "NotImplemented",
        ),
    ] {
        let ours = client.call(method, url, Value::Null).await;
        let real = real(status, code);
        assert_eq!(
            (u64::from(ours.status), ours.code()),
            (status, code),
            "{url}"
        );
        assert_eq!(
            ours.body["error"]["message"], real["error"]["message"],
            "{url}"
        );
        let real_inner = &real["error"]["innerError"];
        if real_inner.is_object() {
            let ours = names(&ours.body["error"]["innerError"]);
            assert!(names(real_inner).is_subset(&ours), "{url}: {real_inner}");
        }
    }
    let missing = client.get(&format!("/v1.0/users/{}", id(99))).await;
    let real = real(404, "Request_ResourceNotFound");
    let text = real["error"]["message"]
        .as_str()
        .expect("because errors have one");
    let text = text.replace("68be84bf-a585-4776-80b3-30aa5207aa22", &id(99));
    assert_eq!(missing.body["error"]["message"], text);
}

#[tokio::test]
async fn batches_have_the_members_of_a_real_one() {
    let Some(path) = shared("data/graph-protocol/batch-response.json") else {
        return;
    };
    let text = std::fs::read_to_string(path).expect("because it exists");
    let real: Value = serde_json::from_str(&text).expect("because it is JSON");
    let client = serve(1).await;
    let request = json!([{"id": "1", "method": "GET", "url": "/users"}]);
    let ours = client.batch(request).await;
    let (ours, real) = (&ours.body["responses"][0], &real["responses"][0]);
    assert_eq!(names(ours), names(real));
    assert_eq!(
        ours["headers"]["Content-Type"],
        real["headers"]["Content-Type"]
    );
    assert_eq!(ours["headers"]["x-ms-resource-unit"], "2");
}

#[tokio::test]
async fn delta_pages_have_the_members_of_the_documented_ones() {
    let (Some(users), Some(groups)) = (
        pages("data/graph-protocol/delta-users.jsonl"),
        pages("data/graph-protocol/delta-groups.jsonl"),
    ) else {
        return;
    };
    let mut client = serve(150).await;
    client.sign_in().await;
    let url = "/v1.0/users/delta?$select=displayName,givenName,surname";
    let first = client.get(url).await;
    assert_eq!(names(&first.body), names(&users[0]));
    let context = |value: &Value| {
        let text = value["@odata.context"]
            .as_str()
            .expect("because pages have one");
        text.split_once("/v1.0/").map(|(_, rest)| rest.to_owned())
    };
    assert_eq!(context(&first.body), context(&users[0]));
    let last = client
        .get(
            first
                .link("@odata.nextLink")
                .expect("because there are more"),
        )
        .await;
    assert_eq!(names(&last.body), names(&users[2]));

    act(&client, "02T00:00:00", delete("user", 9));
    let changes = client
        .get(
            last.link("@odata.deltaLink")
                .expect("because it is the end"),
        )
        .await;
    let real_removed = &users[4]["value"][1];
    assert_eq!(names(&changes.items()[0]), names(real_removed));
    assert_eq!(changes.items()[0]["@removed"], real_removed["@removed"]);

    let (_, link) = client
        .round("/v1.0/groups/delta?$select=displayName,description,members")
        .await;
    let group = json!({"description": "changed"});
    act(&client, "02T00:00:01", update("group", BOARD, group));
    act(&client, "02T00:00:02", part("group_member", BOARD, 1));
    act(&client, "02T00:00:03", join("group_member", BOARD, 5));
    let changes = client
        .get(&link.expect("because a round ends with a link"))
        .await;
    let board = changes.items().iter().find(|item| item["id"] == id(BOARD));
    let board = board.expect("because it changed");
    let real = &groups[4]["value"][0];
    assert_eq!(names(board), names(real));
    let edges = |value: &Value| -> Vec<BTreeSet<String>> {
        let edges = value["members@delta"]
            .as_array()
            .expect("because members changed");
        let edges = edges
            .iter()
            .map(|edge| names(edge).iter().map(|name| (*name).to_owned()).collect());
        edges.collect()
    };
    assert_eq!(edges(board), edges(real));
}

#[tokio::test]
async fn audit_rows_have_the_members_of_documented_ones() {
    let Some(text) = unpacked("data/graph-mocks-v1/mocks-identity.jsonl.zst") else {
        return;
    };
    let rows: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("because each line is JSON"))
        .filter(|mock| {
            let url = mock["request"]["url"].as_str().unwrap_or_default();
            mock["request"]["method"] == "GET" && url.contains("/auditLogs/directoryAudits")
        })
        .flat_map(|mock| {
            let body = &mock["response"]["body"];
            let list = body["value"].as_array().cloned();
            list.unwrap_or_else(|| vec![body.clone()])
        })
        .filter(|row| row["activityDisplayName"].is_string())
        .collect();
    assert!(!rows.is_empty(), "the documentation shows rows");
    let client = serve(2).await;
    act(
        &client,
        "02T00:00:00",
        update("user", 1, json!({"city": "Bern"})),
    );
    let ours = client.get("/v1.0/auditLogs/directoryAudits").await;
    let ours = &ours.items()[0];
    let kind = kind("directory_audit");
    for real in &rows {
        // One page prints `targetResource`, which the type does not declare.
        let declared = |name: &&str| kind.columns.iter().any(|column| column.property == *name);
        let real_names = names(real).into_iter().filter(declared);
        let missing: Vec<&str> = real_names.filter(|name| ours.get(name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let target = &real["targetResources"][0];
        if target.is_object() {
            let ours = names(&ours["targetResources"][0]);
            let real = names(target)
                .into_iter()
                .filter(|name| !name.starts_with('@'));
            let real: Vec<String> = real.map(str::to_lowercase).collect();
            let ours: BTreeSet<String> = ours.into_iter().map(str::to_lowercase).collect();
            assert!(
                real.iter().all(|name| ours.contains(name)),
                "{real:?} {ours:?}"
            );
        }
    }
}

/// A documented list whose objects can be put into a tenant and asked for again.
fn documented_list(mock: &Value) -> Option<(String, &'static catalog::Kind, Vec<Value>)> {
    let request = &mock["request"];
    let url = request["exampleUrl"].as_str().or(request["url"].as_str())?;
    let items = mock["response"]["body"]["value"].as_array()?;
    let path = url.strip_prefix("https://graph.microsoft.com")?;
    if request["method"] != "GET" || path.contains(['?', '*']) || items.is_empty() {
        return None;
    }
    let found = catalog::by_path(url)?;
    let below_version = path.strip_prefix("/v1.0")?;
    let is_plain = found.path == below_version
        && !found.is_event()
        && !found.name.starts_with("deleted_")
        && !matches!(found.name, "user" | "organization");
    let key = found.key.unwrap_or("id");
    let mut ids = BTreeSet::new();
    let keyed = items.iter().all(|item| {
        let own = item[key].as_str();
        own.is_some_and(|own| ids.insert(own.to_lowercase()))
    });
    (is_plain && keyed).then(|| (path.to_owned(), found, items.clone()))
}

#[tokio::test]
async fn documented_lists_come_back_as_they_are_printed() {
    let Some(text) = unpacked("data/graph-mocks-v1/mocks-identity.jsonl.zst") else {
        return;
    };
    let mocks: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("because each line is JSON"))
        .collect();
    let mut compared = 0;
    for (path, kind, items) in mocks.iter().filter_map(documented_list) {
        let mut tenant = empty();
        let seeded = items.iter().all(|item| {
            let seed = Seed::Object {
                kind,
                parents: Vec::new(),
                properties: object(item.clone()),
            };
            tenant.seed(seed).is_ok()
        });
        assert!(seeded, "{path}");
        let client = Client::start(tenant, ServerOptions::default()).await;
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let key = kind.key.unwrap_or("id");
        for item in &items {
            let ours = answer.items().iter().find(|own| own[key] == item[key]);
            assert_eq!(ours, Some(item), "{path}");
            compared += 1;
        }
        let context = answer
            .link("@odata.context")
            .expect("because every answer has one");
        assert!(context.contains("/v1.0/$metadata#"), "{context}");
    }
    assert!(
        compared >= 40,
        "only {compared} documented objects were found"
    );
}

#[tokio::test]
async fn what_the_catalogue_says_of_a_kind_is_what_is_served() {
    let client = serve(1).await;
    let user = kind("user");
    let names: Vec<&str> = user.columns.iter().map(|column| column.property).collect();
    let listable: Vec<&str> = names
        .into_iter()
        .filter(|name| user.query.is_some_and(|query| query.contains(name)))
        .collect();
    let url = format!("/v1.0/users?$select=id,{}", listable.join(","));
    let answer = client.get(&url).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let shown = answer.items()[0].as_object().map(serde_json::Map::len);
    assert_eq!(shown, Some(listable.len() + 1));
}

/// A documented object without parents, and the path it was read under.
fn documented_object(mock: &Value) -> Option<(String, &'static catalog::Kind, Value)> {
    let request = &mock["request"];
    let url = request["exampleUrl"].as_str().or(request["url"].as_str())?;
    let path = url.strip_prefix("https://graph.microsoft.com")?;
    let mut object = mock["response"]["body"].as_object()?.clone();
    object.retain(|name, _| name != "@odata.context" && !name.starts_with("@microsoft."));
    let found = catalog::by_path(url)?;
    let rest = path.strip_prefix("/v1.0")?.strip_prefix(found.path)?;
    let id = found.key.and_then(|key| object.get(key)?.as_str());
    let is_read = match found.shape {
        catalog::Shape::Singleton => rest.is_empty(),
        _ => id.is_some_and(|id| rest == format!("/{id}")),
    };
    let is_plain = request["method"] == "GET"
        && is_read
        && !object.is_empty()
        && !object.contains_key("value")
        && !found.path.contains('{')
        && !path.contains(['?', '*'])
        && !found.is_event()
        && !matches!(found.name, "user" | "organization");
    is_plain.then(|| (path.to_owned(), found, Value::Object(object)))
}

#[tokio::test]
async fn documented_objects_come_back_as_they_are_printed() {
    let Some(text) = unpacked("data/graph-mocks-v1/mocks-identity.jsonl.zst") else {
        return;
    };
    let mut compared = 0;
    for line in text.lines() {
        let mock: Value = serde_json::from_str(line).expect("because each line is JSON");
        let Some((path, kind, item)) = documented_object(&mock) else {
            continue;
        };
        let mut tenant = empty();
        put(&mut tenant, kind.name, item.clone());
        let client = Client::start(tenant, ServerOptions::default()).await;
        let mut answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let members = answer
            .body
            .as_object_mut()
            .expect("because it is an object");
        let context = members.shift_remove("@odata.context");
        assert!(context.is_some(), "{path}");
        assert_eq!(answer.body, item, "{path}");
        compared += 1;
    }
    assert!(
        compared >= 40,
        "only {compared} documented objects were found"
    );
}
