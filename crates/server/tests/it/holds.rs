//! Holds: set, listed, released.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{Answer, Served, served, served_with};

async fn set(served: &Served, body: &str) -> Answer {
    let request = Request::post("/v1/holds")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()));
    served.send(request.expect("because it is a request")).await
}

async fn release(served: &Served, address: &str) -> Answer {
    let request = Request::delete(address).body(Body::empty());
    served.send(request.expect("because it is a request")).await
}

/// A server over the same archive, open to somebody else.
fn another(served: &Served) -> Served {
    let folder = served.folder.path().to_owned();
    served_with(|options| {
        options.tenants[0].archive = folder;
        let everyone = options.everyone.as_mut().expect("because it is open");
        "carol".clone_into(&mut everyone.name);
    })
}

#[tokio::test]
async fn a_hold_is_set_listed_and_released() {
    let served = served();
    let body = r#"{"scope":{"type":"object","object":"user:Alice"},"reason":"case 7"}"#;
    let answer = set(&served, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
    let id = answer.json()["id"].clone();
    let list = served.get("/v1/holds").await.json();
    assert_eq!(list["items"][0]["id"], id);
    assert_eq!(list["items"][0]["set_by"], "tester");
    assert_eq!(list["items"][0]["reason"], "case 7");
    let address = format!("/v1/holds/{id}");
    assert_eq!(
        release(&served, &address).await.problem(),
        "invalid-parameter"
    );
    let own = release(&served, &format!("{address}?reason=closed")).await;
    assert_eq!(own.problem(), "hold-own-release");
    // Another server over the same archive, open to another person.
    let other = another(&served);
    let tag = answer.header("etag").to_owned();
    let release_if = |tag: &str| {
        let request = Request::delete(format!("{address}?reason=closed"))
            .header("if-match", tag)
            .body(Body::empty());
        other.send(request.expect("because it is a request"))
    };
    assert_eq!(release_if("\"00\"").await.problem(), "precondition-failed");
    assert_eq!(release_if(&tag).await.status, StatusCode::OK);
    let again = release(&other, &format!("{address}?reason=closed")).await;
    assert_eq!(again.problem(), "hold-not-found");
    assert_eq!(
        other.get("/v1/holds").await.json()["items"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn a_server_that_only_reads_sets_none() {
    let served = served_with(|options| options.read_only = true);
    let answer = set(&served, r#"{"scope":{"type":"archive"},"reason":"x"}"#).await;
    assert_eq!(answer.problem(), "read-only");
}
