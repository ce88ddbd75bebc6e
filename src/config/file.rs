//! One file: its settings with their lines. What is wrong is said with file, line and key.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::Place;
use super::shape::Shape;
use super::{KeyPath, Origin, Setting, Settings};
use crate::failure::{Failure, Result};

/// Longest configuration file, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Names under which people write secrets, and the keys that say where a secret is instead.
const SECRETS: [(&str, &str); 9] = [
    (
        "client_secret",
        "client_secret_env, client_secret_file, client_secret_command or client_secret_keyring",
    ),
    (
        "secret",
        "client_secret_env, client_secret_file, client_secret_command or client_secret_keyring",
    ),
    (
        "password",
        "client_secret_env, client_secret_file, client_secret_command or client_secret_keyring",
    ),
    (
        "certificate",
        "certificate_file, certificate_env, certificate_command or certificate_keyring",
    ),
    (
        "private_key",
        "certificate_file, certificate_env, certificate_command or certificate_keyring",
    ),
    ("token", "token_file"),
    ("passphrase", "passphrase_file or passphrase_command"),
    ("key", "key_file"),
    ("encryption_key", "key_file"),
];
/// The section whose keys are names of tenants.
const TENANTS: &str = "tenants";
/// Beginnings of texts that are secrets wherever they stand.
const SECRET_TEXTS: [&str; 2] = ["-----BEGIN", "AGE-SECRET-KEY-"];
/// Keys whose values are paths, relative to the file.
const PATHS: [&str; 12] = [
    "path",
    "archive",
    "key_file",
    "passphrase_file",
    "client_secret_file",
    "certificate_file",
    "token_file",
    "folders",
    "approvers_file",
    "state",
    "tls_certificate_file",
    "tls_key_file",
];

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Settings> {
    let failed = |error: std::io::Error| {
        Failure::usage(format!("{}: {error}", path.display()))
            .hint("the configuration file cannot be read; another can be named with --config")
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.len() > MAX_BYTES {
        return Err(Failure::usage(format!(
            "{}: too long for a configuration file",
            path.display()
        )));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let file = File { path, text: &text };
    let settings = file.settings()?;
    if settings
        .0
        .keys()
        .any(|keys| keys.iter().any(|key| key.ends_with("_command")))
    {
        refuse_if_others_write(path, &metadata)?;
    }
    Ok(settings)
}

/// A file that has programs run must be in the hands of who runs them.
#[cfg(unix)]
fn refuse_if_others_write(path: &Path, metadata: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{}: mode {mode:04o} lets others write it, and it names a command to run",
        path.display()
    ))
    .hint(format!("close it with: chmod go-w {}", path.display())))
}

#[cfg(not(unix))]
fn refuse_if_others_write(_: &Path, _: &std::fs::Metadata) -> Result<()> {
    Ok(())
}

struct File<'f> {
    path: &'f Path,
    text: &'f str,
}

/// A value and where it stands.
struct Found {
    path: KeyPath,
    span: Range<usize>,
}

