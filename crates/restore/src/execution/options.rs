//! How a plan is executed, and who is told.

use std::fmt;
use std::sync::Arc;

use graph::{Clock, SystemClock};

use super::entry::StepOutcome;
use super::patience::Patience;
use crate::plan::Step;

/// The normalised object a step changes, as it was when the plan was made; `None` where the archive does not have
/// it.
pub type Baseline<'r> = &'r dyn Fn(&Step) -> Option<String>;

/// How a plan is executed.
#[derive(Clone)]
pub struct Options<'r> {
    /// Most steps a plan may have.
    pub max_changes: usize,
    /// Goes on with what does not depend on a step that drifted, instead of stopping for review.
    pub keep_going: bool,
    /// Steps that are read, written down and sent together.
    pub window: usize,
    /// Requests that write at the same time.
    pub concurrency: usize,
    /// Longest waits.
    pub patience: Patience,
    /// Where what moved is found by comparison with the whole object.
    pub baseline: Option<Baseline<'r>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            max_changes: 1000,
            keep_going: false,
            window: 100,
            concurrency: 16,
            patience: Patience::default(),
            baseline: None,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("max_changes", &self.max_changes)
            .field("keep_going", &self.keep_going)
            .field("window", &self.window)
            .field("concurrency", &self.concurrency)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// What came of a step, told when it is written down.
#[derive(Debug)]
pub struct StepDone<'s> {
    /// The step.
    pub step: &'s Step,
    /// What came of it.
    pub outcome: &'s StepOutcome,
    /// Steps that something came of in this execution.
    pub done: u64,
    /// Steps of the plan.
    pub total: u64,
}

/// Who is told how it goes, and who may stop it.
pub trait Monitor {
    /// Something came of a step.
    fn step(&self, _done: &StepDone<'_>) {}

    /// Whether to stop. Requests under way are finished, and what they did is written down.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody.
impl Monitor for () {}
