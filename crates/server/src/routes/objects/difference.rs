//! One object in two states.

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::Snapshot;
use utoipa::IntoParams;

use super::super::common::{Common, Paging, parameters};
use super::super::described::PropertyPage;
use super::{differing, state_of};
use crate::answer::{Basis, Listing};
use crate::asked::{Asked, Named, invalid, is_id, word};
use crate::format::{Format, ROWS};
use crate::problem::Problem;
use crate::statement::{Key, Text};

/// Between which states, and in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffObject {
    /// The earlier state; by default the one before the later.
    #[param(example = "-7d")]
    from: Option<String>,
    /// The later state; by default the newest.
    to: Option<String>,
    /// `report`: a row for each property, by default. `patch`: a JSON Patch (RFC 6902) that turns the object of
    /// `from` into that of `to`, property by property.
    #[param(pattern = "^(report|patch)$")]
    form: Option<String>,
}

parameters!(DiffObject, ROWS, paged: true);

/// What differs in an object
///
/// Between two states of it.
#[utoipa::path(get, path = "/v1/objects/{id}/diff", tag = "objects", operation_id = "get_object_diff",
    params(("id" = String, Path, description = "An id, or KIND:NAME."), DiffObject, Common, Paging),
    responses((status = 200, description = "The properties that differ, by path; or a JSON Patch.",
        content((PropertyPage = "application/json"), (Value = "application/json-patch+json")))))]
pub(crate) async fn diff(
    Named(id): Named<String>,
    asked: Asked<DiffObject>,
) -> Result<Response, Problem> {
    let (from, to) = (asked.own.from.as_deref(), asked.own.to.as_deref());
    let later = asked.pinned(1, to.unwrap_or("latest"))?;
    let earlier = match from {
        Some(from) => asked.pinned(0, from)?,
        None => asked.before(0, &later)?,
    };
    let is_fixed =
        Asked::<DiffObject>::is_fixed(from) && Asked::<DiffObject>::is_fixed(to) && is_id(&id);
    let basis = asked.basis(&[&earlier, &later], is_fixed);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let forms = [("report", false), ("patch", true)];
    let is_patch = word(
        "form",
        asked.own.form.as_deref().unwrap_or("report"),
        &forms,
    )?;
    let object = asked.found(&id).await?;
    if is_patch {
        return patch(&asked, &object, (&earlier, &later), &basis);
    }
    let kind = Text(&object.kind_name);
    let listing = Listing {
        select: format!(
            "select path, old_value, new_value, is_drift from diff_properties('{}', '{}', {kind}) \
             where kind = {kind} and object_id = {}",
            earlier.id,
            later.id,
            Text(&object.id)
        ),
        keys: &[Key::text("path")],
        as_of: None,
        pins: vec![earlier.clone(), later],
    };
    asked.listed(listing, &basis).await
}

fn patch(
    asked: &Asked<DiffObject>,
    object: &query::ObjectRef,
    (earlier, later): (&Snapshot, &Snapshot),
    basis: &Basis,
) -> Result<Response, Problem> {
    if asked.format != Format::Json {
        return Err(invalid("form", "a patch is given as JSON only"));
    }
    let archive = asked.opened.archive();
    let old = state_of(archive, object.kind, &object.key, earlier)?;
    let new = state_of(archive, object.kind, &object.key, later)?;
    let (before, after) = differing(old.as_ref(), new.as_ref())?;
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Err(Problem::bug("differences are no objects"));
    };
    let had = |name: &str| old.as_ref().is_some_and(|own| has(&own.payload, name));
    let has_now = |name: &str| new.as_ref().is_some_and(|own| has(&own.payload, name));
    let mut steps = Vec::new();
    for (name, value) in after {
        debug_assert!(before.contains_key(&name), "both have the same names");
        // RFC 6901: what stands for itself in a pointer.
        let path = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        steps.push(match (had(&name), has_now(&name)) {
            (true, false) => json!({"op": "remove", "path": path}),
            (false, _) => json!({"op": "add", "path": path, "value": value}),
            (true, true) => json!({"op": "replace", "path": path, "value": value}),
        });
    }
    let mut response = asked.document(&steps, basis)?;
    response.headers_mut().insert(
        axum::http::header::CONTENT_TYPE,
        axum::http::HeaderValue::from_static("application/json-patch+json"),
    );
    Ok(response)
}

fn has(payload: &str, name: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(payload)
        .is_ok_and(|members| members.contains_key(name))
}
