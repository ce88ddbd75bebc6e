//! The order of hand-made drafts.

use serde_json::json;

use super::*;
use crate::plan::{Made, Request};
use crate::planning::draft::Subject;

const A: &str = "3f1c0e00-0000-4000-8000-00000000000a";
const B: &str = "3f1c0e00-0000-4000-8000-00000000000b";
const C: &str = "3f1c0e00-0000-4000-8000-00000000000c";

fn draft(kind: &str, action: Action, key: &[&str], body: Option<Value>) -> Draft {
    let makes = match (action, key.last()) {
        (Action::Create, Some(id)) => vec![Made {
            old: (*id).to_owned(),
            property: "id".to_owned(),
        }],
        _ => Vec::new(),
    };
    let subject = Subject {
        kind: catalog::by_name(kind).expect("because it is listed"),
        key: &key.join(&model::KEY_SEPARATOR.to_string()),
        address: "",
        name: None,
    };
    let request = Request {
        method: "POST".to_owned(),
        target: String::new(),
        body,
        headers: serde_json::Map::new(),
    };
    let mut draft = subject.draft(action, request);
    draft.step.precondition = Precondition::Absent;
    draft.step.expected = Expected::Absent;
    draft.step.makes = makes;
    draft.names = key.iter().map(|&part| part.to_owned()).collect();
    draft
}

/// Kind and action with stage, what is waited for and what is exchanged, in order.
fn shown(drafts: Vec<Draft>) -> Vec<String> {
    let ordered = ordered(drafts);
    assert_eq!(ordered.impossible, []);
    let line = |step: &Step| {
        let ends: Vec<&str> = step.uses.iter().map(|id| &id[35..]).collect();
        format!(
            "{} {} {:?} {:?} {}",
            step.stage,
            step.kind,
            step.action,
            step.after,
            ends.join("")
        )
    };
    ordered.steps.iter().map(line).collect()
}

#[test]
fn makers_come_before_what_names_them() {
    let policy = json!({ "conditions": { "users": { "excludeGroups": [A.to_uppercase()] } } });
    let mut enable = draft("conditional_access_policy", Action::Enable, &[B], None);
    enable.waits.push(0);
    let lines = shown(vec![
        draft(
            "conditional_access_policy",
            Action::Create,
            &[B],
            Some(policy),
        ),
        enable,
        draft("group_member", Action::AddLink, &[A, C], None),
        draft("group", Action::Create, &[A], None),
        draft("user", Action::Restore, &[C], None),
        draft("group", Action::Update, &["x"], None),
    ]);
    assert_eq!(
        lines,
        [
            "1 user Restore [] ",
            "2 group Update [] ",
            "2 group Create [] ",
            "3 conditional_access_policy Create [3] a",
            "3 group_member AddLink [1, 3] a",
            "4 conditional_access_policy Enable [4] b",
        ]
    );
}

#[test]
fn what_names_itself_is_set_afterwards() {
    let body = json!({ "displayName": "a", "identifierUris": [format!("api://{A}")] });
    let ordered = ordered(vec![draft("application", Action::Create, &[A], Some(body))]);
    let steps = ordered.steps.iter();
    let bodies: Vec<_> = steps
        .map(|step| {
            (
                step.after.clone(),
                step.uses.clone(),
                step.request.body.clone(),
            )
        })
        .collect();
    assert_eq!(
        bodies,
        [
            (vec![], vec![], Some(json!({ "displayName": "a" }))),
            (
                vec![1],
                vec![A.to_owned()],
                Some(json!({ "identifierUris": [format!("api://{A}")] }))
            ),
        ]
    );
    assert_eq!(
        ordered.steps[1].request.target,
        format!("/v1.0/applications/{A}")
    );
}

#[test]
fn two_that_name_each_other_are_linked_when_both_are_there() {
    let needs = |id: &str| json!({ "requiredResourceAccess": [{ "resourceAppId": id }] });
    let lines = shown(vec![
        draft("application", Action::Create, &[A], Some(needs(B))),
        draft("application", Action::Create, &[B], Some(needs(A))),
    ]);
    assert_eq!(
        lines,
        [
            "1 application Create [] ",
            "2 application Create [1] a",
            "3 application Update [1, 2] ab",
        ]
    );
}

#[test]
fn a_cycle_that_cannot_be_broken_is_told() {
    // A role assignment cannot be changed after it was made.
    let names = |id: &str| json!({ "principalId": id });
    let ordered = ordered(vec![
        draft("role_assignment", Action::Create, &[A], Some(names(B))),
        draft("role_assignment", Action::Create, &[B], Some(names(A))),
    ]);
    assert_eq!(ordered.steps, []);
    assert_eq!(ordered.impossible.len(), 2);
}

#[test]
fn deletions_come_after_what_named_the_object() {
    let mut update = draft("conditional_access_policy", Action::Update, &["p"], None);
    update.step.properties.push(crate::plan::PropertyChange {
        path: "conditions".to_owned(),
        old: Some(json!([A])),
        new: None,
    });
    let lines = shown(vec![
        draft("named_location", Action::SoftDelete, &[A], None),
        draft("application", Action::SoftDelete, &[B], None),
        draft(
            "application_federated_identity_credential",
            Action::Delete,
            &[B, C],
            None,
        ),
        update,
    ]);
    assert_eq!(
        lines,
        [
            "1 conditional_access_policy Update [] ",
            "2 named_location SoftDelete [1] ",
            "2 application_federated_identity_credential Delete [] ",
            "3 application SoftDelete [3] ",
        ]
    );
}

#[test]
fn a_key_that_the_caller_chooses_is_not_postponed() {
    let body = json!({ "tenantId": A, "inboundTrust": { "isMfaAccepted": true } });
    let kind = "cross_tenant_access_partner";
    let mut partner = draft(kind, Action::Create, &[A], Some(body.clone()));
    partner.step.makes.clear();
    let ordered = ordered(vec![partner]);
    assert_eq!(ordered.steps.len(), 1);
    assert_eq!(ordered.steps[0].request.body, Some(body));
}

#[test]
fn what_names_an_app_id_waits_for_the_principal_too() {
    let mut application = draft("application", Action::Create, &[A], None);
    application.step.makes.push(Made {
        old: B.to_owned(),
        property: "appId".to_owned(),
    });
    let applications = json!({ "applications": { "includeApplications": [B.to_uppercase()] } });
    let policy = json!({ "conditions": applications });
    let principal = json!({ "appId": B });
    let lines = shown(vec![
        draft(
            "conditional_access_policy",
            Action::Update,
            &["p"],
            Some(policy),
        ),
        draft("service_principal", Action::Create, &[C], Some(principal)),
        application,
    ]);
    assert_eq!(
        lines,
        [
            "1 application Create [] ",
            "2 service_principal Create [1] b",
            "3 conditional_access_policy Update [1, 2] b",
        ]
    );
}
