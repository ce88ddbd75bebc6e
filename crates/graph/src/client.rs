//! The client: one request at a time, patiently.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, IF_MATCH};
use tokio::sync::watch;
use url::Url;

use crate::{
    auth::{Identity, Tokens},
    budget::Budget,
    clock::Clock,
    error::{Error, ErrorKind, Result},
    meter::Meter,
    origin::Link,
    page::{Content, Page},
    request::{Answer, Get, Target, Write, encoded},
    retry,
    settings::{Limits, Pace, Settings},
    silence::Silence,
    transport::{Raw, Service},
};

mod exchange;

pub(crate) use exchange::{Ask, Item, Repeat};

/// Speaks to one tenant's Graph. Clones share everything.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) service: Service,
    pub(crate) tokens: Tokens,
    pub(crate) budget: Budget,
    pub(crate) meter: Arc<Meter>,
    pub(crate) limits: Limits,
    pub(crate) pace: Pace,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) silence: Silence,
    newest: Mutex<Option<ServerTime>>,
    cancelled: watch::Sender<bool>,
}

/// What the newest answer said about time.
#[derive(Clone, Copy)]
struct ServerTime {
    date: Timestamp,
    local: Timestamp,
    monotonic: Duration,
}

impl Client {
    /// Checks the settings and prepares connections; sends nothing.
    pub fn new(settings: Settings) -> Result<Self> {
        settings.check()?;
        let meter = Arc::new(Meter::default());
        let graph = settings.graph_origin()?;
        let service = Service::new(graph, &settings.user_agent, &settings.limits)?;
        let tokens = Tokens::new(&settings, Arc::clone(&meter))?;
        let Settings {
            pace,
            limits,
            clock,
            ..
        } = settings;
        let budget = Budget::new(
            pace,
            limits.concurrency,
            Arc::clone(&clock),
            Arc::clone(&meter),
        );
        let silence = Silence::new("Graph", limits.max_silence);
        Ok(Self(Arc::new(Inner {
            service,
            tokens,
            budget,
            meter,
            limits,
            pace,
            clock,
            silence,
            newest: Mutex::new(None),
            cancelled: watch::Sender::new(false),
        })))
    }

    /// Who the client is, by its token; fetches one if needed.
    pub async fn identity(&self) -> Result<Identity> {
        let token = self.unless_cancelled(self.0.tokens.token()).await?;
        Ok(Identity::read(&token))
    }

    /// Reads one page or object.
    pub async fn get(&self, request: &Get) -> Result<Page> {
        let ask = self.read(request, self.0.limits.max_body_bytes)?;
        self.ask(&ask, |raw| {
            if raw.status == 204 {
                return Err(Error::new(ErrorKind::NotFound, "there is nothing").with_status(204));
            }
            raw.expect_json()?;
            Page::read(
                &raw.body,
                request.list,
                &self.0.service.origin,
                raw.status,
                raw.date(),
            )
        })
        .await
    }

    /// Reads something that is not JSON: a photo, a logo, a `$count`.
    pub async fn download(&self, request: &Get) -> Result<Content> {
        let ask = self.read(request, self.0.limits.max_body_bytes)?;
        self.ask(&ask, |raw| {
            Ok(Content {
                body: raw.body.clone(),
                media: raw.media(),
                etag: raw.etag(),
                date: raw.date(),
            })
        })
        .await
    }

