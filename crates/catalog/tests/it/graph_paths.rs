//! Graph URLs and contexts lead to their kinds.

use catalog::{by_path, kinds};
use serde_json::Value;

use crate::shared;

fn name(path: &str) -> Option<&'static str> {
    by_path(path).map(|kind| kind.name)
}

/// A path template with every parameter given.
fn filled(template: &str) -> String {
    let steps = template.split('/').map(|step| {
        if step.starts_with('{') {
            "00aa-id"
        } else {
            step
        }
    });
    steps.collect::<Vec<_>>().join("/")
}

#[test]
fn every_path_leads_to_its_kind() {
    for kind in kinds() {
        let version = if kind.api == catalog::Api::Beta {
            "beta"
        } else {
            "v1.0"
        };
        let url = format!("https://graph.microsoft.com/{version}{}", filled(kind.path));
        assert_eq!(name(&url), Some(kind.name), "{url}");
        assert_eq!(
            name(&format!("{url}?$top=999&$select=id")),
            Some(kind.name),
            "{url}"
        );
        assert_eq!(name(&url.to_uppercase()), Some(kind.name), "{url}");
    }
}

#[test]
fn urls_lead_to_kinds() {
    for (url, kind) in [
        ("/users", Some("user")),
        ("users/5c1f3f1e-9a4b-4a55-8a5e-2f2d3c4b5a69", Some("user")),
        ("users/alice@contoso.example?$select=id", Some("user")),
        ("/me/manager", Some("user_manager")),
        ("/users/delta", Some("user")),
        ("/users/microsoft.graph.delta()", Some("user")),
        ("/users/$count", Some("user")),
        ("/users('x')/manager/$ref", Some("user_manager")),
        (
            "/groups/g/members/microsoft.graph.user",
            Some("group_member"),
        ),
        ("/groups/g/members/u/$ref", Some("group_member")),
        (
            "/directory/deletedItems/microsoft.graph.group/x",
            Some("deleted_group"),
        ),
        ("/v1.0/auditLogs/signIns", Some("sign_in")),
        ("/beta/auditLogs/signIns", Some("sign_in_beta")),
        (
            "/administrativeUnits/a/members",
            Some("administrative_unit_member"),
        ),
        ("/identityProviders", Some("identity_provider")),
        ("/users/u/messages", None),
        ("/teamwork/devices", None),
        ("/groups/g/transitiveMembers", None),
        ("/identity/conditionalAccess/policies/p/restore", None),
        ("", None),
        ("/", None),
        ("https://graph.microsoft.com", None),
        ("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s", None),
    ] {
        assert_eq!(name(url), kind, "{url}");
    }
}

#[test]
fn contexts_lead_to_kinds() {
    for (fragment, kind) in [
        ("users", Some("user")),
        ("users(id,displayName)/$entity", Some("user")),
        ("users/$entity", Some("user")),
        ("groups('a/b')/members", Some("group_member")),
        ("groups(id,assignedLicenses,members())", Some("group")),
        (
            "identity/conditionalAccess/policies/$entity",
            Some("conditional_access_policy"),
        ),
        (
            "conditionalAccess/policies",
            Some("conditional_access_policy"),
        ),
        ("namedLocations/$entity", Some("named_location")),
        ("branding", Some("organizational_branding")),
        ("oauth2permissiongrants", Some("oauth2_permission_grant")),
        ("appRoleAssignments", Some("app_role_assignment")),
        (
            "servicePrincipals('s')/appRoleAssignedTo",
            Some("app_role_assignment"),
        ),
        (
            "policies/roleManagementPolicies(rules())",
            Some("role_management_policy"),
        ),
        (
            "policies/roleManagementPolicies('x')/rules",
            Some("role_management_policy_rule"),
        ),
        (
            "identityGovernance/accessReviews/definitions('d')/instances('i')/decisions(insights())",
            Some("access_review_decision"),
        ),
        (
            "identity/b2xUserFlows('B')/apiConnectorConfiguration(postFederationSignup())",
            Some("b2x_user_flow_api_connector_configuration"),
        ),
        (
            "Collection(microsoft.graph.claimsMappingPolicy)",
            Some("claims_mapping_policy"),
        ),
        (
            "Collection(accessReviewInstance)",
            Some("access_review_instance"),
        ),
        ("microsoft.graph.ipNamedLocation", Some("named_location")),
        (
            "directoryObjects/microsoft.graph.group/$entity",
            Some("group"),
        ),
        ("directoryObjects", None),
        ("Collection(Edm.String)", None),
        ("Me/messages", None),
        ("users('x')/mailboxSettings", None),
        ("", None),
    ] {
        for version in ["v1.0", "beta"] {
            let context = format!("https://graph.microsoft.com/{version}/$metadata#{fragment}");
            assert_eq!(name(&context), kind, "{context}");
        }
        assert_eq!(name(&format!("$metadata#{fragment}")), kind, "{fragment}");
    }
}

#[test]
fn contexts_may_have_steps_before_the_metadata() {
    let root = "https://graph.microsoft.com/v1.0/tenantRelationships/$metadata";
    let context = format!("{root}#delegatedAdminRelationships/$entity");
    assert_eq!(name(&context), Some("delegated_admin_relationship"));
    let context = "$metadata#https://graph.microsoft.com/v1.0/users/$entity";
    assert_eq!(name(context), Some("user"));
}

/// Contexts of Microsoft's printed examples: wherever both the request and the answer's context are
/// understood, they agree, up to the rows of an edge or a recycle bin being objects.
#[test]
fn printed_examples_agree_with_their_requests() {
    let Some(text) = shared::read("data/graph-docs-v1/examples.jsonl") else {
        return;
    };
    let mut agreed = 0;
    for line in text.lines() {
        let example: Value = serde_json::from_str(line).expect("because lines are JSON");
        let body = example["text"].as_str().unwrap_or_default();
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            continue;
        };
        let url = example["request"]["url"].as_str().and_then(by_path);
        let context = body["@odata.context"].as_str().and_then(by_path);
        let (Some(url), Some(context)) = (url, context) else {
            continue;
        };
        if url.name == context.name {
            agreed += 1;
        } else {
            assert!(
                url.is_relationship() || url.entity_type == context.entity_type,
                "{}: {} and {}",
                example["doc"],
                url.name,
                context.name
            );
        }
    }
    assert!(agreed >= 100, "only {agreed}");
}
