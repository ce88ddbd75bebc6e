//! Intune scripts and Windows update profiles.

use crate::kind::{Api, Category, Kind};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "device_management_script",
        table: "device_management_scripts",
        title: "Intune PowerShell script",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/deviceManagementScripts",
        query: Some("$expand=assignments"),
        permissions: &[
            "DeviceManagementScripts.Read.All",
            "DeviceManagementConfiguration.Read.All",
        ],
        licence: Licence::Intune,
        read_each: true,
        writing: Some(Writing::objects(&["DeviceManagementScripts.ReadWrite.All"])),
        entity_type: "microsoft.graph.deviceManagementScript",
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description displayName, Bool enforceSignatureCheck,
            Text fileName, Time lastModifiedDateTime, Json roleScopeTagIds, Bool runAs32Bit,
            Text runAsAccount scriptContent
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_shell_script",
        table: "device_shell_scripts",
        title: "Intune shell script (macOS)",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/deviceShellScripts",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        read_each: true,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceShellScript",
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Bool blockExecutionNotifications, Time createdDateTime, Text description displayName
            executionFrequency fileName, Time lastModifiedDateTime, Int retryCount,
            Json roleScopeTagIds, Text runAsAccount scriptContent
        ],
        ..Kind::BASE
    },
    Kind {
        name: "device_health_script",
        table: "device_health_scripts",
        title: "Intune remediation script",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/deviceHealthScripts",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        read_each: true,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
            "DeviceManagementScripts.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceHealthScript",
        display: paths![displayName],
        read_only: paths![
            createdDateTime highestAvailableVersion id isGlobalScript lastModifiedDateTime
        ],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description detectionScriptContent,
            Json detectionScriptParameters, Text deviceHealthScriptType displayName,
            Bool enforceSignatureCheck, Text highestAvailableVersion, Bool isGlobalScript,
            Time lastModifiedDateTime, Text publisher remediationScriptContent,
            Json remediationScriptParameters roleScopeTagIds, Bool runAs32Bit, Text runAsAccount
            version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "mac_custom_attribute_script",
        table: "mac_custom_attribute_scripts",
        title: "macOS custom attribute script",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/deviceCustomAttributeShellScripts",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        read_each: true,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.deviceCustomAttributeShellScript",
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime],
        sets: paths![assignments],
        columns: columns![
            Time createdDateTime, Text customAttributeName customAttributeType description
            displayName fileName, Time lastModifiedDateTime, Json roleScopeTagIds,
            Text runAsAccount scriptContent
        ],
        ..Kind::BASE
    },
    Kind {
        name: "windows_feature_update_profile",
        table: "windows_feature_update_profiles",
        title: "Windows feature update profile",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/windowsFeatureUpdateProfiles",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.windowsFeatureUpdateProfile",
        display: paths![displayName],
        read_only: paths![
            createdDateTime deployableContentDisplayName endOfSupportDate id lastModifiedDateTime
        ],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text deployableContentDisplayName description displayName,
            Time endOfSupportDate, Text featureUpdateVersion, Bool installFeatureUpdatesOptional
            installLatestWindows10OnWindows11IneligibleDevice, Time lastModifiedDateTime,
            Json roleScopeTagIds rolloutSettings
        ],
        ..Kind::BASE
    },
    Kind {
        name: "windows_quality_update_profile",
        table: "windows_quality_update_profiles",
        title: "Windows quality update profile",
        category: Category::Intune,
        api: Api::Beta,
        path: "/deviceManagement/windowsQualityUpdateProfiles",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementConfiguration.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&[
            "DeviceManagementConfiguration.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.windowsQualityUpdateProfile",
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime],
        sets: paths![assignments],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text deployableContentDisplayName description displayName,
            Json expeditedUpdateSettings, Time lastModifiedDateTime, Text releaseDateDisplayName,
            Json roleScopeTagIds
        ],
        ..Kind::BASE
    },
];
