//! Commands that ask a tenant, against one that lives in this process.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use jiff::Timestamp;
use serde_json::Value;
use simulator::{
    AppCredential, DEFAULT_APP_ID, DEFAULT_SECRET, ServerOptions, Simulator, Tenant, TenantOptions,
    World, WorldOptions,
};
use tokio::runtime::Runtime;

use crate::programs::{PROGRAM, Place, Run, command};

const SIGN_IN: i32 = 4;

/// A small tenant on a socket, and a folder with a configuration that names it.
pub(crate) struct Living {
    pub(crate) place: Place,
    simulator: Simulator,
    tenant_id: String,
    /// Serves it.
    _runtime: Runtime,
}

impl Living {
    pub(crate) fn new() -> Self {
        Self::with(AppCredential::default())
    }

    pub(crate) fn with(app: AppCredential) -> Self {
        let runtime = Runtime::new().expect("because threads can be started");
        // The tenant's clock is the machine's: nothing is old, and no clock is off.
        let now = Timestamp::now();
        let mut world = World::new(WorldOptions {
            users: 60,
            start: now,
            incidents: false,
            ..WorldOptions::default()
        });
        let tenant_id = world.tenant_id().to_owned();
        let mut tenant = Tenant::new(TenantOptions::new(&tenant_id, "Orrery Quay", now));
        for seed in world.seeds() {
            tenant
                .seed(seed)
                .expect("because the world makes sound tenants");
        }
        let options = ServerOptions {
            credentials: vec![app],
            ..ServerOptions::default()
        };
        let simulator = runtime
            .block_on(Simulator::start(tenant, options))
            .expect("because a port is free");
        let place = Place::new();
        let url = simulator.url();
        place.write("entrace.toml", &format!(
            "[tenants.orrery]\ntenant_id = \"{tenant_id}\"\ngraph_url = \"{url}\"\nauthority = \"{url}\"\narchive = \"t.entrace\"\n\
             auth = {{ method = \"client_secret\", client_id = \"{DEFAULT_APP_ID}\", client_secret_env = \"THE_SECRET\" }}\n\
             kinds = [\"user\", \"group\", \"group_member\", \"directory_audit\"]\ntags = [\"newest\"]\n\
             [collect]\npace = \"unlimited\"\n"
        ));
        let living = Self {
            place,
            simulator,
            tenant_id,
            _runtime: runtime,
        };
        let made = living.run(&["init", "--unprotected"]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        living
    }

    /// The variable that signs in.
    pub(crate) fn secret() -> [(&'static str, &'static str); 1] {
        [("THE_SECRET", DEFAULT_SECRET)]
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.place.run_with(&Self::secret(), arguments)
    }

    /// Looks at the tenant.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Tenant) -> T) -> T {
        let tenant = self.simulator.tenant();
        let tenant = tenant.read().expect("because nobody panicked");
        look(&tenant)
    }

    /// Changes the tenant.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Tenant) -> T) -> T {
        let tenant = self.simulator.tenant();
        let mut tenant = tenant.write().expect("because nobody panicked");
        change(&mut tenant)
    }

    /// Requests over the wire so far.
    pub(crate) fn round_trips(&self) -> u64 {
        self.simulator.requests().round_trips
    }

    /// Makes every answer so late.
    pub(crate) fn slow(&self, slow_ms: u64) {
        let faults = self.simulator.faults();
        let mut faults = faults.lock().expect("because nobody panicked");
        faults.slow = if slow_ms == 0 { 0.0 } else { 1.0 };
        faults.slow_ms = slow_ms;
    }

    /// Makes every other answer so late.
    pub(crate) fn stagger(&self, slow_ms: u64) {
        let faults = self.simulator.faults();
        let mut faults = faults.lock().expect("because nobody panicked");
        (faults.slow, faults.slow_ms) = (0.5, slow_ms);
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
        serde_json::from_str(&run.stdout).expect("because the answer is JSON")
    }
}

fn app(roles: &[&str]) -> AppCredential {
    AppCredential {
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
        ..AppCredential::default()
    }
}

const ENOUGH: [&str; 6] = [
    "AuditLog.Read.All",
    "CustomSecAttributeAssignment.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "Member.Read.Hidden",
    "User.Read.All",
];

