//! What a snapshot came to, for people and for programs.

use std::fmt::Write as _;

use collector::{CollectReport, CollectedKind};
use store::CoverageState;

use crate::app::App;
use crate::commands::NEWEST;
use crate::failure::Result;
use crate::output::{Grid, bytes, count, plural, short_time, truncated};
use crate::progress::Watcher;
use crate::tenant::Tenant;

/// Kinds named on the screen; -v names all.
const SHOWN_KINDS: usize = 15;

pub(super) fn print_summary(app: &App, report: &CollectReport, watcher: &Watcher) -> Result<()> {
    for kind in &report.kinds {
        for finding in &kind.findings {
            let line = serde_json::json!({
                "message_type": "error",
                "kind": kind.kind,
                "item": finding.file,
                "error": {"message": finding.reason},
            });
            app.print(&format!("{line}\n"))?;
        }
    }
    let in_state = |state: CoverageState| -> Vec<&str> {
        let kinds = report.kinds.iter().filter(|kind| kind.state == state);
        let mut kinds: Vec<&str> = kinds.map(|kind| kind.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds
    };
    let sum = |of: fn(&CollectedKind) -> u64| report.kinds.iter().map(of).sum::<u64>();
    let line = serde_json::json!({
        "message_type": "summary",
        "snapshot_id": report.id.to_string(),
        "taken_at": report.taken_at.to_string(),
        "is_new": report.is_new,
        "resumed": report.resumed,
        "objects": sum(|kind| kind.alive),
        "new_versions": sum(|kind| kind.new_versions),
        "opened": sum(|kind| kind.opened),
        "closed": sum(|kind| kind.closed),
        "bytes_added": report.bytes_added,
        "kinds": report.kinds.len(),
        "kinds_complete": in_state(CoverageState::Complete).len(),
        "kinds_partial": in_state(CoverageState::Partial),
        "kinds_forbidden": in_state(CoverageState::Forbidden),
        "kinds_not_licensed": in_state(CoverageState::NotLicensed),
        "kinds_not_selected": in_state(CoverageState::NotSelected).len(),
        "kinds_failed": in_state(CoverageState::Failed),
        "requests": report.meter.total.requests,
        "calls": report.meter.calls,
        "batches": report.meter.batches,
        "resource_units": report.meter.total.resource_units,
        "retries": report.meter.total.retries,
        "throttled": report.meter.total.throttled,
        "bytes_read": report.meter.total.bytes,
        "duration_s": watcher.elapsed().as_secs_f64(),
        "by_kind": by_kind(report),
    });
    app.print(&format!("{line}\n"))
}

/// What became of each kind that was asked for, and what it cost.
fn by_kind(report: &CollectReport) -> serde_json::Map<String, serde_json::Value> {
    let asked = report
        .kinds
        .iter()
        .filter(|kind| kind.state != CoverageState::NotSelected);
    let one = |kind: &CollectedKind| {
        let cost = report.meter.labels.get(&kind.kind);
        let cost = cost.copied().unwrap_or_default();
        let figures = serde_json::json!({
            "status": kind.state.as_str(),
            "reason": kind.reason,
            "objects": kind.alive,
            "new_versions": kind.new_versions,
            "opened": kind.opened,
            "closed": kind.closed,
            "requests": cost.requests,
            "resource_units": cost.resource_units,
            "retries": cost.retries,
            "throttled": cost.throttled,
            "bytes_read": cost.bytes,
        });
        (kind.kind.clone(), figures)
    };
    asked.map(one).collect()
}

pub(super) fn print(
    app: &App,
    tenant: &Tenant,
    report: &CollectReport,
    asked_to_resume: bool,
    watcher: &Watcher,
) -> Result<()> {
    if asked_to_resume && !report.resumed {
        app.note("there was no run to go on with: everything was read anew");
    }
    if let Some(begun) = report.discarded {
        app.note(&format!(
            "a run of {} was not finished and was begun anew; --resume would have gone on with it",
            short_time(begun)
        ));
    }
    let sum = |of: fn(&CollectedKind) -> u64| report.kinds.iter().map(of).sum::<u64>();
    let meter = &report.meter;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "snapshot {} of {} from {}: {} in {}, {} and {} added; {} in {:.1} s",
        app.short(&report.id.to_string()),
        short_time(report.taken_at),
        tenant.title(),
        plural(sum(|kind| kind.alive), "object"),
        plural(
            report.kinds.iter().filter(|kind| kind.alive > 0).count() as u64,
            "kind"
        ),
        plural(sum(|kind| kind.new_versions), "new version"),
        bytes(report.bytes_added),
        asked(meter.total.requests, meter.calls),
        watcher.elapsed().as_secs_f64()
    );
    kinds(app, report, &mut text);
    app.print(&text)?;
    print_lacks(app, report);
    let has_before = app.archive()?.snapshots().len() > 1;
    app.next_command(if has_before { "diff" } else { "ls" })
}

