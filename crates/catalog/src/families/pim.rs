//! Privileged Identity Management: eligible and time-bound assignments, requests, and its settings.

use crate::kind::{Category, Kind, Reference};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

/// What the audit log calls changes of PIM for groups, whose target is the group \[memory\].
const GROUP_ACTIVITIES: &[&str] = &[
    "Add eligible member to group",
    "Add member to group completed (PIM activation)",
    "Add member to group in PIM",
    "Add member to group requested (PIM activation)",
    "Remove eligible member from group",
    "Remove member from group (PIM activation expired)",
    "Remove member from group in PIM",
    "Update eligible member in PIM",
    "Update member in PIM",
];

/// Active assignments, and their instances: the service carries out what is asked for.
const ASSIGNED: Writing = asked_for(
    "/roleManagement/directory/roleAssignmentScheduleRequests",
    &[
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "RoleManagement.ReadWrite.Directory",
    ],
)
.fixed(paths![appScopeId assignmentType directoryScopeId principalId roleDefinitionId]);

/// Eligible assignments, and their instances.
const ELIGIBLE: Writing = asked_for(
    "/roleManagement/directory/roleEligibilityScheduleRequests",
    &[
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleManagement.ReadWrite.Directory",
    ],
)
.fixed(paths![appScopeId directoryScopeId principalId roleDefinitionId]);

/// Active members and owners of groups, and their instances.
const GROUP_ASSIGNED: Writing = asked_for(
    "/identityGovernance/privilegedAccess/group/assignmentScheduleRequests",
    &["PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"],
)
.fixed(paths![accessId assignmentType groupId principalId]);

/// Who may become one, and their instances.
const GROUP_ELIGIBLE: Writing = asked_for(
    "/identityGovernance/privilegedAccess/group/eligibilityScheduleRequests",
    &["PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"],
)
.fixed(paths![accessId groupId principalId]);

