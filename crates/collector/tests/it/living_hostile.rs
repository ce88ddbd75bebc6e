//! Answers that Graph should not give, one by one: trust.md, section E, "Graph collector".

use collector::{CollectReport, Error};
use serde_json::{Value, json};
use store::CoverageState;

use crate::hostile::{Hostile, Reply, TENANT};
use crate::living::{Kept, UNIT, findings, request, said};

const CLOCK: &str = "Mon, 02 Mar 2026 08:00:00 GMT";

fn rows(from: u32, to: u32) -> Value {
    let rows = (from..to).map(|number| json!({"id": crate::support::guid(number), "displayName": format!("Row {number}")}));
    rows.collect()
}

fn reason<'r>(report: &'r CollectReport, kind: &str) -> &'r str {
    said(report, kind).reason.as_deref().unwrap_or_default()
}

/// Whether a path is of this collection, whatever its query.
fn is_list(path: &str, collection: &str) -> bool {
    path.split('?').next() == Some(collection)
}

fn is_devices(path: &str) -> bool {
    is_list(path, "/v1.0/devices")
}

fn organization() -> Reply {
    Reply::rows(&json!([{"id": TENANT, "displayName": "Contoso"}]))
}

/// A Graph with an organization, and domains by the first function; everything else is empty.
fn with_domains(
    domains: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> impl Fn(&str) -> Reply + Send + Sync + 'static {
    move |path| {
        if is_list(path, "/v1.0/organization") {
            organization()
        } else if path.starts_with("/v1.0/domains") {
            domains(path)
        } else {
            Reply::rows(&json!([]))
        }
    }
}

/// An archive of a tenant with a few domains, and the Graph it came from.
fn domains() -> (Hostile, Kept) {
    let hostile = Hostile::new(with_domains(|_| Reply::rows(&rows(0, 5))));
    let mut kept = Kept::new(TENANT);
    hostile.collected(&mut kept, &request("organization,domain"));
    assert_eq!(kept.objects("domain").len(), 5);
    // Days are days only by the tenant's clock.
    hostile.date("Tue, 03 Mar 2026 08:00:00 GMT");
    (hostile, kept)
}

/// The next day's run in which domains are answered like this: nothing of them is closed.
fn next_day(answers: impl Fn(&str) -> Reply + Send + Sync + 'static) -> (CoverageState, String) {
    let (hostile, mut kept) = domains();
    let before = kept.objects("domain");
    hostile.answer(with_domains(answers));
    let report = hostile.collected(&mut kept, &request("organization,domain"));
    assert_eq!(said(&report, "organization").state, CoverageState::Complete);
    let said = said(&report, "domain");
    assert_eq!(said.closed, 0, "{said:?}");
    assert!(said.is_lacking, "{said:?}");
    for key in before.keys() {
        assert!(kept.objects("domain").contains_key(key), "{key} was closed");
    }
    (said.state, reason(&report, "domain").to_owned())
}

#[test]
fn what_is_no_answer_of_graph_is_a_failure() {
    let whole = json!({"value": rows(0, 5)}).to_string();
    let cut = whole[..whole.len() / 2].to_owned();
    // In a batch an answer that is no JSON is a text inside the batch's own.
    let none = "the answer is not a JSON object";
    let bodies: Vec<(&'static str, String, &str)> = vec![
        (
            "text/html",
            "<!DOCTYPE html><h1>Proxy</h1>".to_owned(),
            none,
        ),
        ("application/json", String::new(), none),
        ("application/json", cut, none),
        ("application/json", "[]".to_owned(), none),
        ("application/json", "{}".to_owned(), "no `value`"),
        (
            "application/json",
            "{\"value\":{}}".to_owned(),
            "`value` of the answer is not an array",
        ),
        ("text/plain", "upstream said hello".to_owned(), none),
        ("application/octet-stream", "\u{0}\u{1}".to_owned(), none),
    ];
    for (media, body, words) in bodies {
        let shown = format!("{media} {body:.20}");
        let (state, reason) = next_day(move |_| Reply::text(media, &body));
        assert_eq!(state, CoverageState::Failed, "{shown}");
        // What was asked, and what came.
        assert!(reason.contains("GET /v1.0/domains"), "{shown}: {reason}");
        assert!(reason.contains(words), "{shown}: {reason}");
    }
}

