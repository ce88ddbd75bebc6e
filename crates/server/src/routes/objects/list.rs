//! The objects of a state.

use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::common::{Common, Paging, parameters};
use super::super::described::ObjectPage;
use crate::answer::Listing;
use crate::asked::Asked;
use crate::format::ROWS;
use crate::problem::Problem;
use crate::statement::{Key, Text, among};

/// Which objects.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListObjects {
    /// Only of these kinds, with commas between them; by default all but relationships and logs.
    #[param(example = "user,group")]
    kind: Option<String>,
    /// Only those with this text in their name or id, whatever its case.
    q: Option<String>,
    /// The state to list.
    #[param(example = "latest")]
    rev: Option<String>,
}

parameters!(ListObjects, ROWS, paged: true);

/// List objects
///
/// The objects of a state, by kind and id.
#[utoipa::path(get, path = "/v1/objects", tag = "objects", operation_id = "list_objects",
    params(ListObjects, Common, Paging),
    responses((status = 200, description = "Objects, by kind and id.", body = ObjectPage)))]
pub(crate) async fn list(asked: Asked<ListObjects>) -> Result<Response, Problem> {
    let rev = asked.own.rev.as_deref();
    let snapshot = asked.pinned(0, rev.unwrap_or("latest"))?;
    let basis = asked.basis(&[&snapshot], Asked::<ListObjects>::is_fixed(rev));
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let mut kinds = asked.kinds(asked.own.kind.as_deref())?;
    if asked.own.kind.is_none() {
        let stored = asked.opened.archive().kinds().into_iter();
        let own = stored.filter(|kind| {
            catalog::by_name(&kind.name)
                .is_none_or(|known| !known.is_relationship() && !known.is_event())
                && !catalog::is_kept_log(&kind.name)
        });
        kinds = own.map(|kind| kind.name).collect();
    }
    let mut condition = format!("kind in {}", among(kinds.iter().map(String::as_str)));
    if let Some(q) = asked.own.q.as_deref().filter(|q| !q.is_empty()) {
        let q = q.to_lowercase();
        let q = Text(&q);
        condition = format!(
            "{condition} and (strpos(lower(coalesce(display_name, '')), {q}) > 0 or strpos(lower(id), {q}) > 0)"
        );
    }
    let listing = Listing {
        select: format!(
            "select kind, id, display_name, _version as version from objects where {condition}"
        ),
        keys: &[Key::text("kind"), Key::text("id"), Key::text("version")],
        as_of: Some(snapshot.clone()),
        pins: vec![snapshot],
    };
    asked.listed(listing, &basis).await
}
