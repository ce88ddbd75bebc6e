//! Long work: it goes on when the connection that began it is gone.
//!
//! ```text
//!   POST ─▶ 202, /v1/jobs/ID ──▶ waiting ─▶ running ─▶ done | failed | cancelled
//!                                   └────────┴─ events, numbered, for whoever watches
//! ```
//!
//! A job is written down when it begins and when it ends. One that had begun when the server ended was interrupted:
//! it says so, and nothing begins it again by itself.

mod job;
mod live;
mod registry;
mod turns;
mod watching;

#[cfg(test)]
mod tests;

pub use job::{Job, JobId, JobKind, JobState};
pub use live::JobHandle;
pub use registry::{Jobs, Work};
pub use watching::JobEvent;
