//! A directory of this machine.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{LockGuard, Storage};
use crate::error::{Error, Result};

/// Folder for files not yet renamed to their place.
const TEMPORARY: &str = "tmp";
/// File whose OS lock is the writer lock.
const LOCK: &str = "LOCK";

/// Files under one directory. Durable by fsync of the file and of every directory on its way.
#[derive(Debug)]
pub struct LocalStorage {
    root: PathBuf,
}

/// Temporary files of this process so far: several storages may have the same folder.
static TEMPORARIES: AtomicU64 = AtomicU64::new(0);
/// Times a file is written again that a new writer swept away before it had its name.
const ATTEMPTS: u32 = 3;

impl LocalStorage {
    /// The storage under `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn error(&self, path: &str, source: std::io::Error) -> Error {
        if source.kind() == ErrorKind::NotFound {
            return Error::NotFound {
                what: "file",
                name: self.path(path).display().to_string(),
            };
        }
        Error::io(self.path(path).display().to_string(), source)
    }

    /// Makes the parent directory, syncing every directory that is new and the one above it.
    fn make_parent(&self, path: &Path) -> std::io::Result<()> {
        let Some(parent) = path.parent() else {
            return Ok(());
        };
        if parent.is_dir() {
            return Ok(());
        }
        // Above the first folder of a relative path is the empty path: the current folder, which is there.
        let is_missing =
            |directory: &&Path| !directory.as_os_str().is_empty() && !directory.is_dir();
        let mut missing: Vec<&Path> = parent.ancestors().take_while(is_missing).collect();
        while let Some(directory) = missing.pop() {
            match fs::create_dir(directory) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            if let Some(above) = directory
                .parent()
                .filter(|_| directory.starts_with(&self.root))
            {
                sync_directory(above)?;
            }
        }
        Ok(())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        let mut attempt = 1;
        loop {
            // Whoever takes the writer lock deletes what others left over; papers and working files are written
            // without that lock, and may look like it.
            match self.write_once(path, bytes) {
                Err(error) if error.kind() == ErrorKind::NotFound && attempt < ATTEMPTS => {
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    fn write_once(&self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        let target = self.path(path);
        let number = TEMPORARIES.fetch_add(1, Ordering::Relaxed);
        let temporary = self
            .path(TEMPORARY)
            .join(format!("{}-{number}", std::process::id()));
        self.make_parent(&temporary)?;
        self.make_parent(&target)?;
        let written = (|| {
            let mut file = File::create(&temporary)?;
            file.write_all(bytes)?;
            // A failed fsync may have dropped the dirty pages: the file is given up, never synced again.
            file.sync_all()?;
            fs::rename(&temporary, &target)?;
            sync_directory(target.parent().unwrap_or(&self.root))
        })();
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

/// Makes a rename or creation inside the directory durable.
fn sync_directory(directory: &Path) -> std::io::Result<()> {
    if cfg!(windows) {
        // Windows has no fsync of directories; NTFS journals the rename.
        return Ok(());
    }
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    File::open(directory)?.sync_all()
}

impl Storage for LocalStorage {
    fn read(&self, path: &str) -> Result<Vec<u8>> {
        fs::read(self.path(path)).map_err(|e| self.error(path, e))
    }

    fn read_range(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>> {
        let read = || {
            let mut file = File::open(self.path(path))?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = vec![0; length];
            let mut filled = 0;
            while filled < length {
                match file.read(&mut bytes[filled..]) {
                    Ok(0) => break,
                    Ok(read) => filled += read,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            bytes.truncate(filled);
            Ok(bytes)
        };
        read().map_err(|e| self.error(path, e))
    }

    fn size(&self, path: &str) -> Result<Option<u64>> {
        match fs::metadata(self.path(path)) {
            // A folder is no file, whatever size the system gives it.
            Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(path, error)),
        }
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.write(path, bytes)
            .map_err(|e| Error::io(self.path(path).display().to_string(), e))
    }

    fn list(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(self.path(&folder)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(self.error(&folder, error)),
            };
            for entry in entries {
                let entry = entry.map_err(|e| self.error(&folder, e))?;
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                let metadata = entry.metadata().map_err(|e| self.error(&name, e))?;
                if metadata.is_dir() {
                    open.push(name);
                } else {
                    files.push((name, metadata.len()));
                }
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn delete(&self, path: &str) -> Result<()> {
        match fs::remove_file(self.path(path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.error(path, error)),
            _ => Ok(()),
        }
    }

    fn lock(&self, holder: &str) -> Result<Box<dyn LockGuard>> {
        let path = self.path(LOCK);
        let open = || {
            File::options()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path)
        };
        let mut file = open().map_err(|e| Error::io(path.display().to_string(), e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let holder = if holder.is_empty() {
                    "another process".to_owned()
                } else {
                    holder
                };
                return Err(Error::Locked { holder });
            }
            Err(TryLockError::Error(error)) => {
                return Err(Error::io(path.display().to_string(), error));
            }
        }
        let named = file
            .set_len(0)
            .and_then(|()| file.write_all(holder.as_bytes()));
        named.map_err(|e| Error::io(path.display().to_string(), e))?;
        // Only the holder of the lock may know that nobody is still writing these.
        for (leftover, _) in self.list(TEMPORARY)? {
            self.delete(&leftover)?;
        }
        Ok(Box::new(LocalLock { file }))
    }

    fn local_root(&self) -> Option<&Path> {
        Some(&self.root)
    }
}

/// The OS lock goes with the file handle, and with the process.
#[derive(Debug)]
struct LocalLock {
    file: File,
}

impl LockGuard for LocalLock {}

impl Drop for LocalLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_storages_of_one_folder_do_not_take_each_other_s_files() {
        let folder = tempfile::tempdir().expect("because there is a temporary folder");
        std::thread::scope(|scope| {
            for writer in 0..2u8 {
                let storage = LocalStorage::new(folder.path());
                scope.spawn(move || {
                    for number in 0..100u8 {
                        let path = format!("{writer}/{number}");
                        let content = [writer, number];
                        storage
                            .put(&path, &content)
                            .expect("because the disk works");
                        let read = storage.read(&path).expect("because it was written");
                        assert_eq!(read, content);
                    }
                });
            }
        });
    }
}
