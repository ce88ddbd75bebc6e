//! Applications have two ids and a principal, and requests of their own stand beside updates.

use serde_json::json;

use super::world::*;
use crate::error::Result;
use crate::plan::{Expected, Inverse, Precondition};

/// An application with its principal, and a policy for it.
fn shop() -> World {
    let mut for_shop = policy("disabled", &[]);
    for_shop["conditions"]["applications"] = json!({ "includeApplications": [APP_ID] });
    World::new()
        .with(
            "application",
            &[],
            json!({ "id": APP, "appId": APP_ID, "displayName": "Shop" }),
        )
        .with(
            "service_principal",
            &[],
            json!({ "id": PRINCIPAL, "appId": APP_ID, "displayName": "Shop" }),
        )
        .with("conditional_access_policy", &[], for_shop)
}

#[test]
fn a_policy_gets_the_new_app_id_when_the_principal_is_there() -> Result<()> {
    let wanted = shop();
    let mut current = World::new();
    current.objects.insert(
        "conditional_access_policy".to_owned(),
        wanted.objects["conditional_access_policy"].clone(),
    );
    let plan = everything().plan(&wanted, &current)?;
    assert_eq!(
        shown(&plan),
        [
            "1 Create new application Shop",
            "2 Create new service_principal Shop",
            "3 Update conditional_access_policy CA001",
        ]
    );
    assert_eq!(plan.steps[2].uses, [APP_ID]);
    assert_eq!(plan.steps[2].after, [1, 2]);
    Ok(())
}

#[test]
fn a_principal_does_not_leave_the_bin_for_another_application() -> Result<()> {
    let grant = json!({
        "id": GRANT, "principalId": ALICE, "resourceId": PRINCIPAL,
        "appRoleId": "00000000-0000-0000-0000-000000000000",
    });
    let alice = user(ALICE, "Alice", json!({}));
    let wanted =
        shop()
            .with("user", &[], alice.clone())
            .with("app_role_assignment", &[PRINCIPAL], grant);
    let binned = json!({
        "id": PRINCIPAL, "appId": APP_ID, "displayName": "Shop",
        "deletedDateTime": "1970-01-02T00:00:00Z",
    });
    let current =
        World::new()
            .with("user", &[], alice)
            .with("deleted_service_principal", &[], binned);
    for asked in [everything(), objects(&[APP])] {
        let plan = asked.plan(&wanted, &current)?;
        let lines = shown(&plan);
        for line in [
            "1 Create new application Shop",
            "2 Create new service_principal Shop",
            "3 Create new app_role_assignment Alice → Shop",
        ] {
            assert!(lines.iter().any(|it| it == line), "{lines:#?}");
        }
    }
    // With its application it comes back as it was.
    let application = json!({
        "id": APP, "appId": APP_ID, "displayName": "Shop",
        "deletedDateTime": "1970-01-02T00:00:00Z",
    });
    let current = current.with("deleted_application", &[], application);
    let plan = everything().plan(&wanted, &current)?;
    let lines = shown(&plan);
    for line in [
        "1 Restore application Shop",
        "1 Restore service_principal Shop",
        // Where the grant was taken away before.
        "2 Create new app_role_assignment Alice → Shop",
    ] {
        assert!(lines.iter().any(|it| it == line), "{lines:#?}");
    }
    let step = |kind: &str| plan.steps.iter().find(|step| step.kind == kind);
    let (grant, principal) = (step("app_role_assignment"), step("service_principal"));
    let principal = principal.map(|principal| principal.number);
    assert_eq!(
        grant.map(|grant| grant.after.clone()),
        Some(principal.into_iter().collect())
    );
    Ok(())
}

