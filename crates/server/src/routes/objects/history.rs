//! What became of an object.

use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::common::{Common, Paging, parameters};
use super::super::described::{HistoryPage, TimelinePage};
use crate::answer::Listing;
use crate::asked::{Asked, Named, check_object, invalid};
use crate::format::ROWS;
use crate::problem::Problem;
use crate::statement::{Key, Text};

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListHistory {}

parameters!(ListHistory, ROWS, paged: true);

/// History of an object
///
/// Every time in which it had one content, oldest first.
#[utoipa::path(get, path = "/v1/objects/{id}/history", tag = "objects", operation_id = "get_object_history",
    params(("id" = String, Path, description = "An id, or KIND:NAME."), Common, Paging),
    responses((status = 200, description = "Its states, oldest first.", body = HistoryPage)))]
pub(crate) async fn history(
    Named(id): Named<String>,
    asked: Asked<ListHistory>,
) -> Result<Response, Problem> {
    let latest = asked.pinned(0, "latest")?;
    let basis = asked.basis(&[&latest], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let object = asked.found(&id).await?;
    let listing = Listing {
        select: format!(
            "select kind, object_id as id, display_name, _version as version, _first_seen as first_seen, \
                    _not_before as not_before, _last_seen as last_seen, _gone_at as gone_at, \
                    _is_current as is_current, _snapshot_id as snapshot_id, properties from history({})",
            Text(&format!("{}:{}", object.kind_name, object.id))
        ),
        keys: &[Key::time("first_seen"), Key::text("version")],
        as_of: Some(latest.clone()),
        pins: vec![latest],
    };
    asked.listed(listing, &basis).await
}

/// Which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTimeline {
    /// Begin here: a time or a revision.
    from: Option<String>,
    /// End here.
    to: Option<String>,
    /// Only what happened around this time; not together with `from` and `to`.
    around: Option<String>,
    /// How long before and after it: `30m`, `2h`, `3d`. Two hours by default.
    #[param(pattern = "^[0-9]{1,6}[mhdw]$")]
    window: Option<String>,
    /// Also what happened to objects linked to it in that time, up to so many steps away.
    #[param(pattern = "^[0-3]$")]
    related: Option<String>,
}

parameters!(ListTimeline, ROWS, paged: true);

/// Timeline of an object
///
/// What happened to it, or was done by it, in the order of time: changes, relationships in both directions, audit
/// events, sign-ins, risks. An event that explains a change is told with the change.
#[utoipa::path(get, path = "/v1/objects/{id}/timeline", tag = "objects", operation_id = "get_object_timeline",
    params(("id" = String, Path, description = "An id, or KIND:NAME; the id of an actor that stands in logs alone will do."),
           ListTimeline, Common, Paging),
    responses((status = 200, description = "What happened, in the order of time.", body = TimelinePage)))]
pub(crate) async fn timeline(
    Named(id): Named<String>,
    asked: Asked<ListTimeline>,
) -> Result<Response, Problem> {
    let latest = asked.pinned(0, "latest")?;
    let (from, to) = bounds(&asked)?;
    let basis = asked.basis(&[&latest], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let steps = asked.own.related.as_deref().unwrap_or("0");
    if !matches!(steps, "0" | "1" | "2" | "3") {
        return Err(invalid("related", "it is a number from 0 to 3"));
    }
    check_object(&id)?;
    let end = |time: Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    let (from, to) = (end(from), end(to));
    let listing = Listing {
        select: format!(
            "select cast(row_number() over (order by at, entry, kind, object_id, summary, audit_id, change_id) as bigint) as place, \
                    at, not_before, entry, kind, object_id, display_name, change_type, activity, summary, actor, \
                    actor_id, actor_ip, confidence, audit_id, correlation_id, snapshot_id, change_id \
             from timeline({}, {}, {}, {})",
            Text(&id),
            Text(&from),
            Text(&to),
            Text(steps)
        ),
        keys: &[Key::number("place")],
        as_of: None,
        pins: vec![latest],
    };
    asked.listed(listing, &basis).await
}

/// The two ends of the time that was asked for.
fn bounds(asked: &Asked<ListTimeline>) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let own = &asked.own;
    let time = |name: &str, text: &Option<String>| {
        let text = text.as_deref().filter(|text| !text.is_empty());
        text.map(|text| asked.time(name, text)).transpose()
    };
    let window = own.window.as_deref().unwrap_or("2h");
    let Some(window) = model::parse_duration(window) else {
        return Err(invalid(
            "window",
            "it is a number and a unit, such as 30m, 2h or 3d",
        ));
    };
    let Some(around) = time("around", &own.around)? else {
        return Ok((time("from", &own.from)?, time("to", &own.to)?));
    };
    if own.from.is_some() || own.to.is_some() {
        return Err(invalid(
            "around",
            "it does not go together with from and to",
        ));
    }
    let beyond = |_| invalid("window", "it is too long");
    let from = around.checked_sub(window).map_err(beyond)?;
    let to = around.checked_add(window).map_err(beyond)?;
    Ok((Some(from), Some(to)))
}
