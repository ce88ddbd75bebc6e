//! Why a kind was not read, in the words of its coverage.

use catalog::{Access, Kind, Licence};
use graph::ErrorKind;
use store::CoverageState;

use super::super::message::{Mode, Outcome};
use super::super::plan::Step;
use super::{Gone, outcome};

pub(super) type Result<T> = std::result::Result<T, Failure>;

/// Why reading a kind ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// Graph said no, or nothing.
    Graph(Box<graph::Error>),
    /// A limit of the run.
    Stopped(String),
    /// Some pages were read before.
    After(Box<Failure>),
    /// Nobody listens any more.
    Gone,
}

impl From<graph::Error> for Failure {
    fn from(error: graph::Error) -> Self {
        Self::Graph(Box::new(error))
    }
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl Failure {
    /// The same after something was read: the kind is not unread but incomplete.
    pub(super) fn after(self, pages: u64) -> Self {
        match self {
            Self::Gone | Self::After(_) => self,
            other if pages > 0 => Self::After(Box::new(other)),
            other => other,
        }
    }

    /// Whether the place to go on from is lost, so that reading begins anew: Graph does not know it any
    /// more, or it lies at another address than the one that is asked today.
    pub(super) fn is_lost(&self) -> bool {
        let kinds = [
            ErrorKind::Gone,
            ErrorKind::NotFound,
            ErrorKind::Unsupported,
            ErrorKind::OffOrigin,
        ];
        match self {
            Self::Graph(error) => kinds.contains(&error.kind()),
            Self::After(failure) => failure.is_lost(),
            _ => false,
        }
    }

    /// What it means for a kind.
    pub(super) fn outcome(&self, step: &Step) -> Outcome {
        let (state, reason) = self.verdict(step.kind);
        let mode = if state == CoverageState::Partial {
            Mode::Whole
        } else {
            Mode::Unread
        };
        Outcome {
            state,
            reason: Some(reason),
            lasting: self.is_lasting(),
            ..outcome(step.kind, mode)
        }
    }

    /// Whether the same would be answered tomorrow, if nobody changes anything.
    pub(super) fn is_lasting(&self) -> bool {
        let kinds = [
            ErrorKind::Forbidden,
            ErrorKind::NotLicensed,
            ErrorKind::NotFound,
            ErrorKind::Unsupported,
        ];
        match self {
            Self::Graph(error) => kinds.contains(&error.kind()),
            _ => false,
        }
    }

    fn verdict(&self, kind: &Kind) -> (CoverageState, String) {
        match self {
            Self::Graph(error) => refusal(error, kind),
            Self::Stopped(reason) => (CoverageState::Partial, reason.clone()),
            Self::After(failure) => {
                let (_, reason) = failure.verdict(kind);
                (CoverageState::Partial, format!("not to the end: {reason}"))
            }
            Self::Gone => (CoverageState::Failed, "interrupted".to_owned()),
        }
    }
}

/// What Graph's refusal of a kind says about it.
fn refusal(error: &graph::Error, kind: &Kind) -> (CoverageState, String) {
    match error.kind() {
        ErrorKind::NotLicensed => (
            CoverageState::NotLicensed,
            format!("needs {}: {error}", licence(kind)),
        ),
        ErrorKind::Forbidden => {
            let needed = match kind.access() {
                Access::Application(permissions) => {
                    format!("needs the permission {}", permissions.join(" or "))
                }
                Access::SignedIn(permission) => {
                    format!("needs {permission} and a signed-in administrator")
                }
                Access::Unknown => "needs a permission that is not documented".to_owned(),
            };
            (CoverageState::Forbidden, format!("{needed}: {error}"))
        }
        ErrorKind::NotFound if kind.licence != Licence::Free => (
            CoverageState::NotLicensed,
            format!("not there; it comes with {}: {error}", licence(kind)),
        ),
        _ => (CoverageState::Failed, error.to_string()),
    }
}

fn licence(kind: &Kind) -> &'static str {
    kind.licence.title()
}

/// Lists below some parents that could not be read.
#[derive(Debug)]
pub(super) struct Missed {
    /// Why the first of them could not.
    pub(super) first: Failure,
    pub(super) count: usize,
    /// Whether all of them would be missed again.
    pub(super) lasting: bool,
}

impl Missed {
    pub(super) fn add(missed: Option<Self>, failure: Failure) -> Self {
        match missed {
            Some(missed) => Self {
                count: missed.count + 1,
                lasting: missed.lasting && failure.is_lasting(),
                ..missed
            },
            None => Self {
                lasting: failure.is_lasting(),
                first: failure,
                count: 1,
            },
        }
    }
}
