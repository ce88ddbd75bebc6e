//! What is known of a document from where it stands.

use catalog::Kind;

use crate::read::Where;

/// A kind documents are taken as.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// One of the catalogue.
    Catalogued(&'static Kind),
    /// One nobody listed.
    Generic {
        /// Name made for it.
        name: String,
        /// Whether its documents are rows of a log.
        events: bool,
    },
}

impl Target {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Catalogued(kind) => kind.name,
            Self::Generic { name, .. } => name,
        }
    }

    pub(crate) fn kind(&self) -> Option<&'static Kind> {
        match self {
            Self::Catalogued(kind) => Some(kind),
            Self::Generic { .. } => None,
        }
    }

    pub(crate) fn is_event(&self) -> bool {
        match self {
            Self::Catalogued(kind) => kind.is_event(),
            Self::Generic { events, .. } => *events,
        }
    }
}

/// A file by its name.
#[derive(Debug, Clone)]
pub(crate) struct FilePlace {
    /// Path from the root of what is imported, with `/`.
    pub(crate) path: String,
    /// File name without extension.
    pub(crate) stem: String,
    /// Folders from the outside, that of the root's own name first.
    pub(crate) folders: Vec<String>,
    /// Kind and ids by the path inside an `EntraExporter` export.
    pub(crate) export: Option<ExportPlace>,
    /// Kind that the file's own name means.
    pub(crate) own: Option<&'static Kind>,
    /// Kind that the name of the folder it is in means.
    pub(crate) folder_kind: Option<&'static Kind>,
    /// Kinds that file name and folder names mean, the nearest first.
    pub(crate) named: Vec<&'static Kind>,
    /// The kind everything is to be taken as.
    pub(crate) forced: Option<Target>,
    /// Whether documents that no kind accounts for are rows of a log.
    pub(crate) only_events: bool,
}

/// What the path inside an `EntraExporter` export says.
#[derive(Debug, Clone)]
pub(crate) struct ExportPlace {
    pub(crate) kind: &'static Kind,
    /// Ids of the parents, outermost first.
    pub(crate) parents: Vec<String>,
    /// Name of the object: its id, or a folder's name again.
    pub(crate) object: Option<String>,
}

impl FilePlace {
    /// A file at `path` within something called `root`.
    pub(crate) fn new(root: &str, path: &str) -> Self {
        let mut components: Vec<&str> = vec![root];
        components.extend(path.split('/'));
        let (file, folders) = components
            .split_last()
            .expect("because the root's name is one of them");
        let stem = file.rsplit_once('.').map_or(*file, |(stem, _)| stem);
        let kind = |word: &str| catalog::resolve(word).or_else(|| catalog::resolve(series(word)));
        let own = kind(stem);
        let folder_kinds = folders
            .iter()
            .rev()
            .take(3)
            .filter_map(|folder| kind(folder));
        Self {
            path: path.to_owned(),
            stem: stem.to_owned(),
            folders: folders.iter().map(|&folder| folder.to_owned()).collect(),
            export: export_place(&components),
            own,
            folder_kind: folders.last().and_then(|folder| kind(folder)),
            named: own.into_iter().chain(folder_kinds).collect(),
            forced: None,
            only_events: false,
        }
    }

    /// The kind the file's own name or its place in an export says, whatever is in it.
    pub(crate) fn said(&self) -> Option<Target> {
        let kind = self.export.as_ref().map(|export| export.kind);
        let kind = kind.or(self.own).map(Target::Catalogued);
        self.forced.clone().or(kind)
    }

    /// The kind of which the file may be the whole list.
    pub(crate) fn list_of(&self) -> Option<Target> {
        let export = self
            .export
            .as_ref()
            .filter(|export| export.object.is_none());
        let kind = export.map(|export| export.kind).or(self.own);
        self.forced.clone().or(kind.map(Target::Catalogued))
    }

