//! The difference report: a summary by kind, then every object with its changed attributes and links.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use query::arrow::array::RecordBatch;
use query::{Session, Source};

use super::{Comparison, log_command};
use crate::app::App;
use crate::commands::values::{Line, Names, lines};
use crate::failure::Result;
use crate::output::{Grid, Tone, count, plural, short_time, truncated};
use crate::records::{Record, records};

/// Objects named per kind.
const SHOWN_OBJECTS: usize = 20;
/// Links named per object.
const SHOWN_LINKS: usize = 10;

/// What differs of one kind.
#[derive(Default)]
struct KindTotals {
    added: u64,
    changed: u64,
    removed: u64,
    links: u64,
}

/// Everything that differs of one object.
#[derive(Default)]
struct Changed<'r> {
    name: Option<String>,
    /// `added`, `modified`, `removed`; absent where only its links differ.
    change_type: Option<&'r str>,
    properties: Vec<Record<'r>>,
    links: Vec<Record<'r>>,
}

type ByObject<'r> = BTreeMap<(String, String), Changed<'r>>;

pub(super) fn print(
    app: &App,
    source: &Arc<Source>,
    session: &mut Session,
    comparison: &Comparison,
    all: bool,
) -> Result<u64> {
    let (objects, properties, links) = rows(app, session, comparison)?;
    let is_edge = |kind: &str| catalog::by_name(kind).is_some_and(catalog::Kind::is_relationship);
    let mut changed: ByObject<'_> = BTreeMap::new();
    let mut noise = 0u64;
    let mut noisy: HashMap<(&str, &str), u64> = HashMap::new();
    for row in records(&properties) {
        let key = key(row, "kind", "object_id");
        if comparison.ignore_noise && row.is("is_drift") {
            noise += 1;
            *noisy.entry(key).or_default() += 1;
        } else {
            changed.entry(owned(key)).or_default().properties.push(row);
        }
    }
    for row in records(&objects) {
        let key = key(row, "kind", "object_id");
        // Edges are told of by the objects they start from.
        let only_noise = noisy.contains_key(&key) && !changed.contains_key(&owned(key));
        if is_edge(key.0) || only_noise {
            continue;
        }
        let entry = changed.entry(owned(key)).or_default();
        entry.change_type = row.text("change_type");
        entry.name = row.text("display_name").map(str::to_owned);
    }
    for row in records(&links) {
        let entry = changed
            .entry(owned(key(row, "source_kind", "source_id")))
            .or_default();
        entry.name = entry
            .name
            .take()
            .or_else(|| row.text("source_name").map(str::to_owned));
        entry.links.push(row);
    }
    let mut text = format!(
        "{}  {} ({})  ->  {} ({})\n",
        app.colour.paint(Tone::Strong, source.archive().tenant()),
        app.short(&comparison.from.id.to_string()),
        short_time(comparison.from.taken_at),
        app.short(&comparison.to.id.to_string()),
        short_time(comparison.to.taken_at)
    );
    if changed.is_empty() {
        text.push_str("\nNo differences\n");
    } else {
        text.push('\n');
        text.push_str(&summary(app, &changed));
        let actors = actors(app, session, comparison)?;
        let printer = Printer {
            app,
            names: Names::new(source),
            actors,
            all,
        };
        printer.objects(&changed, &mut text);
    }
    if noise > 0 {
        let _ = writeln!(
            text,
            "\n{} hidden by --ignore-noise",
            plural(noise, "difference")
        );
    }
    text.push_str(&unread(app, session, comparison)?);
    app.page(&text)?;
    let first = changed
        .iter()
        .find(|(_, changed)| changed.change_type == Some("modified"));
    match first.or_else(|| changed.iter().next()) {
        Some(((kind, id), _)) => app.next_command(&log_command(kind, id))?,
        None => app.next_command("snapshots")?,
    }
    Ok(changed.len() as u64)
}

