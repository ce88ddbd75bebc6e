//! Every wrong request has a problem of its own.

use axum::body::Body;
use axum::http::Request;

use crate::support::{ALICE, served, served_with};

#[tokio::test]
async fn wrong_parameters_are_told_apart() {
    let served = served();
    for (address, problem) in [
        ("/v1/objects?limit=0", "invalid-limit"),
        ("/v1/objects?limit=-1", "invalid-limit"),
        ("/v1/objects?limit=1000000000", "invalid-limit"),
        ("/v1/objects?limit=1&limit=2", "invalid-parameter"),
        ("/v1/objects?kinds=user", "unknown-parameter"),
        ("/v1/schema?limit=5", "unknown-parameter"),
        ("/v1/objects?rev=yesterday", "invalid-revision"),
        ("/v1/objects?rev=live", "invalid-revision"),
        ("/v1/objects?rev=2019-01-01", "revision-not-found"),
        ("/v1/objects?rev=2030-01-01", "invalid-revision"),
        ("/v1/objects?rev=abcdef012345", "revision-not-found"),
        ("/v1/objects?rev=tag:none", "revision-not-found"),
        ("/v1/objects?rev=latest~99", "revision-not-found"),
        ("/v1/objects?kind=spaceship", "kind-not-found"),
        ("/v1/objects?cursor=nonsense", "invalid-cursor"),
        ("/v1/objects?format=xml", "not-acceptable"),
        ("/v1/objects?tenant=fabrikam", "tenant-not-found"),
        ("/v1/tenants/fabrikam/status", "tenant-not-found"),
        ("/v1/snapshots/nonsense", "invalid-revision"),
        ("/v1/snapshots?since=someday", "invalid-time"),
        ("/v1/diff?from=first&summary=perhaps", "invalid-parameter"),
        ("/v1/diff?to=first", "revision-not-found"),
        ("/v1/objects/%20", "invalid-object"),
        ("/v1/objects/%00", "invalid-object"),
        ("/v1/objects/%ff", "invalid-parameter"),
        ("/v1/objects/user:nobody", "object-not-found"),
        ("/v1/objects/spaceship:x", "object-not-found"),
        (
            "/v1/objects/33333333-3333-3333-3333-333333333333",
            "object-not-found",
        ),
        ("/v1/query", "invalid-parameter"),
        ("/v1/query?sql=select%201&limit=0", "invalid-parameter"),
        ("/v1/stats/objects?since=x", "invalid-time"),
        ("/problems/none", "unknown-route"),
    ] {
        let answer = served.get(address).await;
        assert_eq!(answer.problem(), problem, "{address}: {}", answer.json());
        let detail = answer.json()["detail"].as_str().map(str::len);
        assert!(detail.is_some_and(|length| length > 10), "{address}");
    }
    let answer = served.get("/v1/objects?kinds=user").await.json();
    assert_eq!(answer["parameter"], "kinds");
    assert!(
        answer["detail"]
            .as_str()
            .is_some_and(|text| text.contains("kind, q, rev"))
    );
}

#[tokio::test]
async fn several_tenants_must_be_named() {
    let first = served();
    let folder = first.folder.path().to_owned();
    let served = served_with(|options| {
        let mut second = options.tenants[0].clone();
        second.name = "fabrikam".to_owned();
        second.archive.clone_from(&folder);
        options.tenants.push(second);
    });
    let answer = served.get("/v1/objects").await;
    assert_eq!(answer.problem(), "tenant-required");
    assert_eq!(
        answer.json()["tenants"],
        serde_json::json!(["contoso", "fabrikam"])
    );
    assert_eq!(served.get("/v1/objects?tenant=fabrikam").await.status, 200);
    let request = Request::get("/v1/objects")
        .header("entrace-tenant", "contoso")
        .body(Body::empty());
    let answer = served.send(request.expect("because it is a request")).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn wrong_bodies_are_told_apart() {
    let served = served();
    let post = |media: &str, body: Body| {
        Request::post("/v1/holds")
            .header("content-type", media)
            .body(body)
            .expect("because it is a request")
    };
    let json = "application/json";
    for (media, body, problem) in [
        ("text/plain", "{}", "unsupported-media-type"),
        (json, "{", "invalid-json"),
        (json, "", "invalid-json"),
        (json, "{}", "invalid-body"),
        (
            json,
            r#"{"scope":{"type":"archive"},"reason":"x","more":1}"#,
            "invalid-body",
        ),
        (
            json,
            r#"{"scope":{"type":"planet"},"reason":"x"}"#,
            "invalid-body",
        ),
        (
            json,
            r#"{"scope":{"type":"archive"},"reason":""}"#,
            "invalid-parameter",
        ),
        (
            json,
            r#"{"scope":{"type":"snapshot","rev":"x"},"reason":"x"}"#,
            "invalid-revision",
        ),
    ] {
        let answer = served.send(post(media, Body::from(body))).await;
        assert_eq!(answer.problem(), problem, "{body}: {}", answer.json());
    }
    let large = format!("{{\"reason\":\"{}\"}}", "x".repeat(1 << 20));
    let answer = served.send(post(json, Body::from(large))).await;
    assert_eq!(answer.problem(), "body-too-large");
    let broken = futures::stream::iter([
        Ok::<_, std::io::Error>("{\"reason\":"),
        Err(std::io::Error::other("connection reset")),
    ]);
    let answer = served.send(post(json, Body::from_stream(broken))).await;
    assert_eq!(answer.problem(), "body-incomplete");
}

#[tokio::test]
async fn a_range_is_ignored_as_it_may_be() {
    let served = served();
    for range in ["bytes=0-3", "bytes=9999999-", "lines=1", "nonsense"] {
        let request = Request::get(format!("/v1/objects/{ALICE}"))
            .header("range", range)
            .body(Body::empty());
        let answer = served.send(request.expect("because it is a request")).await;
        assert_eq!(answer.status, 200, "{range}");
        assert_eq!(answer.header("accept-ranges"), "none", "{range}");
    }
}

#[tokio::test]
async fn a_damaged_archive_is_a_problem_and_names_no_path() {
    let served = served();
    let packs = served.folder.path().join("packs");
    std::fs::remove_dir_all(&packs).expect("because it is there");
    let answer = served.get(&format!("/v1/objects/{ALICE}")).await;
    assert_eq!(answer.problem(), "archive-damaged");
    let path = served.folder.path().display().to_string();
    assert!(!answer.json().to_string().contains(&path));
}

#[tokio::test]
async fn each_problem_has_a_page() {
    let served = served();
    for code in server::Code::ALL {
        let page = served.get(&format!("/problems/{}", code.word())).await;
        assert_eq!(page.status, 200, "{}", code.word());
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert!(text.contains(code.title()), "{}", code.word());
        assert!(
            page.header("content-security-policy")
                .starts_with("default-src 'none'")
        );
    }
}
