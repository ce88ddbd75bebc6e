//! From the segments of a path to the kind whose collection they lead to.
//!
//! The template that accounts for most segments wins; the ids where a template has braces are the
//! parents. What is left over says what is wanted of the collection.

use std::collections::HashMap;
use std::sync::LazyLock;

use catalog::{Api, Kind};

use super::address::{Address, Segment};
use super::answer::Failure;
use crate::tenant::{Slot, Tenant, alternate_keys, key_of, named, parent_count};

/// Where an address leads.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) kind: &'static Kind,
    /// Ids of the parents, as they stand in the address.
    parents: Vec<Segment>,
    /// Segments after the template.
    pub(crate) rest: Vec<Segment>,
}

/// Templates with their segments, by the first one in lower case.
type Templates = HashMap<String, Vec<(Vec<&'static str>, &'static Kind)>>;

/// Where single objects of a kind are addressed besides its collection.
const OTHER_ADDRESSES: [(&str, &str); 1] = [(
    "federation_configuration",
    "directory/federationConfigurations",
)];

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| {
    let mut templates = Templates::new();
    for kind in catalog::kinds() {
        let parts: Vec<&'static str> = kind
            .path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| part.trim_end_matches("()"))
            .collect();
        let first = parts[0].to_ascii_lowercase();
        templates.entry(first).or_default().push((parts, kind));
    }
    for (name, path) in OTHER_ADDRESSES {
        let parts: Vec<&'static str> = path.split('/').collect();
        let first = parts[0].to_ascii_lowercase();
        templates
            .entry(first)
            .or_default()
            .push((parts, named(name)));
    }
    templates
});

impl Route {
    /// The route of an address; kinds that only beta has are not found under v1.0.
    pub(crate) fn find(address: &Address) -> Result<Self, Failure> {
        let segments = &address.segments;
        let first = segments.first().map_or("", |first| first.text());
        let candidates = TEMPLATES.get(&first.to_ascii_lowercase());
        let mut best: Option<(usize, bool, &'static Kind)> = None;
        for (parts, kind) in candidates.into_iter().flatten() {
            let served = kind.api == Api::V1 || address.api == Api::Beta;
            if !served || !matches(parts, segments) {
                continue;
            }
            let wanted = prefers(kind, address);
            if best.is_none_or(|(length, preferred, _)| {
                parts.len() > length || (parts.len() == length && wanted && !preferred)
            }) {
                best = Some((parts.len(), wanted, kind));
            }
        }
        let Some((length, _, kind)) = best else {
            return Err(Failure::no_segment(first));
        };
        let (template, rest) = segments.split_at(length);
        let parts = kind.path.split('/').filter(|part| !part.is_empty());
        let parents = parts
            .zip(template)
            .filter(|(part, _)| part.starts_with('{'))
            .map(|(_, segment)| segment.clone());
        Ok(Self {
            kind,
            parents: parents.collect(),
            rest: rest.to_vec(),
        })
    }

    /// The ids of the parents, alternate keys resolved; every parent must live.
    pub(crate) fn parents(&self, tenant: &Tenant) -> Result<Vec<String>, Failure> {
        let mut chain = Vec::new();
        let mut child = self.kind;
        while parent_count(child) > 0 {
            let parent = named(child.parent.expect("because braces stand for a parent"));
            chain.push(parent);
            child = parent;
        }
        chain.reverse();
        let mut ids: Vec<String> = Vec::new();
        for (kind, segment) in chain.into_iter().zip(&self.parents) {
            let slot = find_object(tenant, kind, &ids, segment)?;
            let (_, own) = crate::tenant::split_key(tenant.key(slot));
            ids.push(own.to_owned());
        }
        Ok(ids)
    }
}

/// Whether of two kinds under one path this is the one meant: beta's sign-ins are those of other
/// types than v1.0 lists, and asked for by type.
fn prefers(kind: &Kind, address: &Address) -> bool {
    let by_type = address
        .query
        .get("$filter")
        .is_some_and(|filter| filter.contains("signInEventTypes"));
    match kind.name {
        "sign_in" => !by_type,
        "sign_in_beta" => by_type,
        _ => kind.api == address.api,
    }
}

fn matches(parts: &[&str], segments: &[Segment]) -> bool {
    parts.len() <= segments.len()
        && parts.iter().zip(segments).all(|(part, segment)| {
            if part.starts_with('{') {
                !segment.text().starts_with('$') && !is_cast(segment.text())
            } else {
                segment
                    .name()
                    .is_some_and(|name| name.eq_ignore_ascii_case(part))
            }
        })
}

/// Whether a segment is a cast to a type.
pub(crate) fn is_cast(text: &str) -> bool {
    text.starts_with("microsoft.graph.")
}

/// The living object a segment names, by its key or another that Graph accepts in its place.
pub(crate) fn find_object(
    tenant: &Tenant,
    kind: &'static Kind,
    parents: &[String],
    segment: &Segment,
) -> Result<Slot, Failure> {
    let text = segment.text();
    let found = match segment {
        Segment::Alternate(property, value) => {
            let own_key = kind
                .key
                .is_some_and(|key| key.eq_ignore_ascii_case(property));
            let known = alternate_keys(kind)
                .iter()
                .find(|known| known.eq_ignore_ascii_case(property));
            match known {
                Some(property) => tenant.storage.find_alternate(kind, property, value),
                None if own_key => tenant.storage.find(kind, &key_of(parents, value)),
                None => {
                    let message =
                        format!("The key '{property}' is not supported on '{}'.", kind.path);
                    return Err(Failure::bad_request(message));
                }
            }
        }
        _ => {
            let by_key = tenant.storage.find(kind, &key_of(parents, text));
            by_key.or_else(|| match kind.name {
                "user" => tenant
                    .storage
                    .find_alternate(kind, "userPrincipalName", text),
                _ => None,
            })
        }
    };
    found.ok_or_else(|| Failure::not_found(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(path: &str) -> Option<(&'static str, usize)> {
        let address = Address::parse(path).expect("because the version is known");
        let route = Route::find(&address).ok()?;
        Some((route.kind.name, route.rest.len()))
    }

    #[test]
    fn every_template_leads_to_its_kind() {
        for kind in catalog::kinds() {
            let version = super::super::address::version(kind.api);
            let path = kind.path.replace(['{', '}'], "");
            let mut url = format!("/{version}{path}");
            if kind.name == "sign_in_beta" {
                url.push_str("?$filter=signInEventTypes/any(t:t eq 'x')");
            }
            assert_eq!(kind_of(&url), Some((kind.name, 0)), "{url}");
        }
    }

    #[test]
    fn the_longest_template_wins() {
        assert_eq!(
            kind_of("/v1.0/users/x/manager/$ref"),
            Some(("user_manager", 1))
        );
        assert_eq!(kind_of("/v1.0/users/delta"), Some(("user", 1)));
        assert_eq!(
            kind_of("/v1.0/users('x')/licenseDetails"),
            Some(("user_license_detail", 0))
        );
        assert_eq!(
            kind_of("/v1.0/policies/crossTenantAccessPolicy/default"),
            Some(("cross_tenant_access_default", 0))
        );
        assert_eq!(kind_of("/v1.0/nothing"), None);
        assert_eq!(kind_of("/v1.0/admin/todo"), None, "only beta has it");
    }
}
