//! What is gone, what only looks so, and who may say otherwise.

use store::CoverageState;

use crate::support::{Export, Tenant, guid, user};

fn users(range: std::ops::Range<u32>) -> String {
    range.map(|number| user(number, "A") + "\n").collect()
}

#[test]
fn what_a_complete_export_does_not_hold_is_gone() {
    let export = Export::new(&[("users.jsonl", &users(0..20))]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write("users.jsonl", users(5..20).as_bytes());
    let report = tenant.next_day(export.path());
    assert_eq!(report.snapshots[0].kinds[0].closed, 5);
    assert_eq!(tenant.keys("user").len(), 15);
}

#[test]
fn a_kind_that_is_not_in_the_export_is_not_touched() {
    let export = Export::new(&[
        ("users.jsonl", &users(0..3)),
        ("groups.jsonl", "{\"id\":\"g\",\"displayName\":\"G\"}"),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.remove("groups.jsonl");
    let report = tenant.next_day(export.path());
    let kinds: Vec<_> = report.snapshots[0]
        .kinds
        .iter()
        .map(|kind| kind.kind.as_str())
        .collect();
    assert_eq!(kinds, ["user"]);
    assert_eq!(tenant.keys("group"), ["g"]);
}

#[test]
fn a_collapse_closes_nothing_unless_it_is_accepted() {
    for (left, suspicious) in [
        (200..200, true),
        (51..250, true),
        (50..250, false),
        (60..250, true),
    ] {
        let export = Export::new(&[("users.jsonl", &users(0..250))]);
        let mut tenant = Tenant::new();
        tenant.next_day(export.path());
        let gone = 250 - left.len() as u64;
        export.write("users.jsonl", (users(left.clone()) + "\n").as_bytes());
        if left.is_empty() {
            export.write("users.jsonl", b"[]");
        }
        let report = tenant.next_day(export.path());
        assert_eq!(report.suspected.len(), usize::from(suspicious), "{left:?}");
        if suspicious {
            let suspected = &report.suspected[0];
            assert_eq!((suspected.before, suspected.gone), (250, gone));
            assert_eq!(tenant.keys("user").len(), 250);
            assert_eq!(tenant.coverage("user").state, CoverageState::Partial);
        }
        let report = tenant.next_day_with(export.path(), |request| request.accept_deletions = true);
        assert_eq!(report.suspected, []);
        assert_eq!(tenant.keys("user").len(), left.len());
        assert_eq!(tenant.coverage("user").state, CoverageState::Complete);
    }
}

#[test]
fn a_rejected_item_is_not_taken_as_deleted() {
    let export = Export::new(&[("users.jsonl", &users(0..3))]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.write("users.jsonl", (users(0..2) + "{\"id\":").as_bytes());
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("user"), [guid(0), guid(1), guid(2)]);
    tenant.next_day_with(export.path(), |request| request.accept_deletions = true);
    assert_eq!(tenant.keys("user"), [guid(0), guid(1)]);
    let coverage = tenant.coverage("user");
    assert_eq!(coverage.state, CoverageState::Complete);
    assert_eq!(
        coverage.reason.as_deref(),
        Some("1 items were rejected; deletions were accepted all the same")
    );
}

#[test]
fn a_delta_closes_only_what_it_says_is_removed() {
    let export = Export::new(&[
        ("users.jsonl", &users(0..200)),
        (
            "groupMembers.jsonl",
            "{\"id\":\"g\",\"members\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]}",
        ),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let delta = Export::new(&[
        (
            "users.jsonl",
            &format!(
                "{{\"id\":\"{}\",\"@removed\":{{\"reason\":\"changed\"}}}}\n{}",
                guid(7),
                user(8, "B")
            ),
        ),
        (
            "groupMembers.jsonl",
            "{\"id\":\"g\",\"members@delta\":[{\"id\":\"d\"},{\"id\":\"b\",\"@removed\":{\"reason\":\"deleted\"}}]}",
        ),
    ]);
    let report = tenant.next_day(delta.path());
    assert_eq!(report.suspected, []);
    assert_eq!(tenant.keys("user").len(), 199);
    assert_eq!(tenant.parsed("user")[&guid(8)]["displayName"], "B");
    assert_eq!(tenant.keys("group_member"), ["g/a", "g/c", "g/d"]);
    let coverage = tenant.coverage("user");
    assert_eq!(
        coverage.reason.as_deref(),
        Some("a delta: only changes were read")
    );
}

#[test]
fn a_delta_is_laid_over_what_is_there() {
    let export = Export::new(&[(
        "users.jsonl",
        "{\"id\":\"a\",\"displayName\":\"A\",\"mail\":\"m\",\"city\":\"X\"}",
    )]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    // The same object several times, as delta queries answer; nothing that says it is a delta.
    let delta = Export::new(&[(
        "users.jsonl",
        "{\"id\":\"a\",\"city\":null}\n{\"id\":\"a\",\"mail\":\"n\"}\n{\"id\":\"a\",\"mail\":\"n\"}",
    )]);
    let report = tenant.next_day_with(delta.path(), |request| request.delta = true);
    assert_eq!(report.doubtful, 0);
    let expected = "{\"id\":\"a\",\"displayName\":\"A\",\"mail\":\"n\",\"city\":null}";
    assert_eq!(tenant.parsed("user")["a"], crate::support::json(expected));
    // What is the same after laying over is no version.
    let versions = tenant.versions("user");
    let delta = Export::new(&[("users.jsonl", "{\"id\":\"a\",\"mail\":\"n\"}")]);
    tenant.next_day_with(delta.path(), |request| request.delta = true);
    assert_eq!(tenant.versions("user"), versions);
}

#[test]
fn graph_s_own_delta_pages_are_read() {
    let export = Export::new(&[(
        "groups.json",
        "[{\"id\":\"g\",\"displayName\":\"G\"},{\"id\":\"h\",\"displayName\":\"H\"}]",
    )]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    let page = "{\"@odata.context\":\"https://graph.microsoft.com/v1.0/$metadata#groups\",\"@odata.deltaLink\":\"x\",\"value\":[\
        {\"displayName\":\"G2\",\"id\":\"g\",\"members@delta\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"u\"}]},\
        {\"id\":\"g\",\"members@delta\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"v\"}]},\
        {\"id\":\"h\",\"@removed\":{\"reason\":\"changed\"}}]}";
    let delta = Export::new(&[("page-1.json", page)]);
    tenant.next_day(delta.path());
    assert_eq!(tenant.parsed("group")["g"]["displayName"], "G2");
    assert_eq!(tenant.keys("group"), ["g"]);
    assert_eq!(tenant.keys("group_member"), ["g/u", "g/v"]);
    assert_eq!(
        tenant.parsed("group_member")["g\u{1f}u"]["@odata.type"],
        "#microsoft.graph.user"
    );
}

#[test]
fn pages_without_the_last_one_close_nothing() {
    let page = |range: std::ops::Range<u32>, next: bool| {
        let users: Vec<String> = range.map(|number| user(number, "A")).collect();
        let next = if next {
            ",\"@odata.nextLink\":\"x\""
        } else {
            ""
        };
        let context = "https://graph.microsoft.com/v1.0/$metadata#users";
        format!(
            "{{\"@odata.context\":\"{context}\"{next},\"value\":[{}]}}",
            users.join(",")
        )
    };
    let export = Export::new(&[
        ("1.json", &page(0..3, true)),
        ("2.json", &page(3..5, false)),
    ]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    assert_eq!(tenant.coverage("user").state, CoverageState::Complete);
    export.remove("2.json");
    tenant.next_day(export.path());
    assert_eq!(
        tenant.coverage("user").reason.as_deref(),
        Some("the last page is missing: each names a next one")
    );
    assert_eq!(tenant.keys("user").len(), 5);
    // The same in a file whose list comes first.
    export.write(
        "1.json",
        format!("{{\"value\":[{}],\"@odata.nextLink\":\"x\"}}", user(0, "A")).as_bytes(),
    );
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("user").len(), 5);
}

#[test]
fn an_empty_list_in_a_folder_says_nothing_of_the_folder_s_kind() {
    let export = Export::new(&[("users/1.json", &user(1, "A"))]);
    let mut tenant = Tenant::new();
    tenant.next_day(export.path());
    export.remove("users/1.json");
    export.write("users/extra.json", b"[]");
    export.write("groups.jsonl", b"{\"id\":\"g\",\"displayName\":\"G\"}");
    tenant.next_day(export.path());
    assert_eq!(tenant.keys("user"), [guid(1)]);
}
