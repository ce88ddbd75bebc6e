//! `drill`: whether the tenant would come back, tried out where nothing can break.

mod report;
mod tenant;

use std::sync::Arc;
use std::time::Instant;

use catalog::Kind;
use clap::Args;
use collector::{CollectMonitor, CollectRequest, collect};
use graph::{Clock, LeapingClock};
use restore::execution::{self, Ended, Entry, Journal, Monitor, Options, StepDone};
use restore::planning::{PlanOptions, PlanRequest, Selection, State, plan};
use restore::verification::recovery;
use store::{Archive, Snapshot, Writer};

use crate::app::{App, TOOL};
use crate::failure::{Failure, PARTIAL, Result};
use crate::output::plural;
use crate::plans;
use crate::progress::{Watcher, stopper};
use report::Drill;
use tenant::Empty;

/// Try out a full recovery in a simulated tenant
#[derive(Debug, Args)]
#[command(after_help = "\
Plans everything a snapshot holds into an empty tenant that is simulated in this process, executes the plan there within \
Microsoft's limits, reads the tenant again and compares: what came back equal, what could not and why, what did not. What \
every tenant has by itself (built-in roles, Microsoft's own service principals, domains, settings) is there before and does \
not count; nor does what is synchronised from on premises, which Entra Connect brings back and no plan can. No network is used. The score is kept in the archive.

Examples:
  entrace drill                    the newest snapshot of the archive
  entrace drill --from -30d
  entrace drill --no-sync          as if the directory on premises were lost too
  entrace drill --users 500        an invented company, without any archive
  entrace drill --list             all drills of the archive")]
pub(crate) struct DrillArgs {
    /// The state to bring back
    #[arg(long, value_name = "REV", default_value = "latest")]
    from: String,
    /// An invented company of so many users instead of an archive
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "list"], value_parser = clap::value_parser!(u32).range(60..=100_000))]
    users: Option<u32>,
    /// Nothing comes from on premises: what was synchronised is not there
    #[arg(long, conflicts_with = "list")]
    no_sync: bool,
    /// The drills of the archive, and how they ended
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(app: &App, args: &DrillArgs) -> Result<u8> {
    if args.list {
        return report::list(app, &Drill::all(&app.archive()?)?);
    }
    let watcher = Watcher::new(app.progress_style(), stopper(app)?);
    let drill = match args.users {
        Some(users) => {
            let company = tenant::company(app, users, &Quiet(&watcher))?;
            let archive = company.archive();
            let newest = archive.snapshots().last().ok_or_else(nothing)?;
            recover(
                app,
                State {
                    archive,
                    snapshot: newest,
                },
                !args.no_sync,
                &watcher,
            )
        }
        None => {
            let source = app.source()?;
            let archive = source.archive();
            let snapshot = source.resolve(&args.from)?;
            recover(
                app,
                State {
                    archive,
                    snapshot: &snapshot,
                },
                !args.no_sync,
                &watcher,
            )
            .and_then(|drill| {
                drill.keep(archive)?;
                Ok(drill)
            })
        }
    };
    watcher.end();
    let drill = drill?;
    report::print(app, &drill)?;
    Ok(if drill.recovery.sums().failed > 0 {
        PARTIAL
    } else {
        0
    })
}

fn nothing() -> Failure {
    Failure::usage("the archive has no snapshot that could be brought back")
        .hint("take one with: entrace snapshot")
}