impl File<'_> {
    fn settings(&self) -> Result<Settings> {
        let table = DeTable::parse(self.text).map_err(|error| self.syntax(&error))?;
        let mut found = Vec::new();
        self.walk(table.get_ref(), Place::root(), &mut Vec::new(), &mut found)?;
        Shape::deserialize(
            toml::Deserializer::parse(self.text).map_err(|error| self.syntax(&error))?,
        )
        .map_err(|error| self.mistyped(&error, &found))?;
        let values: toml::Table = toml::from_str(self.text).map_err(|error| self.syntax(&error))?;
        let mut settings = Settings::default();
        for Found { path, span } in found {
            let Some(mut value) = value_at(&values, &path).cloned() else {
                continue;
            };
            if path.last().is_some_and(|key| PATHS.contains(&key.as_str())) {
                self.anchor(&mut value);
            }
            let origin = Origin::File(self.path.to_owned(), self.line(span.start));
            settings.0.insert(path, Setting { value, origin });
        }
        Ok(settings)
    }

    /// Checks the keys of a table and gathers its values.
    fn walk(
        &self,
        table: &DeTable<'_>,
        place: Place,
        path: &mut KeyPath,
        found: &mut Vec<Found>,
    ) -> Result<()> {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let line = self.line(key.span().start);
            self.refuse_secret(name, value, path, line)?;
            let Some(inner) = place.inner(name) else {
                return Err(self.unknown(name, place, path, line));
            };
            if *path == [TENANTS] && !is_name(name) {
                return Err(self.failure(
                    line,
                    &format!("{name:?} cannot name a tenant: use letters, digits, - and _"),
                ));
            }
            path.push(name.to_owned());
            match value.get_ref() {
                // A section without a setting still says that there is such a tenant.
                DeValue::Table(table) if table.is_empty() && place.is_open() => found.push(Found {
                    path: path.clone(),
                    span: value.span(),
                }),
                DeValue::Table(table) if inner.is_table() => {
                    self.walk(table, inner, path, found)?;
                }
                _ => found.push(Found {
                    path: path.clone(),
                    span: value.span(),
                }),
            }
            path.pop();
        }
        Ok(())
    }

    fn refuse_secret(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        path: &[String],
        line: usize,
    ) -> Result<()> {
        let text = value.get_ref().as_str();
        let is_secret = |text: &str| {
            SECRET_TEXTS
                .iter()
                .any(|start| text.trim_start().starts_with(start))
        };
        let known = SECRETS.iter().find(|(name, _)| *name == key);
        let instead = match (known, text) {
            (Some((_, instead)), Some(_)) => *instead,
            (None, Some(text)) if is_secret(text) => "the key that ends in _file, _env or _command",
            _ => return Ok(()),
        };
        Err(self
            .failure(
                line,
                &format!(
                    "{} is a secret, and secrets are never written here",
                    dotted(path, key)
                ),
            )
            .hint(format!("say where it is, with {instead}")))
    }

    fn unknown(&self, key: &str, place: Place, path: &[String], line: usize) -> Failure {
        let failure = self.failure(line, &format!("there is no key {}", dotted(path, key)));
        match place.nearest(key) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => {
                let keys: Vec<&str> = place.keys().collect();
                failure.hint(format!("keys there: {}", keys.join(", ")))
            }
        }
    }

    fn syntax(&self, error: &toml::de::Error) -> Failure {
        let line = error.span().map_or(1, |span| self.line(span.start));
        self.failure(line, &one_line(error.message()))
    }

    /// A value of another type or form than its key takes.
    fn mistyped(&self, error: &toml::de::Error, found: &[Found]) -> Failure {
        let Some(span) = error.span() else {
            return Failure::usage(format!(
                "{}: {}",
                self.path.display(),
                one_line(error.message())
            ));
        };
        let around = found.iter().find(|found| found.span.contains(&span.start));
        let message = one_line(error.message());
        let message = match around {
            Some(found) => format!("{}: {message}", found.path.join(".")),
            None => message,
        };
        self.failure(self.line(span.start), &message)
    }

    fn failure(&self, line: usize, message: &str) -> Failure {
        Failure::usage(format!("{}:{line}: {message}", self.path.display()))
    }

    /// The line of an offset, counted from 1.
    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|&&byte| byte == b'\n').count()
    }

    /// Makes paths relative to the file's folder, not to where the program happens to run.
    fn anchor(&self, value: &mut toml::Value) {
        match value {
            toml::Value::String(text) => {
                let folder = self.path.parent().unwrap_or(Path::new(""));
                let anchored: PathBuf = folder.join(&*text);
                if let Some(anchored) = anchored.to_str() {
                    anchored.clone_into(text);
                }
            }
            toml::Value::Array(values) => values.iter_mut().for_each(|value| self.anchor(value)),
            _ => {}
        }
    }
}

fn value_at<'t>(table: &'t toml::Table, path: &[String]) -> Option<&'t toml::Value> {
    match path {
        [] => None,
        [key] => table.get(key),
        [key, rest @ ..] => value_at(table.get(key)?.as_table()?, rest),
    }
}

/// Whether a word can name a tenant: it must fit an environment variable and a command line.
fn is_name(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !word.is_empty() && word.chars().all(fits)
}

fn dotted(path: &[String], key: &str) -> String {
    let keys: Vec<&str> = path.iter().map(String::as_str).chain([key]).collect();
    keys.join(".")
}

fn one_line(text: &str) -> String {
    text.trim().replace('\n', "; ")
}
