//! Since when each property of an object has its value, and who gave it that.

use std::collections::BTreeMap;

use axum::response::Response;
use query::arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::super::common::{Common, parameters};
use super::super::described::SnapshotRef;
use super::state_of;
use crate::asked::{Asked, Named};
use crate::format::DOCUMENT;
use crate::problem::{Code, Problem};
use crate::rows::text_of;
use crate::statement::Text;

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetBlame {}

parameters!(GetBlame, DOCUMENT, paged: false);

/// A property, since when it has its value, and who gave it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Blamed {
    /// The property, at the top level of the object.
    property: String,
    /// Its value.
    #[schema(value_type = serde_json::Value)]
    value: Box<RawValue>,
    /// The change that gave it this value, or made the object; null: it had it when it was first seen.
    change: Option<Change>,
}

/// The change that gave a property its value.
#[expect(
    clippy::struct_field_names,
    reason = "they are named as in the list of changes"
)]
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Change {
    /// Its id.
    change_id: String,
    /// The time of the audit event that tells of it, else that of the first snapshot that showed it.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
    /// The last snapshot before.
    #[schema(format = DateTime)]
    changed_after: Option<String>,
    /// The first snapshot after.
    #[schema(format = DateTime)]
    changed_before: Option<String>,
    /// Who did it.
    actor: Option<String>,
    /// That actor's id.
    actor_id: Option<String>,
    /// How sure the actor is.
    confidence: Option<String>,
}

/// Who gave each property its value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlameDocument {
    /// Kind of the object.
    kind: String,
    /// Its id.
    id: String,
    /// The newest snapshot.
    snapshot: SnapshotRef,
    /// The properties, by name.
    items: Vec<Blamed>,
}

/// Who gave each property its value
#[utoipa::path(get, path = "/v1/objects/{id}/blame", tag = "objects", operation_id = "get_object_blame",
    params(("id" = String, Path, description = "An id, or KIND:NAME."), Common),
    responses((status = 200, description = "The properties of the newest state, by name.", body = BlameDocument)))]
pub(crate) async fn blame(
    Named(id): Named<String>,
    asked: Asked<GetBlame>,
) -> Result<Response, Problem> {
    let latest = asked.snapshot("latest")?;
    let basis = asked.basis(&[&latest], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let object = asked.found(&id).await?;
    let state = state_of(asked.opened.archive(), object.kind, &object.key, &latest)?;
    let state = state.ok_or_else(|| {
        Problem::new(
            Code::ObjectNotFound,
            format!(
                "{}:{} does not exist now: see its history",
                object.kind_name, object.id
            ),
        )
    })?;
    let (kind, own) = (Text(&object.kind_name), Text(&object.id));
    let columns =
        "change_id, changed_at, changed_after, changed_before, actor, actor_id, confidence";
    let births = format!(
        "select {columns}, '' as path from changes \
         where kind = {kind} and object_id = {own} and change_type in ('added', 'restored') order by changed_before"
    );
    let changes = format!(
        "select {columns}, path from property_changes \
         where kind = {kind} and object_id = {own} order by changed_before"
    );
    let births = told(&asked.ask(births, Some(&latest)).await?.batches)?;
    let birth = births.into_iter().next_back().map(|(_, change)| change);
    let mut newest = BTreeMap::new();
    for (path, change) in told(&asked.ask(changes, Some(&latest)).await?.batches)? {
        let property = path.split(['.', '[']).next().unwrap_or_default().to_owned();
        newest.insert(property, change);
    }
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&state.payload)
        .map_err(|error| Problem::bug(format!("a stored object is not JSON: {error}")))?;
    let items = members.into_iter().map(|(property, value)| Blamed {
        change: newest.get(&property).or(birth.as_ref()).cloned(),
        property,
        value,
    });
    let document = BlameDocument {
        snapshot: SnapshotRef::from(&latest),
        items: items.collect(),
        kind: object.kind_name,
        id: object.id,
    };
    asked.document(&document, &basis)
}

/// Changes with the path they are about, oldest first.
fn told(batches: &[RecordBatch]) -> Result<Vec<(String, Change)>, Problem> {
    let mut all = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let text = |column: &str| text_of(batch, column, row);
            let change = Change {
                change_id: text("change_id")?.unwrap_or_default(),
                changed_at: text("changed_at")?,
                changed_after: text("changed_after")?,
                changed_before: text("changed_before")?,
                actor: text("actor")?,
                actor_id: text("actor_id")?,
                confidence: text("confidence")?,
            };
            all.push((text("path")?.unwrap_or_default(), change));
        }
    }
    Ok(all)
}
