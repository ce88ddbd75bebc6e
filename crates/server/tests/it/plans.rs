//! Plans: made, read, judged. What a plan does to a tenant is tested where plans are run.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{ALICE, Answer, Served, served};

async fn post(served: &Served, address: &str, body: &Value) -> Answer {
    let request = Request::post(address)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    served.send(request.expect("because it is a request")).await
}

async fn made(served: &Served) -> (String, Value) {
    let wanted = json!({"from": "first", "objects": ["user:Alice"]});
    let answer = post(served, "/v1/plans", &wanted).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
    let document = answer.json();
    let id = document["summary"]["id"]
        .as_str()
        .expect("because it has one")
        .to_owned();
    assert_eq!(answer.header("location"), format!("/v1/plans/{id}"));
    (id, document)
}

#[tokio::test]
async fn a_plan_is_made_and_read() {
    let served = served();
    let (id, document) = made(&served).await;
    assert_eq!(document["summary"]["state"], "planned");
    assert_eq!(document["summary"]["author"], "test");
    let step = &document["plan"]["steps"][0];
    assert_eq!(step["object"][0], ALICE);
    assert_eq!(step["action"], "update");
    assert_eq!(step["properties"][0]["path"], "jobTitle");
    assert_eq!(step["properties"][0]["new"], "engineer");
    assert_eq!(document["verdict"]["is_approved"], false);
    let list = served.get("/v1/plans").await.json();
    assert_eq!(list["items"][0]["id"], id);
    let again = served.get(&format!("/v1/plans/{}", &id[..8])).await.json();
    assert_eq!(again["plan"], document["plan"]);
}

#[tokio::test]
async fn a_plan_is_given_in_every_form() {
    let served = served();
    let (id, document) = made(&served).await;
    let export = |form: &str| format!("/v1/plans/{id}/export?form={form}");
    let file = served.get(&export("file")).await;
    assert_eq!(file.json(), document["plan"]);
    let md = served.get(&export("md")).await;
    assert!(md.header("content-type").starts_with("text/markdown"));
    assert!(String::from_utf8_lossy(&md.body).contains("jobTitle"));
    let pwsh = served.get(&export("pwsh")).await;
    assert!(String::from_utf8_lossy(&pwsh.body).contains("WhatIf"));
    let batch = served.get(&export("batch")).await.json();
    assert!(batch.as_object().is_some_and(|files| !files.is_empty()));
    assert_eq!(
        served.get(&export("terraform")).await.problem(),
        "invalid-parameter"
    );
    assert_eq!(
        served.get(&export("statement")).await.problem(),
        "invalid-parameter"
    );
    let nobody = format!("{}&approver=nobody", export("statement"));
    assert_eq!(served.get(&nobody).await.problem(), "invalid-parameter");
}

#[tokio::test]
async fn a_plan_that_nobody_let_run_does_not() {
    let served = served();
    let (id, _) = made(&served).await;
    let run = post(&served, &format!("/v1/plans/{id}/execute"), &json!({})).await;
    assert_eq!(run.problem(), "restore-disabled");
    assert_eq!(run.json()["reason"], "restore_disabled");
    let forged = json!({"statement": "{}", "signature": "none"});
    let approval = post(&served, &format!("/v1/plans/{id}/approve"), &forged).await;
    assert_eq!(approval.problem(), "statement-malformed");
    assert_eq!(approval.json()["reason"], "statement_malformed");
    let verify = Request::post(format!("/v1/plans/{id}/verify")).body(Body::empty());
    let verify = served.send(verify.expect("because it is a request")).await;
    assert_eq!(verify.problem(), "cannot-restore");
    assert_eq!(
        served
            .get(&format!("/v1/plans/{id}/events"))
            .await
            .problem(),
        "job-not-found"
    );
}

#[tokio::test]
async fn an_act_upon_what_was_changed_meanwhile_is_refused() {
    let served = served();
    let (id, _) = made(&served).await;
    let address = format!("/v1/plans/{id}");
    let first = served.get(&address).await;
    let tag = first.header("etag").to_owned();
    let reject = |tag: &str| {
        let request = Request::post(format!("{address}/reject"))
            .header("content-type", "application/json")
            .header("if-match", tag)
            .body(Body::from(json!({"reason": "no"}).to_string()));
        served.send(request.expect("because it is a request"))
    };
    let elsewhere = reject("\"00\"").await;
    assert_eq!(elsewhere.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(elsewhere.problem(), "precondition-failed");
    assert_eq!(elsewhere.json()["etag"], tag);
    let rejected = reject(&tag).await;
    assert_eq!(rejected.status, StatusCode::OK, "{}", rejected.json());
    assert_eq!(reject(&tag).await.problem(), "precondition-failed");
    let now = served.get(&address).await;
    assert_eq!(now.header("etag"), rejected.header("etag"));
}

#[tokio::test]
async fn a_tenant_that_cannot_be_reached_is_not_planned_against_as_it_is() {
    let served = served();
    let wanted = json!({"from": "first", "against": "live", "objects": ["user:Alice"]});
    let answer = post(&served, "/v1/plans", &wanted).await;
    assert_eq!(answer.problem(), "cannot-collect");
    let (id, _) = made(&served).await;
    let report = served.get(&format!("/v1/plans/{id}/report")).await.json();
    assert_eq!(report["execution"], Value::Null);
    assert_eq!(report["state"], "planned");
}

#[tokio::test]
async fn a_plan_is_rejected_or_cancelled_for_good() {
    let served = served();
    let (id, _) = made(&served).await;
    let why = json!({"reason": "not on a Friday"});
    let rejected = post(&served, &format!("/v1/plans/{id}/reject"), &why)
        .await
        .json();
    assert_eq!(rejected["summary"]["state"], "rejected");
    assert_eq!(rejected["rejection"]["reason"], "not on a Friday");
    assert_eq!(rejected["rejection"]["by"], "test");
    let cancelled = post(&served, &format!("/v1/plans/{id}/cancel"), &why)
        .await
        .json();
    assert_eq!(cancelled["summary"]["state"], "cancelled");
}

#[tokio::test]
async fn what_makes_no_plan_is_told_apart() {
    let served = served();
    for (body, problem) in [
        (json!({"from": "first"}), "invalid-body"),
        (
            json!({"from": "first", "objects": ["user:nobody"]}),
            "object-not-found",
        ),
        (
            json!({"from": "first", "kinds": ["spaceship"]}),
            "kind-not-found",
        ),
        (
            json!({"from": "someday", "everything": true}),
            "invalid-revision",
        ),
        (
            json!({"from": "first", "everything": true, "more": 1}),
            "invalid-body",
        ),
    ] {
        let answer = post(&served, "/v1/plans", &body).await;
        assert_eq!(answer.problem(), problem, "{body}");
    }
    assert_eq!(
        served.get("/v1/plans/abcdef99").await.problem(),
        "plan-not-found"
    );
    assert_eq!(served.get("/v1/plans/zz").await.problem(), "invalid-plan");
}
