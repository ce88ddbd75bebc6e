//! When a tenant is to be read next. No clock of its own: every time comes from outside.

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// First wait after a failure; each further one doubles it.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
/// Longest wait after a failure.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// A run to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// Whether everything is to be read whole.
    pub full: bool,
}

/// Knows when the next run is due.
#[derive(Debug)]
pub struct Timing {
    interval: SignedDuration,
    schedule: Option<Cron>,
    /// The next run for what changed.
    next: Timestamp,
    /// The next run that reads everything whole.
    next_full: Option<Timestamp>,
    /// Failures since the last success, and until when the next try waits.
    failures: u32,
    wait_until: Option<Timestamp>,
}

impl Timing {
    /// After the newest snapshot there is; without one, or with an old one, a run is due now.
    ///
    /// `interval` is between runs for what changed, `schedule` (UTC) says when everything is read whole.
    #[must_use]
    pub fn new(
        interval: SignedDuration,
        schedule: Option<Cron>,
        newest: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        // A snapshot of a time to come must not keep the watch from watching.
        let newest = newest.filter(|newest| *newest <= now);
        let mut timing = Self {
            interval,
            schedule,
            next: newest.map_or(now, |newest| later(newest, interval).max(now)),
            next_full: None,
            failures: 0,
            wait_until: None,
        };
        timing.next_full = timing.occurrence(now);
        timing
    }

    /// The next run.
    #[must_use]
    pub fn due(&self) -> Due {
        let full = self.next_full.filter(|at| *at <= self.next);
        let at = full.unwrap_or(self.next);
        let at = self.wait_until.map_or(at, |wait| at.max(wait));
        // While a run waits, the time of a whole one may come.
        let full = self.next_full.is_some_and(|full| full <= at);
        Due { at, full }
    }

    /// A run ended well.
    pub fn succeeded(&mut self, now: Timestamp, full: bool) {
        self.failures = 0;
        self.wait_until = None;
        self.next = later(now, self.interval);
        if full {
            self.next_full = self.occurrence(now);
        }
    }

    /// A run failed.
    pub fn failed(&mut self, now: Timestamp) {
        let doubled = FIRST_WAIT * 2_i32.pow(self.failures.min(6));
        self.failures += 1;
        self.wait_until = Some(later(now, doubled.min(LONGEST_WAIT)));
    }

    fn occurrence(&self, after: Timestamp) -> Option<Timestamp> {
        let schedule = self.schedule.as_ref()?;
        let after = after.to_zoned(TimeZone::UTC);
        let next = schedule.find_next_occurrence(&after, false).ok()?;
        Some(next.timestamp())
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: SignedDuration = SignedDuration::from_mins(15);

    fn at(text: &str) -> Timestamp {
        format!("2026-01-05T{text}Z")
            .parse()
            .expect("because it is a time")
    }

    fn nightly() -> Cron {
        "0 2 * * *".parse().expect("because it is cron")
    }

    fn due(time: &str, full: bool) -> Due {
        Due { at: at(time), full }
    }

    #[test]
    fn an_old_archive_is_read_at_once_and_a_fresh_one_when_it_is_due() {
        let now = at("12:00:00");
        let old = Timing::new(QUARTER, None, Some(at("11:00:00")), now);
        assert_eq!(old.due(), due("12:00:00", false));
        let fresh = Timing::new(QUARTER, None, Some(at("11:50:00")), now);
        assert_eq!(fresh.due(), due("12:05:00", false));
        let future = Timing::new(QUARTER, None, Some(at("23:00:00")), now);
        assert_eq!(future.due(), due("12:00:00", false));
        let empty = Timing::new(QUARTER, None, None, now);
        assert_eq!(empty.due(), due("12:00:00", false));
    }

    #[test]
    fn a_schedule_reads_everything_whole_between_the_others() {
        let mut timing = Timing::new(QUARTER, Some(nightly()), None, at("01:40:00"));
        assert_eq!(timing.due(), due("01:40:00", false));
        timing.succeeded(at("01:46:00"), false);
        assert_eq!(timing.due(), due("02:00:00", true));
        timing.succeeded(at("02:20:00"), true);
        assert_eq!(timing.due(), due("02:35:00", false));
        assert_eq!(
            timing.next_full.map(|at| at.to_string()),
            Some("2026-01-06T02:00:00Z".to_owned())
        );
    }

    #[test]
    fn a_schedule_missed_during_a_long_run_is_made_up_for() {
        let mut timing = Timing::new(QUARTER, Some(nightly()), None, at("01:50:00"));
        timing.succeeded(at("02:30:00"), false);
        assert_eq!(timing.due(), due("02:00:00", true));
    }

    #[test]
    fn failures_wait_longer_and_longer_and_a_success_forgets_them() {
        let mut timing = Timing::new(QUARTER, None, None, at("12:00:00"));
        for (now, next) in [
            ("12:00:00", "12:01:00"),
            ("12:01:00", "12:03:00"),
            ("12:03:00", "12:07:00"),
        ] {
            timing.failed(at(now));
            assert_eq!(timing.due(), due(next, false));
        }
        for _ in 0..50 {
            timing.failed(at("13:00:00"));
        }
        assert_eq!(timing.due(), due("14:00:00", false));
        timing.succeeded(at("14:00:00"), false);
        timing.failed(at("15:00:00"));
        assert_eq!(timing.due(), due("15:01:00", false));
    }

    #[test]
    fn a_whole_run_that_failed_stays_a_whole_one() {
        let mut timing = Timing::new(QUARTER, Some(nightly()), None, at("01:59:00"));
        timing.succeeded(at("01:59:30"), false);
        timing.failed(at("02:10:00"));
        assert_eq!(timing.due(), due("02:11:00", true));
    }
}
