//! Lists: pages, selection, conditions, order, expansion.

use serde_json::json;
use simulator::ServerOptions;

use crate::client::Client;
use crate::world::{BOARD, STAFF, contoso, id, put, put_below, serve};

#[tokio::test]
async fn pages_hold_a_hundred_and_links_lead_to_the_end() {
    let client = serve(250).await;
    let first = client.get("/v1.0/users?$select=id").await;
    assert_eq!(first.items().len(), 100);
    let link = first
        .link("@odata.nextLink")
        .expect("because there are more");
    assert!(link.contains("$select=id&$skiptoken="), "{link}");
    let context = first
        .link("@odata.context")
        .expect("because every answer has one");
    assert!(context.ends_with("/v1.0/$metadata#users(id)"), "{context}");
    let all = client.all("/v1.0/users?$select=id").await;
    assert_eq!(all.len(), 250);
    assert_eq!(all[0], json!({"id": id(1)}));
    let large = client.all("/v1.0/users?$top=999").await;
    assert_eq!(large.len(), 250);
}

#[tokio::test]
async fn page_sizes_out_of_range_are_refused() {
    let client = serve(1).await;
    let answer = client.get("/v1.0/users?$top=1000").await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "Request_UnsupportedQuery")
    );
    assert_eq!(client.get("/v1.0/directoryRoles?$top=5").await.status, 400);
    assert_eq!(
        client
            .get("/v1.0/auditLogs/directoryAudits?$top=5000")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn users_show_eleven_properties_unless_asked() {
    let client = serve(1).await;
    let answer = client.get("/v1.0/users").await;
    let user = answer.items()[0]
        .as_object()
        .expect("because it is an object");
    assert_eq!(user.len(), 11);
    assert!(!user.contains_key("accountEnabled"));
    assert_eq!(user["jobTitle"], json!(null));
    let single = client.get(&format!("/v1.0/users/{}", id(1))).await;
    assert_eq!(single.body.as_object().map(serde_json::Map::len), Some(12));
    let asked = client
        .get("/v1.0/users?$select=id,accountEnabled,otherMails,city")
        .await;
    let expected = json!({"id": id(1), "accountEnabled": true, "otherMails": [], "city": null});
    assert_eq!(asked.items()[0], expected);
}

#[tokio::test]
async fn properties_nobody_knows_are_refused() {
    let client = serve(1).await;
    let answer = client.get("/v1.0/users?$select=id,shoeSize").await;
    assert_eq!((answer.status, answer.code()), (400, "BadRequest"));
    let answer = client.get("/v1.0/users?$select=id,skills").await;
    assert_eq!((answer.status, answer.code()), (501, "NotImplemented"));
    let answer = client.get("/v1.0/users?$filter=shoeSize eq 43").await;
    assert_eq!(answer.status, 400);
    let answer = client.get("/v1.0/users?$expand=shoes").await;
    assert_eq!(answer.status, 400);
    let answer = client.get("/v1.0/users?$search=\"displayName:x\"").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn conditions_choose_and_advanced_ones_need_their_header() {
    let client = serve(10).await;
    let answer = client
        .get("/v1.0/users?$filter=userPrincipalName eq 'USER3@contoso.com'")
        .await;
    assert_eq!(answer.ids(), [id(3)]);
    let answer = client
        .get("/v1.0/users?$filter=department eq 'Even'&$select=id&$top=3")
        .await;
    assert_eq!(answer.ids(), [id(2), id(4), id(6)]);
    let rest = client
        .get(
            answer
                .link("@odata.nextLink")
                .expect("because there are five"),
        )
        .await;
    assert_eq!(rest.ids(), [id(8), id(10)]);
    let advanced = "/v1.0/users?$filter=department ne 'Even'&$count=true";
    let answer = client.get(advanced).await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "Request_UnsupportedQuery")
    );
    let answer = client
        .get_with(advanced, &[("ConsistencyLevel", "eventual")])
        .await;
    assert_eq!(answer.items().len(), 5);
    assert_eq!(answer.body["@odata.count"], 5);
    let count = client
        .get_with("/v1.0/users/$count", &[("ConsistencyLevel", "eventual")])
        .await;
    assert_eq!(count.body, json!(10));
    assert_eq!(client.get("/v1.0/users/$count").await.status, 400);
}

#[tokio::test]
async fn lists_are_ordered_over_pages() {
    let client = serve(5).await;
    let names = |items: &[serde_json::Value]| -> Vec<String> {
        let names = items.iter().map(|item| item["displayName"].to_string());
        names.collect()
    };
    let all = client
        .all("/v1.0/users?$orderby=displayName desc&$top=2")
        .await;
    let expected = [
        "\"User 5\"",
        "\"User 4\"",
        "\"User 3\"",
        "\"User 2\"",
        "\"User 1\"",
    ];
    assert_eq!(names(&all), expected);
}

