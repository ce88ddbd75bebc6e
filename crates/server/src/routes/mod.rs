//! The routes, one group a file.

mod access;
mod health;
mod metrics;
mod tenants;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// All routes with their descriptions.
pub(crate) fn all() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::openapi_json))
        .routes(routes!(metrics::figures))
        .routes(routes!(access::list))
        .routes(routes!(tenants::list))
}
