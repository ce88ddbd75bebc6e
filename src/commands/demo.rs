//! `demo`: the main job on a simulated tenant, for those who have none at hand.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use collector::{CollectRequest, collect};
use query::{Session, SessionOptions};
use simulator::{Faults, Limits, WorldOptions};
use store::LocalStorage;

use super::NEWEST;
use super::diff::{self, DiffArgs};
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::{Tone, bytes, plural};
use crate::progress::{Watcher, stopper};
use crate::simulated::{Serving, Simulated, archive};
use crate::truth::Truth;
use crate::words::quoted;

/// See what it does, on a simulated tenant
#[derive(Debug, Args)]
#[command(after_help = "\
Lets an invented company live for 90 days in a simulated tenant, with an attack on it and two accidents, and takes a \
snapshot every night. Then it asks the questions that find them. Needs no tenant, no network and no key.")]
pub(crate) struct DemoArgs {
    /// Folder of the archive; by default a new one among the temporary files
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Objects of the tenant, about
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2_000..=1_000_000))]
    objects: u32,
    /// Nights
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    /// Take a snapshot every so many nights
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=400))]
    every: u32,
    /// Write down what really happens, a JSON line for each deed
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Do not go on serving the archive when the questions are answered; so far it never does
    #[arg(long, hide = true)]
    no_serve: bool,
}

/// Objects there are for each user of the simulated company, and those it has whatever its size.
const OBJECTS_A_USER: u32 = 18;
const OBJECTS_ANYWAY: u32 = 1_800;

struct Question {
    text: &'static str,
    sql: &'static str,
}

const QUESTIONS: [Question; 3] = [
    Question {
        text: "Which Conditional Access policies were weakened, when, and by whom?",
        sql: "\
select changed_at, display_name, path, old_value, new_value, actor, actor_ip
from property_changes
where kind = 'conditional_access_policy'
  and (path = 'state' and old_value = '\"enabled\"' or path like 'conditions.users.exclude%')
order by changed_at",
    },
    Question {
        text: "Who is a Global Administrator now and was not on the first day?",
        sql: "\
select coalesce(u.display_name, p.display_name) as principal, coalesce(u.user_type, 'application') as what,
       e.activity_date_time as granted_at, e.activity_display_name as activity,
       coalesce(e.initiated_by->'user'->>'userPrincipalName', e.initiated_by->'app'->>'displayName') as granted_by
from role_assignments now
join role_definitions d on d.id = now.role_definition_id and d.display_name = 'Global Administrator'
left join \"@first\".role_assignments was on was.id = now.id
left join users u on u.id = now.principal_id
left join service_principals p on p.id = now.principal_id
left join directory_audits e on e.activity_display_name = 'Add member to role'
                            and e.target_resources like '%' || now.principal_id || '%'
where was.id is null
order by granted_at",
    },
    Question {
        text: "What else did the address do from which the first policy was switched off?",
        sql: "\
select activity_date_time, activity_display_name, initiated_by->'user'->>'userPrincipalName' as by_user
from directory_audits
where initiated_by->'user'->>'ipAddress' = (
  select actor_ip from property_changes
  where kind = 'conditional_access_policy' and path = 'state' and new_value = '\"disabled\"' order by changed_at limit 1)
order by activity_date_time",
    },
];

pub(crate) fn run(app: &App, args: &DemoArgs) -> Result<u8> {
    let path = folder(args.folder.as_deref())?;
    let made = make(app, args, &path)?;
    let mut globals = app.globals.clone();
    globals.archive = Some(path.clone());
    // What to do next is said once, at the end.
    globals.quiet = true;
    let app = App::new(globals)?;
    app.print(&made)?;
    shown(
        &app,
        "How does Conditional Access differ from the first day?",
        "diff --from first --kind ca",
    )?;
    diff::run(&app, &DiffArgs::of_kind("first", "ca"))?;
    let mut session = Session::new(&app.source()?, SessionOptions::default())?;
    for question in &QUESTIONS {
        let command = format!("sql -c {}", quoted(question.sql));
        shown(&app, question.text, &command)?;
        app.answer(&mut session, question.sql, &[])?;
    }
    app.print("\nGo on with:\n")?;
    for command in [
        "log ca:\"CA002 Require MFA for administrators\"",
        "find 203.0.113.77 --kind directory_audit",
        &format!(
            "sql -c \"select kind, status, reason from coverage where {NEWEST} and status <> 'complete' order by kind\""
        ),
        "noise",
        "check --read-data",
    ] {
        app.print(&format!("  {} {command}\n", app.invocation()))?;
    }
    Ok(0)
}

