//! Roles, and sets of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What somebody is for. No role includes another: who needs two has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees objects, their history and what changed, and figures for dashboards.
    Reader,
    /// Sees everything that was ever read, logs included, and asks in SQL.
    Investigator,
    /// Sees who did what with this program, and the proofs; no object of a tenant.
    Auditor,
    /// Has tenants read, and plans verified.
    Operator,
    /// Makes plans, and has approved ones executed.
    Restorer,
    /// Approves and rejects plans.
    Approver,
    /// Places and releases legal holds.
    Custodian,
    /// Sees how the server does; no object of a tenant.
    Admin,
}

impl Role {
    /// Every role, in the order tables show them.
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

    /// The word for it in files and tokens.
    #[must_use]
    pub fn word(self) -> &'static str {
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
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.word() == text);
        found.ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.into_iter().map(Self::word).collect();
            format!("there is no role {text:?}: roles are {}", words.join(", "))
        })
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    /// No role.
    pub const NONE: Self = Self(0);

    /// Exactly these.
    #[must_use]
    pub const fn of(roles: &[Role]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < roles.len() {
            bits |= 1 << roles[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Every role there is.
    #[must_use]
    pub const fn all() -> Self {
        Self::of(&Role::ALL)
    }

    /// Whether a role is among them.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Whether any of the others is among them.
    #[must_use]
    pub const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// These and the others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        let one = |roles: Self, role| roles.and(Self::of(&[role]));
        roles.into_iter().fold(Self::NONE, one)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Role::word).collect();
        f.write_str(&words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_exact() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        for wrong in ["Reader", "reader ", "", "root", "READER"] {
            assert!(wrong.parse::<Role>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_set_has_what_was_put_into_it() {
        let two = Roles::of(&[Role::Auditor, Role::Admin]);
        assert!(two.has(Role::Auditor) && two.has(Role::Admin));
        assert_eq!(two.iter().count(), 2);
        assert!(two.has_any(Roles::of(&[Role::Reader, Role::Admin])));
        assert!(!two.has_any(Roles::of(&[Role::Reader])));
        assert!(!Roles::NONE.has_any(Roles::all()));
        assert_eq!(two.to_string(), "auditor, admin");
    }
}
