//! A plan from making to verification, and drills, against a tenant that lives in this process.

use std::process::Command;

use serde_json::{Value, json};
use simulator::{Act, Actor, AppCredential, Deed, Properties};

use crate::live::Living;
use crate::programs::Run;

const NOT_ALLOWED: Option<i32> = Some(4);
const FINDINGS: Option<i32> = Some(5);
const STALE: Option<i32> = Some(20);
const NOT_APPROVED: Option<i32> = Some(21);

/// Settings with which plans run; the credential is the one there is.
const RESTORE: &str = "[restore]\nenabled = true\nrequire_second_person = false\n\
     auth = { method = \"client_secret\", client_id = \"CLIENT\", client_secret_env = \"THE_SECRET\" }\n";

/// A tenant whose archive has one snapshot, and somebody who may approve; `None` where there is no `ssh-keygen`.
pub(crate) fn living() -> Option<Living> {
    living_as(AppCredential::default())
}

/// The same with what this application may.
pub(crate) fn living_as(app: AppCredential) -> Option<Living> {
    let living = Living::with(app);
    let key = living.place.path("key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "x", "-f"])
        .arg(&key)
        .output();
    if made.is_err() {
        assert!(
            std::env::var_os("ENTRACE_REQUIRE_TOOLS").is_none(),
            "ssh-keygen is not installed"
        );
        eprintln!("SKIPPED: ssh-keygen is not installed, so nobody approved anything");
        return None;
    }
    ok(&living, &["snapshot"]);
    ok(
        &living,
        &[
            "approver", "add", "bob", "--key", "key.pub", "--person", "Bob",
        ],
    );
    Some(living)
}

pub(crate) fn ok(living: &Living, arguments: &[&str]) -> Run {
    let run = living.run(arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
    run
}

/// Lets plans run.
pub(crate) fn switch_on(living: &Living) {
    let path = living.place.path("entrace.toml");
    let config = std::fs::read_to_string(&path).expect("because it was written");
    let restore = RESTORE.replace("CLIENT", simulator::DEFAULT_APP_ID);
    living
        .place
        .write("entrace.toml", &format!("{config}{restore}"));
}

/// A user of the company, and what the tenant has of her.
pub(crate) fn somebody(living: &Living) -> Value {
    living.look(|tenant| {
        let kind = catalog::by_name("user").expect("because there are users");
        let mut users = tenant
            .objects(kind)
            .map(|text| serde_json::from_str::<Value>(text).expect("because it is JSON"));
        users
            .find(|user| user["city"].is_string() && user["onPremisesSyncEnabled"] != true)
            .expect("because people live somewhere")
    })
}

pub(crate) fn move_to(living: &Living, user: &Value, city: &str) {
    let id = user["id"].as_str().expect("because users have ids");
    living.change(|tenant| {
        let deed = Deed {
            at: tenant.now(),
            by: Actor::Service,
            act: Act::Update {
                kind: catalog::by_name("user").expect("because there are users"),
                parents: Vec::new(),
                id: id.to_owned(),
                properties: Properties::from_iter([("city".to_owned(), json!(city))]),
            },
            activity: None,
            silent: false,
        };
        tenant.apply(&deed).expect("because she may move");
    });
}

pub(crate) fn city(living: &Living, user: &Value) -> Value {
    let id = user["id"].as_str().expect("because users have ids");
    living.look(|tenant| {
        let kind = catalog::by_name("user").expect("because there are users");
        let text = tenant.object(kind, &[], id).expect("because she is alive");
        serde_json::from_str::<Value>(text).expect("because it is JSON")["city"].clone()
    })
}

#[test]
fn a_change_is_taken_back_and_the_taking_back_too() {
    let Some(living) = living() else { return };
    let user = somebody(&living);
    let word = format!("user:{}", user["id"].as_str().unwrap_or_default());
    move_to(&living, &user, "Atlantis");
    ok(
        &living,
        &[
            "plan", "create", "--from", "latest", &word, "--out", "p.json",
        ],
    );

    // Nothing runs that is switched off, not approved, or has no credential of its own.
    let off = living.run(&["plan", "run", "p.json"]);
    assert_eq!(off.code, NOT_APPROVED, "{off:?}");
    switch_on(&living);
    let unapproved = living.run(&["plan", "run", "p.json"]);
    assert_eq!(unapproved.code, NOT_APPROVED, "{unapproved:?}");
    let look = ok(&living, &["plan", "run", "p.json", "--dry-run"]);
    assert!(look.stdout.contains("1 ready of 1 step"), "{look:?}");
    assert_eq!(city(&living, &user), "Atlantis");

    ok(
        &living,
        &["plan", "approve", "p.json", "--key", "key", "--yes"],
    );
    let ran = ok(&living, &["plan", "run", "p.json", "--json"]);
    let summary = ran.stdout.lines().last().map(serde_json::from_str::<Value>);
    let summary = summary
        .expect("because it says something")
        .expect("because it is JSON");
    assert_eq!(summary["counts"], json!({"done": 1}));
    assert_eq!(city(&living, &user), user["city"]);
    let verified = ok(&living, &["plan", "verify", "p.json"]);
    assert!(
        verified.stdout.contains("1 equal of 1 step"),
        "{verified:?}"
    );
    let holds = living.json(&["hold", "list", "--json"]);
    let reason = holds["rows"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.ends_with("restores from it"), "{holds}");

    // The way back is a plan like any other.
    let back = summary["inverse"]
        .as_str()
        .expect("because something was done");
    ok(&living, &["plan", "approve", back, "--key", "key", "--yes"]);
    ok(&living, &["plan", "run", back]);
    assert_eq!(city(&living, &user), "Atlantis");
    let differs = living.run(&["plan", "verify", "p.json"]);
    assert_eq!(differs.code, FINDINGS, "{differs:?}");
    assert!(differs.stdout.contains("is \"Atlantis\""), "{differs:?}");
}

#[test]
fn a_tenant_that_moved_stops_the_run() {
    let Some(living) = living() else { return };
    let user = somebody(&living);
    let word = format!("user:{}", user["id"].as_str().unwrap_or_default());
    move_to(&living, &user, "Atlantis");
    switch_on(&living);
    ok(
        &living,
        &[
            "plan", "create", "--from", "latest", &word, "--out", "p.json",
        ],
    );
    ok(
        &living,
        &["plan", "approve", "p.json", "--key", "key", "--yes"],
    );
    move_to(&living, &user, "Lemuria");
    let moved = living.run(&["plan", "run", "p.json"]);
    assert_eq!(moved.code, STALE, "{moved:?}");
    assert!(
        moved
            .stdout
            .contains("city was \"Atlantis\" when planned and is \"Lemuria\""),
        "{moved:?}"
    );
    assert_eq!(city(&living, &user), "Lemuria");
}

#[test]
fn what_reads_does_not_write() {
    let Some(living) = living() else { return };
    let user = somebody(&living);
    let word = format!("user:{}", user["id"].as_str().unwrap_or_default());
    move_to(&living, &user, "Atlantis");
    let path = living.place.path("entrace.toml");
    let config = std::fs::read_to_string(&path).expect("because it was written");
    let restore = "[restore]\nenabled = true\nrequire_second_person = false\n";
    living
        .place
        .write("entrace.toml", &format!("{config}{restore}"));
    ok(
        &living,
        &[
            "plan", "create", "--from", "latest", &word, "--out", "p.json",
        ],
    );
    ok(
        &living,
        &["plan", "approve", "p.json", "--key", "key", "--yes"],
    );
    let refused = living.run(&["plan", "run", "p.json"]);
    assert_eq!(refused.code, NOT_ALLOWED, "{refused:?}");
    assert!(refused.stderr.contains("restore.auth"), "{refused:?}");
    assert_eq!(city(&living, &user), "Atlantis");
    // The approval is still there.
    switch_on_auth(&living);
    ok(&living, &["plan", "run", "p.json"]);
    assert_eq!(city(&living, &user), user["city"]);
}

fn switch_on_auth(living: &Living) {
    let path = living.place.path("entrace.toml");
    let config = std::fs::read_to_string(&path).expect("because it was written");
    let auth = RESTORE.lines().last().unwrap_or_default();
    let auth = auth.replace("CLIENT", simulator::DEFAULT_APP_ID);
    living
        .place
        .write("entrace.toml", &format!("{config}{}\n", auth.trim()));
}

#[test]
fn a_drill_needs_no_tenant() {
    let place = crate::programs::Place::new();
    let run = |more: &[&str]| {
        let words = [&["drill", "--users", "60", "--json"], more].concat();
        let drill = place.run_with(&[], &words);
        let summary = drill.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(summary).unwrap_or_else(|error| panic!("{error}: {drill:?}"))
    };
    let summary: Value = run(&[]);
    let number = |name: &str| summary[name].as_u64().unwrap_or_default();
    let sums = number("equal") + number("impossible") + number("failed");
    assert_eq!(number("wanted"), sums, "{summary}");
    // What is made in the directory comes back; the services around it are simulated with less care.
    let kinds = summary["kinds"].as_array().expect("because it is a list");
    for name in [
        "administrative_unit",
        "application",
        "authentication_strength_policy",
        "custom_security_attribute_allowed_value",
        "group",
        "named_location",
        "service_principal",
    ] {
        let kind = kinds.iter().find(|kind| kind["kind"] == name);
        let kind = kind.unwrap_or_else(|| panic!("the company has no {name}"));
        assert_eq!(kind["failed"], 0, "{kind}");
        assert!(kind["equal"].as_u64() > Some(0), "{kind}");
    }
    // Without the directory on premises less is there before, and what belongs to it is missing.
    let alone = run(&["--no-sync"]);
    assert_eq!(
        (&summary["synchronised"], &alone["synchronised"]),
        (&json!(true), &json!(false))
    );
    let given = |summary: &Value| summary["given_by_kind"]["user"].as_u64();
    assert!(
        given(&summary) > Some(0) && given(&alone).is_none(),
        "{alone}"
    );
    assert!(
        summary["score"].as_f64() > alone["score"].as_f64(),
        "{alone}"
    );
}
