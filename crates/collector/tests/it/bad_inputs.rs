//! Bad inputs: each gets a clear answer, and one bad item never fails the rest.

use collector::{Error, ImportRequest, import};
use store::CoverageState;

use crate::support::{Export, Tenant, day, guid, objects_of, reasons, user};

fn failure(path: &std::path::Path) -> String {
    let request = ImportRequest {
        path: path.to_owned(),
        ..ImportRequest::default()
    };
    let mut tenant = Tenant::new();
    import(&mut tenant.writer, &request, &())
        .expect_err("because nothing can be imported")
        .to_string()
}

#[test]
fn a_path_that_is_no_export_is_refused_with_what_to_do() {
    let export = Export::new(&[
        ("export.zip", "PK"),
        ("archive/archive.toml", "format = 1"),
        ("archive/packs/x", ""),
        ("empty/README.md", "nothing"),
    ]);
    let shown = |path: &str| export.file(path).display().to_string();
    assert_eq!(
        failure(&export.file("missing")),
        format!("path to import not found: {}", shown("missing"))
    );
    assert_eq!(
        failure(&export.file("export.zip")),
        format!(
            "{} is packed: unpack it, then import the folder",
            shown("export.zip")
        )
    );
    assert_eq!(
        failure(&export.file("archive")),
        format!(
            "{} is an entrace archive, no export: copy or open it instead",
            shown("archive")
        )
    );
    assert_eq!(
        failure(&export.file("empty")),
        format!("no JSON, JSON lines or CSV file in {}", shown("empty"))
    );
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let export = Export::new(&[("users.jsonl", &user(1, "A"))]);
    let mut tenant = Tenant::new();
    for (change, message) in [
        (
            (|request: &mut ImportRequest| request.reference = Some("main".to_owned()))
                as fn(&mut ImportRequest),
            "is no git repository: a reference or subfolder has no meaning",
        ),
        (
            |request| request.kind = Some("_".to_owned()),
            "\"_\" cannot be the name of a kind",
        ),
    ] {
        let mut request = ImportRequest {
            path: export.path().to_owned(),
            ..ImportRequest::default()
        };
        change(&mut request);
        let error =
            import(&mut tenant.writer, &request, &()).expect_err("because it makes no sense");
        assert!(error.to_string().ends_with(message), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_sockets_and_odd_names_are_left_out_and_said_so() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let export = Export::new(&[(
        "groups/a.json",
        "{\"id\":\"a\",\"displayName\":\"A\",\"securityEnabled\":true,\"groupTypes\":[]}",
    )]);
    let outside = Export::new(&[("secret.json", &user(7, "outside"))]);
    let link = |to: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(to, export.file(name)).expect("because the folder is ours");
    };
    link(export.path(), "loop");
    link(&outside.file("secret.json"), "users.json");
    link(outside.path(), "groups/out");
    let _socket = std::os::unix::net::UnixListener::bind(export.file("s.sock"));
    std::fs::write(export.path().join(OsStr::from_bytes(b"caf\xe9.json")), "{}")
        .expect("because the folder is ours");
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    let mut found = reasons(&report);
    found.sort();
    assert_eq!(
        found,
        [
            "caf\u{fffd}.json: has a name that is not UTF-8",
            "groups/out: is a link: links are not followed",
            "loop: is a link: links are not followed",
            "s.sock: is a pipe, socket or device: only files are read",
            "users.json: is a link: links are not followed",
        ]
    );
    assert_eq!(tenant.state().keys().collect::<Vec<_>>(), ["group"]);
}

#[test]
fn a_file_that_cannot_be_read_closes_nothing_it_may_have_held() {
    let group = |n: u32| {
        format!(
            "{{\"id\":\"{}\",\"displayName\":\"G\",\"groupTypes\":[],\"securityEnabled\":true}}",
            guid(n)
        )
    };
    let export = Export::new(&[
        ("stuff/1.json", &group(1)),
        ("stuff/2.json", &group(2)),
        (
            "other/ConditionalAccess/x.json",
            "{\"displayName\":\"P\",\"id\":\"p\",\"conditions\":{},\"grantControls\":null,\"state\":\"on\"}",
        ),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    // Its siblings say what a broken file held.
    export.write("stuff/2.json", b"{\"id\":");
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("group").len(), 2);
    assert_eq!(tenant.coverage("group").state, CoverageState::Partial);
    assert_eq!(
        tenant.coverage("group").reason.as_deref(),
        Some("1 items were rejected")
    );
    assert_eq!(
        tenant.coverage("conditional_access_policy").state,
        CoverageState::Complete
    );
    // Alone in its folder, it may have held anything.
    export.remove("stuff/2.json");
    export.write("new/2.json", b"{\"id\":");
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("group").len(), 2);
    assert_eq!(
        tenant.coverage("conditional_access_policy").state,
        CoverageState::Partial
    );
    // Among tools' settings it is one of them.
    export.remove("new/2.json");
    export.write("gui/package.json", b"{\"name\":\"x\"}");
    export.write("gui/tsconfig.json", b"{ // comment\n}");
    let report = tenant.next_day(export.path());
    assert_eq!(
        reasons(&report),
        [
            "gui/package.json: not recognised as a directory object",
            "gui/tsconfig.json: expected a property name at byte 2",
        ]
    );
    assert_eq!(tenant.keys("group"), [guid(1)]);
    let coverage = tenant.coverage("conditional_access_policy");
    assert_eq!(
        (coverage.state, coverage.rejected),
        (CoverageState::Complete, 2)
    );
}

#[test]
fn one_bad_line_does_not_stop_a_stream() {
    let lines = [
        user(1, "A"),
        "{\"id\":\"cut".to_owned(),
        "nonsense".to_owned(),
        user(2, "B"),
        "null".to_owned(),
    ];
    let export = Export::new(&[("users.jsonl", &lines.join("\n"))]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    let places: Vec<_> = report
        .findings
        .iter()
        .map(|one| one.place.as_str())
        .collect();
    assert_eq!(places, ["line 2", "line 3", "line 5"]);
    assert_eq!(tenant.keys("user").len(), 2);
    let coverage = tenant.coverage("user");
    assert_eq!((coverage.objects, coverage.rejected), (2, 3));
}

#[test]
fn an_empty_file_is_no_statement_and_an_empty_list_is_one() {
    let export = Export::new(&[
        ("users.jsonl", &user(1, "A")),
        (
            "conditionalAccessPolicies.json",
            "[{\"id\":\"p\",\"displayName\":\"P\",\"conditions\":{},\"grantControls\":null}]",
        ),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write("users.jsonl", b"");
    export.write("conditionalAccessPolicies.json", b"[]");
    let report = tenant.next_day(export.path());
    assert_eq!(
        reasons(&report),
        ["users.jsonl: is empty: no statement about what there is"]
    );
    assert_eq!(tenant.keys("user"), [guid(1)]);
    assert_eq!(tenant.keys("conditional_access_policy").len(), 0);
    assert_eq!(tenant.coverage("user").state, CoverageState::Partial);
}

#[test]
fn names_that_differ_in_case_only_are_two_files() {
    let export = Export::new(&[
        (
            "ConditionalAccess/A.json",
            "{\"displayName\":\"A\",\"conditions\":{},\"grantControls\":null,\"state\":\"on\"}",
        ),
        (
            "ConditionalAccess/a.json",
            "{\"displayName\":\"A\",\"conditions\":{},\"grantControls\":null,\"state\":\"off\"}",
        ),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(
        tenant.keys("conditional_access_policy"),
        ["ConditionalAccess/A.json", "ConditionalAccess/a.json"]
    );
}

#[test]
fn folders_too_deep_are_left_out() {
    let export = Export::new(&[("users.jsonl", &user(1, "A"))]);
    export.write(
        &format!("{}users.jsonl", "d/".repeat(70)),
        user(2, "B").as_bytes(),
    );
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(report.rejected, 1);
    assert!(
        reasons(&report)[0].ends_with("is a folder more than 64 levels down"),
        "{report:?}"
    );
    assert_eq!(tenant.keys("user"), [guid(1)]);
}

#[test]
fn another_tenant_s_export_is_noticed() {
    let organization = |id: u32| {
        format!(
            "{{\"id\":\"{}\",\"displayName\":\"Contoso\",\"verifiedDomains\":[]}}",
            guid(id)
        )
    };
    let export = Export::new(&[(
        "organization.jsonl",
        &format!("{}\n{}", organization(1), organization(2)),
    )]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    let expected = format!(
        "organization.jsonl: organization {} beside {}: another tenant's export?",
        guid(2),
        guid(1)
    );
    assert_eq!(reasons(&report), [expected]);

    let mut tenant = Tenant::new();
    let export = Export::new(&[("users.jsonl", &user(1, "A"))]);
    assert_eq!(
        tenant.next_day(export.path()).doubtful,
        0,
        "an export need not say whose it is"
    );
    export.write("organization.jsonl", organization(1).as_bytes());
    assert_eq!(tenant.next_day(export.path()).doubtful, 0);
    assert_eq!(tenant.next_day(export.path()).doubtful, 0);
    export.write("organization.jsonl", organization(3).as_bytes());
    for _ in 0..2 {
        assert_eq!(tenant.next_day(export.path()).doubtful, 1);
    }
}

#[test]
fn exports_come_in_any_order_of_time() {
    let export = Export::new(&[("users.jsonl", "")]);
    let mut tenant = Tenant::new();
    for number in [5, 2, 9, 1] {
        export.write("users.jsonl", user(1, &format!("day {number}")).as_bytes());
        tenant.next_day_with(export.path(), |request| {
            request.taken_at = Some(day(number));
        });
    }
    let names: Vec<_> = tenant
        .archive()
        .snapshots()
        .iter()
        .map(|snapshot| {
            let users = objects_of(tenant.archive(), "user", Some(snapshot));
            crate::support::json(&users[&guid(1)])["displayName"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(names, ["day 1", "day 2", "day 5", "day 9"]);
}

#[test]
fn the_same_export_twice_is_no_news() {
    let export = Export::new(&[
        ("users.jsonl", &[user(1, "A"), user(2, "B")].join("\n")),
        ("ConditionalAccess/broken.json", "{"),
        (
            "groupMembers.jsonl",
            &format!("{{\"id\":\"g\",\"members\":[{{\"id\":\"{}\"}}]}}", guid(1)),
        ),
    ]);
    let mut tenant = Tenant::new();
    // Without a time given, the newest file says when it was taken.
    let request = ImportRequest {
        path: export.path().to_owned(),
        ..ImportRequest::default()
    };
    let first = tenant.import(&request);
    assert_eq!((first.snapshots.len(), first.already), (1, 0));
    let log_size = tenant.archive().log_size();
    let second = tenant.import(&request);
    assert_eq!((second.snapshots.len(), second.already), (0, 1));
    assert_eq!(tenant.archive().log_size(), log_size);
    let other = tenant.import(&ImportRequest {
        accept_deletions: true,
        ..request
    });
    assert_eq!(
        other.snapshots.len(),
        1,
        "other options may come to another state"
    );
}

/// Stops at the first look after the first file.
struct Impatient(std::cell::Cell<u32>);

impl collector::Monitor for Impatient {
    fn cancelled(&self) -> bool {
        self.0.set(self.0.get() + 1);
        self.0.get() > 1
    }
}

#[test]
fn a_cancelled_import_leaves_nothing_behind() {
    let export = Export::new(&[
        ("groups.jsonl", "{\"id\":\"g\",\"displayName\":\"G\"}"),
        ("users.jsonl", &user(1, "A")),
    ]);
    let mut tenant = Tenant::new();
    let request = ImportRequest {
        path: export.path().to_owned(),
        ..ImportRequest::default()
    };
    let stopped = import(
        &mut tenant.writer,
        &request,
        &Impatient(std::cell::Cell::new(0)),
    );
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert_eq!(tenant.archive().snapshots().len(), 0);
    assert_eq!(tenant.import(&request).snapshots.len(), 1);
}

#[test]
fn secrets_never_enter_in_clear() {
    let application = "{\"id\":\"a\",\"appId\":\"b\",\"displayName\":\"A\",\"signInAudience\":\"x\",\
        \"passwordCredentials\":[{\"keyId\":\"k\",\"secretText\":\"MKTr0w1\",\"hint\":\"MKT\"}],\"info\":{}}";
    let generic = "[{\"Id\":\"x\",\"client_secret\":\"MKTr0w1\",\"settings\":\"{\\\"Password\\\":\\\"MKTr0w1\\\"}\"}]";
    let export = Export::new(&[
        ("applications.jsonl", application),
        ("things.json", generic),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let state = tenant.state();
    let all: String = state
        .values()
        .flat_map(|objects| objects.values())
        .map(String::as_str)
        .collect();
    assert!(!all.contains("MKTr0w1"), "{all}");
    assert_eq!(all.matches("[redacted]").count(), 3);
    assert!(all.contains("\"hint\":\"MKT\""));
}

/// A small export with something of everything.
fn everything() -> Vec<(&'static str, String)> {
    vec![
        ("users.jsonl", format!("{}\n{}\n", user(1, "A"), user(2, "B"))),
        ("groups.json", "[{\"id\":\"g\",\"displayName\":\"G\",\"members\":[{\"id\":\"m\"}]}]".to_owned()),
        ("groupOwners.jsonl", "{\"id\":\"g\",\"owners\":[{\"id\":\"o\"}]}".to_owned()),
        ("audit/a.json", "{\"records\":[{\"time\":\"2026-01-01\",\"category\":\"AuditLogs\",\"operationName\":\"x\",\"properties\":{\"initiatedBy\":{}}}]}".to_owned()),
        ("audit/b.csv", "AuditData\r\n\"{\"\"CreationTime\"\":\"\"x\"\",\"\"Operation\"\":\"\"y\"\",\"\"Workload\"\":\"\"AzureActiveDirectory\"\",\"\"RecordType\"\":8}\"\r\n".to_owned()),
        ("bundle.json", "{\"a\":[{\"Id\":\"x\"}],\"conditional_access_policies\":[{\"Id\":\"p\",\"DisplayName\":\"P\",\"Conditions\":{},\"GrantControls\":{},\"State\":\"on\",\"AdditionalProperties\":{}}]}".to_owned()),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]
    #[test]
    fn no_damage_to_files_fails_an_import(
        file in 0usize..6,
        at in 0usize..400,
        byte in proptest::prelude::any::<u8>(),
        cut in proptest::prelude::any::<bool>(),
        twice in proptest::prelude::any::<bool>(),
    ) {
        let files = everything();
        let export = Export::new(&[]);
        files.iter().for_each(|(path, text)| export.write(path, text.as_bytes()));
        let mut tenant = Tenant::new();
        if twice {
            tenant.next_day(export.path());
        }
        let mut bytes = files[file].1.clone().into_bytes();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        export.write(files[file].0, &bytes);
        let report = tenant.next_day(export.path());
        proptest::prop_assert!(report.snapshots.len() <= 1);
        // Whatever came of it can be read, and the same again is the same.
        let state = tenant.state();
        tenant.next_day(export.path());
        proptest::prop_assert_eq!(tenant.state(), state);
    }
}
