//! The requests a reader sends: every kind has one, and each is well formed.

use std::collections::BTreeSet;

use catalog::{Access, Api, Delta, Kind, Shape, Throttle, by_name, by_path, kinds};

const TIME: &str = "2026-01-01T00:00:00Z";

fn kind(name: &str) -> &'static Kind {
    by_name(name).unwrap_or_else(|| panic!("no {name}"))
}

fn target(name: &str, ids: &[&str]) -> String {
    let request = kind(name).list_request(ids, Some(TIME));
    let request = request.unwrap_or_else(|| panic!("{name}: no request"));
    request.target()
}

/// Ids for every parent of a kind.
fn ids_for(kind: &Kind) -> Vec<String> {
    let parents = kind.addressing_parents();
    (0..parents.len()).map(|at| format!("id/{at}")).collect()
}

#[test]
fn braces_are_parents() {
    for kind in kinds() {
        let template = format!("{}{}", kind.path, kind.query.unwrap_or_default());
        let places = template.replace("{t}", "").matches('{').count();
        assert_eq!(places, kind.addressing_parents().len(), "{}", kind.name);
    }
}

#[test]
fn only_these_parents_are_not_in_the_path() {
    let missing = kinds()
        .iter()
        .filter(|kind| kind.path.matches('{').count() != kind.parents().len());
    let missing: Vec<_> = missing.map(|kind| kind.name).collect();
    assert_eq!(
        missing,
        [
            // In the query.
            "pim_group_eligibility_schedule",
            "pim_group_assignment_schedule",
            "pim_group_eligibility_schedule_instance",
            "pim_group_assignment_schedule_instance",
            // The parent is a singleton.
            "authentication_method_configuration",
        ]
    );
}

#[test]
fn parents_come_outermost_first() {
    let names = |name: &str| -> Vec<_> {
        let parents = kind(name).parents();
        parents.into_iter().map(|kind| kind.name).collect()
    };
    assert_eq!(names("user"), Vec::<&str>::new());
    assert_eq!(
        names("access_review_decision"),
        ["access_review_definition", "access_review_instance"]
    );
    assert_eq!(
        names("authentication_method_configuration"),
        ["authentication_methods_policy"]
    );
}

#[test]
fn every_path_takes_its_ids_and_no_other_number() {
    for kind in kinds() {
        let ids = ids_for(kind);
        let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let path = kind.path_with(&ids);
        let path = path.unwrap_or_else(|| panic!("{}: no path", kind.name));
        assert!(!path.contains(['{', '}']), "{path}");
        assert_eq!(
            path.matches("id%2F").count(),
            kind.path.matches('{').count()
        );
        assert_eq!(path.matches('/').count(), kind.path.matches('/').count());
        // And the address leads back.
        let version = if kind.api == Api::V1 { "v1.0" } else { "beta" };
        if !kind.path.contains("()")
            && kind.addressing_parents().len() == kind.path.matches('{').count()
        {
            let found = by_path(&format!("/{version}{path}")).map(|found| found.path);
            assert_eq!(found, Some(kind.path), "{}", kind.name);
        }
        ids.push("one too many");
        assert_eq!(kind.path_with(&ids), None, "{}", kind.name);
        if !kind.addressing_parents().is_empty() {
            assert_eq!(kind.path_with(&[]), None, "{}", kind.name);
        }
    }
}

#[test]
fn ids_stay_in_their_segment() {
    let owners = kind("group_owner");
    for (id, path) in [
        ("a-1", "/groups/a-1/owners"),
        ("a/../b", "/groups/a%2F..%2Fb/owners"),
        ("a b?c#d%", "/groups/a%20b%3Fc%23d%25/owners"),
        ("\u{e9}", "/groups/%C3%A9/owners"),
    ] {
        assert_eq!(owners.path_with(&[id]).as_deref(), Some(path));
    }
    for id in ["", ".", ".."] {
        assert_eq!(owners.path_with(&[id]), None, "{id:?}");
        assert_eq!(kind("group").object_request(&[], id), None, "{id:?}");
    }
}

#[test]
fn queries_are_options_without_prose() {
    for kind in kinds() {
        let Some(query) = kind.query else { continue };
        let options: Vec<_> = kind.options().collect();
        assert_eq!(options.len(), query.split('&').count(), "{}", kind.name);
        let names: BTreeSet<_> = options.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), options.len(), "{}: an option twice", kind.name);
        for (name, value) in options {
            let known = ["$select", "$expand", "$filter", "$orderby"];
            assert!(known.contains(&name), "{}: {name}", kind.name);
            let opened = value.matches('(').count();
            assert_eq!(opened, value.matches(')').count(), "{}: {value}", kind.name);
            assert!(
                !value.is_empty() && !value.contains([';', '<', '\n']),
                "{value}"
            );
            if name != "$filter" {
                assert!(!value.contains([' ', '{', '\'']), "{}: {value}", kind.name);
            }
        }
    }
}

