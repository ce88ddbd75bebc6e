//! What may be written: known, writable, required and immutable properties; what cannot be deleted.

mod completion;
mod references;
mod special;

use catalog::Kind;
use serde_json::Value;

use crate::deed::Properties;
use crate::http::answer::Failure;
use crate::http::projection::knows_property;
use crate::tenant::{Slot, Tenant};

pub(super) use completion::{complete, number_setting, own_id, stamp};
use references::check_references;
use special::check_special;

/// Properties a new object of a kind must have.
fn required(kind: &str) -> &'static [&'static str] {
    match kind {
        "user" => &[
            "accountEnabled",
            "displayName",
            "mailNickname",
            "passwordProfile",
            "userPrincipalName",
        ],
        "group" => &[
            "displayName",
            "mailEnabled",
            "mailNickname",
            "securityEnabled",
        ],
        "application" | "administrative_unit" | "named_location" | "app_management_policy" => {
            &["displayName"]
        }
        "service_principal" => &["appId"],
        "conditional_access_policy" => &["displayName", "state", "conditions"],
        "authentication_strength_policy" => &["displayName", "allowedCombinations"],
        "role_definition" => &["displayName", "isEnabled", "rolePermissions"],
        "role_assignment" => &["principalId", "roleDefinitionId"],
        "oauth2_permission_grant" => &["clientId", "consentType", "resourceId"],
        "app_role_assignment"
        | "service_principal_app_role_assignment"
        | "group_app_role_assignment" => &["appRoleId", "principalId", "resourceId"],
        "application_federated_identity_credential" => &["audiences", "issuer", "name", "subject"],
        "domain"
        | "attribute_set"
        | "permission_grant_policy"
        | "authentication_context"
        | "organizational_branding_localization" => &["id"],
        "cross_tenant_access_partner" => &["tenantId"],
        "directory_role" => &["roleTemplateId"],
        "lifecycle_workflow" => &["category", "displayName", "executionConditions", "tasks"],
        "claims_mapping_policy"
        | "home_realm_discovery_policy"
        | "token_issuance_policy"
        | "token_lifetime_policy"
        | "activity_based_timeout_policy" => &["definition", "displayName"],
        _ => &[],
    }
}

/// Kinds whose ids the caller chooses, with the property that holds it.
const CLIENT_KEYS: [&str; 14] = [
    "domain",
    "attribute_set",
    "custom_security_attribute_allowed_value",
    "permission_grant_policy",
    "authentication_context",
    "cross_tenant_access_partner",
    "b2x_user_flow",
    "b2x_user_flow_language",
    "b2c_user_flow",
    "b2c_user_flow_language",
    "schema_extension",
    "authentication_method_configuration",
    "external_connection",
    "organizational_branding_localization",
];

/// Kinds whose objects come to be when somebody changes what is not there yet.
pub(super) fn is_made_by_change(kind: &Kind) -> bool {
    matches!(
        kind.name,
        "authentication_context" | "b2x_user_flow_language" | "b2c_user_flow_language"
    )
}

/// Settings that can be deleted whole, though there is only one of them.
pub(super) fn may_be_without(kind: &Kind) -> bool {
    matches!(
        kind.name,
        "cross_tenant_identity_sync_partner" | "organizational_branding"
    )
}

/// Read-only ones that a new object has all the same.
fn settable_at_creation(kind: &Kind, name: &str) -> bool {
    let is_key = kind.key == Some(name) && CLIENT_KEYS.contains(&kind.name);
    is_key || (kind.name == "service_principal" && name == "appId")
}

/// What stands inside a new object and is no property of it.
fn is_sent_along(kind: &Kind, name: &str) -> bool {
    kind.name == "lifecycle_workflow" && name == "tasks"
}

/// Kinds that are replaced, never changed.
const NO_PATCH: [&str; 8] = [
    "role_assignment",
    "app_role_assignment",
    "service_principal_app_role_assignment",
    "group_app_role_assignment",
    "certificate_based_auth_configuration",
    "delegated_permission_classification",
    "application_extension_property",
    "application_federated_credential",
];

/// Kinds that are only read.
fn is_read_only(kind: &Kind) -> bool {
    const KINDS: [&str; 8] = [
        "subscribed_sku",
        "resource_action",
        "contract",
        "org_contact",
        "user_license_detail",
        "user_registration_details",
        "recovery_snapshot",
        "company_subscription",
    ];
    KINDS.contains(&kind.name)
        || (kind.name.ends_with("_template") && kind.name != "notification_message_template")
}

