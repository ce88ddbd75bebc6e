//! Files beside packs and log, sealed like everything else.
//!
//! *Working files* are what a collector must remember between and within its runs. They are no part of the
//! archive's truth: they may be deleted at any time, and then the next run reads the tenant anew. *Papers* are
//! what belongs to the archive for as long as it exists and is not a version of an object: restore plans, their
//! approvals, the journals of their execution.

use crate::archive::Archive;
use crate::error::{Error, Result};

/// Folder of the working files.
const FOLDER: &str = "work";
/// Folder of the papers; also the beginning of the name each is sealed under.
const PAPERS: &str = "papers";

impl Archive {
    /// A working file; `None` where there is none, or where what is there was not sealed by this
    /// archive under this name.
    pub fn read_work(&self, name: &str) -> Result<Option<Vec<u8>>> {
        match self.storage.read(&path(name)) {
            Ok(sealed) => Ok(self.sealer.open_work(name, &sealed)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates or replaces a working file, durably.
    pub fn write_work(&self, name: &str, content: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal_work(name, content);
        self.storage.put(&path(name), &sealed)
    }

    /// Names and sizes in bytes of the working files below a folder, sorted by name.
    pub fn list_work(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let files = self.storage.list(&path(folder))?;
        let prefix = format!("{FOLDER}/");
        let own = files.into_iter().filter_map(|(path, size)| {
            let name = path.strip_prefix(&prefix)?;
            Some((name.to_owned(), size))
        });
        Ok(own.collect())
    }

    /// Deletes a working file; no error where there is none.
    pub fn delete_work(&self, name: &str) -> Result<()> {
        self.storage.delete(&path(name))
    }

    /// A paper; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where what is there was not sealed by this archive under this name.
    pub fn read_paper(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = format!("{PAPERS}/{name}");
        match self.storage.read(&path) {
            Ok(sealed) => match self.sealer.open_work(&path, &sealed) {
                Some(content) => Ok(Some(content)),
                None => Err(Error::corrupt(&path, "it was not sealed by this archive")),
            },
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates or replaces a paper, durably. Names have `/` between folders.
    pub fn write_paper(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = format!("{PAPERS}/{name}");
        let sealed = self.sealer.seal_work(&path, content);
        self.storage.put(&path, &sealed)
    }

    /// Names of the papers below a folder, sorted; empty where there is none.
    pub fn list_papers(&self, folder: &str) -> Result<Vec<String>> {
        let files = self.storage.list(&format!("{PAPERS}/{folder}"))?;
        let prefix = format!("{PAPERS}/");
        let own = files
            .into_iter()
            .filter_map(|(path, _)| path.strip_prefix(&prefix).map(str::to_owned));
        Ok(own.collect())
    }
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{CreateOptions, MemoryStorage, Secrets, SlotChoice, Storage};

    fn archive(storage: &Arc<dyn Storage>) -> Archive {
        let options = CreateOptions {
            tenant: "example".to_owned(),
            slots: vec![SlotChoice::Unprotected],
            tool: "test".to_owned(),
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        Archive::create(storage, &options).expect("because memory takes it");
        Archive::open(Arc::clone(storage), &Secrets::default()).expect("because it was just made")
    }

    #[test]
    fn working_files_come_back_only_as_they_were_written() -> Result<()> {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::default());
        let archive = archive(&storage);
        assert_eq!(archive.read_work("run/1")?, None);
        archive.write_work("run/1", b"a page of persons")?;
        archive.write_work("state", b"links")?;
        assert_eq!(
            archive.read_work("run/1")?.as_deref(),
            Some(b"a page of persons".as_slice())
        );
        let stored = storage.read("work/run/1")?;
        assert!(!stored.windows(4).any(|four| four == b"page"), "sealed");
        let names: Vec<_> = archive
            .list_work("run")?
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["run/1"]);

        // Under another name it is not what was written.
        storage.put("work/run/2", &stored)?;
        assert_eq!(archive.read_work("run/2")?, None);
        let mut flipped = stored;
        let last = flipped.len() - 1;
        flipped[last] ^= 1;
        storage.put("work/run/1", &flipped)?;
        assert_eq!(archive.read_work("run/1")?, None);

        // A paper is not a working file of the same name, and one that was changed is damage, not absence.
        archive.write_paper("plans/1", b"who gets what")?;
        assert_eq!(archive.read_paper("plans/2")?, None);
        assert_eq!(
            archive.read_paper("plans/1")?.as_deref(),
            Some(b"who gets what".as_slice())
        );
        assert_eq!(archive.list_papers("plans")?, ["plans/1"]);
        storage.put("papers/plans/2", &storage.read("papers/plans/1")?)?;
        assert!(matches!(
            archive.read_paper("plans/2"),
            Err(Error::Corrupt { .. })
        ));

        archive.delete_work("run/1")?;
        archive.delete_work("run/1")?;
        assert_eq!(archive.list_work("run")?.len(), 1);
        Ok(())
    }
}
