//! `plan approve`: a signature by a key that does not come from the tenant.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::SignedDuration;
use restore::approval::{Approver, Approvers, Judge, NAMESPACE, Refusal, Statement, Verdict};
use restore::{Approval, Book};
use store::{Archive, PlanEvent};

use crate::app::App;
use crate::config::Interval;
use crate::failure::{Failure, Result};
use crate::output::{plural, short_time};
use crate::plans::{self, Named, PlanLog};
use crate::signing::{self, Elsewhere};

/// How long an approval is for where nothing else is said.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(8);

/// Approve a plan with an SSH key
#[derive(Debug, Args)]
#[command(after_help = "\
An approval is a signature over a statement that names exactly this plan, for some hours, and it is used once. The key is \
one of those in `entrace approver list`; with a public key the private half is asked of the SSH agent, and security keys \
work as with ssh.

Examples:
  entrace plan approve p.json --key ~/.ssh/id_ed25519
  entrace plan approve 3f2a91c0 --key ~/.ssh/id_ed25519_sk.pub --valid-for 2h

On a machine without this archive:
  entrace plan approve p.json --print-statement --approver bob >statement.json
  ssh-keygen -Y sign -n entrace-approval -f KEY statement.json          (where the key is)
  entrace plan approve p.json --statement statement.json --signature statement.json.sig")]
pub(crate) struct ApproveArgs {
    /// A plan file, or the beginning of a plan's id
    #[arg(value_name = "FILE|ID")]
    plan: String,
    /// Private key, or a public key whose private half the SSH agent has
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["statement", "signature"])]
    key: Option<PathBuf>,
    /// How long the approval is for (8h)
    #[arg(long, value_name = "TIME")]
    valid_for: Option<Interval>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Print the statement to be signed elsewhere, and enter nothing
    #[arg(long, conflicts_with_all = ["statement", "signature"])]
    print_statement: bool,
    /// Approver the printed statement is for
    #[arg(
        long,
        value_name = "NAME",
        requires = "print_statement",
        conflicts_with = "key"
    )]
    approver: Option<String>,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

pub(crate) fn run(app: &App, args: &ApproveArgs) -> Result<u8> {
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
    if args.print_statement {
        app.print(&statement(args, &named, &judge)?.text())?;
        return Ok(0);
    }
    let approval = match args.elsewhere.read()? {
        Some((statement, signature)) => Approval {
            statement,
            signature,
            received_at: judge.now,
        },
        None => {
            let statement = statement(args, &named, &judge)?;
            confirm(app, args, &named, &statement)?;
            let text = statement.text();
            let key = args.key.as_deref().ok_or_else(no_key)?;
            Approval {
                signature: signing::sign(key, NAMESPACE, &text)?,
                statement: text,
                received_at: App::now(),
            }
        }
    };
    enter(app, &archive, &named, &approval, &judge)
}

/// The statement that this approver is to sign.
fn statement(args: &ApproveArgs, named: &Named, judge: &Judge<'_>) -> Result<Statement> {
    let longest = judge.policy.longest_approval;
    let valid_for = args.valid_for.map_or(VALID_FOR.min(longest), |i| i.0);
    let approver = match (&args.key, &args.approver) {
        (_, Some(name)) => by_name(judge.approvers, name)?,
        (Some(key), None) => by_key(judge.approvers, key)?,
        (None, None) => return Err(no_key()),
    };
    judge.may_approve(approver, &named.plan)?;
    if valid_for > longest {
        let hours = longest.as_secs() / 3600;
        return Err(Failure::usage(format!(
            "an approval is for {hours} hours at most: give less with --valid-for"
        )));
    }
    Ok(Statement::new(
        &named.plan,
        &approver.name,
        judge.now,
        valid_for,
    ))
}

