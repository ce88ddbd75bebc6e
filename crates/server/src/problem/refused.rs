//! Why a plan may not run, or an approval does not count: each reason is a problem of its own.

use restore::approval::Refusal;

use super::{Code, Problem};

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        Self::new(code(refusal), refusal.to_string()).with("reason", refusal.code())
    }
}

fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::Expired { .. } => Code::ApprovalExpired,
        Refusal::OtherAction { .. } => Code::ApprovalOtherAction,
        Refusal::OtherApprover { .. } => Code::ApprovalOtherApprover,
        Refusal::OtherArchive { .. } => Code::ApprovalOtherArchive,
        Refusal::OtherPlan { .. } => Code::ApprovalOtherPlan,
        Refusal::OtherTenant { .. } => Code::ApprovalOtherTenant,
        Refusal::TooLong { .. } => Code::ApprovalTooLong,
        Refusal::Used { .. } => Code::ApprovalUsed,
        Refusal::Missing { .. } => Code::ApprovalsMissing,
        Refusal::SecondOfPerson { .. } => Code::ApproverCounted,
        Refusal::OwnPlan { .. } => Code::ApproverIsAuthor,
        Refusal::KeyValidity { .. } => Code::ApproverNotValid,
        Refusal::Revoked { .. } => Code::ApproverRevoked,
        Refusal::SamePerson { .. } => Code::ApproverSamePerson,
        Refusal::UnknownApprover { .. } => Code::ApproverUnknown,
        Refusal::Roll { .. } => Code::ApproversBroken,
        Refusal::NoApprovers => Code::ApproversNone,
        Refusal::Clock { .. } => Code::ClockSkew,
        Refusal::NoTouch { .. } => Code::KeyNotTouched,
        Refusal::Key { .. } => Code::KeyRefused,
        Refusal::Cancelled { .. } => Code::PlanCancelled,
        Refusal::Done { .. } => Code::PlanDone,
        Refusal::PlanExpired { .. } => Code::PlanExpired,
        Refusal::Rejected { .. } => Code::PlanRejected,
        Refusal::Running { .. } => Code::PlanRunning,
        Refusal::Stale { .. } => Code::PlanStale,
        Refusal::Disabled => Code::RestoreDisabled,
        Refusal::SignatureBad { .. } => Code::SignatureBad,
        Refusal::SignatureFormat { .. } => Code::SignatureMalformed,
        Refusal::Namespace { .. } => Code::SignatureNamespace,
        Refusal::Statement { .. } => Code::StatementMalformed,
    }
}

/// All of them, for the description of the routes that can come to them.
pub(crate) const REFUSALS: &[Code] = &[
    Code::ApprovalExpired,
    Code::ApprovalOtherAction,
    Code::ApprovalOtherApprover,
    Code::ApprovalOtherArchive,
    Code::ApprovalOtherPlan,
    Code::ApprovalOtherTenant,
    Code::ApprovalTooLong,
    Code::ApprovalUsed,
    Code::ApprovalsMissing,
    Code::ApproverCounted,
    Code::ApproverIsAuthor,
    Code::ApproverNotValid,
    Code::ApproverRevoked,
    Code::ApproverSamePerson,
    Code::ApproverUnknown,
    Code::ApproversBroken,
    Code::ApproversNone,
    Code::ClockSkew,
    Code::KeyNotTouched,
    Code::KeyRefused,
    Code::PlanCancelled,
    Code::PlanDone,
    Code::PlanExpired,
    Code::PlanRejected,
    Code::PlanRunning,
    Code::PlanStale,
    Code::RestoreDisabled,
    Code::SignatureBad,
    Code::SignatureMalformed,
    Code::SignatureNamespace,
    Code::StatementMalformed,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_called_as_the_refusal_is() {
        for refusal in [
            Refusal::Disabled,
            Refusal::NoApprovers,
            Refusal::Done {
                plan: "0123".to_owned(),
            },
            Refusal::Used {
                approver: "bob".to_owned(),
            },
        ] {
            let problem = Problem::from(&refusal);
            assert_eq!(problem.code().word(), refusal.code().replace('_', "-"));
            assert!(REFUSALS.contains(&problem.code()));
        }
    }
}
