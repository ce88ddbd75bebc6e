//! What differs between two states, what changed when, and what the audit log says.

use axum::response::Response;
use query::arrow::array::RecordBatch;
use serde::Deserialize;
use store::{Archive, Snapshot};
use utoipa::IntoParams;

use super::common::{Common, Paging, parameters};
use super::described::{AuditPage, ChangePage, DiffPage, DiffSummaryPage};
use super::objects::{differing, state_of};
use crate::answer::Listing;
use crate::asked::{Asked, word};
use crate::fleet::Opened;
use crate::format::ROWS;
use crate::problem::Problem;
use crate::rows::{append, marked, text_of};
use crate::statement::{Key, Text, among};

/// What an application does to take a change back, in Microsoft's words.
const RECOVERY_ACTION: &str = "case change_type when 'added' then 'softDelete' when 'restored' then 'softDelete' \
                               when 'linked' then 'softDelete' when 'removed' then 'restore' \
                               when 'unlinked' then 'restore' else 'update' end as \"recoveryAction\"";

/// Between which states.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDiff {
    /// The earlier state; by default the one before the later.
    #[param(example = "-7d")]
    from: Option<String>,
    /// The later state; by default the newest.
    #[param(example = "latest")]
    to: Option<String>,
    /// Only of these kinds, with commas between them.
    kind: Option<String>,
    /// `true`: only how many objects of each kind differ.
    #[param(pattern = "^(true|false)$")]
    summary: Option<String>,
}

parameters!(ListDiff, ROWS, paged: true);

/// What differs between two states
///
/// In the words of Microsoft's difference report: an object that was changed and put back is not in it.
#[utoipa::path(get, path = "/v1/diff", tag = "changes", operation_id = "diff", params(ListDiff, Common, Paging),
    responses((status = 200, description = "Objects that differ, by kind and id; with `summary` their numbers.",
        body = inline(DiffAnswer))))]
pub(crate) async fn diff(asked: Asked<ListDiff>) -> Result<Response, Problem> {
    let (from, to) = (asked.own.from.as_deref(), asked.own.to.as_deref());
    let later = asked.pinned(1, to.unwrap_or("latest"))?;
    let earlier = match from {
        Some(from) => asked.pinned(0, from)?,
        None => asked.before(0, &later)?,
    };
    let basis = asked.basis(
        &[&earlier, &later],
        Asked::<ListDiff>::is_fixed(from) && Asked::<ListDiff>::is_fixed(to),
    );
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let switches = [("true", true), ("false", false)];
    let is_summary = word(
        "summary",
        asked.own.summary.as_deref().unwrap_or("false"),
        &switches,
    )?;
    let kinds = asked.kinds(asked.own.kind.as_deref())?;
    let only = match kinds.as_slice() {
        [one] => format!(", {}", Text(one)),
        _ => String::new(),
    };
    let condition = if kinds.is_empty() {
        "true".to_owned()
    } else {
        format!("kind in {}", among(kinds.iter().map(String::as_str)))
    };
    let rows = format!(
        "diff('{}', '{}'{only}) where {condition}",
        earlier.id, later.id
    );
    let pins = vec![earlier.clone(), later.clone()];
    if is_summary {
        let listing = Listing {
            select: format!(
                "select kind, change_type as \"changeType\", count(*) as objects, \
                        sum(properties_changed) as \"propertiesChanged\" from {rows} group by 1, 2"
            ),
            keys: &[Key::text("kind"), Key::text("changeType")],
            as_of: None,
            pins,
        };
        return asked.listed(listing, &basis).await;
    }
    let listing = Listing {
        select: format!(
            "select object_id as id, display_name as \"displayName\", kind, change_type as \"changeType\", \
                    {RECOVERY_ACTION}, properties_changed as \"propertiesChanged\", \
                    links_changed as \"linksChanged\", from_version as \"fromVersion\", \
                    to_version as \"toVersion\" from {rows}"
        ),
        keys: &[Key::text("kind"), Key::text("id")],
        as_of: None,
        pins,
    };
    let told = move |opened: &Opened, batch| reported(opened, &batch, &earlier, &later);
    asked.listed_with(listing, &basis, told).await
}

/// Differences, or their numbers.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes rows that come from the engine")]
pub(crate) enum DiffAnswer {
    Differences(DiffPage),
    Summary(DiffSummaryPage),
}

