//! Consent: what applications were allowed in people's names, and the rules for allowing it.

use crate::kind::{Category, Kind, Shape};
use crate::notation::{columns, paths, references};
use crate::reading::Delta;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "oauth2_permission_grant",
        table: "oauth2_permission_grants",
        title: "Delegated permission grant (OAuth consent)",
        aliases: paths![grant consent],
        category: Category::RolesAndPermissions,
        path: "/oauth2PermissionGrants",
        permissions: &["Directory.Read.All"],
        page_size: Some(999),
        delta: Some(Delta::Own {
            path: "/oauth2PermissionGrants/delta",
            without: &[],
        }),
        writing: Some(Writing::objects(&[
            "DelegatedPermissionGrant.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.oAuth2PermissionGrant",
        display: paths![scope],
        read_only: paths![id],
        references: references![
            clientId => service_principal, resourceId => service_principal, principalId => user
        ],
        columns: columns![Text clientId consentType principalId resourceId scope],
        ..Kind::BASE
    },
    Kind {
        name: "delegated_permission_classification",
        table: "delegated_permission_classifications",
        title: "Delegated permission classification",
        category: Category::RolesAndPermissions,
        path: "/servicePrincipals/{servicePrincipalId}/delegatedPermissionClassifications",
        permissions: &["Application.Read.All"],
        changed_by: &["Update service principal"],
        writing: Some(Writing::objects(&["Policy.ReadWrite.PermissionGrant"]).never_changed()),
        entity_type: "microsoft.graph.delegatedPermissionClassification",
        parent: Some("service_principal"),
        display: paths![permissionName],
        read_only: paths![id],
        export_path: Some("ServicePrincipals/<id>/DelegatedPermissionClassifications"),
        columns: columns![Text classification permissionId permissionName],
        ..Kind::BASE
    },
    Kind {
        name: "permission_grant_policy",
        table: "permission_grant_policies",
        title: "Permission grant policy",
        category: Category::RolesAndPermissions,
        path: "/policies/permissionGrantPolicies",
        query: Some("$expand=includes,excludes"),
        permissions: &["Policy.Read.PermissionGrant"],
        writing: Some(
            Writing::objects(&["Policy.ReadWrite.PermissionGrant"])
                .chosen(paths![id])
                .rows(paths![excludes includes]),
        ),
        entity_type: "microsoft.graph.permissionGrantPolicy",
        display: paths![displayName],
        read_only: paths![deletedDateTime id],
        sets: paths![includes excludes],
        export_path: Some("Policies/PermissionGrantPolicies"),
        columns: columns![Time deletedDateTime, Text description displayName],
        ..Kind::BASE
    },
    Kind {
        name: "permission_grant_condition_set_include",
        table: "permission_grant_condition_set_includes",
        title: "Permission grant policy includes",
        category: Category::RolesAndPermissions,
        path: "/policies/permissionGrantPolicies/{permissionGrantPolicyId}/includes",
        permissions: &["Policy.Read.PermissionGrant"],
        writing: Some(Writing::objects(&["Policy.ReadWrite.PermissionGrant"]).never_changed()),
        entity_type: "microsoft.graph.permissionGrantConditionSet",
        parent: Some("permission_grant_policy"),
        display: paths![id],
        read_only: paths![id],
        sets: paths![
            clientApplicationIds clientApplicationPublisherIds clientApplicationTenantIds
            permissions
        ],
        columns: columns![
            Json clientApplicationIds clientApplicationPublisherIds,
            Bool clientApplicationsFromVerifiedPublisherOnly, Json clientApplicationTenantIds,
            Text permissionClassification, Json permissions, Text permissionType
            resourceApplication
        ],
        ..Kind::BASE
    },
    Kind {
        name: "permission_grant_condition_set_exclude",
        table: "permission_grant_condition_set_excludes",
        title: "Permission grant policy excludes",
        category: Category::RolesAndPermissions,
        path: "/policies/permissionGrantPolicies/{permissionGrantPolicyId}/excludes",
        permissions: &["Policy.Read.PermissionGrant"],
        writing: Some(Writing::objects(&["Policy.ReadWrite.PermissionGrant"]).never_changed()),
        entity_type: "microsoft.graph.permissionGrantConditionSet",
        parent: Some("permission_grant_policy"),
        display: paths![id],
        read_only: paths![id],
        sets: paths![
            clientApplicationIds clientApplicationPublisherIds clientApplicationTenantIds
            permissions
        ],
        columns: columns![
            Json clientApplicationIds clientApplicationPublisherIds,
            Bool clientApplicationsFromVerifiedPublisherOnly, Json clientApplicationTenantIds,
            Text permissionClassification, Json permissions, Text permissionType
            resourceApplication
        ],
        ..Kind::BASE
    },
    Kind {
        name: "app_consent_request",
        table: "app_consent_requests",
        title: "Admin consent request",
        aliases: paths![consent_request],
        category: Category::RolesAndPermissions,
        path: "/identityGovernance/appConsent/appConsentRequests",
        permissions: &["ConsentRequest.Read.All"],
        entity_type: "microsoft.graph.appConsentRequest",
        display: paths![appDisplayName],
        read_only: paths![id],
        sets: paths![pendingScopes],
        references: references![appId => application.appId],
        columns: columns![Text appDisplayName appId, Json pendingScopes],
        ..Kind::BASE
    },
    Kind {
        name: "admin_consent_request_policy",
        table: "admin_consent_request_policies",
        title: "Admin consent request policy",
        category: Category::Policies,
        path: "/policies/adminConsentRequestPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(
            Writing::settings(&["Policy.ReadWrite.ConsentRequest"]).update(
                Method::Put,
                Address::Collection,
                Body::Properties,
            ),
        ),
        entity_type: "microsoft.graph.adminConsentRequestPolicy",
        shape: Shape::Singleton,
        read_only: paths![id version],
        references: references![reviewers.query => user],
        export_path: Some("Policies/AdminConsentRequestPolicy"),
        columns: columns![
            Bool isEnabled notifyReviewers remindersEnabled, Int requestDurationInDays,
            Json reviewers, Int version
        ],
        ..Kind::BASE
    },
];