#[test]
fn refusals_are_told_apart() {
    let expected = [
        (400, "Request_UnsupportedQuery", CoverageState::Failed),
        (401, "InvalidAuthenticationToken", CoverageState::Failed),
        (403, "Authorization_RequestDenied", CoverageState::Forbidden),
        (404, "Request_ResourceNotFound", CoverageState::Failed),
        (409, "Conflict", CoverageState::Failed),
        (410, "resyncRequired", CoverageState::Failed),
        (429, "TooManyRequests", CoverageState::Failed),
        (500, "InternalServerError", CoverageState::Failed),
        (503, "ServiceUnavailable", CoverageState::Failed),
        (302, "Found", CoverageState::Failed),
    ];
    for (status, code, state) in expected {
        let (found, reason) = next_day(move |_| Reply::error(status, code));
        assert_eq!(found, state, "{status}: {reason}");
        assert!(reason.contains("GET /v1.0/domains"), "{status}: {reason}");
        let known = reason.contains(&status.to_string());
        assert!(known, "{status}: {reason}");
        if state == CoverageState::Forbidden {
            assert!(reason.contains("Domain.Read.All"), "{reason}");
        }
    }
}

/// Runs with links that the server's own address is part of.
fn with_links(
    answers: impl Fn(&str, &str) -> Reply + Send + Sync + 'static,
) -> (CoverageState, String, Vec<String>) {
    let (hostile, mut kept) = domains();
    let own = hostile.url.clone();
    hostile.answer(with_domains(move |path| answers(&own, path)));
    let before = hostile.seen().len();
    let report = hostile.collected(&mut kept, &request("organization,domain"));
    let said = said(&report, "domain");
    assert_eq!(said.closed, 0, "{said:?}");
    assert!(said.is_lacking, "{said:?}");
    assert_eq!(kept.objects("domain").len(), 5);
    let seen = hostile.seen().split_off(before);
    (said.state, reason(&report, "domain").to_owned(), seen)
}

#[test]
fn a_page_that_vanishes_in_the_middle() {
    for (status, code) in [
        (403, "Authorization_RequestDenied"),
        (404, "Request_ResourceNotFound"),
        (410, "resyncRequired"),
        (500, "InternalServerError"),
    ] {
        let (state, reason, _) = with_links(move |own, path| {
            if path.contains("$skiptoken") {
                Reply::error(status, code)
            } else {
                let next = format!("{own}/v1.0/domains?$skiptoken=2");
                Reply::page(&rows(0, 2), &next)
            }
        });
        assert_eq!(state, CoverageState::Partial, "{status}: {reason}");
        assert!(reason.starts_with("not to the end: "), "{reason}");
    }
}

#[test]
fn links_that_lead_in_circles() {
    let (state, reason, seen) = with_links(|own, _| {
        let next = format!("{own}/v1.0/domains?$skiptoken=again");
        Reply::page(&rows(0, 2), &next)
    });
    assert_eq!(state, CoverageState::Partial);
    assert!(reason.starts_with("not to the end: "), "{reason}");
    assert!(seen.len() < 6, "{seen:?}");
}

#[test]
fn links_that_lead_elsewhere() {
    let elsewhere = Hostile::new(|_| Reply::rows(&json!([])));
    let links = [
        format!("{}/v1.0/domains?$skiptoken=s3cret-token", elsewhere.url),
        "https://graph.example.invalid/v1.0/domains?$skiptoken=s3cret-token".to_owned(),
        "file:///etc/passwd?s3cret-token".to_owned(),
        "//graph.example.invalid/v1.0/domains?s3cret-token".to_owned(),
    ];
    for link in links {
        let next = link.clone();
        let (state, reason, _) = with_links(move |_, _| Reply::page(&rows(0, 2), &next));
        assert!(
            matches!(state, CoverageState::Failed | CoverageState::Partial),
            "{link}: {reason}"
        );
        assert!(!reason.contains("s3cret"), "{reason}");
        assert!(!reason.contains("passwd"), "{reason}");
    }
    assert_eq!(elsewhere.seen(), [""; 0]);
}

#[test]
fn the_host_of_a_foreign_link_is_named() {
    let next = "https://graph.example.invalid/v1.0/domains?$skiptoken=s3cret";
    let (_, reason, _) = with_links(move |_, _| Reply::page(&rows(0, 2), next));
    assert!(reason.contains("graph.example.invalid"), "{reason}");
    assert!(!reason.contains("skiptoken"), "{reason}");
}

