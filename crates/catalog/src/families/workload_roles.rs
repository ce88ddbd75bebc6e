//! Roles of the other role providers: Exchange, Intune, Cloud PC, entitlement management.

use crate::kind::{Api, Category, Kind};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "role_definition_exchange",
        table: "role_definitions_exchange",
        title: "Exchange role definition",
        category: Category::RolesAndPermissions,
        api: Api::Beta,
        path: "/roleManagement/exchange/roleDefinitions",
        permissions: &["RoleManagement.Read.Exchange"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::objects(&["RoleManagement.ReadWrite.Exchange"])),
        entity_type: "microsoft.graph.unifiedRoleDefinition",
        display: paths![displayName],
        read_only: paths![id isBuiltIn],
        sets: paths![
            resourceScopes rolePermissions.allowedResourceActions
            rolePermissions.excludedResourceActions inheritsPermissionsFrom
        ],
        export_path: Some("RoleManagement/Exchange/RoleDefinitions"),
        columns: columns![
            Json allowedPrincipalTypes, Text description displayName, Bool isBuiltIn isEnabled
            isPrivileged, Json resourceScopes rolePermissions, Text templateId version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_assignment_exchange",
        table: "role_assignments_exchange",
        title: "Exchange role assignment",
        category: Category::RolesAndPermissions,
        api: Api::Beta,
        path: "/roleManagement/exchange/roleAssignments",
        permissions: &["RoleManagement.Read.Exchange"],
        licence: Licence::Microsoft365,
        writing: Some(Writing::objects(&["RoleManagement.ReadWrite.Exchange"]).never_changed()),
        entity_type: "microsoft.graph.unifiedRoleAssignment",
        display: paths![principalId],
        read_only: paths![id],
        references: references![roleDefinitionId => role_definition_exchange],
        export_path: Some("RoleManagement/Exchange/RoleAssignments"),
        columns: columns![
            Text appScopeId condition directoryScopeId principalId principalOrganizationId
            resourceScope roleDefinitionId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_definition_intune",
        table: "role_definitions_intune",
        title: "Intune role definition",
        category: Category::RolesAndPermissions,
        api: Api::Beta,
        path: "/roleManagement/deviceManagement/roleDefinitions",
        permissions: &["DeviceManagementRBAC.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementRBAC.ReadWrite.All"])),
        entity_type: "microsoft.graph.unifiedRoleDefinition",
        display: paths![displayName],
        read_only: paths![id isBuiltIn],
        sets: paths![
            resourceScopes rolePermissions.allowedResourceActions
            rolePermissions.excludedResourceActions inheritsPermissionsFrom
        ],
        export_path: Some("RoleManagement/DeviceManagement/RoleDefinitions"),
        columns: columns![
            Json allowedPrincipalTypes, Text description displayName, Bool isBuiltIn isEnabled
            isPrivileged, Json resourceScopes rolePermissions, Text templateId version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_assignment_intune",
        table: "role_assignments_intune",
        title: "Intune role assignment",
        category: Category::RolesAndPermissions,
        api: Api::Beta,
        path: "/roleManagement/deviceManagement/roleAssignments",
        query: Some("$expand=principals"),
        permissions: &["DeviceManagementRBAC.Read.All"],
        licence: Licence::Intune,
        writing: Some(Writing::objects(&["DeviceManagementRBAC.ReadWrite.All"])),
        entity_type: "microsoft.graph.unifiedRoleAssignmentMultiple",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![appScopeIds directoryScopeIds principalIds principals],
        references: references![roleDefinitionId => role_definition_intune],
        export_path: Some("RoleManagement/DeviceManagement/RoleAssignments"),
        columns: columns![
            Json appScopeIds, Text condition description, Json directoryScopeIds,
            Text displayName, Json principalIds, Text roleDefinitionId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_definition_cloud_pc",
        table: "role_definitions_cloud_pc",
        title: "Cloud PC role definition",
        category: Category::RolesAndPermissions,
        api: Api::Beta,
        path: "/roleManagement/cloudPC/roleDefinitions",
        permissions: &["CloudPC.Read.All"],
        licence: Licence::Windows365,
        writing: Some(Writing::objects(&["CloudPC.ReadWrite.All"])),
        entity_type: "microsoft.graph.unifiedRoleDefinition",
        display: paths![displayName],
        read_only: paths![id isBuiltIn],
        sets: paths![
            resourceScopes rolePermissions.allowedResourceActions
            rolePermissions.excludedResourceActions inheritsPermissionsFrom
        ],
        export_path: Some("RoleManagement/CloudPC/RoleDefinitions"),
        columns: columns![
            Json allowedPrincipalTypes, Text description displayName, Bool isBuiltIn isEnabled
            isPrivileged, Json resourceScopes rolePermissions, Text templateId version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_assignment_cloud_pc",
        table: "role_assignments_cloud_pc",
        title: "Cloud PC role assignment",
        category: Category::RolesAndPermissions,
        api: Api::Beta,
        path: "/roleManagement/cloudPC/roleAssignments",
        query: Some("$expand=principals"),
        permissions: &["CloudPC.Read.All"],
        licence: Licence::Windows365,
        writing: Some(Writing::objects(&["CloudPC.ReadWrite.All"])),
        entity_type: "microsoft.graph.unifiedRoleAssignmentMultiple",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![appScopeIds directoryScopeIds principalIds principals],
        references: references![roleDefinitionId => role_definition_cloud_pc],
        export_path: Some("RoleManagement/CloudPC/RoleAssignments"),
        columns: columns![
            Json appScopeIds, Text condition description, Json directoryScopeIds,
            Text displayName, Json principalIds, Text roleDefinitionId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_definition_entitlement",
        table: "role_definitions_entitlement",
        title: "Entitlement management role definition",
        category: Category::RolesAndPermissions,
        path: "/roleManagement/entitlementManagement/roleDefinitions",
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        entity_type: "microsoft.graph.unifiedRoleDefinition",
        display: paths![displayName],
        read_only: paths![id isBuiltIn],
        sets: paths![
            resourceScopes rolePermissions.allowedResourceActions
            rolePermissions.excludedResourceActions inheritsPermissionsFrom
        ],
        export_path: Some("RoleManagement/EntitlementManagement/RoleDefinitions"),
        columns: columns![
            Text description displayName, Bool isBuiltIn isEnabled, Json resourceScopes
            rolePermissions, Text templateId version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_assignment_entitlement",
        table: "role_assignments_entitlement",
        title: "Entitlement management role assignment",
        category: Category::RolesAndPermissions,
        path: "/roleManagement/entitlementManagement/roleAssignments",
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::objects(&["EntitlementManagement.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.unifiedRoleAssignment",
        display: paths![principalId],
        read_only: paths![id],
        references: references![
            principalId => directory_object, roleDefinitionId => role_definition_entitlement,
            appScopeId => access_package_catalog_scope
        ],
        export_path: Some("RoleManagement/EntitlementManagement/RoleAssignments"),
        columns: columns![
            Text appScopeId condition directoryScopeId principalId principalOrganizationId
            roleDefinitionId
        ],
        ..Kind::BASE
    },
];
