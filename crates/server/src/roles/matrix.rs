//! The matrix: for each route who may use it. `docs/api-roles.md` shows it; a test compares both with the routes.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use super::set::Roles;
use crate::principal::Role;
use crate::principal::Role::{
    Admin, Approver, Auditor, Custodian, Investigator, Operator, Reader, Restorer,
};

/// What a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing: it tells nothing of any tenant.
    Public,
    /// One of the roles in any tenant: the answer has only what the principal may see.
    Anywhere(Roles),
    /// One of the roles in every tenant: it tells of the server as a whole.
    Everywhere(Roles),
    /// One of the roles in the tenant that is meant.
    InTenant(Roles),
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// HTTP method.
    pub method: &'static str,
    /// Path with parameters in braces, as `/openapi.json` has it.
    pub path: &'static str,
    /// What it takes.
    pub access: Access,
}

const fn route(method: &'static str, path: &'static str, access: Access) -> Row {
    Row {
        method,
        path,
        access,
    }
}

const fn tenant(roles: &[Role]) -> Access {
    Access::InTenant(Roles::of(roles))
}

const ALL: Roles = Roles::all();
/// States of objects and what changed: also those who must judge a plan.
const OBJECTS: Access = tenant(&[Reader, Investigator, Restorer, Approver]);
/// Which snapshots there are tells when somebody worked, and nothing of an object.
const SNAPSHOTS: Access = tenant(&[
    Reader,
    Investigator,
    Auditor,
    Operator,
    Restorer,
    Approver,
    Custodian,
]);
/// Logs of sign-ins and of the directory, exact objects, and SQL over all of it.
const EVERYTHING: Access = tenant(&[Investigator]);
const FIGURES: Access = tenant(&[Reader, Investigator, Auditor, Operator]);
const PLANS: Access = tenant(&[Investigator, Auditor, Operator, Restorer, Approver]);
const JOBS: Access = tenant(&[Auditor, Operator, Restorer, Approver, Admin]);
const HOLDS: Access = tenant(&[Auditor, Operator, Custodian]);

/// Every route, sorted by path and method.
pub const MATRIX: &[Row] = &[
    route("GET", "/docs", Access::Public),
    route("GET", "/healthz", Access::Public),
    route(
        "GET",
        "/metrics",
        Access::Everywhere(Roles::of(&[Auditor, Operator, Admin])),
    ),
    route("GET", "/openapi.json", Access::Public),
    route("GET", "/problems/{problem}", Access::Public),
    route("GET", "/readyz", Access::Public),
    route("GET", "/v1/access", tenant(&[Auditor])),
    route("GET", "/v1/audits", EVERYTHING),
    route("GET", "/v1/changes", OBJECTS),
    route("GET", "/v1/diff", OBJECTS),
    route("GET", "/v1/events", tenant(&[Reader, Investigator])),
    route("GET", "/v1/holds", HOLDS),
    route("POST", "/v1/holds", tenant(&[Custodian])),
    route("DELETE", "/v1/holds/{id}", tenant(&[Custodian])),
    route("GET", "/v1/jobs", JOBS),
    route("GET", "/v1/jobs/{id}", JOBS),
    route(
        "POST",
        "/v1/jobs/{id}/cancel",
        tenant(&[Operator, Restorer]),
    ),
    route("GET", "/v1/jobs/{id}/events", JOBS),
    route("GET", "/v1/library", Access::InTenant(ALL)),
    route("GET", "/v1/library/{name}", Access::InTenant(ALL)),
    route("GET", "/v1/objects", OBJECTS),
    route("GET", "/v1/objects/{id}", OBJECTS),
    route("GET", "/v1/objects/{id}/blame", EVERYTHING),
    route("GET", "/v1/objects/{id}/diff", OBJECTS),
    route("GET", "/v1/objects/{id}/history", OBJECTS),
    route("GET", "/v1/objects/{id}/links", OBJECTS),
    route(
        "GET",
        "/v1/objects/{id}/raw",
        tenant(&[Investigator, Restorer]),
    ),
    route("GET", "/v1/objects/{id}/timeline", EVERYTHING),
    route("GET", "/v1/plans", PLANS),
    route("POST", "/v1/plans", tenant(&[Restorer])),
    route("GET", "/v1/plans/{id}", PLANS),
    route("POST", "/v1/plans/{id}/approve", tenant(&[Approver])),
    route(
        "POST",
        "/v1/plans/{id}/cancel",
        tenant(&[Restorer, Approver]),
    ),
    route("GET", "/v1/plans/{id}/events", PLANS),
    route("POST", "/v1/plans/{id}/execute", tenant(&[Restorer])),
    route("GET", "/v1/plans/{id}/export", PLANS),
    route("POST", "/v1/plans/{id}/reject", tenant(&[Approver])),
    route("GET", "/v1/plans/{id}/report", PLANS),
    route(
        "POST",
        "/v1/plans/{id}/verify",
        tenant(&[Operator, Restorer]),
    ),
    route("GET", "/v1/query", EVERYTHING),
    route("POST", "/v1/query", EVERYTHING),
    route("GET", "/v1/schema", Access::InTenant(ALL)),
    route("GET", "/v1/snapshots", SNAPSHOTS),
    route("POST", "/v1/snapshots", tenant(&[Operator])),
    route("GET", "/v1/snapshots/{rev}", SNAPSHOTS),
    route("GET", "/v1/stats/{name}", FIGURES),
    route("GET", "/v1/tenants", Access::Anywhere(ALL)),
    route("GET", "/v1/tenants/{tenant}/status", Access::InTenant(ALL)),
];