#[test]
fn ids_that_are_none_and_ids_that_climb() {
    let odd = json!([
        {"id": crate::support::guid(1), "displayName": "Sound"},
        {"id": "../users", "displayName": "Climbs"},
        {"id": "..", "displayName": "Climbs higher"},
        {"id": "a\u{0}b", "displayName": "NUL"},
        {"id": "a\u{1f}b", "displayName": "Separator"},
        {"id": "", "displayName": "Empty"},
        {"id": 7, "displayName": "Number"},
        {"id": null, "displayName": "Null"},
        {"displayName": "Missing"},
        {"id": "not a guid/with a slash?and=more", "displayName": "No GUID"},
        {"id": "x".repeat(5000), "displayName": "Long"},
    ]);
    let hostile = Hostile::new(move |path| {
        if is_list(path, "/v1.0/groups") {
            Reply::rows(&odd)
        } else if is_list(path, "/v1.0/organization") {
            organization()
        } else if path.ends_with("/owners") || path.contains("/owners?") {
            Reply::rows(&json!([{"id": crate::support::guid(9)}]))
        } else {
            Reply::rows(&json!([]))
        }
    });
    let mut kept = Kept::new(TENANT);
    let report = hostile.collected(&mut kept, &request("organization,group,group_owner"));
    for path in hostile.seen() {
        let whole = path.split('?').next().unwrap_or_default();
        let climbs = |segment: &str| segment == ".." || segment.to_lowercase().contains("%2e%2e");
        assert!(!whole.split('/').any(climbs), "{path}");
        assert!(!path.contains(char::is_control), "{path}");
        assert!(!path.starts_with("/v1.0/users"), "{path}");
    }
    // What is sound is there, whatever stood beside it.
    let sound = crate::support::guid(1);
    assert!(kept.objects("group").contains_key(&sound));
    let owner = format!("{sound}{UNIT}{}", crate::support::guid(9));
    assert!(kept.objects("group_owner").contains_key(&owner));
    assert!(!findings(&report).is_empty());
    // And a second run comes to the same.
    let before = kept.objects("group");
    hostile.date("Tue, 03 Mar 2026 08:00:00 GMT");
    hostile.collected(&mut kept, &request("organization,group,group_owner"));
    assert_eq!(kept.objects("group"), before);
}

#[test]
fn an_id_that_comes_twice_is_one_object_and_a_remark() {
    let hostile = Hostile::new(with_domains(|_| Reply::rows(&json!([]))));
    let own = hostile.url.clone();
    let upper = "ABCDEF01-0000-4000-8000-000000000000";
    hostile.answer(with_domains(move |path| {
        if path.contains("$skiptoken") {
            Reply::rows(&json!([{"id": upper, "displayName": "Second"}]))
        } else {
            let first = json!([{"id": upper.to_lowercase(), "displayName": "First"}]);
            Reply::page(&first, &format!("{own}/v1.0/domains?$skiptoken=2"))
        }
    }));
    let mut kept = Kept::new(TENANT);
    let report = hostile.collected(&mut kept, &request("organization,domain"));
    let objects = kept.objects("domain");
    assert_eq!(objects.keys().collect::<Vec<_>>(), [&upper.to_lowercase()]);
    assert!(objects[&upper.to_lowercase()].contains("Second"));
    let remarks = findings(&report);
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert!(remarks[0].contains("came before"), "{remarks:?}");
    assert_eq!(said(&report, "domain").state, CoverageState::Complete);
}

#[test]
fn an_id_that_changes_its_case_is_the_same_object() {
    let lower = "abcdef01-0000-4000-8000-000000000000";
    let domain = |id: String| {
        with_domains(move |_| Reply::rows(&json!([{"id": id, "displayName": "Same"}])))
    };
    let hostile = Hostile::new(domain(lower.to_owned()));
    let mut kept = Kept::new(TENANT);
    hostile.collected(&mut kept, &request("organization,domain"));
    hostile.date("Tue, 03 Mar 2026 08:00:00 GMT");
    hostile.answer(domain(lower.to_uppercase()));
    let report = hostile.collected(&mut kept, &request("organization,domain"));
    assert_eq!(kept.objects("domain").keys().collect::<Vec<_>>(), [lower]);
    assert_eq!(said(&report, "domain").alive, 1);
}

#[test]
fn a_type_nobody_knows_is_kept_as_it_is() {
    let hostile = Hostile::new(with_domains(|_| {
        Reply::rows(&json!([
            {"@odata.type": "#microsoft.graph.domainOfTomorrow", "id": "contoso.com", "newProperty": {"a": [1]}},
        ]))
    }));
    let mut kept = Kept::new(TENANT);
    let report = hostile.collected(&mut kept, &request("organization,domain"));
    assert_eq!(said(&report, "domain").state, CoverageState::Complete);
    let text = &kept.objects("domain")["contoso.com"];
    assert!(
        text.contains("domainOfTomorrow") && text.contains("newProperty"),
        "{text}"
    );
}

