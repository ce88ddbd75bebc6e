//! What may be written, and what the service adds to it.

use catalog::Kind;
use model::is_guid;
use serde_json::{Value, json};

use super::answer::Failure;
use super::projection::knows_property;
use crate::deed::Properties;
use crate::tenant::{Slot, Tenant, key_of, named, split_key, text_property};

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
        "domain" | "attribute_set" | "permission_grant_policy" | "authentication_context" => {
            &["id"]
        }
        "cross_tenant_access_partner" => &["tenantId"],
        "claims_mapping_policy"
        | "home_realm_discovery_policy"
        | "token_issuance_policy"
        | "token_lifetime_policy"
        | "activity_based_timeout_policy" => &["definition", "displayName"],
        _ => &[],
    }
}

/// Kinds whose ids the caller chooses, with the property that holds it.
const CLIENT_KEYS: [&str; 9] = [
    "domain",
    "attribute_set",
    "permission_grant_policy",
    "authentication_context",
    "cross_tenant_access_partner",
    "b2x_user_flow",
    "b2c_user_flow",
    "authentication_method_configuration",
    "external_connection",
];

/// Read-only ones that a new object has all the same.
fn settable_at_creation(kind: &Kind, name: &str) -> bool {
    let is_key = kind.key == Some(name) && CLIENT_KEYS.contains(&kind.name);
    is_key || (kind.name == "service_principal" && name == "appId")
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
        "contract",
        "org_contact",
        "organizational_branding",
        "user_license_detail",
        "user_registration_details",
        "recovery_snapshot",
        "company_subscription",
    ];
    KINDS.contains(&kind.name) || kind.name.ends_with("_template")
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
        check_known(kind, name)?;
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
        let is_fixed =
            kind.read_only.contains(&name.as_str()) || kind.immutable.contains(&name.as_str());
        // Sending back what is there already changes nothing.
        if is_fixed && own.get(name) != Some(value) {
            return Err(read_only(name));
        }
    }
    if is_synchronised(&own) && matches!(kind.name, "user" | "group") {
        return Err(synchronised());
    }
    check_references(tenant, kind, properties)
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

/// Adds what the service itself sets on a new object.
pub(super) fn complete(
    tenant: &mut Tenant,
    kind: &'static Kind,
    properties: Properties,
) -> Properties {
    let mut whole = Properties::new();
    let key = kind.key.unwrap_or("id");
    if kind.shape == catalog::Shape::Object {
        let own = properties.get(key).cloned();
        let id = own.unwrap_or_else(|| tenant.assign_id().into());
        whole.insert(key.to_owned(), id);
    }
    let now = Value::from(tenant.now().to_string());
    for column in kind.columns {
        let name = column.property;
        let value = match name {
            "createdDateTime" | "modifiedDateTime" | "lastModifiedDateTime" => now.clone(),
            "appId" if kind.name == "application" => tenant.assign_id().into(),
            "isBuiltIn" => false.into(),
            _ if kind.sets.contains(&name) => json!([]),
            _ => Value::Null,
        };
        // Members of derived types are not there for all.
        if kind.derived_types.is_empty() || !value.is_null() {
            whole.entry(name).or_insert(value);
        }
    }
    whole.extend(
        properties
            .into_iter()
            .filter(|(name, _)| name != "@odata.context"),
    );
    conceal(&mut whole);
    derive(tenant, kind, &mut whole);
    whole
}

/// Values that follow from others.
fn derive(tenant: &Tenant, kind: &Kind, whole: &mut Properties) {
    let name_of = |id: Option<&str>| {
        let slot = tenant.storage.find_directory_object(id?)?;
        let properties = tenant.properties(slot);
        let kind_type = capital(crate::tenant::local_type(tenant.kind(slot)));
        Some((properties.get("displayName").cloned()?, kind_type))
    };
    match kind.name {
        "service_principal" => {
            let app_id = text_property(whole, "appId").unwrap_or_default().to_owned();
            let app = tenant
                .storage
                .find_alternate(named("application"), "appId", &app_id);
            if let Some(app) = app.map(|slot| tenant.properties(slot))
                && whole.get("displayName").is_none_or(Value::is_null)
            {
                let name = app.get("displayName").cloned().unwrap_or_default();
                whole.insert("displayName".to_owned(), name);
            }
            whole.insert("servicePrincipalNames".to_owned(), json!([app_id]));
        }
        name if name.ends_with("app_role_assignment") => {
            if let Some((name, kind_type)) = name_of(text_property(whole, "principalId")) {
                whole.insert("principalDisplayName".to_owned(), name);
                whole.insert("principalType".to_owned(), kind_type.into());
            }
            if let Some((name, _)) = name_of(text_property(whole, "resourceId")) {
                whole.insert("resourceDisplayName".to_owned(), name);
            }
        }
        "domain" => {
            whole.insert("isVerified".to_owned(), false.into());
        }
        _ => {}
    }
}

/// Adds what the service itself sets on a changed object.
pub(super) fn stamp(tenant: &Tenant, kind: &Kind, properties: &mut Properties) {
    properties.shift_remove("@odata.context");
    conceal(properties);
    let changes_something = properties.keys().any(|name| !name.starts_with('@'));
    for column in kind.columns {
        let is_stamp = matches!(column.property, "modifiedDateTime" | "lastModifiedDateTime");
        if is_stamp && changes_something {
            let now = tenant.now().to_string();
            properties.insert(column.property.to_owned(), now.into());
        }
    }
}

