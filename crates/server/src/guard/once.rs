//! A request that changes something, made once however often it is sent.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::admit::Asked;
use crate::idempotency::{self, Asked as Keyed, Begun, Kept, Ticket};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Headers of an answer that are given again with it.
const HEADERS: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::ETAG,
    header::CACHE_CONTROL,
];
/// Longest body of an answer that is looked at, in bytes.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Runs a request, or gives the answer it got before.
pub(super) async fn once(
    state: &AppState,
    asked: &Asked,
    request: Request,
    next: Next,
) -> Response {
    match attempt(state, asked, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn attempt(
    state: &AppState,
    asked: &Asked,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = idempotency::key(request.headers())?.map(str::to_owned);
    let (Some(key), Some(tenant)) = (key, asked.tenant.clone()) else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let body = read(body, state.guard.limits.body_bytes).await?;
    let address = parts
        .uri
        .path_and_query()
        .map_or("", |address| address.as_str());
    let address = format!("{} {address}", parts.method);
    let (answers, principal, hashed) = (
        state.guard.answers.clone(),
        asked.principal.clone(),
        body.clone(),
    );
    let begun = state.engine.run_blocking(move || {
        answers.begin(Keyed {
            principal: &principal,
            tenant: &tenant,
            address: &address,
            key: &key,
            body: &hashed,
        })
    });
    match begun.await? {
        Begun::Again(kept) => Ok(again(kept)),
        Begun::New(ticket) => {
            // It goes on when the one who asked is gone: what was begun must be known when it is asked for again.
            let state = state.clone();
            let running = tokio::spawn(async move {
                let response = next.run(Request::from_parts(parts, Body::from(body))).await;
                kept(&state, ticket, response).await
            });
            let ran = running.await;
            ran.unwrap_or_else(|error| Err(Problem::bug(format!("the route ended: {error}"))))
        }
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    to_bytes(body, limit).await.map_err(|error| {
        // The limit is told by a type that is not public: its text is.
        if error.to_string().contains("length limit") {
            let told = format!("the body has more than {limit} bytes");
            return Problem::new(Code::BodyTooLarge, told).with("limit", limit);
        }
        Problem::new(Code::BodyIncomplete, "the body ended before its end")
    })
}

/// Keeps an answer, and gives it.
async fn kept(state: &AppState, ticket: Ticket, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_ANSWER_BYTES)
        .await
        .map_err(|error| Problem::bug(format!("an answer could not be read: {error}")))?;
    let headers = HEADERS.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let answer = Kept {
        status: parts.status.as_u16(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    let written = state.engine.run_blocking(move || ticket.answered(answer));
    if let Err(problem) = written.await {
        let told = problem.told_to_log().unwrap_or(problem.detail());
        tracing::error!("an answer could not be kept for its Idempotency-Key: {told}");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn again(kept: Kept) -> Response {
    let mut response = HttpResponse::new(Body::from(kept.body));
    *response.status_mut() =
        StatusCode::from_u16(kept.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(idempotency::REPLAYED, HeaderValue::from_static("true"));
    response
}
