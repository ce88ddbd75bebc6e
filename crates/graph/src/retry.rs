//! When to ask again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use rand::Rng;

/// First and longest wait where the server names none.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What a `Retry-After` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    /// Wait that long; zero for a moment that has passed.
    Wait(Duration),
    /// Absent, empty, or not understood: normal input, so that our own back-off applies.
    Unknown,
}

/// Reads the header: seconds, also with a fraction, or an HTTP date, taken relative to `now` (the server's clock).
pub(crate) fn parse_retry_after(header: Option<&str>, now: Timestamp) -> RetryAfter {
    let Some(text) = header.map(str::trim).filter(|text| !text.is_empty()) else {
        return RetryAfter::Unknown;
    };
    if let Ok(seconds) = text.parse::<f64>() {
        if !seconds.is_finite() || seconds < 0.0 {
            return RetryAfter::Unknown;
        }
        return RetryAfter::Wait(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    match http_date(text) {
        Some(moment) => {
            RetryAfter::Wait(Duration::try_from(now.duration_until(moment)).unwrap_or_default())
        }
        None => RetryAfter::Unknown,
    }
}

/// `Tue, 18 Aug 2020 12:51:51 GMT`, the one date form servers still write.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new()
        .parse_timestamp(text.trim())
        .ok()
}

/// 1, 2, 4 ... seconds, at most a minute, each shortened by up to a quarter at random so that many waiting
/// requests do not come back at once. `failures` counts from 1.
pub(crate) fn back_off(failures: u32) -> Duration {
    let full = FIRST_WAIT
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(LONGEST_WAIT);
    full.mul_f64(rand::thread_rng().gen_range(0.75..=1.0))
}

/// Difference between the server's clock and ours.
pub(crate) fn skew(server: Timestamp, local: Timestamp) -> SignedDuration {
    local.duration_until(server)
}

/// Statuses after which the same request may succeed.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504 | 509)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(header: &str) -> RetryAfter {
        parse_retry_after(
            Some(header),
            "2020-08-18T12:51:41Z".parse().expect("a moment"),
        )
    }

    #[test]
    fn every_form_of_retry_after_is_normal_input() {
        let seconds = |s: f64| RetryAfter::Wait(Duration::from_secs_f64(s));
        assert_eq!(
            parse_retry_after(None, Timestamp::UNIX_EPOCH),
            RetryAfter::Unknown
        );
        for (header, expected) in [
            ("10", seconds(10.0)),
            (" 7 ", seconds(7.0)),
            ("2.128", seconds(2.128)),
            ("0", seconds(0.0)),
            ("1000000000", seconds(1e9)),
            (
                "99999999999999999999999999",
                RetryAfter::Wait(Duration::MAX),
            ),
            ("Tue, 18 Aug 2020 12:51:51 GMT", seconds(10.0)),
            ("Tue, 18 Aug 2020 11:51:51 GMT", seconds(0.0)),
            ("", RetryAfter::Unknown),
            ("   ", RetryAfter::Unknown),
            ("-5", RetryAfter::Unknown),
            ("NaN", RetryAfter::Unknown),
            ("inf", RetryAfter::Unknown),
            ("soon", RetryAfter::Unknown),
            ("10s", RetryAfter::Unknown),
            ("10, 20", RetryAfter::Unknown),
            ("Tue, 99 Aug 2020 12:51:51 GMT", RetryAfter::Unknown),
        ] {
            assert_eq!(at(header), expected, "{header}");
        }
    }

    #[test]
    fn back_off_doubles_to_a_minute() {
        for (failures, full) in [
            (1, 1.0),
            (2, 2.0),
            (3, 4.0),
            (6, 32.0),
            (7, 60.0),
            (40, 60.0),
            (u32::MAX, 60.0),
        ] {
            for _ in 0..50 {
                let wait = back_off(failures).as_secs_f64();
                assert!(
                    wait >= full * 0.75 - 1e-6 && wait <= full + 1e-6,
                    "{failures}: {wait}"
                );
            }
        }
    }
}
