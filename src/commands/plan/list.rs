//! `plan list`: the plans of an archive, and what became of them.

use std::io::IsTerminal;

use clap::Args;
use restore::approval::{Judge, Verdict};
use restore::{Book, Entry, State};
use serde_json::json;

use crate::app::App;
use crate::failure::Result;
use crate::output::{Grid, count, short_time};
use crate::plans;

/// List the plans of the archive, oldest first
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only plans in this state: planned, approved, running, done ...
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
}

/// A line of the list.
struct Line {
    entry: Entry,
    state: State,
    verdict: Option<Verdict>,
}

pub(crate) fn run(app: &App, args: &ListArgs) -> Result<u8> {
    let archive = app.shared_archive()?;
    let (policy, approvers) = (
        plans::policy(app, &archive)?,
        plans::approvers(app, &archive)?,
    );
    let judge = Judge {
        approvers: &approvers,
        policy: &policy,
        now: App::now(),
    };
    let book = Book::new(&archive);
    let mut lines = Vec::new();
    for entry in book.list()? {
        let record = book.record(&entry.id)?;
        // Judging reads the whole plan: only where somebody approved it and nothing became of it yet.
        let is_open = State::of(&record, false) == State::Planned;
        let verdict = match is_open && (!record.approvals.is_empty() || policy.approvals == 0) {
            true => Some(book.verdict(&entry.id, &judge)?),
            false => None,
        };
        let state = State::of(&record, verdict.as_ref().is_some_and(Verdict::is_approved));
        if args
            .state
            .as_ref()
            .is_none_or(|wanted| wanted == state.word())
        {
            lines.push(Line {
                entry,
                state,
                verdict,
            });
        }
    }
    if app.for_people() {
        print(app, &lines)
    } else {
        print_json(app, &lines)
    }
}

fn print_json(app: &App, lines: &[Line]) -> Result<u8> {
    plans::json_only(app, "plan list")?;
    let rows = lines.iter().map(|line| {
        let mut row = json!(line.entry);
        row["state"] = line.state.word().into();
        row["title"] = line.entry.head.title().into();
        if let Some(verdict) = &line.verdict {
            row["approvals"] = verdict.accepted.len().into();
            row["approvals_needed"] = verdict.needed.approvals.into();
        }
        row
    });
    plans::print_rows(app, rows.collect())?;
    Ok(0)
}

fn print(app: &App, lines: &[Line]) -> Result<u8> {
    if lines.is_empty() {
        app.print("There are no plans\n")?;
        app.next_command("plan create --from -1d OBJ")?;
        return Ok(0);
    }
    let header = ["id", "made", "author", "state", ">steps", ">risky", "what"];
    let mut grid = Grid::new(&header, std::io::stdout().is_terminal());
    for line in lines {
        let head = &line.entry.head;
        let state = match &line.verdict {
            Some(verdict) if !verdict.is_approved() => {
                let (have, need) = (verdict.accepted.len(), verdict.needed.approvals);
                format!("{} ({have} of {need} approvals)", line.state)
            }
            _ => line.state.to_string(),
        };
        grid.push(&[
            app.short(&line.entry.id).to_owned(),
            short_time(head.made_at),
            head.author.clone(),
            state,
            count(head.steps as u64),
            count(head.risky as u64),
            head.title(),
        ]);
    }
    app.page(&grid.render(app.colour))?;
    let last = lines
        .last()
        .map_or("ID", |line| line.entry.id.get(..8).unwrap_or("ID"));
    app.next_command(&format!("plan show {last}"))?;
    Ok(0)
}
