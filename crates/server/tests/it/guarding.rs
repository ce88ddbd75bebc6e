//! What the layers refuse, limit, and note.

use axum::http::{HeaderName, Method, StatusCode};
use serde_json::Value;
use server::limits::Rate;

use crate::guarded::{guarded, guarded_with, read_all};
use crate::support::time;

const TENANTS: &str = "/v1/tenants";

#[tokio::test]
async fn a_token_is_refused_by_what_is_wrong_with_it() {
    let guarded = guarded();
    let token = guarded.token(&["reader"]);
    let answer = guarded.send(Method::GET, TENANTS, &token).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mistyped = token.replace("entrace_", "entrace_x");
    let other_server = server::auth::token::TokenSecret::new();
    let now = time("2026-10-20T11:00:00Z");
    let short = guarded
        .tokens
        .create("short", crate::guarded::grants(&["reader"]), Some(now), now);
    let short = short.expect("because the folder is ours").0;
    for (token, reason) in [
        (mistyped.as_str(), "token-mistyped"),
        (other_server.expose(), "token-unknown"),
        (short.expose(), "token-expired"),
        ("eyJhbGciOiJub25lIn0.e30.", "token-not-accepted"),
        ("a b", "authorization-malformed"),
    ] {
        let answer = guarded.send(Method::GET, TENANTS, token).await;
        assert_eq!(answer.problem(), "invalid-token", "{reason}");
        assert_eq!(answer.json()["reason"], reason);
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }
    guarded
        .tokens
        .revoke("[\"reader\"]", now)
        .expect("because it is there");
    let answer = guarded.send(Method::GET, TENANTS, &token).await;
    assert_eq!(answer.json()["reason"], "token-revoked");
    // Without any token the reason says so, and no error is named: RFC 6750, section 3.
    let answer = guarded.send(Method::GET, TENANTS, "").await;
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"entrace\""
    );
}

#[tokio::test]
async fn what_is_too_much_is_refused_each_by_its_word() {
    let guarded = guarded_with(|options| {
        options.guard.limits.principal = Rate {
            per_second: 1,
            at_once: 2,
        };
        options.guard.limits.body_bytes = 1000;
    });
    let token = guarded.token(&["reader"]);
    let long = format!("{TENANTS}?q={}", "x".repeat(21_000));
    let answer = guarded.send(Method::GET, &long, &token).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::URI_TOO_LONG, "address-too-long".to_owned())
    );
    let answer = guarded
        .send_with(Method::GET, TENANTS, &token, |request| {
            request.header("x-more", "x".repeat(17_000))
        })
        .await;
    assert_eq!(answer.problem(), "headers-too-large");
    assert_eq!(answer.json()["limit"], 16_384);
    let answer = guarded
        .send_with(Method::POST, "/v1/snapshots", &token, |request| {
            request.header("content-length", "1001")
        })
        .await;
    assert_eq!(answer.problem(), "body-too-large");
    let many = (0..20).map(|_| guarded.send(Method::GET, TENANTS, &token));
    let many = futures::future::join_all(many).await;
    let (answered, refused): (Vec<_>, Vec<_>) = many
        .iter()
        .partition(|answer| answer.status == StatusCode::OK);
    assert!(
        answered.len() >= 2 && !refused.is_empty(),
        "{}",
        answered.len()
    );
    for answer in refused {
        assert_eq!(answer.problem(), "rate-limited");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let other = guarded.token(&["auditor"]);
    assert_eq!(
        guarded.send(Method::GET, TENANTS, &other).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_server_that_has_all_it_can_do_says_so() {
    let guarded = guarded_with(|options| options.guard.limits.concurrency = 0);
    let answer = guarded.send(Method::GET, TENANTS, "").await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::SERVICE_UNAVAILABLE, "busy".to_owned())
    );
}