/// The rows by method and path: every request looks its own up.
static ROWS: LazyLock<HashMap<(&str, &str), &Row>> = LazyLock::new(|| {
    let rows = MATRIX.iter();
    rows.map(|row| ((row.method, row.path), row)).collect()
});

/// The row of a route. HEAD is answered where GET is.
#[must_use]
pub fn row(method: &str, path: &str) -> Option<&'static Row> {
    let method = if method == "HEAD" { "GET" } else { method };
    ROWS.get(&(method, path)).copied()
}

/// The matrix as a page.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Who may do what over HTTP\n\n\
        Made from `crates/server/src/roles/matrix.rs`; a test compares both, and every route must have a row.\n\n\
        - `x`: this role, in the tenant that is meant\n\
        - `a`: this role, in any tenant; the answer has only what the principal may see\n\
        - `s`: this role, in every tenant: the route tells of the server as a whole\n\
        - `public`: no sign-in\n\n\
        A tenant in which a principal has no role does not exist for it: the answer is that of a tenant that is not \
        served (404). A role that is not enough is 403, and the answer names those that are. No role includes another.\n\n\
        | route | public |",
    );
    for role in Role::ALL {
        let _ = write!(page, " {role} |");
    }
    page.push_str("\n|---|---|");
    page.push_str(&"---|".repeat(Role::ALL.len()));
    for row in MATRIX {
        let (public, mark, roles) = match row.access {
            Access::Public => ("x", "", Roles::NONE),
            Access::Anywhere(roles) => ("", "a", roles),
            Access::Everywhere(roles) => ("", "s", roles),
            Access::InTenant(roles) => ("", "x", roles),
        };
        let _ = write!(page, "\n| `{} {}` | {public} |", row.method, row.path);
        for role in Role::ALL {
            let mark = if roles.has(role) { mark } else { "" };
            let _ = write!(page, " {mark} |");
        }
    }
    page.push_str(
        "\n\nWhy so: logs of sign-ins, exact objects and SQL reach everything that was ever read about a person, so they \
        take an `investigator`; a `reader` sees objects, what changed and figures. An `auditor` sees who did what with \
        this program and no object. Those who make and approve plans see the objects a plan touches. An `admin` keeps the \
        server running and sees nothing of a tenant.\n",
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        let order = |row: &Row| (row.path, ["GET", "POST", "DELETE"].map(|m| m != row.method));
        let rows: Vec<_> = MATRIX.iter().map(order).collect();
        let mut sorted = rows.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(rows.len(), sorted.len());
        let paths: Vec<&str> = MATRIX.iter().map(|row| row.path).collect();
        assert!(paths.is_sorted());
    }

    #[test]
    fn nothing_that_changes_something_is_public_or_for_all() {
        for row in MATRIX.iter().filter(|row| row.method != "GET") {
            match row.access {
                Access::InTenant(roles) => assert!(roles.iter().count() <= 2, "{}", row.path),
                _ => panic!("{} {}", row.method, row.path),
            }
        }
        let sees_objects = |role: Role| {
            let objects = MATRIX
                .iter()
                .filter(|row| row.path.starts_with("/v1/objects"));
            objects
                .into_iter()
                .any(|row| matches!(row.access, Access::InTenant(roles) if roles.has(role)))
        };
        for role in [Role::Auditor, Role::Operator, Role::Custodian, Role::Admin] {
            assert!(!sees_objects(role), "{role}");
        }
    }
}
