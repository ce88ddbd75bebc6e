//! `log`: what changed, newest first, and who did it.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use query::{ObjectRef, Session, SessionOptions, Source};

use super::diff::sql_text;
use super::values::{Line, Names, lines};
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::{Tone, count, short_time, truncated};
use crate::records::{Record, records};
use crate::words::quoted;

/// Show what changed, newest first, and who did it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace log                                     the newest changes of anything
  entrace log ca:\"CA001: Require MFA\"             one object's history, with values
  entrace log --since -7d --actor mallory@contoso.example -p
  entrace log --kind group --path members")]
pub(crate) struct LogArgs {
    /// Only this object, and links from and to it
    #[arg(value_name = "OBJ")]
    object: Option<String>,
    /// Only changes seen after this revision
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    since: Option<String>,
    /// Only changes seen at or before this revision
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    until: Option<String>,
    /// Only changes by this actor: a user principal name, an application's name or an id
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// Only this kind
    #[arg(short, long, value_name = "KIND")]
    kind: Option<String>,
    /// Only changes of this property or relation, and of what is in it
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// With old and new values; always so for one object
    #[arg(short = 'p', long)]
    patch: bool,
    /// At most this many changed objects; 0 for all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

pub(crate) fn run(app: &App, args: &LogArgs) -> Result<u8> {
    let source = app.source()?;
    let mut session = Session::new(&source, SessionOptions::default())?;
    let object = args
        .object
        .as_deref()
        .map(|text| source.object(text))
        .transpose()?;
    let sql = statement(app, args, &source, object.as_ref())?;
    if !app.for_people() {
        app.answer(&mut session, &sql, &[])?;
        return Ok(0);
    }
    let batches = app.ask(&mut session, &sql, &[])?;
    let all: Vec<Record<'_>> = records(&batches).collect();
    let mut text = String::new();
    let with_values = args.patch || object.is_some();
    let mut printer = Printer {
        app,
        names: Names::new(&source),
        with_values,
    };
    let mut shown = 0;
    let mut groups = all.chunk_by(|a, b| id_of(*a) == id_of(*b));
    let limit = if args.limit == 0 {
        usize::MAX
    } else {
        args.limit
    };
    for group in groups.by_ref().take(limit) {
        printer.change(group, &mut text);
        shown += 1;
    }
    let rest = groups.count();
    if rest > 0 {
        let _ = writeln!(
            text,
            "… {} older changes: -n 0 shows all",
            count(rest as u64)
        );
    }
    if shown == 0 {
        text.push_str(nothing(object.as_ref()).as_str());
    }
    if let Some(object) = &object {
        text.push_str(&origin(app, &mut session, object)?);
    }
    app.page(&text)?;
    match (&object, all.first()) {
        (Some(object), _) => app.next_command(&format!("blame {}", quoted(&name_of(object))))?,
        (None, Some(first)) => {
            let (kind, id) = (
                first.text("kind").unwrap_or_default(),
                first.text("object_id").unwrap_or_default(),
            );
            app.next_command(&format!("log {}", quoted(&format!("{kind}:{id}"))))?;
        }
        (None, None) => app.next_command("snapshots")?,
    }
    Ok(0)
}

fn name_of(object: &ObjectRef) -> String {
    format!("{}:{}", object.kind_name, object.id)
}

fn nothing(object: Option<&ObjectRef>) -> String {
    match object {
        Some(_) => "No change was seen\n".to_owned(),
        None => "No changes\n".to_owned(),
    }
}

/// When one object was first seen: what came before is not known.
fn origin(app: &App, session: &mut Session, object: &ObjectRef) -> Result<String> {
    let sql = format!(
        "select min(_first_seen) as first, max(_last_seen) as last from history('{}')",
        sql_text(&name_of(object))
    );
    let batches = app.ask(session, &sql, &[])?;
    let times = records(&batches)
        .next()
        .and_then(|row| Some((row.time("first")?, row.time("last")?)));
    let name = object.display.as_deref().unwrap_or(&object.id);
    Ok(times.map_or_else(String::new, |(first, last)| {
        let line = format!(
            "{}: first seen {}, last seen {}",
            truncated(name, 80),
            short_time(first),
            short_time(last)
        );
        format!("{}\n", app.colour.paint(Tone::Faint, &line))
    }))
}

/// Added and removed objects, changed properties and changed links, as rows of one form.
fn statement(
    app: &App,
    args: &LogArgs,
    source: &Arc<Source>,
    object: Option<&ObjectRef>,
) -> Result<String> {
    let mut conditions = vec!["true".to_owned()];
    for (revision, operator) in [(&args.since, ">"), (&args.until, "<=")] {
        if let Some(revision) = revision {
            let time = match model::parse_time(revision) {
                Ok(time) => time,
                Err(_) => source.resolve(revision)?.taken_at,
            };
            // Where the audit log says when it happened, that counts; else when a snapshot first showed it.
            conditions.push(format!(
                "coalesce(changed_at, changed_before) {operator} timestamp '{time}'"
            ));
        }
    }
    if let Some(actor) = &args.actor {
        let actor = sql_text(actor);
        conditions.push(format!(
            "(lower(actor) = lower('{actor}') or actor_id = '{actor}')"
        ));
    }
    if let Some(path) = &args.path {
        let path = sql_text(path);
        conditions.push(format!(
            "(path = '{path}' or starts_with(path, '{path}.') or starts_with(path, '{path}['))"
        ));
    }
    let kind = args.kind.as_deref().map(|word| {
        let name = catalog::resolve(word).map_or(word, |kind| kind.name);
        source
            .archive()
            .kind(name)
            .map(|kind| kind.name)
            .ok_or_else(|| {
                Failure::usage(format!("the archive has no kind {word:?}"))
                    .hint(format!("see those there are with: {} ls", app.invocation()))
            })
    });
    let kind = kind.transpose()?;
    if let Some(kind) = &kind {
        conditions.push(format!("kind = '{}'", sql_text(kind)));
    }
    // The object's rows are found by key, not by reading everything.
    let (of_object, of_links) = match object {
        Some(object) => {
            let (kind, id) = (sql_text(&object.kind_name), sql_text(&object.id));
            let end = sql_text(&model::fold_id(&object.id));
            (
                format!("kind = '{kind}' and object_id = '{id}'"),
                format!("(source_id = '{end}' or target_id = '{end}')"),
            )
        }
        None => ("true".to_owned(), "true".to_owned()),
    };
    // Edges are told of by the object they start from, so they are left out among the objects.
    let edges: Vec<String> = source
        .archive()
        .kinds()
        .iter()
        .filter(|kind| catalog::by_name(&kind.name).is_some_and(catalog::Kind::is_relationship))
        .map(|kind| format!("'{}'", sql_text(&kind.name)))
        .collect();
    let no_edges = if edges.is_empty() {
        "true".to_owned()
    } else {
        format!("kind not in ({})", edges.join(", "))
    };
    let common = "changed_at, changed_after, changed_before";
    let who = "actor, actor_id, actor_ip, confidence, audit_id, snapshot_id, change_id";
    Ok(format!(
        "select * from ( \
           select {common}, change_type, kind, object_id, display_name, cast(null as text) as path, \
                  cast(null as text) as old_value, cast(null as text) as new_value, {who} \
             from changes where change_type <> 'modified' and {no_edges} and {of_object} \
           union all \
           select {common}, 'modified', kind, object_id, display_name, path, old_value, new_value, {who} \
             from property_changes where {no_edges} and {of_object} \
           union all \
           select {common}, case change_type when 'removed' then 'unlinked' when 'modified' then 'relinked' else 'linked' end, \
                  source_kind, source_id, source_name, relation, \
                  case when change_type = 'removed' then target_id end, \
                  case when change_type <> 'removed' then target_id end, {who} \
             from link_changes where {of_links}) \
         where {} order by changed_before desc, changed_at desc, kind, display_name, object_id, change_type, path, old_value, new_value",
        conditions.join(" and ")
    ))
}

/// What makes rows one change: the snapshot that showed it and the object.
fn id_of(row: Record<'_>) -> (Option<&str>, Option<&str>, Option<&str>) {
    (
        row.text("snapshot_id"),
        row.text("kind"),
        row.text("object_id"),
    )
}

struct Printer<'a> {
    app: &'a App,
    names: Names,
    with_values: bool,
}