/// The company of so many objects that lives so many days: the same each time.
pub(super) fn world(objects: u32, days: u32) -> WorldOptions {
    WorldOptions {
        users: objects.saturating_sub(OBJECTS_ANYWAY) / OBJECTS_A_USER,
        days,
        ..WorldOptions::default()
    }
}

/// Takes a snapshot of each night of the company's life; what there is to say about it.
fn make(app: &App, args: &DemoArgs, path: &Path) -> Result<String> {
    let options = world(args.objects, args.days);
    let (name, users) = (options.tenant_name.clone(), options.users.max(60));
    let serving = Serving {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        limits: Limits::None,
        faults: Faults::default(),
        forbidden: HashSet::new(),
        unlicensed: HashSet::new(),
        lived: 0,
        lives_on: false,
        truth: args.truth.as_deref().map(Truth::create).transpose()?,
    };
    let simulated = Simulated::start(app, options, serving)?;
    let mut writer = archive(Arc::new(LocalStorage::new(path)), simulated.tenant_id())?;
    let client = simulated.client()?;
    let watcher = Watcher::new(app.progress_style(), stopper(app)?);
    let request = CollectRequest::new(catalog::kinds().to_vec(), "all");
    let runtime = app.runtime()?.handle().clone();
    let (mut bytes_added, mut objects, mut snapshots) = (0, 0, 0);
    let mut first = None;
    for night in 0..=args.days {
        if night > 0 {
            simulated.live_day()?;
        }
        if night % args.every != 0 && night != args.days {
            continue;
        }
        let text = format!("night {night} of {}", args.days);
        watcher.show(night.into(), args.days.into(), &text, || {
            serde_json::json!({
                "message_type": "status",
                "snapshots_done": night,
                "snapshots_total": args.days + 1,
                "seconds_elapsed": watcher.elapsed().as_secs(),
            })
        });
        let report = collect(&mut writer, &client, &runtime, &request, &Nights(&watcher))?;
        snapshots += 1;
        bytes_added += report.bytes_added;
        objects = report.kinds.iter().map(|kind| kind.alive).sum::<u64>();
        first.get_or_insert(report.taken_at);
    }
    query::refresh_columns(&writer, false)?;
    watcher.end();
    let meter = client.meter().snapshot();
    Ok(format!(
        "{name} (simulated): {}, {} from {} on, read with {} in {:.0} s\n\
         {}, {} in the last one, {} on disk: {}\n",
        plural(users.into(), "user"),
        plural(args.days.into(), "day"),
        first.map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string()),
        plural(meter.total.requests, "request"),
        watcher.elapsed().as_secs_f64(),
        plural(snapshots, "snapshot"),
        plural(objects, "object"),
        bytes(bytes_added),
        path.display()
    ))
}

/// Only carries the wish to stop: nights are what progress counts.
struct Nights<'w>(&'w Watcher);

impl collector::CollectMonitor for Nights<'_> {
    fn cancelled(&self) -> bool {
        collector::CollectMonitor::cancelled(self.0)
    }
}

/// Prints a question and the command that answers it.
fn shown(app: &App, question: &str, command: &str) -> Result<()> {
    let line = format!("$ {} {command}", app.invocation());
    app.print(&format!(
        "\n{}\n{}\n\n",
        app.colour.paint(Tone::Strong, question),
        app.colour.paint(Tone::Faint, &line)
    ))
}

/// The folder that was named, if nothing is in it, or a new one.
fn folder(named: Option<&Path>) -> Result<PathBuf> {
    let Some(path) = named else {
        let made = tempfile::Builder::new().prefix("entrace-demo-").tempdir();
        return Ok(made
            .map_err(|e| Failure::io(&std::env::temp_dir(), &e))?
            .keep());
    };
    match std::fs::read_dir(path) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(Failure::usage(format!("{} is not empty", path.display()))
                    .hint("name a folder that is empty or not there yet"));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::io(path, &error)),
    }
    Ok(path.to_owned())
}
