//! What is noted of one request while it is worked on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::sync::OwnedSemaphorePermit;

use crate::auth::Identity;
use crate::principal::Role;
use crate::problem::Problem;

/// Stands for "nobody counted".
const UNCOUNTED: u64 = u64::MAX;

/// What is noted of one request. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rows: AtomicU64,
    noted: Mutex<Noted>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            rows: AtomicU64::new(UNCOUNTED),
            noted: Mutex::default(),
        }
    }
}

/// Facts for the access record.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) roles: Vec<Role>,
    pub(super) tenant: Option<String>,
    pub(super) statement: Option<String>,
    pub(super) problem: Option<String>,
    /// Whether it needed nobody: then it is not recorded.
    pub(super) is_public: bool,
    /// What it takes of the server, given back when the answer has been sent.
    pub(super) permits: Vec<OwnedSemaphorePermit>,
}

impl Tally {
    /// Counts rows of the answer, as they are sent.
    pub(crate) fn rows(&self, more: u64) {
        // One task sends an answer's rows.
        let rows = self.0.rows.load(Ordering::Relaxed);
        let rows = if rows == UNCOUNTED { 0 } else { rows };
        self.0
            .rows
            .store(rows.saturating_add(more), Ordering::Relaxed);
    }

    /// Notes the text of a statement that somebody wrote.
    pub(crate) fn statement(&self, sql: &str) {
        self.note(|noted| noted.statement = Some(sql.to_owned()));
    }

    /// Rows counted so far, if any were.
    pub(super) fn counted(&self) -> Option<u64> {
        let rows = self.0.rows.load(Ordering::Relaxed);
        (rows != UNCOUNTED).then_some(rows)
    }

    pub(super) fn note<T>(&self, note: impl FnOnce(&mut Noted) -> T) -> T {
        note(&mut self.0.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Tally {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Without the layers nothing is recorded, and noting does no harm.
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
