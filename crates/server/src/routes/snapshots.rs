//! Snapshots.

use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::common::{Common, Paging, parameters};
use super::described::SnapshotPage;
use crate::answer::Listing;
use crate::asked::{Asked, Named};
use crate::format::{DOCUMENT, ROWS};
use crate::problem::{Code, Problem};
use crate::statement::Key;

/// Which snapshots.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSnapshots {
    /// Only those taken at or after this time or revision.
    #[param(example = "2026-10-01")]
    since: Option<String>,
    /// Only those taken at or before this time or revision.
    until: Option<String>,
    /// Only the one with this tag.
    tag: Option<String>,
}

parameters!(ListSnapshots, ROWS, paged: true);

const COLUMNS: &str = "snapshot_id, number, taken_at, committed_at, status, kinds, objects, new_versions, \
                       opened, closed, source_type, tags, record_id";

/// List snapshots
///
/// Newest first.
#[utoipa::path(get, path = "/v1/snapshots", tag = "snapshots", operation_id = "list_snapshots", params(ListSnapshots, Common, Paging),
    responses((status = 200, description = "Snapshots, newest first.", body = SnapshotPage)))]
pub(crate) async fn list(asked: Asked<ListSnapshots>) -> Result<Response, Problem> {
    let mut conditions = vec!["true".to_owned()];
    for (name, text, operator) in [
        ("since", &asked.own.since, ">="),
        ("until", &asked.own.until, "<="),
    ] {
        if let Some(text) = text {
            let time = asked.time(name, text)?;
            conditions.push(format!("taken_at {operator} timestamp '{time}'"));
        }
    }
    if let Some(tag) = &asked.own.tag {
        let snapshot = asked.snapshot(&format!("tag:{tag}"))?;
        conditions.push(format!("number = {}", snapshot.number));
    }
    // An archive without a snapshot has an empty list, not an error.
    let latest = match asked.pinned(0, "latest") {
        Ok(latest) => Some(latest),
        Err(problem) if problem.code() == Code::RevisionNotFound => None,
        Err(problem) => return Err(problem),
    };
    let basis = asked.basis(&latest.iter().collect::<Vec<_>>(), false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let listing = Listing {
        select: format!(
            "select {COLUMNS} from snapshots where {}",
            conditions.join(" and ")
        ),
        keys: &[
            Key::time("taken_at").descending(),
            Key::number("number").descending(),
        ],
        as_of: latest.clone(),
        pins: latest.into_iter().collect(),
    };
    asked.listed(listing, &basis).await
}

/// A snapshot, and what it says of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotDocument {
    /// Its id, 64 hexadecimal digits.
    snapshot_id: String,
    /// Its number in the order of commits, from 1.
    number: u32,
    /// When the tenant was in this state.
    #[schema(value_type = String, format = DateTime)]
    taken_at: Timestamp,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    committed_at: Timestamp,
    /// The program that wrote it.
    tool: String,
    /// Importer or collector, and what it read.
    source: Option<SourceDocument>,
    /// Names given to it.
    tags: Vec<String>,
    /// What it states of each kind, by name.
    kinds: Vec<KindDocument>,
}

/// Where a snapshot came from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceDocument {
    /// `graph`, or the form of the import.
    #[serde(rename = "type")]
    kind: String,
    /// A folder's name, a branch, the kinds asked for.
    name: String,
}

/// What a snapshot says of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindDocument {
    /// The kind.
    kind: String,
    /// Objects there were.
    objects: u64,
    /// How completely it was read: `complete`, `partial`, `failed`, `forbidden`, `not_licensed` or `not_selected`.
    status: &'static str,
    /// Why it is not complete.
    reason: Option<String>,
    /// Contents stored for the first time.
    new_versions: u64,
    /// Versions alive now and not before.
    opened: u64,
    /// Versions alive before and not now.
    closed: u64,
}

/// No parameters of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetSnapshot {}

parameters!(GetSnapshot, DOCUMENT, paged: false);

/// One snapshot
///
/// With what it says of each kind, and how completely each was read.
#[utoipa::path(get, path = "/v1/snapshots/{rev}", tag = "snapshots", operation_id = "get_snapshot",
    params(("rev" = String, Path, description = "A revision.", example = "latest"), Common),
    responses((status = 200, description = "The snapshot.", body = SnapshotDocument)))]
pub(crate) async fn get(
    Named(rev): Named<String>,
    asked: Asked<GetSnapshot>,
) -> Result<Response, Problem> {
    let snapshot = asked.snapshot(&rev)?;
    // Tags come and go.
    let basis = asked.basis(&[&snapshot], false);
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let archive = asked.opened.archive();
    let record = archive.record(snapshot.number)?;
    let tags = archive.tags().iter();
    let tags = tags.filter(|(_, number)| *number == snapshot.number);
    let mut kinds: Vec<KindDocument> = record
        .kinds
        .into_iter()
        .map(|kind| KindDocument {
            kind: kind.kind,
            objects: kind.alive,
            status: kind.coverage.state.as_str(),
            reason: kind.coverage.reason,
            new_versions: kind.new_versions,
            opened: kind.opened,
            closed: kind.closed,
        })
        .collect();
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    let document = SnapshotDocument {
        snapshot_id: snapshot.id.to_string(),
        number: snapshot.number,
        taken_at: snapshot.taken_at,
        committed_at: record.committed_at,
        tool: record.tool,
        source: record.source.map(|source| SourceDocument {
            kind: source.kind,
            name: source.name,
        }),
        tags: tags.map(|(name, _)| name.clone()).collect(),
        kinds,
    };
    asked.document(&document, &basis)
}
