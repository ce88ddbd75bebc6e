//! Collecting: one snapshot of a living tenant.

mod compare;
mod hints;
mod memory;
mod message;
mod plan;
mod reader;
mod resume;
mod run;
mod settle;
mod spool;
mod taker;

pub use reader::READ_WHERE_CHANGED;
pub use resume::unfinished;
pub use run::{
    CollectMonitor, CollectProgress, CollectReport, CollectRequest, CollectedKind, collect,
};
