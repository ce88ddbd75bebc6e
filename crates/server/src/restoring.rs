//! What a tenant's restore plans may do, and by whose word.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use graph::Client;
use restore::approval::{Approvers, Policy};
use store::Archive;

/// What a tenant's restore plans may do, and by whose word.
#[derive(Clone)]
pub struct Restoring {
    /// What the configuration asks for before a plan runs.
    pub policy: Policy,
    /// File of allowed signers; none: the archive's own list.
    pub approvers_file: Option<PathBuf>,
    /// Reads the tenant, for verification; none: it cannot be reached from here.
    pub reader: Option<Client>,
    /// Makes the client that may write. Its credential is loaded only when a plan runs.
    pub writer: Arc<dyn Fn() -> Result<Client, String> + Send + Sync>,
}

impl fmt::Debug for Restoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restoring")
            .field("policy", &self.policy)
            .field("approvers_file", &self.approvers_file)
            .finish_non_exhaustive()
    }
}

impl Restoring {
    /// Everybody who may approve.
    pub(crate) fn approvers(&self, archive: &Archive) -> restore::Result<Approvers> {
        match &self.approvers_file {
            Some(path) => Approvers::from_file(path),
            None => Approvers::of(archive),
        }
    }
}
