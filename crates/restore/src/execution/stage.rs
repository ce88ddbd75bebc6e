//! The steps of one stage: they do not wait for each other.
//!
//! Steps go in windows. For each, the tenant is read first, in a few requests for all; the intents of those that
//! are to be sent are one paper; requests run side by side, and every answer that has come in meanwhile is one
//! more paper, so that the rate of writes is Graph's and not the disk's.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use graph::{ErrorKind, Family};
use jiff::Timestamp;

use super::engine::Engine;
use super::entry::{Entry, StepOutcome};
use super::judge::{Found, Verdict, judge};
use super::live::Live;
use super::patience::back_off;
use super::ready::Ready;
use super::record::Progress;
use super::send::{Fate, Sent};
use crate::error::{Error, Result};
use crate::plan::Step;

/// Rounds of sending and finding out; after the last one, what is unclear stays so.
const ROUNDS: u32 = 5;

/// A step whose answer was lost, and what is known.
struct Unclear<'p> {
    ready: Ready<'p>,
    since: Timestamp,
    message: String,
}

impl<'p> Engine<'p, '_> {
    /// Executes the steps of a stage that are not done.
    pub(super) async fn stage(&mut self, steps: &[&'p Step]) -> Result<()> {
        for window in steps.chunks(self.options.window.max(1)) {
            if self.is_stopped() {
                return Ok(());
            }
            self.window(window).await?;
            self.settle(false).await?;
        }
        self.settle(true).await
    }

    async fn window(&mut self, steps: &[&'p Step]) -> Result<()> {
        let mut fresh = Vec::new();
        let mut unclear = Vec::new();
        let mut entries = Vec::new();
        for step in steps {
            match self.record.step(step.number).clone() {
                Progress::Over(outcome) if outcome.is_done() => {}
                Progress::Written => {
                    let ready = Ready::new(step, self.record.ids())?;
                    self.look_for(&ready);
                }
                _ if self.waits_for(step).is_some() => {
                    let waits_for = self.waits_for(step).unwrap_or_default();
                    entries.push(self.outcome(step, StepOutcome::Skipped { waits_for }));
                }
                Progress::InDoubt { since } => unclear.push(Unclear {
                    ready: Ready::new(step, self.record.ids())?,
                    since,
                    message: "the execution broke off while the request was under way".to_owned(),
                }),
                _ => fresh.push(Ready::new(step, self.record.ids())?),
            }
        }
        self.keep(&entries)?;
        // What was not carried out is as good as new, and judged like it.
        fresh.extend(
            self.find_out(unclear)
                .await?
                .into_iter()
                .map(|one| one.ready),
        );
        fresh.sort_by_key(|ready| ready.step.number);
        let mut to_send = self.judged(fresh).await?;
        for round in 1.. {
            let unclear = self.send(to_send).await?;
            if unclear.is_empty() {
                break;
            }
            let left = self.find_out(unclear).await?;
            if round == ROUNDS || self.cancelled() {
                return self.give_up(left);
            }
            to_send = left.into_iter().map(|one| one.ready).collect();
        }
        Ok(())
    }

    /// Of steps that nothing was sent for, those to send, with their intents written down.
    async fn judged(&mut self, fresh: Vec<Ready<'p>>) -> Result<Vec<Ready<'p>>> {
        let mut entries = Vec::new();
        let mut to_send = Vec::new();
        let mut drifted = false;
        for (ready, verdict) in self.verdicts(fresh).await? {
            match verdict {
                Ok(Verdict::Go) => to_send.push(ready),
                Ok(Verdict::Holds) => {
                    entries.push(self.outcome(ready.step, StepOutcome::AlreadyThere));
                }
                Ok(Verdict::Drifted(moved)) => {
                    drifted = true;
                    entries.push(self.outcome(ready.step, StepOutcome::Drifted { moved }));
                }
                Err(error) => {
                    entries.push(self.outcome(ready.step, StepOutcome::refused(&error)));
                }
            }
        }
        if drifted && !self.options.keep_going {
            self.stop_for_review();
            to_send.clear();
        }
        let at = self.sender.now();
        let attempt = self.attempt;
        entries.extend(to_send.iter().map(|ready| Entry::Intent {
            at,
            step: ready.step.number,
            attempt,
        }));
        self.keep(&entries)?;
        Ok(to_send)
    }

    /// What the tenant says to each step, read in as few requests as there can be.
    pub(super) async fn verdicts(
        &self,
        ready: Vec<Ready<'p>>,
    ) -> Result<Vec<(Ready<'p>, graph::Result<Verdict>)>> {
        let places: Vec<_> = ready
            .iter()
            .flat_map(|ready| std::iter::once(ready.place.clone()).chain(ready.bin.clone()))
            .collect();
        let mut found = self.sender.reader.read(&places).await?.into_iter();
        let mut next = || found.next().expect("because every place is answered");
        let mut verdicts = Vec::with_capacity(ready.len());
        for ready in ready {
            let live = next();
            let bin = ready.bin.as_ref().map(|_| next()).transpose();
            let verdict = live.and_then(|live| Ok(self.verdict(&ready, &live, bin?.as_ref())));
            verdicts.push((ready, verdict));
        }
        Ok(verdicts)
    }

    fn verdict(&self, ready: &Ready<'_>, live: &Live, bin: Option<&Live>) -> Verdict {
        let found = Found {
            kind: ready.kind,
            live,
            bin,
            planned: self.options.baseline.and_then(|of| of(ready.step)),
        };
        judge(ready.step, &ready.expected, &found)
    }

    /// Sends steps side by side; those whose answers were lost come back.
    async fn send(&mut self, to_send: Vec<Ready<'p>>) -> Result<Vec<Unclear<'p>>> {
        let mut unclear = Vec::new();
        let ids = self.record.ids().clone();
        let sender = std::rc::Rc::clone(&self.sender);
        let at_once = self.options.concurrency.max(1);
        let since = sender.now();
        let answered = |ready: Ready<'p>| async {
            let sent = sender.send(&ready, &ids).await;
            (ready, sent)
        };
        // Conditional Access takes one request a second: side by side they would only refuse each other.
        let (slow, fast): (Vec<_>, Vec<_>) = to_send
            .into_iter()
            .partition(|ready| collector::family(ready.kind) == Family::ConditionalAccess);
        let slow = futures::stream::iter(slow).then(answered);
        let fast = futures::stream::iter(fast)
            .map(answered)
            .buffer_unordered(at_once);
        let mut answers = pin!(futures::stream::select(slow, fast).ready_chunks(at_once));
        let mut broken = None;
        while let Some(chunk) = answers.next().await {
            let mut entries = Vec::with_capacity(chunk.len());
            let mut written = Vec::new();
            for (ready, sent) in chunk {
                match sent {
                    Ok(Sent::Written { made, request_id }) => {
                        entries.push(self.written(ready.step, made, request_id));
                        written.push(ready);
                    }
                    Ok(Sent::Held) => {
                        entries.push(self.outcome(ready.step, StepOutcome::AlreadyThere));
                    }
                    Ok(Sent::Refused(outcome)) => entries.push(self.outcome(ready.step, outcome)),
                    Ok(Sent::Unclear(message)) => unclear.push(Unclear {
                        ready,
                        since,
                        message,
                    }),
                    Err(error) => broken = Some(error),
                }
            }
            self.keep(&entries)?;
            for ready in written {
                self.look_for(&Ready::new(ready.step, self.record.ids())?);
            }
        }
        broken.map_or(Ok(unclear), Err)
    }

    /// Finds out which requests without an answer were carried out; those that were not come back. Of a request
    /// that makes an object, that is said only when the object could not be found for long enough; of what the
    /// tenant would not say, nothing is.
    async fn find_out(&mut self, unclear: Vec<Unclear<'p>>) -> Result<Vec<Unclear<'p>>> {
        let mut not_seen = Vec::new();
        let mut left = unclear;
        let mut waited = Duration::ZERO;
        for waits in 0.. {
            let mut later = Vec::new();
            let mut entries = Vec::new();
            let mut written = Vec::new();
            // One after the other: what one finds, the next must not take for its own.
            for one in left {
                let is_over = waited >= self.options.patience.lost;
                match self.sender.fate(&one.ready, one.since).await {
                    Ok(Fate::Written(made)) => {
                        entries.push(self.written(one.ready.step, made, None));
                        written.push(one.ready.step);
                    }
                    Ok(Fate::NotSeen) if is_over || !self.may_be_late(&one) => not_seen.push(one),
                    Err(error) if !passes(&error) => return Err(error),
                    Err(error) if is_over => {
                        let message = format!("{}; and then {error}", one.message);
                        entries
                            .push(self.outcome(one.ready.step, StepOutcome::Unknown { message }));
                    }
                    Ok(Fate::NotSeen) | Err(_) => later.push(one),
                }
            }
            self.keep(&entries)?;
            for step in written {
                self.look_for(&Ready::new(step, self.record.ids())?);
            }
            left = later;
            if left.is_empty() || self.cancelled() {
                break;
            }
            waited += back_off(waits);
            self.sender.wait(waits).await;
        }
        self.give_up(left)?;
        Ok(not_seen)
    }

    /// Whether what a request made may be there and not be shown yet.
    fn may_be_late(&self, one: &Unclear<'_>) -> bool {
        one.ready.makes_another_each_time() && !self.sender.patience_since(one.since).is_zero()
    }

    fn give_up(&mut self, left: Vec<Unclear<'p>>) -> Result<()> {
        let entries: Vec<Entry> = left
            .into_iter()
            .map(|one| {
                let message = one.message;
                self.outcome(one.ready.step, StepOutcome::Unknown { message })
            })
            .collect();
        self.keep(&entries)
    }

    fn written(
        &self,
        step: &Step,
        made: BTreeMap<String, String>,
        request_id: Option<String>,
    ) -> Entry {
        Entry::Written {
            at: self.sender.now(),
            step: step.number,
            made,
            request_id,
        }
    }
}

/// Whether asking again may help.
fn passes(error: &Error) -> bool {
    let Error::Graph(error) = error else {
        return false;
    };
    !matches!(error.kind(), ErrorKind::SignIn | ErrorKind::Cancelled)
}
