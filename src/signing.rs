//! Signatures by whoever runs this, made by `ssh-keygen`: it knows agents, passphrases and security keys.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use restore::approval::PublicKey;

use crate::failure::{FAILED, Failure, Result};
use crate::plans::small;

/// Longest key file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 10;

/// A statement that was signed elsewhere.
#[derive(Debug, Args)]
pub(crate) struct Elsewhere {
    /// Statement that was printed here and signed elsewhere
    #[arg(long, value_name = "FILE", requires = "signature")]
    statement: Option<PathBuf>,
    /// Its signature
    #[arg(long, value_name = "FILE", requires = "statement")]
    signature: Option<PathBuf>,
}

impl Elsewhere {
    /// Both texts, where they were given.
    pub(crate) fn read(&self) -> Result<Option<(String, String)>> {
        match (&self.statement, &self.signature) {
            (Some(statement), Some(signature)) => Ok(Some((small(statement)?, small(signature)?))),
            _ => Ok(None),
        }
    }
}

/// The public half of a key file: a public key, or a private one.
pub(crate) fn public_key(path: &Path) -> Result<PublicKey> {
    let text = read(path)?;
    let beside = path.with_extension(match path.extension() {
        Some(extension) => format!("{}.pub", extension.to_string_lossy()),
        None => "pub".to_owned(),
    });
    match restore::approval::key_of_file(&text) {
        // A private key in another format than OpenSSH's own has its public half beside it.
        Err(_) if beside.is_file() => Ok(restore::approval::key_of_file(&read(&beside)?)?),
        Err(refusal) => Err(Failure::usage(format!("{}: {refusal}", path.display()))),
        Ok(key) => Ok(key),
    }
}

/// A signature over exactly this text, for this purpose.
pub(crate) fn sign(key: &Path, namespace: &str, text: &str) -> Result<String> {
    let failed = |reason: String| {
        Failure::new(FAILED, format!("ssh-keygen could not sign: {reason}"))
            .hint("install OpenSSH, or sign elsewhere: see --print-statement")
    };
    let mut child = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let written = match child.stdin.take() {
        Some(mut input) => input.write_all(text.as_bytes()),
        None => Ok(()),
    };
    let output = child
        .wait_with_output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    written.map_err(|error| failed(error.to_string()))?;
    String::from_utf8(output.stdout).map_err(|_| failed("its answer is not UTF-8".to_owned()))
}

fn read(path: &Path) -> Result<zeroize::Zeroizing<String>> {
    let size = std::fs::metadata(path)
        .map_err(|e| Failure::io(path, &e))?
        .len();
    if size > MAX_BYTES {
        return Err(Failure::usage(format!(
            "{}: too long for a key",
            path.display()
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Failure::io(path, &e))?;
    Ok(zeroize::Zeroizing::new(text))
}