impl Printer<'_> {
    fn change(&mut self, rows: &[Record<'_>], text: &mut String) {
        let first = rows[0];
        let whole = rows.iter().find_map(|row| match row.text("change_type") {
            Some(word @ ("added" | "removed" | "restored")) => Some(word),
            _ => None,
        });
        let (word, tone) = match whole {
            Some(word @ "removed") => (word, Tone::Removed),
            Some(word) => (word, Tone::Added),
            None => ("changed", Tone::Changed),
        };
        let paint = |tone, text: &str| self.app.colour.paint(tone, text);
        let id = first.text("object_id").unwrap_or_default();
        let name = self
            .names
            .readable(first.text("display_name").unwrap_or(id));
        let _ = writeln!(
            text,
            "{}  {}  {}  {}  {}",
            when(first),
            paint(tone, &format!("{word:<8}")),
            first.text("kind").unwrap_or_default(),
            paint(Tone::Strong, &truncated(&name, 80)),
            paint(Tone::Faint, &self.app.short_object(id))
        );
        if self.with_values {
            for row in rows {
                self.values(*row, text);
            }
        } else {
            let mut paths: Vec<&str> = rows.iter().filter_map(|row| row.text("path")).collect();
            paths.dedup();
            if !paths.is_empty() {
                let _ = writeln!(text, "    {}", truncated(&paths.join(", "), 110));
            }
        }
        if let Some(who) = who(rows) {
            let _ = writeln!(text, "    {}", paint(Tone::Faint, &who));
        }
    }

    fn values(&mut self, row: Record<'_>, text: &mut String) {
        let Some(path) = row.text("path") else { return };
        let (old, new) = (row.text("old_value"), row.text("new_value"));
        let (added, removed) = (
            self.app.colour.paint(Tone::Added, "+"),
            self.app.colour.paint(Tone::Removed, "-"),
        );
        if matches!(
            row.text("change_type"),
            Some("linked" | "unlinked" | "relinked")
        ) {
            let sign = if old.is_some() { &removed } else { &added };
            let target = self.names.described(old.or(new).unwrap_or_default());
            let _ = writeln!(text, "    {path:<30} {sign} {target}");
            return;
        }
        for line in lines(old, new, &mut self.names) {
            let shown = match line {
                Line::Became(old, new) => format!("{old} -> {new}"),
                Line::Gained(value) => format!("{added} {value}"),
                Line::Lost(value) => format!("{removed} {value}"),
            };
            let _ = writeln!(text, "    {path:<30} {shown}");
        }
    }
}

