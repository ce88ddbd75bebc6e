//! Writes: sent again only where nothing can have happened.

use std::time::Duration;

use graph::{Api, Client, ErrorKind, Method, Write};

use crate::server::{Reply, Server};

fn write(method: Method) -> Write {
    Write::new(method, Api::V1, "/groups", "group").body(r#"{"displayName":"x"}"#)
}

const ALL: [Method; 4] = [Method::Post, Method::Patch, Method::Put, Method::Delete];

#[tokio::test]
async fn an_answer_has_all_that_the_engine_needs() {
    let server = Server::start(|_| {
        Reply::json(201, r#"{"id":"1"}"#)
            .header("ETag", "W/\"7\"")
            .header("Location", "https://elsewhere.example/1")
            .header("request-id", "r-1")
    })
    .await;
    let answer = server
        .client()
        .send(
            &write(Method::Post)
                .if_match("W/\"6\"")
                .prefer("create-if-missing"),
        )
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status, &answer.body[..]),
        (201, &br#"{"id":"1"}"#[..])
    );
    assert_eq!(
        (answer.etag.as_deref(), answer.request_id.as_deref()),
        (Some("W/\"7\""), Some("r-1"))
    );
    assert_eq!(
        answer.location.as_deref(),
        Some("https://elsewhere.example/1")
    );
    let seen = &server.asked()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str(), seen.body.as_str()),
        ("POST", "/v1.0/groups", r#"{"displayName":"x"}"#)
    );
    assert_eq!(
        (
            seen.header("if-match"),
            seen.header("prefer"),
            seen.header("content-type")
        ),
        ("W/\"6\"", "create-if-missing", "application/json")
    );
    let empty = Server::start(|_| Reply::json(204, "")).await;
    assert_eq!(
        empty
            .client()
            .send(&write(Method::Delete))
            .await
            .expect("an answer")
            .status,
        204
    );
}

#[tokio::test]
async fn throttled_writes_go_again_whatever_they_are() {
    for method in ALL {
        let server = Server::nth(|n, _| {
            if n == 0 {
                Reply::json(429, "").header("Retry-After", "2")
            } else {
                Reply::json(204, "")
            }
        })
        .await;
        server
            .client()
            .send(&write(method))
            .await
            .expect("an answer");
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn unclear_outcomes_are_left_to_the_caller() {
    for method in ALL {
        for (status, kind) in [
            (503, ErrorKind::Server),
            (504, ErrorKind::Server),
            (500, ErrorKind::Server),
            (502, ErrorKind::Server),
        ] {
            let server = Server::nth(move |n, _| {
                if n == 0 {
                    Reply::json(status, "")
                } else {
                    Reply::json(204, "")
                }
            })
            .await;
            let outcome = server.client().send(&write(method)).await;
            let again = method.is_idempotent() && matches!(status, 503 | 504);
            assert_eq!(
                server.asked().len(),
                if again { 2 } else { 1 },
                "{method:?} {status}"
            );
            assert_eq!(
                outcome.map_err(|e| e.kind()).err(),
                (!again).then_some(kind),
                "{method:?} {status}"
            );
        }
        let broken = Server::nth(|n, _| {
            if n == 0 {
                Reply::reset()
            } else {
                Reply::json(204, "")
            }
        })
        .await;
        assert_eq!(
            broken
                .client()
                .send(&write(method))
                .await
                .expect_err("unclear")
                .kind(),
            ErrorKind::Connection
        );
        assert_eq!(broken.asked().len(), 1, "{method:?}");
        let cut = Server::nth(|n, _| {
            if n == 0 {
                Reply::json(201, "{\"id\":1}").cut_at(3)
            } else {
                Reply::json(204, "")
            }
        })
        .await;
        assert!(cut.client().send(&write(method)).await.is_err());
        assert_eq!(cut.asked().len(), 1, "{method:?}");
    }
}

#[tokio::test]
async fn a_refused_token_was_no_write() {
    let server = Server::nth(|n, _| {
        if n == 0 {
            Reply::json(401, "")
        } else {
            Reply::json(201, "{}")
        }
    })
    .await;
    server
        .client()
        .send(&write(Method::Post))
        .await
        .expect("an answer");
    assert_eq!((server.asked().len(), server.tokens().len()), (2, 2));
}

#[tokio::test]
async fn conflicts_have_their_kinds() {
    for (status, kind) in [
        (400, ErrorKind::Unsupported),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (409, ErrorKind::Conflict),
        (412, ErrorKind::PreconditionFailed),
        (423, ErrorKind::Locked),
        (302, ErrorKind::Redirect),
    ] {
        let server = Server::start(move |_| Reply::json(status, "")).await;
        assert_eq!(
            server
                .client()
                .send(&write(Method::Patch))
                .await
                .expect_err("refused")
                .kind(),
            kind
        );
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_was_not_written_to() {
    let server = Server::start(|_| Reply::json(204, "")).await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = nobody.local_addr().expect("an address");
    drop(nobody);
    let mut settings = server.settings();
    settings.graph = Some(format!("http://{address}").parse().expect("an address"));
    settings.limits.max_tries = 3;
    settings.limits.exchange_timeout = Some(Duration::from_mins(1));
    let client = Client::new(settings).expect("settings that work");
    let error = client
        .send(&write(Method::Post))
        .await
        .expect_err("nobody there");
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(
        error
            .to_string()
            .starts_with("POST /v1.0/groups: cannot connect to 127.0.0.1: "),
        "{error}"
    );
    assert_eq!(client.meter().snapshot().total.requests, 3);
}
