//! Why a plan may not run, or an approval does not count.

use jiff::Timestamp;

/// Why a plan may not run, or an approval does not count.
///
/// Each has a code that never changes ([`Refusal::code`]) and a message of one line with the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are what the messages say of them")]
pub enum Refusal {
    /// The configuration does not let plans run.
    #[error(
        "execution is switched off: set enabled = true in section [restore] of the configuration, or ENTRACE_RESTORE__ENABLED=true"
    )]
    Disabled,
    /// Somebody executes a plan of this archive already.
    #[error("a plan of this archive is being executed by {holder}: wait until that has ended")]
    Running { holder: String },
    /// Fewer approvals count than are needed.
    #[error("plan {plan} has {valid} of {needed} approvals it needs{because}: let it be approved")]
    Missing {
        plan: String,
        valid: u32,
        needed: u32,
        because: String,
    },
    /// Somebody cancelled the plan.
    #[error("plan {plan} was cancelled by {by}: make it anew")]
    Cancelled { plan: String, by: String },
    /// Somebody rejected the plan.
    #[error("plan {plan} was rejected by {by}: make another")]
    Rejected { plan: String, by: String },
    /// The tenant is not what the plan was made on.
    #[error("plan {plan} is stale, the tenant has moved on: make it anew")]
    Stale { plan: String },
    /// Every step was done.
    #[error("plan {plan} was executed already")]
    Done { plan: String },
    /// The plan is older than the policy allows.
    #[error("plan {plan} is of {made_at}, and plans run {days} days at most: make it anew")]
    PlanExpired {
        plan: String,
        made_at: Timestamp,
        days: i64,
    },
    /// The statement cannot be read, or is not written the way statements are.
    #[error(
        "the approval's statement is refused: {reason}; sign what plan approve --print-statement prints"
    )]
    Statement { reason: String },
    /// The signature cannot be read.
    #[error("the approval's signature cannot be read: {reason}; make it with ssh-keygen -Y sign")]
    SignatureFormat { reason: String },
    /// The signature was made for another purpose.
    #[error(
        "the signature was made for {found:?}, not for {wanted:?}: sign with ssh-keygen -Y sign -n {wanted}"
    )]
    Namespace { found: String, wanted: &'static str },
    /// The key, or its algorithm, is too weak or not known here.
    #[error(
        "{key} is not accepted: {reason}; use ssh-ed25519, ecdsa on P-256 or P-384, their security-key forms, or RSA of 2048 bits or more"
    )]
    Key { key: String, reason: String },
    /// A security key signed without anybody touching it.
    #[error("nobody touched the security key {fingerprint}: sign with a key that asks for it")]
    NoTouch { fingerprint: String },
    /// The signature is of something else, or by another key.
    #[error(
        "the signature by {fingerprint} does not fit the statement: one of them was changed, sign again"
    )]
    SignatureBad { fingerprint: String },
    /// Nobody enrolled the key.
    #[error("key {fingerprint} belongs to no approver: see them with approver list")]
    UnknownApprover { fingerprint: String },
    /// The key was revoked.
    #[error("the key of approver {approver} was revoked at {revoked_at}")]
    Revoked {
        approver: String,
        revoked_at: Timestamp,
    },
    /// The key is not valid at this time.
    #[error("the key of approver {approver} is valid {period}")]
    KeyValidity { approver: String, period: String },
    /// The statement names somebody else than the key's owner.
    #[error(
        "the statement names {named:?} as approver, and the key is that of {approver}: sign your own"
    )]
    OtherApprover { named: String, approver: String },
    /// The statement approves something else than an execution.
    #[error("the statement is about {action:?}, not about \"execute\"")]
    OtherAction { action: String },
    /// The statement is about a plan of another archive.
    #[error("the approval is for archive {named}, this is archive {archive}")]
    OtherArchive { named: String, archive: String },
    /// The statement is about another tenant.
    #[error("the approval is for tenant {named:?}, the plan is for {tenant:?}")]
    OtherTenant { named: String, tenant: String },
    /// The statement is about another plan.
    #[error(
        "the approval is for plan {named}, this is plan {plan}: a plan that was changed needs new approvals"
    )]
    OtherPlan { named: String, plan: String },
    /// The time in which the approval could be used is over.
    #[error("the approval by {approver} expired at {not_after}: approve again")]
    Expired {
        approver: String,
        not_after: Timestamp,
    },
    /// The approval is for longer than the policy allows.
    #[error(
        "the approval by {approver} is for {hours} hours, {most} at most: approve again with --valid-for"
    )]
    TooLong {
        approver: String,
        hours: i64,
        most: i64,
    },
    /// A clock is wrong: an approval of the future, or a past that was there already.
    #[error("{what} at {then}, and the clock says {now}: set the clock right")]
    Clock {
        what: String,
        then: Timestamp,
        now: Timestamp,
    },
    /// An execution used the approval up.
    #[error("the approval by {approver} was used by an execution already: approve again")]
    Used { approver: String },
    /// The author approves their own plan.
    #[error("{approver} is the author {author:?} of the plan: somebody else must approve it")]
    OwnPlan { approver: String, author: String },
    /// The author approves their own plan by another account or key.
    #[error(
        "{approver} is {person:?}, who made the plan as {author:?}: another person must approve it"
    )]
    SamePerson {
        approver: String,
        person: String,
        author: String,
    },
    /// The same person approved already.
    #[error("{approver} is {person:?}, who approved already: two approvals are by two persons")]
    SecondOfPerson { approver: String, person: String },
    /// The list of approvers was changed by somebody who may not.
    #[error(
        "the list of approvers is not to be believed from entry {number} on: {reason}; restore papers/approvers from a copy, or name the approvers in a file with approvers_file in section [restore]"
    )]
    Roll { number: u32, reason: String },
    /// There is nobody who could approve.
    #[error(
        "nobody is enrolled who could approve: add somebody with approver add NAME --key FILE.pub"
    )]
    NoApprovers,
}

