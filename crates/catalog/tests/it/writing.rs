//! How kinds are written: against the reference, and the exact requests.

use std::collections::BTreeSet;

use catalog::{Api, Body, Kind, Operation, by_name, kinds};
use serde_json::Value;

use crate::shared;

/// `POST /users`, as the reference writes an operation.
fn written(kind: &Kind, operation: &Operation) -> String {
    let action = match operation.body {
        Body::Action { member, word } => format!(" {{\"{member}\":\"{word}\",...}}"),
        Body::Only(properties) => format!(" {{\"{}\":...}}", properties[0]),
        _ => String::new(),
    };
    let method = operation.method.as_str();
    format!("{method} {}{action}", operation.template(kind))
}

/// Operations that the reference says in other words, and why ours are what it means.
const OTHER_WORDS: [(&str, &str); 15] = [
    // Made by its first change.
    ("organizational_branding", "create"),
    // The PATCH creates; the rest is prose.
    ("authentication_context", "create"),
    // One of three actions, of which `adminUpdate` changes what is there.
    ("role_assignment_schedule", "update"),
    ("role_assignment_schedule_instance", "update"),
    ("role_eligibility_schedule", "update"),
    ("role_eligibility_schedule_instance", "update"),
    ("pim_group_assignment_schedule", "update"),
    ("pim_group_assignment_schedule_instance", "update"),
    ("pim_group_eligibility_schedule", "update"),
    ("pim_group_eligibility_schedule_instance", "update"),
    ("access_package_assignment", "update"),
    // Its parts are kinds of their own.
    ("b2x_user_flow", "update"),
    // An address with the step of the flow in it, which is no id of an object.
    ("b2x_user_flow_api_connector_configuration", "update"),
    ("external_connection_schema", "update"),
    ("directory_role", "create"),
];

/// Permissions the reference has not, or has otherwise, and why.
const OTHER_PERMISSIONS: [&str; 14] = [
    // Undocumented there; what writes the parent or the policy writes these.
    "user_extension",
    "administrative_unit_extension",
    "service_principal_token_issuance_policy",
    "service_principal_app_management_policy",
    "authentication_strength_combination_configuration",
    "b2x_user_flow_identity_provider",
    "b2x_user_flow_language",
    "multi_tenant_organization",
    "access_package_resource_role_scope",
    "device_management_script",
    "profile_card_property",
    // The second one there makes groups in the unit, and adds none.
    "administrative_unit_member",
    // The permission data confuses the providers of one path template.
    "role_assignment_intune",
    "role_definition_cloud_pc",
];

fn entries() -> Option<Vec<Value>> {
    let text = shared::read("reference/graph-resources.json")?;
    Some(serde_json::from_str(&text).expect("because the file is a JSON array"))
}

fn named(entry: &Value) -> &'static Kind {
    let name = entry["name"].as_str().expect("because entries are named");
    by_name(name).unwrap_or_else(|| panic!("no kind {name}"))
}

