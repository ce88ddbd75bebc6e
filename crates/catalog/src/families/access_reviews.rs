//! Access reviews: series, instances, reviewers, decisions.

use crate::kind::{Api, Category, Kind, Shape};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "access_review_definition",
        table: "access_reviews",
        title: "Access review series",
        aliases: paths![access_review],
        category: Category::IdentityGovernance,
        path: "/identityGovernance/accessReviews/definitions",
        permissions: &["AccessReview.Read.All"],
        licence: Licence::P2,
        page_size: Some(100),
        writing: Some(Writing::objects(&["AccessReview.ReadWrite.All"]).update(
            Method::Put,
            Address::Object,
            Body::Properties,
        )),
        entity_type: "microsoft.graph.accessReviewScheduleDefinition",
        display: paths![displayName],
        drift: paths![status],
        read_only: paths![createdBy createdDateTime id lastModifiedDateTime status],
        sets: paths![
            settings.recurrence.pattern.daysOfWeek stageSettings.decisionsThatWillMoveToNextStage
            stageSettings.dependsOn
        ],
        references: references![scope => directory_object, reviewers.query => user],
        export_path: Some("IdentityGovernance/AccessReviews"),
        columns: columns![
            Json additionalNotificationRecipients createdBy, Time createdDateTime,
            Text descriptionForAdmins descriptionForReviewers displayName, Json fallbackReviewers
            instanceEnumerationScope, Time lastModifiedDateTime, Json reviewers scope settings
            stageSettings, Text status
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_review_instance",
        table: "access_review_instances",
        title: "Access review instance",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/accessReviews/definitions/{accessReviewScheduleDefinitionId}/instances",
        permissions: &["AccessReview.Read.All"],
        licence: Licence::P2,
        entity_type: "microsoft.graph.accessReviewInstance",
        parent: Some("access_review_definition"),
        display: paths![id],
        drift: paths![status],
        read_only: paths![id status],
        export_path: Some("IdentityGovernance/AccessReviews/<id>/"),
        columns: columns![
            Time endDateTime, Json fallbackReviewers reviewers scope, Time startDateTime,
            Text status
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_review_contacted_reviewer",
        table: "access_review_contacted_reviewers",
        title: "Access review contacted reviewers",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/accessReviews/definitions/{accessReviewScheduleDefinitionId}/instances/{accessReviewInstanceId}/contactedReviewers",
        permissions: &["AccessReview.Read.All"],
        licence: Licence::P2,
        entity_type: "microsoft.graph.accessReviewReviewer",
        parent: Some("access_review_instance"),
        display: paths![displayName userPrincipalName],
        read_only: paths![createdDateTime id],
        export_path: Some("IdentityGovernance/AccessReviews/<id>//<id>/Reviewers"),
        columns: columns![Time createdDateTime, Text displayName userPrincipalName],
        ..Kind::BASE
    },
    Kind {
        name: "access_review_decision",
        table: "access_review_decisions",
        title: "Access review decisions",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/accessReviews/definitions/{accessReviewScheduleDefinitionId}/instances/{accessReviewInstanceId}/decisions",
        permissions: &["AccessReview.Read.All"],
        licence: Licence::P2,
        entity_type: "microsoft.graph.accessReviewInstanceDecisionItem",
        parent: Some("access_review_instance"),
        display: paths![principal.displayName],
        read_only: paths![id],
        columns: columns![
            Text accessReviewId, Json appliedBy, Time appliedDateTime, Text applyResult decision
            justification, Json principal, Text principalLink recommendation, Json resource,
            Text resourceLink, Json reviewedBy, Time reviewedDateTime
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_review_history_definition",
        table: "access_review_history_definitions",
        title: "Access review history definition",
        category: Category::IdentityGovernance,
        path: "/identityGovernance/accessReviews/historyDefinitions",
        permissions: &["AccessReview.ReadWrite.All"],
        licence: Licence::P2,
        writing: Some(
            Writing::objects(&["AccessReview.ReadWrite.All"])
                .never_changed()
                .never_deleted(),
        ),
        entity_type: "microsoft.graph.accessReviewHistoryDefinition",
        display: paths![displayName],
        read_only: paths![createdBy createdDateTime id],
        sets: paths![decisions scheduleSettings.recurrence.pattern.daysOfWeek],
        columns: columns![
            Json createdBy, Time createdDateTime, Json decisions, Text displayName,
            Time reviewHistoryPeriodEndDateTime reviewHistoryPeriodStartDateTime,
            Json scheduleSettings scopes, Text status
        ],
        ..Kind::BASE
    },
    Kind {
        name: "access_review_policy",
        table: "access_review_policies",
        title: "Access review policy",
        category: Category::Policies,
        api: Api::Beta,
        path: "/policies/accessReviewPolicy",
        permissions: &["Policy.Read.All"],
        licence: Licence::P2,
        writing: Some(Writing::settings(&["Policy.ReadWrite.AccessReview"])),
        entity_type: "microsoft.graph.accessReviewPolicy",
        shape: Shape::Singleton,
        key: None,
        display: paths![displayName],
        read_only: paths![id],
        columns: columns![Text description displayName, Bool isGroupOwnerManagementEnabled],
        ..Kind::BASE
    },
];
