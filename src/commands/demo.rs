//! `demo`: the main job on a small invented tenant, for those who have none at hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use collector::{Format as ImportFormat, ImportRequest};
use include_dir::{Dir, include_dir};
use query::{Session, SessionOptions};
use store::{Archive, CreateOptions, LocalStorage, Secrets, SlotChoice, Storage, Writer};

use super::diff::{self, DiffArgs};
use super::stats;
use crate::app::{App, TOOL};
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Tone, bytes, plural};
use crate::words::quoted;

/// See what it does, on a small invented tenant
#[derive(Debug, Args)]
#[command(after_help = "\
Writes some nights of exports of an invented tenant and makes an archive from them, shows what changed over a weekend, \
and asks one question in SQL. Needs no tenant, no network and no key.")]
pub(crate) struct DemoArgs {
    /// Folder to write to; by default a new one among the temporary files
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Exports of an invented tenant: a folder a night, named by the time it was taken.
static SAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sample");
/// Name of the invented tenant.
const TENANT: &str = "quillhaven";
/// The last night before the weekend.
const FRIDAY: &str = "2026-10-09T02:00:00Z";

const QUESTION: &str = "Who has a role now and had not on Friday, and who saw to it?";
const SQL: &str = "\
select u.display_name, u.user_type, d.display_name as role, e.activity_date_time as granted_at,
       coalesce(e.initiated_by->'user'->>'userPrincipalName', e.initiated_by->'app'->>'displayName') as granted_by
from role_assignments now
left join role_assignments for system_time as of '2026-10-09T02:00:00Z' as was on was.id = now.id
join role_definitions d on d.id = now.role_definition_id
join users u on u.id = now.principal_id
left join directory_audits e on e.activity_display_name = 'Add member to role'
                            and e.target_resources like '%' || u.id || '%'
where was.id is null";

pub(crate) fn run(app: &App, args: &DemoArgs) -> Result<u8> {
    let folder = folder(args.folder.as_deref())?;
    let exports = folder.join("exports");
    let path = folder.join(format!("{TENANT}.entrace"));
    let nights = extract(&exports)?;
    let added = import(app, &exports, &nights, &path)?;

    let mut globals = app.globals.clone();
    globals.archive = Some(path.clone());
    // What to do next is said once, at the end.
    globals.quiet = true;
    let app = App::new(globals)?;
    app.print(&format!(
        "{} of an invented tenant, {} to {}, in {}\nmade into an archive of {}: {}\n",
        plural(nights.len() as u64, "nightly export"),
        nights.first().map_or("", String::as_str),
        nights.last().map_or("", String::as_str),
        exports.display(),
        bytes(added),
        path.display()
    ))?;
    shown(
        &app,
        "What changed over the weekend?",
        &format!("diff --from {FRIDAY}"),
    )?;
    diff::run(&app, &DiffArgs::since(FRIDAY))?;
    shown(&app, QUESTION, &format!("sql -c {}", quoted(SQL)))?;
    let mut session = Session::new(&app.source()?, SessionOptions::default())?;
    app.answer(&mut session, SQL, &[])?;
    app.print("\nGo on with:\n")?;
    for command in [
        "log ca:\"CA001: Require MFA for administrators\"",
        "find 203.0.113.0 --all-time",
        "sql",
        "check --read-data",
    ] {
        app.print(&format!("  {} {command}\n", app.invocation()))?;
    }
    Ok(0)
}

/// Prints a question and the command that answers it.
fn shown(app: &App, question: &str, command: &str) -> Result<()> {
    let line = format!("$ {} {command}", app.invocation());
    app.print(&format!(
        "\n{}\n{}\n\n",
        app.colour.paint(Tone::Strong, question),
        app.colour.paint(Tone::Faint, &line)
    ))
}

/// The folder that was named, if nothing is in it, or a new one.
fn folder(named: Option<&Path>) -> Result<PathBuf> {
    let Some(path) = named else {
        let made = tempfile::Builder::new().prefix("entrace-demo-").tempdir();
        return Ok(made
            .map_err(|e| Failure::io(&std::env::temp_dir(), &e))?
            .keep());
    };
    match std::fs::read_dir(path) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(Failure::usage(format!("{} is not empty", path.display()))
                    .hint("name a folder that is empty or not there yet"));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::io(path, &error)),
    }
    Ok(path.to_owned())
}

/// Writes the exports; gives their folders' names, oldest first.
fn extract(to: &Path) -> Result<Vec<String>> {
    let mut nights = Vec::new();
    for night in SAMPLE.dirs() {
        let target = to.join(night.path());
        std::fs::create_dir_all(&target).map_err(|e| Failure::io(&target, &e))?;
        for file in night.files() {
            let path = to.join(file.path());
            std::fs::write(&path, file.contents()).map_err(|e| Failure::io(&path, &e))?;
        }
        nights.push(night.path().display().to_string());
    }
    nights.sort_unstable();
    Ok(nights)
}

/// Makes the archive; gives its size in bytes.
fn import(app: &App, exports: &Path, nights: &[String], path: &Path) -> Result<u64> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(path));
    let options = CreateOptions {
        tenant: TENANT.to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: TOOL.to_owned(),
        now: App::now(),
    };
    Archive::create(&storage, &options)?;
    let mut writer = Writer::open(
        Arc::clone(&storage),
        &Secrets::default(),
        app.writer_options(),
    )?;
    for night in nights {
        // A folder's name is a time with - for :, as file systems want it.
        let (date, time) = night.split_once('T').unwrap_or((night, ""));
        let taken_at = model::parse_time(&format!("{date}T{}", time.replace('-', ":")))
            .map_err(|_| Failure::new(FAILED, format!("{night} is no time")))?;
        let request = ImportRequest {
            path: exports.join(night),
            taken_at: Some(taken_at),
            format: ImportFormat::Jsonl,
            ..ImportRequest::default()
        };
        collector::import(&mut writer, &request, &())?;
    }
    query::refresh_columns(&writer, false)?;
    let sizes = stats::sizes(storage.as_ref())?;
    Ok(sizes.iter().map(|(_, _, bytes, _)| bytes).sum())
}
