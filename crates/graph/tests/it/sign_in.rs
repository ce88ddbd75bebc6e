//! Every way to a token.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use graph::{
    Api, Client, Clock, Cloud, Credential, ErrorKind, Get, IdentityEndpoint, Secret, Settings,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::server::{Reply, SECRET, Seen, Server};

fn client(server: &Server, credential: Credential) -> Client {
    Client::new(Settings {
        credential,
        ..server.settings()
    })
    .expect("settings that work")
}

fn jwt(payload: &Value) -> String {
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload.to_string()))
}

#[tokio::test]
async fn a_secret_is_sent_as_a_form_and_the_token_is_read() {
    let token = jwt(
        &json!({"tid": "t-1", "appid": "the-app", "oid": "o-1", "roles": ["User.Read.All", "Group.Read.All"]}),
    );
    let server = Server::raw(move |_| Reply::token(&token, 3599)).await;
    let identity = server.client().identity().await.expect("an identity");
    assert_eq!(
        (
            identity.tenant.as_deref(),
            identity.client_id.as_deref(),
            identity.object_id.as_deref()
        ),
        (Some("t-1"), Some("the-app"), Some("o-1"))
    );
    assert_eq!(
        identity.roles.expect("readable"),
        ["User.Read.All", "Group.Read.All"]
    );
    assert!(identity.scopes.expect("readable").is_empty());
    assert_eq!(identity.expires_at.to_string(), "2026-03-01T12:59:59Z");
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/contoso.example/oauth2/v2.0/token")
    );
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "the-app"),
        ("client_secret", SECRET),
        ("scope", "https://graph.microsoft.com/.default"),
    ] {
        assert_eq!(seen.field(name).as_deref(), Some(value));
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_read_say_nothing_about_roles() {
    for (token, known) in [
        ("opaque".to_owned(), false),
        ("a.b.c".to_owned(), false),
        (jwt(&json!({"tid": "t"})), true),
    ] {
        let server = Server::raw(move |_| Reply::token(&token, 3599)).await;
        let identity = server.client().identity().await.expect("an identity");
        assert_eq!(
            (identity.roles, identity.scopes),
            (known.then(Vec::new), known.then(Vec::new))
        );
    }
}

#[tokio::test]
async fn refusals_name_the_way_out_and_not_the_secret() {
    for (code, status, kind, part) in [
        (7_000_215, 401, ErrorKind::SignIn, "not its id"),
        (7_000_222, 401, ErrorKind::SignIn, "has expired"),
        (700_016, 400, ErrorKind::SignIn, "no such app"),
        (90_002, 400, ErrorKind::SignIn, "no such tenant"),
        (50_105, 400, ErrorKind::SignIn, "requires assignment"),
    ] {
        let body = json!({
            "error": "invalid_client",
            "error_description": format!("AADSTS{code}: You sent {SECRET}. Trace ID: x\r\nCorrelation ID: y"),
            "error_codes": [code], "trace_id": "trace-1",
        });
        let server = Server::raw(move |_| Reply::json(status, body.to_string())).await;
        let error = server.client().identity().await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.code()),
            (kind, Some(format!("AADSTS{code}").as_str()))
        );
        assert!(error.to_string().contains(part), "{error}");
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
        assert_eq!(
            (error.request_id(), server.seen().len()),
            (Some("trace-1"), 1)
        );
    }
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_is_asked_again() {
    let count = AtomicUsize::new(0);
    let server = Server::raw(move |seen| {
        if !seen.is_token() {
            return Reply::ok(r#"{"value":[]}"#);
        }
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::json(503, "<html>"),
            1 => Reply::json(429, "").header("Retry-After", "4"),
            2 => Reply::reset(),
            3 => Reply::ok("not json"),
            _ => Reply::token("t", 3600),
        }
    })
    .await;
    let (client, clock) = server.timed_client();
    client
        .get(&Get::path(Api::V1, "/users", "user"))
        .await
        .expect("a page");
    assert_eq!(
        (
            server.tokens().len(),
            client.meter().snapshot().token_requests
        ),
        (5, 5)
    );
    assert!(clock.monotonic() >= Duration::from_secs(8));
}

