//! One step's request, until it is known what became of it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use catalog::Body;
use graph::{Answer, Client, Clock, ErrorKind};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::entry::StepOutcome;
use super::find::Lost;
use super::ids::IdMap;
use super::judge::holds;
use super::live::{Object, Reader};
use super::patience::{Patience, back_off};
use super::ready::Ready;
use crate::error::{Error, Result};
use crate::plan::Expected;

/// What is known after a request.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It was carried out.
    Written {
        made: BTreeMap<String, String>,
        request_id: Option<String>,
    },
    /// It was refused because the tenant is as wanted already.
    Held,
    /// It was not carried out.
    Refused(StepOutcome),
    /// Nobody knows yet: the answer was lost.
    Unclear(String),
}

/// Whether a request that got no answer was carried out.
#[derive(Debug)]
pub(crate) enum Fate {
    Written(BTreeMap<String, String>),
    /// Not as far as the tenant shows; of a new object, that may be too early to say.
    NotSeen,
}

/// Sends requests and finds out what became of them.
pub(crate) struct Sender<'c> {
    pub(crate) client: &'c Client,
    pub(crate) reader: Reader<'c>,
    clock: Arc<dyn Clock>,
    patience: Patience,
    /// Ids the service gave to what was made, in lower case.
    taken: RefCell<BTreeSet<String>>,
}

impl<'c> Sender<'c> {
    pub(crate) fn new(
        client: &'c Client,
        clock: Arc<dyn Clock>,
        patience: Patience,
        ids: &IdMap,
    ) -> Self {
        let taken = ids.iter().map(|(_, new)| new.to_ascii_lowercase());
        Self {
            client,
            reader: Reader::new(client),
            clock,
            patience,
            taken: RefCell::new(taken.collect()),
        }
    }

