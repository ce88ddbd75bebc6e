//! `timeline`: what happened to an object or was done by an actor, in the order of time.

mod html;
mod markdown;
mod text;

use clap::Args;
use jiff::Timestamp;
use query::arrow::array::RecordBatch;
use query::{Provenance, Session, SessionOptions};

use super::diff::sql_text;
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::{Format, count, short_time};
use crate::records::{Record, records};
use crate::words::quoted;

/// Show what happened to an object, or what an actor did, in the order of time
///
/// Versions of the object, relationships in both directions, assignments and policies that name it,
/// audit events, sign-ins and risk. An event that explains a change is told with the change.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace timeline user:alice@contoso.example                        all that is known
  entrace timeline ca:\"CA001: Require MFA\" --from -30d               the last 30 days
  entrace timeline user:mallory@contoso.example --around 2026-10-08T21:16Z --window 6h
  entrace timeline group:Finance --from 2026-10-01 --related 1       with those linked to it
  entrace timeline user:mallory@contoso.example -o md >ticket.md     to paste into a ticket
  entrace timeline user:mallory@contoso.example -o html >report.html

A change that only snapshots saw lies between two of them: its time is that of the second.")]
pub(crate) struct TimelineArgs {
    /// The object or actor; an id that stands in logs alone will do
    #[arg(value_name = "OBJ|ACTOR")]
    object: String,
    /// Begin here: a time, a duration before now, or a revision
    #[arg(long, value_name = "TIME|REV", allow_hyphen_values = true)]
    from: Option<String>,
    /// End here
    #[arg(long, value_name = "TIME|REV", allow_hyphen_values = true)]
    to: Option<String>,
    /// Only what happened around this time
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to"])]
    around: Option<String>,
    /// How long before and after it: 30m, 2h, 3d
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "2h",
        requires = "around"
    )]
    window: String,
    /// Also the timelines of objects linked to it in that time, up to so many steps away
    #[arg(long, value_name = "STEPS", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=3))]
    related: u8,
}

/// A timeline that is ready to be written.
struct Story<'a> {
    /// What a person calls the object, and how it is asked for.
    name: String,
    reference: String,
    /// The time it is about, in words.
    time: String,
    tenant: String,
    rows: Vec<Record<'a>>,
    provenance: Provenance,
}

pub(crate) fn run(app: &App, args: &TimelineArgs) -> Result<u8> {
    let source = app.source()?;
    let mut session = Session::new(&source, SessionOptions::default())?;
    let (from, to) = bounds(args)?;
    let sql = format!(
        "select * from timeline('{}', '{}', '{}', '{}')",
        sql_text(&args.object),
        sql_text(&from),
        sql_text(&to),
        args.related
    );
    if !matches!(app.format(), Format::Table | Format::Md | Format::Html) {
        app.answer(&mut session, &sql, &[])?;
        return Ok(0);
    }
    let (batches, provenance) = app.ask_whence(&mut session, &sql, &[])?;
    let batches: Vec<RecordBatch> = batches;
    let object = source.object(&args.object).ok();
    let story = Story {
        name: object
            .as_ref()
            .and_then(|object| object.display.clone())
            .unwrap_or_else(|| args.object.clone()),
        reference: object.map_or_else(
            || args.object.clone(),
            |object| format!("{}:{}", object.kind_name, object.id),
        ),
        time: in_words(&from, &to),
        tenant: source.archive().tenant().to_owned(),
        rows: records(&batches).collect(),
        provenance,
    };
    match app.format() {
        Format::Md => app.print(&markdown::document(&story))?,
        Format::Html => app.print(&html::page(&story))?,
        _ => app.page(&text::lines(app, &story))?,
    }
    story
        .provenance
        .notes
        .iter()
        .for_each(|note| app.note(note));
    if !story.rows.is_empty() {
        app.next_command(&next(args, &story))?;
    }
    Ok(0)
}

