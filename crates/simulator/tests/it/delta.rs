//! Delta queries.

use serde_json::{Value, json};
use simulator::{ExpiredDelta, Faults, ServerOptions};

use crate::client::Client;
use crate::world::{BOARD, STAFF, act, contoso, delete, id, join, part, restore, serve, update};

async fn first_round(client: &Client, url: &str) -> (Vec<Value>, String) {
    let (items, link) = client.round(url).await;
    (items, link.expect("because a round ends with a link"))
}

fn find(items: &[Value], number: u32) -> &Value {
    let found = items.iter().find(|item| item["id"] == id(number));
    found.unwrap_or_else(|| panic!("{number} is not among {items:?}"))
}

#[tokio::test]
async fn a_round_reads_everything_and_the_next_one_what_changed() {
    let client = serve(250).await;
    let url = "/v1.0/users/delta?$select=id,displayName,city";
    let (items, link) = first_round(&client, url).await;
    assert_eq!(items.len(), 250);
    assert_eq!(
        items[0],
        json!({"id": id(1), "displayName": "User 1"}),
        "unset is absent"
    );
    let (items, link) = first_round(&client, &link).await;
    assert!(items.is_empty());

    act(
        &client,
        "02T00:00:00",
        update("user", 7, json!({"city": "Bern"})),
    );
    act(
        &client,
        "02T00:00:01",
        update("user", 8, json!({"department": "None"})),
    );
    act(&client, "02T00:00:02", delete("user", 9));
    let (items, link) = first_round(&client, &link).await;
    assert_eq!(
        items.len(),
        2,
        "a property not selected wakes nobody: {items:?}"
    );
    assert_eq!(
        *find(&items, 7),
        json!({"id": id(7), "displayName": "User 7", "city": "Bern"})
    );
    assert_eq!(
        *find(&items, 9),
        json!({"id": id(9), "@removed": {"reason": "changed"}})
    );

    act(&client, "03T00:00:00", restore("user", 9));
    act(
        &client,
        "03T00:00:01",
        update("user", 7, json!({"city": null})),
    );
    let (items, _) = first_round(&client, &link).await;
    assert_eq!(
        find(&items, 9)["displayName"],
        "User 9",
        "restored is as good as new"
    );
    assert_eq!(find(&items, 7)["city"], Value::Null, "cleared is null");
}

#[tokio::test]
async fn minimal_answers_hold_only_what_changed() {
    let client = serve(3).await;
    let (_, link) = first_round(&client, "/v1.0/users/delta").await;
    act(
        &client,
        "02T00:00:00",
        update("user", 1, json!({"city": "Bern"})),
    );
    let minimal = client
        .get_with(&link, &[("Prefer", "return=minimal")])
        .await;
    assert_eq!(minimal.items(), [json!({"id": id(1), "city": "Bern"})]);
    let whole = client.get(&link).await;
    assert_eq!(whole.items()[0]["department"], "Odd");
}

#[tokio::test]
async fn latest_begins_now() {
    let client = serve(3).await;
    let (items, link) = first_round(&client, "/v1.0/users/delta?$deltatoken=latest").await;
    assert!(items.is_empty());
    act(
        &client,
        "02T00:00:00",
        update("user", 1, json!({"city": "Bern"})),
    );
    let (items, _) = first_round(&client, &link).await;
    assert_eq!(items.len(), 1);
}

#[tokio::test]
async fn managers_come_when_selected() {
    let client = serve(3).await;
    let url = "/v1.0/users/delta?$select=id,manager";
    let (items, link) = first_round(&client, url).await;
    let manager = json!([{"@odata.type": "#microsoft.graph.user", "id": id(1)}]);
    assert_eq!(find(&items, 2)["manager@delta"], manager);
    act(&client, "02T00:00:00", join("user_manager", 2, 3));
    let (items, _) = first_round(&client, &link).await;
    let changes = find(&items, 2)["manager@delta"]
        .as_array()
        .expect("because it changed");
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(changes[0]["@removed"]["reason"], "deleted");
    assert_eq!(changes[1]["id"], id(3));
}

