//! `check`: whether the archive is what was written.

use std::fmt::Write as _;

use clap::Args;
use query::DamagedColumns;
use store::{CheckReport, ReadData};

use crate::app::App;
use crate::failure::{DAMAGED, Result};
use crate::output::{Tone, bytes, plural};

/// Verify the archive: log, packs, records, states, index, columns
#[derive(Debug, Args)]
#[command(after_help = "\
Without options the structure is checked: the log against its signed checkpoint, every pack's footer, every record, \
state and Merkle root, and the index. --read-data reads every byte. Exit code 14 means damage; what is derived (index \
and columns) is made anew with: entrace rebuild")]
pub(crate) struct CheckArgs {
    /// Read and verify every byte
    #[arg(long)]
    read_data: bool,
}

pub(crate) fn run(app: &App, args: &CheckArgs) -> Result<u8> {
    let read = if args.read_data {
        ReadData::All
    } else {
        ReadData::Structure
    };
    let (report, columns) = match app.archive() {
        Ok(archive) => (
            store::check(&archive, read)?,
            query::check_columns(&archive, args.read_data)?,
        ),
        Err(failure) if failure.is_index => {
            // Checking needs an index to compare with; making one tells whether the truth is whole.
            let reason = failure.message.clone();
            let writer = app.rebuilt()?;
            app.note(&format!("{reason}; it was made anew from packs and log"));
            let archive = writer.archive();
            (
                store::check(archive, read)?,
                query::check_columns(archive, args.read_data)?,
            )
        }
        Err(failure) => return Err(failure),
    };
    let damaged = !report.problems.is_empty() || !columns.is_empty();
    if app.wants_json() {
        app.print_json(&as_json(&report, &columns))?;
    } else {
        app.page(&as_text(app, &report, &columns))?;
        app.next_command(if !report.problems.is_empty() {
            "snapshots"
        } else if !columns.is_empty() {
            "rebuild"
        } else if args.read_data {
            "stats"
        } else {
            "check --read-data"
        })?;
    }
    Ok(if damaged { DAMAGED } else { 0 })
}

fn as_json(report: &CheckReport, columns: &[DamagedColumns]) -> serde_json::Value {
    let problems: Vec<serde_json::Value> = report
        .problems
        .iter()
        .map(|problem| {
            let affected: Vec<serde_json::Value> = problem
                .affected
                .iter()
                .map(|affected| {
                    let ids: Vec<String> = affected.snapshot_ids.iter().map(ToString::to_string).collect();
                    serde_json::json!({
                        "kind": affected.kind,
                        "versions": affected.versions,
                        "objects": affected.objects.iter().map(|key| shown_key(key)).collect::<Vec<_>>(),
                        "snapshots": affected.snapshots,
                        "snapshot_ids": ids,
                    })
                })
                .collect();
            serde_json::json!({"message": problem.message, "affected": affected})
        })
        .collect();
    let columns: Vec<serde_json::Value> = columns
        .iter()
        .map(|c| serde_json::json!({"path": c.path, "kind": c.kind, "reason": c.reason}))
        .collect();
    serde_json::json!({
        "message_type": "summary",
        "sound": problems.is_empty() && columns.is_empty(),
        "acts": report.acts,
        "snapshots": report.snapshots,
        "versions": report.versions,
        "packs": report.packs,
        "pack_bytes": report.pack_bytes,
        "read_data": report.read_data,
        "orphans": report.orphans,
        "problems": problems,
        "damaged_columns": columns,
    })
}

fn shown_key(key: &str) -> String {
    key.replace(model::KEY_SEPARATOR, "/")
}

fn as_text(app: &App, report: &CheckReport, columns: &[DamagedColumns]) -> String {
    let mut text = String::new();
    let read = if report.read_data {
        "every byte read"
    } else {
        "structure only"
    };
    let _ = writeln!(
        text,
        "{}, {}, {}, {} in {} ({read})",
        plural(report.acts, "act"),
        plural(report.snapshots, "snapshot"),
        plural(report.versions, "version"),
        bytes(report.pack_bytes),
        plural(report.packs, "pack")
    );
    for problem in &report.problems {
        let _ = writeln!(
            text,
            "{} {}",
            app.colour.paint(Tone::Removed, "damaged:"),
            problem.message
        );
        for affected in &problem.affected {
            let _ = writeln!(
                text,
                "  {}: {} in {} cannot be read",
                affected.kind,
                plural(affected.versions, "version"),
                plural(affected.snapshots, "snapshot")
            );
            let objects: Vec<String> = affected.objects.iter().map(|key| shown_key(key)).collect();
            if !objects.is_empty() {
                let _ = writeln!(text, "    objects: {}", objects.join(" "));
            }
            let ids: Vec<String> = affected
                .snapshot_ids
                .iter()
                .map(ToString::to_string)
                .collect();
            let ids: Vec<&str> = ids.iter().map(|id| app.short(id)).collect();
            let _ = writeln!(text, "    snapshots: {}", ids.join(" "));
        }
    }
    for damaged in columns {
        let _ = writeln!(
            text,
            "{} {} ({}): {}; answers come from the packs, slower",
            app.colour.paint(Tone::Changed, "columns:"),
            damaged.path,
            damaged.kind,
            damaged.reason
        );
    }
    for orphan in &report.orphans {
        let _ = writeln!(
            text,
            "left over: {orphan}: remains of an interrupted run, harmless; entrace compact deletes it"
        );
    }
    if report.problems.is_empty() && columns.is_empty() {
        let _ = writeln!(text, "{}", app.colour.paint(Tone::Added, "No damage found"));
    }
    text
}