#[tokio::test]
async fn relationships_are_lists_of_typed_objects() {
    let client = serve(30).await;
    let url = format!("/v1.0/groups/{}/members?$select=id&$top=20", id(STAFF));
    let first = client.get(&url).await;
    assert_eq!(first.items().len(), 20);
    assert_eq!(
        first.items()[0],
        json!({"@odata.type": "#microsoft.graph.user", "id": id(1)})
    );
    let context = first
        .link("@odata.context")
        .expect("because every answer has one");
    assert!(
        context.ends_with("$metadata#directoryObjects(id)"),
        "{context}"
    );
    assert_eq!(client.all(&url).await.len(), 30);

    let board = format!("/v1.0/groups/{}/members", id(BOARD));
    let users = client
        .get(&format!("{board}/microsoft.graph.user?$select=id"))
        .await;
    assert_eq!(users.ids(), [id(1)]);
    let references = client.get(&format!("{board}/$ref")).await;
    let link = references.items()[0]["@odata.id"]
        .as_str()
        .expect("because it is a link");
    assert!(
        link.ends_with(&format!("/directoryObjects/{}", id(1))),
        "{link}"
    );
    let count = client
        .get_with(
            &format!("{board}/$count"),
            &[("ConsistencyLevel", "eventual")],
        )
        .await;
    assert_eq!(count.body, json!(2));
    let member_of = client
        .get(&format!("/v1.0/users/{}/memberOf?$select=id", id(1)))
        .await;
    assert_eq!(member_of.ids(), [id(STAFF), id(BOARD)]);
    let transitive = client
        .get(&format!("/v1.0/groups/{}/transitiveMembers", id(BOARD)))
        .await;
    assert_eq!(transitive.items().len(), 31);
}

#[tokio::test]
async fn expansions_show_edges_and_stop_at_twenty() {
    let client = serve(30).await;
    let group = client
        .get(&format!(
            "/v1.0/groups/{}?$expand=members($select=id)",
            id(STAFF)
        ))
        .await;
    let members = group.body["members"]
        .as_array()
        .expect("because it was expanded");
    assert_eq!(members.len(), 20);
    let users = client
        .get("/v1.0/users?$select=id&$expand=manager($select=id)&$top=2")
        .await;
    assert_eq!(users.items()[0], json!({"id": id(1), "manager": null}));
    assert_eq!(users.items()[1]["manager"]["id"], id(1));
}

#[tokio::test]
async fn expansions_show_children_and_what_the_object_holds() {
    let mut tenant = contoso(2);
    let policy = json!({"id": "p1", "scopeId": "/", "scopeType": "DirectoryRole"});
    put(&mut tenant, "role_management_policy", policy);
    let rule = json!({"id": "r1", "isExpirationRequired": true});
    put_below(&mut tenant, "role_management_policy_rule", &["p1"], rule);
    let assignment = json!({
        "id": "a1", "policyId": "p1", "scopeId": "/", "scopeType": "DirectoryRole",
        "roleDefinitionId": "x",
    });
    put(&mut tenant, "role_management_policy_assignment", assignment);
    let configuration = json!({
        "id": "c1", "displayName": "Terms",
        "assignments": [{"id": "as1", "target": {"groupId": id(STAFF)}}],
    });
    put(&mut tenant, "terms_and_conditions", configuration);
    let client = Client::start(tenant, ServerOptions::default()).await;

    let unscoped = client.get("/v1.0/policies/roleManagementPolicies").await;
    assert_eq!(unscoped.status, 400);
    let filter = "$filter=scopeId eq '/' and scopeType eq 'DirectoryRole'";
    let answer = client
        .get(&format!(
            "/v1.0/policies/roleManagementPolicies?{filter}&$expand=rules"
        ))
        .await;
    assert_eq!(answer.items()[0]["rules"][0]["id"], "r1");
    let url = format!(
        "/v1.0/policies/roleManagementPolicyAssignments?{filter}&$expand=policy($expand=rules)"
    );
    let answer = client.get(&url).await;
    assert_eq!(
        answer.items()[0]["policy"]["rules"][0]["id"],
        "r1",
        "{}",
        answer.body
    );

    let plain = client
        .get("/v1.0/deviceManagement/termsAndConditions")
        .await;
    assert!(plain.items()[0].get("assignments").is_none());
    let expanded = client
        .get("/v1.0/deviceManagement/termsAndConditions?$expand=assignments")
        .await;
    assert_eq!(expanded.items()[0]["assignments"][0]["id"], "as1");
}

#[tokio::test]
async fn every_query_of_the_catalogue_is_answered() {
    let mut tenant = contoso(2);
    put(
        &mut tenant,
        "directory_role",
        json!({"id": id(600_001), "displayName": "Readers"}),
    );
    let client = Client::start(tenant, ServerOptions::default()).await;
    for kind in catalog::kinds() {
        if kind.path.contains('{') || kind.shape == catalog::Shape::Singleton {
            continue;
        }
        let version = if kind.api == catalog::Api::V1 {
            "v1.0"
        } else {
            "beta"
        };
        let query = kind.query.unwrap_or("");
        let query = query
            .replace("{t}", "2026-02-01T00:00:00Z")
            .replace("{groupId}", &id(STAFF));
        let url = format!("/{version}{}?{query}", kind.path);
        let answer = client.get(&url).await;
        assert_eq!(answer.status, 200, "{url}: {}", answer.body);
        assert!(answer.body["value"].is_array(), "{url}");
    }
}
