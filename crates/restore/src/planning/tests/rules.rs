//! One rule each: what is sent, and what is not.

use serde_json::json;
use store::CoverageState;

use super::world::*;
use crate::error::Result;
use crate::plan::{Action, Expected, Inverse, Precondition, RiskCode};

#[test]
fn an_update_sends_what_changed_and_can_be_taken_back() -> Result<()> {
    let wanted = World::new().with(
        "user",
        &[],
        user(ALICE, "Alice", json!({ "jobTitle": "Cook" })),
    );
    let now = json!({ "accountEnabled": false, "jobTitle": null, "createdDateTime": "2021-01-01T00:00:00Z" });
    let current = World::new().with("user", &[], user(ALICE, "Alice", now));
    let plan = everything().plan(&wanted, &current)?;
    assert_eq!(shown(&plan), ["1 Update user Alice"]);
    assert_eq!(refused(&plan), [] as [&str; 0], "a stamp is no difference");
    let step = &plan.steps[0];
    assert_eq!(step.request.method, "PATCH");
    assert_eq!(step.request.target, format!("/v1.0/users/{ALICE}"));
    let sent = json!({ "accountEnabled": true, "jobTitle": "Cook" });
    assert_eq!(step.request.body, Some(sent.clone()));
    let Expected::Present { properties } = &step.expected else {
        panic!("{:?}", step.expected);
    };
    assert_eq!(json!(properties), sent);
    let Inverse::Request(inverse) = &step.inverse else {
        panic!("{:?}", step.inverse);
    };
    assert_eq!(
        inverse.body,
        Some(json!({ "accountEnabled": false, "jobTitle": null }))
    );
    let paths: Vec<_> = step.properties.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["accountEnabled", "jobTitle"]);
    assert_eq!(step.permissions, ["User.ReadWrite.All"]);
    let Precondition::Unchanged { hash } = &step.precondition else {
        panic!("{:?}", step.precondition);
    };
    let object = &current.objects["user"][ALICE];
    let kind = catalog::by_name("user").expect("because it is listed");
    assert_eq!(*hash, crate::fingerprint(kind, &object.to_string()));
    Ok(())
}

#[test]
fn nothing_to_do_makes_an_empty_plan() -> Result<()> {
    let world = World::new().with("user", &[], user(ALICE, "Alice", json!({})));
    let plan = everything().links().deleting().plan(&world, &world)?;
    assert_eq!(plan.steps, []);
    assert_eq!(plan.impossible, []);
    Ok(())
}

#[test]
fn what_cannot_be_sent_says_why() -> Result<()> {
    let wanted = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({
            "securityIdentifier": "S-1", "passwordProfile": { "password": "[redacted]" },
        })))
        .with("user", &[], user(BOB, "Bob", json!({ "onPremisesSyncEnabled": true, "jobTitle": "Cook" })))
        .with("group", &[], group(STAFF, "Staff", json!({ "isAssignableToRole": true })))
        .with("role_definition", &[], json!({
            "id": GLOBAL, "displayName": "Global Administrator", "isBuiltIn": true, "description": "a",
        }));
    let current = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({ "securityIdentifier": "S-2", "city": "Ulm" })))
        .with("user", &[], user(BOB, "Bob", json!({ "onPremisesSyncEnabled": true })))
        .with("group", &[], group(STAFF, "Staff", json!({ "isAssignableToRole": false })))
        .with("role_definition", &[], json!({
            "id": GLOBAL, "displayName": "Global Administrator", "isBuiltIn": true, "description": "b",
        }));
    let plan = everything().plan(&wanted, &current)?;
    assert_eq!(plan.steps, []);
    assert_eq!(
        refused(&plan),
        [
            "user Alice city: NotRead",
            "user Alice passwordProfile: NeverReturned",
            "user Alice securityIdentifier: ReadOnly",
            "user Bob jobTitle: OnPremises",
            "group Staff isAssignableToRole: Immutable",
            "role_definition Global Administrator description: NoOperation",
        ]
    );
    Ok(())
}

