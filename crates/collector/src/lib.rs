//! Turns a tenant, or an existing export of one, into snapshots.
//!
//! [`collect`] reads a tenant through Microsoft Graph; [`import`] reads folders of exports, git histories
//! of them, JSON lines and logs. The crate never prints: it reports through a [`Monitor`] or
//! [`CollectMonitor`] and what the functions return.

mod ask;
mod collect;
mod edges;
mod error;
mod events;
mod import;
mod intake;
mod key;
mod monitor;
mod normalise;
mod read;
mod recognise;
mod report;
mod reshape;
mod secrets;
mod timing;

pub use ask::{family, get};
pub use collect::{
    CollectMonitor, CollectProgress, CollectReport, CollectRequest, CollectedKind,
    READ_WHERE_CHANGED, collect, unfinished,
};
pub use error::{Error, Result};
pub use import::{Format, ImportRequest, import};
pub use monitor::{Monitor, Progress, Stage};
pub use normalise::normalised;
pub use report::{ImportReport, ImportedKind, ImportedSnapshot, Suspected};
pub use timing::{Due, Timing};
