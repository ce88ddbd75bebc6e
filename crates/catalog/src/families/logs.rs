//! Logs and usage reports.
//!
//! The arrays of an event stay as received: an event has one version, so that their order never
//! shows as a change.

use crate::kind::{Api, Category, Kind, Shape};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "directory_audit",
        table: "directory_audits",
        title: "Directory audit log",
        aliases: paths![audit],
        category: Category::Logs,
        path: "/auditLogs/directoryAudits",
        query: Some("$filter=activityDateTime ge {t}&$orderby=activityDateTime"),
        permissions: &["AuditLog.Read.All"],
        page_size: Some(1000),
        entity_type: "microsoft.graph.directoryAudit",
        shape: Shape::Event {
            time: "activityDateTime",
        },
        display: paths![activityDisplayName],
        read_only: paths![id],
        references: references![
            initiatedBy.user.id => user, initiatedBy.app.servicePrincipalId => service_principal,
            targetResources.id => directory_object
        ],
        columns: columns![
            Time activityDateTime, Text activityDisplayName, Json additionalDetails, Text category
            correlationId, Json initiatedBy, Text loggedByService operationType result
            resultReason, Json targetResources
        ],
        ..Kind::BASE
    },
    Kind {
        name: "sign_in",
        table: "sign_ins",
        title: "Sign-in log (interactive)",
        aliases: paths![sign_in_log],
        category: Category::Logs,
        path: "/auditLogs/signIns",
        query: Some("$filter=createdDateTime ge {t}"),
        permissions: &["AuditLog.Read.All"],
        licence: Licence::P1,
        page_size: Some(1000),
        entity_type: "microsoft.graph.signIn",
        shape: Shape::Event {
            time: "createdDateTime",
        },
        display: paths![userPrincipalName userDisplayName appDisplayName],
        subject: Some("userId"),
        read_only: paths![createdDateTime id],
        references: references![userId => user, appId => application.appId],
        columns: columns![
            Text appDisplayName appId, Json appliedConditionalAccessPolicies
            authenticationAppDeviceDetails, Text clientAppUsed conditionalAccessStatus
            correlationId, Time createdDateTime, Json deviceDetail, Text homeTenantId ipAddress,
            Bool isInteractive, Json location, Text resourceDisplayName resourceId
            resourceTenantId riskDetail, Json riskEventTypes riskEventTypes_v2,
            Text riskLevelAggregated riskLevelDuringSignIn riskState servicePrincipalId
            servicePrincipalName, Json status, Text userAgent userDisplayName userId
            userPrincipalName
        ],
        ..Kind::BASE
    },
    Kind {
        name: "sign_in_beta",
        table: "sign_ins_beta",
        title: "Sign-in log (non-interactive, service principal, managed identity)",
        aliases: paths![non_interactive_sign_in],
        category: Category::Logs,
        api: Api::Beta,
        path: "/auditLogs/signIns",
        query: Some(
            "$filter=createdDateTime ge {t} and signInEventTypes/any(t: t eq 'nonInteractiveUser' or t eq 'servicePrincipal' or t eq 'managedIdentity')",
        ),
        permissions: &["AuditLog.Read.All"],
        licence: Licence::P1,
        page_size: Some(1000),
        entity_type: "microsoft.graph.signIn",
        shape: Shape::Event {
            time: "createdDateTime",
        },
        display: paths![userPrincipalName servicePrincipalName appDisplayName],
        subject: Some("userId"),
        read_only: paths![createdDateTime id],
        columns: columns![
            Json agent, Text appDisplayName appId appOwnerTenantId appTokenProtectionStatus,
            Json appliedConditionalAccessPolicies appliedEventListeners
            authenticationAppDeviceDetails authenticationAppPolicyEvaluationDetails
            authenticationContextClassReferences authenticationDetails authenticationMethodsUsed
            authenticationProcessingDetails authenticationProtocol,
            Text authenticationRequirement, Json authenticationRequirementPolicies,
            Int autonomousSystemNumber, Text azureResourceId clientAppUsed clientCredentialType
            clientSessionId, Json conditionalAccessAudiences, Text conditionalAccessStatus
            correlationId, Time createdDateTime, Json crossTenantAccessType deviceDetail,
            Text federatedCredentialId, Bool flaggedForReview, Text globalSecureAccessIpAddress
            homeTenantId homeTenantName, Json incomingTokenType, Text ipAddress
            ipAddressFromResourceProvider, Bool isInteractive isTenantRestricted
            isThroughGlobalSecureAccess, Json location managedServiceIdentity mfaDetail
            networkLocationDetails, Text originalRequestId originalTransferMethod,
            Json privateLinkDetails, Int processingTimeInMilliseconds, Text resourceDisplayName
            resourceId resourceOwnerTenantId resourceServicePrincipalId resourceTenantId
            riskDetail, Json riskEventTypes_v2, Text riskLevelAggregated riskLevelDuringSignIn
            riskState rootActorId servicePrincipalCredentialKeyId
            servicePrincipalCredentialThumbprint servicePrincipalId servicePrincipalName
            sessionId, Json sessionLifetimePolicies signInEventTypes, Text signInIdentifier
            signInIdentifierType signInTokenProtectionStatus, Json status, Text tokenIssuerName
            tokenIssuerType, Json tokenProtectionStatusDetails, Text uniqueTokenIdentifier
            userAgent userDisplayName userId userPrincipalName userType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "provisioning_log",
        table: "provisioning_logs",
        title: "Provisioning log",
        category: Category::Logs,
        path: "/auditLogs/provisioning",
        permissions: &["AuditLog.Read.All", "Directory.Read.All"],
        licence: Licence::P1,
        page_size: Some(1000),
        entity_type: "microsoft.graph.provisioningObjectSummary",
        shape: Shape::Event {
            time: "activityDateTime",
        },
        display: paths![targetIdentity.displayName sourceIdentity.displayName],
        read_only: paths![id],
        columns: columns![
            Time activityDateTime, Text changeId cycleId, Int durationInMilliseconds,
            Json initiatedBy, Text jobId, Json modifiedProperties, Text provisioningAction,
            Json provisioningStatusInfo provisioningSteps servicePrincipal sourceIdentity
            sourceSystem targetIdentity targetSystem, Text tenantId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "custom_security_attribute_audit",
        table: "custom_security_attribute_audits",
        title: "Custom security attribute audit log",
        category: Category::Logs,
        api: Api::Beta,
        path: "/auditLogs/customSecurityAttributeAudits",
        permissions: &["CustomSecAttributeAuditLogs.Read.All"],
        entity_type: "microsoft.graph.customSecurityAttributeAudit",
        shape: Shape::Event {
            time: "activityDateTime",
        },
        display: paths![activityDisplayName],
        read_only: paths![id],
        columns: columns![
            Time activityDateTime, Text activityDisplayName, Json additionalDetails, Text category
            correlationId, Json initiatedBy, Text loggedByService operationType result
            resultReason, Json targetResources, Text userAgent
        ],
        ..Kind::BASE
    },
    Kind {
        name: "audit_log_query",
        table: "audit_log_queries",
        title: "Purview unified audit query",
        category: Category::Logs,
        path: "/security/auditLog/queries",
        permissions: &["AuditLogsQuery-Entra.Read.All"],
        licence: Licence::Purview,
        writing: Some(Writing::objects(&[]).never_changed().never_deleted()),
        entity_type: "microsoft.graph.security.auditLogQuery",
        // An object: the query job moves from notStarted to succeeded; its records are the
        // events.
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![
            administrativeUnitIdFilters ipAddressFilters objectIdFilters operationFilters
            recordTypeFilters serviceFilters userPrincipalNameFilters
        ],
        columns: columns![
            Json administrativeUnitIdFilters, Text displayName, Time filterEndDateTime
            filterStartDateTime, Json ipAddressFilters, Text keywordFilter, Json objectIdFilters
            operationFilters recordTypeFilters serviceFilters, Text status,
            Json userPrincipalNameFilters
        ],
        ..Kind::BASE
    },
    Kind {
        name: "intune_audit_event",
        table: "intune_audit_events",
        title: "Intune audit event",
        category: Category::Logs,
        path: "/deviceManagement/auditEvents",
        permissions: &["DeviceManagementApps.Read.All"],
        licence: Licence::Intune,
        entity_type: "microsoft.graph.auditEvent",
        shape: Shape::Event {
            time: "activityDateTime",
        },
        display: paths![displayName activity],
        read_only: paths![id],
        columns: columns![
            Text activity, Time activityDateTime, Text activityOperationType activityResult
            activityType, Json actor, Text category componentName correlationId displayName,
            Json resources
        ],
        ..Kind::BASE
    },
    Kind {
        name: "user_registration_details",
        table: "user_registration_details",
        title: "Authentication method registration report",
        aliases: paths![mfa_registration],
        category: Category::Logs,
        path: "/reports/authenticationMethods/userRegistrationDetails",
        permissions: &["AuditLog.Read.All"],
        licence: Licence::P1,
        page_size: Some(999),
        entity_type: "microsoft.graph.userRegistrationDetails",
        display: paths![userDisplayName userPrincipalName],
        subject: Some("id"),
        volatile: paths![lastUpdatedDateTime],
        read_only: paths![id],
        sets: paths![methodsRegistered systemPreferredAuthenticationMethods],
        references: references![id => user],
        columns: columns![
            Bool isAdmin isMfaCapable isMfaRegistered isPasswordlessCapable isSsprCapable
            isSsprEnabled isSsprRegistered isSystemPreferredAuthenticationMethodEnabled,
            Time lastUpdatedDateTime, Json methodsRegistered systemPreferredAuthenticationMethods,
            Text userDisplayName userPreferredMethodForSecondaryAuthentication userPrincipalName
            userType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "users_registered_by_feature",
        table: "users_registered_by_feature",
        title: "Users registered by feature report",
        category: Category::Logs,
        path: "/reports/authenticationMethods/usersRegisteredByFeature()",
        delegated: Some("AuditLog.Read.All"),
        licence: Licence::P1,
        entity_type: "microsoft.graph.userRegistrationFeatureSummary",
        shape: Shape::Singleton,
        key: None,
        sets: paths![userRegistrationFeatureCounts],
        export_path: Some("Reports/AuthenticationMethods/UsersRegisteredByFeature/report.json"),
        columns: columns![
            Int totalUserCount, Json userRegistrationFeatureCounts, Text userRoles userTypes
        ],
        ..Kind::BASE
    },
];
