//! The commands, one a file.

pub(crate) mod approver;
pub(crate) mod auth;
pub(crate) mod blame;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod docs;
pub(crate) mod doctor;
pub(crate) mod drill;
pub(crate) mod find;
pub(crate) mod hold;
pub(crate) mod hunt;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod log;
pub(crate) mod ls;
pub(crate) mod man;
pub(crate) mod noise;
pub(crate) mod plan;
pub(crate) mod rebuild;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod simulate;
pub(crate) mod snapshot;
pub(crate) mod snapshots;
pub(crate) mod sql;
pub(crate) mod stats;
pub(crate) mod tag;
pub(crate) mod timeline;
pub(crate) mod token;
pub(crate) mod watch;

mod values;

use crate::app::App;
use crate::cli::Command;
use crate::failure::Result;

/// Condition on the table `coverage`, which has the rows of every snapshot: those of the newest.
const NEWEST: &str = "taken_at = (select max(taken_at) from coverage)";

/// Runs a command; the number is the exit code.
pub(crate) fn run(app: &App, command: &Command) -> Result<u8> {
    match command {
        Command::Demo(args) => demo::run(app, args),
        Command::Init(args) => init::run(app, args),
        Command::Auth(args) => auth::run(app, args),
        Command::Watch(args) => watch::run(app, args),
        Command::Import(args) => import::run(app, args),
        Command::Snapshot(args) => snapshot::run(app, args),
        Command::Simulate(args) => simulate::run(app, args),
        Command::Snapshots(args) => snapshots::run(app, args),
        Command::Ls(args) => ls::run(app, args),
        Command::Find(args) => find::run(app, args),
        Command::Show(args) => show::run(app, args),
        Command::Diff(args) => diff::run(app, args),
        Command::Log(args) => log::run(app, args),
        Command::Blame(args) => blame::run(app, args),
        Command::Timeline(args) => timeline::run(app, args),
        Command::Hunt(args) => hunt::run(app, args),
        Command::Serve(args) => serve::run(app, args),
        Command::Sql(args) => sql::run(app, args),
        Command::Tag(args) => tag::run(app, args),
        Command::Plan(args) => plan::run(app, args),
        Command::Approver(args) => approver::run(app, args),
        Command::Hold(args) => hold::run(app, args),
        Command::Stats(args) => stats::run(app, args),
        Command::Token(args) => token::run(app, args),
        Command::Check(args) => check::run(app, args),
        Command::Compact(args) => compact::run(app, args),
        Command::Rebuild(args) => rebuild::run(app, args),
        Command::Noise(args) => noise::run(app, args),
        Command::Docs(args) => docs::run(app, args),
        Command::Doctor(args) => doctor::run(app, args),
        Command::Drill(args) => drill::run(app, args),
        Command::Config(args) => config::run(app, args),
        Command::Completions(args) => completions::run(app, args),
        Command::Man(args) => man::run(app, args),
        // It needs nothing that commands have in common, and never comes here.
        Command::QueryWorker => Ok(0),
    }
}

/// `1 user`, `2 users`: a kind's objects, counted.
fn objects(number: u64, kind: &str) -> String {
    let plural = catalog::by_name(kind)
        .map_or(kind, |kind| kind.table)
        .replace('_', " ");
    let word = if number == 1 {
        kind.replace('_', " ")
    } else {
        plural
    };
    format!("{} {word}", crate::output::count(number))
}
