//! What goes wrong on purpose, and limits.

use std::time::Duration;

use serde_json::json;
use simulator::{Faults, Limits, RetryAfter, ServerOptions, TenantSize};

use crate::client::{Answer, Client, read};
use crate::world::{STAFF, TENANT_ID, act, contoso, id, serve, update};

fn set(client: &Client, change: impl FnOnce(&mut Faults)) {
    let faults = client.simulator.faults();
    let mut faults = faults.lock().expect("because nobody panics with this lock");
    *faults = Faults::default();
    change(&mut faults);
}

#[tokio::test]
async fn refusals_say_or_do_not_say_when_to_come_back() {
    let client = serve(1).await;
    for (retry_after, header) in [
        (RetryAfter::Seconds(7), Some("7")),
        (RetryAfter::Date(9), Some("Sun, 01 Mar 2026 08:00:09 GMT")),
        (RetryAfter::Fraction, Some("2.128")),
        (RetryAfter::Missing, None),
        (RetryAfter::Malformed, Some("soon")),
        (RetryAfter::Absurd, Some("864000")),
    ] {
        set(&client, |faults| {
            faults.throttled = 1.0;
            faults.retry_after = retry_after;
        });
        let answer = client.get("/v1.0/users").await;
        assert_eq!((answer.status, answer.code()), (429, "TooManyRequests"));
        assert_eq!(answer.header("retry-after"), header);
    }
    set(&client, |faults| faults.unavailable = 1.0);
    assert_eq!(client.get("/v1.0/users").await.status, 503);
    set(&client, |faults| faults.internal_errors = 1.0);
    assert_eq!(client.get("/v1.0/users").await.status, 500);
    set(&client, |_| {});
    assert_eq!(client.get("/v1.0/users").await.status, 200);
    assert_eq!(client.simulator.requests().by_kind["user"].throttled, 6);
}

#[tokio::test]
async fn a_url_recovers_after_as_many_failures_as_told() {
    let client = serve(1).await;
    set(&client, |faults| {
        faults.throttled = 1.0;
        faults.per_url = 2;
        faults.only = Some("/users".to_owned());
    });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.get("/v1.0/users").await.status);
    }
    assert_eq!(statuses, [429, 429, 200]);
    assert_eq!(
        client.get("/v1.0/groups").await.status,
        200,
        "others are spared"
    );
}

#[tokio::test]
async fn connections_break_before_and_inside_the_body() {
    let client = serve(50).await;
    set(&client, |faults| faults.resets_before = 1.0);
    assert!(client.send("GET", "/v1.0/users", &[], None).await.is_err());
    set(&client, |faults| faults.resets_inside = 1.0);
    // Whether the head arrives is a matter of timing; the body never does.
    if let Ok(response) = client.send("GET", "/v1.0/users", &[], None).await {
        assert!(response.bytes().await.is_err());
    }
    set(&client, |_| {});
    assert_eq!(client.get("/v1.0/users").await.status, 200);
}

#[tokio::test]
async fn bodies_are_cut_or_something_else() {
    let client = serve(5).await;
    set(&client, |faults| faults.truncated = 1.0);
    let cut = client.get("/v1.0/users").await;
    assert_eq!(cut.status, 200);
    assert!(cut.body.is_string(), "it is no JSON any more");
    set(&client, |faults| faults.html = 1.0);
    let page = client.get("/v1.0/users").await;
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
}

#[tokio::test]
async fn links_loop_or_lead_away() {
    let client = serve(150).await;
    set(&client, |faults| faults.looping_links = 1.0);
    let answer = client.get("/v1.0/users").await;
    let link = answer
        .link("@odata.nextLink")
        .expect("because there are more");
    assert_eq!(link, format!("{}/v1.0/users", client.simulator.url()));
    set(&client, |faults| faults.foreign_links = 1.0);
    let answer = client.get("/v1.0/users").await;
    let link = answer
        .link("@odata.nextLink")
        .expect("because there are more");
    assert!(link.starts_with("https://graph.example.invalid/"), "{link}");
}

#[tokio::test]
async fn tokens_wear_out() {
    let mut client = serve(1).await;
    set(&client, |faults| faults.token_requests = Some(2));
    assert_eq!(client.get("/v1.0/users").await.status, 200);
    assert_eq!(client.get("/v1.0/users").await.status, 200);
    let answer = client.get("/v1.0/users").await;
    assert_eq!(
        (answer.status, answer.code()),
        (401, "InvalidAuthenticationToken")
    );
    client.sign_in().await;
    assert_eq!(client.get("/v1.0/users").await.status, 200);
}

