//! Listening, and ending well.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsAcceptor;
use tokio::task::JoinSet;

use crate::auth::Names;
use crate::error::{Error, Result};
use crate::options::ServerOptions;
use crate::router::router;
use crate::schedule::keep_schedule;
use crate::state::AppState;
use crate::tls::Tls;

/// How long a client may take to send its headers.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Longest head of a request that is read, in bytes. Far more than a request may have, so that what is too long is
/// answered with a problem that says so; what is longer still is answered 431 without a look at it.
const HEAD_BYTES: usize = 256 << 10;

/// Requests of one HTTP/2 connection at the same time.
const STREAMS: u32 = 128;
/// How often a silent HTTP/2 connection is asked whether it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: AppState,
}

impl Server {
    /// Listens on an address; port 0 takes any that is free.
    ///
    /// # Errors
    /// The address is taken, or the options contradict each other.
    pub fn bind(address: SocketAddr, options: ServerOptions) -> Result<Self> {
        options.guard.check(address.ip(), (options.now)())?;
        let state = AppState::new(options)?;
        let failed = |source| Error::Listen {
            address: address.to_string(),
            source,
        };
        let listener = TcpListener::bind(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let public = state.options.guard.public_url.as_ref();
        state.guard.name(if address.ip().is_loopback() {
            Names::loopback(address.port(), public)
        } else {
            Names::reachable(public)
        });
        Ok(Self {
            listener,
            address,
            state,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its requests share.
    #[must_use]
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// The token of whoever started the server on this machine, and the file it stands in.
    #[must_use]
    pub fn session(&self) -> Option<(&str, &Path)> {
        let session = self.state.guard.session()?;
        Some((session.token(), session.path()))
    }

    /// Answers until `shutdown` is done; then no new connection is taken, streams without an end are ended, and
    /// other requests have [`ServerOptions::grace`] to end.
    ///
    /// # Errors
    /// The listener fails.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        serve(self.listener, self.state, shutdown).await
    }
}

/// Answers on a listener until `shutdown` is done, as [`Server::run`].
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let address = listener
        .local_addr()
        .map_or_else(|_| "the listener".to_owned(), |address| address.to_string());
    let failed = |source| Error::Listen {
        address: address.clone(),
        source,
    };
    let handle = Handle::new();
    let tls = state.options.guard.tls.clone().map(Tls::load).transpose()?;
    let server = limited(axum_server::from_tcp(listener).map_err(failed)?).handle(handle.clone());
    let scheduled = scheduled(&state);
    let stopping = state.clone();
    let grace = state.options.grace;
    let waiting = tokio::spawn(async move {
        shutdown.await;
        stopping.stop();
        let _ = stopping.guard.jobs.cancel_all();
        handle.graceful_shutdown(Some(grace));
    });
    let app = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    // An answer that waits for the last one to be acknowledged is 40 ms late.
    let at_once = NoDelayAcceptor::new();
    let served = match tls {
        None => server.acceptor(at_once).serve(app).await,
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls.config()).acceptor(at_once);
            let fresh = tokio::spawn(tls.keep_fresh());
            let served = server.acceptor(acceptor).serve(app).await;
            fresh.abort();
            served
        }
    };
    waiting.abort();
    drop(scheduled);
    ended(&state, grace).await;
    state.guard.finish();
    served.map_err(failed)
}

/// The schedules of all tenants that have one; they end when this is dropped.
fn scheduled(state: &AppState) -> JoinSet<()> {
    let mut schedules = JoinSet::new();
    for served in state.fleet.all() {
        let is_scheduled = served
            .options()
            .collecting
            .as_ref()
            .is_some_and(|collecting| collecting.is_scheduled);
        if is_scheduled && !state.options.read_only {
            schedules.spawn(keep_schedule(state.clone(), Arc::clone(served)));
        }
    }
    schedules
}

/// Waits until every job has seen that it is to end, but not for ever: what they read so far is kept, and a run goes
/// on with it.
async fn ended(state: &AppState, grace: Duration) {
    let all = async {
        while state.guard.jobs.cancel_all() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if tokio::time::timeout(grace, all).await.is_err() {
        tracing::warn!("jobs were still at work when the server ended");
    }
}

/// What one connection may take.
fn limited(mut server: axum_server::Server<SocketAddr>) -> axum_server::Server<SocketAddr> {
    let builder = server.http_builder();
    builder
        .http1()
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .keep_alive_timeout(HEADER_TIME);
    server.first_request_timeout(HEADER_TIME)
}
