//! Identity Protection and security incidents.

use crate::kind::{Category, Kind, Shape};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "risk_detection",
        table: "risk_detections",
        title: "Risk detection",
        aliases: paths![risk],
        category: Category::DevicesAndSecurity,
        path: "/identityProtection/riskDetections",
        permissions: &["IdentityRiskEvent.Read.All"],
        licence: Licence::P2,
        page_size: Some(500),
        entity_type: "microsoft.graph.riskDetection",
        // An event: a detection is a finding at a time. riskState and riskDetail of it may move
        // later; the standing risk of the person, dismissal included, is versioned in
        // `risky_user`.
        shape: Shape::Event {
            time: "detectedDateTime",
        },
        display: paths![userDisplayName riskEventType],
        subject: Some("userId"),
        read_only: paths![id],
        columns: columns![
            Text activity, Time activityDateTime, Text additionalInfo correlationId,
            Time detectedDateTime, Text detectionTimingType ipAddress, Time lastUpdatedDateTime,
            Json location, Text requestId riskDetail riskEventType riskLevel riskState source
            tokenIssuerType userDisplayName userId userPrincipalName
        ],
        ..Kind::BASE
    },
    Kind {
        name: "service_principal_risk_detection",
        table: "service_principal_risk_detections",
        title: "Workload identity risk detection",
        category: Category::DevicesAndSecurity,
        path: "/identityProtection/servicePrincipalRiskDetections",
        permissions: &["IdentityRiskEvent.Read.All"],
        licence: Licence::WorkloadIdentities,
        entity_type: "microsoft.graph.servicePrincipalRiskDetection",
        // As `risk_detection`; the standing risk is versioned in `risky_service_principal`.
        shape: Shape::Event {
            time: "detectedDateTime",
        },
        display: paths![servicePrincipalDisplayName riskEventType],
        read_only: paths![id],
        columns: columns![
            Text activity, Time activityDateTime, Text additionalInfo appId correlationId,
            Time detectedDateTime, Text detectionTimingType ipAddress, Json keyIds,
            Time lastUpdatedDateTime, Json location, Text requestId riskDetail riskEventType
            riskLevel riskState servicePrincipalDisplayName servicePrincipalId source
            tokenIssuerType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "risky_user",
        table: "risky_users",
        title: "Risky user",
        category: Category::DevicesAndSecurity,
        path: "/identityProtection/riskyUsers",
        permissions: &["IdentityRiskyUser.Read.All"],
        licence: Licence::P2,
        page_size: Some(500),
        entity_type: "microsoft.graph.riskyUser",
        display: paths![userDisplayName userPrincipalName],
        subject: Some("id"),
        volatile: paths![riskLastUpdatedDateTime],
        drift: paths![isProcessing],
        read_only: paths![id],
        references: references![id => user],
        columns: columns![
            Bool isDeleted isProcessing, Text riskDetail, Time riskLastUpdatedDateTime,
            Text riskLevel riskState userDisplayName userPrincipalName
        ],
        ..Kind::BASE
    },
    Kind {
        name: "risky_service_principal",
        table: "risky_service_principals",
        title: "Risky service principal",
        category: Category::DevicesAndSecurity,
        path: "/identityProtection/riskyServicePrincipals",
        permissions: &["IdentityRiskyServicePrincipal.Read.All"],
        licence: Licence::WorkloadIdentities,
        entity_type: "microsoft.graph.riskyServicePrincipal",
        display: paths![displayName],
        volatile: paths![riskLastUpdatedDateTime],
        drift: paths![isProcessing],
        read_only: paths![id],
        references: references![id => service_principal],
        columns: columns![
            Text appId displayName, Bool isEnabled isProcessing, Text riskDetail,
            Time riskLastUpdatedDateTime, Text riskLevel riskState servicePrincipalType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "dlp_alert",
        table: "dlp_alerts",
        title: "DLP alerts (security alerts v2)",
        aliases: paths![alert],
        category: Category::DevicesAndSecurity,
        path: "/security/alerts_v2",
        query: Some("$filter=serviceSource eq 'microsoftDataLossPrevention'"),
        permissions: &["SecurityAlert.Read.All"],
        licence: Licence::Defender,
        writing: Some(
            Writing::objects(&["SecurityAlert.ReadWrite.All"])
                .never_made()
                .never_deleted(),
        ),
        entity_type: "microsoft.graph.security.alert",
        // An object, although a log has it: status, assignee and classification are edited until
        // it is closed.
        display: paths![title],
        drift: paths![lastActivityDateTime lastUpdateDateTime],
        read_only: paths![createdDateTime id lastUpdateDateTime],
        sets: paths![categories mitreTechniques systemTags],
        columns: columns![
            Text actorDisplayName, Json additionalData, Text alertPolicyId alertWebUrl assignedTo,
            Json categories, Text category classification, Json comments, Time createdDateTime,
            Json customDetails, Text description detectionSource detectorId determination,
            Json evidence, Time firstActivityDateTime, Text incidentId incidentWebUrl
            investigationState, Time lastActivityDateTime lastUpdateDateTime,
            Json mitreTechniques, Text productName providerAlertId recommendedActions,
            Time resolvedDateTime, Text serviceSource severity status, Json systemTags,
            Text tenantId threatDisplayName threatFamilyName title
        ],
        ..Kind::BASE
    },
    Kind {
        name: "security_incident",
        table: "security_incidents",
        title: "Security incident",
        aliases: paths![incident],
        category: Category::DevicesAndSecurity,
        path: "/security/incidents",
        permissions: &["SecurityIncident.Read.All"],
        licence: Licence::Defender,
        writing: Some(
            Writing::objects(&["SecurityIncident.ReadWrite.All"])
                .never_made()
                .never_deleted(),
        ),
        entity_type: "microsoft.graph.security.incident",
        // An object: incidents are assigned, merged and resolved.
        display: paths![displayName],
        drift: paths![lastUpdateDateTime],
        read_only: paths![createdDateTime id lastModifiedBy lastUpdateDateTime],
        sets: paths![customTags systemTags],
        columns: columns![
            Text assignedTo classification, Json comments, Time createdDateTime, Json customTags,
            Text description determination displayName incidentWebUrl lastModifiedBy,
            Time lastUpdateDateTime, Int priorityScore, Text redirectIncidentId resolvingComment
            severity status summary, Json systemTags, Text tenantId
        ],
        ..Kind::BASE
    },
];
