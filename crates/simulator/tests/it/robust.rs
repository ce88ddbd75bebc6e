//! Nonsense gets an answer, and stopping stops.

use serde_json::{Value, json};

use crate::world::{id, serve};

#[tokio::test]
async fn nonsense_is_refused_in_graphs_words() {
    let client = serve(2).await;
    for url in [
        "/v1.0",
        "/v1.0/",
        "/v1.0/users/",
        "/v1.0/users//",
        "/v1.0/$metadata",
        "/v1.0/users/x/y/z/a/b/c",
        "/v1.0/users('",
        "/v1.0/users(a=b)",
        "/v1.0/users(a='b'",
        "/v1.0/groups/$ref",
        "/v1.0/groups/x/members/$ref/more",
        "/v1.0/users?$filter=",
        "/v1.0/users?$filter=((((",
        "/v1.0/users?$filter=%FF%00",
        "/v1.0/users?$top=-1",
        "/v1.0/users?$top=99999999999999999999999",
        "/v1.0/users?$select=",
        "/v1.0/users?$select=,,",
        "/v1.0/users?$expand=manager(",
        "/v1.0/users?$expand=((((",
        "/v1.0/users?$orderby=id sideways",
        "/v1.0/users?$skiptoken=x",
        "/v1.0/users/delta?$deltatoken=%00",
        "/v1.0/users/delta/more",
        "/v1.0/directory/deletedItems/microsoft.graph.shoe",
        "/v1.0/organization/x/branding",
        "/v1.0/applications(uniqueName='none')/owners",
    ] {
        let answer = client.get(url).await;
        let is_list = answer.status == 200 && answer.body["value"].is_array();
        let is_refusal = (400..500).contains(&answer.status) && answer.body["error"].is_object();
        assert!(
            is_list || is_refusal,
            "{url}: {} {}",
            answer.status,
            answer.body
        );
    }
    for (method, url, body) in [
        ("POST", "/v1.0/users", json!([])),
        ("POST", "/v1.0/users", Value::Null),
        ("POST", "/v1.0/$batch", json!({})),
        ("GET", "/v1.0/$batch", Value::Null),
        ("PUT", "/v1.0/users", json!({})),
        ("DELETE", "/v1.0/users", Value::Null),
        ("POST", "/v1.0/groups/x/members/$ref", json!({})),
        ("POST", "/v1.0/directory/deletedItems/x/restore", json!({})),
        ("PATCH", "/v1.0/nothing", json!({})),
        ("PATCH", "/v1.0/auditLogs/signIns/x", json!({})),
    ] {
        let answer = client.call(method, url, body).await;
        assert!(
            (400..500).contains(&answer.status) && answer.body["error"].is_object(),
            "{method} {url}: {} {}",
            answer.status,
            answer.body
        );
    }
    assert_eq!(
        client.get(&format!("/v1.0/users/{}", id(1))).await.status,
        200
    );
}

#[tokio::test]
async fn a_stopped_simulator_answers_nobody() {
    let client = serve(1).await;
    let url = format!("{}/v1.0/users", client.simulator.url());
    assert!(client.http.get(&url).send().await.is_ok());
    client.simulator.stop().await;
    assert!(client.http.get(&url).send().await.is_err());
}