/// Brings a state back in an empty tenant, and compares; `synchronised` says whether what comes from on premises is there.
fn recover(app: &App, wanted: State<'_>, synchronised: bool, watcher: &Watcher) -> Result<Drill> {
    let began = Instant::now();
    let began_at = App::now();
    let kinds = kinds_of(wanted);
    let clock = Arc::new(LeapingClock::starting_at(wanted.snapshot.taken_at));
    let empty = Empty::start(app, wanted, &kinds, synchronised, &clock)?;
    let client = empty.client(&clock)?;
    let mut found = tenant::archive(&empty.tenant_id)?;
    let runtime = app.runtime()?;
    let read = |writer: &mut Writer| -> Result<u32> {
        empty.wait();
        let mut request = CollectRequest::new(kinds.clone(), "all");
        request.full = true;
        request.accept_deletions = true;
        let report = collect(writer, &client, runtime.handle(), &request, &Quiet(watcher))?;
        Ok(report.number)
    };
    let before = read(&mut found)?;
    let planned = {
        let current = state(found.archive(), before)?;
        plan(&request(&empty.tenant_id, wanted, current))?
    };
    let planned_s = began.elapsed().as_secs_f64();
    let options = Options {
        max_changes: usize::MAX,
        keep_going: true,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        ..Options::default()
    };
    let limits = clock.monotonic();
    let journal = Memory::default();
    let steps = Steps(watcher);
    let ran = execution::run(&planned, &client, &journal, &options, &steps);
    let ran = runtime.block_on(ran)?;
    let limits = clock.monotonic().saturating_sub(limits);
    if ran.ended == Some(Ended::Cancelled) {
        return Err(Failure::new(
            crate::failure::INTERRUPTED,
            "the drill was stopped",
        ));
    }
    let after = read(&mut found)?;
    let recovery = recovery(wanted, state(found.archive(), after)?, &planned, &ran)?;
    let given = report::given(wanted, state(found.archive(), before)?)?;
    Ok(Drill {
        at: began_at,
        tool: TOOL.to_owned(),
        snapshot: wanted.snapshot.number.into(),
        record: wanted.snapshot.id.to_string(),
        taken_at: wanted.snapshot.taken_at,
        synchronised,
        steps: planned.steps.len() as u64,
        outcomes: ran
            .counts()
            .into_iter()
            .map(|(title, count)| (title.to_owned(), count))
            .collect(),
        given,
        recovery,
        outside: planned.outside,
        planned_s,
        seconds: began.elapsed().as_secs_f64(),
        minutes_at_limits: limits.as_secs_f64() / 60.0,
    })
}

fn request<'a>(tenant: &str, wanted: State<'a>, current: State<'a>) -> PlanRequest<'a> {
    PlanRequest {
        wanted,
        revision: wanted.snapshot.id.to_string(),
        current: Some(current),
        live: true,
        tenant: tenant.to_owned(),
        selection: Selection {
            everything: true,
            described: vec!["everything".to_owned()],
            ..Selection::default()
        },
        options: PlanOptions {
            links: true,
            ..PlanOptions::default()
        },
        author: plans::account(None),
        tool: TOOL.to_owned(),
        now: App::now(),
    }
}

fn state(archive: &Archive, number: u32) -> Result<State<'_>> {
    let mut snapshots = archive.snapshots().iter();
    let snapshot: Option<&Snapshot> = snapshots.find(|snapshot| snapshot.number == number);
    let snapshot = snapshot.ok_or_else(nothing)?;
    Ok(State { archive, snapshot })
}

/// Kinds that the state has objects of, and the bins of those that have one.
fn kinds_of(wanted: State<'_>) -> Vec<&'static Kind> {
    let stored = wanted.archive.kinds().into_iter();
    let mut kinds: Vec<&'static Kind> = stored
        .filter_map(|stored| catalog::by_name(&stored.name))
        .filter(|kind| !kind.is_event())
        .collect();
    kinds.sort_by_key(|kind| kind.name);
    kinds
}

/// Only carries the wish to stop.
struct Quiet<'w>(&'w Watcher);

impl CollectMonitor for Quiet<'_> {
    fn cancelled(&self) -> bool {
        CollectMonitor::cancelled(self.0)
    }
}

/// Shows how many steps are done.
struct Steps<'w>(&'w Watcher);

impl Monitor for Steps<'_> {
    fn step(&self, done: &StepDone<'_>) {
        if !self.0.is_due() {
            return;
        }
        let text = format!("{} of {}", done.done, plural(done.total, "step"));
        self.0.show(done.done, done.total, &text, || {
            serde_json::json!({
                "message_type": "status",
                "steps_done": done.done,
                "steps_total": done.total,
                "seconds_elapsed": self.0.elapsed().as_secs(),
            })
        });
    }

    fn cancelled(&self) -> bool {
        CollectMonitor::cancelled(self.0)
    }
}

/// A journal that lives as long as the drill.
#[derive(Default)]
struct Memory(std::cell::RefCell<Vec<Entry>>);

impl Journal for Memory {
    fn append(&self, entries: &[Entry]) -> restore::Result<()> {
        self.0.borrow_mut().extend_from_slice(entries);
        Ok(())
    }

    fn finish(&self, entries: &[Entry], _: Ended) -> restore::Result<()> {
        self.append(entries)
    }

    fn entries(&self) -> restore::Result<Vec<Entry>> {
        Ok(self.0.borrow().clone())
    }
}
