//! `hold`: what must not be removed, whatever retention says.

use std::sync::Arc;

use clap::{Args, Subcommand};
use query::Source;
use store::{Archive, HoldScope};

use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Grid, short_time};
use crate::plans;
use crate::records::records;

/// Keep what must not be removed: the archive, a snapshot, a period, an object
#[derive(Debug, Args)]
#[command(after_help = "\
Setting and releasing are acts of the archive's log: who, when and why can be proved, and nobody can take a hold away \
without that showing.

Examples:
  entrace hold add --reason \"case 17\"                                       everything
  entrace hold add --snapshot tag:before-migration --reason \"audit 2026\"
  entrace hold add --object user:alice@contoso.example --reason \"case 17\"   every version of it
  entrace hold add --since 2026-01-01 --until 2026-03-31 --reason \"case 17\"
  entrace hold release 118 --reason \"case 17 was closed\"")]
pub(crate) struct HoldArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Set a hold
    Add(AddArgs),
    /// The holds in force
    List,
    /// Release a hold; what it was stays in the log
    Release(ReleaseArgs),
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Only this snapshot
    #[arg(
        long,
        value_name = "REV",
        allow_hyphen_values = true,
        conflicts_with_all = ["object", "since", "until"]
    )]
    snapshot: Option<String>,
    /// Only this object, in every version
    #[arg(long, value_name = "OBJ", conflicts_with_all = ["since", "until"])]
    object: Option<String>,
    /// Only what was alive, or happened, from this time on
    #[arg(long, value_name = "TIME", requires = "until")]
    since: Option<String>,
    /// Only what was alive, or happened, until this time
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<String>,
    #[command(flatten)]
    word: Word,
}

#[derive(Debug, Args)]
struct ReleaseArgs {
    /// Number of the hold
    id: u64,
    #[command(flatten)]
    word: Word,
}

/// Whose word it is, and why.
#[derive(Debug, Args)]
struct Word {
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who; by default whoever runs this, on this machine
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(crate) fn run(app: &App, args: &HoldArgs) -> Result<u8> {
    match &args.what {
        What::Add(args) => add(app, args),
        What::List => list(app),
        What::Release(args) => release(app, args),
    }
}

fn add(app: &App, args: &AddArgs) -> Result<u8> {
    let scope = scope(&app.shared_archive()?, args)?;
    let by = plans::account(args.word.by.as_deref());
    let hold = app.writer()?.set_hold(scope, &args.word.reason, &by)?;
    if app.wants_json() {
        app.print_json(&serde_json::json!(hold))?;
        return Ok(0);
    }
    app.print(&format!("Hold {} is set\n", hold.id))?;
    app.next_command("hold list")?;
    Ok(0)
}

fn scope(archive: &Arc<Archive>, args: &AddArgs) -> Result<HoldScope> {
    let time =
        |text: &str| model::parse_time(text).map_err(|error| Failure::usage(error.to_string()));
    if let Some(revision) = &args.snapshot {
        let snapshot = query::resolve(archive, App::now(), revision)?.number;
        return Ok(HoldScope::Snapshot { snapshot });
    }
    if let Some(word) = &args.object {
        let object = Source::new(Arc::clone(archive), App::now()).object(word)?;
        return Ok(HoldScope::Object {
            kind: object.kind_name,
            key: object.key,
        });
    }
    match (&args.since, &args.until) {
        (Some(from), Some(to)) => Ok(HoldScope::Between {
            from: time(from)?,
            to: time(to)?,
        }),
        _ => Ok(HoldScope::Archive),
    }
}

fn release(app: &App, args: &ReleaseArgs) -> Result<u8> {
    let by = plans::account(args.word.by.as_deref());
    let mut writer = app.writer()?;
    let released = writer
        .release_hold(args.id, &args.word.reason, &by)
        .map_err(|error| match error {
            store::Error::NotFound { .. } => {
                Failure::new(FAILED, format!("there is no hold {}", args.id))
                    .hint("see the holds in force with hold list")
            }
            other => other.into(),
        })?;
    if app.wants_json() {
        app.print_json(&serde_json::json!(released))?;
        return Ok(0);
    }
    app.print(&format!("Hold {} is released\n", released.id))?;
    app.next_command("hold list")?;
    Ok(0)
}

fn list(app: &App) -> Result<u8> {
    let mut session = app.session()?;
    let sql = "select * from holds order by set_at, id";
    if !app.for_people() {
        app.answer(&mut session, sql, &[])?;
        return Ok(0);
    }
    let batches = app.ask(&mut session, sql, &[])?;
    let mut grid = Grid::new(&[">id", "what", "reason", "set by", "set"], false);
    for record in records(&batches) {
        let time = |name: &str| record.time(name).map(short_time).unwrap_or_default();
        let text = |name: &str| record.text(name).unwrap_or_default();
        let what = match text("scope") {
            "snapshot" => format!("snapshot {}", app.short(text("snapshot_id"))),
            "object" => format!("{} {}", text("kind").replace('_', " "), text("object_id")),
            "between" => format!("{} to {}", time("valid_from"), time("valid_to")),
            _ => "the archive".to_owned(),
        };
        grid.push(&[
            record.number("id").to_string(),
            what,
            text("reason").to_owned(),
            text("set_by").to_owned(),
            time("set_at"),
        ]);
    }
    if grid.len() == 0 {
        app.print("There are no holds\n")?;
        app.next_command("hold add --reason TEXT")?;
        return Ok(0);
    }
    app.page(&grid.render(app.colour))?;
    app.next_command("hold release ID --reason TEXT")?;
    Ok(0)
}
