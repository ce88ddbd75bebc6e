//! The rest of identity governance: terms of use and lifecycle workflows.

use crate::kind::{Category, Kind, Shape};
use crate::notation::{columns, paths};
use crate::reading::{Licence, thirty_days};
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "agreement",
        table: "agreements",
        title: "Terms of use agreement",
        aliases: paths![tou terms_of_use],
        category: Category::IdentityGovernance,
        path: "/identityGovernance/termsOfUse/agreements",
        query: Some("$expand=files"),
        delegated: Some("Agreement.Read.All"),
        licence: Licence::P1,
        writing: Some(Writing::objects(&[]).signed_in(&["Agreement.ReadWrite.All"])),
        entity_type: "microsoft.graph.agreement",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![files],
        export_path: Some("IdentityGovernance/TermsOfUse/Agreements"),
        columns: columns![
            Text displayName, Bool isPerDeviceAcceptanceRequired
            isViewingBeforeAcceptanceRequired, Json termsExpiration,
            Text userReacceptRequiredFrequency
        ],
        ..Kind::BASE
    },
    Kind {
        name: "agreement_file",
        table: "agreement_files",
        title: "Terms of use files (localizations)",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/termsOfUse/agreements/{agreementId}/files",
        delegated: Some("Agreement.Read.All"),
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&[])
                .create(Method::Post, Address::Collection, Body::Package)
                .never_changed()
                .never_deleted(),
        ),
        entity_type: "microsoft.graph.agreementFileLocalization",
        parent: Some("agreement"),
        display: paths![displayName fileName],
        read_only: paths![createdDateTime id],
        columns: columns![
            Time createdDateTime, Text displayName, Json fileData, Text fileName, Bool isDefault
            isMajorVersion, Text language
        ],
        ..Kind::BASE
    },
    Kind {
        name: "agreement_acceptance",
        table: "agreement_acceptances",
        title: "Terms of use acceptances",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/termsOfUse/agreements/{agreementId}/acceptances",
        delegated: Some("AgreementAcceptance.Read"),
        licence: Licence::P1,
        entity_type: "microsoft.graph.agreementAcceptance",
        parent: Some("agreement"),
        display: paths![userDisplayName userPrincipalName],
        subject: Some("userId"),
        read_only: paths![id],
        columns: columns![
            Text agreementFileId agreementId deviceDisplayName deviceId deviceOSType
            deviceOSVersion, Time expirationDateTime recordedDateTime, Text state userDisplayName
            userEmail userId userPrincipalName
        ],
        ..Kind::BASE
    },
    Kind {
        name: "lifecycle_workflow",
        table: "lifecycle_workflows",
        title: "Lifecycle workflow",
        aliases: paths![workflow],
        category: Category::IdentityGovernance,
        path: "/identityGovernance/lifecycleWorkflows/workflows",
        permissions: &["LifecycleWorkflows-Workflow.Read.All"],
        licence: Licence::Governance,
        soft_delete: Some(thirty_days(
            "/identityGovernance/lifecycleWorkflows/deletedItems/workflows",
        )),
        read_each: true,
        writing: Some(
            Writing::objects(&["LifecycleWorkflows-Workflow.ReadWrite.All"])
                .undelete(
                    "/identityGovernance/lifecycleWorkflows/deletedItems/workflows/{id}/restore",
                )
                .versions(
                    "/identityGovernance/lifecycleWorkflows/workflows/{id}/microsoft.graph.identityGovernance.createNewVersion",
                    "workflow",
                    paths![category executionConditions tasks],
                    paths![description displayName isEnabled isSchedulingEnabled],
                ),
        ),
        entity_type: "microsoft.graph.identityGovernance.workflow",
        display: paths![displayName],
        volatile: paths![nextScheduleRunDateTime],
        read_only: paths![
            createdBy createdDateTime deletedDateTime id lastModifiedBy lastModifiedDateTime
            nextScheduleRunDateTime version
        ],
        columns: columns![
            Text category, Time createdDateTime, Text description displayName,
            Json executionConditions, Bool isEnabled isSchedulingEnabled,
            Time lastModifiedDateTime deletedDateTime nextScheduleRunDateTime,
            Json quarantineDetails settings, Int version
        ],
        ..Kind::BASE
    },
    Kind {
        name: "lifecycle_custom_task_extension",
        table: "lifecycle_custom_task_extensions",
        title: "Lifecycle workflow custom task extension",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/lifecycleWorkflows/customTaskExtensions",
        permissions: &["LifecycleWorkflows-CustomExt.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::objects(&[
            "LifecycleWorkflows-CustomExt.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.identityGovernance.customTaskExtension",
        display: paths![displayName],
        read_only: paths![createdBy createdDateTime id lastModifiedBy lastModifiedDateTime],
        columns: columns![
            Json authenticationConfiguration clientConfiguration, Text description displayName,
            Json endpointConfiguration callbackConfiguration, Time createdDateTime
            lastModifiedDateTime
        ],
        ..Kind::BASE
    },
    Kind {
        name: "lifecycle_management_settings",
        table: "lifecycle_management_settings",
        title: "Lifecycle workflow settings",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/lifecycleWorkflows/settings",
        permissions: &["LifecycleWorkflows.Read.All"],
        licence: Licence::Governance,
        writing: Some(Writing::settings(&["LifecycleWorkflows.ReadWrite.All"])),
        entity_type: "microsoft.graph.identityGovernance.lifecycleManagementSettings",
        shape: Shape::Singleton,
        read_only: paths![id],
        columns: columns![
            Json emailSettings quarantineConfiguration, Int workflowScheduleIntervalInHours
        ],
        ..Kind::BASE
    },
];
