//! Tokens: one for all requests, fetched when first needed, renewed before it expires.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::{
    clock::Clock,
    error::{Error, ErrorKind, Result},
    meter::Meter,
    retry,
    settings::{Credential, Limits, Settings},
    silence::Silence,
    transport::Service,
};

mod app;
mod assertion;
mod device;
mod identity;
mod managed;
mod refusal;

pub use identity::Identity;

/// How long before its end a token is replaced.
const RENEW_BEFORE: Duration = Duration::from_mins(5);
/// Largest answer of a token endpoint, in bytes.
const ANSWER_LIMIT_BYTES: usize = 1 << 20;

/// A bearer token.
pub(crate) struct Token {
    pub value: Zeroizing<String>,
    /// `Bearer ...`, marked so that no library prints it.
    pub header: HeaderValue,
    /// On the client's monotonic clock.
    renew_at: Duration,
    pub expires_at: Timestamp,
    refresh: Option<Zeroizing<String>>,
}

/// What a token endpoint answers. Managed identity endpoints write numbers as strings.
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    #[serde(deserialize_with = "wiped")]
    access_token: Zeroizing<String>,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
    #[serde(default)]
    expires_on: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "wiped_if_any")]
    refresh_token: Option<Zeroizing<String>>,
}

fn wiped<'de, D: serde::Deserializer<'de>>(
    text: D,
) -> std::result::Result<Zeroizing<String>, D::Error> {
    String::deserialize(text).map(Zeroizing::new)
}

fn wiped_if_any<'de, D: serde::Deserializer<'de>>(
    text: D,
) -> std::result::Result<Option<Zeroizing<String>>, D::Error> {
    Option::<String>::deserialize(text).map(|text| text.map(Zeroizing::new))
}

/// Whole seconds, whether written as a number or as text.
fn seconds(value: &serde_json::Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

impl Token {
    fn read(answer: TokenAnswer, clock: &dyn Clock) -> Result<Self> {
        let fits = !answer.access_token.is_empty()
            && answer.access_token.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return Err(Error::malformed("the token endpoint gave no usable token"));
        }
        let mut header = HeaderValue::from_str(&Zeroizing::new(format!(
            "Bearer {}",
            answer.access_token.as_str()
        )))
        .map_err(|_| Error::malformed("the token endpoint gave no usable token"))?;
        header.set_sensitive(true);
        let now = clock.wall();
        let until = |end: i64| end.checked_sub(now.as_second());
        let left = answer
            .expires_in
            .as_ref()
            .and_then(seconds)
            .or_else(|| answer.expires_on.as_ref().and_then(seconds).and_then(until));
        // Without a figure, the shortest life Microsoft's tokens have; and whatever is said, no new token for
        // every request.
        let left = left.unwrap_or(3600).clamp(60, 7 * 86_400);
        let left = Duration::from_secs(left.unsigned_abs());
        let ahead = RENEW_BEFORE.min(left / 2);
        Ok(Self {
            value: answer.access_token,
            header,
            renew_at: clock.monotonic() + left.saturating_sub(ahead),
            expires_at: now.saturating_add(left).unwrap_or(Timestamp::MAX),
            refresh: answer.refresh_token,
        })
    }
}

/// Fetches and keeps the token.
pub(crate) struct Tokens {
    source: Source,
    authority: Service,
    tenant: String,
    /// Resource the token is for, without `/.default`.
    resource: String,
    credential: Credential,
    limits: Limits,
    clock: Arc<dyn Clock>,
    meter: Arc<Meter>,
    silence: Silence,
    /// Held while a token is fetched: all others wait for that one.
    current: Mutex<Option<Arc<Token>>>,
    notes: std::sync::Mutex<Vec<String>>,
}

enum Source {
    Authority,
    Managed(managed::Endpoint),
}

