//! What an approver signs.

use jiff::{SignedDuration, Timestamp};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::plan::Plan;

/// Value of [`Statement::format`].
pub(super) const FORMAT: &str = "entrace/approval/v1";
/// The one action there is.
pub(super) const EXECUTE: &str = "execute";
/// Longest statement, in bytes.
const MAX_BYTES: usize = 4 << 10;

/// *This plan may be executed*, in so many words that it can mean nothing else.
///
/// The text that is signed is the JSON of exactly these members in this order ([`Statement::text`]); any other
/// spelling of the same content is refused, so that there is one text for one approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// `entrace/approval/v1`.
    pub format: String,
    /// `execute`: the one action there is.
    pub action: String,
    /// Id of the plan: the hash of all of it.
    pub plan: String,
    /// Id of the archive the plan is kept in.
    pub archive: String,
    /// Tenant the plan changes.
    pub tenant: String,
    /// Name the approver is enrolled under.
    pub approver: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends: an execution begins before that.
    pub not_after: Timestamp,
    /// 32 hexadecimal digits that no other approval has.
    pub nonce: String,
}

impl Statement {
    /// The statement that approves a plan from now on.
    #[must_use]
    pub fn new(plan: &Plan, approver: &str, now: Timestamp, valid_for: SignedDuration) -> Self {
        // Whole seconds: nobody reads more.
        let made_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let mut nonce = [0; 16];
        rand::rngs::OsRng.fill_bytes(&mut nonce);
        Self {
            format: FORMAT.to_owned(),
            action: EXECUTE.to_owned(),
            plan: plan.id(),
            archive: plan.archive.clone(),
            tenant: plan.tenant.clone(),
            approver: approver.to_owned(),
            made_at,
            not_after: made_at.saturating_add(valid_for).unwrap_or(Timestamp::MAX),
            nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// The text that is signed, byte for byte.
    #[must_use]
    pub fn text(&self) -> String {
        super::signed_text(self)
    }

    /// Reads a statement.
    ///
    /// # Errors
    /// [`Refusal::Statement`] where it is none, or is not written the way [`Statement::text`] does.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let statement: Self = super::parse_signed(text, MAX_BYTES)?;
        if statement.format != FORMAT {
            return Err(Refusal::Statement {
                reason: format!("its format is {:?}, not {FORMAT:?}", statement.format),
            });
        }
        if statement.not_after <= statement.made_at {
            return Err(Refusal::Statement {
                reason: "it ends before it begins".to_owned(),
            });
        }
        Ok(statement)
    }
}
