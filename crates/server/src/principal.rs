//! Who asks: a name for the record, what it may do, and which tenants it may see.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::problem::{Code, Problem};

/// What somebody may do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Asks about objects and changes.
    Reader,
    /// Asks about everything, logs of sign-ins included.
    Investigator,
    /// Reads the log, proofs and the access record; no objects.
    Auditor,
    /// Collects and verifies.
    Operator,
    /// Makes restore plans and runs approved ones.
    Restorer,
    /// Approves and rejects plans.
    Approver,
    /// Sets and releases holds.
    Custodian,
    /// Configures the server; no objects.
    Admin,
}

impl Role {
    /// Every role, from the least to the most consequential.
    pub const ALL: [Self; 8] = [
        Self::Reader,
        Self::Investigator,
        Self::Auditor,
        Self::Operator,
        Self::Restorer,
        Self::Approver,
        Self::Custodian,
        Self::Admin,
    ];

    /// The word for it in tokens, configuration and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Investigator => "investigator",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
            Self::Restorer => "restorer",
            Self::Approver => "approver",
            Self::Custodian => "custodian",
            Self::Admin => "admin",
        }
    }

    /// The role of that word, in small letters.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The tenants somebody may see, by their names in the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenants {
    /// All that are served.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Tenants {
    /// Whether that tenant may be seen.
    #[must_use]
    pub fn may_see(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What the record calls it: the name of a token, or of a person. Never a reason to allow anything.
    pub name: String,
    /// What identifies it for good: the token's id, or tenant id and object id joined by `/`.
    pub key: String,
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// What it may see.
    pub tenants: Tenants,
}

impl Principal {
    /// Whether it has one of these roles.
    #[must_use]
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    /// Whoever the layers found the request to come from.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Arc<Self>>();
        found
            .map(|principal| Self::clone(principal))
            .ok_or_else(|| Problem::new(Code::Unauthenticated, "nobody is signed in"))
    }
}
