//! One object at one time.

use axum::response::Response;
use jiff::Timestamp;
use query::ObjectRef;
use query::arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::Snapshot;
use utoipa::{IntoParams, ToSchema};

use super::super::common::{Common, parameters};
use super::super::described::SnapshotRef;
use crate::asked::{Asked, Named, is_id};
use crate::format::DOCUMENT;
use crate::problem::{Code, Problem};
use crate::rows::text_of;
use crate::statement::Text;

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

/// A time in which an object had one content.
struct Life {
    display_name: Option<String>,
    version: String,
    first_seen: Timestamp,
    gone_at: Option<Timestamp>,
    properties: String,
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
    let (object, life) = alive(&asked, &id, &snapshot).await?;
    let document = ObjectDocument {
        kind: object.kind_name,
        id: object.id,
        display_name: life.display_name,
        version: life.version,
        snapshot: SnapshotRef::from(&snapshot),
        first_seen: life.first_seen,
        gone_at: life.gone_at,
        properties: RawValue::from_string(life.properties)
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
    let (_, life) = alive(&asked, &id, &snapshot).await?;
    Ok(asked.text(life.properties, &basis))
}

/// The object that is meant, and what it was in a snapshot.
async fn alive(
    asked: &Asked<GetObject>,
    id: &str,
    snapshot: &Snapshot,
) -> Result<(ObjectRef, Life), Problem> {
    let object = asked.found(id).await?;
    let sql = format!(
        "select display_name, _version, _first_seen, _gone_at, properties from history({}) order by _first_seen",
        Text(&format!("{}:{}", object.kind_name, object.id))
    );
    let told = asked.ask(sql, None).await?;
    let mut lives = Vec::new();
    for batch in &told.batches {
        for row in 0..batch.num_rows() {
            lives.push(life(batch, row)?);
        }
    }
    let at = snapshot.taken_at;
    let is_alive = |life: &Life| life.first_seen <= at && life.gone_at.is_none_or(|gone| gone > at);
    let (first, last) = (
        lives.first().map(|life| life.first_seen),
        lives.last().and_then(|life| life.gone_at),
    );
    match lives.into_iter().rev().find(is_alive) {
        Some(life) => Ok((object, life)),
        None => {
            let when = match (first, last) {
                (Some(first), _) if first > at => format!("it was first seen at {first}"),
                (_, Some(gone)) => format!("it was gone at {gone}"),
                _ => "it was not seen then".to_owned(),
            };
            Err(Problem::new(
                Code::ObjectNotFound,
                format!(
                    "{}:{} did not exist at {at}: {when}",
                    object.kind_name, object.id
                ),
            ))
        }
    }
}

fn life(batch: &RecordBatch, row: usize) -> Result<Life, Problem> {
    let text = |column: &str| text_of(batch, column, row);
    let time = |column: &str| {
        let time = text(column)?.map(|text| text.parse::<Timestamp>());
        time.transpose()
            .map_err(|error| Problem::bug(error.to_string()))
    };
    Ok(Life {
        display_name: text("display_name")?,
        version: text("_version")?.unwrap_or_default(),
        first_seen: time("_first_seen")?
            .ok_or_else(|| Problem::bug("a state of an object was never seen"))?,
        gone_at: time("_gone_at")?,
        properties: text("properties")?.unwrap_or_else(|| "{}".to_owned()),
    })
}
