//! Tests 26 and 27 of the acceptance list: answers that are not what Graph answers.

use std::io::Write;

use graph::{Api, Client, ErrorKind, Get};

use crate::server::{Reply, Server};

fn list() -> Get {
    Get::path(Api::V1, "/users", "user")
}

async fn refused(reply: Reply) -> graph::Error {
    let server = Server::start(move |_| reply.clone()).await;
    server
        .client()
        .get(&list())
        .await
        .expect_err("not an answer of Graph")
}

fn gzip(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    for piece in pieces {
        encoder.write_all(&piece).expect("memory takes all");
    }
    encoder.finish().expect("memory takes all")
}

#[tokio::test]
async fn what_is_not_a_page_is_malformed() {
    let html = "<!DOCTYPE html><html><body>Sign in to the proxy</body></html>";
    for (reply, part) in [
        (
            Reply::bytes("text/html; charset=utf-8", html),
            "text/html, not JSON",
        ),
        (Reply::bytes("application/json", html), "HTML"),
        (Reply::bytes("text/plain", r#"{"value":[]}"#), "text/plain"),
        (Reply::ok(""), "empty"),
        (Reply::ok(r#"{"id":"1"}"#), "no `value`"),
        (Reply::ok(r#"{"value":null}"#), "not an array"),
        (Reply::ok(r#"{"value":{"id":"1"}}"#), "not an array"),
        (Reply::ok(r#"{"value":[{"id":"1"}"#), "cut short"),
        (Reply::ok(r#"{"value":[NaN]}"#), "not JSON"),
        (Reply::ok(r#"{"value":[],"value":[1]}"#), "twice"),
        (
            Reply::ok(r#"{"value":[],"error":{"code":"late"}}"#),
            "ends with an error",
        ),
        (Reply::ok("[]"), "not a JSON object"),
        (
            Reply::bytes("application/json", &b"{\"value\":[\"\xff\xfe\"]}"[..]),
            "UTF-8",
        ),
        (
            Reply::ok(r#"{"value":[]}"#).header("Content-Encoding", "br"),
            "encoded as",
        ),
    ] {
        let error = refused(reply).await;
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
        assert!(error.to_string().contains(part), "{part}: {error}");
        assert!(
            error.to_string().starts_with("GET /v1.0/users: "),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over() {
    let server =
        Server::start(|_| Reply::bytes("application/json", &b"\xef\xbb\xbf{\"value\":[]}"[..]))
            .await;
    let page = server.client().get(&list()).await.expect("a page");
    assert_eq!(&page.body[..], br#"{"value":[]}"#);
}

#[tokio::test]
async fn a_single_object_needs_no_value() {
    let server = Server::start(|_| Reply::ok(r#"{"id":"1","value":"x"}"#)).await;
    let page = server
        .client()
        .get(&list().single())
        .await
        .expect("an object");
    assert_eq!((page.items, page.body.len()), (0, 22));
}

#[tokio::test]
async fn a_page_of_a_million_items_is_counted() {
    let body = format!("{{\"value\":[{}{{}}]}}", "{},".repeat(999_999));
    let server = Server::start(move |_| Reply::ok(body.clone())).await;
    assert_eq!(
        server.client().get(&list()).await.expect("a page").items,
        1_000_000
    );
}

#[tokio::test]
async fn an_announced_half_gigabyte_is_not_read() {
    let reply = Reply::ok("{\"value\":[\"").header("Content-Length", "500000000");
    assert_eq!(refused(reply).await.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn depth_is_bounded_without_recursion() {
    let deep = format!(
        "{{\"value\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for deep in [deep, "{\"a\":".repeat(100_000)] {
        let error = refused(Reply::ok(deep)).await;
        assert!(error.to_string().contains("deeper than"), "{error}");
        // It is not asked for again.
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn compressed_answers_are_read_and_bombs_refused() {
    let good = gzip(std::iter::once(br#"{"value":[{"id":"1"}]}"#.to_vec()));
    let reply = Reply::bytes("application/json", good.clone()).header("Content-Encoding", "gzip");
    let server = Server::start(move |_| reply.clone()).await;
    assert_eq!(server.client().get(&list()).await.expect("a page").items, 1);

    // A thousand to one, four times the limit.
    let bomb = gzip(
        std::iter::once(b"{\"value\":[\"".to_vec()).chain((0..32).map(|_| vec![b'a'; 1 << 20])),
    );
    assert!(bomb.len() < 32 << 20 >> 7);
    let reply = Reply::bytes("application/json", bomb).header("Content-Encoding", "gzip");
    let server = Server::start(move |_| reply.clone()).await;
    let mut settings = server.settings();
    settings.limits.max_body_bytes = 8 << 20;
    let error = Client::new(settings)
        .expect("a client")
        .get(&list())
        .await
        .expect_err("a bomb");
    assert_eq!(
        (error.kind(), server.asked().len()),
        (ErrorKind::TooLarge, 1)
    );

    let half = good[..good.len() / 2].to_vec();
    let error =
        refused(Reply::bytes("application/json", half).header("Content-Encoding", "gzip")).await;
    assert!(
        matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Connection),
        "{error}"
    );
}

#[tokio::test]
async fn large_answers_are_refused_by_announcement_and_by_size() {
    for chunked in [false, true] {
        let body = vec![b' '; 3000];
        let reply = if chunked {
            let mut chunk = b"bb8\r\n".to_vec();
            chunk.extend(&body);
            chunk.extend(b"\r\n0\r\n\r\n");
            Reply::bytes("application/json", chunk).header("Transfer-Encoding", "chunked")
        } else {
            Reply::bytes("application/json", body)
        };
        let server = Server::start(move |_| reply.clone()).await;
        let mut settings = server.settings();
        settings.limits.max_body_bytes = 2999;
        let client = Client::new(settings).expect("a client");
        assert_eq!(
            client.get(&list()).await.expect_err("too large").kind(),
            ErrorKind::TooLarge
        );
        assert_eq!(
            client
                .download(&list())
                .await
                .expect_err("too large")
                .kind(),
            ErrorKind::TooLarge
        );
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn errors_with_broken_bodies_keep_their_status() {
    for reply in [
        Reply::json(403, "<html>"),
        Reply::json(403, ""),
        Reply::json(403, "x".repeat(1 << 20)),
        Reply::json(403, "{}").cut_at(1),
    ] {
        let error = refused(reply).await;
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Forbidden, Some(403)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn binary_content_is_read_as_it_is() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/v1.0/users/$count" => Reply::bytes("text/plain", "1042"),
        _ => Reply::bytes("image/JPEG; q=1", vec![0xff, 0xd8, 0x00]).header("ETag", "W/\"1\""),
    })
    .await;
    let client = server.client();
    let photo = client
        .download(&Get::path(Api::V1, "/users/1/photo/$value", "photo").accept("image/*"))
        .await
        .expect("a photo");
    assert_eq!(
        (
            &photo.body[..],
            photo.media.as_deref(),
            photo.etag.as_deref()
        ),
        (&[0xff, 0xd8, 0][..], Some("image/jpeg"), Some("W/\"1\""))
    );
    assert_eq!(server.asked()[0].header("accept"), "image/*");
    let count = client
        .download(&Get::path(Api::V1, "/users/$count", "user").eventual())
        .await
        .expect("a count");
    assert_eq!(&count.body[..], b"1042");
}
