//! `snapshot`: a living tenant becomes a snapshot.

mod report;

use std::sync::Arc;

use clap::Args;
use collector::{CollectMonitor, CollectReport, CollectRequest};
use graph::Client;

use crate::app::App;
use crate::failure::{PARTIAL, Result};
use crate::progress::{ProgressStyle, Watcher, stopper};
use crate::tenant::Tenant;

/// Read the tenant into the archive
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace snapshot                          everything Graph offers to this application
  entrace snapshot --kinds @default         what most tenants need
  entrace snapshot --kinds user,group,@policies
  entrace snapshot --kinds all,-device      all but devices
  entrace snapshot --resume                 go on with a run that was interrupted

Who signs in is said by the configuration file or by the Azure SDKs' own variables: AZURE_TENANT_ID, AZURE_CLIENT_ID and \
AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE. entrace auth setup prints what an \
application needs, entrace doctor --live tries it.

A kind that cannot be read never fails a snapshot: the table coverage says of each kind how completely it was read, and \
what is missing. Kinds with a delta query are read whole every 7 days, and by their changes in between.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct SnapshotArgs {
    /// Kinds, categories (@policies), all, @default; -NAME leaves out
    #[arg(long, value_name = "KINDS", allow_hyphen_values = true)]
    kinds: Vec<String>,
    /// Read everything whole, and compare it with what the changes led to
    #[arg(long)]
    full: bool,
    /// Go on with a run that was interrupted
    #[arg(long)]
    resume: bool,
    /// Leave out the logs: directory audits, sign-ins, risk detections
    #[arg(long)]
    no_audit: bool,
    /// Stop asking after so many requests; what is not read then is partial
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// Take a kind of which nothing is left as deleted, even where a failure is likelier
    #[arg(long)]
    accept_deletions: bool,
    /// Name the snapshot
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,
}

pub(crate) fn run(app: &App, args: &SnapshotArgs) -> Result<u8> {
    let tenant = app.tenant(&args.kinds)?;
    let request = request(&tenant, args);
    let client = tenant.client()?;
    let stop = stopper(app)?;
    let watcher = Watcher::new(app.progress_style(), Arc::clone(&stop));
    let configured = tenant.tags.iter().map(String::as_str);
    let tags: Vec<&str> = configured.chain(args.tag.as_deref()).collect();
    let report = run_once(app, &client, &request, &tags, &watcher);
    watcher.end();
    let report = report?;
    if app.wants_json() || app.progress_style() == ProgressStyle::Json {
        report::print_summary(app, &report, &watcher)?;
    } else {
        report::print(app, &tenant, &report, args.resume, &watcher)?;
    }
    let is_lacking = report.kinds.iter().any(|kind| kind.is_lacking);
    Ok(if is_lacking { PARTIAL } else { 0 })
}

/// What the arguments ask for, over what the configuration says.
fn request(tenant: &Tenant, args: &SnapshotArgs) -> CollectRequest {
    let mut request = tenant.request();
    if args.no_audit {
        request.kinds.retain(|kind| !kind.is_event());
    }
    request.full |= args.full;
    request.resume |= args.resume;
    request.accept_deletions |= args.accept_deletions;
    request.max_requests = args.max_requests.or(request.max_requests);
    request
}

/// Makes one snapshot, with the columns and the names that belong to it. The writer lock is held only
/// meanwhile.
pub(crate) fn run_once(
    app: &App,
    client: &Client,
    request: &CollectRequest,
    tags: &[&str],
    monitor: &dyn CollectMonitor,
) -> Result<CollectReport> {
    let mut writer = app.writer()?;
    let runtime = app.runtime()?.handle();
    let report = collector::collect(&mut writer, client, runtime, request, monitor)?;
    query::refresh_columns(&writer, false)?;
    for tag in tags {
        writer.tag(tag, Some(report.number))?;
    }
    Ok(report)
}
