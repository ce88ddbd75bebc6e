//! Every fact that was taken from the reference is still what the reference says.

use std::collections::BTreeSet;

use catalog::{Access, Api, Delta, Kind, Shape, by_name, kinds};
use serde_json::Value;

use crate::shared;

fn entries() -> Option<Vec<Value>> {
    let text = shared::read("reference/graph-resources.json")?;
    Some(serde_json::from_str(&text).expect("because the file is a JSON array"))
}

/// The reference's entries with their kinds.
fn pairs() -> Option<Vec<(Value, &'static Kind)>> {
    let pair = |entry: Value| {
        let kind = by_name(text(&entry, "name").expect("because entries are named"));
        let kind = kind.unwrap_or_else(|| panic!("no kind for {entry}"));
        (entry, kind)
    };
    Some(entries()?.into_iter().map(pair).collect())
}

fn text<'v>(entry: &'v Value, field: &str) -> Option<&'v str> {
    entry[field].as_str()
}

fn flag(entry: &Value, field: &str) -> bool {
    entry[field].as_bool().unwrap_or(false)
}

fn list<'v>(entry: &'v Value, field: &str) -> BTreeSet<&'v str> {
    let items = entry[field].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

fn set(paths: &'static [&'static str]) -> BTreeSet<&'static str> {
    paths.iter().copied().collect()
}

#[test]
fn every_resource_is_a_kind() {
    let Some(pairs) = pairs() else { return };
    let named: BTreeSet<_> = pairs.iter().map(|(_, kind)| kind.name).collect();
    let all: BTreeSet<_> = kinds().iter().map(|kind| kind.name).collect();
    assert_eq!(named.len(), 244);
    // The reference leaves out what only protects other actions.
    let beyond: Vec<_> = all.difference(&named).copied().collect();
    assert_eq!(beyond, ["resource_action"]);
}

#[test]
fn identity_and_address_agree() {
    let Some(pairs) = pairs() else { return };
    for (entry, kind) in pairs {
        let name = kind.name;
        assert_eq!(text(&entry, "path"), Some(kind.path), "{name}");
        assert_eq!(text(&entry, "parent"), kind.parent, "{name}");
        assert_eq!(
            text(&entry, "entra_exporter_path"),
            kind.export_path,
            "{name}"
        );
        let api = if kind.api == Api::V1 { "v1.0" } else { "beta" };
        assert_eq!(text(&entry, "api_version"), Some(api), "{name}");
        match name {
            // Graph sends and addresses members of a multitenant organisation by tenantId alone.
            "multi_tenant_organization_member" => assert_eq!(kind.key, Some("tenantId")),
            _ => assert_eq!(text(&entry, "key"), kind.key, "{name}"),
        }
        match text(&entry, "entity_type") {
            Some(entity_type) => assert_eq!(entity_type, kind.entity_type, "{name}"),
            // The reference found no type, the beta endpoint declares one.
            None => assert_eq!(name, "b2c_user_flow_api_connector_configuration"),
        }
    }
}

#[test]
fn queries_are_the_machine_readable_part() {
    let Some(pairs) = pairs() else { return };
    for (entry, kind) in pairs {
        let said = text(&entry, "query").unwrap_or_default();
        let ours = kind.query.unwrap_or_default();
        match kind.name {
            // The page size is a field of its own.
            "group_member" | "group_owner" => assert_eq!(said, format!("{ours}&$top=999")),
            // The reference leaves the list to whoever reads.
            "user"
            | "deleted_user"
            | "group"
            | "deleted_group"
            | "application"
            | "deleted_application"
            | "service_principal" => {
                assert!(ours.starts_with("$select=id,"));
            }
            // The filter of the reference names one event type and the others in prose.
            "sign_in_beta" => assert!(ours.contains("t eq 'managedIdentity'")),
            "role_assignment" => assert!(said.ends_with("optional") && ours.is_empty()),
            name => {
                let prose = said
                    .strip_prefix(ours)
                    .unwrap_or_else(|| panic!("{name}: {said}"));
                assert!(
                    prose.is_empty() || prose.starts_with(" ("),
                    "{name}: {prose}"
                );
            }
        }
    }
}

#[test]
fn shapes_agree() {
    let Some(pairs) = pairs() else { return };
    for (entry, kind) in pairs {
        let name = kind.name;
        assert_eq!(flag(&entry, "link_only"), kind.is_relationship(), "{name}");
        match kind.shape {
            Shape::Relationship(relationship) => {
                assert_eq!(flag(&entry, "singleton"), relationship.single, "{name}");
                if let Some(target) = text(&entry["references"], "id") {
                    assert_eq!(target, relationship.target, "{name}");
                }
            }
            Shape::Event { time } => assert_eq!(text(&entry, "log_time"), Some(time), "{name}"),
            shape => assert_eq!(
                flag(&entry, "singleton"),
                shape == Shape::Singleton,
                "{name}"
            ),
        }
    }
}

#[test]
fn only_these_rows_of_logs_are_not_events() {
    let Some(pairs) = pairs() else { return };
    let kept = pairs
        .iter()
        .filter(|(entry, kind)| text(entry, "log_time").is_some() && !kind.is_event());
    let kept: Vec<_> = kept.map(|(_, kind)| kind.name).collect();
    assert_eq!(kept, ["dlp_alert", "security_incident", "audit_log_query"]);
}

