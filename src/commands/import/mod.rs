//! `import`: existing exports become snapshots.

mod report;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use collector::{Format as ImportFormat, ImportRequest};
use jiff::Timestamp;

use crate::app::App;
use crate::failure::{Failure, PARTIAL, Result};
use crate::progress::{ProgressStyle, Watcher, stopper};

/// Read existing exports into the archive
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace import ./entra-export                a folder written by EntraExporter
  entrace import --format git ./exports-repo   a git repository: one snapshot a commit
  entrace import --format jsonl ./day-001 --taken-at 2026-01-05T02:00:00Z
  entrace import --format events ./audit-logs  directory audits, sign-ins, risk detections

One bad file never fails an import: what was rejected or is doubtful is listed, and kept in the table \
collection_errors. Importing the same again changes nothing. A kind the export lacks is left as it was; a kind of which \
most is gone at once is taken for a failed export unless --accept-deletions says otherwise.")]
pub(crate) struct ImportArgs {
    /// Folders, files or git repositories
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What they hold: auto, entraexporter, git, json, jsonl, events
    #[arg(short, long, default_value = "auto", hide_default_value = true)]
    format: ImportFormat,
    /// When the tenant was in this state (RFC 3339 or a date); by default the newest file's time, or each commit's
    #[arg(long, value_name = "TIME")]
    taken_at: Option<String>,
    /// Take every document as this kind, whatever it looks like
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The files hold changes only, as a Graph delta query answers
    #[arg(long)]
    delta: bool,
    /// Take what is not there any more as deleted, even where a failed export is likelier
    #[arg(long)]
    accept_deletions: bool,
    /// Git: branch, tag or commit to read instead of HEAD
    #[arg(long, value_name = "REF")]
    git_ref: Option<String>,
    /// Git: folder of the repository to read
    #[arg(long, value_name = "DIR")]
    subfolder: Option<String>,
    /// Name the newest snapshot that is made
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,
}

pub(crate) fn run(app: &App, args: &ImportArgs) -> Result<u8> {
    let taken_at = args.taken_at.as_deref().map(moment).transpose()?;
    let stop = stopper(app)?;
    let mut writer = app.writer()?;
    let watcher = Watcher::new(app.progress_style(), Arc::clone(&stop));
    let mut all = Vec::new();
    let mut failed = None;
    for path in &args.paths {
        let request = ImportRequest {
            path: path.clone(),
            format: args.format,
            taken_at,
            kind: args.kind.clone(),
            accept_deletions: args.accept_deletions,
            delta: args.delta,
            reference: args.git_ref.clone(),
            subfolder: args.subfolder.clone(),
        };
        match collector::import(&mut writer, &request, &watcher) {
            Ok(report) => all.push((path, report)),
            Err(error) => {
                failed = Some(Failure::from(error));
                break;
            }
        }
    }
    // What was committed stays whatever happened then, and its columns are worth having.
    query::refresh_columns(&writer, false)?;
    watcher.end();
    let newest = all
        .iter()
        .flat_map(|(_, report)| &report.snapshots)
        .max_by_key(|s| s.taken_at);
    if let (Some(name), Some(newest)) = (&args.tag, newest) {
        writer.tag(name, Some(newest.number))?;
    }
    for (path, report) in &all {
        if app.wants_json() || app.progress_style() == ProgressStyle::Json {
            report::print_summary(app, path, report, &watcher)?;
        } else {
            report::print(app, path, report, &watcher, writer.archive())?;
        }
    }
    // What was done before is said first.
    if let Some(failure) = failed {
        return Err(failure);
    }
    let incomplete = all
        .iter()
        .any(|(_, r)| r.rejected > 0 || !r.suspected.is_empty());
    let snapshots = writer.archive().snapshots().len();
    if snapshots == 0
        && all
            .iter()
            .all(|(_, report)| report.snapshots.is_empty() && report.already == 0)
    {
        return Err(Failure::new(crate::failure::FAILED, "nothing in there is an export of a tenant").hint(
            "name the folder that holds the exported files, or say what they are with --format and --kind",
        ));
    }
    match (snapshots, all.last()) {
        // Events alone are no state that could be listed.
        (0, Some((_, report))) => app.next_command(&report::question(report))?,
        (0 | 1, _) => app.next_command("ls")?,
        _ => app.next_command("diff")?,
    }
    Ok(if incomplete { PARTIAL } else { 0 })
}

fn moment(text: &str) -> Result<Timestamp> {
    let time = model::parse_time(text).map_err(|_| {
        Failure::usage(format!(
            "{text:?} is no time: write it as 2026-01-05T02:00:00Z or 2026-01-05"
        ))
    })?;
    if time > App::now() {
        return Err(Failure::usage(format!(
            "{text} is in the future: no state can have been taken then"
        )));
    }
    Ok(time)
}
