//! Many reads in few round trips: `$batch`.
//!
//! A batch saves round trips, not quota. Requests are split by version into calls of at most twenty; what is
//! throttled inside a batch is asked for again alone. Links, and families whose quota is a spacing, are
//! asked for one by one, because a batch would send them all at once.

use std::{collections::BTreeMap, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};

use crate::{
    client::{Ask, Client, Item, Repeat},
    error::{Error, ErrorKind, Result},
    page::Page,
    refusal::Refusal,
    request::{Api, Family, Get, Target, encoded},
    retry,
    settings::Pace,
};

mod wire;

use wire::{Call, Entry, Piece, cut};

/// Most requests Graph takes in one batch.
const BATCH_SIZE: usize = 20;
/// Requests due within this time of each other go together.
const TOGETHER: Duration = Duration::from_secs(1);

/// A request that still has no final answer.
struct Pending {
    at: usize,
    tries: u32,
    waited: Duration,
    /// Whether its last answer was that the token is no good.
    renewed: bool,
    due: Duration,
}

/// What became of a request in one round.
enum Outcome {
    Done(Result<Page>),
    /// The call it was in could not be had.
    CallFailed(Error),
    Again {
        error: Error,
        wait: Duration,
        renewed: bool,
    },
}

impl Client {
    /// Reads any number of pages or objects; results stand in the order of the requests. `Err` only if
    /// nothing could be had at all. All answers are in memory at the end: ask for some hundreds at a time.
    pub async fn batch(&self, requests: &[Get]) -> Result<Vec<Result<Page>>> {
        let mut results: Vec<Option<Result<Page>>> = requests.iter().map(|_| None).collect();
        let mut pending: Vec<Pending> = (0..requests.len())
            .map(|at| Pending {
                at,
                tries: 1,
                waited: Duration::ZERO,
                renewed: false,
                due: Duration::ZERO,
            })
            .collect();
        let mut call_failures = Vec::new();
        while !pending.is_empty() {
            let due = self.take_due(&mut pending).await?;
            for (mut one, outcome) in self.round(requests, due).await {
                match outcome {
                    Outcome::Done(result) => results[one.at] = Some(result),
                    Outcome::CallFailed(error) => {
                        call_failures.push(error.clone());
                        results[one.at] = Some(Err(error));
                    }
                    Outcome::Again {
                        error,
                        wait,
                        renewed,
                    } => {
                        if one.tries >= self.0.limits.max_tries
                            || one.waited + wait > self.0.limits.max_total_wait
                        {
                            results[one.at] = Some(Err(error));
                            continue;
                        }
                        self.0.meter.waited(requests[one.at].label, wait);
                        one.tries += u32::from(!renewed);
                        one.waited += wait;
                        one.renewed = renewed;
                        one.due = self.0.clock.monotonic() + wait;
                        pending.push(one);
                    }
                }
            }
        }
        if call_failures.len() == requests.len()
            && let Some(error) = call_failures.into_iter().next()
        {
            return Err(error);
        }
        Ok(results
            .into_iter()
            .map(|result| result.expect("because the loop ends when every request has its result"))
            .collect())
    }

    /// Waits for the earliest of the pending requests and takes all that are due by then.
    async fn take_due(&self, pending: &mut Vec<Pending>) -> Result<Vec<Pending>> {
        let earliest = pending.iter().map(|one| one.due).min().unwrap_or_default();
        let wait = earliest.saturating_sub(self.0.clock.monotonic());
        if !wait.is_zero() {
            self.unless_cancelled(self.0.clock.sleep(wait).map(Ok))
                .await?;
        }
        let (due, later) = std::mem::take(pending)
            .into_iter()
            .partition(|one| one.due <= earliest + TOGETHER);
        *pending = later;
        Ok(due)
    }

    /// Asks once for each.
    async fn round(&self, requests: &[Get], due: Vec<Pending>) -> Vec<(Pending, Outcome)> {
        let mut jobs: Vec<BoxFuture<'_, Vec<(Pending, Outcome)>>> = Vec::new();
        let mut calls: BTreeMap<Api, Vec<Pending>> = BTreeMap::new();
        for one in due {
            let request = &requests[one.at];
            match &request.target {
                Target::Path { api, path } if self.may_batch(request.family) => {
                    match encoded(*api, path) {
                        Ok(_) => calls.entry(*api).or_default().push(one),
                        Err(error) => {
                            jobs.push(
                                async move { vec![(one, Outcome::Done(Err(error)))] }.boxed(),
                            );
                        }
                    }
                }
                _ => jobs.push(
                    async move { vec![(one, Outcome::Done(self.get(request).await))] }.boxed(),
                ),
            }
        }
        for (api, mut ones) in calls {
            while !ones.is_empty() {
                let rest = ones.split_off(ones.len().min(BATCH_SIZE));
                let call = std::mem::replace(&mut ones, rest);
                jobs.push(self.call(api, requests, call).boxed());
            }
        }
        let width = self.0.limits.concurrency.saturating_mul(2);
        stream::iter(jobs).buffer_unordered(width).concat().await
    }

    fn may_batch(&self, family: Family) -> bool {
        self.0.pace == Pace::Unlimited
            || !matches!(family, Family::ConditionalAccess | Family::Reports)
    }

