//! Snapshots through the API: asked for, watched, asked for twice, and taken by schedule.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use collector::CollectRequest;
use graph::{Client, Pace, Settings};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use server::{Collecting, Server, ServerOptions, TenantOptions};
use simulator::{
    AppCredential, DEFAULT_APP_ID, DEFAULT_SECRET, Limits, Simulator, Tenant, World, WorldOptions,
};
use store::{Archive, CreateOptions, LocalStorage, Secrets, SlotChoice, Storage};

use crate::guarded::{Guarded, guarded, guarded_with};
use crate::support::{Answer, time};

/// A small company behind a Graph of its own.
async fn company() -> (Simulator, String) {
    let options = WorldOptions {
        users: 5,
        days: 1,
        ..WorldOptions::default()
    };
    let (start, name) = (options.start, options.tenant_name.clone());
    let mut world = World::new(options);
    let described = simulator::TenantOptions::new(world.tenant_id(), &name, start);
    let mut tenant = Tenant::new(described);
    for seed in world.seeds() {
        tenant
            .seed(seed)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    }
    let served = simulator::ServerOptions {
        limits: Limits::None,
        credentials: vec![AppCredential {
            roles: vec!["User.Read.All".to_owned()],
            ..AppCredential::default()
        }],
        ..simulator::ServerOptions::default()
    };
    let started = Simulator::start(tenant, served).await;
    let tenant_id = world.tenant_id().to_owned();
    (started.expect("because any port will do"), tenant_id)
}

/// How the company is reached: users alone.
fn collecting(simulator: &Simulator, tenant_id: &str, is_scheduled: bool) -> Arc<Collecting> {
    let url = simulator.url();
    let look_up = |name: &str| {
        let value = match name {
            "ENTRACE_GRAPH_URL" | "AZURE_AUTHORITY_HOST" => url.as_str(),
            "AZURE_TENANT_ID" => tenant_id,
            "AZURE_CLIENT_ID" => DEFAULT_APP_ID,
            "AZURE_CLIENT_SECRET" => DEFAULT_SECRET,
            _ => return None,
        };
        Some(value.to_owned())
    };
    let mut settings =
        Settings::from_environment(look_up, false).expect("because everything is named");
    settings.pace = Pace::Unlimited;
    let kinds = catalog::select_kinds(&["user"]).expect("because there is such a kind");
    Arc::new(Collecting {
        client: Client::new(settings).expect("because the settings are sound"),
        request: CollectRequest::new(kinds, "user".to_owned()),
        tags: vec!["nightly".to_owned()],
        every: SignedDuration::from_mins(15),
        whole: None,
        is_scheduled,
    })
}

/// An archive without a snapshot.
fn empty(folder: &Path) {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
    let options = CreateOptions {
        tenant: "contoso.example".to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: time("2026-01-01T00:00:00Z"),
    };
    Archive::create(&storage, &options).expect("because the folder is new");
}

