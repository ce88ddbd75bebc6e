//! From a path in an `EntraExporter` export to the kind of what the file holds.
//!
//! The exporter writes `Folder/<id>/<id>.json`, children in
//! `Folder/<parentId>/Child/<id>/<id>.json`, a few singletons as one file, objects without an id as
//! `Folder/Folder/Folder.json`, and what its PIM commands read as `Folder/<id>.json`. Other tools
//! write the same tree with a whole list in one file (`Groups/<id>/Members.json`).
//!
//! Version 3.0.1 cuts long names into several folders, but only names that are paths of Azure
//! resources (`IAM`, `AccessPolicies`, `PIM/Resources`), which are not collected. A path that no
//! layout accounts for is therefore unknown: a guess would file an unknown child as its parent.

use std::sync::LazyLock;

use crate::kind::Kind;
use crate::lookup::{by_name, kinds};

/// Layouts the reference does not list: what the exporter also writes, and what trees made in its
/// image hold.
const ALSO: [(&str, &str); 4] = [
    ("Organization", "organization"),
    ("Oauth2PermissionGrants", "oauth2_permission_grant"),
    (
        "ServicePrincipals/<id>/Oauth2PermissionGrants",
        "oauth2_permission_grant",
    ),
    ("AppRoleAssignments", "app_role_assignment"),
];

/// Which components of a path hold ids, as indices into the components given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportMatch {
    /// The parents' ids, the nearest first.
    pub parents: [Option<usize>; 2],
    /// The object's own name: its id, or the folder's name again where it has none. `None` where
    /// the path is that of the collection, or of a file with all of it.
    pub object: Option<usize>,
}

/// The kind at a path inside an export: its components from the export's root, a file's name
/// included or not, in any casing.
#[must_use]
pub fn by_export_path(components: &[&str]) -> Option<(&'static Kind, ExportMatch)> {
    let (last, folders) = components.split_last()?;
    let Some(stem) = file_stem(last) else {
        return find(components, None);
    };
    // `<id>/<id>.json`: the file is the object whose folder it is in.
    if folders
        .last()
        .is_some_and(|folder| folder.eq_ignore_ascii_case(stem))
        && let Some(found) = find(folders, None).filter(|(_, found)| found.object.is_some())
    {
        return Some(found);
    }
    find(folders, Some(stem))
}

/// Name of a JSON file without its extension.
fn file_stem(component: &str) -> Option<&str> {
    let (stem, extension) = component.rsplit_once('.')?;
    extension.eq_ignore_ascii_case("json").then_some(stem)
}

/// One step of a layout.
enum Part {
    Folder(&'static str),
    Id,
}

struct Layout {
    parts: Vec<Part>,
    kind: &'static Kind,
}

impl Layout {
    fn read(path: &'static str, kind: &'static Kind) -> Self {
        let parts = path.split('/').filter_map(|part| match part {
            "" => None,
            "<id>" => Some(Part::Id),
            // `<Method>.json`: every file of the folder is an object.
            _ if part.starts_with('<') => None,
            _ => Some(Part::Folder(file_stem(part).unwrap_or(part))),
        });
        Self {
            parts: parts.collect(),
            kind,
        }
    }

    fn folder_count(&self) -> usize {
        let folders = self.parts.iter();
        folders
            .filter(|part| matches!(part, Part::Folder(_)))
            .count()
    }

    /// Whether a path begins as the layout does.
    fn begins<'c>(&self, components: impl IntoIterator<Item = &'c str>) -> bool {
        let mut components = components.into_iter();
        self.parts
            .iter()
            .all(|part| match (part, components.next()) {
                (Part::Folder(name), Some(component)) => name.eq_ignore_ascii_case(component),
                (Part::Id, Some(_)) => true,
                (_, None) => false,
            })
    }

    fn found(&self, object: Option<usize>) -> (&'static Kind, ExportMatch) {
        let parts = self.parts.iter().enumerate().rev();
        let mut ids = parts.filter_map(|(at, part)| matches!(part, Part::Id).then_some(at));
        let parents = [ids.next(), ids.next()];
        (self.kind, ExportMatch { parents, object })
    }
}

fn layouts() -> &'static [Layout] {
    static LAYOUTS: LazyLock<Vec<Layout>> = LazyLock::new(|| {
        let own = kinds()
            .iter()
            .filter_map(|kind| Some((kind.export_path?, *kind)));
        let also = ALSO
            .iter()
            .filter_map(|(path, name)| Some((*path, by_name(name)?)));
        let read = own.chain(also).map(|(path, kind)| Layout::read(path, kind));
        read.collect()
    });
    &LAYOUTS
}

/// The layout that accounts for every component, the last perhaps as the object's name. Of several
/// that with most folders named, then that which finds an object: a folder in `AccessReviews` is a
/// series before it is a place for instances.
fn find(folders: &[&str], stem: Option<&str>) -> Option<(&'static Kind, ExportMatch)> {
    let count = folders.len() + usize::from(stem.is_some());
    let mut best: Option<((usize, bool), &Layout)> = None;
    for layout in layouts() {
        let names_object = count == layout.parts.len() + 1;
        if !names_object && count != layout.parts.len() {
            continue;
        }
        let rank = (layout.folder_count(), names_object);
        let components = folders.iter().copied().chain(stem);
        if best.is_none_or(|(held, _)| rank > held) && layout.begins(components) {
            best = Some((rank, layout));
        }
    }
    best.map(|((_, names_object), layout)| {
        let object = names_object.then_some(layout.parts.len());
        layout.found(object)
    })
}
