//! `$batch`.

use serde_json::{Value, json};

use crate::client::Answer;
use crate::world::{id, serve};

fn by_id<'a>(answer: &'a Answer, id: &str) -> &'a Value {
    let responses = answer.body["responses"]
        .as_array()
        .expect("because it is a batch");
    let found = responses.iter().find(|response| response["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {}", answer.body))
}

#[tokio::test]
async fn each_request_has_its_own_status() {
    let client = serve(3).await;
    let answer = client
        .batch(json!([
            {"id": "1", "method": "GET", "url": "/users?$select=id&$top=2"},
            {"id": "2", "method": "GET", "url": format!("users/{}", id(99))},
            {"id": "3", "method": "PATCH", "url": format!("/users/{}", id(1)),
             "headers": {"Content-Type": "application/json"}, "body": {"city": "Bern"}},
        ]))
        .await;
    assert_eq!(answer.status, 200);
    let list = by_id(&answer, "1");
    assert_eq!(list["status"], 200);
    assert_eq!(list["body"]["value"].as_array().map(Vec::len), Some(2));
    let next = list["body"]["@odata.nextLink"]
        .as_str()
        .expect("because there are three");
    assert_eq!(
        client.get(next).await.items().len(),
        1,
        "followed outside the batch"
    );
    assert_eq!(list["headers"]["x-ms-resource-unit"], "1");
    let missing = by_id(&answer, "2");
    assert_eq!(missing["status"], 404);
    assert_eq!(missing["body"]["error"]["code"], "Request_ResourceNotFound");
    assert_eq!(by_id(&answer, "3")["status"], 204);
    let order: Vec<&Value> = answer.body["responses"]
        .as_array()
        .expect("because it is a batch")
        .iter()
        .map(|response| &response["id"])
        .collect();
    assert_ne!(order, ["1", "2", "3"], "answers come in any order");
    let usage = client.simulator.requests();
    assert_eq!(usage.batches, 1);
    assert_eq!(usage.by_template["GET /users"].batched, 1);
    assert_eq!(usage.by_kind["user"].requests, 4);
}

#[tokio::test]
async fn what_depends_on_a_failure_is_not_tried() {
    let client = serve(1).await;
    let change = json!({
        "id": "2", "method": "PATCH", "url": format!("/users/{}", id(1)), "dependsOn": ["1"],
        "headers": {"Content-Type": "application/json"}, "body": {"city": "Bern"},
    });
    let first = json!({"id": "1", "method": "GET", "url": format!("/users/{}", id(99))});
    let answer = client.batch(json!([first, change])).await;
    assert_eq!(by_id(&answer, "2")["status"], 424);
    let user = client
        .get(&format!("/v1.0/users/{}?$select=city", id(1)))
        .await;
    assert_eq!(user.body["city"], Value::Null);
}

#[tokio::test]
async fn batches_that_break_the_rules_are_refused_whole() {
    let client = serve(1).await;
    let request = |id: u32| json!({"id": id.to_string(), "method": "GET", "url": "/users"});
    let many: Vec<Value> = (0..21).map(request).collect();
    assert_eq!(client.batch(many.into()).await.status, 400);
    let twins = json!([
        {"id": "a", "method": "GET", "url": "/users"},
        {"id": "A", "method": "GET", "url": "/users"},
    ]);
    assert_eq!(client.batch(twins).await.status, 400);
    let untyped = json!([{"id": "1", "method": "POST", "url": "/users", "body": {}}]);
    assert_eq!(client.batch(untyped).await.status, 400);
    let forward = json!([
        {"id": "1", "method": "GET", "url": "/users", "dependsOn": ["2"]},
        {"id": "2", "method": "GET", "url": "/users"},
    ]);
    assert_eq!(client.batch(forward).await.status, 400);
}
