//! Kinds the application may not read, or the tenant has not paid for.

use catalog::Kind;

use super::address::Address;
use super::answer::Failure;
use super::oauth::Session;
use crate::tenant::Tenant;

/// Refuses what permissions and licences do not cover.
pub(crate) fn check(
    tenant: &Tenant,
    kind: &Kind,
    address: &Address,
    session: &Session,
) -> Result<(), Failure> {
    let options = tenant.options();
    let is_app_only = session.user.is_none();
    if options.forbidden.contains(kind.name)
        || is_app_only && options.delegated_only.contains(kind.name)
    {
        return Err(Failure::denied());
    }
    if options.unlicensed.contains(kind.name) {
        return Err(unlicensed(kind));
    }
    let selected = address.query.get("$select").unwrap_or("");
    let wants_sign_ins = selected
        .split(',')
        .any(|name| name.trim() == "signInActivity");
    if wants_sign_ins && options.unlicensed.contains("sign_in") {
        return Err(no_premium());
    }
    Ok(())
}

/// Each service says it in its own way.
fn unlicensed(kind: &Kind) -> Failure {
    let path = kind.path;
    if path.starts_with("/auditLogs") || path.starts_with("/reports") {
        no_premium()
    } else if path.starts_with("/roleManagement") || path.contains("privilegedAccess") {
        let message = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID \
                       Governance license.";
        Failure::new(400, "AadPremiumLicenseRequired", message)
    } else if path.starts_with("/identityProtection") {
        let message = "Your tenant is not licensed for this feature.";
        Failure::new(403, "Forbidden", message)
    } else {
        let message = "Insufficient license: the tenant is not licensed for this feature.";
        Failure::new(403, "AccessDenied", message)
    }
}

fn no_premium() -> Failure {
    let message = "Neither tenant is B2C or tenant doesn't have premium license";
    Failure::new(
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        message,
    )
}
