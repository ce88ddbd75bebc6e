//! What goes wrong on purpose.
//!
//! Whether a request fails depends on the seed, its URL and how often that URL was asked for, and on
//! nothing else: concurrent clients meet the same faults in every run.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// Shares are between 0 and 1: of all Graph requests, how many meet the fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// Another seed, other requests.
    pub seed: u64,
    /// Share answered 429.
    pub throttled: f64,
    /// What the 429 and 503 answers say about when to come back.
    pub retry_after: RetryAfter,
    /// Share answered 503.
    pub unavailable: f64,
    /// Share answered 500.
    pub internal_errors: f64,
    /// Share whose connection closes without an answer.
    pub resets_before: f64,
    /// Share whose connection breaks in the middle of the body.
    pub resets_inside: f64,
    /// Share whose body ends early although the answer is complete as HTTP.
    pub truncated: f64,
    /// Share answered with a page of HTML and 200, as proxies do.
    pub html: f64,
    /// Share that is answered late, by [`Faults::slow_ms`].
    pub slow: f64,
    /// Milliseconds of tokio's clock that a slow answer takes.
    pub slow_ms: u64,
    /// Share of list pages whose nextLink leads to themselves.
    pub looping_links: f64,
    /// Share of list pages whose nextLink leads to `https://graph.example.invalid`.
    pub foreign_links: f64,
    /// Share of child reads (`/groups/{id}/members`) before which the parent is deleted.
    pub vanishing_parents: f64,
    /// Requests after which a bearer token is refused with 401.
    pub token_requests: Option<u32>,
    /// Delta tokens handed out under another generation are lost: the next use answers as
    /// [`Faults::expired_delta`] says.
    pub delta_generation: u64,
    /// How an expired or lost delta token is refused.
    pub expired_delta: ExpiredDelta,
    /// Rounds of changes repeat the fifty changes before them.
    pub replay_delta: bool,
    /// Group deltas leave out members that are gone because the member itself was deleted, as the
    /// service was seen to do (microsoft-graph-docs-contrib issues 5855 and 2829).
    pub omit_deleted_members: bool,
    /// Id of an object whose changes rounds leave out, as if it had none: what nobody is told can only
    /// be found by reading everything.
    pub untold_in_delta: Option<String>,
    /// Lists show nothing of what stands below their objects: such an `$expand` ([`catalog::Kind::shown_by`]) is
    /// refused.
    pub declines_expansions: bool,
    /// Edges that one page of a group delta holds at most.
    pub delta_members_per_page: usize,
    /// Minutes of the tenant's clock within which a row of a log comes into view, each row after a
    /// part of them of its own: younger rows can be there before older ones.
    pub log_delay_minutes: u32,
    /// GET requests for a new object that find nothing yet.
    pub replication_lag_requests: u32,
    /// Tokens and `/organization` name this tenant instead of the real one.
    pub wrong_tenant: Option<String>,
    /// The shares above apply only to paths that contain this text.
    pub only: Option<String>,
    /// How many times one URL may fail; then it is answered properly.
    pub per_url: u32,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            seed: 0,
            throttled: 0.0,
            retry_after: RetryAfter::Seconds(1),
            unavailable: 0.0,
            internal_errors: 0.0,
            resets_before: 0.0,
            resets_inside: 0.0,
            truncated: 0.0,
            html: 0.0,
            slow: 0.0,
            slow_ms: 1000,
            looping_links: 0.0,
            foreign_links: 0.0,
            vanishing_parents: 0.0,
            token_requests: None,
            delta_generation: 0,
            expired_delta: ExpiredDelta::Gone,
            replay_delta: false,
            omit_deleted_members: false,
            untold_in_delta: None,
            declines_expansions: false,
            delta_members_per_page: 1000,
            log_delay_minutes: 0,
            replication_lag_requests: 0,
            wrong_tenant: None,
            only: None,
            per_url: u32::MAX,
        }
    }
}

impl Faults {
    /// Every delta token handed out so far is lost.
    pub fn lose_delta_tokens(&mut self) {
        self.delta_generation += 1;
    }

    /// Whether no request meets any of the random faults.
    fn is_quiet(&self) -> bool {
        let shares = [
            self.throttled,
            self.unavailable,
            self.internal_errors,
            self.resets_before,
            self.resets_inside,
            self.truncated,
            self.html,
            self.slow,
            self.looping_links,
            self.foreign_links,
            self.vanishing_parents,
        ];
        shares.iter().all(|share| *share <= 0.0)
    }
}

/// The `Retry-After` of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds(u32),
    /// An HTTP date, so many seconds after the answer's own.
    Date(u32),
    /// Seconds with a fraction, as Graph's documentation shows one (`2.128`).
    Fraction,
    /// No header.
    Missing,
    /// A header that is no number.
    Malformed,
    /// Ten days.
    Absurd,
}