/// Passwords are taken and never shown again.
fn conceal(properties: &mut Properties) {
    if let Some(Value::Object(profile)) = properties.get_mut("passwordProfile") {
        profile.insert("password".to_owned(), Value::Null);
    }
}

/// The id of a completed object; empty for a singleton.
pub(super) fn own_id(kind: &Kind, properties: &Properties) -> String {
    let key = kind.key.unwrap_or("id");
    text_property(properties, key)
        .unwrap_or_default()
        .to_owned()
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

/// Every id a body names must be somebody's; words such as `All` stand beside ids in some lists.
fn check_references(
    tenant: &Tenant,
    kind: &'static Kind,
    properties: &Properties,
) -> Result<(), Failure> {
    for reference in kind.references {
        let (first, rest) = reference
            .path
            .split_once('.')
            .unwrap_or((reference.path, ""));
        let Some(value) = properties.get(first) else {
            continue;
        };
        for id in ids_at(value, rest) {
            if is_guid(id) && !refers(tenant, reference, id) {
                return Err(if rest.is_empty() {
                    Failure::not_found(id)
                } else {
                    Failure::bad_option(format!("Invalid value in '{}': {id}.", reference.path))
                });
            }
        }
    }
    Ok(())
}

fn refers(tenant: &Tenant, reference: &catalog::Reference, id: &str) -> bool {
    let Some(kind) = catalog::by_name(reference.target) else {
        // A pseudo kind that may stand for any object of the directory, or for what is no object.
        let is_any = reference.target == "directory_object";
        return !is_any || tenant.storage.find_directory_object(id).is_some();
    };
    if reference.target_key == "id" {
        let key = key_of(&[], id);
        let found = tenant.storage.find(kind, &key).is_some();
        // A user's place may be taken by a group, a role by its template.
        return found || tenant.storage.find_directory_object(id).is_some();
    }
    let known = crate::tenant::alternate_keys(kind).contains(&reference.target_key);
    // Microsoft's own applications have service principals only.
    !known
        || tenant
            .storage
            .find_alternate(kind, reference.target_key, id)
            .is_some()
}

/// Texts at a path of names; lists on the way count for each element.
fn ids_at<'v>(value: &'v Value, path: &str) -> Vec<&'v str> {
    match value {
        Value::Array(list) => list.iter().flat_map(|value| ids_at(value, path)).collect(),
        Value::String(text) if path.is_empty() => vec![text],
        Value::Object(members) if !path.is_empty() => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            members
                .get(first)
                .map_or_else(Vec::new, |value| ids_at(value, rest))
        }
        _ => Vec::new(),
    }
}

fn check_special(
    tenant: &Tenant,
    kind: &'static Kind,
    parents: &[String],
    properties: &Properties,
) -> Result<(), Failure> {
    match kind.name {
        "user" => check_user_name(tenant, properties),
        "named_location" if !properties.contains_key("@odata.type") => Err(Failure::bad_option(
            "A type name was not specified for the named location.",
        )),
        "service_principal" => {
            let app_id = text_property(properties, "appId").unwrap_or_default();
            let app = tenant
                .storage
                .find_alternate(named("application"), "appId", app_id);
            if app.is_some() {
                return Ok(());
            }
            let message = format!(
                "The appId '{app_id}' of the service principal does not reference a valid \
                 application object."
            );
            Err(Failure::bad_request(message))
        }
        "role_assignment" => {
            let same = ["principalId", "roleDefinitionId", "directoryScopeId"];
            refuse_twin(tenant, kind, "", properties, &same)
        }
        "oauth2_permission_grant" => {
            let same = ["clientId", "consentType", "principalId", "resourceId"];
            refuse_twin(tenant, kind, "", properties, &same)
        }
        name if name.ends_with("app_role_assignment") => {
            let prefix = crate::tenant::prefix_of(parents);
            refuse_twin(
                tenant,
                kind,
                &prefix,
                properties,
                &["appRoleId", "principalId", "resourceId"],
            )
        }
        _ => Ok(()),
    }
}

/// The part behind the `@` must be one of the tenant's verified domains.
fn check_user_name(tenant: &Tenant, properties: &Properties) -> Result<(), Failure> {
    let name = text_property(properties, "userPrincipalName").unwrap_or_default();
    let domain = name.rsplit_once('@').map_or("", |(_, domain)| domain);
    let domains = named("domain");
    let is_verified = |slot| {
        let own = tenant.properties(slot);
        let (_, id) = split_key(tenant.key(slot));
        own.get("isVerified") != Some(&Value::Bool(false)) && id.eq_ignore_ascii_case(domain)
    };
    let mut known = tenant.storage.live(domains, "", None).peekable();
    if domain.is_empty() || (known.peek().is_some() && !known.any(is_verified)) {
        return Err(Failure::bad_request(
            "Property userPrincipalName is invalid.",
        ));
    }
    Ok(())
}

fn refuse_twin(
    tenant: &Tenant,
    kind: &'static Kind,
    prefix: &str,
    properties: &Properties,
    same: &[&str],
) -> Result<(), Failure> {
    let is_twin = |slot: Slot| {
        let own = tenant.properties(slot);
        let value = |of: &Properties, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
        same.iter()
            .all(|name| value(&own, name) == value(properties, name))
    };
    if tenant.storage.live(kind, prefix, None).any(is_twin) {
        let message = "A conflicting object with one or more of the specified property values is \
                       present in the directory.";
        return Err(Failure::bad_request(message));
    }
    Ok(())
}
