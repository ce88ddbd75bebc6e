//! What can be written, and what follows from it.

use serde_json::{Value, json};
use simulator::{DEFAULT_APP_ID, ServerOptions};

use crate::client::Client;
use crate::world::{BOARD, STAFF, contoso, id, kind, put, serve};

fn new_user(name: &str) -> Value {
    json!({
        "accountEnabled": true, "displayName": name, "mailNickname": name.to_lowercase(),
        "userPrincipalName": format!("{}@contoso.com", name.to_lowercase()),
        "passwordProfile": {"password": "open sesame", "forceChangePasswordNextSignIn": true},
    })
}

async fn last_audit(client: &Client) -> Value {
    let answer = client.get("/v1.0/auditLogs/directoryAudits?$top=1").await;
    answer.items()[0].clone()
}

#[tokio::test]
async fn users_are_created_changed_deleted_and_restored() {
    let client = serve(1).await;
    let created = client.call("POST", "/v1.0/users", new_user("Zoe")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let user = created.body["id"]
        .as_str()
        .expect("because the service assigns one")
        .to_owned();
    let row = last_audit(&client).await;
    assert_eq!(row["activityDisplayName"], "Add user");
    assert_eq!(row["initiatedBy"]["app"]["appId"], DEFAULT_APP_ID);
    let url = format!("/v1.0/users/{user}");
    let whole = client
        .get(&format!(
            "{url}?$select=passwordProfile,createdDateTime,city"
        ))
        .await;
    assert_eq!(whole.body["passwordProfile"]["password"], Value::Null);
    assert_eq!(whole.body["createdDateTime"], "2026-03-01T08:00:00Z");

    assert_eq!(
        client
            .call("PATCH", &url, json!({"city": "Bern"}))
            .await
            .status,
        204
    );
    let city = client.get(&format!("{url}?$select=city")).await;
    assert_eq!(city.body["city"], "Bern");

    assert_eq!(client.call("DELETE", &url, Value::Null).await.status, 204);
    assert_eq!(client.get(&url).await.status, 404);
    let restore = format!("/v1.0/directory/deletedItems/{user}/restore");
    let restored = client.call("POST", &restore, json!({})).await;
    assert_eq!((restored.status, &restored.body["id"]), (200, &json!(user)));
    assert_eq!(client.get(&url).await.status, 200);

    client.call("DELETE", &url, Value::Null).await;
    let purge = format!("/v1.0/directory/deletedItems/{user}");
    assert_eq!(client.call("DELETE", &purge, Value::Null).await.status, 204);
    assert_eq!(client.get(&purge).await.status, 404);
    assert_eq!(
        last_audit(&client).await["activityDisplayName"],
        "Hard Delete user"
    );
}

#[tokio::test]
async fn bodies_that_cannot_be_are_refused() {
    let mut tenant = contoso(2);
    let synced = json!({
        "id": id(50), "userPrincipalName": "synced@contoso.com", "onPremisesSyncEnabled": true,
    });
    put(&mut tenant, "user", synced);
    let client = Client::start(tenant, ServerOptions::default()).await;
    let with = |name: &str, value: Value| {
        let mut user = new_user("Zoe");
        user[name] = value;
        user
    };
    for (body, what) in [
        (with("id", json!(id(77))), "read-only"),
        (with("shoeSize", json!(43)), "unknown"),
        (with("displayName", Value::Null), "required"),
        (
            with("userPrincipalName", json!("user1@contoso.com")),
            "taken",
        ),
        (
            with("userPrincipalName", json!("zoe@fabrikam.com")),
            "foreign domain",
        ),
    ] {
        let answer = client.call("POST", "/v1.0/users", body).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "Request_BadRequest"),
            "{what}"
        );
    }
    let url = format!("/v1.0/users/{}", id(1));
    let answer = client
        .call(
            "PATCH",
            &url,
            json!({"createdDateTime": "2020-01-01T00:00:00Z"}),
        )
        .await;
    assert_eq!(answer.status, 400);
    let url = format!("/v1.0/users/{}", id(50));
    let answer = client.call("PATCH", &url, json!({"city": "Bern"})).await;
    assert_eq!(answer.status, 400, "the local directory is its master");
    let answer = client
        .call("POST", "/v1.0/auditLogs/directoryAudits", json!({}))
        .await;
    assert_eq!(answer.status, 405);
    let answer = client
        .call("PATCH", &format!("/v1.0/users/{}", id(99)), json!({}))
        .await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn members_are_added_and_removed_by_reference() {
    let client = serve(3).await;
    let url = format!("/v1.0/groups/{}/members/$ref", id(BOARD));
    let link = |number| {
        let link = format!(
            "{}/v1.0/directoryObjects/{}",
            client.simulator.url(),
            id(number)
        );
        json!({ "@odata.id": link })
    };
    assert_eq!(client.call("POST", &url, link(3)).await.status, 204);
    assert_eq!(
        client.call("POST", &url, link(3)).await.status,
        400,
        "there already"
    );
    assert_eq!(client.call("POST", &url, link(99)).await.status, 404);
    let members = client
        .get(&format!("/v1.0/groups/{}/members?$select=id", id(BOARD)))
        .await;
    assert_eq!(members.items().len(), 3);
    let gone = format!("/v1.0/groups/{}/members/{}/$ref", id(BOARD), id(3));
    assert_eq!(client.call("DELETE", &gone, Value::Null).await.status, 204);
    assert_eq!(client.call("DELETE", &gone, Value::Null).await.status, 404);
    let row = last_audit(&client).await;
    assert_eq!(row["activityDisplayName"], "Remove member from group");

    let manager = format!("/v1.0/users/{}/manager/$ref", id(3));
    assert_eq!(client.call("PUT", &manager, link(1)).await.status, 204);
    assert_eq!(client.call("PUT", &manager, link(2)).await.status, 204);
    let reference = client.get(&manager).await;
    assert!(
        reference.body["@odata.id"]
            .as_str()
            .is_some_and(|link| link.ends_with(&id(2)))
    );
    assert_eq!(
        client.call("DELETE", &manager, Value::Null).await.status,
        204
    );

    let user = |number| format!("https://graph.microsoft.com/v1.0/users/{}", id(number));
    let group = json!({
        "displayName": "New", "mailEnabled": false, "mailNickname": "new", "securityEnabled": true,
        "members@odata.bind": [user(1), user(2)], "owners@odata.bind": [user(3)],
    });
    let created = client.call("POST", "/v1.0/groups", group).await;
    let new = created.body["id"]
        .as_str()
        .expect("because it was created")
        .to_owned();
    let members = client.get(&format!("/v1.0/groups/{new}/members")).await;
    assert_eq!(members.ids(), [id(1), id(2)]);
    let owners = client.get(&format!("/v1.0/groups/{new}/owners")).await;
    assert_eq!(owners.ids(), [id(3)]);
}

