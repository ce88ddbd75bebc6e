//! Conditional Access: policies, the locations and contexts they name, and their recycle bin.

use crate::kind::{Category, Kind};
use crate::notation::{columns, paths, references};
use crate::reading::{Licence, thirty_days};
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    CONDITIONAL_ACCESS_POLICY,
    NAMED_LOCATION,
    Kind {
        name: "deleted_conditional_access_policy",
        table: "deleted_conditional_access_policies",
        title: "Soft-deleted Conditional Access policies",
        aliases: &[],
        path: "/identity/conditionalAccess/deletedItems/policies",
        soft_delete: None,
        writing: Some(Writing::objects(&[]).never_made().never_changed()),
        read_only: paths![createdDateTime deletedDateTime id modifiedDateTime],
        references: &[],
        export_path: None,
        ..CONDITIONAL_ACCESS_POLICY
    },
    Kind {
        name: "deleted_named_location",
        table: "deleted_named_locations",
        title: "Soft-deleted named locations",
        aliases: &[],
        path: "/identity/conditionalAccess/deletedItems/namedLocations",
        soft_delete: None,
        writing: Some(Writing::objects(&[]).never_made().never_changed()),
        read_only: paths![createdDateTime deletedDateTime id modifiedDateTime],
        export_path: None,
        ..NAMED_LOCATION
    },
    Kind {
        name: "authentication_context",
        table: "authentication_contexts",
        title: "Authentication context",
        aliases: paths![auth_context],
        category: Category::Policies,
        path: "/identity/conditionalAccess/authenticationContextClassReferences",
        permissions: &["AuthenticationContext.Read.All"],
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&["AuthenticationContext.ReadWrite.All"])
                .create(Method::Patch, Address::Object, Body::Properties)
                .chosen(paths![id]),
        ),
        entity_type: "microsoft.graph.authenticationContextClassReference",
        display: paths![displayName],
        read_only: paths![id],
        export_path: Some("Identity/Conditional/AuthenticationContexts"),
        columns: columns![Text description displayName, Bool isAvailable],
        ..Kind::BASE
    },
    Kind {
        name: "conditional_access_template",
        table: "conditional_access_templates",
        title: "Conditional Access template",
        category: Category::Policies,
        path: "/identity/conditionalAccess/templates",
        permissions: &["Policy.Read.All"],
        licence: Licence::P1,
        entity_type: "microsoft.graph.conditionalAccessTemplate",
        display: paths![name],
        read_only: paths![id],
        sets: paths![
            details.conditions.applications.excludeApplications
            details.conditions.applications.includeApplications
            details.conditions.applications.includeAuthenticationContextClassReferences
            details.conditions.applications.includeUserActions
            details.conditions.clientApplications.excludeServicePrincipals
            details.conditions.clientApplications.includeServicePrincipals
            details.conditions.clientAppTypes details.conditions.locations.excludeLocations
            details.conditions.locations.includeLocations
            details.conditions.platforms.excludePlatforms
            details.conditions.platforms.includePlatforms
            details.conditions.servicePrincipalRiskLevels details.conditions.signInRiskLevels
            details.conditions.userRiskLevels details.conditions.users.excludeGroups
            details.conditions.users.excludeGuestsOrExternalUsers.externalTenants.members
            details.conditions.users.excludeRoles details.conditions.users.excludeUsers
            details.conditions.users.includeGroups
            details.conditions.users.includeGuestsOrExternalUsers.externalTenants.members
            details.conditions.users.includeRoles details.conditions.users.includeUsers
            details.grantControls.builtInControls
            details.grantControls.customAuthenticationFactors details.grantControls.termsOfUse
            details.grantControls.authenticationStrength.allowedCombinations
        ],
        columns: columns![Text description, Json details, Text name scenarios],
        ..Kind::BASE
    },
];

