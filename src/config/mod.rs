//! The configuration: files, profiles and environment variables, laid over each other.
//!
//! A setting is a path of keys (`tenants.contoso.cloud`) and one value. Later layers win, setting by
//! setting: the file, then the profiles in the order they were named, then `ENTRACE_SECTION__KEY`
//! variables. Options of the command line come on top of all that, where they are read. Every setting
//! remembers where it came from, so that an error and `config show` can say so.

mod environment;
mod file;
mod keys;
mod place;
mod server;
mod shape;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Failure, Result};

pub(crate) use keys::schema;
pub(crate) use place::{candidates, search};
pub(crate) use server::ServerSettings;
pub(crate) use shape::{
    AuthSettings, CloudName, CollectSettings, KeyringEntry, Method, PaceName, RestoreSettings,
    Shape, TenantSettings,
};
pub(crate) use values::{Interval, Kinds, Schedule};

/// Keys from the outermost to the innermost.
type KeyPath = Vec<String>;

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A line of a file, counted from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// One value and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) value: toml::Value,
    pub(crate) origin: Origin,
}

/// Settings by their path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings(pub(crate) BTreeMap<KeyPath, Setting>);

/// The effective configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// The configuration file, where there is one.
    pub(crate) file: Option<PathBuf>,
    /// Files of profiles, in the order they were laid over it.
    pub(crate) profiles: Vec<PathBuf>,
    pub(crate) settings: Settings,
    pub(crate) shape: Shape,
}

impl Config {
    /// Reads everything there is.
    ///
    /// `named` is a file somebody named: it must be there. Profiles are names of files beside the
    /// configuration file, without `.toml`, or paths.
    pub(crate) fn load(named: Option<&Path>, profiles: &[String]) -> Result<Self> {
        let file = search(named)?;
        let profiles: Vec<PathBuf> = profiles
            .iter()
            .map(|profile| place::profile(profile, file.as_deref()))
            .collect::<Result<_>>()?;
        let mut settings = Settings::default();
        for path in file.iter().chain(&profiles) {
            settings.lay(file::read(path)?);
        }
        let overlay = environment::read(std::env::vars_os(), &settings)?;
        settings.lay(overlay);
        let shape = settings.shape()?;
        Ok(Self {
            file,
            profiles,
            settings,
            shape,
        })
    }
}

impl Settings {
    /// Lays other settings over these.
    fn lay(&mut self, over: Self) {
        for path in over.0.keys() {
            // Another way to sign in is another way altogether: nothing of the old one may stay behind.
            let words: Vec<&str> = path.iter().map(String::as_str).collect();
            if let ["tenants", _, "auth" | "restore_auth", "method"]
            | ["restore", "auth", "method"] = words.as_slice()
            {
                let old = &path[..path.len() - 1];
                self.0.retain(|path, _| !path.starts_with(old));
            }
        }
        self.0.extend(over.0);
    }

    /// The settings as what they mean.
    fn shape(&self) -> Result<Shape> {
        let mut root = toml::Table::new();
        for (path, setting) in &self.0 {
            insert(&mut root, path, setting.value.clone());
        }
        // Every layer was read on its own before: only what they come to together can still fail.
        Shape::deserialize(toml::Value::Table(root))
            .map_err(|error| Failure::usage(format!("the configuration: {}", error.message())))
    }
}

fn insert(table: &mut toml::Table, path: &[String], value: toml::Value) {
    match path {
        [] => {}
        [key] => drop(table.insert(key.clone(), value)),
        [key, rest @ ..] => {
            let inner = table
                .entry(key.clone())
                .or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let Some(inner) = inner.as_table_mut() {
                insert(inner, rest, value);
            }
        }
    }
}
