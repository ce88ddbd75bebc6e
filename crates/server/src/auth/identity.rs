//! From what a request brings to who it is from.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::HeaderMap;
use jiff::Timestamp;

use super::bearer::{Brought, brought};
use super::oidc::{self, Validator};
use super::session::Session;
use super::token::{self, PREFIX, TokenFile, TokenId, TokenSecret};
use crate::clock::Clock;
use crate::error::Error;
use crate::roles::Grants;

/// Who a request is from, and what was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What identifies it for good: `token/ID`, `entra/TENANT-ID/OBJECT-ID`, or `session`.
    pub key: String,
    /// What the record calls it. Never a reason to allow anything.
    pub name: String,
    /// What it may, and where.
    pub grants: Grants,
}

/// Why nobody could be made out.
#[derive(Debug, thiserror::Error)]
pub enum Unauthenticated {
    /// Nothing was brought.
    #[error("this needs a token: send it as Authorization: Bearer TOKEN")]
    Nothing,
    /// The header is not what it should be.
    #[error("the Authorization header is not one bearer token")]
    Nonsense,
    /// It looks like a token of Entra, and none are accepted.
    #[error("the token is not one of this server's, and tokens of Entra are not accepted here")]
    NoOidc,
    /// A token of the API that is refused.
    #[error(transparent)]
    Token(#[from] token::Refused),
    /// A token of Entra that is refused.
    #[error(transparent)]
    Oidc(#[from] oidc::Refused),
    /// Tokens cannot be looked up.
    #[error("tokens cannot be looked up now; the server's log says why")]
    Unavailable(#[source] Error),
}

impl Unauthenticated {
    /// Stable word, lowercase with `-`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nothing => "token-absent",
            Self::Nonsense => "authorization-malformed",
            Self::NoOidc => "token-not-accepted",
            Self::Token(refused) => refused.code(),
            Self::Oidc(refused) => refused.code(),
            Self::Unavailable(_) => "tokens-unavailable",
        }
    }

    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Oidc(refused) => refused.status(),
            Self::Unavailable(_) => 503,
            _ => 401,
        }
    }
}

/// Most tokens that are remembered; beyond, all are forgotten and verified anew.
const REMEMBERED: usize = 10_000;

/// Finds out who requests are from.
#[derive(Debug)]
pub struct Authenticator {
    tokens: Arc<TokenFile>,
    oidc: Option<Validator>,
    session: Option<Session>,
    clock: Clock,
    /// Tokens of ours that were verified, by the hashes of their texts.
    verified: RwLock<HashMap<blake3::Hash, Verified>>,
}

/// A token of ours that was verified. It is accepted again as long as nothing it was accepted for is another.
#[derive(Debug, Clone)]
struct Verified {
    identity: Arc<Identity>,
    /// Which token it is, and how often the file had been read by then; none: the session's, which ends with the
    /// server.
    of_file: Option<(TokenId, u64)>,
    expires_at: Option<Timestamp>,
}

impl Authenticator {
    /// With every way in there is.
    #[must_use]
    pub fn new(
        tokens: Arc<TokenFile>,
        oidc: Option<Validator>,
        session: Option<Session>,
        clock: Clock,
    ) -> Self {
        Self {
            tokens,
            oidc,
            session,
            clock,
            verified: RwLock::default(),
        }
    }

    /// The session's token, where there is one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// The API's own tokens.
    #[must_use]
    pub fn tokens(&self) -> &TokenFile {
        &self.tokens
    }

    /// Who a request with these headers is from.
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Arc<Identity>, Unauthenticated> {
        match brought(headers) {
            Brought::Nothing => Err(Unauthenticated::Nothing),
            Brought::Nonsense => Err(Unauthenticated::Nonsense),
            Brought::Token(text) if text.starts_with(PREFIX) => self.own(text),
            Brought::Token(text) => self.foreign(text).await.map(Arc::new),
        }
    }

    fn own(&self, text: &str) -> Result<Arc<Identity>, Unauthenticated> {
        let (name, now) = (blake3::hash(text.as_bytes()), self.clock.now());
        if let Some(identity) = self.remembered(&name, now)? {
            return Ok(identity);
        }
        let parsed = TokenSecret::parse(text).ok_or(Unauthenticated::Nonsense)?;
        let secret = parsed?;
        let verified = self.verify(&secret, now)?;
        let identity = Arc::clone(&verified.identity);
        let mut all = self
            .verified
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(name, verified);
        Ok(identity)
    }

