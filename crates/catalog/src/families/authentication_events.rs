//! Custom code and flows hooked into authentication events.

use crate::kind::{Category, Kind};
use crate::notation::{columns, paths, references};
use crate::writing::Writing;

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "authentication_events_flow",
        table: "authentication_events_flows",
        title: "External ID user flow (authentication events flow)",
        category: Category::IdentityGovernance,
        path: "/identity/authenticationEventsFlows",
        permissions: &["EventListener.Read.All"],
        writing: Some(Writing::objects(&["EventListener.ReadWrite.All"])),
        entity_type: "microsoft.graph.authenticationEventsFlow",
        derived_types: paths![microsoft.graph.externalUsersSelfServiceSignUpEventsFlow],
        display: paths![displayName],
        read_only: paths![id],
        references: references![
            conditions.applications.includeApplications.appId => application.appId
        ],
        columns: columns![
            Json conditions, Text description displayName, Json onAttributeCollection
            onAttributeCollectionStart onAttributeCollectionSubmit onAuthenticationMethodLoadStart
            onInteractiveAuthFlowStart onUserCreateStart
        ],
        ..Kind::BASE
    },
    Kind {
        name: "authentication_event_listener",
        table: "authentication_event_listeners",
        title: "Authentication event listener",
        category: Category::IdentityGovernance,
        path: "/identity/authenticationEventListeners",
        permissions: &["EventListener.Read.All"],
        writing: Some(Writing::objects(&["EventListener.ReadWrite.All"])),
        entity_type: "microsoft.graph.authenticationEventListener",
        derived_types: paths![
            microsoft.graph.onAttributeCollectionListener
            microsoft.graph.onAttributeCollectionStartListener
            microsoft.graph.onAttributeCollectionSubmitListener
            microsoft.graph.onAuthenticationMethodLoadStartListener
            microsoft.graph.onEmailOtpSendListener
            microsoft.graph.onFraudProtectionLoadStartListener
            microsoft.graph.onInteractiveAuthFlowStartListener
            microsoft.graph.onPasswordSubmitListener microsoft.graph.onTokenIssuanceStartListener
            microsoft.graph.onUserCreateStartListener
            microsoft.graph.onVerifiedIdClaimValidationListener
        ],
        display: paths![displayName],
        read_only: paths![id],
        references: references![
            conditions.applications.includeApplications.appId => application.appId
        ],
        columns: columns![
            Text authenticationEventsFlowId, Json conditions, Text displayName, Json handler
        ],
        ..Kind::BASE
    },
    Kind {
        name: "custom_authentication_extension",
        table: "custom_authentication_extensions",
        title: "Custom authentication extension",
        category: Category::IdentityGovernance,
        path: "/identity/customAuthenticationExtensions",
        permissions: &["CustomAuthenticationExtension.Read.All"],
        writing: Some(Writing::objects(&[
            "CustomAuthenticationExtension.ReadWrite.All",
        ])),
        entity_type: "microsoft.graph.customAuthenticationExtension",
        derived_types: paths![
            microsoft.graph.onAttributeCollectionStartCustomExtension
            microsoft.graph.onAttributeCollectionSubmitCustomExtension
            microsoft.graph.onOtpSendCustomExtension
            microsoft.graph.onPasswordSubmitCustomExtension
            microsoft.graph.onTokenIssuanceStartCustomExtension
            microsoft.graph.onVerifiedIdClaimValidationCustomExtension
        ],
        display: paths![displayName],
        read_only: paths![id],
        export_path: Some("Identity/CustomAuthenticationExtensions"),
        columns: columns![
            Json authenticationConfiguration clientConfiguration, Text description displayName,
            Json endpointConfiguration behaviorOnError claimsForTokenConfiguration
        ],
        ..Kind::BASE
    },
];
