//! Numbers for dashboards: few rows, all of them at once.

use std::sync::Arc;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::common::{Common, parameters};
use super::described::SnapshotRef;
use crate::answer::whence;
use crate::asked::{Asked, Named};
use crate::format::ROWS;
use crate::problem::{Code, Problem};
use crate::rows::{Encoder, Frame};

/// Of which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetStats {
    /// Only what happened at or after this time or revision.
    #[param(example = "-30d")]
    since: Option<String>,
    /// The state that is now for it; by default the newest.
    rev: Option<String>,
}

parameters!(GetStats, ROWS, paged: false);

/// The numbers there are: name, what they are, and the statement, in which `{since}` is a condition on `at`.
const STATS: [(&str, &str, &str); 7] = [
    (
        "actors",
        "Who changed most",
        "select actor, actor_id, actor_type, count(*) as changes, count(distinct object_id) as objects, \
                max(at) as last_at \
         from (select *, coalesce(changed_at, changed_before) as at from changes) as told \
         where (actor is not null or actor_id is not null) and {since} \
         group by 1, 2, 3 order by changes desc, actor, actor_id limit 100",
    ),
    (
        "changes",
        "Changes by day, kind and type",
        "select date_trunc('day', at) as day, kind, change_type, count(*) as changes \
         from (select *, coalesce(changed_at, changed_before) as at from changes) as told \
         where {since} group by 1, 2, 3 order by 1, 2, 3",
    ),
    (
        "confidence",
        "How surely it is known who made changes, by kind",
        "select kind, confidence, count(*) as changes \
         from (select *, coalesce(changed_at, changed_before) as at from changes) as told \
         where {since} group by 1, 2 order by 1, 2",
    ),
    (
        "coverage",
        "How completely each kind was read last",
        "select kind, status, reason, objects, at as read_at from ( \
           select c.kind, c.status, c.reason, c.alive as objects, c.taken_at as at, \
                  row_number() over (partition by c.kind order by c.taken_at desc, s.number desc) as newest \
           from coverage c join snapshots s on s.snapshot_id = c.snapshot_id) as told \
         where newest = 1 and {since} order by kind",
    ),
    (
        "objects",
        "Objects of each kind",
        "select kind, count(*) as objects from objects group by 1 order by objects desc, kind",
    ),
    (
        "paths",
        "Properties that change most",
        "select kind, path, count(*) as changes, count(distinct object_id) as objects \
         from (select *, coalesce(changed_at, changed_before) as at from property_changes) as told \
         where not is_drift and {since} group by 1, 2 order by changes desc, kind, path limit 100",
    ),
    (
        "snapshots",
        "Snapshots over time",
        "select at as taken_at, snapshot_id, status, objects, new_versions, opened, closed \
         from (select *, taken_at as at from snapshots) as told where {since} order by taken_at",
    ),
];

/// The rows of some numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatsDocument {
    /// The rows; each of these numbers has columns of its own.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Map<String, Value>>,
    /// What the numbers are.
    title: String,
    /// The snapshots they were made from.
    snapshots: Vec<SnapshotRef>,
    /// What the answer leaves out.
    notes: Vec<String>,
}

/// Numbers for dashboards
///
/// `actors`: who changed most. `changes`: by day, kind and type. `confidence`: how surely it is known who made them.
/// `coverage`: how completely each kind was read last. `objects`: of each kind. `paths`: properties that change most.
/// `snapshots`: over time.
#[utoipa::path(get, path = "/v1/stats/{name}", tag = "changes", operation_id = "get_stats",
    params(("name" = String, Path, description = "Which numbers.", example = "objects"), GetStats, Common),
    responses((status = 200, description = "All rows.", body = StatsDocument)))]
pub(crate) async fn get(
    Named(name): Named<String>,
    asked: Asked<GetStats>,
) -> Result<Response, Problem> {
    let found = STATS.iter().find(|(own, _, _)| *own == name);
    let (_, title, sql) = found.ok_or_else(|| {
        let names: Vec<&str> = STATS.iter().map(|(own, _, _)| *own).collect();
        Problem::new(
            Code::StatsNotFound,
            format!(
                "there are no numbers {name:?}: there are {}",
                names.join(", ")
            ),
        )
    })?;
    let rev = asked.own.rev.as_deref();
    let snapshot = asked.snapshot(rev.unwrap_or("latest"))?;
    let since = match &asked.own.since {
        Some(text) => format!("at >= timestamp '{}'", asked.time("since", text)?),
        None => "true".to_owned(),
    };
    let basis = asked.basis(&[&snapshot], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let told = asked
        .ask(sql.replace("{since}", &since), Some(&snapshot))
        .await?;
    let mut members = Map::from_iter([("title".to_owned(), Value::from(*title))]);
    members.extend(whence(&told.provenance));
    let format = asked.format;
    let bytes = asked.state.engine.run_blocking(move || {
        let schema = Arc::clone(&told.schema);
        let mut encoder = Encoder::new(format, &schema, Frame::Items)?;
        let mut bytes = Vec::new();
        for batch in &told.batches {
            bytes.extend(encoder.rows(batch)?);
        }
        bytes.extend(encoder.finish(&members)?);
        Ok(bytes)
    });
    let response = Bytes::from(bytes.await?).into_response();
    Ok(asked.dressed(response, &basis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_explained() {
        let names: Vec<&str> = STATS.iter().map(|(name, _, _)| *name).collect();
        assert!(names.is_sorted());
        assert!(STATS.iter().all(|(_, title, _)| !title.is_empty()));
    }
}