/// Objects, properties and links that differ.
fn rows(
    app: &App,
    session: &mut Session,
    comparison: &Comparison,
) -> Result<(Vec<RecordBatch>, Vec<RecordBatch>, Vec<RecordBatch>)> {
    let (arguments, condition) = (comparison.arguments(), comparison.condition());
    let mut ask = |sql: String| app.ask(session, &sql, &[]);
    let (mut objects, mut properties, mut links) = (Vec::new(), Vec::new(), Vec::new());
    if comparison.attributes {
        objects = ask(format!(
            "select kind, object_id, display_name, change_type from diff({arguments}) where {condition}"
        ))?;
        properties = ask(format!(
            "select * from diff_properties({arguments}) where {condition} order by path"
        ))?;
    }
    if comparison.links {
        let condition = comparison.link_condition();
        links = ask(format!(
            "select * from diff_links({arguments}) where {condition} order by relation, change_type, target_name, target_id"
        ))?;
    }
    Ok((objects, properties, links))
}

fn key<'r>(row: Record<'r>, kind: &str, id: &str) -> (&'r str, &'r str) {
    (
        row.text(kind).unwrap_or_default(),
        row.text(id).unwrap_or_default(),
    )
}

fn owned((kind, id): (&str, &str)) -> (String, String) {
    (kind.to_owned(), id.to_owned())
}

fn summary(app: &App, changed: &ByObject<'_>) -> String {
    let mut kinds: BTreeMap<&str, KindTotals> = BTreeMap::new();
    for ((kind, _), object) in changed {
        let totals = kinds.entry(kind).or_default();
        match object.change_type {
            Some("added") => totals.added += 1,
            Some("removed") => totals.removed += 1,
            Some(_) => totals.changed += 1,
            None => {}
        }
        totals.links += object.links.len() as u64;
    }
    let mut grid = Grid::new(
        &["  kind", ">added", ">changed", ">removed", ">links"],
        false,
    );
    for (kind, totals) in kinds {
        let mut cells = vec![format!("  {kind}")];
        cells.extend([totals.added, totals.changed, totals.removed, totals.links].map(count));
        grid.push(&cells);
    }
    grid.render(app.colour)
}

/// Who did it, by object: the newest change the audit log explains within the two snapshots.
fn actors(
    app: &App,
    session: &mut Session,
    comparison: &Comparison,
) -> Result<HashMap<(String, String), String>> {
    let mut actors = HashMap::new();
    let sql = format!(
        "select kind, object_id, changed_at, actor, actor_ip, activity from changes \
         where {} and actor is not null and changed_before > timestamp '{}' and changed_before <= timestamp '{}' \
         order by changed_at",
        comparison.condition(),
        comparison.from.taken_at,
        comparison.to.taken_at
    );
    for row in records(&app.ask(session, &sql, &[])?) {
        let time = row.time("changed_at").map(short_time).unwrap_or_default();
        let said: Vec<&str> = ["actor", "actor_ip", "activity"]
            .iter()
            .filter_map(|name| row.text(name))
            .collect();
        actors.insert(
            owned(key(row, "kind", "object_id")),
            format!("{time}  {}", said.join("  ")),
        );
    }
    Ok(actors)
}

/// Kinds that were not read completely in one of the two states: what is missing there is no deletion.
fn unread(app: &App, session: &mut Session, comparison: &Comparison) -> Result<String> {
    let sql = format!(
        "select distinct c.kind, c.status, s.taken_at from coverage c join snapshots s on s.snapshot_id = c.snapshot_id \
         where c.status <> 'complete' and s.number in ({}, {}) order by s.taken_at, c.kind",
        comparison.from.number, comparison.to.number
    );
    // Kinds of which the same can be said are named together.
    let mut said: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in records(&app.ask(session, &sql, &[])?) {
        let kind = row.text("kind").unwrap_or_default();
        if comparison.kinds.is_empty() || comparison.kinds.iter().any(|wanted| wanted == kind) {
            let status = row.text("status").unwrap_or_default().replace('_', " ");
            let time = row.time("taken_at").map(short_time).unwrap_or_default();
            said.entry(kind.to_owned())
                .or_default()
                .push((status, time));
        }
    }
    let mut together: BTreeMap<Vec<(String, String)>, Vec<String>> = BTreeMap::new();
    for (kind, said) in said {
        together.entry(said).or_default().push(kind);
    }
    let mut text = String::new();
    for (said, kinds) in together {
        let when: Vec<String> = said
            .iter()
            .map(|(status, time)| format!("{status} at {time}"))
            .collect();
        let _ = writeln!(
            text,
            "note: not read completely: {}: {}",
            named(&kinds),
            when.join(", ")
        );
    }
    if !text.is_empty() {
        text.insert(0, '\n');
    }
    Ok(text)
}

