//! The page of settings has every key of the configuration file, as the JSON Schema describes it, and its examples are
//! configurations that work.
//!
//! `UPDATE_DOCS=1 cargo test --workspace --locked settings_page` writes its tables anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::programs::Place;

const BEGIN: &str = "<!-- keys: from entrace config schema -->\n";
const END: &str = "<!-- end -->";

fn page() -> PathBuf {
    crate::shared::package().join("docs/configuration.md")
}

/// What a schema stands for, and its name where it has one: references followed, and what may be null without that.
fn meant<'s>(schema: &'s Value, root: &'s Value) -> (&'s Value, &'s str) {
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    if let Some(choice) = choices.into_iter().find(|choice| choice["type"] != "null") {
        return meant(choice, root);
    }
    match schema["$ref"].as_str() {
        Some(reference) => {
            let name = reference.rsplit('/').next().unwrap_or_default();
            (&root["$defs"][name], name)
        }
        None => (schema, ""),
    }
}

/// The values a key takes, in words.
fn values(schema: &Value, name: &str) -> String {
    let words = |list: &Value, of: fn(&Value) -> &Value| {
        let all = list.as_array().into_iter().flatten();
        let words = all.filter_map(|one| of(one).as_str());
        words
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match name {
        "Interval" => return "length of time".to_owned(),
        "Schedule" => return "times, as cron".to_owned(),
        "Kinds" => return "list of kinds".to_owned(),
        _ => {}
    }
    if schema["oneOf"].is_array() {
        return words(&schema["oneOf"], |one| &one["const"]);
    }
    if schema["enum"].is_array() {
        return words(&schema["enum"], |one| one);
    }
    let plain = match &schema["type"] {
        Value::Array(types) => types.iter().find(|one| *one != "null"),
        one => Some(one),
    };
    let word = match plain.and_then(Value::as_str) {
        Some("boolean") => "`true`, `false`",
        Some("integer" | "number") => "number",
        Some("array") => "list of texts",
        Some("object") => "table",
        _ => "text",
    };
    word.to_owned()
}

/// Where sections of each name were described first.
type Described<'s> = BTreeMap<&'s str, String>;

/// The tables of a section and of those in it.
fn section<'s>(
    path: &str,
    schema: &'s Value,
    root: &'s Value,
    described: &mut Described<'s>,
    text: &mut String,
) {
    let mut rows = String::new();
    let mut inside = Vec::new();
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let own = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let (target, name) = meant(property, root);
        let named = &target["additionalProperties"];
        if target["properties"].is_object() {
            inside.push((own, property, target, name));
        } else if named["$ref"].is_string() {
            let (target, name) = meant(named, root);
            if target["properties"].is_object() {
                inside.push((format!("{own}.NAME"), property, target, name));
                continue;
            }
            let _ = writeln!(
                rows,
                "| `{own}.NAME` | {} | {} |",
                values(target, ""),
                said(property)
            );
        } else {
            let _ = writeln!(
                rows,
                "| `{own}` | {} | {} |",
                values(target, name),
                said(property)
            );
        }
    }
    if !rows.is_empty() {
        let _ = write!(text, "| key | value | |\n|---|---|---|\n{rows}");
    }
    for (own, property, target, name) in inside {
        let description = match said(property) {
            "" => said(target),
            description => description,
        };
        let _ = write!(text, "\n## `[{own}]`\n\n{description}\n\n");
        match described.get(name) {
            Some(first) => {
                let _ = writeln!(text, "Its keys are those of `[{first}]`.");
            }
            None => {
                described.insert(name, own.clone());
                section(&own, target, root, described, text);
            }
        }
    }
}

fn said(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

#[test]
fn the_settings_page_has_every_key() {
    let place = Place::new();
    let run = place.run_with(&[], &["config", "schema"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let schema: Value = serde_json::from_str(&run.stdout).expect("because it is JSON");
    let mut tables = String::new();
    section("", &schema, &schema, &mut Described::new(), &mut tables);
    assert!(
        tables.contains("| `tenants.NAME.auth.client_id` |"),
        "{tables}"
    );
    assert!(
        tables.contains("| `collect.kind_time` | length of time |"),
        "{tables}"
    );
    let text = std::fs::read_to_string(page()).expect("because the page is in the repository");
    let (before, rest) = text.split_once(BEGIN).expect("because tables have a place");
    let (shown, after) = rest.split_once(END).expect("because tables have an end");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = format!("{before}{BEGIN}{tables}{END}{after}");
        std::fs::write(page(), text).expect("because the page is ours");
        return;
    }
    assert!(
        shown == tables,
        "docs/configuration.md: UPDATE_DOCS=1 writes it anew"
    );
}

#[test]
fn the_settings_page_shows_what_works() {
    let folder = crate::shared::package().join("docs");
    for page in ["configuration.md", "collecting.md"] {
        let text = std::fs::read_to_string(folder.join(page));
        let text = text.expect("because the page is in the repository");
        let examples = text.split("```toml\n").skip(1);
        let examples: Vec<&str> = examples
            .map(|rest| rest.split("\n```").next().unwrap_or_default())
            .collect();
        assert!(!examples.is_empty(), "{page}");
        for example in examples {
            let place = Place::new();
            place.write("entrace.toml", example);
            let run = place.run_with(&[], &["config", "validate"]);
            assert_eq!(run.code, Some(0), "{page}: {example}\n{}", run.stderr);
        }
    }
}
