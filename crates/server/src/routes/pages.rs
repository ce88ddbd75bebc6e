//! Pages for people: the description of the API, and of each problem.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};

use crate::asked::Named;
use crate::document::{page, policy, problem_page};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The description for people
#[utoipa::path(get, path = "/docs", tag = "server", security(()),
    responses((status = 200, description = "A page that needs nothing else.", content_type = "text/html", body = String)))]
pub(crate) async fn docs(State(state): State<AppState>) -> Response {
    dressed(page(&state.options.base_path))
}

/// What a problem means
#[utoipa::path(get, path = "/problems/{problem}", tag = "server", operation_id = "get_problem", security(()),
    params(("problem" = String, Path, description = "The end of its type.", example = "invalid-revision")),
    responses((status = 200, description = "A page that needs nothing else.", content_type = "text/html", body = String)))]
pub(crate) async fn problem(
    State(state): State<AppState>,
    Named(problem): Named<String>,
) -> Result<Response, Problem> {
    let code = Code::of(&problem).ok_or_else(|| {
        Problem::new(
            Code::UnknownRoute,
            format!("there is no problem {problem:?}: /docs lists them"),
        )
    })?;
    Ok(dressed(problem_page(&state.options.base_path, code)))
}

fn dressed(page: String) -> Response {
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