    /// Path of the folder it is in; empty at the root.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// A name without the number that makes it one of a series: `users-page-2`, `users_003`.
fn series(word: &str) -> &str {
    let numberless = word.trim_end_matches(|c: char| c.is_ascii_digit() || " -_.()".contains(c));
    let lower = numberless.to_ascii_lowercase();
    let part = ["page", "part"].iter().find(|part| lower.ends_with(*part));
    let shorter = part.map_or(numberless, |part| {
        &numberless[..numberless.len() - part.len()]
    });
    shorter.trim_end_matches([' ', '-', '_', '.'])
}

/// The layout's root may be any folder on the way.
fn export_place(components: &[&str]) -> Option<ExportPlace> {
    let mut roots = 0..components.len();
    let (root, (kind, found)) =
        roots.find_map(|root| Some((root, catalog::by_export_path(&components[root..])?)))?;
    let name = |at: usize| {
        let component = components[root + at];
        let is_file = root + at + 1 == components.len();
        let stem = component.rsplit_once('.').filter(|_| is_file);
        stem.map_or(component, |(stem, _)| stem).to_owned()
    };
    let parents = found.parents.into_iter().rev().flatten();
    Some(ExportPlace {
        kind,
        parents: parents.map(name).collect(),
        object: found.object.map(name),
    })
}

/// What surrounds one document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) file: &'a FilePlace,
    /// Where in the file the document stands.
    pub(crate) place: Where,
    /// `@odata.context` of the page it is on.
    pub(crate) context: Option<&'a str>,
    /// Whether it is one of a list.
    pub(crate) listed: bool,
    /// Name of the property of a larger document that holds it.
    pub(crate) member: Option<&'a str>,
    /// Its key in a map of objects.
    pub(crate) map_key: Option<&'a str>,
    /// Type a log forwarder gave it.
    pub(crate) log_type: Option<&'a str>,
    /// Documents it lies within.
    pub(crate) depth: u8,
}

impl<'a> Around<'a> {
    pub(crate) fn new(
        file: &'a FilePlace,
        place: Where,
        context: Option<&'a str>,
        listed: bool,
    ) -> Self {
        Self {
            file,
            place,
            context,
            listed,
            member: None,
            map_key: None,
            log_type: None,
            depth: 0,
        }
    }

    /// One level further in.
    pub(crate) fn within(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    /// The kind by the file's path, for what the file itself holds.
    pub(crate) fn path_kind(&self) -> Option<&'static Kind> {
        let export = self.file.export.as_ref().filter(|_| self.member.is_none());
        export.map(|export| export.kind)
    }

    /// The kinds that the nearest name means: the property's within a larger document, else those
    /// of file and folders.
    pub(crate) fn named(&self) -> impl Iterator<Item = &'static Kind> {
        let member = self.member.and_then(catalog::resolve);
        let named: &[&'static Kind] = if self.member.is_some() {
            &[]
        } else {
            &self.file.named
        };
        member.into_iter().chain(named.iter().copied())
    }

    /// Ids of the parents by the path, outermost first.
    pub(crate) fn parents(&self) -> &'a [String] {
        let export = self.file.export.as_ref().filter(|_| self.member.is_none());
        export.map_or(&[], |export| &export.parents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_say_kind_and_ids() {
        let id = "3f1c0e00-0000-4000-8000-00000000abcd";
        let place = FilePlace::new("export", &format!("out/Groups/{id}/Members/m/m.json"));
        let export = place.export.expect("because it is an exporter's path");
        assert_eq!(export.kind.name, "group_member");
        assert_eq!(export.parents, [id]);
        assert_eq!(export.object.as_deref(), Some("m"));

        let place = FilePlace::new("export", "Config/ConditionalAccess/CA001 – x (1).json");
        assert!(place.export.is_none());
        let names: Vec<_> = place.named.iter().map(|kind| kind.name).collect();
        assert_eq!(names, ["conditional_access_policy"]);
        assert_eq!(place.folder(), "Config/ConditionalAccess");

        for (path, kind) in [
            ("users.jsonl", "user"),
            ("users-page-2.json", "user"),
            ("servicePrincipals_003.json", "service_principal"),
            ("groupMembers.jsonl", "group_member"),
        ] {
            let place = FilePlace::new("day-001", path);
            assert_eq!(
                place.named.first().map(|kind| kind.name),
                Some(kind),
                "{path}"
            );
        }
    }
}
