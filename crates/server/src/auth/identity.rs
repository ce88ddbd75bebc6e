//! From what a request brings to who it is from.

use std::sync::Arc;

use axum::http::HeaderMap;

use super::bearer::{Brought, brought};
use super::oidc::{self, Validator};
use super::session::Session;
use super::token::{self, PREFIX, TokenFile, TokenSecret};
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

/// Finds out who requests are from.
#[derive(Debug)]
pub struct Authenticator {
    tokens: Arc<TokenFile>,
    oidc: Option<Validator>,
    session: Option<Session>,
    clock: Clock,
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
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Identity, Unauthenticated> {
        match brought(headers) {
            Brought::Nothing => Err(Unauthenticated::Nothing),
            Brought::Nonsense => Err(Unauthenticated::Nonsense),
            Brought::Token(text) if text.starts_with(PREFIX) => self.own(text),
            Brought::Token(text) => self.foreign(text).await,
        }
    }

    fn own(&self, text: &str) -> Result<Identity, Unauthenticated> {
        let parsed = TokenSecret::parse(text).ok_or(Unauthenticated::Nonsense)?;
        let secret = parsed?;
        if self.session.as_ref().is_some_and(|own| own.is(&secret)) {
            return Ok(Identity {
                key: "session".to_owned(),
                name: "session".to_owned(),
                grants: Grants::everything(),
            });
        }
        let looked_up = self.tokens.verify(&secret, self.clock.now());
        let token = looked_up.map_err(Unauthenticated::Unavailable)??;
        Ok(Identity {
            key: format!("token/{}", token.id),
            name: token.name,
            grants: token.grants,
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
