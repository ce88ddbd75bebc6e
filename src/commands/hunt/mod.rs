//! `hunt`: all rules over all of the past, so that a new rule looks years back.

mod report;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use jiff::Timestamp;
use query::{Entry, Finding, Hunter, Library, Session, SessionOptions, Severity, Source};

use super::sql::parameter;
use crate::answers::Parameters;
use crate::app::App;
use crate::failure::{FINDINGS, Failure, INTERRUPTED, PARTIAL, Result};
use crate::library::{parameters, tables};
use crate::output::Grid;
use crate::progress::{ProgressStyle, Watcher};

/// Look for traces of an attack in all of the past
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace hunt                                  every rule over every snapshot
  entrace hunt --since -30d --severity high
  entrace hunt ca-policy-disabled ca-exclusion-added -o json
  entrace hunt --rules ./our-rules --exit-code  for a scheduled run: 5 when there is a finding
  entrace hunt --list
  entrace hunt --show bulk-deletion             the rule as SQL, to learn from or to begin one of your own

A finding is a trace and no verdict: each rule says what it finds that is no harm. Rules are SQL files; docs/library.md \
says how to write one.")]
pub(crate) struct HuntArgs {
    /// Rules to run; by default all
    #[arg(value_name = "RULE")]
    rule: Vec<String>,
    /// Only findings after this revision or time
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    since: Option<String>,
    /// Only findings at or before this revision or time
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    until: Option<String>,
    /// Only findings at least this bad: informational, low, medium, high, critical
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "informational",
        hide_default_value = true
    )]
    severity: Severity,
    /// Folder with rules of your own; may be given several times
    #[arg(long, value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// Value of a parameter of rules; may be given several times
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, String)>,
    /// List the rules instead of running them
    #[arg(long, conflicts_with_all = ["show", "since", "until", "exit_code"])]
    list: bool,
    /// Print a rule instead of running it
    #[arg(long, value_name = "RULE", conflicts_with_all = ["rule", "since", "until", "exit_code"])]
    show: Option<String>,
    /// Exit with this code when there are findings
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "5")]
    exit_code: Option<u8>,
}

/// What came of one rule.
struct Outcome<'r> {
    rule: &'r Entry,
    findings: Vec<Finding>,
    /// Kinds it needs that were never read.
    unread: Vec<String>,
    could_look: bool,
}

/// What came of all of them.
struct Hunt<'r> {
    outcomes: Vec<Outcome<'r>>,
    /// Rules that could not be run, and why.
    failed: Vec<String>,
}

impl Hunt<'_> {
    /// All findings, oldest first; the worst first of those at the same time.
    fn findings(&self) -> Vec<(&Entry, &Finding)> {
        let mut all = Vec::new();
        for outcome in &self.outcomes {
            all.extend(
                outcome
                    .findings
                    .iter()
                    .map(|finding| (outcome.rule, finding)),
            );
        }
        all.sort_by(|(_, a), (_, b)| (a.at, b.severity, &a.rule).cmp(&(b.at, a.severity, &b.rule)));
        all
    }
}

pub(crate) fn run(app: &App, args: &HuntArgs) -> Result<u8> {
    let library = app.library(&[], &args.rules)?;
    if let Some(name) = &args.show {
        app.print(&library.rule(name)?.text)?;
        return Ok(0);
    }
    let rules = chosen(&library, &args.rule)?;
    if args.list {
        app.warn_of_broken(&library);
        list(app, &rules)?;
        return Ok(if library.broken().is_empty() {
            0
        } else {
            PARTIAL
        });
    }
    let given = given(&rules, &args.param)?;
    let source = app.source()?;
    let mut session = Session::new(&source, SessionOptions::default())?;
    let within = Within::new(args, &source)?;
    let mut hunt = app.runtime()?.block_on(async {
        tokio::select! {
            hunt = look(app, &mut session, &rules, &given) => hunt,
            _ = tokio::signal::ctrl_c() => Err(Failure::new(INTERRUPTED, "interrupted")),
        }
    })?;
    // Rules that were asked for by name are not held up by a file that was not.
    if args.rule.is_empty() {
        let broken = library
            .broken()
            .iter()
            .map(|broken| broken.error.to_string());
        hunt.failed.extend(broken);
    }
    for outcome in &mut hunt.outcomes {
        outcome.findings.retain(|finding| within.has(finding));
    }
    if app.for_people() {
        report::print(app, &source, &hunt)?;
    } else {
        app.write_batch(&table::batch(&hunt.findings())?)?;
        notes(app, &hunt);
    }
    hunt.failed.iter().for_each(|failed| app.warn(failed));
    let any = hunt
        .outcomes
        .iter()
        .any(|outcome| !outcome.findings.is_empty());
    Ok(match args.exit_code {
        _ if !hunt.failed.is_empty() => PARTIAL,
        Some(code) if any => {
            if code == 0 {
                FINDINGS
            } else {
                code
            }
        }
        _ => 0,
    })
}

