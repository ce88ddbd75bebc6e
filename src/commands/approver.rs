//! `approver`: whose keys let restore plans run.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use restore::approval::{Approver, Approvers, Change, ENROLMENT_NAMESPACE};
use store::Archive;

use crate::app::App;
use crate::failure::{FAILED, Failure, Result};
use crate::output::{Grid, short_time};
use crate::plans;
use crate::signing::{self, Elsewhere};

/// Say whose SSH keys may approve restore plans
#[derive(Debug, Args)]
#[command(after_help = "\
The archive keeps a list. The first approver is believed; everybody after, and every removal, needs the signature of \
somebody in it (--by), so that whoever can write to the archive does not thereby become an approver. With \
approvers_file in section [restore] of the configuration, a file of allowed signers outside of the archive is the list \
instead.

Examples:
  entrace approver add bob --key ~/.ssh/bob.pub --person \"Bob Berger\" --account bob-adm@contoso.example
  entrace approver add carol --key carol.pub --by ~/.ssh/bob
  entrace approver remove bob --by ~/.ssh/carol
  entrace approver export >allowed_signers      for ssh-keygen -Y verify")]
pub(crate) struct ApproverArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Enrol a key
    Add(AddArgs),
    /// Everybody who may approve
    List,
    /// Take a key back: it counts no more, also for approvals that were given
    Remove(RemoveArgs),
    /// Print the list as a file of allowed signers
    Export,
}

#[derive(Debug, Args)]
struct AddArgs {
    /// What the key is called
    name: String,
    /// Public key: FILE.pub
    #[arg(short, long, value_name = "FILE")]
    key: PathBuf,
    /// Whose it is; all keys of one person are one voice (the name)
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Name under which the person makes plans; may be given several times
    #[arg(long, value_name = "NAME")]
    account: Vec<String>,
    /// When the key begins to count
    #[arg(long, value_name = "TIME")]
    valid_from: Option<String>,
    /// When the key ceases to count
    #[arg(long, value_name = "TIME")]
    valid_until: Option<String>,
    #[command(flatten)]
    signer: Signer,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    /// Name of the approver
    name: String,
    #[command(flatten)]
    signer: Signer,
}

/// Who vouches for a change of the list.
#[derive(Debug, Args)]
struct Signer {
    /// Key of an approver: a private key, or a public key whose private half the SSH agent has
    #[arg(long, value_name = "FILE", conflicts_with_all = ["statement", "signature"])]
    by: Option<PathBuf>,
    /// Print the statement to be signed elsewhere, and change nothing
    #[arg(long, conflicts_with_all = ["by", "statement"])]
    print_statement: bool,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

pub(crate) fn run(app: &App, args: &ApproverArgs) -> Result<u8> {
    let archive = app.archive()?;
    match &args.what {
        What::Add(args) => add(app, &archive, args),
        What::Remove(args) => remove(app, &archive, args),
        What::List => list(app, &plans::approvers(app, &archive)?),
        What::Export => {
            app.print(&plans::approvers(app, &archive)?.to_allowed_signers())?;
            Ok(0)
        }
    }
}

fn add(app: &App, archive: &Archive, args: &AddArgs) -> Result<u8> {
    let key = signing::public_key(&args.key)?;
    let person = args.person.as_deref().unwrap_or(&args.name);
    let mut approver = Approver::new(&args.name, person, &args.account, &key)?;
    approver.valid_from = args.valid_from.as_deref().map(time).transpose()?;
    approver.valid_until = args.valid_until.as_deref().map(time).transpose()?;
    enter(app, archive, Change::Add(Box::new(approver)), &args.signer)
}

fn remove(app: &App, archive: &Archive, args: &RemoveArgs) -> Result<u8> {
    let approvers = Approvers::of(archive)?;
    let mut found = approvers.list().iter();
    let found = found.find(|a| a.name == args.name && a.revoked_at.is_none());
    let found = found.ok_or_else(|| {
        Failure::new(FAILED, format!("there is no approver {:?}", args.name))
            .hint("see them with approver list")
    })?;
    let change = Change::Revoke {
        name: found.name.clone(),
        fingerprint: found.fingerprint.clone(),
    };
    enter(app, archive, change, &args.signer)
}

fn enter(app: &App, archive: &Archive, change: Change, signer: &Signer) -> Result<u8> {
    if let Some(file) = &app.config()?.shape.restore.approvers_file {
        return Err(Failure::usage(format!(
            "the approvers are those of {}: change that file",
            file.display()
        )));
    }
    let now = App::now();
    let entered = if let Some((statement, signature)) = signer.elsewhere.read()? {
        Approvers::enter(archive, &statement, Some(&signature), now)?
    } else {
        let (enrolment, needs_signature) = Approvers::propose(archive, change, now)?;
        let text = enrolment.text();
        if signer.print_statement {
            app.print(&text)?;
            return Ok(0);
        }
        let signature = match (&signer.by, needs_signature) {
            (Some(key), _) => Some(signing::sign(key, ENROLMENT_NAMESPACE, &text)?),
            (None, false) => None,
            (None, true) => {
                return Err(Failure::usage(
                    "the list has approvers, and one of them must sign the change",
                )
                .hint("name their key with --by, or print what is to be signed with --print-statement"));
            }
        };
        Approvers::enter(archive, &text, signature.as_deref(), now)?
    };
    if app.wants_json() {
        return list(app, &Approvers::of(archive)?);
    }
    app.print(&match entered.change {
        Change::Add(approver) => format!(
            "{} may approve, with the key {}\n",
            approver.name, approver.fingerprint
        ),
        Change::Revoke { name, .. } => format!("{name} may not approve any more\n"),
    })?;
    app.next_command("approver list")?;
    Ok(0)
}

fn list(app: &App, approvers: &Approvers) -> Result<u8> {
    if !app.for_people() {
        plans::json_only(app, "approver list")?;
        let rows = approvers.list().iter();
        plans::print_rows(
            app,
            rows.map(|approver| serde_json::json!(approver)).collect(),
        )?;
        return Ok(0);
    }
    if approvers.list().is_empty() {
        app.print("There are no approvers\n")?;
        app.next_command("approver add NAME --key FILE.pub")?;
        return Ok(0);
    }
    let header = ["name", "person", "accounts", "key", "counts"];
    let mut grid = Grid::new(&header, std::io::stdout().is_terminal());
    for approver in approvers.list() {
        grid.push(&[
            approver.name.clone(),
            approver.person.clone(),
            approver.accounts.join(", "),
            approver.fingerprint.clone(),
            period(approver),
        ]);
    }
    app.print(&grid.render(app.colour))?;
    app.next_command("approver export")?;
    Ok(0)
}

fn period(approver: &Approver) -> String {
    if let Some(at) = approver.revoked_at {
        return format!("no: revoked {}", short_time(at));
    }
    let mut text = "yes".to_owned();
    if let Some(from) = approver.valid_from {
        let _ = write!(text, ", from {}", short_time(from));
    }
    if let Some(until) = approver.valid_until {
        let _ = write!(text, ", until {}", short_time(until));
    }
    text
}

fn time(text: &str) -> Result<jiff::Timestamp> {
    model::parse_time(text).map_err(|error| Failure::usage(error.to_string()))
}
