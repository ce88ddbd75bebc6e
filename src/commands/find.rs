//! `find`: where a text occurs.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use query::arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampNanosecondArray};
use query::{Find, FindOptions, FoundKind};

use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Grid, Tone, count, plural, short_time};
use crate::words::quoted;

/// Find a text in names, ids and values
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace find finance                        in the newest state
  entrace find 203.0.113.7 --all-time         in every state there ever was
  entrace find mallory 2026-10-01 --kind ca   as of a date, in one kind
  entrace find mallory --kind directory_audit in a log

Upper and lower case are the same.")]
pub(crate) struct FindArgs {
    /// The text
    #[arg(value_name = "TEXT")]
    text: String,
    /// The state to look through; by default the newest
    #[arg(
        value_name = "REV",
        allow_hyphen_values = true,
        conflicts_with = "all_time"
    )]
    revision: Option<String>,
    /// Look through every state there ever was, and say when each find was there
    #[arg(long)]
    all_time: bool,
    /// Only this kind
    #[arg(short, long, value_name = "KIND")]
    kind: Option<String>,
    /// At most this many finds per kind; 0 for all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub(crate) fn run(app: &App, args: &FindArgs) -> Result<u8> {
    let source = app.source()?;
    let at = match (args.all_time, &args.revision) {
        (true, _) => None,
        (false, revision) => Some(source.resolve(revision.as_deref().unwrap_or("latest"))?),
    };
    let options = FindOptions {
        kind: args.kind.clone(),
        at: at.clone(),
        limit: if args.limit == 0 {
            usize::MAX
        } else {
            args.limit
        },
    };
    let found = source.find(&args.text, &options)?;
    if app.for_people() {
        let when = at.map_or_else(
            || "in any state".to_owned(),
            |at| format!("at {}", short_time(at.taken_at)),
        );
        return print(app, args, &found, &when);
    }
    app.write_batch(&batch(&found)?)?;
    for kind in found.iter().filter(|kind| kind.more > 0) {
        app.note(&format!(
            "{} more in {}: -n 0 shows all",
            plural(kind.more, "find"),
            kind.kind
        ));
    }
    Ok(0)
}

/// The finds as rows.
fn batch(found: &[FoundKind]) -> Result<RecordBatch> {
    let finds = || {
        found.iter().flat_map(|kind| {
            kind.finds
                .iter()
                .map(move |find| (kind.kind.as_str(), find))
        })
    };
    let text = |value: fn(&Find) -> Option<&str>| -> ArrayRef {
        Arc::new(
            finds()
                .map(|(_, find)| value(find))
                .collect::<StringArray>(),
        )
    };
    let time = |value: fn(&Find) -> Option<jiff::Timestamp>| -> ArrayRef {
        let nanoseconds = finds().map(|(_, find)| i64::try_from(value(find)?.as_nanosecond()).ok());
        Arc::new(
            nanoseconds
                .collect::<TimestampNanosecondArray>()
                .with_timezone("+00:00"),
        )
    };
    let kinds: ArrayRef = Arc::new(finds().map(|(kind, _)| Some(kind)).collect::<StringArray>());
    let columns = [
        ("kind", kinds),
        ("id", text(|find| Some(&find.id))),
        ("display_name", text(|find| find.display.as_deref())),
        ("path", text(|find| Some(&find.path))),
        ("value", text(|find| Some(&find.value))),
        ("first_seen", time(|find| find.first_seen)),
        ("gone_at", time(|find| find.gone_at)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .map_err(|e| Failure::new(FAILED, e.to_string()))
}

fn print(app: &App, args: &FindArgs, found: &[FoundKind], when: &str) -> Result<u8> {
    let mut text = String::new();
    let mut total = 0;
    for kind in found {
        total += kind.finds.len() as u64 + kind.more;
        let _ = writeln!(text, "{}", app.colour.paint(Tone::Strong, &kind.kind));
        let mut header = vec!["  id", "name", "path", "value"];
        if args.all_time {
            header.extend(["first seen", "gone at"]);
        }
        let mut grid = Grid::new(&header, true);
        for find in &kind.finds {
            let mut cells = vec![
                format!("  {}", find.id),
                find.display.clone().unwrap_or_default(),
                find.path.clone(),
                find.value.clone(),
            ];
            if args.all_time {
                cells.extend(
                    [find.first_seen, find.gone_at]
                        .map(|time| time.map(short_time).unwrap_or_default()),
                );
            }
            grid.push(&cells);
        }
        text.push_str(&grid.render(app.colour));
        if kind.more > 0 {
            let _ = writeln!(text, "  … and {} more: -n 0 shows all", count(kind.more));
        }
    }
    let _ = writeln!(
        text,
        "{}",
        app.colour
            .paint(Tone::Faint, &format!("{} {when}", plural(total, "find")))
    );
    app.page(&text)?;
    if total == 0 && args.kind.is_none() {
        app.note("logs are looked through where one is named, such as --kind directory_audit");
    }
    let first = found
        .iter()
        .find_map(|kind| Some((&kind.kind, kind.finds.first()?)));
    match first {
        Some((kind, find)) => {
            app.next_command(&format!("log {}", quoted(&format!("{kind}:{}", find.id))))?;
        }
        None if args.all_time => app.next_command("ls")?,
        None => app.next_command(&format!("find {} --all-time", quoted(&args.text)))?,
    }
    Ok(0)
}
