//! What an import came to, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use collector::{ImportReport, Suspected};
use store::{Archive, CoverageState, Finding, Verdict};

use crate::app::App;
use crate::failure::Result;
use crate::output::{Grid, bytes, count, plural, short_time, truncated};
use crate::progress::Watcher;
use crate::words::quoted;

/// Findings named on the screen; the rest is counted.
const SHOWN_FINDINGS: usize = 10;
/// Kinds with changes named on the screen.
const SHOWN_KINDS: usize = 12;

/// The command that looks at the events of an import.
pub(super) fn question(report: &ImportReport) -> String {
    let kinds = report.snapshots.iter().flat_map(|snapshot| &snapshot.kinds);
    let largest = kinds
        .max_by_key(|kind| kind.alive)
        .map_or("directory_audit", |kind| kind.kind.as_str());
    let table = catalog::by_name(largest).map_or(largest, |kind| kind.table);
    format!("sql -c {}", quoted(&format!("select * from {table}")))
}

fn totals(report: &ImportReport) -> (u64, u64) {
    let new = report
        .snapshots
        .iter()
        .flat_map(|s| &s.kinds)
        .map(|kind| kind.new_versions)
        .sum();
    let added = report
        .snapshots
        .iter()
        .map(|snapshot| snapshot.bytes_added)
        .sum();
    (new, added)
}

pub(super) fn print_summary(
    app: &App,
    path: &Path,
    report: &ImportReport,
    watcher: &Watcher,
) -> Result<()> {
    let (new_versions, bytes_added) = totals(report);
    let last = report.snapshots.last();
    let mut kinds_failed: Vec<&str> = last
        .into_iter()
        .flat_map(|snapshot| &snapshot.kinds)
        .filter(|kind| kind.state != CoverageState::Complete)
        .map(|kind| kind.kind.as_str())
        .collect();
    kinds_failed.sort_unstable();
    for finding in &report.findings {
        let line = serde_json::json!({
            "message_type": "error",
            "verdict": verdict(finding.verdict),
            "file": finding.file,
            "item": finding.place,
            "error": {"message": finding.reason},
        });
        app.print(&format!("{line}\n"))?;
    }
    let line = serde_json::json!({
        "message_type": "summary",
        "path": path.display().to_string(),
        "snapshot_id": last.map(|snapshot| snapshot.id.to_string()),
        "taken_at": last.map(|snapshot| snapshot.taken_at.to_string()),
        "snapshots": report.snapshots.len(),
        "snapshots_already": report.already,
        "objects": last.map_or(0, |s| s.kinds.iter().map(|kind| kind.alive).sum::<u64>()),
        "new_versions": new_versions,
        "bytes_added": bytes_added,
        "bytes_read": report.bytes_read,
        "files": report.files,
        "files_ignored": report.ignored,
        "rejected": report.rejected,
        "doubtful": report.doubtful,
        "kinds_failed": kinds_failed,
        "kinds_suspected_partial": report.suspected.iter().map(|s| s.kind.as_str()).collect::<Vec<_>>(),
        "duration_s": watcher.elapsed().as_secs_f64(),
    });
    app.print(&format!("{line}\n"))
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rejected => "rejected",
        Verdict::Doubtful => "doubtful",
    }
}

pub(super) fn print(
    app: &App,
    path: &Path,
    report: &ImportReport,
    watcher: &Watcher,
    archive: &Archive,
) -> Result<()> {
    let mut text = String::new();
    let (new_versions, added) = totals(report);
    let seconds = watcher.elapsed().as_secs_f64();
    match report.snapshots.as_slice() {
        [] if report.already > 0 => {
            let _ = writeln!(
                text,
                "{}: nothing new: {} in the archive already",
                path.display(),
                plural(report.already, "snapshot")
            );
        }
        [] => {
            let _ = writeln!(text, "{}: no snapshot was made", path.display());
        }
        [only] => {
            let id = only.id.to_string();
            let is_snapshot = archive.snapshots().iter().any(|s| s.number == only.number);
            let what = if is_snapshot { "snapshot" } else { "events" };
            let _ = writeln!(
                text,
                "{what} {} of {} from {}: {} and {} added, {} read in {seconds:.1} s",
                app.short(&id),
                short_time(only.taken_at),
                path.display(),
                plural(new_versions, "new version"),
                bytes(added),
                bytes(report.bytes_read)
            );
        }
        [first, .., last] => {
            let already = if report.already > 0 {
                format!(" ({} there already)", count(report.already))
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "{} of {} to {} from {}{already}: {} and {} added in {seconds:.1} s",
                plural(report.snapshots.len() as u64, "snapshot"),
                short_time(first.taken_at),
                short_time(last.taken_at),
                path.display(),
                plural(new_versions, "new version"),
                bytes(added)
            );
        }
    }
    if let Some(last) = report.snapshots.last() {
        kinds(app, last, report.snapshots.len() == 1, &mut text);
    }
    app.print(&text)?;
    print_doubts(app, report);
    Ok(())
}

