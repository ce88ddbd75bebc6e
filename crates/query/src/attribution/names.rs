//! What the log calls the properties that Graph shows.
//!
//! `modifiedProperties` has the directory's internal names. Most are Graph's with a capital letter
//! (`AccountEnabled`); the others stand here, as Microsoft's logs write them.

use catalog::Kind;

/// Internal names that are not Graph's with a capital letter, and the paths that show them. A path counts
/// for the kinds that have its first property.
const INTERNAL: [(&str, &[&str]); 66] = [
    // Users and groups.
    ("AssignedLicense", &["assignedLicenses"]),
    ("AssignedPlan", &["assignedPlans"]),
    ("ProvisionedPlan", &["provisionedPlans"]),
    ("LicenseAssignmentDetail", &["licenseAssignmentStates"]),
    ("FacsimileTelephoneNumber", &["faxNumber"]),
    ("Mobile", &["mobilePhone"]),
    ("OtherMail", &["otherMails"]),
    ("PhysicalDeliveryOfficeName", &["officeLocation"]),
    ("TelephoneNumber", &["businessPhones"]),
    ("SipProxyAddress", &["imAddresses"]),
    ("UserState", &["externalUserState"]),
    ("UserStateChangedOn", &["externalUserStateChangeDateTime"]),
    (
        "StsRefreshTokensValidFrom",
        &[
            "signInSessionsValidFromDateTime",
            "refreshTokensValidFromDateTime",
        ],
    ),
    ("LastDirSyncTime", &["onPremisesLastSyncDateTime"]),
    ("DirSyncEnabled", &["onPremisesSyncEnabled"]),
    ("SourceAnchor", &["onPremisesImmutableId"]),
    ("ImmutableId", &["onPremisesImmutableId"]),
    (
        "OnPremiseSecurityIdentifier",
        &["onPremisesSecurityIdentifier"],
    ),
    (
        "OnPremisesDistinguishedName",
        &["onPremisesDistinguishedName"],
    ),
    ("SamAccountName", &["onPremisesSamAccountName"]),
    ("MinorConsent", &["consentProvidedForMinor"]),
    ("SignInNames", &["identities"]),
    ("SignInIdentifiers", &["identities"]),
    ("StrongAuthenticationMethod", &["strongAuthentication"]),
    ("GroupType", &["groupTypes"]),
    ("IsMembershipRuleOn", &["membershipRuleProcessingState"]),
    ("IsPublic", &["visibility"]),
    ("AssignedLabel", &["assignedLabels"]),
    // Applications and service principals.
    (
        "AppAddress",
        &[
            "web.redirectUris",
            "spa.redirectUris",
            "publicClient.redirectUris",
            "replyUrls",
        ],
    ),
    ("AppIdentifierUri", &["identifierUris"]),
    ("AvailableToOtherTenants", &["signInAudience"]),
    ("KeyDescription", &["keyCredentials", "passwordCredentials"]),
    ("KeyType", &["keyCredentials", "passwordCredentials"]),
    ("Credential", &["keyCredentials", "passwordCredentials"]),
    ("AppRole", &["appRoles"]),
    (
        "Entitlement",
        &[
            "appRoles",
            "api.oauth2PermissionScopes",
            "oauth2PermissionScopes",
        ],
    ),
    (
        "OAuth2Permissions",
        &["api.oauth2PermissionScopes", "oauth2PermissionScopes"],
    ),
    (
        "PermissionScope",
        &["api.oauth2PermissionScopes", "oauth2PermissionScopes"],
    ),
    ("KnownClientApplications", &["api.knownClientApplications"]),
    (
        "PreAuthorizedApplications",
        &["api.preAuthorizedApplications"],
    ),
    ("PublicClient", &["isFallbackPublicClient"]),
    ("WwwHomepage", &["web.homePageUrl", "homepage"]),
    ("Homepage", &["web.homePageUrl", "homepage"]),
    ("LogoutUrl", &["web.logoutUrl", "logoutUrl"]),
    ("Oauth2AllowImplicitFlow", &["web.implicitGrantSettings"]),
    (
        "Oauth2AllowIdTokenImplicitFlow",
        &["web.implicitGrantSettings"],
    ),
    ("InformationalUrls", &["info"]),
    ("MainLogo", &["info.logoUrl"]),
    ("AppLogoUrl", &["info.logoUrl"]),
    ("ServicePrincipalName", &["servicePrincipalNames"]),
    ("Tag", &["tags"]),
    ("AcceptMappedClaims", &["api.acceptMappedClaims"]),
    ("AccessTokenVersion", &["api.requestedAccessTokenVersion"]),
    // Devices.
    ("DeviceOSType", &["operatingSystem"]),
    ("CloudDeviceOSType", &["operatingSystem"]),
    ("DeviceOSVersion", &["operatingSystemVersion"]),
    ("CloudDeviceOSVersion", &["operatingSystemVersion"]),
    ("DeviceTrustType", &["trustType"]),
    ("DevicePhysicalIds", &["physicalIds"]),
    (
        "ApproximateLastLogonTimestamp",
        &["approximateLastSignInDateTime"],
    ),
    // Policies, grants and domains.
    (
        "PermissionGrantPolicyIdsAssignedToDefaultUserRole",
        &["defaultUserRolePermissions.permissionGrantPoliciesAssigned"],
    ),
    ("DelegatedPermissionGrant.Scope", &["scope"]),
    ("DelegatedPermissionGrant.ConsentType", &["consentType"]),
    ("PolicyDetail", &["definition"]),
    ("LiveType", &["authenticationType"]),
    ("TechnicalNotificationMail", &["technicalNotificationMails"]),
];

