//! Tokens that are used, misused and misplaced are in no log, no record, no answer and no figure.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Method, Request};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::guarded::{guarded, read_all};

/// Everything that is logged in this process, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn secrets_stay_where_they_are_sent_to() {
    let log = Log::default();
    let begun = tracing_subscriber::fmt()
        .json()
        .with_env_filter(EnvFilter::new("trace"))
        .with_writer(log.clone())
        .try_init();
    begun.expect("because no other test begins a log");
    let guarded = guarded();
    let used = guarded.token(&["operator", "auditor", "custodian"]);
    let planted = server::auth::token::TokenSecret::new();
    let planted = planted.expose();
    let jwt =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.eyJ0aWQiOiI3YTNjNWU5MCJ9.c2VjcmV0LXNpZ25hdHVyZQ";
    let mut answers = Vec::new();
    for address in [
        "/v1/access?tenant=contoso".to_owned(),
        format!("/v1/access?tenant=contoso&access_token={planted}"),
        format!("/v1/holds?tenant={planted}"),
        format!("/v1/nothing/{planted}?token={jwt}"),
        format!("/v1/jobs/{planted}?tenant=contoso"),
        "/metrics".to_owned(),
    ] {
        for token in [used.as_str(), planted, jwt] {
            let answer = guarded.send(Method::GET, &address, token).await;
            // What somebody puts into an address stands in the answer to that very request; what is sent as a
            // sign-in never does.
            if !address.contains(token) {
                answers.push((
                    token.to_owned(),
                    String::from_utf8_lossy(&answer.body).into_owned(),
                ));
            }
        }
    }
    let request = Request::post("/v1/holds?tenant=contoso")
        .header("authorization", format!("Bearer {used}"))
        .header("content-type", "application/json")
        .header("cookie", format!("session={planted}"))
        .header("x-request-id", planted)
        .body(Body::from(format!("{{\"secret\":\"{planted}\"}}")));
    guarded
        .served
        .send(request.expect("because it is a request"))
        .await;
    for (token, answer) in &answers {
        assert!(!answer.contains(&token[12..40]), "{answer}");
    }
    guarded
        .send(Method::GET, "/v1/access?tenant=contoso", &used)
        .await;
    let record = guarded.record();
    let kept = read_all(guarded.folder.path());
    let logged = String::from_utf8(log.0.lock().expect("because nobody panicked").clone());
    let logged = logged.expect("because it is text");
    assert!(logged.contains("answered"), "{logged}");
    for secret in [used.as_str(), planted, jwt] {
        for (what, text) in [
            ("record", &record),
            ("state folder", &kept),
            ("log", &logged),
        ] {
            assert!(!text.contains(&secret[12..40]), "{what}: {text}");
        }
    }
    for line in logged.lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok(), "one event a line: {line}");
    }
}