#[tokio::test]
async fn large_groups_are_spread_over_pages() {
    let options = ServerOptions {
        faults: faults(|faults| faults.delta_members_per_page = 40),
        ..ServerOptions::default()
    };
    let client = Client::start(contoso(100), options).await;
    let url = "/v1.0/groups/delta?$select=displayName,members";
    let first = client.get(url).await;
    assert_eq!(first.items().len(), 1);
    assert!(first.link("@odata.nextLink").is_some());
    let (items, _) = first_round(&client, url).await;
    let slices: Vec<usize> = items
        .iter()
        .filter(|item| item["id"] == id(STAFF))
        .map(|item| item["members@delta"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(slices, [40, 40, 20]);
    assert!(items.iter().all(|item| item["displayName"].is_string()));
    assert_eq!(
        find(&items, BOARD)["members@delta"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn members_come_and_go() {
    let client = serve(5).await;
    let (_, link) = first_round(&client, "/v1.0/groups/delta").await;
    act(&client, "02T00:00:00", join("group_member", BOARD, 3));
    act(&client, "02T00:00:01", part("group_member", STAFF, 4));
    act(&client, "02T00:00:02", delete("user", 5));
    let (items, _) = first_round(&client, &link).await;
    let board = json!([{"@odata.type": "#microsoft.graph.user", "id": id(3)}]);
    assert_eq!(find(&items, BOARD)["members@delta"], board);
    let gone: Vec<&Value> = find(&items, STAFF)["members@delta"]
        .as_array()
        .expect("because two left")
        .iter()
        .inspect(|edge| assert_eq!(edge["@removed"]["reason"], "deleted"))
        .map(|edge| &edge["id"])
        .collect();
    assert_eq!(gone, [&json!(id(4)), &json!(id(5))]);

    let faults = client.simulator.faults();
    faults
        .lock()
        .expect("because nobody panics with it")
        .omit_deleted_members = true;
    let (items, _) = first_round(&client, &link).await;
    let gone = find(&items, STAFF)["members@delta"]
        .as_array()
        .map(Vec::len);
    assert_eq!(gone, Some(1), "the known gap");
}

#[tokio::test]
async fn every_kind_with_a_delta_function_has_rounds() {
    let client = serve(2).await;
    for path in [
        "applications",
        "servicePrincipals",
        "devices",
        "directory/administrativeUnits",
        "directoryRoles",
        "oauth2PermissionGrants",
        "contacts",
    ] {
        let (_, link) = first_round(&client, &format!("/v1.0/{path}/delta")).await;
        assert!(
            link.contains(&format!("/v1.0/{path}/delta?$deltatoken=")),
            "{link}"
        );
    }
    let answer = client
        .get("/v1.0/identity/conditionalAccess/policies/delta")
        .await;
    assert!(answer.status >= 400, "policies have none");
}

fn faults(change: impl FnOnce(&mut Faults)) -> Faults {
    let mut faults = Faults::default();
    change(&mut faults);
    faults
}

#[tokio::test]
async fn tokens_live_seven_days() {
    let client = serve(2).await;
    let (_, link) = first_round(&client, "/v1.0/users/delta").await;
    act(
        &client,
        "08T07:59:00",
        update("user", 1, json!({"city": "Bern"})),
    );
    assert_eq!(client.get(&link).await.status, 200);
    act(
        &client,
        "08T08:00:01",
        update("user", 1, json!({"city": "Rome"})),
    );
    let gone = client.get(&link).await;
    assert_eq!((gone.status, gone.code()), (410, "resyncRequired"));
    let again = gone
        .header("location")
        .expect("because it says where to begin anew");
    assert!(again.ends_with("/v1.0/users/delta?$deltatoken="), "{again}");
    let (items, _) = first_round(&client, again).await;
    assert_eq!(items.len(), 2);
    let faults = client.simulator.faults();
    faults
        .lock()
        .expect("because nobody panics with it")
        .expired_delta = ExpiredDelta::BadRequest;
    let refused = client.get(&link).await;
    assert_eq!((refused.status, refused.code()), (400, "syncStateNotFound"));
}

#[tokio::test]
async fn tokens_can_be_lost_and_forged_ones_are_refused() {
    let client = serve(2).await;
    let (_, link) = first_round(&client, "/v1.0/users/delta").await;
    let forged = client.get("/v1.0/users/delta?$deltatoken=nonsense").await;
    assert_eq!(forged.status, 400);
    let faults = client.simulator.faults();
    faults
        .lock()
        .expect("because nobody panics with it")
        .lose_delta_tokens();
    assert_eq!(client.get(&link).await.status, 410);
    let options = client.get("/v1.0/users/delta?$expand=manager").await;
    assert_eq!(options.status, 400);
}

#[tokio::test]
async fn rounds_can_be_narrowed_to_ids() {
    let client = serve(5).await;
    let url = format!(
        "/v1.0/users/delta?$filter=id eq '{}' or id eq '{}'",
        id(2),
        id(4)
    );
    let (items, _) = first_round(&client, &url).await;
    assert_eq!(items.len(), 2);
    let other = client.get("/v1.0/users/delta?$filter=city eq 'x'").await;
    assert_eq!(other.status, 400);
}
