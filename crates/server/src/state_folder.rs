//! The server's own folder: tokens, the access record. Nobody else may look into it.
//!
//! Files are replaced as a whole: a reader sees the old one or the new one.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, Result};

/// Longest file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Makes the folder, for its owner alone, where there is none.
pub(crate) fn make(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| Error::file(folder, error))
}

/// Options to make a file for its owner alone.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The content of a file; `None` where there is none.
///
/// # Errors
/// Where others than its owner could have written it.
pub(crate) fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    let failed = |error| Error::file(&path, error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    refuse_if_others_write(&path, &file.metadata().map_err(failed)?)?;
    let mut content = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut content)
        .map_err(failed)?;
    Ok(Some(content))
}

/// What tells a file from the next of that name; `None` where there is none.
pub(crate) fn mark(folder: &Path, name: &str) -> Result<Option<(Option<SystemTime>, u64, u64)>> {
    let path = folder.join(name);
    match std::fs::metadata(&path) {
        Ok(metadata) => {
            let modified = metadata.modified().ok();
            Ok(Some((modified, metadata.len(), number(&metadata))))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(&path, error)),
    }
}

/// Creates or replaces a file, durably.
pub(crate) fn replace(folder: &Path, name: &str, content: &[u8]) -> Result<()> {
    make(folder)?;
    let path = folder.join(name);
    let failed = |error| Error::file(&path, error);
    let new = folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
    let written = private()
        .write(true)
        .create_new(true)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&new, &path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&new);
        return Err(failed(error));
    }
    sync(folder)
}

/// Makes a renaming last.
fn sync(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::file(folder, error))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Keeps other processes from changing the folder's files as long as it lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for whoever has it.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        make(folder)?;
        let path: PathBuf = folder.join("lock");
        let file = private()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| Error::file(&path, error))?;
        file.lock().map_err(|error| Error::file(&path, error))?;
        Ok(Self { _file: file })
    }
}

#[cfg(unix)]
fn number(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number(_: &std::fs::Metadata) -> u64 {
    0
}

#[cfg(unix)]
fn refuse_if_others_write(path: &Path, metadata: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Error::Invalid(format!(
        "{path}: mode {mode:04o} lets others write it; close it with: chmod 600 {path}"
    )))
}

#[cfg(not(unix))]
fn refuse_if_others_write(_: &Path, _: &std::fs::Metadata) -> Result<()> {
    Ok(())
}