#[test]
fn every_kind_has_a_first_request() {
    for kind in kinds() {
        let ids = ids_for(kind);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let request = kind.list_request(&ids, Some(TIME));
        let request = request.unwrap_or_else(|| panic!("{}: no request", kind.name));
        assert_eq!(request.api, kind.api);
        let target = request.target();
        assert!(!target.contains(['{', '}', ' ', '#', '"']), "{target}");
        assert!(
            target.is_ascii() && target.matches('?').count() <= 1,
            "{target}"
        );
        let timeless = kind.list_request(&ids, None);
        assert_eq!(timeless.is_none(), kind.needs_since(), "{}", kind.name);
    }
}

#[test]
fn requests_read_as_graph_documents_them() {
    for (name, ids, expected) in [
        (
            "group_member",
            &["g"][..],
            "/v1.0/groups/g/members?$select=id&$top=999",
        ),
        ("organization", &[], "/v1.0/organization"),
        (
            "pim_group_eligibility_schedule",
            &["it's"],
            "/v1.0/identityGovernance/privilegedAccess/group/eligibilitySchedules?\
             $filter=groupId%20eq%20'it''s'",
        ),
        (
            "directory_audit",
            &[],
            "/v1.0/auditLogs/directoryAudits?$filter=activityDateTime%20ge%202026-01-01T00:00:00Z\
             &$orderby=activityDateTime&$top=1000",
        ),
        (
            "synchronization_schema",
            &["sp", "job.1"],
            "/v1.0/servicePrincipals/sp/synchronization/jobs/job.1/schema",
        ),
        ("teamwork", &[], "/beta/teamwork"),
    ] {
        assert_eq!(target(name, ids), expected);
    }
    let branding = kind("organizational_branding").list_request(&["t"], None);
    let branding = branding.expect("because one id is needed and one given");
    assert_eq!(branding.headers, [("Accept-Language", "0")]);
}

#[test]
fn single_objects_keep_selection_and_expansion_alone() {
    let script = kind("device_management_script").object_request(&[], "a/b");
    let script = script.expect("because scripts are objects");
    assert_eq!(
        script.target(),
        "/beta/deviceManagement/deviceManagementScripts/a%2Fb?$expand=assignments"
    );
    assert_eq!(kind("group_member").object_request(&["g"], "m"), None);
    assert_eq!(kind("authorization_policy").object_request(&[], "x"), None);
    for kind in kinds().iter().filter(|kind| kind.read_each) {
        assert_eq!(kind.shape, Shape::Object, "{}", kind.name);
    }
}

#[test]
fn managers_come_along_with_users() {
    let manager = kind("user_manager");
    let clause = manager.expand.expect("because a user has one manager");
    let users = kind("user").list_request(&[], None);
    let users = users.expect("because users have no parent");
    let widened = users.expanding(clause);
    assert!(widened.target().contains("&$expand=manager($select=id)"));
    let twice = widened.expanding("sponsors");
    assert!(
        twice
            .target()
            .ends_with("$expand=manager($select=id),sponsors")
    );
    for kind in kinds() {
        let Some(clause) = kind.expand else { continue };
        let Shape::Relationship(relationship) = kind.shape else {
            panic!("{}: no relationship", kind.name);
        };
        assert!(relationship.single && clause.starts_with(relationship.relation));
    }
}

#[test]
fn what_lists_of_parents_show_is_what_stands_below_them() {
    let mut shown = Vec::new();
    for kind in kinds() {
        let Some(clause) = kind.shown_by else {
            continue;
        };
        let parent = kind.parents().pop();
        let parent = parent.unwrap_or_else(|| panic!("{}: nothing shows it", kind.name));
        assert!(
            parent.parent.is_none() && !parent.path.contains('{') && parent.api == kind.api,
            "{}: {} cannot be listed at once",
            kind.name,
            parent.name
        );
        let relation = clause.split('(').next();
        assert_eq!(kind.path.rsplit('/').next(), relation, "{}", kind.name);
        assert!(kind.expand.is_none(), "{}: comes along anyway", kind.name);
        shown.push(kind.name);
    }
    assert!(shown.contains(&"group_owner") && shown.contains(&"user_extension"));
}

