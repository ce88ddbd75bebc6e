//! Batches.

use graph::{Api, Clock, ErrorKind, Family, Get, Pace};
use serde_json::{Value, json};

use crate::server::{Reply, Seen, Server};

fn member(n: usize) -> Get {
    let api = if n.is_multiple_of(3) {
        Api::Beta
    } else {
        Api::V1
    };
    Get::path(
        api,
        format!("/groups/{n}/members?$select=id"),
        "group_member",
    )
    .cost(2)
}

fn entries(seen: &Seen) -> Vec<Value> {
    let body: Value = serde_json::from_str(&seen.body).expect("a batch");
    body["requests"].as_array().expect("requests").clone()
}

fn page(url: &Value) -> Value {
    json!({"value": [{"url": url}]})
}

/// Answers a batch in reverse order, each request by `answer`.
fn answer(seen: &Seen, answer: impl Fn(&Value) -> Value) -> Reply {
    let mut responses: Vec<Value> = entries(seen)
        .iter()
        .map(|entry| {
            let mut response = answer(entry);
            response["id"] = entry["id"].clone();
            response
        })
        .collect();
    responses.reverse();
    Reply::ok(json!({"responses": responses}).to_string())
}

#[tokio::test]
async fn any_number_and_mix_comes_back_in_order() {
    let server = Server::start(|seen| {
        answer(seen, |entry| match entry["url"].as_str() {
            Some("/groups/7/members?$select=id") => {
                json!({"status": 404, "body": {"error": {"code": "Request_ResourceNotFound", "message": "m"}}})
            }
            Some("/groups/8/members?$select=id") => json!({"status": 200, "body": {"value": 5}}),
            _ => json!({"status": 200, "headers": {"x-ms-resource-unit": "3"}, "body": page(&entry["url"])}),
        })
    })
    .await;
    let client = server.client();
    let requests: Vec<Get> = (0..95).map(member).collect();
    let results = client.batch(&requests).await.expect("answers");
    assert_eq!(results.len(), 95);
    for (n, result) in results.iter().enumerate() {
        match (n, result) {
            (7, Err(error)) => {
                assert_eq!(
                    (error.kind(), error.code()),
                    (ErrorKind::NotFound, Some("Request_ResourceNotFound"))
                );
                assert_eq!(
                    error.asked(),
                    Some("GET /v1.0/groups/7/members?$select (in a batch)")
                );
            }
            (8, Err(error)) => assert_eq!(error.kind(), ErrorKind::Malformed),
            (_, Ok(page)) => assert_eq!(
                page.body,
                format!(r#"{{"value":[{{"url":"/groups/{n}/members?$select=id"}}]}}"#)
            ),
            (_, Err(error)) => panic!("{n}: {error}"),
        }
    }
    let mut sizes: Vec<(String, usize)> = server
        .asked()
        .iter()
        .map(|seen| (seen.path.clone(), entries(seen).len()))
        .collect();
    sizes.sort();
    let [beta, v1] = ["/beta/$batch", "/v1.0/$batch"].map(str::to_owned);
    assert_eq!(
        sizes,
        [
            (beta.clone(), 12),
            (beta, 20),
            (v1.clone(), 3),
            (v1.clone(), 20),
            (v1.clone(), 20),
            (v1, 20)
        ]
    );
    let report = client.meter().snapshot();
    assert_eq!(
        (
            report.batches,
            report.total.requests,
            report.total.resource_units
        ),
        (6, 95, 93 * 3 + 2 * 2)
    );
}

#[tokio::test]
async fn throttled_requests_go_again_alone_after_their_own_time() {
    let server = Server::nth(|n, seen| {
        answer(seen, |entry| match (n, entry["id"].as_str()) {
            (0, Some("1")) => json!({"status": 429, "headers": {"retry-after": "5"}, "body": {"error": {"code": "TooManyRequests"}}}),
            (0, Some("2")) => json!({"status": 503, "headers": {"Retry-After": 60}, "body": null}),
            _ => json!({"status": 200, "body": page(&entry["url"])}),
        })
    })
    .await;
    let (client, clock) = server.timed_client();
    let requests: Vec<Get> = [1, 2, 4, 5].map(member).into();
    let results = client.batch(&requests).await.expect("answers");
    for (result, n) in results.iter().zip([1, 2, 4, 5]) {
        let body = &result.as_ref().expect("a page").body;
        assert!(String::from_utf8_lossy(body).contains(&format!("/groups/{n}/")));
    }
    let urls: Vec<Vec<String>> = server
        .asked()
        .iter()
        .map(|seen| {
            entries(seen)
                .iter()
                .map(|entry| entry["url"].as_str().unwrap_or_default().to_owned())
                .collect()
        })
        .collect();
    assert_eq!(
        urls[1..],
        [
            ["/groups/2/members?$select=id".to_owned()],
            ["/groups/4/members?$select=id".to_owned()]
        ]
    );
    assert_eq!(clock.monotonic().as_secs(), 60);
    assert_eq!(client.meter().snapshot().total.retries, 2);
    let report = client.meter().snapshot();
    assert_eq!(
        (
            report.total.requests,
            report.total.throttled,
            report.batches
        ),
        (6, 1, 3)
    );
}

#[tokio::test]
async fn what_stays_throttled_or_missing_fails_alone() {
    let server = Server::start(|seen| {
        let mut reply = answer(seen, |entry| match entry["url"].as_str() {
            Some("/groups/2/members?$select=id") => json!({"status": 429}),
            _ => json!({"status": 200, "body": page(&entry["url"])}),
        });
        let mut body: Value = serde_json::from_slice(&reply.body).expect("an answer");
        let responses = body["responses"].as_array_mut().expect("responses");
        responses.retain(|response| !response["body"].to_string().contains("/groups/4/"));
        reply.body = body.to_string().into_bytes();
        reply
    })
    .await;
    let results = server
        .client()
        .batch(&[1, 2, 4].map(member))
        .await
        .expect("answers");
    assert!(results[0].is_ok());
    assert_eq!(
        results[1].as_ref().expect_err("throttled").kind(),
        ErrorKind::Throttled
    );
    assert_eq!(
        results[2].as_ref().expect_err("left out").kind(),
        ErrorKind::Malformed
    );
}

#[tokio::test]
async fn nothing_to_be_had_is_one_error() {
    let server =
        Server::start(|_| Reply::json(403, r#"{"error":{"code":"Authorization_RequestDenied"}}"#))
            .await;
    assert_eq!(
        server
            .client()
            .batch(&[member(1), member(2)])
            .await
            .expect_err("refused")
            .kind(),
        ErrorKind::Forbidden
    );
    assert!(
        server
            .client()
            .batch(&[])
            .await
            .expect("nothing asked")
            .is_empty()
    );

    let half = Server::start(|seen| {
        if seen.path.starts_with("/beta") {
            return Reply::json(400, "");
        }
        answer(
            seen,
            |entry| json!({"status": 200, "body": page(&entry["url"])}),
        )
    })
    .await;
    let results = half
        .client()
        .batch(&[member(3), member(4)])
        .await
        .expect("half of it");
    assert_eq!(
        results[0].as_ref().expect_err("refused").kind(),
        ErrorKind::Unsupported
    );
    assert!(results[1].is_ok());
}

#[tokio::test]
async fn forged_batch_answers_are_refused() {
    for body in [
        r#"{"responses":[{"id":"0","status":200,"body":{"value":[]}},{"id":"0","status":200,"body":{"value":[]}}]}"#,
        r#"{"responses":[{"id":"77","status":200,"body":{"value":[]}}]}"#,
        r#"{"responses":{}}"#,
        r#"{"value":[]}"#,
    ] {
        let server = Server::start(move |_| Reply::ok(body)).await;
        assert_eq!(
            server
                .client()
                .batch(&[member(1)])
                .await
                .expect_err(body)
                .kind(),
            ErrorKind::Malformed,
            "{body}"
        );
    }
    let server = Server::start(|_| {
        Reply::ok(r#"{"responses":[{"id":"0","status":200,"body":{"value":[],"@odata.nextLink":"https://evil.example/v1.0/x"}}]}"#)
    })
    .await;
    let results = server
        .client()
        .batch(&[member(1)])
        .await
        .expect("an answer");
    assert_eq!(
        results[0].as_ref().expect_err("off origin").kind(),
        ErrorKind::OffOrigin
    );
}

#[tokio::test]
async fn a_token_that_ends_inside_a_batch_is_renewed_once() {
    let server = Server::start(|seen| {
        let old = seen.header("authorization") == "Bearer token-1";
        answer(seen, |entry| {
            if old && entry["id"] == "1" {
                return json!({"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken"}}});
            }
            json!({"status": 200, "body": page(&entry["url"])})
        })
    })
    .await;
    let results = server
        .client()
        .batch(&[1, 2, 4].map(member))
        .await
        .expect("answers");
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((server.tokens().len(), server.asked().len()), (2, 2));
}

#[tokio::test]
async fn links_and_spaced_families_go_one_by_one() {
    let server = Server::start(|_| Reply::ok(r#"{"value":[]}"#)).await;
    let mut settings = server.settings();
    settings.pace = Pace::Microsoft;
    let client = graph::Client::new(settings).expect("a client");
    let link = client
        .link(&server.url("/v1.0/users?$skiptoken=1"))
        .expect("a link");
    let policies = Get::path(
        Api::V1,
        "/identity/conditionalAccess/policies",
        "conditional_access_policy",
    )
    .family(Family::ConditionalAccess);
    let results = client
        .batch(&[Get::link(link, "user"), policies])
        .await
        .expect("answers");
    assert!(results.iter().all(Result::is_ok));
    let mut paths: Vec<String> = server.asked().into_iter().map(|seen| seen.path).collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/v1.0/identity/conditionalAccess/policies",
            "/v1.0/users?$skiptoken=1"
        ]
    );
}

#[tokio::test]
async fn headers_go_with_each_request() {
    let server = Server::start(|seen| {
        answer(
            seen,
            |entry| json!({"status": 200, "body": page(&entry["headers"])}),
        )
    })
    .await;
    let results = server
        .client()
        .batch(&[member(1).eventual().prefer("return=minimal"), member(2)])
        .await
        .expect("answers");
    let body =
        |n: usize| String::from_utf8_lossy(&results[n].as_ref().expect("a page").body).into_owned();
    assert_eq!(
        body(0),
        r#"{"value":[{"url":{"ConsistencyLevel":"eventual","Prefer":"return=minimal"}}]}"#
    );
    assert_eq!(body(1), r#"{"value":[{"url":null}]}"#);
}
