//! Single objects, by every key Graph accepts; singletons, content, errors.

use serde_json::json;
use simulator::{DELEGATED_ONLY, Seed, ServerOptions};

use crate::client::Client;
use crate::world::{STAFF, act, contoso, delete, id, put, serve};

#[tokio::test]
async fn objects_answer_to_all_their_keys() {
    let client = serve(2).await;
    for url in [
        format!("/v1.0/users/{}", id(2)),
        format!("/v1.0/users('{}')", id(2)),
        "/v1.0/users/user2@contoso.com".to_owned(),
        "/beta/users/USER2@CONTOSO.COM".to_owned(),
        format!("/v1.0/directoryObjects/{}", id(2)),
    ] {
        let answer = client.get(&url).await;
        assert_eq!(answer.status, 200, "{url}: {}", answer.body);
        assert_eq!(answer.body["id"], id(2), "{url}");
    }
    let app = client
        .get(&format!("/v1.0/applications(appId='{}')", id(810_001)))
        .await;
    assert_eq!(app.body["id"], id(800_001));
    let principal = client
        .get(&format!("/v1.0/servicePrincipals(appId='{}')", id(810_001)))
        .await;
    assert_eq!(principal.body["id"], id(800_002));
    let manager = client
        .get(&format!("/v1.0/users/{}/manager?$select=id", id(2)))
        .await;
    assert_eq!(manager.body["id"], id(1));
    assert_eq!(manager.body["@odata.type"], "#microsoft.graph.user");
    let property = client
        .get(&format!("/v1.0/users/{}/department", id(2)))
        .await;
    assert_eq!(property.body["value"], "Even");
}

#[tokio::test]
async fn what_is_not_there_is_said_as_graph_says_it() {
    let client = serve(2).await;
    let answer = client
        .get_with(
            &format!("/v1.0/users/{}", id(99)),
            &[("client-request-id", "mine")],
        )
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (404, "Request_ResourceNotFound")
    );
    assert_eq!(answer.header("client-request-id"), Some("mine"));
    let error = &answer.body["error"]["innerError"];
    assert_eq!(error["client-request-id"], "mine");
    assert_eq!(error["date"], "2026-03-01T08:00:00");
    assert_eq!(answer.header("request-id"), error["request-id"].as_str());
    assert_eq!(answer.header("date"), Some("Sun, 01 Mar 2026 08:00:00 GMT"));
    let answer = client.get("/v1.0/nonsense").await;
    assert_eq!((answer.status, answer.code()), (400, "BadRequest"));
    let answer = client.get(&format!("/v1.0/users/{}/manager", id(1))).await;
    assert_eq!(answer.status, 404);
    let answer = client.get(&format!("/v1.0/groups/{}/members", id(1))).await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        client.get("/v1.0/admin/todo").await.status,
        400,
        "only beta has it"
    );
}

#[tokio::test]
async fn deleted_objects_lie_under_their_type_and_id() {
    let client = serve(2).await;
    act(&client, "02T00:00:00", delete("user", 2));
    let answer = client
        .get("/v1.0/directory/deletedItems/microsoft.graph.user")
        .await;
    assert_eq!(answer.ids(), [id(2)]);
    let url = "/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,deletedDateTime";
    let answer = client.get(url).await;
    assert_eq!(answer.items()[0]["deletedDateTime"], "2026-03-02T00:00:00Z");
    let single = client
        .get(&format!("/v1.0/directory/deletedItems/{}", id(2)))
        .await;
    assert_eq!(single.body["@odata.type"], "#microsoft.graph.user");
    assert_eq!(client.get("/v1.0/directory/deletedItems").await.status, 400);
    assert_eq!(
        client.get(&format!("/v1.0/users/{}", id(2))).await.status,
        404
    );
    let members = client
        .get(&format!("/v1.0/groups/{}/members", id(STAFF)))
        .await;
    assert_eq!(members.ids(), [id(1)]);
}

