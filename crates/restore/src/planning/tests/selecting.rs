//! What of the differences a plan is about.

use serde_json::json;

use super::super::{By, Selected};
use super::world::*;
use crate::error::{Error, Result};

fn states() -> (World, World) {
    let wanted = World::new()
        .with(
            "user",
            &[],
            user(ALICE, "Alice", json!({ "jobTitle": "Cook", "city": "Ulm" })),
        )
        .with("user", &[], user(BOB, "Bob", json!({ "jobTitle": "Cook" })))
        .with("group", &[], group(STAFF, "Staff", json!({})))
        .edge("group_member", STAFF, BOB);
    let current = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({ "city": "Bonn" })))
        .with("user", &[], user(BOB, "Bob", json!({})))
        .with("group", &[], group(STAFF, "Crew", json!({})));
    (wanted, current)
}

#[test]
fn one_object_or_one_kind_or_one_property() -> Result<()> {
    let (wanted, current) = states();
    let plan = objects(&[ALICE]).plan(&wanted, &current)?;
    assert_eq!(shown(&plan), ["1 Update user Alice"]);

    let mut asked = Asked::default();
    asked
        .selection
        .kinds
        .extend(catalog::by_name("group_member"));
    let plan = asked.plan(&wanted, &current)?;
    assert_eq!(shown(&plan), ["1 Add link group_member Crew → Bob"]);

    let plan = objects(&[ALICE]).only("city").plan(&wanted, &current)?;
    assert_eq!(plan.steps[0].request.body, Some(json!({ "city": "Ulm" })));

    let mut asked = Asked::default();
    asked.selection.objects.push(Selected {
        kind: catalog::by_name("user"),
        by: By::Name("BOB".to_owned()),
    });
    let plan = asked.plan(&wanted, &current)?;
    assert_eq!(shown(&plan), ["1 Update user Bob"]);
    Ok(())
}

#[test]
fn a_part_of_a_property_leaves_the_rest() -> Result<()> {
    let other = "99999999-0000-4000-8000-000000000009";
    let mut now = policy("disabled", &[]);
    now["conditions"]["users"]["excludeUsers"] = json!([other]);
    let wanted = World::new()
        .with(
            "conditional_access_policy",
            &[],
            policy("enabled", &[STAFF]),
        )
        .with("group", &[], group(STAFF, "Staff", json!({})));
    let current = World::new()
        .with("conditional_access_policy", &[], now)
        .with("group", &[], group(STAFF, "Staff", json!({})));
    let plan = objects(&[POLICY])
        .only("conditions.users.excludeGroups")
        .plan(&wanted, &current)?;
    let body = plan.steps[0]
        .request
        .body
        .as_ref()
        .expect("because it is a PATCH");
    assert_eq!(
        *body,
        json!({ "conditions": { "users": {
            "includeUsers": ["All"], "excludeGroups": [STAFF], "excludeUsers": [other],
        } } })
    );
    let paths: Vec<_> = plan.steps[0]
        .properties
        .iter()
        .map(|it| it.path.as_str())
        .collect();
    assert_eq!(paths, ["conditions.users.excludeGroups"]);
    Ok(())
}

#[test]
fn what_is_nowhere_is_told() {
    let (wanted, current) = states();
    let error = objects(&["99999999-0000-4000-8000-000000000009"]).plan(&wanted, &current);
    assert!(matches!(error, Err(Error::NotFound(_))), "{error:?}");
    let error = Asked::default().plan(&wanted, &current);
    assert!(matches!(error, Err(Error::Invalid(_))), "{error:?}");
    let error = objects(&[ALICE]).only("a..b").plan(&wanted, &current);
    assert!(matches!(error, Err(Error::Invalid(_))), "{error:?}");
}
