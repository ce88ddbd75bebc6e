//! Differences, changes, numbers, snapshots.

use serde_json::json;

use crate::support::{ALICE, BOB, served};

#[tokio::test]
async fn a_difference_is_told_in_microsofts_words() {
    let served = served();
    let diff = served.get("/v1/diff?from=first&to=latest").await.json();
    let items = diff["items"].as_array().expect("because it is a list");
    assert_eq!(items.len(), 2);
    let alice = &items[0];
    assert_eq!(alice["id"], ALICE);
    assert_eq!(alice["displayName"], "Alice");
    assert_eq!(alice["entityTypeName"], "user");
    assert_eq!(alice["recoveryAction"], "update");
    assert_eq!(alice["currentState"], json!({"jobTitle": "manager"}));
    assert_eq!(alice["deltaFromCurrent"], json!({"jobTitle": "engineer"}));
    let bob = &items[1];
    assert_eq!(
        (&bob["id"], &bob["recoveryAction"]),
        (&json!(BOB), &json!("restore"))
    );
    assert!(bob["currentState"].is_null());
    assert_eq!(bob["deltaFromCurrent"]["jobTitle"], "clerk");
    assert!(bob["failureMessage"].is_null());
    let summary = served.get("/v1/diff?from=first&summary=true").await.json();
    assert_eq!(summary["items"][0]["changeType"], "modified");
    assert_eq!(summary["items"][1]["objects"], 1);
}

#[tokio::test]
async fn changes_are_told_newest_first() {
    let served = served();
    let changes = served.get("/v1/changes").await.json();
    let told: Vec<_> = changes["items"]
        .as_array()
        .expect("because it is a list")
        .iter()
        .map(|row| {
            (
                row["id"].clone(),
                row["changeType"].clone(),
                row["path"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!(BOB), json!("removed"), json!("")),
            (json!(ALICE), json!("modified"), json!("jobTitle")),
        ]
    );
    assert_eq!(changes["items"][1]["oldValue"], "engineer");
    assert_eq!(changes["items"][0]["recoveryAction"], "restore");
    let since = served
        .get("/v1/changes?since=2026-10-02T10:00Z")
        .await
        .json();
    assert_eq!(since["items"].as_array().map(Vec::len), Some(1));
    let path = served.get("/v1/changes?path=job").await.json();
    assert_eq!(path["items"], json!([]), "a path is no beginning of a name");
    let object = served
        .get("/v1/changes?object=user:Alice&kind=user")
        .await
        .json();
    assert_eq!(object["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn snapshots_are_listed_newest_first() {
    let served = served();
    let all = served.get("/v1/snapshots").await.json();
    let numbers: Vec<_> = all["items"]
        .as_array()
        .expect("because it is a list")
        .iter()
        .map(|row| row["number"].clone())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    let since = served
        .get("/v1/snapshots?since=2026-10-02&until=2026-10-02T23:00Z")
        .await;
    assert_eq!(since.json()["items"].as_array().map(Vec::len), Some(1));
    let one = served.get("/v1/snapshots/first").await.json();
    assert_eq!(one["number"], 1);
    assert_eq!(one["kinds"][0]["kind"], "user");
    assert_eq!(one["kinds"][0]["objects"], 2);
    assert_eq!(one["snapshot_id"].as_str().map(str::len), Some(64));
}

#[tokio::test]
async fn numbers_for_dashboards_come_at_once() {
    let served = served();
    let objects = served.get("/v1/stats/objects?rev=first").await.json();
    assert_eq!(objects["items"], json!([{"kind": "user", "objects": 2}]));
    let changes = served.get("/v1/stats/changes").await.json();
    assert_eq!(changes["items"].as_array().map(Vec::len), Some(2));
    for name in ["actors", "confidence", "coverage", "paths", "snapshots"] {
        let answer = served
            .get(&format!("/v1/stats/{name}?since=2026-10-02"))
            .await;
        assert_eq!(answer.status, 200, "{name}: {:?}", answer.body);
    }
    assert_eq!(
        served.get("/v1/stats/nothing").await.problem(),
        "stats-not-found"
    );
}

#[tokio::test]
async fn an_archive_without_a_log_has_no_events() {
    let served = served();
    let audits = served.get("/v1/audits?actor=mallory&since=-7d").await;
    assert_eq!(audits.json()["items"], json!([]));
}

#[tokio::test]
async fn the_library_and_the_tables_are_told() {
    let served = served();
    let library = served.get("/v1/library").await.json();
    let items = library["items"].as_array().expect("because it is a list");
    assert!(items.len() > 10);
    let id = items[0]["id"].as_str().expect("because it has one");
    let one = served.get(&format!("/v1/library/{id}")).await.json();
    assert_eq!(one["id"], id);
    assert!(
        one["text"]
            .as_str()
            .is_some_and(|text| text.to_lowercase().contains("select"))
    );
    assert_eq!(
        served.get("/v1/library/nothing").await.problem(),
        "library-not-found"
    );
    let schema = served.get("/v1/schema").await.json();
    let tables = schema["tables"].as_array().expect("because it is a list");
    let users = tables.iter().find(|table| table["name"] == "users");
    let users = users.expect("because there are users");
    assert_eq!(users["kind"], "user");
    assert!(
        users["columns"]
            .as_array()
            .is_some_and(|columns| columns.len() > 10)
    );
}
