//! Intune devices, and the tenant-wide lists, texts and roles around them.

use crate::kind::{Api, Category, Kind};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "managed_device",
        table: "managed_devices",
        title: "Intune managed device",
        aliases: paths![intune_device],
        category: Category::Intune,
        path: "/deviceManagement/managedDevices",
        permissions: &["DeviceManagementManagedDevices.Read.All"],
        licence: Licence::Intune,
        page_size: Some(999),
        writing: Some(
            Writing::objects(&["DeviceManagementManagedDevices.ReadWrite.All"]).never_made(),
        ),
        entity_type: "microsoft.graph.managedDevice",
        display: paths![deviceName managedDeviceName],
        volatile: paths![
            complianceGracePeriodExpirationDateTime freeStorageSpaceInBytes lastSyncDateTime
        ],
        drift: paths![complianceState easActivationDateTime osVersion],
        read_only: paths![
            activationLockBypassCode androidSecurityPatchLevel azureADDeviceId azureADRegistered
            complianceGracePeriodExpirationDateTime complianceState
            configurationManagerClientEnabledFeatures deviceActionResults
            deviceCategoryDisplayName deviceEnrollmentType deviceHealthAttestationState deviceName
            deviceRegistrationState easActivated easActivationDateTime easDeviceId emailAddress
            enrolledDateTime enrollmentProfileName ethernetMacAddress exchangeAccessState
            exchangeAccessStateReason exchangeLastSuccessfulSyncDateTime freeStorageSpaceInBytes
            iccid id imei isEncrypted isSupervised jailBroken lastSyncDateTime managementAgent
            managementCertificateExpirationDate managementState manufacturer meid model
            operatingSystem osVersion partnerReportedThreatState phoneNumber physicalMemoryInBytes
            remoteAssistanceSessionErrorDetails remoteAssistanceSessionUrl
            requireUserEnrollmentApproval serialNumber subscriberCarrier totalStorageSpaceInBytes
            udid userDisplayName userId userPrincipalName wiFiMacAddress windowsProtectionState
        ],
        secrets: paths![
            activationLockBypassCode deviceActionResults.unlockPin deviceActionResults.passcode
        ],
        references: references![azureADDeviceId => device.deviceId, userId => user],
        columns: columns![
            Text activationLockBypassCode androidSecurityPatchLevel azureADDeviceId,
            Bool azureADRegistered, Time complianceGracePeriodExpirationDateTime,
            Text complianceState, Json configurationManagerClientEnabledFeatures
            deviceActionResults, Text deviceCategoryDisplayName deviceEnrollmentType,
            Json deviceHealthAttestationState, Text deviceName deviceRegistrationState,
            Bool easActivated, Time easActivationDateTime, Text easDeviceId emailAddress,
            Time enrolledDateTime, Text enrollmentProfileName ethernetMacAddress
            exchangeAccessState exchangeAccessStateReason,
            Time exchangeLastSuccessfulSyncDateTime, Int freeStorageSpaceInBytes, Text iccid imei,
            Bool isEncrypted isSupervised, Text jailBroken, Time lastSyncDateTime,
            Text managedDeviceName managedDeviceOwnerType managementAgent,
            Time managementCertificateExpirationDate, Text managementState manufacturer meid model
            notes operatingSystem osVersion partnerReportedThreatState phoneNumber,
            Int physicalMemoryInBytes, Text remoteAssistanceSessionErrorDetails
            remoteAssistanceSessionUrl, Bool requireUserEnrollmentApproval, Text serialNumber
            subscriberCarrier, Int totalStorageSpaceInBytes, Text udid userDisplayName userId
            userPrincipalName wiFiMacAddress
        ],
        ..Kind::BASE
    },
    Kind {
        name: "windows_autopilot_device_identity",
        table: "windows_autopilot_device_identities",
        title: "Autopilot device identity",
        aliases: paths![autopilot],
        category: Category::Intune,
        path: "/deviceManagement/windowsAutopilotDeviceIdentities",
        permissions: &["DeviceManagementServiceConfig.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementServiceConfig.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.windowsAutopilotDeviceIdentity",
        display: paths![displayName serialNumber],
        volatile: paths![lastContactedDateTime],
        read_only: paths![id],
        // A Windows licence key.
        secrets: paths![productKey],
        references: references![azureActiveDirectoryDeviceId => device.deviceId],
        columns: columns![
            Text addressableUserName azureActiveDirectoryDeviceId displayName enrollmentState
            groupTag, Time lastContactedDateTime, Text managedDeviceId manufacturer model
            productKey purchaseOrderIdentifier resourceName serialNumber skuNumber systemFamily
            userPrincipalName
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_category",
        table: "device_categories",
        title: "Intune device category",
        category: Category::Intune,
        path: "/deviceManagement/deviceCategories",
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceCategory",
        display: paths![displayName],
        read_only: paths![id],
        columns: columns![Text description displayName],
        ..Kind::BASE
    },
    Kind {
        name: "role_scope_tag",
        table: "role_scope_tags",
        title: "Intune scope tag",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/roleScopeTags",
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.roleScopeTag",
        display: paths![displayName],
        read_only: paths![id isBuiltIn],
        columns: columns![Text description displayName, Bool isBuiltIn],
        ..Kind::BASE
    },
    Kind {
        name: "intune_role_definition",
        table: "intune_role_definitions",
        title: "Intune role definition (v1.0 view)",
        category: Category::Intune,
        path: "/deviceManagement/roleDefinitions",
        permissions: &["DeviceManagementRBAC.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementRBAC.ReadWrite.All"])),
        entity_type: "microsoft.graph.roleDefinition",
        derived_types: paths![microsoft.graph.deviceAndAppManagementRoleDefinition],
        display: paths![displayName],
        read_only: paths![id isBuiltIn],
        sets: paths![
            rolePermissions.resourceActions.allowedResourceActions
            rolePermissions.resourceActions.notAllowedResourceActions
        ],
        columns: columns![Text description displayName, Bool isBuiltIn, Json rolePermissions],
        ..Kind::BASE
    },
    Kind {
        name: "intune_role_assignment",
        table: "intune_role_assignments",
        title: "Intune role assignment (v1.0 view)",
        category: Category::Intune,
        path: "/deviceManagement/roleAssignments",
        permissions: &["DeviceManagementRBAC.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementRBAC.ReadWrite.All"])),
        entity_type: "microsoft.graph.deviceAndAppManagementRoleAssignment",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![resourceScopes members],
        references: references![members => group, resourceScopes => group],
        columns: columns![Text description displayName, Json resourceScopes members],
        ..Kind::BASE
    },
    Kind {
        name: "terms_and_conditions",
        table: "terms_and_conditions",
        title: "Intune terms and conditions",
        aliases: paths![intune_terms],
        category: Category::Intune,
        path: "/deviceManagement/termsAndConditions",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementServiceConfig.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementServiceConfig.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.termsAndConditions",
        display: paths![displayName title],
        read_only: paths![createdDateTime id lastModifiedDateTime version],
        sets: paths![assignments],
        columns: columns![
            Text acceptanceStatement bodyText, Time createdDateTime, Text description displayName,
            Time lastModifiedDateTime, Text title, Int version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "notification_message_template",
        table: "notification_message_templates",
        title: "Intune notification template",
        category: Category::Intune,
        path: "/deviceManagement/notificationMessageTemplates",
        query: Some("$expand=localizedNotificationMessages"),
        permissions: &["DeviceManagementServiceConfig.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementServiceConfig.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.notificationMessageTemplate",
        display: paths![displayName],
        read_only: paths![id lastModifiedDateTime],
        sets: paths![localizedNotificationMessages],
        columns: columns![
            Text brandingOptions defaultLocale displayName, Time lastModifiedDateTime,
            Json roleScopeTagIds
        ],
        ..Kind::BASE
    },
];
