//! Importing: what was asked for, and which way it goes.

mod closing;
mod folder;
mod git;
mod tree;
mod walk;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::recognise::{Target, is_reserved};
use crate::report::ImportReport;

/// What to import, and how.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// A folder, a file or a git repository.
    pub path: PathBuf,
    /// What it holds.
    pub format: Format,
    /// When the tenant was in this state; by default the newest modification time of the files, and
    /// in a git repository the time of each commit.
    pub taken_at: Option<Timestamp>,
    /// Kind to take every document as, whatever it looks like: a word the catalogue knows, or a new
    /// name.
    pub kind: Option<String>,
    /// Take what is not there any more as deleted, even where a failed export is likelier.
    pub accept_deletions: bool,
    /// The files hold changes only, as a Graph delta query answers.
    pub delta: bool,
    /// Git: branch, tag or commit to read instead of `HEAD`.
    pub reference: Option<String>,
    /// Git: folder of the repository to read.
    pub subfolder: Option<String>,
}

/// What a path holds. [`fmt::Display`] and [`FromStr`] use the words of the command line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Whatever it looks like.
    #[default]
    Auto,
    /// A folder written by `EntraExporter`.
    EntraExporter,
    /// A git repository of exports: one snapshot a commit.
    Git,
    /// JSON documents in any layout.
    Json,
    /// JSON lines, one file a kind.
    Jsonl,
    /// Rows of logs.
    Events,
}

impl Format {
    const WORDS: [(Self, &'static str); 6] = [
        (Self::Auto, "auto"),
        (Self::EntraExporter, "entraexporter"),
        (Self::Git, "git"),
        (Self::Json, "json"),
        (Self::Jsonl, "jsonl"),
        (Self::Events, "events"),
    ];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Self::WORDS.iter();
        let word = words.find(|(format, _)| format == self);
        f.write_str(word.map_or("", |(_, word)| word))
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = Self::WORDS.iter();
        let found = words.find(|(_, word)| word.eq_ignore_ascii_case(text));
        found.map(|(format, _)| *format).ok_or_else(|| {
            let words: Vec<_> = Self::WORDS.iter().map(|(_, word)| *word).collect();
            Error::invalid(format!(
                "unknown format {text:?}: use one of {}",
                words.join(", ")
            ))
        })
    }
}

/// Reads an existing export into the archive.
///
/// One bad file, line or element never fails it: those are in the report and in the snapshot's
/// coverage. What was committed before an error stays.
pub fn import(
    writer: &mut store::Writer,
    request: &ImportRequest,
    monitor: &dyn Monitor,
) -> Result<ImportReport> {
    let metadata = std::fs::metadata(&request.path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound {
            what: "path to import",
            name: request.path.display().to_string(),
        },
        _ => Error::io(&request.path, error),
    })?;
    walk::refuse_what_is_no_export(&request.path, &metadata)?;
    let is_git = request.format == Format::Git
        || (request.format == Format::Auto
            && metadata.is_dir()
            && git::is_repository(&request.path));
    if is_git {
        return git::import(writer, request, monitor);
    }
    if request.reference.is_some() || request.subfolder.is_some() {
        return Err(Error::invalid(format!(
            "{} is no git repository: a reference or subfolder has no meaning",
            request.path.display()
        )));
    }
    folder::import(writer, request, monitor)
}

/// The kind asked for, in the catalogue's words where it has them.
fn forced_target(request: &ImportRequest) -> Result<Option<Target>> {
    let Some(word) = &request.kind else {
        return Ok(None);
    };
    if let Some(kind) = catalog::resolve(word) {
        return Ok(Some(Target::Catalogued(kind)));
    }
    let name = catalog::snake_case(word);
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c == '_' || c.is_ascii_digit())
        && !is_reserved(&name);
    if !is_name {
        return Err(Error::invalid(format!(
            "{word:?} cannot be the name of a kind"
        )));
    }
    Ok(Some(Target::Generic {
        name,
        events: request.format == Format::Events,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_the_command_line_s_words() {
        for (format, word) in Format::WORDS {
            assert_eq!(format.to_string(), word);
            assert_eq!(word.parse::<Format>().ok(), Some(format));
        }
        let error = "csv".parse::<Format>().expect_err("because it is none");
        assert_eq!(
            error.to_string(),
            "unknown format \"csv\": use one of auto, entraexporter, git, json, jsonl, events"
        );
    }
}
