//! What leads to an object, and what it leads to.

use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::common::{Common, Paging, parameters};
use super::super::described::LinkPage;
use crate::answer::Listing;
use crate::asked::{Asked, Named, is_id, word};
use crate::format::ROWS;
use crate::problem::Problem;
use crate::statement::{Key, Text};

/// Which relationships.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLinks {
    /// The state to look at; by default the newest.
    rev: Option<String>,
    /// `out`: those that start from it; `in`: those that lead to it; `both` by default.
    #[param(pattern = "^(in|out|both)$")]
    direction: Option<String>,
    /// Only this relationship, in Graph's name: `members`, `owners`.
    relation: Option<String>,
}

parameters!(ListLinks, ROWS, paged: true);

/// Relationships of an object
#[utoipa::path(get, path = "/v1/objects/{id}/links", tag = "objects", operation_id = "get_object_links",
    params(("id" = String, Path, description = "An id, or KIND:NAME."), ListLinks, Common, Paging),
    responses((status = 200, description = "Its relationships.", body = LinkPage)))]
pub(crate) async fn links(
    Named(id): Named<String>,
    asked: Asked<ListLinks>,
) -> Result<Response, Problem> {
    let rev = asked.own.rev.as_deref();
    let snapshot = asked.pinned(0, rev.unwrap_or("latest"))?;
    let is_fixed = Asked::<ListLinks>::is_fixed(rev) && is_id(&id);
    let basis = asked.basis(&[&snapshot], is_fixed);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let words = [
        ("both", (true, true)),
        ("in", (true, false)),
        ("out", (false, true)),
    ];
    let direction = asked.own.direction.as_deref().unwrap_or("both");
    let (inward, outward) = word("direction", direction, &words)?;
    let object = asked.found(&id).await?;
    let end = model::fold_id(&object.id);
    let end = Text(&end);
    let mut condition = match (inward, outward) {
        (true, true) => format!("(source_id = {end} or target_id = {end})"),
        (true, false) => format!("target_id = {end}"),
        _ => format!("source_id = {end}"),
    };
    if let Some(relation) = &asked.own.relation {
        condition = format!("{condition} and relation = {}", Text(relation));
    }
    let listing = Listing {
        select: format!(
            "select relation, source_kind, source_id, target_kind, target_id from links where {condition}"
        ),
        keys: &[
            Key::text("relation"),
            Key::text("source_kind"),
            Key::text("source_id"),
            Key::text("target_id"),
        ],
        as_of: Some(snapshot.clone()),
        pins: vec![snapshot],
    };
    asked.listed(listing, &basis).await
}
