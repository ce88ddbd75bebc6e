//! Groups, their members, owners and granted app roles, and the directory's group settings.

use crate::kind::{Category, Kind, to_many};
use crate::notation::{columns, paths, references, select};
use crate::reading::{Delta, FurtherPermission, Licence, thirty_days};
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    GROUP,
    Kind {
        name: "group_member",
        table: "group_members",
        title: "Group members",
        category: Category::Directory,
        path: "/groups/{groupId}/members",
        query: Some("$select=id"),
        permissions: &["GroupMember.Read.All"],
        further_permissions: &[FurtherPermission {
            permission: "Member.Read.Hidden",
            properties: &[],
        }],
        page_size: Some(999),
        delta: Some(Delta::Within),
        writing: Some(Writing::links(&["GroupMember.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many("members", "group_id", "member_id", "directory_object"),
        parent: Some("group"),
        export_path: Some("Groups/<id>/Members"),
        ..Kind::BASE
    },
    Kind {
        name: "group_owner",
        table: "group_owners",
        title: "Group owners",
        category: Category::Directory,
        path: "/groups/{groupId}/owners",
        query: Some("$select=id"),
        permissions: &["Group.Read.All"],
        shown_by: Some("owners($select=id)"),
        page_size: Some(999),
        changed_by: &["Add owner to group", "Remove owner from group"],
        writing: Some(Writing::links(&["Group.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many("owners", "group_id", "owner_id", "directory_object"),
        parent: Some("group"),
        export_path: Some("Groups/<id>/Owners"),
        ..Kind::BASE
    },
    Kind {
        name: "group_app_role_assignment",
        table: "group_app_role_assignments",
        title: "App roles granted to a group",
        category: Category::RolesAndPermissions,
        path: "/groups/{groupId}/appRoleAssignments",
        permissions: &["Directory.Read.All"],
        changed_by: &["Add app role assignment", "Remove app role assignment"],
        made_later: true,
        writing: Some(Writing::objects(&["AppRoleAssignment.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.appRoleAssignment",
        parent: Some("group"),
        display: paths![resourceDisplayName],
        read_only: paths![
            createdDateTime deletedDateTime id principalDisplayName principalType
            resourceDisplayName
        ],
        references: references![principalId => group, resourceId => service_principal],
        columns: columns![
            Time deletedDateTime, Text appRoleId, Time createdDateTime, Text principalDisplayName
            principalId principalType resourceDisplayName resourceId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "group_setting",
        table: "group_settings",
        title: "Group settings (directory-wide)",
        category: Category::Directory,
        path: "/groupSettings",
        permissions: &["GroupSettings.Read.All"],
        writing: Some(Writing::objects(&["GroupSettings.ReadWrite.All"])),
        entity_type: "microsoft.graph.groupSetting",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![values],
        references: references![templateId => group_setting_template],
        export_path: Some("GroupSettings"),
        columns: columns![Text displayName templateId, Json values],
        ..Kind::BASE
    },
    Kind {
        name: "group_setting_template",
        table: "group_setting_templates",
        title: "Group setting templates",
        category: Category::Directory,
        path: "/groupSettingTemplates",
        permissions: &["GroupSettings.Read.All"],
        entity_type: "microsoft.graph.groupSettingTemplate",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        sets: paths![values],
        columns: columns![Time deletedDateTime, Text description displayName, Json values],
        ..Kind::BASE
    },
    Kind {
        name: "group_lifecycle_policy",
        table: "group_lifecycle_policies",
        title: "Group expiration policy",
        category: Category::Policies,
        path: "/groupLifecyclePolicies",
        permissions: &["Directory.Read.All"],
        licence: Licence::P1,
        writing: Some(Writing::objects(&["Directory.ReadWrite.All"])),
        entity_type: "microsoft.graph.groupLifecyclePolicy",
        display: paths![managedGroupTypes],
        read_only: paths![id],
        columns: columns![
            Text alternateNotificationEmails, Int groupLifetimeInDays, Text managedGroupTypes
        ],
        ..Kind::BASE
    },
];

/// Shared with its deleted twin.
pub(super) const GROUP: Kind = Kind {
    name: "group",
    table: "groups",
    title: "Group",
    aliases: paths![g],
    category: Category::Directory,
    path: "/groups",
    // Named, since a list leaves out licences, labels and more unless asked. Only a single group has
    // allowExternalSenders, autoSubscribeNewMembers, hideFromAddressLists, hideFromOutlookClients,
    // isArchived, isSubscribedByMail and the unseen counts, and for a signed-in user at that.
    query: Some(select![
        id deletedDateTime assignedLabels assignedLicenses classification createdDateTime
        description displayName expirationDateTime groupTypes hasMembersWithLicenseErrors
        infoCatalogs isAssignableToRole isManagementRestricted licenseProcessingState mail
        mailEnabled mailNickname membershipRule membershipRuleProcessingState
        onPremisesDomainName onPremisesExtensionAttributes onPremisesLastSyncDateTime
        onPremisesNetBiosName onPremisesProvisioningErrors onPremisesSamAccountName
        onPremisesSecurityIdentifier onPremisesSyncEnabled preferredDataLocation
        preferredLanguage proxyAddresses renewedDateTime resourceBehaviorOptions
        resourceProvisioningOptions securityEnabled securityIdentifier
        serviceProvisioningErrors theme uniqueName visibility
    ]),
    permissions: &["Group.Read.All"],
    page_size: Some(999),
    delta: Some(Delta::Own {
        path: "/groups/delta",
        without: &[],
    }),
    soft_delete: Some(thirty_days("/directory/deletedItems/microsoft.graph.group")),
    writing: Some(
        Writing::objects(&["Group.ReadWrite.All"])
            .undelete("/directory/deletedItems/{id}/restore")
            .fixed(paths![isAssignableToRole]),
    ),
    entity_type: "microsoft.graph.group",
    display: paths![displayName],
    volatile: paths![
        onPremisesLastSyncDateTime unseenConversationsCount unseenCount unseenMessagesCount
    ],
    drift: paths![
        expirationDateTime hasMembersWithLicenseErrors licenseProcessingState
        onPremisesProvisioningErrors renewedDateTime serviceProvisioningErrors
    ],
    read_only: paths![
        assignedLicenses createdDateTime deletedDateTime expirationDateTime
        hasMembersWithLicenseErrors id infoCatalogs isArchived isFavorite isManagementRestricted
        isSubscribedByMail licenseProcessingState mail onPremisesDomainName
        onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesProvisioningErrors
        onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled organizationId
        proxyAddresses renewedDateTime securityIdentifier serviceProvisioningErrors
        unseenConversationsCount unseenCount unseenMessagesCount
    ],
    sets: paths![
        assignedLabels assignedLicenses assignedLicenses.disabledPlans groupTypes infoCatalogs
        onPremisesProvisioningErrors proxyAddresses resourceBehaviorOptions
        resourceProvisioningOptions serviceProvisioningErrors
    ],
    references: references![
        assignedLicenses.skuId => subscribed_sku, assignedLabels.labelId => sensitivity_label
    ],
    export_path: Some("Groups"),
    columns: columns![
        Time deletedDateTime, Text accessType, Bool allowExternalSenders, Json assignedLabels
        assignedLicenses, Bool autoSubscribeNewMembers, Text classification, Time createdDateTime,
        Text description displayName, Time expirationDateTime, Json groupTypes,
        Bool hasMembersWithLicenseErrors hideFromAddressLists hideFromOutlookClients,
        Json infoCatalogs, Bool isArchived isAssignableToRole isFavorite isManagementRestricted
        isSubscribedByMail, Json licenseProcessingState, Text mail, Bool mailEnabled,
        Text mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName,
        Json onPremisesExtensionAttributes, Time onPremisesLastSyncDateTime,
        Text onPremisesNetBiosName, Json onPremisesProvisioningErrors,
        Text onPremisesSamAccountName onPremisesSecurityIdentifier, Bool onPremisesSyncEnabled,
        Text organizationId preferredDataLocation preferredLanguage, Json proxyAddresses,
        Time renewedDateTime, Json resourceBehaviorOptions resourceProvisioningOptions,
        Bool securityEnabled, Text securityIdentifier, Json serviceProvisioningErrors, Text theme
        uniqueName, Int unseenConversationsCount unseenCount unseenMessagesCount, Text visibility,
        Bool welcomeMessageEnabled
    ],
    ..Kind::BASE
};