    /// Whose token it is, where it was verified before and nothing has changed since.
    fn remembered(
        &self,
        name: &blake3::Hash,
        now: Timestamp,
    ) -> Result<Option<Arc<Identity>>, Unauthenticated> {
        let found = {
            let all = self.verified.read().unwrap_or_else(PoisonError::into_inner);
            all.get(name).cloned()
        };
        let is_over = |verified: &Verified| verified.expires_at.is_some_and(|end| end <= now);
        let Some(verified) = found.filter(|verified| !is_over(verified)) else {
            return Ok(None);
        };
        if let Some((id, reading)) = &verified.of_file {
            let now_read = self.tokens.reading();
            if now_read.map_err(Unauthenticated::Unavailable)? != *reading {
                return Ok(None);
            }
            self.tokens.used(id, now);
        }
        Ok(Some(verified.identity))
    }

    fn verify(&self, secret: &TokenSecret, now: Timestamp) -> Result<Verified, Unauthenticated> {
        if self.session.as_ref().is_some_and(|own| own.is(secret)) {
            let identity = Identity {
                key: "session".to_owned(),
                name: "session".to_owned(),
                grants: Grants::everything(),
            };
            return Ok(Verified {
                identity: Arc::new(identity),
                of_file: None,
                expires_at: None,
            });
        }
        // Counted before: a file that is replaced meanwhile only makes the token be verified once more.
        let reading = self
            .tokens
            .reading()
            .map_err(Unauthenticated::Unavailable)?;
        let looked_up = self.tokens.verify(secret, now);
        let token = looked_up.map_err(Unauthenticated::Unavailable)??;
        let identity = Identity {
            key: format!("token/{}", token.id),
            name: token.name,
            grants: token.grants,
        };
        Ok(Verified {
            identity: Arc::new(identity),
            of_file: Some((token.id, reading)),
            expires_at: token.expires_at,
        })
    }

    async fn foreign(&self, text: &str) -> Result<Identity, Unauthenticated> {
        let oidc = self.oidc.as_ref().ok_or(Unauthenticated::NoOidc)?;
        let verified = oidc.verify(text).await?;
        let what = if verified.is_application {
            "application"
        } else {
            "person"
        };
        let object = verified.key.rsplit('/').next().unwrap_or_default();
        Ok(Identity {
            name: format!("{what} {object}"),
            key: format!("entra/{}", verified.key),
            grants: verified.grants,
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;
    use crate::auth::token;

    #[tokio::test]
    async fn a_token_that_was_verified_ends_when_it_does() {
        let folder = tempfile::tempdir().expect("because there is room");
        let begun: Timestamp = "2026-01-05T12:00:00Z"
            .parse()
            .expect("because it is a time");
        let end = begun + jiff::SignedDuration::from_hours(1);
        let now = Arc::new(RwLock::new(begun));
        let told = Arc::clone(&now);
        let clock = Clock::new(move || *told.read().expect("because nobody panicked"));
        let tokens = Arc::new(TokenFile::new(folder.path()));
        let other = TokenFile::new(folder.path());
        let authenticator = Authenticator::new(tokens, None, None, clock);
        let grants = || Grants::everything();
        let made = |name: &str, expires_at| other.create(name, grants(), expires_at, begun);
        let (short, _) = made("short", Some(end)).expect("because the folder is ours");
        let (long, described) = made("long", None).expect("because the folder is ours");
        let of = |secret: &TokenSecret| {
            let value = HeaderValue::from_str(&format!("Bearer {}", secret.expose()));
            let value = value.expect("because it is ASCII");
            HeaderMap::from_iter([(header::AUTHORIZATION, value)])
        };
        let (short, long) = (of(&short), of(&long));
        for headers in [&short, &long, &short, &long] {
            let identity = authenticator.identify(headers).await;
            assert!(identity.is_ok(), "{identity:?}");
        }
        *now.write().expect("because nobody panicked") = end;
        let expired = authenticator.identify(&short).await;
        let refused = |refused| matches!(refused, Err(Unauthenticated::Token(why)) if why == token::Refused::Expired);
        assert!(refused(expired));
        assert!(authenticator.identify(&long).await.is_ok());
        other
            .revoke(described.id.as_str(), end)
            .expect("because it was made");
        let revoked = authenticator.identify(&long).await;
        let reason = revoked.expect_err("because it was revoked").code();
        assert_eq!(reason, "token-revoked");
    }
}