const fn asked_for(template: &'static str, permissions: &'static [&'static str]) -> Writing {
    Writing::requests(
        template,
        "action",
        "adminAssign",
        "adminRemove",
        permissions,
    )
    .update(
        Method::Post,
        Address::At(template),
        Body::Action {
            member: "action",
            word: "adminUpdate",
        },
    )
}

/// What an assignment of a role names.
const ROLE_IN_SCOPE: &[Reference] = references![
    principalId => directory_object, roleDefinitionId => role_definition,
    directoryScopeId => directory_object_scope
];

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "role_assignment_schedule",
        table: "role_assignment_schedules",
        title: "PIM active role assignment schedule",
        aliases: paths![active_role],
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleAssignmentSchedules",
        permissions: &["RoleAssignmentSchedule.Read.Directory"],
        licence: Licence::P2,
        writing: Some(ASSIGNED),
        entity_type: "microsoft.graph.unifiedRoleAssignmentSchedule",
        display: paths![principalId],
        drift: paths![status],
        read_only: paths![createdDateTime createdUsing id memberType modifiedDateTime status],
        sets: paths![scheduleInfo.recurrence.pattern.daysOfWeek],
        references: ROLE_IN_SCOPE,
        columns: columns![
            Text appScopeId, Time createdDateTime, Text createdUsing directoryScopeId,
            Time modifiedDateTime, Text principalId roleDefinitionId status assignmentType
            memberType, Json scheduleInfo
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_assignment_schedule_instance",
        table: "role_assignment_schedule_instances",
        title: "PIM active role assignment instance",
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleAssignmentScheduleInstances",
        permissions: &["RoleAssignmentSchedule.Read.Directory"],
        licence: Licence::P2,
        writing: Some(ASSIGNED),
        entity_type: "microsoft.graph.unifiedRoleAssignmentScheduleInstance",
        display: paths![principalId],
        read_only: paths![id memberType],
        references: ROLE_IN_SCOPE,
        export_path: Some("RoleManagement/Directory/RoleAssignmentScheduleInstances"),
        columns: columns![
            Text appScopeId directoryScopeId principalId roleDefinitionId assignmentType,
            Time endDateTime, Text memberType roleAssignmentOriginId roleAssignmentScheduleId,
            Time startDateTime
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_eligibility_schedule",
        table: "role_eligibility_schedules",
        title: "PIM eligible role assignment schedule",
        aliases: paths![pim eligible_role],
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleEligibilitySchedules",
        permissions: &["RoleEligibilitySchedule.Read.Directory"],
        licence: Licence::P2,
        writing: Some(ELIGIBLE),
        entity_type: "microsoft.graph.unifiedRoleEligibilitySchedule",
        display: paths![principalId],
        drift: paths![status],
        read_only: paths![createdDateTime createdUsing id memberType modifiedDateTime status],
        sets: paths![scheduleInfo.recurrence.pattern.daysOfWeek],
        references: ROLE_IN_SCOPE,
        columns: columns![
            Text appScopeId, Time createdDateTime, Text createdUsing directoryScopeId,
            Time modifiedDateTime, Text principalId roleDefinitionId status memberType,
            Json scheduleInfo
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_eligibility_schedule_instance",
        table: "role_eligibility_schedule_instances",
        title: "PIM eligible role assignment instance",
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleEligibilityScheduleInstances",
        permissions: &["RoleEligibilitySchedule.Read.Directory"],
        licence: Licence::P2,
        writing: Some(ELIGIBLE),
        entity_type: "microsoft.graph.unifiedRoleEligibilityScheduleInstance",
        display: paths![principalId],
        read_only: paths![id memberType],
        references: ROLE_IN_SCOPE,
        export_path: Some("PIM/DirectoryRoles"),
        columns: columns![
            Text appScopeId directoryScopeId principalId roleDefinitionId, Time endDateTime,
            Text memberType roleEligibilityScheduleId, Time startDateTime
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_eligibility_schedule_request",
        table: "role_eligibility_schedule_requests",
        title: "PIM eligible role requests",
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleEligibilityScheduleRequests",
        permissions: &[
            "RoleEligibilitySchedule.ReadWrite.Directory",
            "RoleManagement.ReadWrite.Directory",
        ],
        licence: Licence::P2,
        writing: Some(
            Writing::objects(&[
                "RoleEligibilitySchedule.ReadWrite.Directory",
                "RoleManagement.ReadWrite.Directory",
            ])
            .never_changed()
            .never_deleted(),
        ),
        entity_type: "microsoft.graph.unifiedRoleEligibilityScheduleRequest",
        display: paths![principalId],
        read_only: paths![approvalId completedDateTime createdBy createdDateTime id status],
        sets: paths![scheduleInfo.recurrence.pattern.daysOfWeek],
        references: references![
            principalId => directory_object, roleDefinitionId => role_definition
        ],
        columns: columns![
            Text approvalId, Time completedDateTime, Json createdBy, Time createdDateTime,
            Text customData status action appScopeId directoryScopeId, Bool isValidationOnly,
            Text justification principalId roleDefinitionId, Json scheduleInfo,
            Text targetScheduleId, Json ticketInfo
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_assignment_schedule_request",
        table: "role_assignment_schedule_requests",
        title: "PIM active role requests",
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleAssignmentScheduleRequests",
        permissions: &[
            "RoleAssignmentSchedule.ReadWrite.Directory",
            "RoleManagement.ReadWrite.Directory",
        ],
        licence: Licence::P2,
        writing: Some(
            Writing::objects(&[
                "RoleAssignmentSchedule.ReadWrite.Directory",
                "RoleManagement.ReadWrite.Directory",
            ])
            .never_changed()
            .never_deleted(),
        ),
        entity_type: "microsoft.graph.unifiedRoleAssignmentScheduleRequest",
        display: paths![principalId],
        read_only: paths![approvalId completedDateTime createdBy createdDateTime id status],
        sets: paths![scheduleInfo.recurrence.pattern.daysOfWeek],
        references: references![
            principalId => directory_object, roleDefinitionId => role_definition
        ],
        columns: columns![
            Text approvalId, Time completedDateTime, Json createdBy, Time createdDateTime,
            Text customData status action appScopeId directoryScopeId, Bool isValidationOnly,
            Text justification principalId roleDefinitionId, Json scheduleInfo,
            Text targetScheduleId, Json ticketInfo
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_management_policy",
        table: "role_management_policies",
        title: "PIM role settings (policy)",
        aliases: paths![pim_policy],
        category: Category::RolesAndPermissions,
        path: "/policies/roleManagementPolicies",
        // A filter is mandatory; a group's policy is read with scopeId eq '{groupId}' and
        // scopeType eq 'Group'.
        query: Some("$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'&$expand=rules"),
        permissions: &["RoleManagement.Read.Directory"],
        licence: Licence::P2,
        entity_type: "microsoft.graph.unifiedRoleManagementPolicy",
        display: paths![displayName],
        read_only: paths![id lastModifiedBy lastModifiedDateTime],
        sets: paths![
            rules rules.enabledRules rules.notificationRecipients rules.target.enforcedSettings
            rules.target.inheritableSettings rules.target.operations
        ],
        references: references![scopeId => directory_object_scope],
        columns: columns![
            Text description displayName, Bool isOrganizationDefault, Json lastModifiedBy,
            Time lastModifiedDateTime, Text scopeId scopeType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_management_policy_rule",
        table: "role_management_policy_rules",
        title: "PIM role setting rules",
        aliases: paths![pim_rule],
        category: Category::RolesAndPermissions,
        path: "/policies/roleManagementPolicies/{unifiedRoleManagementPolicyId}/rules",
        permissions: &["RoleManagement.Read.Directory"],
        licence: Licence::P2,
        writing: Some(
            Writing::objects(&[])
                .never_made()
                .never_deleted()
                .signed_in(&["RoleManagementPolicy.ReadWrite.Directory"]),
        ),
        entity_type: "microsoft.graph.unifiedRoleManagementPolicyRule",
        derived_types: paths![
            microsoft.graph.unifiedRoleManagementPolicyApprovalRule
            microsoft.graph.unifiedRoleManagementPolicyAuthenticationContextRule
            microsoft.graph.unifiedRoleManagementPolicyEnablementRule
            microsoft.graph.unifiedRoleManagementPolicyExpirationRule
            microsoft.graph.unifiedRoleManagementPolicyNotificationRule
        ],
        parent: Some("role_management_policy"),
        display: paths![id],
        read_only: paths![id],
        sets: paths![
            target.enforcedSettings target.inheritableSettings target.operations enabledRules
            notificationRecipients
        ],
        columns: columns![
            Json target setting, Text claimValue, Bool isEnabled, Json enabledRules,
            Bool isExpirationRequired, Text maximumDuration, Bool isDefaultRecipientsEnabled,
            Text notificationLevel, Json notificationRecipients, Text notificationType
            recipientType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_management_policy_assignment",
        table: "role_management_policy_assignments",
        title: "PIM policy to role binding",
        category: Category::RolesAndPermissions,
        path: "/policies/roleManagementPolicyAssignments",
        query: Some(
            "$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'&$expand=policy($expand=rules)",
        ),
        permissions: &["RoleManagement.Read.All"],
        licence: Licence::P2,
        entity_type: "microsoft.graph.unifiedRoleManagementPolicyAssignment",
        display: paths![roleDefinitionId],
        read_only: paths![id],
        sets: paths![
            policy.rules policy.rules.enabledRules policy.rules.notificationRecipients
            policy.rules.target.enforcedSettings policy.rules.target.inheritableSettings
            policy.rules.target.operations
        ],
        references: references![
            policyId => role_management_policy, roleDefinitionId => role_definition
        ],
        export_path: Some("PIM/DirectoryRoles"),
        columns: columns![Text policyId roleDefinitionId scopeId scopeType],
        ..Kind::BASE
    },
    Kind {
        name: "pim_group_eligibility_schedule",
        table: "pim_group_eligibility_schedules",
        title: "PIM for Groups: eligible schedule",
        aliases: paths![pim_group],
        category: Category::RolesAndPermissions,
        path: "/identityGovernance/privilegedAccess/group/eligibilitySchedules",
        // groupId or principalId is mandatory in all four collections.
        query: Some("$filter=groupId eq '{groupId}'"),
        permissions: &["PrivilegedEligibilitySchedule.Read.AzureADGroup"],
        licence: Licence::P2,
        changed_by: GROUP_ACTIVITIES,
        made_later: true,
        writing: Some(GROUP_ELIGIBLE),
        entity_type: "microsoft.graph.privilegedAccessGroupEligibilitySchedule",
        parent: Some("group"),
        display: paths![principalId],
        drift: paths![status],
        read_only: paths![createdDateTime createdUsing id memberType modifiedDateTime status],
        sets: paths![scheduleInfo.recurrence.pattern.daysOfWeek],
        references: references![groupId => group, principalId => directory_object],
        export_path: Some("PIM/Groups"),
        columns: columns![
            Time createdDateTime, Text createdUsing, Time modifiedDateTime, Json scheduleInfo,
            Text status accessId groupId memberType principalId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "pim_group_assignment_schedule",
        table: "pim_group_assignment_schedules",
        title: "PIM for Groups: active schedule",
        category: Category::RolesAndPermissions,
        path: "/identityGovernance/privilegedAccess/group/assignmentSchedules",
        query: Some("$filter=groupId eq '{groupId}'"),
        permissions: &["PrivilegedAssignmentSchedule.Read.AzureADGroup"],
        licence: Licence::P2,
        changed_by: GROUP_ACTIVITIES,
        made_later: true,
        writing: Some(GROUP_ASSIGNED),
        entity_type: "microsoft.graph.privilegedAccessGroupAssignmentSchedule",
        parent: Some("group"),
        display: paths![principalId],
        drift: paths![status],
        read_only: paths![createdDateTime createdUsing id memberType modifiedDateTime status],
        sets: paths![scheduleInfo.recurrence.pattern.daysOfWeek],
        references: references![groupId => group, principalId => directory_object],
        columns: columns![
            Time createdDateTime, Text createdUsing, Time modifiedDateTime, Json scheduleInfo,
            Text status accessId assignmentType groupId memberType principalId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "pim_group_eligibility_schedule_instance",
        table: "pim_group_eligibility_schedule_instances",
        title: "PIM for Groups: eligible instance",
        category: Category::RolesAndPermissions,
        path: "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances",
        query: Some("$filter=groupId eq '{groupId}'"),
        permissions: &["PrivilegedEligibilitySchedule.Read.AzureADGroup"],
        licence: Licence::P2,
        changed_by: GROUP_ACTIVITIES,
        made_later: true,
        writing: Some(GROUP_ELIGIBLE),
        entity_type: "microsoft.graph.privilegedAccessGroupEligibilityScheduleInstance",
        parent: Some("group"),
        display: paths![principalId],
        read_only: paths![id memberType],
        references: references![groupId => group, principalId => directory_object],
        columns: columns![
            Time endDateTime startDateTime, Text accessId eligibilityScheduleId groupId memberType
            principalId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "pim_group_assignment_schedule_instance",
        table: "pim_group_assignment_schedule_instances",
        title: "PIM for Groups: active instance",
        category: Category::RolesAndPermissions,
        path: "/identityGovernance/privilegedAccess/group/assignmentScheduleInstances",
        query: Some("$filter=groupId eq '{groupId}'"),
        permissions: &["PrivilegedAssignmentSchedule.Read.AzureADGroup"],
        licence: Licence::P2,
        changed_by: GROUP_ACTIVITIES,
        made_later: true,
        writing: Some(GROUP_ASSIGNED),
        entity_type: "microsoft.graph.privilegedAccessGroupAssignmentScheduleInstance",
        parent: Some("group"),
        display: paths![principalId],
        read_only: paths![id memberType],
        references: references![groupId => group, principalId => directory_object],
        columns: columns![
            Time endDateTime startDateTime, Text accessId assignmentScheduleId assignmentType
            groupId memberType principalId
        ],
        ..Kind::BASE
    },
];
