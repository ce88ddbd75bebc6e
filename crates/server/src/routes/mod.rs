//! The routes, one group a file.

mod access;
mod changes;
mod common;
mod described;
mod events;
mod health;
mod holds;
mod jobs;
mod library;
mod metrics;
mod objects;
mod pages;
mod plans;
mod query;
mod snapshots;
mod stats;
mod stream;
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
        .routes(routes!(pages::docs))
        .routes(routes!(pages::problem))
        .routes(routes!(metrics::figures))
        .routes(routes!(access::list))
        .routes(routes!(tenants::list))
        .routes(routes!(tenants::status))
        .routes(routes!(snapshots::list, jobs::take_snapshot))
        .routes(routes!(snapshots::get))
        .merge(of_objects())
        .routes(routes!(changes::diff))
        .routes(routes!(changes::changes))
        .routes(routes!(changes::audits))
        .routes(routes!(stats::get))
        .routes(routes!(events::events))
        .routes(routes!(query::post, query::get))
        .routes(routes!(library::schema))
        .routes(routes!(library::list))
        .routes(routes!(library::get))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::events))
        .routes(routes!(holds::list, holds::set))
        .routes(routes!(holds::release))
        .merge(of_plans())
}

fn of_objects() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(objects::list::list))
        .routes(routes!(objects::one::get))
        .routes(routes!(objects::one::raw))
        .routes(routes!(objects::history::history))
        .routes(routes!(objects::history::timeline))
        .routes(routes!(objects::blame::blame))
        .routes(routes!(objects::links::links))
        .routes(routes!(objects::difference::diff))
}

fn of_plans() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(plans::read::list, plans::create::create))
        .routes(routes!(plans::read::get))
        .routes(routes!(plans::read::export))
        .routes(routes!(plans::read::events))
        .routes(routes!(plans::report::report))
        .routes(routes!(plans::acts::approve))
        .routes(routes!(plans::acts::reject))
        .routes(routes!(plans::acts::cancel))
        .routes(routes!(plans::run::execute))
        .routes(routes!(plans::run::verify))
}