fn by_name<'a>(approvers: &'a Approvers, name: &str) -> Result<&'a Approver> {
    let found = approvers.list().iter().find(|a| a.name == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = approvers.list().iter().map(|a| a.name.as_str()).collect();
        Failure::usage(format!("there is no approver {name:?}"))
            .hint(format!("approvers: {}", names.join(", ")))
    })
}

fn by_key<'a>(approvers: &'a Approvers, key: &Path) -> Result<&'a Approver> {
    if approvers.list().is_empty() {
        return Err(Refusal::NoApprovers.into());
    }
    let fingerprint = restore::approval::fingerprint(&signing::public_key(key)?);
    let found = approvers.by_fingerprint(&fingerprint);
    found.ok_or_else(|| Refusal::UnknownApprover { fingerprint }.into())
}

fn no_key() -> Failure {
    Failure::usage("an approval needs a key: name one with --key")
        .hint("or print what is to be signed with --print-statement --approver NAME")
}

/// Shows what is about to be approved, and asks.
fn confirm(app: &App, args: &ApproveArgs, named: &Named, statement: &Statement) -> Result<()> {
    if args.yes {
        return Ok(());
    }
    let plan = &named.plan;
    let risks = plan.steps.iter().filter(|s| !s.risks.is_empty()).count();
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(
        stderr,
        "Plan {} by {} for tenant {}: {}, {} of them with a risk; {} as of {}",
        app.short(&named.id),
        plan.author,
        plan.tenant,
        plural(plan.steps.len() as u64, "step"),
        risks,
        match plan.wanted.selection.as_slice() {
            [] => "everything".to_owned(),
            lines => lines.join(", "),
        },
        plan.wanted.revision,
    );
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("nobody can be asked here")
            .hint("read the plan with plan show, then approve it with --yes"));
    }
    let _ = write!(
        stderr,
        "Approve it as {} until {}? [y/N] ",
        statement.approver,
        short_time(statement.not_after)
    );
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    let is_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if read.is_ok() && is_yes {
        return Ok(());
    }
    Err(Failure::new(
        crate::failure::INTERRUPTED,
        "not approved, nothing was changed",
    ))
}

fn enter(
    app: &App,
    archive: &Archive,
    named: &Named,
    approval: &Approval,
    judge: &Judge<'_>,
) -> Result<u8> {
    let book = Book::new(archive);
    let is_new = !book.contains(&named.id)?;
    let verdict = book.approve(&named.plan, approval, judge)?;
    let id = approval.id();
    let own = verdict.accepted.iter().find(|own| own.id == id);
    let by = own.map_or_else(String::new, |own| own.approver.clone());
    let mut log = PlanLog::new(&named.id);
    if is_new {
        log.push(PlanEvent::Created, &named.plan.author, None);
    }
    log.push(PlanEvent::Approved, &by, Some(id));
    log.write(app)?;
    report(app, named, approval, &verdict)?;
    Ok(0)
}

fn report(app: &App, named: &Named, approval: &Approval, verdict: &Verdict) -> Result<()> {
    let id = approval.id();
    let own = verdict.accepted.iter().find(|accepted| accepted.id == id);
    let (have, need) = (verdict.accepted.len(), verdict.needed.approvals);
    if app.wants_json() {
        return app.print_json(&serde_json::json!({
            "plan": named.id,
            "approval": id,
            "approver": own.map(|own| &own.approver),
            "not_after": own.map(|own| own.not_after),
            "approvals": have,
            "approvals_needed": need,
            "is_approved": verdict.is_approved(),
        }));
    }
    if let Some(own) = own {
        app.print(&format!(
            "Plan {} is approved by {} until {} ({have} of {need})\n",
            app.short(&named.id),
            own.approver,
            short_time(own.not_after)
        ))?;
    }
    if verdict.is_approved() {
        app.next_command(&format!("plan run {}", named.word))
    } else {
        app.next_command(&format!(
            "plan approve {} --key ANOTHER-PERSON-S-KEY",
            named.word
        ))
    }
}
