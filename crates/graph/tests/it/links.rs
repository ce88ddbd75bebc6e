//! Test 25 of the acceptance list: no link and no redirect carries the token away.

use graph::{Api, ErrorKind, Get, PageGuard};

use crate::server::{Reply, Server};

fn list() -> Get {
    Get::path(Api::V1, "/users", "user")
}

/// Forms of links to somewhere else. `{evil}` is a listening server, `{port}` the true Graph's port.
const FORMS: &[&str] = &[
    "http://{evil}/v1.0/users",
    "https://{evil}/v1.0/users",
    "//{evil}/v1.0/users",
    "///{evil}/v1.0/users",
    "http:/{evil}/v1.0/users",
    "http:{evil}/v1.0/users",
    "http:\\\\{evil}\\v1.0\\users",
    "http://{graph}@{evil}/v1.0/users",
    "http://{graph}%40{evil}/v1.0/users",
    "http://user:pass@{graph}/v1.0/users",
    "http://@{graph}/v1.0/users",
    "http://{graph}\\@{evil}/v1.0/users",
    "http://{evil}\\.{graph}/v1.0/users",
    "http://{evil}#@{graph}/v1.0/users",
    "http://{evil}?@{graph}/v1.0/users",
    "http://127.0.0.1./v1.0/users",
    "http://127.0.0.1:{port}./v1.0/users",
    "http://localhost:{port}/v1.0/users",
    "http://127.1:{port}/v1.0/users#x",
    "http://127.0.0.2:{port}/v1.0/users",
    "http://[::1]:{port}/v1.0/users",
    "http://[::ffff:127.0.0.1]:{port}/v1.0/users",
    "http://127.0.0.1:1/v1.0/users",
    "http://127.0.0.1/v1.0/users",
    "https://{graph}/v1.0/users",
    "ftp://{graph}/v1.0/users",
    "http://gr\u{430}ph.microsoft.com/v1.0/users",
    "http://\u{ff11}27.0.0.1:{port}/v1.0/users",
    "http://127\u{3002}0.0.1:{port}/v1.0/users",
    "http://{graph}.evil.example/v1.0/users",
    "http://evil-{graph}/v1.0/users",
    "http://{graph}/v1.0/../../evil",
    "http://{graph}/v1.0/%2e%2e/evil",
    "http://{graph}/v2.0/users",
    "http://{graph}/",
    "/v1.0/users?$skiptoken=x",
    "../users",
    "users",
    "",
    " http://{graph}/v1.0/users",
    "http://{graph}/v1.0/us\\ters",
    "javascript:alert(1)",
    "file:///etc/passwd",
];