async fn post(guarded: &Guarded, token: &str, key: &str, body: Value) -> Answer {
    let mut request = Request::post("/v1/snapshots?tenant=contoso")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    if !key.is_empty() {
        request = request.header("idempotency-key", key);
    }
    let request = request.body(Body::from(body.to_string()));
    guarded
        .served
        .send(request.expect("because it is a request"))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_asked_for_once_watched_and_then_there() {
    let (simulator, tenant_id) = company().await;
    let folder = tempfile::tempdir().expect("because there is room");
    empty(&folder.path().join("a"));
    let guarded = guarded_with(|options| {
        options.tenants[0].archive = folder.path().join("a");
        options.tenants[0].collecting = Some(collecting(&simulator, &tenant_id, false));
        options.now = Timestamp::now;
    });
    let operator = guarded.token(&["operator@contoso"]);
    let first = post(&guarded, &operator, "k-1", json!({})).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{:?}", first.body);
    let job = first.json()["id"].clone();
    let again = post(&guarded, &operator, "k-1", json!({})).await;
    assert_eq!((again.status, &again.json()["id"]), (first.status, &job));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    let other = post(&guarded, &operator, "k-1", json!({"whole": true})).await;
    assert_eq!(other.problem(), "idempotency-key-reused");
    let bad = post(&guarded, &operator, &"k".repeat(256), json!({})).await;
    assert_eq!(bad.problem(), "invalid-idempotency-key");

    // The stream ends with the job.
    let id = job.as_str().expect("because an id is text");
    let events = format!("/v1/jobs/{id}/events?tenant=contoso");
    let answer = guarded.send(Method::GET, &events, &operator).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let text = String::from_utf8(answer.body.to_vec()).expect("because it is text");
    assert!(text.contains("event: progress"), "{text}");
    let last = text.lines().rfind(|line| line.starts_with("data: "));
    let last: Value = serde_json::from_str(&last.expect("because there are events")[6..])
        .expect("because it is JSON");
    assert_eq!(last["state"], "done", "{last}");
    // Who comes back with the last number has missed nothing.
    let number = text.lines().rfind(|line| line.starts_with("id: "));
    let number = number.expect("because events are numbered")[4..].to_owned();
    let resumed = guarded.send_with(Method::GET, &events, &operator, |request| {
        request.header("last-event-id", number)
    });
    assert_eq!(resumed.await.body.len(), 0);

    let found = guarded
        .send(
            Method::GET,
            &format!("/v1/jobs/{id}?tenant=contoso"),
            &operator,
        )
        .await;
    assert_eq!(
        found.json()["result"]["snapshot"],
        last["result"]["snapshot"]
    );
    let snapshots = guarded
        .send(Method::GET, "/v1/snapshots?tenant=contoso", &operator)
        .await
        .json();
    assert_eq!(
        snapshots["items"].as_array().map(Vec::len),
        Some(1),
        "{snapshots}"
    );
    let ended = format!("/v1/jobs/{id}/cancel?tenant=contoso");
    let ended = guarded.send(Method::POST, &ended, &operator).await;
    assert_eq!(ended.problem(), "job-ended");
    let both = guarded.token(&["operator"]);
    let elsewhere = format!("/v1/jobs/{id}?tenant=fabrikam");
    let elsewhere = guarded.send(Method::GET, &elsewhere, &both).await;
    assert_eq!(elsewhere.problem(), "job-not-found");
    simulator.stop().await;
}

#[tokio::test]
async fn a_tenant_that_cannot_be_reached_from_here_says_so() {
    let guarded = guarded();
    let operator = guarded.token(&["operator@contoso"]);
    let answer = post(&guarded, &operator, "", json!({})).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::CONFLICT, "cannot-collect".to_owned())
    );
    for id in ["x", "../../keys", "20260105T120000-0123456789ab"] {
        let address = format!("/v1/jobs/{}?tenant=contoso", id.replace('/', "%2F"));
        let answer = guarded.send(Method::GET, &address, &operator).await;
        assert_eq!(answer.problem(), "job-not-found", "{id}");
    }
    let wrong = guarded.send(
        Method::GET,
        "/v1/jobs?tenant=contoso&state=asleep",
        &operator,
    );
    assert_eq!(wrong.await.problem(), "unknown-parameter");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_takes_the_first_snapshot_at_once() {
    let (simulator, tenant_id) = company().await;
    let folder = tempfile::tempdir().expect("because there is room");
    empty(&folder.path().join("a"));
    let mut options = ServerOptions {
        tenants: vec![TenantOptions {
            name: "contoso".to_owned(),
            archive: folder.path().join("a"),
            secrets: Secrets::default(),
            collecting: Some(collecting(&simulator, &tenant_id, true)),
            restoring: None,
        }],
        ..ServerOptions::default()
    };
    options.guard.folder = Some(folder.path().join("state"));
    options.guard.session = true;
    let address = "127.0.0.1:0".parse().expect("because it is an address");
    let server = Server::bind(address, options).expect("because any port will do");
    let (token, _) = server.session().expect("because it was wanted");
    let (token, address) = (token.to_owned(), server.address());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.expect("because it needs nothing");
    let get = |path: String| {
        let request = client
            .get(format!("http://{address}{path}"))
            .bearer_auth(&token);
        async { request.send().await.expect("because it listens") }
    };
    let job = loop {
        let jobs: Value = get("/v1/jobs".to_owned())
            .await
            .json()
            .await
            .expect("because it is JSON");
        if let Some(job) = jobs["items"].get(0) {
            break job.clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(job["wanted_by"], "schedule");
    let id = job["id"].as_str().expect("because an id is text");
    let events = get(format!("/v1/jobs/{id}/events")).await.text().await;
    let events = events.expect("because the stream ends with the job");
    assert!(events.contains("\"state\":\"done\""), "{events}");
    let snapshots = get("/v1/snapshots?tag=nightly".to_owned()).await;
    let snapshots: Value = snapshots.json().await.expect("because it is JSON");
    assert_eq!(
        snapshots["items"].as_array().map(Vec::len),
        Some(1),
        "{snapshots}"
    );
    let _ = stop.send(());
    let ended = running.await.expect("because it does not panic");
    ended.expect("because the port stays ours");
    simulator.stop().await;
}
