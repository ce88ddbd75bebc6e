//! Who may let a plan run, and whether they did.

mod refusal;

pub use refusal::Refusal;