#[test]
fn what_is_in_the_bin_comes_back_and_is_then_changed() -> Result<()> {
    let wanted = World::new()
        .with(
            "user",
            &[],
            user(ALICE, "Alice", json!({ "jobTitle": "Cook" })),
        )
        .with("group", &[], group(STAFF, "Staff", json!({})))
        .edge("group_member", STAFF, ALICE);
    let current = World::new()
        .with("group", &[], group(STAFF, "Staff", json!({})))
        .with(
            "deleted_user",
            &[],
            user(
                ALICE,
                "Alice",
                json!({ "deletedDateTime": "1970-01-02T00:00:00Z" }),
            ),
        );
    let plan = everything().plan(&wanted, &current)?;
    assert_eq!(
        shown(&plan),
        ["1 Restore user Alice", "2 Update user Alice"]
    );
    let [restore, update] = plan.steps.as_slice() else {
        panic!("two steps");
    };
    assert_eq!(
        restore.request.target,
        format!("/v1.0/directory/deletedItems/{ALICE}/restore")
    );
    assert_eq!(restore.permissions, ["User.DeleteRestore.All"]);
    assert_eq!(restore.precondition, Precondition::Deleted);
    assert_eq!(update.after, [1]);
    assert_eq!(update.uses, [] as [&str; 0], "it keeps its id");
    assert_eq!(update.request.body, Some(json!({ "jobTitle": "Cook" })));
    assert!(
        plan.outside
            .iter()
            .any(|line| line.starts_with("1 relationships come back"))
    );
    Ok(())
}

#[test]
fn a_user_made_anew_gets_no_password_in_the_plan() -> Result<()> {
    let more = json!({ "passwordProfile": { "password": "[redacted]" }, "assignedLicenses": [{ "skuId": "s" }] });
    let wanted = World::new().with("user", &[], user(ALICE, "Alice", more));
    let plan = everything().plan(&wanted, &World::new())?;
    let step = &plan.steps[0];
    assert_eq!(step.action, Action::Create);
    let body = step.request.body.as_ref().expect("because it is a POST");
    assert_eq!(
        body["passwordProfile"],
        json!({ "forceChangePasswordNextSignIn": true })
    );
    assert_eq!(body.get("id"), None);
    assert_eq!(body.get("jobTitle"), None, "null is what a new object has");
    let codes: Vec<_> = step.risks.iter().map(|risk| risk.code).collect();
    assert_eq!(codes, [RiskCode::NewId, RiskCode::Secret]);
    assert_eq!(refused(&plan), ["user Alice assignedLicenses: ReadOnly"]);
    Ok(())
}

#[test]
fn a_policy_takes_effect_last() -> Result<()> {
    let wanted = World::guarded();
    let plan = everything().plan(&wanted, &World::new())?;
    assert_eq!(
        shown(&plan),
        [
            "1 Create new group Staff",
            "2 Create new conditional_access_policy CA001",
            "3 Enable conditional_access_policy CA001",
        ]
    );
    let body = plan.steps[1]
        .request
        .body
        .as_ref()
        .expect("because it is a POST");
    assert_eq!(body["state"], "enabledForReportingButNotEnforced");
    assert_eq!(plan.steps[1].uses, [STAFF]);
    assert_eq!(
        plan.steps[2].request.body,
        Some(json!({ "state": "enabled" }))
    );
    assert_eq!(plan.steps[2].uses, [POLICY]);

    // One that excepts nobody is a lock-out, and one that was off stays off.
    let wanted = World::new().with("conditional_access_policy", &[], policy("enabled", &[]));
    let plan = everything().plan(&wanted, &World::new())?;
    assert!(
        plan.steps[1]
            .risks
            .iter()
            .any(|risk| risk.code == RiskCode::LockOut)
    );
    let wanted = World::new().with("conditional_access_policy", &[], policy("disabled", &[]));
    assert_eq!(everything().plan(&wanted, &World::new())?.steps.len(), 1);
    Ok(())
}

#[test]
fn what_was_added_goes_only_where_that_was_asked_for() -> Result<()> {
    let wanted = World::new().with("group", &[], group(STAFF, "Staff", json!({})));
    let current = wanted
        .clone()
        .with("user", &[], user(BOB, "Bob", json!({})))
        .with("role_assignment", &[], json!({ "id": GRANT, "principalId": BOB, "roleDefinitionId": GLOBAL, "directoryScopeId": "/" }))
        .edge("group_member", STAFF, BOB);
    assert_eq!(everything().plan(&wanted, &current)?.steps, []);
    let links = everything().links().plan(&wanted, &current)?;
    assert_eq!(shown(&links), ["1 Remove link group_member Staff → Bob"]);
    let all = everything().links().deleting().plan(&wanted, &current)?;
    // The membership goes with the user.
    assert_eq!(
        shown(&all),
        [
            "1 Delete role_assignment Bob → Global Administrator".to_owned(),
            "2 Soft delete user Bob".to_owned()
        ]
    );
    let risks: Vec<_> = all.steps[1].risks.iter().map(|risk| risk.code).collect();
    assert_eq!(risks, [RiskCode::TokenRevocation, RiskCode::LockOut]);
    let Inverse::Request(back) = &all.steps[1].inverse else {
        panic!("{:?}", all.steps[1].inverse);
    };
    assert!(back.target.ends_with("/restore"));
    Ok(())
}

