//! Where the server remembers something of a tenant: sealed working files of its archive.
//!
//! What is remembered here (finished jobs, answers that may be asked for again) names people and objects like the
//! archive itself, so it is sealed like the archive and goes when the archive goes. It is no part of the archive's
//! truth: without it a job is forgotten and a repeated request is a new one.

use std::sync::Arc;

use crate::fleet::{Fleet, Opened};
use crate::problem::Problem;

/// Remembers texts of a tenant, by name. Names have `/` between folders.
pub(crate) trait Keep: Send + Sync {
    /// What is remembered; `None` where nothing is.
    fn read(&self, tenant: &str, name: &str) -> Result<Option<Vec<u8>>, Problem>;
    /// Remembers durably.
    fn write(&self, tenant: &str, name: &str, content: &[u8]) -> Result<(), Problem>;
    /// Names below a folder, sorted.
    fn list(&self, tenant: &str, folder: &str) -> Result<Vec<String>, Problem>;
    /// Forgets; no error where there is nothing.
    fn delete(&self, tenant: &str, name: &str) -> Result<(), Problem>;
}

impl Fleet {
    fn opened_here(&self, tenant: &str) -> Result<Arc<Opened>, Problem> {
        let served = self.all().find(|served| served.name == tenant);
        let served = served.ok_or_else(|| Problem::bug(format!("{tenant} is not served")))?;
        served.opened_here()
    }
}

impl Keep for Fleet {
    fn read(&self, tenant: &str, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.opened_here(tenant)?.archive().read_work(name)?)
    }

    fn write(&self, tenant: &str, name: &str, content: &[u8]) -> Result<(), Problem> {
        Ok(self
            .opened_here(tenant)?
            .archive()
            .write_work(name, content)?)
    }

    fn list(&self, tenant: &str, folder: &str) -> Result<Vec<String>, Problem> {
        let files = self.opened_here(tenant)?.archive().list_work(folder)?;
        Ok(files.into_iter().map(|(name, _)| name).collect())
    }

    fn delete(&self, tenant: &str, name: &str) -> Result<(), Problem> {
        Ok(self.opened_here(tenant)?.archive().delete_work(name)?)
    }
}

#[cfg(test)]
pub(crate) mod memory {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, PoisonError};

    use super::{Keep, Problem};

    type Files = BTreeMap<(String, String), Vec<u8>>;

    /// Remembers in memory; what it holds outlives the server of a test.
    #[derive(Debug, Default)]
    pub(crate) struct Memory(Mutex<Files>);

    impl Memory {
        fn with<T>(&self, look: impl FnOnce(&mut Files) -> T) -> T {
            look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        /// Everything there is, as one text.
        pub(crate) fn text(&self) -> String {
            self.with(|files| {
                let contents = files
                    .values()
                    .map(|content| String::from_utf8_lossy(content));
                contents.collect()
            })
        }
    }

    impl Keep for Memory {
        fn read(&self, tenant: &str, name: &str) -> Result<Option<Vec<u8>>, Problem> {
            let key = (tenant.to_owned(), name.to_owned());
            Ok(self.with(|files| files.get(&key).cloned()))
        }

        fn write(&self, tenant: &str, name: &str, content: &[u8]) -> Result<(), Problem> {
            let key = (tenant.to_owned(), name.to_owned());
            self.with(|files| files.insert(key, content.to_vec()));
            Ok(())
        }

        fn list(&self, tenant: &str, folder: &str) -> Result<Vec<String>, Problem> {
            let below = format!("{folder}/");
            Ok(self.with(|files| {
                let own = files
                    .keys()
                    .filter(|(owner, name)| owner == tenant && name.starts_with(&below));
                own.map(|(_, name)| name.clone()).collect()
            }))
        }

        fn delete(&self, tenant: &str, name: &str) -> Result<(), Problem> {
            let key = (tenant.to_owned(), name.to_owned());
            self.with(|files| files.remove(&key));
            Ok(())
        }
    }
}
