//! Tokens of the HTTP API on the command line.

use serde_json::Value;

use crate::programs::{Place, Run};

fn token(place: &Place, arguments: &[&str]) -> Run {
    let mut all = vec!["token"];
    all.extend(arguments);
    place.run_with(&[], &all)
}

fn ok(place: &Place, arguments: &[&str]) -> String {
    let run = token(place, arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
    run.stdout
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&ok(place, arguments)).expect("because it is JSON")
}

#[test]
fn a_token_is_made_shown_once_listed_and_taken_back() {
    let place = Place::new();
    assert_eq!(ok(&place, &["list"]), "There are no tokens\n");
    let made = token(
        &place,
        &[
            "create",
            "--name",
            "grafana",
            "--role",
            "reader,operator@fabrikam",
        ],
    );
    let secret = made.stdout.trim_end().to_owned();
    assert!(
        secret.starts_with("entrace_") && !secret.contains(' '),
        "{made:?}"
    );
    assert!(
        made.stderr.contains("reader, operator@fabrikam"),
        "{made:?}"
    );
    let listed = json(&place, &["list", "--json"]);
    assert_eq!(listed[0]["name"], "grafana");
    assert_eq!(
        listed[0]["grants"],
        serde_json::json!(["reader", "operator@fabrikam"])
    );
    assert_eq!(listed[0]["state"], "active");
    assert!(listed[0]["last_used_at"].is_null());
    assert!(!listed.to_string().contains(&secret[8..30]));
    let id = listed[0]["id"].as_str().expect("because it is text");
    assert!(ok(&place, &["revoke", &id[..6]]).contains("is revoked"));
    assert_eq!(json(&place, &["list", "--json"])[0]["state"], "revoked");
    assert!(ok(&place, &["list"]).contains("revoked"));
}

#[test]
fn a_tenant_narrows_every_role_and_a_slip_is_noticed() {
    let place = Place::new();
    place.write(
        "entrace.toml",
        "[tenants.contoso]\ntenant_id = \"11111111-2222-4333-8444-555555555555\"\n[server]\nstate = \"own\"\n",
    );
    ok(
        &place,
        &[
            "create",
            "--name",
            "a",
            "--role",
            "reader,auditor",
            "--tenant",
            "contoso",
        ],
    );
    let listed = json(&place, &["list", "--json"]);
    assert_eq!(
        listed[0]["grants"],
        serde_json::json!(["reader@contoso", "auditor@contoso"])
    );
    assert!(
        place.path("own/tokens.json").exists(),
        "beside the file that says so"
    );
    for (arguments, words) in [
        (
            &["create", "--name", "b", "--role", "reader@contso"][..],
            "no tenant \"contso\"",
        ),
        (
            &["create", "--name", "b", "--role", "root"],
            "there is no role \"root\"",
        ),
        (
            &["create", "--name", "b", "--role", "reader@"],
            "names no tenant",
        ),
        (
            &["create", "--name", "a", "--role", "reader"],
            "there is a token named \"a\"",
        ),
        (
            &["create", "--name", " ", "--role", "reader"],
            "1 to 100 characters",
        ),
        (
            &[
                "create",
                "--name",
                "b",
                "--role",
                "reader",
                "--expires",
                "soon",
            ],
            "no length of time",
        ),
        (
            &[
                "create",
                "--name",
                "b",
                "--role",
                "reader@other",
                "--tenant",
                "contoso",
            ],
            "contradicts",
        ),
        (&["revoke", "b"], "there is no token \"b\""),
    ] {
        let run = token(&place, arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(
            run.stderr.contains(words),
            "{words:?} is not in {}",
            run.stderr
        );
        assert!(run.stdout.is_empty(), "{run:?}");
    }
}

#[test]
fn what_is_wrong_in_the_servers_section_is_said_with_its_line() {
    let place = Place::new();
    for (text, words) in [
        (
            "[server]\nlistn = \"x\"\n",
            "bad.toml:2: there is no key server.listn\n  did you mean listen?",
        ),
        (
            "[server.oidc]\nroles = { \"Entrace.Reader\" = \"redaer\" }\n",
            "bad.toml:2: server.oidc.roles.Entrace.Reader: there is no role \"redaer\"",
        ),
        (
            "[server.access]\ndays = -1\n",
            "bad.toml:2: server.access.days",
        ),
        (
            "[server]\nquery_timeout = \"60\"\n",
            "bad.toml:2: server.query_timeout",
        ),
    ] {
        place.write("bad.toml", text);
        let run = place.run_with(&[], &["--config", "bad.toml", "token", "list"]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(
            run.stderr.contains(words),
            "{words:?} is not in {}",
            run.stderr
        );
    }
}
