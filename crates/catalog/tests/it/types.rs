//! Every property the catalogue names exists in Microsoft's metadata, with the type it is shown as.

use std::collections::BTreeSet;

use catalog::{Api, ColumnType, Kind, kinds};

use crate::csdl::{self, Csdl};

/// Most columns a table gets from its type.
const MAX_COLUMNS: usize = 80;

/// Types derived from a collection's type which are not elements of the collection: results of an
/// action, and entries of a history.
const NOT_ELEMENTS: [&str; 3] = [
    "microsoft.graph.riskyServicePrincipalHistoryItem",
    "microsoft.graph.riskyUserHistoryItem",
    "microsoft.graph.whatIfAnalysisResult",
];

/// Kinds whose types are in neither extract of Microsoft's metadata.
const NOT_DESCRIBED: [&str; 1] = ["resource_action"];

/// Kinds whose types the metadata describes.
fn described_kinds() -> impl Iterator<Item = &'static Kind> {
    let kinds = kinds().iter().copied();
    kinds.filter(|kind| !NOT_DESCRIBED.contains(&kind.name))
}

/// The document that describes a kind's type, its own endpoint's first.
fn described<'c>(documents: &'c [Csdl; 2], kind: &Kind) -> &'c Csdl {
    let [v1, beta] = documents;
    let order = match kind.api {
        Api::V1 => [v1, beta],
        Api::Beta => [beta, v1],
    };
    let found = order
        .into_iter()
        .find(|csdl| csdl.contains(kind.entity_type));
    found.unwrap_or_else(|| panic!("{}: no type {}", kind.name, kind.entity_type))
}

/// The properties a kind's table should show: declared, inherited, then those of derived types.
fn wanted_columns(csdl: &Csdl, kind: &Kind) -> Vec<(String, ColumnType)> {
    let mut names = BTreeSet::new();
    let mut columns = Vec::new();
    let mut add = |of: &str| {
        for property in csdl.properties(of) {
            let ours = matches!(property.name.as_str(), "id" | "properties");
            if !ours && names.insert(property.name.clone()) {
                columns.push((property.name.clone(), csdl.column_type(property)));
            }
        }
        columns.len()
    };
    let own = add(kind.entity_type);
    for derived in csdl.derived(kind.entity_type) {
        if !NOT_ELEMENTS.contains(&derived) {
            add(derived);
        }
    }
    if columns.len() > MAX_COLUMNS {
        columns.truncate(own);
    }
    columns
}

#[test]
fn columns_are_the_declared_properties() {
    let Some(documents) = csdl::both() else {
        return;
    };
    for kind in described_kinds().filter(|kind| !kind.is_relationship()) {
        let csdl = described(&documents, kind);
        let wanted = wanted_columns(csdl, kind);
        let shown = kind.columns.iter();
        let shown: Vec<_> = shown
            .map(|column| (column.property.to_owned(), column.kind))
            .collect();
        let own = csdl.properties(kind.entity_type).len();
        let order = |columns: &[(String, ColumnType)]| -> Vec<_> {
            let first = columns.iter().take(own.saturating_sub(2));
            first.map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(order(&shown), order(&wanted), "{}: order", kind.name);
        let [shown, wanted]: [BTreeSet<_>; 2] = [shown, wanted]
            .map(|columns| {
                columns
                    .into_iter()
                    .map(|(name, shown)| (name, format!("{shown:?}")))
            })
            .map(Iterator::collect);
        assert_eq!(shown, wanted, "{}", kind.name);
    }
}

#[test]
fn derived_types_are_all_named() {
    let Some(documents) = csdl::both() else {
        return;
    };
    for kind in described_kinds().filter(|kind| !kind.is_relationship()) {
        let derived = described(&documents, kind).derived(kind.entity_type);
        let known = derived
            .into_iter()
            .filter(|name| !NOT_ELEMENTS.contains(name));
        let known: BTreeSet<_> = known.collect();
        let mut named: BTreeSet<_> = kind.derived_types.iter().copied().collect();
        // Seen in exports, declared only in the beta metadata.
        named.remove("microsoft.graph.compliantNetworkNamedLocation");
        assert_eq!(named, known, "{}", kind.name);
    }
}

/// Paths through navigation properties that Graph puts into the object unasked, and the metadata
/// extract leaves out.
const INLINE_NAVIGATION: [&str; 3] = [
    "authenticationMethodConfigurations.includeTargets",
    "conditions.applications.includeApplications.appId",
    "includeTargets",
];

/// Whether a path leads through a navigation property whose target's type the metadata extract
/// leaves out.
fn is_expanded(kind: &Kind, path: &str) -> bool {
    let first = path.split('.').next().unwrap_or_default();
    let expanded = kind.query.and_then(|query| query.split_once("$expand="));
    let mut words = expanded
        .into_iter()
        .flat_map(|(_, list)| list.split([',', '(', ')']));
    words.any(|word| word == first) || INLINE_NAVIGATION.contains(&path)
}

fn assert_found(documents: &[Csdl; 2], kind: &Kind, list: &str, paths: &[&str]) {
    for path in paths {
        let found = csdl::at(documents, kind.entity_type, path).is_some();
        assert!(
            found || is_expanded(kind, path),
            "{}: {list} {path}",
            kind.name
        );
    }
}

#[test]
fn every_path_leads_to_a_property() {
    let Some(documents) = csdl::both() else {
        return;
    };
    for kind in described_kinds() {
        assert_found(&documents, kind, "display", kind.display);
        assert_found(&documents, kind, "volatile", kind.volatile);
        assert_found(&documents, kind, "drift", kind.drift);
        assert_found(&documents, kind, "immutable", kind.immutable);
        assert_found(&documents, kind, "set", kind.sets);
        assert_found(&documents, kind, "secret", kind.secrets);
        let references: Vec<_> = kind
            .references
            .iter()
            .map(|reference| reference.path)
            .collect();
        assert_found(&documents, kind, "reference", &references);
        let key: Vec<_> = kind.key.into_iter().collect();
        assert_found(&documents, kind, "key", &key);
        let subject: Vec<_> = kind
            .subject
            .into_iter()
            .filter(|path| *path != catalog::PARENT)
            .collect();
        assert_found(&documents, kind, "subject", &subject);
    }
}

/// Read-only names that are navigation properties whose targets the metadata extract leaves out.
const READ_ONLY_NAVIGATION: [&str; 3] = [
    "committedContainedApps",
    "contentVersions",
    "windowsProtectionState",
];

#[test]
fn read_only_properties_exist() {
    let Some(documents) = csdl::both() else {
        return;
    };
    for kind in described_kinds() {
        let names = kind.read_only.iter().copied();
        let names: Vec<_> = names
            .filter(|name| !READ_ONLY_NAVIGATION.contains(name))
            .collect();
        assert_found(&documents, kind, "read only", &names);
    }
}

#[test]
fn sets_are_collections() {
    let Some(documents) = csdl::both() else {
        return;
    };
    for kind in described_kinds() {
        for path in kind.sets {
            let found = csdl::at(&documents, kind.entity_type, path);
            let is_collection = found.is_none_or(|property| property.is_collection);
            assert!(is_collection, "{}: {path} is no array", kind.name);
        }
    }
}
