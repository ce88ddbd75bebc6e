//! `plan run`: an approved plan, step by step.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use restore::approval::{Judge, Refusal};
use restore::execution::{
    self, Ended, Journal, Monitor, Options, Order, Report, StepDone, StepOutcome, StepReport,
};
use restore::{Book, Plan};
use serde_json::json;
use store::{Archive, PlanEvent, Writer};

use crate::app::{App, TOOL};
use crate::failure::{FAILED, Failure, INTERRUPTED, PARTIAL, Result, STALE};
use crate::output::{plural, truncated};
use crate::plans::{self, Named, PlanLog};
use crate::progress::{Watcher, stopper};

/// Longest line that holds text of the tenant.
const LONGEST_LINE: usize = 400;

/// Run an approved plan
#[derive(Debug, Args)]
#[command(after_help = "\
Runs a plan whose approvals suffice, once, with the write credential of the configuration (restore.auth, or restore_auth of \
the tenant), and only where restore.enabled is set. Each step is compared with the tenant first: one that finds it \
otherwise than planned stops the run. A run that was interrupted goes on where it stopped when it is started again: \
nothing is made twice.

Examples:
  entrace plan run p.json --dry-run      what each step would find; nothing is written
  entrace plan run p.json
  entrace plan run 3f2a91c0 --keep-going

Exit codes: 0 done, 3 done in part, 4 permissions are missing, 20 the tenant moved, 21 not approved, 130 stopped")]
pub(crate) struct RunArgs {
    /// A plan file, or the beginning of a plan's id
    #[arg(value_name = "FILE|ID")]
    plan: String,
    /// Refuse a plan with more steps
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_changes: usize,
    /// Go on only: an error where the plan has not begun to run
    #[arg(long)]
    resume: bool,
    /// Only look: what each step finds, and nothing is written
    #[arg(long)]
    dry_run: bool,
    /// Where a step finds the tenant otherwise than planned, go on with those that do not wait for it
    #[arg(long)]
    keep_going: bool,
    /// Who runs it; by default whoever starts this, on this machine
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(crate) fn run(app: &App, args: &RunArgs) -> Result<u8> {
    let archive = app.shared_archive()?;
    let named = plans::named(&archive, &args.plan)?;
    let watcher = Watcher::new(app.progress_style(), stopper(app)?);
    let watch = Watch {
        watcher: &watcher,
        archive: &archive,
        plan: &named.id,
    };
    let ran = if args.dry_run {
        look(app, args, &archive, &named, &watch)
    } else {
        execute(app, args, &archive, &named, &watch)
    };
    watcher.end();
    let ran = ran?;
    print(app, &named, &ran)?;
    Ok(code(&ran.report))
}

/// A run and what there is to say besides.
struct Ran {
    report: Report,
    /// Id of the plan that takes it back.
    way_back: Option<String>,
}

fn look(
    app: &App,
    args: &RunArgs,
    archive: &Arc<Archive>,
    named: &Named,
    watch: &Watch<'_>,
) -> Result<Ran> {
    let client = app.tenant(&[])?.client()?;
    let book = Book::new(archive);
    let nothing = Nothing;
    let kept;
    let journal: &dyn Journal = if book.contains(&named.id)? {
        kept = book.journal(&named.id)?;
        &kept
    } else {
        &nothing
    };
    let baseline = |step: &restore::Step| execution::baseline(archive, &named.plan, step);
    let options = options(args, &baseline);
    let dry_run = execution::dry_run(&named.plan, &client, journal, &options, watch);
    let report = app.runtime()?.block_on(dry_run)?;
    Ok(Ran {
        report,
        way_back: None,
    })
}

fn execute(
    app: &App,
    args: &RunArgs,
    archive: &Arc<Archive>,
    named: &Named,
    watch: &Watch<'_>,
) -> Result<Ran> {
    let policy = plans::policy(app, archive)?;
    if !policy.enabled {
        return Err(Refusal::Disabled.into());
    }
    let approvers = plans::approvers(app, archive)?;
    let judge = Judge {
        approvers: &approvers,
        policy: &policy,
        now: App::now(),
    };
    let by = plans::account(args.by.as_deref());
    let book = Book::new(archive);
    let is_new = !book.contains(&named.id)?;
    book.put(&named.plan)?;
    if args.resume && book.record(&named.id)?.runs.is_empty() {
        return Err(Failure::usage(
            "the plan has not begun to run: there is nothing to go on with",
        )
        .hint("leave out --resume"));
    }
    let keeper = Keeper {
        app,
        plan: &named.id,
        by: &by,
    };
    if is_new {
        keeper.note(PlanEvent::Created, &named.plan.author)?;
    }
    let client = app.tenant(&[])?.write_client()?;
    let baseline = |step: &restore::Step| execution::baseline(archive, &named.plan, step);
    let order = Order {
        plan: &named.plan,
        judge: &judge,
        by: &by,
        holder: &format!("{by}, process {}", std::process::id()),
        tool: TOOL,
    };
    let options = options(args, &baseline);
    let carry_out = execution::carry_out(archive, &order, &client, &options, watch, &keeper);
    let carried = app.runtime()?.block_on(carry_out)?;
    Ok(Ran {
        report: carried.report,
        way_back: carried.way_back,
    })
}

/// The archive of this call, and what its log says of the plan.
struct Keeper<'k> {
    app: &'k App,
    plan: &'k str,
    by: &'k str,
}

