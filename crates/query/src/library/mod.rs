//! The library: questions and detections as SQL files, those that come with the program and people's own.
//!
//! A file is a statement with a header ([`header`]) that says what it is called, what it takes and what
//! it needs. One with a `severity` is a rule, whose rows are findings ([`hunt`]); any other is a query.
//! Files of one's own stand in folders; one with the id of another takes its place, so that a shipped
//! rule can be tuned without a new program.

mod header;
mod hunt;
mod parameter;
mod severity;
mod shipped;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use hunt::{CONTRACT, Finding, Hunter, Looked};
pub use parameter::{Parameter, ParameterType};
pub use severity::Severity;

use crate::error::{Error, Result};
use crate::source::Source;
use crate::statement::split_statements;
use header::{misread, unknown};

/// Longest file read, in bytes.
const MAX_BYTES: u64 = 100_000;

/// One file of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is called: small letters, digits and hyphens.
    pub id: String,
    /// What it answers, or finds, in a few words.
    pub title: String,
    /// Of rules alone: how bad a finding is that says nothing else of itself.
    pub severity: Option<Severity>,
    /// What it answers and how, as one line.
    pub description: String,
    /// Addresses, and ATT&CK techniques by their ids.
    pub references: Vec<String>,
    /// What may be given to it.
    pub parameters: Vec<Parameter>,
    /// Kinds whose absence it cannot make up for, by their names in the catalogue.
    pub needs: Vec<String>,
    /// What it finds that is no harm.
    pub false_positives: Option<String>,
    /// The whole file.
    pub text: String,
    /// Where the file is; shipped ones are named by their place in the library.
    pub file: String,
}

/// A file that could not be read.
#[derive(Debug)]
pub struct Broken {
    /// Where it is.
    pub file: String,
    /// What is wrong, with the line.
    pub error: Error,
}

/// A folder of somebody's own, and what its files must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Whether every file in it must be a rule.
    pub rules_only: bool,
}

/// All files, by id.
#[derive(Debug, Default)]
pub struct Library {
    entries: BTreeMap<String, Entry>,
    broken: Vec<Broken>,
}

impl Library {
    /// What comes with the program.
    #[must_use]
    pub fn shipped() -> Self {
        let mut library = Self::default();
        for (file, text) in shipped::FILES {
            library.take(file, text, false);
        }
        library
    }

    /// What comes with the program and the files of these folders, of which the later take precedence.
    /// A folder that cannot be listed is an error; a file that cannot be used is one of [`Self::broken`].
    pub fn with(folders: &[Folder]) -> Result<Self> {
        let mut library = Self::shipped();
        for folder in folders {
            let mut files = Vec::new();
            list(&folder.path, &mut files)?;
            files.sort_unstable();
            let mut seen: BTreeMap<String, String> = BTreeMap::new();
            for file in files {
                let name = file.display().to_string();
                match read(&file) {
                    Ok(text) => {
                        let Some(id) = library.take(&name, &text, folder.rules_only) else {
                            continue;
                        };
                        if let Some(other) = seen.insert(id.clone(), name.clone()) {
                            let reason = format!("the id {id} is that of {other} too: rename one");
                            let error = misread(&name, 1, reason);
                            library.broken.push(Broken { file: name, error });
                        }
                    }
                    Err(error) => library.broken.push(Broken { file: name, error }),
                }
            }
        }
        Ok(library)
    }

    /// Takes a file in; the id it has, if it could be read.
    fn take(&mut self, file: &str, text: &str, rules_only: bool) -> Option<String> {
        match Entry::parse(file, text, rules_only) {
            Ok(entry) => {
                let id = entry.id.clone();
                self.entries.insert(id.clone(), entry);
                Some(id)
            }
            Err(error) => {
                let file = file.to_owned();
                self.broken.push(Broken { file, error });
                None
            }
        }
    }

    /// All rules, by id.
    pub fn rules(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| entry.is_rule())
    }

    /// All queries, by id.
    pub fn queries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| !entry.is_rule())
    }

    /// Files that could not be used.
    #[must_use]
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// The rule or query with an id.
    pub fn entry(&self, id: &str) -> Result<&Entry> {
        self.entries
            .get(id)
            .ok_or_else(|| self.missing("query or rule", id, self.entries.values()))
    }

    /// The rule with an id.
    pub fn rule(&self, id: &str) -> Result<&Entry> {
        self.entries
            .get(id)
            .filter(|entry| entry.is_rule())
            .ok_or_else(|| self.missing("rule", id, self.rules()))
    }

    fn missing<'e>(&self, what: &str, id: &str, known: impl Iterator<Item = &'e Entry>) -> Error {
        let broken = self.broken.iter().find(|broken| {
            let stem = Path::new(&broken.file).file_stem();
            stem.is_some_and(|stem| stem == id)
        });
        if let Some(broken) = broken {
            return Error::invalid(broken.error.to_string());
        }
        let known: Vec<&str> = known.map(|entry| entry.id.as_str()).collect();
        let text = unknown(what, id, &known);
        let text = text.split(": it is one of").next().unwrap_or(&text);
        Error::NotFound(text.to_owned())
    }
}

