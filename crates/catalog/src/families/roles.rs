//! Directory roles: definitions, permanent assignments, and the older activated-role view.

use crate::kind::{Api, Category, Kind, to_many};
use crate::notation::{columns, paths, references};
use crate::reading::{Delta, SoftDelete};
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "directory_role",
        table: "directory_roles",
        title: "Activated directory role",
        aliases: paths![activated_role],
        category: Category::RolesAndPermissions,
        path: "/directoryRoles",
        permissions: &["RoleManagement.Read.Directory"],
        delta: Some(Delta::Own {
            path: "/directoryRoles/delta",
            without: &[],
        }),
        writing: Some(
            Writing::objects(&["RoleManagement.ReadWrite.Directory"])
                .create(
                    Method::Post,
                    Address::Collection,
                    Body::Only(&["roleTemplateId"]),
                )
                .never_changed()
                .never_deleted(),
        ),
        entity_type: "microsoft.graph.directoryRole",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        references: references![roleTemplateId => directory_role_template],
        export_path: Some("DirectoryRoles"),
        columns: columns![Time deletedDateTime, Text description displayName roleTemplateId],
        ..Kind::BASE
    },
    Kind {
        name: "directory_role_member",
        table: "directory_role_members",
        title: "Directory role members",
        category: Category::RolesAndPermissions,
        path: "/directoryRoles/{directoryRoleId}/members",
        permissions: &["RoleManagement.Read.Directory"],
        delta: Some(Delta::Within),
        writing: Some(Writing::links(&["RoleManagement.ReadWrite.Directory"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many(
            "members",
            "directory_role_id",
            "member_id",
            "directory_object",
        ),
        parent: Some("directory_role"),
        export_path: Some("DirectoryRoles/<id>/Members"),
        ..Kind::BASE
    },
    Kind {
        name: "directory_role_scoped_member",
        table: "directory_role_scoped_members",
        title: "Directory role scoped members",
        category: Category::RolesAndPermissions,
        path: "/directoryRoles/{directoryRoleId}/scopedMembers",
        permissions: &["RoleManagement.Read.Directory"],
        entity_type: "microsoft.graph.scopedRoleMembership",
        parent: Some("directory_role"),
        display: paths![roleMemberInfo.displayName],
        read_only: paths![id],
        export_path: Some("DirectoryRoles/<id>/ScopedMembers"),
        columns: columns![Text administrativeUnitId roleId, Json roleMemberInfo],
        ..Kind::BASE
    },
    Kind {
        name: "directory_role_template",
        table: "directory_role_templates",
        title: "Directory role template",
        category: Category::RolesAndPermissions,
        path: "/directoryRoleTemplates",
        permissions: &["RoleManagement.Read.Directory"],
        entity_type: "microsoft.graph.directoryRoleTemplate",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        columns: columns![Time deletedDateTime, Text description displayName],
        ..Kind::BASE
    },
    // What a custom role may be made of. The actions with an authentication context are the protected ones. Writing
    // it is in no documentation of Graph's [docs: List resourceActions; properties: SDK of v1.0].
    Kind {
        name: "resource_action",
        table: "resource_actions",
        title: "Action of directory roles",
        aliases: paths![protected_action],
        category: Category::RolesAndPermissions,
        api: Api::Beta,
        path: "/roleManagement/directory/resourceNamespaces/microsoft.directory/resourceActions",
        permissions: &["RoleManagement.Read.Directory"],
        entity_type: "microsoft.graph.unifiedRbacResourceAction",
        display: paths![name],
        read_only: paths![id],
        references: references![authenticationContextId => authentication_context],
        columns: columns![
            Text actionVerb authenticationContextId description,
            Bool isAuthenticationContextSettable isPrivileged, Text name resourceScopeId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_definition",
        table: "role_definitions",
        title: "Directory role definition",
        aliases: paths![role],
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleDefinitions",
        permissions: &["RoleManagement.Read.Directory"],
        soft_delete: Some(SoftDelete {
            days: None,
            bin: "/roleManagement/directory/deletedItems/roleDefinitions",
            api: Api::Beta,
        }),
        writing: Some(
            Writing::objects(&["RoleManagement.ReadWrite.Directory"])
                .undelete_beta(
                    "/roleManagement/directory/deletedItems/roleDefinitions/{id}/restore",
                )
                .chosen(paths![templateId]),
        ),
        entity_type: "microsoft.graph.unifiedRoleDefinition",
        display: paths![displayName],
        read_only: paths![id isBuiltIn resourceScopes version],
        sets: paths![
            resourceScopes rolePermissions.allowedResourceActions
            rolePermissions.excludedResourceActions inheritsPermissionsFrom
        ],
        export_path: Some("RoleManagement/Directory/RoleDefinitions"),
        columns: columns![
            Text description displayName, Bool isBuiltIn isEnabled, Json resourceScopes
            rolePermissions, Text templateId version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "role_assignment",
        table: "role_assignments",
        title: "Directory role assignment (active, permanent)",
        category: Category::RolesAndPermissions,
        path: "/roleManagement/directory/roleAssignments",
        // `$expand=principal($select=id)` is possible and not needed: principalId is there.
        permissions: &["RoleManagement.Read.Directory"],
        writing: Some(Writing::objects(&["RoleManagement.ReadWrite.Directory"]).never_changed()),
        entity_type: "microsoft.graph.unifiedRoleAssignment",
        display: paths![principalId],
        read_only: paths![id],
        references: references![
            principalId => directory_object, roleDefinitionId => role_definition,
            directoryScopeId => directory_object_scope
        ],
        export_path: Some("RoleManagement/Directory/RoleAssignments"),
        columns: columns![
            Text appScopeId condition directoryScopeId principalId principalOrganizationId
            roleDefinitionId
        ],
        ..Kind::BASE
    },
];