impl Tokens {
    pub(crate) fn new(settings: &Settings, meter: Arc<Meter>) -> Result<Self> {
        let source = match settings.credential {
            Credential::ManagedIdentity { .. } => {
                Source::Managed(managed::Endpoint::new(settings)?)
            }
            _ => Source::Authority,
        };
        Ok(Self {
            source,
            authority: Service::new(
                settings.authority_origin()?,
                &settings.user_agent,
                &settings.limits,
            )?,
            tenant: settings.tenant.clone(),
            resource: settings.resource()?,
            credential: settings.credential.clone(),
            limits: settings.limits.clone(),
            silence: Silence::new("the sign-in service", settings.limits.max_silence),
            clock: Arc::clone(&settings.clock),
            meter,
            current: Mutex::new(None),
            notes: std::sync::Mutex::default(),
        })
    }

    /// The current token; a fresh one if there is none or it is about to expire.
    pub(crate) async fn token(&self) -> Result<Arc<Token>> {
        let mut current = self.current.lock().await;
        if let Some(token) = &*current
            && self.clock.monotonic() < token.renew_at
        {
            return Ok(Arc::clone(token));
        }
        self.replace(&mut current).await
    }

    /// A fresh token in place of one that was refused. Does nothing if somebody else replaced it meanwhile.
    pub(crate) async fn renewed(&self, refused: &Arc<Token>) -> Result<Arc<Token>> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if !Arc::ptr_eq(token, refused) => Ok(Arc::clone(token)),
            _ => self.replace(&mut current).await,
        }
    }

    async fn replace(&self, current: &mut Option<Arc<Token>>) -> Result<Arc<Token>> {
        let refresh = current.as_ref().and_then(|token| token.refresh.clone());
        let token = Arc::new(self.fetch(refresh).await?);
        tracing::debug!(expires_at = %token.expires_at, "token fetched");
        *current = Some(Arc::clone(&token));
        Ok(token)
    }

    async fn fetch(&self, refresh: Option<Zeroizing<String>>) -> Result<Token> {
        let answer = match (&self.source, &self.credential) {
            (Source::Managed(endpoint), _) => endpoint.fetch(self).await?,
            (
                Source::Authority,
                Credential::DeviceCode {
                    client_id,
                    scopes,
                    prompt,
                },
            ) => self.by_device(client_id, scopes, prompt, refresh).await?,
            (Source::Authority, _) => self.by_app().await?,
        };
        Token::read(answer, &*self.clock)
    }

    /// Things a person should know about the secrets that were read.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn note(&self, note: String) {
        let mut notes = self
            .notes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if !notes.contains(&note) {
            tracing::warn!("{note}");
            notes.push(note);
        }
    }

    /// Repeats `attempt` while its failure is transient, with the waits of every other request.
    async fn patiently<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, Attempt>>,
    {
        let mut waited = Duration::ZERO;
        for tries in 1.. {
            if let Some(error) = self.silence.refusal(self.clock.monotonic()) {
                return Err(error);
            }
            self.meter.token();
            let outcome = attempt().await;
            let told = outcome.as_ref().map_err(|failure| &failure.error);
            self.silence.note(told, self.clock.monotonic());
            let failure = match outcome {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let wait = failure
                .retry_after
                .unwrap_or_else(|| retry::back_off(tries))
                .min(self.limits.max_retry_after);
            waited += wait;
            if !failure.transient
                || tries >= self.limits.max_tries
                || waited > self.limits.max_total_wait
            {
                return Err(failure.error);
            }
            tracing::warn!(error = %failure.error, wait_ms = wait.as_millis(), "no token yet");
            self.clock.sleep(wait).await;
        }
        Err(Error::new(
            ErrorKind::Timeout,
            "no token after more tries than can be counted",
        ))
    }
}

/// A failed attempt to get a token.
pub(crate) struct Attempt {
    error: Error,
    transient: bool,
    retry_after: Option<Duration>,
}

impl From<Error> for Attempt {
    fn from(error: Error) -> Self {
        let transient = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout);
        Self {
            error,
            transient,
            retry_after: None,
        }
    }
}