impl Entry {
    /// Reads a file's text.
    fn parse(file: &str, text: &str, rules_only: bool) -> Result<Self> {
        let header = header::parse(file, text)?;
        if rules_only && header.severity.is_none() {
            return Err(misread(
                file,
                1,
                "a rule needs -- severity: informational, low, medium, high or critical",
            ));
        }
        let statements = split_statements(text).map_err(|error| misread(file, 1, error))?;
        let [_] = statements.as_slice() else {
            let count = statements.len();
            return Err(misread(
                file,
                1,
                format!("there are {count} statements below the header: write one"),
            ));
        };
        let used = parameter::used(text).map_err(|error| misread(file, 1, error))?;
        let declared = |name: &String| header.parameters.iter().any(|known| known.name == *name);
        if let Some(name) = used.iter().find(|name| !declared(name)) {
            return Err(misread(
                file,
                line_of(text, &format!("${name}")),
                format!(
                    "${name} is not declared: add it under -- parameters:, as {name} text: WHAT IT IS"
                ),
            ));
        }
        if let Some(idle) = header
            .parameters
            .iter()
            .find(|known| !used.contains(&known.name))
        {
            let name = &idle.name;
            return Err(misread(
                file,
                line_of(text, name),
                format!(
                    "the parameter {name} is declared and ${name} stands nowhere: use it or take it out"
                ),
            ));
        }
        Ok(Self {
            id: header.id,
            title: header.title,
            severity: header.severity,
            description: header.description,
            references: header.references,
            parameters: header.parameters,
            needs: header.needs,
            false_positives: header.false_positives,
            text: text.to_owned(),
            file: file.to_owned(),
        })
    }

    /// Whether its rows are findings.
    #[must_use]
    pub const fn is_rule(&self) -> bool {
        self.severity.is_some()
    }

    /// The statement with values in the place of its parameters: what was given, else the defaults.
    /// A name it does not have, a value that does not fit and one that is missing are errors.
    pub fn statement(&self, given: &BTreeMap<String, String>, source: &Source) -> Result<String> {
        let names: Vec<&str> = self.parameters.iter().map(|p| p.name.as_str()).collect();
        if let Some(name) = given.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(Error::invalid(if names.is_empty() {
                format!("{} takes no parameters, so no {name}", self.id)
            } else {
                format!("{}: {}", self.id, unknown("parameter", name, &names))
            }));
        }
        let text = parameter::filled(&self.text, |name| {
            let known = self.parameters.iter().find(|known| known.name == name);
            let parameter = known.ok_or_else(|| {
                Error::Internal(format!("${name} of {} is not declared", self.id))
            })?;
            let value = given
                .get(name)
                .or(parameter.default.as_ref())
                .ok_or_else(|| {
                    Error::invalid(format!(
                        "{} needs {name}, {}: give it with --param {name}=VALUE",
                        self.id, parameter.description
                    ))
                })?;
            parameter.literal(value, source)
        })?;
        Ok(text.trim_end().trim_end_matches(';').to_owned())
    }
}

/// Line of the first place where a text has a word; 1 where it has none.
fn line_of(text: &str, word: &str) -> usize {
    let at = text.lines().position(|line| line.contains(word));
    at.map_or(1, |at| at + 1)
}

/// The SQL files of a folder, and of those in it.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::invalid(format!(
            "{}: {error}: name a folder with SQL files",
            folder.display()
        ))
    };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // Links are not followed: a folder that contains itself would have no end.
        if entry.file_type().map_err(failed)?.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    let failed = |error: std::io::Error| Error::invalid(format!("{}: {error}", file.display()));
    let length = std::fs::metadata(file).map_err(failed)?.len();
    if length > MAX_BYTES {
        return Err(Error::Limit(format!(
            "{}: has {length} bytes, the limit is {MAX_BYTES}",
            file.display()
        )));
    }
    std::fs::read_to_string(file).map_err(failed)
}

#[cfg(test)]
mod tests;
