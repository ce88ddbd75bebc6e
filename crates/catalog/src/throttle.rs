//! Which of Graph's throttling limits a request counts against, and what it costs.
//!
//! Source: Graph's throttling limits page. A limit belongs to the service behind a path, so that both
//! facts are read off the path, here and nowhere else.

use crate::kind::Kind;

/// Services with limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Throttle {
    /// Directory objects: a bucket of resource units by the tenant's size, 3,500 to 8,000 in 10
    /// seconds for each application ([`Kind::cost`]).
    Identity,
    /// Conditional Access and Identity Protection: one request a second for all applications of the
    /// tenant together, and no `Retry-After`.
    ConditionalAccess,
    /// Audit logs and reports: 5 requests in 10 seconds.
    Reports,
    /// Identity providers, user flows, connectors, authentication events: 200 requests a minute.
    UserFlows,
    /// Intune: 1,000 requests in 20 seconds.
    Intune,
    /// Services whose limits are not documented or beyond reach.
    Other,
}

/// First match decides: a path, or what begins with it.
const SERVICES: [(&str, Throttle); 36] = [
    ("/identity/conditionalAccess", Throttle::ConditionalAccess),
    ("/identityProtection", Throttle::ConditionalAccess),
    ("/identity", Throttle::UserFlows),
    ("/auditLogs", Throttle::Reports),
    ("/reports", Throttle::Reports),
    ("/deviceManagement", Throttle::Intune),
    ("/deviceAppManagement", Throttle::Intune),
    ("/roleManagement/deviceManagement", Throttle::Intune),
    // Served beside the directory, though their paths begin as its paths do.
    ("/users/{userId}/authentication", Throttle::Other),
    (
        "/applications/{applicationId}/synchronization",
        Throttle::Other,
    ),
    (
        "/servicePrincipals/{servicePrincipalId}/synchronization",
        Throttle::Other,
    ),
    ("/policies/roleManagementPolicies", Throttle::Other),
    ("/policies/roleManagementPolicyAssignments", Throttle::Other),
    ("/directory/recovery", Throttle::Other),
    (
        "/roleManagement/directory/roleDefinitions",
        Throttle::Identity,
    ),
    (
        "/roleManagement/directory/roleAssignments",
        Throttle::Identity,
    ),
    ("/users", Throttle::Identity),
    ("/groups", Throttle::Identity),
    ("/applications", Throttle::Identity),
    ("/servicePrincipals", Throttle::Identity),
    ("/devices", Throttle::Identity),
    ("/contacts", Throttle::Identity),
    ("/contracts", Throttle::Identity),
    ("/organization", Throttle::Identity),
    ("/domains", Throttle::Identity),
    ("/directory", Throttle::Identity),
    ("/directoryRoles", Throttle::Identity),
    ("/directoryRoleTemplates", Throttle::Identity),
    ("/oauth2PermissionGrants", Throttle::Identity),
    ("/subscribedSkus", Throttle::Identity),
    ("/groupSettings", Throttle::Identity),
    ("/groupSettingTemplates", Throttle::Identity),
    ("/groupLifecyclePolicies", Throttle::Identity),
    ("/schemaExtensions", Throttle::Identity),
    ("/policies", Throttle::Identity),
    ("/settings", Throttle::Identity),
];

/// Resource units of lists that cost more than one.
const COSTS: [(&str, u32); 7] = [
    ("/users", 2),
    ("/applications", 2),
    ("/groups/{groupId}/members", 3),
    ("/oauth2PermissionGrants", 2),
    (
        "/servicePrincipals/{servicePrincipalId}/appRoleAssignments",
        2,
    ),
    ("/subscribedSkus", 3),
    ("/contracts", 3),
];

impl Kind {
    /// The limit its reads count against.
    #[must_use]
    pub fn throttle(&self) -> Throttle {
        let mut services = SERVICES.iter();
        services
            .find(|(prefix, _)| begins(self.path, prefix))
            .map_or(Throttle::Other, |(_, throttle)| *throttle)
    }

    /// Resource units of one page of its list, as [`Kind::list_request`] asks for it. Outside
    /// [`Throttle::Identity`] every request counts as one.
    #[must_use]
    pub fn cost(&self) -> u32 {
        if self.throttle() != Throttle::Identity {
            return 1;
        }
        let mut costs = COSTS.iter();
        let base = costs
            .find(|(path, _)| *path == self.path)
            .map_or(1, |(_, cost)| *cost);
        let has = |name| self.options().any(|(option, _)| option == name);
        (base + u32::from(has("$expand")))
            .saturating_sub(u32::from(has("$select")))
            .max(1)
    }
}

/// Whether a path is another or lies below it.
fn begins(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