/// Properties that move when others do, without being told of.
const FOLLOWING: [(&str, &[&str]); 9] = [
    ("assignedPlans", &["assignedLicenses"]),
    ("provisionedPlans", &["assignedLicenses", "assignedPlans"]),
    ("licenseAssignmentStates", &["assignedLicenses"]),
    ("identities", &["userPrincipalName"]),
    ("imAddresses", &["userPrincipalName"]),
    ("mail", &["userPrincipalName", "proxyAddresses"]),
    ("proxyAddresses", &["userPrincipalName", "mail"]),
    ("externalUserStateChangeDateTime", &["externalUserState"]),
    ("securityIdentifier", &["onPremisesSecurityIdentifier"]),
];

/// What activities change that list no property, or not this one.
const IMPLIED: [(&str, &[&str]); 13] = [
    ("reset user password", PASSWORD),
    ("reset password", PASSWORD),
    ("change user password", PASSWORD),
    ("change password", PASSWORD),
    ("set force change user password", PASSWORD),
    ("update stsrefreshtokenvalidfrom", PASSWORD),
    ("disable account", &["accountEnabled"]),
    ("enable account", &["accountEnabled"]),
    (
        "change user license",
        &[
            "assignedLicenses",
            "assignedPlans",
            "licenseAssignmentStates",
            "provisionedPlans",
        ],
    ),
    (
        "update application - certificates and secrets management",
        CREDENTIALS,
    ),
    ("add service principal credentials", CREDENTIALS),
    ("remove service principal credentials", CREDENTIALS),
    (
        "redeem external user invite",
        &["externalUserState", "externalUserStateChangeDateTime"],
    ),
];

const PASSWORD: &[&str] = &[
    "lastPasswordChangeDateTime",
    "passwordProfile",
    "refreshTokensValidFromDateTime",
    "signInSessionsValidFromDateTime",
];
const CREDENTIALS: &[&str] = &["keyCredentials", "passwordCredentials"];

/// Times at which the object itself says it was changed last.
const STAMPS: [&str; 7] = [
    "lastModifiedDateTime",
    "lastPasswordChangeDateTime",
    "lastUpdatedDateTime",
    "modifiedDateTime",
    "refreshTokensValidFromDateTime",
    "signInSessionsValidFromDateTime",
    "updatedDateTime",
];

