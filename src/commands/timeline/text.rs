//! A timeline on a terminal.

use std::fmt::Write as _;

use super::{Story, about, by, counted, deed, word};
use crate::app::App;
use crate::output::{Tone, short_time, truncated};
use crate::records::Record;

/// Widest line of a summary, in characters.
const SUMMARY_CHARS: usize = 400;
const NAME_CHARS: usize = 80;

/// One entry after the other, and what they are of.
pub(super) fn lines(app: &App, story: &Story<'_>) -> String {
    let mut text = String::new();
    for row in &story.rows {
        entry(app, *row, &mut text);
    }
    let name = truncated(&story.name, NAME_CHARS);
    let total = format!("{name}: {}, {}", counted(story), story.time);
    let _ = writeln!(text, "{}", app.colour.paint(Tone::Faint, &total));
    text
}

fn entry(app: &App, row: Record<'_>, text: &mut String) {
    let paint = |tone, text: &str| app.colour.paint(tone, text);
    let tone = match (row.text("change_type"), word(row)) {
        (Some("added" | "restored"), _) => Tone::Added,
        (Some("removed"), _) | (_, "risk") => Tone::Removed,
        _ => Tone::Changed,
    };
    let (kind, name) = about(row);
    let _ = writeln!(
        text,
        "{}  {}  {}  {}",
        when(row),
        paint(tone, &format!("{:<7}", word(row))),
        truncated(&deed(row), NAME_CHARS),
        paint(
            Tone::Strong,
            &truncated(format!("{kind} {name}").trim(), NAME_CHARS)
        ),
    );
    if let Some(summary) = row.text("summary").filter(|summary| !summary.is_empty()) {
        let _ = writeln!(text, "    {}", truncated(summary, SUMMARY_CHARS));
    }
    if let Some(who) = by(row) {
        let who = truncated(&format!("by {who}"), SUMMARY_CHARS);
        let _ = writeln!(text, "    {}", paint(Tone::Faint, &who));
    }
}

/// The time of an event, or the two snapshots a change lies between.
fn when(row: Record<'_>) -> String {
    let at = row.time("at").map(short_time).unwrap_or_default();
    match row.time("not_before") {
        Some(after) => format!("{} to {at}", short_time(after)),
        None => at,
    }
}
