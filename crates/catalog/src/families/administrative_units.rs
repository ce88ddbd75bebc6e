//! Administrative units: delegated slices of the directory.

use crate::kind::{Category, Kind, to_many};
use crate::notation::{columns, paths, references};
use crate::reading::{Delta, thirty_days};
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    ADMINISTRATIVE_UNIT,
    Kind {
        name: "administrative_unit_member",
        table: "administrative_unit_members",
        title: "Administrative unit members",
        category: Category::Directory,
        path: "/directory/administrativeUnits/{administrativeUnitId}/members",
        query: Some("$select=id"),
        permissions: &["AdministrativeUnit.Read.All"],
        page_size: Some(999),
        delta: Some(Delta::Within),
        writing: Some(Writing::links(&["AdministrativeUnit.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many(
            "members",
            "administrative_unit_id",
            "member_id",
            "directory_object",
        ),
        parent: Some("administrative_unit"),
        export_path: Some("AdministrativeUnits/<id>/Members"),
        ..Kind::BASE
    },
    Kind {
        name: "administrative_unit_scoped_role_member",
        table: "administrative_unit_scoped_role_members",
        title: "Administrative unit scoped role members",
        category: Category::RolesAndPermissions,
        path: "/directory/administrativeUnits/{administrativeUnitId}/scopedRoleMembers",
        permissions: &["RoleManagement.Read.Directory"],
        writing: Some(Writing::objects(&["RoleManagement.ReadWrite.Directory"]).never_changed()),
        entity_type: "microsoft.graph.scopedRoleMembership",
        parent: Some("administrative_unit"),
        display: paths![roleMemberInfo.displayName],
        read_only: paths![id],
        references: references![
            roleId => directory_role, administrativeUnitId => administrative_unit,
            roleMemberInfo.id => directory_object
        ],
        export_path: Some("AdministrativeUnits/<id>/ScopedRoleMembers"),
        columns: columns![Text administrativeUnitId roleId, Json roleMemberInfo],
        ..Kind::BASE
    },
    Kind {
        name: "administrative_unit_extension",
        table: "administrative_unit_extensions",
        title: "Administrative unit open extensions",
        category: Category::Directory,
        path: "/directory/administrativeUnits/{administrativeUnitId}/extensions",
        permissions: &["AdministrativeUnit.Read.All"],
        writing: Some(Writing::objects(&["AdministrativeUnit.ReadWrite.All"])),
        entity_type: "microsoft.graph.extension",
        derived_types: paths![microsoft.graph.openTypeExtension],
        parent: Some("administrative_unit"),
        display: paths![extensionName id],
        read_only: paths![id],
        export_path: Some("AdministrativeUnits/<id>/Extensions"),
        columns: columns![Text extensionName],
        ..Kind::BASE
    },
];

/// Shared with its deleted twin.
pub(super) const ADMINISTRATIVE_UNIT: Kind = Kind {
    name: "administrative_unit",
    table: "administrative_units",
    title: "Administrative unit",
    aliases: paths![au],
    category: Category::Directory,
    path: "/directory/administrativeUnits",
    permissions: &["AdministrativeUnit.Read.All", "Directory.Read.All"],
    delta: Some(Delta::Own {
        path: "/directory/administrativeUnits/delta",
        without: &[],
    }),
    soft_delete: Some(thirty_days(
        "/directory/deletedItems/microsoft.graph.administrativeUnit",
    )),
    writing: Some(
        Writing::objects(&["AdministrativeUnit.ReadWrite.All"])
            .undelete("/directory/deletedItems/{id}/restore")
            .fixed(paths![isMemberManagementRestricted]),
    ),
    entity_type: "microsoft.graph.administrativeUnit",
    display: paths![displayName],
    read_only: paths![deletedDateTime id],
    export_path: Some("AdministrativeUnits"),
    columns: columns![
        Time deletedDateTime, Text description displayName, Bool isMemberManagementRestricted,
        Text membershipRule membershipRuleProcessingState membershipType visibility
    ],
    ..Kind::BASE
};
