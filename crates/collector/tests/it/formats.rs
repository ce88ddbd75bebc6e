//! Layouts and forms: exporter folders, lines, kinds nobody listed, bundles.

use collector::Format;
use serde_json::json;

use crate::support::{Export, Tenant, guid, reasons, user};

#[test]
fn an_exporter_s_folder_gives_kinds_and_parents() {
    let (group, member, owner) = (guid(1), guid(2), guid(3));
    let files = [
        (format!("Groups/{group}/{group}.json"), format!("{{\"id\":\"{group}\",\"displayName\":\"G\"}}")),
        (
            format!("Groups/{group}/Members/{member}/{member}.json"),
            format!("{{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"{member}\",\"displayName\":\"M\",\"userPrincipalName\":\"m@x\"}}"),
        ),
        (format!("Groups/{group}/Owners/{owner}/{owner}.json"), format!("{{\"id\":\"{owner}\"}}")),
        ("Organization/Organization.json".to_owned(), format!("{{\"id\":\"{}\",\"displayName\":\"C\",\"verifiedDomains\":[]}}", guid(9))),
        (
            "Identity/Conditional/AccessPolicies/p/p.json".to_owned(),
            "{\"id\":\"p\",\"displayName\":\"P\",\"conditions\":{},\"state\":\"enabled\"}".to_owned(),
        ),
        (
            "Policies/AuthenticationFlowsPolicy/AuthenticationFlowsPolicy.json".to_owned(),
            "{\"displayName\":\"F\",\"description\":\"d\",\"selfServiceSignUp\":{\"isEnabled\":true}}".to_owned(),
        ),
    ];
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let export = Export::new(&files);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(reasons(&report), Vec::<String>::new());
    assert_eq!(tenant.keys("group"), std::slice::from_ref(&group));
    assert_eq!(tenant.keys("group_member"), [format!("{group}/{member}")]);
    assert_eq!(tenant.keys("group_owner"), [format!("{group}/{owner}")]);
    assert_eq!(
        tenant.state().get("user"),
        None,
        "a member's file is no user"
    );
    let edge = &tenant.state()["group_member"][&format!("{group}\u{1f}{member}")];
    assert_eq!(edge, "{\"@odata.type\":\"#microsoft.graph.user\"}");
    assert_eq!(tenant.keys("organization"), [guid(9)]);
    assert_eq!(tenant.keys("conditional_access_policy"), ["p"]);
    assert_eq!(
        tenant.keys("authentication_flows_policy"),
        ["authentication_flows_policy"]
    );
    let newest = tenant
        .archive()
        .statements()
        .last()
        .expect("because there is one");
    let record = tenant
        .archive()
        .record(newest)
        .expect("because it is sound");
    assert_eq!(
        record.source.map(|source| source.kind).as_deref(),
        Some("entraexporter")
    );
    // What the exporter says of a member makes no version of the edge, and is not lost.
    let kind = tenant
        .archive()
        .kind("group_member")
        .expect("because it is stored")
        .number;
    let volatile = tenant
        .archive()
        .volatile(kind, newest)
        .expect("because it is sound");
    assert_eq!(
        volatile.into_values().collect::<Vec<_>>(),
        ["{\"displayName\":\"M\",\"userPrincipalName\":\"m@x\"}"]
    );
    // The same again passes unread; a changed name of a member is no news about the group.
    assert_eq!(
        tenant.next_day(export.path()).snapshots[0]
            .kinds
            .iter()
            .map(|kind| kind.opened)
            .sum::<u64>(),
        0
    );
}

