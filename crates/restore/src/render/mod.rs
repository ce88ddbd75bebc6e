//! Plans for people and for other tools: Markdown to review, `$batch` JSON and PowerShell to run without entrace.
//!
//! Everything a plan says of the tenant was written by somebody in the tenant. Each rendering escapes it for its
//! place ([`escape`]), so that a display name cannot become a heading, a link, a command or a request.

mod batch;
mod compare;
mod escape;
mod markdown;
mod powershell;

pub use batch::batches;
pub use compare::{Comparison, compare};
pub use markdown::markdown;
pub use powershell::powershell;

/// One file of a rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its name, without folders.
    pub name: String,
    /// What it holds.
    pub text: String,
}