#[tokio::test]
async fn the_certificate_assertion_can_be_verified_by_its_public_key() {
    for pem in [
        include_str!("data/pkcs8.pem"),
        include_str!("data/pkcs1.pem"),
    ] {
        let server = Server::start(|_| Reply::ok(r#"{"value":[]}"#)).await;
        let secret = Secret::literal(Zeroizing::new(pem.to_owned()));
        let client = client(
            &server,
            Credential::Certificate {
                client_id: "the-app".into(),
                pem: secret,
            },
        );
        client.identity().await.expect("an identity");
        let seen = &server.tokens()[0];
        assert_eq!(seen.field("client_secret"), None);
        assert_eq!(
            seen.field("client_assertion_type").as_deref(),
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        );
        let assertion = seen.field("client_assertion").expect("an assertion");
        let certificate = &pem[pem.find("-----BEGIN CERTIFICATE").expect("a certificate")..];
        let end = certificate
            .find("-----END CERTIFICATE-----")
            .expect("an end")
            + 25;
        let key = DecodingKey::from_rsa_pem(&certificate.as_bytes()[..end]).expect("a public key");
        let mut validation = Validation::new(Algorithm::PS256);
        validation.set_audience(&[server.url("/contoso.example/oauth2/v2.0/token")]);
        validation.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Value>(&assertion, &key, &validation)
            .expect("a valid signature");
        // What openssl says about the certificate.
        assert_eq!(decoded.header.x5t_s256.as_deref(), Some(THUMBPRINT));
        assert_eq!(decoded.header.typ.as_deref(), Some("JWT"));
        let claims = decoded.claims;
        assert_eq!(
            (claims["iss"].as_str(), claims["sub"].as_str()),
            (Some("the-app"), Some("the-app"))
        );
        assert_eq!(
            (claims["iat"].as_i64(), claims["nbf"].as_i64()),
            (Some(1_772_366_400), Some(1_772_366_400))
        );
        assert_eq!(claims["exp"].as_i64(), Some(1_772_366_400 + 600));
        assert_eq!(claims["jti"].as_str().map(str::len), Some(36));
    }
}

const THUMBPRINT: &str = "Tzc2krb4Jkr8iTQqKCHHyMsUpJeNy-jWUi6rP0rwFcs";

#[tokio::test]
async fn certificates_that_cannot_sign_say_why() {
    let whole = include_str!("data/pkcs8.pem");
    let certificate = &whole[whole.find("-----BEGIN CERTIFICATE").expect("a certificate")..];
    for (pem, part) in [
        (certificate.to_owned(), "no RSA key"),
        (whole.replace("CERTIFICATE", "SOMETHING"), "no certificate"),
        (
            whole.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            "encrypted",
        ),
        (whole.replace("MII", "AAA"), "RSA key in PEM form"),
    ] {
        let server = Server::start(|_| Reply::ok("{}")).await;
        let secret = Secret::literal(Zeroizing::new(pem));
        let error = client(
            &server,
            Credential::Certificate {
                client_id: "a".into(),
                pem: secret,
            },
        )
        .identity()
        .await
        .expect_err(part);
        assert_eq!(
            (error.kind(), server.seen().len()),
            (ErrorKind::Settings, 0)
        );
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_federated_token_is_read_anew_for_every_token() {
    let server = Server::start(|_| Reply::ok(r#"{"value":[]}"#)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    let clock = Server::clock();
    let credential = Credential::Federated {
        client_id: "the-app".into(),
        file: file.clone(),
    };
    let settings = Settings {
        credential,
        clock: Arc::clone(&clock) as _,
        ..server.settings()
    };
    let client = Client::new(settings).expect("settings that work");
    let error = client.identity().await.expect_err("no file yet");
    assert_eq!(error.kind(), ErrorKind::Settings);
    for (n, content) in ["first.jwt\n", "second.jwt\n"].into_iter().enumerate() {
        fs::write(&file, content).expect("written");
        client.identity().await.expect("an identity");
        assert_eq!(
            server.tokens()[n].field("client_assertion").as_deref(),
            Some(content.trim())
        );
        clock.advance(Duration::from_hours(1));
    }
}

fn device(server: &Server, prompts: &Arc<Mutex<Vec<String>>>) -> Credential {
    let prompts = Arc::clone(prompts);
    assert!(server.address.ip().is_loopback());
    Credential::DeviceCode {
        client_id: "public-app".into(),
        scopes: vec!["Directory.Read.All".into()],
        prompt: Arc::new(move |prompt| {
            prompts.lock().expect("not poisoned").push(format!(
                "{} {} {}",
                prompt.user_code, prompt.verification_uri, prompt.message
            ));
        }),
    }
}

fn device_answer() -> Reply {
    Reply::ok(
        json!({"device_code": "dev-1", "user_code": "ABC\u{1b}[2J", "verification_uri": "https://microsoft.com/devicelogin",
            "message": "go there", "expires_in": 900, "interval": 5})
        .to_string(),
    )
}

fn pending(word: &str) -> Reply {
    Reply::json(
        400,
        json!({"error": word, "error_codes": [70016]}).to_string(),
    )
}

#[tokio::test]
async fn a_person_signs_in_by_device_code_and_stays_signed_in() {
    let polls = AtomicUsize::new(0);
    let server = Server::raw(move |seen: &Seen| {
        if seen.path.ends_with("/devicecode") {
            return device_answer();
        }
        if seen.field("grant_type").as_deref() == Some("refresh_token") {
            return Reply::token("refreshed", 3600);
        }
        match polls.fetch_add(1, Ordering::SeqCst) {
            1 => pending("slow_down"),
            0 | 2 => pending("authorization_pending"),
            _ => Reply::ok(json!({"access_token": "by-device", "expires_in": "3600", "refresh_token": "refresh-1"}).to_string()),
        }
    })
    .await;
    let prompts = Arc::default();
    let clock = Server::clock();
    let settings = Settings {
        credential: device(&server, &prompts),
        clock: Arc::clone(&clock) as _,
        ..server.settings()
    };
    let client = Client::new(settings).expect("settings that work");
    client.identity().await.expect("an identity");
    assert_eq!(
        *prompts.lock().expect("not poisoned"),
        ["ABC [2J https://microsoft.com/devicelogin go there"]
    );
    // Two waits of five seconds, then two of ten.
    assert_eq!(clock.monotonic().as_secs(), 30);
    let seen = server.seen();
    assert_eq!(
        seen[0].field("scope").as_deref(),
        Some("https://graph.microsoft.com/Directory.Read.All offline_access")
    );
    assert_eq!(seen[1].field("device_code").as_deref(), Some("dev-1"));
    for _ in 0..2 {
        clock.advance(Duration::from_hours(1));
        client.identity().await.expect("an identity");
        let last = server.seen().pop().expect("a request");
        assert_eq!(last.field("refresh_token").as_deref(), Some("refresh-1"));
    }
    assert_eq!(prompts.lock().expect("not poisoned").len(), 1);
}

#[tokio::test]
async fn a_code_nobody_uses_ends_the_sign_in() {
    for (word, part) in [
        ("expired_token", "nobody used"),
        ("authorization_declined", "declined"),
        ("authorization_pending", "nobody used"),
    ] {
        let server = Server::raw(move |seen: &Seen| {
            if seen.path.ends_with("/devicecode") {
                device_answer()
            } else {
                pending(word)
            }
        })
        .await;
        let error = client(&server, device(&server, &Arc::default()))
            .identity()
            .await
            .expect_err("no sign-in");
        assert_eq!(error.kind(), ErrorKind::SignIn);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn the_machine_identity_is_asked_for_patiently() {
    let count = AtomicUsize::new(0);
    let server = Server::raw(move |seen| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::json(404, ""),
        1 => Reply::json(410, ""),
        2 => Reply::json(429, ""),
        3 => Reply::json(500, ""),
        _ if seen.header("metadata") == "true" => Reply::ok(
            r#"{"access_token":"of-the-machine","expires_in":"86399","expires_on":"1772452799"}"#,
        ),
        _ => Reply::json(400, ""),
    })
    .await;
    let endpoint = IdentityEndpoint {
        url: Url::parse(&server.url("/metadata/identity/oauth2/token")).expect("an address"),
        header: None,
    };
    let clock = Server::clock();
    let settings = Settings {
        credential: Credential::ManagedIdentity {
            client_id: Some("mine".into()),
        },
        identity_endpoint: Some(endpoint),
        clock: Arc::clone(&clock) as _,
        ..server.settings()
    };
    let identity = Client::new(settings)
        .expect("settings that work")
        .identity()
        .await
        .expect("an identity");
    assert_eq!(
        identity.expires_at,
        clock.wall() + Duration::from_secs(86399)
    );
    assert_eq!(
        server.seen()[4].path,
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com&client_id=mine"
    );
}

#[tokio::test]
async fn app_service_is_asked_with_its_header() {
    let server = Server::raw(|_| {
        Reply::ok(r#"{"access_token":"of-the-service","expires_on":"1772370000"}"#)
    })
    .await;
    let endpoint = IdentityEndpoint {
        url: Url::parse(&server.url("/msi/token")).expect("an address"),
        header: Some(Secret::literal(Zeroizing::new("header-s3cret".to_owned()))),
    };
    let settings = Settings {
        credential: Credential::ManagedIdentity { client_id: None },
        identity_endpoint: Some(endpoint),
        ..server.settings()
    };
    let identity = Client::new(settings.clone())
        .expect("settings that work")
        .identity()
        .await
        .expect("an identity");
    assert_eq!(identity.expires_at.to_string(), "2026-03-01T13:00:00Z");
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.header("x-identity-header"), seen.header("metadata")),
        ("header-s3cret", "")
    );
    assert_eq!(
        seen.path,
        "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com"
    );
    for far in [
        "http://10.0.0.1/token",
        "https://evil.example/token",
        "http://169.254.169.254@evil.example/",
    ] {
        let endpoint = IdentityEndpoint {
            url: Url::parse(far).expect("an address"),
            header: None,
        };
        let error = Client::new(Settings {
            identity_endpoint: Some(endpoint),
            ..settings.clone()
        })
        .expect_err(far);
        assert_eq!(error.kind(), ErrorKind::Settings);
    }
}

#[test]
fn every_cloud_works_without_further_settings() {
    for word in ["global", "usgov", "dod", "china"] {
        let cloud: Cloud = word.parse().expect("a cloud");
        assert_eq!(cloud.to_string(), word);
        let secret = Secret::from_env("NOT_READ_YET");
        let credential = Credential::ClientSecret {
            client_id: "a".into(),
            secret,
        };
        let settings = Settings {
            cloud,
            ..Settings::new("contoso.example", credential)
        };
        let client = Client::new(settings).expect("settings that work");
        assert!(
            client
                .link(&format!("{}/v1.0/users", cloud.graph()))
                .is_ok()
        );
    }
    assert_eq!(
        "mars".parse::<Cloud>().expect_err("no such cloud").kind(),
        ErrorKind::Settings
    );
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    let server = Server::start(|_| Reply::ok("{}")).await;
    let good = server.settings();
    for tenant in ["", "common", "a/../b", "a b", "a?b", "t\n", ".x", "a@b"] {
        assert_eq!(
            Client::new(Settings {
                tenant: tenant.into(),
                ..good.clone()
            })
            .expect_err(tenant)
            .kind(),
            ErrorKind::Settings
        );
    }
    for graph in [
        "http://graph.microsoft.com",
        "ftp://x",
        "https://u:p@graph.microsoft.com",
    ] {
        let graph = Some(Url::parse(graph).expect("an address"));
        assert_eq!(
            Client::new(Settings {
                graph,
                ..good.clone()
            })
            .expect_err("refused")
            .kind(),
            ErrorKind::Settings
        );
    }
    let authority = Some(Url::parse("http://login.microsoftonline.com").expect("an address"));
    assert_eq!(
        Client::new(Settings { authority, ..good })
            .expect_err("refused")
            .kind(),
        ErrorKind::Settings
    );
    assert!(server.seen().is_empty());
}
