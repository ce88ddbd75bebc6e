//! Finding kinds by name, table, word and type.

use catalog::{Kind, by_entity_type, by_name, by_table, kinds, resolve};

fn name(kind: Option<&'static Kind>) -> Option<&'static str> {
    kind.map(|kind| kind.name)
}

fn names(kinds: &'static [&'static Kind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.name).collect()
}

#[test]
fn exact_lookups_find_every_kind() {
    for kind in kinds() {
        assert_eq!(name(by_name(kind.name)), Some(kind.name));
        assert_eq!(name(by_table(kind.table)), Some(kind.name));
    }
    assert_eq!(name(by_name("users")), None);
    assert_eq!(name(by_table("user")), None);
    assert_eq!(name(by_table("contacts")), Some("org_contact"));
}

#[test]
fn words_resolve_to_their_kind() {
    for kind in kinds() {
        for word in kind.aliases.iter().copied().chain([kind.name, kind.table]) {
            assert_eq!(name(resolve(word)), Some(kind.name), "{word}");
            let spoken = word.to_uppercase().replace('_', " ");
            assert_eq!(name(resolve(&spoken)), Some(kind.name), "{spoken}");
        }
    }
}

#[test]
fn people_and_files_are_understood() {
    for (word, kind) in [
        ("ca", "conditional_access_policy"),
        ("Conditional Access policy", "conditional_access_policy"),
        ("ConditionalAccess", "conditional_access_policy"),
        ("conditionalAccessPolicies", "conditional_access_policy"),
        ("conditional-access-policies", "conditional_access_policy"),
        ("sp", "service_principal"),
        ("au", "administrative_unit"),
        ("app", "application"),
        ("pim", "role_eligibility_schedule"),
        ("groupMembers", "group_member"),
        ("oauth2PermissionGrants", "oauth2_permission_grant"),
        ("appRoleAssignments", "app_role_assignment"),
        ("appRoleAssignedTo", "app_role_assignment"),
        ("servicePrincipals", "service_principal"),
        ("subscribedSkus", "subscribed_sku"),
        ("organization", "organization"),
        ("signIns", "sign_in"),
        ("directoryAudits", "directory_audit"),
        ("NamedLocations", "named_location"),
        ("roleAssignments", "role_assignment"),
        ("unifiedRoleAssignment", "role_assignment"),
        (
            "authenticationMethodsPolicy",
            "authentication_methods_policy",
        ),
        ("accessReviewScheduleDefinition", "access_review_definition"),
        ("b2x user flow", "b2x_user_flow"),
        ("Organization (tenant)", "organization"),
    ] {
        assert_eq!(name(resolve(word)), Some(kind), "{word}");
    }
    for word in [
        "",
        "-",
        "members",
        "policies",
        "definitions",
        "nothing",
        "größe",
    ] {
        assert_eq!(name(resolve(word)), None, "{word}");
    }
}

#[test]
fn types_lead_to_collections() {
    assert_eq!(
        names(by_entity_type("#microsoft.graph.user")),
        ["user", "deleted_user"]
    );
    assert_eq!(
        names(by_entity_type("microsoft.graph.user")),
        ["user", "deleted_user"]
    );
    assert_eq!(names(by_entity_type("agentUser")), ["user", "deleted_user"]);
    for local in [
        "ipNamedLocation",
        "countryNamedLocation",
        "compliantNetworkNamedLocation",
    ] {
        let found = by_entity_type(&format!("#microsoft.graph.{local}")).iter();
        let found: Vec<_> = found.map(|kind| kind.name).collect();
        assert_eq!(
            found,
            ["named_location", "deleted_named_location"],
            "{local}"
        );
    }
    assert_eq!(
        names(by_entity_type("#microsoft.graph.appRoleAssignment"))[0],
        "app_role_assignment"
    );
    assert_eq!(
        names(by_entity_type("#microsoft.graph.unifiedRoleDefinition"))[0],
        "role_definition"
    );
    assert_eq!(
        names(by_entity_type(
            "#microsoft.graph.samlOrWsFedExternalDomainFederation"
        )),
        ["federation_configuration", "identity_provider"]
    );
    assert_eq!(
        names(by_entity_type("#microsoft.graph.signIn")),
        ["sign_in", "sign_in_beta"]
    );
    assert_eq!(
        names(by_entity_type("#microsoft.graph.claimsMappingPolicy")),
        ["claims_mapping_policy"]
    );
    assert_eq!(
        names(by_entity_type(
            "#microsoft.graph.identityGovernance.workflow"
        )),
        ["lifecycle_workflow"]
    );
    for none in [
        "#microsoft.graph.directoryObject",
        "#microsoft.graph.message",
        "Edm.String",
        "",
    ] {
        assert!(by_entity_type(none).is_empty(), "{none}");
    }
}
