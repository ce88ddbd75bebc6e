//! What can be held: roles, application permissions and delegated permissions.

use super::ids::Node;

/// Scope of an assignment that holds everywhere.
pub(crate) const TENANT: &str = "/";

/// Something a principal can hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Privilege {
    /// A directory role over a scope: `/`, `/administrativeUnits/ID`, `/ID`.
    Role { role: Node, scope: Box<str> },
    /// An app role of a resource: an application permission where a service principal holds it.
    AppRole { resource: Node, app_role: Node },
    /// A delegated permission on a resource, in the name of one user or of all.
    Delegated {
        resource: Node,
        value: Box<str>,
        user: Option<Node>,
    },
}

impl Privilege {
    /// What it is called in `privilege_kind`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Role { .. } => "role",
            Self::AppRole { .. } => "application_permission",
            Self::Delegated { .. } => "delegated_permission",
        }
    }

    /// The object whose role or permission it is: a role's definition, a permission's resource.
    pub(crate) fn owner(&self) -> Node {
        match self {
            Self::Role { role, .. } => *role,
            Self::AppRole { resource, .. } | Self::Delegated { resource, .. } => *resource,
        }
    }

    /// Whether it is a role that holds in the whole tenant.
    pub(crate) fn is_tenant_role(&self) -> bool {
        matches!(self, Self::Role { scope, .. } if &**scope == TENANT)
    }
}

/// The scope of an assignment, of the two properties that can say it.
pub(crate) fn scope<'t>(directory: Option<&'t str>, app: Option<&'t str>) -> &'t str {
    let said = |scope: &&str| !scope.is_empty();
    directory
        .filter(said)
        .or(app.filter(said))
        .unwrap_or(TENANT)
}

/// The id in a scope that is about one object.
pub(crate) fn scope_object(scope: &str) -> Option<&str> {
    let last = scope.rsplit('/').next()?;
    (!last.is_empty()).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_name_the_tenant_or_an_object() {
        assert_eq!(scope(Some("/"), None), TENANT);
        assert_eq!(scope(None, None), TENANT);
        assert_eq!(scope(Some(""), Some("/x")), "/x");
        assert_eq!(scope_object(TENANT), None);
        assert_eq!(scope_object("/administrativeUnits/u1"), Some("u1"));
        assert_eq!(scope_object("/a1"), Some("a1"));
    }
}
