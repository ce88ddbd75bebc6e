//! Nothing secret is printed: not in logs, not in errors, not in debug output.

use std::{cell::RefCell, io};

use graph::{Api, Client, Credential, Get, Secret, Settings};
use zeroize::Zeroizing;

use crate::server::{Reply, SECRET, Server};

thread_local! {
    /// What this thread's test has logged. Each test runs on a thread of its own, and its runtime with it.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything a client prints on a run with trouble of every kind, at the finest level.
#[tokio::test]
async fn secrets_tokens_and_query_values_are_never_printed() {
    // For the whole process: which events are wanted is remembered per place in the code, not per thread.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(|| Log)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("because no other test sets one");

    let echo = |seen: &crate::server::Seen| {
        let said = format!("{} {}", seen.header("authorization"), seen.path);
        format!(r#"{{"error":{{"code":"c","message":"{said}"}}}}"#)
    };
    let server = Server::nth(move |n, seen| match n {
        0 => Reply::json(429, echo(seen)).header("Retry-After", "1"),
        1 => Reply::json(401, "{}"),
        2 => Reply::reset(),
        3 => Reply::ok(r#"{"value":[]}"#),
        4 => Reply::json(400, echo(seen)),
        _ => {
            Reply::ok(r#"{"value":[],"@odata.nextLink":"https://evil.example/v1.0/?x=QUERYVALUE"}"#)
        }
    })
    .await;
    let client = server.client();
    let query = "/users?$filter=startswith(mail,'QUERYVALUE')&$deltatoken=QUERYVALUE";
    let request = Get::path(Api::V1, query, "user");
    let mut shown = vec![format!("{client:?} {:?}", server.settings())];
    shown.push(format!("{:?}", client.get(&request).await.expect("a page")));
    for _ in 0..2 {
        let path = "/users?$select=id&$x=QUERYVALUE";
        let error = client
            .get(&Get::path(Api::V1, path, "user"))
            .await
            .expect_err("refused");
        // What Graph itself says about the query is for the person who asked.
        shown.push(format!("{error} {error:?}").replace(&format!("/v1.0{path}"), ""));
    }

    let refusing = Server::raw(|seen| {
        let secret = seen
            .field("client_secret")
            .or(seen.field("client_assertion"));
        let said = format!("AADSTS7000215: {}", secret.unwrap_or_default());
        Reply::json(
            401,
            format!(r#"{{"error":"invalid_client","error_description":"{said}"}}"#),
        )
    })
    .await;
    let error = refusing.client().identity().await.expect_err("refused");
    shown.push(format!("{error} {error:?}"));
    let pem = Secret::literal(Zeroizing::new(include_str!("data/pkcs8.pem").to_owned()));
    let credential = Credential::Certificate {
        client_id: "a".into(),
        pem,
    };
    let settings = Settings {
        credential,
        ..refusing.settings()
    };
    shown.push(format!("{settings:?}"));
    let client = Client::new(settings).expect("settings that work");
    let error = client.identity().await.expect_err("refused");
    shown.push(format!("{error} {error:?}"));
    let shown = shown.join("\n");
    let logged = LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned());
    // The log is really there.
    assert!(
        logged.contains("/v1.0/users?$filter&$deltatoken") && logged.contains("asking again"),
        "{logged}"
    );
    for (text, what) in [(&logged, "the log"), (&shown, "what is shown")] {
        for secret in [
            SECRET,
            "token-1",
            "token-2",
            "QUERYVALUE",
            "PRIVATE KEY",
            "eyJ",
        ] {
            let at = text.find(secret).map(|at| {
                text[..at]
                    .lines()
                    .next_back()
                    .unwrap_or_default()
                    .to_owned()
            });
            assert_eq!(at, None, "{secret} is in {what}");
        }
    }
}
