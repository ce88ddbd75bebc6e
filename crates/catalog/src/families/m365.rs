//! Microsoft 365 tenant settings: Teams, `SharePoint`, connectors, labels, people, admin centre.

use crate::kind::{Api, Category, Kind, Shape};
use crate::notation::{columns, paths};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "teams_app",
        table: "teams_apps",
        title: "Teams app catalog",
        category: Category::Applications,
        path: "/appCatalogs/teamsApps",
        query: Some("$expand=appDefinitions"),
        permissions: &["AppCatalog.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(
            Writing::objects(&[])
                .create(Method::Post, Address::Collection, Body::Package)
                .never_changed()
                .signed_in(&["AppCatalog.ReadWrite.All"]),
        ),
        entity_type: "microsoft.graph.teamsApp",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![appDefinitions],
        columns: columns![Text displayName distributionMethod externalId],
        ..Kind::BASE
    },
    Kind {
        name: "teams_app_settings",
        table: "teams_app_settings",
        title: "Teams app tenant settings",
        category: Category::Applications,
        path: "/teamwork/teamsAppSettings",
        delegated: Some("TeamworkAppSettings.Read.All"),
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&[]).signed_in(&["TeamworkAppSettings.ReadWrite.All"])),
        entity_type: "microsoft.graph.teamsAppSettings",
        shape: Shape::Singleton,
        read_only: paths![id],
        columns: columns![
            Bool allowUserRequestsForAppAccess isUserPersonalScopeResourceSpecificConsentEnabled
        ],
        ..Kind::BASE
    },
    Kind {
        name: "teamwork",
        table: "teamwork",
        title: "Teams tenant settings (teamwork)",
        category: Category::M365,
        api: Api::Beta,
        path: "/teamwork",
        licence: Licence::Microsoft365,
        entity_type: "microsoft.graph.teamwork",
        shape: Shape::Singleton,
        key: None,
        read_only: paths![id],
        export_path: Some("Admin/Teams/settings.json"),
        columns: columns![Bool isTeamsEnabled, Text region],
        ..Kind::BASE
    },
    Kind {
        name: "sharepoint_settings",
        table: "sharepoint_settings",
        title: "SharePoint and OneDrive tenant settings",
        category: Category::Applications,
        path: "/admin/sharepoint/settings",
        permissions: &["SharePointTenantSettings.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&[
            "SharePointTenantSettings.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.sharepointSettings",
        shape: Shape::Singleton,
        read_only: paths![availableManagedPathsForSiteCreation id],
        sets: paths![
            allowedDomainGuidsForSyncApp availableManagedPathsForSiteCreation
            excludedFileExtensionsForSyncApp sharingAllowedDomainList sharingBlockedDomainList
        ],
        export_path: Some("Admin/Sharepoint/settings.json"),
        columns: columns![
            Json allowedDomainGuidsForSyncApp availableManagedPathsForSiteCreation,
            Int deletedUserPersonalSiteRetentionPeriodInDays,
            Json excludedFileExtensionsForSyncApp idleSessionSignOut, Text imageTaggingOption,
            Bool isCommentingOnSitePagesEnabled isFileActivityNotificationEnabled
            isLegacyAuthProtocolsEnabled isLoopEnabled isMacSyncAppEnabled
            isRequireAcceptingUserToMatchInvitedUserEnabled isResharingByExternalUsersEnabled
            isSharePointMobileNotificationEnabled isSharePointNewsfeedEnabled
            isSiteCreationEnabled isSiteCreationUIEnabled isSitePagesCreationEnabled
            isSitesStorageLimitAutomatic isSyncButtonHiddenOnPersonalSite
            isUnmanagedSyncAppForTenantRestricted, Int personalSiteDefaultStorageLimitInMB,
            Json sharingAllowedDomainList sharingBlockedDomainList, Text sharingCapability
            sharingDomainRestrictionMode siteCreationDefaultManagedPath,
            Int siteCreationDefaultStorageLimitInMB, Text tenantDefaultTimezone
        ],
        ..Kind::BASE
    },
    Kind {
        name: "external_connection",
        table: "external_connections",
        title: "External (Copilot/Graph) connector connection",
        category: Category::IdentityGovernance,
        path: "/external/connections",
        permissions: &["ExternalConnection.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::objects(&["ExternalConnection.ReadWrite.All"]).chosen(paths![id])),
        entity_type: "microsoft.graph.externalConnectors.externalConnection",
        display: paths![name],
        drift: paths![state],
        read_only: paths![connectorId id state],
        sets: paths![configuration.authorizedAppIds],
        columns: columns![
            Json activitySettings configuration, Text connectorId contentCategory description
            name, Json searchSettings, Text state
        ],
        ..Kind::BASE
    },
    Kind {
        name: "external_connection_schema",
        table: "external_connection_schemas",
        title: "External connection schema",
        category: Category::IdentityGovernance,
        path: "/external/connections/{externalConnectionId}/schema",
        permissions: &["ExternalConnection.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&["ExternalConnection.ReadWrite.All"])),
        entity_type: "microsoft.graph.externalConnectors.schema",
        shape: Shape::Singleton,
        parent: Some("external_connection"),
        read_only: paths![id],
        sets: paths![properties.aliases properties.labels],
        // Not `properties`: every table has a column of that name.
        columns: columns![Text baseType],
        ..Kind::BASE
    },
    Kind {
        name: "sensitivity_label",
        table: "sensitivity_labels",
        title: "Sensitivity label",
        aliases: paths![label],
        category: Category::IdentityGovernance,
        path: "/security/dataSecurityAndGovernance/sensitivityLabels",
        permissions: &["SensitivityLabels.Read.All"],
        licence: Licence::Purview,
        entity_type: "microsoft.graph.sensitivityLabel",
        display: paths![displayName name],
        read_only: paths![id],
        columns: columns![
            Text actionSource autoTooltip description displayName, Bool hasProtection isDefault
            isEndpointProtectionEnabled isScopedToUser, Text locale name, Int priority,
            Text toolTip
        ],
        ..Kind::BASE
    },
    Kind {
        name: "sensitivity_label_policy",
        table: "sensitivity_label_policies",
        title: "Sensitivity label policy settings",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/security/informationProtection/labelPolicySettings",
        permissions: &["InformationProtectionPolicy.Read.All"],
        licence: Licence::Purview,
        entity_type: "microsoft.graph.security.informationProtectionPolicySetting",
        shape: Shape::Singleton,
        key: None,
        read_only: paths![id],
        columns: columns![
            Text defaultLabelId, Bool isDowngradeJustificationRequired isMandatory,
            Text moreInfoUrl
        ],
        ..Kind::BASE
    },
    Kind {
        name: "m365_apps_installation_options",
        table: "m365_apps_installation_options",
        title: "Microsoft 365 Apps installation options",
        category: Category::M365,
        path: "/admin/microsoft365Apps/installationOptions",
        permissions: &["OrgSettings-Microsoft365Install.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&[
            "OrgSettings-Microsoft365Install.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.m365AppsInstallationOptions",
        shape: Shape::Singleton,
        read_only: paths![id],
        columns: columns![Json appsForMac appsForWindows, Text updateChannel],
        ..Kind::BASE
    },
    Kind {
        name: "admin_report_settings",
        table: "admin_report_settings",
        title: "Microsoft 365 report settings",
        category: Category::M365,
        path: "/admin/reportSettings",
        permissions: &["ReportSettings.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&["ReportSettings.ReadWrite.All"])),
        entity_type: "microsoft.graph.adminReportSettings",
        shape: Shape::Singleton,
        read_only: paths![id],
        columns: columns![Bool displayConcealedNames],
        ..Kind::BASE
    },
    Kind {
        name: "people_pronouns_settings",
        table: "people_pronouns_settings",
        title: "People: pronouns settings",
        category: Category::M365,
        path: "/admin/people/pronouns",
        permissions: &["PeopleSettings.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&["PeopleSettings.ReadWrite.All"])),
        entity_type: "microsoft.graph.pronounsSettings",
        shape: Shape::Singleton,
        read_only: paths![id],
        columns: columns![Bool isEnabledInOrganization],
        ..Kind::BASE
    },
    Kind {
        name: "people_insights_settings",
        table: "people_insights_settings",
        title: "People: item insights settings",
        category: Category::M365,
        path: "/admin/people/itemInsights",
        permissions: &["PeopleSettings.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&["PeopleSettings.ReadWrite.All"])),
        entity_type: "microsoft.graph.insightsSettings",
        shape: Shape::Singleton,
        read_only: paths![id],
        columns: columns![Text disabledForGroup, Bool isEnabledInOrganization],
        ..Kind::BASE
    },
    Kind {
        name: "profile_card_property",
        table: "profile_card_properties",
        title: "People: profile card properties",
        category: Category::M365,
        path: "/admin/people/profileCardProperties",
        permissions: &["PeopleSettings.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(
            Writing::objects(&["PeopleSettings.ReadWrite.All"])
                .chosen(paths![directoryPropertyName]),
        ),
        entity_type: "microsoft.graph.profileCardProperty",
        display: paths![directoryPropertyName],
        read_only: paths![id],
        columns: columns![Json annotations, Text directoryPropertyName, Bool isVisible],
        ..Kind::BASE
    },
    Kind {
        name: "admin_forms_settings",
        table: "admin_forms_settings",
        title: "Microsoft Forms tenant settings",
        category: Category::M365,
        api: Api::Beta,
        path: "/admin/forms",
        permissions: &["OrgSettings-Forms.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&["OrgSettings-Forms.ReadWrite.All"])),
        entity_type: "microsoft.graph.adminForms",
        shape: Shape::Singleton,
        key: None,
        read_only: paths![id],
        columns: columns![Json settings],
        ..Kind::BASE
    },
    Kind {
        name: "admin_apps_and_services_settings",
        table: "admin_apps_and_services_settings",
        title: "Office store / apps and services settings",
        category: Category::M365,
        api: Api::Beta,
        path: "/admin/appsAndServices",
        permissions: &["OrgSettings-AppsAndServices.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&[
            "OrgSettings-AppsAndServices.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.adminAppsAndServices",
        shape: Shape::Singleton,
        key: None,
        read_only: paths![id],
        columns: columns![Json settings],
        ..Kind::BASE
    },
    Kind {
        name: "admin_todo_settings",
        table: "admin_todo_settings",
        title: "Microsoft To Do tenant settings",
        category: Category::M365,
        api: Api::Beta,
        path: "/admin/todo",
        permissions: &["OrgSettings-Todo.Read.All"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::settings(&["OrgSettings-Todo.ReadWrite.All"])),
        entity_type: "microsoft.graph.adminTodo",
        shape: Shape::Singleton,
        key: None,
        read_only: paths![id],
        columns: columns![Json settings],
        ..Kind::BASE
    },
];
