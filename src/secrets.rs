//! Where keys come from: files, the output of commands, or a person at a terminal.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use store::Secrets;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result, USAGE, WRONG_KEY};

/// Longest key file read, in bytes.
const MAX_KEY_FILE: u64 = 1 << 20;

/// What opens a protected archive.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KeyArgs {
    /// age identity file (AGE-SECRET-KEY-1...) that opens the archive; may be given several times
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ENTRACE_KEY_FILE",
        help_heading = "Keys",
        hide_short_help = true
    )]
    pub(crate) key_file: Vec<PathBuf>,
    /// File whose first line is the passphrase
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ENTRACE_PASSPHRASE_FILE",
        help_heading = "Keys",
        hide_short_help = true
    )]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Command whose output's first line is the passphrase
    #[arg(
        long,
        global = true,
        value_name = "COMMAND",
        env = "ENTRACE_PASSPHRASE_COMMAND",
        help_heading = "Keys",
        hide_short_help = true
    )]
    pub(crate) passphrase_command: Option<String>,
}

impl KeyArgs {
    /// Whether anything was named.
    pub(crate) fn is_given(&self) -> bool {
        !self.key_file.is_empty()
            || self.passphrase_file.is_some()
            || self.passphrase_command.is_some()
    }

    /// Reads everything that was named.
    pub(crate) fn secrets(&self) -> Result<Secrets> {
        let mut secrets = Secrets::default();
        for path in &self.key_file {
            secrets.identities.push(read_private(path)?);
        }
        secrets.passphrases.extend(self.passphrase()?);
        Ok(secrets)
    }

    /// The passphrase, where one was named.
    pub(crate) fn passphrase(&self) -> Result<Option<Zeroizing<String>>> {
        if let Some(path) = &self.passphrase_file {
            return first_line(&read_private(path)?, &path.display().to_string()).map(Some);
        }
        let Some(command) = &self.passphrase_command else {
            return Ok(None);
        };
        let output = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|e| {
                Failure::new(
                    WRONG_KEY,
                    format!("the passphrase command cannot be run: {e}"),
                )
            })?;
        if !output.status.success() {
            return Err(Failure::new(
                WRONG_KEY,
                format!("the passphrase command failed: {}", output.status),
            ));
        }
        let text = Zeroizing::new(String::from_utf8(output.stdout).map_err(|_| {
            Failure::new(WRONG_KEY, "the passphrase command's output is not UTF-8")
        })?);
        first_line(&text, "the passphrase command's output").map(Some)
    }
}

/// Asks a person; `None` where there is none.
pub(crate) fn ask(prompt: &str) -> Option<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    rpassword::prompt_password(prompt).ok().map(Zeroizing::new)
}

fn first_line(text: &str, place: &str) -> Result<Zeroizing<String>> {
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(Failure::new(
            WRONG_KEY,
            format!("{place}: the first line is empty, so there is no passphrase"),
        )),
    }
}

/// Reads a file that only its owner may read.
fn read_private(path: &Path) -> Result<Zeroizing<String>> {
    let failed = |error: std::io::Error| Failure::io(path, &error);
    let file = std::fs::File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    refuse_open_to_others(path, &metadata)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_KEY_FILE)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

#[cfg(unix)]
fn refuse_open_to_others(path: &Path, metadata: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    // A pipe or a secret store's device has no mode of its own to speak of.
    if metadata.is_file() && mode & 0o077 != 0 {
        return Err(Failure::new(
            USAGE,
            format!(
                "{}: mode {mode:04o} lets others read the key",
                path.display()
            ),
        )
        .hint(format!("close it with: chmod 600 {}", path.display())));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_open_to_others(_: &Path, _: &std::fs::Metadata) -> Result<()> {
    Ok(())
}