    /// Writes. Sent again only where Graph certainly did not carry it out (429, no connection), or where doing it
    /// twice is doing it once (503 and 504 to PUT and DELETE). Anything else that breaks is an error whose outcome
    /// the caller must look up.
    pub async fn send(&self, write: &Write) -> Result<Answer> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(etag) = &write.if_match {
            headers.insert(IF_MATCH, header(etag)?);
        }
        if let Some(prefer) = &write.prefer {
            headers.insert(HeaderName::from_static("prefer"), header(prefer)?);
        }
        let ask = Ask {
            method: reqwest::Method::from_bytes(write.method.name().as_bytes())
                .expect("because the names are valid methods"),
            url: self
                .0
                .service
                .origin
                .join(&encoded(write.api, &write.path)?)?,
            headers,
            body: write.body.clone(),
            items: vec![Item {
                label: write.label,
                family: write.family,
                cost: write.cost,
                again: false,
            }],
            batch: false,
            limit_bytes: self.0.limits.max_body_bytes,
            repeat: if write.method.is_idempotent() {
                Repeat::Idempotent
            } else {
                Repeat::Refused
            },
        };
        self.ask(&ask, |raw| {
            Ok(Answer {
                status: raw.status,
                body: raw.body.clone(),
                etag: raw.etag(),
                location: raw.location().map(str::to_owned),
                request_id: raw.request_id().map(str::to_owned),
            })
        })
        .await
    }

    /// Proves a stored link to lead to the configured Graph.
    pub fn link(&self, text: &str) -> Result<Link> {
        self.0.service.origin.link(text)
    }

    /// The root of the service that is asked, without a slash at the end: `https://graph.microsoft.com`, or that of
    /// another cloud.
    #[must_use]
    pub fn root(&self) -> &str {
        self.0.service.origin.text()
    }

    /// The figures of this client and its clones.
    #[must_use]
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.0.meter)
    }

    /// The server's clock minus this machine's, by the newest answer. Whole seconds, as HTTP dates are.
    #[must_use]
    pub fn clock_skew(&self) -> Option<SignedDuration> {
        self.newest()
            .map(|newest| retry::skew(newest.date, newest.local))
    }

    /// The server's time now: the date of the newest answer and the time that has passed here since.
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        let newest = self.newest()?;
        newest
            .date
            .checked_add(self.0.clock.monotonic().saturating_sub(newest.monotonic))
            .ok()
    }

    /// The number of users decides the tenant's quota: below 50 it is 3,500 resource units in ten seconds, up to 500
    /// it is 5,000, above 8,000.
    pub fn tell_user_count(&self, users: u64) {
        self.0.budget.set_users(users);
    }

    /// Resource units in ten seconds that reading directory objects keeps to; nothing at an unlimited pace.
    #[must_use]
    pub fn identity_quota(&self) -> Option<f64> {
        self.0.budget.identity_quota()
    }

    /// What a person should know about the secrets that were read so far.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.0.tokens.notes()
    }

    /// Ends everything under way, and everything to come, with [`ErrorKind::Cancelled`].
    pub fn cancel(&self) {
        self.0.cancelled.send_replace(true);
    }

    pub(crate) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut cancelled = self.0.cancelled.subscribe();
        tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => Err(Error::new(ErrorKind::Cancelled, "cancelled")),
            done = work => done,
        }
    }

    fn read(&self, request: &Get, limit_bytes: usize) -> Result<Ask> {
        Ok(Ask {
            method: reqwest::Method::GET,
            url: self.address(&request.target)?,
            headers: read_headers(request)?,
            body: None,
            items: vec![Item {
                label: request.label,
                family: request.family,
                cost: request.cost,
                again: false,
            }],
            batch: false,
            limit_bytes,
            repeat: Repeat::Always,
        })
    }

    fn address(&self, target: &Target) -> Result<Url> {
        match target {
            Target::Path { api, path } => self.0.service.origin.join(&encoded(*api, path)?),
            // Proved again: the link may come from a client of another origin.
            Target::Link(link) => self
                .0
                .service
                .origin
                .link(link.as_str())
                .map(|link| link.url().clone()),
        }
    }

    fn newest(&self) -> Option<ServerTime> {
        *self.lock_newest()
    }

    fn lock_newest(&self) -> MutexGuard<'_, Option<ServerTime>> {
        self.0.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_time(&self, raw: &Raw) {
        if let Some(date) = raw.date() {
            *self.lock_newest() = Some(ServerTime {
                date,
                local: self.0.clock.wall(),
                monotonic: self.0.clock.monotonic(),
            });
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({:?})", self.0.service.origin)
    }
}

fn read_headers(request: &Get) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_static(request.media.unwrap_or("application/json")),
    );
    if request.eventual {
        headers.insert(
            HeaderName::from_static("consistencylevel"),
            HeaderValue::from_static("eventual"),
        );
    }
    if let Some(language) = request.language {
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language));
    }
    if let Some(prefer) = &request.prefer {
        headers.insert(HeaderName::from_static("prefer"), header(prefer)?);
    }
    Ok(headers)
}

fn header(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| {
        Error::new(
            ErrorKind::Unsupported,
            "a header value has characters that headers cannot have",
        )
    })
}