#[tokio::test]
async fn role_assignments_name_living_ends_and_are_not_given_twice() {
    let mut tenant = contoso(1);
    let role = json!({"id": id(60), "displayName": "Reader", "isBuiltIn": true});
    put(&mut tenant, "role_definition", role);
    let client = Client::start(tenant, ServerOptions::default()).await;
    let url = "/v1.0/roleManagement/directory/roleAssignments";
    let assignment = |principal| {
        json!({
            "principalId": id(principal), "roleDefinitionId": id(60), "directoryScopeId": "/",
        })
    };
    let created = client.call("POST", url, assignment(1)).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(client.call("POST", url, assignment(1)).await.status, 400);
    assert_eq!(client.call("POST", url, assignment(99)).await.status, 404);
    let one = format!("{url}/{}", created.body["id"].as_str().unwrap_or_default());
    assert_eq!(client.call("PATCH", &one, json!({})).await.status, 405);
    let by_principal = format!("{url}?$filter=principalId eq '{}'", id(1));
    assert_eq!(client.get(&by_principal).await.items().len(), 1);
    assert_eq!(client.call("DELETE", &one, Value::Null).await.status, 204);
    assert_eq!(
        last_audit(&client).await["activityDisplayName"],
        "Remove member from role"
    );
}

#[tokio::test]
async fn applications_get_their_ids_and_secrets_from_the_service() {
    let client = serve(1).await;
    let app = client
        .call("POST", "/v1.0/applications", json!({"displayName": "Shop"}))
        .await;
    assert_eq!(app.status, 201, "{}", app.body);
    let app_id = app.body["appId"]
        .as_str()
        .expect("because the service assigns one");
    let principal = json!({ "appId": app_id });
    let created = client
        .call("POST", "/v1.0/servicePrincipals", principal.clone())
        .await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(created.body["displayName"], "Shop");
    assert_eq!(
        client
            .call("POST", "/v1.0/servicePrincipals", principal)
            .await
            .status,
        400
    );
    let stranger = json!({"appId": id(5)});
    assert_eq!(
        client
            .call("POST", "/v1.0/servicePrincipals", stranger)
            .await
            .status,
        400
    );

    let url = format!("/v1.0/applications(appId='{app_id}')");
    let asked = json!({"passwordCredential": {"displayName": "build"}});
    let secret = client
        .call("POST", &format!("{url}/addPassword"), asked)
        .await;
    assert!(secret.body["secretText"].is_string(), "{}", secret.body);
    let kept = client.get(&url).await;
    let credential = &kept.body["passwordCredentials"][0];
    assert_eq!(credential["displayName"], "build");
    assert_eq!(credential["secretText"], Value::Null);
    let row = last_audit(&client).await;
    let name = "Update application – Certificates and secrets management ";
    assert_eq!(row["activityDisplayName"], name);
    let key = json!({"keyId": credential["keyId"]});
    let removed = client
        .call("POST", &format!("{url}/removePassword"), key)
        .await;
    assert_eq!(removed.status, 204);
}

