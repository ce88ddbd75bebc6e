//! Objects: lists, single ones, and what is known of each.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::{ALICE, BOB, served};

#[tokio::test]
async fn the_objects_of_a_state_are_listed() {
    let served = served();
    let now = served.get("/v1/objects").await.json();
    assert_eq!(now["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(now["items"][0]["id"], ALICE);
    assert_eq!(now["items"][0]["display_name"], "Alice");
    assert_eq!(now["snapshots"][0]["taken_at"], "2026-10-03T09:00:00Z");
    let then = served
        .get("/v1/objects?rev=2026-10-01T10:00Z&kind=users")
        .await
        .json();
    assert_eq!(then["items"].as_array().map(Vec::len), Some(2));
    let named = served.get("/v1/objects?rev=first&q=ALI").await.json();
    assert_eq!(named["items"].as_array().map(Vec::len), Some(1));
    let none = served.get("/v1/objects?kind=group").await.json();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn an_object_is_shown_as_it_was() {
    let served = served();
    let first = served
        .get(&format!("/v1/objects/{ALICE}?rev=first"))
        .await
        .json();
    assert_eq!(first["kind"], "user");
    assert_eq!(first["properties"]["jobTitle"], "engineer");
    assert_eq!(first["gone_at"], "2026-10-02T09:00:00Z");
    let now = served.get("/v1/objects/user:alice").await.json();
    assert_eq!(now["properties"]["jobTitle"], "manager");
    assert_ne!(first["version"], now["version"]);
    let raw = served
        .get(&format!("/v1/objects/{ALICE}/raw?rev=first"))
        .await;
    let stored = format!(r#"{{"displayName":"Alice","id":"{ALICE}","jobTitle":"engineer"}}"#);
    assert_eq!(raw.body, stored.as_bytes());
}

#[tokio::test]
async fn an_object_that_is_gone_says_when() {
    let served = served();
    let gone = served.get(&format!("/v1/objects/{BOB}")).await;
    assert_eq!(gone.problem(), "object-not-found");
    let detail = gone.json()["detail"].to_string();
    assert!(detail.contains("gone at 2026-10-03T09:00:00Z"), "{detail}");
    let then = served.get(&format!("/v1/objects/{BOB}?rev=latest~1")).await;
    assert_eq!(then.json()["display_name"], "=Bob");
}

#[tokio::test]
async fn the_history_of_an_object_is_told() {
    let served = served();
    let history = served
        .get(&format!("/v1/objects/{ALICE}/history"))
        .await
        .json();
    let titles: Vec<_> = history["items"]
        .as_array()
        .expect("because it is a list")
        .iter()
        .map(|row| row["properties"]["jobTitle"].clone())
        .collect();
    assert_eq!(titles, ["engineer", "manager"]);
    assert_eq!(history["items"][1]["is_current"], true);
    let timeline = served
        .get(&format!("/v1/objects/{BOB}/timeline"))
        .await
        .json();
    let entries = timeline["items"].as_array().expect("because it is a list");
    assert!(
        entries.iter().any(|row| row["change_type"] == "removed"),
        "{timeline}"
    );
    let narrow = format!("/v1/objects/{BOB}/timeline?around=2026-10-01T09:00Z&window=1h");
    assert_eq!(served.get(&narrow).await.json()["items"], json!([]));
}

#[tokio::test]
async fn blame_names_the_change_that_gave_each_property_its_value() {
    let served = served();
    let blame = served.get("/v1/objects/user:Alice/blame").await.json();
    let of = |name: &str| {
        let items = blame["items"].as_array().expect("because it is a list");
        items.iter().find(|item| item["property"] == name).cloned()
    };
    let title = of("jobTitle").expect("because she has one");
    assert_eq!(title["value"], "manager");
    assert_eq!(title["change"]["changed_before"], "2026-10-02T09:00:00Z");
    let name = of("displayName").expect("because she has one");
    assert!(
        name["change"].is_null(),
        "she had it when she was first seen"
    );
}

#[tokio::test]
async fn two_states_of_an_object_are_compared() {
    let served = served();
    let address = format!("/v1/objects/{ALICE}/diff?from=first&to=latest");
    let report = served.get(&address).await.json();
    assert_eq!(report["items"][0]["path"], "jobTitle");
    assert_eq!(report["items"][0]["old_value"], "engineer");
    assert_eq!(report["items"][0]["new_value"], "manager");
    let patch = served.get(&format!("{address}&form=patch")).await;
    assert_eq!(patch.header("content-type"), "application/json-patch+json");
    assert_eq!(
        patch.json(),
        json!([{"op": "replace", "path": "/jobTitle", "value": "manager"}])
    );
    let lines = served.get(&format!("{address}&form=text")).await;
    assert_eq!(lines.header("content-type"), "text/plain; charset=utf-8");
    let text = format!(
        "--- user:{ALICE} at 2026-10-01T09:00:00Z\n+++ user:{ALICE} at 2026-10-03T09:00:00Z\n\
         - jobTitle: \"engineer\"\n+ jobTitle: \"manager\"\n"
    );
    assert_eq!(lines.body, text.as_bytes());
    for (accept, body) in [
        ("text/plain", &lines.body),
        ("application/json-patch+json", &patch.body),
    ] {
        let request = Request::get(&address).header("accept", accept);
        let request = request.body(Body::empty());
        let negotiated = served.send(request.expect("because it is a request")).await;
        assert_eq!(&negotiated.body, body, "{accept}");
    }
    let neither = served.get(&format!("{address}&form=text&format=csv")).await;
    assert_eq!(neither.problem(), "invalid-parameter");
    let gone = served
        .get(&format!("/v1/objects/{BOB}/diff?from=first&form=patch"))
        .await
        .json();
    assert_eq!(gone[0], json!({"op": "remove", "path": "/displayName"}));
}

#[tokio::test]
async fn an_object_without_relationships_has_none() {
    let served = served();
    let links = served
        .get(&format!("/v1/objects/{ALICE}/links?direction=in"))
        .await;
    assert_eq!(links.json()["items"], json!([]));
    let wrong = served
        .get(&format!("/v1/objects/{ALICE}/links?direction=up"))
        .await;
    assert_eq!(wrong.problem(), "invalid-parameter");
    assert_eq!(wrong.json()["parameter"], "direction");
}