impl Keeper<'_> {
    fn note(&self, event: PlanEvent, by: &str) -> Result<()> {
        let mut log = PlanLog::new(self.plan);
        log.push(event, by, None);
        log.write(self.app)
    }
}

impl execution::Keeper for Keeper<'_> {
    type Error = Failure;

    fn now(&self) -> Timestamp {
        App::now()
    }

    fn writer(&self) -> Result<Writer> {
        self.app.writer()
    }

    fn log(&self, event: PlanEvent) -> Result<()> {
        self.note(event, self.by)
    }
}

fn options<'r>(args: &RunArgs, baseline: execution::Baseline<'r>) -> Options<'r> {
    Options {
        max_changes: args.max_changes,
        keep_going: args.keep_going,
        baseline: Some(baseline),
        ..Options::default()
    }
}

/// Tells how a run goes, and stops it when somebody says so: here, or with `plan cancel`.
struct Watch<'w> {
    watcher: &'w Watcher,
    archive: &'w Archive,
    plan: &'w str,
}

impl Monitor for Watch<'_> {
    fn step(&self, done: &StepDone<'_>) {
        let what = format!(
            "{} {}: {}",
            done.step.action.title(),
            done.step.name.as_deref().unwrap_or(&done.step.kind),
            done.outcome.title()
        );
        let text = truncated(&format!("{}/{} {what}", done.done, done.total), 100);
        self.watcher.show(done.done, done.total, &text, || {
            let mut line = json!({
                "message_type": "step",
                "step": done.step.number,
                "kind": done.step.kind,
                "object": done.step.object,
                "action": done.step.action,
                "steps_done": done.done,
                "steps_total": done.total,
            });
            if let (Some(line), Ok(serde_json::Value::Object(outcome))) =
                (line.as_object_mut(), serde_json::to_value(done.outcome))
            {
                line.extend(outcome);
            }
            line
        });
    }

    fn cancelled(&self) -> bool {
        // A book that cannot be read any more is no reason to go on writing.
        collector::CollectMonitor::cancelled(self.watcher)
            || Book::new(self.archive)
                .is_cancelled(self.plan)
                .unwrap_or(true)
    }
}

/// The journal of a plan that is in no book.
struct Nothing;

impl Journal for Nothing {
    fn append(&self, _: &[execution::Entry]) -> restore::Result<()> {
        Ok(())
    }

    fn finish(&self, _: &[execution::Entry], _: Ended) -> restore::Result<()> {
        Ok(())
    }

    fn entries(&self) -> restore::Result<Vec<execution::Entry>> {
        Ok(Vec::new())
    }
}

