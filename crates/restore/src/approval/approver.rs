//! Who may approve.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ssh_key::PublicKey;

use super::{Refusal, signature};
use crate::error::{Error, Result};

/// Longest name or person, in characters.
const MAX_LENGTH: usize = 128;

/// A key that may approve, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// What the key is called: letters, digits and `. _ - + @`; the principal in a file of allowed signers.
    pub name: String,
    /// Whose it is. All keys and accounts of one person are one voice.
    pub person: String,
    /// Names under which the person makes plans: `name@host`, principals of API tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// The public key as OpenSSH writes it, without a comment.
    pub key: String,
    /// Its fingerprint, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// From when on it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl Approver {
    /// An approver whose key counts from now on without an end.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a name cannot be one; [`Error::Refused`] where the key is too weak.
    pub fn new(name: &str, person: &str, accounts: &[String], key: &PublicKey) -> Result<Self> {
        let approver = Self::with_key(name, person, accounts, key);
        approver.check()?;
        Ok(approver)
    }

    pub(super) fn with_key(name: &str, person: &str, accounts: &[String], key: &PublicKey) -> Self {
        Self {
            name: name.to_owned(),
            person: person.to_owned(),
            accounts: accounts.to_vec(),
            key: signature::line(key),
            fingerprint: signature::fingerprint(key),
            valid_from: None,
            valid_until: None,
            revoked_at: None,
        }
    }

    /// Checks that names are names, and that key and fingerprint belong together.
    pub(super) fn check(&self) -> Result<()> {
        if !is_name(&self.name) {
            return Err(Error::Invalid(format!(
                "{:?} cannot name an approver: use letters, digits and . _ - + @",
                self.name
            )));
        }
        for text in self.accounts.iter().chain([&self.person]) {
            let length = text.chars().count();
            if length == 0 || length > MAX_LENGTH || text.chars().any(char::is_control) {
                return Err(Error::Invalid(format!(
                    "{text:?} cannot name a person: use 1 to {MAX_LENGTH} printable characters"
                )));
            }
        }
        let key = signature::public_key(&self.key)?;
        if signature::line(&key) != self.key || signature::fingerprint(&key) != self.fingerprint {
            return Err(Error::Invalid(format!(
                "key and fingerprint of approver {} do not belong together",
                self.name
            )));
        }
        Ok(())
    }

    /// Whether the key counts at that time.
    pub(super) fn counts(&self, at: Timestamp) -> std::result::Result<(), Refusal> {
        if let Some(revoked_at) = self.revoked_at {
            return Err(Refusal::Revoked {
                approver: self.name.clone(),
                revoked_at,
            });
        }
        let from = self.valid_from.filter(|from| at < *from);
        let until = self.valid_until.filter(|until| at >= *until);
        let period = match (from, until) {
            (Some(from), _) => format!("from {from} on"),
            (None, Some(until)) => format!("until {until}"),
            (None, None) => return Ok(()),
        };
        Err(Refusal::KeyValidity {
            approver: self.name.clone(),
            period,
        })
    }

    /// Whether somebody who goes by `account` is this approver, by name or as a person.
    pub(super) fn goes_by(&self, account: &str) -> bool {
        is_same(&self.name, account) || is_same(&self.person, account)
    }

    /// Whether the approver's list of accounts has `account`.
    pub(super) fn has_account(&self, account: &str) -> bool {
        self.accounts.iter().any(|own| is_same(own, account))
    }

    /// Whether two keys are of one person.
    pub(super) fn is_person_of(&self, other: &Self) -> bool {
        fold(&self.person) == fold(&other.person)
    }
}

/// Whether two names are of one account: the same but for case, or one without a host or domain and the same before it.
fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (fold(a), fold(b));
    match (a.split_once('@'), b.split_once('@')) {
        (Some((local, _)), None) => local == b,
        (None, Some((local, _))) => local == a,
        _ => a == b,
    }
}

fn fold(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    !name.is_empty()
        && name.len() <= MAX_LENGTH
        && !name.starts_with(['-', '@'])
        && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_account() {
        assert!(is_same("Bob@Contoso.example", "bob@contoso.EXAMPLE"));
        assert!(is_same("bob", "bob@desk"));
        assert!(is_same("bob@desk", "BOB"));
        assert!(is_same("Bob  Berger", "bob berger"));
        assert!(!is_same("bob@desk", "bob@contoso.example"));
        assert!(!is_same("bob", "bobby@desk"));
    }

    #[test]
    fn names_fit_a_file_of_allowed_signers() {
        for good in ["bob", "bob@contoso.example", "b.o-b+2_x"] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "bob x",
            "bob,eve",
            "*",
            "!bob",
            "-b",
            "@x",
            "b\"",
            "é",
            &"x".repeat(129),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
