//! Microsoft's own snapshots of a tenant: Entra recovery and tenant configuration management.

use crate::kind::{Category, Kind};
use crate::notation::{columns, paths};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "recovery_snapshot",
        table: "recovery_snapshots",
        title: "Native Entra backup snapshot",
        category: Category::Directory,
        path: "/directory/recovery/snapshots",
        permissions: &["EntraBackup.Read.All"],
        licence: Licence::P1,
        entity_type: "microsoft.graph.entraRecoveryServices.snapshot",
        display: paths![createdDateTime],
        read_only: paths![createdDateTime id],
        columns: columns![Time createdDateTime, Int totalChangedObjects],
        ..Kind::BASE
    },
    Kind {
        name: "recovery_job",
        table: "recovery_jobs",
        title: "Native Entra recovery job",
        category: Category::Directory,
        path: "/directory/recovery/jobs",
        permissions: &["EntraBackup.Read.All"],
        licence: Licence::P1,
        entity_type: "microsoft.graph.entraRecoveryServices.recoveryJobBase",
        derived_types: paths![
            microsoft.graph.entraRecoveryServices.recoveryJob
            microsoft.graph.entraRecoveryServices.recoveryPreviewJob
        ],
        display: paths![id],
        drift: paths![status],
        read_only: paths![id],
        columns: columns![
            Json filteringCriteria, Time jobCompletionDateTime jobStartDateTime, Text status,
            Time targetStateDateTime, Int totalChangedLinksCalculated
            totalChangedObjectsCalculated totalFailedChanges totalLinksModified
            totalObjectsModified
        ],
        ..Kind::BASE
    },
    Kind {
        name: "configuration_snapshot_job",
        table: "configuration_snapshot_jobs",
        title: "Tenant configuration snapshot job (UTCM)",
        category: Category::M365,
        path: "/admin/configurationManagement/configurationSnapshotJobs",
        permissions: &["ConfigurationMonitoring.Read.All"],
        writing: Some(
            Writing::objects(&["ConfigurationMonitoring.ReadWrite.All"])
                .create(
                    Method::Post,
                    Address::At(
                        "/admin/configurationManagement/configurationSnapshots/createSnapshot",
                    ),
                    Body::Properties,
                )
                .never_changed(),
        ),
        entity_type: "microsoft.graph.configurationSnapshotJob",
        display: paths![displayName],
        read_only: paths![
            completedDateTime createdBy createdDateTime errorDetails id resourceLocation status
        ],
        immutable: paths![tenantId],
        sets: paths![resources],
        columns: columns![
            Time completedDateTime, Json createdBy, Time createdDateTime, Text description
            displayName, Json errorDetails, Text resourceLocation, Json resources, Text status
            tenantId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "configuration_monitor",
        table: "configuration_monitors",
        title: "Tenant configuration monitor (UTCM)",
        category: Category::M365,
        path: "/admin/configurationManagement/configurationMonitors",
        permissions: &["ConfigurationMonitoring.Read.All"],
        writing: Some(Writing::objects(&["ConfigurationMonitoring.ReadWrite.All"])),
        entity_type: "microsoft.graph.configurationMonitor",
        display: paths![displayName],
        read_only: paths![
            createdBy createdDateTime id inactivationReason lastModifiedBy lastModifiedDateTime
            monitorRunFrequencyInHours status
        ],
        immutable: paths![tenantId],
        columns: columns![
            Json createdBy, Time createdDateTime, Text description displayName inactivationReason,
            Json lastModifiedBy, Time lastModifiedDateTime, Text mode,
            Int monitorRunFrequencyInHours, Json parameters, Text status tenantId
        ],
        ..Kind::BASE
    },
    Kind {
        name: "configuration_drift",
        table: "configuration_drifts",
        title: "Tenant configuration drift (UTCM)",
        category: Category::M365,
        path: "/admin/configurationManagement/configurationDrifts",
        permissions: &["ConfigurationMonitoring.Read.All"],
        entity_type: "microsoft.graph.configurationDrift",
        display: paths![baselineResourceDisplayName],
        read_only: paths![
            baselineResourceDisplayName driftedProperties firstReportedDateTime id
            resourceInstanceIdentifier resourceType status
        ],
        immutable: paths![monitorId tenantId],
        columns: columns![
            Text baselineResourceDisplayName, Json driftedProperties, Time firstReportedDateTime,
            Text monitorId, Json resourceInstanceIdentifier, Text resourceType status tenantId
        ],
        ..Kind::BASE
    },
];
