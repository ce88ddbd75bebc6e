//! The tokens of a server: one file in its state folder.
//!
//! Tokens are rights at a server, which may serve many archives; whoever can write one archive must not be able to
//! make rights on the others. So they are not kept in archives. The file is replaced as a whole, under a lock, so
//! that the command line may change it while the server runs; the server reads it again when it is another file.
//! When a token was last used is noted apart, at most once a minute: a request must not rewrite rights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::secret::{Refused, TokenId, TokenSecret};
use crate::error::{Error, Result};
use crate::roles::Grants;
use crate::state_folder::{self, Lock};

const FORMAT: &str = "entrace/tokens/v1";
const NAME: &str = "tokens.json";
const USED: &str = "tokens-used.json";
/// Longest time a use stays unwritten.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Most tokens of a server.
const MAX_TOKENS: usize = 10_000;

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// What it is called.
    pub id: TokenId,
    /// What it is for, in somebody's words.
    pub name: String,
    /// BLAKE3 of the token, 64 hexadecimal characters.
    hash: String,
    /// What it may.
    pub grants: Grants,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// Whether a token is accepted at a time, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It is accepted.
    Active,
    /// Past its end.
    Expired,
    /// Taken back.
    Revoked,
}

impl Description {
    /// Whether it is accepted at a time.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> TokenState {
        if self.revoked_at.is_some() {
            TokenState::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            TokenState::Expired
        } else {
            TokenState::Active
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    format: String,
    tokens: Vec<Description>,
}

type Uses = BTreeMap<TokenId, Timestamp>;

/// The file, kept in memory as long as it is the same.
#[derive(Debug)]
pub struct TokenFile {
    folder: PathBuf,
    read: RwLock<Read>,
    uses: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Read {
    mark: Option<Mark>,
    by_id: BTreeMap<TokenId, Description>,
    /// How often the file was read.
    reading: u64,
}

#[derive(Debug, Default)]
struct Noted {
    uses: Uses,
    written_at: Option<Timestamp>,
}

/// What tells one file of that name from the next.
type Mark = (Option<SystemTime>, u64, u64);

impl TokenFile {
    /// In a server's state folder, which is made when the first token is.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            read: RwLock::default(),
            uses: Mutex::default(),
        }
    }

