//! What a plan costs, and what no plan reaches.

use std::collections::BTreeSet;

use catalog::{Kind, Throttle};

use crate::plan::{Action, Estimate, Step};

/// Writes a second that an application may send for one tenant.
const WRITES_PER_SECOND: f64 = 20.0;
/// Requests a second that Conditional Access takes from all applications of a tenant together.
const POLICIES_PER_SECOND: f64 = 1.0;

/// What the steps cost: each is read before and after.
pub(super) fn estimate(steps: &[Step]) -> Estimate {
    let is_slow = |step: &&Step| {
        catalog::by_name(&step.kind)
            .is_some_and(|kind| kind.throttle() == Throttle::ConditionalAccess)
    };
    let slow = steps.iter().filter(is_slow).count();
    let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
    let seconds =
        count(steps.len() - slow) / WRITES_PER_SECOND + 3.0 * count(slow) / POLICIES_PER_SECOND;
    let writes = steps.len() as u64;
    Estimate {
        writes,
        reads: writes * 2,
        minutes: (seconds / 60.0 * 100.0).round() / 100.0,
    }
}

/// What is kept elsewhere, by what is done to which kind.
const KEPT_ELSEWHERE: [(&str, Action, &str); 7] = [
    (
        "user",
        Action::Create,
        "users made anew: passwords, sign-in methods, licences, mailbox and files are not those of before; assign licences, and let the people register again",
    ),
    (
        "user",
        Action::Restore,
        "users from the recycle bin: mailbox and files come back only where Exchange and SharePoint still keep them",
    ),
    (
        "group",
        Action::Create,
        "groups made anew: mailbox, team, site and plans of a Microsoft 365 group are not brought back",
    ),
    (
        "application",
        Action::Create,
        "applications made anew: client secrets and certificates must be issued again and given to whoever runs the application, with the new appId",
    ),
    (
        "service_principal",
        Action::Create,
        "service principals made anew: signing certificates, provisioning secrets and consents of users must be given again",
    ),
    (
        "conditional_access_policy",
        Action::Create,
        "policies made anew: reports and alerts that name the old id must be pointed to the new one",
    ),
    (
        "mobile_app",
        Action::Create,
        "applications of Intune: their installation files must be uploaded again",
    ),
];

/// What belongs to the objects of a plan and is kept elsewhere.
pub(super) fn outside(steps: &[Step], come_along: u64) -> Vec<String> {
    let touched: BTreeSet<(&str, Action)> = steps
        .iter()
        .map(|step| (step.kind.as_str(), step.action))
        .collect();
    let mut lines: Vec<String> = KEPT_ELSEWHERE
        .iter()
        .filter(|(kind, action, _)| touched.contains(&(*kind, *action)))
        .map(|(.., line)| (*line).to_owned())
        .collect();
    if come_along > 0 {
        lines.push(format!(
            "{come_along} relationships come back with what leaves the recycle bin and are no steps: make another plan afterwards to find any that did not"
        ));
    }
    lines
}

/// A difference of a kind that Graph cannot write at all.
pub(super) fn unwritable(kind: &Kind, count: usize) -> String {
    let verb = if count == 1 { "differs" } else { "differ" };
    format!(
        "{count} of {} {verb}, and Graph has no request that writes them",
        kind.table
    )
}

/// Differences of a kind whose rows record that something was asked for.
pub(super) fn recorded(kind: &Kind, count: usize) -> String {
    format!(
        "{count} of {} record what somebody asked for: they are not asked for again",
        kind.table
    )
}