    /// The tenant's time where it is known, else this machine's.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.client.server_time();
        now.unwrap_or_else(|| self.clock.wall())
    }

    pub(crate) async fn wait(&self, waits: u32) {
        self.clock.sleep(back_off(waits)).await;
    }

    /// Sends a step. `since` is when that was intended first.
    ///
    /// # Errors
    /// Where nothing can be sent any more: no token, no connection, or the client was cancelled.
    pub(crate) async fn send(&self, ready: &Ready<'_>, ids: &IdMap) -> Result<Sent> {
        let since = self.now();
        let mut waited = Duration::ZERO;
        for waits in 0.. {
            let write = ready.write(ids, self.client.root())?;
            let error = match self.client.send(&write).await {
                Ok(answer) => return Ok(self.written(ready, &answer, since).await),
                Err(error) => error,
            };
            let may_pass = match error.kind() {
                ErrorKind::SignIn | ErrorKind::Cancelled => return Err(error.into()),
                ErrorKind::Server
                | ErrorKind::Timeout
                | ErrorKind::Connection
                | ErrorKind::Malformed
                | ErrorKind::TooLarge => return Ok(Sent::Unclear(error.to_string())),
                // What it refers to was made a moment ago, or the name it takes was given up then.
                ErrorKind::NotFound | ErrorKind::Unsupported => waits_for_others(ready),
                ErrorKind::Conflict | ErrorKind::Locked | ErrorKind::Throttled => true,
                _ => false,
            };
            let patience = match error.kind() {
                ErrorKind::Throttled => self.patience.throttled,
                _ => self.patience.reference,
            };
            if let Some(sent) = self.refused_as_done(ready, &error, since).await? {
                return Ok(sent);
            }
            if !may_pass || waited >= patience {
                return Ok(Sent::Refused(StepOutcome::refused(&error)));
            }
            waited += back_off(waits);
            self.wait(waits).await;
        }
        Err(Error::Internal(
            "a request was repeated for ever".to_owned(),
        ))
    }

    /// Graph refuses to add what is there, and to take away what is not: that is no failure.
    async fn refused_as_done(
        &self,
        ready: &Ready<'_>,
        error: &graph::Error,
        since: Timestamp,
    ) -> Result<Option<Sent>> {
        let is_of_state = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::Unsupported | ErrorKind::Conflict
        );
        if !is_of_state {
            return Ok(None);
        }
        if ready.makes_another_each_time() {
            // It came along with something else, and was not to be seen yet when it was looked for.
            let live = self.reader.read_one(&ready.place).await;
            let is_there =
                live.is_ok_and(|live| holds(ready.kind, ready.step.action, &ready.expected, &live));
            return Ok(is_there.then_some(Sent::Held));
        }
        Ok(match self.fate(ready, since).await? {
            Fate::Written(_) => Some(Sent::Held),
            Fate::NotSeen => None,
        })
    }

    /// Whether the tenant shows what a request was to do.
    ///
    /// # Errors
    /// Where the tenant cannot be asked.
    pub(crate) async fn fate(&self, ready: &Ready<'_>, since: Timestamp) -> Result<Fate> {
        if ready.makes_another_each_time() {
            let found = self.lost(ready, since).await?;
            return Ok(
                match found.map(|object| self.made(ready, &object.properties)) {
                    Some(Some(made)) => Fate::Written(made),
                    _ => Fate::NotSeen,
                },
            );
        }
        self.reader.forget(&ready.place);
        let live = self.reader.read_one(&ready.place).await?;
        Ok(
            if holds(ready.kind, ready.step.action, &ready.expected, &live) {
                Fate::Written(BTreeMap::new())
            } else {
                Fate::NotSeen
            },
        )
    }

    /// How long it makes sense to look for an object whose request was intended at that time.
    pub(crate) fn patience_since(&self, since: Timestamp) -> Duration {
        let passed = self.now().duration_since(since).max(SignedDuration::ZERO);
        self.patience.lost.saturating_sub(passed.unsigned_abs())
    }

    async fn written(&self, ready: &Ready<'_>, answer: &Answer, since: Timestamp) -> Sent {
        let there = matches!(ready.expected, Expected::Present { .. });
        self.reader.note(&ready.place, there);
        let request_id = answer.request_id.clone();
        let body: Map<String, Value> = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(made) = self.answered(ready, &body) {
            return Sent::Written { made, request_id };
        }
        // The answer does not say the new id: the object does, once it is visible.
        let mut waited = Duration::ZERO;
        let mut waits = 0;
        loop {
            if let Ok(Some(object)) = self.lost(ready, since).await
                && let Some(made) = self.made(ready, &object.properties)
            {
                return Sent::Written { made, request_id };
            }
            if waited >= self.patience.lost {
                return Sent::Unclear(
                    "it was carried out, but neither the answer nor the tenant says which id the object got"
                        .to_owned(),
                );
            }
            waited += back_off(waits);
            self.wait(waits).await;
            waits += 1;
        }
    }

    async fn lost(&self, ready: &Ready<'_>, since: Timestamp) -> Result<Option<Object>> {
        let taken = self.taken.borrow().clone();
        let lost = Lost {
            step: ready.step,
            key: &ready.key,
            expected: &ready.expected,
            since,
            taken: &taken,
        };
        lost.find(self.client).await
    }

    /// The new ids, as an answer says. Where an object is asked for, the answer shows the request, which names the
    /// object or does not.
    fn answered(
        &self,
        ready: &Ready<'_>,
        body: &Map<String, Value>,
    ) -> Option<BTreeMap<String, String>> {
        let create = ready.kind.writing.and_then(|writing| writing.create);
        let is_asked_for = create.is_some_and(|create| matches!(create.body, Body::Action { .. }));
        if !is_asked_for || ready.step.makes.is_empty() {
            return self.made(ready, body);
        }
        let id = body.get("targetScheduleId")?.clone();
        let key = ready.kind.key.unwrap_or("id").to_owned();
        self.made(ready, &Map::from_iter([(key, id)]))
    }

    /// The new ids, as an object or answer says; `None` where it leaves one out.
    fn made(
        &self,
        ready: &Ready<'_>,
        properties: &Map<String, Value>,
    ) -> Option<BTreeMap<String, String>> {
        let made = ready.step.makes.iter().map(|made| {
            let new = properties.get(&made.property)?.as_str()?;
            Some((made.old.clone(), new.to_owned()))
        });
        let made: BTreeMap<String, String> = made.collect::<Option<_>>()?;
        let new = made.values().map(|new| new.to_ascii_lowercase());
        self.taken.borrow_mut().extend(new);
        Some(made)
    }
}

/// Whether it refers to, or takes the place of, what another step touched.
fn waits_for_others(ready: &Ready<'_>) -> bool {
    !ready.step.uses.is_empty() || !ready.step.after.is_empty()
}
