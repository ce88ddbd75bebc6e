//! Two plans side by side: which steps one has and the other has not.

use std::collections::HashMap;

use crate::plan::{Action, Plan, Step};

/// What differs between two plans.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Steps only the second has.
    pub added: Vec<Step>,
    /// Steps only the first has.
    pub removed: Vec<Step>,
    /// Steps on the same object that do something else, first and second.
    pub changed: Vec<(Step, Step)>,
    /// Steps that are the same but for their number.
    pub same: usize,
}

impl Comparison {
    /// Whether both plans do the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two plans step by step. Steps are the same where they send the same request for the same object under
/// the same precondition; their numbers do not count.
#[must_use]
pub fn compare(first: &Plan, second: &Plan) -> Comparison {
    type Key<'s> = (&'s str, &'s [String], Action);
    let key = |step: &'_ Step| -> (String, Vec<String>, Action) {
        (step.kind.clone(), step.object.clone(), step.action)
    };
    let mut before: HashMap<Key<'_>, Vec<&Step>> = HashMap::new();
    for step in first.steps.iter().rev() {
        let key = (step.kind.as_str(), step.object.as_slice(), step.action);
        before.entry(key).or_default().push(step);
    }
    let mut comparison = Comparison::default();
    let mut used: HashMap<(String, Vec<String>, Action), usize> = HashMap::new();
    for step in &second.steps {
        let found = before
            .get_mut(&(step.kind.as_str(), step.object.as_slice(), step.action))
            .and_then(Vec::pop);
        match found {
            None => comparison.added.push(step.clone()),
            Some(old) => {
                *used.entry(key(old)).or_default() += 1;
                if does_the_same(old, step) {
                    comparison.same += 1;
                } else {
                    comparison.changed.push((old.clone(), step.clone()));
                }
            }
        }
    }
    for step in &first.steps {
        match used.get_mut(&key(step)).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => comparison.removed.push(step.clone()),
        }
    }
    comparison
}

fn does_the_same(first: &Step, second: &Step) -> bool {
    first.request == second.request
        && first.precondition == second.precondition
        && first.uses == second.uses
        && first.properties == second.properties
}
