//! Entitlement management: access packages, catalogs, their resources, and who holds what.

use crate::kind::{Category, Kind, Shape, to_many};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "access_package",
        table: "access_packages",
        title: "Access package",
        aliases: paths![package],
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/accessPackages",
        query: Some(
            "$expand=catalog($select=id),incompatibleAccessPackages($select=id),incompatibleGroups($select=id)",
        ),
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::objects(&["EntitlementManagement.ReadWrite.All"])),
        entity_type: "microsoft.graph.accessPackage",
        display: paths![displayName],
        read_only: paths![createdDateTime id modifiedDateTime],
        sets: paths![incompatibleAccessPackages incompatibleGroups],
        references: references![
            catalog.id => access_package_catalog, incompatibleAccessPackages.id => access_package,
            incompatibleGroups.id => group
        ],
        export_path: Some("IdentityGovernance/EntitlementManagement/AccessPackages"),
        columns: columns![
            Time createdDateTime, Text description displayName, Bool isHidden,
            Time modifiedDateTime
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_package_catalog",
        table: "access_package_catalogs",
        title: "Access package catalog",
        aliases: paths![catalog],
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/catalogs",
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::objects(&["EntitlementManagement.ReadWrite.All"])),
        entity_type: "microsoft.graph.accessPackageCatalog",
        display: paths![displayName],
        read_only: paths![createdDateTime id modifiedDateTime],
        columns: columns![
            Text catalogType, Time createdDateTime, Text description displayName,
            Bool isExternallyVisible, Time modifiedDateTime, Text state
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_package_resource",
        table: "access_package_resources",
        title: "Catalog resources",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/catalogs/{accessPackageCatalogId}/resources",
        query: Some("$expand=roles,scopes"),
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(
            Writing::requests(
                "/identityGovernance/entitlementManagement/resourceRequests",
                "requestType",
                "adminAdd",
                "adminRemove",
                &["EntitlementManagement.ReadWrite.All"],
            )
            .computed(paths![attributes description displayName roles scopes]),
        ),
        entity_type: "microsoft.graph.accessPackageResource",
        derived_types: paths![microsoft.graph.customDataProvidedResource],
        parent: Some("access_package_catalog"),
        display: paths![displayName],
        read_only: paths![createdDateTime id modifiedDateTime],
        sets: paths![roles scopes],
        references: references![originId => directory_object],
        columns: columns![
            Json attributes, Time createdDateTime, Text description displayName,
            Time modifiedDateTime, Text originId originSystem,
            Json notificationEndpointConfiguration
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_package_resource_role_scope",
        table: "access_package_resource_role_scopes",
        title: "Access package resource role scopes",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/accessPackages/{accessPackageId}/resourceRoleScopes",
        query: Some("$expand=role,scope"),
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::objects(&["EntitlementManagement.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.accessPackageResourceRoleScope",
        parent: Some("access_package"),
        display: paths![role.displayName id],
        read_only: paths![createdDateTime id],
        references: references![
            role.originId => directory_object, scope.originId => directory_object
        ],
        export_path: Some(
            "IdentityGovernance/EntitlementManagement/AccessPackages/<id>/ResourceScopes",
        ),
        columns: columns![Time createdDateTime],
        ..Kind::BASE
    },
    Kind {
        name: "access_package_assignment_policy",
        table: "access_package_assignment_policies",
        title: "Access package assignment policy",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/assignmentPolicies",
        query: Some(
            "$expand=accessPackage($select=id),catalog($select=id),questions,customExtensionStageSettings",
        ),
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(
            Writing::objects(&["EntitlementManagement.ReadWrite.All"]).update(
                Method::Put,
                Address::Object,
                Body::Properties,
            ),
        ),
        entity_type: "microsoft.graph.accessPackageAssignmentPolicy",
        display: paths![displayName],
        read_only: paths![createdDateTime id modifiedDateTime],
        sets: paths![
            requestorSettings.onBehalfRequestors
            reviewSettings.schedule.recurrence.pattern.daysOfWeek specificAllowedTargets
        ],
        references: references![
            accessPackage.id => access_package, catalog.id => access_package_catalog,
            specificAllowedTargets => directory_object
        ],
        export_path: Some(
            "IdentityGovernance/EntitlementManagement/AccessPackages/<id>/AssignmentPolicies",
        ),
        columns: columns![
            Text allowedTargetScope, Json automaticRequestSettings, Time createdDateTime,
            Text description displayName, Json expiration, Time modifiedDateTime,
            Json notificationSettings requestApprovalSettings requestorSettings reviewSettings
            specificAllowedTargets
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_package_assignment",
        table: "access_package_assignments",
        title: "Access package assignment",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/assignments",
        query: Some("$expand=target,accessPackage($select=id),assignmentPolicy($select=id)"),
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(
            Writing::requests(
                "/identityGovernance/entitlementManagement/assignmentRequests",
                "requestType",
                "adminAdd",
                "adminRemove",
                &["EntitlementManagement.ReadWrite.All"],
            )
            .update(
                Method::Post,
                Address::At("/identityGovernance/entitlementManagement/assignmentRequests"),
                Body::Action {
                    member: "requestType",
                    word: "adminUpdate",
                },
            )
            .fixed(paths![customExtensionCalloutInstances]),
        ),
        entity_type: "microsoft.graph.accessPackageAssignment",
        display: paths![target.displayName id],
        drift: paths![status],
        read_only: paths![expiredDateTime id state status],
        sets: paths![schedule.recurrence.pattern.daysOfWeek],
        references: references![
            target.objectId => user, accessPackage.id => access_package,
            assignmentPolicy.id => access_package_assignment_policy
        ],
        export_path: Some(
            "IdentityGovernance/EntitlementManagement/AccessPackages/<id>/Assignments",
        ),
        columns: columns![
            Json customExtensionCalloutInstances, Time expiredDateTime, Json schedule, Text state
            status
        ],
        ..Kind::BASE
    },
    Kind {
        name: "connected_organization",
        table: "connected_organizations",
        title: "Connected organization",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/connectedOrganizations",
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::objects(&["EntitlementManagement.ReadWrite.All"])),
        entity_type: "microsoft.graph.connectedOrganization",
        display: paths![displayName],
        read_only: paths![createdDateTime id modifiedDateTime],
        sets: paths![identitySources],
        export_path: Some("IdentityGovernance/EntitlementManagement/ConnectedOrganizations"),
        columns: columns![
            Time createdDateTime, Text description displayName, Json identitySources,
            Time modifiedDateTime, Text state
        ],
        ..Kind::BASE
    },
    Kind {
        name: "connected_organization_external_sponsor",
        table: "connected_organization_external_sponsors",
        title: "Connected organization external sponsors",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/connectedOrganizations/{connectedOrganizationId}/externalSponsors",
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::links(&["EntitlementManagement.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many(
            "externalSponsors",
            "connected_organization_id",
            "sponsor_id",
            "directory_object",
        ),
        parent: Some("connected_organization"),
        export_path: Some(
            "IdentityGovernance/EntitlementManagement/ConnectedOrganizations/<id>/ExternalSponsors",
        ),
        ..Kind::BASE
    },
    Kind {
        name: "connected_organization_internal_sponsor",
        table: "connected_organization_internal_sponsors",
        title: "Connected organization internal sponsors",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/connectedOrganizations/{connectedOrganizationId}/internalSponsors",
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::links(&["EntitlementManagement.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many(
            "internalSponsors",
            "connected_organization_id",
            "sponsor_id",
            "directory_object",
        ),
        parent: Some("connected_organization"),
        export_path: Some(
            "IdentityGovernance/EntitlementManagement/ConnectedOrganizations/<id>/InternalSponsors",
        ),
        ..Kind::BASE
    },
    Kind {
        name: "entitlement_management_settings",
        table: "entitlement_management_settings",
        title: "Entitlement management settings",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/entitlementManagement/settings",
        permissions: &["EntitlementManagement.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::settings(&["EntitlementManagement.ReadWrite.All"])),
        entity_type: "microsoft.graph.entitlementManagementSettings",
        shape: Shape::Singleton,
        read_only: paths![id],
        export_path: Some("IdentityGovernance/EntitlementManagement/Settings"),
        columns: columns![
            Text durationUntilExternalUserDeletedAfterBlocked externalUserLifecycleAction
        ],
        ..Kind::BASE
    },
];
