//! The incident of the simulated tenant in which an application is made Global Administrator.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::programs::Place;

fn text<'v>(row: &'v Value, column: &str) -> &'v str {
    row[column].as_str().unwrap_or_default()
}

#[test]
fn the_promoted_application_is_found_with_who_owns_it() {
    let place = Place::new();
    let demo = ["demo", "--objects", "2000", "--days", "16", "t.entrace"];
    let run = place.run_with(&[], &demo);
    assert_eq!(run.code, Some(0), "{}", run.stderr);

    let holders = place.rows(
        "select principal_kind, principal_name, how, _first_seen, _gone_at \
         from who_can('Global Administrator', 'first..latest')",
    );
    let promoted: Vec<&Value> = holders
        .iter()
        .filter(|row| {
            text(row, "principal_kind") == "service_principal" && text(row, "how") == "direct"
        })
        .collect();
    let [promoted] = promoted.as_slice() else {
        panic!("{holders:?}");
    };
    assert_eq!(text(promoted, "principal_name"), "Harbour Deployments");
    assert_eq!(promoted["_gone_at"], Value::Null);

    // The log says when, and both agree.
    let assigned = place.rows(
        "select min(_first_seen) as at from role_assignments_history \
         where principal_id in (select id from service_principals where display_name = 'Harbour Deployments')",
    );
    assert_eq!(promoted["_first_seen"], assigned[0]["at"]);

    // Since then its owner reaches the role, and did not before.
    let owners: BTreeSet<&str> = holders
        .iter()
        .filter(|row| text(row, "how") == "owner")
        .map(|row| text(row, "principal_name"))
        .collect();
    let known = place.rows(
        "select u.display_name from service_principal_owners o \
         join service_principals p on p.id = o.service_principal_id \
         join users u on u.id = o.owner_id where p.display_name = 'Harbour Deployments'",
    );
    let known: BTreeSet<&str> = known.iter().map(|row| text(row, "display_name")).collect();
    assert_eq!(owners, known);
    let owner = known
        .first()
        .expect("because every application has an owner");
    let path = |revision: &str| {
        let sql = format!(
            "select relation, to_name from path('user:{owner}', 'role:Global Administrator', '{revision}') order by step"
        );
        let rows = place.rows(&sql);
        let steps = rows
            .iter()
            .map(|row| format!("{} {}", text(row, "relation"), text(row, "to_name")));
        steps.collect::<Vec<_>>()
    };
    assert_eq!(
        path("latest"),
        ["owner Harbour Deployments", "assigned Global Administrator"]
    );
    assert_eq!(path("first"), [""; 0]);
}
