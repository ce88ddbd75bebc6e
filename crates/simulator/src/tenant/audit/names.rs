//! Changed properties as the log names and writes them.

use catalog::Kind;
use serde_json::{Value, json};

use crate::deed::Properties;

/// Graph's names whose directory-internal name is not just the same with a capital letter.
const INTERNAL: [(&str, &str); 18] = [
    ("assignedLicenses", "AssignedLicense"),
    ("assignedPlans", "AssignedPlan"),
    ("businessPhones", "TelephoneNumber"),
    ("faxNumber", "FacsimileTelephoneNumber"),
    ("identifierUris", "AppIdentifierUri"),
    ("keyCredentials", "KeyDescription"),
    ("mobilePhone", "Mobile"),
    ("officeLocation", "PhysicalDeliveryOfficeName"),
    ("otherMails", "OtherMail"),
    ("passwordCredentials", "KeyDescription"),
    ("replyUrls", "AppAddress"),
    ("servicePrincipalNames", "ServicePrincipalName"),
    ("signInAudience", "AvailableToOtherTenants"),
    ("state", "State"),
    ("streetAddress", "StreetAddress"),
    ("web", "AppAddress"),
    ("roleDefinitionId", "Role.ObjectID"),
    ("scope", "DelegatedPermissionGrant.Scope"),
];

/// Properties whose values never stand in the log.
const SECRET: [&str; 2] = ["passwordProfile", "secretText"];

/// One entry a changed property, and the list of their names that closes every such row.
pub(super) fn modified(kind: &Kind, before: &Properties, after: &Properties) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (property, new) in after {
        let old = before.get(property).unwrap_or(&Value::Null);
        let told = property.starts_with('@') || property == "id" || SECRET.contains(&&**property);
        if told || old == new {
            continue;
        }
        let name = internal_name(property);
        let (old, new) = if is_directory_object(kind) {
            (Some(as_list(old)), Some(as_list(new)))
        } else {
            (as_text(old), as_text(new))
        };
        entries.push(json!({"displayName": name, "oldValue": old, "newValue": new}));
        names.push(name);
    }
    if !entries.is_empty() {
        let list = json!(names.join(", ")).to_string();
        entries.push(json!({
            "displayName": "Included Updated Properties", "oldValue": null, "newValue": list,
        }));
    }
    entries
}

fn internal_name(property: &str) -> String {
    if let Some((_, internal)) = INTERNAL.iter().find(|(graph, _)| *graph == property) {
        return (*internal).to_owned();
    }
    let mut letters = property.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Kinds whose attributes the directory keeps as lists of values, even single ones.
fn is_directory_object(kind: &Kind) -> bool {
    let kinds = [
        "user",
        "group",
        "application",
        "service_principal",
        "device",
    ];
    kinds.contains(&kind.name)
}

fn as_list(value: &Value) -> String {
    match value {
        Value::Null => "[]".to_owned(),
        Value::Array(_) => value.to_string(),
        single => json!([single]).to_string(),
    }
}

fn as_text(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| value.to_string())
}
