//! The simulator on a socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures::stream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::credentials::AppCredential;
use crate::faults::{Fault, Faults};
use crate::http::{Answer, Elapsed, Headers, Incoming, Limits, Reply, Service, Throttle};
use crate::tenant::Tenant;
use crate::usage::Usage;

/// Largest request body read; Graph takes 4 MB.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// How and for whom a tenant is served.
pub struct ServerOptions {
    /// Address to listen at; port 0 takes any free one.
    pub listen: SocketAddr,
    /// When the next simulated day begins.
    pub day: DayRule,
    /// Which limits hold.
    pub limits: Limits,
    /// The clock the limits are measured by, for clients whose waits take no time; the runtime's where
    /// `None`.
    pub elapsed: Option<Elapsed>,
    /// What goes wrong; can be changed while the simulator runs.
    pub faults: Faults,
    /// Applications that may ask for tokens.
    pub credentials: Vec<AppCredential>,
    /// How often the owner of a device code is told to wait before somebody has signed in.
    pub pending_device_polls: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            day: DayRule::Manual,
            limits: Limits::None,
            elapsed: None,
            faults: Faults::default(),
            credentials: vec![AppCredential::default()],
            pending_device_polls: 1,
        }
    }
}

/// When the next simulated day begins.
pub enum DayRule {
    /// When somebody moves the clock through [`Simulator::tenant`].
    Manual,
    /// When a token is issued after the last page of a delta round has been handed out since the day
    /// began: a collector that reads once a run lives a day between two runs. The function lives that
    /// day and moves the clock.
    AfterRead(Box<dyn FnMut(&mut Tenant) + Send>),
}

/// A tenant being served.
pub struct Simulator {
    service: Arc<Service>,
    address: SocketAddr,
    task: JoinHandle<()>,
    /// Ends the task once sent to or dropped.
    ending: Option<oneshot::Sender<()>>,
}

impl Simulator {
    /// Serves a tenant on the caller's runtime until stopped or dropped. Fails where the address cannot
    /// be listened at.
    pub async fn start(tenant: Tenant, options: ServerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let next_day = match options.day {
            DayRule::Manual => None,
            DayRule::AfterRead(live) => Some(live),
        };
        let service = Arc::new(Service::new(
            tenant,
            options.faults,
            options.credentials,
            options.limits,
            options.elapsed.map(Throttle::new).unwrap_or_default(),
            next_day,
            options.pending_device_polls,
        ));
        let shared = Shared {
            service: Arc::clone(&service),
            address,
        };
        let router = Router::new().fallback(handle).with_state(shared);
        // Small answers leave at once, or every request would wait for an acknowledgement.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let (ending, ended) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async {
                // A sender that is dropped means the same as one that sends.
                let _ = ended.await;
            });
            // Connections that fail are none of its business.
            let _ = served.await;
        });
        Ok(Self {
            service,
            address,
            task,
            ending: Some(ending),
        })
    }

    /// Scheme, host and port: both the Graph root and the token authority.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The tenant, to look at, to apply deeds to or to move its clock. Requests wait meanwhile.
    #[must_use]
    pub fn tenant(&self) -> Arc<RwLock<Tenant>> {
        Arc::clone(&self.service.tenant)
    }

    /// What goes wrong; a change holds from the next request on.
    #[must_use]
    pub fn faults(&self) -> Arc<Mutex<Faults>> {
        Arc::clone(&self.service.faults)
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Usage {
        crate::http::lock(&self.service.usage).clone()
    }

    /// Stops listening, lets requests under way finish and closes their connections.
    pub async fn stop(mut self) {
        self.ending = None;
        // The task was told to end; how it ended says nothing.
        let _ = self.task.await;
    }
}

#[derive(Clone)]
struct Shared {
    service: Arc<Service>,
    address: SocketAddr,
}

async fn handle(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return respond(&Answer::empty(413));
    };
    let path_and_query = parts.uri.path_and_query();
    let incoming = Incoming {
        method: parts.method.as_str().to_owned(),
        path_and_query: path_and_query.map_or("/", |path| path.as_str()).to_owned(),
        origin: origin(&parts.headers, shared.address),
        headers: headers(&parts.headers),
        body,
    };
    let Reply { answer, fate } = shared.service.answer(&incoming);
    if fate.is_slow {
        let wait_ms = crate::http::lock(&shared.service.faults).slow_ms;
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
    match fate.fault {
        Some(Fault::ResetBefore) => broken(&answer, Bytes::new()),
        Some(Fault::ResetInside) => {
            let half = answer.body.slice(..answer.body.len() / 2);
            broken(&answer, half)
        }
        Some(Fault::Truncated) if answer.status == 200 => {
            let mut answer = answer;
            answer.body = answer.body.slice(..answer.body.len() * 2 / 3);
            respond(&answer)
        }
        Some(Fault::Html) => respond(&page_of_html()),
        _ => respond(&answer),
    }
}

/// Scheme and host as the client sees them, which links have to repeat.
fn origin(headers: &HeaderMap, address: SocketAddr) -> String {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text(HeaderName::from_static("x-forwarded-proto")).unwrap_or("http");
    match text(header::HOST) {
        Some(host) => format!("{scheme}://{host}"),
        None => format!("{scheme}://{address}"),
    }
}

fn headers(fields: &HeaderMap) -> Headers {
    let fields = fields.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Headers(fields.collect())
}

fn respond(answer: &Answer) -> Response<Body> {
    with_head(answer, Body::from(answer.body.clone()))
}

/// A body that promises everything, gives a part and fails.
fn broken(answer: &Answer, part: Bytes) -> Response<Body> {
    let is_empty = part.is_empty();
    let chunks = stream::unfold(0, move |step| {
        let part = part.clone();
        async move {
            match step {
                0 if !is_empty => Some((Ok(part), 1)),
                _ => {
                    if !is_empty {
                        // Head and part must have left before, or nothing would be broken off.
                        tokio::task::yield_now().await;
                    }
                    Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), 2))
                }
            }
        }
    });
    with_head(answer, Body::from_stream(chunks))
}

fn with_head(answer: &Answer, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn page_of_html() -> Answer {
    let mut answer = Answer::empty(200).with("Content-Type", "text/html; charset=utf-8");
    answer.body = "<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>".into();
    answer
}
