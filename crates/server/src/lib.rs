//! HTTP API over a fleet of archives: routes, negotiation, sign-in. No domain logic.
//!
//! ```text
//!   request ─▶ layers ─▶ route ─▶ engine threads ─▶ query, store, restore
//!             (who may,             │
//!              limits,              └ strangers' SQL: worker processes
//!              problems)
//! ```
//!
//! A route checks what was asked for, says which statement of ours or which call of the libraries answers it, and
//! gives the rows in the format that was asked for. Whatever goes wrong becomes a [`Problem`].

pub mod access_record;
mod answer;
mod asked;
pub mod auth;
mod body;
mod clock;
mod cursor;
mod document;
mod engine;
mod error;
mod fleet;
mod format;
mod guard;
mod idempotency;
pub mod jobs;
mod keep;
pub mod limits;
mod metrics;
mod options;
mod principal;
mod problem;
mod remembered;
mod restoring;
pub mod roles;
mod router;
mod routes;
mod rows;
mod schedule;
mod server;
mod state;
mod state_folder;
mod statement;
mod tls;

pub use clock::Clock;
pub use document::openapi;
pub use error::{Error, Result};
pub use guard::{Guard, GuardOptions};
pub use options::{QueryOptions, ServerOptions, TenantOptions};
pub use principal::{Principal, Role, Tenants};
pub use problem::{Code, Problem};
pub use restoring::Restoring;
pub use router::router;
pub use schedule::Collecting;
pub use server::{Server, serve};
pub use state::AppState;
pub use tls::TlsOptions;
pub use url::Url;
