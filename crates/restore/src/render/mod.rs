//! Plans for people and for other tools: Markdown to review, `$batch` JSON and PowerShell to run without entrace.
//!
//! Everything a plan says of the tenant was written by somebody in the tenant. Each rendering escapes it for its
//! place ([`escape`]), so that a display name cannot become a heading, a link, a command or a request.

mod batch;
mod compare;
mod escape;
mod markdown;
mod powershell;

use serde_json::Value;

pub use batch::batches;
pub use compare::{Comparison, compare};
pub use markdown::markdown;
pub use powershell::powershell;

/// What stands for the root of the service in an address that must be whole.
const SERVICE: &str = "{{service}}";

/// Makes the address that a body refers to whole.
fn place_service(body: &mut Value) {
    if let Some(Value::String(link)) = body.get_mut("@odata.id")
        && link.starts_with('/')
    {
        link.insert_str(0, SERVICE);
    }
}

/// One file of a rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its name, without folders.
    pub name: String,
    /// What it holds.
    pub text: String,
}
