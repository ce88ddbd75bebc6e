//! From a whole request to a whole answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use jiff::Timestamp;

use super::address::{Address, Segment};
use super::answer::{Answer, Failure, RequestIds};
use super::oauth::{Authority, Session, Sessions, Unauthorized};
use super::route::Route;
use super::surface::{Call, Headers, Lagging, Settings};
use super::throttle::{Limits, Throttle, cost};
use super::{batch, get, write};
use crate::credentials::AppCredential;
use crate::faults::{Attempts, Fate, Fault, Faults};
use crate::tenant::Tenant;
use crate::usage::{Counted, Usage};

/// A request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path_and_query: String,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
    /// Scheme and host the client used.
    pub(crate) origin: String,
}

/// An answer and what befalls it on its way.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) fate: Fate,
}

/// Moves the world on by a day.
pub(crate) type NextDay = Box<dyn FnMut(&mut Tenant) + Send>;

/// Everything the server shares between its connections.
pub(crate) struct Service {
    pub(crate) tenant: Arc<RwLock<Tenant>>,
    pub(crate) faults: Arc<Mutex<Faults>>,
    pub(crate) usage: Mutex<Usage>,
    pub(crate) credentials: Vec<AppCredential>,
    pub(crate) limits: Limits,
    pub(crate) pending_polls: u32,
    sessions: Mutex<Sessions>,
    attempts: Mutex<Attempts>,
    throttle: Mutex<Throttle>,
    lagging: Lagging,
    next_day: Mutex<Option<NextDay>>,
    /// A delta round ended since the day began.
    round_ended: Mutex<bool>,
    requests: Mutex<u64>,
}

