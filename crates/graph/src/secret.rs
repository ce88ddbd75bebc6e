//! Secrets: where they are, read when they are needed, never printed.

use std::{
    fmt, fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Largest secret, in bytes. A PEM file with a chain has some KiB.
const SECRET_LIMIT_BYTES: usize = 256 * 1024;

/// A secret by its source. The value is read each time it is needed, so that a rotated one is found, and is
/// wiped from memory after use. `Debug` and `Display` say the source only.
#[derive(Clone)]
pub struct Secret(Arc<Source>);

enum Source {
    Environment(String),
    Captured {
        source: String,
        value: Zeroizing<String>,
    },
    File(PathBuf),
    Command(Vec<String>),
    Keyring {
        service: String,
        user: String,
    },
    Literal(Zeroizing<String>),
}

/// A secret's value, wiped when dropped.
pub struct SecretValue {
    /// Without line ends at its end.
    pub value: Zeroizing<String>,
    /// Something a person should know: the file can be read by others.
    pub note: Option<String>,
}

impl Secret {
    /// The value of an environment variable.
    #[must_use]
    pub fn from_env(name: impl Into<String>) -> Self {
        Self(Arc::new(Source::Environment(name.into())))
    }

    /// A value that was read from somewhere already; `source` is what is shown.
    #[must_use]
    pub fn captured(source: impl Into<String>, value: Zeroizing<String>) -> Self {
        Self(Arc::new(Source::Captured {
            source: source.into(),
            value,
        }))
    }

    /// The content of a file.
    #[must_use]
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Source::File(path.into())))
    }

    /// What a program prints. The first word is the program; no shell is involved.
    #[must_use]
    pub fn from_command(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(Arc::new(Source::Command(
            words.into_iter().map(Into::into).collect(),
        )))
    }

    /// An entry of the system's key store.
    #[must_use]
    pub fn from_keyring(service: impl Into<String>, user: impl Into<String>) -> Self {
        Self(Arc::new(Source::Keyring {
            service: service.into(),
            user: user.into(),
        }))
    }

    /// A value in hand.
    #[must_use]
    pub fn literal(value: Zeroizing<String>) -> Self {
        Self(Arc::new(Source::Literal(value)))
    }

    /// Reads the value. Blocks: files, programs and key stores do.
    pub fn read(&self) -> Result<SecretValue> {
        let mut note = None;
        let value = match &*self.0 {
            Source::Environment(name) => match std::env::var(name) {
                Ok(value) => Zeroizing::new(value),
                Err(std::env::VarError::NotPresent) => return Err(self.unreadable("it is not set")),
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(self.unreadable("it is not UTF-8"));
                }
            },
            Source::Captured { value, .. } | Source::Literal(value) => value.clone(),
            Source::File(path) => {
                note = readable_by_others(path)
                    .then(|| format!("{self} can be read by other users of this machine"));
                let bytes = self.file(path)?;
                self.text(&bytes)?
            }
            Source::Command(words) => self.run(words)?,
            Source::Keyring { service, user } => keyring::Entry::new(service, user)
                .and_then(|entry| entry.get_password())
                .map(Zeroizing::new)
                .map_err(|e| self.unreadable(&e.to_string()))?,
        };
        if value.len() > SECRET_LIMIT_BYTES {
            return Err(self.unreadable("it is too long for a secret"));
        }
        let trimmed = value.trim_end_matches(['\r', '\n']);
        if trimmed.is_empty() {
            return Err(self.unreadable("it is empty"));
        }
        Ok(SecretValue {
            value: Zeroizing::new(trimmed.to_owned()),
            note,
        })
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::new());
        fs::File::open(path)
            .and_then(|file| {
                file.take(SECRET_LIMIT_BYTES as u64 + 1)
                    .read_to_end(&mut bytes)
            })
            .map_err(|e| self.unreadable(&e.to_string()))?;
        Ok(bytes)
    }

    fn run(&self, words: &[String]) -> Result<Zeroizing<String>> {
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| self.unreadable("the command is empty"))?;
        let output = Command::new(program)
            .args(arguments)
            .output()
            .map_err(|e| self.unreadable(&e.to_string()))?;
        let stdout = Zeroizing::new(output.stdout);
        if !output.status.success() {
            return Err(self.unreadable(&format!("the program ended with {}", output.status)));
        }
        self.text(&stdout)
    }

    fn text(&self, bytes: &[u8]) -> Result<Zeroizing<String>> {
        std::str::from_utf8(bytes)
            .map(|text| Zeroizing::new(text.to_owned()))
            .map_err(|_| self.unreadable("it is not UTF-8"))
    }

    fn unreadable(&self, why: &str) -> Error {
        Error::settings(format!("{self} cannot be read: {why}"))
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::Environment(name) => write!(f, "secret in environment variable {name}"),
            Source::Captured { source, .. } => write!(f, "secret in {source}"),
            Source::File(path) => write!(f, "secret in file {}", path.display()),
            // The arguments of a command may hold secrets themselves.
            Source::Command(words) => write!(
                f,
                "secret from program {}",
                words.first().map_or("", String::as_str)
            ),
            Source::Keyring { service, user } => {
                write!(f, "secret in key store entry {service}/{user}")
            }
            Source::Literal(_) => f.write_str("secret given as value"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretValue")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_trimmed_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, "hunter2 \r\n").expect("written");
        let secret = Secret::from_file(&path);
        assert_eq!(secret.read().expect("a secret").value.as_str(), "hunter2 ");
        let shown = format!("{secret:?} {secret} {:?}", secret.read().expect("a secret"));
        assert!(
            shown.contains("secret in file") && !shown.contains("hunter2"),
            "{shown}"
        );
        let literal = Secret::literal(Zeroizing::new("hunter2".to_owned()));
        assert_eq!(format!("{literal:?}"), "Secret(secret given as value)");
        let program = Secret::from_command(["printf", "hunter3\\n"]);
        assert_eq!(program.read().expect("a secret").value.as_str(), "hunter3");
        assert_eq!(format!("{program:?}"), "Secret(secret from program printf)");
    }

    #[test]
    fn what_cannot_be_read_says_which_and_why() {
        let missing = Secret::from_env("ENTRACE_TEST_NO_SUCH_VARIABLE")
            .read()
            .expect_err("not set");
        assert_eq!(
            missing.to_string(),
            "secret in environment variable ENTRACE_TEST_NO_SUCH_VARIABLE cannot be read: it is not set"
        );
        let empty = Secret::literal(Zeroizing::new("\n".to_owned()))
            .read()
            .expect_err("empty");
        assert!(empty.to_string().ends_with("it is empty"));
        assert!(
            Secret::from_command(["false"])
                .read()
                .expect_err("fails")
                .to_string()
                .contains("program false")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_noted() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, "x").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
        assert_eq!(
            Secret::from_file(&path).read().expect("a secret").note,
            None
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(
            Secret::from_file(&path)
                .read()
                .expect("a secret")
                .note
                .is_some()
        );
    }
}