fn list(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

#[test]
fn operations_agree() {
    let Some(entries) = entries() else { return };
    for entry in &entries {
        let kind = named(entry);
        let writing = kind.writing.as_ref();
        for (word, ours) in [
            ("create", writing.and_then(|writing| writing.create)),
            ("update", writing.and_then(|writing| writing.update)),
            ("delete", writing.and_then(|writing| writing.delete)),
        ] {
            let said = entry["restore"][word].as_str();
            let ours = ours.map(|operation| written(kind, &operation));
            // What stands in parentheses is prose.
            let plain = said.map(|said| said.split(" (").next().unwrap_or(said));
            if OTHER_WORDS.contains(&(kind.name, word)) {
                let (said, ours) = (said.unwrap_or_default(), ours.unwrap_or_default());
                let same_place = ours
                    .split(' ')
                    .nth(1)
                    .is_none_or(|path| said.contains(path) || said.starts_with("PUT/PATCH"))
                    || said.is_empty();
                assert!(same_place, "{} {word}: {said}, {ours}", kind.name);
            } else {
                assert_eq!(plain, ours.as_deref(), "{} {word}", kind.name);
            }
        }
    }
}

#[test]
fn actions_for_single_properties_agree() {
    let Some(entries) = entries() else { return };
    let mut found = 0;
    for entry in &entries {
        let kind = named(entry);
        for apart in kind.writing.map_or(&[][..], |writing| writing.apart) {
            let ours = written(kind, &apart.operation());
            let others = entry["restore"]["other"].as_object();
            let said = others.is_some_and(|others| others.values().any(|it| *it == ours));
            assert!(said, "{}: {ours}", kind.name);
            let has_column = kind.columns.iter().any(|it| it.property == apart.property);
            assert!(has_column, "{}: {}", kind.name, apart.property);
            found += 1;
        }
    }
    assert_eq!(found, 1);
}

#[test]
fn who_may_write_agrees() {
    let Some(entries) = entries() else { return };
    for entry in &entries {
        let kind = named(entry);
        let Some(writing) = &kind.writing else {
            continue;
        };
        let said = &entry["app_only_write"];
        for (word, ours) in [
            ("create", writing.create),
            ("update", writing.update),
            ("delete", writing.delete),
        ] {
            let Some(ours) = ours else { continue };
            // Undocumented is no refusal.
            let may = said[word].as_bool().unwrap_or(true);
            assert_eq!(ours.app_only, may, "{} {word}", kind.name);
        }
        assert_eq!(
            list(&said["delegated_permission"]),
            writing.delegated,
            "{}",
            kind.name
        );
    }
}

#[test]
fn permissions_agree() {
    let Some(entries) = entries() else { return };
    for entry in &entries {
        let kind = named(entry);
        let Some(writing) = &kind.writing else {
            continue;
        };
        let restore = list(&entry["permission"]["restore_write"]);
        let write = list(&entry["permission"]["write"]);
        let (said, besides) = match restore.split_first() {
            Some((first, besides)) => (vec![*first], besides.to_vec()),
            None => (write, Vec::new()),
        };
        // A restore writes what the application does not own.
        let said: Vec<String> = said
            .into_iter()
            .map(|said| said.replace(".OwnedBy", ".All"))
            .collect();
        if OTHER_PERMISSIONS.contains(&kind.name) {
            assert_ne!(said, writing.permissions, "{}: no exception", kind.name);
        } else {
            assert_eq!(said, writing.permissions, "{}", kind.name);
        }
        assert_eq!(besides, writing.besides, "{}", kind.name);
    }
}

#[test]
fn recycle_bins_agree() {
    let Some(entries) = entries() else { return };
    for entry in &entries {
        let kind = named(entry);
        let undelete = kind.writing.and_then(|writing| writing.undelete);
        let ours = undelete.map(|operation| {
            let beta = operation.api == Some(Api::Beta) && kind.api != Api::Beta;
            let version = if beta { " (beta)" } else { "" };
            format!("{}{version}", written(kind, &operation))
        });
        let said = entry["soft_delete"]["restore"].as_str();
        assert_eq!(said, ours.as_deref(), "{}", kind.name);
    }
}

#[test]
fn requests_have_the_ids_in_place() {
    let target = |kind: &str, of: fn(&catalog::Writing) -> Option<Operation>, key: &[&str]| {
        let kind = by_name(kind).expect("because it is listed");
        let operation = kind.writing.as_ref().and_then(of)?;
        let request = kind.write_request(&operation, key)?;
        Some(format!("{} {}", request.method.as_str(), request.target()))
    };
    for (kind, of, key, expected) in [
        (
            "user",
            (|writing| writing.create) as fn(&catalog::Writing) -> Option<Operation>,
            &["u"] as &[&str],
            "POST /v1.0/users",
        ),
        ("user", |it| it.update, &["a b"], "PATCH /v1.0/users/a%20b"),
        (
            "user",
            |it| it.undelete,
            &["u"],
            "POST /v1.0/directory/deletedItems/u/restore",
        ),
        (
            "group_member",
            |it| it.create,
            &["g", "u"],
            "POST /v1.0/groups/g/members/$ref",
        ),
        (
            "group_member",
            |it| it.delete,
            &["g", "u"],
            "DELETE /v1.0/groups/g/members/u/$ref",
        ),
        (
            "user_manager",
            |it| it.create,
            &["u", "m"],
            "PUT /v1.0/users/u/manager/$ref",
        ),
        (
            "user_manager",
            |it| it.delete,
            &["u", "m"],
            "DELETE /v1.0/users/u/manager/$ref",
        ),
        (
            "role_eligibility_schedule",
            |it| it.delete,
            &["s"],
            "POST /v1.0/roleManagement/directory/roleEligibilityScheduleRequests",
        ),
        (
            "role_definition",
            |it| it.undelete,
            &["r"],
            "POST /beta/roleManagement/directory/deletedItems/roleDefinitions/r/restore",
        ),
        (
            "device_registration_policy",
            |it| it.update,
            &["p"],
            "PUT /v1.0/policies/deviceRegistrationPolicy",
        ),
        (
            "authentication_context",
            |it| it.create,
            &["c1"],
            "PATCH /v1.0/identity/conditionalAccess/authenticationContextClassReferences/c1",
        ),
    ] {
        assert_eq!(target(kind, of, key).as_deref(), Some(expected), "{kind}");
    }
    // What is no id makes no address.
    assert_eq!(target("user", |it| it.update, &[".."]), None);
    assert_eq!(target("user", |it| it.update, &[]), None);
    assert_eq!(target("group_member", |it| it.delete, &["g"]), None);
}

#[test]
fn what_is_chosen_or_fixed_is_a_property() {
    for kind in kinds() {
        let Some(writing) = &kind.writing else {
            continue;
        };
        let known: BTreeSet<_> = kind.columns.iter().map(|column| column.property).collect();
        for property in writing.chosen.iter().chain(writing.fixed) {
            let is_known = known.contains(property) || kind.key == Some(*property);
            assert!(is_known, "{}: {property}", kind.name);
        }
        for property in writing.chosen {
            assert!(writing.create.is_some(), "{}: {property}", kind.name);
        }
        assert!(!kind.is_event(), "{}: a log is not written", kind.name);
    }
}
