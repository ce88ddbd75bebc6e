//! What every request passes before it reaches a route, and what is noted when it has been answered.
//!
//! ```text
//!   front     a name for the request, its time, the access record, figures
//!   (router)  problems are completed
//!   admit     size ─▶ host and origin ─▶ rate ─▶ who ─▶ rate of that one ─▶ tenant and role ─▶ once only ─▶ route
//! ```
//!
//! Everything is decided here, by the template of the route, so that a route cannot forget it.

mod admit;
mod front;
mod once;
mod options;
mod replying;
mod tally;
mod tenant;

use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;

use crate::access_record::AccessRecord;
use crate::auth::oidc::{HttpKeys, KeySource, Keys, Validator};
use crate::auth::token::TokenFile;
use crate::auth::{Authenticator, Names, Session};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::fleet::Fleet;
use crate::idempotency::Answers;
use crate::jobs::Jobs;
use crate::keep::Keep;
use crate::limits::{LimitOptions, Rates};
use crate::metrics::Metrics;

pub(crate) use admit::admitted;
pub(crate) use front::fronted;
pub use options::GuardOptions;
pub(crate) use tally::Tally;

/// What the layers share.
#[derive(Debug)]
pub struct Guard {
    /// Who requests are from; `None`: nobody can be signed in.
    authenticator: Option<Authenticator>,
    limits: LimitOptions,
    rates: Rates,
    /// Requests that may still be begun.
    permits: Arc<Semaphore>,
    /// Streams of events that may still be opened.
    streams: Arc<Semaphore>,
    /// What the server is called; unknown as long as it does not listen.
    names: OnceLock<Names>,
    record: Option<AccessRecord>,
    answers: Answers,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) jobs: Jobs,
    clock: Clock,
}

impl Guard {
    /// Makes everything the layers need.
    ///
    /// # Errors
    /// A state folder that cannot be written.
    pub(crate) fn new(options: &GuardOptions, fleet: &Arc<Fleet>, clock: Clock) -> Result<Self> {
        let keep: Arc<dyn Keep> = Arc::clone(fleet) as Arc<dyn Keep>;
        let limits = options.limits.clone();
        let record = match &options.access {
            Some(access) => Some(AccessRecord::begin(access.clone(), clock.now())?),
            None => None,
        };
        Ok(Self {
            authenticator: authenticator(options, &clock)?,
            rates: Rates::new(limits.everybody, limits.principal),
            permits: Arc::new(Semaphore::new(limits.concurrency)),
            streams: Arc::new(Semaphore::new(limits.streams)),
            limits,
            names: OnceLock::new(),
            record,
            answers: Answers::new(Arc::clone(&keep), clock.clone()),
            metrics: Arc::default(),
            jobs: Jobs::new(keep, clock.clone()),
            clock,
        })
    }

    /// Says what the server is called, once it listens.
    pub(crate) fn name(&self, names: Names) {
        // Only the first call counts, and there is one.
        let _ = self.names.set(names);
    }

    /// Streams of events that are open.
    pub(crate) fn open_streams(&self) -> usize {
        let free = self.streams.available_permits();
        self.limits.streams.saturating_sub(free)
    }

    /// The token of whoever started the server on this machine, where there is one.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.authenticator.as_ref()?.session()
    }

    /// The record of who asked what, where one is kept.
    pub(crate) fn record(&self) -> Option<&AccessRecord> {
        self.record.as_ref()
    }

    /// Writes what is still in memory, and takes the session's token away.
    pub(crate) fn finish(&self) {
        if let Some(authenticator) = &self.authenticator
            && let Err(error) = authenticator.tokens().write_uses()
        {
            tracing::warn!(%error, "the last use of tokens could not be noted");
        }
        if let Some(session) = self.session() {
            session.end();
        }
        if let Some(record) = &self.record {
            record.flush();
        }
    }
}

fn authenticator(options: &GuardOptions, clock: &Clock) -> Result<Option<Authenticator>> {
    let Some(folder) = &options.folder else {
        return Ok(None);
    };
    let oidc = match &options.oidc {
        Some(oidc) => {
            let source: Arc<dyn KeySource> = match &options.keys {
                Some(source) => Arc::clone(source),
                None => Arc::new(HttpKeys::new(&oidc.issuer).map_err(Error::Invalid)?),
            };
            let keys = Keys::new(source, &oidc.issuer, &oidc.tenant_id, clock.clone());
            Some(Validator::new(oidc.clone(), Arc::new(keys), clock.clone()))
        }
        None => None,
    };
    let session = if options.session {
        Some(Session::begin(folder)?)
    } else {
        None
    };
    let tokens = Arc::new(TokenFile::new(folder));
    Ok(Some(Authenticator::new(
        tokens,
        oidc,
        session,
        clock.clone(),
    )))
}
