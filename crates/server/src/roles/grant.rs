//! Which roles somebody has, and in which tenants.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::set::Roles;
use crate::principal::Role;

/// Between a role and the tenant it is held in.
const IN: char = '@';

/// A role, in every tenant or in one: `reader`, `reader@contoso`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Grant {
    /// What is granted.
    pub role: Role,
    /// The name of the only tenant it holds in; in every one where absent.
    pub tenant: Option<String>,
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, tenant) = match text.split_once(IN) {
            Some((role, tenant)) => (role, Some(tenant)),
            None => (text, None),
        };
        // A slip must not grant everywhere what was meant for one place.
        if tenant.is_some_and(|tenant| tenant.trim().is_empty() || tenant.contains(IN)) {
            return Err(format!(
                "{text:?} names no tenant: write ROLE or ROLE{IN}TENANT"
            ));
        }
        let Some(role) = Role::of(role) else {
            let words: Vec<&str> = Role::ALL.into_iter().map(Role::word).collect();
            let words = words.join(", ");
            return Err(format!("there is no role {role:?}: roles are {words}"));
        };
        Ok(Self {
            role,
            tenant: tenant.map(str::to_owned),
        })
    }
}

impl TryFrom<String> for Grant {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tenant {
            Some(tenant) => write!(f, "{}{IN}{tenant}", self.role),
            None => self.role.fmt(f),
        }
    }
}

impl From<Grant> for String {
    fn from(grant: Grant) -> Self {
        grant.to_string()
    }
}

/// Everything that was granted to one principal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(pub Vec<Grant>);

impl Grants {
    /// Every role in every tenant.
    #[must_use]
    pub fn everything() -> Self {
        Self(Role::ALL.map(|role| Grant { role, tenant: None }).to_vec())
    }

    /// Roles in a tenant of that name.
    #[must_use]
    pub fn in_tenant(&self, name: &str) -> Roles {
        let here = |grant: &&Grant| grant.tenant.as_deref().is_none_or(|own| own == name);
        self.0.iter().filter(here).map(|grant| grant.role).collect()
    }

    /// Roles in at least one tenant.
    #[must_use]
    pub fn anywhere(&self) -> Roles {
        self.0.iter().map(|grant| grant.role).collect()
    }

    /// Roles in every tenant, those to come included.
    #[must_use]
    pub fn everywhere(&self) -> Roles {
        let everywhere = self.0.iter().filter(|grant| grant.tenant.is_none());
        everywhere.map(|grant| grant.role).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(words: &[&str]) -> Grants {
        let parsed = words
            .iter()
            .map(|word| word.parse().expect("because it is a grant"));
        Grants(parsed.collect())
    }

    #[test]
    fn a_role_in_one_tenant_is_none_in_another() {
        let grants = grants(&["reader", "admin@contoso", "operator@fabrikam"]);
        let contoso = grants.in_tenant("contoso");
        assert_eq!(contoso, Roles::of(&[Role::Reader, Role::Admin]));
        assert_eq!(grants.in_tenant("Contoso"), Roles::of(&[Role::Reader]));
        assert_eq!(grants.in_tenant("other"), Roles::of(&[Role::Reader]));
        assert_eq!(grants.everywhere(), Roles::of(&[Role::Reader]));
        assert!(grants.anywhere().has(Role::Admin));
    }

    #[test]
    fn a_grant_is_written_as_it_is_read_and_nothing_half_is_one() {
        for good in ["reader", "approver@contoso"] {
            let grant: Grant = good.parse().expect("because it is a grant");
            assert_eq!(grant.to_string(), good);
        }
        for bad in [
            "reader@",
            "reader@ ",
            "@contoso",
            "Reader",
            "reader@a@b",
            "",
        ] {
            assert!(bad.parse::<Grant>().is_err(), "{bad:?}");
        }
    }
}
