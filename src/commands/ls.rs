//! `ls`: the kinds of a state, or the objects of a kind.

use clap::Args;
use std::fmt::Write as _;

use crate::app::App;
use crate::failure::Result;
use crate::output::{Grid, count, plural, short_time};
use crate::records::records;
use crate::words::quoted;

/// List the kinds of a state, or the objects of a kind
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace ls                         kinds and how many objects each has now
  entrace ls users                   all users
  entrace ls -7d conditional_access_policies
  entrace ls first ca")]
pub(crate) struct LsArgs {
    /// A revision or a kind
    #[arg(value_name = "REV|KIND", allow_hyphen_values = true)]
    first: Option<String>,
    /// The other of the two
    #[arg(value_name = "KIND|REV", allow_hyphen_values = true)]
    second: Option<String>,
}

pub(crate) fn run(app: &App, args: &LsArgs) -> Result<u8> {
    let source = app.source()?;
    let mut session = query::Session::new(&source, query::SessionOptions::default())?;
    let mut revision = None;
    let mut kind = None;
    for word in args.first.iter().chain(&args.second) {
        let named = catalog::resolve(word).map(|kind| kind.name.to_owned());
        let stored = source.archive().kind(word).map(|kind| kind.name);
        match named.or(stored) {
            Some(name) if kind.is_none() => kind = Some(name),
            _ if revision.is_none() => revision = Some(source.resolve(word)?),
            _ => {
                return Err(crate::failure::Failure::usage(format!(
                    "{word:?} is one word too many: give one revision and one kind"
                )));
            }
        }
    }
    let snapshot = match revision {
        Some(snapshot) => snapshot,
        None => source.resolve("latest")?,
    };
    let at = snapshot.id.to_string();
    let Some(kind) = kind else {
        return kinds(app, &mut session, &snapshot);
    };
    let sql = format!(
        "select id, display_name, _version from \"@{at}\".objects where kind = $kind order by display_name, id"
    );
    if !app.for_people() {
        app.answer(&mut session, &sql, &[("kind", &kind)])?;
        return Ok(0);
    }
    let batches = app.ask(&mut session, &sql, &[("kind", &kind)])?;
    let mut grid = Grid::new(
        &["id", "name", "version"],
        std::io::IsTerminal::is_terminal(&std::io::stdout()),
    );
    let mut last = None;
    for record in records(&batches) {
        let id = record.text("id").unwrap_or_default();
        last = Some(id.to_owned());
        grid.push(&[
            id.to_owned(),
            record.text("display_name").unwrap_or_default().to_owned(),
            app.short(record.text("_version").unwrap_or_default())
                .to_owned(),
        ]);
    }
    let total = grid.len() as u64;
    let mut text = grid.render(app.colour);
    let _ = writeln!(
        text,
        "{} at {}",
        super::objects(total, &kind),
        short_time(snapshot.taken_at)
    );
    app.page(&text)?;
    match last {
        Some(id) => app.next_command(&format!("show {}", quoted(&format!("{kind}:{id}"))))?,
        None => app.next_command("ls")?,
    }
    Ok(0)
}

fn kinds(app: &App, session: &mut query::Session, snapshot: &store::Snapshot) -> Result<u8> {
    let number = snapshot.number;
    // The newest statement of each kind at or before the snapshot.
    let sql = "with read as ( \
                 select c.kind, c.alive as objects, c.status, c.taken_at as last_read, \
                        row_number() over (partition by c.kind order by c.taken_at desc, s.number desc) as newest \
                 from coverage c join snapshots s on s.snapshot_id = c.snapshot_id \
                 where s.taken_at <= (select taken_at from snapshots where number = $number)) \
               select kind, objects, status, last_read from read where newest = 1 order by objects desc, kind";
    let parameters = [("number", number.to_string())];
    let parameters: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (*n, v.as_str())).collect();
    if !app.for_people() {
        app.answer(session, sql, &parameters)?;
        return Ok(0);
    }
    let batches = app.ask(session, sql, &parameters)?;
    let mut grid = Grid::new(&["kind", "table", ">objects", "read", "last read"], false);
    let mut largest = None;
    let (mut empty, mut unselected) = (0_u64, 0_u64);
    for record in records(&batches) {
        let kind = record.text("kind").unwrap_or_default();
        if record.number("objects") == 0 && app.globals.verbose == 0 {
            match record.text("status") {
                Some("complete") => empty += 1,
                Some("not_selected") => unselected += 1,
                _ => {}
            }
            if matches!(record.text("status"), Some("complete" | "not_selected")) {
                continue;
            }
        }
        largest.get_or_insert_with(|| kind.to_owned());
        grid.push(&[
            kind.to_owned(),
            catalog::by_name(kind)
                .map_or(kind, |kind| kind.table)
                .to_owned(),
            count(record.number("objects").unsigned_abs()),
            record.text("status").unwrap_or_default().replace('_', " "),
            record.time("last_read").map(short_time).unwrap_or_default(),
        ]);
    }
    let mut text = grid.render(app.colour);
    let hidden = [(empty, "empty"), (unselected, "not selected")];
    let hidden: Vec<String> = hidden
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", plural(number, "more kind")))
        .collect();
    if !hidden.is_empty() {
        let _ = writeln!(text, "{} (-v lists them)", hidden.join(", "));
    }
    let id = snapshot.id.to_string();
    let _ = writeln!(
        text,
        "at {} ({})",
        short_time(snapshot.taken_at),
        app.short(&id)
    );
    app.page(&text)?;
    app.next_command(&format!("ls {}", largest.as_deref().unwrap_or("users")))?;
    Ok(0)
}