#[tokio::test]
async fn every_answer_has_a_name_and_says_what_browsers_may_do_with_it() {
    let guarded = guarded();
    let token = guarded.token(&["reader"]);
    let named = |id: &'static str| {
        guarded.send_with(Method::GET, TENANTS, &token, move |request| {
            request.header("x-request-id", id)
        })
    };
    let answer = named("trace-42").await;
    assert_eq!(answer.header("x-request-id"), "trace-42");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = named("forged\t{\"status\":200}").await;
    assert_eq!(answer.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn who_asked_what_is_recorded_and_no_secret_with_it() {
    let guarded = guarded();
    let (reader, auditor) = (
        guarded.token(&["reader@contoso"]),
        guarded.token(&["auditor@contoso"]),
    );
    let planted = guarded.token(&["admin@fabrikam"]);
    let status = "/v1/access?tenant=contoso";
    guarded.send(Method::GET, status, &reader).await;
    let address = format!("{status}&principal={planted}");
    guarded.send(Method::GET, &address, &auditor).await;
    guarded.send(Method::GET, "/healthz", "").await;
    guarded
        .send(
            Method::GET,
            TENANTS,
            &planted.replace("entrace_", "entrace_0"),
        )
        .await;
    guarded
        .send_with(Method::GET, status, "", |request| {
            request.header(
                "authorization",
                format!("Bearer {reader}, Bearer {planted}"),
            )
        })
        .await;
    let answer = guarded
        .send(Method::GET, &format!("{status}&limit=2"), &auditor)
        .await;
    let found = answer.json();
    let items = found["items"].as_array().expect("because it is a list");
    let short: Vec<[&Value; 4]> = items
        .iter()
        .map(|item| {
            [
                &item["method"],
                &item["status"],
                &item["name"],
                &item["problem"],
            ]
        })
        .collect();
    assert_eq!(
        serde_json::to_value(&short).expect("because it is JSON"),
        serde_json::json!([
            ["GET", 200, "[\"auditor@contoso\"]", null],
            ["GET", 403, "[\"reader@contoso\"]", "forbidden"],
        ])
    );
    assert_eq!(items[0]["roles"], serde_json::json!(["auditor"]));
    assert_eq!(items[0]["tenant"], "contoso");
    // Of another tenant's record nothing is seen.
    let other = guarded.token(&["auditor@fabrikam"]);
    let answer = guarded.send(Method::GET, "/v1/access", &other).await;
    assert_eq!(answer.json()["items"], serde_json::json!([]));
    let record = guarded.record();
    // Reading the record makes everything before it last.
    assert!(record.lines().count() >= 5, "{record}");
    assert!(record.contains("invalid-token/token-mistyped"), "{record}");
    for secret in [&reader, &auditor, &planted] {
        assert!(!record.contains(&secret[10..40]), "{record}");
    }
    let all = read_all(guarded.folder.path());
    assert!(!all.contains(&reader[10..40]), "tokens are kept as hashes");
}

#[tokio::test]
async fn the_record_is_read_page_by_page_and_wrong_questions_are_told() {
    let guarded = guarded();
    let auditor = guarded.token(&["auditor@contoso"]);
    for _ in 0..5 {
        guarded
            .send(Method::GET, "/v1/access?limit=1", &auditor)
            .await;
    }
    let (mut cursor, mut pages) = (String::new(), Vec::new());
    loop {
        let address = format!("/v1/access?limit=2{cursor}");
        let found = guarded.send(Method::GET, &address, &auditor).await.json();
        pages.push(found["items"].as_array().map_or(0, Vec::len));
        let Some(next) = found["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    // What was asked meanwhile is newer than the first page.
    assert_eq!(pages, [2, 2, 1]);
    for (query, word) in [
        ("limit=0", "invalid-limit"),
        ("limit=1001", "invalid-limit"),
        ("limit=-1", "invalid-limit"),
        ("since=yesterday", "invalid-time"),
        ("colour=red", "unknown-parameter"),
        ("cursor=../tokens.json@0", "invalid-cursor"),
    ] {
        let answer = guarded
            .send(Method::GET, &format!("/v1/access?{query}"), &auditor)
            .await;
        assert_eq!(answer.problem(), word, "{query}");
    }
}

#[tokio::test]
async fn figures_tell_of_requests_and_archives() {
    let guarded = guarded();
    let operator = guarded.token(&["operator"]);
    guarded.send(Method::GET, TENANTS, &operator).await;
    guarded.send(Method::GET, TENANTS, "").await;
    guarded.send(Method::GET, "/v1/no/such/place", "").await;
    let answer = guarded.send(Method::GET, "/metrics", &operator).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    let text = String::from_utf8(answer.body.to_vec()).expect("because it is text");
    let taken = time("2026-10-03T09:00:00Z").as_second();
    for line in [
        r#"entrace_http_requests_total{method="GET",route="/v1/tenants",status="200"} 1"#
            .to_owned(),
        r#"entrace_http_requests_total{method="GET",route="/v1/tenants",status="401"} 1"#
            .to_owned(),
        r#"entrace_http_requests_total{method="GET",route="none",status="404"} 1"#.to_owned(),
        r#"entrace_http_refused_total{reason="unauthenticated"} 1"#.to_owned(),
        r#"entrace_objects{kind="user",tenant="contoso"} 1"#.to_owned(),
        r#"entrace_archive_open{tenant="fabrikam"} 1"#.to_owned(),
        r#"entrace_snapshots{tenant="contoso"} 3"#.to_owned(),
        format!(r#"entrace_last_backup_timestamp_seconds{{tenant="contoso"}} {taken}"#),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(
        !text.contains("no/such"),
        "an address that somebody made up is no label"
    );
}

#[tokio::test]
async fn a_server_that_only_reads_changes_nothing() {
    let guarded = guarded_with(|options| options.read_only = true);
    let token = guarded.token(&["operator@contoso"]);
    let answer = guarded.send(Method::GET, "/v1/access", &token).await;
    assert_eq!(answer.problem(), "forbidden");
    if routes_have("/v1/snapshots", "post") {
        let answer = guarded.send(Method::POST, "/v1/snapshots", &token).await;
        assert_eq!(answer.problem(), "read-only");
    }
}

fn routes_have(path: &str, method: &str) -> bool {
    let document: Value = serde_json::from_slice(&server::openapi()).expect("because it is JSON");
    document["paths"][path][method].is_object()
}

#[tokio::test]
async fn a_request_names_its_tenant_once() {
    let guarded = guarded();
    let token = guarded.token(&["auditor"]);
    let ask = |address: &'static str| guarded.send(Method::GET, address, &token);
    assert_eq!(ask("/v1/access").await.problem(), "tenant-required");
    assert_eq!(
        ask("/v1/access?tenant=contoso").await.status,
        StatusCode::OK
    );
    assert_eq!(
        ask("/v1/access?tenant=contoso&tenant=fabrikam")
            .await
            .problem(),
        "tenant-not-found"
    );
    let header = HeaderName::from_static("entrace-tenant");
    let both = guarded.send_with(
        Method::GET,
        "/v1/access?tenant=contoso",
        &token,
        |request| request.header(header, "fabrikam"),
    );
    assert_eq!(both.await.problem(), "tenant-not-found");
}

#[tokio::test]
async fn a_hold_is_set_once_however_often_it_is_sent() {
    let guarded = guarded();
    let custodian = guarded.token(&["custodian@contoso"]);
    let other = guarded.token(&["custodian@contoso", "auditor@contoso"]);
    let send = |token: String, reason: &'static str| {
        let body = serde_json::json!({"scope": {"type": "archive"}, "reason": reason});
        let request = axum::http::Request::post("/v1/holds")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", "case 7")
            .body(axum::body::Body::from(body.to_string()));
        guarded
            .served
            .send(request.expect("because it is a request"))
    };
    let first = send(custodian.clone(), "case 7").await;
    assert_eq!(first.status, StatusCode::CREATED, "{:?}", first.body);
    let again = send(custodian.clone(), "case 7").await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(
        send(custodian.clone(), "case 8").await.problem(),
        "idempotency-key-reused"
    );
    // The same key of somebody else is another one.
    let others = send(other, "case 7").await;
    assert_eq!(others.status, StatusCode::CREATED);
    let holds = guarded
        .send(Method::GET, "/v1/holds", &custodian)
        .await
        .json();
    assert_eq!(holds["items"].as_array().map(Vec::len), Some(2), "{holds}");
}

#[tokio::test]
async fn below_a_base_path_the_same_is_decided() {
    let guarded = guarded_with(|options| "/entrace".clone_into(&mut options.base_path));
    let token = guarded.token(&["reader@contoso"]);
    let ask = |address: &'static str| guarded.send(Method::GET, address, &token);
    assert_eq!(ask("/entrace/v1/tenants").await.status, StatusCode::OK);
    assert_eq!(
        ask("/entrace/v1/access?tenant=contoso").await.problem(),
        "forbidden"
    );
    let status = ask("/entrace/v1/tenants/fabrikam/status").await;
    assert_eq!(status.problem(), "tenant-not-found");
    assert_eq!(
        ask("/entrace/v1/tenants/contoso/status").await.status,
        StatusCode::OK
    );
    assert_eq!(ask("/v1/tenants").await.problem(), "unknown-route");
    let without = guarded.send(Method::GET, "/entrace/v1/tenants", "").await;
    assert_eq!(without.problem(), "unauthenticated");
}
