//! Service principals: the applications present in this tenant, who may use them, and their
//! policies.

use crate::kind::{Category, Kind, to_many};
use crate::notation::{columns, paths, references, select};
use crate::reading::{Delta, FurtherPermission, Licence, thirty_days};
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    SERVICE_PRINCIPAL,
    Kind {
        name: "service_principal_owner",
        table: "service_principal_owners",
        title: "Service principal owners",
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/owners",
        query: Some("$select=id"),
        permissions: &["Application.Read.All"],
        shown_by: Some("owners($select=id)"),
        changed_by: &[
            "Add owner to service principal",
            "Remove owner from service principal",
        ],
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many(
            "owners",
            "service_principal_id",
            "owner_id",
            "directory_object",
        ),
        parent: Some("service_principal"),
        export_path: Some("ServicePrincipals/<id>/Owners"),
        ..Kind::BASE
    },
    Kind {
        name: "app_role_assignment",
        table: "app_role_assignments",
        title: "App role assignments of a resource (who may use it)",
        aliases: paths![app_role],
        category: Category::RolesAndPermissions,
        path: "/servicePrincipals/{servicePrincipalId}/appRoleAssignedTo",
        permissions: &["Application.Read.All"],
        page_size: Some(999),
        changed_by: &["Add app role assignment", "Remove app role assignment"],
        made_later: true,
        writing: Some(Writing::objects(&["AppRoleAssignment.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.appRoleAssignment",
        parent: Some("service_principal"),
        display: paths![principalDisplayName],
        read_only: paths![
            createdDateTime deletedDateTime id principalDisplayName principalType
            resourceDisplayName
        ],
        references: references![principalId => directory_object, resourceId => service_principal],
        export_path: Some("ServicePrincipals/<id>/AppRoleAssignedTo"),
        columns: columns![
            Time deletedDateTime, Text appRoleId, Time createdDateTime, Text principalDisplayName
            principalId principalType resourceDisplayName resourceId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "service_principal_app_role_assignment",
        table: "service_principal_app_role_assignments",
        title: "Application permissions held by a service principal",
        category: Category::RolesAndPermissions,
        path: "/servicePrincipals/{servicePrincipalId}/appRoleAssignments",
        permissions: &["Application.Read.All"],
        page_size: Some(999),
        changed_by: &["Add app role assignment", "Remove app role assignment"],
        made_later: true,
        writing: Some(Writing::objects(&["AppRoleAssignment.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.appRoleAssignment",
        parent: Some("service_principal"),
        display: paths![resourceDisplayName],
        read_only: paths![
            createdDateTime deletedDateTime id principalDisplayName principalType
            resourceDisplayName
        ],
        references: references![
            principalId => service_principal, resourceId => service_principal
        ],
        export_path: Some("ServicePrincipals/<id>/AppRoleAssignments"),
        columns: columns![
            Time deletedDateTime, Text appRoleId, Time createdDateTime, Text principalDisplayName
            principalId principalType resourceDisplayName resourceId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "service_principal_claims_mapping_policy",
        table: "service_principal_claims_mapping_policies",
        title: "Service principal claims mapping policies",
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/claimsMappingPolicies",
        permissions: &["Policy.Read.All"],
        changed_by: &[
            "Add policy to service principal",
            "Remove policy from service principal",
        ],
        made_later: true,
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.claimsMappingPolicy",
        shape: to_many(
            "claimsMappingPolicies",
            "service_principal_id",
            "policy_id",
            "claims_mapping_policy",
        ),
        parent: Some("service_principal"),
        export_path: Some("ServicePrincipals/<id>/ClaimsMappingPolicies"),
        ..Kind::BASE
    },
    Kind {
        name: "service_principal_home_realm_discovery_policy",
        table: "service_principal_home_realm_discovery_policies",
        title: "Service principal home realm discovery policies",
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/homeRealmDiscoveryPolicies",
        permissions: &["Policy.Read.All"],
        changed_by: &[
            "Add policy to service principal",
            "Remove policy from service principal",
        ],
        made_later: true,
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.homeRealmDiscoveryPolicy",
        shape: to_many(
            "homeRealmDiscoveryPolicies",
            "service_principal_id",
            "policy_id",
            "home_realm_discovery_policy",
        ),
        parent: Some("service_principal"),
        export_path: Some("ServicePrincipals/<id>/HomeRealmDiscoveryPolicies"),
        ..Kind::BASE
    },
    Kind {
        name: "service_principal_token_issuance_policy",
        table: "service_principal_token_issuance_policies",
        title: "Service principal token issuance policies",
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/tokenIssuancePolicies",
        permissions: &["Policy.Read.All"],
        changed_by: &[
            "Add policy to service principal",
            "Remove policy from service principal",
        ],
        made_later: true,
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.tokenIssuancePolicy",
        shape: to_many(
            "tokenIssuancePolicies",
            "service_principal_id",
            "policy_id",
            "token_issuance_policy",
        ),
        parent: Some("service_principal"),
        export_path: Some("ServicePrincipals/<id>/TokenIssuancePolicies"),
        ..Kind::BASE
    },
    Kind {
        name: "service_principal_token_lifetime_policy",
        table: "service_principal_token_lifetime_policies",
        title: "Service principal token lifetime policies",
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/tokenLifetimePolicies",
        permissions: &["Policy.Read.All"],
        licence: Licence::P1,
        changed_by: &[
            "Add policy to service principal",
            "Remove policy from service principal",
        ],
        made_later: true,
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.tokenLifetimePolicy",
        shape: to_many(
            "tokenLifetimePolicies",
            "service_principal_id",
            "policy_id",
            "token_lifetime_policy",
        ),
        parent: Some("service_principal"),
        export_path: Some("ServicePrincipals/<id>/TokenLifetimePolicies"),
        ..Kind::BASE
    },
    Kind {
        name: "service_principal_app_management_policy",
        table: "service_principal_app_management_policies",
        title: "Service principal app management policies",
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/appManagementPolicies",
        permissions: &["Policy.Read.All"],
        changed_by: &[
            "Add policy to service principal",
            "Remove policy from service principal",
        ],
        made_later: true,
        writing: Some(Writing::links(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.appManagementPolicy",
        shape: to_many(
            "appManagementPolicies",
            "service_principal_id",
            "policy_id",
            "app_management_policy",
        ),
        parent: Some("service_principal"),
        export_path: Some("ServicePrincipals/<id>/AppManagementPolicies"),
        ..Kind::BASE
    },
];

/// Shared with its deleted twin.
pub(super) const SERVICE_PRINCIPAL: Kind = Kind {
    name: "service_principal",
    table: "service_principals",
    title: "Service principal (enterprise app)",
    aliases: paths![sp enterprise_app],
    category: Category::Applications,
    path: "/servicePrincipals",
    // Named, since customSecurityAttributes comes only when asked for, and so that a delta shows the
    // same properties as a list.
    query: Some(select![
        id deletedDateTime accountEnabled addIns alternativeNames appDescription
        appDisplayName appId applicationTemplateId appOwnerOrganizationId
        appRoleAssignmentRequired appRoles createdByAppId customSecurityAttributes
        description disabledByMicrosoftStatus displayName homepage info isDisabled
        keyCredentials loginUrl logoutUrl notes notificationEmailAddresses
        oauth2PermissionScopes passwordCredentials preferredSingleSignOnMode
        preferredTokenSigningKeyThumbprint replyUrls
        resourceSpecificApplicationPermissions samlSingleSignOnSettings
        servicePrincipalNames servicePrincipalType signInAudience tags
        tokenEncryptionKeyId verifiedPublisher
    ]),
    permissions: &["Application.Read.All"],
    further_permissions: &[FurtherPermission {
        permission: "CustomSecAttributeAssignment.Read.All",
        properties: paths![customSecurityAttributes],
    }],
    page_size: Some(999),
    delta: Some(Delta::Own {
        path: "/servicePrincipals/delta",
        without: paths![customSecurityAttributes],
    }),
    soft_delete: Some(thirty_days(
        "/directory/deletedItems/microsoft.graph.servicePrincipal",
    )),
    writing: Some(
        Writing::objects(&["Application.ReadWrite.All"])
            .undelete("/directory/deletedItems/{id}/restore")
            .chosen(paths![appId]),
    ),
    entity_type: "microsoft.graph.servicePrincipal",
    derived_types: paths![
        microsoft.graph.agentIdentity microsoft.graph.agentIdentityBlueprintPrincipal
    ],
    display: paths![displayName appDisplayName appId],
    drift: paths![
        appDescription appDisplayName appRoles info oauth2PermissionScopes
        resourceSpecificApplicationPermissions verifiedPublisher
    ],
    read_only: paths![
        appDescription appDisplayName appId appOwnerOrganizationId appRoles applicationTemplateId
        createdByAppId createdDateTime deletedDateTime disabledByMicrosoftStatus homepage id info
        oauth2PermissionScopes passwordCredentials replyUrls
        resourceSpecificApplicationPermissions servicePrincipalType signInAudience
        verifiedPublisher
    ],
    immutable: paths![agentIdentityBlueprintId createdByAppId],
    // Not replyUrls: the first is the one a SAML response goes to by default.
    sets: paths![
        addIns alternativeNames appRoles appRoles.allowedMemberTypes keyCredentials
        notificationEmailAddresses oauth2PermissionScopes passwordCredentials
        resourceSpecificApplicationPermissions servicePrincipalNames tags
    ],
    // keyCredentials.key: see `application`.
    secrets: paths![passwordCredentials.secretText],
    references: references![appId => application.appId],
    export_path: Some("ServicePrincipals"),
    columns: columns![
        Time deletedDateTime, Bool accountEnabled, Json addIns alternativeNames,
        Text appDescription appDisplayName appId applicationTemplateId appOwnerOrganizationId,
        Bool appRoleAssignmentRequired, Json appRoles, Text createdByAppId,
        Json customSecurityAttributes, Text description disabledByMicrosoftStatus displayName
        homepage, Json info, Bool isDisabled, Json keyCredentials, Text loginUrl logoutUrl notes,
        Json notificationEmailAddresses oauth2PermissionScopes passwordCredentials,
        Text preferredSingleSignOnMode preferredTokenSigningKeyThumbprint, Json replyUrls
        resourceSpecificApplicationPermissions samlSingleSignOnSettings servicePrincipalNames,
        Text servicePrincipalType signInAudience, Json tags, Text tokenEncryptionKeyId,
        Json verifiedPublisher, Text agentIdentityBlueprintId, Time createdDateTime
    ],
    ..Kind::BASE
};
