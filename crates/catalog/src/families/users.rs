//! People: users, what hangs on one user, and organisational contacts.

use crate::kind::{Category, Kind, PARENT, to_many, to_one};
use crate::notation::{columns, paths, references};
use crate::reading::{Delta, FurtherPermission, thirty_days};
use crate::writing::Writing;

/// A `$select` of all that the directory itself stores of a user, and of what more is named.
///
/// Not selectable in a collection: aboutMe, birthday, hireDate, interests, mySite, pastProjects,
/// preferredName, responsibilities, schools, skills, mailboxSettings (501).
macro_rules! select_user {
    ($($more:ident)*) => {
        $crate::notation::select![
            id deletedDateTime accountEnabled ageGroup assignedLicenses assignedPlans
            authorizationInfo businessPhones city companyName consentProvidedForMinor
            country createdDateTime creationType department deviceEnrollmentLimit
            displayName employeeHireDate employeeId employeeLeaveDateTime
            employeeOrgData employeeType externalUserState
            externalUserStateChangeDateTime faxNumber givenName identities
            identityParentId imAddresses isManagementRestricted isResourceAccount
            jobTitle lastPasswordChangeDateTime legalAgeGroupClassification
            licenseAssignmentStates mail mailNickname mobilePhone officeLocation
            onPremisesDistinguishedName onPremisesDomainName
            onPremisesExtensionAttributes onPremisesImmutableId
            onPremisesLastSyncDateTime onPremisesProvisioningErrors
            onPremisesSamAccountName onPremisesSecurityIdentifier
            onPremisesSyncEnabled onPremisesUserPrincipalName otherMails
            passwordPolicies passwordProfile postalCode preferredDataLocation
            preferredLanguage print provisionedPlans proxyAddresses securityIdentifier
            serviceProvisioningErrors showInAddressList
            signInSessionsValidFromDateTime state streetAddress surname usageLocation
            userPrincipalName userType
            $($more)*
        ]
    };
}

pub(super) use select_user;

