//! Sets of roles.

use std::fmt;

use crate::principal::Role;

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
