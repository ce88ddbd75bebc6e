//! The order of hand-made drafts.

use serde_json::json;

use super::*;
use crate::plan::{Inverse, Made, Request};

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
    Draft {
        kind: catalog::by_name(kind).expect("because it is listed"),
        key: key.iter().map(|&part| part.to_owned()).collect(),
        name: None,
        action,
        properties: Vec::new(),
        request: Request {
            method: "POST".to_owned(),
            target: String::new(),
            body,
            headers: serde_json::Map::new(),
        },
        precondition: Precondition::Absent,
        expected: Expected::Absent,
        makes,
        inverse: Inverse::Impossible(String::new()),
        permissions: &[],
        risks: Vec::new(),
        names: key.iter().map(|&part| part.to_owned()).collect(),
        waits: Vec::new(),
    }
}

/// Kind and action with stage, what is waited for and what is exchanged, in order.
fn shown(drafts: Vec<Draft>) -> Vec<String> {
    let ordered = ordered(drafts);
    assert_eq!(ordered.impossible, []);
    let line = |(stage, after, uses, draft): &(u32, Vec<u32>, Vec<String>, Draft)| {
        let ends: Vec<&str> = uses.iter().map(|id| &id[35..]).collect();
        format!(
            "{stage} {} {:?} {after:?} {}",
            draft.kind.name,
            draft.action,
            ends.join("")
        )
    };
    ordered.drafts.iter().map(line).collect()
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
    let bodies: Vec<_> = ordered
        .drafts
        .iter()
        .map(|(_, after, uses, draft)| (after.clone(), uses.clone(), draft.request.body.clone()))
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
        ordered.drafts[1].3.request.target,
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
    assert!(ordered.drafts.is_empty());
    assert_eq!(ordered.impossible.len(), 2);
}

#[test]
fn deletions_come_after_what_named_the_object() {
    let mut update = draft("conditional_access_policy", Action::Update, &["p"], None);
    update.properties.push(crate::plan::PropertyChange {
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
