//! Rules of single kinds.

use catalog::Kind;
use serde_json::Value;

use crate::deed::Properties;
use crate::http::answer::Failure;
use crate::tenant::{Slot, Tenant, named, split_key, text_property};

pub(super) fn check_special(
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
            let published = &tenant.options().published;
            if app.is_some() || published.contains_key(&app_id.to_ascii_lowercase()) {
                return Ok(());
            }
            let message = format!(
                "The appId '{app_id}' of the service principal does not reference a valid \
                 application object."
            );
            Err(Failure::bad_request(message))
        }
        "directory_role" => check_template(tenant, properties),
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

/// A role is activated once, after its template.
fn check_template(tenant: &Tenant, properties: &Properties) -> Result<(), Failure> {
    let id = text_property(properties, "roleTemplateId").unwrap_or_default();
    if tenant
        .object(named("directory_role_template"), &[], id)
        .is_none()
    {
        return Err(Failure::not_found(id));
    }
    let activated = tenant.having("directory_role", &[("roleTemplateId", Some(id))]);
    if activated.is_empty() {
        return Ok(());
    }
    let message = "A conflicting object with one or more of the specified property values is \
                   present in the directory.";
    Err(Failure::bad_request(message))
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
