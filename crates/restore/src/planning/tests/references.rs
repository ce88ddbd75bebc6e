//! What names what gets another id.

use serde_json::json;

use super::world::*;
use crate::error::Result;
use crate::plan::{Action, Made};

#[test]
fn what_is_made_anew_brings_what_named_it() -> Result<()> {
    let others = World::new()
        .with("group", &[], group(STAFF, "Staff", json!({})))
        .with("conditional_access_policy", &[], {
            let mut policy = policy("enabled", &[STAFF]);
            policy["conditions"]["users"]["excludeUsers"] = json!([ALICE]);
            policy
        });
    let wanted = others
        .clone()
        .with("user", &[], user(ALICE, "Alice", json!({})))
        .with("role_assignment", &[], json!({ "id": GRANT, "principalId": ALICE, "roleDefinitionId": GLOBAL, "directoryScopeId": "/" }))
        .edge("group_member", STAFF, ALICE);
    // Nothing but the user was asked for.
    let plan = objects(&[ALICE]).plan(&wanted, &others)?;
    assert_eq!(
        shown(&plan),
        [
            "1 Create new user Alice".to_owned(),
            "2 Update conditional_access_policy CA001".to_owned(),
            "2 Create new role_assignment Alice → Global Administrator".to_owned(),
            "2 Add link group_member Staff → Alice".to_owned(),
        ]
    );
    for step in &plan.steps[1..] {
        assert_eq!(step.uses, [ALICE], "{}", step.kind);
        assert_eq!(step.after, [1], "{}", step.kind);
    }
    let update = plan.steps.iter().find(|step| step.action == Action::Update);
    let body = update
        .and_then(|step| step.request.body.clone())
        .expect("because it is a PATCH");
    assert_eq!(body["conditions"]["users"]["excludeUsers"], json!([ALICE]));
    assert_eq!(body.get("state"), None);
    Ok(())
}

#[test]
fn an_application_brings_its_principal_and_credentials() -> Result<()> {
    let wanted = World::new()
        .with("application", &[], json!({
            "id": APP, "appId": APP_ID, "displayName": "Shop",
            "identifierUris": [format!("api://{APP_ID}")],
            "passwordCredentials": [{ "keyId": GRANT, "secretText": null }],
        }))
        .with("service_principal", &[], json!({ "id": PRINCIPAL, "appId": APP_ID, "displayName": "Shop" }))
        .with("application_federated_identity_credential", &[APP], json!({
            "id": GRANT, "name": "ci", "issuer": "https://ci.example", "subject": "s", "audiences": ["a"],
        }));
    let plan = objects(&[APP]).plan(&wanted, &World::new())?;
    assert_eq!(
        shown(&plan),
        [
            "1 Create new application Shop",
            "2 Update application Shop",
            "2 Create new application_federated_identity_credential ci",
            "2 Create new service_principal Shop",
        ]
    );
    let made: Vec<_> = plan.steps[0]
        .makes
        .iter()
        .map(|Made { property, .. }| property.as_str())
        .collect();
    assert_eq!(made, ["id", "appId"]);
    assert_eq!(plan.steps[1].uses, [APP, APP_ID]);
    assert_eq!(plan.steps[3].uses, [APP_ID]);
    assert_eq!(
        plan.steps[3].request.body,
        Some(json!({ "appId": APP_ID, "displayName": "Shop" }))
    );
    assert_eq!(
        plan.steps[2].request.target,
        format!("/v1.0/applications/{APP}/federatedIdentityCredentials")
    );
    assert_eq!(plan.steps[2].uses, [APP]);
    assert_eq!(
        refused(&plan),
        ["application Shop passwordCredentials: NeverReturned"]
    );
    Ok(())
}

#[test]
fn a_link_to_what_is_not_there_is_listed_or_brings_it_back() -> Result<()> {
    let group = group(STAFF, "Staff", json!({}));
    let wanted = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({})))
        .with("group", &[], group.clone())
        .edge("group_member", STAFF, ALICE);
    let current = World::new().with("group", &[], group);
    let plan = objects(&[STAFF]).only("members").plan(&wanted, &current)?;
    assert_eq!(plan.steps, []);
    assert_eq!(plan.dangling.len(), 1);
    assert_eq!(plan.dangling[0].target_name.as_deref(), Some("Alice"));
    assert_eq!(plan.dangling[0].path, "members");
    let plan = objects(&[STAFF]).links().plan(&wanted, &current)?;
    assert_eq!(
        shown(&plan),
        [
            "1 Create new user Alice",
            "2 Add link group_member Staff → Alice"
        ]
    );
    assert_eq!(plan.dangling, []);
    Ok(())
}

