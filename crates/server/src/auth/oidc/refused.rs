//! Why a bearer token of Entra is refused: one code for each reason.

/// A claim that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Issuer.
    Iss,
    /// Audience.
    Aud,
    /// Expiry.
    Exp,
    /// Not before.
    Nbf,
    /// Tenant.
    Tid,
    /// Object id of the person or service principal.
    Oid,
    /// Version of the token's format.
    Ver,
    /// The application that asked for it.
    Azp,
    /// Delegated permissions.
    Scp,
    /// `app` where an application speaks for itself.
    Idtyp,
    /// App roles.
    Roles,
}

impl Claim {
    /// Its name in the token.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.codes()[0]
    }

    /// Name, code where it is absent, code where it has the wrong form.
    fn codes(self) -> [&'static str; 3] {
        match self {
            Self::Iss => ["iss", "token-iss-missing", "token-iss-invalid"],
            Self::Aud => ["aud", "token-aud-missing", "token-aud-invalid"],
            Self::Exp => ["exp", "token-exp-missing", "token-exp-invalid"],
            Self::Nbf => ["nbf", "token-nbf-missing", "token-nbf-invalid"],
            Self::Tid => ["tid", "token-tid-missing", "token-tid-invalid"],
            Self::Oid => ["oid", "token-oid-missing", "token-oid-invalid"],
            Self::Ver => ["ver", "token-ver-missing", "token-ver-invalid"],
            Self::Azp => ["azp", "token-azp-missing", "token-azp-invalid"],
            Self::Scp => ["scp", "token-scp-missing", "token-scp-invalid"],
            Self::Idtyp => ["idtyp", "token-idtyp-missing", "token-idtyp-invalid"],
            Self::Roles => ["roles", "token-roles-missing", "token-roles-invalid"],
        }
    }
}

/// Why a token is refused. Nothing of the token is in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Longer than any token of Entra.
    #[error("the token is longer than {} bytes", super::MAX_TOKEN_BYTES)]
    TooLarge,
    /// Not three parts of base64url with dots between.
    #[error("the token is not three parts of base64url with dots between")]
    Shape,
    /// The header is no JSON object of a JWT.
    #[error("the token's header is not that of a JWT")]
    Header,
    /// Unsigned.
    #[error("the token is not signed: its algorithm is none")]
    Unsigned,
    /// Signed with a shared secret.
    #[error("the token's algorithm uses a shared secret; only RS256 is accepted")]
    Symmetric,
    /// Another algorithm than Entra's.
    #[error("the token's algorithm is not RS256")]
    Algorithm,
    /// Not a JWT by its own word.
    #[error("the token's type is not JWT")]
    Type,
    /// An extension that must be understood.
    #[error("the token's header has extensions that must be understood, and none is")]
    Critical,
    /// No key is named.
    #[error("the token's header names no key")]
    KeyIdMissing,
    /// The key's name is no name.
    #[error("the name of the token's key is malformed")]
    KeyIdInvalid,
    /// The issuer does not publish such a key.
    #[error("the token's key is not among those its issuer publishes")]
    KeyUnknown,
    /// The issuer's keys were never read.
    #[error("the issuer's keys cannot be read; try again in {retry_after_seconds} seconds")]
    KeysUnavailable {
        /// When they are asked for again.
        retry_after_seconds: u64,
    },
    /// Not signed by the key it names.
    #[error("the token's signature is not that of the key it names")]
    Signature,
    /// The claims are no JSON object, or one stands there twice.
    #[error("the token's claims are not a JSON object in which each stands once")]
    Claims,
    /// A claim is absent.
    #[error("the token has no claim {}", .0.name())]
    Missing(Claim),
    /// A claim has the wrong type or form.
    #[error("the token's claim {} has the wrong form", .0.name())]
    Invalid(Claim),
    /// Another issuer.
    #[error("the token is of another issuer")]
    Issuer,
    /// Version 1.0.
    #[error(
        "the token is of version 1.0; set requestedAccessTokenVersion to 2 in the application's manifest"
    )]
    VersionOne,
    /// For another application.
    #[error("the token is for another application")]
    Audience,
    /// Past its end.
    #[error("the token has expired")]
    Expired,
    /// Not yet good.
    #[error("the token is not valid yet; compare the clocks")]
    NotYet,
    /// Of another tenant.
    #[error("the token is of another tenant")]
    Tenant,
    /// An ID token.
    #[error("this is an ID token; send an access token")]
    IdToken,
    /// Neither a person's nor an application's.
    #[error(
        "the token says neither that an application speaks for itself (idtyp) nor what a person delegated (scp)"
    )]
    Nobody,
    /// Both a person's and an application's.
    #[error(
        "the token says both that an application speaks for itself and that a person delegated"
    )]
    Both,
    /// Delegated for something else.
    #[error("the token was not delegated for this interface: its scopes lack {0}")]
    Scope(String),
    /// By an application that may not.
    #[error("the application that asked for the token is not among those allowed")]
    Client,
    /// No app role of it means anything here.
    #[error("the token has no app role that is mapped to a role here")]
    NoRole,
}

impl Refused {
    /// Stable word, lowercase with `-`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "token-too-large",
            Self::Shape => "token-malformed",
            Self::Header => "token-header-malformed",
            Self::Unsigned => "token-unsigned",
            Self::Symmetric => "token-algorithm-symmetric",
            Self::Algorithm => "token-algorithm",
            Self::Type => "token-type",
            Self::Critical => "token-critical-extension",
            Self::KeyIdMissing => "token-key-id-missing",
            Self::KeyIdInvalid => "token-key-id-invalid",
            Self::KeyUnknown => "token-key-unknown",
            Self::KeysUnavailable { .. } => "token-keys-unavailable",
            Self::Signature => "token-signature",
            Self::Claims => "token-claims-malformed",
            Self::Missing(claim) => claim.codes()[1],
            Self::Invalid(claim) => claim.codes()[2],
            Self::Issuer => "token-issuer",
            Self::VersionOne => "token-version",
            Self::Audience => "token-audience",
            Self::Expired => "token-expired",
            Self::NotYet => "token-not-yet-valid",
            Self::Tenant => "token-tenant",
            Self::IdToken => "token-is-id-token",
            Self::Nobody => "token-of-nobody",
            Self::Both => "token-of-two",
            Self::Scope(_) => "token-scope",
            Self::Client => "token-client",
            Self::NoRole => "token-without-role",
        }
    }

    /// HTTP status: 403 where the token is good and not enough, 503 where it could not be judged.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NoRole | Self::Client | Self::Scope(_) => 403,
            Self::KeysUnavailable { .. } => 503,
            _ => 401,
        }
    }
}