/// Shared with its deleted twin.
const CONDITIONAL_ACCESS_POLICY: Kind = Kind {
    name: "conditional_access_policy",
    table: "conditional_access_policies",
    title: "Conditional Access policy",
    aliases: paths![ca conditional_access],
    category: Category::Policies,
    path: "/identity/conditionalAccess/policies",
    permissions: &["Policy.Read.All"],
    licence: Licence::P1,
    soft_delete: Some(thirty_days(
        "/identity/conditionalAccess/deletedItems/policies",
    )),
    writing: Some(
        Writing::objects(&["Policy.ReadWrite.ConditionalAccess"])
            .undelete("/identity/conditionalAccess/deletedItems/policies/{id}/restore")
            .undelete_signed_in()
            .besides(&["Policy.Read.All", "Application.Read.All"]),
    ),
    entity_type: "microsoft.graph.conditionalAccessPolicy",
    display: paths![displayName],
    read_only: paths![createdDateTime deletedDateTime id modifiedDateTime templateId],
    sets: paths![
        conditions.applications.excludeApplications conditions.applications.includeApplications
        conditions.applications.includeAuthenticationContextClassReferences
        conditions.applications.includeUserActions
        conditions.clientApplications.excludeServicePrincipals
        conditions.clientApplications.includeServicePrincipals conditions.clientAppTypes
        conditions.locations.excludeLocations conditions.locations.includeLocations
        conditions.platforms.excludePlatforms conditions.platforms.includePlatforms
        conditions.servicePrincipalRiskLevels conditions.signInRiskLevels
        conditions.userRiskLevels conditions.users.excludeGroups
        conditions.users.excludeGuestsOrExternalUsers.externalTenants.members
        conditions.users.excludeRoles conditions.users.excludeUsers conditions.users.includeGroups
        conditions.users.includeGuestsOrExternalUsers.externalTenants.members
        conditions.users.includeRoles conditions.users.includeUsers grantControls.builtInControls
        grantControls.customAuthenticationFactors grantControls.termsOfUse
        grantControls.authenticationStrength.allowedCombinations
    ],
    embeds: paths![grantControls.authenticationStrength],
    references: references![
        conditions.users.includeUsers => user, conditions.users.excludeUsers => user,
        conditions.users.includeGroups => group, conditions.users.excludeGroups => group,
        conditions.users.includeRoles => role_definition,
        conditions.users.excludeRoles => role_definition,
        conditions.applications.includeApplications => service_principal.appId,
        conditions.applications.excludeApplications => service_principal.appId,
        conditions.applications.includeAuthenticationContextClassReferences => authentication_context,
        conditions.clientApplications.includeServicePrincipals => service_principal,
        conditions.clientApplications.excludeServicePrincipals => service_principal,
        conditions.locations.includeLocations => named_location,
        conditions.locations.excludeLocations => named_location,
        grantControls.termsOfUse => agreement,
        grantControls.authenticationStrength.id => authentication_strength_policy
    ],
    export_path: Some("Identity/Conditional/AccessPolicies"),
    columns: columns![
        Time deletedDateTime, Json conditions, Time createdDateTime, Text description displayName,
        Json grantControls, Time modifiedDateTime, Json sessionControls, Text state templateId
    ],
    ..Kind::BASE
};

/// Shared with its deleted twin.
const NAMED_LOCATION: Kind = Kind {
    name: "named_location",
    table: "named_locations",
    title: "Named location (IP, country)",
    aliases: paths![location],
    category: Category::Policies,
    path: "/identity/conditionalAccess/namedLocations",
    permissions: &["Policy.Read.All"],
    licence: Licence::P1,
    soft_delete: Some(thirty_days(
        "/identity/conditionalAccess/deletedItems/namedLocations",
    )),
    writing: Some(
        Writing::objects(&["Policy.ReadWrite.ConditionalAccess"])
            .undelete("/identity/conditionalAccess/deletedItems/namedLocations/{id}/restore")
            .undelete_signed_in()
            .besides(&["Policy.Read.All"]),
    ),
    entity_type: "microsoft.graph.namedLocation",
    derived_types: paths![
        microsoft.graph.countryNamedLocation microsoft.graph.ipNamedLocation
        microsoft.graph.compliantNetworkNamedLocation
    ],
    display: paths![displayName],
    read_only: paths![createdDateTime deletedDateTime id modifiedDateTime],
    sets: paths![countriesAndRegions ipRanges],
    export_path: Some("Identity/Conditional/NamedLocations"),
    columns: columns![
        Time deletedDateTime createdDateTime, Text displayName, Time modifiedDateTime,
        Json countriesAndRegions, Text countryLookupMethod,
        Bool includeUnknownCountriesAndRegions, Json ipRanges, Bool isTrusted
    ],
    ..Kind::BASE
};
