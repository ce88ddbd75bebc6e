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

mod answer;
mod asked;
mod body;
mod cursor;
mod document;
mod engine;
mod error;
mod fleet;
mod format;
mod options;
mod principal;
mod problem;
mod remembered;
mod router;
mod routes;
mod rows;
mod server;
mod state;
mod statement;

pub use document::openapi;
pub use error::{Error, Result};
pub use options::{QueryOptions, ServerOptions, TenantOptions};
pub use principal::{Principal, Role, Tenants};
pub use problem::{Code, Problem};
pub use router::router;
pub use server::{Server, serve};
pub use state::AppState;
