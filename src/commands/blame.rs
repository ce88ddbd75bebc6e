//! `blame`: since when each property has its value, and who gave it that.

use clap::Args;
use query::{Session, SessionOptions};
use serde_json::Value;
use std::collections::BTreeMap;

use super::diff::sql_text;
use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Grid, Tone, short_time, truncated};
use crate::records::{Record, records};
use crate::words::quoted;

/// Show since when each property of an object has its value, and who gave it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace blame ca:\"CA001: Require MFA\"
  entrace blame user:alice@contoso.example jobTitle")]
pub(crate) struct BlameArgs {
    /// The object
    #[arg(value_name = "OBJ")]
    object: String,
    /// Only this property and what is in it
    #[arg(value_name = "PATH")]
    path: Option<String>,
    /// The state whose values are explained
    #[arg(
        long,
        value_name = "REV",
        allow_hyphen_values = true,
        default_value = "latest"
    )]
    at: String,
}

/// One property with its value.
struct Property {
    path: String,
    value: String,
}

pub(crate) fn run(app: &App, args: &BlameArgs) -> Result<u8> {
    let source = app.source()?;
    let options = SessionOptions {
        as_of: Some(args.at.clone()),
        ..SessionOptions::default()
    };
    let mut session = Session::new(&source, options)?;
    let object = source.object(&args.object)?;
    let name = format!("{}:{}", object.kind_name, object.id);
    let sql = format!(
        "select _first_seen, _not_before, properties from history('{}') where _is_current",
        sql_text(&name)
    );
    let current = app.ask(&mut session, &sql, &[])?;
    let Some(state) = records(&current).next() else {
        return Err(
            Failure::new(FAILED, format!("{name} does not exist in {}", args.at)).hint(format!(
                "see what became of it with: {} log {}",
                app.invocation(),
                quoted(&name)
            )),
        );
    };
    let value: Value =
        serde_json::from_str(state.text("properties").unwrap_or("{}")).map_err(|e| {
            Failure::new(
                FAILED,
                format!("{name}: its stored JSON cannot be read: {e}"),
            )
        })?;
    let properties = properties(&value, args.path.as_deref());
    if let (Some(path), true) = (&args.path, properties.is_empty()) {
        return Err(Failure::new(
            FAILED,
            format!("{name} has no property {path}"),
        ));
    }
    let condition = format!(
        "kind = '{}' and object_id = '{}'",
        sql_text(&object.kind_name),
        sql_text(&object.id)
    );
    let changes = app.ask(
        &mut session,
        &format!("select * from property_changes where {condition} order by changed_before"),
        &[],
    )?;
    let births = app.ask(
        &mut session,
        &format!("select * from changes where {condition} and change_type in ('added', 'restored') order by changed_before"),
        &[],
    )?;
    let first_seen = first_seen(app, &mut session, &name)?;
    // The newest change of a path, or of anything it is in or that is in it.
    let mut newest: BTreeMap<&str, Record<'_>> = BTreeMap::new();
    for change in records(&changes) {
        for property in &properties {
            let path = change.text("path").unwrap_or_default();
            if is_within(path, &property.path) || is_within(&property.path, path) {
                newest.insert(&property.path, change);
            }
        }
    }
    let birth = records(&births).last();
    let mut rows = Vec::new();
    for property in &properties {
        let change = newest.get(property.path.as_str()).copied().or(birth);
        let since = match change {
            Some(change) => change
                .time("changed_at")
                .map(short_time)
                .unwrap_or_default(),
            None => format!("before {first_seen}"),
        };
        let by = change
            .and_then(|change| change.text("actor"))
            .unwrap_or_default();
        rows.push((property, since, by));
    }
    if app.wants_json() {
        app.print_json(&as_json(&rows))?;
        return Ok(0);
    }
    let title = object.display.as_deref().unwrap_or(&object.id);
    let title = format!(
        "{}  {}\n",
        app.colour.paint(Tone::Strong, title),
        object.kind_name
    );
    app.page(&(title + &as_text(app, rows)))?;
    app.next_command(&format!("log {}", quoted(&name)))?;
    Ok(0)
}

/// When the object was seen for the first time, for people.
fn first_seen(app: &App, session: &mut Session, name: &str) -> Result<String> {
    let sql = format!(
        "select min(_first_seen) as first from history('{}')",
        sql_text(name)
    );
    let answer = app.ask(session, &sql, &[])?;
    let time = records(&answer).next().and_then(|row| row.time("first"));
    Ok(time.map(short_time).unwrap_or_default())
}

/// The object's properties; where a path is named, those in it or around it.
fn properties(value: &Value, path: Option<&str>) -> Vec<Property> {
    let mut properties = Vec::new();
    flatten(value, String::new(), &mut properties);
    if let Some(path) = path {
        properties
            .retain(|property| is_within(&property.path, path) || is_within(path, &property.path));
    }
    properties
}

/// A property, since when it has its value, and who gave it.
type Row<'r> = (&'r Property, String, &'r str);

fn as_json(rows: &[Row<'_>]) -> Value {
    let one = |(property, since, by): &Row<'_>| {
        let value: Value = serde_json::from_str(&property.value).unwrap_or(Value::Null);
        serde_json::json!({"path": property.path, "value": value, "since": since,
                           "actor": (!by.is_empty()).then_some(by)})
    };
    rows.iter().map(one).collect()
}

fn as_text(app: &App, rows: Vec<Row<'_>>) -> String {
    let mut grid = Grid::new(
        &["since", "by", "property", "value"],
        std::io::IsTerminal::is_terminal(&std::io::stdout()),
    );
    for (property, since, by) in rows {
        grid.push(&[
            since,
            truncated(by, 40),
            property.path.clone(),
            truncated(&property.value, 60),
        ]);
    }
    grid.render(app.colour)
}

/// Leaves of a value by path: members of objects, but lists as a whole.
fn flatten(value: &Value, path: String, out: &mut Vec<Property>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(member, path, out);
            }
        }
        other => out.push(Property {
            path,
            value: other.to_string(),
        }),
    }
}

/// Whether a path is another or lies in it.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lie_in_each_other() {
        assert!(is_within("a.b", "a"));
        assert!(is_within("a[0].b", "a"));
        assert!(is_within("a", "a"));
        assert!(!is_within("ab", "a"));
        assert!(!is_within("a", "a.b"));
    }

    #[test]
    fn objects_are_flattened_and_lists_kept() {
        let mut out = Vec::new();
        let value = serde_json::json!({"a": {"b": [1, {"c": 2}], "e": {}}, "d": null});
        flatten(&value, String::new(), &mut out);
        let shown: Vec<(&str, &str)> = out
            .iter()
            .map(|p| (p.path.as_str(), p.value.as_str()))
            .collect();
        assert_eq!(
            shown,
            [("a.b", r#"[1,{"c":2}]"#), ("a.e", "{}"), ("d", "null")]
        );
    }
}
