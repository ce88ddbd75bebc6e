//! What was asked of Graph, and what it cost: figures to show while a run goes on and to keep with its result.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;

/// Counts. One for all clones of a client.
#[derive(Debug, Default)]
pub struct Meter(Mutex<MeterReport>);

/// Figures of one label, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Requests sent, repeated ones and those inside batches included.
    pub requests: u64,
    /// Resource units: Graph's own figure where it gave one, else the expected cost.
    pub resource_units: u64,
    /// Of the requests, those that repeated an earlier one.
    pub retries: u64,
    /// Answers "too many requests" (429).
    pub throttled: u64,
    /// Bytes of answers, after decompression.
    pub bytes: u64,
    /// Time spent waiting between tries.
    pub retry_wait_ms: u64,
}

/// The state of a [`Meter`] at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MeterReport {
    /// By label, that is by kind of object.
    pub labels: BTreeMap<String, Figures>,
    /// Sums of the labels.
    pub total: Figures,
    /// Exchanges with Graph, a batch being one and a repeat another.
    pub calls: u64,
    /// Batches sent; their contents are counted under the labels.
    pub batches: u64,
    /// Requests for tokens.
    pub token_requests: u64,
    /// `Retry-After` values cut to the configured limit.
    pub capped_waits: u64,
    /// Time requests waited for the budget, before they were sent.
    pub budget_wait_ms: u64,
    /// The largest share of a quota that Graph said is used, by all who share it, in percent. Graph says nothing
    /// below 80.
    pub quota_used_percent: Option<u32>,
}

impl Figures {
    /// What came since an earlier state of the same figures.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            resource_units: self.resource_units.saturating_sub(earlier.resource_units),
            retries: self.retries.saturating_sub(earlier.retries),
            throttled: self.throttled.saturating_sub(earlier.throttled),
            bytes: self.bytes.saturating_sub(earlier.bytes),
            retry_wait_ms: self.retry_wait_ms.saturating_sub(earlier.retry_wait_ms),
        }
    }
}

impl MeterReport {
    /// What came since an earlier state of the same meter; labels of which nothing came are left out.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let nothing = Figures::default();
        let labels = self.labels.iter().map(|(label, figures)| {
            let before = earlier.labels.get(label).unwrap_or(&nothing);
            (label.clone(), figures.since(before))
        });
        Self {
            labels: labels.filter(|(_, figures)| *figures != nothing).collect(),
            total: self.total.since(&earlier.total),
            calls: self.calls.saturating_sub(earlier.calls),
            batches: self.batches.saturating_sub(earlier.batches),
            token_requests: self.token_requests.saturating_sub(earlier.token_requests),
            capped_waits: self.capped_waits.saturating_sub(earlier.capped_waits),
            budget_wait_ms: self.budget_wait_ms.saturating_sub(earlier.budget_wait_ms),
            quota_used_percent: self.quota_used_percent,
        }
    }
}

impl Meter {
    /// A copy of all figures.
    #[must_use]
    pub fn snapshot(&self) -> MeterReport {
        self.lock().clone()
    }

    /// The sums alone, for those who ask after every page.
    #[must_use]
    pub fn total(&self) -> Figures {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, MeterReport> {
        // Figures are plain sums: one that a panicking thread left behind is still usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn figures(&self, label: &str, change: impl Fn(&mut Figures)) {
        let mut report = self.lock();
        change(&mut report.total);
        match report.labels.get_mut(label) {
            Some(figures) => change(figures),
            None => change(report.labels.entry(label.to_owned()).or_default()),
        }
    }

    pub(crate) fn sent(&self, label: &str, again: bool) {
        self.figures(label, |figures| {
            figures.requests += 1;
            figures.retries += u64::from(again);
        });
    }

    pub(crate) fn answered(&self, label: &str, resource_units: u32, bytes: usize, throttled: bool) {
        self.figures(label, |figures| {
            figures.resource_units += u64::from(resource_units);
            figures.bytes += bytes as u64;
            figures.throttled += u64::from(throttled);
        });
    }

    pub(crate) fn waited(&self, label: &str, wait: Duration) {
        self.figures(label, |figures| figures.retry_wait_ms += milliseconds(wait));
    }

    pub(crate) fn call(&self, is_batch: bool) {
        let mut report = self.lock();
        report.calls += 1;
        report.batches += u64::from(is_batch);
    }

    pub(crate) fn token(&self) {
        self.lock().token_requests += 1;
    }

    pub(crate) fn capped(&self) {
        self.lock().capped_waits += 1;
    }

    pub(crate) fn quota_used(&self, percent: u32) {
        let mut report = self.lock();
        report.quota_used_percent = report.quota_used_percent.max(Some(percent));
    }

    pub(crate) fn waited_for_budget(&self, wait: Duration) {
        self.lock().budget_wait_ms += milliseconds(wait);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
