//! Turns a wanted past state of a tenant into a plan, and executes an approved plan.
//!
//! ```text
//!   archive, revision, selection ─┐
//!                                 ├─▶ plan ─▶ approvals ─▶ execution ─▶ verification
//!   the tenant as it is now ──────┘     │                      │
//!                                       └ Markdown, $batch,    └ journal: intent, then outcome, of each step
//!                                         PowerShell
//! ```
//!
//! A [`Plan`] is a closed list of requests with everything needed to judge each: what differs, what must hold
//! before, what holds after, how it is taken back, and what it risks. Nothing outside it ever runs.

pub mod approval;
mod book;
mod canonical;
mod error;
pub mod execution;
mod file;
mod fingerprint;
mod own;
mod plan;
pub mod planning;
pub mod render;
pub mod verification;

pub use book::{Act, Approval, Book, Entry, Exclusive, Head, Journal, Outcome, Record, Run, State};
pub use error::{Error, Result};
pub use file::MAX_FILE;
pub use fingerprint::fingerprint;
pub use plan::{
    Action, Against, Dangling, Estimate, Expected, FORMAT, Impossible, Inverse, Made, Plan,
    Precondition, PropertyChange, Reason, Request, Risk, RiskCode, Step, Wanted,
};