/// What the newest snapshot says of each kind.
fn kinds(app: &App, last: &collector::ImportedSnapshot, is_only: bool, text: &mut String) {
    let header = if is_only {
        vec![
            "kind",
            ">objects",
            ">new versions",
            ">opened",
            ">closed",
            "read",
        ]
    } else {
        vec!["kind", ">objects", "read"]
    };
    let mut grid = Grid::new(
        &header,
        std::io::IsTerminal::is_terminal(&std::io::stdout()),
    );
    let mut shown: Vec<_> = last.kinds.iter().collect();
    shown.sort_by(|a, b| b.alive.cmp(&a.alive).then_with(|| a.kind.cmp(&b.kind)));
    let limit = if app.globals.verbose > 0 {
        usize::MAX
    } else {
        SHOWN_KINDS
    };
    for kind in shown.iter().take(limit) {
        let mut cells = vec![format!("  {}", kind.kind), count(kind.alive)];
        if is_only {
            cells.extend([kind.new_versions, kind.opened, kind.closed].map(count));
        }
        cells.push(kind.state.as_str().replace('_', " "));
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

/// Collapses first: they say what is not in the archive although somebody may think so.
fn print_doubts(app: &App, report: &ImportReport) {
    let mut by_kind: BTreeMap<&str, Vec<&Suspected>> = BTreeMap::new();
    for suspected in &report.suspected {
        by_kind.entry(&suspected.kind).or_default().push(suspected);
    }
    for (kind, all) in by_kind {
        let (first, last) = (all[0], all[all.len() - 1]);
        let again = match all.len() {
            1 => String::new(),
            more => format!(
                ", and so on in {more} snapshots until {}",
                short_time(last.taken_at)
            ),
        };
        app.warn(&format!(
            "{} of {} {kind} objects were gone at {}{again}: taken for a failed export, so nothing was closed; \
             if they were deleted, import again with --accept-deletions",
            count(first.gone),
            count(first.before),
            short_time(first.taken_at)
        ));
    }
    if report.rejected + report.doubtful == 0 || app.globals.quiet {
        return;
    }
    let said: Vec<String> = [
        (report.rejected, "rejected (not in the archive)"),
        (report.doubtful, "doubtful (in the archive)"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{} {what}", plural(number, "item")))
    .collect();
    // Without a snapshot they are kept nowhere, so all of them are said here.
    let is_kept = !report.snapshots.is_empty();
    let all = if is_kept {
        format!(
            "; all of them: {} sql -c \"select * from collection_errors\"",
            app.invocation()
        )
    } else {
        String::new()
    };
    app.warn(&format!("{}{all}", said.join(", ")));
    // A thousand files with the same fault are one thing to know.
    let mut by_reason: Vec<(&Finding, usize)> = Vec::new();
    for finding in &report.findings {
        match by_reason
            .iter_mut()
            .find(|(first, _)| first.verdict == finding.verdict && first.reason == finding.reason)
        {
            Some((_, number)) => *number += 1,
            None => by_reason.push((finding, 1)),
        }
    }
    by_reason.sort_by_key(|(finding, _)| finding.verdict == Verdict::Doubtful);
    let limit = if app.globals.verbose > 0 || !is_kept {
        usize::MAX
    } else {
        SHOWN_FINDINGS
    };
    for (finding, number) in by_reason.iter().take(limit) {
        let place = [finding.file.as_str(), finding.place.as_str()];
        let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
        let more = if *number > 1 {
            format!(" ({} more like it)", count(*number as u64 - 1))
        } else {
            String::new()
        };
        App::say(&format!(
            "  {}  {}: {}{more}",
            verdict(finding.verdict),
            truncated(&place.join(" "), 120),
            truncated(&finding.reason, 200)
        ));
    }
    if by_reason.len() > limit {
        App::say(&format!(
            "  … and {} (-v lists them)",
            plural((by_reason.len() - limit) as u64, "more reason")
        ));
    }
}
