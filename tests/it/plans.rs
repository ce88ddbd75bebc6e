//! Plans as people make them: from a past state to a file, to a review, to a script.

use serde_json::{Value, json};

use crate::live::Living;
use crate::programs::Place;

const ALICE: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const BOB: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const STAFF: &str = "11111111-0000-4000-8000-000000000001";

/// Two days of a tenant: Alice is disabled and Bob deleted, with his membership.
fn place() -> Place {
    let place = Place::new();
    place.init();
    let user = |id: &str, name: &str, enabled: bool| {
        json!({
            "id": id, "displayName": name, "accountEnabled": enabled, "mailNickname": name,
            "userPrincipalName": format!("{name}@contoso.example"), "department": "Finance",
        })
    };
    let group = json!({ "id": STAFF, "displayName": "Staff's \"own\"", "securityEnabled": true, "groupTypes": [] });
    for (day, users, members) in [
        (
            "2026-01-01T00:00:00Z",
            vec![user(ALICE, "alice", true), user(BOB, "bob", true)],
            vec![ALICE, BOB],
        ),
        (
            "2026-01-02T00:00:00Z",
            vec![user(ALICE, "alice", false)],
            vec![ALICE],
        ),
    ] {
        let folder = place.path(&day[..10]);
        std::fs::create_dir(&folder).expect("because the folder is ours");
        let lines = |values: &[Value]| {
            let lines: Vec<String> = values.iter().map(Value::to_string).collect();
            lines.join("\n")
        };
        let members: Vec<Value> = members
            .into_iter()
            .map(|member| json!({ "groupId": STAFF, "memberId": member }))
            .collect();
        for (name, text) in [
            ("users", lines(&users)),
            ("groups", lines(std::slice::from_ref(&group))),
            ("groupMembers", lines(&members)),
        ] {
            std::fs::write(folder.join(format!("{name}.jsonl")), text)
                .expect("because the folder is ours");
        }
        place.ok(&["import", &day[..10], "--taken-at", day]);
    }
    place
}

fn json_of(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&place.ok(arguments)).expect("because it is JSON")
}