#[tokio::test]
async fn hostile_links_are_never_asked_for() {
    let evil = Server::raw(|_| Reply::ok(r#"{"value":[]}"#)).await;
    assert!(FORMS.len() >= 30);
    for form in FORMS {
        for name in ["@odata.nextLink", "@odata.deltaLink"] {
            let evil_host = evil.address.to_string();
            let server = Server::start(move |seen| {
                let graph = seen.header("host");
                let port = graph.rsplit(':').next().unwrap_or_default();
                let link = form
                    .replace("{evil}", &evil_host)
                    .replace("{graph}", graph)
                    .replace("{port}", port);
                let link = link.replace('\\', "\\\\").replace("\\\\ters", "\\ters");
                Reply::ok(format!(r#"{{"value":[{{"id":"1"}}],"{name}":"{link}"}}"#))
            })
            .await;
            let error = server.client().get(&list()).await.expect_err(form);
            assert_eq!(error.kind(), ErrorKind::OffOrigin, "{form}: {error}");
            assert!(
                !error.to_string().contains("skiptoken") && !error.to_string().contains("pass@"),
                "{form}: {error}"
            );
            assert_eq!(server.asked().len(), 1, "{form} was tried again");
        }
    }
    assert_eq!(evil.seen().len(), 0);
}

#[tokio::test]
async fn redirects_are_never_followed() {
    let evil = Server::raw(|_| Reply::ok(r#"{"value":[]}"#)).await;
    for status in [300, 301, 302, 303, 305, 307, 308] {
        for to in [
            evil.url("/v1.0/users?s3cret=1"),
            "//evil.example/".to_owned(),
            "/v1.0/groups".to_owned(),
        ] {
            let location = to.clone();
            let server = Server::start(move |_| {
                Reply::json(status, "").header("Location", location.clone())
            })
            .await;
            let client = server.client();
            for error in [
                client.get(&list()).await.expect_err("a redirect"),
                client.download(&list()).await.expect_err("a redirect"),
                client
                    .batch(&[list(), list()])
                    .await
                    .expect_err("a redirect"),
            ] {
                assert_eq!(
                    (error.kind(), error.status()),
                    (ErrorKind::Redirect, Some(status)),
                    "{error}"
                );
                assert!(!error.to_string().contains("s3cret"), "{error}");
            }
            assert_eq!(server.asked().len(), 3);
        }
    }
    assert_eq!(evil.seen().len(), 0);
}

#[tokio::test]
async fn a_redirected_token_request_keeps_the_secret() {
    let evil = Server::raw(|_| Reply::token("stolen", 3600)).await;
    let to = evil.url("/contoso.example/oauth2/v2.0/token");
    let server = Server::raw(move |_| Reply::json(307, "").header("Location", to.clone())).await;
    let error = server.client().identity().await.expect_err("a redirect");
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert_eq!(evil.seen().len(), 0);
}

#[tokio::test]
async fn stored_links_are_proved_again() {
    let server = Server::start(|_| Reply::ok(r#"{"value":[]}"#)).await;
    let other = Server::start(|_| Reply::ok(r#"{"value":[]}"#)).await;
    let client = server.client();
    let link = client
        .link(&server.url("/beta/users/delta?$deltatoken=abc%20d&x='y'"))
        .expect("a link of ours");
    assert_eq!(link.api(), Api::Beta);
    client
        .get(&Get::link(link.clone(), "user"))
        .await
        .expect("a page");
    assert_eq!(
        server.asked()[0].path,
        "/beta/users/delta?$deltatoken=abc%20d&x=%27y%27"
    );
    assert_eq!(
        client
            .link(&other.url("/v1.0/users"))
            .expect_err("another origin")
            .kind(),
        ErrorKind::OffOrigin
    );
    let error = other
        .client()
        .get(&Get::link(link, "user"))
        .await
        .expect_err("a link of another client");
    assert_eq!(
        (error.kind(), other.asked().len()),
        (ErrorKind::OffOrigin, 0)
    );
}

/// Test 26 of the acceptance list: paging ends.
#[tokio::test]
async fn paging_that_would_not_end_is_ended() {
    for (form, limit) in [("same", 2), ("two", 3), ("empty", 1000), ("long", 51)] {
        let server = Server::nth(move |n, seen| {
            let value = if form == "empty" { "" } else { r#"{"id":"1"}"# };
            let to = match form {
                "same" => 0,
                "two" => n % 2,
                _ => n,
            };
            Reply::ok(format!(
                r#"{{"value":[{value}],"@odata.nextLink":"http://{}/v1.0/users?$skiptoken={to}"}}"#,
                seen.header("host")
            ))
        })
        .await;
        let client = server.client();
        let mut guard = PageGuard::new(1000, if form == "long" { 51 } else { 1_000_000 });
        let mut request = list();
        let error = loop {
            let page = client.get(&request).await.expect("a page");
            if let Err(error) = guard.check(&page) {
                break error;
            }
            request = request.following(page.next.expect("because every page has one"));
        };
        assert_eq!(
            (error.kind(), server.asked().len()),
            (ErrorKind::Loop, limit),
            "{form}: {error}"
        );
    }
}
