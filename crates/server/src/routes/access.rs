//! Who asked what.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access_record::{Entry, Wanted};
use crate::error::Error;
use crate::principal::{Principal, Tenants};
use crate::problem::{Code, Problem};
use crate::state::AppState;

/// Most requests of one answer.
const MAX_LIMIT: usize = 1000;
/// Requests of an answer where nothing is said.
const LIMIT: usize = 100;

/// Which requests are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The tenant; may be left out where only one is served for you.
    #[expect(dead_code, reason = "the layers read it; here it is only known")]
    tenant: Option<String>,
    /// Requests of this principal, by its key: `token/ID`, `entra/TENANT-ID/OBJECT-ID`.
    principal: Option<String>,
    /// Requests from this time on.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Requests before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How many at most, 1 to 1000; 100 where nothing is said.
    limit: Option<usize>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// Requests, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccessList {
    /// The requests.
    items: Vec<Entry>,
    /// Where to go on; null where there is nothing more.
    next_cursor: Option<String>,
}

/// List who asked what
///
/// The access record of a tenant: every request that meant it, refused ones included, the newest first.
#[utoipa::path(get, path = "/v1/access", tag = "audit", params(Asked),
    responses((status = 200, description = "Requests, the newest first.", body = AccessList)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    principal: Principal,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<AccessList>, Problem> {
    let Query(asked) =
        asked.map_err(|rejection| Problem::new(Code::InvalidParameter, rejection.body_text()))?;
    let limit = asked.limit.unwrap_or(LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let told = format!("limit is a number from 1 to {MAX_LIMIT}");
        return Err(Problem::new(Code::InvalidLimit, told));
    }
    let wanted = Wanted {
        tenant: only(&principal)?,
        principal: asked.principal,
        since: asked.since,
        until: asked.until,
        after: asked.cursor,
        limit,
    };
    let here = state.clone();
    let read = move || {
        let Some(record) = here.guard.record() else {
            return Err(Problem::new(
                Code::NotReady,
                "this server keeps no access record",
            ));
        };
        record.flush();
        record.read(&wanted).map_err(|error| match error {
            Error::Invalid(message) => Problem::new(Code::InvalidCursor, message),
            other => Problem::bug(other.to_string()),
        })
    };
    let found = state.engine.run_blocking(read).await?;
    Ok(Json(AccessList {
        items: found.entries,
        next_cursor: found.next,
    }))
}

/// The tenant the layers made out.
fn only(principal: &Principal) -> Result<Option<String>, Problem> {
    match &principal.tenants {
        Tenants::Only(names) if names.len() == 1 => Ok(names.first().cloned()),
        _ => Err(Problem::bug("the layers made out no tenant")),
    }
}
