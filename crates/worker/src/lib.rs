//! Runs statements in processes of their own, which can be limited and killed.
//!
//! The limits inside an engine are courtesies: its memory pool does not know what functions allocate, and a
//! timeout does not fire while a loop computes. What a stranger's statement may take is limited by the operating
//! system instead. A [`Pool`] keeps a few workers, child processes of the same program that have the archive open
//! for reading and may do nothing else ([`Confinement`]); each answers one statement at a time. A worker that
//! takes too long, too much, or whose answer nobody wants any more is killed and replaced; nothing of it was
//! shared.
//!
//! ```text
//!   parent                                     worker
//!     opening: archive, keys, memory   ──────▶  confines itself, opens the archive
//!                                      ◀──────  ready: how it is confined
//!     request: SQL, parameters, limits ──────▶
//!                                      ◀──────  rows (Arrow IPC stream, in pieces) ... end: provenance
//!                                               or: pinned, or: failure
//! ```
//!
//! Everything goes through the worker's standard input and output ([`frame`]); keys are neither arguments nor
//! environment.

mod confine;
mod error;
mod failure;
mod frame;
mod message;
mod pool;
mod process;
mod rows;
mod serve;

pub use confine::Confinement;
pub use error::{Error, Result};
pub use message::Request;
pub use pool::{Pool, PoolOptions, Stats};
pub use rows::{Answer, Rows};
pub use serve::serve;
