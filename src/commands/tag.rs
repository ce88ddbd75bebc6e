//! `tag`: names for snapshots.

use clap::Args;

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::{Grid, short_time};
use crate::records::records;

/// Name a snapshot, or list the names
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace tag before-migration              name the newest snapshot
  entrace tag before-migration 2026-10-01   name another
  entrace tag --delete before-migration     forget a name (the log remembers that it was given)
  entrace diff --from tag:before-migration")]
pub(crate) struct TagArgs {
    /// The name
    name: Option<String>,
    /// Snapshot to name
    #[arg(
        value_name = "REV",
        allow_hyphen_values = true,
        default_value = "latest"
    )]
    revision: String,
    /// Forget the name
    #[arg(long, requires = "name")]
    delete: bool,
}

pub(crate) fn run(app: &App, args: &TagArgs) -> Result<u8> {
    let Some(name) = &args.name else {
        return list(app);
    };
    let mut writer = app.writer()?;
    if args.delete {
        let known = writer.archive().tags().iter().any(|(tag, _)| tag == name);
        if !known {
            return Err(
                Failure::new(crate::failure::FAILED, format!("there is no tag {name:?}"))
                    .hint(format!("see them with: {} tag", app.invocation())),
            );
        }
        writer.tag(name, None)?;
        app.print(&format!("Tag {name} is no longer\n"))?;
        return Ok(0);
    }
    let snapshot = query::resolve(writer.archive(), App::now(), &args.revision)?;
    let is_new = writer.tag(name, Some(snapshot.number))?;
    let id = snapshot.id.to_string();
    let already = if is_new { "is now" } else { "is already" };
    app.print(&format!(
        "Tag {name} {already} {} of {}\n",
        app.short(&id),
        short_time(snapshot.taken_at)
    ))?;
    app.next_command(&format!(
        "diff --from tag:{} --to latest",
        crate::words::quoted(name)
    ))?;
    Ok(0)
}

fn list(app: &App) -> Result<u8> {
    let mut session = app.session()?;
    let sql = "select t.tag, s.snapshot_id, s.taken_at from tags t join snapshots s on s.number = t.snapshot_number order by t.tag";
    if !app.for_people() {
        app.answer(&mut session, sql, &[])?;
        return Ok(0);
    }
    let batches = app.ask(&mut session, sql, &[])?;
    let mut grid = Grid::new(&["tag", "snapshot", "taken"], false);
    for record in records(&batches) {
        grid.push(&[
            record.text("tag").unwrap_or_default().to_owned(),
            app.short(record.text("snapshot_id").unwrap_or_default())
                .to_owned(),
            record.time("taken_at").map(short_time).unwrap_or_default(),
        ]);
    }
    if grid.len() == 0 {
        app.print("There are no tags\n")?;
    } else {
        app.print(&grid.render(app.colour))?;
    }
    app.next_command("tag NAME REV")?;
    Ok(0)
}