#[test]
fn status_compares_what_was_granted_with_what_is_needed() {
    let living = Living::with(app(&ENOUGH));
    let status = living.json(&["--json", "auth", "status"]);
    assert_eq!(status["tenant_id"], living.tenant_id.as_str());
    assert_eq!(status["enough"], true, "{status}");
    assert_eq!(status["missing"], serde_json::json!([]));
    assert_eq!(status["more_than_needed"], serde_json::json!([]));
    // Fewer kinds need less.
    let status = living.json(&["--json", "auth", "status", "--kinds", "group"]);
    let excess = status["more_than_needed"]
        .as_array()
        .expect("because it is a list");
    let hidden = |one: &Value| one["permission"] == "Member.Read.Hidden" && one["writes"] == false;
    assert!(excess.iter().any(hidden), "{status}");

    let living = Living::with(app(&["User.Read.All", "Mail.ReadWrite"]));
    let run = living.run(&["auth", "status"]);
    assert_eq!(run.code, Some(SIGN_IN), "{run:?}");
    assert!(
        run.stdout
            .contains("more than needed: Mail.ReadWrite, and it can change things"),
        "{}",
        run.stdout
    );
    let missing = run
        .stdout
        .lines()
        .find(|line| line.starts_with("AuditLog.Read.All"));
    assert!(
        missing.is_some_and(|line| line.contains("missing") && line.contains("directory_audit")),
        "{}",
        run.stdout
    );
}

