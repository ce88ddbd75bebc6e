//! `watch`: snapshots as they are due, until somebody says stop.
//!
//! One client lives as long as the watch, so that a person who signed in by device code is asked once.
//! The writer lock is held only while a run is under way.

mod run;
mod signals;

use clap::Args;
use collector::{CollectReport, Due, Timing};
use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::config::Interval;
use crate::failure::{Failure, INTERRUPTED, PARTIAL, Result, USAGE};
use crate::output::{bytes, plural, short_time};
use crate::tenant::Tenant;
use signals::Stop;

/// Take snapshots as they are due, until stopped
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace watch                    every 15 minutes what changed, or as the configuration says
  entrace watch --interval 1h --json
  entrace watch --once             one run, as a timer would have it

Kinds with a delta query are read by their changes; everything is read whole when the tenant's schedule says so, and every \
7 days in any case. A run that was interrupted is gone on with. After a failure the next try waits a minute, then two, four, \
and so on up to an hour. Ctrl-C or SIGTERM ends it after the page at hand, a second one at once; what was read is kept.")]
pub(crate) struct WatchArgs {
    /// Time between two runs (90s, 15m, 2h); by default as the configuration says, or 15m
    #[arg(long, value_name = "TIME")]
    interval: Option<Interval>,
    /// Make one run and end
    #[arg(long)]
    once: bool,
    /// Kinds to read: kinds, categories, all, @default; -KIND leaves out. By default those of the configuration
    #[arg(
        short,
        long,
        value_name = "KINDS",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    kinds: Vec<String>,
}

/// Time between two runs where nothing else is said.
const INTERVAL: SignedDuration = SignedDuration::from_mins(15);

pub(crate) fn run(app: &App, args: &WatchArgs) -> Result<u8> {
    let tenant = app.tenant(&args.kinds)?;
    let client = tenant.client()?;
    let newest = app
        .archive()?
        .snapshots()
        .last()
        .map(|snapshot| snapshot.taken_at);
    let stop = Stop::on_signals(app)?;
    let interval = args
        .interval
        .or(tenant.delta_every)
        .map_or(INTERVAL, |interval| interval.0);
    let schedule = tenant
        .schedule
        .as_ref()
        .map(|schedule| (*schedule.0).clone());
    let mut timing = Timing::new(interval, schedule, newest, App::now());
    if args.once {
        let full = timing.due().full;
        let report = run::once(app, &tenant, &client, full, &stop)?;
        tell(app, &report)?;
        return Ok(if report.kinds.iter().any(|kind| kind.is_lacking) {
            PARTIAL
        } else {
            0
        });
    }
    say_begin(app, &tenant, interval);
    while stop.wait_until(app, timing.due().at)? {
        let Due { full, .. } = timing.due();
        match run::once(app, &tenant, &client, full, &stop) {
            Ok(report) => {
                timing.succeeded(App::now(), full);
                tell(app, &report)?;
            }
            Err(failure) if failure.code == INTERRUPTED => break,
            // Waiting does not mend what is written in a configuration.
            Err(failure) if failure.code == USAGE => return Err(failure),
            Err(failure) => {
                timing.failed(App::now());
                tell_failure(app, &failure, timing.due().at)?;
            }
        }
    }
    if !app.wants_json() && !app.globals.quiet {
        App::say("Stopped");
    }
    Ok(0)
}

fn say_begin(app: &App, tenant: &Tenant, interval: SignedDuration) {
    if app.wants_json() || app.globals.quiet {
        return;
    }
    let schedule = tenant.schedule.as_ref().map_or(String::new(), |schedule| {
        format!(", and everything whole at {} (UTC)", schedule.0.as_str())
    });
    App::say(&format!(
        "Watching {}: changes every {interval:#}{schedule}",
        tenant.title()
    ));
}

/// One line a run.
fn tell(app: &App, report: &CollectReport) -> Result<()> {
    let sum = |of: fn(&collector::CollectedKind) -> u64| report.kinds.iter().map(of).sum::<u64>();
    let lacking: Vec<&str> = report
        .kinds
        .iter()
        .filter(|kind| kind.is_lacking)
        .map(|kind| kind.kind.as_str())
        .collect();
    let (new, closed) = (sum(|kind| kind.new_versions), sum(|kind| kind.closed));
    let total = report.meter.total;
    if app.wants_json() {
        let line = serde_json::json!({
            "message_type": "run",
            "snapshot_id": report.id.to_string(),
            "taken_at": report.taken_at.to_string(),
            "is_new": report.is_new,
            "resumed": report.resumed,
            "objects": sum(|kind| kind.alive),
            "new_versions": new,
            "opened": sum(|kind| kind.opened),
            "closed": closed,
            "bytes_added": report.bytes_added,
            "requests": total.requests,
            "throttled": total.throttled,
            "lacking": lacking,
        });
        return app.print(&format!("{line}\n"));
    }
    let what = if report.is_new && new + closed > 0 {
        format!(
            "{}, {closed} closed, {} added",
            plural(new, "new version"),
            bytes(report.bytes_added)
        )
    } else {
        "nothing changed".to_owned()
    };
    let lacking = if lacking.is_empty() {
        String::new()
    } else {
        format!("; {} not read whole", plural(lacking.len() as u64, "kind"))
    };
    let id = report.id.to_string();
    app.print(&format!(
        "{}  snapshot {}: {what}; {}{lacking}\n",
        short_time(report.taken_at),
        app.short(&id),
        plural(total.requests, "request"),
    ))
}

fn tell_failure(app: &App, failure: &Failure, next: Timestamp) -> Result<()> {
    if app.wants_json() {
        let line = serde_json::json!({
            "message_type": "error",
            "code": failure.code,
            "message": failure.message,
            "hint": failure.hint,
            "next_try": next.to_string(),
        });
        return app.print(&format!("{line}\n"));
    }
    let hint = failure
        .hint
        .as_ref()
        .map_or(String::new(), |hint| format!("\n  {hint}"));
    app.warn(&format!(
        "{}; trying again at {}{hint}",
        failure.message,
        short_time(next)
    ));
    Ok(())
}