/// The time the audit log gives, or the two snapshots the change lies between.
fn when(row: Record<'_>) -> String {
    let (at, after, before) = (
        row.time("changed_at"),
        row.time("changed_after"),
        row.time("changed_before"),
    );
    match (at, after, before) {
        (Some(at), _, Some(before)) if at != before => short_time(at),
        (_, Some(after), Some(before)) => {
            format!("{} to {}", short_time(after), short_time(before))
        }
        (_, None, Some(before)) => format!("by {}", short_time(before)),
        _ => String::new(),
    }
}

/// Who did it: everybody who is named, and how surely.
fn who(rows: &[Record<'_>]) -> Option<String> {
    let mut actors: Vec<(String, bool)> = Vec::new();
    for row in rows {
        let Some(actor) = row.text("actor").or_else(|| row.text("actor_id")) else {
            continue;
        };
        let ip = row.text("actor_ip").map(|ip| format!("  {ip}"));
        let actor = format!("{actor}{}", ip.unwrap_or_default());
        let is_exact = row.text("confidence") == Some("exact");
        match actors.iter_mut().find(|(known, _)| *known == actor) {
            Some((_, known)) => *known |= is_exact,
            None => actors.push((actor, is_exact)),
        }
    }
    let surely = |is_exact: bool| if is_exact { "by" } else { "likely by" };
    let mut said: Vec<String> = actors
        .into_iter()
        .map(|(actor, is_exact)| format!("{} {actor}", surely(is_exact)))
        .collect();
    let is_ambiguous = |row: &Record<'_>| row.text("confidence") == Some("ambiguous");
    if rows.iter().any(is_ambiguous) {
        said.push("by one of several actors in that time: see directory_audits".to_owned());
    }
    (!said.is_empty()).then(|| said.join("; "))
}
