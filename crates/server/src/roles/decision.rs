//! One request: may it?

use super::grant::Grants;
use super::matrix::{Access, Row, row};
use super::set::Roles;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It needs nobody.
    Public,
    /// It may, over every tenant the principal may see, with these roles.
    Fleet(Roles),
    /// It may, in the tenant that is meant, with these roles.
    Tenant(Roles),
    /// Nobody is signed in.
    NotSignedIn,
    /// That tenant is none of the principal's: the same as one that is not served.
    NoSuchTenant,
    /// One of these roles would be needed.
    Forbidden(Roles),
    /// Nobody may: the matrix has no such route.
    NoRow,
}

/// Decides by method, template of the path, what was granted (`None`: nobody is signed in) and the tenant that is
/// meant (`None`: none could be made out).
#[must_use]
pub fn decide(method: &str, path: &str, grants: Option<&Grants>, tenant: Option<&str>) -> Decision {
    match row(method, path) {
        Some(row) => decide_row(row, grants, tenant),
        None => Decision::NoRow,
    }
}

/// The same for a row of the matrix.
#[must_use]
pub(crate) fn decide_row(row: &Row, grants: Option<&Grants>, tenant: Option<&str>) -> Decision {
    let needed = match row.access {
        Access::Public => return Decision::Public,
        Access::Anywhere(roles) | Access::Everywhere(roles) | Access::InTenant(roles) => roles,
    };
    let Some(grants) = grants else {
        return Decision::NotSignedIn;
    };
    let (held, allowed): (Roles, fn(Roles) -> Decision) = match row.access {
        Access::Everywhere(_) => (grants.everywhere(), Decision::Fleet),
        Access::InTenant(_) => {
            let held = tenant.map_or(Roles::NONE, |tenant| grants.in_tenant(tenant));
            if held.is_empty() {
                return Decision::NoSuchTenant;
            }
            (held, Decision::Tenant)
        }
        Access::Anywhere(_) | Access::Public => (grants.anywhere(), Decision::Fleet),
    };
    if held.has_any(needed) {
        allowed(held)
    } else {
        Decision::Forbidden(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(words: &[&str], method: &str, path: &str, tenant: Option<&str>) -> Decision {
        let grants = words
            .iter()
            .map(|word| word.parse().expect("because it is a grant"));
        decide(method, path, Some(&Grants(grants.collect())), tenant)
    }

    #[test]
    fn what_is_held_elsewhere_does_not_count_here() {
        let words = ["reader@contoso", "custodian@fabrikam"];
        let holds = |tenant| decided(&words, "POST", "/v1/holds", Some(tenant));
        assert!(
            matches!(holds("contoso"), Decision::Forbidden(roles) if roles.to_string() == "custodian")
        );
        assert!(matches!(holds("fabrikam"), Decision::Tenant(_)));
        assert_eq!(holds("northwind"), Decision::NoSuchTenant);
        assert_eq!(
            decided(&words, "POST", "/v1/holds", None),
            Decision::NoSuchTenant
        );
    }

    #[test]
    fn the_whole_server_takes_a_role_everywhere() {
        let metrics = |words: &[&str]| decided(words, "GET", "/metrics", None);
        assert!(matches!(metrics(&["admin"]), Decision::Fleet(_)));
        assert!(matches!(
            metrics(&["admin@contoso"]),
            Decision::Forbidden(_)
        ));
        assert!(matches!(metrics(&["reader"]), Decision::Forbidden(_)));
    }

    #[test]
    fn without_a_row_nobody_may_and_without_a_sign_in_only_what_is_public() {
        let all = ["admin", "investigator"];
        assert_eq!(
            decided(&all, "PUT", "/v1/holds", Some("contoso")),
            Decision::NoRow
        );
        assert_eq!(
            decided(&all, "GET", "/v1/secret", Some("contoso")),
            Decision::NoRow
        );
        assert_eq!(decide("GET", "/healthz", None, None), Decision::Public);
        assert_eq!(
            decide("HEAD", "/v1/tenants", None, None),
            Decision::NotSignedIn
        );
    }
}
