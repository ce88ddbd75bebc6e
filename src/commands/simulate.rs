//! `simulate`: a simulated tenant for whoever wants to try a client against it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use simulator::{Faults, Limits, RetryAfter, TenantSize, WorldOptions};

use super::demo;
use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::{plural, short_time};
use crate::simulated::{Serving, Simulated};
use crate::truth::Truth;

/// Serve a simulated tenant as Microsoft Graph does
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace simulate                                     1,000 users, 30 days of history
  entrace simulate --listen 127.0.0.1:9999 --users 100 --days 7 &
  entrace simulate --faults 429=0.2,reset=0.1,503=0.1  a bad day of the service
  entrace simulate --forbid @policies --unlicensed risky_user,sign_in
  entrace simulate --demo >env & sleep 5; . ./env      the tenant of entrace demo, for restore plans of its archive

An invented company, the same for the same --seed and --until, with incidents to find among its everyday changes. It \
speaks OAuth and Graph: lists, delta queries, batches, the recycle bin, the audit log, writes. A client that has read it \
and comes back with a new token finds the next day. Stop it with Ctrl-C.

Faults, each a share of all requests: 429, 503, 500, reset (no answer), cut (a connection that breaks inside one), \
truncated, html (a proxy's page), slow, vanish (a parent that is deleted before what stands below it is read), loop and \
foreign (links that lead back to their page, or to another host); token=N refuses a bearer token after N requests.")]
pub(crate) struct SimulateArgs {
    /// Address to listen at; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9999")]
    listen: SocketAddr,
    /// People in the company
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(60..=2_000_000))]
    users: u32,
    /// Days it has lived before anybody reads; with --demo by default 90, else 30
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=3650))]
    days: Option<u32>,
    /// The company of entrace demo, an hour after its last night, and no day passes: restore plans of the demo's archive
    /// run there
    #[arg(long, conflicts_with_all = ["users", "until", "seed"])]
    demo: bool,
    /// Objects the demo was made with, about
    #[arg(long, value_name = "N", requires = "demo", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2_000..=1_000_000))]
    objects: u32,
    /// Simulated time at which it is first read; by default now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Another number, another company
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Request limits: none, or Microsoft's
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "none",
        hide_possible_values = true
    )]
    limits: LimitsChoice,
    /// What goes wrong, and how often
    #[arg(long, value_name = "FAULT=SHARE,...", value_delimiter = ',', value_parser = fault)]
    faults: Vec<(String, f64)>,
    /// Write down what really happens, a JSON line for each deed
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Kinds the reading application has no permission for: kinds and categories, as elsewhere
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    forbid: Vec<String>,
    /// Kinds the tenant has no licence for
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    unlicensed: Vec<String>,
    /// Let no day pass
    #[arg(long)]
    frozen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LimitsChoice {
    None,
    Microsoft,
}

pub(crate) fn run(app: &App, args: &SimulateArgs) -> Result<u8> {
    let options = world(args)?;
    let days = args.days();
    let (name, users) = (options.tenant_name.clone(), options.users);
    let serving = Serving {
        listen: args.listen,
        limits: match args.limits {
            LimitsChoice::None => Limits::None,
            LimitsChoice::Microsoft => Limits::Microsoft { size: size(users) },
        },
        faults: faults(&args.faults),
        forbidden: kinds(&args.forbid)?,
        unlicensed: kinds(&args.unlicensed)?,
        lived: days,
        lives_on: !(args.frozen || args.demo),
        truth: args.truth.as_deref().map(Truth::create).transpose()?,
    };
    let simulated = Simulated::start(app, options, serving)?;
    if args.demo {
        // The archive has a snapshot of the very end already.
        simulated.wait(SignedDuration::from_hours(1));
    }
    let mut text = String::new();
    if args.limits == LimitsChoice::None {
        // Whoever has no limits need not be asked slowly.
        text.push_str("export ENTRACE_COLLECT__PACE=unlimited\n");
    }
    for (name, value) in simulated.variables() {
        let _ = writeln!(text, "export {name}={value}");
    }
    app.note(&format!(
        "{name} ({}), {}, {} of history until {}",
        simulated.domain(),
        plural(users.into(), "user"),
        plural(days.into(), "day"),
        short_time(simulated.now())
    ));
    app.print(&text)?;
    app.runtime()?.block_on(async {
        // Where signals cannot be listened for, the process ends by itself when one comes.
        let _ = tokio::signal::ctrl_c().await;
    });
    Ok(0)
}