#[test]
fn a_plan_is_made_reviewed_compared_and_exported() {
    let place = place();
    let made = json_of(
        &place,
        &[
            "--json",
            "plan",
            "create",
            "--from",
            "first",
            "user:bob",
            "--offline",
            "--out",
            "p.json",
        ],
    );
    assert_eq!(made["actions"], json!({ "create": 1, "add_link": 1 }));
    assert_eq!(made["file"], "p.json");
    assert_eq!(made["impossible"], json!([]));

    // Without a file it is kept in the archive, and found there by its id.
    let kept = json_of(
        &place,
        &[
            "--json",
            "plan",
            "create",
            "--from",
            "first",
            "--all",
            "--offline",
        ],
    );
    let id = kept["plan_id"].as_str().expect("because it was kept");
    assert_eq!(
        kept["actions"],
        json!({ "update": 1, "create": 1, "add_link": 1 })
    );
    let differ = place.run(&["--json", "plan", "diff", "p.json", &id[..12], "--exit-code"]);
    assert_eq!(differ.code, Some(5), "{}", differ.stderr);
    let differ: Value = serde_json::from_str(&differ.stdout).expect("because it is JSON");
    assert_eq!(differ["same"], 2);
    assert_eq!(differ["added"][0]["kind"], "user");

    let review = place.ok(&["plan", "export", id, "--format", "md"]);
    assert!(review.contains("### 1. Update: user alice"), "{review}");
    assert!(
        review.contains(r"| accountEnabled | false | true |"),
        "{review}"
    );
    assert!(review.contains(r#"Staff\'s \"own\" → bob"#), "{review}");

    let script = place.ok(&["plan", "export", id, "--format", "pwsh"]);
    assert!(script.is_ascii());
    assert!(
        script.contains("-Title 'Add link group member Staff''s \"own\" \\u{2192} bob'"),
        "{script}"
    );
    assert!(
        script.contains("{\"@odata.id\":\"{{service}}/v1.0/directoryObjects/"),
        "{script}"
    );
    place.ok(&["plan", "export", id, "--format", "batch", "--out", "stages"]);
    let second = std::fs::read_to_string(place.path("stages").join("stage-02.json"));
    let second: Value = serde_json::from_str(&second.expect("because there are two stages"))
        .expect("because it is JSON");
    let request = &second["batches"][0]["requests"][0];
    assert_eq!(request["url"], format!("/groups/{STAFF}/members/$ref"));
    let link = format!("{{{{service}}}}/v1.0/directoryObjects/{{{{new:{BOB}}}}}");
    assert_eq!(request["body"]["@odata.id"], link);
}

#[test]
fn what_is_asked_for_is_narrowed() {
    let place = place();
    let actions = |arguments: &[&str]| {
        let mut all = vec![
            "--json",
            "plan",
            "create",
            "--from",
            "first",
            "--offline",
            "--out",
            "p.json",
        ];
        all.extend(arguments);
        json_of(&place, &all)["actions"].clone()
    };
    assert_eq!(
        actions(&["--kinds", "user"]),
        json!({ "update": 1, "create": 1, "add_link": 1 })
    );
    let disabled = "account_enabled and display_name = 'alice'";
    assert_eq!(
        actions(&["--kinds", "user", "--where", disabled]),
        json!({ "update": 1 })
    );
    assert_eq!(actions(&["user:alice", "--only", "department"]), json!({}));
    // What cannot be done of what was asked for is told by the exit code.
    let group = "group:Staff's \"own\"";
    let lost = place.run(&[
        "--json",
        "plan",
        "create",
        "--from",
        "first",
        "--offline",
        group,
        "--only",
        "members",
    ]);
    assert_eq!(lost.code, Some(3), "{}", lost.stderr);
    let lost: Value = serde_json::from_str(&lost.stdout).expect("because it is JSON");
    assert_eq!(lost["dangling"][0]["target_name"], "bob");
    assert_eq!(
        actions(&["group:Staff's \"own\"", "--with-links"]),
        json!({ "create": 1, "add_link": 1 })
    );
}

#[test]
fn wrong_words_are_refused() {
    let place = place();
    for (arguments, code, said) in [
        (&["--from", "first"] as &[&str], 2, "nothing is selected"),
        (
            &["--from", "first", "user:nobody", "--offline"],
            1,
            "nothing in the archive is called",
        ),
        (
            &["--from", "first", "--kinds", "usr", "--offline"],
            2,
            "is no kind",
        ),
        (
            &[
                "--from",
                "first",
                "--kinds",
                "user",
                "--where",
                "nonsense(",
                "--offline",
            ],
            2,
            "",
        ),
        (
            &["--from", "first", "--all", "--into", "../nowhere"],
            10,
            "",
        ),
        (&["--from", "first", "--all"], 4, "--offline"),
    ] {
        let mut all = vec!["plan", "create"];
        all.extend(arguments);
        let run = place.run(&all);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
    let same = place.run(&["plan", "create", "--from", "latest", "--all", "--offline"]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    assert!(same.stdout.starts_with("Nothing to do"), "{}", same.stdout);
}

#[test]
fn the_tenant_is_read_before_a_plan_is_made() {
    let living = Living::new();
    let made = living.run(&["snapshot"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let snapshots = || {
        living
            .run(&["-o", "jsonl", "snapshots"])
            .stdout
            .lines()
            .count()
    };
    let before = snapshots();
    let plan = living.run(&["plan", "create", "--from", "latest", "--kinds", "group"]);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    assert!(plan.stdout.starts_with("Nothing to do"), "{}", plan.stdout);
    // What was read for it is a snapshot like any other.
    assert_eq!(snapshots(), before + 1);
}
