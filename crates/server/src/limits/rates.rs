//! How often one may ask: the generic cell rate algorithm, for each principal and for all together.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, Quota, RateLimiter};

/// Principals that are remembered before those who have been away long enough are forgotten.
const REMEMBERED: usize = 10_000;

/// How often one may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second in the long run; at least one.
    pub per_second: u32,
    /// Requests that may come at once; at least one.
    pub at_once: u32,
}

impl Rate {
    fn quota(self) -> Quota {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Quota::per_second(at_least_one(self.per_second)).allow_burst(at_least_one(self.at_once))
    }
}

type Middleware<C> = NoOpMiddleware<<C as Clock>::Instant>;
type One<C> = RateLimiter<NotKeyed, InMemoryState, C, Middleware<C>>;
type Each<C> = RateLimiter<String, DefaultKeyedStateStore<String>, C, Middleware<C>>;

/// Counts requests.
#[derive(Debug)]
pub struct Rates<C: Clock = DefaultClock> {
    everybody: One<C>,
    principals: Each<C>,
    clock: C,
}

impl Rates {
    /// By the machine's clock.
    #[must_use]
    pub fn new(everybody: Rate, principal: Rate) -> Self {
        Self::by(everybody, principal, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn by(everybody: Rate, principal: Rate, clock: C) -> Self {
        Self {
            everybody: RateLimiter::new(everybody.quota(), InMemoryState::default(), clock.clone()),
            principals: RateLimiter::new(
                principal.quota(),
                DefaultKeyedStateStore::default(),
                clock.clone(),
            ),
            clock,
        }
    }

    /// Counts a request before it is known who it is from.
    ///
    /// # Errors
    /// How long to wait.
    pub fn anybody(&self) -> Result<(), Duration> {
        self.everybody.check().map_err(|until| self.wait(&until))
    }

    /// Counts a request of a principal.
    ///
    /// # Errors
    /// How long to wait.
    pub fn principal(&self, key: &String) -> Result<(), Duration> {
        if self.principals.len() > REMEMBERED {
            self.principals.retain_recent();
        }
        let checked = self.principals.check_key(key);
        checked.map_err(|until| self.wait(&until))
    }

    fn wait<P: Reference>(&self, until: &NotUntil<P>) -> Duration
    where
        C: Clock<Instant = P>,
    {
        until.wait_time_from(self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn one_principal_does_not_take_what_is_anothers() {
        let clock = FakeRelativeClock::default();
        let rate = |per_second, at_once| Rate {
            per_second,
            at_once,
        };
        let rates = Rates::by(rate(100, 7), rate(2, 3), clock.clone());
        let (alice, bob) = ("alice".to_owned(), "bob".to_owned());
        for _ in 0..3 {
            assert_eq!(rates.principal(&alice), Ok(()));
        }
        let wait = rates
            .principal(&alice)
            .expect_err("because three came at once");
        assert_eq!(wait, Duration::from_millis(500));
        assert_eq!(rates.principal(&bob), Ok(()));
        clock.advance(Duration::from_millis(500));
        assert_eq!(rates.principal(&alice), Ok(()));
        assert!(rates.principal(&alice).is_err());

        for _ in 0..7 {
            assert_eq!(rates.anybody(), Ok(()));
        }
        assert_eq!(rates.anybody(), Err(Duration::from_millis(10)));
    }

    #[test]
    fn who_stays_away_is_forgotten() {
        let clock = FakeRelativeClock::default();
        let rate = Rate {
            per_second: 10,
            at_once: 10,
        };
        let rates = Rates::by(rate, rate, clock.clone());
        for number in 0..=REMEMBERED {
            let _ = rates.principal(&format!("someone {number}"));
        }
        clock.advance(Duration::from_secs(10));
        let _ = rates.principal(&"another".to_owned());
        assert!(rates.principals.len() <= 1);
    }

    #[test]
    fn a_rate_of_zero_is_one() {
        let nothing = Rate {
            per_second: 0,
            at_once: 0,
        };
        assert_eq!(Rates::new(nothing, nothing).anybody(), Ok(()));
    }
}
