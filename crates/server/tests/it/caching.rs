//! What need not be asked twice.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::support::{ALICE, Served, served, snapshot};

async fn again(served: &Served, address: &str, etag: &str) -> StatusCode {
    let request = Request::get(address)
        .header("if-none-match", etag)
        .body(Body::empty());
    let answer = served.send(request.expect("because it is a request")).await;
    if answer.status == StatusCode::NOT_MODIFIED {
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), etag);
    }
    answer.status
}

#[tokio::test]
async fn a_past_state_never_changes_and_says_so() {
    let served = served();
    let first = served.get("/v1/snapshots/first").await.json();
    let id = first["snapshot_id"]
        .as_str()
        .expect("because it has one")
        .to_owned();
    let address = format!("/v1/objects/{ALICE}?rev={id}");
    let answer = served.get(&address).await;
    assert!(answer.header("cache-control").contains("immutable"));
    let etag = answer.header("etag").to_owned();
    assert_eq!(
        again(&served, &address, &etag).await,
        StatusCode::NOT_MODIFIED
    );
    snapshot(
        served.folder.path(),
        "2026-10-09T09:00:00Z",
        &[(ALICE, "Alice", "director")],
    );
    let after = served.get(&address).await;
    assert_eq!(
        after.header("etag"),
        etag,
        "what came later does not touch it"
    );
    assert_eq!(after.body, answer.body);
    // An export that is older than that state, imported after it, does.
    snapshot(
        served.folder.path(),
        "2026-09-09T09:00:00Z",
        &[(ALICE, "Alice", "trainee")],
    );
    // The server looks for what is new a few times a second, not with each request.
    while again(&served, &address, &etag).await != StatusCode::OK {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_newest_state_is_asked_for_again() {
    let served = served();
    let address = format!("/v1/objects/{ALICE}");
    let answer = served.get(&address).await;
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    let etag = answer.header("etag").to_owned();
    assert_eq!(
        again(&served, &address, &etag).await,
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(again(&served, &address, "\"other\"").await, StatusCode::OK);
    snapshot(
        served.folder.path(),
        "2026-10-09T09:00:00Z",
        &[(ALICE, "Alice", "director")],
    );
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    // A commit is noticed a moment later.
    while again(&served, &address, &etag).await == StatusCode::NOT_MODIFIED {
        assert!(
            std::time::Instant::now() < deadline,
            "the commit was never noticed"
        );
        tokio::task::yield_now().await;
    }
    assert_eq!(
        served.get(&address).await.json()["properties"]["jobTitle"],
        "director"
    );
}

#[tokio::test]
async fn formats_and_pages_have_tags_of_their_own() {
    let served = served();
    let mut tags = std::collections::BTreeSet::new();
    for address in [
        "/v1/objects?rev=first",
        "/v1/objects?rev=first&format=csv",
        "/v1/objects?rev=first&limit=1",
        "/v1/objects?rev=latest",
        "/v1/objects?rev=first&kind=user",
    ] {
        let tag = served.get(address).await.header("etag").to_owned();
        assert!(tags.insert(tag), "{address}");
    }
}

#[tokio::test]
async fn any_answer_is_one_that_there_is() {
    let served = served();
    let any = async |address: &str| {
        let request = Request::get(address)
            .header("if-none-match", "*")
            .body(Body::empty());
        let answer = served.send(request.expect("because it is a request")).await;
        answer.status
    };
    let alice = format!("/v1/objects/{ALICE}/links");
    for _ in 0..2 {
        assert_eq!(any(&alice).await, StatusCode::NOT_MODIFIED);
        let refused = any(&format!("{alice}?direction=up")).await;
        assert_eq!(refused, StatusCode::BAD_REQUEST);
        assert_eq!(any("/v1/objects/nobody").await, StatusCode::NOT_FOUND);
    }
}
