//! The server on a port: TLS, names, the session, sign-in with Entra, and the end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Client;
use serde_json::{Value, json};
use server::auth::oidc::{KeySource, Loading, OidcOptions};
use server::{Server, ServerOptions, TenantOptions, TlsOptions};
use store::Secrets;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::archive;

const FIRST_CERTIFICATE: &str = include_str!("../../src/tls/data/first.crt");
const FIRST_KEY: &str = include_str!("../../src/tls/data/first.key");
const SIGNER: &[u8] = include_bytes!("../../src/auth/oidc/data/first.pem");

/// A server that listens.
struct Listening {
    address: SocketAddr,
    session: Option<String>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<server::Result<()>>,
    folder: TempDir,
}

fn listen(change: impl FnOnce(&mut ServerOptions, &Path)) -> Listening {
    let folder = tempfile::tempdir().expect("because there is room");
    let contoso = folder.path().join("contoso");
    archive(&contoso);
    let mut options = ServerOptions {
        tenants: vec![TenantOptions {
            name: "contoso".to_owned(),
            archive: contoso,
            secrets: Secrets::default(),
            collecting: None,
            restoring: None,
        }],
        ..ServerOptions::default()
    };
    options.guard.folder = Some(folder.path().join("state"));
    change(&mut options, folder.path());
    let address = "127.0.0.1:0".parse().expect("because it is an address");
    let server = Server::bind(address, options).expect("because any port will do");
    let (stop, stopped) = oneshot::channel();
    Listening {
        address: server.address(),
        session: server.session().map(|(token, _)| token.to_owned()),
        running: tokio::spawn(server.run(async {
            let _ = stopped.await;
        })),
        stop,
        folder,
    }
}

impl Listening {
    async fn end(self) -> TempDir {
        let _ = self.stop.send(());
        let ended = self.running.await.expect("because it does not panic");
        ended.expect("because the port stays ours");
        self.folder
    }
}

fn client() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy()
}

#[tokio::test]
async fn whoever_starts_it_has_a_token_while_it_runs() {
    let listening = listen(|options, _| options.guard.session = true);
    let token = listening.session.clone().expect("because it was wanted");
    let path = listening.folder.path().join("state/session-token");
    let written = std::fs::read_to_string(&path).expect("because it is there");
    assert_eq!(written.trim_end(), token);
    let client = client().build().expect("because it needs nothing");
    let address = format!("http://{}/v1/tenants", listening.address);
    let answer = client.get(&address).bearer_auth(&token).send().await;
    assert_eq!(answer.expect("because it listens").status(), 200);
    let answer = client.get(&address).send().await;
    assert_eq!(answer.expect("because it listens").status(), 401);

    // A page of another site, under a name that leads here.
    let tricked = client
        .get(&address)
        .header("host", "evil.example")
        .bearer_auth(&token);
    let answer = tricked.send().await.expect("because it listens");
    assert_eq!(answer.status(), 421);
    let tricked = client
        .post(format!("http://{}/v1/query", listening.address))
        .header("origin", "https://evil.example")
        .bearer_auth(&token);
    let answer = tricked.send().await.expect("because it listens");
    assert_eq!(answer.status(), 403);
    let problem: Value = answer.json().await.expect("because it is a problem");
    assert_eq!(problem["type"], "/problems/cross-site");
    let _folder = listening.end().await;
    assert!(!path.exists(), "the token ended with the server");
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served_and_plain_text_is_not() {
    let listening = listen(|options, folder| {
        let tls = TlsOptions {
            certificate: folder.join("server.crt"),
            key: folder.join("server.key"),
        };
        std::fs::write(&tls.certificate, FIRST_CERTIFICATE).expect("because it is ours");
        std::fs::write(&tls.key, FIRST_KEY).expect("because it is ours");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&tls.key, mode).expect("because it is ours");
        }
        options.guard.tls = Some(tls);
    });
    let certificate = reqwest::Certificate::from_pem(FIRST_CERTIFICATE.as_bytes());
    let certificate = certificate.expect("because it is one");
    let client = client().tls_certs_only([certificate]).build();
    let client = client.expect("because it needs nothing else");
    let port = listening.address.port();
    let secure = client
        .get(format!("https://localhost:{port}/healthz"))
        .send()
        .await;
    let secure = secure.expect("because it is trusted");
    assert_eq!(secure.status(), 200);
    assert_eq!(secure.version(), reqwest::Version::HTTP_2);
    let plain = client
        .get(format!("http://localhost:{port}/healthz"))
        .send()
        .await;
    assert!(plain.is_err());
    listening.end().await;
}