#[test]
fn rows_that_are_no_objects_are_rejected_and_nothing_is_closed() {
    let (state, reason) =
        next_day(|_| Reply::rows(&json!([7, "text", null, {"id": "contoso.com"}])));
    assert_eq!(state, CoverageState::Partial);
    assert_eq!(reason, "3 items were rejected");
}

#[test]
fn a_property_graph_does_not_know_is_left_out_and_said() {
    let hostile = Hostile::new(|path| {
        if is_list(path, "/v1.0/organization") {
            return organization();
        }
        if is_list(path, "/v1.0/users") && path.contains("faxNumber") {
            let message =
                "Could not find a property named 'faxNumber' on type 'microsoft.graph.user'.";
            let error = json!({"error": {"code": "Request_BadRequest", "message": message}});
            return Reply::json(400, &error);
        }
        if is_list(path, "/v1.0/users") {
            Reply::rows(&rows(0, 3))
        } else {
            Reply::rows(&json!([]))
        }
    });
    let mut kept = Kept::new(TENANT);
    let report = hostile.collected(&mut kept, &request("organization,user"));
    assert_eq!(kept.objects("user").len(), 3);
    assert_eq!(said(&report, "user").state, CoverageState::Complete);
    let remarks = findings(&report);
    let is_said = |one: &String| one.contains("Graph refused faxNumber; read without it");
    assert!(remarks.iter().any(is_said), "{remarks:?}");
}

/// Devices with a delta: the list, a link to what comes later, and a round of changes by its token.
fn devices(own: &str, path: &str, round: &Value) -> Reply {
    let link = |token: &str| format!("{own}/v1.0/devices/delta?$deltatoken={token}");
    let ended = |rows: &Value, token: &str| {
        Reply::json(
            200,
            &json!({"value": rows, "@odata.deltaLink": link(token)}),
        )
    };
    if is_list(path, "/v1.0/organization") {
        organization()
    } else if path.contains("$deltatoken=latest") {
        ended(&json!([]), "one")
    } else if path.contains("$deltatoken=one") {
        ended(round, "two")
    } else if path.contains("$deltatoken=two") {
        ended(&json!([]), "three")
    } else if is_devices(path) {
        Reply::rows(&rows(0, 5))
    } else {
        Reply::rows(&json!([]))
    }
}

#[test]
fn a_change_that_cannot_be_read_is_asked_for_again() {
    let hostile = Hostile::new(|_| Reply::rows(&json!([])));
    let own = hostile.url.clone();
    let answer_with = |round: Value| {
        let own = own.clone();
        hostile.answer(move |path| devices(&own, path, &round));
    };
    let renamed = json!({"id": crate::support::guid(1), "displayName": "Renamed"});
    let gone = json!({"id": crate::support::guid(2), "@removed": {"reason": "deleted"}});
    let words = "organization,device";
    let mut kept = Kept::new(TENANT);
    answer_with(json!([]));
    hostile.collected(&mut kept, &request(words));
    hostile.date("Tue, 03 Mar 2026 08:00:00 GMT");
    answer_with(json!([renamed, 7, gone]));
    let report = hostile.collected(&mut kept, &request(words));
    assert_eq!(said(&report, "device").state, CoverageState::Partial);
    assert_eq!(reason(&report, "device"), "1 changes were rejected");
    assert!(said(&report, "device").is_lacking);
    let renamed_now =
        |kept: &Kept| kept.objects("device")[&crate::support::guid(1)].contains("Renamed");
    assert!(renamed_now(&kept), "what could be read counts");
    assert_eq!(kept.objects("device").len(), 4);

    hostile.date("Wed, 04 Mar 2026 08:00:00 GMT");
    answer_with(json!([renamed, gone]));
    let report = hostile.collected(&mut kept, &request(words));
    assert_eq!(said(&report, "device").state, CoverageState::Complete);
    let asked = |token: &str| {
        let token = format!("$deltatoken={token}");
        hostile
            .seen()
            .iter()
            .filter(|path| path.ends_with(&token))
            .count()
    };
    assert_eq!((asked("one"), asked("two")), (2, 0));
}

