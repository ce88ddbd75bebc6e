//! All routes, and the layers every request passes.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::access_record::redacted;
use crate::guard::{REQUEST_ID, admitted, fronted};
use crate::problem::{Code, Problem};
use crate::remembered::remember;
use crate::routes;
use crate::state::AppState;

/// Everything that is served.
pub fn router(state: AppState) -> Router {
    let (routes, _) = routes::all().split_for_parts();
    let routes = routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_route);
    let layered = layers(routes, &state);
    let base = state.options.base_path.clone();
    let served = layered.with_state(state);
    if base.is_empty() {
        served
    } else {
        // The layers look at what is below the base path, so that addresses mean the same everywhere.
        Router::new().nest(&base, served).fallback(unknown_route)
    }
}

/// The layers, the innermost first: each wraps those before it.
fn layers(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    routes
        // What was answered before.
        .layer(from_fn_with_state(state.clone(), remember))
        // Who asks, and what for.
        .layer(from_fn_with_state(state.clone(), admitted))
        // Problems get what only the layers know.
        .layer(from_fn(finished))
        // The name of the request, and the record of it.
        .layer(from_fn_with_state(state.clone(), fronted))
}

/// Completes problems with the request they are about, and tells the log what only it is told.
async fn finished(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request.headers().get(REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let id = id
            .as_ref()
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default();
        if let Some(told) = problem.told_to_log() {
            tracing::error!(
                request_id = id,
                path = %redacted(&path),
                code = problem.code().word(),
                "{told}"
            );
        }
        let (parts, _) = response.into_parts();
        response = problem.with("request_id", id).answer(Some(path.as_str()));
        // What inner layers added stays: `Allow` of a method that is not.
        for (name, value) in &parts.headers {
            if !response.headers().contains_key(name) && *name != header::CONTENT_LENGTH {
                response.headers_mut().insert(name, value.clone());
            }
        }
    }
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    // Answers are small or streamed: a part of one is never given, and a range may be ignored (RFC 9110, 14.2).
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn unknown_route(uri: Uri) -> Problem {
    let path = uri.path();
    Problem::new(
        Code::UnknownRoute,
        format!("there is nothing at {path}: /openapi.json lists all addresses"),
    )
}

async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    Problem::new(
        Code::MethodNotAllowed,
        format!("{path} has no {method}: the header Allow lists what it has"),
    )
    .into_response()
}
