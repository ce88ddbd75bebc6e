//! One budget for all requests of a client: quotas, pauses, and how many requests are under way.
//!
//! Each family of requests has a bucket that fills at its quota's rate. A request takes its cost at once, going into
//! debt if need be, and waits until the debt is paid: so requests pass in the order they came, and a late
//! correction (Graph tells the real cost with the answer) only makes the next ones wait. "Too many requests" pauses
//! the whole family, because the quota is the tenant's and not the request's.
//!
//! Conditional Access takes one request a second from everybody together and does not say when to come back. Requests
//! sent a second apart may arrive closer to each other; so they take turns, each a second after the answer to the one
//! before it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{self, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::{clock::Clock, meter::Meter, request::Family, settings::Pace};

/// How long Graph's notice that a quota is nearly used up slows a family down.
const SLOW_FOR: Duration = Duration::from_secs(10);
/// From the answer to a request of Conditional Access to the next one.
const BETWEEN_TURNS: Duration = Duration::from_secs(1);

pub(crate) struct Budget {
    clock: Arc<dyn Clock>,
    meter: Arc<Meter>,
    under_way: Arc<Semaphore>,
    families: Mutex<BTreeMap<Family, Bucket>>,
    /// Besides their family's, writes have quotas of their own.
    writes: Mutex<BTreeMap<Family, Bucket>>,
    /// When Conditional Access answered last; whoever holds it is the one who asks. None where there is no limit.
    turns: Option<Arc<sync::Mutex<Option<Duration>>>>,
}

/// A place among the requests under way; it is held until there is an answer, or none will come.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    _turn: Option<Turn>,
}

/// The only request of Conditional Access under way.
struct Turn {
    answered_at: OwnedMutexGuard<Option<Duration>>,
    clock: Arc<dyn Clock>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.answered_at = Some(self.clock.monotonic());
    }
}

struct Bucket {
    /// Units in a second, and the most that can be saved up; none is unlimited.
    quota: Option<(f64, f64)>,
    /// Below zero: debt.
    level: f64,
    filled_at: Duration,
    paused_until: Duration,
    /// Share of the quota that is used until `slow_until`.
    share: f64,
    slow_until: Duration,
}

impl Bucket {
    fn new(quota: Option<(f64, f64)>, now: Duration) -> Self {
        let level = quota.map_or(0.0, |(_, capacity)| capacity);
        Self {
            quota,
            level,
            filled_at: now,
            paused_until: Duration::ZERO,
            share: 1.0,
            slow_until: Duration::ZERO,
        }
    }

    fn rate(&self, now: Duration) -> f64 {
        let (rate, _) = self.quota.unwrap_or((f64::INFINITY, 0.0));
        if now < self.slow_until {
            rate * self.share
        } else {
            rate
        }
    }

    fn fill(&mut self, now: Duration) {
        if let Some((_, capacity)) = self.quota {
            let elapsed = now.saturating_sub(self.filled_at).as_secs_f64();
            self.level = (self.level + elapsed * self.rate(now)).min(capacity);
        }
        self.filled_at = now;
    }

    /// Takes the cost; returns how long to wait for it.
    fn take(&mut self, cost: f64, now: Duration) -> Duration {
        if self.quota.is_none() {
            return Duration::ZERO;
        }
        self.fill(now);
        self.level -= cost;
        if self.level >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-self.level / self.rate(now))
        }
    }
}

/// Resource units that one app may use in ten seconds in a tenant of that many users, for directory objects. Source:
/// "Microsoft Graph service-specific throttling limits", identity and access.
#[must_use]
pub fn identity_units(users: u64) -> u32 {
    match users {
        0..50 => 3500,
        50..=500 => 5000,
        _ => 8000,
    }
}

fn identity_quota(users: u64) -> (f64, f64) {
    let units = f64::from(identity_units(users));
    (units / 10.0, units)
}

fn quota(family: Family) -> Option<(f64, f64)> {
    // A window quota is kept by spacing requests evenly: nothing is saved up that a window could be overrun with.
    match family {
        Family::Identity => Some(identity_quota(0)),
        Family::Reports => Some((0.5, 1.0)),
        Family::UserFlows => Some((200.0 / 60.0, 1.0)),
        Family::Intune => Some((50.0, 1.0)),
        // Conditional Access is asked in turns.
        Family::ConditionalAccess | Family::Other => None,
    }
}

/// Writes in a window: 3,000 in 150 seconds for directory objects, 100 in 20 seconds for Intune. What is saved up
/// and what comes in make the quota together, so that no window is overrun, wherever it begins.
fn write_quota(family: Family) -> Option<(f64, f64)> {
    match family {
        Family::Identity => Some((19.6, 60.0)),
        Family::Intune => Some((4.5, 10.0)),
        _ => None,
    }
}

