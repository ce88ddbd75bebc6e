//! `rebuild`: what is derived, made anew from what is true.

use std::time::Instant;

use clap::Args;

use crate::app::App;
use crate::failure::Result;
use crate::output::{bytes, plural};

/// Make index and columns anew from packs and log
#[derive(Debug, Args)]
#[command(after_help = "\
index.redb and the folder columns are derived: they can be deleted at any time, and this makes them again. Packs, log, \
keys and keyring are the archive; nothing can make those again.")]
pub(crate) struct RebuildArgs {
    /// Make the index only; columns are made by the next import or compact
    #[arg(long)]
    index_only: bool,
}

pub(crate) fn run(app: &App, args: &RebuildArgs) -> Result<u8> {
    let started = Instant::now();
    let writer = app.rebuilt()?;
    let columns = if args.index_only {
        query::RefreshReport::default()
    } else {
        query::refresh_columns(&writer, true)?
    };
    let archive = writer.archive();
    let snapshots = archive.snapshots().len() as u64;
    let versions: u64 = archive
        .kinds()
        .iter()
        .map(|kind| u64::from(kind.versions))
        .sum();
    let seconds = started.elapsed().as_secs_f64();
    if app.wants_json() {
        app.print_json(&serde_json::json!({
            "message_type": "summary",
            "snapshots": snapshots,
            "versions": versions,
            "column_files": columns.segments,
            "column_rows": columns.rows,
            "column_bytes": columns.bytes,
            "duration_s": seconds,
        }))?;
        return Ok(0);
    }
    app.print(&format!(
        "Index of {} and {} made anew; {} written with {} ({}) in {seconds:.1} s\n",
        plural(snapshots, "snapshot"),
        plural(versions, "version"),
        plural(columns.segments, "column file"),
        plural(columns.rows, "row"),
        bytes(columns.bytes)
    ))?;
    app.next_command("check")?;
    Ok(0)
}
