//! The library as this run sees it: what is shipped, the folders of the configuration, those of the command line.

use std::path::PathBuf;

use query::{Entry, Folder, Library};

use crate::app::App;
use crate::failure::Result;

impl App {
    /// All files; `folders` hold queries and rules, every file of `rules` must be a rule.
    pub(crate) fn library(&self, folders: &[PathBuf], rules: &[PathBuf]) -> Result<Library> {
        let folder = |rules_only| {
            move |path: &PathBuf| Folder {
                path: path.clone(),
                rules_only,
            }
        };
        let configured = &self.config()?.shape.library.folders;
        let folders: Vec<Folder> = configured
            .iter()
            .chain(folders)
            .map(folder(false))
            .chain(rules.iter().map(folder(true)))
            .collect();
        Ok(Library::with(&folders)?)
    }

    /// Names the files that cannot be used.
    pub(crate) fn warn_of_broken(&self, library: &Library) {
        for broken in library.broken() {
            self.warn(&broken.error.to_string());
        }
    }
}

/// The parameters of an entry as people give them: `who, at=latest`.
pub(crate) fn parameters(entry: &Entry) -> String {
    let one = |parameter: &query::Parameter| match &parameter.default {
        Some(default) if default.is_empty() => format!("[{}]", parameter.name),
        Some(default) => format!("{}={default}", parameter.name),
        None => parameter.name.clone(),
    };
    let all: Vec<String> = entry.parameters.iter().map(one).collect();
    all.join(", ")
}

/// Names of the tables of kinds, as a person reads them.
pub(crate) fn tables(kinds: &[String]) -> String {
    let table = |kind: &String| {
        let known = catalog::by_name(kind);
        known.map_or_else(|| kind.clone(), |kind| kind.table.to_owned())
    };
    let tables: Vec<String> = kinds.iter().map(table).collect();
    tables.join(", ")
}
