//! The quirks of real exports that an import survives, by their numbers in the collection they were
//! gathered in.

use serde_json::json;

use crate::support::{Export, Tenant, guid, reasons, user};

const POLICY: &str = r#"{"id":"00000001-0000-4000-8000-000000000000","displayName":"CA001",
    "state":"enabled","conditions":{"users":{"includeUsers":["a","b"]},"clientAppTypes":[]},
    "grantControls":null,"sessionControls":null}"#;

fn policy(change: &str, to: &str) -> String {
    assert!(POLICY.contains(change), "{change} is not in the policy");
    POLICY.replace(change, to)
}

#[test]
fn quirk_1_the_encoding_changes_and_nothing_else() {
    let export = Export::new(&[("ConditionalAccess/CA001.json", POLICY)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let crlf = POLICY.replace('\n', "\r\n");
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(crlf.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [utf16, [b"\xef\xbb\xbf", crlf.as_bytes()].concat()] {
        export.write("ConditionalAccess/CA001.json", &bytes);
        let report = tenant.next_day(export.path());
        assert_eq!((report.rejected, report.doubtful), (0, 0));
    }
    assert_eq!(tenant.versions("conditional_access_policy"), 1);
}

#[test]
fn quirk_2_wrong_content_fails_one_file() {
    let cjk: String = String::from_utf16_lossy(
        &POLICY
            .as_bytes()
            .chunks(2)
            .map(|pair| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)]))
            .collect::<Vec<_>>(),
    );
    let export = Export::new(&[
        ("ConditionalAccess/CA001.json", POLICY),
        ("ConditionalAccess/CA002.json", &cjk),
        ("ConditionalAccess/CA003.json", &POLICY[..100]),
        ("ConditionalAccess/CA004.json", "{\"id\":<ID>}"),
        ("ConditionalAccess/CA005.json", "{\"a\":[1,2}"),
        ("ConditionalAccess/CA006.json", "\"only a text\""),
    ]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!((report.rejected, report.files), (5, 6));
    assert_eq!(tenant.keys("conditional_access_policy").len(), 1);
    assert_eq!(
        reasons(&report),
        [
            "ConditionalAccess/CA002.json: expected a value (from byte 0)",
            "ConditionalAccess/CA003.json: text ends inside a string (from byte 0)",
            "ConditionalAccess/CA004.json: expected a value at byte 6",
            "ConditionalAccess/CA005.json: expected ',' or ']' (from byte 0)",
            "ConditionalAccess/CA006.json: holds a text where an object was expected",
        ]
    );
    let coverage = tenant.coverage("conditional_access_policy");
    assert_eq!((coverage.rejected, coverage.findings.len()), (5, 5));
    assert_eq!(coverage.state, store::CoverageState::Partial);
}

#[test]
fn quirk_3_duplicate_keys_are_kept_and_reported() {
    let twice = policy("\"grantControls\":null", "\"sessionControls\":{\"a\":1}");
    let export = Export::new(&[("ConditionalAccess/CA001.json", &twice)]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(
        reasons(&report),
        [
            "ConditionalAccess/CA001.json: the property \"sessionControls\" occurs twice; both are kept"
        ]
    );
    let state = tenant.state();
    let payload = state["conditional_access_policy"]
        .values()
        .next()
        .expect("because it is there");
    assert_eq!(payload.matches("\"sessionControls\":").count(), 2);
    // Said again for the same file: what has findings does not pass unread.
    assert_eq!(tenant.next_day(export.path()).doubtful, 1);
}

#[test]
fn quirk_4_objects_lists_pages_and_lines_are_one() {
    let (one, two) = (user(1, "A"), user(2, "B"));
    let context = "https://graph.microsoft.com/v1.0/$metadata#users";
    let forms = [
        vec![
            ("a/users/1.json", one.clone()),
            ("a/users/2.json", two.clone()),
        ],
        vec![("users.json", format!("[{one},\n {two}]"))],
        vec![("users.json", format!("{{\"value\":[{one},{two}]}}"))],
        vec![(
            "x.json",
            format!(
                "{{\"@odata.context\":\"{context}\",\"value\":[{one}],\"@odata.nextLink\":\"n\"}}\n{{\"@odata.context\":\"{context}\",\"value\":[{two}]}}"
            ),
        )],
        vec![("users.json", format!("{one}\n{two}\n"))],
        vec![("users.jsonl", format!("{one}\r\n\r\n{two}"))],
        vec![
            ("users-page-1.json", format!("[{one}]")),
            ("users-page-2.json", format!("[{two}]")),
        ],
        vec![("users.json", format!("{one}{two}"))],
        vec![
            (
                "Users/a.json",
                format!("{{\"@odata.context\":\"{context}/$entity\",{}", &one[1..]),
            ),
            ("Users/b.json", two.clone()),
        ],
    ];
    for form in forms {
        let files: Vec<_> = form
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let export = Export::new(&files);
        let mut tenant = Tenant::new();
        let report = tenant.next_day(export.path());
        assert_eq!(reasons(&report), Vec::<String>::new(), "{form:?}");
        let users = tenant.parsed("user");
        assert_eq!(
            users.keys().collect::<Vec<_>>(),
            [&guid(1), &guid(2)],
            "{form:?}"
        );
        assert_eq!(users[&guid(2)], crate::support::json(&two));
        assert_eq!(tenant.state().len(), 1, "{form:?}");
    }
}

#[test]
fn quirk_5_names_with_anything_in_them() {
    let long = "x".repeat(180);
    let name = format!("ConditionalAccess/CA001 \u{2013} (all) [test] {long}.json");
    let export = Export::new(&[(&name, POLICY)]);
    let mut tenant = Tenant::new();
    assert_eq!(
        reasons(&tenant.next_day(export.path())),
        Vec::<String>::new()
    );
    assert_eq!(tenant.keys("conditional_access_policy"), [guid(1)]);
}

#[test]
fn quirk_6_order_and_white_space_make_no_version() {
    let export = Export::new(&[("ConditionalAccess/CA001.json", POLICY)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    for text in [
        policy(
            "\"displayName\":\"CA001\",\n    \"state\":\"enabled\"",
            "\"state\":\"enabled\",\"displayName\":\"CA001\"",
        ),
        policy("[\"a\",\"b\"]", "[\n\"b\",\n\"a\"]"),
        policy("\n", "\t\n\n"),
    ] {
        export.write("ConditionalAccess/CA001.json", text.as_bytes());
        tenant.next_day(export.path());
        assert_eq!(tenant.versions("conditional_access_policy"), 1, "{text}");
    }
}

#[test]
fn quirk_7_a_renamed_file_is_the_same_object() {
    let export = Export::new(&[("ConditionalAccess/CA001.json", POLICY)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.remove("ConditionalAccess/CA001.json");
    export.write(
        "ConditionalAccess/sub/CA001 (new name).json",
        POLICY.as_bytes(),
    );
    tenant.next_day(export.path());
    assert_eq!(tenant.versions("conditional_access_policy"), 1);
    assert_eq!(tenant.keys("conditional_access_policy"), [guid(1)]);
}

#[test]
fn quirk_8_a_new_id_under_the_same_name_is_a_new_object() {
    let export = Export::new(&[("ConditionalAccess/CA001.json", POLICY)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write(
        "ConditionalAccess/CA001.json",
        policy("00000001", "00000002").as_bytes(),
    );
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("conditional_access_policy"), [guid(2)]);
    assert_eq!(tenant.versions("conditional_access_policy"), 2);
}

#[test]
fn quirk_9_the_same_id_in_two_files_keeps_both() {
    let stale = policy("enabled", "disabled");
    let export = Export::new(&[
        ("ConditionalAccess/a.json", POLICY),
        ("ConditionalAccess/b.json", &stale),
        ("ConditionalAccess/c.json", POLICY),
    ]);
    let mut tenant = Tenant::new();
    for _ in 0..2 {
        let report = tenant.next_day(export.path());
        assert_eq!(
            reasons(&report),
            ["ConditionalAccess/b.json: the id is also in ConditionalAccess/a.json"]
        );
        assert_eq!(
            tenant.keys("conditional_access_policy"),
            [guid(1), format!("{}/ConditionalAccess/b.json", guid(1))]
        );
    }
    // The stale copy goes, and comes back where only it is left: the id is its own then.
    export.remove("ConditionalAccess/b.json");
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("conditional_access_policy"), [guid(1)]);
    export.remove("ConditionalAccess/a.json");
    export.write("ConditionalAccess/c.json", stale.as_bytes());
    assert_eq!(tenant.next_day(export.path()).doubtful, 0);
    assert_eq!(
        tenant.parsed("conditional_access_policy")[&guid(1)]["state"],
        "disabled"
    );
    assert_eq!(tenant.keys("conditional_access_policy"), [guid(1)]);
}

#[test]
fn quirk_9_an_old_copy_that_passed_before_does_not_hide_behind_the_new_one() {
    let export = Export::new(&[("ConditionalAccess/b.json", POLICY)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    // The policy changes under another name, and the file of yesterday is left behind.
    export.write(
        "ConditionalAccess/a.json",
        policy("enabled", "disabled").as_bytes(),
    );
    let report = tenant.next_day(export.path());
    assert_eq!(
        reasons(&report),
        ["ConditionalAccess/b.json: the id is also in ConditionalAccess/a.json"]
    );
    assert_eq!(
        tenant.parsed("conditional_access_policy")[&guid(1)]["state"],
        "disabled"
    );
    assert_eq!(tenant.keys("conditional_access_policy").len(), 2);
}

#[test]
fn quirk_9_within_one_file_the_later_one_wins() {
    let lines = [user(1, "A"), user(2, "B"), user(1, "C"), user(2, "B")].join("\n");
    let export = Export::new(&[("users.jsonl", &lines)]);
    let mut tenant = Tenant::new();
    for _ in 0..3 {
        let report = tenant.next_day(export.path());
        assert_eq!(
            reasons(&report),
            ["users.jsonl: its id came before in this file; the later one is taken"]
        );
        assert_eq!(report.findings[0].place, "line 3");
        assert_eq!(tenant.parsed("user")[&guid(1)]["displayName"], "C");
        assert_eq!(tenant.keys("user").len(), 2);
    }
}

#[test]
fn quirk_10_objects_without_any_id_are_kept_under_their_path() {
    let template = policy("\"id\":\"00000001-0000-4000-8000-000000000000\",", "");
    let listed = format!(
        "[{template},{},{template}]",
        policy(
            "\"id\":\"00000001-0000-4000-8000-000000000000\",",
            "\"x\":1,"
        )
    );
    let export = Export::new(&[
        ("Policies/Base/CA001.json", &template),
        ("all.json", &listed),
    ]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(report.doubtful, 4);
    assert_eq!(
        reasons(&report)[0],
        "Policies/Base/CA001.json: has no id; kept under its path"
    );
    assert_eq!(
        tenant.keys("conditional_access_policy"),
        [
            "Policies/Base/CA001.json",
            "all.json/CA001",
            "all.json/CA001/element 2"
        ]
    );
}

#[test]
fn quirk_11_guids_are_one_in_any_case_and_spelled_as_they_were() {
    let lower = "{\"id\":\"abcdef01-0000-4000-8000-000000000000\",\"displayName\":\"A\"}";
    let export = Export::new(&[("users.jsonl", lower)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let upper = lower.replace("abcdef01", "ABCDEF01");
    export.write("users.jsonl", upper.as_bytes());
    tenant.next_day(export.path());
    assert_eq!(
        tenant.keys("user"),
        ["abcdef01-0000-4000-8000-000000000000"]
    );
    let users = tenant.parsed("user");
    assert_eq!(
        users["abcdef01-0000-4000-8000-000000000000"]["id"],
        "ABCDEF01-0000-4000-8000-000000000000"
    );
    // An id that ends in a mis-decoded no-break space is an id like any other.
    let odd = "[{\"AppId\":\"abcdef01-0000-4000-8000-000000000000\u{c2}\u{a0}\",\"Name\":\"x\"}]";
    let export = Export::new(&[("_info/MicrosoftApps.json", odd)]);
    tenant.next_day(export.path());
    assert_eq!(
        tenant.keys("microsoft_apps"),
        ["abcdef01-0000-4000-8000-000000000000\u{c2}\u{a0}"]
    );
}

#[test]
fn quirk_12_times_stay_as_they_are_written() {
    let line = "{\"id\":\"x\",\"displayName\":\"A\",\"createdDateTime\":\"05/04/2026 17:15:48 Coordinated Universal Time\",\
        \"lastPasswordChangeDateTime\":\"2024-01-02T08:47:07.7845009Z\"}";
    let export = Export::new(&[("users.jsonl", line)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(tenant.parsed("user")["x"], crate::support::json(line));
}

#[test]
fn quirk_13_content_changes_under_an_unchanged_modification_time() {
    let export = Export::new(&[("ConditionalAccess/CA001.json", POLICY)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let file = export.file("ConditionalAccess/CA001.json");
    let modified = std::fs::metadata(&file)
        .and_then(|data| data.modified())
        .expect("because it is there");
    export.write(
        "ConditionalAccess/CA001.json",
        policy("enabled", "disabled").as_bytes(),
    );
    let changed = std::fs::File::options()
        .write(true)
        .open(&file)
        .expect("because it is there");
    changed.set_modified(modified).expect("because it is ours");
    tenant.next_day(export.path());
    assert_eq!(tenant.versions("conditional_access_policy"), 2);
}

#[test]
fn quirk_14_null_missing_and_empty_are_told_apart() {
    let forms = ["\"x\":null", "\"x\":[]", "\"x\":\"\"", "\"y\":1"];
    let export = Export::new(&[("users.jsonl", "")]);
    let mut tenant = Tenant::new();
    for (count, form) in (1..).zip(forms) {
        export.write(
            "users.jsonl",
            format!("{{\"id\":\"a\",\"displayName\":\"A\",{form}}}").as_bytes(),
        );
        tenant.next_day(export.path());
        assert_eq!(tenant.versions("user"), count, "{form}");
    }
}

#[test]
fn quirk_15_annotations_are_no_content() {
    let export = Export::new(&[("ConditionalAccess/CA001.json", POLICY)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let noisy = policy(
        "\"state\":\"enabled\"",
        "\"@odata.id\":\"x\",\"state@odata.type\":\"#y\",\"state\":\"enabled\",\"@microsoft.graph.tips\":\"z\",\
         \"#microsoft.graph.restore\":{\"title\":\"r\"}",
    );
    let nested = noisy.replace(
        "\"includeUsers\":",
        "\"includeUsers@odata.type\":\"#Collection(String)\",\"includeUsers\":",
    );
    for text in [&noisy, &nested] {
        export.write("ConditionalAccess/CA001.json", text.as_bytes());
        tenant.next_day(export.path());
        assert_eq!(tenant.versions("conditional_access_policy"), 1, "{text}");
    }
    // What is new and nested stays where it is: only the top level is transport.
    let changed = nested.replace("enabled", "disabled");
    export.write("ConditionalAccess/CA001.json", changed.as_bytes());
    tenant.next_day(export.path());
    let payload = &tenant.state()["conditional_access_policy"][&guid(1)];
    assert!(payload.contains("includeUsers@odata.type"), "{payload}");
    assert!(
        !payload.contains("state@odata.type") && !payload.contains("restore"),
        "{payload}"
    );
}

#[test]
fn quirk_16_the_subtype_stays() {
    let line = "{\"@odata.type\":\"#microsoft.graph.ipNamedLocation\",\"id\":\"x\",\"displayName\":\"A\",\"ipRanges\":[]}";
    let export = Export::new(&[("anything/whatever.json", line)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(
        tenant.parsed("named_location")["x"]["@odata.type"],
        "#microsoft.graph.ipNamedLocation"
    );
}

#[test]
fn quirk_17_json_inside_strings_stays_text() {
    let line = r#"{"id":"Directory_1","activityDateTime":"2026-01-01T00:00:00Z","activityDisplayName":"Update policy","initiatedBy":{},"targetResources":[{"modifiedProperties":[{"displayName":"ConditionalAccessPolicy","oldValue":"{\"state\":\"\\\"on\\\"\"}","newValue":null}]}]}"#;
    let export = Export::new(&[("directoryAudits.jsonl", line)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(
        tenant.parsed("directory_audit")["Directory_1"],
        crate::support::json(line)
    );
}

#[test]
fn quirk_18_escapes_are_no_difference() {
    let plain = "{\"id\":\"a\",\"displayName\":\"O'Brien & <Sons> \u{2013}\"}";
    let escaped =
        "{\"id\":\"a\",\"displayName\":\"O\\u0027Brien \\u0026 \\u003cSons\\u003e \\u2013\"}";
    let export = Export::new(&[("users.jsonl", plain)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write("users.jsonl", escaped.as_bytes());
    tenant.next_day(export.path());
    assert_eq!(tenant.versions("user"), 1);
}

#[test]
fn quirk_19_numbers_keep_their_text() {
    let line = "{\"id\":\"a\",\"displayName\":\"A\",\"big\":9007199254740993,\"level\":4,\"text\":\"4\",\"one\":1.0}";
    let export = Export::new(&[("users.jsonl", line)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let payload = &tenant.state()["user"]["a"];
    for part in ["9007199254740993", "\"level\":4", "\"text\":\"4\"", "1.0"] {
        assert!(payload.contains(part), "{part} in {payload}");
    }
}

#[test]
fn quirk_20_large_and_deep_objects() {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let long = "x".repeat(600_000);
    let text = format!("{{\"id\":\"a\",\"displayName\":\"{long}\",\"d\":{deep}}}");
    let too_deep = format!(
        "{{\"id\":\"b\",\"displayName\":\"x\",\"d\":{}1{}}}",
        "[".repeat(140),
        "]".repeat(140)
    );
    let export = Export::new(&[("users.json", &format!("[{text},{too_deep}]"))]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(tenant.keys("user"), ["a"]);
    assert!(
        reasons(&report)[0].contains("nested deeper than 128 levels"),
        "{report:?}"
    );
}

#[test]
fn quirk_21_mis_decoded_text_is_not_repaired() {
    let line = "{\"id\":\"a\",\"displayName\":\"a \u{e2}\u{20ac}\u{201c} b \"}";
    let export = Export::new(&[("users.jsonl", line)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(
        tenant.parsed("user")["a"]["displayName"],
        "a \u{e2}\u{20ac}\u{201c} b "
    );
}

#[test]
fn quirk_22_powershell_s_casing_becomes_graph_s() {
    let text = r#"[{"Id":"00000001-0000-4000-8000-000000000000","DisplayName":"A","Conditions":{"ClientAppTypes":["all"]},
        "GrantControls":null,"State":"enabled","AdditionalProperties":{"@odata.context":"x","partialEnablementStrategy":null}}]"#;
    let export = Export::new(&[("policies.json", text)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(
        tenant.parsed("conditional_access_policy")[&guid(1)],
        json!({"id": guid(1), "displayName": "A", "conditions": {"clientAppTypes": ["all"]},
            "grantControls": null, "state": "enabled", "partialEnablementStrategy": null})
    );
}

#[test]
fn quirk_23_a_failed_collection_is_no_mass_deletion() {
    let apps = |from: u32, to: u32| {
        let apps =
            (from..to).map(|n| format!("{{\"AppId\":\"{}\",\"AppDisplayName\":\"x\"}}", guid(n)));
        format!("[{}]", apps.collect::<Vec<_>>().join(",\n"))
    };
    let export = Export::new(&[("_info/MicrosoftApps.json", &apps(0, 400))]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write("_info/MicrosoftApps.json", apps(0, 80).as_bytes());
    let report = tenant.next_day(export.path());
    assert_eq!((report.suspected.len(), report.suspected[0].gone), (1, 320));
    let coverage = tenant.coverage("microsoft_apps");
    assert_eq!(
        coverage.reason.as_deref(),
        Some("suspected partial: 320 of 400 objects gone at once")
    );
    assert_eq!(tenant.keys("microsoft_apps").len(), 400);
    export.write("_info/MicrosoftApps.json", apps(0, 401).as_bytes());
    let report = tenant.next_day(export.path());
    assert_eq!(report.suspected, []);
    assert_eq!(
        tenant.versions("microsoft_apps"),
        401,
        "what comes back costs nothing"
    );
    assert_eq!(report.snapshots[0].kinds[0].opened, 1);
}

#[test]
fn quirk_24_a_list_is_split_into_objects() {
    let list = |name: &str| {
        let apps = (0..300).map(|n| {
            let name = if n == 7 { name } else { "x" };
            format!(
                "{{\"AppId\":\"{}\",\"AppDisplayName\":\"{name}\"}}",
                guid(n)
            )
        });
        format!("[{}]", apps.collect::<Vec<_>>().join(","))
    };
    let export = Export::new(&[("_info/MicrosoftApps.json", &list("a"))]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write("_info/MicrosoftApps.json", list("b").as_bytes());
    let report = tenant.next_day(export.path());
    let kind = &report.snapshots[0].kinds[0];
    assert_eq!(
        (kind.new_versions, kind.opened, kind.closed, kind.alive),
        (1, 1, 1, 300)
    );
}