#[tokio::test]
async fn parents_vanish_before_their_children_are_read() {
    let client = serve(2).await;
    let groups = client.get("/v1.0/groups?$select=id").await;
    assert_eq!(groups.items().len(), 2);
    set(&client, |faults| faults.vanishing_parents = 1.0);
    let members = client
        .get(&format!("/v1.0/groups/{}/members", id(STAFF)))
        .await;
    assert_eq!(
        (members.status, members.code()),
        (404, "Request_ResourceNotFound")
    );
    set(&client, |_| {});
    let bin = client
        .get("/v1.0/directory/deletedItems/microsoft.graph.group")
        .await;
    assert_eq!(bin.ids(), [id(STAFF)], "it was really deleted");
}

#[tokio::test]
async fn another_tenant_answers() {
    let client = serve(1).await;
    let other = "11111111-1111-4111-8111-111111111111";
    set(&client, |faults| {
        faults.wrong_tenant = Some(other.to_owned());
    });
    let answer = client.get("/v1.0/organization").await;
    assert_eq!(answer.ids(), [other]);
    set(&client, |_| {});
    assert_eq!(client.get("/v1.0/organization").await.ids(), [TENANT_ID]);
}

#[tokio::test]
async fn new_objects_are_late_on_some_replicas() {
    let client = serve(1).await;
    set(&client, |faults| faults.replication_lag_requests = 2);
    let group = json!({
        "displayName": "New", "mailEnabled": false, "mailNickname": "new", "securityEnabled": true,
    });
    let created = client.call("POST", "/v1.0/groups", group).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let url = format!(
        "/v1.0/groups/{}",
        created.body["id"].as_str().unwrap_or_default()
    );
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.get(&url).await.status);
    }
    assert_eq!(statuses, [404, 404, 200]);
}

#[tokio::test]
async fn microsofts_limits_hold_and_pass() {
    let options = ServerOptions {
        limits: Limits::Microsoft {
            size: TenantSize::Large,
        },
        ..ServerOptions::default()
    };
    let client = Client::start(contoso(1), options).await;
    let policies = "/v1.0/identity/conditionalAccess/policies";
    assert_eq!(client.get(policies).await.status, 200);
    let refused = client.get(policies).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), None);
    let users = client.get("/v1.0/users?$select=id").await;
    assert_eq!(users.header("x-ms-resource-unit"), Some("1"));
    let audits = "/v1.0/auditLogs/directoryAudits";
    for _ in 0..5 {
        assert_eq!(client.get(audits).await.status, 200);
    }
    let refused = client.get(audits).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("2"));
    // Tokio's clock moves by itself while everything waits.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    assert_eq!(client.get(audits).await.status, 200);
    assert_eq!(client.get(policies).await.status, 200);
}

#[tokio::test]
async fn slow_answers_come_late_on_tokios_clock() {
    let client = serve(1).await;
    set(&client, |faults| {
        faults.slow = 1.0;
        faults.slow_ms = 60_000;
    });
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    let response = client.send("GET", "/v1.0/users", &[], None).await;
    let answer = read(response.expect("because it only comes late")).await;
    assert_eq!(answer.status, 200);
    assert!(before.elapsed() >= Duration::from_mins(1));
}

#[tokio::test]
async fn rows_of_a_log_come_into_view_late_and_out_of_order() {
    let client = serve(2).await;
    for minute in 0..30 {
        let time = format!("02T10:{minute:02}:00");
        act(&client, &time, update("user", 1, json!({ "city": time })));
    }
    set(&client, |faults| faults.log_delay_minutes = 60);
    let url = "/v1.0/auditLogs/directoryAudits?$orderby=activityDateTime&$select=activityDateTime";
    let early = client.get(url).await;
    let all: Vec<String> = (0..30)
        .map(|minute| format!("2026-03-02T10:{minute:02}:00.0000000Z"))
        .collect();
    let times = |answer: &Answer| -> Vec<String> {
        let times = answer.items().iter().map(|row| &row["activityDateTime"]);
        times
            .filter_map(|time| time.as_str().map(str::to_owned))
            .collect()
    };
    let seen = times(&early);
    assert!(!seen.is_empty() && seen.len() < 30, "{seen:?}");
    assert_ne!(seen, all[..seen.len()], "some older row is still missing");
    act(
        &client,
        "02T11:30:00",
        update("user", 2, json!({"city": "Bern"})),
    );
    let late = client.get(url).await;
    assert_eq!(times(&late)[..30], all);
}