    /// One `$batch` call of at most twenty.
    async fn call(
        &self,
        api: Api,
        requests: &[Get],
        ones: Vec<Pending>,
    ) -> Vec<(Pending, Outcome)> {
        let ask = match self.batch_ask(api, requests, &ones) {
            Ok(ask) => ask,
            Err(error) => {
                return ones
                    .into_iter()
                    .map(|one| (one, Outcome::Done(Err(error.clone()))))
                    .collect();
            }
        };
        let count = ones.len();
        let answered = self
            .ask(&ask, |raw| {
                cut(raw, count).map(|pieces| (pieces, raw.date()))
            })
            .await;
        let (mut pieces, date) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                return ones
                    .into_iter()
                    .map(|one| (one, Outcome::CallFailed(error.clone())))
                    .collect();
            }
        };
        let mut outcomes = Vec::with_capacity(count);
        let mut stale = false;
        for (id, one) in ones.into_iter().enumerate() {
            let request = &requests[one.at];
            let outcome = match pieces.remove(&id) {
                Some(piece) => {
                    self.settle_one(
                        &ask.items[id],
                        piece.units.as_deref(),
                        piece.body.len(),
                        piece.status,
                    );
                    stale |= piece.status == 401;
                    self.judge(request, &one, &piece, date)
                }
                None => Outcome::Again {
                    error: Error::malformed("the answer to the batch leaves this request out")
                        .with_asked(asked(request)),
                    wait: self.wait_for(retry::RetryAfter::Unknown, one.tries),
                    renewed: false,
                },
            };
            outcomes.push((one, outcome));
        }
        if stale {
            self.renew_token().await;
        }
        outcomes
    }

    fn batch_ask(&self, api: Api, requests: &[Get], ones: &[Pending]) -> Result<Ask> {
        let mut call = Call {
            requests: Vec::with_capacity(ones.len()),
        };
        let mut items = Vec::with_capacity(ones.len());
        for (id, one) in ones.iter().enumerate() {
            let request = &requests[one.at];
            let Target::Path { path, .. } = &request.target else {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "links are not asked for in batches",
                ));
            };
            let whole = encoded(api, path)?;
            let url = whole[1 + api.segment().len()..].to_owned();
            let mut headers = BTreeMap::new();
            if request.eventual {
                headers.insert("ConsistencyLevel", "eventual");
            }
            if let Some(language) = request.language {
                headers.insert("Accept-Language", language);
            }
            if let Some(prefer) = &request.prefer {
                headers.insert("Prefer", prefer.as_str());
            }
            call.requests.push(Entry {
                id: id.to_string(),
                method: "GET",
                url,
                headers,
            });
            items.push(Item {
                label: request.label,
                family: request.family,
                cost: request.cost,
                again: one.tries > 1 || one.renewed,
            });
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(Ask {
            method: reqwest::Method::POST,
            url: self
                .0
                .service
                .origin
                .join(&format!("/{}/$batch", api.segment()))?,
            headers,
            body: Some(
                serde_json::to_vec(&call)
                    .expect("because the call is plain text and maps of text")
                    .into(),
            ),
            items,
            batch: true,
            limit_bytes: self.0.limits.max_batch_bytes,
            // A batch of reads is a read.
            repeat: Repeat::Always,
        })
    }

    fn judge(
        &self,
        request: &Get,
        one: &Pending,
        piece: &Piece,
        date: Option<jiff::Timestamp>,
    ) -> Outcome {
        if (200..300).contains(&piece.status) {
            if piece.status == 204 {
                return Outcome::Done(Err(Error::new(ErrorKind::NotFound, "there is nothing")
                    .with_status(204)
                    .with_asked(asked(request))));
            }
            let page = Page::read(
                &piece.body,
                request.list,
                &self.0.service.origin,
                piece.status,
                date,
            );
            return match page {
                Err(error) if error.is_fleeting() => Outcome::Again {
                    error: error.with_asked(asked(request)),
                    wait: self.wait_for(retry::RetryAfter::Unknown, one.tries),
                    renewed: false,
                },
                page => Outcome::Done(page.map_err(|error| error.with_asked(asked(request)))),
            };
        }
        let error = Refusal::read(piece.status, &piece.body, piece.request_id.as_deref())
            .error()
            .with_asked(asked(request));
        if piece.status == 401 && !one.renewed {
            return Outcome::Again {
                error,
                wait: Duration::ZERO,
                renewed: true,
            };
        }
        if !retry::is_transient(piece.status) {
            return Outcome::Done(Err(error));
        }
        let now = date.unwrap_or_else(|| self.0.clock.wall());
        let wait = self.wait_for(
            retry::parse_retry_after(piece.retry_after.as_deref(), now),
            one.tries,
        );
        if piece.status == 429 {
            // The quota is the tenant's: what is not sent yet would meet the same answer.
            self.0.budget.pause(request.family, wait);
            tracing::warn!(
                asked = asked(request),
                request_id = error.request_id(),
                wait_ms = wait.as_millis(),
                "throttled inside a batch"
            );
        }
        Outcome::Again {
            error,
            wait,
            renewed: false,
        }
    }

    /// Replaces the token that requests inside a batch were refused with. If that fails, the next call says why.
    async fn renew_token(&self) {
        if let Ok(token) = self.0.tokens.token().await
            && let Err(error) = self.0.tokens.renewed(&token).await
        {
            tracing::warn!(error = %error, "the token cannot be renewed");
        }
    }
}

fn asked(request: &Get) -> String {
    match &request.target {
        Target::Path { api, path } => {
            let shown = url::Url::parse("https://host")
                .and_then(|base| base.join(&format!("/{}{path}", api.segment())));
            format!(
                "GET {} (in a batch)",
                shown.map_or_else(|_| String::new(), |url| crate::origin::shown(&url))
            )
        }
        Target::Link(link) => format!("GET {}", crate::origin::shown(link.url())),
    }
}