#[test]
fn members_in_another_order_are_the_same_page() {
    let (hostile, mut kept) = domains();
    hostile.answer(with_domains(|_| {
        let rows = rows(0, 5);
        Reply::text(
            "application/json",
            &format!("{{\"count\":5,\"value\":{rows},\"@odata.context\":\"x\"}}"),
        )
    }));
    let report = hostile.collected(&mut kept, &request("organization,domain"));
    let said = said(&report, "domain");
    assert_eq!(
        (said.alive, said.opened, said.closed),
        (5, 0, 0),
        "{said:?}"
    );
}

#[test]
fn consent_that_is_revoked_in_the_middle_of_a_run() {
    let (hostile, mut kept) = domains();
    let before = kept.state();
    let own = hostile.url.clone();
    hostile.answer(move |path| {
        if is_list(path, "/v1.0/organization") {
            organization()
        } else if path.starts_with("/v1.0/domains") && !path.contains("$skiptoken") {
            Reply::page(&rows(0, 2), &format!("{own}/v1.0/domains?$skiptoken=2"))
        } else {
            Reply::error(403, "Authorization_RequestDenied")
        }
    });
    let words = "organization,domain,user,group,group_member,conditional_access_policy";
    let report = hostile.collected(&mut kept, &request(words));
    assert_eq!(said(&report, "domain").state, CoverageState::Partial);
    for kind in ["user", "group", "conditional_access_policy"] {
        assert_eq!(
            said(&report, kind).state,
            CoverageState::Forbidden,
            "{kind}"
        );
    }
    assert_eq!(said(&report, "group_member").state, CoverageState::Failed);
    assert_eq!(kept.state(), before);

    // Where nothing at all may be read any more, there is no snapshot of it.
    hostile.answer(|_| Reply::error(401, "InvalidAuthenticationToken"));
    let snapshots = kept.archive().snapshots().len();
    let ended = hostile.collect(&mut kept, &request(words));
    assert!(
        matches!(ended, Err(Error::NothingRead(_) | Error::Graph(_))),
        "{ended:?}"
    );
    assert_eq!(kept.archive().snapshots().len(), snapshots);
}

#[test]
fn a_snapshot_is_taken_at_the_tenant_s_time_whatever_ours_is() {
    for date in [
        "Fri, 02 Mar 2040 08:00:00 GMT",
        "Sat, 02 Mar 2013 08:00:00 GMT",
        CLOCK,
    ] {
        let hostile = Hostile::new(with_domains(|_| Reply::rows(&rows(0, 3))));
        hostile.date(date);
        let mut kept = Kept::new(TENANT);
        let report = hostile.collected(&mut kept, &request("organization,domain"));
        let shown = report
            .taken_at
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        assert_eq!(shown, date);
        let skew = report.clock_skew.expect("because Graph told its time");
        let expected = report.taken_at.duration_since(jiff::Timestamp::now());
        let off = (skew - expected).abs();
        assert!(
            off < jiff::SignedDuration::from_mins(10),
            "{skew:?} {expected:?}"
        );
    }
}

#[test]
fn a_token_that_does_not_tell_its_tenant_is_no_way_into_another_archive() {
    let hostile = Hostile::new(|path| {
        if is_list(path, "/v1.0/organization") {
            Reply::rows(&json!([{"id": "11111111-1111-4111-8111-111111111111"}]))
        } else {
            Reply::rows(&rows(0, 3))
        }
    });
    let mut kept = Kept::new(TENANT);
    match hostile.collect(&mut kept, &request("organization,domain")) {
        Err(Error::Tenant { archive, found }) => {
            assert_eq!(
                (archive.as_str(), found.as_str()),
                (TENANT, "11111111-1111-4111-8111-111111111111")
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(kept.archive().snapshots().is_empty());
}

#[test]
fn logs_are_asked_for_from_the_overlap_on() {
    let hostile = Hostile::new(with_domains(|_| Reply::rows(&json!([]))));
    let mut kept = Kept::new(TENANT);
    let words = "organization,directory_audit";
    hostile.collected(&mut kept, &request(words));
    hostile.date("Tue, 03 Mar 2026 08:00:00 GMT");
    hostile.collected(&mut kept, &request(words));
    let seen = hostile.seen();
    let audits: Vec<&String> = seen
        .iter()
        .filter(|path| path.contains("directoryAudits"))
        .collect();
    assert_eq!(audits.len(), 2, "{seen:?}");
    // Thirty days at first; then since the last run and six hours, because rows arrive late.
    assert!(audits[0].contains("2026-01-31T08:00:00Z"), "{}", audits[0]);
    assert!(audits[1].contains("2026-03-02T02:00:00Z"), "{}", audits[1]);
}