/// The two ends of the time asked for; empty where it is open.
fn bounds(args: &TimelineArgs) -> Result<(String, String)> {
    let Some(around) = &args.around else {
        let end = |end: &Option<String>| end.clone().unwrap_or_default();
        return Ok((end(&args.from), end(&args.to)));
    };
    let at = model::parse_time(around).map_err(|_| {
        Failure::usage(format!(
            "--around {around}: not a time such as 2026-10-08T21:16Z"
        ))
    })?;
    let window = model::parse_duration(&args.window).ok_or_else(|| {
        let window = &args.window;
        Failure::usage(format!(
            "--window {window}: not a duration such as 30m, 2h or 3d"
        ))
    })?;
    let out_of_range = |_| Failure::usage(format!("--window {}: too long", args.window));
    let from: Timestamp = at.checked_sub(window).map_err(out_of_range)?;
    let to: Timestamp = at.checked_add(window).map_err(out_of_range)?;
    Ok((from.to_string(), to.to_string()))
}

fn in_words(from: &str, to: &str) -> String {
    let end = |text: &str| {
        text.parse::<Timestamp>()
            .map_or_else(|_| text.to_owned(), short_time)
    };
    match (from, to) {
        ("", "") => "all that is known".to_owned(),
        (from, "") => format!("from {}", end(from)),
        ("", to) => format!("until {}", end(to)),
        (from, to) => format!("{} to {}", end(from), end(to)),
    }
}

/// What to ask next: who else was involved, or the values of the newest change.
fn next(args: &TimelineArgs, story: &Story<'_>) -> String {
    let is_change = |row: &&Record<'_>| row.text("change_id").is_some();
    let newest = story.rows.iter().rfind(is_change).or(story.rows.last());
    let at = newest.and_then(|row| row.time("at"));
    match (args.related, at, newest) {
        (0, Some(at), _) => {
            format!(
                "timeline {} --around {at} --related 1",
                quoted(&args.object)
            )
        }
        (_, _, Some(row)) => match (row.text("kind"), row.text("object_id")) {
            (Some(kind), Some(id)) => format!("log {}", quoted(&format!("{kind}:{id}"))),
            _ => format!("log {}", quoted(&story.reference)),
        },
        _ => format!("log {}", quoted(&story.reference)),
    }
}

/// `3 entries`.
fn counted(story: &Story<'_>) -> String {
    match story.rows.len() {
        1 => "1 entry".to_owned(),
        more => format!("{} entries", count(more as u64)),
    }
}

/// What an entry is, in a word.
fn word(row: Record<'_>) -> &'static str {
    match row.text("entry") {
        Some("change") => "change",
        Some("link") => "link",
        Some("sign_in") => "sign-in",
        Some("risk") => "risk",
        _ => "audit",
    }
}

/// What was done: the event's activity, or what became of the object.
fn deed(row: Record<'_>) -> String {
    let said = [row.text("activity"), row.text("change_type")];
    let said: Vec<&str> = said.into_iter().flatten().collect();
    said.join(", ")
}

/// What an entry is about: its kind and its name, or its id where it has none. The ends of an edge are
/// told in its summary.
fn about(row: Record<'_>) -> (String, String) {
    let kind = row.text("kind").unwrap_or_default().replace('_', " ");
    let id = row.text("object_id").unwrap_or_default();
    if id.contains('/') {
        return (kind, String::new());
    }
    let name = row
        .text("display_name")
        .filter(|name| !model::is_guid(name));
    (kind, name.unwrap_or(id).to_owned())
}

/// Who did it and from where; `None` where no log says.
fn by(row: Record<'_>) -> Option<String> {
    let who = row.text("actor").or(row.text("actor_id"));
    let said: Vec<&str> = [who, row.text("actor_ip")].into_iter().flatten().collect();
    if said.is_empty() {
        let is_ambiguous = row.text("confidence") == Some("ambiguous");
        return is_ambiguous.then(|| "one of several actors in that time".to_owned());
    }
    Some(said.join(", "))
}

/// What shows that it happened.
fn evidence(row: Record<'_>) -> String {
    let event = row.text("audit_id").map(|id| match word(row) {
        "sign-in" => format!("sign-in {id}"),
        "risk" => format!("detection {id}"),
        _ => format!("audit event {id}"),
    });
    let snapshot = row.text("snapshot_id").map(|id| format!("snapshot {id}"));
    let between = row.time("not_before").zip(row.time("at"));
    let between = between
        .map(|(after, before)| format!("between {} and {}", short_time(after), short_time(before)));
    let said: Vec<String> = [event, snapshot, between].into_iter().flatten().collect();
    said.join(", ")
}
