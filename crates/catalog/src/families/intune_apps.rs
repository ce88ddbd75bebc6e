//! Intune apps: the apps themselves, their configuration and their protection.

use crate::kind::{Category, Kind};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "mobile_app",
        table: "mobile_apps",
        title: "Intune mobile app",
        category: Category::Applications,
        path: "/deviceAppManagement/mobileApps",
        query: Some("$expand=assignments,categories"),
        permissions: &["DeviceManagementApps.Read.All"],
        licence: Licence::Intune,
        read_each: true,
        writing: Some(Writing::objects(&["DeviceManagementApps.ReadWrite.All"])),
        entity_type: "microsoft.graph.mobileApp",
        derived_types: paths![
            microsoft.graph.androidStoreApp microsoft.graph.iosiPadOSWebClip
            microsoft.graph.iosStoreApp microsoft.graph.iosVppApp
            microsoft.graph.macOSMicrosoftDefenderApp microsoft.graph.macOSMicrosoftEdgeApp
            microsoft.graph.macOSOfficeSuiteApp microsoft.graph.managedApp
            microsoft.graph.managedAndroidStoreApp microsoft.graph.managedIOSStoreApp
            microsoft.graph.managedMobileLobApp microsoft.graph.managedAndroidLobApp
            microsoft.graph.managedIOSLobApp microsoft.graph.microsoftStoreForBusinessApp
            microsoft.graph.mobileLobApp microsoft.graph.androidLobApp microsoft.graph.iosLobApp
            microsoft.graph.macOSDmgApp microsoft.graph.macOSLobApp microsoft.graph.win32LobApp
            microsoft.graph.windowsAppX microsoft.graph.windowsMobileMSI
            microsoft.graph.windowsUniversalAppX microsoft.graph.webApp
            microsoft.graph.windowsMicrosoftEdgeApp microsoft.graph.windowsWebApp
        ],
        display: paths![displayName],
        read_only: paths![
            appAvailability committedContainedApps contentVersions createdDateTime id
            lastModifiedDateTime packageId publishingState size
        ],
        sets: paths![assignments categories],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description developer displayName informationUrl,
            Bool isFeatured, Json largeIcon, Time lastModifiedDateTime, Text notes owner
            privacyInformationUrl publisher publishingState appStoreUrl,
            Json minimumSupportedOperatingSystem, Text packageId appUrl, Bool useManagedBrowser,
            Json applicableDeviceType, Text bundleId, Json licensingType, Time releaseDateTime,
            Int totalLicenseCount usedLicenseCount, Text vppTokenAccountType vppTokenAppleId
            vppTokenOrganizationName channel appAvailability version committedContentVersion
            fileName, Int size, Text versionCode versionName buildNumber, Time expirationDateTime,
            Text versionNumber licenseType packageIdentityName productKey,
            Bool ignoreVersionDetection, Json includedApps, Text primaryBundleId
            primaryBundleVersion, Json childApps, Bool installAsManaged, Json md5Hash,
            Int md5HashChunkSize, Text allowedArchitectures applicableArchitectures
            installCommandLine, Json installExperience, Int minimumCpuSpeedInMHz
            minimumFreeDiskSpaceInMB minimumMemoryInMB minimumNumberOfProcessors,
            Text minimumSupportedWindowsRelease, Json msiInformation returnCodes rules,
            Text setupFilePath uninstallCommandLine identityName identityPublisherHash
            identityResourceIdentifier identityVersion, Bool isBundle, Text commandLine
            productCode productVersion applicableDeviceTypes displayLanguageLocale
        ],
        ..Kind::BASE
    },
    Kind {
        name: "mobile_app_category",
        table: "mobile_app_categories",
        title: "Intune app category",
        category: Category::Applications,
        path: "/deviceAppManagement/mobileAppCategories",
        permissions: &["DeviceManagementApps.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementApps.ReadWrite.All"])),
        entity_type: "microsoft.graph.mobileAppCategory",
        display: paths![displayName],
        read_only: paths![id lastModifiedDateTime],
        columns: columns![Text displayName, Time lastModifiedDateTime],
        ..Kind::BASE
    },
    Kind {
        name: "managed_device_mobile_app_configuration",
        table: "managed_device_mobile_app_configurations",
        title: "Managed-device app configuration",
        category: Category::Intune,
        path: "/deviceAppManagement/mobileAppConfigurations",
        query: Some("$expand=assignments"),
        permissions: &["DeviceManagementApps.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementApps.ReadWrite.All"])),
        entity_type: "microsoft.graph.managedDeviceMobileAppConfiguration",
        derived_types: paths![microsoft.graph.iosMobileAppConfiguration],
        display: paths![displayName],
        read_only: paths![createdDateTime id lastModifiedDateTime version],
        sets: paths![targetedMobileApps assignments],
        references: references![targetedMobileApps => mobile_app],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Json targetedMobileApps, Int version, Text encodedSettingXml, Json settings
        ],
        ..Kind::BASE
    },
    Kind {
        name: "ios_managed_app_protection",
        table: "ios_managed_app_protections",
        title: "iOS app protection policy",
        aliases: paths![ios_app_protection],
        category: Category::Intune,
        path: "/deviceAppManagement/iosManagedAppProtections",
        query: Some("$expand=apps,assignments"),
        permissions: &["DeviceManagementApps.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementApps.ReadWrite.All"])),
        entity_type: "microsoft.graph.iosManagedAppProtection",
        display: paths![displayName],
        volatile: paths![deployedAppCount],
        read_only: paths![
            createdDateTime deployedAppCount id isAssigned lastModifiedDateTime version
        ],
        sets: paths![allowedDataStorageLocations assignments apps],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Text version, Json allowedDataStorageLocations, Text allowedInboundDataTransferSources
            allowedOutboundClipboardSharingLevel allowedOutboundDataTransferDestinations,
            Bool contactSyncBlocked dataBackupBlocked deviceComplianceRequired
            disableAppPinIfDevicePinIsSet fingerprintBlocked, Text managedBrowser,
            Bool managedBrowserToOpenLinksRequired, Int maximumPinRetries minimumPinLength,
            Text minimumRequiredAppVersion minimumRequiredOsVersion minimumWarningAppVersion
            minimumWarningOsVersion, Bool organizationalCredentialsRequired,
            Text periodBeforePinReset periodOfflineBeforeAccessCheck
            periodOfflineBeforeWipeIsEnforced periodOnlineBeforeAccessCheck pinCharacterSet,
            Bool pinRequired printBlocked saveAsBlocked simplePinBlocked isAssigned,
            Text appDataEncryptionType customBrowserProtocol, Int deployedAppCount,
            Bool faceIdBlocked, Text minimumRequiredSdkVersion
        ],
        ..Kind::BASE
    },
    Kind {
        name: "android_managed_app_protection",
        table: "android_managed_app_protections",
        title: "Android app protection policy",
        aliases: paths![android_app_protection],
        category: Category::Intune,
        path: "/deviceAppManagement/androidManagedAppProtections",
        query: Some("$expand=apps,assignments"),
        permissions: &["DeviceManagementApps.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementApps.ReadWrite.All"])),
        entity_type: "microsoft.graph.androidManagedAppProtection",
        display: paths![displayName],
        volatile: paths![deployedAppCount],
        read_only: paths![
            createdDateTime deployedAppCount id isAssigned lastModifiedDateTime version
        ],
        sets: paths![allowedDataStorageLocations assignments apps],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Text version, Json allowedDataStorageLocations, Text allowedInboundDataTransferSources
            allowedOutboundClipboardSharingLevel allowedOutboundDataTransferDestinations,
            Bool contactSyncBlocked dataBackupBlocked deviceComplianceRequired
            disableAppPinIfDevicePinIsSet fingerprintBlocked, Text managedBrowser,
            Bool managedBrowserToOpenLinksRequired, Int maximumPinRetries minimumPinLength,
            Text minimumRequiredAppVersion minimumRequiredOsVersion minimumWarningAppVersion
            minimumWarningOsVersion, Bool organizationalCredentialsRequired,
            Text periodBeforePinReset periodOfflineBeforeAccessCheck
            periodOfflineBeforeWipeIsEnforced periodOnlineBeforeAccessCheck pinCharacterSet,
            Bool pinRequired printBlocked saveAsBlocked simplePinBlocked isAssigned,
            Text customBrowserDisplayName customBrowserPackageId, Int deployedAppCount,
            Bool disableAppEncryptionIfDeviceEncryptionIsEnabled encryptAppData,
            Text minimumRequiredPatchVersion minimumWarningPatchVersion, Bool screenCaptureBlocked
        ],
        ..Kind::BASE
    },
    Kind {
        name: "targeted_managed_app_configuration",
        table: "targeted_managed_app_configurations",
        title: "Managed-app configuration",
        category: Category::Intune,
        path: "/deviceAppManagement/targetedManagedAppConfigurations",
        query: Some("$expand=apps,assignments"),
        permissions: &["DeviceManagementApps.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementApps.ReadWrite.All"])),
        entity_type: "microsoft.graph.targetedManagedAppConfiguration",
        display: paths![displayName],
        volatile: paths![deployedAppCount],
        read_only: paths![
            createdDateTime deployedAppCount id isAssigned lastModifiedDateTime version
        ],
        sets: paths![assignments apps],
        references: references![assignments.target.groupId => group],
        columns: columns![
            Time createdDateTime, Text description displayName, Time lastModifiedDateTime,
            Text version, Json customSettings, Int deployedAppCount, Bool isAssigned
        ],
        ..Kind::BASE
    },
];
