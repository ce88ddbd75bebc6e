//! What is needed for a plan to run.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::plan::{Action, Plan, Request, RiskCode, Step};

/// Kinds whose objects give somebody a role of the directory, or say what a role is and who may take it.
const ROLES: [&str; 11] = [
    "administrative_unit_scoped_role_member",
    "directory_role_member",
    "directory_role_scoped_member",
    "role_assignment",
    "role_assignment_schedule",
    "role_assignment_schedule_request",
    "role_definition",
    "role_eligibility_schedule",
    "role_eligibility_schedule_request",
    "role_management_policy",
    "role_management_policy_rule",
];

/// What the configuration asks for before a plan runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether plans run at all.
    pub enabled: bool,
    /// Whether the author's own approval counts for nothing.
    pub require_second_person: bool,
    /// Approvals a plan needs, each by another person.
    pub approvals: u32,
    /// Approvals it needs if it is large, or touches what is protected.
    pub approvals_for_risk: u32,
    /// Most steps of a plan that is not large.
    pub max_changes: u64,
    /// Ids of objects that are protected, in lower case.
    pub protected: BTreeSet<String>,
    /// Longest time an approval may be for.
    pub longest_approval: SignedDuration,
    /// Age beyond which a plan does not run.
    pub oldest_plan: SignedDuration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: false,
            require_second_person: true,
            approvals: 1,
            approvals_for_risk: 2,
            max_changes: 200,
            protected: BTreeSet::new(),
            longest_approval: SignedDuration::from_hours(24),
            oldest_plan: SignedDuration::from_hours(7 * 24),
        }
    }
}

/// How many approvals a plan needs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Approvals, each by another person.
    pub approvals: u32,
    /// Why it is more than for others; one sentence each.
    pub because: Vec<String>,
}

impl Policy {
    /// How many approvals a plan needs.
    ///
    /// What the plan says of its own risks is believed, and looked for again in what its steps do: a plan is a file,
    /// and whoever wrote it may have left a risk out.
    #[must_use]
    pub fn needed(&self, plan: &Plan) -> Needed {
        let mut because = Vec::new();
        let steps = plan.steps.len();
        if steps as u64 > self.max_changes {
            let most = self.max_changes;
            because.push(format!("it has {steps} steps, more than {most}"));
        }
        let first = |is: &dyn Fn(&Step) -> bool| plan.steps.iter().find(|step| is(step));
        if let Some(step) = first(&|step| has(step, RiskCode::Protected) || self.protects(step)) {
            because.push(format!("step {} touches a protected object", step.number));
        }
        if let Some(step) = first(&|step| has(step, RiskCode::PrivilegedRole) || gives_role(step)) {
            because.push(format!("step {} gives a role", step.number));
        }
        let approvals = if because.is_empty() {
            self.approvals
        } else {
            self.approvals_for_risk.max(self.approvals)
        };
        Needed { approvals, because }
    }

    /// Whether a step names a protected object, anywhere.
    fn protects(&self, step: &Step) -> bool {
        if self.protected.is_empty() {
            return false;
        }
        let Request { target, body, .. } = &step.request;
        let mut text = step.object.join(" ");
        text.push(' ');
        text.push_str(target);
        if let Some(body) = body {
            text.push_str(&body.to_string());
        }
        let text = text.to_lowercase();
        self.protected.iter().any(|id| text.contains(id.as_str()))
    }
}

fn has(step: &Step, code: RiskCode) -> bool {
    step.risks.iter().any(|risk| risk.code == code)
}

/// Whether a step gives somebody a role of the directory, or changes what one is, whichever role it is.
fn gives_role(step: &Step) -> bool {
    let takes = matches!(
        step.action,
        Action::RemoveLink | Action::SoftDelete | Action::Delete
    );
    !takes && ROLES.contains(&step.kind.as_str())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_catalogue_knows_the_kinds_that_give_roles() {
        for kind in super::ROLES {
            assert!(catalog::by_name(kind).is_some(), "{kind}");
        }
    }
}