impl Budget {
    pub(crate) fn new(
        pace: Pace,
        concurrency: usize,
        clock: Arc<dyn Clock>,
        meter: Arc<Meter>,
    ) -> Self {
        let now = clock.monotonic();
        let families = Family::ALL
            .into_iter()
            .map(|family| {
                (
                    family,
                    Bucket::new(quota(family).filter(|_| pace == Pace::Microsoft), now),
                )
            })
            .collect();
        let writes = Family::ALL.into_iter().map(|family| {
            let quota = write_quota(family).filter(|_| pace == Pace::Microsoft);
            (family, Bucket::new(quota, now))
        });
        let writes = writes.collect();
        Self {
            clock,
            meter,
            under_way: Arc::new(Semaphore::new(concurrency)),
            families: Mutex::new(families),
            writes: Mutex::new(writes),
            turns: (pace == Pace::Microsoft).then(Arc::default),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Family, Bucket>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bucket<T>(&self, family: Family, change: impl FnOnce(&mut Bucket, Duration) -> T) -> T {
        let now = self.clock.monotonic();
        change(
            self.lock()
                .get_mut(&family)
                .expect("because every family has its bucket from the beginning"),
            now,
        )
    }

    /// What a request costs in its family's unit.
    fn price(family: Family, cost: u32, requests: u32) -> f64 {
        if family == Family::Identity {
            f64::from(cost.max(1))
        } else {
            f64::from(requests)
        }
    }

    /// Waits until `costs` (family, resource units, requests) may be spent, then for a place among the requests
    /// under way.
    pub(crate) async fn admit(&self, costs: &[(Family, u32, u32)]) -> Place {
        let turn = self.turn(costs).await;
        let wait = costs
            .iter()
            .map(|&(family, cost, requests)| {
                self.bucket(family, |bucket, now| {
                    bucket.take(Self::price(family, cost, requests), now)
                })
            })
            .max()
            .unwrap_or_default();
        self.wait(wait).await;
        loop {
            self.wait_for_pauses(costs).await;
            let permit = Arc::clone(&self.under_way)
                .acquire_owned()
                .await
                .expect("because the semaphore is never closed");
            // The family may have been paused while this one stood in line: give the place to another family.
            if self.pause_left(costs).is_zero() {
                return Place {
                    _permit: permit,
                    _turn: turn,
                };
            }
        }
    }

    /// Waits for the turn of a request that needs one.
    async fn turn(&self, costs: &[(Family, u32, u32)]) -> Option<Turn> {
        let mut families = costs.iter().map(|(family, ..)| *family);
        let turns = self.turns.as_ref()?;
        families.find(|family| *family == Family::ConditionalAccess)?;
        let answered_at = Arc::clone(turns).lock_owned().await;
        if let Some(before) = *answered_at {
            let due = before.saturating_add(BETWEEN_TURNS);
            self.wait(due.saturating_sub(self.clock.monotonic())).await;
        }
        Some(Turn {
            answered_at,
            clock: Arc::clone(&self.clock),
        })
    }

    /// Waits until one more write of a family may be sent; [`Budget::admit`] is still to be asked.
    pub(crate) async fn admit_write(&self, family: Family) {
        let now = self.clock.monotonic();
        let wait = self
            .writes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(&family)
            .expect("because every family has its bucket from the beginning")
            .take(1.0, now);
        self.wait(wait).await;
    }

    async fn wait(&self, wait: Duration) {
        if !wait.is_zero() {
            self.meter.waited_for_budget(wait);
            self.clock.sleep(wait).await;
        }
    }

    async fn wait_for_pauses(&self, costs: &[(Family, u32, u32)]) {
        loop {
            let left = self.pause_left(costs);
            if left.is_zero() {
                return;
            }
            self.wait(left).await;
        }
    }

    fn pause_left(&self, costs: &[(Family, u32, u32)]) -> Duration {
        costs
            .iter()
            .map(|&(family, ..)| {
                self.bucket(family, |bucket, now| {
                    bucket.paused_until.saturating_sub(now)
                })
            })
            .max()
            .unwrap_or_default()
    }

    /// Stops a family for a while.
    pub(crate) fn pause(&self, family: Family, wait: Duration) {
        self.bucket(family, |bucket, now| {
            bucket.paused_until = bucket.paused_until.max(now.saturating_add(wait));
        });
    }

    /// Settles the difference between expected and real cost.
    pub(crate) fn correct(&self, family: Family, expected: u32, real: u32) {
        if family == Family::Identity {
            self.bucket(family, |bucket, now| {
                bucket.fill(now);
                bucket.level -= f64::from(real) - f64::from(expected.max(1));
            });
        }
    }

    /// Graph says which share of its quota is used (0.8 to 1.8): slow down in proportion.
    pub(crate) fn used(&self, family: Family, share: f64) {
        if share > 0.8 && share.is_finite() {
            self.bucket(family, |bucket, now| {
                bucket.fill(now);
                bucket.share = (1.8 - share).clamp(0.1, 1.0);
                bucket.slow_until = now + SLOW_FOR;
            });
        }
    }

    /// Resource units in ten seconds that directory objects may cost; nothing where there is no limit.
    pub(crate) fn identity_quota(&self) -> Option<f64> {
        let quota = self.bucket(Family::Identity, |bucket, _| bucket.quota);
        quota.map(|(_, units)| units)
    }

    /// The tenant's size decides its quota.
    pub(crate) fn set_users(&self, users: u64) {
        self.bucket(Family::Identity, |bucket, now| {
            if bucket.quota.is_some() {
                bucket.fill(now);
                bucket.quota = Some(identity_quota(users));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::clock::LeapingClock;

    fn budget(pace: Pace) -> (Budget, Arc<LeapingClock>) {
        let clock = Arc::new(LeapingClock::starting_at(Timestamp::UNIX_EPOCH));
        (
            Budget::new(
                pace,
                8,
                Arc::clone(&clock) as Arc<dyn Clock>,
                Arc::new(Meter::default()),
            ),
            clock,
        )
    }

    async fn seconds(
        budget: &Budget,
        clock: &LeapingClock,
        cost: (Family, u32, u32),
        times: u32,
    ) -> f64 {
        let start = clock.monotonic();
        for _ in 0..times {
            drop(budget.admit(&[cost]).await);
        }
        clock.monotonic().saturating_sub(start).as_secs_f64()
    }

    #[tokio::test]
    async fn identity_spends_its_quota_and_no_more() {
        let (budget, clock) = budget(Pace::Microsoft);
        assert!(seconds(&budget, &clock, (Family::Identity, 35, 1), 100).await < 0.001);
        let second = seconds(&budget, &clock, (Family::Identity, 35, 1), 100).await;
        assert!((second - 10.0).abs() < 0.1, "{second}");
        budget.set_users(501);
        let large = seconds(&budget, &clock, (Family::Identity, 80, 1), 100).await;
        assert!((large - 10.0).abs() < 0.1, "{large}");
    }

    #[tokio::test]
    async fn window_quotas_are_spaced() {
        let (budget, clock) = budget(Pace::Microsoft);
        for (family, expected) in [
            (Family::ConditionalAccess, 19.0),
            (Family::Reports, 38.0),
            (Family::UserFlows, 5.7),
            (Family::Intune, 0.38),
        ] {
            let took = seconds(&budget, &clock, (family, 99, 1), 20).await;
            assert!((took - expected).abs() < 0.01, "{family:?}: {took}");
        }
        assert!(seconds(&budget, &clock, (Family::Other, 99, 1), 1000).await < 0.001);
    }

    #[tokio::test]
    async fn conditional_access_is_asked_a_second_after_its_last_answer() {
        let (budget, clock) = budget(Pace::Microsoft);
        let cost = [(Family::ConditionalAccess, 1, 1)];
        let first = budget.admit(&cost).await;
        let mut second = Box::pin(budget.admit(&cost));
        assert!(futures::poll!(&mut second).is_pending());
        // Others do not wait for it.
        drop(budget.admit(&[(Family::Other, 1, 1)]).await);
        clock.sleep(Duration::from_secs(5)).await;
        assert!(futures::poll!(&mut second).is_pending());
        drop(first);
        drop(second.await);
        assert_eq!(clock.monotonic(), Duration::from_secs(6));
    }

    #[tokio::test]
    async fn writes_have_a_quota_of_their_own() {
        let (budget, clock) = budget(Pace::Microsoft);
        let mut last_window = 0.0;
        for number in 1..=6000_u32 {
            budget.admit_write(Family::Identity).await;
            if number == 3000 {
                last_window = clock.monotonic().as_secs_f64();
            }
        }
        let end = clock.monotonic().as_secs_f64();
        assert!((last_window - 150.0).abs() < 0.1, "{last_window}");
        assert!((end - 150.0 - 3000.0 / 19.6).abs() < 0.1, "{end}");
        let before = clock.monotonic();
        for _ in 0..1000 {
            budget.admit_write(Family::ConditionalAccess).await;
        }
        assert_eq!(clock.monotonic(), before);
    }

    #[tokio::test]
    async fn pauses_hold_their_family_only_and_unlimited_too() {
        let (budget, clock) = budget(Pace::Unlimited);
        budget.pause(Family::Identity, Duration::from_secs(7));
        assert!(seconds(&budget, &clock, (Family::Intune, 1, 1), 5).await < 0.001);
        assert!((seconds(&budget, &clock, (Family::Identity, 1, 1), 5).await - 7.0).abs() < 0.001);
    }

    #[tokio::test]
    async fn real_costs_and_warnings_slow_down() {
        let (budget, clock) = budget(Pace::Microsoft);
        budget.correct(Family::Identity, 1, 3501);
        let took = seconds(&budget, &clock, (Family::Identity, 350, 1), 1).await;
        assert!((took - 1.0).abs() < 0.01, "{took}");
        budget.used(Family::Identity, 1.3);
        let slow = seconds(&budget, &clock, (Family::Identity, 350, 1), 1).await;
        assert!((slow - 2.0).abs() < 0.01, "{slow}");
    }
}