pub(super) static KINDS: &[Kind] = &[
    USER,
    Kind {
        name: "user_manager",
        table: "user_managers",
        title: "User manager",
        category: Category::Directory,
        path: "/users/{userId}/manager",
        permissions: &["User.Read.All"],
        delta: Some(Delta::Within),
        expand: Some("manager($select=id)"),
        writing: Some(Writing::link(&["User.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_one("manager", "user_id", "manager_id", "user"),
        parent: Some("user"),
        ..Kind::BASE
    },
    Kind {
        name: "user_sponsor",
        table: "user_sponsors",
        title: "User sponsors (guests)",
        category: Category::Directory,
        path: "/users/{userId}/sponsors",
        permissions: &["User.Read.All"],
        shown_by: Some("sponsors($select=id)"),
        changed_by: &[
            "Add user sponsor",
            "Remove user sponsor",
            "Add sponsor",
            "Remove sponsor",
            "Update user",
        ],
        writing: Some(Writing::links(&["User.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many("sponsors", "user_id", "sponsor_id", "directory_object"),
        parent: Some("user"),
        ..Kind::BASE
    },
    Kind {
        name: "user_authentication_method",
        table: "user_authentication_methods",
        title: "User registered authentication methods",
        aliases: paths![mfa_method],
        category: Category::Directory,
        path: "/users/{userId}/authentication/methods",
        permissions: &["UserAuthenticationMethod.Read.All"],
        changed_by: &[
            "User registered",
            "User deleted security info",
            "User changed default security info",
            "User updated security info",
            "Admin registered security info",
            "Admin deleted security info",
            "Admin updated security info",
            "Add FIDO2 security key",
            "Delete FIDO2 security key",
            "Add Windows Hello for Business credential",
            "Delete Windows Hello for Business credential",
            "Add passwordless phone sign-in credential",
            "Delete passwordless phone sign-in credential",
            "Add platform credential",
            "Delete platform credential",
            "Add users strong authentication phone app detail",
            "Remove users strong authentication phone app detail",
            "Enable Strong Authentication",
            "Disable Strong Authentication",
            "Create application password for user",
            "Delete application password for user",
            "Set user oath token metadata enabled",
            "Change user password",
            "Change password",
            "Reset password",
            "Reset user password",
            "Set force change user password",
            "Update user",
        ],
        entity_type: "microsoft.graph.authenticationMethod",
        derived_types: paths![
            microsoft.graph.emailAuthenticationMethod microsoft.graph.externalAuthenticationMethod
            microsoft.graph.fido2AuthenticationMethod
            microsoft.graph.microsoftAuthenticatorAuthenticationMethod
            microsoft.graph.passwordAuthenticationMethod microsoft.graph.phoneAuthenticationMethod
            microsoft.graph.platformCredentialAuthenticationMethod
            microsoft.graph.qrCodePinAuthenticationMethod
            microsoft.graph.softwareOathAuthenticationMethod
            microsoft.graph.temporaryAccessPassAuthenticationMethod
            microsoft.graph.windowsHelloForBusinessAuthenticationMethod
        ],
        parent: Some("user"),
        display: paths![displayName emailAddress phoneNumber id],
        subject: Some(PARENT),
        read_only: paths![createdDateTime id],
        secrets: paths![password secretKey temporaryAccessPass],
        columns: columns![
            Time createdDateTime, Text emailAddress configurationId displayName aaGuid,
            Json attestationCertificates, Text attestationLevel model passkeyType,
            Json publicKeyCredential, Text deviceTag phoneAppVersion password phoneNumber
            phoneType smsSignInState keyStrength platform secretKey, Bool isUsable isUsableOnce,
            Int lifetimeInMinutes, Text methodUsabilityReason, Time startDateTime,
            Text temporaryAccessPass
        ],
        ..Kind::BASE
    },
    Kind {
        name: "user_extension",
        table: "user_extensions",
        title: "User open extensions",
        category: Category::Directory,
        path: "/users/{userId}/extensions",
        permissions: &["User.Read.All"],
        shown_by: Some("extensions"),
        writing: Some(Writing::objects(&["User.ReadWrite.All"])),
        entity_type: "microsoft.graph.extension",
        derived_types: paths![microsoft.graph.openTypeExtension],
        parent: Some("user"),
        display: paths![extensionName id],
        subject: Some(PARENT),
        read_only: paths![id],
        columns: columns![Text extensionName],
        ..Kind::BASE
    },
    Kind {
        name: "user_license_detail",
        table: "user_license_details",
        title: "User license details",
        category: Category::Directory,
        path: "/users/{userId}/licenseDetails",
        permissions: &["LicenseAssignment.Read.All"],
        changed_by: &[
            "Change user license",
            "Finish applying group based license to user",
            "Update user",
        ],
        made_later: true,
        entity_type: "microsoft.graph.licenseDetails",
        parent: Some("user"),
        display: paths![skuPartNumber],
        subject: Some(PARENT),
        drift: paths![servicePlans],
        read_only: paths![id],
        sets: paths![servicePlans],
        columns: columns![Json servicePlans, Text skuId skuPartNumber],
        ..Kind::BASE
    },
    Kind {
        name: "org_contact",
        table: "contacts",
        title: "Organizational contact",
        aliases: paths![contact],
        category: Category::Directory,
        path: "/contacts",
        permissions: &["OrgContact.Read.All"],
        page_size: Some(999),
        delta: Some(Delta::Own {
            path: "/contacts/delta",
            without: &[],
        }),
        entity_type: "microsoft.graph.orgContact",
        display: paths![displayName mail],
        volatile: paths![onPremisesLastSyncDateTime],
        read_only: paths![deletedDateTime id],
        sets: paths![onPremisesProvisioningErrors proxyAddresses serviceProvisioningErrors],
        columns: columns![
            Time deletedDateTime, Json addresses, Text companyName department displayName
            givenName jobTitle mail mailNickname, Time onPremisesLastSyncDateTime,
            Json onPremisesProvisioningErrors, Bool onPremisesSyncEnabled, Json phones
            proxyAddresses serviceProvisioningErrors, Text surname
        ],
        ..Kind::BASE
    },
];

/// Shared with its deleted twin.
pub(super) const USER: Kind = Kind {
    name: "user",
    table: "users",
    title: "User",
    aliases: paths![u],
    category: Category::Directory,
    path: "/users",
    // signInActivity lowers the page size.
    query: Some(select_user![customSecurityAttributes signInActivity]),
    permissions: &["User.Read.All"],
    further_permissions: &[
        FurtherPermission {
            permission: "AuditLog.Read.All",
            properties: paths![signInActivity],
        },
        FurtherPermission {
            permission: "CustomSecAttributeAssignment.Read.All",
            properties: paths![customSecurityAttributes],
        },
    ],
    page_size: Some(999),
    delta: Some(Delta::Own {
        path: "/users/delta",
        without: paths![customSecurityAttributes signInActivity],
    }),
    soft_delete: Some(thirty_days("/directory/deletedItems/microsoft.graph.user")),
    writing: Some(
        Writing::objects(&["User.ReadWrite.All"]).undelete("/directory/deletedItems/{id}/restore"),
    ),
    entity_type: "microsoft.graph.user",
    derived_types: paths![microsoft.graph.agentUser],
    display: paths![displayName userPrincipalName mail],
    subject: Some("id"),
    volatile: paths![onPremisesLastSyncDateTime signInActivity],
    drift: paths![
        assignedPlans deviceEnrollmentLimit onPremisesProvisioningErrors provisionedPlans
        serviceProvisioningErrors
    ],
    read_only: paths![
        assignedLicenses assignedPlans createdDateTime creationType deletedDateTime
        deviceEnrollmentLimit externalUserStateChangeDateTime id identityParentId imAddresses
        isManagementRestricted isResourceAccount lastPasswordChangeDateTime
        legalAgeGroupClassification licenseAssignmentStates mailboxSettings
        onPremisesDistinguishedName onPremisesDomainName onPremisesLastSyncDateTime
        onPremisesProvisioningErrors onPremisesSamAccountName onPremisesSecurityIdentifier
        onPremisesSyncEnabled onPremisesUserPrincipalName print provisionedPlans proxyAddresses
        securityIdentifier serviceProvisioningErrors signInActivity
        signInSessionsValidFromDateTime
    ],
    // Not interests, skills and the like: a person writes them in an order.
    sets: paths![
        assignedLicenses assignedLicenses.disabledPlans assignedPlans
        authorizationInfo.certificateUserIds businessPhones identities imAddresses
        licenseAssignmentStates licenseAssignmentStates.disabledPlans
        mailboxSettings.workingHours.daysOfWeek onPremisesProvisioningErrors otherMails
        provisionedPlans proxyAddresses serviceProvisioningErrors
    ],
    secrets: paths![passwordProfile.password],
    references: references![
        assignedLicenses.skuId => subscribed_sku, identities.issuer => domain
    ],
    export_path: Some("Users"),
    columns: columns![
        Time deletedDateTime, Text aboutMe, Bool accountEnabled, Text ageGroup,
        Json assignedLicenses assignedPlans authorizationInfo, Time birthday, Json businessPhones,
        Text city companyName consentProvidedForMinor country, Time createdDateTime,
        Text creationType, Json customSecurityAttributes, Text department,
        Int deviceEnrollmentLimit, Text displayName, Time employeeHireDate, Text employeeId,
        Time employeeLeaveDateTime, Json employeeOrgData, Text employeeType externalUserState,
        Time externalUserStateChangeDateTime, Text faxNumber givenName, Time hireDate,
        Json identities, Text identityParentId, Json imAddresses interests,
        Bool isManagementRestricted isResourceAccount, Text jobTitle,
        Time lastPasswordChangeDateTime, Text legalAgeGroupClassification,
        Json licenseAssignmentStates, Text mail, Json mailboxSettings, Text mailNickname
        mobilePhone mySite officeLocation onPremisesDistinguishedName onPremisesDomainName,
        Json onPremisesExtensionAttributes, Text onPremisesImmutableId,
        Time onPremisesLastSyncDateTime, Json onPremisesProvisioningErrors,
        Text onPremisesSamAccountName onPremisesSecurityIdentifier, Bool onPremisesSyncEnabled,
        Text onPremisesUserPrincipalName, Json otherMails, Text passwordPolicies,
        Json passwordProfile pastProjects, Text postalCode preferredDataLocation preferredLanguage
        preferredName, Json print provisionedPlans proxyAddresses responsibilities schools,
        Text securityIdentifier, Json serviceProvisioningErrors, Bool showInAddressList,
        Json signInActivity, Time signInSessionsValidFromDateTime, Json skills, Text state
        streetAddress surname usageLocation userPrincipalName userType
    ],
    ..Kind::BASE
};
