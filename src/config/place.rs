//! Where configuration files are looked for.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// Name of the file in every folder that is searched.
const NAME: &str = "entrace.toml";

/// The file that counts: the one that was named, else the first there is. `None` where there is none.
pub(crate) fn search(named: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(named) = named else {
        return Ok(candidates().into_iter().find(|path| path.is_file()));
    };
    if named.is_file() {
        return Ok(Some(named.to_owned()));
    }
    Err(Failure::usage(format!(
        "{}: there is no such configuration file",
        named.display()
    ))
    .hint("it was named with --config or ENTRACE_CONFIG"))
}

/// Places that are searched where no file is named, the first one first.
pub(crate) fn candidates() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from(NAME)];
    places.extend(user_folder().map(|folder| folder.join("entrace").join(NAME)));
    if cfg!(windows) {
        places.extend(
            std::env::var_os("PROGRAMDATA")
                .map(|folder| PathBuf::from(folder).join("entrace").join(NAME)),
        );
    } else {
        places.push(Path::new("/etc/entrace").join(NAME));
    }
    places
}

/// The folder for settings of the person who runs this, as the platform has it.
fn user_folder() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if cfg!(windows) {
        return folder("APPDATA");
    }
    let home = folder("HOME").map(|home| {
        if cfg!(target_os = "macos") {
            home.join("Library/Application Support")
        } else {
            home.join(".config")
        }
    });
    folder("XDG_CONFIG_HOME").or(home)
}

/// The file of a profile.
pub(super) fn profile(name: &str, file: Option<&Path>) -> Result<PathBuf> {
    let is_path =
        name.contains(['/', '\\']) || Path::new(name).extension().is_some_and(|e| e == "toml");
    let path = if is_path {
        PathBuf::from(name)
    } else {
        let beside = file.and_then(Path::parent).map(Path::to_owned);
        let folder = beside.or_else(|| user_folder().map(|folder| folder.join("entrace")));
        folder.unwrap_or_default().join(format!("{name}.toml"))
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::usage(format!(
        "there is no profile {name:?}: {} is no file",
        path.display()
    ))
    .hint("a profile is a file beside the configuration file, named without .toml, or a path"))
}
