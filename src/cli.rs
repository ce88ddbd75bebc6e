//! The grammar of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    approver, auth, blame, check, compact, completions, config, demo, diff, docs, doctor, drill,
    find, hold, hunt, import, init, log, ls, man, noise, plan, rebuild, serve, show, simulate,
    snapshot, snapshots, sql, stats, tag, timeline, token, watch,
};
use crate::logging::LogFormat;
use crate::output::{ColourChoice, Format};
use crate::progress::ProgressChoice;
use crate::secrets::KeyArgs;

const AFTER_HELP: &str = "\
Revisions (REV)  latest  latest~2  first  2026-10-01  2026-10-01T09:00Z  -7d  tag:NAME
                 a1b2c3d4 (the beginning of a snapshot's id, 6 characters or more)
Objects (OBJ)    an id, or KIND:NAME such as user:alice@contoso.example  group:Finance
                 ca:\"CA001: Require MFA\"

Exit codes        0 done                   1 failed              2 wrong usage
                  3 done in part           4 sign-in or consent missing
                  5 differences found (with --exit-code)
                 10 no archive            11 archive locked     12 wrong key
                 13 archive too new       14 archive damaged
                 20 plan stale            21 plan not approved 130 interrupted

A first look, without a tenant: entrace demo";

/// History of a Microsoft Entra ID tenant: snapshots that cost close to nothing, SQL over any past state, and who
/// changed what.
#[derive(Debug, Parser)]
#[command(name = "entrace", version, after_help = AFTER_HELP, max_term_width = 110, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Globals {
    /// The archive: a folder
    #[arg(
        short,
        long,
        global = true,
        value_name = "PATH",
        env = "ENTRACE_ARCHIVE"
    )]
    pub(crate) archive: Option<PathBuf>,
    /// The tenant: a name in the configuration, or a tenant id
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// Configuration file to read instead of the first that is found
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ENTRACE_CONFIG",
        hide_short_help = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Profile laid over the configuration: NAME.toml beside it, or a path; may be given several times
    #[arg(
        short = 'P',
        long,
        global = true,
        value_name = "NAME",
        hide_short_help = true
    )]
    pub(crate) profile: Vec<String>,
    /// Format of the answer
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        help = "Format of the answer: table, json, jsonl, csv, tsv, md, html, parquet, arrow"
    )]
    pub(crate) output: Option<Format>,
    /// Short for -o json; long-running commands report in JSON lines
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say only what was asked for
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more, and warn of every trouble on the way; twice: each request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Form of what -v and -vv tell of the work: text, json
    #[arg(
        long,
        global = true,
        value_name = "FORM",
        default_value = "text",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) log_format: LogFormat,
    /// Colours: auto, always, never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) color: ColourChoice,
    /// Progress of long work: auto, bar, plain, json, none
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) progress: ProgressChoice,
    /// Print long answers without a pager
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
    /// Print ids in full instead of 8 characters
    #[arg(long, global = true)]
    pub(crate) full_ids: bool,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::DemoArgs),
    Init(init::InitArgs),
    Auth(auth::AuthArgs),
    #[command(visible_alias = "backup")]
    Snapshot(snapshot::SnapshotArgs),
    Watch(watch::WatchArgs),
    Import(import::ImportArgs),
    Snapshots(snapshots::SnapshotsArgs),
    Ls(ls::LsArgs),
    Find(find::FindArgs),
    Show(show::ShowArgs),
    Diff(diff::DiffArgs),
    Log(log::LogArgs),
    Blame(blame::BlameArgs),
    Timeline(timeline::TimelineArgs),
    Hunt(hunt::HuntArgs),
    Sql(sql::SqlArgs),
    Serve(serve::ServeArgs),
    Tag(tag::TagArgs),
    Plan(plan::PlanArgs),
    Approver(approver::ApproverArgs),
    Hold(hold::HoldArgs),
    Stats(stats::StatsArgs),
    Token(token::TokenArgs),
    Check(check::CheckArgs),
    Compact(compact::CompactArgs),
    Rebuild(rebuild::RebuildArgs),
    Noise(noise::NoiseArgs),
    #[command(hide = true)]
    Docs(docs::DocsArgs),
    Doctor(doctor::DoctorArgs),
    Drill(drill::DrillArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    /// Answers the statements that come in frames on standard input; started by other commands
    #[command(hide = true)]
    QueryWorker,
    Simulate(simulate::SimulateArgs),
}

impl Command {
    /// Whether an unusable index is made anew for it. `check` must report it instead.
    pub(crate) fn rebuilds(&self) -> bool {
        !matches!(
            self,
            Self::Auth(_)
                | Self::Check(_)
                | Self::Config(_)
                | Self::Demo(_)
                | Self::Doctor(_)
                | Self::Init(_)
                | Self::Token(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_grammar_holds_together() {
        super::Cli::command().debug_assert();
    }
}