#[test]
fn what_leaves_the_bin_names_what_is_made_anew() -> Result<()> {
    const OTHER: &str = "ab000000-0000-4000-8000-000000000002";
    let other = |deleted: bool| {
        let mut other = json!({
            "id": OTHER, "appId": OTHER, "displayName": "Client",
            "requiredResourceAccess": [{ "resourceAppId": APP_ID, "resourceAccess": [] }],
        });
        if deleted {
            merge(
                &mut other,
                json!({ "deletedDateTime": "1970-01-02T00:00:00Z" }),
            );
        }
        other
    };
    let shop = json!({ "id": APP, "appId": APP_ID, "displayName": "Shop" });
    let wanted = World::new()
        .with("application", &[], shop)
        .with("application", &[], other(false));
    let current = World::new().with("deleted_application", &[], other(true));
    let plan = everything().plan(&wanted, &current)?;
    assert_eq!(
        shown(&plan),
        [
            "1 Restore application Client",
            "2 Create new application Shop",
            "3 Update application Client",
        ]
    );
    assert_eq!(plan.steps[2].uses, [APP_ID]);
    Ok(())
}

#[test]
fn combinations_are_a_step_of_their_own() -> Result<()> {
    let strength = |about: &str, combinations: &[&str]| {
        json!({
            "id": OFFICE, "displayName": "Keys", "description": about, "policyType": "custom",
            "allowedCombinations": combinations,
        })
    };
    let kind = "authentication_strength_policy";
    let wanted = World::new().with(kind, &[], strength("ours", &["fido2"]));
    let weaker = strength("theirs", &["fido2", "password,sms"]);
    let plan = everything().plan(&wanted, &World::new().with(kind, &[], weaker))?;
    let [update, action] = plan.steps.as_slice() else {
        panic!("{:#?}", plan.steps);
    };
    assert_eq!(update.request.method, "PATCH");
    assert_eq!(update.request.body, Some(json!({ "description": "ours" })));
    assert!(matches!(
        update.precondition,
        Precondition::Unchanged { .. }
    ));
    assert_eq!(action.after, [1]);
    assert_eq!(action.precondition, Precondition::Present);
    assert_eq!(action.request.method, "POST");
    let target =
        format!("/v1.0/policies/authenticationStrengthPolicies/{OFFICE}/updateAllowedCombinations");
    assert_eq!(action.request.target, target);
    let body = json!({ "allowedCombinations": ["fido2"] });
    assert_eq!(action.request.body, Some(body.clone()));
    let Expected::Present { properties } = &action.expected else {
        panic!("{:?}", action.expected);
    };
    assert_eq!(json!(properties), body);
    let Inverse::Request(inverse) = &action.inverse else {
        panic!("{:?}", action.inverse);
    };
    assert_eq!(inverse.target, target);
    assert_eq!(
        inverse.body,
        Some(json!({ "allowedCombinations": ["fido2", "password,sms"] }))
    );
    // Alone, it looks at the object itself.
    let weaker = strength("ours", &["password,sms"]);
    let plan = everything().plan(&wanted, &World::new().with(kind, &[], weaker))?;
    assert_eq!(plan.steps.len(), 1);
    assert!(matches!(
        plan.steps[0].precondition,
        Precondition::Unchanged { .. }
    ));
    Ok(())
}

#[test]
fn a_partner_is_named_when_it_is_made() -> Result<()> {
    let mut wanted = World::new();
    let partner = json!({ "tenantId": OFFICE, "inboundTrust": { "isMfaAccepted": true } });
    let kind = "cross_tenant_access_partner";
    let own = wanted.objects.entry(kind.to_owned()).or_default();
    own.insert(OFFICE.to_owned(), partner.clone());
    let plan = everything().plan(&wanted, &World::new())?;
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(plan.steps[0].request.body, Some(partner));
    Ok(())
}

#[test]
fn records_are_told_and_not_asked_for_again() -> Result<()> {
    let query = json!({ "id": OFFICE, "displayName": "Who was it" });
    let wanted = World::new().with("audit_log_query", &[], query);
    let plan = everything().plan(&wanted, &World::new())?;
    assert_eq!(plan.steps, []);
    assert_eq!(refused(&plan), ["audit_log_query  : NoOperation"]);
    Ok(())
}
