//! `plan verify`: whether the tenant is what a plan was to make of it.

use std::fmt::Write as _;

use clap::Args;
use restore::execution::Record;
use restore::verification::{self, Finding, Verification, Verified};
use serde_json::json;
use store::PlanEvent;

use super::run::shown;
use crate::app::App;
use crate::failure::{FINDINGS, Result};
use crate::output::plural;
use crate::plans::{self, PlanLog};

/// Compare what a plan touched with what was wanted
#[derive(Debug, Args)]
#[command(after_help = "\
Reads every object and relationship the plan touches from the tenant and compares. What was found is kept in the archive. \
Exit code 5 where something differs.")]
pub(crate) struct VerifyArgs {
    /// A plan file, or the beginning of a plan's id
    #[arg(value_name = "FILE|ID")]
    plan: String,
    /// Who verifies; by default whoever starts this, on this machine
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<u8> {
    let archive = app.shared_archive()?;
    let named = plans::named(&archive, &args.plan)?;
    let record = Record::of(&archive, &named.plan)?;
    let client = app.tenant(&[])?.client()?;
    let verify = verification::verify(&named.plan, &record, &client, App::now);
    let found = app.runtime()?.block_on(verify)?;
    let paper = found.keep(&archive)?;
    let mut log = PlanLog::new(&named.id);
    let by = plans::account(args.by.as_deref());
    log.push(PlanEvent::Verified, &by, Some(paper));
    log.write(app)?;
    print(app, &found)?;
    Ok(if found.is_equal() { 0 } else { FINDINGS })
}

fn print(app: &App, found: &Verification) -> Result<()> {
    let counts = found.counts();
    if app.wants_json() {
        return app.print_json(&json!({
            "plan": found.plan,
            "at": found.at,
            "is_equal": found.is_equal(),
            "counts": counts,
            "steps": found.steps,
        }));
    }
    let counted: Vec<String> = counts
        .iter()
        .map(|(title, count)| format!("{count} {title}"))
        .collect();
    app.print(&format!(
        "Plan {}: {} of {}\n",
        app.short(&found.plan),
        counted.join(", "),
        plural(found.steps.len() as u64, "step")
    ))?;
    for step in &found.steps {
        if step.finding != Finding::Equal {
            app.print(&line(step))?;
        }
    }
    Ok(())
}

fn line(step: &Verified) -> String {
    let name = step.name.clone().unwrap_or_else(|| step.object.join("/"));
    let mut text = format!(
        "  {:>4}  {} {} {name}: {}\n",
        step.number,
        step.action.title(),
        step.kind.replace('_', " "),
        step.finding.title()
    );
    match &step.finding {
        Finding::Differs { moved } => {
            for moved in moved {
                let path = &moved.path;
                let _ = writeln!(
                    text,
                    "        {path} should be {} and is {}",
                    moved.from, moved.to
                );
            }
        }
        Finding::NotReadable { reason } => {
            let _ = writeln!(text, "        {reason}");
        }
        _ => {}
    }
    shown(&text)
}
