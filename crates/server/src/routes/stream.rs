//! Server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use prometheus::IntGauge;

use crate::state::AppState;

/// How often something is sent where nothing happens, so that nobody in between hangs up.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream of events as an answer. It ends when the server is being stopped.
pub(super) fn stream(
    state: &AppState,
    events: impl Stream<Item = Event> + Send + 'static,
) -> Response {
    let mut stopping = state.stopping();
    let stopped = async move {
        // An error means that the server is gone altogether.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let open = Open::new(state.guard.metrics.streams.clone());
    let events = events.take_until(Box::pin(stopped)).map(move |event| {
        // Counted as long as somebody has the stream.
        let _ = &open;
        Ok::<Event, Infallible>(event)
    });
    let alive = KeepAlive::new().interval(HEARTBEAT);
    Sse::new(events).keep_alive(alive).into_response()
}

/// Counts a stream that is open.
struct Open(IntGauge);

impl Open {
    fn new(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
