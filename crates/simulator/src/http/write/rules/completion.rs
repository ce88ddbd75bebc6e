//! What the service adds to what a caller sends, and what it does not keep of it.

use catalog::Kind;
use serde_json::{Value, json};

use super::capital;
use crate::deed::Properties;
use crate::tenant::{Tenant, key_of, named, text_property};

/// Adds what the service itself sets on a new object.
pub(in crate::http::write) fn complete(
    tenant: &mut Tenant,
    kind: &'static Kind,
    properties: Properties,
) -> Properties {
    let mut whole = Properties::new();
    let key = kind.key.unwrap_or("id");
    if kind.shape == catalog::Shape::Object {
        let own = properties.get(key).cloned();
        let id = own.unwrap_or_else(|| match kind.name {
            "user_flow_attribute" => attribute_id(tenant, &properties).into(),
            "custom_security_attribute_definition" => {
                let of = |name| text_property(&properties, name).unwrap_or_default();
                format!("{}_{}", of("attributeSet"), of("name")).into()
            }
            _ => tenant.assign_id().into(),
        });
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
            let published = &tenant.options().published;
            for (name, value) in published
                .get(&app_id.to_ascii_lowercase())
                .into_iter()
                .flatten()
            {
                whole.insert(name.clone(), value.clone());
            }
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
        "directory_role" => {
            let template = text_property(whole, "roleTemplateId").unwrap_or_default();
            let kind = named("directory_role_template");
            let template = tenant.storage.find(kind, &key_of(&[], template));
            let template = template.map(|slot| tenant.properties(slot));
            for name in ["displayName", "description"] {
                let value = template.as_ref().and_then(|it| it.get(name)).cloned();
                whole.insert(name.to_owned(), value.unwrap_or_default());
            }
        }
        "domain" => {
            whole.insert("isVerified".to_owned(), false.into());
        }
        "lifecycle_workflow" => {
            whole.insert("version".to_owned(), 1.into());
        }
        _ => {}
    }
}

/// Adds what the service itself sets on a changed object.
pub(in crate::http::write) fn stamp(tenant: &Tenant, kind: &Kind, properties: &mut Properties) {
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

/// The id of settings that come to be when they are changed: branding without a locale is that of locale 0, what is
/// agreed with a partner has the partner's id.
pub(in crate::http::write) fn number_setting(
    kind: &Kind,
    parents: &[String],
    properties: &mut Properties,
) {
    match (kind.name, parents.last()) {
        ("organizational_branding", _) => {
            properties.insert("id".to_owned(), "0".into());
            properties.insert("cdnList".to_owned(), json!([]));
        }
        ("cross_tenant_identity_sync_partner", Some(partner)) => {
            properties.insert("tenantId".to_owned(), partner.as_str().into());
        }
        _ => {}
    }
}

/// The id of an attribute of user flows: the application that keeps such attributes, and its name.
fn attribute_id(tenant: &Tenant, properties: &Properties) -> String {
    let name = text_property(properties, "displayName").unwrap_or_default();
    let mut owner = tenant.options().tenant_id.replace('-', "");
    owner.make_ascii_lowercase();
    format!("extension_{owner}_{}", name.replace(' ', ""))
}

/// Passwords are taken and never shown again.
fn conceal(properties: &mut Properties) {
    if let Some(Value::Object(profile)) = properties.get_mut("passwordProfile") {
        profile.insert("password".to_owned(), Value::Null);
    }
}

/// The id of a completed object; empty for a singleton.
pub(in crate::http::write) fn own_id(kind: &Kind, properties: &Properties) -> String {
    let key = kind.key.unwrap_or("id");
    text_property(properties, key)
        .unwrap_or_default()
        .to_owned()
}
