//! What a tenant is told at its birth.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::deed::Properties;

/// Kinds whose GET is documented for signed-in persons only (permissions data of Microsoft Graph,
/// August 2026).
pub const DELEGATED_ONLY: [&str; 26] = [
    "administrative_unit_extension",
    "agreement",
    "agreement_acceptance",
    "agreement_file",
    "app_proxy_connector",
    "app_proxy_connector_group",
    "app_proxy_connector_group_application",
    "app_proxy_connector_group_member",
    "application_app_management_policy",
    "application_synchronization_job",
    "company_subscription",
    "deleted_conditional_access_policy",
    "deleted_named_location",
    "feature_rollout_policy",
    "mobile_app_management_policy",
    "mobile_device_management_policy",
    "on_premises_synchronization",
    "ownerless_group_policy",
    "provisioning_agent",
    "provisioning_agent_group",
    "provisioning_published_resource",
    "service_principal_app_management_policy",
    "service_principal_token_issuance_policy",
    "teams_app_settings",
    "user_extension",
    "users_registered_by_feature",
];

/// Properties of the tenant itself that no object holds.
#[derive(Debug, Clone)]
pub struct TenantOptions {
    /// Directory (tenant) id, a GUID.
    pub tenant_id: String,
    /// Display name of the organisation; an organization object is made of it until one is seeded.
    pub organization: String,
    /// What the tenant's clock shows at first.
    pub now: Timestamp,
    /// Names of kinds the reading application has no permission for: 403
    /// `Authorization_RequestDenied`.
    pub forbidden: HashSet<String>,
    /// Names of kinds of which lists of mixed types, members for instance, show no more than type and
    /// id, everything else as null: what Graph does where a permission for the kind is missing.
    pub limited: HashSet<String>,
    /// Names of kinds that only a signed-in person may read, [`DELEGATED_ONLY`] for instance: 403 for
    /// applications. Nobody is refused unless they are put here.
    pub delegated_only: HashSet<String>,
    /// Names of kinds the tenant has no licence for: refused as Microsoft refuses them, 400 or 403.
    pub unlicensed: HashSet<String>,
    /// Applications of other tenants, of which service principals can be made here: by appId in lower case, what a
    /// service principal shows of its application.
    pub published: HashMap<String, Properties>,
    /// Days a row of a log lives (7 without a licence, 30 with one).
    pub log_retention_days: u16,
}

impl TenantOptions {
    /// A licensed tenant without anything forbidden.
    #[must_use]
    pub fn new(tenant_id: &str, organization: &str, now: Timestamp) -> Self {
        Self {
            tenant_id: tenant_id.to_owned(),
            organization: organization.to_owned(),
            now,
            forbidden: HashSet::new(),
            limited: HashSet::new(),
            delegated_only: HashSet::new(),
            unlicensed: HashSet::new(),
            published: HashMap::new(),
            log_retention_days: 30,
        }
    }
}
