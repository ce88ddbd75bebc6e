//! The recycle bin of directory objects: the same types as alive, under paths of their own.
//!
//! Each is its living kind with the read-only list of the bin; drift and volatile lists are empty,
//! as in the reference, since nothing uses a deleted object.

use super::{administrative_units, applications, devices, groups, service_principals, users};
use crate::kind::{Category, Kind};
use crate::notation::paths;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "deleted_user",
        table: "deleted_users",
        title: "Soft-deleted users",
        aliases: &[],
        path: "/directory/deletedItems/microsoft.graph.user",
        query: None,
        volatile: &[],
        drift: &[],
        read_only: paths![createdDateTime deletedDateTime id],
        references: &[],
        export_path: None,
        ..users::USER
    },
    Kind {
        name: "deleted_group",
        table: "deleted_groups",
        title: "Soft-deleted groups",
        aliases: &[],
        path: "/directory/deletedItems/microsoft.graph.group",
        volatile: &[],
        drift: &[],
        read_only: paths![createdDateTime deletedDateTime id],
        references: &[],
        export_path: None,
        ..groups::GROUP
    },
    Kind {
        name: "deleted_application",
        table: "deleted_applications",
        title: "Soft-deleted applications",
        aliases: &[],
        category: Category::Directory,
        path: "/directory/deletedItems/microsoft.graph.application",
        drift: &[],
        read_only: paths![createdByAppId createdDateTime deletedDateTime id],
        immutable: paths![createdByAppId],
        references: &[],
        export_path: None,
        ..applications::APPLICATION
    },
    Kind {
        name: "deleted_service_principal",
        table: "deleted_service_principals",
        title: "Soft-deleted service principals",
        aliases: &[],
        category: Category::Directory,
        path: "/directory/deletedItems/microsoft.graph.servicePrincipal",
        drift: &[],
        read_only: paths![createdByAppId createdDateTime deletedDateTime id],
        immutable: paths![agentIdentityBlueprintId createdByAppId],
        references: &[],
        export_path: None,
        ..service_principals::SERVICE_PRINCIPAL
    },
    Kind {
        name: "deleted_administrative_unit",
        table: "deleted_administrative_units",
        title: "Soft-deleted administrative units",
        aliases: &[],
        path: "/directory/deletedItems/microsoft.graph.administrativeUnit",
        read_only: paths![deletedDateTime id],
        export_path: None,
        ..administrative_units::ADMINISTRATIVE_UNIT
    },
    Kind {
        name: "deleted_device",
        table: "deleted_devices",
        title: "Soft-deleted devices",
        aliases: &[],
        category: Category::Directory,
        path: "/directory/deletedItems/microsoft.graph.device",
        volatile: &[],
        drift: &[],
        read_only: paths![deletedDateTime id],
        references: &[],
        export_path: None,
        ..devices::DEVICE
    },
];
