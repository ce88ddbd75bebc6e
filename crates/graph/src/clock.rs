//! Time, as something that can be replaced.
//!
//! Every wait of this crate goes through a [`Clock`]. tokio's paused clock is no substitute where real sockets are
//! used: it runs ahead whenever the runtime waits for the network, so that timeouts fire at once. Time limits of
//! a single exchange with the server are therefore the only real timers, and can be switched off
//! ([`Limits::exchange_timeout`](crate::Limits)).

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt};
use jiff::{SignedDuration, Timestamp};

/// Source of time and of waiting.
pub trait Clock: Send + Sync {
    /// Time since some fixed start; never goes back.
    fn monotonic(&self) -> Duration;
    /// Wall clock of this machine, which may be wrong.
    fn wall(&self) -> Timestamp;
    /// Returns once `monotonic` has advanced by `wait`.
    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()>;
}

/// The machine's clock, waiting through tokio.
#[derive(Debug)]
pub struct SystemClock {
    start: tokio::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: tokio::time::Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(wait).boxed()
    }
}

/// A clock that nobody waits for: `sleep` moves it forward and returns. For runs against a simulated tenant, where
/// an hour of throttling should take no time but be seen by everything that measures it.
#[derive(Debug)]
pub struct LeapingClock {
    start: Timestamp,
    elapsed_ns: AtomicU64,
}

impl LeapingClock {
    /// A clock that shows `start` until the first wait.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            start,
            elapsed_ns: AtomicU64::new(0),
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.elapsed_ns.fetch_add(nanoseconds(by), Ordering::SeqCst);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX / 4)
}

impl Clock for LeapingClock {
    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.elapsed_ns.load(Ordering::SeqCst))
    }

    fn wall(&self) -> Timestamp {
        SignedDuration::try_from(self.monotonic())
            .ok()
            .and_then(|elapsed| self.start.checked_add(elapsed).ok())
            .unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        self.advance(wait);
        tokio::task::yield_now().boxed()
    }
}
