//! The token authority.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use simulator::{DEFAULT_APP_ID, DEFAULT_SECRET};

use crate::client::{Answer, Client, read};
use crate::world::{TENANT_ID, serve};

async fn ask(client: &Client, tenant: &str, form: &[(&str, &str)]) -> Answer {
    let url = format!("{}/{tenant}/oauth2/v2.0/token", client.simulator.url());
    let response = client.http.post(url).form(form).send().await;
    read(response.expect("because it listens")).await
}

const SCOPE: (&str, &str) = ("scope", "https://graph.microsoft.com/.default");
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn codes(answer: &Answer) -> &Value {
    &answer.body["error_codes"][0]
}

#[tokio::test]
async fn a_token_says_whose_it_is_and_what_it_may() {
    let client = serve(1).await;
    let form = [
        GRANT,
        SCOPE,
        ("client_id", DEFAULT_APP_ID),
        ("client_secret", DEFAULT_SECRET),
    ];
    let answer = ask(&client, TENANT_ID, &form).await;
    assert_eq!(answer.body["expires_in"], 3599);
    let token = answer.body["access_token"]
        .as_str()
        .expect("because it was issued");
    let middle = token.split('.').nth(1).expect("because it has three parts");
    let claims = URL_SAFE_NO_PAD
        .decode(middle)
        .expect("because it is base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("because it is JSON");
    assert_eq!(claims["tid"], TENANT_ID);
    assert_eq!(claims["appid"], DEFAULT_APP_ID);
    assert!(
        claims["roles"]
            .as_array()
            .is_some_and(|roles| roles.len() > 10)
    );
}

#[tokio::test]
async fn refusals_carry_microsofts_numbers() {
    let client = serve(1).await;
    let id = ("client_id", DEFAULT_APP_ID);
    let secret = ("client_secret", DEFAULT_SECRET);
    let wrong = [GRANT, SCOPE, id, ("client_secret", "guess")];
    let answer = ask(&client, TENANT_ID, &wrong).await;
    assert_eq!((answer.status, codes(&answer)), (401, &json!(7_000_215)));
    assert_eq!(answer.body["error"], "invalid_client");
    let text = answer.body["error_description"]
        .as_str()
        .expect("because there is a text");
    assert!(text.starts_with("AADSTS7000215: "), "{text}");
    let stranger = [GRANT, SCOPE, ("client_id", "x"), secret];
    let answer = ask(&client, TENANT_ID, &stranger).await;
    assert_eq!((answer.status, codes(&answer)), (400, &json!(700_016)));
    let elsewhere = ask(&client, "fabrikam.com", &[GRANT, SCOPE, id, secret]).await;
    assert_eq!(codes(&elsewhere), &json!(90_002));
    let by_domain = ask(&client, "contoso.com", &[GRANT, SCOPE, id, secret]).await;
    assert_eq!(by_domain.status, 200);
    let no_scope = ask(&client, TENANT_ID, &[GRANT, id, secret]).await;
    assert_eq!(codes(&no_scope), &json!(900_144));
    let user_scope = [GRANT, ("scope", "User.Read"), id, secret];
    assert_eq!(
        codes(&ask(&client, TENANT_ID, &user_scope).await),
        &json!(1_002_012)
    );
    let password = [("grant_type", "password"), SCOPE, id, secret];
    assert_eq!(
        codes(&ask(&client, TENANT_ID, &password).await),
        &json!(70_003)
    );
}

fn assertion(claims: &Value) -> String {
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": "abc"});
    let parts = [
        header.to_string(),
        claims.to_string(),
        "signature".to_owned(),
    ];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

#[tokio::test]
async fn certificates_are_checked_by_form_time_and_audience() {
    let client = serve(1).await;
    let now = Timestamp::now().as_second();
    let audience = format!("{}/{TENANT_ID}/oauth2/v2.0/token", client.simulator.url());
    let claims = |expires: i64, audience: &str| {
        json!({
            "aud": audience, "iss": DEFAULT_APP_ID, "sub": DEFAULT_APP_ID, "jti": "1",
            "nbf": now, "iat": now, "exp": expires,
        })
    };
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (assertion, expected) in [
        (assertion(&claims(now + 300, &audience)), None),
        (assertion(&claims(now - 300, &audience)), Some(700_024)),
        (
            assertion(&claims(now + 300, "https://elsewhere")),
            Some(700_023),
        ),
        ("a.b".to_owned(), Some(50_027)),
    ] {
        let form = [
            GRANT,
            SCOPE,
            ("client_id", DEFAULT_APP_ID),
            ("client_assertion_type", kind),
            ("client_assertion", assertion.as_str()),
        ];
        let answer = ask(&client, TENANT_ID, &form).await;
        assert_eq!(codes(&answer).as_i64(), expected, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_device_code_waits_for_somebody_to_sign_in() {
    let client = serve(1).await;
    let url = format!(
        "{}/{TENANT_ID}/oauth2/v2.0/devicecode",
        client.simulator.url()
    );
    let form = [
        ("client_id", DEFAULT_APP_ID),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let response = client.http.post(url).form(&form).send().await;
    let device = read(response.expect("because it listens")).await;
    let code = device.body["device_code"]
        .as_str()
        .expect("because there is a code");
    let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    let form = [grant, ("client_id", DEFAULT_APP_ID), ("device_code", code)];
    let waiting = ask(&client, TENANT_ID, &form).await;
    assert_eq!(waiting.body["error"], "authorization_pending");
    let granted = ask(&client, TENANT_ID, &form).await;
    assert_eq!(granted.body["token_type"], "Bearer");
    let used = ask(&client, TENANT_ID, &form).await;
    assert_eq!(used.body["error"], "expired_token");
}

#[tokio::test]
async fn graph_refuses_tokens_it_did_not_issue() {
    let client = serve(1).await;
    let url = format!("{}/v1.0/users", client.simulator.url());
    let none = read(
        client
            .http
            .get(&url)
            .send()
            .await
            .expect("because it listens"),
    )
    .await;
    assert_eq!(
        (none.status, none.code()),
        (401, "InvalidAuthenticationToken")
    );
    assert!(none.header("www-authenticate").is_some());
    let forged = client.http.get(&url).bearer_auth("a.b.c").send().await;
    assert_eq!(read(forged.expect("because it listens")).await.status, 401);
}

#[tokio::test]
async fn authorities_describe_themselves() {
    let client = serve(1).await;
    let root = client.simulator.url();
    let url = format!("{root}/{TENANT_ID}/v2.0/.well-known/openid-configuration");
    let response = client
        .http
        .get(url)
        .send()
        .await
        .expect("because it listens");
    let answer = read(response).await;
    let endpoint = format!("{root}/{TENANT_ID}/oauth2/v2.0/token");
    assert_eq!(answer.body["token_endpoint"], endpoint);
    let url = format!("{root}/common/discovery/instance?api-version=1.1");
    let response = client
        .http
        .get(url)
        .send()
        .await
        .expect("because it listens");
    let answer = read(response).await;
    assert!(answer.body["tenant_discovery_endpoint"].is_string());
}
