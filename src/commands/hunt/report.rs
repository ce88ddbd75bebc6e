//! The findings as a person reads them: in the order of time, then what each rule came to.

use std::fmt::Write as _;

use query::{Entry, Finding, Severity, Source};

use super::{Hunt, Outcome, were};
use crate::app::App;
use crate::failure::Result;
use crate::output::{Grid, Tone, count, plural, short_time, truncated};
use crate::words::quoted;

/// Widest line of a finding, in characters.
const WIDTH: usize = 150;

pub(super) fn print(app: &App, source: &Source, hunt: &Hunt<'_>) -> Result<()> {
    let findings = hunt.findings();
    let mut text = String::new();
    for (_, finding) in &findings {
        one(app, finding, &mut text);
    }
    if !findings.is_empty() {
        text.push('\n');
        text.push_str(&summary(app, hunt));
        text.push('\n');
    }
    blind(app, hunt, &mut text);
    let _ = writeln!(text, "{}", total(source, hunt, &findings));
    app.page(&text)?;
    let worst = findings.iter().map(|(_, finding)| *finding);
    let worst = worst.max_by(|a, b| a.severity.cmp(&b.severity).then(b.at.cmp(&a.at)));
    let Some(worst) = worst else {
        return app.next_command("hunt --list");
    };
    if let (Some(kind), Some(id)) = (&worst.kind, &worst.object_id) {
        app.next_command(&format!("timeline {}", quoted(&format!("{kind}:{id}"))))?;
    }
    match (&worst.actor, worst.severity) {
        (Some(actor), _) => app.next_command(&format!("log -p --actor {}", quoted(actor))),
        (None, _) => app.next_command(&format!("hunt --show {}", worst.rule)),
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Removed,
        Severity::Medium => Tone::Changed,
        Severity::Low | Severity::Informational => Tone::Faint,
    }
}

fn one(app: &App, finding: &Finding, text: &mut String) {
    let paint = |tone, text: &str| app.colour.paint(tone, text);
    let name = finding
        .display_name
        .as_deref()
        .or(finding.object_id.as_deref());
    let _ = writeln!(
        text,
        "{}  {}  {}  {}",
        short_time(finding.at),
        paint(tone(finding.severity), &format!("{:<8}", finding.severity)),
        finding.rule,
        paint(Tone::Strong, &truncated(name.unwrap_or_default(), 80)),
    );
    if let Some(evidence) = &finding.evidence {
        let _ = writeln!(text, "    {}", truncated(evidence, WIDTH));
    }
    if let Some(actor) = &finding.actor {
        let from = finding.actor_ip.as_ref().filter(|ip| !ip.is_empty());
        let from = from.map_or_else(String::new, |ip| format!("  {ip}"));
        let _ = writeln!(
            text,
            "    {}",
            paint(Tone::Faint, &format!("by {actor}{from}"))
        );
    }
}

/// Rules with findings, the worst first.
fn summary(app: &App, hunt: &Hunt<'_>) -> String {
    let mut hits: Vec<(&Outcome<'_>, Severity)> = hunt
        .outcomes
        .iter()
        .filter_map(|outcome| {
            let worst = outcome
                .findings
                .iter()
                .map(|finding| finding.severity)
                .max()?;
            Some((outcome, worst))
        })
        .collect();
    hits.sort_by(|(a, worst_a), (b, worst_b)| worst_b.cmp(worst_a).then(a.rule.id.cmp(&b.rule.id)));
    let mut grid = Grid::new(&["rule", ">findings", "worst", "finds"], true);
    for (outcome, worst) in hits {
        grid.push(&[
            outcome.rule.id.clone(),
            count(outcome.findings.len() as u64),
            worst.to_string(),
            outcome.rule.title.clone(),
        ]);
    }
    grid.render(app.colour)
}

/// Rules whose silence means nothing, or less than it seems.
fn blind(app: &App, hunt: &Hunt<'_>, text: &mut String) {
    let mut say = |heading: &str, blind: &mut dyn Iterator<Item = &Outcome<'_>>| {
        let mut lines = String::new();
        for outcome in blind {
            let (id, unread): (&Entry, _) = (outcome.rule, were(&outcome.unread));
            let _ = writeln!(lines, "  {}: {unread} never read", id.id);
        }
        if !lines.is_empty() {
            let _ = write!(
                text,
                "{}\n{lines}\n",
                app.colour.paint(Tone::Strong, heading)
            );
        }
    };
    let outcomes = || {
        hunt.outcomes
            .iter()
            .filter(|outcome| !outcome.unread.is_empty())
    };
    say(
        "Could not look",
        &mut outcomes().filter(|outcome| !outcome.could_look),
    );
    say(
        "Could look in part",
        &mut outcomes().filter(|outcome| outcome.could_look),
    );
}

/// How much was looked at, and how much was found.
fn total(source: &Source, hunt: &Hunt<'_>, findings: &[(&Entry, &Finding)]) -> String {
    let snapshots = source.archive().snapshots();
    let range = match (snapshots.first(), snapshots.last()) {
        (Some(first), Some(last)) => format!(
            ", {} to {}",
            short_time(first.taken_at),
            short_time(last.taken_at)
        ),
        _ => String::new(),
    };
    let by: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter_map(|severity| {
            let some = findings
                .iter()
                .filter(|(_, finding)| finding.severity == *severity);
            let number = some.count() as u64;
            (number > 0).then(|| format!("{} {severity}", count(number)))
        })
        .collect();
    let by = if by.is_empty() {
        String::new()
    } else {
        format!(": {}", by.join(", "))
    };
    format!(
        "{}{by}. {} over {}{range}",
        plural(findings.len() as u64, "finding"),
        plural(hunt.outcomes.len() as u64, "rule"),
        plural(snapshots.len() as u64, "snapshot"),
    )
}
