//! One request until it is answered: budget, token, sending, and asking again.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Method, RequestBuilder,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap},
};
use url::Url;

use super::Client;
use crate::{
    auth::Token,
    error::{Error, ErrorKind, Result, printable},
    origin::shown,
    refusal,
    request::Family,
    retry::{self, RetryAfter},
    transport::{Lost, Raw},
};

/// Tries for an answer that is complete but not what Graph answers: a proxy's page may be gone the next time.
const MALFORMED_TRIES: u32 = 3;

/// Most resource units one answer is believed to have cost: a false figure must not stop the run for days.
const MOST_UNITS: u32 = 1000;

/// A request, ready to be sent any number of times.
pub(crate) struct Ask {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
    /// What is asked for: one, or the contents of a batch.
    pub items: Vec<Item>,
    pub batch: bool,
    pub limit_bytes: usize,
    pub repeat: Repeat,
}

/// What one request counts as.
#[derive(Clone, Copy)]
pub(crate) struct Item {
    pub label: &'static str,
    pub family: Family,
    pub cost: u32,
    /// It was sent before, in another request.
    pub again: bool,
}

/// After which failures a request may be sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Reads: after all that may pass.
    Always,
    /// Writes of which two are as good as one: also where the gateway gave up.
    Idempotent,
    /// Other writes: only where Graph certainly did nothing.
    Refused,
}

/// A try that failed.
struct Failure {
    error: Error,
    /// Tries after which this failure is final.
    max_tries: u32,
    /// The wait the server asks for.
    retry_after: RetryAfter,
    /// The failure is the tenant's, not the request's: all of the family must wait.
    pauses: bool,
    /// Whose quota it was, in Graph's words (`scope/limit/app/tenant`).
    quota: Option<String>,
}

impl Client {
    /// Sends until `accept` takes the answer, or the failure is final.
    pub(crate) async fn ask<T>(&self, ask: &Ask, accept: impl Fn(&Raw) -> Result<T>) -> Result<T> {
        self.unless_cancelled(self.persist(ask, accept))
            .await
            .map_err(|error| match error.asked() {
                Some(_) => error,
                None => error.with_asked(ask.shown()),
            })
    }

    async fn persist<T>(&self, ask: &Ask, accept: impl Fn(&Raw) -> Result<T>) -> Result<T> {
        let mut waited = Duration::ZERO;
        // Whether the last answer was that the token is no good: a second one in a row is final, one after long waits is
        // not.
        let mut renewed = false;
        let mut failed: Option<Error> = None;
        let mut tries = 1;
        loop {
            let (token, outcome) = match self.once(ask, failed.is_some() || renewed).await {
                Ok(done) => done,
                // That it is not sent again says less than why it failed.
                Err(error) if error.kind() == ErrorKind::Connection => {
                    return Err(failed.unwrap_or(error));
                }
                Err(error) => return Err(error),
            };
            let failure = match outcome {
                Ok(raw) if raw.status < 300 => match accept(&raw) {
                    Ok(answer) => return Ok(answer),
                    Err(error) => self.unacceptable(ask, error.with_request_id(raw.request_id())),
                },
                Ok(raw) if raw.status == 401 && !renewed => {
                    renewed = true;
                    self.0.tokens.renewed(&token).await?;
                    continue;
                }
                Ok(raw) => self.refused(ask, &raw),
                Err(lost) => self.lost(ask, lost),
            };
            let error = failure.error.without(&token.value);
            let last = tries >= failure.max_tries;
            if last && !failure.pauses {
                return Err(error);
            }
            let wait = self.wait_for(failure.retry_after, tries);
            if failure.pauses {
                // Also by the last try: the others of the family would meet the same answer.
                ask.items
                    .iter()
                    .for_each(|item| self.0.budget.pause(item.family, wait));
            }
            if last || waited + wait > self.0.limits.max_total_wait {
                return Err(error);
            }
            waited += wait;
            tries += 1;
            renewed = false;
            // Without the message: Graph repeats parts of the query in it.
            tracing::warn!(
                asked = ask.shown(),
                kind = ?error.kind(),
                status = error.status(),
                request_id = error.request_id(),
                quota = failure.quota,
                wait_ms = wait.as_millis(),
                tries,
                "asking again"
            );
            ask.items
                .first()
                .into_iter()
                .for_each(|item| self.0.meter.waited(item.label, wait));
            failed = Some(error);
            self.0.clock.sleep(wait).await;
        }
    }

    /// One exchange, within the budget and with a valid token.
    async fn once(
        &self,
        ask: &Ask,
        again: bool,
    ) -> Result<(Arc<Token>, std::result::Result<Raw, Lost>)> {
        if let Some(error) = self.0.silence.refusal(self.0.clock.monotonic()) {
            return Err(error);
        }
        let costs: Vec<_> = ask
            .items
            .iter()
            .map(|item| (item.family, item.cost, 1))
            .collect();
        if ask.repeat != Repeat::Always
            && let Some(item) = ask.items.first()
        {
            self.0.budget.admit_write(item.family).await;
        }
        let place = self.0.budget.admit(&costs).await;
        let token = self.0.tokens.token().await?;
        ask.items
            .iter()
            .for_each(|item| self.0.meter.sent(item.label, again || item.again));
        self.0.meter.call(ask.batch);
        let start = self.0.clock.monotonic();
        let outcome = self
            .0
            .service
            .transport
            .exchange(self.build(ask, &token), ask.limit_bytes)
            .await;
        drop(place);
        let outcome_told = outcome.as_ref().map_err(|lost| &lost.error);
        self.0.silence.note(outcome_told, self.0.clock.monotonic());
        let ms = self.0.clock.monotonic().saturating_sub(start).as_millis();
        let method = ask.method.as_str();
        match &outcome {
            Ok(raw) => {
                tracing::debug!(
                    method,
                    path = shown(&ask.url),
                    status = raw.status,
                    ms,
                    request_id = raw.request_id(),
                    "asked"
                );
                self.note_time(raw);
                self.settle(ask, raw);
            }
            Err(lost) => {
                tracing::debug!(method, path = shown(&ask.url), ms, error = %lost.error, "asked in vain");
            }
        }
        Ok((token, outcome))
    }