/// Takes a lock; what panicked while holding it left nothing half done that matters here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    pub(crate) fn new(
        tenant: Tenant,
        faults: Faults,
        credentials: Vec<AppCredential>,
        limits: Limits,
        throttle: Throttle,
        next_day: Option<NextDay>,
        pending_polls: u32,
    ) -> Self {
        Self {
            tenant: Arc::new(RwLock::new(tenant)),
            faults: Arc::new(Mutex::new(faults)),
            usage: Mutex::default(),
            credentials,
            limits,
            pending_polls,
            sessions: Mutex::default(),
            attempts: Mutex::default(),
            throttle: Mutex::new(throttle),
            lagging: Lagging::default(),
            next_day: Mutex::new(next_day),
            round_ended: Mutex::new(false),
            requests: Mutex::new(0),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tenant> {
        self.tenant.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Tenant> {
        self.tenant.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request.
    pub(crate) fn answer(&self, incoming: &Incoming) -> Reply {
        let ids = self.request_ids(&incoming.headers);
        let Some(address) = Address::parse(&incoming.path_and_query) else {
            let answer = self.authority(incoming);
            return self.dressed(answer, &ids, Fate::default());
        };
        lock(&self.usage).round_trips += 1;
        let fate =
            lock(&self.attempts).decide(&lock(&self.faults).clone(), &incoming.path_and_query);
        let answer = self.graph(incoming, &address, fate, &ids);
        tracing::debug!(
            method = %incoming.method,
            path = %address.path,
            status = answer.status,
            fault = ?fate.fault,
            "answered"
        );
        self.dressed(answer, &ids, fate)
    }

    /// The headers every answer has.
    fn dressed(&self, answer: Answer, ids: &RequestIds, fate: Fate) -> Reply {
        let date = self.read().now();
        let answer = answer
            .with("request-id", ids.request.clone())
            .with("client-request-id", ids.client.clone())
            .with(
                "Date",
                date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
            );
        Reply { answer, fate }
    }

    fn request_ids(&self, headers: &Headers) -> RequestIds {
        let mut requests = lock(&self.requests);
        *requests += 1;
        let hash = blake3::hash(&requests.to_le_bytes());
        let request = crate::tenant::guid(hash.as_bytes());
        let client = headers.get("client-request-id").map(str::to_owned);
        RequestIds {
            client: client.unwrap_or_else(|| request.clone()),
            request,
            date: self.read().now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        }
    }

    fn authority(&self, incoming: &Incoming) -> Answer {
        let path = incoming
            .path_and_query
            .split('?')
            .next()
            .unwrap_or_default();
        let segments: Vec<Segment> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| Segment::Name(part.to_owned()))
            .collect();
        let form = String::from_utf8_lossy(&incoming.body);
        let grant = {
            let tenant = self.read();
            let wrong = lock(&self.faults).wrong_tenant.clone();
            let authority = Authority {
                credentials: &self.credentials,
                origin: &incoming.origin,
                token_tenant: wrong.as_deref().unwrap_or(&tenant.options().tenant_id),
                wall_clock: Timestamp::now(),
                pending_polls: self.pending_polls,
                tenant: &tenant,
            };
            let mut sessions = lock(&self.sessions);
            authority.answer(&mut sessions, &incoming.method, &segments, &form)
        };
        let Some(grant) = grant else {
            return Answer::empty(404);
        };
        if grant.issued {
            lock(&self.usage).tokens += 1;
            self.begin_day();
        }
        grant.answer
    }

    /// The next day, where the last one was read to its end.
    fn begin_day(&self) {
        let mut ended = lock(&self.round_ended);
        if !*ended {
            return;
        }
        if let Some(next_day) = lock(&self.next_day).as_mut() {
            next_day(&mut self.write());
            *ended = false;
        }
    }

    fn graph(
        &self,
        incoming: &Incoming,
        address: &Address,
        fate: Fate,
        ids: &RequestIds,
    ) -> Answer {
        let most = lock(&self.faults).token_requests;
        let header = incoming.headers.get("Authorization");
        let session = match lock(&self.sessions).authorize(header, most) {
            Ok(session) => session,
            Err(reason) => return unauthorized(reason).into_answer(ids),
        };
        if address.path.eq_ignore_ascii_case("/$batch") {
            lock(&self.usage).batches += 1;
            if let Some(failure) = fate.fault.and_then(|fault| self.fault_failure(fault)) {
                return failure.into_answer(ids);
            }
            return batch::answer(self, incoming, address, &session, ids);
        }
        self.one(incoming, address, &session, fate, ids, false)
    }

    /// One request, alone or out of a batch.
    pub(crate) fn one(
        &self,
        incoming: &Incoming,
        address: &Address,
        session: &Session,
        fate: Fate,
        ids: &RequestIds,
        batched: bool,
    ) -> Answer {
        let route = Route::find(address).ok();
        let is_write = incoming.method != "GET";
        let units = route
            .as_ref()
            .map_or(1, |route| cost(route, address, is_write));
        let fault = fate.fault.filter(|fault| !batched || fault.is_answer());
        let faulty = fault.and_then(|fault| self.fault_failure(fault));
        let admitted = match (faulty, &route) {
            (Some(failure), _) => Err(failure),
            (None, None) => Ok(None),
            (None, Some(route)) => {
                let app = &session.app.app_id;
                lock(&self.throttle).take(self.limits, app, route, is_write, units)
            }
        };
        if fate.parent_vanishes && admitted.is_ok() {
            write::vanish_parent(&mut self.write(), route.as_ref());
        }
        let outcome = admitted.and_then(|used| {
            let answer = if is_write {
                self.change(incoming, address, session)
            } else {
                self.show(incoming, address, session)
            }?;
            let answer = answer.with("x-ms-resource-unit", units.to_string());
            Ok(match used {
                Some(used) => answer.with("x-ms-throttle-limit-percentage", format!("{used:.1}")),
                None => answer,
            })
        });
        let answer = outcome.unwrap_or_else(|failure| failure.into_answer(ids));
        if answer.ends_round {
            *lock(&self.round_ended) = true;
        }
        let counted = Counted {
            batched,
            status: answer.status,
            resource_units: units,
        };
        lock(&self.usage).count(&incoming.method, route.as_ref(), counted);
        spoil_links(answer, fault, incoming)
    }

    fn show(
        &self,
        incoming: &Incoming,
        address: &Address,
        session: &Session,
    ) -> Result<Answer, Failure> {
        let settings = self.settings();
        let tenant = self.read();
        let call = Call {
            tenant: &tenant,
            address,
            headers: &incoming.headers,
            root: format!("{}/{}", incoming.origin, address.version()),
            session,
            lagging: &self.lagging,
            settings,
        };
        let mut answer = get::answer(&call)?;
        let wrong = lock(&self.faults).wrong_tenant.clone();
        if let Some(wrong) = wrong.filter(|_| address.path.starts_with("/organization")) {
            let text = String::from_utf8_lossy(&answer.body);
            answer.body = text.replace(&tenant.options().tenant_id, &wrong).into();
        }
        Ok(answer)
    }

    fn change(
        &self,
        incoming: &Incoming,
        address: &Address,
        session: &Session,
    ) -> Result<Answer, Failure> {
        let lag = lock(&self.faults).replication_lag_requests;
        let root = format!("{}/{}", incoming.origin, address.version());
        let mut tenant = self.write();
        let mut change = write::Change {
            tenant: &mut tenant,
            address,
            headers: &incoming.headers,
            root,
            session,
            created: None,
        };
        let answer = change.answer(&incoming.method, &incoming.body)?;
        if let Some(slot) = change.created {
            self.lagging.hide(slot, lag);
        }
        Ok(answer)
    }

    fn settings(&self) -> Settings {
        let faults = lock(&self.faults);
        Settings {
            declines_expansions: faults.declines_expansions,
            delta_members_per_page: faults.delta_members_per_page,
            expired_delta: faults.expired_delta,
            delta_generation: faults.delta_generation,
            replay_delta: faults.replay_delta,
            omit_deleted_members: faults.omit_deleted_members,
            untold_in_delta: faults.untold_in_delta.clone(),
            log_delay_minutes: faults.log_delay_minutes,
        }
    }

    /// What an inner request of a batch meets.
    pub(crate) fn fate_of(&self, url: &str) -> Fate {
        lock(&self.attempts).decide(&lock(&self.faults).clone(), url)
    }

    fn fault_failure(&self, fault: Fault) -> Option<Failure> {
        let form = lock(&self.faults).retry_after;
        let retry_after = form.header(self.read().now());
        let failure = match fault {
            Fault::Throttled => Failure::new(429, "TooManyRequests", "Please retry again later."),
            Fault::Unavailable => Failure::new(
                503,
                "serviceNotAvailable",
                "The service is temporarily unavailable.",
            ),
            Fault::InternalError => {
                let message = "An internal server error occurred.";
                return Some(Failure::new(500, "InternalServerError", message));
            }
            _ => return None,
        };
        Some(match retry_after {
            Some(value) => failure.with("Retry-After", value),
            None => failure,
        })
    }
}

fn unauthorized(reason: Unauthorized) -> Failure {
    let message = match reason {
        Unauthorized::Missing => "Access token is empty.",
        Unauthorized::Invalid => "Access token validation failure. Invalid token.",
        Unauthorized::Expired => "Lifetime validation failed, the token is expired.",
    };
    Failure::new(401, "InvalidAuthenticationToken", message).with(
        "WWW-Authenticate",
        "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"",
    )
}

/// Leads the nextLink of a page astray.
fn spoil_links(mut answer: Answer, fault: Option<Fault>, incoming: &Incoming) -> Answer {
    let target = match fault {
        Some(Fault::LoopingLink) => format!("{}{}", incoming.origin, incoming.path_and_query),
        Some(Fault::ForeignLink) => "https://graph.example.invalid/v1.0/users".to_owned(),
        _ => return answer,
    };
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let mark = "\"@odata.nextLink\":";
    if let Some(at) = text.find(mark) {
        let after = &text[at + mark.len()..];
        let end = after[1..].find('"').map_or(after.len(), |end| end + 2);
        let link = serde_json::Value::from(target);
        answer.body = format!("{}{mark}{link}{}", &text[..at], &after[end..]).into();
    }
    answer
}
