//! `snapshots`: the list of what was taken when.

use std::fmt::Write as _;

use clap::Args;

use crate::app::App;
use crate::failure::Result;
use crate::output::{Grid, Tone, plural, short_time};
use crate::records::records;

/// List snapshots, oldest first
#[derive(Debug, Args)]
pub(crate) struct SnapshotsArgs {
    /// Only snapshots at or after this revision
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    since: Option<String>,
    /// Only snapshots at or before this revision
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    until: Option<String>,
    /// Only the snapshot with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only the newest N
    #[arg(short = 'n', long, value_name = "N")]
    latest: Option<usize>,
}

pub(crate) fn run(app: &App, args: &SnapshotsArgs) -> Result<u8> {
    let source = app.source()?;
    let mut session = query::Session::new(&source, query::SessionOptions::default())?;
    let mut conditions = Vec::new();
    // Dates mean the snapshots of that day, so the bound itself is what counts, not the snapshot it resolves to.
    let mut bound = |text: &Option<String>, operator: &str| -> Result<()> {
        if let Some(text) = text {
            let time = match model::parse_time(text) {
                Ok(time) => time,
                Err(_) => source.resolve(text)?.taken_at,
            };
            conditions.push(format!("taken_at {operator} timestamp '{time}'"));
        }
        Ok(())
    };
    bound(&args.since, ">=")?;
    bound(&args.until, "<=")?;
    let mut parameters = Vec::new();
    if let Some(tag) = &args.tag {
        let snapshot = source.resolve(&format!("tag:{tag}"))?;
        conditions.push(format!("number = {}", snapshot.number));
    }
    let total = source.archive().snapshots().len();
    let skipped = args.latest.map_or(0, |latest| total.saturating_sub(latest));
    if skipped > 0 {
        let first = &source.archive().snapshots()[skipped.min(total - 1)];
        if args.latest == Some(0) {
            conditions.push("false".to_owned());
        } else {
            conditions.push(format!("taken_at >= timestamp '{}'", first.taken_at));
        }
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!(" where {}", conditions.join(" and "))
    };
    let sql = format!("select * from snapshots{filter} order by taken_at, number");
    if !app.for_people() {
        app.answer(&mut session, &sql, &parameters)?;
        return Ok(0);
    }
    let batches = app.ask(&mut session, &sql, &std::mem::take(&mut parameters))?;
    let mut grid = Grid::new(
        &[
            "id", "taken", ">objects", ">new", ">opened", ">closed", "status", "source", "tags",
        ],
        std::io::IsTerminal::is_terminal(&std::io::stdout()),
    );
    for record in records(&batches) {
        let number = |name: &str| crate::output::count(record.number(name).unsigned_abs());
        let version = record.text("source_version").unwrap_or_default();
        let name = record.text("source").unwrap_or_default();
        let from = if version.is_empty() {
            name.to_owned()
        } else {
            format!("{name} {}", app.short(version))
        };
        grid.push(&[
            app.short(record.text("record_id").unwrap_or_default())
                .to_owned(),
            record.time("taken_at").map(short_time).unwrap_or_default(),
            number("objects"),
            number("new_versions"),
            number("opened"),
            number("closed"),
            record.text("status").unwrap_or_default().to_owned(),
            from,
            record.text("tags").unwrap_or_default().to_owned(),
        ]);
    }
    let shown = grid.len();
    if total == 0 {
        app.print("The archive has no snapshots yet\n")?;
        app.next_command(app.filling_command())?;
        return Ok(0);
    }
    let mut text = grid.render(app.colour);
    let mut total_line = plural(shown as u64, "snapshot");
    if shown < total {
        let _ = write!(total_line, " of {total}");
    }
    let _ = writeln!(text, "{}", app.colour.paint(Tone::Faint, &total_line));
    app.page(&text)?;
    app.next_command(if total > 1 {
        "diff --from first --to latest"
    } else {
        "ls"
    })?;
    Ok(0)
}
