//! Who asked what.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{Common, parameters};
use crate::access_record::{Entry, Wanted};
use crate::asked::Asked;
use crate::error::Error;
use crate::format::DOCUMENT;
use crate::problem::{Code, Problem};

/// Most requests of one answer.
const MAX_LIMIT: usize = 1000;
/// Requests of an answer where nothing is said.
const LIMIT: usize = 100;

/// Which requests are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAccess {
    /// Requests of this principal, by its key: `token/ID`, `entra/TENANT-ID/OBJECT-ID`.
    principal: Option<String>,
    /// Requests from this time on.
    since: Option<String>,
    /// Requests before this time.
    until: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 1000, default = 100, value_type = Option<u32>)]
    limit: Option<String>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

parameters!(ListAccess, DOCUMENT, paged: false);

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
#[utoipa::path(get, path = "/v1/access", tag = "audit", operation_id = "list_access", params(ListAccess, Common),
    responses((status = 200, description = "Requests, the newest first.", body = AccessList)))]
pub(crate) async fn list(asked: Asked<ListAccess>) -> Result<Json<AccessList>, Problem> {
    let time = |name, text: &Option<String>| {
        let time = text.as_ref().map(|text| asked.time(name, text));
        time.transpose()
    };
    let wanted = Wanted {
        tenant: Some(asked.served.name.clone()),
        since: time("since", &asked.own.since)?,
        until: time("until", &asked.own.until)?,
        limit: limit(asked.own.limit.as_deref())?,
        principal: asked.own.principal.clone(),
        after: asked.own.cursor.clone(),
    };
    let here = asked.state.clone();
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
    let found = asked.state.engine.run_blocking(read).await?;
    Ok(Json(AccessList {
        items: found.entries,
        next_cursor: found.next,
    }))
}

fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else {
        return Ok(LIMIT);
    };
    let number = text.parse().ok();
    let number = number.filter(|number| (1..=MAX_LIMIT).contains(number));
    number.ok_or_else(|| {
        let told = format!("{text:?} is no limit: it is a number from 1 to {MAX_LIMIT}");
        Problem::new(Code::InvalidLimit, told).with("parameter", "limit")
    })
}
