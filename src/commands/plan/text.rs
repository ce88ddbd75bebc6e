//! A plan as people read it: what must be known first comes first.

use std::fmt::Write as _;

use restore::approval::Refusal;
use restore::{Act, Impossible, Plan, PropertyChange, Risk, Step};
use serde_json::Value;

use super::show::Shown;
use crate::app::App;
use crate::commands::values::{Line, Names, lines};
use crate::output::{Tone, count, plural, short_time, truncated};

/// Steps that are shown where not all are asked for.
const SHOWN_STEPS: usize = 100;
/// Longest name in a line.
const WIDTH: usize = 80;

/// What a page is made with.
pub(super) struct Page<'a> {
    pub(super) app: &'a App,
    pub(super) names: Names,
    pub(super) all: bool,
}

impl Page<'_> {
    pub(super) fn text(mut self, shown: &Shown) -> String {
        let plan = &shown.named.plan;
        let mut text = self.head(shown);
        self.risks(plan, &mut text);
        self.steps(plan, &mut text);
        self.impossible(plan, &mut text);
        self.dangling(plan, &mut text);
        if !plan.outside.is_empty() {
            self.section("Outside of this plan", &mut text);
            for line in &plan.outside {
                let _ = writeln!(text, "  {}", truncated(line, 4 * WIDTH));
            }
        }
        self.approvals(shown, &mut text);
        self.history(shown, &mut text);
        text
    }

    fn section(&self, title: &str, text: &mut String) {
        let _ = writeln!(text, "\n{}", self.app.colour.paint(Tone::Strong, title));
    }

    fn head(&self, shown: &Shown) -> String {
        let plan = &shown.named.plan;
        let title = format!("Plan {}", self.app.short(&shown.named.id));
        let (have, need) = (shown.verdict.accepted.len(), shown.verdict.needed.approvals);
        let title = self.app.colour.paint(Tone::Strong, &title);
        let mut text = format!("{title}  {}", shown.state);
        // Of a plan that began to run, the approvals are used up: how many it needed tells nothing any more.
        if shown.record.runs.is_empty() {
            let needed = plural(u64::from(need), "approval");
            let _ = write!(text, ", {have} of {needed}");
        }
        text.push('\n');
        for reason in &shown.verdict.needed.because {
            let _ = writeln!(text, "  needs {need} because {reason}");
        }
        let wanted = &plan.wanted;
        let what = match wanted.selection.as_slice() {
            [] => "everything".to_owned(),
            lines => lines
                .iter()
                .map(|l| truncated(l, WIDTH))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let _ = writeln!(text, "  what      {what}");
        let _ = writeln!(
            text,
            "  wanted    {}: the tenant of {}",
            truncated(&wanted.revision, WIDTH),
            short_time(wanted.taken_at)
        );
        let against = &plan.against;
        let state = if against.live {
            "live"
        } else {
            "the last snapshot"
        };
        match against.taken_at {
            Some(at) => drop(writeln!(
                text,
                "  now       {state}, read {}",
                short_time(at)
            )),
            None => text.push_str("  now       nothing is there yet\n"),
        }
        let _ = writeln!(text, "  tenant    {}", truncated(&plan.tenant, WIDTH));
        let _ = writeln!(
            text,
            "  made      {} by {}",
            short_time(plan.made_at),
            truncated(&plan.author, WIDTH)
        );
        let _ = writeln!(
            text,
            "  costs     {}, {}, about {} min",
            plural(plan.estimate.writes, "write"),
            plural(plan.estimate.reads, "read"),
            plan.estimate.minutes.ceil()
        );
        text
    }

    fn risks(&self, plan: &Plan, text: &mut String) {
        let risky: Vec<(&Step, &Risk)> = plan
            .steps
            .iter()
            .flat_map(|step| step.risks.iter().map(move |risk| (step, risk)))
            .collect();
        if risky.is_empty() {
            return;
        }
        self.section("Risks", text);
        let shown = if self.all { risky.len() } else { SHOWN_STEPS };
        for (step, risk) in risky.iter().take(shown) {
            let _ = writeln!(
                text,
                "  {} {}: {}",
                self.app.colour.paint(Tone::Removed, "!"),
                step_title(step),
                truncated(&risk.text, 3 * WIDTH)
            );
        }
        rest(risky.len(), shown, "risk", text);
    }

    fn steps(&mut self, plan: &Plan, text: &mut String) {
        if plan.steps.is_empty() {
            self.section("Nothing is done", text);
            return;
        }
        let shown = if self.all {
            plan.steps.len()
        } else {
            SHOWN_STEPS
        };
        let mut stage = 0;
        for step in plan.steps.iter().take(shown) {
            if step.stage != stage {
                stage = step.stage;
                self.section(&format!("Stage {stage}"), text);
            }
            self.step(step, text);
        }
        rest(plan.steps.len(), shown, "step", text);
    }

    fn step(&mut self, step: &Step, text: &mut String) {
        let tone = match step.action {
            restore::Action::RemoveLink | restore::Action::SoftDelete | restore::Action::Delete => {
                Tone::Removed
            }
            restore::Action::Update | restore::Action::Enable => Tone::Changed,
            _ => Tone::Added,
        };
        let action = self.app.colour.paint(tone, step.action.title());
        let object = step.object.first().map_or("", String::as_str);
        let id = self
            .app
            .colour
            .paint(Tone::Faint, &self.app.short_object(object));
        let _ = writeln!(
            text,
            "{:>5}  {action} {} {}  {id}",
            count(u64::from(step.number)),
            step.kind.replace('_', " "),
            self.name(step)
        );
        for change in &step.properties {
            self.property(change, text);
        }
        let reason = match &step.inverse {
            restore::Inverse::Impossible(reason) => reason,
            restore::Inverse::Request(_) => return,
        };
        let note = format!("cannot be undone: {}", truncated(reason, 2 * WIDTH));
        let _ = writeln!(
            text,
            "         {}",
            self.app.colour.paint(Tone::Faint, &note)
        );
    }

    /// A link by both its ends, anything else by its name.
    fn name(&mut self, step: &Step) -> String {
        match (&step.name, step.object.as_slice()) {
            (Some(name), _) => truncated(name, WIDTH),
            (None, [_, rest @ ..]) => {
                let ends: Vec<String> = rest.iter().map(|id| self.names.described(id)).collect();
                truncated(&ends.join(" "), WIDTH)
            }
            (None, _) => String::new(),
        }
    }

    fn property(&mut self, change: &PropertyChange, text: &mut String) {
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_string);
        let (old, new) = (json(&change.old), json(&change.new));
        let path = truncated(&change.path, WIDTH);
        for line in lines(old.as_deref(), new.as_deref(), &mut self.names) {
            let colour = self.app.colour;
            let what = match line {
                Line::Became(old, new) => format!(
                    "{} -> {}",
                    colour.paint(Tone::Removed, &old),
                    colour.paint(Tone::Added, &new)
                ),
                Line::Gained(new) => colour.paint(Tone::Added, &format!("+ {new}")),
                Line::Lost(old) => colour.paint(Tone::Removed, &format!("- {old}")),
            };
            let _ = writeln!(text, "         {path:<30} {what}");
        }
    }

    fn impossible(&self, plan: &Plan, text: &mut String) {
        if plan.impossible.is_empty() {
            return;
        }
        self.section("Cannot be brought back", text);
        let shown = if self.all {
            plan.impossible.len()
        } else {
            SHOWN_STEPS
        };
        for Impossible {
            kind,
            object,
            name,
            properties,
            text: why,
            ..
        } in plan.impossible.iter().take(shown)
        {
            let id = object.first().map_or("", String::as_str);
            let name = name.as_deref().unwrap_or(id);
            let what = match properties.as_slice() {
                [] => String::new(),
                paths => format!(" {}", truncated(&paths.join(", "), WIDTH)),
            };
            let _ = writeln!(
                text,
                "  {} {}{what}: {}",
                kind.replace('_', " "),
                truncated(name, WIDTH),
                truncated(why, 3 * WIDTH)
            );
        }
        rest(plan.impossible.len(), shown, "difference", text);
    }

    fn dangling(&self, plan: &Plan, text: &mut String) {
        if plan.dangling.is_empty() {
            return;
        }
        self.section("References that lead nowhere", text);
        let shown = if self.all {
            plan.dangling.len()
        } else {
            SHOWN_STEPS
        };
        for dangling in plan.dangling.iter().take(shown) {
            let id = dangling.object.first().map_or("", String::as_str);
            let target = dangling.target_name.as_deref().unwrap_or(&dangling.target);
            let _ = writeln!(
                text,
                "  {} {} {} -> {}: {}",
                dangling.kind.replace('_', " "),
                truncated(dangling.name.as_deref().unwrap_or(id), WIDTH),
                truncated(&dangling.path, WIDTH),
                truncated(target, WIDTH),
                truncated(&dangling.outcome, 2 * WIDTH)
            );
        }
        rest(plan.dangling.len(), shown, "reference", text);
    }

    fn approvals(&self, shown: &Shown, text: &mut String) {
        let verdict = &shown.verdict;
        if verdict.accepted.is_empty() && verdict.refused.is_empty() {
            return;
        }
        self.section("Approvals", text);
        for accepted in &verdict.accepted {
            let _ = writeln!(
                text,
                "  {} {} ({}) until {}  {}",
                self.app.colour.paint(Tone::Added, "+"),
                accepted.approver,
                truncated(&accepted.person, WIDTH),
                short_time(accepted.not_after),
                self.app.colour.paint(Tone::Faint, &accepted.fingerprint)
            );
        }
        for (id, refusal) in &verdict.refused {
            let mut runs = shown.record.runs.iter();
            let run = runs.find(|run| run.approvals.contains(id));
            if let (Refusal::Used { approver }, Some(run)) = (refusal, run) {
                let _ = writeln!(text, "    {approver}, used by run {}", run.number);
                continue;
            }
            let _ = writeln!(
                text,
                "  {} {} ({})",
                self.app.colour.paint(Tone::Removed, "-"),
                truncated(&refusal.to_string(), 4 * WIDTH),
                refusal.code()
            );
        }
    }

    fn history(&self, shown: &Shown, text: &mut String) {
        let record = &shown.record;
        let acts = [
            ("rejected", &record.rejection),
            ("cancelled", &record.cancellation),
            ("found stale", &record.stale),
        ];
        let mut told: Vec<(jiff::Timestamp, String)> = Vec::new();
        for (what, act) in acts {
            if let Some(Act { by, at, reason }) = act {
                let why = match reason.as_str() {
                    "" => String::new(),
                    reason => format!(": {}", truncated(reason, 2 * WIDTH)),
                };
                told.push((*at, format!("{what} by {}{why}", truncated(by, WIDTH))));
            }
        }
        for run in &record.runs {
            let by = truncated(&run.by, WIDTH);
            told.push((run.began_at, format!("run {} began, by {by}", run.number)));
        }
        if told.is_empty() {
            return;
        }
        told.sort();
        self.section("What became of it", text);
        for (at, what) in told {
            let _ = writeln!(text, "  {}  {what}", short_time(at));
        }
        if record.outcome.is_some() {
            let _ = writeln!(text, "  it ended: {}", shown.state);
        }
    }
}

fn step_title(step: &Step) -> String {
    let id = step.object.first().map_or("", String::as_str);
    format!(
        "step {} ({} {} {})",
        step.number,
        step.action.title(),
        step.kind.replace('_', " "),
        truncated(step.name.as_deref().unwrap_or(id), WIDTH)
    )
}

fn rest(all: usize, shown: usize, word: &str, text: &mut String) {
    if let Some(more) = all.checked_sub(shown).filter(|more| *more > 0) {
        let more = plural(more as u64, &format!("more {word}"));
        let _ = writeln!(text, "  ... {more}: see all with --all");
    }
}