#[tokio::test]
async fn the_audit_log_tells_who_did_it() {
    let client = serve(2).await;
    act(&client, "02T00:00:00", delete("user", 2));
    let url = "/v1.0/auditLogs/directoryAudits?$filter=activityDateTime ge 2026-03-01T00:00:00Z\
               &$orderby=activityDateTime";
    let answer = client.get(url).await;
    let row = &answer.items()[0];
    assert_eq!(row["activityDisplayName"], "Delete user");
    assert_eq!(
        row["initiatedBy"]["user"]["userPrincipalName"],
        "user1@contoso.com"
    );
    assert_eq!(row["targetResources"][0]["id"], id(2));
    let by_target = format!(
        "/v1.0/auditLogs/directoryAudits?$filter=targetResources/any(t:t/id eq '{}')",
        id(2)
    );
    assert_eq!(client.get(&by_target).await.items().len(), 1);
    let later = "/v1.0/auditLogs/directoryAudits?$filter=activityDateTime ge 2026-03-03T00:00:00Z";
    assert_eq!(client.get(later).await.items().len(), 0);
}

#[tokio::test]
async fn singletons_and_contents_are_served() {
    let mut tenant = contoso(1);
    let policy = json!({"id": "authorizationPolicy", "allowInvitesFrom": "everyone"});
    put(&mut tenant, "authorization_policy", policy);
    let logo = Seed::Content {
        path: "/organization/x/branding/bannerLogo".to_owned(),
        media_type: "image/png",
        bytes: b"not really a picture".to_vec(),
    };
    tenant.seed(logo).expect("because content needs nothing");
    let client = Client::start(tenant, ServerOptions::default()).await;
    let answer = client.get("/v1.0/policies/authorizationPolicy").await;
    assert_eq!(answer.body["allowInvitesFrom"], "everyone");
    let logo = client.get("/v1.0/organization/x/branding/bannerLogo").await;
    assert_eq!(logo.header("content-type"), Some("image/png"));
    assert_eq!(logo.body, "not really a picture");
    let organization = client.get("/v1.0/organization").await;
    assert_eq!(organization.items()[0]["displayName"], "Contoso");
}

#[tokio::test]
async fn permissions_and_licences_are_missing_where_the_tenant_says_so() {
    let mut tenant = contoso(1);
    let options = tenant.options_mut();
    options
        .forbidden
        .insert("conditional_access_policy".to_owned());
    options.unlicensed.insert("sign_in".to_owned());
    options
        .unlicensed
        .insert("role_eligibility_schedule".to_owned());
    let client = Client::start(tenant, ServerOptions::default()).await;
    let answer = client
        .get("/v1.0/identity/conditionalAccess/policies")
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (403, "Authorization_RequestDenied")
    );
    let premium = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";
    let answer = client.get("/v1.0/auditLogs/signIns").await;
    assert_eq!((answer.status, answer.code()), (403, premium));
    let answer = client.get("/v1.0/users?$select=id,signInActivity").await;
    assert_eq!((answer.status, answer.code()), (403, premium));
    let answer = client
        .get("/v1.0/roleManagement/directory/roleEligibilitySchedules")
        .await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "AadPremiumLicenseRequired")
    );
}

#[tokio::test]
async fn some_kinds_are_read_by_signed_in_persons_only() {
    let mut tenant = contoso(1);
    let delegated_only = DELEGATED_ONLY.iter().map(|name| (*name).to_owned());
    tenant.options_mut().delegated_only = delegated_only.collect();
    let mut client = Client::start(tenant, ServerOptions::default()).await;
    let url = "/v1.0/directory/subscriptions";
    let answer = client.get(url).await;
    assert_eq!(
        (answer.status, answer.code()),
        (403, "Authorization_RequestDenied")
    );
    client.sign_in_with_device().await;
    assert_eq!(client.get(url).await.status, 200);
}

#[tokio::test]
async fn members_of_kinds_without_permission_show_type_and_id_only() {
    let mut tenant = contoso(2);
    tenant.options_mut().limited.insert("user".to_owned());
    let client = Client::start(tenant, ServerOptions::default()).await;
    let url = format!("/v1.0/groups/{}/members?$select=id,displayName", id(STAFF));
    let expected = json!({
        "@odata.type": "#microsoft.graph.user", "id": id(1), "displayName": null,
    });
    assert_eq!(client.get(&url).await.items()[0], expected);
}
