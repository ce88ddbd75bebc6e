//! The tenants that are served.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

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
#[utoipa::path(get, path = "/v1/tenants", tag = "tenants",
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