#[test]
fn a_reference_to_what_is_not_there_is_kept_and_listed() -> Result<()> {
    let wanted = World::guarded();
    let current = World::new().with("conditional_access_policy", &[], policy("enabled", &[]));
    let plan = objects(&[POLICY]).plan(&wanted, &current)?;
    assert_eq!(shown(&plan), ["1 Update conditional_access_policy CA001"]);
    let [dangling] = plan.dangling.as_slice() else {
        panic!("{:?}", plan.dangling);
    };
    assert_eq!(dangling.target, STAFF);
    assert_eq!(dangling.path, "conditions.users.excludeGroups");
    assert_eq!(dangling.target_name.as_deref(), Some("Staff"));
    let body = plan.steps[0]
        .request
        .body
        .as_ref()
        .expect("because it is a PATCH");
    assert_eq!(body["conditions"]["users"]["excludeGroups"], json!([STAFF]));
    // With links, the group comes back first.
    let plan = objects(&[POLICY]).links().plan(&wanted, &current)?;
    assert_eq!(
        shown(&plan),
        [
            "1 Create new group Staff",
            "2 Update conditional_access_policy CA001"
        ]
    );
    assert_eq!(plan.steps[1].uses, [STAFF]);
    Ok(())
}

#[test]
fn a_grant_for_nobody_is_not_made() -> Result<()> {
    let wanted = World::new()
        .with("user", &[], user(ALICE, "Alice", json!({})))
        .with("role_assignment", &[], json!({ "id": GRANT, "principalId": ALICE, "roleDefinitionId": GLOBAL, "directoryScopeId": "/" }));
    let plan = objects(&[GRANT]).plan(&wanted, &World::new())?;
    assert_eq!(plan.steps, []);
    assert_eq!(plan.dangling.len(), 1);
    assert!(plan.dangling[0].outcome.starts_with("not made"));
    Ok(())
}

#[test]
fn what_stands_below_nothing_needs_its_parent() -> Result<()> {
    let wanted = World::new()
        .with("application", &[], json!({ "id": APP, "appId": APP_ID, "displayName": "Shop" }))
        .with("application_federated_identity_credential", &[APP], json!({
            "id": GRANT, "name": "ci", "issuer": "https://ci.example", "subject": "s", "audiences": ["a"],
        }));
    let mut asked = Asked::default();
    asked.selection.kinds = catalog::by_name("application_federated_identity_credential")
        .into_iter()
        .collect();
    let plan = asked.plan(&wanted, &World::new())?;
    assert_eq!(plan.steps, []);
    assert_eq!(
        refused(&plan),
        ["application_federated_identity_credential ci : MissingParent"]
    );
    Ok(())
}

#[test]
fn ids_the_caller_chooses_stay() -> Result<()> {
    let wanted = World::new()
        .with(
            "authentication_context",
            &[],
            json!({ "id": "c1", "displayName": "Strong", "isAvailable": true }),
        )
        .with("conditional_access_policy", &[], {
            let mut policy = policy("disabled", &[]);
            policy["conditions"]["applications"] =
                json!({ "includeAuthenticationContextClassReferences": ["c1"] });
            policy
        });
    let plan = everything().plan(&wanted, &World::new())?;
    let context = plan
        .steps
        .iter()
        .find(|step| step.kind == "authentication_context");
    let context = context.expect("because it is missing");
    assert_eq!(context.makes, []);
    assert_eq!(context.request.method, "PATCH");
    assert_eq!(
        context.request.body.as_ref().map(|body| body["id"].clone()),
        Some(json!("c1"))
    );
    let policy = plan
        .steps
        .iter()
        .find(|step| step.kind == "conditional_access_policy");
    assert_eq!(
        policy.expect("because it is missing").after,
        [context.number]
    );
    Ok(())
}