fn print(app: &App, named: &Named, ran: &Ran) -> Result<()> {
    let report = &ran.report;
    let counts = report.counts();
    if app.wants_json() {
        let line = json!({
            "message_type": "summary",
            "plan": report.plan,
            "ended": report.ended,
            "began_at": report.began_at,
            "ended_at": report.ended_at,
            "counts": counts,
            "steps": report.steps,
            "ids": report.ids,
            "unread": report.unread,
            "inverse": ran.way_back,
        });
        return app.print(&format!("{line}\n"));
    }
    let counted: Vec<String> = counts
        .iter()
        .map(|(title, count)| format!("{count} {title}"))
        .collect();
    app.print(&format!(
        "Plan {} {}: {} of {}\n",
        app.short(&named.id),
        ended(report),
        counted.join(", "),
        plural(report.steps.len() as u64, "step")
    ))?;
    let noteworthy = |step: &&StepReport| {
        !matches!(
            step.outcome,
            StepOutcome::Done | StepOutcome::Ready | StepOutcome::Cancelled
        )
    };
    for step in report.steps.iter().filter(noteworthy) {
        app.print(&line(&named.plan, step))?;
    }
    for (kind, properties) in &report.unread {
        app.print(&format!(
            "Not compared, because the write credential may not read it: {} of {kind}\n",
            properties.join(", ")
        ))?;
    }
    if let Some(id) = &ran.way_back {
        app.print(&format!("The way back is plan {}\n", app.short(id)))?;
    }
    match report.ended {
        Some(_) => app.next_command(&format!("plan verify {}", named.word)),
        None => Ok(()),
    }
}

fn ended(report: &Report) -> &'static str {
    match report.ended {
        None => "would find",
        Some(Ended::Done) => "is done",
        Some(Ended::PartlyDone) => "is done in part",
        Some(Ended::Failed) => "failed",
        Some(Ended::Cancelled) => "was stopped",
        Some(Ended::NeedsReview) => "stopped because the tenant moved",
    }
}

/// One step that did not simply succeed.
fn line(plan: &Plan, step: &StepReport) -> String {
    let name = step.name.clone().unwrap_or_else(|| step.object.join("/"));
    let mut text = format!(
        "  {:>4}  {} {} {name}: {}",
        step.number,
        step.action.title(),
        step.kind.replace('_', " "),
        step.outcome.title()
    );
    let more = match &step.outcome {
        StepOutcome::Drifted { moved } => moved.iter().fold(String::new(), |mut all, moved| {
            let path = if moved.path.is_empty() {
                "it"
            } else {
                &moved.path
            };
            let _ = write!(
                all,
                "\n        {path} was {} when planned and is {}",
                moved.from, moved.to
            );
            all
        }),
        StepOutcome::Refused {
            message,
            request_id,
            ..
        } => {
            let request = request_id
                .as_ref()
                .map_or_else(String::new, |id| format!(" (request {id})"));
            format!("\n        {message}{request}")
        }
        StepOutcome::Skipped { waits_for } => {
            let awaited = plan.steps.get(*waits_for as usize - 1);
            let name = awaited
                .and_then(|step| step.name.clone())
                .unwrap_or_default();
            format!(", it waits for step {waits_for} {name}")
        }
        StepOutcome::Unknown { message } => format!("\n        {message}"),
        _ => String::new(),
    };
    text.push_str(&more);
    // Names and messages are the tenant's: nothing in them may move a cursor.
    shown(&text)
}

/// Lines that may hold what others wrote, each cut and with its controls shown as escapes.
pub(super) fn shown(text: &str) -> String {
    let lines = text.trim_end().lines();
    lines.fold(String::new(), |mut all, line| {
        all.push_str(&truncated(line, LONGEST_LINE));
        all.push('\n');
        all
    })
}

fn code(report: &Report) -> u8 {
    match report.ended {
        Some(Ended::PartlyDone) => PARTIAL,
        Some(Ended::Failed) => FAILED,
        Some(Ended::Cancelled) => INTERRUPTED,
        Some(Ended::NeedsReview) => STALE,
        None if report.has_drifted() => STALE,
        Some(Ended::Done) | None => 0,
    }
}
