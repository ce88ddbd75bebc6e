//! What went wrong, as an exit code, one line, and a way out.

use std::io::Write;
use std::process::ExitCode;

use query::Error as QueryError;
use restore::approval::Refusal;
use store::Error as StoreError;

/// Result of the program's parts.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
/// Done in part: some of the input could not be taken.
pub(crate) const PARTIAL: u8 = 3;
/// Sign-in or consent is missing: somebody must act in the tenant.
pub(crate) const SIGN_IN: u8 = 4;
/// Completed, and differences exist; only with `--exit-code`.
pub(crate) const FINDINGS: u8 = 5;
pub(crate) const NO_ARCHIVE: u8 = 10;
pub(crate) const LOCKED: u8 = 11;
pub(crate) const WRONG_KEY: u8 = 12;
pub(crate) const TOO_NEW: u8 = 13;
pub(crate) const DAMAGED: u8 = 14;
/// The tenant is not any more what the plan was made on.
pub(crate) const STALE: u8 = 20;
/// The plan may not run: approvals are missing, or what there is does not count.
pub(crate) const NOT_APPROVED: u8 = 21;
pub(crate) const INTERRUPTED: u8 = 130;

/// A failed command.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The index was not as it should be: rebuilding it and trying again may be all that is needed.
    pub(crate) is_index: bool,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            is_index: false,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file that could not be read or written.
    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(FAILED, format!("{}: {error}", path.display()))
    }

    /// Writing the answer failed. A reader that went away (`| head`) is no failure.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::new(0, "");
        }
        Self::new(FAILED, format!("writing the answer failed: {error}"))
    }

    /// Says it on stderr, as restic's `exit_error` where JSON is wanted.
    pub(crate) fn report(&self, json: bool, colour: bool) -> ExitCode {
        if self.code != 0 {
            let mut stderr = std::io::stderr().lock();
            let _ = if json {
                let mut line = serde_json::json!({
                    "message_type": "exit_error", "code": self.code, "message": self.message,
                });
                if let Some(hint) = &self.hint {
                    line["hint"] = hint.as_str().into();
                }
                writeln!(stderr, "{line}")
            } else {
                let (red, off) = if colour {
                    ("\x1b[1;31m", "\x1b[0m")
                } else {
                    ("", "")
                };
                let hint = self
                    .hint
                    .as_ref()
                    .map_or(String::new(), |hint| format!("\n  {hint}"));
                writeln!(stderr, "{red}error:{off} {}{hint}", self.message)
            };
        }
        ExitCode::from(self.code)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone());
        match &error {
            StoreError::NotFound { what: "archive", .. } => failure(NO_ARCHIVE)
                .hint("make one with: entrace -a PATH init, or name another with -a or ENTRACE_ARCHIVE"),
            StoreError::Locked { .. } => {
                failure(LOCKED).hint("only one process writes at a time: wait until it has ended")
            }
            StoreError::Key(_) => failure(WRONG_KEY).hint(
                "give a key with --key-file, --passphrase-file or --passphrase-command (or ENTRACE_KEY_FILE, ENTRACE_PASSPHRASE_FILE, ENTRACE_PASSPHRASE_COMMAND)",
            ),
            StoreError::TooNew { .. } => failure(TOO_NEW).hint("update entrace"),
            StoreError::Corrupt { .. } | StoreError::Missing { .. } => failure(DAMAGED)
                .hint("see what is affected with: entrace check --read-data; then restore the damaged files from a copy"),
            StoreError::Index(_) => Self {
                is_index: true,
                ..failure(DAMAGED).hint("make the index anew with: entrace rebuild")
            },
            StoreError::Invalid(_) => failure(USAGE),
            _ => failure(FAILED),
        }
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let message = error.to_string();
        match error.root() {
            QueryError::Store(_) => match error {
                QueryError::Store(inner) => Self::from(inner),
                // Wrapped by the engine, so that it can only be looked at.
                shared => match shared.root() {
                    QueryError::Store(StoreError::Index(_)) => Self {
                        is_index: true,
                        ..Self::new(DAMAGED, message)
                    },
                    QueryError::Store(inner) if inner.is_damage() => Self::new(DAMAGED, message),
                    _ => Self::new(FAILED, message),
                },
            },
            QueryError::Ambiguous { name, candidates } => {
                Self::new(USAGE, format!("{name:?} is ambiguous"))
                    .hint(format!("one of:\n    {}", candidates.join("\n    ")))
            }
            QueryError::Invalid(_) | QueryError::Engine(_) => Self::new(USAGE, message),
            QueryError::Cancelled => Self::new(INTERRUPTED, message),
            _ => Self::new(FAILED, message),
        }
    }
}

impl From<worker::Error> for Failure {
    fn from(error: worker::Error) -> Self {
        match error {
            worker::Error::Statement(error) => Self::from(error),
            other => Self::new(FAILED, other.to_string()),
        }
    }
}

impl From<graph::Error> for Failure {
    fn from(error: graph::Error) -> Self {
        let code = match error.kind() {
            graph::ErrorKind::SignIn | graph::ErrorKind::Forbidden => SIGN_IN,
            graph::ErrorKind::Settings => USAGE,
            graph::ErrorKind::Cancelled => INTERRUPTED,
            _ => FAILED,
        };
        let text = error.to_string();
        let Some(way_out) = error.way_out() else {
            return Self::new(code, text);
        };
        // The way out is the hint: said once.
        let message = text
            .strip_suffix(way_out)
            .map(|text| text.trim_end_matches([';', ' ']));
        Self::new(code, message.unwrap_or(&text)).hint(way_out)
    }
}

impl From<restore::Error> for Failure {
    fn from(error: restore::Error) -> Self {
        let message = error.to_string();
        match error {
            restore::Error::Store(inner) => Self::from(inner),
            restore::Error::Graph(inner) => Self::from(inner),
            restore::Error::Ambiguous { name, candidates } => {
                Self::new(USAGE, format!("{name:?} is ambiguous"))
                    .hint(format!("one of:\n    {}", candidates.join("\n    ")))
            }
            restore::Error::Refused(refusal) => Self::from(refusal),
            restore::Error::Invalid(_) => Self::new(USAGE, message),
            restore::Error::Denied(_) => Self::new(SIGN_IN, message),
            restore::Error::Edited { .. } => Self::new(NOT_APPROVED, message),
            _ => Self::new(FAILED, message),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal {
            Refusal::Running { .. } => LOCKED,
            Refusal::Stale { .. } => STALE,
            _ => NOT_APPROVED,
        };
        // The way out is the hint; the code is for programs and for whoever looks it up.
        let text = refusal.to_string();
        let at = text.rfind("; ").max(text.rfind(": "));
        let (message, hint) = match at {
            Some(at) => (&text[..at], Some(&text[at + 2..])),
            None => (text.as_str(), None),
        };
        let failure = Self::new(code, format!("{message} ({})", refusal.code()));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<collector::Error> for Failure {
    fn from(error: collector::Error) -> Self {
        let message = error.to_string();
        match error {
            collector::Error::Store(inner) => Self::from(inner),
            collector::Error::Graph(inner) => Self::from(inner),
            collector::Error::Tenant { .. } => Self::new(USAGE, message)
                .hint("name the archive of this tenant with -a, or another tenant with -t"),
            collector::Error::Invalid(_) => Self::new(USAGE, message),
            collector::Error::Cancelled => Self::new(INTERRUPTED, message)
                .hint("snapshots committed before that stay; run it again to go on"),
            _ => Self::new(FAILED, message),
        }
    }
}
