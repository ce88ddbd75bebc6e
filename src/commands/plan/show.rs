//! `plan show`: everything a reviewer must know before saying yes.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use query::Source;
use restore::approval::{Approvers, Judge, NAMESPACE, Statement, Verdict};
use restore::{Book, Error, Record, State};
use serde_json::{Value, json};

use super::text::Page;
use crate::app::App;
use crate::commands::values::Names;
use crate::failure::{Failure, Result};
use crate::plans::{self, Named};

/// Show a plan: what it does, what it risks, who approved it
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace plan show p.json
  entrace plan show 3f2a91c0 --evidence approvals/    its approvals as files, for ssh-keygen -Y verify")]
pub(crate) struct ShowArgs {
    /// A plan file, or the beginning of a plan's id
    #[arg(value_name = "FILE|ID")]
    plan: String,
    /// Show every step, however many there are
    #[arg(long)]
    all: bool,
    /// Write approvals and allowed signers into a folder, so that others can verify them
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
}

/// A plan with everything that is known of it.
pub(super) struct Shown {
    pub(super) named: Named,
    pub(super) record: Record,
    pub(super) verdict: Verdict,
    pub(super) state: State,
}

pub(crate) fn run(app: &App, args: &ShowArgs) -> Result<u8> {
    let archive = app.shared_archive()?;
    let named = plans::named(&archive, &args.plan)?;
    let (policy, approvers) = (
        plans::policy(app, &archive)?,
        plans::approvers(app, &archive)?,
    );
    let judge = Judge {
        approvers: &approvers,
        policy: &policy,
        now: App::now(),
    };
    // A plan that only is a file has no record yet.
    let record = match Book::new(&archive).record(&named.id) {
        Err(Error::NotFound(_)) => Record::default(),
        other => other?,
    };
    let verdict = judge.verdict(&named.plan, &record.approvals, &record.used());
    let shown = Shown {
        state: State::of(&record, verdict.is_approved()),
        named,
        record,
        verdict,
    };
    if let Some(folder) = &args.evidence {
        return evidence(app, &shown, &approvers, folder);
    }
    if !app.for_people() {
        plans::json_only(app, "plan show")?;
        app.print_json(&document(&shown))?;
        return Ok(0);
    }
    let source = Source::new(Arc::clone(&archive), App::now());
    let page = Page {
        app,
        names: Names::new(&source),
        all: args.all,
    };
    app.page(&page.text(&shown))?;
    if let Some(next) = next(&shown) {
        app.next_command(&next)?;
    }
    Ok(0)
}

/// The command that a plan waits for.
fn next(shown: &Shown) -> Option<String> {
    let word = &shown.named.word;
    match shown.state {
        State::Planned => Some(format!("plan approve {word} --key FILE")),
        State::Approved | State::Running => Some(format!("plan run {word}")),
        State::Done | State::PartlyDone | State::Failed | State::NeedsReview => {
            Some(format!("plan verify {word}"))
        }
        State::Rejected | State::Cancelled | State::Stale => None,
    }
}

fn document(shown: &Shown) -> Value {
    let (verdict, record) = (&shown.verdict, &shown.record);
    let act = |act: &Option<restore::Act>| act.as_ref().map(|act| json!(act));
    json!({
        "id": shown.named.id,
        "state": shown.state.word(),
        "approvals_needed": verdict.needed.approvals,
        "because": verdict.needed.because,
        "approvals": verdict.accepted.iter().map(|accepted| json!({
            "id": accepted.id,
            "approver": accepted.approver,
            "person": accepted.person,
            "key": accepted.fingerprint,
            "made_at": accepted.made_at,
            "not_after": accepted.not_after,
        })).collect::<Vec<_>>(),
        "refused": verdict.refused.iter().map(|(id, refusal)| json!({
            "id": id, "code": refusal.code(), "message": refusal.to_string(),
        })).collect::<Vec<_>>(),
        "rejection": act(&record.rejection),
        "cancellation": act(&record.cancellation),
        "stale": act(&record.stale),
        "runs": record.runs,
        "outcome": record.outcome,
        "plan": shown.named.plan,
    })
}

/// Writes what an independent verification needs, and says how it is done.
fn evidence(
    app: &App,
    shown: &Shown,
    approvers: &Approvers,
    folder: &std::path::Path,
) -> Result<u8> {
    if shown.record.approvals.is_empty() {
        return Err(Failure::usage(format!(
            "plan {} has no approvals to write",
            app.short(&shown.named.id)
        )));
    }
    std::fs::create_dir_all(folder).map_err(|e| Failure::io(folder, &e))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|e| Failure::io(&path, &e))
    };
    write("allowed_signers", &approvers.to_allowed_signers())?;
    write("plan.json", &shown.named.plan.to_file())?;
    let mut text = String::new();
    for approval in &shown.record.approvals {
        let id = approval.id();
        let id = app.short(&id);
        let name = format!("approval-{id}.json");
        write(&name, &approval.statement)?;
        write(&format!("{name}.sig"), &approval.signature)?;
        let approver = Statement::parse(&approval.statement)
            .map_or_else(|_| "APPROVER".to_owned(), |statement| statement.approver);
        text.push_str(&format!(
            "ssh-keygen -Y verify -n {} -f allowed_signers -I {approver} -s {name}.sig <{name}\n",
            NAMESPACE
        ));
    }
    app.print(&text)?;
    Ok(0)
}
