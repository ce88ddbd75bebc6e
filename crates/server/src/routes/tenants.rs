//! The tenants that are served.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::asked::Named;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::state::AppState;

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tenant {
    /// Its name here.
    #[schema(example = "contoso")]
    name: String,
    /// Its label in the archive: tenant id or domain name. Null while the archive cannot be opened.
    label: Option<String>,
    /// Snapshots in the archive.
    snapshots: Option<usize>,
    /// When the newest snapshot was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    latest: Option<Timestamp>,
}

/// The tenants, by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantList {
    /// The tenants.
    items: Vec<Tenant>,
}

/// List tenants
///
/// Those that are served and that you may see.
#[utoipa::path(get, path = "/v1/tenants", tag = "tenants", operation_id = "list_tenants",
    responses((status = 200, description = "The tenants, by name.", body = TenantList)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    principal: Principal,
) -> Result<Json<TenantList>, Problem> {
    let mut items = Vec::new();
    for served in state.fleet.of(&principal) {
        let opened = served.opened(&state.engine).await.ok();
        let archive = opened.as_ref().map(|opened| opened.archive());
        let latest = archive.and_then(|archive| archive.snapshots().last());
        items.push(Tenant {
            name: served.name.clone(),
            label: archive.map(|archive| archive.tenant().to_owned()),
            snapshots: archive.map(|archive| archive.snapshots().len()),
            latest: latest.map(|snapshot| snapshot.taken_at),
        });
    }
    Ok(Json(TenantList { items }))
}

/// How a tenant's archive is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// Its name here.
    name: String,
    /// Its label in the archive: tenant id or domain name.
    label: String,
    /// Id of the archive.
    archive_id: String,
    /// The key that verifies the log's checkpoints, in signed-note form.
    log_key: String,
    /// Acts in the log.
    log_size: u64,
    /// Snapshots.
    snapshots: usize,
    /// When the oldest was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    first: Option<Timestamp>,
    /// When the newest was taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    latest: Option<Timestamp>,
    /// Tags.
    tags: Vec<Tag>,
    /// Holds in force.
    holds: usize,
    /// What it has of each kind, by name.
    kinds: Vec<KindSize>,
    /// Why a newer state of the archive could not be opened; null where all is well.
    trouble: Option<String>,
}

/// A name of a snapshot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tag {
    /// The name; `tag:NAME` is a revision.
    name: String,
    /// Number of the snapshot.
    snapshot: u32,
}

/// What an archive has of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindSize {
    /// The kind.
    kind: String,
    /// Objects there ever were.
    objects: u32,
    /// Contents of them.
    versions: u32,
}

/// How a tenant's archive is
#[utoipa::path(get, path = "/v1/tenants/{tenant}/status", tag = "tenants", operation_id = "get_tenant_status",
    params(("tenant" = String, Path, description = "Its name in `GET /v1/tenants`.")),
    responses((status = 200, description = "Its archive.", body = Status)))]
pub(crate) async fn status(
    State(state): State<AppState>,
    principal: Principal,
    Named(tenant): Named<String>,
) -> Result<Json<Status>, Problem> {
    let served = state.fleet.chosen(&principal, Some(&tenant))?;
    let opened = served.opened(&state.engine).await?;
    let archive = opened.archive();
    let snapshots = archive.snapshots();
    let tags = archive.tags().iter().map(|(name, snapshot)| Tag {
        name: name.clone(),
        snapshot: *snapshot,
    });
    let mut kinds: Vec<KindSize> = archive
        .kinds()
        .into_iter()
        .map(|kind| KindSize {
            kind: kind.name,
            objects: kind.objects,
            versions: kind.versions,
        })
        .collect();
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    Ok(Json(Status {
        name: served.name.clone(),
        label: archive.tenant().to_owned(),
        archive_id: archive.id().to_string(),
        log_key: archive.log_key(),
        log_size: archive.log_size(),
        snapshots: snapshots.len(),
        first: snapshots.first().map(|snapshot| snapshot.taken_at),
        latest: snapshots.last().map(|snapshot| snapshot.taken_at),
        tags: tags.collect(),
        holds: archive.holds().len(),
        kinds,
        trouble: served.trouble().map(|problem| problem.detail().to_owned()),
    }))
}
