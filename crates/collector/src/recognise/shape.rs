//! What a document looks like where nothing else says what it is.

use catalog::Kind;
use model::Value;

use super::known::fits;

/// Properties that tell a kind from all others.
struct Signature {
    kind: &'static str,
    /// All of these must be there.
    all: &'static [&'static str],
    /// At least one of these, unless the list is empty.
    any: &'static [&'static str],
    /// None of these may be there.
    none: &'static [&'static str],
}

const fn signature(
    kind: &'static str,
    all: &'static [&'static str],
    any: &'static [&'static str],
) -> Signature {
    Signature {
        kind,
        all,
        any,
        none: &[],
    }
}

/// Strongest first. Only kinds that are exported under names of people's own making stand here.
const SIGNATURES: &[Signature] = &[
    signature(
        "conditional_access_policy",
        &["conditions", "displayName"],
        &["grantControls", "sessionControls"],
    ),
    signature(
        "named_location",
        &["displayName"],
        &["ipRanges", "countriesAndRegions"],
    ),
    signature(
        "authentication_strength_policy",
        &["allowedCombinations", "displayName"],
        &["policyType", "requirementsSatisfied"],
    ),
    signature(
        "authorization_policy",
        &["defaultUserRolePermissions", "allowInvitesFrom"],
        &[],
    ),
    signature(
        "directory_audit",
        &["id", "activityDateTime", "activityDisplayName"],
        &["initiatedBy", "targetResources"],
    ),
    signature(
        "sign_in",
        &["id", "createdDateTime", "ipAddress"],
        &["appDisplayName", "conditionalAccessStatus"],
    ),
    signature(
        "risk_detection",
        &["id", "riskEventType", "userId"],
        &["detectedDateTime", "riskLevel"],
    ),
    signature(
        "service_principal",
        &["id", "appId"],
        &["servicePrincipalType", "servicePrincipalNames"],
    ),
    signature(
        "application",
        &["id", "appId"],
        &["requiredResourceAccess", "signInAudience", "identifierUris"],
    ),
    Signature {
        kind: "user",
        all: &["id", "userPrincipalName"],
        any: &[
            "mailNickname",
            "accountEnabled",
            "givenName",
            "surname",
            "jobTitle",
            "userType",
        ],
        none: &["riskLevel", "isMfaRegistered", "createdDateTimeUtc"],
    },
    signature(
        "group",
        &["id", "securityEnabled"],
        &["groupTypes", "mailEnabled"],
    ),
    signature(
        "device",
        &["id", "deviceId"],
        &["trustType", "operatingSystem"],
    ),
    signature(
        "role_definition",
        &["id", "rolePermissions"],
        &["isBuiltIn"],
    ),
    Signature {
        kind: "role_assignment",
        all: &["id", "roleDefinitionId", "principalId", "directoryScopeId"],
        any: &[],
        none: &["memberType", "status", "action", "assignmentType"],
    },
    signature(
        "oauth2_permission_grant",
        &["id", "clientId", "consentType", "scope"],
        &[],
    ),
    signature(
        "app_role_assignment",
        &["id", "appRoleId", "principalId", "resourceId"],
        &[],
    ),
    signature(
        "subscribed_sku",
        &["skuId", "skuPartNumber"],
        &["prepaidUnits", "servicePlans"],
    ),
    signature(
        "domain",
        &["id", "isVerified", "isDefault"],
        &["authenticationType"],
    ),
    signature("organization", &["id", "verifiedDomains"], &[]),
    signature(
        "group_setting",
        &["id", "templateId", "values"],
        &["displayName"],
    ),
    signature(
        "administrative_unit",
        &["id", "isMemberManagementRestricted"],
        &["membershipType", "visibility"],
    ),
];

/// The kind that a document's properties alone give away.
pub(crate) fn by_shape(object: Value<'_>) -> Option<&'static Kind> {
    let has = |name: &&str| object.get_folded(name).is_some();
    let matches = |signature: &&Signature| {
        signature.all.iter().all(has)
            && (signature.any.is_empty() || signature.any.iter().any(has))
            && !signature.none.iter().any(has)
    };
    let kinds = SIGNATURES.iter().filter(matches);
    kinds
        .filter_map(|signature| catalog::by_name(signature.kind))
        .find(|kind| fits(kind, object))
}

/// Whether a document has the property names of the PowerShell SDK: `Id`, `DisplayName`.
pub(crate) fn is_pascal(object: Value<'_>) -> bool {
    let (mut upper, mut lower) = (0, 0);
    for (key, _) in object.members() {
        match key.as_bytes().first() {
            Some(first) if first.is_ascii_uppercase() => upper += 1,
            Some(first) if first.is_ascii_lowercase() => lower += 1,
            _ => {}
        }
    }
    upper > lower
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_names_a_kind() {
        for signature in SIGNATURES {
            assert!(
                catalog::by_name(signature.kind).is_some(),
                "{}",
                signature.kind
            );
        }
    }
}
