//! The recycle bin of directory objects: the same types as alive, under paths of their own.
//!
//! Each is its living kind with the read-only list of the bin; drift and volatile lists are empty,
//! as in the reference, since nothing uses a deleted object.

use super::users::select_user;
use super::{administrative_units, applications, devices, groups, service_principals, users};
use crate::kind::{Category, Kind};
use crate::notation::paths;
use crate::writing::{Address, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "deleted_user",
        table: "deleted_users",
        title: "Soft-deleted users",
        aliases: &[],
        path: "/directory/deletedItems/microsoft.graph.user",
        delta: None,
        soft_delete: None,
        query: Some(select_user![]),
        further_permissions: &[],
        volatile: &[],
        drift: &[],
        writing: Some(
            Writing::objects(&["User.DeleteRestore.All"])
                .never_made()
                .never_changed()
                .delete(Address::At("/directory/deletedItems/{id}")),
        ),
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
        delta: None,
        soft_delete: None,
        volatile: &[],
        drift: &[],
        writing: Some(
            Writing::objects(&["Group.ReadWrite.All"])
                .never_made()
                .never_changed()
                .delete(Address::At("/directory/deletedItems/{id}")),
        ),
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
        delta: None,
        soft_delete: None,
        drift: &[],
        writing: Some(
            Writing::objects(&["Application.ReadWrite.All"])
                .never_made()
                .never_changed()
                .delete(Address::At("/directory/deletedItems/{id}")),
        ),
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
        query: None,
        further_permissions: &[],
        delta: None,
        soft_delete: None,
        drift: &[],
        writing: Some(
            Writing::objects(&["Application.ReadWrite.All"])
                .never_made()
                .never_changed()
                .delete(Address::At("/directory/deletedItems/{id}")),
        ),
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
        permissions: &["AdministrativeUnit.Read.All"],
        page_size: Some(999),
        delta: None,
        soft_delete: None,
        writing: Some(
            Writing::objects(&["AdministrativeUnit.ReadWrite.All"])
                .never_made()
                .never_changed()
                .delete(Address::At("/directory/deletedItems/{id}")),
        ),
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
        delta: None,
        volatile: &[],
        drift: &[],
        writing: Some(
            Writing::objects(&["Device.ReadWrite.All"])
                .never_made()
                .never_changed()
                .delete(Address::At("/directory/deletedItems/{id}")),
        ),
        read_only: paths![deletedDateTime id],
        references: &[],
        export_path: None,
        ..devices::DEVICE
    },
];
