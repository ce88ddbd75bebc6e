//! Ids a body names must be somebody's.

use catalog::Kind;
use model::is_guid;
use serde_json::Value;

use crate::deed::Properties;
use crate::http::answer::Failure;
use crate::tenant::{Tenant, key_of};

/// Every id a body names must be somebody's; words such as `All` stand beside ids in some lists.
pub(super) fn check_references(
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
    let published = &tenant.options().published;
    // Applications of others, Microsoft's among them, have service principals only.
    !known
        || published.contains_key(&id.to_ascii_lowercase())
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
