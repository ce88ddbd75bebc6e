//! What published descriptions of backups for Entra ID name as modules can be chosen by name, with
//! everything that belongs to it.

use catalog::{kinds, select_kinds};

/// A module: where it is listed, the words that choose it, and the kinds that must then be chosen.
struct Module {
    number: &'static str,
    words: &'static [&'static str],
    kinds: &'static [&'static str],
}

const fn module(
    number: &'static str,
    words: &'static [&'static str],
    kinds: &'static [&'static str],
) -> Module {
    Module {
        number,
        words,
        kinds,
    }
}

/// Modules by the numbers of the inventory of requirements.
#[rustfmt::skip]
const MODULES: &[Module] = &[
    module("A3", &["teams_apps"], &["teams_app"]),
    module("A4", &["mobile_apps"], &["mobile_app"]),
    module("A5", &["sharepoint_settings"], &["sharepoint_settings"]),
    module("A6", &["risk_detections"], &["risk_detection"]),
    module("A7", &["dlp_alerts"], &["dlp_alert"]),
    module("A8", &["permission_grant_policies"], &["permission_grant_policy"]),
    module("A9", &["api_connectors"], &["api_connector"]),
    module(
        "A10",
        &["cross_tenant_access_policies", "cross_tenant_access_partners", "cross_tenant_access_defaults",
          "external_identities_policies", "b2b_management_policies"],
        &["cross_tenant_access_policy", "cross_tenant_access_partner", "cross_tenant_access_default",
          "external_identities_policy", "b2b_management_policy"],
    ),
    module("A11", &["identity_providers"], &["identity_provider"]),
    module("A12", &["federation_configurations", "domain_federation_configurations"],
        &["federation_configuration", "domain_federation_configuration"]),
    module(
        "A13",
        &["access_packages", "access_package_catalogs", "access_package_resource_role_scopes",
          "access_package_assignment_policies", "access_package_assignments"],
        &["access_package", "access_package_catalog", "access_package_resource_role_scope",
          "access_package_assignment_policy", "access_package_assignment"],
    ),
    module("A14", &["access_reviews", "access_review_instances", "access_review_decisions"],
        &["access_review_definition", "access_review_instance", "access_review_decision"]),
    module("A15", &["organizational_branding", "organizational_branding_localizations"],
        &["organizational_branding", "organizational_branding_localization"]),
    module("A16", &["agreements", "agreement_files"], &["agreement", "agreement_file"]),
    module(
        "A17",
        &["b2c_user_flows", "b2x_user_flows", "b2c_user_flow_languages", "b2x_user_flow_languages",
          "user_flow_attributes"],
        &["b2c_user_flow", "b2x_user_flow", "b2c_user_flow_language", "b2x_user_flow_language",
          "user_flow_attribute"],
    ),
    module("A18", &["sensitivity_labels"], &["sensitivity_label"]),
    module("A19", &["sensitivity_label_policies"], &["sensitivity_label_policy"]),
    module("A20", &["external_connections"], &["external_connection"]),
    module(
        "A25",
        &["users", "groups", "applications", "service_principals", "conditional_access_policies", "named_locations"],
        &["user", "group", "application", "service_principal", "conditional_access_policy", "named_location"],
    ),
    module("A35", &["ca"], &["conditional_access_policy"]),
    module("A36", &["named_locations"], &["named_location"]),
    module("A37", &["authentication_strength_policies"], &["authentication_strength_policy"]),
    module("A38", &["authentication_methods_policies", "authentication_method_configurations"],
        &["authentication_methods_policy", "authentication_method_configuration"]),
    module("A39", &["role_assignments", "directory_roles", "directory_role_members"],
        &["role_assignment", "directory_role", "directory_role_member"]),
    module(
        "A40",
        &["role_eligibility_schedules", "role_assignment_schedules", "pim_group_eligibility_schedules"],
        &["role_eligibility_schedule", "role_assignment_schedule", "pim_group_eligibility_schedule"],
    ),
    module("A41", &["@applications"], &["application", "service_principal", "application_owner"]),
    module("A42", &["oauth2_permission_grants", "app_role_assignments"],
        &["oauth2_permission_grant", "app_role_assignment"]),
    module("A43", &["group_members", "group_owners"], &["group_member", "group_owner"]),
    module("A44", &["attribute_sets", "custom_security_attribute_definitions"],
        &["attribute_set", "custom_security_attribute_definition"]),
    module("A45", &["domains", "domain_federation_configurations"],
        &["domain", "domain_federation_configuration"]),
    module("A46", &["@intune", "@m365"],
        &["device_configuration", "device_compliance_policy", "teamwork", "admin_forms_settings"]),
    module("A71", &["deleted_users", "deleted_groups", "deleted_applications", "deleted_service_principals"],
        &["deleted_user", "deleted_group", "deleted_application", "deleted_service_principal"]),
    module("A74", &["authentication_contexts", "protected_action"], &["authentication_context", "resource_action"]),
    module(
        "A80",
        &["ca", "group_members", "role_management_policies", "role_management_policy_rules",
          "role_assignment_schedules", "authorization_policies", "security_defaults_policies",
          "device_registration_policies", "applications", "service_principals"],
        &["conditional_access_policy", "group_member", "role_management_policy", "role_management_policy_rule",
          "role_assignment_schedule", "authorization_policy", "security_defaults_policy",
          "device_registration_policy", "application", "service_principal"],
    ),
];

#[test]
fn every_module_is_chosen_by_its_name() {
    for Module {
        number,
        words,
        kinds: expected,
    } in MODULES
    {
        let chosen = select_kinds(words).unwrap_or_else(|unknown| panic!("{number}: {unknown}"));
        for name in *expected {
            assert!(
                chosen.iter().any(|kind| kind.name == *name),
                "{number}: {words:?} does not choose {name}"
            );
        }
    }
}

#[test]
fn whatever_is_chosen_can_be_asked_for_or_says_why_not() {
    // A kind that is part of a module, and no request reaches it, would be a table that is always empty.
    for kind in kinds() {
        let parents: Vec<&str> = kind.addressing_parents().iter().map(|_| "x").collect();
        let request = kind.list_request(&parents, Some("2026-01-05T00:00:00Z"));
        assert!(
            request.is_some() || kind.path.is_empty(),
            "{} has no request",
            kind.name
        );
    }
}
