//! `init`: an empty archive.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use store::{Archive, CreateOptions, SlotChoice};

use crate::app::{App, TOOL};
use crate::failure::{Failure, Result};
use crate::secrets;
use crate::tenant;

/// Make an empty archive
#[derive(Debug, Args)]
#[command(after_help = "\
An archive is encrypted, and holds one tenant: -t NAME is that tenant, one of the configuration or any name, shown in \
every answer as _tenant_id (by default the archive's file name). Say who can open it: a passphrase, an age recipient (make a key with age-keygen), or, by \
explicit choice, anyone who can read its folder (--unprotected).

  entrace -a contoso.entrace init --tenant contoso --recipient age1...
  entrace -a contoso.entrace init --tenant contoso --passphrase-file FILE
  entrace -a contoso.entrace init --tenant contoso --unprotected")]
pub(crate) struct InitArgs {
    /// Do not protect the archive: its key is stored beside it
    #[arg(long, conflicts_with = "recipient")]
    unprotected: bool,
    /// age recipient (age1...) who can open the archive; may be given several times
    #[arg(long, value_name = "RECIPIENT")]
    recipient: Vec<String>,
    /// File with age recipients, one a line
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<PathBuf>,
}

/// Longest name of a tenant, in bytes.
const MAX_NAME: usize = 200;

pub(crate) fn run(app: &App, args: &InitArgs) -> Result<u8> {
    let path = app.path()?;
    let tenant = match named(app)? {
        Some(name) => name.trim().to_owned(),
        None => path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
    };
    if tenant.is_empty() || tenant.len() > MAX_NAME || tenant.chars().any(char::is_control) {
        return Err(Failure::usage(format!(
            "{tenant:?} cannot name a tenant: give 1 to {MAX_NAME} printable characters with --tenant"
        )));
    }
    let slots = slots(app, args)?;
    let options = CreateOptions {
        tenant: tenant.clone(),
        slots,
        tool: TOOL.to_owned(),
        now: App::now(),
    };
    let storage = app.storage()?;
    let id = Archive::create(&storage, &options)?;
    let archive_key = || -> Result<String> {
        let mut secrets = app.keys()?.secrets()?;
        secrets
            .passphrases
            .extend(options.slots.iter().filter_map(|slot| match slot {
                SlotChoice::Passphrase(passphrase) => Some(passphrase.clone()),
                _ => None,
            }));
        Ok(Archive::open(Arc::clone(&storage), &secrets)?.log_key())
    };
    // Only who holds a key can read the log's public key back; a recipient's private half may be elsewhere.
    let log_key = archive_key().ok();
    if app.wants_json() {
        app.print_json(&serde_json::json!({
            "message_type": "summary",
            "archive": path.display().to_string(),
            "archive_id": id.to_string(),
            "tenant": tenant,
            "protected": !args.unprotected,
            "log_key": log_key,
        }))?;
        return Ok(0);
    }
    let protection = if args.unprotected {
        "unprotected: whoever can read the folder can read the archive"
    } else {
        "protected: without the key it cannot be read, by anyone; keep the key safe and apart"
    };
    let mut text = format!(
        "Made an archive for {tenant} in {} ({protection})\n",
        path.display()
    );
    if let Some(key) = log_key {
        let _ = writeln!(text, "Log key, to verify its history from outside: {key}");
    }
    app.print(&text)?;
    app.next_command(app.filling_command())?;
    Ok(0)
}

/// What the archive calls its tenant: the id of a configured one, so that no other can be read into it,
/// else the word that was given.
fn named(app: &App) -> Result<Option<String>> {
    let given = app.globals.tenant.as_deref();
    let config = app.config()?;
    let found = match given {
        Some(name) if !config.shape.tenants.contains_key(name) => None,
        _ if app.globals.archive.is_some() && given.is_none() => None,
        given => tenant::chosen(config, given)?,
    };
    let id = found.and_then(|(_, tenant)| tenant.tenant_id.clone());
    Ok(id.or_else(|| given.map(str::to_owned)))
}

fn slots(app: &App, args: &InitArgs) -> Result<Vec<SlotChoice>> {
    let mut recipients = args.recipient.clone();
    if let Some(path) = &args.recipients_file {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::io(path, &e))?;
        let lines = text.lines().map(str::trim);
        recipients.extend(
            lines
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned),
        );
    }
    let mut slots: Vec<SlotChoice> = recipients.into_iter().map(SlotChoice::Recipient).collect();
    slots.extend(app.keys()?.passphrase()?.map(SlotChoice::Passphrase));
    if args.unprotected {
        if !slots.is_empty() {
            return Err(Failure::usage(
                "--unprotected and a key contradict each other: use one",
            ));
        }
        return Ok(vec![SlotChoice::Unprotected]);
    }
    if slots.is_empty() {
        slots.push(SlotChoice::Passphrase(new_passphrase()?));
    }
    Ok(slots)
}

/// Asks a person twice.
fn new_passphrase() -> Result<zeroize::Zeroizing<String>> {
    let how = "say who can open the archive: --recipient age1..., --passphrase-file FILE, or --unprotected";
    let Some(first) = secrets::ask("New passphrase of the archive: ") else {
        return Err(Failure::usage("an archive needs a key").hint(how));
    };
    if first.is_empty() {
        return Err(Failure::usage("the passphrase is empty").hint(how));
    }
    if secrets::ask("The same again: ").is_none_or(|second| *second != *first) {
        return Err(Failure::usage("the two passphrases differ"));
    }
    Ok(first)
}