/// Adds what Microsoft's report has besides: the type, and both states of the properties that differ.
fn reported(
    opened: &Opened,
    batch: &RecordBatch,
    earlier: &Snapshot,
    later: &Snapshot,
) -> Result<RecordBatch, Problem> {
    let archive = opened.archive();
    let (mut current, mut delta) = (Vec::new(), Vec::new());
    for row in 0..batch.num_rows() {
        let (kind, id) = (text_of(batch, "kind", row)?, text_of(batch, "id", row)?);
        let stored = archive.kind(kind.as_deref().unwrap_or_default());
        // A relationship is shown by both its ids.
        let key = id
            .unwrap_or_default()
            .replace('/', &model::KEY_SEPARATOR.to_string());
        let key = model::fold_id(&key);
        let Some(stored) = stored else {
            current.push(None);
            delta.push(None);
            continue;
        };
        let before = state_of(archive, stored.number, &key, earlier)?;
        let after = state_of(archive, stored.number, &key, later)?;
        let (then, now) = differing(before.as_ref(), after.as_ref())?;
        current.push(after.is_some().then(|| now.to_string()));
        delta.push(before.is_some().then(|| then.to_string()));
    }
    let nothing = vec![None; batch.num_rows()];
    let batch = typed(batch)?;
    let batch = append(&batch, "currentState", current, true)?;
    let batch = append(&batch, "deltaFromCurrent", delta, true)?;
    append(&batch, "failureMessage", nothing, false)
}

/// Adds the type in Graph.
fn typed(batch: &RecordBatch) -> Result<RecordBatch, Problem> {
    let mut types = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let kind = text_of(batch, "kind", row)?.unwrap_or_default();
        types.push(catalog::by_name(&kind).map(|kind| {
            let name = kind.entity_type.rsplit('.').next();
            name.unwrap_or(kind.entity_type).to_owned()
        }));
    }
    append(batch, "entityTypeName", types, false)
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListChanges {
    /// Only changes after this time or revision.
    #[param(example = "-1d")]
    since: Option<String>,
    /// Only changes at or before this time or revision.
    until: Option<String>,
    /// Only by this actor: a user principal name, an application's name or an id.
    actor: Option<String>,
    /// Only of these kinds, with commas between them.
    kind: Option<String>,
    /// Only of this property or relationship, and of what is in it.
    #[param(example = "conditions.users")]
    path: Option<String>,
    /// Only of this object and its relationships.
    object: Option<String>,
}

parameters!(ListChanges, ROWS, paged: true);

/// What changed, and who did it
///
/// Newest first: objects that came and went, properties with both values, relationships.
#[utoipa::path(get, path = "/v1/changes", tag = "changes", operation_id = "list_changes",
    params(ListChanges, Common, Paging),
    responses((status = 200, description = "Changes, newest first.", body = ChangePage)))]
pub(crate) async fn changes(asked: Asked<ListChanges>) -> Result<Response, Problem> {
    let latest = asked.pinned(0, "latest")?;
    let basis = asked.basis(&[&latest], false);
    let conditions = conditions(&asked)?;
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    let (of_object, of_links) = match &asked.own.object {
        Some(object) => {
            let object = asked.found(object).await?;
            let end = model::fold_id(&object.id);
            let end = Text(&end);
            (
                format!(
                    "kind = {} and object_id = {}",
                    Text(&object.kind_name),
                    Text(&object.id)
                ),
                format!("(source_id = {end} or target_id = {end})"),
            )
        }
        None => ("true".to_owned(), "true".to_owned()),
    };
    let listing = Listing {
        select: format!(
            "{} where {conditions}",
            all_changes(asked.opened.archive(), &of_object, &of_links)
        ),
        keys: &[
            Key::time("changedBefore").descending(),
            Key::text("kind"),
            Key::text("id"),
            Key::text("changeId"),
            Key::text("path"),
        ],
        as_of: Some(latest.clone()),
        pins: vec![latest],
    };
    asked
        .listed_with(listing, &basis, |_, batch| completed(&batch))
        .await
}

/// Adds to rows of changes what statements cannot say.
pub(crate) fn completed(batch: &RecordBatch) -> Result<RecordBatch, Problem> {
    marked(&typed(batch)?, &["oldValue", "newValue"])
}

fn conditions(asked: &Asked<ListChanges>) -> Result<String, Problem> {
    let mut conditions = vec!["true".to_owned()];
    let own = &asked.own;
    for (name, text, operator) in [("since", &own.since, ">"), ("until", &own.until, "<=")] {
        if let Some(text) = text {
            let time = asked.time(name, text)?;
            // Where the audit log says when it happened, that counts; else when a snapshot first showed it.
            conditions.push(format!(
                "coalesce(\"changedAt\", \"changedBefore\") {operator} timestamp '{time}'"
            ));
        }
    }
    if let Some(actor) = &own.actor {
        let folded = actor.to_lowercase();
        let folded = Text(&folded);
        conditions.push(format!(
            "(lower(actor) = {folded} or lower(\"actorId\") = {folded})"
        ));
    }
    if let Some(path) = &own.path {
        let (dot, bracket) = (format!("{path}."), format!("{path}["));
        conditions.push(format!(
            "(path = {} or starts_with(path, {}) or starts_with(path, {}))",
            Text(path),
            Text(&dot),
            Text(&bracket)
        ));
    }
    if own.kind.is_some() {
        let kinds = asked.kinds(own.kind.as_deref())?;
        conditions.push(format!(
            "kind in {}",
            among(kinds.iter().map(String::as_str))
        ));
    }
    Ok(conditions.join(" and "))
}

