//! Long work: what there is, how far it is, and that nobody wants it any more.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{Common, parameters};
use crate::asked::{Asked, Named, invalid, text_of};
use crate::body::Body;
use crate::format::DOCUMENT;
use crate::jobs::{Job, JobId};
use crate::problem::{Code, Problem};
use crate::schedule;
use crate::state::AppState;

/// How often something is sent where nothing happens, so that nobody in between hangs up.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Header with the id of the last event that was received.
const LAST: &str = "last-event-id";

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfJob {}

parameters!(OfJob, DOCUMENT, paged: false);

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListJobs {
    /// Jobs that do this: `collect`, `plan`, `run`, `verify`.
    kind: Option<String>,
    /// Jobs that stand there: `waiting`, `running`, `done`, `failed`, `cancelled`, `interrupted`.
    state: Option<String>,
}

parameters!(ListJobs, DOCUMENT, paged: false);

/// Jobs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobList {
    /// The jobs: those that have not ended, and the last 500 that have.
    items: Vec<Job>,
}

/// A snapshot to be taken.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewSnapshot {
    /// Whether every kind is read whole, also those that can tell what changed.
    whole: bool,
}

/// List jobs
///
/// Of a tenant, the newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", operation_id = "list_jobs", params(ListJobs, Common),
    responses((status = 200, description = "The jobs, the newest first.", body = JobList)))]
pub(crate) async fn list(asked: Asked<ListJobs>) -> Result<Json<JobList>, Problem> {
    let kind = asked.own.kind.as_deref().map(|text| word("kind", text));
    let state = asked.own.state.as_deref().map(|text| word("state", text));
    let (kind, state) = (kind.transpose()?, state.transpose()?);
    let (jobs, tenant) = (asked.state.guard.jobs.clone(), asked.served.name.clone());
    let listed = asked.state.engine.run_blocking(move || jobs.list(&tenant));
    let mut items = listed.await?;
    items.retain(|job| kind.is_none_or(|kind| job.kind == kind));
    items.retain(|job| state.is_none_or(|state| job.state == state));
    Ok(Json(JobList { items }))
}

/// Get a job
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", operation_id = "get_job",
    params(("id" = String, Path, description = "The job."), Common),
    responses((status = 200, description = "The job.", body = Job)))]
pub(crate) async fn get(
    Named(id): Named<String>,
    asked: Asked<OfJob>,
) -> Result<Json<Job>, Problem> {
    let id = job_id(&id)?;
    let (jobs, tenant) = (asked.state.guard.jobs.clone(), asked.served.name.clone());
    let found = asked
        .state
        .engine
        .run_blocking(move || jobs.get(&tenant, &id)?.ok_or_else(|| absent(&id)));
    Ok(Json(found.await?))
}

/// Cancel a job
///
/// It ends when it next looks; what it did before that stays, and is in its result.
#[utoipa::path(post, path = "/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = String, Path, description = "The job."), Common),
    responses((status = 202, description = "It will end.", body = Job)))]
pub(crate) async fn cancel(
    Named(id): Named<String>,
    asked: Asked<OfJob>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let id = job_id(&id)?;
    let (jobs, tenant) = (asked.state.guard.jobs.clone(), asked.served.name.clone());
    let cancelled = asked
        .state
        .engine
        .run_blocking(move || jobs.cancel(&tenant, &id)?.ok_or_else(|| absent(&id)));
    Ok((StatusCode::ACCEPTED, Json(cancelled.await?)))
}

/// What happens to a job
///
/// Server-sent events until it ends: `state` with the job whenever its state changes, `progress` in between.
/// Resumable: give the id of the last event received as `Last-Event-ID`.
#[utoipa::path(get, path = "/v1/jobs/{id}/events", tag = "jobs", operation_id = "job_events",
    params(("id" = String, Path, description = "The job."), Common,
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event received.")),
    responses((status = 200, description = "Events.", content_type = "text/event-stream", body = Job)))]
pub(crate) async fn events(
    Named(id): Named<String>,
    headers: HeaderMap,
    asked: Asked<OfJob>,
) -> Result<Response, Problem> {
    let id = job_id(&id)?;
    let after = match text_of(&headers, LAST) {
        None => 0,
        Some(text) => text
            .parse()
            .map_err(|_| invalid(LAST, "it is the id of an event, as it was received"))?,
    };
    let (jobs, tenant) = (asked.state.guard.jobs.clone(), asked.served.name.clone());
    let watched = asked
        .state
        .engine
        .run_blocking(move || jobs.watch(&tenant, &id, after)?.ok_or_else(|| absent(&id)));
    let mut stopping = asked.state.stopping();
    let stopped = async move { drop(stopping.wait_for(|stopped| *stopped).await) };
    let stream = watched.await?.take_until(Box::pin(stopped)).map(|event| {
        let sent = Event::default()
            .id(event.number.to_string())
            .event(event.name)
            .data(event.data.to_string());
        Ok::<_, Infallible>(sent)
    });
    let alive = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(stream).keep_alive(alive).into_response())
}

/// Take a snapshot
///
/// Reads the tenant now. The answer is a job; its result names the snapshot.
#[utoipa::path(post, path = "/v1/snapshots", tag = "snapshots", operation_id = "take_snapshot", params(Common),
    request_body = NewSnapshot,
    responses((status = 202, description = "It is being taken.", body = Job,
        headers(("Location" = String, description = "The job.")))))]
pub(crate) async fn collect(
    asked: Asked<OfJob>,
    Body(new): Body<NewSnapshot>,
) -> Result<Response, Problem> {
    let (state, served) = (asked.state.clone(), asked.served.clone());
    let wanted_by = asked.principal.key.clone();
    // Inside the server's runtime, which the run asks Graph on.
    let begun = tokio::task::spawn_blocking(move || {
        schedule::begin(&state, &served, &wanted_by, new.whole)
    });
    let job = begun
        .await
        .map_err(|error| Problem::bug(format!("a run was not begun: {error}")))??;
    Ok(accepted(&asked.state, &job))
}

/// The answer to a request for long work: the job, and where to ask for it.
pub(crate) fn accepted(state: &AppState, job: &Job) -> Response {
    let base = &state.options.base_path;
    let place = format!("{base}/v1/jobs/{}?tenant={}", job.id, job.tenant);
    let mut response = (StatusCode::ACCEPTED, Json(job)).into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

fn job_id(text: &str) -> Result<JobId, Problem> {
    // What cannot be the id of a job is the id of none.
    text.parse()
        .map_err(|reason: String| Problem::new(Code::JobNotFound, reason))
}

fn absent(id: &JobId) -> Problem {
    Problem::new(
        Code::JobNotFound,
        format!("there is no job {id} in this tenant"),
    )
}

/// A word of a closed list.
fn word<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Result<T, Problem> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|error| invalid(name, &error.to_string()))
}
