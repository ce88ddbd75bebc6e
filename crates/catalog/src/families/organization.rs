//! The organisation itself: its record, branding, trusted certificate authorities, directory
//! synchronisation, partner contracts and what it has bought.

use crate::kind::{Category, Kind, Shape};
use crate::notation::{columns, paths};
use crate::reading::{Licence, thirty_days};
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "organization",
        table: "organization",
        title: "Organization (tenant)",
        aliases: paths![tenant org],
        category: Category::Directory,
        path: "/organization",
        permissions: &["Organization.Read.All", "Directory.Read.All"],
        writing: Some(
            Writing::objects(&["Organization.ReadWrite.All"])
                .never_made()
                .never_deleted(),
        ),
        entity_type: "microsoft.graph.organization",
        display: paths![displayName],
        volatile: paths![onPremisesLastSyncDateTime],
        drift: paths![assignedPlans provisionedPlans],
        read_only: paths![
            assignedPlans countryLetterCode createdDateTime defaultUsageLocation deletedDateTime
            id onPremisesLastSyncDateTime onPremisesSyncEnabled partnerTenantType provisionedPlans
            tenantType verifiedDomains
        ],
        sets: paths![
            assignedPlans businessPhones marketingNotificationEmails provisionedPlans
            securityComplianceNotificationMails securityComplianceNotificationPhones
            technicalNotificationMails verifiedDomains
        ],
        export_path: Some("Organization/Organization.json"),
        columns: columns![
            Time deletedDateTime, Json assignedPlans businessPhones, Text city country
            countryLetterCode, Time createdDateTime, Text defaultUsageLocation displayName,
            Json marketingNotificationEmails, Text mobileDeviceManagementAuthority,
            Time onPremisesLastSyncDateTime, Bool onPremisesSyncEnabled, Text partnerTenantType
            postalCode preferredLanguage, Json privacyProfile provisionedPlans
            securityComplianceNotificationMails securityComplianceNotificationPhones, Text state
            street, Json technicalNotificationMails, Text tenantType, Json verifiedDomains
        ],
        ..Kind::BASE
    },
    Kind {
        name: "organizational_branding",
        table: "organizational_branding",
        title: "Sign-in branding (default)",
        aliases: paths![branding],
        category: Category::IdentityGovernance,
        path: "/organization/{organizationId}/branding",
        permissions: &["OrganizationalBranding.Read.All"],
        licence: Licence::P1,
        // The default locale, whatever the client speaks.
        headers: &[("Accept-Language", "0")],
        writing: Some(
            Writing::objects(&["OrganizationalBranding.ReadWrite.All"])
                .create(Method::Patch, Address::Collection, Body::Properties)
                .update(Method::Patch, Address::Collection, Body::Properties)
                .delete(Address::Collection),
        ),
        entity_type: "microsoft.graph.organizationalBranding",
        shape: Shape::Singleton,
        parent: Some("organization"),
        read_only: paths![cdnList id],
        columns: columns![
            Text backgroundColor backgroundImage backgroundImageRelativeUrl bannerLogo
            bannerLogoRelativeUrl, Json cdnList contentCustomization,
            Text customAccountResetCredentialsUrl customCannotAccessYourAccountText
            customCannotAccessYourAccountUrl customCSS customCSSRelativeUrl
            customForgotMyPasswordText customPrivacyAndCookiesText customPrivacyAndCookiesUrl
            customResetItNowText customTermsOfUseText customTermsOfUseUrl favicon
            faviconRelativeUrl headerBackgroundColor headerLogo headerLogoRelativeUrl,
            Json loginPageLayoutConfiguration loginPageTextVisibilitySettings, Text signInPageText
            squareLogo squareLogoDark squareLogoDarkRelativeUrl squareLogoRelativeUrl
            usernameHintText
        ],
        ..Kind::BASE
    },
    Kind {
        name: "organizational_branding_localization",
        table: "organizational_branding_localizations",
        title: "Sign-in branding per locale",
        category: Category::IdentityGovernance,
        path: "/organization/{organizationId}/branding/localizations",
        permissions: &["OrganizationalBranding.Read.All"],
        licence: Licence::P1,
        // Its id is the locale.
        writing: Some(
            Writing::objects(&["OrganizationalBranding.ReadWrite.All"]).chosen(paths![id]),
        ),
        entity_type: "microsoft.graph.organizationalBrandingLocalization",
        parent: Some("organization"),
        display: paths![id],
        read_only: paths![cdnList id],
        export_path: Some("Organization/Branding/Localizations.json"),
        columns: columns![
            Text backgroundColor backgroundImage backgroundImageRelativeUrl bannerLogo
            bannerLogoRelativeUrl, Json cdnList contentCustomization,
            Text customAccountResetCredentialsUrl customCannotAccessYourAccountText
            customCannotAccessYourAccountUrl customCSS customCSSRelativeUrl
            customForgotMyPasswordText customPrivacyAndCookiesText customPrivacyAndCookiesUrl
            customResetItNowText customTermsOfUseText customTermsOfUseUrl favicon
            faviconRelativeUrl headerBackgroundColor headerLogo headerLogoRelativeUrl,
            Json loginPageLayoutConfiguration loginPageTextVisibilitySettings, Text signInPageText
            squareLogo squareLogoDark squareLogoDarkRelativeUrl squareLogoRelativeUrl
            usernameHintText
        ],
        ..Kind::BASE
    },
    Kind {
        name: "certificate_based_auth_configuration",
        table: "certificate_based_auth_configurations",
        title: "Certificate-based auth trusted CAs (classic)",
        category: Category::Policies,
        path: "/organization/{organizationId}/certificateBasedAuthConfiguration",
        permissions: &["Organization.Read.All"],
        writing: Some(Writing::objects(&["Organization.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.certificateBasedAuthConfiguration",
        parent: Some("organization"),
        display: paths![id],
        read_only: paths![id],
        sets: paths![certificateAuthorities],
        export_path: Some("Organization/CertificateBasedAuthConfiguration.json"),
        columns: columns![Json certificateAuthorities],
        ..Kind::BASE
    },
    Kind {
        name: "certificate_based_auth_pki",
        table: "certificate_based_auth_pki",
        title: "Certificate authorities (PKI container)",
        category: Category::Policies,
        path: "/directory/publicKeyInfrastructure/certificateBasedAuthConfigurations",
        query: Some("$expand=certificateAuthorities"),
        permissions: &["PublicKeyInfrastructure.Read.All"],
        soft_delete: Some(thirty_days(
            "/directory/deletedItems/microsoft.graph.certificateBasedAuthPki",
        )),
        writing: Some(
            Writing::objects(&["PublicKeyInfrastructure.ReadWrite.All"])
                .undelete("/directory/deletedItems/{id}/restore"),
        ),
        entity_type: "microsoft.graph.certificateBasedAuthPki",
        display: paths![displayName],
        read_only: paths![deletedDateTime id lastModifiedDateTime status statusDetails],
        sets: paths![certificateAuthorities],
        columns: columns![
            Time deletedDateTime, Text displayName, Time lastModifiedDateTime, Text status
            statusDetails
        ],
        ..Kind::BASE
    },
    Kind {
        name: "on_premises_synchronization",
        table: "on_premises_synchronization",
        title: "On-premises directory synchronization",
        aliases: paths![dirsync],
        category: Category::Directory,
        path: "/directory/onPremisesSynchronization",
        delegated: Some("OnPremDirectorySynchronization.Read.All"),
        writing: Some(
            Writing::objects(&[])
                .never_made()
                .never_deleted()
                .signed_in(&["OnPremDirectorySynchronization.ReadWrite.All"]),
        ),
        entity_type: "microsoft.graph.onPremisesDirectorySynchronization",
        display: paths![id],
        read_only: paths![id],
        export_path: Some("Directory/OnPremisesSynchronization.json"),
        columns: columns![Json configuration features],
        ..Kind::BASE
    },
    Kind {
        name: "contract",
        table: "contracts",
        title: "Partner contract",
        category: Category::Directory,
        path: "/contracts",
        permissions: &["Directory.Read.All"],
        entity_type: "microsoft.graph.contract",
        display: paths![displayName defaultDomainName],
        read_only: paths![deletedDateTime id],
        columns: columns![
            Time deletedDateTime, Text contractType customerId defaultDomainName displayName
        ],
        ..Kind::BASE
    },
    Kind {
        name: "subscribed_sku",
        table: "subscribed_skus",
        title: "Subscribed SKU (licences)",
        aliases: paths![sku license],
        category: Category::Directory,
        path: "/subscribedSkus",
        permissions: &["LicenseAssignment.Read.All"],
        entity_type: "microsoft.graph.subscribedSku",
        display: paths![skuPartNumber],
        drift: paths![consumedUnits prepaidUnits servicePlans],
        read_only: paths![id],
        sets: paths![servicePlans subscriptionIds],
        export_path: Some("SubscribedSkus"),
        columns: columns![
            Text accountId accountName appliesTo capabilityStatus, Int consumedUnits,
            Json prepaidUnits servicePlans, Text skuId skuPartNumber, Json subscriptionIds
        ],
        ..Kind::BASE
    },
    Kind {
        name: "company_subscription",
        table: "company_subscriptions",
        title: "Commercial subscriptions",
        category: Category::Directory,
        path: "/directory/subscriptions",
        permissions: &["LicenseAssignment.Read.All"],
        entity_type: "microsoft.graph.companySubscription",
        display: paths![skuPartNumber],
        drift: paths![nextLifecycleDateTime totalLicenses],
        read_only: paths![createdDateTime id],
        sets: paths![serviceStatus],
        columns: columns![
            Text commerceSubscriptionId, Time createdDateTime, Bool isTrial,
            Time nextLifecycleDateTime, Text ownerId ownerTenantId ownerType, Json serviceStatus,
            Text skuId skuPartNumber status, Int totalLicenses
        ],
        ..Kind::BASE
    },
];