#[test]
fn edges_come_in_lists_in_their_owners_and_alone() {
    let group = "{\"id\":\"g\",\"displayName\":\"G\",\"securityEnabled\":true,\"groupTypes\":[],\
        \"members\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"a\",\"displayName\":\"A\"},{\"id\":\"b\"}]}";
    let export = Export::new(&[("groups.jsonl", group)]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("group_member"), ["g/a", "g/b"]);
    assert!(
        tenant.parsed("group")["g"].get("members").is_none(),
        "the list is not kept twice"
    );
    // Expanded lists are cut at twenty without saying so: nothing is concluded from them.
    let coverage = tenant.coverage("group_member");
    assert_eq!(coverage.state, store::CoverageState::Partial);
    assert_eq!(
        tenant.coverage("group").state,
        store::CoverageState::Complete
    );

    let page = "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#groups('g')/members\",\"value\":[{\"id\":\"c\"}]}";
    let export = Export::new(&[
        ("page.json", page),
        ("groupOwners.jsonl", "{\"groupId\":\"g\",\"ownerId\":\"o\"}"),
        (
            "lost/groupMembers.json",
            "[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"u\",\"displayName\":\"U\",\"userPrincipalName\":\"u@x\"}]",
        ),
    ]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(tenant.keys("group_member"), ["g/c"]);
    assert_eq!(tenant.keys("group_owner"), ["g/o"]);
    assert_eq!(tenant.state().get("user"), None);
    assert_eq!(
        reasons(&report),
        ["lost/groupMembers.json: does not say whose relationship it is"]
    );
}

#[test]
fn a_kind_nobody_listed_is_imported_all_the_same() {
    let export = Export::new(&[
        (
            "_info/MicrosoftApps.json",
            "[{\"AppId\":\"a\",\"AppDisplayName\":\"A\"},{\"AppId\":\"b\",\"AppDisplayName\":\"B\"}]",
        ),
        (
            "PrivilegedEAM/EntraID/user/1.json",
            "{\"ObjectId\":\"o\",\"ObjectType\":\"user\",\"ObjectDisplayName\":\"U\"}",
        ),
        ("widgets/w/w.json", "{\"id\":\"w\",\"size\":1}"),
        (
            "new.json",
            "{\"@odata.type\":\"#microsoft.graph.brandNewThing\",\"id\":\"n\"}",
        ),
        (
            "package.json",
            "{\"name\":\"x\",\"version\":\"1\",\"dependencies\":{}}",
        ),
        (".vscode/settings.json", "{\"id\":\"ignored\"}"),
        ("README.md", "# x"),
    ]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    let state = tenant.state();
    let kinds: Vec<_> = state
        .iter()
        .map(|(kind, objects)| (kind.as_str(), objects.len()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("brand_new_thing", 1),
            ("entra_id_user", 1),
            ("microsoft_apps", 2),
            ("widgets", 1)
        ]
    );
    assert_eq!(
        reasons(&report),
        ["package.json: not recognised as a directory object"]
    );
    assert_eq!(report.ignored, 1);
    assert_eq!(
        tenant.coverage("microsoft_apps").state,
        store::CoverageState::Complete
    );
}

#[test]
fn names_are_believed_only_where_the_shape_agrees() {
    let export = Export::new(&[
        (
            "users.json",
            "[{\"id\":\"1\",\"make\":\"VW\",\"wheels\":4,\"colour\":\"red\",\"owner\":\"x\",\"seats\":5,\"km\":1}]",
        ),
        ("devices/conf.json", "{\"a\":1}"),
        (
            "groups.json",
            "[{\"id\":\"p\",\"displayName\":\"P\",\"conditions\":{\"users\":{}},\"grantControls\":{},\"state\":\"on\"}]",
        ),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let state = tenant.state();
    assert!(
        !state.contains_key("user") && !state.contains_key("device"),
        "{:?}",
        state.keys()
    );
    assert_eq!(
        tenant.keys("group").len() + tenant.keys("conditional_access_policy").len(),
        1
    );
}

#[test]
fn the_kind_asked_for_is_taken() {
    let line = "{\"id\":\"x\",\"anything\":1}";
    let export = Export::new(&[("a/b.json", line)]);
    for (word, kind) in [
        ("ca", "conditional_access_policy"),
        ("Named Locations", "named_location"),
        ("My Things", "my_things"),
    ] {
        let mut tenant = Tenant::new();
        tenant.next_day_with(export.path(), |request| {
            request.kind = Some(word.to_owned());
        });
        assert_eq!(tenant.keys(kind), ["x"], "{word}");
    }
}

#[test]
fn a_bundle_is_split_into_its_collections() {
    let bundle = json!({
        "module_version": "1.8",
        "conditional_access_policies": [{"Id": guid(1), "DisplayName": "A", "Conditions": {"Users": {"IncludeUsers": ["All"]}}, "GrantControls": null, "State": "enabled"}],
        "privileged_users": {guid(2): {"DisplayName": "U", "roles": ["Global Administrator"]}},
        "domain_settings": {"Id": "x.com", "IsVerified": true, "IsDefault": true, "AuthenticationType": "Managed"},
        "spf_records": [{"domain": "x.com", "rdata": []}],
        "commands": ["Get-X"],
    });
    let export = Export::new(&[("ProviderSettingsExport.json", &bundle.to_string())]);
    let mut tenant = Tenant::new();
    let report = tenant.next_day(export.path());
    assert_eq!(
        tenant.parsed("conditional_access_policy")[&guid(1)]["conditions"]["users"],
        json!({"includeUsers": ["All"]})
    );
    assert_eq!(tenant.keys("privileged_users"), [guid(2)]);
    assert_eq!(tenant.keys("domain"), ["x.com"]);
    assert_eq!(
        reasons(&report),
        ["ProviderSettingsExport.json: not recognised as a directory object"]
    );
    assert_eq!(report.findings[0].place, "element 1, spf_records");
    assert_eq!(
        tenant.next_day(export.path()).snapshots[0]
            .kinds
            .iter()
            .map(|kind| kind.opened)
            .sum::<u64>(),
        0
    );
}

#[test]
fn volatile_properties_make_no_version_and_are_kept() {
    let line = |time: &str| {
        format!(
            "{{\"id\":\"a\",\"displayName\":\"A\",\"signInActivity\":{{\"lastSignInDateTime\":\"{time}\"}}}}"
        )
    };
    let export = Export::new(&[("users.jsonl", &line("2026-01-01T00:00:00Z"))]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write("users.jsonl", line("2026-01-02T00:00:00Z").as_bytes());
    tenant.next_day(export.path());
    assert_eq!(tenant.versions("user"), 1);
    assert_eq!(
        tenant.parsed("user")["a"],
        json!({"id": "a", "displayName": "A"})
    );
    let archive = tenant.archive();
    let kind = archive.kind("user").expect("because it is stored").number;
    let newest = archive.statements().last().expect("because there is one");
    let volatile = archive.volatile(kind, newest).expect("because it is sound");
    assert_eq!(
        volatile.into_values().collect::<Vec<_>>(),
        ["{\"signInActivity\":{\"lastSignInDateTime\":\"2026-01-02T00:00:00Z\"}}"]
    );
}

#[test]
fn one_file_alone_is_an_export() {
    let export = Export::new(&[
        ("deep/users.jsonl", &user(1, "A")),
        ("deep/x.bin", &user(2, "B")),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(&export.file("deep/users.jsonl"));
    assert_eq!(tenant.keys("user"), [guid(1)]);
    // Named outright, it is read whatever its extension.
    tenant.next_day_with(&export.file("deep/x.bin"), |request| {
        request.kind = Some("user".to_owned());
    });
    assert_eq!(tenant.keys("user"), [guid(2)]);
    let format = Format::Jsonl;
    tenant.next_day_with(&export.file("deep/users.jsonl"), |request| {
        request.format = format;
    });
    assert_eq!(tenant.keys("user"), [guid(1)]);
}