/// What stands in the list of a parent when rows below it change.
const BELOW: [(&str, &[&str]); 6] = [
    (
        "user_authentication_method",
        &[
            "StrongAuthenticationMethod",
            "StrongAuthenticationPhoneAppDetail",
            "StrongAuthenticationUserDetails",
            "StrongAuthenticationRequirement",
            "SearchableDeviceKey",
            "AlternativeSecurityId",
        ],
    ),
    ("user_license_detail", &["AssignedLicense", "AssignedPlan"]),
    ("user_sponsor", &["Sponsor", "Sponsors"]),
    ("user_manager", &["Manager"]),
    (
        "application_federated_identity_credential",
        &[
            "FederatedIdentityCredentials",
            "FederatedIdentityCredential",
        ],
    ),
    (
        "application_extension_property",
        &["ExtensionProperty", "ExtensionProperties"],
    ),
];

/// The paths a kind shows an internal name at; empty where it shows it nowhere that we know.
pub(super) fn paths(kind: &Kind, name: &str) -> Vec<&'static str> {
    let has = |top: &str| kind.columns.iter().any(|column| column.property == top);
    let listed = INTERNAL
        .iter()
        .filter(|(internal, _)| internal.eq_ignore_ascii_case(name))
        .flat_map(|(_, paths)| *paths)
        .copied()
        .filter(|path| has(top(path)));
    let mut paths: Vec<&'static str> = listed.collect();
    let own = kind
        .columns
        .iter()
        .map(|column| column.property)
        .find(|property| property.eq_ignore_ascii_case(name));
    paths.extend(own.filter(|own| !paths.contains(own)));
    paths
}

/// Whether a name stands for the whole object: Conditional Access logs policies as they are.
pub(super) fn is_whole(kind: &Kind, name: &str) -> bool {
    catalog::snake_case(name) == kind.name
}

/// Properties whose change brings a change of this one along.
pub(super) fn leaders(property: &str) -> &'static [&'static str] {
    FOLLOWING
        .iter()
        .find(|(follower, _)| *follower == property)
        .map_or(&[], |(_, leaders)| leaders)
}

/// The properties an activity changes by its name; empty where the name says none.
pub(super) fn implied(activity: &str) -> &'static [&'static str] {
    IMPLIED
        .iter()
        .find(|(start, _)| activity.starts_with(start))
        .map_or(&[], |(_, paths)| paths)
}

/// Whether a property holds the time of its object's last change.
pub(super) fn is_stamp(path: &str) -> bool {
    STAMPS.contains(&path)
}

/// Whether a name in a parent's list is about rows of a kind below it.
pub(super) fn is_below(kind: &Kind, name: &str) -> bool {
    BELOW
        .iter()
        .find(|(below, _)| *below == kind.name)
        .is_some_and(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// The first property of a path.
pub(super) fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

/// What is left of a path below another: `Some("")` where they are the same.
pub(super) fn below<'p>(path: &'p str, outer: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(outer)?;
    match rest.chars().next() {
        None | Some('[') => Some(rest),
        Some('.') => Some(&rest[1..]),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, name: &str) -> Vec<&'static str> {
        paths(catalog::by_name(kind).expect("because it is listed"), name)
    }

    #[test]
    fn internal_names_become_paths() {
        assert_eq!(of("user", "AccountEnabled"), ["accountEnabled"]);
        assert_eq!(of("user", "Mobile"), ["mobilePhone"]);
        assert_eq!(
            of("application", "KeyDescription"),
            ["keyCredentials", "passwordCredentials"]
        );
        assert_eq!(of("service_principal", "AppAddress"), ["replyUrls"]);
        assert_eq!(
            of("application", "AppAddress").first(),
            Some(&"web.redirectUris")
        );
        assert_eq!(
            of("oauth2_permission_grant", "DelegatedPermissionGrant.Scope"),
            ["scope"]
        );
        assert!(of("user", "Frobnication").is_empty());
        let policy = catalog::by_name("conditional_access_policy").expect("because it is listed");
        assert!(is_whole(policy, "ConditionalAccessPolicy"));
    }

    #[test]
    fn paths_lie_below_each_other() {
        assert_eq!(below("web.redirectUris", "web"), Some("redirectUris"));
        assert_eq!(
            below("keyCredentials[keyId=a].x", "keyCredentials"),
            Some("[keyId=a].x")
        );
        assert_eq!(below("state", "state"), Some(""));
        assert_eq!(below("statement", "state"), None);
    }
}
