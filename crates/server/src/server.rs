//! Listening, and ending well.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum_server::Handle;

use crate::error::{Error, Result};
use crate::options::ServerOptions;
use crate::router::router;
use crate::state::AppState;

/// How long a client may take to send its headers.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// Longest head of a request that is read, in bytes; what is longer is answered 431 without a look at it.
const HEAD_BYTES: usize = 32 << 10;

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
        let state = AppState::new(options)?;
        let failed = |source| Error::Listen {
            address: address.to_string(),
            source,
        };
        let listener = TcpListener::bind(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
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
    let mut server = axum_server::from_tcp(listener)
        .map_err(failed)?
        .handle(handle.clone());
    server
        .http_builder()
        .http1()
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEAD_BYTES);
    let stopping = state.clone();
    let grace = state.options.grace;
    let waiting = tokio::spawn(async move {
        shutdown.await;
        stopping.stop();
        handle.graceful_shutdown(Some(grace));
    });
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let served = server.serve(app).await.map_err(failed);
    waiting.abort();
    served
}