fn asked(requests: u64, calls: u64) -> String {
    format!(
        "{} in {}",
        plural(requests, "request"),
        plural(calls, "call")
    )
}

/// The kinds in which something changed, those with most changes first.
fn kinds(app: &App, report: &CollectReport, text: &mut String) {
    let header = ["kind", ">objects", ">new versions", ">opened", ">closed"];
    let mut grid = Grid::new(
        &header,
        std::io::IsTerminal::is_terminal(&std::io::stdout()),
    );
    let changes = |kind: &CollectedKind| kind.opened + kind.closed;
    let mut shown: Vec<&CollectedKind> = report
        .kinds
        .iter()
        .filter(|kind| changes(kind) > 0)
        .collect();
    shown.sort_by(|a, b| {
        changes(b)
            .cmp(&changes(a))
            .then_with(|| a.kind.cmp(&b.kind))
    });
    if shown.is_empty() {
        text.push_str("nothing changed\n");
        return;
    }
    let limit = if app.globals.verbose > 0 {
        usize::MAX
    } else {
        SHOWN_KINDS
    };
    for kind in shown.iter().take(limit) {
        let numbers = [kind.alive, kind.new_versions, kind.opened, kind.closed].map(count);
        let mut cells = vec![format!("  {}", kind.kind)];
        cells.extend(numbers);
        grid.push(&cells);
    }
    text.push_str(&grid.render(app.colour));
    if shown.len() > limit {
        let _ = writeln!(
            text,
            "  … and {} (-v lists them)",
            plural((shown.len() - limit) as u64, "more kind")
        );
    }
}

/// Says what is not in the snapshot although somebody may think so. Kinds that lack the same thing are
/// named together.
fn print_lacks(app: &App, report: &CollectReport) {
    let mut by_reason: Vec<(String, Vec<&str>)> = Vec::new();
    for kind in report.kinds.iter().filter(|kind| kind.is_lacking) {
        let reason = kind.reason.clone().unwrap_or_default();
        match by_reason.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, kinds)) => kinds.push(&kind.kind),
            None => by_reason.push((reason, vec![&kind.kind])),
        }
    }
    let lacking: usize = by_reason.iter().map(|(_, kinds)| kinds.len()).sum();
    if lacking > 0 {
        app.warn(&format!(
            "{} not read completely; all of them: {} sql -c \"select kind, status, reason from coverage where {NEWEST} and status <> 'complete' order by kind\"",
            plural(lacking as u64, "kind"),
            app.invocation()
        ));
    }
    let limit = if app.globals.verbose > 0 {
        usize::MAX
    } else {
        SHOWN_KINDS
    };
    for (reason, kinds) in by_reason.iter().take(limit) {
        app.warn(&format!(
            "  {}: {}",
            truncated(&kinds.join(", "), 60),
            truncated(reason, 160)
        ));
    }
    let findings: usize = report.kinds.iter().map(|kind| kind.findings.len()).sum();
    if findings > 0 {
        app.warn(&format!(
            "{} about single objects: {} sql -c \"select * from collection_errors\"",
            plural(findings as u64, "remark"),
            app.invocation()
        ));
    }
}
