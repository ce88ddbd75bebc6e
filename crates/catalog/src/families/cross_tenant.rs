//! Relations with other tenants: cross-tenant access, multitenant organisation, partners, guests.

use crate::kind::{Api, Category, Kind, Shape};
use crate::notation::{columns, paths, references};
use crate::reading::{Licence, SoftDelete};
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "multi_tenant_organization",
        table: "multi_tenant_organizations",
        title: "Multitenant organization",
        category: Category::Directory,
        path: "/tenantRelationships/multiTenantOrganization",
        permissions: &["MultiTenantOrganization.Read.All"],
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&["MultiTenantOrganization.ReadWrite.All"])
                .create(Method::Put, Address::Collection, Body::Properties)
                .update(Method::Patch, Address::Collection, Body::Properties)
                .never_deleted(),
        ),
        entity_type: "microsoft.graph.multiTenantOrganization",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![createdDateTime id state],
        columns: columns![Time createdDateTime, Text description displayName state],
        ..Kind::BASE
    },
    Kind {
        name: "multi_tenant_organization_member",
        table: "multi_tenant_organization_members",
        title: "Multitenant organization members",
        category: Category::Directory,
        path: "/tenantRelationships/multiTenantOrganization/tenants",
        permissions: &["MultiTenantOrganization.Read.All"],
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&["MultiTenantOrganization.ReadWrite.All"])
                .never_changed()
                .chosen(paths![tenantId]),
        ),
        entity_type: "microsoft.graph.multiTenantOrganizationMember",
        // Graph addresses and returns members by tenantId; the inherited id is not sent.
        key: Some("tenantId"),
        display: paths![displayName tenantId],
        read_only: paths![
            addedDateTime deletedDateTime id joinedDateTime state transitionDetails
        ],
        columns: columns![
            Time deletedDateTime, Text addedByTenantId, Time addedDateTime, Text displayName,
            Time joinedDateTime, Text role state tenantId, Json transitionDetails
        ],
        ..Kind::BASE
    },
    Kind {
        name: "delegated_admin_relationship",
        table: "delegated_admin_relationships",
        title: "Delegated admin relationship (GDAP)",
        aliases: paths![gdap],
        category: Category::RolesAndPermissions,
        path: "/tenantRelationships/delegatedAdminRelationships",
        permissions: &["DelegatedAdminRelationship.Read.All"],
        writing: Some(Writing::objects(&[
            "DelegatedAdminRelationship.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.delegatedAdminRelationship",
        derived_types: paths![microsoft.graph.resellerDelegatedAdminRelationship],
        display: paths![displayName],
        drift: paths![status],
        read_only: paths![
            activatedDateTime createdDateTime endDateTime id lastModifiedDateTime status
        ],
        sets: paths![accessDetails.unifiedRoles],
        columns: columns![
            Json accessDetails, Time activatedDateTime, Text autoExtendDuration,
            Time createdDateTime, Json customer, Text displayName duration, Time endDateTime
            lastModifiedDateTime, Text status indirectProviderTenantId,
            Bool isPartnerConsentPending
        ],
        ..Kind::BASE
    },
    Kind {
        name: "cross_tenant_access_policy",
        table: "cross_tenant_access_policies",
        title: "Cross-tenant access policy",
        aliases: paths![xtap],
        category: Category::IdentityGovernance,
        path: "/policies/crossTenantAccessPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&["Policy.ReadWrite.CrossTenantAccess"])),
        entity_type: "microsoft.graph.crossTenantAccessPolicy",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        sets: paths![allowedCloudEndpoints],
        export_path: Some("Policies/CrossTenantAccessPolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName, Json allowedCloudEndpoints
        ],
        ..Kind::BASE
    },
    Kind {
        name: "cross_tenant_access_default",
        table: "cross_tenant_access_defaults",
        title: "Cross-tenant access default settings (B2B)",
        aliases: paths![xtap_default],
        category: Category::IdentityGovernance,
        path: "/policies/crossTenantAccessPolicy/default",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&["Policy.ReadWrite.CrossTenantAccess"])),
        entity_type: "microsoft.graph.crossTenantAccessPolicyConfigurationDefault",
        shape: Shape::Singleton,
        read_only: paths![id isServiceDefault],
        // Not primaryIdentityProviderPrecedenceOrder: an order by name.
        sets: paths![
            appServiceConnectInbound.applications.targets
            b2bCollaborationInbound.applications.targets
            b2bCollaborationInbound.usersAndGroups.targets
            b2bCollaborationOutbound.applications.targets
            b2bCollaborationOutbound.usersAndGroups.targets
            b2bDirectConnectInbound.applications.targets
            b2bDirectConnectInbound.usersAndGroups.targets
            b2bDirectConnectOutbound.applications.targets
            b2bDirectConnectOutbound.usersAndGroups.targets m365CollaborationInbound.users.targets
            m365CollaborationOutbound.usersAndGroups.targets
            tenantRestrictions.applications.targets tenantRestrictions.usersAndGroups.targets
        ],
        references: references![
            b2bCollaborationInbound.usersAndGroups.targets.target => directory_object,
            b2bCollaborationInbound.applications.targets.target => service_principal.appId,
            b2bCollaborationOutbound.usersAndGroups.targets.target => directory_object
        ],
        export_path: Some("Policies/CrossTenantAccessPolicy/Default"),
        columns: columns![
            Json appServiceConnectInbound automaticUserConsentSettings b2bCollaborationInbound
            b2bCollaborationOutbound b2bDirectConnectInbound b2bDirectConnectOutbound inboundTrust
            invitationRedemptionIdentityProviderConfiguration, Bool isServiceDefault,
            Json m365CollaborationInbound m365CollaborationOutbound tenantRestrictions
        ],
        ..Kind::BASE
    },
    Kind {
        name: "cross_tenant_access_partner",
        table: "cross_tenant_access_partners",
        title: "Cross-tenant access partner settings (B2B)",
        aliases: paths![xtap_partner],
        category: Category::IdentityGovernance,
        path: "/policies/crossTenantAccessPolicy/partners",
        permissions: &["Policy.Read.All"],
        soft_delete: Some(SoftDelete {
            days: Some(30),
            bin: "/policies/deletedItems/crossTenantPartners",
            api: Api::Beta,
        }),
        writing: Some(
            Writing::objects(&["Policy.ReadWrite.CrossTenantAccess"])
                .undelete_beta("/policies/deletedItems/crossTenantPartners/{tenantId}/restore")
                .chosen(paths![tenantId]),
        ),
        entity_type: "microsoft.graph.crossTenantAccessPolicyConfigurationPartner",
        key: Some("tenantId"),
        display: paths![tenantId],
        read_only: paths![isInMultiTenantOrganization isServiceProvider],
        sets: paths![
            appServiceConnectInbound.applications.targets
            b2bCollaborationInbound.applications.targets
            b2bCollaborationInbound.usersAndGroups.targets
            b2bCollaborationOutbound.applications.targets
            b2bCollaborationOutbound.usersAndGroups.targets
            b2bDirectConnectInbound.applications.targets
            b2bDirectConnectInbound.usersAndGroups.targets
            b2bDirectConnectOutbound.applications.targets
            b2bDirectConnectOutbound.usersAndGroups.targets m365CollaborationInbound.users.targets
            m365CollaborationOutbound.usersAndGroups.targets
            tenantRestrictions.applications.targets tenantRestrictions.usersAndGroups.targets
        ],
        export_path: Some("Policies/CrossTenantAccessPolicy/Partners"),
        columns: columns![
            Json appServiceConnectInbound automaticUserConsentSettings b2bCollaborationInbound
            b2bCollaborationOutbound b2bDirectConnectInbound b2bDirectConnectOutbound
            inboundTrust, Bool isInMultiTenantOrganization isServiceProvider,
            Json m365CollaborationInbound m365CollaborationOutbound, Text tenantId,
            Json tenantRestrictions
        ],
        ..Kind::BASE
    },
    Kind {
        name: "cross_tenant_identity_sync_partner",
        table: "cross_tenant_identity_sync_partners",
        title: "Cross-tenant synchronization policy per partner",
        category: Category::IdentityGovernance,
        path: "/policies/crossTenantAccessPolicy/partners/{tenantId}/identitySynchronization",
        permissions: &["Policy.Read.All"],
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&["Policy.ReadWrite.CrossTenantAccess"])
                .create(Method::Put, Address::Collection, Body::Properties)
                .update(Method::Patch, Address::Collection, Body::Properties)
                .delete(Address::Collection),
        ),
        entity_type: "microsoft.graph.crossTenantIdentitySyncPolicyPartner",
        shape: Shape::Singleton,
        key: Some("tenantId"),
        parent: Some("cross_tenant_access_partner"),
        display: paths![displayName tenantId],
        columns: columns![Text displayName tenantId, Json userSyncInbound],
        ..Kind::BASE
    },
    Kind {
        name: "external_identities_policy",
        table: "external_identities_policies",
        title: "External identities policy (guest self-leave)",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/policies/externalIdentitiesPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&["Policy.ReadWrite.ExternalIdentities"])),
        entity_type: "microsoft.graph.externalIdentitiesPolicy",
        shape: Shape::Singleton,
        key: None,
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        export_path: Some("Policies/ExternalIdentitiesPolicy"),
        columns: columns![
            Time deletedDateTime, Text description displayName,
            Bool allowDeletedIdentitiesDataRemoval allowExternalIdentitiesToLeave
        ],
        ..Kind::BASE
    },
    Kind {
        name: "b2b_management_policy",
        table: "b2b_management_policies",
        title: "B2B management policy (allow/deny domains)",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/policies/b2bManagementPolicies",
        permissions: &[
            "Policy.Read.B2BManagementPolicy",
            "Policy.ReadWrite.B2BManagementPolicy",
        ],
        writing: Some(Writing::objects(&["Policy.ReadWrite.B2BManagementPolicy"])),
        entity_type: "microsoft.graph.b2bManagementPolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        columns: columns![
            Time deletedDateTime, Text description displayName, Json definition,
            Bool isOrganizationDefault
        ],
        ..Kind::BASE
    },
];
