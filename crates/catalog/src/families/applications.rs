//! App registrations, with their credentials' trust, owners and assigned policies.

use crate::kind::{Category, Kind, to_many};
use crate::notation::{columns, paths, references, select};
use crate::reading::{Delta, Licence, thirty_days};
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    APPLICATION,
    Kind {
        name: "application_owner",
        table: "application_owners",
        title: "App registration owners",
        category: Category::Applications,
        path: "/applications/{applicationId}/owners",
        query: Some("$select=id"),
        permissions: &["Application.Read.All"],
        shown_by: Some("owners($select=id)"),
        changed_by: &["Add owner to application", "Remove owner from application"],
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.directoryObject",
        shape: to_many("owners", "application_id", "owner_id", "directory_object"),
        parent: Some("application"),
        export_path: Some("Applications/<id>/Owners"),
        ..Kind::BASE
    },
    Kind {
        name: "application_federated_identity_credential",
        // Only applications' are collected, so that the table needs no longer name.
        table: "federated_identity_credentials",
        title: "App federated identity credentials",
        aliases: paths![fic federated_identity_credential],
        category: Category::Applications,
        path: "/applications/{applicationId}/federatedIdentityCredentials",
        permissions: &["Application.Read.All"],
        changed_by: &["Update application"],
        writing: Some(Writing::objects(&["Application.ReadWrite.All"]).fixed(paths![name])),
        entity_type: "microsoft.graph.federatedIdentityCredential",
        parent: Some("application"),
        display: paths![name],
        read_only: paths![id],
        sets: paths![audiences],
        columns: columns![Json audiences, Text description issuer name subject],
        ..Kind::BASE
    },
    Kind {
        name: "application_extension_property",
        table: "application_extension_properties",
        title: "Directory extension definitions",
        category: Category::Applications,
        path: "/applications/{applicationId}/extensionProperties",
        permissions: &["Application.Read.All"],
        changed_by: &["Update application"],
        writing: Some(Writing::objects(&["Application.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.extensionProperty",
        parent: Some("application"),
        display: paths![name],
        read_only: paths![appDisplayName deletedDateTime id isSyncedFromOnPremises],
        sets: paths![targetObjects],
        export_path: Some("Applications/<id>/ExtensionProperties"),
        columns: columns![
            Time deletedDateTime, Text appDisplayName dataType, Bool isMultiValued
            isSyncedFromOnPremises, Text name, Json targetObjects
        ],
        ..Kind::BASE
    },
    Kind {
        name: "application_app_management_policy",
        table: "application_app_management_policies",
        title: "App app management policies",
        category: Category::Applications,
        path: "/applications/{applicationId}/appManagementPolicies",
        permissions: &["Policy.Read.All"],
        changed_by: &[
            "Add policy to application",
            "Remove policy from application",
        ],
        made_later: true,
        writing: Some(Writing::links(&[
            "Policy.ReadWrite.ApplicationConfiguration",
        ])),
        entity_type: "microsoft.graph.appManagementPolicy",
        shape: to_many(
            "appManagementPolicies",
            "application_id",
            "policy_id",
            "app_management_policy",
        ),
        parent: Some("application"),
        export_path: Some("Applications/<id>/AppManagementPolicies"),
        ..Kind::BASE
    },
    Kind {
        name: "application_token_issuance_policy",
        table: "application_token_issuance_policies",
        title: "App token issuance policies",
        category: Category::Applications,
        path: "/applications/{applicationId}/tokenIssuancePolicies",
        permissions: &["Policy.Read.All"],
        changed_by: &[
            "Add policy to application",
            "Remove policy from application",
        ],
        made_later: true,
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.tokenIssuancePolicy",
        shape: to_many(
            "tokenIssuancePolicies",
            "application_id",
            "policy_id",
            "token_issuance_policy",
        ),
        parent: Some("application"),
        export_path: Some("Applications/<id>/TokenIssuancePolicies"),
        ..Kind::BASE
    },
    Kind {
        name: "application_token_lifetime_policy",
        table: "application_token_lifetime_policies",
        title: "App token lifetime policies",
        category: Category::Applications,
        path: "/applications/{applicationId}/tokenLifetimePolicies",
        permissions: &["Policy.Read.All"],
        licence: Licence::P1,
        changed_by: &[
            "Add policy to application",
            "Remove policy from application",
        ],
        made_later: true,
        writing: Some(Writing::links(&["Application.ReadWrite.All"])),
        entity_type: "microsoft.graph.tokenLifetimePolicy",
        shape: to_many(
            "tokenLifetimePolicies",
            "application_id",
            "policy_id",
            "token_lifetime_policy",
        ),
        parent: Some("application"),
        export_path: Some("Applications/<id>/TokenLifetimePolicies"),
        ..Kind::BASE
    },
];

/// Shared with its deleted twin.
pub(super) const APPLICATION: Kind = Kind {
    name: "application",
    table: "applications",
    title: "App registration",
    aliases: paths![app app_registration],
    category: Category::Applications,
    path: "/applications",
    // Named, since authenticationBehaviors comes only when asked for, and so that a delta shows the
    // same properties as a list. Not managerApplications, which is a derived type's, nor the stream
    // logo.
    query: Some(select![
        id deletedDateTime addIns api appId applicationTemplateId appRoles
        authenticationBehaviors certification createdByAppId createdDateTime
        defaultRedirectUri description disabledByMicrosoftStatus displayName
        groupMembershipClaims identifierUris info isDeviceOnlyAuthSupported isDisabled
        isFallbackPublicClient keyCredentials nativeAuthenticationApisEnabled notes
        oauth2RequirePostResponse optionalClaims parentalControlSettings
        passwordCredentials publicClient publisherDomain requestSignatureVerification
        requiredResourceAccess samlMetadataUrl serviceManagementReference
        servicePrincipalLockConfiguration signInAudience spa tags tokenEncryptionKeyId
        uniqueName verifiedPublisher web
    ]),
    permissions: &["Application.Read.All"],
    page_size: Some(999),
    delta: Some(Delta::Own {
        path: "/applications/delta",
        without: &[],
    }),
    soft_delete: Some(thirty_days(
        "/directory/deletedItems/microsoft.graph.application",
    )),
    writing: Some(
        Writing::objects(&["Application.ReadWrite.All"])
            .undelete("/directory/deletedItems/{id}/restore"),
    ),
    entity_type: "microsoft.graph.application",
    derived_types: paths![microsoft.graph.agentIdentityBlueprint],
    display: paths![displayName appId],
    drift: paths![certification verifiedPublisher],
    read_only: paths![
        appId applicationTemplateId certification createdByAppId createdDateTime deletedDateTime
        disabledByMicrosoftStatus id keyCredentials logo passwordCredentials publisherDomain
        verifiedPublisher
    ],
    immutable: paths![createdByAppId],
    sets: paths![
        addIns api.knownClientApplications api.oauth2PermissionScopes
        api.preAuthorizedApplications api.preAuthorizedApplications.delegatedPermissionIds
        appRoles appRoles.allowedMemberTypes identifierUris keyCredentials managerApplications
        optionalClaims.accessToken optionalClaims.accessToken.additionalProperties
        optionalClaims.idToken optionalClaims.idToken.additionalProperties
        optionalClaims.saml2Token optionalClaims.saml2Token.additionalProperties
        parentalControlSettings.countriesBlockedForMinors passwordCredentials
        publicClient.redirectUris requiredResourceAccess requiredResourceAccess.resourceAccess
        spa.redirectUris tags web.redirectUris web.redirectUriSettings
    ],
    // Not keyCredentials.key: Graph returns it for certificates only, and a certificate is
    // public. It is what a restore needs. passwordCredentials.hint (three letters) stays too: it
    // tells secrets apart.
    secrets: paths![
        passwordCredentials.secretText
        onPremisesPublishing.verifiedCustomDomainPasswordCredential.secretText
        onPremisesPublishing.verifiedCustomDomainKeyCredential.key
    ],
    references: references![
        requiredResourceAccess.resourceAppId => service_principal.appId,
        applicationTemplateId => application_template
    ],
    export_path: Some("Applications"),
    columns: columns![
        Time deletedDateTime, Json addIns api, Text appId applicationTemplateId, Json appRoles
        authenticationBehaviors certification, Text createdByAppId, Time createdDateTime,
        Text defaultRedirectUri description disabledByMicrosoftStatus displayName
        groupMembershipClaims, Json identifierUris info, Bool isDeviceOnlyAuthSupported isDisabled
        isFallbackPublicClient, Json keyCredentials, Text logo, Json managerApplications,
        Text nativeAuthenticationApisEnabled notes, Bool oauth2RequirePostResponse,
        Json optionalClaims parentalControlSettings passwordCredentials publicClient,
        Text publisherDomain, Json requestSignatureVerification requiredResourceAccess,
        Text samlMetadataUrl serviceManagementReference, Json servicePrincipalLockConfiguration,
        Text signInAudience, Json spa tags, Text tokenEncryptionKeyId uniqueName,
        Json verifiedPublisher web
    ],
    ..Kind::BASE
};