#[test]
fn property_lists_agree() {
    let Some(pairs) = pairs() else { return };
    for (entry, kind) in pairs {
        if kind.is_relationship() {
            // Theirs are those of the targets' types.
            continue;
        }
        let name = kind.name;
        assert_eq!(
            list(&entry, "volatile"),
            set(kind.volatile),
            "{name}: volatile"
        );
        assert_eq!(list(&entry, "drift"), set(kind.drift), "{name}: drift");
        assert_eq!(
            list(&entry, "read_only"),
            set(kind.read_only),
            "{name}: read only"
        );
        let immutable = list(&entry, "immutable_after_create");
        assert_eq!(immutable, set(kind.immutable), "{name}: immutable");
    }
}

#[test]
fn references_agree() {
    let Some(pairs) = pairs() else { return };
    for (entry, kind) in pairs {
        if kind.is_relationship() {
            continue;
        }
        let said = entry["references"].as_object().into_iter().flatten();
        let said: BTreeSet<_> = said
            .map(|(path, target)| {
                let target = target.as_str().expect("because targets are text");
                let (target, key) = target.split_once('.').unwrap_or((target, "id"));
                (path.replace("[]", ""), target.to_owned(), key.to_owned())
            })
            .collect();
        let ours = kind.references.iter().map(|reference| {
            let path = reference.path.to_owned();
            (
                path,
                reference.target.to_owned(),
                reference.target_key.to_owned(),
            )
        });
        assert_eq!(said, ours.collect(), "{}", kind.name);
    }
}

/// Permissions the reference has not, or has otherwise, and why.
const OTHER_PERMISSIONS: [&str; 13] = [
    // Undocumented there; what opens the parent or the policy opens these.
    "user_extension",
    "administrative_unit_extension",
    "company_subscription",
    "application_app_management_policy",
    "service_principal_app_management_policy",
    "service_principal_token_issuance_policy",
    "application_synchronization_job",
    "deleted_conditional_access_policy",
    "deleted_named_location",
    // Listed there beside the permission for hidden members, which alone reads nothing.
    "group_member",
    // The permission data confuses the providers of one path template.
    "role_assignment_intune",
    "role_definition_cloud_pc",
    // Only a basic view is open to the permission named there.
    "lifecycle_workflow",
];

#[test]
fn permissions_agree() {
    let Some(pairs) = pairs() else { return };
    for (entry, kind) in pairs {
        let name = kind.name;
        let said = &entry["permission"];
        let backup = list(said, "backup_read");
        let read = list(said, "read");
        let read = if backup.is_empty() { read } else { backup };
        if OTHER_PERMISSIONS.contains(&name) {
            assert_ne!(read, set(kind.permissions), "{name}: no exception any more");
        } else {
            assert_eq!(read, set(kind.permissions), "{name}");
        }
        if entry["app_only_read"] == Value::Bool(false) {
            let delegated = list(said, "delegated_read");
            match name {
                // The reference says that it is delegated, not which permission it takes.
                "teams_app_settings" => assert!(delegated.is_empty()),
                _ => assert_eq!(delegated, kind.delegated.into_iter().collect(), "{name}"),
            }
            assert!(matches!(kind.access(), Access::SignedIn(_)), "{name}");
        } else if name != "agreement_file" {
            assert_eq!(kind.delegated, None, "{name}");
        }
    }
}

#[test]
fn deltas_pages_and_bins_agree() {
    let Some(pairs) = pairs() else { return };
    for (entry, kind) in pairs {
        let name = kind.name;
        // As many rows as the tenant has users or devices: the reference knows no limit, and a larger
        // page than the service likes is asked for again without one.
        let many = ["managed_device", "user_registration_details"].contains(&name);
        let size = entry["paging"]["max_top"].as_u64().or(many.then_some(999));
        assert_eq!(size, kind.page_size.map(u64::from), "{name}");
        let said = text(&entry["delta"], "path");
        match kind.delta {
            // Part of the users' delta, which the reference says in prose.
            Some(Delta::Within) if name == "user_manager" => assert_eq!(said, None),
            Some(Delta::Within) => {
                let parent = kind
                    .parent
                    .and_then(by_name)
                    .and_then(|parent| parent.delta);
                let Some(Delta::Own { path, .. }) = parent else {
                    panic!("{name}: no delta to arrive in");
                };
                assert!(said.is_some_and(|said| said.starts_with(path)), "{name}");
            }
            Some(Delta::Own { path, .. }) => assert_eq!(said, Some(path), "{name}"),
            None => assert_eq!(said, None, "{name}"),
        }
        let bin = &entry["soft_delete"];
        assert_eq!(flag(bin, "supported"), kind.soft_delete.is_some(), "{name}");
        if let Some(ours) = kind.soft_delete {
            assert_eq!(bin["days"].as_u64(), ours.days.map(u64::from), "{name}");
            let version = if ours.api == Api::Beta { " (beta)" } else { "" };
            let listed = format!("{}{version}", ours.bin);
            assert_eq!(text(bin, "list"), Some(listed.as_str()), "{name}");
        }
    }
}
