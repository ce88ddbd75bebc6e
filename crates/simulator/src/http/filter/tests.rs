//! Conditions as clients write them, against objects as the directory holds them.

use super::*;

const USER: &str = r#"{
    "id": "u1", "displayName": "Ada O'Neil", "accountEnabled": true, "department": null,
    "createdDateTime": "2026-03-01T10:00:00.1234567Z", "proxyAddresses": ["SMTP:a@x", "smtp:b@x"],
    "assignedLicenses": [{"skuId": "S1", "disabledPlans": ["p"]}], "score": 5
}"#;

fn holds(filter: &str) -> bool {
    let filter = parse(filter).unwrap_or_else(|message| panic!("{filter}: {message}"));
    let mut parser = model::Parser::new();
    let document = parser.parse_text(USER).expect("because it is JSON");
    filter.accepts(document.root())
}

#[test]
fn conditions_that_hold() {
    for filter in [
        "displayName eq 'ada o''neil'",
        "accountEnabled eq true and score ge 5 and score lt 6",
        "department eq null",
        "city eq null",
        "not(accountEnabled eq false)",
        "startswith(displayName,'ada') and endsWith(displayName,'Neil')",
        "startsWith(displayName,'ada') eq true",
        "id in ('u0','u1')",
        "createdDateTime ge 2026-03-01T10:00:00Z and createdDateTime le 2026-03-02T00:00:00Z",
        "proxyAddresses/any(p:p eq 'smtp:B@x')",
        "assignedLicenses/any(l: l/skuId eq s1 and l/disabledPlans/any(p: p eq 'p'))",
        "assignedLicenses/$count eq 1",
        "proxyAddresses/any()",
        "proxyAddresses/all(p: startswith(p,'smtp'))",
        "displayName eq 'x' or (score gt 1 and (id eq 'u1'))",
        "displayName ne 'x'",
    ] {
        assert!(holds(filter), "{filter}");
    }
}

#[test]
fn conditions_that_do_not() {
    for filter in [
        "displayName eq 'Ada'",
        "department ne null",
        "score gt 5",
        "accountEnabled eq 'true'",
        "createdDateTime gt 2026-03-01T10:00:01Z",
        "proxyAddresses/any(p:p eq 'c')",
        "nothing/any(p:p eq 'c')",
        "id eq 'u1' and not (score eq 5)",
    ] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn what_is_no_condition_is_refused() {
    for filter in [
        "",
        "a",
        "a eq",
        "a eq 'x",
        "a eq 'x' or",
        "(a eq 1",
        "a like 'x'",
        "a eq 1 b",
    ] {
        assert!(parse(filter).is_err(), "{filter}");
    }
    let deep = "(".repeat(100_000);
    assert!(parse(&deep).is_err());
    assert!(parse(&"not ".repeat(100_000)).is_err());
}

#[test]
fn a_filter_tells_its_range_of_times_and_its_properties() {
    let text = "activityDateTime ge 2026-01-01T00:00:00Z and activityDateTime le \
                2026-01-02T00:00:00Z and targetResources/any(t:t/id eq 'x')";
    let filter = parse(text).expect("because it is a condition");
    let (from, to) = filter.time_range("activityDateTime");
    assert_eq!(
        from.map(|time| time.to_string()).as_deref(),
        Some("2026-01-01T00:00:00Z")
    );
    assert_eq!(
        to.map(|time| time.to_string()).as_deref(),
        Some("2026-01-02T00:00:00Z")
    );
    let names = filter.properties();
    assert_eq!(
        names,
        ["activityDateTime", "activityDateTime", "targetResources"]
    );
    assert!(!filter.is_advanced());
    assert!(
        parse("a ne 'b'")
            .expect("because it is a condition")
            .is_advanced()
    );
}
