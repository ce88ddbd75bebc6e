//! `compact`: many small packs become few.

use std::time::Instant;

use clap::Args;

use crate::app::App;
use crate::failure::Result;
use crate::output::{bytes, plural};

/// Rewrite small packs into few, so that versions of one object compress against each other
#[derive(Debug, Args)]
#[command(after_help = "\
Run it weekly or monthly. Nothing about the history changes: every object version stays, in fewer bytes. Of values that \
change every day without meaning (volatile properties), the newest and the first of each month are kept.")]
pub(crate) struct CompactArgs {}

pub(crate) fn run(app: &App, _: &CompactArgs) -> Result<u8> {
    let started = Instant::now();
    let mut writer = app.writer()?;
    let report = writer.compact()?;
    let columns = query::refresh_columns(&writer, true)?;
    let seconds = started.elapsed().as_secs_f64();
    if app.wants_json() {
        app.print_json(&serde_json::json!({
            "message_type": "summary",
            "packs_before": report.packs.0,
            "packs_after": report.packs.1,
            "pack_bytes_before": report.pack_bytes.0,
            "pack_bytes_after": report.pack_bytes.1,
            "versions_rewritten": report.versions,
            "orphans_deleted": report.orphans,
            "column_files": columns.segments,
            "duration_s": seconds,
        }))?;
        return Ok(0);
    }
    let (before, after) = (report.pack_bytes.0, report.pack_bytes.1);
    if report.versions == 0 && report.orphans == 0 {
        app.print(&format!(
            "Nothing to gain: {} in {}\n",
            bytes(after),
            plural(report.packs.1, "pack")
        ))?;
    } else {
        app.print(&format!(
            "{} in {} became {} in {}: {} rewritten in {seconds:.1} s\n",
            bytes(before),
            plural(report.packs.0, "pack"),
            bytes(after),
            plural(report.packs.1, "pack"),
            plural(report.versions, "version")
        ))?;
    }
    app.next_command("stats")?;
    Ok(0)
}
