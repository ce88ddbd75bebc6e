//! `plan diff`: which steps one plan has and another has not.

use std::fmt::Write as _;

use clap::Args;
use restore::Step;
use restore::render::{Comparison, compare};
use serde_json::json;

use crate::app::App;
use crate::failure::Result;
use crate::output::{Tone, plural, truncated};
use crate::plans;

/// Show which steps two plans do not have in common
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace plan diff p.json q.json
  entrace plan diff 3f1c6f0e 9b2d11aa --exit-code")]
pub(crate) struct DiffArgs {
    /// The first plan: a file, or the beginning of its id
    #[arg(value_name = "PLAN")]
    first: String,
    /// The second plan
    #[arg(value_name = "PLAN")]
    second: String,
    /// Exit with this code when they differ
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "5")]
    exit_code: Option<u8>,
}

pub(crate) fn run(app: &App, args: &DiffArgs) -> Result<u8> {
    let archive = app.archive()?;
    let first = plans::named(&archive, &args.first)?.plan;
    let second = plans::named(&archive, &args.second)?.plan;
    let comparison = compare(&first, &second);
    if app.for_people() {
        app.page(&text(app, &comparison))?;
    } else {
        plans::json_only(app, "plan diff")?;
        let changed: Vec<_> = comparison
            .changed
            .iter()
            .map(|(first, second)| json!({ "first": first, "second": second }))
            .collect();
        app.print_json(&json!({
            "added": comparison.added,
            "removed": comparison.removed,
            "changed": changed,
            "same": comparison.same,
        }))?;
    }
    Ok(match args.exit_code {
        Some(code) if !comparison.is_empty() => code,
        _ => 0,
    })
}

fn text(app: &App, comparison: &Comparison) -> String {
    let mut text = String::new();
    let title = |step: &Step| {
        let name = step.name.clone().unwrap_or_else(|| step.object.join(" "));
        format!(
            "{} {} {}",
            step.action.title(),
            step.kind.replace('_', " "),
            truncated(&name, 80)
        )
    };
    for (sign, tone, steps) in [
        ("-", Tone::Removed, &comparison.removed),
        ("+", Tone::Added, &comparison.added),
    ] {
        for step in steps {
            let _ = writeln!(
                text,
                "{}",
                app.colour.paint(tone, &format!("{sign} {}", title(step)))
            );
        }
    }
    for (first, second) in &comparison.changed {
        let _ = writeln!(
            text,
            "{}",
            app.colour
                .paint(Tone::Changed, &format!("~ {}", title(second)))
        );
        for change in &second.properties {
            let before = first.properties.iter().find(|it| it.path == change.path);
            if before != Some(change) {
                let value = |value: Option<&serde_json::Value>| {
                    value.map_or_else(|| "nothing".to_owned(), |it| truncated(&it.to_string(), 80))
                };
                let _ = writeln!(
                    text,
                    "    {}: {} instead of {}",
                    truncated(&change.path, 80),
                    value(change.new.as_ref()),
                    value(before.and_then(|it| it.new.as_ref()))
                );
            }
        }
        if first.precondition != second.precondition {
            text.push_str("    the object is in another state now\n");
        }
    }
    let _ = writeln!(
        text,
        "{}{} in both",
        if comparison.is_empty() { "" } else { "\n" },
        plural(comparison.same as u64, "step")
    );
    text
}