#[test]
fn a_broad_permission_is_enough_and_more_than_needed() {
    let broad = [
        "AuditLog.Read.All",
        "CustomSecAttributeAssignment.Read.All",
        "Member.Read.Hidden",
        "Directory.ReadWrite.All",
    ];
    let living = Living::with(app(&broad));
    let run = living.run(&["auth", "status"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let line = "more than needed: Directory.ReadWrite.All, Group.Read.All, GroupMember.Read.All, User.Read.All would do, and it can change things";
    assert!(run.stdout.contains(line), "{}", run.stdout);
}

#[test]
fn a_sign_in_that_fails_says_so_with_code_4() {
    let living = Living::new();
    for arguments in [&["auth", "status"][..], &["watch", "--once"]] {
        let run = living
            .place
            .run_with(&[("THE_SECRET", "wrong-secret")], arguments);
        assert_eq!(run.code, Some(SIGN_IN), "{run:?}");
        assert!(!run.stderr.contains("wrong-secret"), "{}", run.stderr);
    }
    let unset = living.place.run_with(&[], &["auth", "status"]);
    assert!(
        unset.stderr.contains("environment variable THE_SECRET"),
        "{}",
        unset.stderr
    );
    let doctor = living
        .place
        .run_with(&[("THE_SECRET", "wrong-secret")], &["doctor", "--live"]);
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    assert!(
        doctor.stdout.contains("error  sign-in"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn the_doctor_finds_a_healthy_tenant_healthy_and_tells_nobody_whose_it_is() {
    let living = Living::with(app(&ENOUGH));
    assert_eq!(living.run(&["watch", "--once"]).code, Some(0));
    let run = living.run(&["doctor", "--live"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for line in [
        "ok     same tenant",
        "ok     sign-in",
        "ok     permissions",
        "ok     newest snapshot",
        "ok     completeness",
        "  statements of strangers: ",
        "ok     throttling: not throttled; quota ",
        " resource units in 10 s for ",
    ] {
        assert!(
            run.stdout.contains(line),
            "{line:?} is not in {}",
            run.stdout
        );
    }
    assert!(!run.stdout.contains(&living.tenant_id), "{}", run.stdout);
    assert!(!run.stdout.contains(DEFAULT_APP_ID), "{}", run.stdout);
    assert!(!run.stdout.contains("orrery"), "{}", run.stdout);

    let lesser = Living::with(app(&["User.Read.All", "Group.Read.All"]));
    let run = lesser.run(&["doctor", "--live"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for line in [
        "warn   permissions: 2 granted, ",
        "warn   AuditLog.Read.All: missing, needed for directory_audit",
        "warn   CustomSecAttributeAssignment.Read.All: missing, needed for hidden parts of user",
    ] {
        assert!(
            run.stdout.contains(line),
            "{line:?} is not in {}",
            run.stdout
        );
    }

    let other = living.place.run_with(
        &[],
        &[
            "-a",
            "other.entrace",
            "init",
            "--unprotected",
            "--tenant",
            "99999999-2222-4333-8444-555555555555",
        ],
    );
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    let run = living.run(&["-a", "other.entrace", "--json", "doctor", "--live"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).expect("because it is JSON");
    let checks = report["checks"]
        .as_array()
        .expect("because checks are a list");
    let broken: Vec<&Value> = checks
        .iter()
        .filter(|check| check["state"] == "error")
        .collect();
    assert_eq!(broken.len(), 1, "{report:#}");
    assert_eq!(broken[0]["check"], "same tenant");
    assert_eq!(
        living.run(&["-a", "other.entrace", "watch", "--once"]).code,
        Some(2)
    );
}

#[test]
fn a_watch_takes_snapshots_and_tags_the_newest() {
    let living = Living::new();
    let first = living.json(&["--json", "watch", "--once"]);
    assert_eq!(first["message_type"], "run");
    assert!(
        first["objects"]
            .as_u64()
            .is_some_and(|objects| objects > 60),
        "{first}"
    );
    assert_eq!(first["lacking"], serde_json::json!([]));
    let requests = first["requests"].as_u64();
    let again = living.json(&["--json", "watch", "--once"]);
    assert_eq!(again["new_versions"], 0, "{again}");
    assert!(
        again["requests"].as_u64() < requests,
        "changes cost less than everything: {again}"
    );
    let tags = living.run(&["-o", "csv", "tag"]);
    assert!(tags.stdout.contains("newest"), "{tags:?}");
    // In an archive of its own: a run that finds nothing new in the same second is no new snapshot.
    let made = living.run(&["-a", "one.entrace", "-t", "orrery", "init", "--unprotected"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let words = [
        "-a",
        "one.entrace",
        "--json",
        "watch",
        "--once",
        "--kinds",
        "group",
    ];
    let one = living.json(&words);
    assert!(one["objects"].as_u64() < first["objects"].as_u64(), "{one}");
    assert_eq!(living.run(&["watch", "--interval", "soon"]).code, Some(2));
}

#[cfg(unix)]
#[test]
fn a_watch_ends_in_peace_when_told_to() {
    let living = Living::new();
    for signal in ["-TERM", "-INT"] {
        let mut child = command(PROGRAM, living.place.folder.path())
            .env("THE_SECRET", DEFAULT_SECRET)
            .args(["--json", "watch", "--interval", "1s"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("because the program was built");
        let mut out = BufReader::new(child.stdout.take().expect("because it is piped"));
        let mut line = String::new();
        out.read_line(&mut line)
            .expect("because it prints a line a run");
        assert!(line.contains("\"message_type\":\"run\""), "{line}");
        let told = command("kill", living.place.folder.path())
            .args([signal, &child.id().to_string()])
            .status();
        assert!(told.is_ok_and(|status| status.success()));
        // It goes on printing until it hears the signal: a full pipe must not keep it.
        out.read_to_string(&mut line)
            .expect("because it prints text");
        let ended = child.wait().expect("because it runs");
        assert_eq!(ended.code(), Some(0), "{signal}: {line}");
    }
    // The lock is free, the archive sound.
    assert_eq!(living.run(&["check"]).code, Some(0));
}

#[test]
fn a_watch_goes_on_after_failures() {
    let living = Living::new();
    let faults = living.simulator.faults();
    faults.lock().expect("because nobody panicked").wrong_tenant =
        Some("99999999-2222-4333-8444-555555555555".to_owned());
    let run = living.run(&["watch", "--once"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(
        run.stderr
            .contains("99999999-2222-4333-8444-555555555555 answered"),
        "{}",
        run.stderr
    );
    faults.lock().expect("because nobody panicked").wrong_tenant = None;
    let run = living.run(&["watch", "--once"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn what_is_in_no_graph_is_said_and_imported() {
    let living = Living::new();
    let kinds = ["--kinds", "organization,sensitivity_label_policy"];
    let run = living.run(&[&["watch", "--once"][..], &kinds].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    let sql = "select status, reason from coverage where kind = 'sensitivity_label_policy'";
    let said = living.run(&["-o", "jsonl", "sql", "-c", sql]).stdout;
    assert!(
        said.contains("complete") && said.contains("Get-LabelPolicy"),
        "{said}"
    );
    // As ConvertTo-Json prints it.
    living.place.write(
        "labels.json",
        "[{\"Name\": \"Everybody\", \"Guid\": \"0b8b3d4f-6a3c-4a0f-9d3b-7a1f5c2e9b10\", \"Mode\": \"Enforce\",\n\
          \"Labels\": [\"2f6c1f8d-0f0a-4f5e-8a55-2c6d7e8f9a01\"]}]",
    );
    let run = living.run(&["import", "--kind", "label_policy", "labels.json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let sql = "select id, display_name, properties->>'Mode' as mode from label_policy";
    let rows = living.run(&["-o", "jsonl", "sql", "-c", sql]).stdout;
    let row: Value = serde_json::from_str(&rows).expect("because it is one row");
    assert_eq!(row["id"], "0b8b3d4f-6a3c-4a0f-9d3b-7a1f5c2e9b10");
    assert_eq!(
        (&row["display_name"], &row["mode"]),
        (&"Everybody".into(), &"Enforce".into())
    );
}
