//! Application Proxy: connectors, their groups, and which applications go through which group.

use crate::kind::{Api, Category, Kind, to_many};
use crate::notation::{columns, paths};
use crate::reading::Licence;
use crate::writing::{Address, Body, Method, Writing};

pub(super) static KINDS: &[Kind] = &[
    Kind {
        name: "app_proxy_connector",
        table: "app_proxy_connectors",
        title: "Application Proxy connector",
        category: Category::Applications,
        api: Api::Beta,
        path: "/onPremisesPublishingProfiles/applicationProxy/connectors",
        delegated: Some("Directory.ReadWrite.All"),
        licence: Licence::P1,
        entity_type: "microsoft.graph.connector",
        display: paths![machineName],
        drift: paths![externalIp status version],
        read_only: paths![externalIp id machineName status],
        export_path: Some("OnPremisesPublishingProfiles/ApplicationProxy/Connectors"),
        columns: columns![Text externalIp machineName status version],
        ..Kind::BASE
    },
    Kind {
        name: "app_proxy_connector_group",
        table: "app_proxy_connector_groups",
        title: "Application Proxy connector group",
        category: Category::Applications,
        api: Api::Beta,
        path: "/onPremisesPublishingProfiles/applicationProxy/connectorGroups",
        delegated: Some("Directory.ReadWrite.All"),
        licence: Licence::P1,
        writing: Some(
            Writing::objects(&[])
                .signed_in(&["Directory.ReadWrite.All"])
                .create(Method::Post, Address::Collection, Body::Properties),
        ),
        entity_type: "microsoft.graph.connectorGroup",
        display: paths![name],
        read_only: paths![id],
        export_path: Some("OnPremisesPublishingProfiles/ApplicationProxy/ConnectorGroups"),
        columns: columns![Text connectorGroupType, Bool isDefault, Text name region],
        ..Kind::BASE
    },
    Kind {
        name: "app_proxy_connector_group_application",
        table: "app_proxy_connector_group_applications",
        title: "Applications of a connector group",
        category: Category::Applications,
        api: Api::Beta,
        path: "/onPremisesPublishingProfiles/applicationProxy/connectorGroups/{connectorGroupId}/applications",
        delegated: Some("Directory.ReadWrite.All"),
        licence: Licence::P1,
        writing: Some(Writing::objects(&[]).create(Method::Put, Address::At("/applications/{id}/connectorGroup/$ref"), Body::Reference).never_changed().never_deleted().signed_in(&["Directory.ReadWrite.All"])),
        entity_type: "microsoft.graph.application",
        shape: to_many(
            "applications",
            "connector_group_id",
            "application_id",
            "application",
        ),
        parent: Some("app_proxy_connector_group"),
        export_path: Some(
            "OnPremisesPublishingProfiles/ApplicationProxy/ConnectorGroups/<id>/Applications",
        ),
        ..Kind::BASE
    },
    Kind {
        name: "app_proxy_connector_group_member",
        table: "app_proxy_connector_group_members",
        title: "Connectors of a connector group",
        category: Category::Applications,
        api: Api::Beta,
        path: "/onPremisesPublishingProfiles/applicationProxy/connectorGroups/{connectorGroupId}/members",
        delegated: Some("Directory.ReadWrite.All"),
        licence: Licence::P1,
        writing: Some(Writing::objects(&[]).create(Method::Post, Address::At("/onPremisesPublishingProfiles/applicationProxy/connectors/{id}/memberOf/$ref"), Body::Reference).never_changed().never_deleted().signed_in(&["Directory.ReadWrite.All"])),
        entity_type: "microsoft.graph.connector",
        shape: to_many(
            "members",
            "connector_group_id",
            "connector_id",
            "app_proxy_connector",
        ),
        parent: Some("app_proxy_connector_group"),
        export_path: Some(
            "OnPremisesPublishingProfiles/ApplicationProxy/ConnectorGroups/<id>/Members",
        ),
        ..Kind::BASE
    },
];
