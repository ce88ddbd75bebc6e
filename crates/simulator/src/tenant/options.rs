//! What a tenant is told at its birth.

use std::collections::HashSet;

use jiff::Timestamp;

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
    /// Names of kinds the tenant has no licence for: refused as Microsoft refuses them, 400 or 403.
    pub unlicensed: HashSet<String>,
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
            unlicensed: HashSet::new(),
            log_retention_days: 30,
        }
    }
}
