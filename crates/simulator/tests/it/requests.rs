//! What is asked for and not written: PIM, entitlement management; and what else follows from a write.

use serde_json::{Value, json};
use simulator::{ServerOptions, Tenant};

use crate::client::Client;
use crate::world::{BOARD, TENANT_ID, contoso, id, link, put, put_below};

const ADMINISTRATOR: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
const ACTIVATED: u32 = 600_001;
const CATALOG: u32 = 500_001;
const PACKAGE: u32 = 500_002;
const POLICY: u32 = 500_003;

/// Two users, a role with its template that is not activated, a catalog with a package.
fn governed() -> Tenant {
    let mut tenant = contoso(2);
    let role = json!({
        "id": ADMINISTRATOR, "templateId": ADMINISTRATOR, "displayName": "User Administrator",
        "isBuiltIn": true, "isEnabled": true, "rolePermissions": [],
    });
    put(&mut tenant, "role_definition", role);
    let template = json!({
        "id": ADMINISTRATOR, "displayName": "User Administrator", "description": "Looks after people",
    });
    put(&mut tenant, "directory_role_template", template);
    put(
        &mut tenant,
        "access_package_catalog",
        json!({"id": id(CATALOG), "displayName": "Partners"}),
    );
    put(
        &mut tenant,
        "access_package",
        json!({"id": id(PACKAGE), "displayName": "Charts"}),
    );
    let policy = json!({
        "id": id(POLICY), "displayName": "Ninety days",
        "expiration": {"type": "afterDuration", "duration": "P90D", "endDateTime": null},
    });
    put(&mut tenant, "access_package_assignment_policy", policy);
    tenant
}

async fn serve(tenant: Tenant) -> Client {
    Client::start(tenant, ServerOptions::default()).await
}

/// The only object of a list.
async fn only(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await;
    assert_eq!(answer.items().len(), 1, "{path}: {}", answer.body);
    answer.items()[0].clone()
}

async fn count(client: &Client, path: &str) -> usize {
    client.get(path).await.items().len()
}

fn asked(action: &str, expiration: &Value) -> Value {
    json!({
        "action": action, "principalId": id(1), "roleDefinitionId": ADMINISTRATOR,
        "directoryScopeId": "/", "justification": "Ticket 7",
        "scheduleInfo": {"startDateTime": "2026-02-01T00:00:00Z", "expiration": expiration},
    })
}

const ROLES: &str = "/v1.0/roleManagement/directory";

async fn ask(client: &Client, collection: &str, body: Value) -> crate::client::Answer {
    client
        .call("POST", &format!("{ROLES}/{collection}"), body)
        .await
}