/// Checks a new object.
pub(super) fn check_new(
    tenant: &Tenant,
    kind: &'static Kind,
    parents: &[String],
    properties: &Properties,
) -> Result<(), Failure> {
    if is_read_only(kind) || kind.name == "organization" {
        return Err(Failure::method_not_allowed());
    }
    for name in properties.keys().filter(|name| !name.starts_with('@')) {
        if !is_sent_along(kind, name) {
            check_known(kind, name)?;
        }
        if kind.read_only.contains(&name.as_str()) && !settable_at_creation(kind, name) {
            return Err(read_only(name));
        }
    }
    for name in required(kind.name) {
        if properties.get(*name).is_none_or(Value::is_null) {
            let message = format!(
                "A value is required for property '{name}' of resource '{}'.",
                capital(crate::tenant::local_type(kind))
            );
            return Err(Failure::bad_request(message));
        }
    }
    check_special(tenant, kind, parents, properties)?;
    check_references(tenant, kind, properties)
}

/// Checks new values of an object's properties.
pub(super) fn check_changed(
    tenant: &Tenant,
    kind: &'static Kind,
    slot: Option<Slot>,
    properties: &Properties,
) -> Result<(), Failure> {
    if is_read_only(kind) || NO_PATCH.contains(&kind.name) {
        return Err(Failure::method_not_allowed());
    }
    let own = slot.map(|slot| tenant.properties(slot)).unwrap_or_default();
    for (name, value) in properties.iter().filter(|(name, _)| !name.starts_with('@')) {
        check_known(kind, name)?;
        let is_fixed = kind.read_only.contains(&name.as_str())
            || kind.immutable.contains(&name.as_str())
            || needs_new_version(kind, name);
        // Sending back what is there already changes nothing.
        if is_fixed && own.get(name) != Some(value) {
            return Err(read_only(name));
        }
        let apart = kind.writing.map_or(&[][..], |writing| writing.apart);
        if let Some(apart) = apart.iter().find(|it| it.property == name) {
            let action = apart.action.rsplit('/').next().unwrap_or_default();
            let message = format!("'{name}' cannot be changed by PATCH: use '{action}'.");
            return Err(Failure::bad_request(message));
        }
    }
    if is_synchronised(&own) && matches!(kind.name, "user" | "group") {
        return Err(synchronised());
    }
    check_references(tenant, kind, properties)
}

/// What of a workflow only another version of it can have otherwise.
fn needs_new_version(kind: &Kind, name: &str) -> bool {
    kind.name == "lifecycle_workflow" && ["category", "executionConditions"].contains(&name)
}

/// Whether Microsoft made an authentication strength.
pub(super) fn is_built_in(own: &Properties) -> bool {
    own.get("policyType").and_then(Value::as_str) == Some("builtIn")
}

/// Checks that an object may go.
pub(super) fn check_deleted(tenant: &Tenant, slot: Slot) -> Result<(), Failure> {
    let kind = tenant.kind(slot);
    let own = tenant.properties(slot);
    let is_true = |name: &str| own.get(name) == Some(&Value::Bool(true));
    let refusal = match kind.name {
        "named_location" if is_true("isTrusted") => {
            "Trusted named locations cannot be deleted: mark the location as not trusted first."
        }
        "role_definition" if is_true("isBuiltIn") => "Built-in roles cannot be deleted.",
        "domain" if is_true("isInitial") => "The initial domain cannot be deleted.",
        "attribute_set"
        | "custom_security_attribute_definition"
        | "organization"
        | "directory_role" => return Err(Failure::method_not_allowed()),
        _ if is_read_only(kind) => return Err(Failure::method_not_allowed()),
        _ => return Ok(()),
    };
    Err(Failure::bad_request(refusal))
}

/// Checks that the edges of an object may change.
pub(super) fn check_edge(tenant: &Tenant, relation: &Kind, slot: Slot) -> Result<(), Failure> {
    if relation.name != "group_member" {
        return Ok(());
    }
    let own = tenant.properties(slot);
    if is_synchronised(&own) {
        return Err(synchronised());
    }
    let types = own.get("groupTypes").and_then(Value::as_array);
    if types.is_some_and(|types| types.iter().any(|name| name == "DynamicMembership")) {
        let message = "Insufficient privileges to complete the operation: the group's members are \
                       determined by a rule.";
        return Err(Failure::new(403, "Authorization_RequestDenied", message));
    }
    Ok(())
}

fn check_known(kind: &Kind, name: &str) -> Result<(), Failure> {
    if knows_property(kind, name) {
        return Ok(());
    }
    let message = format!(
        "Invalid property '{name}': it does not exist on type '{}'.",
        kind.entity_type
    );
    Err(Failure::bad_request(message))
}

fn read_only(name: &str) -> Failure {
    Failure::bad_request(format!("Property '{name}' is read-only and cannot be set."))
}

fn is_synchronised(own: &Properties) -> bool {
    own.get("onPremisesSyncEnabled") == Some(&Value::Bool(true))
}

fn synchronised() -> Failure {
    Failure::bad_request(
        "Unable to update the specified properties for on-premises mastered Directory Sync objects \
         or objects currently undergoing migration.",
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