/// The rules that were named, or all.
fn chosen<'l>(library: &'l Library, names: &[String]) -> Result<Vec<&'l Entry>> {
    if names.is_empty() {
        return Ok(library.rules().collect());
    }
    let rule = |name: &String| {
        library.rule(name).map_err(|error| {
            Failure::usage(error.to_string()).hint("list the rules with: entrace hunt --list")
        })
    };
    names.iter().map(rule).collect()
}

/// Values of parameters; a name that no chosen rule has is a typing error.
fn given(rules: &[&Entry], given: &[(String, String)]) -> Result<Parameters> {
    let has = |rule: &&Entry, name: &str| rule.parameters.iter().any(|known| known.name == name);
    for (name, _) in given {
        if !rules.iter().any(|rule| has(rule, name)) {
            return Err(
                Failure::usage(format!("no rule that would run has a parameter {name}"))
                    .hint("see what rules take with: entrace hunt --list"),
            );
        }
    }
    Ok(given.iter().cloned().collect())
}

/// Runs the rules one after another; one that fails does not stop the others.
async fn look<'r>(
    app: &App,
    session: &mut Session,
    rules: &[&'r Entry],
    given: &Parameters,
) -> Result<Hunt<'r>> {
    let style = match app.progress_style() {
        // The answer itself is on that stream.
        ProgressStyle::Json if !app.for_people() => ProgressStyle::None,
        style => style,
    };
    let watcher = Watcher::new(style, Arc::new(AtomicBool::new(false)));
    let mut hunter = Hunter::new(session)?;
    let mut hunt = Hunt {
        outcomes: Vec::new(),
        failed: Vec::new(),
    };
    for (done, rule) in (0..).zip(rules) {
        let total = rules.len() as u64;
        watcher.show(done, total, &rule.id, || {
            serde_json::json!({"message_type": "status", "rule": rule.id, "rules_done": done, "total_rules": total})
        });
        let own = |(name, _): &(&String, &String)| {
            rule.parameters.iter().any(|known| known.name == **name)
        };
        let own: BTreeMap<String, String> = given
            .iter()
            .filter(own)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        match hunter.run(rule, &own).await {
            Ok(looked) => hunt.outcomes.push(Outcome {
                rule,
                findings: looked.findings,
                unread: looked.unread,
                could_look: looked.could_look,
            }),
            // A damaged archive fails every rule, and is said once.
            Err(error) if matches!(error.root(), query::Error::Store(_)) => {
                return Err(error.into());
            }
            Err(error) => hunt.failed.push(format!("{}: {error}", rule.file)),
        }
    }
    watcher.end();
    Ok(hunt)
}

/// Which findings were asked for.
struct Within {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    severity: Severity,
}

impl Within {
    fn new(args: &HuntArgs, source: &Source) -> Result<Self> {
        let time =
            |text: &Option<String>| text.as_ref().map(|text| source.moment(text)).transpose();
        Ok(Self {
            since: time(&args.since)?,
            until: time(&args.until)?,
            severity: args.severity,
        })
    }

    fn has(&self, finding: &Finding) -> bool {
        finding.severity >= self.severity
            && self.since.is_none_or(|since| finding.at > since)
            && self.until.is_none_or(|until| finding.at <= until)
    }
}

/// What programs that read the findings do not see in them.
fn notes(app: &App, hunt: &Hunt<'_>) {
    for outcome in hunt
        .outcomes
        .iter()
        .filter(|outcome| !outcome.unread.is_empty())
    {
        app.note(&format!(
            "{}: {} never read",
            outcome.rule.id,
            were(&outcome.unread)
        ));
    }
}

/// `domains was`, `users, groups were`.
fn were(kinds: &[String]) -> String {
    let verb = if kinds.len() == 1 { "was" } else { "were" };
    format!("{} {verb}", tables(kinds))
}

fn list(app: &App, rules: &[&Entry]) -> Result<()> {
    if !app.for_people() {
        return app.write_batch(&table::rules(rules)?);
    }
    let mut grid = Grid::new(&["rule", "severity", "finds", "parameters"], true);
    for rule in rules {
        let severity = rule.severity.map_or("", Severity::as_str).to_owned();
        grid.push(&[
            rule.id.clone(),
            severity,
            rule.title.clone(),
            parameters(rule),
        ]);
    }
    app.page(&grid.render(app.colour))?;
    app.next_command("hunt --show RULE")
}
