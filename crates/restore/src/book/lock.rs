//! One execution at a time.

use store::{LocalStorage, LockGuard, Storage};

use super::Book;
use crate::approval::Refusal;
use crate::error::{Error, Result};

/// The right to execute plans of an archive: one process has it, until this is dropped or the process ends.
///
/// It is not the archive's writer lock: the tenant is collected while a plan runs, and a plan runs while the tenant
/// is collected.
#[derive(Debug)]
pub struct Exclusive {
    _guard: Box<dyn LockGuard>,
}

impl Book<'_> {
    /// Takes the right to execute. `holder` is what others are told: process, host, since when.
    ///
    /// # Errors
    /// [`Refusal::Running`] where somebody has it.
    pub fn exclusive(&self, holder: &str) -> Result<Exclusive> {
        let storage = self.archive.storage();
        let taken = match storage.local_root() {
            // The folder must be there for its lock; an archive in which something can be executed has a plan.
            Some(root) => LocalStorage::new(root.join("papers").join(super::PLANS)).lock(holder),
            None => storage.lock(holder),
        };
        match taken {
            Ok(guard) => Ok(Exclusive { _guard: guard }),
            Err(store::Error::Locked { holder }) => {
                Err(Error::Refused(Refusal::Running { holder }))
            }
            Err(other) => Err(other.into()),
        }
    }
}
