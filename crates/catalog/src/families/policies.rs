//! Tenant-wide policies: authorisation, tokens, application management, devices, groups.

use crate::kind::{Api, Category, Kind, Shape};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "authorization_policy",
        table: "authorization_policies",
        title: "Authorization policy",
        aliases: paths![authorization],
        category: Category::Policies,
        path: "/policies/authorizationPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&["Policy.ReadWrite.Authorization"])),
        entity_type: "microsoft.graph.authorizationPolicy",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        sets: paths![defaultUserRolePermissions.permissionGrantPoliciesAssigned],
        references: references![
            guestUserRoleId => role_definition,
            defaultUserRolePermissions.permissionGrantPoliciesAssigned => permission_grant_policy
        ],
        export_path: Some("Policies/AuthorizationPolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName,
            Bool allowedToSignUpEmailBasedSubscriptions allowedToUseSSPR
            allowEmailVerifiedUsersToJoinOrganization, Text allowInvitesFrom,
            Bool allowUserConsentForRiskyApps blockMsolPowerShell,
            Json defaultUserRolePermissions, Text guestUserRoleId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "security_defaults_policy",
        table: "security_defaults_policies",
        title: "Security defaults",
        aliases: paths![security_defaults],
        category: Category::Policies,
        path: "/policies/identitySecurityDefaultsEnforcementPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&["Policy.ReadWrite.SecurityDefaults"])),
        entity_type: "microsoft.graph.identitySecurityDefaultsEnforcementPolicy",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        export_path: Some("Policies/IdentitySecurityDefaultsEnforcementPolicy"),
        columns: columns![Time deletedDateTime, Text description displayName, Bool isEnabled],
        ..Kind::BASE
    },
    Kind {
        name: "feature_rollout_policy",
        table: "feature_rollout_policies",
        title: "Staged rollout policy",
        aliases: paths![staged_rollout],
        category: Category::Policies,
        path: "/policies/featureRolloutPolicies",
        query: Some("$expand=appliesTo"),
        delegated: Some("Policy.Read.HybridAuthentication"),
        writing: Some(Writing::objects(&[]).signed_in(&[
            "Directory.ReadWrite.All",
            "Policy.ReadWrite.HybridAuthentication",
        ])),
        entity_type: "microsoft.graph.featureRolloutPolicy",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![appliesTo],
        references: references![appliesTo.id => group],
        export_path: Some("Policies/FeatureRolloutPolicies"),
        columns: columns![
            Text description displayName feature, Bool isAppliedToOrganization isEnabled
        ],
        ..Kind::BASE
    },
    Kind {
        name: "activity_based_timeout_policy",
        table: "activity_based_timeout_policies",
        title: "Activity-based timeout policy",
        category: Category::Policies,
        path: "/policies/activityBasedTimeoutPolicies",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::objects(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.activityBasedTimeoutPolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        export_path: Some("Policies/ActivityBasedTimeoutPolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Json definition,
            Bool isOrganizationDefault
        ],
        ..Kind::BASE
    },
    Kind {
        name: "home_realm_discovery_policy",
        table: "home_realm_discovery_policies",
        title: "Home realm discovery policy",
        aliases: paths![hrd],
        category: Category::Policies,
        path: "/policies/homeRealmDiscoveryPolicies",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::objects(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.homeRealmDiscoveryPolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        export_path: Some("Policies/HomeRealmDiscoveryPolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Json definition,
            Bool isOrganizationDefault
        ],
        ..Kind::BASE
    },
    Kind {
        name: "claims_mapping_policy",
        table: "claims_mapping_policies",
        title: "Claims mapping policy",
        aliases: paths![claims_mapping],
        category: Category::Policies,
        path: "/policies/claimsMappingPolicies",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::objects(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.claimsMappingPolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        export_path: Some("Policies/ClaimsMappingPolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Json definition,
            Bool isOrganizationDefault
        ],
        ..Kind::BASE
    },
    Kind {
        name: "token_issuance_policy",
        table: "token_issuance_policies",
        title: "Token issuance policy",
        category: Category::Policies,
        path: "/policies/tokenIssuancePolicies",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::objects(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.tokenIssuancePolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        export_path: Some("Policies/TokenIssuancePolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Json definition,
            Bool isOrganizationDefault
        ],
        ..Kind::BASE
    },
    Kind {
        name: "token_lifetime_policy",
        table: "token_lifetime_policies",
        title: "Token lifetime policy",
        category: Category::Policies,
        path: "/policies/tokenLifetimePolicies",
        permissions: &["Policy.Read.All"],
        licence: Licence::P1,
        writing: Some(Writing::objects(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.tokenLifetimePolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        export_path: Some("Policies/TokenLifetimePolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Json definition,
            Bool isOrganizationDefault
        ],
        ..Kind::BASE
    },
    Kind {
        name: "default_app_management_policy",
        table: "default_app_management_policies",
        title: "Default app management policy",
        aliases: paths![default_app_management],
        category: Category::Policies,
        path: "/policies/defaultAppManagementPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.tenantAppManagementPolicy",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        sets: paths![
            applicationRestrictions.keyCredentials applicationRestrictions.passwordCredentials
            servicePrincipalRestrictions.keyCredentials
            servicePrincipalRestrictions.passwordCredentials
        ],
        export_path: Some("Policies/DefaultAppManagementPolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Json applicationRestrictions,
            Bool isEnabled, Json servicePrincipalRestrictions
        ],
        ..Kind::BASE
    },
    Kind {
        name: "app_management_policy",
        table: "app_management_policies",
        title: "App management policy",
        category: Category::Policies,
        path: "/policies/appManagementPolicies",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::objects(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.appManagementPolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        sets: paths![restrictions.keyCredentials restrictions.passwordCredentials],
        export_path: Some("Policies/AppManagementPolicies"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Bool isEnabled, Json restrictions
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_registration_policy",
        table: "device_registration_policies",
        title: "Device registration policy",
        category: Category::Policies,
        path: "/policies/deviceRegistrationPolicy",
        permissions: &["Policy.Read.DeviceConfiguration"],
        writing: Some(
            Writing::settings(&["Policy.ReadWrite.DeviceConfiguration"]).update(
                Method::Put,
                Address::Collection,
                Body::Properties,
            ),
        ),
        entity_type: "microsoft.graph.deviceRegistrationPolicy",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![
            azureADJoin.allowedToJoin.groups azureADJoin.allowedToJoin.users
            azureADJoin.localAdmins.registeringUsers.groups
            azureADJoin.localAdmins.registeringUsers.users
            azureADRegistration.allowedToRegister.groups
            azureADRegistration.allowedToRegister.users
        ],
        columns: columns![
            Json azureADJoin azureADRegistration, Text description displayName,
            Json localAdminPassword, Text multiFactorAuthConfiguration, Int userDeviceQuota
        ],
        ..Kind::BASE
    },
    Kind {
        name: "federated_token_validation_policy",
        table: "federated_token_validation_policies",
        title: "Federated token validation policy",
        category: Category::Policies,
        path: "/policies/federatedTokenValidationPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&["Policy.ReadWrite.FedTokenValidation"])),
        entity_type: "microsoft.graph.federatedTokenValidationPolicy",
        shape: Shape::Singleton,
        read_only: paths![deletedDateTime id],
        sets: paths![validatingDomains.domainNames],
        columns: columns![Time deletedDateTime, Json validatingDomains],
        ..Kind::BASE
    },
    Kind {
        name: "ownerless_group_policy",
        table: "ownerless_group_policies",
        title: "Ownerless group policy",
        category: Category::Policies,
        path: "/policies/ownerlessGroupPolicy",
        delegated: Some("Group.Read.All"),
        licence: Licence::P1,
        writing: Some(Writing::settings(&[]).signed_in(&["Group.ReadWrite.All"])),
        entity_type: "microsoft.graph.ownerlessGroupPolicy",
        shape: Shape::Singleton,
        read_only: paths![id],
        sets: paths![enabledGroupIds targetOwners.securityGroups],
        columns: columns![
            Json emailInfo enabledGroupIds, Bool isEnabled, Int maxMembersToNotify
            notificationDurationInWeeks, Text policyWebUrl, Json targetOwners
        ],
        ..Kind::BASE
    },
    Kind {
        name: "mobile_device_management_policy",
        table: "mobile_device_management_policies",
        title: "MDM enrolment scope policy",
        aliases: paths![mdm],
        category: Category::Policies,
        api: Api::Beta,
        path: "/policies/mobileDeviceManagementPolicies",
        query: Some("$expand=includedGroups"),
        delegated: Some("Policy.Read.All"),
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&[])
                .never_made()
                .signed_in(&["Policy.ReadWrite.MobilityManagement"]),
        ),
        entity_type: "microsoft.graph.mobileDeviceManagementPolicy",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![includedGroups],
        columns: columns![
            Text appliesTo complianceUrl description discoveryUrl displayName, Bool isValid,
            Text termsOfUseUrl, Bool isMdmEnrollmentDuringRegistrationDisabled
        ],
        ..Kind::BASE
    },
    Kind {
        name: "mobile_app_management_policy",
        table: "mobile_app_management_policies",
        title: "MAM enrolment scope policy",
        aliases: paths![mam],
        category: Category::Policies,
        api: Api::Beta,
        path: "/policies/mobileAppManagementPolicies",
        query: Some("$expand=includedGroups"),
        delegated: Some("Policy.Read.All"),
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&[])
                .never_made()
                .signed_in(&["Policy.ReadWrite.MobilityManagement"]),
        ),
        entity_type: "microsoft.graph.mobileAppManagementPolicy",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![includedGroups],
        columns: columns![
            Text appliesTo complianceUrl description discoveryUrl displayName, Bool isValid,
            Text termsOfUseUrl
        ],
        ..Kind::BASE
    },
    Kind {
        name: "directory_setting",
        table: "directory_settings",
        title: "Directory settings (password protection, consent; beta name of group settings)",
        category: Category::Policies,
        api: Api::Beta,
        path: "/settings",
        permissions: &["GroupSettings.Read.All"],
        writing: Some(Writing::objects(&["GroupSettings.ReadWrite.All"])),
        entity_type: "microsoft.graph.directorySetting",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![values],
        references: references![templateId => group_setting_template],
        columns: columns![Text displayName templateId, Json values],
        ..Kind::BASE
    },
];
