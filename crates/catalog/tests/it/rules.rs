//! What holds of the catalogue by itself.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{Kind, PARENT, Shape, by_name, kinds, snake_case};

/// Tables and columns the engine makes itself.
const RESERVED_TABLES: [&str; 28] = [
    "app_credentials",
    "changes",
    "collection_errors",
    "columns",
    "coverage",
    "diff",
    "directory_audit_modified_properties",
    "directory_audit_targets",
    "events",
    "history",
    "holds",
    "link_changes",
    "links",
    "objects",
    "plan_steps",
    "plans",
    "policies",
    "property_changes",
    "recycle_bin",
    "snapshot_kinds",
    "snapshots",
    "stats",
    "tags",
    "timeline",
    "volatile",
    "blame",
    "effective_members",
    "effective_roles",
];

/// Targets that are no kind of their own.
const PSEUDO_TARGETS: [&str; 4] = [
    "access_package_catalog_scope",
    "application_template",
    "directory_object",
    "directory_object_scope",
];

fn is_snake_case(name: &str) -> bool {
    let words = name.split('_');
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && words.into_iter().all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

#[test]
fn names_tables_and_aliases_are_unique() {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for kind in kinds() {
        let words: BTreeSet<String> = [kind.name, kind.table]
            .into_iter()
            .chain(kind.aliases.iter().copied())
            .map(|word| word.replace('_', ""))
            .collect();
        let given = if kind.name == kind.table { 1 } else { 2 } + kind.aliases.len();
        assert_eq!(words.len(), given, "{}: says a word twice", kind.name);
        for word in words {
            let other = owners.insert(word.clone(), kind.name);
            assert_eq!(other, None, "{word} is claimed by {} too", kind.name);
        }
    }
}

#[test]
fn names_are_well_formed() {
    for kind in kinds() {
        let names = kind.aliases.iter().copied().chain([kind.name, kind.table]);
        for name in names {
            assert!(is_snake_case(name), "{name}");
        }
        assert!(
            !kind.title.is_empty() && kind.title.is_ascii(),
            "{}",
            kind.name
        );
        assert!(
            kind.path.starts_with('/') && !kind.path.ends_with('/'),
            "{}",
            kind.name
        );
        assert!(
            kind.entity_type.starts_with("microsoft.graph."),
            "{}",
            kind.name
        );
    }
}

#[test]
fn no_table_is_reserved() {
    for kind in kinds() {
        assert!(!RESERVED_TABLES.contains(&kind.table), "{}", kind.table);
        assert!(!kind.table.ends_with("_history"), "{}", kind.table);
    }
}

#[test]
fn parents_exist_and_do_not_go_round() {
    for kind in kinds() {
        let mut next = kind.parent;
        for _ in 0..4 {
            let Some(name) = next else { break };
            let parent = by_name(name).unwrap_or_else(|| panic!("{}: no {name}", kind.name));
            next = parent.parent;
        }
        assert_eq!(next, None, "{}: too many parents", kind.name);
    }
}

#[test]
fn relationships_are_only_edges() {
    for kind in kinds() {
        let Shape::Relationship(relationship) = kind.shape else {
            continue;
        };
        let name = kind.name;
        let parent = kind.parent.unwrap_or_else(|| panic!("{name}: no source"));
        // The source's kind, perhaps without the words it shares with its family.
        let source = relationship.source_column.strip_suffix("_id");
        assert!(
            source.is_some_and(|source| parent.ends_with(source)),
            "{name}"
        );
        assert!(relationship.target_column.ends_with("_id"), "{name}");
        assert_ne!(
            relationship.source_column, relationship.target_column,
            "{name}"
        );
        assert!(
            kind.path.ends_with(&format!("/{}", relationship.relation)),
            "{name}"
        );
        assert!(
            relationship.target == "directory_object" || by_name(relationship.target).is_some(),
            "{name}"
        );
        let lists = [
            kind.display,
            kind.volatile,
            kind.drift,
            kind.read_only,
            kind.immutable,
            kind.sets,
            kind.secrets,
            kind.derived_types,
        ];
        assert!(lists.into_iter().all(<[_]>::is_empty), "{name}");
        assert!(
            kind.references.is_empty() && kind.columns.is_empty(),
            "{name}"
        );
        assert_eq!(kind.subject, None, "{name}");
    }
}

#[test]
fn references_have_targets() {
    for kind in kinds() {
        for reference in kind.references {
            let target = reference.target;
            if PSEUDO_TARGETS.contains(&target) {
                assert_eq!(reference.target_key, "id", "{}", kind.name);
                continue;
            }
            let found = by_name(target).unwrap_or_else(|| panic!("{}: no {target}", kind.name));
            let key = reference.target_key;
            let mut columns = found.columns.iter();
            let known = key == "id" || columns.any(|column| column.property == key);
            assert!(known, "{}: {target} has no {key}", kind.name);
        }
    }
}

#[test]
fn columns_do_not_collide() {
    for kind in kinds() {
        let mut names = BTreeSet::from(["id".to_owned(), "properties".to_owned()]);
        assert!(kind.columns.len() <= 80, "{}", kind.name);
        for column in kind.columns {
            let name = column.name();
            assert_eq!(name, snake_case(column.property));
            assert!(is_snake_case(&name), "{}: {name}", kind.name);
            assert!(names.insert(name.clone()), "{}: {name} twice", kind.name);
        }
    }
}

#[test]
fn no_path_is_listed_twice() {
    for kind in kinds() {
        let lists = [
            kind.volatile,
            kind.drift,
            kind.read_only,
            kind.immutable,
            kind.sets,
            kind.secrets,
            kind.derived_types,
            kind.display,
        ];
        for list in lists {
            let distinct: BTreeSet<_> = list.iter().collect();
            assert_eq!(distinct.len(), list.len(), "{}: {list:?}", kind.name);
        }
    }
}

#[test]
fn a_property_is_volatile_or_drift_never_both() {
    for kind in kinds() {
        let mut both = kind
            .volatile
            .iter()
            .filter(|path| kind.drift.contains(path));
        assert_eq!(both.next(), None, "{}", kind.name);
    }
}

#[test]
fn objects_have_a_key_and_a_name() {
    for kind in kinds() {
        match kind.shape {
            Shape::Singleton => {}
            Shape::Relationship(_) => assert_eq!(kind.key, Some("id"), "{}", kind.name),
            Shape::Object | Shape::Event { .. } => {
                assert!(kind.key.is_some(), "{}", kind.name);
                assert!(!kind.display.is_empty(), "{}", kind.name);
            }
        }
    }
}

#[test]
fn people_are_subjects() {
    let subject = |name: &str| by_name(name).and_then(|kind| kind.subject);
    assert_eq!(subject("user"), Some("id"));
    assert_eq!(subject("deleted_user"), Some("id"));
    assert_eq!(subject("sign_in"), Some("userId"));
    assert_eq!(subject("user_authentication_method"), Some(PARENT));
    assert_eq!(subject("directory_audit"), None);
    for kind in kinds().iter().filter(|kind| kind.subject == Some(PARENT)) {
        assert_eq!(kind.parent, Some("user"), "{}", kind.name);
    }
}

#[test]
fn twins_share_their_types() {
    for kind in kinds() {
        let Some(living) = kind.name.strip_prefix("deleted_").and_then(by_name) else {
            continue;
        };
        assert_eq!(kind.entity_type, living.entity_type);
        assert_eq!(kind.columns, living.columns);
        assert_eq!(kind.secrets, living.secrets);
        assert_eq!(kind.sets, living.sets);
        assert!(kind.aliases.is_empty() && kind.export_path.is_none());
    }
}

#[test]
fn counts_are_known() {
    let count = |wanted: fn(&Kind) -> bool| kinds().iter().filter(|kind| wanted(kind)).count();
    assert_eq!(kinds().len(), 245);
    assert_eq!(count(Kind::is_relationship), 24);
    assert_eq!(count(Kind::is_event), 8);
    assert_eq!(count(|kind| kind.shape == Shape::Singleton), 34);
}
