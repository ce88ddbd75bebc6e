//! Figures for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::metrics::{self, MEDIA_TYPE};
use crate::problem::Problem;
use crate::state::AppState;

/// Figures for Prometheus
///
/// Requests, jobs and workers of the server, and what each archive holds. Takes a role in every tenant.
#[utoipa::path(get, path = "/metrics", tag = "server",
    responses((status = 200, description = "Prometheus' text format, version 0.0.4.", content_type = "text/plain",
        body = String)))]
pub(crate) async fn figures(State(state): State<AppState>) -> Result<Response, Problem> {
    let figures = Arc::clone(&state.guard.metrics);
    figures.jobs(&state.guard.jobs.counts());
    let streams = i64::try_from(state.guard.open_streams()).unwrap_or(i64::MAX);
    figures.streams.set(streams);
    metrics::collect(&figures, &state).await?;
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, figures.text()).into_response())
}
