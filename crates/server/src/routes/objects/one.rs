//! One object at one time.

use std::sync::Arc;

use axum::response::Response;
use jiff::Timestamp;
use query::{Lived, ObjectRef};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Snapshot;
use utoipa::{IntoParams, ToSchema};

use super::super::common::{Common, parameters};
use super::super::described::SnapshotRef;
use crate::asked::{Asked, Named, check_object, is_id};
use crate::format::DOCUMENT;
use crate::problem::{Code, Problem};

/// When.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetObject {
    /// The state to show it in; by default the newest.
    #[param(example = "2026-10-01")]
    rev: Option<String>,
}

parameters!(GetObject, DOCUMENT, paged: false);

/// An object as it was at a time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectDocument {
    /// Its kind.
    kind: String,
    /// Its id.
    id: String,
    /// What it was called then.
    display_name: Option<String>,
    /// Its content: equal contents of an object have equal ones.
    version: String,
    /// The snapshot that was asked for.
    snapshot: SnapshotRef,
    /// First snapshot that showed this content.
    #[schema(value_type = String, format = DateTime)]
    first_seen: Timestamp,
    /// First snapshot after it that did not.
    #[schema(value_type = Option<String>, format = DateTime)]
    gone_at: Option<Timestamp>,
    /// The whole object, in Graph's own names.
    #[schema(value_type = serde_json::Value)]
    properties: Box<RawValue>,
}

/// One object
///
/// In full, as it was at a time.
#[utoipa::path(get, path = "/v1/objects/{id}", tag = "objects", operation_id = "get_object",
    params(("id" = String, Path, description = "An id, or KIND:NAME.", example = "user:alice@contoso.example"),
           GetObject, Common),
    responses((status = 200, description = "The object.", body = ObjectDocument)))]
pub(crate) async fn get(
    Named(id): Named<String>,
    asked: Asked<GetObject>,
) -> Result<Response, Problem> {
    let rev = asked.own.rev.as_deref();
    let snapshot = asked.snapshot(rev.unwrap_or("latest"))?;
    let is_fixed = Asked::<GetObject>::is_fixed(rev) && is_id(&id);
    let basis = asked.basis(&[&snapshot], is_fixed);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let (object, lived, content) = alive(&asked, &id, &snapshot).await?;
    let document = ObjectDocument {
        kind: object.kind_name,
        id: object.id,
        display_name: object.display,
        version: lived.version,
        snapshot: SnapshotRef::from(&snapshot),
        first_seen: lived.first_seen,
        gone_at: lived.gone_at,
        properties: RawValue::from_string(content)
            .map_err(|error| Problem::bug(format!("a stored object is not JSON: {error}")))?,
    };
    asked.document(&document, &basis)
}

/// One object as Graph told it
///
/// Only its JSON.
#[utoipa::path(get, path = "/v1/objects/{id}/raw", tag = "objects", operation_id = "get_object_raw",
    params(("id" = String, Path, description = "An id, or KIND:NAME."), GetObject, Common),
    responses((status = 200, description = "The object.", body = serde_json::Value)))]
pub(crate) async fn raw(
    Named(id): Named<String>,
    asked: Asked<GetObject>,
) -> Result<Response, Problem> {
    let rev = asked.own.rev.as_deref();
    let snapshot = asked.snapshot(rev.unwrap_or("latest"))?;
    let is_fixed = Asked::<GetObject>::is_fixed(rev) && is_id(&id);
    let basis = asked.basis(&[&snapshot], is_fixed);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let (_, _, content) = alive(&asked, &id, &snapshot).await?;
    Ok(asked.text(content, &basis))
}

/// The object that is meant, what it was in a snapshot, and its content then.
async fn alive(
    asked: &Asked<GetObject>,
    id: &str,
    snapshot: &Snapshot,
) -> Result<(ObjectRef, Lived, String), Problem> {
    check_object(id)?;
    let (opened, id) = (Arc::clone(&asked.opened), id.to_owned());
    let at = snapshot.taken_at;
    asked
        .reading(move || {
            let source = &opened.source;
            let object = source.object(&id)?;
            let mut lives = source.lived(&object)?;
            let Some(own) = lives.iter().rposition(|lived| lived.covers(at)) else {
                return Err(absent(&object, &lives, at));
            };
            let lived = lives.swap_remove(own);
            let content = source.content(&object, &lived)?;
            Ok((object, lived, content))
        })
        .await
}

/// That an object did not exist at a time, and when it did.
fn absent(object: &ObjectRef, lives: &[Lived], at: Timestamp) -> Problem {
    let (first, last) = (
        lives.first().map(|lived| lived.first_seen),
        lives.last().and_then(|lived| lived.gone_at),
    );
    let when = match (first, last) {
        (Some(first), _) if first > at => format!("it was first seen at {first}"),
        (_, Some(gone)) => format!("it was gone at {gone}"),
        _ => "it was not seen then".to_owned(),
    };
    let (kind, id) = (&object.kind_name, &object.id);
    Problem::new(
        Code::ObjectNotFound,
        format!("{kind}:{id} did not exist at {at}: {when}"),
    )
}