impl SimulateArgs {
    fn days(&self) -> u32 {
        self.days.unwrap_or(if self.demo { 90 } else { 30 })
    }
}

/// The company that was asked for.
fn world(args: &SimulateArgs) -> Result<WorldOptions> {
    let days = args.days();
    if args.demo {
        return Ok(demo::world(args.objects, days));
    }
    let lived = SignedDuration::from_hours(24 * i64::from(days));
    let now = args.until.unwrap_or_else(App::now);
    let start = Timestamp::from_second(now.as_second() - lived.as_secs());
    let start = start.map_err(|error| {
        Failure::usage(format!("there are no {days} days before {now}: {error}"))
    })?;
    Ok(WorldOptions {
        seed: args.seed,
        users: args.users,
        start,
        // The story is laid out over what was lived and what may still be.
        days: days.max(30),
        ..WorldOptions::default()
    })
}

/// Names of the kinds that words choose; none where there is no word.
fn kinds(words: &[String]) -> Result<HashSet<String>> {
    if words.is_empty() {
        return Ok(HashSet::new());
    }
    let chosen =
        catalog::select_kinds(words).map_err(|unknown| Failure::usage(unknown.to_string()))?;
    Ok(chosen.iter().map(|kind| kind.name.to_owned()).collect())
}

/// The size Microsoft's limits go by.
fn size(users: u32) -> TenantSize {
    match users {
        0..50 => TenantSize::Small,
        50..=500 => TenantSize::Medium,
        _ => TenantSize::Large,
    }
}

fn moment(text: &str) -> std::result::Result<Timestamp, String> {
    model::parse_time(text).map_err(|_| "write it as 2026-04-05T08:00:00Z or 2026-04-05".to_owned())
}

const FAULTS: [&str; 12] = [
    "429",
    "503",
    "500",
    "reset",
    "cut",
    "truncated",
    "html",
    "slow",
    "vanish",
    "loop",
    "foreign",
    "token",
];

fn fault(text: &str) -> std::result::Result<(String, f64), String> {
    let wrong = || {
        format!(
            "write it as FAULT=SHARE, such as 429=0.2; faults are {}",
            FAULTS.join(", ")
        )
    };
    let (name, share) = text.split_once('=').ok_or_else(wrong)?;
    let share: f64 = share.parse().map_err(|_| wrong())?;
    let is_share = if name == "token" {
        share >= 1.0
    } else {
        (0.0..=1.0).contains(&share)
    };
    if !FAULTS.contains(&name) || !is_share {
        return Err(wrong());
    }
    Ok((name.to_owned(), share))
}

fn faults(asked: &[(String, f64)]) -> Faults {
    let mut faults = Faults {
        retry_after: RetryAfter::Seconds(1),
        ..Faults::default()
    };
    for (name, share) in asked {
        match name.as_str() {
            "429" => faults.throttled = *share,
            "503" => faults.unavailable = *share,
            "500" => faults.internal_errors = *share,
            "reset" => faults.resets_before = *share,
            "cut" => faults.resets_inside = *share,
            "truncated" => faults.truncated = *share,
            "html" => faults.html = *share,
            "slow" => faults.slow = *share,
            "vanish" => faults.vanishing_parents = *share,
            "loop" => faults.looping_links = *share,
            "foreign" => faults.foreign_links = *share,
            _ => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it was checked to be at least 1, and more than 2^32 requests are as many"
                )]
                let requests = *share as u32;
                faults.token_requests = Some(requests);
            }
        }
    }
    faults
}