/// An issuer whose keys are at hand.
struct Published(Value);

impl KeySource for Published {
    fn load(&self) -> Loading<'_> {
        Box::pin(async { Ok(self.0.to_string().into_bytes()) })
    }
}

#[tokio::test]
async fn people_of_a_tenant_sign_in_with_its_tokens() {
    let (tenant, app) = (
        "7a3c5e90-1111-4222-8333-444455556666",
        "c11e0000-aaaa-4bbb-8ccc-ddddeeeeffff",
    );
    let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let key = EncodingKey::from_rsa_pem(SIGNER).expect("because it is a key");
    let jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).expect("because it is RSA");
    let AlgorithmParameters::RSA(rsa) = jwk.algorithm else {
        panic!("because it is RSA")
    };
    let published =
        json!({"keys": [{"kty": "RSA", "use": "sig", "kid": "one", "n": rsa.n, "e": rsa.e}]});
    let roles = [(
        "Entrace.Reader".to_owned(),
        vec!["reader".parse().expect("because it is a grant")],
    )];
    let oidc = OidcOptions::new(&issuer, app, "access_as_user", Vec::new(), roles.into());
    let listening = listen(|options, _| {
        options.guard.oidc = Some(oidc.expect("because it is all there"));
        options.guard.keys = Some(Arc::new(Published(published)));
    });
    let now = jiff::Timestamp::now().as_second();
    let claims = |roles: &[&str]| {
        json!({
            "iss": issuer, "aud": app, "tid": tenant, "ver": "2.0", "nbf": now - 10, "exp": now + 600,
            "oid": "0b1ec700-0001-4002-8003-000400050006", "azp": app, "scp": "access_as_user", "roles": roles,
        })
    };
    let header = Header {
        kid: Some("one".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let token = |roles: &[&str]| encode(&header, &claims(roles), &key).expect("because it is RSA");
    let client = client().build().expect("because it needs nothing");
    let address = format!("http://{}/v1/tenants", listening.address);
    for (roles, status) in [
        (&["Entrace.Reader"][..], 200),
        (&["entrace.reader"], 403),
        (&[], 403),
    ] {
        let answer = client.get(&address).bearer_auth(token(roles)).send().await;
        let answer = answer.expect("because it listens");
        assert_eq!(answer.status(), status, "{roles:?}");
    }
    let answer = client.get(&address).bearer_auth("eyJ.eyJ.x").send().await;
    let problem: Value = answer
        .expect("because it listens")
        .json()
        .await
        .expect("because it is a problem");
    assert_eq!(problem["reason"], "token-malformed");
    listening.end().await;
}

#[tokio::test]
async fn it_does_not_listen_where_others_are_without_tls_and_sign_in() {
    let folder = tempfile::tempdir().expect("because there is room");
    archive(folder.path());
    let options = || ServerOptions {
        tenants: vec![TenantOptions {
            name: "contoso".to_owned(),
            archive: folder.path().to_owned(),
            secrets: Secrets::default(),
            collecting: None,
            restoring: None,
        }],
        ..ServerOptions::default()
    };
    let everywhere = "0.0.0.0:0".parse().expect("because it is an address");
    let refused = Server::bind(everywhere, options()).expect_err("because others are there");
    assert!(
        refused.to_string().contains("--allow-plain-http"),
        "{refused}"
    );
    let mut plain = options();
    plain.guard.plain_http = true;
    let refused = Server::bind(everywhere, plain).expect_err("because nobody can sign in");
    assert!(
        refused.to_string().contains("entrace token create"),
        "{refused}"
    );
}