async fn activities(client: &Client) -> Vec<String> {
    let answer = client.get("/v1.0/auditLogs/directoryAudits").await;
    let names = answer
        .items()
        .iter()
        .map(|row| row["activityDisplayName"].as_str());
    names
        .map(|name| name.unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_role_is_assigned_changed_and_taken_away_by_requests() {
    let client = serve(governed()).await;
    let activated = client
        .call(
            "POST",
            "/v1.0/directoryRoles",
            json!({"roleTemplateId": ADMINISTRATOR}),
        )
        .await;
    assert_eq!(activated.status, 201, "{}", activated.body);
    assert_eq!(activated.body["displayName"], "User Administrator");
    assert_eq!(activated.body["description"], "Looks after people");
    let members = format!(
        "/v1.0/directoryRoles/{}/members",
        activated.body["id"].as_str().unwrap_or_default()
    );

    let requests = "roleAssignmentScheduleRequests";
    let body = asked(
        "adminAssign",
        &json!({"type": "AfterDuration", "duration": "PT5H"}),
    );
    let answer = ask(&client, requests, body.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["status"], "Provisioned");
    assert_eq!(answer.body["targetScheduleId"], answer.body["id"]);

    let schedule = only(&client, &format!("{ROLES}/roleAssignmentSchedules")).await;
    assert_eq!(schedule["id"], answer.body["id"]);
    assert_eq!(schedule["createdUsing"], answer.body["id"]);
    assert_eq!(schedule["assignmentType"], "Assigned");
    // It should have begun in February: it begins now, which is the first of March.
    assert_eq!(
        schedule["scheduleInfo"],
        json!({
            "startDateTime": "2026-03-01T08:00:00Z", "recurrence": null,
            "expiration": {"type": "afterDuration", "endDateTime": null, "duration": "PT5H"},
        })
    );
    let instance = only(&client, &format!("{ROLES}/roleAssignmentScheduleInstances")).await;
    assert_eq!(instance["roleAssignmentScheduleId"], schedule["id"]);
    assert_eq!(instance["endDateTime"], "2026-03-01T13:00:00Z");
    let assignment = only(&client, &format!("{ROLES}/roleAssignments")).await;
    assert_eq!(assignment["principalId"], id(1));
    assert_eq!(only(&client, &members).await["id"], id(1));
    assert!(
        activities(&client)
            .await
            .contains(&"Add member to role in PIM completed (timebound)".to_owned())
    );

    let twice = ask(&client, requests, body).await;
    assert_eq!((twice.status, twice.code()), (400, "RoleAssignmentExists"));

    let body = asked(
        "adminUpdate",
        &json!({"type": "afterDuration", "duration": "PT2H"}),
    );
    let answer = ask(&client, requests, body).await;
    assert_eq!(answer.body["targetScheduleId"], schedule["id"]);
    let instance = only(&client, &format!("{ROLES}/roleAssignmentScheduleInstances")).await;
    assert_eq!(instance["endDateTime"], "2026-03-01T10:00:00Z");

    let body = json!({
        "action": "adminRemove", "principalId": id(1), "roleDefinitionId": ADMINISTRATOR,
        "directoryScopeId": "/",
    });
    let answer = ask(&client, requests, body.clone()).await;
    assert_eq!(answer.body["status"], "Revoked");
    for list in [
        "roleAssignments",
        "roleAssignmentSchedules",
        "roleAssignmentScheduleInstances",
    ] {
        assert_eq!(
            count(&client, &format!("{ROLES}/{list}")).await,
            0,
            "{list}"
        );
    }
    assert_eq!(count(&client, &members).await, 0);
    assert_eq!(count(&client, &format!("{ROLES}/{requests}")).await, 3);
    let again = ask(&client, requests, body).await;
    assert_eq!(
        (again.status, again.code()),
        (404, "RoleAssignmentDoesNotExist")
    );
}

#[tokio::test]
async fn only_who_is_eligible_activates() {
    let client = serve(governed()).await;
    let hours = || json!({"type": "afterDuration", "duration": "PT1H"});
    let activation = asked("selfActivate", &hours());
    let early = ask(
        &client,
        "roleAssignmentScheduleRequests",
        activation.clone(),
    )
    .await;
    assert_eq!(early.status, 404, "{}", early.body);

    let eligible = asked("adminAssign", &json!({"type": "noExpiration"}));
    let answer = ask(&client, "roleEligibilityScheduleRequests", eligible).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let instance = only(
        &client,
        &format!("{ROLES}/roleEligibilityScheduleInstances"),
    )
    .await;
    assert_eq!(
        instance["roleEligibilityScheduleId"],
        answer.body["targetScheduleId"]
    );
    assert_eq!(instance["endDateTime"], Value::Null);
    assert_eq!(count(&client, &format!("{ROLES}/roleAssignments")).await, 0);

    let answer = ask(&client, "roleAssignmentScheduleRequests", activation).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let schedule = only(&client, &format!("{ROLES}/roleAssignmentSchedules")).await;
    assert_eq!(schedule["assignmentType"], "Activated");
    let body = asked("selfDeactivate", &hours());
    ask(&client, "roleAssignmentScheduleRequests", body).await;
    assert_eq!(
        count(&client, &format!("{ROLES}/roleAssignmentSchedules")).await,
        0
    );
    assert_eq!(
        count(&client, &format!("{ROLES}/roleEligibilitySchedules")).await,
        1
    );
}

#[tokio::test]
async fn requests_that_cannot_be_are_refused() {
    let client = serve(governed()).await;
    let good = asked("adminAssign", &json!({"type": "noExpiration"}));
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let over = json!({"type": "afterDateTime", "endDateTime": "2026-02-02T00:00:00Z"});
    for (body, status, code) in [
        (with("principalId", json!(id(99))), 404, "SubjectNotFound"),
        (with("roleDefinitionId", json!(id(99))), 404, "RoleNotFound"),
        (with("directoryScopeId", Value::Null), 400, "BadRequest"),
        (with("action", json!("adminWish")), 400, "BadRequest"),
        (with("shoeSize", json!(43)), 400, "BadRequest"),
        (
            with("scheduleInfo", Value::Null),
            400,
            "InvalidScheduleInfo",
        ),
        (
            with("scheduleInfo", json!({"expiration": over})),
            400,
            "InvalidScheduleInfo",
        ),
    ] {
        let answer = ask(&client, "roleAssignmentScheduleRequests", body.clone()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{body}");
    }
    let trial = ask(
        &client,
        "roleAssignmentScheduleRequests",
        with("isValidationOnly", json!(true)),
    )
    .await;
    assert_eq!(trial.status, 201);
    assert_eq!(
        count(&client, &format!("{ROLES}/roleAssignmentSchedules")).await,
        0
    );
}

#[tokio::test]
async fn somebody_is_in_a_group_by_a_schedule() {
    let client = serve(governed()).await;
    let root = "/v1.0/identityGovernance/privilegedAccess/group";
    let members = format!("/v1.0/groups/{}/members", id(BOARD));
    let before = count(&client, &members).await;
    let body = |action: &str| {
        json!({
            "action": action, "accessId": "member", "principalId": id(2), "groupId": id(BOARD),
            "scheduleInfo": {"expiration": {"type": "noExpiration"}},
        })
    };
    let url = format!("{root}/assignmentScheduleRequests");
    let answer = client.call("POST", &url, body("adminAssign")).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let target = answer.body["targetScheduleId"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let request = answer.body["id"].as_str().unwrap_or_default();
    assert_eq!(target, format!("{}_member_{request}", id(BOARD)));
    let of_group = format!("?$filter=groupId eq '{}'", id(BOARD));
    let schedule = only(&client, &format!("{root}/assignmentSchedules{of_group}")).await;
    assert_eq!(schedule["id"], target);
    assert_eq!(schedule["createdUsing"], request);
    let instance = only(
        &client,
        &format!("{root}/assignmentScheduleInstances{of_group}"),
    )
    .await;
    assert_eq!(instance["assignmentScheduleId"], target);
    assert_eq!(count(&client, &members).await, before + 1);
    assert!(
        activities(&client)
            .await
            .contains(&"Add member to group in PIM".to_owned())
    );

    client.call("POST", &url, body("adminRemove")).await;
    assert_eq!(count(&client, &members).await, before);
    let left = format!("{root}/assignmentScheduleInstances{of_group}");
    assert_eq!(count(&client, &left).await, 0);
}

#[tokio::test]
async fn an_access_package_is_given_and_taken_back() {
    let client = serve(governed()).await;
    let root = "/v1.0/identityGovernance/entitlementManagement";
    let url = format!("{root}/assignmentRequests");
    let add = json!({"requestType": "adminAdd", "assignment": {
        "targetId": id(1), "assignmentPolicyId": id(POLICY), "accessPackageId": id(PACKAGE),
    }});
    let answer = client.call("POST", &url, add.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["state"], "submitted");
    let list = format!("{root}/assignments?$expand=target,accessPackage,assignmentPolicy");
    let assignment = only(&client, &list).await;
    assert_ne!(
        assignment["id"], answer.body["id"],
        "a request is no assignment"
    );
    assert_eq!(assignment["target"]["objectId"], id(1));
    assert_eq!(assignment["assignmentPolicy"]["id"], id(POLICY));
    assert_eq!(assignment["schedule"]["expiration"]["duration"], "P90D");
    let twice = client.call("POST", &url, add).await;
    assert_eq!(twice.status, 400);
    let remove = json!({"requestType": "adminRemove", "assignment": {"id": assignment["id"]}});
    assert_eq!(client.call("POST", &url, remove.clone()).await.status, 201);
    assert_eq!(count(&client, &list).await, 0);
    assert_eq!(client.call("POST", &url, remove).await.status, 404);
}

#[tokio::test]
async fn a_catalog_gets_a_group_and_loses_it() {
    let client = serve(governed()).await;
    let root = "/v1.0/identityGovernance/entitlementManagement";
    let url = format!("{root}/resourceRequests");
    let body = |sort: &str| {
        json!({
            "requestType": sort, "catalog": {"id": id(CATALOG)},
            "resource": {"originId": id(BOARD), "originSystem": "AadGroup"},
        })
    };
    let answer = client.call("POST", &url, body("adminAdd")).await;
    assert_eq!(
        (answer.status, &answer.body["state"]),
        (201, &json!("delivered"))
    );
    let list = format!(
        "{root}/catalogs/{}/resources?$expand=roles,scopes",
        id(CATALOG)
    );
    let resource = only(&client, &list).await;
    assert_eq!(resource["displayName"], "Board");
    let roles = resource["roles"].as_array().map_or(0, Vec::len);
    assert_eq!(roles, 2, "owner and member: {resource}");
    assert_eq!(
        client.call("POST", &url, body("adminAdd")).await.status,
        400
    );
    assert_eq!(
        client.call("POST", &url, body("adminRemove")).await.status,
        201
    );
    assert_eq!(count(&client, &list).await, 0);
}

#[tokio::test]
async fn a_member_of_a_role_has_an_assignment() {
    let mut tenant = governed();
    let role = json!({
        "id": id(ACTIVATED), "displayName": "User Administrator", "roleTemplateId": ADMINISTRATOR,
    });
    put(&mut tenant, "directory_role", role);
    let client = serve(tenant).await;
    let members = format!("/v1.0/directoryRoles/{}/members", id(ACTIVATED));
    let reference = json!({
        "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{}", id(2)),
    });
    let answer = client
        .call("POST", &format!("{members}/$ref"), reference)
        .await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    let assignment = only(&client, &format!("{ROLES}/roleAssignments")).await;
    assert_eq!(
        (&assignment["principalId"], &assignment["roleDefinitionId"]),
        (&json!(id(2)), &json!(ADMINISTRATOR))
    );
    let schedule = only(&client, &format!("{ROLES}/roleAssignmentSchedules")).await;
    assert_eq!(
        schedule["scheduleInfo"]["expiration"]["type"],
        "noExpiration"
    );
    let url = format!(
        "{ROLES}/roleAssignments/{}",
        assignment["id"].as_str().unwrap_or_default()
    );
    assert_eq!(client.call("DELETE", &url, Value::Null).await.status, 204);
    assert_eq!(count(&client, &members).await, 0);
    assert_eq!(
        count(&client, &format!("{ROLES}/roleAssignmentSchedules")).await,
        0
    );
    let twice = json!({"roleTemplateId": ADMINISTRATOR});
    assert_eq!(
        client
            .call("POST", "/v1.0/directoryRoles", twice)
            .await
            .status,
        400
    );
    let unknown = json!({"roleTemplateId": id(99)});
    assert_eq!(
        client
            .call("POST", "/v1.0/directoryRoles", unknown)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn settings_have_two_addresses() {
    let mut tenant = governed();
    let template = json!({"id": id(400_001), "displayName": "Group.Unified", "values": []});
    put(&mut tenant, "group_setting_template", template);
    let client = serve(tenant).await;
    let body = json!({"templateId": id(400_001), "values": [{"name": "A", "value": "1"}]});
    let made = client.call("POST", "/v1.0/groupSettings", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let address = format!(
        "/beta/settings/{}",
        made.body["id"].as_str().unwrap_or_default()
    );
    assert_eq!(client.get(&address).await.body["values"][0]["value"], "1");
    let changed = json!({"values": [{"name": "A", "value": "2"}]});
    assert_eq!(client.call("PATCH", &address, changed).await.status, 204);
    let setting = only(&client, "/v1.0/groupSettings").await;
    assert_eq!(setting["values"][0]["value"], "2");
    assert_eq!(
        client.call("DELETE", &address, Value::Null).await.status,
        204
    );
    assert_eq!(count(&client, "/v1.0/groupSettings").await, 0);
    assert_eq!(count(&client, "/beta/settings").await, 0);
}

#[tokio::test]
async fn a_workflow_has_tasks_and_versions() {
    let client = serve(governed()).await;
    let url = "/v1.0/identityGovernance/lifecycleWorkflows/workflows";
    let workflow = json!({
        "category": "leaver", "displayName": "Last day", "isEnabled": true,
        "executionConditions": {"@odata.type": "#microsoft.graph.identityGovernance.onDemandExecutionOnly"},
        "tasks": [{"displayName": "Disable account", "isEnabled": true}],
    });
    let made = client.call("POST", url, workflow.clone()).await;
    assert_eq!(
        (made.status, &made.body["version"]),
        (201, &json!(1)),
        "{}",
        made.body
    );
    let own = format!("{url}/{}", made.body["id"].as_str().unwrap_or_default());
    let renamed = json!({"displayName": "Ashore"});
    assert_eq!(client.call("PATCH", &own, renamed).await.status, 204);
    let tasks = json!({"tasks": []});
    assert_eq!(client.call("PATCH", &own, tasks).await.status, 400);
    let mut next = workflow;
    next["tasks"] = json!([{"displayName": "Remove licences", "isEnabled": true}]);
    let action = format!("{own}/microsoft.graph.identityGovernance.createNewVersion");
    let answer = client
        .call("POST", &action, json!({ "workflow": next }))
        .await;
    assert_eq!((answer.status, &answer.body["version"]), (201, &json!(2)));
    let now = client.get(&own).await;
    assert_eq!(now.body["tasks"][0]["displayName"], "Remove licences");
    assert_eq!(now.body["id"], made.body["id"]);
}

#[tokio::test]
async fn what_is_alone_of_its_kind_comes_to_be_when_it_is_changed() {
    let client = serve(governed()).await;
    let url = format!("/v1.0/organization/{TENANT_ID}/branding");
    assert_eq!(client.get(&url).await.status, 404);
    let text = json!({"signInPageText": "Welcome"});
    assert_eq!(client.call("PATCH", &url, text).await.status, 204);
    assert_eq!(client.get(&url).await.body["signInPageText"], "Welcome");
    assert_eq!(client.call("DELETE", &url, Value::Null).await.status, 204);
    assert_eq!(client.get(&url).await.status, 404);
}

#[tokio::test]
async fn an_identity_provider_is_addressed_without_its_type() {
    let mut tenant = governed();
    let provider =
        json!({"id": id(300_001), "displayName": "Pilots", "issuerUri": "https://a.example"});
    put(&mut tenant, "federation_configuration", provider);
    put_below(
        &mut tenant,
        "domain_federation_configuration",
        &["contoso.com"],
        json!({"id": id(300_002), "displayName": "Own"}),
    );
    let client = serve(tenant).await;
    let url = format!("/v1.0/directory/federationConfigurations/{}", id(300_001));
    let renamed = json!({"displayName": "Harbour pilots"});
    assert_eq!(
        client.call("PATCH", &url, renamed.clone()).await.status,
        204
    );
    assert_eq!(client.get(&url).await.body["displayName"], "Harbour pilots");
    assert_eq!(client.call("DELETE", &url, Value::Null).await.status, 204);
    assert_eq!(client.get(&url).await.status, 404);
    let own = format!(
        "/v1.0/domains/contoso.com/federationConfiguration/{}",
        id(300_002)
    );
    assert_eq!(client.call("PATCH", &own, renamed).await.status, 204);
    assert_eq!(client.get(&own).await.body["displayName"], "Harbour pilots");
}

#[tokio::test]
async fn seeds_are_taken_as_they_are_told() {
    let mut tenant = governed();
    let role = json!({"id": id(ACTIVATED), "displayName": "X", "roleTemplateId": ADMINISTRATOR});
    put(&mut tenant, "directory_role", role);
    link(&mut tenant, "directory_role_member", &id(ACTIVATED), &id(1));
    let client = serve(tenant).await;
    assert_eq!(count(&client, &format!("{ROLES}/roleAssignments")).await, 0);
}
