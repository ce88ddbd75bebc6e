//! User flows for external identities, with their attributes, providers, languages and connectors.

use crate::kind::{Api, Category, Kind, Shape, to_many};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "api_connector",
        table: "api_connectors",
        title: "API connector",
        category: Category::IdentityGovernance,
        path: "/identity/apiConnectors",
        permissions: &["APIConnectors.ReadWrite.All"],
        writing: Some(Writing::objects(&["APIConnectors.ReadWrite.All"])),
        entity_type: "microsoft.graph.identityApiConnector",
        display: paths![displayName],
        read_only: paths![id],
        secrets: paths![
            authenticationConfiguration.password authenticationConfiguration.pkcs12Value
        ],
        export_path: Some("Identity/APIConnectors"),
        columns: columns![Json authenticationConfiguration, Text displayName targetUrl],
        ..Kind::BASE
    },
    Kind {
        name: "b2x_user_flow",
        table: "b2x_user_flows",
        title: "B2X (external sign-up) user flow",
        category: Category::IdentityGovernance,
        path: "/identity/b2xUserFlows",
        permissions: &["IdentityUserFlow.Read.All"],
        writing: Some(
            Writing::objects(&["IdentityUserFlow.ReadWrite.All"])
                .never_changed()
                .chosen(paths![id]),
        ),
        entity_type: "microsoft.graph.b2xIdentityUserFlow",
        display: paths![id],
        read_only: paths![id],
        secrets: paths![
            apiConnectorConfiguration.postFederationSignup.authenticationConfiguration.password
            apiConnectorConfiguration.postFederationSignup.authenticationConfiguration.pkcs12Value
            apiConnectorConfiguration.postAttributeCollection.authenticationConfiguration.password
            apiConnectorConfiguration.postAttributeCollection.authenticationConfiguration.pkcs12Value
        ],
        export_path: Some("Identity/B2XUserFlows"),
        columns: columns![
            Text userFlowType, Float userFlowTypeVersion, Json apiConnectorConfiguration
        ],
        ..Kind::BASE
    },
    Kind {
        name: "b2x_user_flow_identity_provider",
        table: "b2x_user_flow_identity_providers",
        title: "B2X user flow identity providers",
        category: Category::IdentityGovernance,
        path: "/identity/b2xUserFlows/{b2xIdentityUserFlowId}/userFlowIdentityProviders",
        permissions: &["IdentityUserFlow.ReadWrite.All"],
        writing: Some(Writing::links(&["IdentityUserFlow.ReadWrite.All"])),
        entity_type: "microsoft.graph.identityProviderBase",
        shape: to_many(
            "userFlowIdentityProviders",
            "user_flow_id",
            "identity_provider_id",
            "identity_provider",
        ),
        parent: Some("b2x_user_flow"),
        export_path: Some("Identity/B2XUserFlows/<id>/IdentityProviders"),
        ..Kind::BASE
    },
    Kind {
        name: "b2x_user_flow_attribute_assignment",
        table: "b2x_user_flow_attribute_assignments",
        title: "B2X user flow attribute assignments",
        category: Category::IdentityGovernance,
        path: "/identity/b2xUserFlows/{b2xIdentityUserFlowId}/userAttributeAssignments",
        query: Some("$expand=userAttribute"),
        permissions: &["IdentityUserFlow.Read.All"],
        writing: Some(Writing::objects(&["IdentityUserFlow.ReadWrite.All"])),
        entity_type: "microsoft.graph.identityUserFlowAttributeAssignment",
        parent: Some("b2x_user_flow"),
        display: paths![displayName id],
        read_only: paths![id],
        references: references![userAttribute.id => user_flow_attribute],
        export_path: Some("Identity/B2XUserFlows/<id>/AttributeAssignments"),
        columns: columns![
            Text displayName, Bool isOptional requiresVerification, Json userAttributeValues,
            Text userInputType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "b2x_user_flow_api_connector_configuration",
        table: "b2x_user_flow_api_connector_configurations",
        title: "B2X user flow API connectors",
        category: Category::IdentityGovernance,
        path: "/identity/b2xUserFlows/{b2xIdentityUserFlowId}/apiConnectorConfiguration",
        query: Some("$expand=postFederationSignup,postAttributeCollection"),
        permissions: &["IdentityUserFlow.ReadWrite.All"],
        entity_type: "microsoft.graph.userFlowApiConnectorConfiguration",
        shape: Shape::Singleton,
        key: None,
        parent: Some("b2x_user_flow"),
        secrets: paths![
            postFederationSignup.authenticationConfiguration.password
            postFederationSignup.authenticationConfiguration.pkcs12Value
            postAttributeCollection.authenticationConfiguration.password
            postAttributeCollection.authenticationConfiguration.pkcs12Value
        ],
        references: references![
            postFederationSignup.id => api_connector, postAttributeCollection.id => api_connector
        ],
        export_path: Some("Identity/B2XUserFlows/<id>/APIConnectors"),
        ..Kind::BASE
    },
    Kind {
        name: "b2x_user_flow_language",
        table: "b2x_user_flow_languages",
        title: "B2X user flow languages",
        category: Category::IdentityGovernance,
        path: "/identity/b2xUserFlows/{b2xIdentityUserFlowId}/languages",
        permissions: &["IdentityUserFlow.Read.All"],
        writing: Some(
            Writing::objects(&["IdentityUserFlow.ReadWrite.All"])
                .create(Method::Put, Address::Object, Body::Properties)
                .never_changed()
                .chosen(paths![id]),
        ),
        entity_type: "microsoft.graph.userFlowLanguageConfiguration",
        parent: Some("b2x_user_flow"),
        display: paths![displayName id],
        read_only: paths![id],
        export_path: Some("Identity/B2XUserFlows/<id>/Languages"),
        columns: columns![Text displayName, Bool isEnabled],
        ..Kind::BASE
    },
    Kind {
        name: "b2c_user_flow",
        table: "b2c_user_flows",
        title: "B2C user flow",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/identity/b2cUserFlows",
        permissions: &["IdentityUserFlow.Read.All"],
        licence: Licence::ExternalId,
        writing: Some(
            Writing::objects(&["IdentityUserFlow.ReadWrite.All"])
                .never_changed()
                .chosen(paths![id]),
        ),
        entity_type: "microsoft.graph.b2cIdentityUserFlow",
        display: paths![id],
        read_only: paths![id],
        secrets: paths![
            apiConnectorConfiguration.postAttributeCollection.authenticationConfiguration.password
            apiConnectorConfiguration.postAttributeCollection.authenticationConfiguration.pkcs12Value
            apiConnectorConfiguration.postFederationSignup.authenticationConfiguration.password
            apiConnectorConfiguration.postFederationSignup.authenticationConfiguration.pkcs12Value
            apiConnectorConfiguration.preTokenIssuance.authenticationConfiguration.password
            apiConnectorConfiguration.preTokenIssuance.authenticationConfiguration.pkcs12Value
        ],
        export_path: Some("Identity/B2CUserFlows"),
        columns: columns![
            Text userFlowType, Float userFlowTypeVersion, Json apiConnectorConfiguration,
            Text defaultLanguageTag, Bool isLanguageCustomizationEnabled
        ],
        ..Kind::BASE
    },
    Kind {
        name: "b2c_user_flow_identity_provider",
        table: "b2c_user_flow_identity_providers",
        title: "B2C user flow identity providers",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/identity/b2cUserFlows/{b2cIdentityUserFlowId}/identityProviders",
        permissions: &["IdentityUserFlow.ReadWrite.All"],
        licence: Licence::ExternalId,
        entity_type: "microsoft.graph.identityProvider",
        shape: to_many(
            "identityProviders",
            "user_flow_id",
            "identity_provider_id",
            "identity_provider",
        ),
        parent: Some("b2c_user_flow"),
        export_path: Some("Identity/B2CUserFlows/<id>/IdentityProviders"),
        ..Kind::BASE
    },
    Kind {
        name: "b2c_user_flow_attribute_assignment",
        table: "b2c_user_flow_attribute_assignments",
        title: "B2C user flow attribute assignments",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/identity/b2cUserFlows/{b2cIdentityUserFlowId}/userAttributeAssignments",
        query: Some("$expand=userAttribute"),
        permissions: &["IdentityUserFlow.Read.All"],
        licence: Licence::ExternalId,
        entity_type: "microsoft.graph.identityUserFlowAttributeAssignment",
        parent: Some("b2c_user_flow"),
        display: paths![displayName id],
        read_only: paths![id],
        export_path: Some("Identity/B2CUserFlows/<id>/UserAttributeAssignments"),
        columns: columns![
            Text displayName, Bool isOptional requiresVerification, Json userAttributeValues,
            Text userInputType
        ],
        ..Kind::BASE
    },
    Kind {
        name: "b2c_user_flow_language",
        table: "b2c_user_flow_languages",
        title: "B2C user flow languages",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/identity/b2cUserFlows/{b2cIdentityUserFlowId}/languages",
        permissions: &["IdentityUserFlow.Read.All"],
        licence: Licence::ExternalId,
        entity_type: "microsoft.graph.userFlowLanguageConfiguration",
        parent: Some("b2c_user_flow"),
        display: paths![displayName id],
        read_only: paths![id],
        export_path: Some("Identity/B2CUserFlows/<id>/Languages"),
        columns: columns![Text displayName, Bool isEnabled],
        ..Kind::BASE
    },
    Kind {
        name: "b2c_user_flow_api_connector_configuration",
        table: "b2c_user_flow_api_connector_configurations",
        title: "B2C user flow API connectors",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/identity/b2cUserFlows/{b2cIdentityUserFlowId}/apiConnectorConfiguration",
        query: Some("$expand=postFederationSignup,postAttributeCollection"),
        // The reference names no type; b2cUserFlow declares its property with this one.
        permissions: &["IdentityUserFlow.ReadWrite.All"],
        licence: Licence::ExternalId,
        entity_type: "microsoft.graph.userFlowApiConnectorConfiguration",
        shape: Shape::Singleton,
        key: None,
        parent: Some("b2c_user_flow"),
        secrets: paths![
            postAttributeCollection.authenticationConfiguration.password
            postAttributeCollection.authenticationConfiguration.pkcs12Value
            postFederationSignup.authenticationConfiguration.password
            postFederationSignup.authenticationConfiguration.pkcs12Value
            preTokenIssuance.authenticationConfiguration.password
            preTokenIssuance.authenticationConfiguration.pkcs12Value
        ],
        export_path: Some("Identity/B2CUserFlows/<id>/ApiConnectorConfiguration"),
        columns: columns![Json postAttributeCollection postFederationSignup preTokenIssuance],
        ..Kind::BASE
    },
    Kind {
        name: "identity_user_flow",
        table: "identity_user_flows",
        title: "User flow (legacy collection)",
        category: Category::IdentityGovernance,
        api: Api::Beta,
        path: "/identity/userFlows",
        permissions: &["IdentityUserFlow.Read.All"],
        entity_type: "microsoft.graph.identityUserFlow",
        derived_types: paths![microsoft.graph.b2cIdentityUserFlow],
        display: paths![id],
        read_only: paths![id],
        export_path: Some("Identity/UserFlows"),
        columns: columns![
            Text userFlowType, Float userFlowTypeVersion, Json apiConnectorConfiguration,
            Text defaultLanguageTag, Bool isLanguageCustomizationEnabled
        ],
        ..Kind::BASE
    },
    Kind {
        name: "user_flow_attribute",
        table: "user_flow_attributes",
        title: "User flow attribute",
        category: Category::IdentityGovernance,
        path: "/identity/userFlowAttributes",
        permissions: &["IdentityUserFlow.Read.All"],
        writing: Some(Writing::objects(&["IdentityUserFlow.ReadWrite.All"])),
        entity_type: "microsoft.graph.identityUserFlowAttribute",
        derived_types: paths![
            microsoft.graph.identityBuiltInUserFlowAttribute
            microsoft.graph.identityCustomUserFlowAttribute
        ],
        display: paths![displayName],
        read_only: paths![id],
        export_path: Some("Identity/UserFlowAttributes"),
        columns: columns![Text dataType description displayName userFlowAttributeType],
        ..Kind::BASE
    },
];
