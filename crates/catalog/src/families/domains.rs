//! Domains, and the identity providers that sign people in for them or beside them.

use crate::kind::{Category, Kind};
use crate::notation::{columns, paths};
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "domain",
        table: "domains",
        title: "Domain",
        category: Category::Directory,
        path: "/domains",
        permissions: &["Domain.Read.All"],
        writing: Some(Writing::objects(&["Domain.ReadWrite.All"]).chosen(paths![id])),
        entity_type: "microsoft.graph.domain",
        display: paths![id],
        drift: paths![state],
        read_only: paths![
            authenticationType availabilityStatus id isAdminManaged isInitial isRoot isVerified
            passwordNotificationWindowInDays passwordValidityPeriodInDays state
        ],
        sets: paths![supportedServices],
        export_path: Some("Domains"),
        columns: columns![
            Text authenticationType availabilityStatus, Bool isAdminManaged isDefault isInitial
            isRoot isVerified, Text manufacturer model, Int passwordNotificationWindowInDays
            passwordValidityPeriodInDays, Json state supportedServices
        ],
        ..Kind::BASE
    },
    Kind {
        name: "domain_federation_configuration",
        table: "domain_federation_configurations",
        title: "Domain federation (SAML/WS-Fed, internal)",
        aliases: paths![domain_federation],
        category: Category::IdentityGovernance,
        path: "/domains/{domainId}/federationConfiguration",
        permissions: &["Domain-InternalFederation.Read.All"],
        writing: Some(Writing::objects(&["Domain.ReadWrite.All"])),
        entity_type: "microsoft.graph.internalDomainFederation",
        parent: Some("domain"),
        display: paths![displayName issuerUri],
        drift: paths![signingCertificateUpdateStatus],
        read_only: paths![id signingCertificateUpdateStatus],
        columns: columns![
            Text displayName issuerUri metadataExchangeUri passiveSignInUri
            preferredAuthenticationProtocol signingCertificate activeSignInUri
            federatedIdpMfaBehavior, Bool isSignedAuthenticationRequestRequired,
            Text nextSigningCertificate passwordResetUri promptLoginBehavior,
            Json signingCertificateUpdateStatus, Text signOutUri
        ],
        ..Kind::BASE
    },
    Kind {
        name: "domain_service_configuration_record",
        table: "domain_service_configuration_records",
        title: "Domain DNS service records",
        category: Category::Directory,
        path: "/domains/{domainId}/serviceConfigurationRecords",
        permissions: &["Domain.Read.All"],
        entity_type: "microsoft.graph.domainDnsRecord",
        derived_types: paths![
            microsoft.graph.domainDnsCnameRecord microsoft.graph.domainDnsMxRecord
            microsoft.graph.domainDnsSrvRecord microsoft.graph.domainDnsTxtRecord
            microsoft.graph.domainDnsUnavailableRecord
        ],
        parent: Some("domain"),
        display: paths![label],
        read_only: paths![id],
        columns: columns![
            Bool isOptional, Text label recordType supportedService, Int ttl, Text canonicalName
            mailExchange, Int preference, Text nameTarget, Int port priority, Text protocol
            service, Int weight, Text text description
        ],
        ..Kind::BASE
    },
    Kind {
        name: "identity_provider",
        table: "identity_providers",
        title: "Identity providers (External ID / social / Apple / OIDC)",
        aliases: paths![idp],
        category: Category::IdentityGovernance,
        path: "/identity/identityProviders",
        permissions: &["IdentityProvider.Read.All"],
        writing: Some(Writing::objects(&["IdentityProvider.ReadWrite.All"])),
        entity_type: "microsoft.graph.identityProviderBase",
        derived_types: paths![
            microsoft.graph.appleManagedIdentityProvider microsoft.graph.builtInIdentityProvider
            microsoft.graph.oidcIdentityProvider microsoft.graph.samlOrWsFedProvider
            microsoft.graph.internalDomainFederation
            microsoft.graph.samlOrWsFedExternalDomainFederation
            microsoft.graph.socialIdentityProvider
        ],
        display: paths![displayName],
        read_only: paths![id],
        // certificateData is Apple's private signing key; signing certificates of federations
        // are public.
        secrets: paths![clientSecret clientAuthentication.clientSecret certificateData],
        export_path: Some("IdentityProviders"),
        columns: columns![
            Text displayName certificateData developerId keyId serviceId identityProviderType,
            Json clientAuthentication, Text clientId, Json inboundClaimMapping, Text issuer
            responseType scope wellKnownEndpoint issuerUri metadataExchangeUri passiveSignInUri
            preferredAuthenticationProtocol signingCertificate activeSignInUri
            federatedIdpMfaBehavior, Bool isSignedAuthenticationRequestRequired,
            Text nextSigningCertificate passwordResetUri promptLoginBehavior,
            Json signingCertificateUpdateStatus, Text signOutUri clientSecret
        ],
        ..Kind::BASE
    },
    Kind {
        name: "federation_configuration",
        table: "federation_configurations",
        title: "External SAML/WS-Fed identity providers (B2B direct federation)",
        category: Category::IdentityGovernance,
        path: "/directory/federationConfigurations/microsoft.graph.samlOrWsFedExternalDomainFederation",
        query: Some("$expand=domains"),
        permissions: &["Domain.Read.All"],
        writing: Some(
            Writing::objects(&["IdentityProvider.ReadWrite.All"])
                .update(
                    Method::Patch,
                    Address::At("/directory/federationConfigurations/{id}"),
                    Body::Properties,
                )
                .delete(Address::At("/directory/federationConfigurations/{id}")),
        ),
        entity_type: "microsoft.graph.samlOrWsFedExternalDomainFederation",
        display: paths![displayName issuerUri],
        read_only: paths![id],
        sets: paths![domains],
        columns: columns![
            Text displayName issuerUri metadataExchangeUri passiveSignInUri
            preferredAuthenticationProtocol signingCertificate
        ],
        ..Kind::BASE
    },
];