#[test]
fn absence_proves_nothing_where_a_kind_was_not_read() -> Result<()> {
    let wanted = World::new().with("user", &[], user(ALICE, "Alice", json!({})));
    let empty = || World::new().without(&["user"]);
    let plan = everything().deleting().plan(&empty(), &wanted)?;
    assert_eq!(plan.steps, []);
    assert_eq!(refused(&plan), ["user  : NotRead"]);
    let forbidden = World::new().covered("user", CoverageState::NotLicensed);
    let more = wanted.clone().with(
        "user",
        &[],
        user(ALICE, "Alice", json!({ "jobTitle": "Cook" })),
    );
    let archive = archive("contoso.example", &[&wanted, &more, &forbidden])?;
    let snapshots = archive.snapshots();
    let state = |at: usize| super::super::State {
        archive: &archive,
        snapshot: &snapshots[at],
    };
    let plan = everything().between(state(0), Some(state(2)))?;
    assert_eq!(plan.steps, []);
    assert_eq!(refused(&plan), ["user  : NotLicensed"]);
    Ok(())
}

#[test]
fn privileges_and_protected_objects_are_marked() -> Result<()> {
    let wanted = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({})))
        .with("role_assignment", &[], json!({ "id": GRANT, "principalId": ALICE, "roleDefinitionId": GLOBAL, "directoryScopeId": "/" }));
    let current = World::new().with(
        "user",
        &[],
        user(ALICE, "Alice", json!({ "accountEnabled": false })),
    );
    let mut asked = everything();
    asked.options.protected.push(ALICE.to_owned());
    let plan = asked.plan(&wanted, &current)?;
    let codes: Vec<_> = plan
        .steps
        .iter()
        .map(|step| step.risks.iter().map(|risk| risk.code).collect::<Vec<_>>())
        .collect();
    assert_eq!(
        codes,
        [
            vec![RiskCode::Protected],
            vec![RiskCode::PrivilegedRole, RiskCode::Protected]
        ]
    );
    Ok(())
}

#[test]
fn members_of_groups_that_others_decide_are_left_alone() -> Result<()> {
    let rule = json!({ "groupTypes": ["DynamicMembership"], "membershipRule": "x" });
    let world = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({})))
        .with("user", &[], user(BOB, "Bob", json!({})))
        .with("group", &[], group(STAFF, "Staff", rule))
        .with(
            "group",
            &[],
            group(OFFICE, "Office", json!({ "onPremisesSyncEnabled": true })),
        );
    let wanted = world
        .clone()
        .edge("group_member", STAFF, ALICE)
        .edge("group_member", STAFF, BOB)
        .edge("group_member", OFFICE, BOB);
    let plan = everything().plan(&wanted, &world)?;
    assert_eq!(plan.steps, []);
    assert_eq!(
        refused(&plan),
        [
            "group_member Office : OnPremises",
            "group_member Staff : ReadOnly"
        ]
    );
    Ok(())
}

#[test]
fn a_manager_takes_the_place_of_another() -> Result<()> {
    let world = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({})))
        .with("user", &[], user(BOB, "Bob", json!({})));
    let wanted = world.clone().edge("user_manager", ALICE, BOB);
    let current = world.edge("user_manager", ALICE, ALICE);
    let plan = everything().links().plan(&wanted, &current)?;
    assert_eq!(shown(&plan), ["1 Add link user_manager Alice → Bob"]);
    let step = &plan.steps[0];
    assert_eq!(step.request.method, "PUT");
    assert_eq!(
        step.request.target,
        format!("/v1.0/users/{ALICE}/manager/$ref")
    );
    let Inverse::Request(inverse) = &step.inverse else {
        panic!("{:?}", step.inverse);
    };
    let link = inverse.body.as_ref().expect("because it sets another")["@odata.id"].clone();
    assert_eq!(link, format!("/v1.0/directoryObjects/{ALICE}"));
    Ok(())
}