/// Kinds by name, the first few.
fn named(kinds: &[String]) -> String {
    const NAMED: usize = 4;
    let first = kinds[..kinds.len().min(NAMED)].join(", ");
    match kinds.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {}", plural(more as u64, "more kind")),
    }
}

struct Printer<'a> {
    app: &'a App,
    names: Names,
    actors: HashMap<(String, String), String>,
    all: bool,
}

impl Printer<'_> {
    fn objects(mut self, changed: &ByObject<'_>, text: &mut String) {
        let all: Vec<_> = changed.iter().collect();
        for group in all.chunk_by(|a, b| a.0.0 == b.0.0) {
            text.push('\n');
            let limit = if self.all { usize::MAX } else { SHOWN_OBJECTS };
            for ((kind, id), object) in group.iter().take(limit) {
                self.object(kind, id, object, text);
            }
            if group.len() > limit {
                let more = (group.len() - limit) as u64;
                let _ = writeln!(
                    text,
                    "  … {} more of {} (--all names them)",
                    count(more),
                    group[0].0.0
                );
            }
        }
    }

    fn object(&mut self, kind: &str, id: &str, object: &Changed<'_>, text: &mut String) {
        let (sign, tone) = match object.change_type {
            Some("added") => ("+", Tone::Added),
            Some("removed") => ("-", Tone::Removed),
            _ => ("~", Tone::Changed),
        };
        let name = self.names.readable(object.name.as_deref().unwrap_or(id));
        let paint = |tone, text: &str| self.app.colour.paint(tone, text);
        let _ = writeln!(
            text,
            "{} {kind}  {}  {}",
            paint(tone, sign),
            paint(Tone::Strong, &truncated(&name, 80)),
            paint(Tone::Faint, &self.app.short_object(id)),
        );
        for property in &object.properties {
            let path = property.text("path").unwrap_or_default();
            for line in lines(
                property.text("old_value"),
                property.text("new_value"),
                &mut self.names,
            ) {
                let shown = match line {
                    Line::Became(old, new) => format!("{path:<30} {old} -> {new}"),
                    Line::Gained(value) => format!(
                        "{path:<30} {} {value}",
                        self.app.colour.paint(Tone::Added, "+")
                    ),
                    Line::Lost(value) => format!(
                        "{path:<30} {} {value}",
                        self.app.colour.paint(Tone::Removed, "-")
                    ),
                };
                let _ = writeln!(text, "    {shown}");
            }
        }
        self.links(object, text);
        if let Some(actor) = self.actors.get(&(kind.to_owned(), id.to_owned())) {
            let _ = writeln!(text, "    {}", self.app.colour.paint(Tone::Faint, actor));
        }
    }

    fn links(&self, object: &Changed<'_>, text: &mut String) {
        let limit = if self.all { usize::MAX } else { SHOWN_LINKS };
        for link in object.links.iter().take(limit) {
            let (sign, tone) = match link.text("change_type") {
                Some("removed") => ("-", Tone::Removed),
                Some("modified") => ("~", Tone::Changed),
                _ => ("+", Tone::Added),
            };
            let target = link.text("target_id").unwrap_or_default();
            let name = link
                .text("target_name")
                .map_or_else(|| target.to_owned(), |name| truncated(name, 80));
            let _ = writeln!(
                text,
                "    {:<30} {} {name} ({})",
                link.text("relation").unwrap_or_default(),
                self.app.colour.paint(tone, sign),
                link.text("target_kind").unwrap_or_default()
            );
        }
        if object.links.len() > limit {
            let _ = writeln!(text, "    … {} more links", object.links.len() - limit);
        }
    }
}
