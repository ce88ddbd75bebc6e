//! One run of a watch.

use collector::CollectReport;
use graph::Client;

use super::signals::Stop;
use crate::app::App;
use crate::failure::{Failure, Result};
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
    let mut writer = app.writer()?;
    let runtime = app.runtime()?.handle();
    let report =
        collector::collect(&mut writer, client, runtime, &request, stop).map_err(Failure::from)?;
    query::refresh_columns(&writer, false)?;
    for tag in &tenant.tags {
        writer.tag(tag, Some(report.number))?;
    }
    Ok(report)
}
