//! The issuer's keys, kept: asked for once an hour, and for an unknown one at most every five minutes.
//!
//! A key is good for 24 hours after it was last published, so that an issuer that cannot be reached for a night
//! locks nobody out, and one that is withdrawn is not good for ever.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::DecodingKey;

use super::published;
use super::refused::Refused;
use super::source::KeySource;
use crate::clock::Clock;

/// How long a key is good after it was last published.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long a set is taken as it was read.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Shortest time between two requests, whoever causes them.
const APART: SignedDuration = SignedDuration::from_mins(5);

/// The keys of one issuer.
pub struct Keys {
    source: Arc<dyn KeySource>,
    issuer: String,
    tenant_id: String,
    clock: Clock,
    known: RwLock<Known>,
    /// Held by whoever asks the issuer.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Published>,
    read_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

struct Published {
    key: Arc<DecodingKey>,
    seen_at: Timestamp,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Keys {
    /// Nothing is asked for before the first token comes.
    #[must_use]
    pub fn new(source: Arc<dyn KeySource>, issuer: &str, tenant_id: &str, clock: Clock) -> Self {
        Self {
            source,
            issuer: issuer.to_owned(),
            tenant_id: tenant_id.to_owned(),
            clock,
            known: RwLock::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// The key of that name.
    ///
    /// # Errors
    /// [`Refused::KeyUnknown`], or [`Refused::KeysUnavailable`] where no set could be read yet.
    pub async fn get(self: &Arc<Self>, kid: &str) -> Result<Arc<DecodingKey>, Refused> {
        if let Some(key) = self.good(kid) {
            // Nobody waits for news of a key that is good.
            if self.is_stale() {
                let keys = Arc::clone(self);
                tokio::spawn(async move { keys.refresh().await });
            }
            return Ok(key);
        }
        self.refresh().await;
        self.good(kid).ok_or_else(|| self.unknown())
    }

    /// Asks the issuer, unless somebody did a short time ago. Who comes while another asks waits for the answer.
    pub async fn refresh(&self) {
        let _asking = self.asking.lock().await;
        let now = self.clock.now();
        if !self.may_ask(now) {
            return;
        }
        self.known_mut(|known| known.tried_at = Some(now));
        let answer = self.source.load().await;
        let read = answer.and_then(|text| published::read(&text, &self.issuer, &self.tenant_id));
        match read {
            Ok(keys) => self.known_mut(|known| {
                for (kid, key) in keys {
                    known.keys.insert(kid, Published { key, seen_at: now });
                }
                known.keys.retain(|_, key| is_good(key.seen_at, now));
                known.read_at = Some(now);
            }),
            Err(reason) => {
                tracing::warn!(issuer = %self.issuer, %reason, "the issuer's keys could not be read");
            }
        }
    }

    fn good(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        let now = self.clock.now();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let published = known.keys.get(kid)?;
        is_good(published.seen_at, now).then(|| Arc::clone(&published.key))
    }

    fn is_stale(&self) -> bool {
        let now = self.clock.now();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let old = known
            .read_at
            .is_none_or(|at| now.duration_since(at) >= FRESH_FOR);
        old && may_ask(known.tried_at, now)
    }

    fn may_ask(&self, now: Timestamp) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        may_ask(known.tried_at, now)
    }

    fn unknown(&self) -> Refused {
        let now = self.clock.now();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let were_read = known.read_at.is_some_and(|at| is_good(at, now));
        if were_read {
            return Refused::KeyUnknown;
        }
        let left = known
            .tried_at
            .map_or(APART, |at| APART - now.duration_since(at));
        Refused::KeysUnavailable {
            retry_after_seconds: left.as_secs().max(1).unsigned_abs(),
        }
    }

    fn known_mut(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}

fn is_good(seen_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(seen_at) < GOOD_FOR
}

/// A clock that was set back must not keep anybody from asking.
fn may_ask(tried_at: Option<Timestamp>, now: Timestamp) -> bool {
    tried_at.is_none_or(|at| now < at || now.duration_since(at) >= APART)
}
