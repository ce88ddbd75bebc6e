//! `show`: one object in full.

use std::fmt::Write as _;

use clap::Args;
use query::Session;

use super::values::Names;
use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Tone, short_time};
use crate::records::records;
use crate::words::quoted;

/// Show one object in full, now or at any time
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace show user:alice@contoso.example
  entrace show ca:\"CA001: Require MFA\" 2026-10-01
  entrace show 3f1c6f0e-... --path conditions.users")]
pub(crate) struct ShowArgs {
    /// The object
    #[arg(value_name = "OBJ")]
    object: String,
    /// The state to show it in
    #[arg(value_name = "REV", allow_hyphen_values = true)]
    revision: Option<String>,
    /// Only this property, such as conditions.users.excludeGroups
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// Only the JSON, in one line, as it is stored
    #[arg(long)]
    raw: bool,
}

/// Links named per relation.
const SHOWN_LINKS: usize = 20;

pub(crate) fn run(app: &App, args: &ShowArgs) -> Result<u8> {
    let source = app.source()?;
    let mut session = Session::new(&source, query::SessionOptions::default())?;
    let object = source.object(&args.object)?;
    let snapshot = source.resolve(args.revision.as_deref().unwrap_or("latest"))?;
    let full_name = format!("{}:{}", object.kind_name, object.id);
    let history = app.ask(
        &mut session,
        &format!(
            "select * from history('{}') order by _first_seen",
            full_name.replace('\'', "''")
        ),
        &[],
    )?;
    let at = snapshot.taken_at;
    let lives: Vec<_> = records(&history).collect();
    let alive = lives.iter().rev().find(|life| {
        life.time("_first_seen").is_some_and(|seen| seen <= at)
            && life.time("_gone_at").is_none_or(|gone| gone > at)
    });
    let Some(life) = alive else {
        return Err(absent(app, &full_name, &lives, at));
    };
    let name = life
        .text("display_name")
        .or(object.display.as_deref())
        .unwrap_or(&object.id);
    let whole = life.text("properties").unwrap_or("{}");
    let value: serde_json::Value = serde_json::from_str(whole).map_err(|e| {
        Failure::new(
            FAILED,
            format!("{full_name}: its stored JSON cannot be read: {e}"),
        )
    })?;
    let value = match &args.path {
        Some(path) => at_path(&value, path)
            .ok_or_else(|| Failure::new(FAILED, format!("{full_name} has no property {path}")))?
            .clone(),
        None => value,
    };
    if args.raw {
        app.print(&format!("{value}\n"))?;
        return Ok(0);
    }
    if app.wants_json() {
        app.print_json(&value)?;
        return Ok(0);
    }
    let mut text = String::new();
    let version = life.text("_version").unwrap_or_default();
    let _ = writeln!(
        text,
        "{}  {}",
        app.colour.paint(Tone::Strong, name),
        object.kind_name
    );
    let _ = writeln!(text, "{}  version {}", object.id, app.short(version));
    let seen = |name: &str| life.time(name).map(short_time);
    let gone =
        seen("_gone_at").map_or_else(String::new, |gone| format!(", gone or other at {gone}"));
    let _ = writeln!(
        text,
        "seen as this from {} to {}{gone}; {} of it in the archive\n",
        seen("_first_seen").unwrap_or_default(),
        seen("_last_seen").unwrap_or_default(),
        crate::output::plural(lives.len() as u64, "state")
    );
    let _ = writeln!(text, "{value:#}");
    if args.path.is_none() {
        text.push_str(&links(
            app,
            &mut session,
            &object,
            &snapshot,
            &mut Names::new(&source),
        )?);
    }
    app.page(&text)?;
    app.next_command(&format!("log {}", quoted(&full_name)))?;
    Ok(0)
}

fn absent(
    app: &App,
    name: &str,
    lives: &[crate::records::Record<'_>],
    at: jiff::Timestamp,
) -> Failure {
    let first = lives
        .iter()
        .filter_map(|life| life.time("_first_seen"))
        .min();
    let gone = lives.last().and_then(|life| life.time("_gone_at"));
    let when = match (first, gone) {
        (Some(first), _) if first > at => format!("it was first seen at {}", short_time(first)),
        (_, Some(gone)) => format!("it was gone at {}", short_time(gone)),
        _ => "it was not seen then".to_owned(),
    };
    let last = lives
        .iter()
        .filter_map(|life| life.time("_last_seen"))
        .max();
    let failure = Failure::new(
        FAILED,
        format!("{name} did not exist at {}: {when}", short_time(at)),
    );
    match last {
        Some(last) => failure.hint(format!(
            "see its last state with: {} show {} {last}",
            app.invocation(),
            quoted(name)
        )),
        None => failure,
    }
}

fn at_path<'v>(value: &'v serde_json::Value, path: &str) -> Option<&'v serde_json::Value> {
    let mut at = value;
    for part in path.trim_start_matches("$.").split('.') {
        at = match at {
            serde_json::Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
            other => other.get(part)?,
        };
    }
    Some(at)
}

/// What points to the object and what it points to.
fn links(
    app: &App,
    session: &mut Session,
    object: &query::ObjectRef,
    snapshot: &store::Snapshot,
    names: &mut Names,
) -> Result<String> {
    let id = model::fold_id(&object.id);
    let at = snapshot.id.to_string();
    let sql = format!(
        "select l.relation, l.source_id = $id as outward, \
                case when l.source_id = $id then l.target_id else l.source_id end as other \
         from \"@{at}\".links l where l.source_id = $id or l.target_id = $id order by 2 desc, 1, 3"
    );
    let batches = app.ask(session, &sql, &[("id", &id)])?;
    let all: Vec<_> = records(&batches).collect();
    let mut text = String::new();
    for group in all.chunk_by(|a, b| {
        a.text("relation") == b.text("relation") && a.is("outward") == b.is("outward")
    }) {
        let relation = group[0].text("relation").unwrap_or_default();
        let title = if group[0].is("outward") {
            relation.to_owned()
        } else {
            format!("in {relation} of")
        };
        let _ = writeln!(
            text,
            "\n{} ({})",
            app.colour.paint(Tone::Strong, &title),
            group.len()
        );
        for link in group.iter().take(SHOWN_LINKS) {
            let other = link.text("other").unwrap_or_default();
            let _ = writeln!(text, "  {}", names.described(other));
        }
        if group.len() > SHOWN_LINKS {
            let _ = writeln!(text, "  … and {} more", group.len() - SHOWN_LINKS);
        }
    }
    Ok(text)
}
