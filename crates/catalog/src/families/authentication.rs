//! How people may authenticate: methods, strengths, flows.

use crate::kind::{Category, Kind, Shape};
use crate::notation::{columns, paths, references};
use crate::reading::Licence;
use crate::writing::{Apart, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "authentication_strength_policy",
        table: "authentication_strength_policies",
        title: "Authentication strength policy",
        aliases: paths![auth_strength],
        category: Category::Policies,
        path: "/policies/authenticationStrengthPolicies",
        query: Some("$expand=combinationConfigurations"),
        permissions: &["Policy.Read.AuthenticationMethod"],
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&["Policy.ReadWrite.ConditionalAccess"])
                .apart(&[Apart {
                    property: "allowedCombinations",
                    action: "/policies/authenticationStrengthPolicies/{id}/updateAllowedCombinations",
                }])
                .rows(paths![combinationConfigurations]),
        ),
        entity_type: "microsoft.graph.authenticationStrengthPolicy",
        display: paths![displayName],
        read_only: paths![createdDateTime id modifiedDateTime policyType requirementsSatisfied],
        sets: paths![allowedCombinations combinationConfigurations],
        columns: columns![
            Json allowedCombinations, Time createdDateTime, Text description displayName,
            Time modifiedDateTime, Text policyType requirementsSatisfied
        ],
        ..Kind::BASE
    },
    Kind {
        name: "authentication_strength_combination_configuration",
        table: "authentication_strength_combination_configurations",
        title: "Authentication strength combination configuration",
        category: Category::Policies,
        path: "/policies/authenticationStrengthPolicies/{authenticationStrengthPolicyId}/combinationConfigurations",
        permissions: &["Policy.Read.AuthenticationMethod"],
        licence: Licence::P1,
        writing: Some(Writing::objects(&["Policy.ReadWrite.ConditionalAccess"])),
        entity_type: "microsoft.graph.authenticationCombinationConfiguration",
        derived_types: paths![
            microsoft.graph.fido2CombinationConfiguration
            microsoft.graph.x509CertificateCombinationConfiguration
        ],
        parent: Some("authentication_strength_policy"),
        display: paths![id],
        read_only: paths![id],
        sets: paths![appliesToCombinations allowedAAGUIDs allowedIssuerSkis allowedPolicyOIDs],
        columns: columns![
            Json appliesToCombinations allowedAAGUIDs allowedIssuerSkis allowedPolicyOIDs
        ],
        ..Kind::BASE
    },
    Kind {
        name: "authentication_methods_policy",
        table: "authentication_methods_policies",
        title: "Authentication methods policy",
        aliases: paths![auth_methods],
        category: Category::Policies,
        path: "/policies/authenticationMethodsPolicy",
        permissions: &["Policy.Read.AuthenticationMethod"],
        writing: Some(Writing::settings(&[
            "Policy.ReadWrite.AuthenticationMethod",
        ])),
        entity_type: "microsoft.graph.authenticationMethodsPolicy",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![description displayName id lastModifiedDateTime policyVersion],
        // The configurations arrive inline, besides being kinds of their own.
        sets: paths![
            registrationEnforcement.authenticationMethodsRegistrationCampaign.excludeTargets
            registrationEnforcement.authenticationMethodsRegistrationCampaign.includeTargets
            authenticationMethodConfigurations authenticationMethodConfigurations.excludeTargets
            authenticationMethodConfigurations.includeTargets
            authenticationMethodConfigurations.keyRestrictions.aaGuids
        ],
        references: references![
            registrationEnforcement.authenticationMethodsRegistrationCampaign.includeTargets.id => group,
            registrationEnforcement.authenticationMethodsRegistrationCampaign.excludeTargets.id => group
        ],
        columns: columns![
            Text description displayName, Time lastModifiedDateTime, Text policyMigrationState
            policyVersion, Int reconfirmationInDays, Json registrationEnforcement
        ],
        ..Kind::BASE
    },
    Kind {
        name: "authentication_method_configuration",
        table: "authentication_method_configurations",
        title: "Authentication method configuration",
        aliases: paths![auth_method],
        category: Category::Policies,
        path: "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations",
        permissions: &["Policy.Read.AuthenticationMethod"],
        writing: Some(Writing::objects(&["Policy.ReadWrite.AuthenticationMethod"]).never_made()),
        entity_type: "microsoft.graph.authenticationMethodConfiguration",
        derived_types: paths![
            microsoft.graph.emailAuthenticationMethodConfiguration
            microsoft.graph.externalAuthenticationMethodConfiguration
            microsoft.graph.fido2AuthenticationMethodConfiguration
            microsoft.graph.microsoftAuthenticatorAuthenticationMethodConfiguration
            microsoft.graph.qrCodePinAuthenticationMethodConfiguration
            microsoft.graph.smsAuthenticationMethodConfiguration
            microsoft.graph.softwareOathAuthenticationMethodConfiguration
            microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration
            microsoft.graph.verifiableCredentialsAuthenticationMethodConfiguration
            microsoft.graph.voiceAuthenticationMethodConfiguration
            microsoft.graph.x509CertificateAuthenticationMethodConfiguration
        ],
        parent: Some("authentication_methods_policy"),
        display: paths![displayName id],
        read_only: paths![id],
        sets: paths![
            excludeTargets keyRestrictions.aaGuids
            crlValidationConfiguration.exemptedCertificateAuthoritiesSubjectKeyIdentifiers
            includeTargets
        ],
        references: references![excludeTargets.id => group],
        export_path: Some(
            "Policies/AuthenticationMethodsPolicy/AuthenticationMethodConfigurations/<Method>.json",
        ),
        columns: columns![
            Json excludeTargets, Text state allowExternalIdToUseEmailOtp appId displayName,
            Json openIdConnectSetting, Text defaultPasskeyProfile, Bool isAttestationEnforced
            isSelfServiceRegistrationAllowed, Json keyRestrictions featureSettings,
            Bool isSoftwareOathEnabled, Int pinLength standardQRCodeLifetimeInDays defaultLength
            defaultLifetimeInMinutes, Bool isUsableOnce, Int maximumLifetimeInMinutes
            minimumLifetimeInMinutes, Bool isOfficePhoneAllowed,
            Json authenticationModeConfiguration certificateAuthorityScopes
            certificateUserBindings crlValidationConfiguration issuerHintsConfiguration
        ],
        ..Kind::BASE
    },
    Kind {
        name: "authentication_flows_policy",
        table: "authentication_flows_policies",
        title: "Authentication flows policy (self-service sign-up)",
        category: Category::Policies,
        path: "/policies/authenticationFlowsPolicy",
        permissions: &["Policy.Read.All"],
        writing: Some(Writing::settings(&["Policy.ReadWrite.AuthenticationFlows"])),
        entity_type: "microsoft.graph.authenticationFlowsPolicy",
        shape: Shape::Singleton,
        display: paths![displayName],
        read_only: paths![id],
        columns: columns![Text description displayName, Json selfServiceSignUp],
        ..Kind::BASE
    },
];
