//! The files of a folder, in an order that does not depend on the disk.
//!
//! Links are never followed: they may lead out of the folder or around in it. Devices, pipes and
//! sockets are never opened. Names that begin with a dot belong to tools and are left aside.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::intake::FileForm;

/// Folders within folders are followed this far.
const MAX_DEPTH: usize = 64;

/// A file to import.
#[derive(Debug)]
pub(crate) struct Found {
    /// Path from the root, with `/`.
    pub(crate) path: String,
    pub(crate) form: FileForm,
}

/// Everything below a path.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<Found>,
    /// What is left out, and why.
    pub(crate) left_out: Vec<(String, String)>,
    /// Files left aside because of their names.
    pub(crate) ignored: u64,
    /// The newest modification time of the files.
    pub(crate) newest: Option<Timestamp>,
}

/// Refuses paths that are no export, with what to do instead.
pub(crate) fn refuse_what_is_no_export(path: &Path, metadata: &Metadata) -> Result<()> {
    let shown = path.display();
    if metadata.is_dir() {
        if path.join("archive.toml").is_file() && path.join("packs").is_dir() {
            return Err(Error::invalid(format!(
                "{shown} is an entrace archive, no export: copy or open it instead"
            )));
        }
        return Ok(());
    }
    if !metadata.is_file() {
        return Err(Error::invalid(format!(
            "{shown} is neither a file nor a folder"
        )));
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    if ["zip", "7z", "gz", "tgz", "tar", "zst", "rar"].contains(&extension.as_str()) {
        return Err(Error::invalid(format!(
            "{shown} is packed: unpack it, then import the folder"
        )));
    }
    Ok(())
}

impl Listing {
    /// Lists a folder, or one file.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut listing = Self::default();
        let metadata = fs::metadata(root).map_err(|error| Error::io(root, error))?;
        if metadata.is_file() {
            let name = root
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            // What was named outright is read whatever its name.
            let form = FileForm::by_name(&name).unwrap_or(FileForm::Json);
            listing.add(name, form, &metadata);
            return Ok(listing);
        }
        let entries = fs::read_dir(root).map_err(|error| Error::io(root, error))?;
        listing.folder(entries, "", 0);
        Ok(listing)
    }

    fn add(&mut self, path: String, form: FileForm, metadata: &Metadata) {
        let modified = metadata.modified().ok();
        let modified = modified.and_then(|time| Timestamp::try_from(time).ok());
        self.newest = self.newest.max(modified);
        self.files.push(Found { path, form });
    }

    fn leave_out(&mut self, path: String, reason: impl Into<String>) {
        self.left_out.push((path, reason.into()));
    }

    fn folder(&mut self, entries: fs::ReadDir, within: &str, depth: usize) {
        let mut names: Vec<(String, PathBuf)> = Vec::new();
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.leave_out(within.to_owned(), format!("cannot be listed: {error}"));
                    continue;
                }
            };
            let name = entry.file_name();
            match name.to_str() {
                Some(name) if name.starts_with('.') => {}
                Some(name) => names.push((name.to_owned(), entry.path())),
                None => {
                    let path = join(within, &name.to_string_lossy());
                    self.leave_out(path, "has a name that is not UTF-8");
                }
            }
        }
        names.sort_unstable();
        for (name, path) in names {
            self.entry(&path, join(within, &name), depth);
        }
    }

    fn entry(&mut self, path: &Path, relative: String, depth: usize) {
        let metadata = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.leave_out(relative, format!("cannot be opened: {error}")),
        };
        let kind = metadata.file_type();
        if kind.is_symlink() {
            self.leave_out(relative, "is a link: links are not followed");
        } else if kind.is_dir() {
            if depth >= MAX_DEPTH {
                return self.leave_out(relative, "is a folder more than 64 levels down");
            }
            match fs::read_dir(path) {
                Ok(entries) => self.folder(entries, &relative, depth + 1),
                Err(error) => self.leave_out(relative, format!("cannot be listed: {error}")),
            }
        } else if !kind.is_file() {
            self.leave_out(relative, "is a pipe, socket or device: only files are read");
        } else if let Some(form) = FileForm::by_name(&relative) {
            self.add(relative, form, &metadata);
        } else if relative.to_ascii_lowercase().ends_with(".zip") {
            self.leave_out(relative, "is packed: unpack it to import what it holds");
        } else {
            self.ignored += 1;
        }
    }
}

fn join(within: &str, name: &str) -> String {
    if within.is_empty() {
        name.to_owned()
    } else {
        format!("{within}/{name}")
    }
}
