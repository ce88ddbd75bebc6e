//! Health, readiness, and what is there at all.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{served, served_with};

#[tokio::test]
async fn a_server_says_that_it_lives_and_is_ready() {
    let served = served();
    let health = served.get("/healthz").await;
    assert_eq!(health.status, StatusCode::OK);
    assert_eq!(health.json()["status"], "ok");
    let ready = served.get("/readyz").await;
    assert_eq!(ready.json()["tenants"], 1);
    assert!(!ready.header("x-request-id").is_empty());
    served.state.stop();
    assert_eq!(served.get("/readyz").await.problem(), "stopping");
}

#[tokio::test]
async fn an_archive_that_is_not_there_is_not_ready() {
    let served = served_with(|options| options.tenants[0].archive.push("nowhere"));
    assert_eq!(served.get("/readyz").await.problem(), "not-ready");
    let tenants = served.get("/v1/tenants").await.json();
    assert_eq!(tenants["items"][0]["name"], "contoso");
    assert!(tenants["items"][0]["label"].is_null());
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_of_its_own() {
    let served = served();
    let nothing = served.get("/v1/nothing").await;
    assert_eq!(nothing.problem(), "unknown-route");
    assert_eq!(nothing.json()["instance"], "/v1/nothing");
    let request = Request::delete("/v1/tenants").body(Body::empty());
    let wrong = served.send(request.expect("because it is one")).await;
    assert_eq!(wrong.problem(), "method-not-allowed");
    assert!(wrong.header("allow").contains("GET"), "{:?}", wrong.headers);
}

#[tokio::test]
async fn without_a_sign_in_nothing_is_told() {
    let served = served_with(|options| options.everyone = None);
    let answer = served.get("/v1/tenants").await;
    assert_eq!(answer.problem(), "unauthenticated");
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    assert_eq!(served.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn tenants_are_listed_with_what_they_have() {
    let served = served();
    let tenants = served.get("/v1/tenants").await.json();
    assert_eq!(tenants["items"][0]["label"], "contoso.example");
    assert_eq!(tenants["items"][0]["snapshots"], 3);
    assert_eq!(tenants["items"][0]["latest"], "2026-10-03T09:00:00Z");
    assert!(served.folder.path().join("archive.toml").exists());
}
