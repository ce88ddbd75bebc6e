//! Throttling, broken connections, renewed tokens: the run goes on and ends as it would have.

use std::{sync::Arc, time::Duration};

use graph::{Api, Client, Clock, ErrorKind, Family, Get, Pace, Page, PageGuard};

use crate::server::{Reply, Server};

fn users() -> Get {
    Get::path(
        Api::V1,
        "/users?$select=id&$filter=startswith(mail,'a b')",
        "user",
    )
    .cost(2)
}

#[tokio::test]
async fn asks_politely_and_reads_the_page() {
    let server = Server::start(|_| {
        Reply::ok(r#"{"@odata.context":"c","value":[{"id":"1"},{"id":"2"}]}"#)
            .header("Date", "Sun, 01 Mar 2026 12:00:30 GMT")
            .header("x-ms-resource-unit", "5")
    })
    .await;
    let (client, clock) = server.timed_client();
    let page = client
        .get(&users().prefer("return=minimal").eventual())
        .await
        .expect("a page");
    assert_eq!(
        (page.items, page.status, page.next.is_some()),
        (2, 200, false)
    );
    let seen = &server.asked()[0];
    assert_eq!(
        seen.path,
        "/v1.0/users?$select=id&$filter=startswith(mail,%27a%20b%27)"
    );
    assert_eq!(seen.header("authorization"), "Bearer token-1");
    assert_eq!(seen.header("x-ms-throttle-priority"), "low");
    assert_eq!(seen.header("client-request-id").len(), 36);
    assert_eq!(seen.header("consistencylevel"), "eventual");
    assert_eq!(seen.header("prefer"), "return=minimal");
    assert_eq!(seen.header("accept-encoding"), "gzip");
    assert!(seen.header("user-agent").starts_with("entrace/"));
    assert_eq!(client.clock_skew().expect("a skew").as_secs(), 30);
    clock.advance(Duration::from_secs(10));
    assert_eq!(
        client.server_time().expect("a time").to_string(),
        "2026-03-01T12:00:40Z"
    );
    let report = client.meter().snapshot();
    assert_eq!(report.labels["user"], report.total);
    assert_eq!(
        (
            report.total.requests,
            report.total.resource_units,
            report.total.retries,
            report.token_requests
        ),
        (1, 5, 0, 1)
    );
    assert_eq!(report.total.bytes, page.body.len() as u64);
}

/// Three pages of two objects; the trouble is added by each test.
fn page(server: &str, number: usize) -> String {
    let value = format!(r#"[{{"id":"{number}-a"}},{{"id":"{number}-b"}}]"#);
    match number {
        2 => format!(r#"{{"value":{value}}}"#),
        _ => format!(
            r#"{{"value":{value},"@odata.nextLink":"{server}/v1.0/users?$skiptoken={}"}}"#,
            number + 1
        ),
    }
}

fn number(path: &str) -> usize {
    path.split("$skiptoken=")
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

async fn read_all(client: &Client) -> graph::Result<Vec<Page>> {
    let mut request = users();
    let mut guard = PageGuard::default();
    let mut pages = Vec::new();
    loop {
        let page = client.get(&request).await?;
        guard.check(&page)?;
        let next = page.next.clone();
        pages.push(page);
        match next {
            Some(next) => request = request.following(next),
            None => return Ok(pages),
        }
    }
}

fn bodies(pages: &[Page], server: &Server) -> Vec<String> {
    pages
        .iter()
        .map(|page| String::from_utf8_lossy(&page.body).replace(&server.url(""), ""))
        .collect()
}

fn clean() -> Vec<String> {
    (0..3).map(|n| page("", n)).collect()
}

/// Answers correctly, except that every request meets each of these troubles once before.
async fn troubled(troubles: Vec<Reply>) -> Server {
    let troubles = Arc::new(troubles);
    Server::nth(move |n, seen| {
        let per_page = troubles.len() + 1;
        match troubles.get(n % per_page) {
            Some(trouble) => trouble.clone(),
            None => Reply::ok(page(
                &format!("http://{}", seen.header("host")),
                number(&seen.path),
            )),
        }
    })
    .await
}

/// Test 28 of the acceptance list.
#[tokio::test]
async fn trouble_of_every_kind_changes_nothing() {
    let throttled = |header: &str| {
        Reply::json(429, r#"{"error":{"code":"TooManyRequests"}}"#).header("Retry-After", header)
    };
    let good = page("http://x", 0);
    let server = troubled(vec![
        throttled("3"),
        throttled("Sun, 01 Mar 2026 12:00:09 GMT").header("Date", "Sun, 01 Mar 2026 12:00:05 GMT"),
        throttled(""),
        Reply::json(503, "").header("Retry-After", "2.5"),
        Reply::reset(),
        Reply::ok(good.clone()).cut_at(good.len() / 2),
        Reply::bytes("application/json", &b""[..]),
        Reply::json(504, "<html>"),
        Reply::ok(&good[..good.len() - 5]),
    ])
    .await;
    let (client, clock) = server.timed_client();
    let start = clock.monotonic();
    let pages = read_all(&client).await.expect("all pages");
    assert_eq!(bodies(&pages, &server), clean());
    let report = client.meter().snapshot();
    assert_eq!(
        (
            report.total.requests,
            report.total.retries,
            report.total.throttled
        ),
        (30, 27, 9)
    );
    // Three pages, each with the waits asked for and our own in between.
    assert!(clock.monotonic().saturating_sub(start).as_secs() >= 3 * (3 + 4 + 2));
}

#[tokio::test]
async fn half_of_the_connections_break() {
    let server = Server::nth(|n, seen| {
        if n % 2 == 0 {
            Reply::reset()
        } else {
            Reply::ok(page(
                &format!("http://{}", seen.header("host")),
                number(&seen.path),
            ))
        }
    })
    .await;
    assert_eq!(
        bodies(
            &read_all(&server.client()).await.expect("all pages"),
            &server
        ),
        clean()
    );
}

#[tokio::test]
async fn waits_as_asked_and_as_needed() {
    for (header, least, most) in [
        (Some("7"), 7.0, 7.0),
        (Some("2.128"), 2.128, 2.128),
        (Some("Sun, 01 Mar 2026 12:00:20 GMT"), 20.0, 20.0),
        (None, 0.75, 1.0),
        (Some(""), 0.75, 1.0),
        (Some("soon"), 0.75, 1.0),
        (Some("-3"), 0.75, 1.0),
        (Some("0"), 0.75, 1.0),
        (Some("1000000000"), 600.0, 600.0),
    ] {
        let server = Server::nth(move |n, _| {
            let refused = Reply::json(429, "{}").header("Date", "Sun, 01 Mar 2026 12:00:00 GMT");
            match (n, header) {
                (0, Some(header)) => refused.header("Retry-After", header),
                (0, None) => refused,
                _ => Reply::ok(r#"{"value":[]}"#),
            }
        })
        .await;
        let (client, clock) = server.timed_client();
        client.get(&users()).await.expect("a page");
        let waited = clock.monotonic().as_secs_f64();
        assert!(
            waited >= least - 0.001 && waited <= most + 0.001,
            "{header:?}: {waited}"
        );
        assert_eq!(
            client.meter().snapshot().capped_waits,
            u64::from(header == Some("1000000000"))
        );
    }
}

#[tokio::test]
async fn gives_up_within_its_limits() {
    let always = Server::start(|_| {
        Reply::json(
            429,
            r#"{"error":{"code":"TooManyRequests","message":"wait"}}"#,
        )
    })
    .await;
    let (client, clock) = always.timed_client();
    let error = client.get(&users()).await.expect_err("throttled for good");
    assert_eq!(
        (error.kind(), error.status(), error.code()),
        (ErrorKind::Throttled, Some(429), Some("TooManyRequests"))
    );
    assert_eq!(always.asked().len(), 10);
    assert!(clock.monotonic() < Duration::from_mins(15));

    let absurd = Server::start(|_| Reply::json(429, "").header("Retry-After", "1000000000")).await;
    let (client, clock) = absurd.timed_client();
    assert_eq!(
        client
            .get(&users())
            .await
            .expect_err("throttled for good")
            .kind(),
        ErrorKind::Throttled
    );
    assert!(clock.monotonic() <= Duration::from_mins(15));
    assert_eq!(absurd.asked().len(), 2);

    let broken = Server::start(|_| Reply::reset()).await;
    assert_eq!(
        broken
            .client()
            .get(&users())
            .await
            .expect_err("no answer")
            .kind(),
        ErrorKind::Connection
    );
    assert_eq!(broken.asked().len(), 10);
}

#[tokio::test]
async fn a_graph_that_is_gone_is_not_asked_for_hours() {
    let there = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let switch = Arc::clone(&there);
    let server = Server::start(move |_| {
        if switch.load(std::sync::atomic::Ordering::SeqCst) {
            Reply::ok(r#"{"value":[]}"#)
        } else {
            Reply::reset()
        }
    })
    .await;
    let (client, clock) = server.timed_client();
    client.get(&users()).await.expect("a page");
    // Time in which nobody asks is no silence.
    clock.advance(Duration::from_mins(40));
    there.store(false, std::sync::atomic::Ordering::SeqCst);
    let before = server.asked().len();
    let first = client.get(&users()).await.expect_err("no answer");
    assert_eq!(first.kind(), ErrorKind::Connection);
    assert!(first.to_string().contains("broke"), "{first}");
    let tries = server.asked().len() - before;
    assert!((8..=10).contains(&tries), "{tries}");
    let gone = clock.monotonic();
    for _ in 0..1000 {
        let error = client.get(&users()).await.expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::Connection);
    }
    let error = client.get(&users()).await.expect_err("not asked");
    assert!(
        error
            .to_string()
            .contains("not asked, because Graph has not answered for"),
        "{error}"
    );
    assert!(clock.monotonic().saturating_sub(gone) < Duration::from_mins(2));
    assert!(server.asked().len() - before <= tries + 3);
    // It is found out that it is back.
    there.store(true, std::sync::atomic::Ordering::SeqCst);
    clock.advance(Duration::from_mins(1));
    client.get(&users()).await.expect("a page");
    client.get(&users()).await.expect("a page");
}

#[tokio::test]
async fn a_server_that_never_answers_is_left() {
    let server = Server::start(|_| Reply::hang()).await;
    let mut settings = server.settings();
    settings.limits.exchange_timeout = Some(Duration::from_millis(20));
    settings.limits.max_tries = 2;
    let error = Client::new(settings.clone())
        .expect("a client")
        .get(&users())
        .await
        .expect_err("no answer");
    // The token answer may be late as well on a slow machine: either way it is a timeout.
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn false_figures_do_not_stop_the_run() {
    let server = Server::start(|_| {
        Reply::ok(r#"{"value":[]}"#)
            .header("x-ms-resource-unit", "4294967295")
            .header("x-ms-throttle-limit-percentage", "1e300")
            .header("Date", "Fri, 31 Dec 9999 23:59:59 GMT")
    })
    .await;
    let clock = Server::clock();
    let mut settings = server.settings();
    settings.pace = Pace::Microsoft;
    settings.clock = Arc::clone(&clock) as _;
    let client = Client::new(settings).expect("settings that work");
    for _ in 0..5 {
        client.get(&users()).await.expect("a page");
    }
    assert!(clock.monotonic() < Duration::from_mins(2));
}

#[tokio::test]
async fn throttling_one_family_leaves_the_others_alone() {
    let server = Server::nth(|n, _| match n {
        0 => Reply::json(429, "").header("Retry-After", "30"),
        _ => Reply::ok(r#"{"value":[]}"#),
    })
    .await;
    let (client, clock) = server.timed_client();
    client
        .get(&users().family(Family::ConditionalAccess))
        .await
        .expect("a page");
    assert_eq!(clock.monotonic().as_secs(), 30);
    client
        .get(&users().family(Family::Intune))
        .await
        .expect("a page");
    assert_eq!(clock.monotonic().as_secs(), 30);
}

#[tokio::test]
async fn tokens_are_renewed_before_their_end_and_in_mid_run() {
    let server = Server::start(|seen| match seen.header("authorization") {
        "Bearer token-1" if number(&seen.path) >= 1 => {
            Reply::json(401, r#"{"error":{"code":"InvalidAuthenticationToken"}}"#)
        }
        _ => Reply::ok(page(
            &format!("http://{}", seen.header("host")),
            number(&seen.path),
        )),
    })
    .await;
    let (client, clock) = server.timed_client();
    assert_eq!(
        bodies(&read_all(&client).await.expect("all pages"), &server),
        clean()
    );
    assert_eq!(server.tokens().len(), 2);
    clock.advance(Duration::from_mins(54));
    client.get(&users()).await.expect("a page");
    assert_eq!(server.tokens().len(), 2);
    clock.advance(Duration::from_mins(2));
    client.get(&users()).await.expect("a page");
    assert_eq!(server.tokens().len(), 3);
}

#[tokio::test]
async fn a_second_401_is_a_sign_in_error() {
    let server = Server::start(|_| {
        Reply::json(
            401,
            r#"{"error":{"code":"InvalidAuthenticationToken","message":"no"}}"#,
        )
    })
    .await;
    let error = server.client().get(&users()).await.expect_err("refused");
    assert_eq!(
        (error.kind(), server.asked().len(), server.tokens().len()),
        (ErrorKind::SignIn, 2, 2)
    );
}

#[tokio::test]
async fn many_at_once_share_one_token_and_keep_to_the_limit() {
    let server = Server::start(|_| Reply::ok(r#"{"value":[]}"#)).await;
    let client = server.client();
    let answers = futures::future::join_all((0..50).map(|_| {
        let client = client.clone();
        async move { client.get(&users()).await }
    }))
    .await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((server.tokens().len(), server.asked().len()), (1, 50));
}

#[tokio::test]
async fn cancelling_ends_what_is_under_way() {
    let server = Server::start(|_| Reply::hang()).await;
    let client = server.client();
    let request = users();
    let (answer, ()) = tokio::join!(client.get(&request), async {
        while server.asked().is_empty() {
            tokio::task::yield_now().await;
        }
        client.cancel();
    });
    assert_eq!(answer.expect_err("cancelled").kind(), ErrorKind::Cancelled);
    assert_eq!(
        client.get(&request).await.expect_err("cancelled").kind(),
        ErrorKind::Cancelled
    );
}

#[tokio::test]
async fn lost_delta_tokens_say_where_to_start_again() {
    let server = Server::start(|seen| {
        let reply = Reply::json(410, r#"{"error":{"code":"resyncRequired","message":"m"}}"#);
        let host = if seen.path.contains("evil") {
            "evil.example"
        } else {
            seen.header("host")
        };
        reply.header(
            "Location",
            format!("http://{host}/v1.0/users/delta?$deltatoken="),
        )
    })
    .await;
    let client = server.client();
    let error = client.get(&users()).await.expect_err("gone");
    assert_eq!(error.kind(), ErrorKind::Gone);
    assert!(
        error
            .location()
            .expect("a link")
            .as_str()
            .ends_with("/v1.0/users/delta?$deltatoken=")
    );
    let evil = client
        .get(&Get::path(Api::V1, "/users/evil", "user"))
        .await
        .expect_err("gone");
    assert!(evil.location().is_none());
}
