//! Who may let a plan run, and whether they did.
//!
//! ```text
//!   Plan ──▶ Statement ── ssh-keygen -Y sign ──▶ Approval ─┐
//!                                                          ├─▶ judge ──▶ Verdict
//!   papers/approvers, or a file ──▶ Approvers ──┐          │
//!   configuration ──────────────▶ Policy ───────┴──────────┘
//! ```
//!
//! The attacker to think of is an administrator of the tenant, who can make Entra say anything. So an approval is a
//! signature by a key that does not come from the tenant, over a text that means this plan of this archive alone, for
//! some hours, once. It is judged when it is handed in and again when an execution begins, by what is true then.

mod approver;
mod judge;
mod policy;
mod refusal;
mod roll;
mod signature;
mod signers;
mod statement;

pub use approver::Approver;
pub use judge::{Accepted, Begun, Judge, Verdict};
pub use policy::{Needed, Policy};
pub use refusal::Refusal;
pub use roll::{Change, Enrolment};
pub use signature::{ENROLMENT_NAMESPACE, NAMESPACE, fingerprint, key_of_file, public_key, verify};
pub use signers::Approvers;
pub use ssh_key::PublicKey;
pub use statement::Statement;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Text of what is signed: indented JSON, and a line end.
fn signed_text(statement: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(statement).expect("because it has text and times only");
    text.push('\n');
    text
}

/// Reads what [`signed_text`] wrote, and nothing else.
fn parse_signed<T: Serialize + DeserializeOwned>(text: &str, most: usize) -> Result<T, Refusal> {
    let refuse = |reason: String| Refusal::Statement { reason };
    if text.len() > most {
        return Err(refuse(format!("it has more than {most} bytes")));
    }
    let statement: T = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    if signed_text(&statement) == text {
        Ok(statement)
    } else {
        Err(refuse(
            "it is not written the way it was printed".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests;