#[tokio::test]
async fn objects_are_created_by_a_key_of_the_callers_choice() {
    let client = serve(1).await;
    let url = "/v1.0/applications(uniqueName='shop')";
    let body = json!({"displayName": "Shop"});
    assert_eq!(client.call("PATCH", url, body.clone()).await.status, 404);
    let prefer = [("Prefer", "create-if-missing")];
    for expected in [201, 204] {
        let response = client.send("PATCH", url, &prefer, Some(body.clone())).await;
        assert_eq!(
            response.expect("because it answers").status().as_u16(),
            expected
        );
    }
    assert_eq!(client.get(url).await.body["displayName"], "Shop");
}

#[tokio::test]
async fn combinations_of_a_strength_have_an_action_of_their_own() {
    let client = serve(1).await;
    let strengths = "/v1.0/policies/authenticationStrengthPolicies";
    let body = json!({"displayName": "Keys", "allowedCombinations": ["fido2"]});
    let created = client.call("POST", strengths, body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let strength = created.body["id"]
        .as_str()
        .expect("because the service assigns one");
    let one = format!("{strengths}/{strength}");
    let action = format!("{one}/updateAllowedCombinations");
    let wider = json!({"allowedCombinations": ["fido2", "windowsHelloForBusiness"]});
    assert_eq!(client.call("PATCH", &one, wider.clone()).await.status, 400);
    let done = client.call("POST", &action, wider.clone()).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(done.body["previousCombinations"], json!(["fido2"]));
    let shown = client.get(&one).await.body;
    assert_eq!(shown["allowedCombinations"], wider["allowedCombinations"]);
    assert_eq!(shown["displayName"], "Keys");
    let none = json!({"allowedCombinations": []});
    assert_eq!(client.call("POST", &action, none).await.status, 400);
}

#[tokio::test]
async fn policies_go_to_their_own_bin() {
    let client = serve(1).await;
    let policies = "/v1.0/identity/conditionalAccess/policies";
    let body = json!({
        "displayName": "Block", "state": "disabled",
        "conditions": {"users": {"includeUsers": ["All"], "excludeGroups": [id(STAFF)]}},
    });
    let created = client.call("POST", policies, body.clone()).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let policy = created.body["id"]
        .as_str()
        .expect("because the service assigns one");
    let mut wrong = body;
    wrong["conditions"]["users"]["excludeGroups"] = json!([id(4711)]);
    assert_eq!(client.call("POST", policies, wrong).await.status, 400);
    let one = format!("{policies}/{policy}");
    assert_eq!(
        client
            .call("PATCH", &one, json!({"state": "enabled"}))
            .await
            .status,
        204
    );
    let changed = client.get(&one).await;
    assert_eq!(changed.body["modifiedDateTime"], "2026-03-01T08:00:00Z");
    assert_eq!(client.call("DELETE", &one, Value::Null).await.status, 204);
    let bin = "/v1.0/identity/conditionalAccess/deletedItems/policies";
    assert_eq!(client.get(bin).await.ids(), [policy]);
    let restored = client
        .call("POST", &format!("{bin}/{policy}/restore"), json!({}))
        .await;
    assert_eq!(restored.status, 200);
    assert_eq!(client.get(&one).await.status, 200);
}

#[tokio::test]
async fn singletons_are_changed_and_never_deleted() {
    let mut tenant = contoso(1);
    let policy = json!({"id": "authorizationPolicy", "allowInvitesFrom": "everyone"});
    put(&mut tenant, "authorization_policy", policy);
    let client = Client::start(tenant, ServerOptions::default()).await;
    let url = "/v1.0/policies/authorizationPolicy";
    let body = json!({"allowInvitesFrom": "none"});
    assert_eq!(client.call("PATCH", url, body).await.status, 204);
    assert_eq!(client.get(url).await.body["allowInvitesFrom"], "none");
    assert_eq!(client.call("DELETE", url, Value::Null).await.status, 405);
    let tenant = client.simulator.tenant();
    let tenant = tenant.read().expect("because nobody panics with this lock");
    assert_eq!(tenant.count(kind("authorization_policy")), 1);
}
