//! Into another tenant.

use serde_json::json;

use super::super::State;
use super::world::*;
use crate::error::Result;
use crate::plan::Action;

const ALICE_THERE: &str = "aaaaaaaa-0000-4000-8000-0000000000bb";
const STAFF_THERE: &str = "11111111-0000-4000-8000-0000000000bb";

#[test]
fn objects_are_known_again_by_their_names() -> Result<()> {
    let wanted = World::new()
        .with(
            "user",
            &[],
            user(ALICE, "Alice", json!({ "jobTitle": "Cook" })),
        )
        .with("user", &[], user(BOB, "Bob", json!({})))
        .with("group", &[], group(STAFF, "Staff", json!({})))
        .edge("group_member", STAFF, ALICE)
        .edge("group_member", STAFF, BOB)
        .with(
            "conditional_access_policy",
            &[],
            policy("disabled", &[STAFF]),
        );
    let there = World::new()
        .with(
            "user",
            &[],
            user(
                ALICE_THERE,
                "Alice",
                json!({ "userPrincipalName": "alice@fabrikam.example" }),
            ),
        )
        .with(
            "group",
            &[],
            group(STAFF_THERE, "staff", json!({ "displayName": "Staff" })),
        )
        .edge("group_member", STAFF_THERE, ALICE_THERE);
    let from = archive("contoso.example", &[&wanted])?;
    let into = archive("fabrikam.example", &[&there])?;
    let mut asked = everything();
    asked
        .options
        .domains
        .push(("contoso.example".to_owned(), "fabrikam.example".to_owned()));
    let plan = asked.between(
        State {
            archive: &from,
            snapshot: &from.snapshots()[0],
        },
        Some(State {
            archive: &into,
            snapshot: &into.snapshots()[0],
        }),
    )?;
    assert_eq!(plan.tenant, "fabrikam.example");
    assert_eq!(plan.wanted.tenant, "contoso.example");
    let targets: Vec<_> = plan
        .steps
        .iter()
        .map(|step| (step.action, step.request.target.as_str(), step.uses.len()))
        .collect();
    let alice = format!("/v1.0/users/{ALICE_THERE}");
    let members = format!("/v1.0/groups/{STAFF_THERE}/members/$ref");
    assert_eq!(
        targets,
        [
            (Action::Update, alice.as_str(), 0),
            (Action::Create, "/v1.0/users", 0),
            (
                Action::Create,
                "/v1.0/identity/conditionalAccess/policies",
                0
            ),
            (Action::AddLink, members.as_str(), 1),
        ]
    );
    let body = |at: usize| {
        plan.steps[at]
            .request
            .body
            .clone()
            .expect("because it has one")
    };
    assert_eq!(body(0), json!({ "jobTitle": "Cook" }));
    assert_eq!(body(1)["userPrincipalName"], "bob@fabrikam.example");
    assert_eq!(
        body(2)["conditions"]["users"]["excludeGroups"],
        json!([STAFF_THERE])
    );
    assert_eq!(plan.steps[3].uses, [BOB]);
    Ok(())
}

#[test]
fn an_empty_tenant_gets_everything() -> Result<()> {
    let wanted = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({})))
        .with("group", &[], group(STAFF, "Staff", json!({})))
        .edge("group_member", STAFF, ALICE);
    let from = archive("contoso.example", &[&wanted])?;
    let state = State {
        archive: &from,
        snapshot: &from.snapshots()[0],
    };
    let plan = everything().between(state, None)?;
    assert_eq!(
        shown(&plan),
        [
            "1 Create new user Alice",
            "1 Create new group Staff",
            "2 Add link group_member Staff → Alice",
        ]
    );
    assert_eq!(plan.against.snapshot, None);
    Ok(())
}