    fn build(&self, ask: &Ask, token: &Token) -> RequestBuilder {
        let mut request = self
            .0
            .service
            .transport
            .http()
            .request(ask.method.clone(), ask.url.clone())
            .headers(ask.headers.clone())
            .header(AUTHORIZATION, token.header.clone())
            .header("client-request-id", uuid::Uuid::new_v4().to_string())
            .header("x-ms-throttle-priority", "low");
        if let Some(body) = &ask.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        request
    }

    /// Counts what the answer cost. The contents of a batch are settled one by one, where they are read.
    fn settle(&self, ask: &Ask, raw: &Raw) {
        let share = raw
            .named("x-ms-throttle-limit-percentage")
            .and_then(|text| text.trim().parse::<f64>().ok());
        if let Some(share) = share {
            self.0.meter.quota_used(percent(share));
            ask.items
                .iter()
                .for_each(|item| self.0.budget.used(item.family, share));
        }
        if !ask.batch
            && let Some(item) = ask.items.first()
        {
            self.settle_one(
                item,
                raw.named("x-ms-resource-unit"),
                raw.body.len(),
                raw.status,
            );
        }
    }

    pub(crate) fn settle_one(&self, item: &Item, units: Option<&str>, bytes: usize, status: u16) {
        let units = units
            .and_then(|text| text.trim().parse::<u32>().ok())
            .map(|units| units.min(MOST_UNITS));
        if let Some(units) = units {
            self.0.budget.correct(item.family, item.cost, units);
        }
        self.0
            .meter
            .answered(item.label, units.unwrap_or(item.cost), bytes, status == 429);
    }

    fn unacceptable(&self, ask: &Ask, error: Error) -> Failure {
        let max_tries = match error.kind() {
            _ if ask.repeat != Repeat::Always => 1,
            ErrorKind::Malformed if error.is_fleeting() => self.0.limits.max_tries,
            ErrorKind::Malformed => self.0.limits.max_tries.min(MALFORMED_TRIES),
            _ => 1,
        };
        Failure {
            error,
            max_tries,
            retry_after: RetryAfter::Unknown,
            pauses: false,
            quota: None,
        }
    }

    fn refused(&self, ask: &Ask, raw: &Raw) -> Failure {
        let again = match ask.repeat {
            Repeat::Always => retry::is_transient(raw.status),
            Repeat::Idempotent => matches!(raw.status, 429 | 503 | 504),
            Repeat::Refused => raw.status == 429,
        };
        Failure {
            error: refusal::error(raw, &self.0.service.origin),
            max_tries: if again { self.0.limits.max_tries } else { 1 },
            retry_after: retry::parse_retry_after(
                raw.retry_after(),
                raw.date().unwrap_or_else(|| self.0.clock.wall()),
            ),
            pauses: raw.status == 429,
            quota: raw.named("x-ms-throttle-scope").map(printable),
        }
    }

    fn lost(&self, ask: &Ask, lost: Lost) -> Failure {
        let again = match lost.error.kind() {
            ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Malformed => {
                ask.repeat == Repeat::Always || lost.unsent
            }
            _ => false,
        };
        let max_tries = match lost.error.kind() {
            _ if !again => 1,
            ErrorKind::Malformed if !lost.error.is_fleeting() => {
                self.0.limits.max_tries.min(MALFORMED_TRIES)
            }
            _ => self.0.limits.max_tries,
        };
        Failure {
            error: lost.error,
            max_tries,
            retry_after: RetryAfter::Unknown,
            pauses: false,
            quota: None,
        }
    }

    /// How long to wait after the n-th failure. A server that asks for no time at all gets our own back-off, so
    /// that tries are not used up in a moment; one that asks for years is taken at the limit.
    pub(crate) fn wait_for(&self, retry_after: RetryAfter, failures: u32) -> Duration {
        let own = retry::back_off(failures);
        match retry_after {
            RetryAfter::Unknown => own,
            RetryAfter::Wait(wait) if wait < Duration::from_secs(1) => own,
            RetryAfter::Wait(wait) if wait > self.0.limits.max_retry_after => {
                self.0.meter.capped();
                tracing::warn!(
                    asked_s = wait.as_secs(),
                    taken_s = self.0.limits.max_retry_after.as_secs(),
                    "absurd Retry-After cut"
                );
                self.0.limits.max_retry_after
            }
            RetryAfter::Wait(wait) => wait,
        }
    }
}

/// A share as Graph writes it (`1.2`), in percent.
fn percent(share: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is held between nothing and a hundredfold; what is no number is nothing"
    )]
    let percent = (share * 100.0).round().clamp(0.0, 10_000.0) as u32;
    percent
}

impl Ask {
    /// Method and path, fit for printing.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.method, shown(&self.url))
    }
}