impl Refusal {
    /// The code: what programs compare. It never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Disabled => "restore_disabled",
            Self::Running { .. } => "plan_running",
            Self::Missing { .. } => "approvals_missing",
            Self::Cancelled { .. } => "plan_cancelled",
            Self::Rejected { .. } => "plan_rejected",
            Self::Stale { .. } => "plan_stale",
            Self::Done { .. } => "plan_done",
            Self::PlanExpired { .. } => "plan_expired",
            Self::Statement { .. } => "statement_malformed",
            Self::SignatureFormat { .. } => "signature_malformed",
            Self::Namespace { .. } => "signature_namespace",
            Self::Key { .. } => "key_refused",
            Self::NoTouch { .. } => "key_not_touched",
            Self::SignatureBad { .. } => "signature_bad",
            Self::UnknownApprover { .. } => "approver_unknown",
            Self::Revoked { .. } => "approver_revoked",
            Self::KeyValidity { .. } => "approver_not_valid",
            Self::OtherApprover { .. } => "approval_other_approver",
            Self::OtherAction { .. } => "approval_other_action",
            Self::OtherArchive { .. } => "approval_other_archive",
            Self::OtherTenant { .. } => "approval_other_tenant",
            Self::OtherPlan { .. } => "approval_other_plan",
            Self::Expired { .. } => "approval_expired",
            Self::TooLong { .. } => "approval_too_long",
            Self::Clock { .. } => "clock_skew",
            Self::Used { .. } => "approval_used",
            Self::OwnPlan { .. } => "approver_is_author",
            Self::SamePerson { .. } => "approver_same_person",
            Self::SecondOfPerson { .. } => "approver_counted",
            Self::Roll { .. } => "approvers_broken",
            Self::NoApprovers => "approvers_none",
        }
    }
}