    /// Makes a token.
    ///
    /// # Errors
    /// Where the name is taken by one that is good, or empty, nothing is granted, or there are too many.
    pub fn create(
        &self,
        name: &str,
        grants: Grants,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(TokenSecret, Description)> {
        if name.trim().is_empty()
            || name.chars().count() > 100
            || name.chars().any(char::is_control)
        {
            return Err(Error::Invalid(
                "a token's name has 1 to 100 characters, and no control characters".to_owned(),
            ));
        }
        if grants.anywhere().is_empty() {
            return Err(Error::Invalid("a token needs a role".to_owned()));
        }
        let secret = TokenSecret::new();
        let hash = secret.hash();
        let made = Description {
            id: TokenId::of(&hash),
            name: name.to_owned(),
            hash: hash.to_hex().to_string(),
            grants,
            made_at: now,
            expires_at,
            revoked_at: None,
        };
        self.change(|tokens| {
            let taken =
                |token: &&Description| token.name == name && token.state(now) == TokenState::Active;
            if let Some(other) = tokens.iter().find(taken) {
                return Err(Error::Invalid(format!(
                    "there is a token named {name:?} ({}): revoke it first, or take another name",
                    other.id
                )));
            }
            if tokens.len() >= MAX_TOKENS {
                return Err(Error::Invalid(format!(
                    "there are {MAX_TOKENS} tokens: delete {} and begin anew",
                    self.folder.join(NAME).display()
                )));
            }
            tokens.push(made.clone());
            Ok(())
        })?;
        Ok((secret, made))
    }

    /// Takes a token back, by its id, the beginning of it (4 characters or more), or its name. Taking back twice
    /// changes nothing.
    ///
    /// # Errors
    /// Where none or several are meant.
    pub fn revoke(&self, meant: &str, now: Timestamp) -> Result<Description> {
        self.change(|tokens| {
            let is_meant = |token: &Description| {
                token.name == meant || (meant.len() >= 4 && token.id.as_str().starts_with(meant))
            };
            let found: Vec<usize> = (0..tokens.len())
                .filter(|&at| is_meant(&tokens[at]))
                .collect();
            let active = |at: &&usize| tokens[**at].state(now) == TokenState::Active;
            let at = match (
                found.as_slice(),
                found.iter().filter(active).collect::<Vec<_>>(),
            ) {
                ([at], _) => *at,
                // Names may be given again after a token has ended.
                (_, good) if good.len() == 1 => *good[0],
                ([], _) => return Err(Error::Invalid(format!("there is no token {meant:?}"))),
                _ => {
                    let ids: Vec<&str> = found.iter().map(|&at| tokens[at].id.as_str()).collect();
                    return Err(Error::Invalid(format!(
                        "{meant:?} fits several tokens: name one by its id: {}",
                        ids.join(", ")
                    )));
                }
            };
            tokens[at].revoked_at.get_or_insert(now);
            Ok(tokens[at].clone())
        })
    }

    /// Every token that was ever made, the oldest first, with its last use.
    pub fn list(&self) -> Result<Vec<(Description, Option<Timestamp>)>> {
        let uses = self.written_uses()?;
        let tokens = self.content()?.tokens;
        let with_use = |token: Description| {
            let used = uses.get(&token.id).copied();
            (token, used)
        };
        Ok(tokens.into_iter().map(with_use).collect())
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// The outer one where the file cannot be read, the inner one where the token is refused.
    pub fn verify(
        &self,
        secret: &TokenSecret,
        now: Timestamp,
    ) -> Result<std::result::Result<Description, Refused>> {
        self.read_if_changed()?;
        let hash = secret.hash();
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        let found = read.by_id.get(&TokenId::of(&hash));
        // The comparison of two `blake3::Hash` takes the same time wherever they differ.
        let is_it = |token: &&Description| {
            blake3::Hash::from_hex(&token.hash).is_ok_and(|kept| kept == hash)
        };
        let Some(token) = found.filter(is_it).cloned() else {
            return Ok(Err(Refused::Unknown));
        };
        drop(read);
        match token.state(now) {
            TokenState::Revoked => return Ok(Err(Refused::Revoked)),
            TokenState::Expired => return Ok(Err(Refused::Expired)),
            TokenState::Active => {}
        }
        self.note_use(&token.id, now);
        Ok(Ok(token))
    }

    /// Another number as soon as the file is another: whatever was verified before may be revoked.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn reading(&self) -> Result<u64> {
        self.read_if_changed()?;
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        Ok(read.reading)
    }

    /// Notes that a token was used that was verified before.
    pub(crate) fn used(&self, id: &TokenId, now: Timestamp) {
        self.note_use(id, now);
    }

    /// Whether any token could be accepted.
    pub fn has_active(&self, now: Timestamp) -> Result<bool> {
        let tokens = self.content()?.tokens;
        Ok(tokens
            .iter()
            .any(|token| token.state(now) == TokenState::Active))
    }

    /// Writes down when tokens were last used; to be called at the end.
    pub fn write_uses(&self) -> Result<()> {
        let noted = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.uses.is_empty() {
            return Ok(());
        }
        self.write_noted(&noted.uses)
    }

    fn note_use(&self, id: &TokenId, now: Timestamp) {
        let mut noted = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        match noted.uses.get_mut(id) {
            Some(at) => *at = now,
            None => drop(noted.uses.insert(id.clone(), now)),
        }
        let due = noted
            .written_at
            .is_none_or(|at| now.duration_since(at) >= NOTED_EVERY);
        if !due {
            return;
        }
        noted.written_at = Some(now);
        if let Err(error) = self.write_noted(&noted.uses) {
            tracing::warn!(%error, "the last use of tokens could not be noted");
        }
    }

    /// Uses of several servers with one folder are laid over each other: the latest counts.
    fn write_noted(&self, uses: &Uses) -> Result<()> {
        let mut all = self.written_uses()?;
        for (id, at) in uses {
            let latest = all.entry(id.clone()).or_insert(*at);
            *latest = (*latest).max(*at);
        }
        state_folder::replace(&self.folder, USED, &to_json(&all))
    }

    fn written_uses(&self) -> Result<Uses> {
        let Some(text) = state_folder::read(&self.folder, USED)? else {
            return Ok(Uses::new());
        };
        // Of use to people only: what cannot be read is forgotten.
        Ok(serde_json::from_slice(&text).unwrap_or_default())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Description>) -> Result<T>) -> Result<T> {
        let _lock = Lock::take(&self.folder)?;
        let mut content = self.content()?;
        let answer = change(&mut content.tokens)?;
        FORMAT.clone_into(&mut content.format);
        state_folder::replace(&self.folder, NAME, &to_json(&content))?;
        Ok(answer)
    }

    fn content(&self) -> Result<Content> {
        let Some(text) = state_folder::read(&self.folder, NAME)? else {
            return Ok(Content::default());
        };
        let path = self.folder.join(NAME);
        let content: Content = serde_json::from_slice(&text)
            .map_err(|error| Error::Invalid(format!("{}: {error}", path.display())))?;
        if content.format != FORMAT {
            return Err(Error::Invalid(format!(
                "{}: its format is {:?}, not {FORMAT:?}: update entrace",
                path.display(),
                content.format
            )));
        }
        Ok(content)
    }

    fn read_if_changed(&self) -> Result<()> {
        let mark = state_folder::mark(&self.folder, NAME)?;
        let is_same = {
            let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
            read.mark == mark
        };
        if is_same {
            return Ok(());
        }
        let tokens = self.content()?.tokens;
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        read.by_id = tokens
            .into_iter()
            .map(|token| (token.id.clone(), token))
            .collect();
        read.mark = mark;
        read.reading += 1;
        Ok(())
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("because it is made of texts and times");
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests;
