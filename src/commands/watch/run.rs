//! One run of a watch.

use collector::CollectReport;
use graph::Client;

use super::signals::Stop;
use crate::app::App;
use crate::commands::snapshot::run_once;
use crate::failure::Result;
use crate::tenant::Tenant;

/// Makes a snapshot, going on with a run that was interrupted. An index that is damaged is made anew
/// first, once.
pub(super) fn once(
    app: &App,
    tenant: &Tenant,
    client: &Client,
    full: bool,
    stop: &Stop,
) -> Result<CollectReport> {
    match snapshot(app, tenant, client, full, stop) {
        Err(failure) if failure.is_index => {
            app.note(&format!("{}; making it anew", failure.message));
            drop(app.rebuilt()?);
            snapshot(app, tenant, client, full, stop)
        }
        other => other,
    }
}

fn snapshot(
    app: &App,
    tenant: &Tenant,
    client: &Client,
    full: bool,
    stop: &Stop,
) -> Result<CollectReport> {
    let mut request = tenant.request();
    request.resume = true;
    request.full = full;
    let tags: Vec<&str> = tenant.tags.iter().map(String::as_str).collect();
    run_once(app, client, &request, &tags, stop)
}
