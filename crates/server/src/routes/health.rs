//! Whether the server lives, whether it can answer, and what it answers.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::document::openapi;
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// The server lives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the server lives
///
/// Answers as long as the process does; looks at nothing else.
#[utoipa::path(get, path = "/healthz", tag = "server", security(()),
    responses((status = 200, description = "It lives.", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The server can answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Always `ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// Archives that are open.
    tenants: usize,
    /// Measures that confine the processes of statements and that this machine lacks; absent before the first
    /// statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_confined_by: Option<Vec<&'static str>>,
}

/// Whether the server can answer
///
/// Ready when every archive is open. Names no tenant: it takes no sign-in.
#[utoipa::path(get, path = "/readyz", tag = "server", security(()),
    responses((status = 200, description = "It can answer.", body = Readiness)))]
pub(crate) async fn readyz(State(state): State<AppState>) -> Result<Json<Readiness>, Problem> {
    if *state.stopping().borrow() {
        return Err(Problem::new(
            Code::Stopping,
            "the server is being stopped: ask again when it is back",
        ));
    }
    let (mut open, mut closed) = (0_usize, 0_usize);
    let mut absent: Option<Vec<&'static str>> = None;
    for served in state.fleet.all() {
        let opened = served.opened(&state.engine).await;
        if opened.is_err() || served.trouble().is_some() {
            closed += 1;
        } else {
            open += 1;
        }
        if let Some(pool) = served.pool_at_hand() {
            absent = Some(pool.confinement().absent());
        }
    }
    if closed > 0 {
        return Err(Problem::new(
            Code::NotReady,
            format!("{closed} of {} archives cannot be opened", open + closed),
        ));
    }
    Ok(Json(Readiness {
        status: "ready",
        tenants: open,
        not_confined_by: absent,
    }))
}

/// This description
#[utoipa::path(get, path = "/openapi.json", tag = "server", security(()),
    responses((status = 200, description = "OpenAPI 3.1.", body = serde_json::Value)))]
pub(crate) async fn openapi_json() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, openapi()).into_response()
}
