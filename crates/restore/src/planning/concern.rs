//! Which kinds must be read for a plan.

use std::collections::BTreeSet;

use catalog::{Kind, Shape};
use store::Archive;

use super::request::{By, Selection};
use super::rows::is_attachment;
use crate::error::Result;

/// The kinds a plan about objects of `kinds` depends on, in catalogue order: the kinds themselves, their recycle
/// bins, and, `with_links`, whatever can hang on them.
#[must_use]
pub fn concerned(kinds: &[&'static Kind], with_links: bool) -> Vec<&'static Kind> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for kind in kinds {
        names.insert(kind.name);
        if let Shape::Relationship(_) = kind.shape {
            names.extend(kind.parent);
        }
        if kind.name == "application" {
            names.insert("service_principal");
        }
    }
    if with_links {
        let means = |target: &str| {
            target == "directory_object" || kinds.iter().any(|kind| kind.name == target)
        };
        let hangs = |kind: &&&Kind| {
            let below = kind.parent.is_some_and(means);
            let leads = match kind.shape {
                Shape::Relationship(relationship) => means(relationship.target),
                _ => kind
                    .references
                    .iter()
                    .any(|reference| means(reference.target)),
            };
            kind.writing.is_some() && is_attachment(kind) && (below || leads)
        };
        let found = catalog::kinds().iter().filter(hangs);
        names.extend(found.map(|kind| kind.name));
    }
    let twins: Vec<&str> = names
        .iter()
        .filter_map(|name| catalog::by_name(name)?.deleted_twin())
        .map(|twin| twin.name)
        .collect();
    names.extend(twins);
    let all = catalog::kinds().iter().copied();
    all.filter(|kind| names.contains(kind.name)).collect()
}

/// The kinds that must be read from the tenant before a plan about a choice of an archive's objects is made against
/// the living tenant; `None`: all that is read of it.
///
/// What hangs on an object is read too where the plan may have to bring it back with it: `with_links`, where only a
/// part of it was chosen, and where it is not in the last snapshot. Kinds the archive never had hold nothing that
/// could come back.
///
/// # Errors
/// What the archive reports.
pub fn to_read(
    archive: &Archive,
    selection: &Selection,
    with_links: bool,
) -> Result<Option<Vec<&'static Kind>>> {
    if selection.everything {
        return Ok(None);
    }
    let mut kinds = selection.kinds.clone();
    kinds.extend(selection.objects.iter().filter_map(|object| object.kind));
    let links = with_links || !selection.only.is_empty() || !is_there(archive, selection)?;
    let is_meant = |kind: &Kind| kinds.iter().any(|it| std::ptr::eq(*it, kind));
    let mut read = concerned(&kinds, links);
    read.retain(|kind| {
        archive.kind(kind.name).is_some() || is_meant(kind) || kind.name.starts_with("deleted_")
    });
    Ok(Some(read))
}

/// Whether the choice is of single objects, and all of them are in the last snapshot.
fn is_there(archive: &Archive, selection: &Selection) -> Result<bool> {
    let Some(last) = archive.snapshots().last() else {
        return Ok(false);
    };
    for object in &selection.objects {
        let (Some(kind), By::Id(key)) = (object.kind, &object.by) else {
            return Ok(false);
        };
        let Some(stored) = archive.kind(kind.name) else {
            return Ok(false);
        };
        let alive = archive.alive(stored.number, last)?;
        let versions = archive.object_versions(stored.number, key)?;
        if !versions.into_iter().any(|ordinal| alive.contains(ordinal)) {
            return Ok(false);
        }
    }
    Ok(selection.kinds.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(kind: &str, with_links: bool) -> Vec<&'static str> {
        let kind = catalog::by_name(kind).expect("because it is listed");
        concerned(&[kind], with_links)
            .into_iter()
            .map(|kind| kind.name)
            .collect()
    }

    #[test]
    fn a_policy_concerns_its_bin_and_a_group_its_members() {
        assert_eq!(
            names("conditional_access_policy", false),
            [
                "conditional_access_policy",
                "deleted_conditional_access_policy"
            ]
        );
        let group = names("group", true);
        for name in [
            "group",
            "deleted_group",
            "group_member",
            "group_owner",
            "role_assignment",
        ] {
            assert!(group.contains(&name), "{name}");
        }
        assert!(!group.contains(&"user"));
        assert_eq!(names("group", false), ["group", "deleted_group"]);
    }
}
