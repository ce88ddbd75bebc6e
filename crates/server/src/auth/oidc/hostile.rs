//! Tokens that must not pass, each with the word it is refused by.

use serde_json::{Value, json};

use super::forge::{
    CLIENT, ISSUER, Issuer, NOW, OTHER_APP, PERSON, Signer, TENANT, application, changed, person,
    unsigned, with,
};
use super::{MAX_TOKEN_BYTES, Refused};

/// What is tried, the token, and the word it must be refused by.
type Case = (&'static str, String, &'static str);

fn shapes() -> Vec<Case> {
    let signer = Signer::first();
    let good = signer.token(&person());
    let parts: Vec<&str> = good.split('.').collect();
    let claims = person().to_string();
    let malformed = "token-malformed";
    vec![
        ("nothing", String::new(), malformed),
        ("no dots", "abc".to_owned(), malformed),
        ("two parts", format!("{}.{}", parts[0], parts[1]), malformed),
        ("four parts", format!("{good}.x"), malformed),
        (
            "five parts, as encrypted ones have",
            format!("{good}.a.b"),
            malformed,
        ),
        (
            "padding",
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            malformed,
        ),
        (
            "base64 with + and /",
            format!("++//.{}.{}", parts[1], parts[2]),
            malformed,
        ),
        ("a space before", format!(" {good}"), malformed),
        ("a line break after", format!("{good}\n"), malformed),
        (
            "huge",
            format!("{good}{}", "A".repeat(MAX_TOKEN_BYTES)),
            "token-too-large",
        ),
        (
            "header no JSON",
            signer.sign("{", &claims),
            "token-header-malformed",
        ),
        (
            "header a list",
            signer.sign("[]", &claims),
            "token-header-malformed",
        ),
        (
            "header without alg",
            signer.sign(r#"{"kid":"first"}"#, &claims),
            "token-header-malformed",
        ),
        (
            "alg a number",
            signer.sign(r#"{"alg":5,"kid":"first"}"#, &claims),
            "token-header-malformed",
        ),
        (
            "alg twice",
            signer.sign(r#"{"alg":"RS256","alg":"none","kid":"first"}"#, &claims),
            "token-header-malformed",
        ),
        (
            "claims no JSON",
            signer.sign(&signer.header().to_string(), "no"),
            "token-claims-malformed",
        ),
        (
            "claims a list",
            signer.sign(&signer.header().to_string(), "[1]"),
            "token-claims-malformed",
        ),
        (
            "a claim twice",
            signer.sign(
                &signer.header().to_string(),
                &format!(r#"{{"tid":"{TENANT}",{}"#, &claims[1..]),
            ),
            "token-claims-malformed",
        ),
        (
            "claims nested a thousand deep",
            signer.sign(
                &signer.header().to_string(),
                &format!(r#"{{"a":{}1{}}}"#, "[".repeat(1000), "]".repeat(1000)),
            ),
            "token-claims-malformed",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn headers() -> Vec<Case> {
    let signer = Signer::first();
    let stranger = Signer::stranger();
    let claims = person().to_string();
    let header = |changes: Value| changed(signer.header(), &changes).to_string();
    let signed = |changes: Value| signer.sign(&header(changes), &claims);
    let bare = |alg: &str| unsigned(&header(json!({"alg": alg})), &claims);
    let (n, e) = stranger.components();
    let own_key = json!({"jwk": {"kty": "RSA", "n": n, "e": e, "kid": "first"}});
    let at_evil = |name: &str| {
        let header = header(json!({ name: "https://evil.example/keys" }));
        stranger.sign(&header, &claims)
    };
    vec![
        (
            "alg none, no signature",
            format!("{}.", bare("none")),
            "token-unsigned",
        ),
        (
            "alg None with a signature",
            signed(json!({"alg": "None"})),
            "token-unsigned",
        ),
        ("alg nOnE", format!("{}.", bare("nOnE")), "token-unsigned"),
        (
            "HS256 with the public key as the secret",
            with_public_key(),
            "token-algorithm-symmetric",
        ),
        (
            "HS384",
            signed(json!({"alg": "HS384"})),
            "token-algorithm-symmetric",
        ),
        ("RS384", signed(json!({"alg": "RS384"})), "token-algorithm"),
        ("PS256", signed(json!({"alg": "PS256"})), "token-algorithm"),
        ("ES256", signed(json!({"alg": "ES256"})), "token-algorithm"),
        ("EdDSA", signed(json!({"alg": "EdDSA"})), "token-algorithm"),
        (
            "rs256 in small letters",
            signed(json!({"alg": "rs256"})),
            "token-algorithm",
        ),
        ("typ JWE", signed(json!({"typ": "JWE"})), "token-type"),
        ("typ a number", signed(json!({"typ": 1})), "token-type"),
        (
            "an extension that must be understood",
            signed(json!({"crit": ["exp"]})),
            "token-critical-extension",
        ),
        (
            "no kid",
            signed(json!({"kid": null})),
            "token-key-id-missing",
        ),
        (
            "kid a number",
            signed(json!({"kid": 7})),
            "token-key-id-invalid",
        ),
        (
            "kid empty",
            signed(json!({"kid": ""})),
            "token-key-id-invalid",
        ),
        (
            "kid a path",
            signed(json!({"kid": "../../dev/null"})),
            "token-key-unknown",
        ),
        (
            "kid with a line break",
            signed(json!({"kid": "a\nb"})),
            "token-key-id-invalid",
        ),
        (
            "kid endless",
            signed(json!({"kid": "a".repeat(200)})),
            "token-key-id-invalid",
        ),
        (
            "kid unknown",
            signed(json!({"kid": "third"})),
            "token-key-unknown",
        ),
        (
            "kid of a key that is too small",
            Signer::weak().token(&person()),
            "token-key-unknown",
        ),
        (
            "another's key under a known kid",
            stranger.token(&person()),
            "token-signature",
        ),
        ("jku of somebody else", at_evil("jku"), "token-signature"),
        ("x5u of somebody else", at_evil("x5u"), "token-signature"),
        (
            "its own key in the header",
            stranger.sign(&header(own_key), &claims),
            "token-signature",
        ),
        (
            "no signature",
            format!("{}.", bare("RS256")),
            "token-signature",
        ),
        ("half a signature", half_signed(), "token-signature"),
        ("claims of another token", swapped(), "token-signature"),
    ]
}

fn with_public_key() -> String {
    use jsonwebtoken::{Algorithm, EncodingKey, crypto};
    let (n, _) = Signer::first().components();
    let header = r#"{"alg":"HS256","kid":"first"}"#;
    let message = unsigned(header, &person().to_string());
    let key = EncodingKey::from_secret(n.as_bytes());
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256);
    format!(
        "{message}.{}",
        signature.expect("because any text is a secret")
    )
}

fn half_signed() -> String {
    let good = Signer::first().token(&person());
    let end = good.rfind('.').expect("because it has parts");
    good[..end + 1 + (good.len() - end) / 2 / 4 * 4].to_owned()
}

fn swapped() -> String {
    let signer = Signer::first();
    let one = signer.token(&person());
    let two = signer.token(&with(&json!({"roles": ["Entrace.Admin"]})));
    let (one, two): (Vec<&str>, Vec<&str>) = (one.split('.').collect(), two.split('.').collect());
    format!("{}.{}.{}", one[0], two[1], one[2])
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn claims() -> Vec<Case> {
    let signer = Signer::first();
    let case = |name, changes: Value, word| (name, signer.token(&with(&changes)), word);
    let other = "99999999-1111-4222-8333-444455556666";
    let other_issuer = format!("https://login.microsoftonline.com/{other}/v2.0");
    let first_issuer = format!("https://sts.windows.net/{TENANT}/");
    vec![
        case("no iss", json!({"iss": null}), "token-iss-missing"),
        case(
            "iss of another tenant",
            json!({"iss": other_issuer}),
            "token-issuer",
        ),
        case(
            "iss of anybody's tenants",
            json!({"iss": "https://login.microsoftonline.com/common/v2.0"}),
            "token-issuer",
        ),
        case(
            "iss with a slash more",
            json!({"iss": format!("{ISSUER}/")}),
            "token-issuer",
        ),
        case(
            "iss in capitals",
            json!({"iss": ISSUER.to_uppercase()}),
            "token-issuer",
        ),
        case(
            "iss that only begins like ours",
            json!({"iss": format!("{ISSUER}.evil.example")}),
            "token-issuer",
        ),
        case(
            "iss a list with ours in it",
            json!({"iss": [ISSUER, "https://evil.example"]}),
            "token-iss-invalid",
        ),
        case(
            "version 1.0 altogether",
            json!({"iss": first_issuer, "ver": "1.0"}),
            "token-version",
        ),
        case(
            "version 1.0 of our issuer",
            json!({"ver": "1.0"}),
            "token-version",
        ),
        case("ver a number", json!({"ver": 2.0}), "token-ver-invalid"),
        case(
            "ver of the future",
            json!({"ver": "3.0"}),
            "token-ver-invalid",
        ),
        case("no ver", json!({"ver": null}), "token-ver-missing"),
        case("no aud", json!({"aud": null}), "token-aud-missing"),
        case(
            "aud of another application",
            json!({"aud": OTHER_APP}),
            "token-audience",
        ),
        case(
            "aud of Graph",
            json!({"aud": "00000003-0000-0000-c000-000000000000"}),
            "token-audience",
        ),
        case(
            "aud as version 1.0 has it",
            json!({"aud": format!("api://{CLIENT}")}),
            "token-audience",
        ),
        case(
            "aud a list with ours in it",
            json!({"aud": [CLIENT, OTHER_APP]}),
            "token-aud-invalid",
        ),
        case("no exp", json!({"exp": null}), "token-exp-missing"),
        case(
            "exp a text",
            json!({"exp": "9999999999"}),
            "token-exp-invalid",
        ),
        case(
            "exp beyond numbers",
            json!({"exp": 1e300}),
            "token-exp-invalid",
        ),
        case("exp negative", json!({"exp": -1}), "token-exp-invalid"),
        case(
            "expired an hour ago",
            json!({"exp": NOW - 3600}),
            "token-expired",
        ),
        case(
            "expired a minute ago",
            json!({"exp": NOW - 60}),
            "token-expired",
        ),
        case("no nbf", json!({"nbf": null}), "token-nbf-missing"),
        case("nbf a text", json!({"nbf": "now"}), "token-nbf-invalid"),
        case(
            "good from tomorrow",
            json!({"nbf": NOW + 86_400}),
            "token-not-yet-valid",
        ),
        case(
            "good in 61 seconds",
            json!({"nbf": NOW + 61}),
            "token-not-yet-valid",
        ),
        case("no tid", json!({"tid": null}), "token-tid-missing"),
        case(
            "tid of another tenant",
            json!({"tid": other}),
            "token-tenant",
        ),
        case(
            "tid no id",
            json!({"tid": "contoso.example"}),
            "token-tid-invalid",
        ),
        case("tid a list", json!({"tid": [TENANT]}), "token-tid-invalid"),
        case("no oid", json!({"oid": null}), "token-oid-missing"),
        case(
            "oid a name",
            json!({"oid": "alice@contoso.example"}),
            "token-oid-invalid",
        ),
        case(
            "oid in braces",
            json!({"oid": format!("{{{PERSON}}}")}),
            "token-oid-invalid",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn persons_and_applications() -> Vec<Case> {
    let signer = Signer::first();
    let case = |name, changes: Value, word| (name, signer.token(&with(&changes)), word);
    let app =
        |name, changes: Value, word| (name, signer.token(&changed(application(), &changes)), word);
    vec![
        case(
            "an ID token",
            json!({"scp": null, "azp": null, "nonce": "n"}),
            "token-is-id-token",
        ),
        case(
            "an ID token by its hash",
            json!({"scp": null, "at_hash": "h"}),
            "token-is-id-token",
        ),
        case(
            "an ID token without marks",
            json!({"scp": null, "azp": null}),
            "token-of-nobody",
        ),
        app(
            "an application without idtyp",
            json!({"idtyp": null}),
            "token-of-nobody",
        ),
        app(
            "an application with scopes",
            json!({"scp": "access_as_user"}),
            "token-of-two",
        ),
        app(
            "idtyp in capitals",
            json!({"idtyp": "APP"}),
            "token-idtyp-invalid",
        ),
        app(
            "idtyp a list",
            json!({"idtyp": ["app"]}),
            "token-idtyp-invalid",
        ),
        app(
            "a person without scopes",
            json!({"idtyp": "user"}),
            "token-scp-missing",
        ),
        case(
            "scp a list",
            json!({"scp": ["access_as_user"]}),
            "token-scp-invalid",
        ),
        case("another scope", json!({"scp": "User.Read"}), "token-scope"),
        case(
            "a scope that only begins so",
            json!({"scp": "access_as_user2"}),
            "token-scope",
        ),
        case("no azp", json!({"azp": null}), "token-azp-missing"),
        case("azp no id", json!({"azp": "postman"}), "token-azp-invalid"),
        case(
            "by another application",
            json!({"azp": PERSON}),
            "token-client",
        ),
        case("no roles", json!({"roles": null}), "token-without-role"),
        case("empty roles", json!({"roles": []}), "token-without-role"),
        case(
            "unknown roles",
            json!({"roles": ["Global Administrator"]}),
            "token-without-role",
        ),
        case(
            "a role in another case",
            json!({"roles": ["entrace.reader"]}),
            "token-without-role",
        ),
        case(
            "a role with a space",
            json!({"roles": ["Entrace.Reader "]}),
            "token-without-role",
        ),
        case(
            "our own word for a role",
            json!({"roles": ["reader", "admin"]}),
            "token-without-role",
        ),
        case(
            "roles a text",
            json!({"roles": "Entrace.Reader"}),
            "token-roles-invalid",
        ),
        case(
            "roles of numbers",
            json!({"roles": [1]}),
            "token-roles-invalid",
        ),
        case(
            "roles only as wids",
            json!({"roles": null, "wids": ["Entrace.Reader"]}),
            "token-without-role",
        ),
    ]
}

#[tokio::test]
async fn hostile_tokens_are_refused_each_by_its_word() {
    let keys = vec![Signer::first().published(), Signer::weak().published()];
    let issuer = Issuer::new(keys);
    let validator = issuer.validator();
    let cases: Vec<Case> = [shapes(), headers(), claims(), persons_and_applications()].concat();
    assert!(cases.len() >= 60, "{}", cases.len());
    for (name, token, word) in cases {
        let refused = validator.verify(&token).await.expect_err(name);
        assert_eq!(refused.code(), word, "{name}");
        let status = refused.status();
        assert!(status == 401 || status == 403, "{name}: {status}");
        // What stands in a token never stands in a message.
        let message = refused.to_string();
        for planted in ["alice", "evil", TENANT, PERSON, "dev/null"] {
            assert!(!message.contains(planted), "{name}: {message}");
        }
    }
    assert_eq!(issuer.asked(), 1, "unknown keys do not make us ask again");
}

#[tokio::test]
async fn good_tokens_say_who_it_is_by_tenant_and_object() -> Result<(), Refused> {
    let issuer = Issuer::new(vec![Signer::first().published()]);
    let validator = issuer.validator();
    let signer = Signer::first();
    let person = validator.verify(&signer.token(&person())).await?;
    assert_eq!(person.key, format!("{TENANT}/{PERSON}"));
    assert!(!person.is_application);
    let granted: Vec<String> = person.grants.0.iter().map(ToString::to_string).collect();
    assert_eq!(granted, ["reader"]);
    let app = validator.verify(&signer.token(&application())).await?;
    assert!(app.is_application);
    let granted: Vec<String> = app.grants.0.iter().map(ToString::to_string).collect();
    assert_eq!(granted, ["operator@contoso"]);
    // Another name and mail address are the same person; keys in the header are not looked at.
    let renamed =
        with(&json!({"preferred_username": "admin@contoso.example", "oid": PERSON.to_uppercase()}));
    let header = changed(
        signer.header(),
        &json!({"jku": "https://evil.example", "x5t": "first"}),
    );
    let token = signer.sign(&header.to_string(), &renamed.to_string());
    assert_eq!(validator.verify(&token).await?.key, person.key);
    // Clocks that are up to a minute apart do no harm.
    for edge in [json!({"exp": NOW - 59}), json!({"nbf": NOW + 60})] {
        validator.verify(&signer.token(&with(&edge))).await?;
    }
    Ok(())
}