/// Objects, properties and relationships as rows of one form. Relationships are told of by the object they start
/// from, so they are left out among the objects.
pub(crate) fn all_changes(archive: &Archive, of_object: &str, of_links: &str) -> String {
    let stored = archive.kinds();
    let edges: Vec<&str> = stored
        .iter()
        .map(|kind| kind.name.as_str())
        .filter(|name| catalog::by_name(name).is_some_and(catalog::Kind::is_relationship))
        .collect();
    let no_edges = if edges.is_empty() {
        "true".to_owned()
    } else {
        format!("kind not in {}", among(edges))
    };
    let when = "change_id as \"changeId\", changed_at as \"changedAt\", changed_after as \"changedAfter\", \
                changed_before as \"changedBefore\"";
    let who = "actor, actor_id as \"actorId\", actor_ip as \"actorIp\", confidence, audit_id as \"auditId\", \
               snapshot_id as \"snapshotId\"";
    format!(
        "select \"changeId\", \"changedAt\", \"changedAfter\", \"changedBefore\", change_type as \"changeType\", \
                kind, id, \"displayName\", coalesce(path, '') as path, \"oldValue\", \"newValue\", actor, \"actorId\", \"actorIp\", \
                confidence, \"auditId\", \"snapshotId\", {RECOVERY_ACTION} from ( \
           select {when}, change_type, kind, object_id as id, display_name as \"displayName\", cast(null as text) as path, \
                  cast(null as text) as \"oldValue\", cast(null as text) as \"newValue\", {who} \
             from changes where change_type <> 'modified' and {no_edges} and {of_object} \
           union all \
           select {when}, 'modified', kind, object_id, display_name, path, old_value, new_value, {who} \
             from property_changes where {no_edges} and {of_object} \
           union all \
           select {when}, case change_type when 'removed' then 'unlinked' when 'modified' then 'relinked' else 'linked' end, \
                  source_kind, source_id, source_name, relation, \
                  case when change_type = 'removed' then target_id end, \
                  case when change_type <> 'removed' then target_id end, {who} \
             from link_changes where {of_links}) as told"
    )
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAudits {
    /// Only events at or after this time or revision.
    #[param(example = "-1d")]
    since: Option<String>,
    /// Only events at or before this time or revision.
    until: Option<String>,
    /// Only events whose initiator has this text: an id, a user principal name, an application's name.
    actor: Option<String>,
    /// Only events whose targets have this text.
    target: Option<String>,
    /// Only this activity, such as `Update conditional access policy`.
    activity: Option<String>,
    /// `success` or `failure`.
    result: Option<String>,
}

parameters!(ListAudits, ROWS, paged: true);

/// Directory audit events
///
/// Newest first, as Microsoft logged them and the archive kept them.
#[utoipa::path(get, path = "/v1/audits", tag = "changes", operation_id = "list_audits",
    params(ListAudits, Common, Paging),
    responses((status = 200, description = "Events, newest first.", body = AuditPage)))]
pub(crate) async fn audits(asked: Asked<ListAudits>) -> Result<Response, Problem> {
    let basis = asked.basis(&[], false);
    let own = &asked.own;
    let mut conditions = vec!["activity_date_time is not null".to_owned()];
    for (name, text, operator) in [("since", &own.since, ">="), ("until", &own.until, "<=")] {
        if let Some(text) = text {
            let time = asked.time(name, text)?;
            conditions.push(format!("activity_date_time {operator} timestamp '{time}'"));
        }
    }
    if let Some(same) = asked.unchanged(&basis) {
        return Ok(same);
    }
    for (column, text) in [
        ("initiated_by", &own.actor),
        ("target_resources", &own.target),
    ] {
        if let Some(text) = text {
            let text = text.to_lowercase();
            conditions.push(format!("strpos(lower({column}), {}) > 0", Text(&text)));
        }
    }
    for (column, text) in [
        ("activity_display_name", &own.activity),
        ("result", &own.result),
    ] {
        if let Some(text) = text {
            let text = text.to_lowercase();
            conditions.push(format!("lower({column}) = {}", Text(&text)));
        }
    }
    let listing = Listing {
        select: format!(
            "select id, activity_date_time, activity_display_name, category, result, result_reason, \
                    logged_by_service, correlation_id, initiated_by, target_resources, additional_details \
             from directory_audits where {}",
            conditions.join(" and ")
        ),
        keys: &[
            Key::time("activity_date_time").descending(),
            Key::text("id"),
        ],
        as_of: None,
        pins: Vec::new(),
    };
    asked.listed(listing, &basis).await
}
