//! Legal holds: what must not be removed, why, and who said so.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Archive, Hold, HoldScope};
use utoipa::{IntoParams, ToSchema};

use super::common::{Common, IfMatch, parameters};
use crate::asked::{Asked, Named, invalid};
use crate::body::Body;
use crate::format::DOCUMENT;
use crate::problem::{Code, Problem};

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListHolds {}

parameters!(ListHolds, DOCUMENT, paged: false);

/// A hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldDocument {
    /// Number of the act of the log that set it.
    id: u64,
    /// What it covers.
    scope: Scope,
    /// Why it was set.
    reason: String,
    /// Who set it.
    set_by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    set_at: Timestamp,
}

/// What a hold covers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Scope {
    /// The whole archive.
    Archive {},
    /// One snapshot.
    Snapshot {
        /// A revision; in answers the snapshot's id.
        rev: String,
    },
    /// Whatever was alive, or happened, in a period.
    Between {
        /// Its beginning, included.
        #[schema(value_type = String, format = DateTime)]
        from: Timestamp,
        /// Its end, included.
        #[schema(value_type = String, format = DateTime)]
        to: Timestamp,
    },
    /// Every version of an object.
    Object {
        /// An id, or `KIND:NAME`.
        object: String,
    },
}

/// The holds in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldList {
    /// The holds, in the order they were set.
    items: Vec<HoldDocument>,
}

/// A hold to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewHold {
    /// What it covers.
    scope: Scope,
    /// Why.
    #[schema(min_length = 1, max_length = 1000)]
    reason: String,
}

fn described(archive: &Archive, hold: &Hold) -> HoldDocument {
    let scope = match &hold.scope {
        HoldScope::Archive => Scope::Archive {},
        HoldScope::Snapshot { snapshot } => Scope::Snapshot {
            rev: archive
                .record_id(*snapshot)
                .map_or_else(String::new, |id| id.to_string()),
        },
        HoldScope::Between { from, to } => Scope::Between {
            from: *from,
            to: *to,
        },
        HoldScope::Object { kind, key } => Scope::Object {
            object: format!("{kind}:{}", key.replace(model::KEY_SEPARATOR, "/")),
        },
    };
    HoldDocument {
        id: hold.id,
        scope,
        reason: hold.reason.clone(),
        set_by: hold.by.clone(),
        set_at: hold.set_at,
    }
}

/// List holds
///
/// Those that are in force.
#[utoipa::path(get, path = "/v1/holds", tag = "holds", operation_id = "list_holds", params(Common),
    responses((status = 200, description = "The holds, in the order they were set.", body = HoldList)))]
pub(crate) async fn list(asked: Asked<ListHolds>) -> Result<Response, Problem> {
    let basis = asked.basis(&[], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let archive = asked.opened.archive();
    let items = archive.holds().iter();
    let items = items.map(|hold| described(archive, hold)).collect();
    asked.document(&HoldList { items }, &basis)
}

/// Set a hold
///
/// Nothing of what it covers may be removed until it is released.
#[utoipa::path(post, path = "/v1/holds", tag = "holds", operation_id = "set_hold", params(Common),
    request_body = NewHold,
    responses((status = 201, description = "It is set.", body = HoldDocument)))]
pub(crate) async fn set(
    asked: Asked<ListHolds>,
    Body(new): Body<NewHold>,
) -> Result<Response, Problem> {
    let scope = match new.scope {
        Scope::Archive {} => HoldScope::Archive,
        Scope::Snapshot { rev } => HoldScope::Snapshot {
            snapshot: asked.snapshot(&rev)?.number,
        },
        Scope::Between { from, to } => HoldScope::Between { from, to },
        Scope::Object { object } => {
            let object = asked.found(&object).await?;
            HoldScope::Object {
                kind: object.kind_name,
                key: object.key,
            }
        }
    };
    let by = asked.principal.name.clone();
    let hold = asked
        .write(move |writer| writer.set_hold(scope, &new.reason, &by))
        .await?;
    let archive = asked.opened.archive();
    let document = axum::Json(described(archive, &hold));
    let tag = [(header::ETAG, tag_of(archive, &hold))];
    Ok((StatusCode::CREATED, tag, document).into_response())
}

/// The entity tag of a hold: it never changes, and is gone when it is released.
fn tag_of(archive: &Archive, hold: &Hold) -> String {
    let id = format!("{}/{}", archive.id(), hold.id);
    let hash = blake3::hash(id.as_bytes());
    format!("\"{}\"", &hash.to_hex()[..32])
}

/// Why a hold is released.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReleaseHold {
    /// Why it is released.
    #[param(required = true, min_length = 1, max_length = 1000)]
    reason: Option<String>,
}

parameters!(ReleaseHold, DOCUMENT, paged: false);

/// Release a hold
///
/// By another person than the one who set it. What it was stays in the log.
#[utoipa::path(delete, path = "/v1/holds/{id}", tag = "holds", operation_id = "release_hold",
    params(("id" = u64, Path, description = "The hold."), ReleaseHold, IfMatch, Common),
    responses((status = 200, description = "The hold that was released.", body = HoldDocument)))]
pub(crate) async fn release(
    Named(id): Named<u64>,
    asked: Asked<ReleaseHold>,
) -> Result<Response, Problem> {
    let reason = asked.own.reason.clone();
    let reason = reason.ok_or_else(|| invalid("reason", "it is missing: say why"))?;
    let archive = asked.opened.archive();
    if let Some(hold) = archive.holds().iter().find(|hold| hold.id == id) {
        asked.condition.check(&tag_of(archive, hold))?;
        // Whoever can end alone what they began holds nothing: that is what a second person is for.
        if hold.by == asked.principal.name {
            return Err(Problem::new(
                Code::HoldOwnRelease,
                format!(
                    "{} set hold {id}: another person has to release it",
                    hold.by
                ),
            ));
        }
    }
    let by = asked.principal.name.clone();
    let hold = asked
        .write(move |writer| writer.release_hold(id, &reason, &by))
        .await?;
    Ok(axum::Json(described(asked.opened.archive(), &hold)).into_response())
}
