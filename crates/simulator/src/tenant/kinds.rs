//! Kinds by number, and what the tenant has to know of them besides the catalogue.

use std::collections::HashMap;
use std::sync::LazyLock;

use catalog::Kind;

/// Place of a kind in [`catalog::kinds`].
pub(crate) type KindIndex = u16;

/// The number of a kind.
pub(crate) fn index_of(kind: &Kind) -> KindIndex {
    static INDEX: LazyLock<HashMap<&'static str, KindIndex>> = LazyLock::new(|| {
        let names = catalog::kinds().iter().map(|kind| kind.name);
        names.zip(0..).collect()
    });
    INDEX[kind.name]
}

/// The kind of a number that [`index_of`] gave.
pub(crate) fn kind_at(index: KindIndex) -> &'static Kind {
    catalog::kinds()[usize::from(index)]
}

/// How many kinds there are.
pub(crate) fn count() -> usize {
    catalog::kinds().len()
}

/// A kind this crate names itself.
pub(crate) fn named(name: &str) -> &'static Kind {
    catalog::by_name(name).expect("because the simulator's tests look every such name up")
}

/// Kinds whose objects can be the target of an edge to any `directoryObject`, likeliest first.
pub(crate) const DIRECTORY_OBJECTS: [&str; 11] = [
    "user",
    "service_principal",
    "group",
    "device",
    "application",
    "org_contact",
    "directory_role",
    "administrative_unit",
    "directory_role_template",
    "organization",
    "app_management_policy",
];

/// Kinds that go to a recycle bin, as Microsoft lists them: everything else is deleted at once.
const SOFT_DELETED: [&str; 7] = [
    "user",
    "group",
    "application",
    "service_principal",
    "administrative_unit",
    "conditional_access_policy",
    "named_location",
];

/// Whether deleting an object of this kind leaves it restorable for 30 days.
pub(crate) fn is_soft_deleted(kind: &Kind) -> bool {
    SOFT_DELETED.contains(&kind.name)
}

/// The kind of the living objects, for a kind that lists a recycle bin.
pub(crate) fn living_kind(kind: &Kind) -> Option<&'static Kind> {
    let living = kind.name.strip_prefix("deleted_")?;
    catalog::by_name(living)
}

/// Properties besides the key that identify an object of the kind among all, and that no two living
/// objects may share.
pub(crate) fn alternate_keys(kind: &Kind) -> &'static [&'static str] {
    match kind.name {
        "user" => &["userPrincipalName"],
        "application" => &["appId", "uniqueName"],
        "service_principal" => &["appId"],
        "group" => &["uniqueName"],
        "device" => &["deviceId"],
        _ => &[],
    }
}

/// How many ids stand in the kind's path before its own.
pub(crate) fn parent_count(kind: &Kind) -> usize {
    kind.path.matches('{').count()
}

/// `user` for `microsoft.graph.user`.
pub(crate) fn local_type(kind: &Kind) -> &'static str {
    let local = kind.entity_type.strip_prefix("microsoft.graph.");
    local.unwrap_or(kind.entity_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_the_catalogue() {
        let own = DIRECTORY_OBJECTS.iter().chain(&SOFT_DELETED);
        for name in own.chain(&crate::DELEGATED_ONLY) {
            assert!(catalog::by_name(name).is_some(), "{name}");
        }
        for kind in catalog::kinds() {
            assert_eq!(kind_at(index_of(kind)).name, kind.name);
            if kind.name.starts_with("deleted_") {
                assert!(living_kind(kind).is_some(), "{}", kind.name);
            }
        }
    }
}
