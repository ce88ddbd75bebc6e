//! What the directory audit log calls the properties that Graph shows.
//!
//! `modifiedProperties` has the directory's internal names. Most are Graph's with a capital letter
//! (`AccountEnabled`); the others stand here, as Microsoft's logs write them.

use crate::kind::Kind;

/// Name of the entry in `modifiedProperties` that lists the names of all changed properties ([`included`]).
pub const INCLUDED: &str = "Included Updated Properties";

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
            // The password is a method too.
            "PasswordProfile",
        ],
    ),
    (
        "user_license_detail",
        &[
            "AssignedLicense",
            "AssignedPlan",
            "ProvisionedPlan",
            "LicenseAssignmentDetail",
        ],
    ),
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
#[must_use]
pub fn paths(kind: &Kind, name: &str) -> Vec<&'static str> {
    let has = |path: &str| {
        let top = path.split('.').next();
        let mut columns = kind.columns.iter();
        columns.any(|column| Some(column.property) == top)
    };
    let listed = INTERNAL
        .iter()
        .filter(|(internal, _)| internal.eq_ignore_ascii_case(name))
        .flat_map(|(_, paths)| *paths)
        .copied()
        .filter(|path| has(path));
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
#[must_use]
pub fn is_whole(kind: &Kind, name: &str) -> bool {
    crate::names::snake_case(name) == kind.name
}

/// Properties whose change brings a change of this one along.
#[must_use]
pub fn leaders(property: &str) -> &'static [&'static str] {
    FOLLOWING
        .iter()
        .find(|(follower, _)| *follower == property)
        .map_or(&[], |(_, leaders)| leaders)
}

/// The properties an activity changes by its name; empty where the name says none.
#[must_use]
pub fn implied(activity: &str) -> &'static [&'static str] {
    IMPLIED
        .iter()
        .find(|(start, _)| activity.starts_with(start))
        .map_or(&[], |(_, paths)| paths)
}

/// Whether a property holds the time of its object's last change.
#[must_use]
pub fn is_stamp(path: &str) -> bool {
    STAMPS.contains(&path)
}

/// Whether a name in a parent's list is about rows of a kind below it.
#[must_use]
pub fn is_below(kind: &Kind, name: &str) -> bool {
    BELOW
        .iter()
        .find(|(below, _)| *below == kind.name)
        .is_some_and(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// Whether a name in the list of an object of a kind is known: as a property of it, or as one of rows below it.
#[must_use]
pub fn is_known(kind: &Kind, name: &str) -> bool {
    let mut below = BELOW.iter().filter_map(|(below, _)| crate::by_name(below));
    !paths(kind, name).is_empty()
        || below.any(|below| below.parent == Some(kind.name) && is_below(below, name))
}

/// Whether the name of an entry in `modifiedProperties` is one of a property: some entries say by whom or through what
/// something was done.
#[must_use]
pub fn is_property(name: &str) -> bool {
    const NONE: [&str; 5] = [
        "ActorId.",
        "TargetId.",
        "SPN",
        "Action Client Name",
        "MethodExecutionResult.",
    ];
    name != INCLUDED && !NONE.iter().any(|prefix| name.starts_with(prefix))
}

/// The names in the value of [`INCLUDED`], as `"AccountEnabled, Department"`, quotes included.
pub fn included(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(|name| name.trim_matches(|c: char| c.is_whitespace() || "\"[]".contains(c)))
        .filter(|name| !name.is_empty())
}

/// Whether an activity is among those after which the rows of a kind below its targets must be read again
/// ([`Kind::changed_by`]).
#[must_use]
pub fn announces(kind: &Kind, activity: &str) -> bool {
    kind.changed_by.iter().any(|beginning| {
        activity
            .get(..beginning.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    })
}

/// Whether an activity is the plain update of objects of a kind (`Update user`), which may be of any property: only the
/// names that it lists say of which.
#[must_use]
pub fn is_plain_update(kind: &Kind, activity: &str) -> bool {
    let noun = activity.get(.."update ".len());
    let noun = noun.filter(|verb| verb.eq_ignore_ascii_case("update "));
    noun.is_some_and(|verb| {
        let words = kind.name.split('_');
        let said = activity[verb.len()..].trim_end_matches('.').split(' ');
        words.eq(said.map(str::to_ascii_lowercase))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(name: &str) -> &'static Kind {
        crate::by_name(name).expect("because it is listed")
    }

    fn of(kind: &str, name: &str) -> Vec<&'static str> {
        paths(catalog(kind), name)
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
        let knows = |name| is_known(catalog("user"), name);
        assert!(knows("Department") && knows("StrongAuthenticationMethod"));
        assert!(!knows("Frobnication") && !knows("ExtensionProperty"));
        let policy = catalog("conditional_access_policy");
        assert!(is_whole(policy, "ConditionalAccessPolicy"));
    }

    #[test]
    fn entries_that_are_no_properties_are_known() {
        for none in [INCLUDED, "TargetId.DeviceId", "Action Client Name"] {
            assert!(!is_property(none), "{none}");
        }
        assert!(is_property("Department"));
        let names: Vec<_> = included("\"AccountEnabled, Department\"").collect();
        assert_eq!(names, ["AccountEnabled", "Department"]);
        assert_eq!(included("\"\"").count(), 0);
    }

    #[test]
    fn a_plain_update_is_one_of_the_kind_itself() {
        let user = catalog("user");
        assert!(is_plain_update(user, "Update user"));
        let principal = catalog("service_principal");
        assert!(is_plain_update(principal, "Update service principal."));
        for other in ["Update user settings", "Update group", "Add user", "Update"] {
            assert!(!is_plain_update(user, other), "{other}");
        }
    }
}
