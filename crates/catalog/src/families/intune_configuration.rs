//! Intune configuration: profiles, compliance, settings catalogue, enrolment.

use crate::kind::{Api, Category, Kind};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "device_configuration",
        table: "device_configurations",
        title: "Intune device configuration profile",
        category: Category::Intune,
        path: "/deviceManagement/deviceConfigurations",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceConfiguration",
        derived_types: paths![
            microsoft.graph.androidCustomConfiguration
            microsoft.graph.androidGeneralDeviceConfiguration
            microsoft.graph.androidWorkProfileCustomConfiguration
            microsoft.graph.androidWorkProfileGeneralDeviceConfiguration
            microsoft.graph.appleDeviceFeaturesConfigurationBase
            microsoft.graph.iosDeviceFeaturesConfiguration
            microsoft.graph.macOSDeviceFeaturesConfiguration
            microsoft.graph.editionUpgradeConfiguration microsoft.graph.iosCertificateProfile
            microsoft.graph.iosCustomConfiguration microsoft.graph.iosGeneralDeviceConfiguration
            microsoft.graph.iosUpdateConfiguration microsoft.graph.macOSCustomConfiguration
            microsoft.graph.macOSGeneralDeviceConfiguration microsoft.graph.sharedPCConfiguration
            microsoft.graph.windows10CustomConfiguration
            microsoft.graph.windows10EndpointProtectionConfiguration
            microsoft.graph.windows10EnterpriseModernAppManagementConfiguration
            microsoft.graph.windows10GeneralConfiguration
            microsoft.graph.windows10SecureAssessmentConfiguration
            microsoft.graph.windows10TeamGeneralConfiguration
            microsoft.graph.windows81GeneralConfiguration
            microsoft.graph.windowsDefenderAdvancedThreatProtectionConfiguration
            microsoft.graph.windowsPhone81CustomConfiguration
            microsoft.graph.windowsPhone81GeneralConfiguration
            microsoft.graph.windowsUpdateForBusinessConfiguration
        ],
        display: paths![displayName],
        read_only: paths![
            applyOnlyToWindows81 applyOnlyToWindowsPhone81 createdDateTime
            featureUpdatesPauseStartDate id lastModifiedDateTime qualityUpdatesPauseStartDate
            version
        ],
        sets: paths![assignments],
        // Graph masks secret OMA-URI values itself; the plain omaSettings.value is
        // configuration.
        secrets: paths![azureOperationalInsightsWorkspaceKey productKey],
        references: references![assignments.target.groupId => group],
        // Base properties only: with the 26 derived types there would be 549.
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Int version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_compliance_policy",
        table: "device_compliance_policies",
        title: "Intune compliance policy",
        aliases: paths![compliance_policy],
        category: Category::Intune,
        path: "/deviceManagement/deviceCompliancePolicies",
        query: Some(
            "$expand=assignments,scheduledActionsForRule($expand=scheduledActionConfigurations)",
        ),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceCompliancePolicy",
        derived_types: paths![
            microsoft.graph.androidCompliancePolicy
            microsoft.graph.androidWorkProfileCompliancePolicy microsoft.graph.iosCompliancePolicy
            microsoft.graph.macOSCompliancePolicy microsoft.graph.windows10CompliancePolicy
            microsoft.graph.windows10MobileCompliancePolicy
            microsoft.graph.windows81CompliancePolicy
            microsoft.graph.windowsPhone81CompliancePolicy
        ],
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime version],
        sets: paths![assignments scheduledActionsForRule],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Int version, Bool deviceThreatProtectionEnabled,
            Text deviceThreatProtectionRequiredSecurityLevel minAndroidSecurityPatchLevel
            osMaximumVersion osMinimumVersion, Int passwordExpirationDays passwordMinimumLength
            passwordMinutesOfInactivityBeforeLock passwordPreviousPasswordBlockCount,
            Bool passwordRequired, Text passwordRequiredType, Bool securityBlockJailbrokenDevices
            securityDisableUsbDebugging securityPreventInstallAppsFromUnknownSources
            securityRequireCompanyPortalAppIntegrity securityRequireGooglePlayServices
            securityRequireSafetyNetAttestationBasicIntegrity
            securityRequireSafetyNetAttestationCertifiedDevice
            securityRequireUpToDateSecurityProviders securityRequireVerifyApps
            storageRequireEncryption managedEmailProfileRequired passcodeBlockSimple,
            Int passcodeExpirationDays passcodeMinimumCharacterSetCount passcodeMinimumLength
            passcodeMinutesOfInactivityBeforeLock passcodePreviousPasscodeBlockCount,
            Bool passcodeRequired, Text passcodeRequiredType, Bool firewallBlockAllIncoming
            firewallEnabled firewallEnableStealthMode passwordBlockSimple,
            Int passwordMinimumCharacterSetCount, Bool systemIntegrityProtectionEnabled
            bitLockerEnabled codeIntegrityEnabled earlyLaunchAntiMalwareDriverEnabled,
            Text mobileOsMaximumVersion mobileOsMinimumVersion,
            Bool passwordRequiredToUnlockFromIdle requireHealthyDeviceReport secureBootEnabled
            passwordRequireToUnlockFromIdle
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_configuration_policy",
        table: "device_configuration_policies",
        title: "Intune settings catalog policy",
        aliases: paths![settings_catalog],
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/configurationPolicies",
        query: Some("$expand=settings,assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceManagementConfigurationPolicy",
        display: paths![name],
        read_only: paths![
            createdDateTime creationSource id isAssigned lastModifiedDateTime settingCount
        ],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text creationSource description,
            Bool disableEntraGroupPolicyAssignment isAssigned, Time lastModifiedDateTime,
            Text name, Json platforms priorityMetaData roleScopeTagIds, Int settingCount,
            Json technologies templateReference
        ],
        ..Kind::BASE
    },
    Kind {
        name: "group_policy_configuration",
        table: "group_policy_configurations",
        title: "Intune administrative templates",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/groupPolicyConfigurations",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.groupPolicyConfiguration",
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Text policyConfigurationIngestionType, Json roleScopeTagIds
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_management_intent",
        table: "device_management_intents",
        title: "Intune endpoint security intent",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/intents",
        query: Some("$expand=assignments,settings"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceManagementIntent",
        display: paths![displayName],
        read_only: paths![id isAssigned lastModifiedDateTime],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Text description displayName, Bool isAssigned isMigratingToConfigurationPolicy,
            Time lastModifiedDateTime, Json roleScopeTagIds, Text templateId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_enrollment_configuration",
        table: "device_enrollment_configurations",
        title: "Intune enrolment configuration",
        category: Category::Intune,
        path: "/deviceManagement/deviceEnrollmentConfigurations",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementServiceConfig.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementServiceConfig.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceEnrollmentConfiguration",
        derived_types: paths![
            microsoft.graph.deviceEnrollmentLimitConfiguration
            microsoft.graph.deviceEnrollmentPlatformRestrictionsConfiguration
            microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration
            microsoft.graph.windows10EnrollmentCompletionPageConfiguration
        ],
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime version],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Int priority version limit, Json androidRestriction iosRestriction macOSRestriction
            windowsMobileRestriction windowsRestriction, Text enhancedBiometricsState,
            Int pinExpirationInDays, Text pinLowercaseCharactersUsage, Int pinMaximumLength
            pinMinimumLength pinPreviousBlockCount, Text pinSpecialCharactersUsage
            pinUppercaseCharactersUsage, Bool remotePassportEnabled securityDeviceRequired,
            Text state, Bool unlockWithBiometricsEnabled allowNonBlockingAppInstallation
        ],
        ..Kind::BASE
    },
    Kind {
        name: "windows_autopilot_deployment_profile",
        table: "windows_autopilot_deployment_profiles",
        title: "Autopilot deployment profile",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/windowsAutopilotDeploymentProfiles",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementServiceConfig.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementServiceConfig.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.windowsAutopilotDeploymentProfile",
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description deviceNameTemplate deviceType displayName,
            Bool enableWhiteGlove, Json enrollmentStatusScreenSettings, Bool extractHardwareHash
            hardwareHashExtractionEnabled, Text language, Time lastModifiedDateTime, Text locale
            managementServiceAppId, Json outOfBoxExperienceSetting outOfBoxExperienceSettings,
            Bool preprovisioningAllowed, Json roleScopeTagIds
        ],
        ..Kind::BASE
    },
    Kind {
        name: "reusable_policy_setting",
        table: "reusable_policy_settings",
        title: "Intune reusable policy setting",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/reusablePolicySettings",
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        read_each: true,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceManagementReusablePolicySetting",
        display: paths![displayName],
        read_only: paths![
            createdDateTime id lastModifiedDateTime referencingConfigurationPolicyCount version
        ],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Int referencingConfigurationPolicyCount, Text settingDefinitionId,
            Json settingInstance, Int version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "assignment_filter",
        table: "assignment_filters",
        title: "Intune assignment filter",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/assignmentFilters",
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceAndAppManagementAssignmentFilter",
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime],
        sets: paths![roleScopeTags],
        columns: columns![
            Text assignmentFilterManagementType, Time createdDateTime, Text description
            displayName, Time lastModifiedDateTime, Json payloads, Text platform,
            Json roleScopeTags, Text rule
        ],
        ..Kind::BASE
    },
];
