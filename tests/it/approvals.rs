//! Plans from the file to the approval, as people do it with their SSH keys; and holds.

use std::process::Command;

use restore::{
    Action, Against, Estimate, Expected, FORMAT, Impossible, Inverse, Plan, Precondition,
    PropertyChange, Reason, Request, Risk, RiskCode, Step, Wanted,
};
use serde_json::{Value, json};

use crate::programs::Place;

const GROUP: &str = "00000000-0000-4000-8000-000000000001";
const USAGE: Option<i32> = Some(2);
const NOT_APPROVED: Option<i32> = Some(21);

/// A place with an archive and keys of Bob and Carol; `None` where there is no `ssh-keygen`.
fn place() -> Option<Place> {
    let place = Place::new();
    if Command::new("ssh-keygen").arg("-?").output().is_err() {
        assert!(
            std::env::var_os("ENTRACE_REQUIRE_TOOLS").is_none(),
            "ssh-keygen is not installed"
        );
        eprintln!("SKIPPED: ssh-keygen is not installed, so nobody approved anything");
        return None;
    }
    place.init();
    for name in ["bob", "carol"] {
        keygen(
            &place,
            &["-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", name],
            "",
        );
    }
    Some(place)
}

/// What stock `ssh-keygen` prints.
fn keygen(place: &Place, arguments: &[&str], input: &str) -> String {
    place.write("input", input);
    let input = std::fs::File::open(place.path("input")).expect("because it was just written");
    let output = Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(place.folder.path())
        .stdin(input)
        .output()
        .expect("because it is installed");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn plan(place: &Place, step: Step) -> Plan {
    let status = place.ok(&["stats", "--json"]);
    let status: Value = serde_json::from_str(&status).expect("because it is JSON");
    let archive = status["archive_id"]
        .as_str()
        .expect("because archives have ids");
    let now = jiff::Timestamp::now();
    Plan {
        format: FORMAT.to_owned(),
        archive: archive.to_owned(),
        tenant: "contoso".to_owned(),
        made_at: now,
        author: "alice@desk".to_owned(),
        tool: "test".to_owned(),
        wanted: Wanted {
            tenant: "contoso".to_owned(),
            revision: "-1d".to_owned(),
            snapshot: 1,
            record: "00".repeat(32),
            taken_at: now,
            selection: vec!["group:Finance".to_owned()],
        },
        against: Against {
            live: false,
            snapshot: Some(2),
            taken_at: Some(now),
        },
        steps: vec![step],
        impossible: vec![Impossible {
            kind: "user".to_owned(),
            object: vec![GROUP.to_owned()],
            name: Some("Dora".to_owned()),
            properties: vec!["passwordProfile".to_owned()],
            reason: Reason::NeverReturned,
            text: "Graph never returns passwords".to_owned(),
        }],
        dangling: Vec::new(),
        outside: vec!["mailboxes".to_owned()],
        estimate: Estimate::default(),
    }
}

fn step() -> Step {
    Step {
        number: 1,
        stage: 1,
        after: Vec::new(),
        kind: "group".to_owned(),
        object: vec![GROUP.to_owned()],
        name: Some("Finance\u{1b}[2J".to_owned()),
        action: Action::Update,
        properties: vec![PropertyChange {
            path: "description".to_owned(),
            old: Some(json!("nothing")),
            new: Some(json!("money")),
        }],
        request: Request {
            method: "PATCH".to_owned(),
            target: format!("/v1.0/groups/{GROUP}"),
            body: Some(json!({"description": "money"})),
            headers: serde_json::Map::new(),
        },
        precondition: Precondition::Present,
        expected: Expected::Absent,
        makes: Vec::new(),
        uses: Vec::new(),
        inverse: Inverse::Impossible("nobody remembers".to_owned()),
        permissions: Vec::new(),
        risks: Vec::new(),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("because it is JSON")
}

/// The state of the one plan in the list.
fn state(place: &Place) -> String {
    let list = json(&place.ok(&["plan", "list", "--json"]));
    let plans = list.as_array().expect("because a list is one");
    assert_eq!(plans.len(), 1, "{list}");
    plans[0]["state"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_plan_file_is_shown_approved_and_found_in_the_list() {
    let Some(place) = place() else { return };
    let plan = plan(&place, step());
    place.write("p.json", &plan.to_file());
    let id = plan.id();

    // A file is shown before the archive knows of it. What the tenant says does not reach the terminal as it is.
    let shown = place.ok(&["plan", "show", "p.json"]);
    for words in [
        "planned, 0 of 1 approval",
        "Update group Finance\\u{1b}[2J",
        "\"nothing\" -> \"money\"",
        "cannot be undone: nobody remembers",
        "user Dora passwordProfile: Graph never returns passwords",
        "mailboxes",
        "plan approve p.json --key FILE",
    ] {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
    assert!(place.ok(&["plan", "list"]).contains("There are no plans"));

    let nobody = place.run(&["plan", "approve", "p.json", "--key", "bob", "--yes"]);
    assert_eq!(nobody.code, NOT_APPROVED, "{nobody:?}");
    assert!(nobody.stderr.contains("approvers_none"), "{nobody:?}");
    place.ok(&[
        "approver",
        "add",
        "bob",
        "--key",
        "bob.pub",
        "--person",
        "Bob Berger",
    ]);
    let stranger = place.run(&["plan", "approve", "p.json", "--key", "carol", "--yes"]);
    assert!(stranger.stderr.contains("approver_unknown"), "{stranger:?}");
    let unasked = place.run(&["plan", "approve", "p.json", "--key", "bob"]);
    assert_eq!(unasked.code, USAGE, "{unasked:?}");
    let said = place.ok(&["plan", "approve", "p.json", "--key", "bob", "--yes"]);
    assert!(said.contains("is approved by bob until"), "{said}");
    assert!(said.contains("(1 of 1)"), "{said}");
    assert_eq!(state(&place), "approved");
    let again = place.run(&["plan", "approve", &id[..8], "--key", "bob", "--yes"]);
    assert!(again.stderr.contains("approver_counted"), "{again:?}");

    let shown = json(&place.ok(&["plan", "show", &id[..8], "--json"]));
    assert_eq!(shown["state"], "approved");
    assert_eq!(shown["approvals"][0]["person"], "Bob Berger");
    assert_eq!(shown["plan"]["steps"][0]["request"]["method"], "PATCH");

    // What became of it stands in the archive's log, and stock OpenSSH confirms it.
    let commands = place.ok(&["plan", "show", &id[..8], "--evidence", "evidence"]);
    let command = commands
        .lines()
        .next()
        .expect("because there is an approval");
    let verified = Command::new("sh")
        .args(["-c", command])
        .current_dir(place.path("evidence"))
        .output()
        .expect("because there is a shell");
    assert!(verified.status.success(), "{command}: {verified:?}");

    let edited = plan.to_file().replace("money", "more");
    place.write("p.json", &edited);
    let run = place.run(&["plan", "approve", "p.json", "--key", "bob", "--yes"]);
    assert_eq!(run.code, NOT_APPROVED, "{run:?}");
    assert!(
        run.stderr.contains("was changed after it was made"),
        "{run:?}"
    );
}

#[test]
fn an_approval_may_be_signed_elsewhere() {
    let Some(place) = place() else { return };
    place.write("p.json", &plan(&place, step()).to_file());
    place.ok(&["approver", "add", "bob", "--key", "bob.pub"]);
    let printed = [
        "plan",
        "approve",
        "p.json",
        "--print-statement",
        "--approver",
        "bob",
    ];
    let statement = place.ok(&printed);
    assert_eq!(json(&statement)["action"], "execute");
    assert!(place.ok(&["plan", "list"]).contains("There are no plans"));
    let sign = ["-Y", "sign", "-n", "entrace-approval", "-f", "bob"];
    place.write("s.json", &statement);
    place.write("s.sig", &keygen(&place, &sign, &statement));
    let arguments = [
        "plan",
        "approve",
        "p.json",
        "--statement",
        "s.json",
        "--signature",
        "s.sig",
    ];
    let said = json(&place.ok(&[&arguments[..], &["--json"]].concat()));
    assert_eq!(said["is_approved"], true);
    assert_eq!(said["approver"], "bob");

    place.write("s.json", &statement.replace("execute", "Execute"));
    let forged = place.run(&arguments);
    assert!(forged.stderr.contains("signature_bad"), "{forged:?}");
}

#[test]
fn a_risky_plan_waits_for_a_second_person() {
    let Some(place) = place() else { return };
    let mut risky = step();
    risky.risks.push(Risk {
        code: RiskCode::PrivilegedRole,
        text: "gives Global Administrator".to_owned(),
    });
    place.write("p.json", &plan(&place, risky).to_file());
    let shown = place.ok(&["plan", "show", "p.json"]);
    assert!(
        shown.contains("needs 2 because step 1 gives a role"),
        "{shown}"
    );
    assert!(shown.contains("gives Global Administrator"), "{shown}");

    place.ok(&["approver", "add", "bob", "--key", "bob.pub"]);
    let alone = place.run(&["approver", "add", "carol", "--key", "carol.pub"]);
    assert_eq!(alone.code, USAGE, "{alone:?}");
    let own = place.run(&[
        "approver",
        "add",
        "carol",
        "--key",
        "carol.pub",
        "--by",
        "carol",
    ]);
    assert!(own.stderr.contains("approver_unknown"), "{own:?}");
    place.ok(&[
        "approver",
        "add",
        "carol",
        "--key",
        "carol.pub",
        "--by",
        "bob",
    ]);
    let list = json(&place.ok(&["approver", "list", "--json"]));
    assert_eq!(list[1]["name"], "carol");

    place.ok(&["plan", "approve", "p.json", "--key", "bob", "--yes"]);
    assert_eq!(state(&place), "planned");
    assert!(place.ok(&["plan", "list"]).contains("1 of 2 approvals"));
    place.ok(&["plan", "approve", "p.json", "--key", "carol", "--yes"]);
    assert_eq!(state(&place), "approved");

    // A key that is taken back takes its approval along.
    place.ok(&["approver", "remove", "bob", "--by", "carol"]);
    assert_eq!(state(&place), "planned");
    let shown = place.ok(&["plan", "show", "p.json"]);
    assert!(shown.contains("approver_revoked"), "{shown}");
    let last = place.run(&["approver", "remove", "carol", "--by", "carol"]);
    assert!(last.stderr.contains("last approver"), "{last:?}");

    // A file outside of the archive takes the place of its list.
    let signers = place.ok(&["approver", "export"]);
    assert!(signers.starts_with("carol namespaces=\"entrace-approval\" ssh-ed25519 "));
    place.write("signers", &signers.replace("carol ", "eve "));
    place.write("entrace.toml", "[restore]\napprovers_file = \"signers\"\n");
    let list = json(&place.ok(&["approver", "list", "--json"]));
    assert_eq!(
        (list[0]["name"].as_str(), list.as_array().map(Vec::len)),
        (Some("eve"), Some(1))
    );
    let refused = place.run(&[
        "approver", "add", "bob2", "--key", "bob.pub", "--by", "carol",
    ]);
    assert!(refused.stderr.contains("change that file"), "{refused:?}");
}

#[test]
fn plans_are_called_off_for_good() {
    let Some(place) = place() else { return };
    let plan = plan(&place, step());
    place.write("p.json", &plan.to_file());
    place.ok(&["approver", "add", "bob", "--key", "bob.pub"]);
    place.ok(&[
        "plan",
        "reject",
        "p.json",
        "--reason",
        "not on a Friday",
        "--by",
        "bob@desk",
    ]);
    assert_eq!(state(&place), "rejected");
    let shown = place.ok(&["plan", "show", &plan.id()]);
    assert!(
        shown.contains("rejected by bob@desk: not on a Friday"),
        "{shown}"
    );
    let approved = place.run(&["plan", "approve", "p.json", "--key", "bob", "--yes"]);
    assert_eq!(approved.code, NOT_APPROVED, "{approved:?}");
    assert!(approved.stderr.contains("plan_rejected"), "{approved:?}");
    place.ok(&["plan", "cancel", &plan.id()[..6]]);
    assert_eq!(state(&place), "cancelled");

    for (arguments, words) in [
        (["plan", "show", "q.json"], "no such file"),
        (["plan", "show", "abcdef"], "there is no plan abcdef"),
        (["plan", "show", "abc"], "6 or more digits"),
    ] {
        let run = place.run(&arguments);
        assert!(run.stderr.contains(words), "{run:?}");
    }
    place.write("no.json", "{}");
    let run = place.run(&["plan", "show", "no.json"]);
    assert_eq!(run.code, USAGE, "{run:?}");
    assert!(run.stderr.contains("no.json is no plan"), "{run:?}");
}

#[test]
fn holds_are_set_listed_and_released() {
    let place = Place::new();
    place.init();
    assert!(place.ok(&["hold", "list"]).contains("There are no holds"));
    let set = place.ok(&[
        "hold", "add", "--reason", "case 17", "--by", "bob", "--json",
    ]);
    let id = json(&set)["id"].to_string();
    let list = place.ok(&["hold", "list"]);
    assert!(
        list.contains("case 17") && list.contains("the archive"),
        "{list}"
    );
    let until = [
        "hold",
        "add",
        "--reason",
        "r",
        "--since",
        "2026-01-02",
        "--until",
        "2026-01-01",
    ];
    let backwards = place.run(&until);
    assert_eq!(backwards.code, USAGE, "{backwards:?}");
    place.ok(&["hold", "release", &id, "--reason", "closed"]);
    assert!(place.ok(&["hold", "list"]).contains("There are no holds"));
    let twice = place.run(&["hold", "release", &id, "--reason", "closed"]);
    assert!(twice.stderr.contains("there is no hold"), "{twice:?}");
}
