//! What a list shows of a plan.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan::{Action, Plan};

/// A plan of the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id, 64 hexadecimal digits.
    pub id: String,
    /// What a list shows of it.
    #[serde(flatten)]
    pub head: Head,
}

/// A plan in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// When it was made.
    pub made_at: Timestamp,
    /// Who made it.
    pub author: String,
    /// Tenant the steps are for.
    pub tenant: String,
    /// The wanted revision, as it was asked for.
    pub revision: String,
    /// When the tenant was in the wanted state.
    pub taken_at: Timestamp,
    /// The objects asked for, as they were given.
    pub selection: Vec<String>,
    /// Number of steps.
    pub steps: usize,
    /// Steps by what they do.
    pub actions: BTreeMap<Action, usize>,
    /// Differences that no step removes.
    pub impossible: usize,
    /// References that lead nowhere.
    pub dangling: usize,
    /// Steps with a risk.
    pub risky: usize,
}

impl Head {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut actions = BTreeMap::new();
        for step in &plan.steps {
            *actions.entry(step.action).or_default() += 1;
        }
        Self {
            made_at: plan.made_at,
            author: plan.author.clone(),
            tenant: plan.tenant.clone(),
            revision: plan.wanted.revision.clone(),
            taken_at: plan.wanted.taken_at,
            selection: plan.wanted.selection.clone(),
            steps: plan.steps.len(),
            actions,
            impossible: plan.impossible.len(),
            dangling: plan.dangling.len(),
            risky: plan.steps.iter().filter(|s| !s.risks.is_empty()).count(),
        }
    }

    /// What it is for, in one line: `-1d: conditional_access_policy "CA001"`.
    #[must_use]
    pub fn title(&self) -> String {
        let what = match self.selection.as_slice() {
            [] => "everything".to_owned(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        };
        format!("{} as of {}", what, self.revision)
    }
}
