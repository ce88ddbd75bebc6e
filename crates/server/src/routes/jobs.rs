//! Work that outlives its request: begun, watched, cancelled.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{Common, parameters};
use super::stream::stream;
use crate::asked::{Asked, Named, text_of};
use crate::body::Body;
use crate::format::DOCUMENT;
use crate::jobs::{Job, JobEvent, JobId};
use crate::problem::{Code, Problem};
use crate::schedule;
use crate::state::AppState;

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfJobs {}

parameters!(OfJobs, DOCUMENT, paged: false);

/// Jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobList {
    /// The jobs, newest first.
    items: Vec<Job>,
}

/// A snapshot to be taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSnapshot {
    /// Read everything whole instead of what changed.
    #[serde(default)]
    whole: bool,
}

/// Take a snapshot now
///
/// Begins a job that reads the tenant.
#[utoipa::path(post, path = "/v1/snapshots", tag = "snapshots", operation_id = "take_snapshot", params(Common),
    request_body = NewSnapshot,
    responses((status = 202, description = "It is begun; `Location` is the job's.", body = Job)))]
pub(crate) async fn take_snapshot(
    asked: Asked<OfJobs>,
    Body(new): Body<NewSnapshot>,
) -> Result<Response, Problem> {
    let (state, served) = (asked.state.clone(), Arc::clone(&asked.served));
    let wanted_by = asked.principal.key.clone();
    // Writing the job down waits for a disk.
    let job = asked
        .state
        .engine
        .run_blocking(move || schedule::begin(&state, &served, &wanted_by, new.whole))
        .await?;
    Ok(begun(&asked, &job))
}

/// `202` for a job that was begun.
pub(crate) fn begun<P>(asked: &Asked<P>, job: &Job) -> Response {
    let mut response = (StatusCode::ACCEPTED, axum::Json(job)).into_response();
    let base = &asked.state.options.base_path;
    let place = format!("{base}/v1/jobs/{}?tenant={}", job.id, asked.served.name);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// List jobs
///
/// Those of a tenant, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", operation_id = "list_jobs", params(Common),
    responses((status = 200, description = "The jobs, newest first.", body = JobList)))]
pub(crate) async fn list(asked: Asked<OfJobs>) -> Result<Response, Problem> {
    let (state, tenant) = (asked.state.clone(), asked.served.name.clone());
    let read = move || state.guard.jobs.list(&tenant);
    let items = asked.state.engine.run_blocking(read).await?;
    Ok(axum::Json(JobList { items }).into_response())
}

/// One job
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", operation_id = "get_job",
    params(("id" = String, Path, description = "The job.", example = "20260105T120000-0123456789ab"), Common),
    responses((status = 200, description = "The job.", body = Job)))]
pub(crate) async fn get(
    Named(id): Named<String>,
    asked: Asked<OfJobs>,
) -> Result<Response, Problem> {
    let id = parsed(&id)?;
    let (state, tenant, own) = (asked.state.clone(), asked.served.name.clone(), id.clone());
    let read = move || state.guard.jobs.get(&tenant, &own);
    let job = asked.state.engine.run_blocking(read).await?;
    let job = job.ok_or_else(|| absent(&id))?;
    Ok(axum::Json(job).into_response())
}

/// Cancel a job
///
/// It ends when it next looks; what it did until then stays.
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = String, Path, description = "The job."), Common),
    responses((status = 202, description = "It is told.", body = Job)))]
pub(crate) async fn cancel(
    Named(id): Named<String>,
    asked: Asked<OfJobs>,
) -> Result<Response, Problem> {
    let id = parsed(&id)?;
    let (state, tenant, own) = (asked.state.clone(), asked.served.name.clone(), id.clone());
    let told = move || state.guard.jobs.cancel(&tenant, &own);
    let job = asked.state.engine.run_blocking(told).await?;
    let job = job.ok_or_else(|| absent(&id))?;
    Ok(begun(&asked, &job))
}

/// What happens to a job
///
/// Server-sent events: `state` with the job, `progress` with how far it is; they end with the job. Resumable: give
/// the id of the last event received as `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/jobs/{id}/events", tag = "jobs", operation_id = "watch_job",
    params(("id" = String, Path, description = "The job."), Common,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event received.")),
    responses((status = 200, description = "Events.", content_type = "text/event-stream", body = Job)))]
pub(crate) async fn events(
    Named(id): Named<String>,
    headers: HeaderMap,
    asked: Asked<OfJobs>,
) -> Result<Response, Problem> {
    let id = parsed(&id)?;
    let after = last_event(&headers)?;
    let (state, tenant, own) = (asked.state.clone(), asked.served.name.clone(), id.clone());
    let watch = move || state.guard.jobs.watch(&tenant, &own, after);
    let told = asked.state.engine.run_blocking(watch).await?;
    let told = told.ok_or_else(|| absent(&id))?;
    Ok(told_of(&asked.state, told))
}

/// What happens to a job as a stream of events.
pub(crate) fn told_of(state: &AppState, told: BoxStream<'static, JobEvent>) -> Response {
    let event = |happened: JobEvent| {
        Event::default()
            .id(happened.number.to_string())
            .event(happened.name)
            .data(happened.data.to_string())
    };
    stream(state, told.map(event))
}

/// The number of the last event the asker received.
pub(crate) fn last_event(headers: &HeaderMap) -> Result<u64, Problem> {
    let Some(text) = text_of(headers, "last-event-id") else {
        return Ok(0);
    };
    text.parse::<u64>().map_err(|_| {
        Problem::new(
            Code::InvalidParameter,
            format!("{text:?} is the id of no event: take it as it was received"),
        )
        .with("parameter", "last-event-id")
    })
}

fn parsed(id: &str) -> Result<JobId, Problem> {
    id.parse().map_err(|_| absent(&id))
}

fn absent(id: &impl std::fmt::Display) -> Problem {
    Problem::new(Code::JobNotFound, format!("there is no job {id}"))
}
