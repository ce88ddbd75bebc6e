//! What a server is told to do.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use query::{Library, Limits};
use store::Secrets;

use crate::guard::GuardOptions;
use crate::principal::Principal;
use crate::restoring::Restoring;
use crate::schedule::Collecting;

/// A tenant to serve.
#[derive(Debug, Clone)]
pub struct TenantOptions {
    /// What the API calls it: letters, digits, `-` and `_`.
    pub name: String,
    /// Its archive, a folder.
    pub archive: PathBuf,
    /// What opens the archive.
    pub secrets: Secrets,
    /// How the tenant is read; `None`: only its archive is served.
    pub collecting: Option<Arc<Collecting>>,
    /// What its restore plans may do; none: they are made and judged, and do not run.
    pub restoring: Option<Arc<Restoring>>,
}

/// How strangers' statements are run.
#[derive(Debug, Clone)]
pub struct QueryOptions {
    /// The program whose process calls `worker::serve`; by default this one.
    pub program: Option<PathBuf>,
    /// The arguments that make it do so.
    pub arguments: Vec<OsString>,
    /// Statements of one tenant that run at the same time.
    pub workers: usize,
    /// Statements of one tenant that may wait; more are refused as busy.
    pub waiting: usize,
    /// The most that a statement may take.
    pub limits: Limits,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            program: None,
            arguments: vec!["query-worker".into()],
            workers: 2,
            waiting: 16,
            limits: Limits {
                memory_bytes: 512 << 20,
                disk_bytes: 0,
                time: Some(Duration::from_mins(1)),
                rows: Some(1_000_000),
                bytes: Some(1 << 30),
            },
        }
    }
}

/// What a server is told to do.
#[derive(Debug)]
pub struct ServerOptions {
    /// Program and version, as records carry it.
    pub tool: String,
    /// The tenants to serve, each under another name.
    pub tenants: Vec<TenantOptions>,
    /// Refuses whatever would change an archive or a tenant.
    pub read_only: bool,
    /// Path under which everything is served: empty, or `/` and words.
    pub base_path: String,
    /// How strangers' statements are run.
    pub query: QueryOptions,
    /// Queries and rules with names.
    pub library: Library,
    /// Memory for answers about past states, in bytes.
    pub cache_bytes: usize,
    /// Who a request is from that brings no sign-in; none: it is refused.
    pub everyone: Option<Principal>,
    /// Who is let in, and how much one may take.
    pub guard: GuardOptions,
    /// How long requests in flight may take to end when the server is stopped.
    pub grace: Duration,
    /// The time now.
    pub now: fn() -> Timestamp,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            tool: concat!("entrace ", env!("CARGO_PKG_VERSION")).to_owned(),
            tenants: Vec::new(),
            read_only: false,
            base_path: String::new(),
            query: QueryOptions::default(),
            library: Library::shipped(),
            cache_bytes: 64 << 20,
            everyone: None,
            guard: GuardOptions::default(),
            grace: Duration::from_secs(10),
            now: Timestamp::now,
        }
    }
}
