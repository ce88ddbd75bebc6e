//! All routes, and the layers every request passes.

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};

use crate::guard::{admitted, fronted};
use crate::problem::{Code, Problem};
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
        // Who asks, and what for; what was answered before.
        .layer(from_fn_with_state(state.clone(), admitted))
        // The name of the request, the record of it, and what only the layers know of a problem.
        .layer(from_fn_with_state(state.clone(), fronted))
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