#[test]
fn deltas_select_their_relations() {
    let begin = |name: &str| {
        let request = kind(name).delta_request();
        request
            .unwrap_or_else(|| panic!("{name}: no delta"))
            .target()
    };
    let users = begin("user");
    assert!(users.starts_with("/v1.0/users/delta?$select=id,deletedDateTime,"));
    assert!(users.ends_with(",manager") && !users.contains("signInActivity"));
    assert!(begin("group").ends_with(",members"));
    assert!(begin("directory_role").contains("$select=id,"));
    assert!(begin("directory_role").ends_with(",members"));
    assert_eq!(begin("device"), "/v1.0/devices/delta");
    assert_eq!(kind("group_member").delta_request(), None);
    assert_eq!(kind("named_location").delta_request(), None);
}

#[test]
fn deltas_are_whole() {
    for kind in kinds() {
        match kind.delta {
            None => {}
            Some(Delta::Within) => {
                assert!(kind.is_relationship(), "{}", kind.name);
                let parent = kind.parent.and_then(by_name);
                let delta = parent.and_then(|parent| parent.delta);
                assert!(matches!(delta, Some(Delta::Own { .. })), "{}", kind.name);
            }
            Some(Delta::Own { path, without }) => {
                assert_eq!(path, format!("{}/delta", kind.path));
                for name in without {
                    let known = kind.columns.iter().any(|column| column.property == *name);
                    assert!(known, "{}: {name}", kind.name);
                }
            }
        }
    }
}

#[test]
fn reading_facts_fit_their_kinds() {
    for kind in kinds() {
        let name = kind.name;
        if kind.shape == Shape::Singleton {
            assert_eq!(kind.page_size, None, "{name}");
        }
        if !kind.changed_by.is_empty() {
            let parent = kind.parent.unwrap_or_else(|| panic!("{name}: no parent"));
            let many = [
                "user",
                "group",
                "application",
                "service_principal",
                "device",
            ];
            assert!(many.contains(&parent), "{name}");
            assert!(kind.delta.is_none(), "{name}");
        }
        assert!(
            kind.delegated.is_none() || kind.permissions.is_empty(),
            "{name}"
        );
        for further in kind.further_permissions {
            for property in further.properties {
                let known = kind
                    .columns
                    .iter()
                    .any(|column| column.property == *property);
                assert!(known, "{name}: {property}");
            }
        }
    }
}

#[test]
fn whose_reading_is_undocumented_is_known() {
    let unknown = kinds()
        .iter()
        .filter(|kind| kind.access() == Access::Unknown);
    let unknown: Vec<_> = unknown.map(|kind| kind.name).collect();
    assert_eq!(
        unknown,
        [
            "provisioning_published_resource",
            "provisioning_agent_group",
            "provisioning_agent",
            "teamwork",
        ]
    );
}

#[test]
fn bins_and_their_twins_agree() {
    let twins = kinds()
        .iter()
        .filter(|kind| kind.name.starts_with("deleted_"));
    for twin in twins {
        assert_eq!(twin.soft_delete, None, "{}", twin.name);
        assert_eq!(twin.delta, None, "{}", twin.name);
        let living = twin.name.strip_prefix("deleted_").map(kind);
        let living = living.expect("because the name begins so");
        // A deleted device is listed though no page says that devices are kept.
        if living.name != "device" {
            let found = living.deleted_twin().map(|found| found.name);
            assert_eq!(found, Some(twin.name));
        }
    }
    assert!(kind("role_definition").soft_delete.is_some());
    assert!(kind("role_definition").deleted_twin().is_none());
}

#[test]
fn limits_follow_the_path() {
    for (name, throttle, cost) in [
        // 2, less 1 for the selection.
        ("user", Throttle::Identity, 1),
        ("group", Throttle::Identity, 1),
        ("group_member", Throttle::Identity, 2),
        ("subscribed_sku", Throttle::Identity, 3),
        ("oauth2_permission_grant", Throttle::Identity, 2),
        (
            "service_principal_app_role_assignment",
            Throttle::Identity,
            2,
        ),
        // 1, and 1 for the expansion.
        ("feature_rollout_policy", Throttle::Identity, 2),
        ("user_authentication_method", Throttle::Other, 1),
        ("conditional_access_policy", Throttle::ConditionalAccess, 1),
        ("risky_user", Throttle::ConditionalAccess, 1),
        ("sign_in", Throttle::Reports, 1),
        ("b2x_user_flow", Throttle::UserFlows, 1),
        ("managed_device", Throttle::Intune, 1),
        ("device_configuration", Throttle::Intune, 1),
        ("role_assignment", Throttle::Identity, 1),
        ("role_assignment_schedule", Throttle::Other, 1),
        ("synchronization_job", Throttle::Other, 1),
        ("access_package", Throttle::Other, 1),
    ] {
        assert_eq!(kind(name).throttle(), throttle, "{name}");
        assert_eq!(kind(name).cost(), cost, "{name}");
    }
}
