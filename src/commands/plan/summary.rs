//! What a new plan is, in a few lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use restore::{Plan, RiskCode};
use serde_json::json;

use crate::app::App;
use crate::failure::Result;
use crate::output::{Tone, count, plural, short_time, truncated};

/// Longest risk in a line.
const WIDTH: usize = 160;

/// Prints what a plan would do; `id` and `path` say where it is kept, if anywhere.
pub(super) fn print(app: &App, plan: &Plan, id: Option<&str>, path: Option<&Path>) -> Result<()> {
    if !app.for_people() {
        crate::plans::json_only(app, "plan create")?;
        return app.print_json(&to_json(plan, id, path));
    }
    app.print(&to_text(app, plan, id, path))?;
    if let Some(id) = id {
        let word = path.map_or_else(
            || app.short(id).to_owned(),
            |path| crate::words::quoted(&path.display().to_string()),
        );
        app.next_command(&format!("plan show {word}"))?;
    }
    Ok(())
}

/// How many steps there are of each action, in the order of actions.
fn actions(plan: &Plan) -> BTreeMap<restore::Action, u64> {
    let mut counts = BTreeMap::new();
    for step in &plan.steps {
        *counts.entry(step.action).or_insert(0) += 1;
    }
    counts
}

/// Texts of risks, with the number of steps that have each.
fn risks(plan: &Plan) -> BTreeMap<(RiskCode, &str), u64> {
    let mut counts = BTreeMap::new();
    for risk in plan.steps.iter().flat_map(|step| &step.risks) {
        *counts.entry((risk.code, risk.text.as_str())).or_insert(0) += 1;
    }
    counts
}

fn to_json(plan: &Plan, id: Option<&str>, path: Option<&Path>) -> serde_json::Value {
    let actions: serde_json::Map<_, _> = actions(plan)
        .into_iter()
        .map(|(action, count)| {
            let word = json!(action).as_str().unwrap_or_default().to_owned();
            (word, count.into())
        })
        .collect();
    let risks: Vec<_> = risks(plan)
        .into_iter()
        .map(|((code, text), steps)| json!({ "code": code, "text": text, "steps": steps }))
        .collect();
    json!({
        "message_type": "summary",
        "plan_id": id,
        "file": path,
        "steps": plan.steps.len(),
        "stages": plan.steps.iter().map(|step| step.stage).max().unwrap_or(0),
        "actions": actions,
        "risks": risks,
        "impossible": plan.impossible,
        "dangling": plan.dangling,
        "outside": plan.outside,
        "estimate": plan.estimate,
        "against": plan.against,
        "wanted": plan.wanted,
    })
}

fn to_text(app: &App, plan: &Plan, id: Option<&str>, path: Option<&Path>) -> String {
    let mut text = String::new();
    if plan.steps.is_empty() {
        let equal = plan.impossible.is_empty() && plan.dangling.is_empty();
        text.push_str(if equal {
            "Nothing to do: what was asked for is as it was\n"
        } else {
            "Nothing that differs can be brought back by a plan\n"
        });
    } else {
        let place = match path {
            Some(path) => format!("  in {}", path.display()),
            None => String::new(),
        };
        let title = format!("Plan {}", app.short(id.unwrap_or_default()));
        let _ = writeln!(
            text,
            "{}  {}{place}",
            app.colour.paint(Tone::Strong, &title),
            plural(plan.steps.len() as u64, "step"),
        );
        let _ = writeln!(
            text,
            "  back to {} ({})\n",
            truncated(&plan.wanted.revision, WIDTH),
            short_time(plan.wanted.taken_at)
        );
        for (action, number) in actions(plan) {
            let _ = writeln!(text, "  {:<12} {:>9}", action.title(), count(number));
        }
        let _ = writeln!(
            text,
            "\n  {}, about {} min",
            plural(plan.estimate.writes, "write"),
            plan.estimate.minutes.ceil()
        );
    }
    section(
        app,
        &mut text,
        "Risks",
        risks(plan).into_iter().map(|((_, risk), steps)| {
            format!("{} ({})", truncated(risk, WIDTH), plural(steps, "step"))
        }),
    );
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for impossible in &plan.impossible {
        *reasons.entry(&impossible.text).or_insert(0) += 1;
    }
    section(
        app,
        &mut text,
        "Cannot be brought back",
        reasons
            .into_iter()
            .map(|(why, number)| format!("{}: {}", count(number), truncated(why, WIDTH))),
    );
    section(
        app,
        &mut text,
        "References that lead nowhere",
        plan.dangling.iter().take(5).map(|it| {
            let target = it.target_name.as_deref().unwrap_or(&it.target);
            format!(
                "{} {}: {}",
                truncated(&it.path, 80),
                truncated(target, 80),
                truncated(&it.outcome, WIDTH)
            )
        }),
    );
    section(
        app,
        &mut text,
        "Outside of the plan",
        plan.outside.iter().map(|line| truncated(line, 3 * WIDTH)),
    );
    text
}

fn section(app: &App, text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut is_first = true;
    for line in lines {
        if is_first {
            let _ = writeln!(text, "\n{}", app.colour.paint(Tone::Strong, title));
            is_first = false;
        }
        let _ = writeln!(text, "  {line}");
    }
}