impl RetryAfter {
    /// The header's value in an answer of that time; `None` for no header.
    #[must_use]
    pub fn header(self, now: Timestamp) -> Option<String> {
        match self {
            Self::Seconds(seconds) => Some(seconds.to_string()),
            Self::Date(seconds) => {
                let then = now.saturating_add(SignedDuration::from_secs(seconds.into()));
                let then = then.unwrap_or(Timestamp::MAX);
                Some(then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
            Self::Fraction => Some("2.128".to_owned()),
            Self::Missing => None,
            Self::Malformed => Some("soon".to_owned()),
            Self::Absurd => Some("864000".to_owned()),
        }
    }
}

/// How Graph says that a delta token cannot be used any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredDelta {
    /// 410 with a `Location` that begins anew.
    Gone,
    /// 400 `syncStateNotFound`.
    BadRequest,
}

/// A fault one request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Throttled,
    Unavailable,
    InternalError,
    ResetBefore,
    ResetInside,
    Truncated,
    Html,
    LoopingLink,
    ForeignLink,
}

impl Fault {
    /// Whether it can befall a request inside a batch.
    pub(crate) fn is_answer(self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Unavailable | Self::InternalError
        )
    }
}

/// How often each URL was asked for and failed.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    counts: HashMap<[u8; 16], (u32, u32)>,
}

/// What befalls one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) fault: Option<Fault>,
    pub(crate) is_slow: bool,
    pub(crate) parent_vanishes: bool,
}

impl Attempts {
    /// Decides about a request and remembers that it came.
    pub(crate) fn decide(&mut self, faults: &Faults, url: &str) -> Fate {
        if faults.is_quiet() {
            return Fate::default();
        }
        if faults
            .only
            .as_ref()
            .is_some_and(|only| !url.contains(only.as_str()))
        {
            return Fate::default();
        }
        let hash = blake3::hash(url.as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&hash.as_bytes()[..16]);
        let (asked, failed) = self.counts.entry(key).or_default();
        let mut dice = Dice::new(faults.seed, hash.as_bytes(), *asked);
        *asked += 1;
        let is_slow = dice.falls_below(faults.slow);
        let parent_vanishes = dice.falls_below(faults.vanishing_parents);
        let shares = [
            (Fault::Throttled, faults.throttled),
            (Fault::Unavailable, faults.unavailable),
            (Fault::InternalError, faults.internal_errors),
            (Fault::ResetBefore, faults.resets_before),
            (Fault::ResetInside, faults.resets_inside),
            (Fault::Truncated, faults.truncated),
            (Fault::Html, faults.html),
            (Fault::LoopingLink, faults.looping_links),
            (Fault::ForeignLink, faults.foreign_links),
        ];
        let mut fault = None;
        for (candidate, share) in shares {
            if dice.falls_below(share) && fault.is_none() && *failed < faults.per_url {
                fault = Some(candidate);
                *failed += 1;
            }
        }
        Fate {
            fault,
            is_slow,
            parent_vanishes,
        }
    }
}

/// Numbers drawn from a hash.
struct Dice {
    reader: blake3::OutputReader,
}

impl Dice {
    fn new(seed: u64, url: &[u8; 32], asked: u32) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("entrace simulator faults");
        hasher.update(&seed.to_le_bytes());
        hasher.update(url);
        hasher.update(&asked.to_le_bytes());
        Self {
            reader: hasher.finalize_xof(),
        }
    }

    fn falls_below(&mut self, share: f64) -> bool {
        let mut bytes = [0; 4];
        self.reader.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) < share * (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_requests_meet_the_same_faults() {
        let faults = Faults {
            throttled: 0.3,
            resets_inside: 0.1,
            ..Faults::default()
        };
        let fates = |order: &[usize]| {
            let mut attempts = Attempts::default();
            let mut fates = vec![Fate::default(); order.len()];
            for place in order {
                fates[*place] = attempts.decide(&faults, &format!("/users/{place}"));
            }
            fates
        };
        let forwards: Vec<usize> = (0..200).collect();
        let backwards: Vec<usize> = (0..200).rev().collect();
        let first = fates(&forwards);
        assert_eq!(first, fates(&backwards));
        let throttled = first
            .iter()
            .filter(|fate| fate.fault == Some(Fault::Throttled))
            .count();
        assert!((30..90).contains(&throttled), "{throttled}");
    }

    #[test]
    fn a_url_fails_no_more_than_it_may() {
        let faults = Faults {
            unavailable: 1.0,
            per_url: 2,
            ..Faults::default()
        };
        let mut attempts = Attempts::default();
        let fates = (0..4).map(|_| attempts.decide(&faults, "/users").fault.is_some());
        assert_eq!(fates.collect::<Vec<_>>(), [true, true, false, false]);
    }

    #[test]
    fn shares_of_nothing_and_everything_are_exact() {
        let mut dice = Dice::new(1, &[0; 32], 0);
        assert!((0..1000).all(|_| !dice.falls_below(0.0)));
        assert!((0..1000).all(|_| dice.falls_below(1.0)));
    }
}
