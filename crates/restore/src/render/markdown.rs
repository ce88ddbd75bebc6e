//! A plan for reviewers: what must be known first comes first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::escape::markdown as safe;
use crate::plan::{Action, Inverse, Plan, PropertyChange, Step};

/// Longest value that is shown whole, in characters.
const WIDTH: usize = 400;

/// The plan as Markdown (GitHub's dialect).
#[must_use]
pub fn markdown(plan: &Plan) -> String {
    let mut out = String::new();
    head(plan, &mut out);
    risks(plan, &mut out);
    let mut stage = 0;
    for step in &plan.steps {
        if step.stage != stage {
            stage = step.stage;
            let _ = writeln!(out, "\n## Stage {stage}\n");
        }
        write_step(step, &mut out);
    }
    impossible(plan, &mut out);
    dangling(plan, &mut out);
    if !plan.outside.is_empty() {
        out.push_str("\n## Outside of the plan\n\n");
        for line in &plan.outside {
            let _ = writeln!(out, "- {}", safe(line));
        }
    }
    out
}

fn head(plan: &Plan, out: &mut String) {
    let id = plan.id();
    let _ = writeln!(out, "# Restore plan {}\n", &id[..8]);
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "| {name} | {value} |");
    };
    row("", "");
    row("---", "---");
    row("Plan", &format!("`{id}`"));
    row("Tenant", &safe(&plan.tenant));
    if plan.wanted.tenant != plan.tenant {
        row("State of tenant", &safe(&plan.wanted.tenant));
    }
    row(
        "Wanted state",
        &format!(
            "{} \\({}\\)",
            plan.wanted.taken_at,
            safe(&plan.wanted.revision)
        ),
    );
    let against = match (plan.against.live, plan.against.taken_at) {
        (true, Some(at)) => format!("the tenant, read {at}"),
        (false, Some(at)) => {
            format!("the snapshot of {at}; what moved since is found at execution")
        }
        (_, None) => "an empty tenant".to_owned(),
    };
    row("Compared with", &against);
    row("Selection", &safe(&plan.wanted.selection.join("; ")));
    row(
        "Made",
        &format!("{} by {}", plan.made_at, safe(&plan.author)),
    );
    row("Tool", &safe(&plan.tool));
    row(
        "Cost",
        &format!(
            "{} writes, {} reads, about {} minutes at Graph's limits",
            plan.estimate.writes, plan.estimate.reads, plan.estimate.minutes
        ),
    );
    let mut counts: BTreeMap<Action, usize> = BTreeMap::new();
    for step in &plan.steps {
        *counts.entry(step.action).or_default() += 1;
    }
    out.push_str("\n| Action | Steps |\n| --- | ---: |\n");
    for (action, count) in counts {
        let _ = writeln!(out, "| {} | {count} |", action.title());
    }
}

fn risks(plan: &Plan, out: &mut String) {
    let risky = plan.steps.iter().flat_map(|step| {
        let lines = step.risks.iter();
        lines.map(move |risk| (step, risk))
    });
    let mut risky = risky.peekable();
    if risky.peek().is_none() {
        return;
    }
    out.push_str("\n## Risks\n\n");
    for (step, risk) in risky {
        let _ = writeln!(
            out,
            "- **{}**, step {}, {} {}: {}",
            serde_json::to_value(risk.code)
                .ok()
                .and_then(|word| word.as_str().map(|word| word.replace('_', " ")))
                .unwrap_or_default(),
            step.number,
            step.kind.replace('_', " "),
            title(step),
            safe(&risk.text)
        );
    }
}

fn title(step: &Step) -> String {
    match &step.name {
        Some(name) => safe(name),
        None => safe(&step.object.join(" → ")),
    }
}

fn write_step(step: &Step, out: &mut String) {
    let _ = writeln!(
        out,
        "### {}. {}: {} {}\n",
        step.number,
        step.action.title(),
        step.kind.replace('_', " "),
        title(step)
    );
    let _ = writeln!(
        out,
        "`{} {}`  \nObject {}",
        step.request.method,
        step.request.target.replace('`', "%60"),
        safe(&step.object.join(" / "))
    );
    if !step.after.is_empty() {
        let after: Vec<String> = step.after.iter().map(u32::to_string).collect();
        let _ = writeln!(out, "  \nAfter {}", after.join(", "));
    }
    for made in &step.makes {
        let _ = writeln!(
            out,
            "  \nNew {} for {}",
            safe(&made.property),
            safe(&made.old)
        );
    }
    if let Inverse::Impossible(reason) = &step.inverse {
        let _ = writeln!(out, "  \n**Cannot be undone**: {}", safe(reason));
    }
    if !step.properties.is_empty() {
        out.push_str("\n| Property | Now | Wanted |\n| --- | --- | --- |\n");
        for change in &step.properties {
            write_change(change, out);
        }
    }
    out.push('\n');
}

fn write_change(change: &PropertyChange, out: &mut String) {
    let _ = writeln!(
        out,
        "| {} | {} | {} |",
        safe(&change.path),
        value(change.old.as_ref()),
        value(change.new.as_ref())
    );
}

fn value(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return String::new();
    };
    let text = value.to_string();
    let shown: String = text.chars().take(WIDTH).collect();
    let rest = text.chars().count().saturating_sub(WIDTH);
    let more = if rest > 0 {
        format!(" … {rest} more characters")
    } else {
        String::new()
    };
    format!("{}{more}", safe(&shown))
}

fn impossible(plan: &Plan, out: &mut String) {
    if plan.impossible.is_empty() {
        return;
    }
    out.push_str(
        "\n## Cannot be brought back\n\n| Object | Properties | Why |\n| --- | --- | --- |\n",
    );
    for it in &plan.impossible {
        let name = it.name.clone().unwrap_or_else(|| it.object.join(" → "));
        let _ = writeln!(
            out,
            "| {} {} | {} | {} |",
            it.kind.replace('_', " "),
            safe(&name),
            safe(&it.properties.join(", ")),
            safe(&it.text)
        );
    }
}

fn dangling(plan: &Plan, out: &mut String) {
    if plan.dangling.is_empty() {
        return;
    }
    out.push_str("\n## References that lead nowhere\n\n| Object | Reference | Target | Outcome |\n| --- | --- | --- | --- |\n");
    for it in &plan.dangling {
        let name = it.name.clone().unwrap_or_else(|| it.object.join(" → "));
        let target = it.target_name.as_deref().unwrap_or(&it.target);
        let _ = writeln!(
            out,
            "| {} {} | {} | {} | {} |",
            it.kind.replace('_', " "),
            safe(&name),
            safe(&it.path),
            safe(target),
            safe(&it.outcome)
        );
    }
}
