//! Provisioning: synchronisation jobs and schemas, and the on-premises agents that carry them.

use crate::kind::{Api, Category, Kind, Shape};
use crate::notation::{columns, paths};
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "application_synchronization_job",
        table: "application_synchronization_jobs",
        title: "Provisioning job templates (app)",
        category: Category::Applications,
        path: "/applications/{applicationId}/synchronization/jobs",
        permissions: &["Synchronization.Read.All"],
        entity_type: "microsoft.graph.synchronizationJob",
        parent: Some("application"),
        display: paths![templateId],
        read_only: paths![id],
        columns: columns![Json schedule status synchronizationJobSettings, Text templateId],
        ..Kind::BASE
    },
    Kind {
        name: "synchronization_job",
        table: "synchronization_jobs",
        title: "Provisioning job (SCIM/HR/cloud sync)",
        aliases: paths![provisioning_job],
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/synchronization/jobs",
        permissions: &["Synchronization.Read.All"],
        writing: Some(Writing::objects(&["Application.ReadWrite.All"]).never_changed()),
        entity_type: "microsoft.graph.synchronizationJob",
        parent: Some("service_principal"),
        display: paths![templateId],
        drift: paths![status],
        read_only: paths![id status synchronizationJobSettings],
        columns: columns![Json schedule status synchronizationJobSettings, Text templateId],
        ..Kind::BASE
    },
    Kind {
        name: "synchronization_schema",
        table: "synchronization_schemas",
        title: "Provisioning attribute mappings",
        category: Category::Applications,
        path: "/servicePrincipals/{servicePrincipalId}/synchronization/jobs/{synchronizationJobId}/schema",
        permissions: &["Synchronization.Read.All"],
        writing: Some(Writing::settings(&["Application.ReadWrite.All"]).update(
            Method::Put,
            Address::Collection,
            Body::Properties,
        )),
        entity_type: "microsoft.graph.synchronizationSchema",
        shape: Shape::Singleton,
        parent: Some("synchronization_job"),
        display: paths![id],
        drift: paths![version],
        read_only: paths![id version],
        columns: columns![Json synchronizationRules, Text version],
        ..Kind::BASE
    },
    Kind {
        name: "provisioning_published_resource",
        table: "provisioning_published_resources",
        title: "On-premises published resources (provisioning)",
        category: Category::Applications,
        api: Api::Beta,
        path: "/onPremisesPublishingProfiles/provisioning/publishedResources",
        query: Some("$expand=agentGroups"),
        entity_type: "microsoft.graph.publishedResource",
        display: paths![displayName resourceName],
        read_only: paths![id],
        sets: paths![agentGroups],
        export_path: Some("OnPremisesPublishingProfiles/Provisioning/PublishedResources"),
        columns: columns![Text displayName publishingType resourceName],
        ..Kind::BASE
    },
    Kind {
        name: "provisioning_agent_group",
        table: "provisioning_agent_groups",
        title: "On-premises agent groups",
        category: Category::Applications,
        api: Api::Beta,
        path: "/onPremisesPublishingProfiles/provisioning/agentGroups",
        query: Some("$expand=agents,publishedResources"),
        entity_type: "microsoft.graph.onPremisesAgentGroup",
        display: paths![displayName],
        read_only: paths![id],
        sets: paths![agents publishedResources],
        export_path: Some("OnPremisesPublishingProfiles/Provisioning/AgentGroups"),
        columns: columns![Text displayName, Bool isDefault, Text publishingType],
        ..Kind::BASE
    },
    Kind {
        name: "provisioning_agent",
        table: "provisioning_agents",
        title: "On-premises provisioning agents",
        category: Category::Applications,
        api: Api::Beta,
        path: "/onPremisesPublishingProfiles/provisioning/agents",
        query: Some("$expand=agentGroups"),
        entity_type: "microsoft.graph.onPremisesAgent",
        display: paths![machineName],
        drift: paths![externalIp status],
        read_only: paths![id],
        sets: paths![supportedPublishingTypes agentGroups],
        export_path: Some("OnPremisesPublishingProfiles/Provisioning/Agents"),
        columns: columns![Text externalIp machineName status, Json supportedPublishingTypes],
        ..Kind::BASE
    },
];
