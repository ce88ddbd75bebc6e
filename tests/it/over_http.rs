//! A restore over HTTP alone, from the plan to the report: the tenant lives in this process, the server is the program.

use std::process::Command;

use serde_json::{Value, json};

use crate::live::Living;
use crate::restoring::{city, living, move_to, somebody, switch_on};
use crate::serving::Server;

/// Starts the program over the tenant's configuration.
fn served(living: &Living) -> Server {
    let folder = living.place.folder.path();
    let (server, tenants) = Server::start(folder, &[], &[], &Living::secret());
    assert_eq!(tenants, json!(["orrery"]));
    server
}

/// Follows a job to its end by its events, and gives what it came to.
fn followed(server: &Server, address: &str) -> Value {
    let events = server.events(address);
    let (name, last) = events.last().expect("because a job ends");
    assert_eq!(
        (name.as_str(), &last["state"]),
        ("state", &json!("done")),
        "{last}"
    );
    last["result"].clone()
}

/// Begins a job, follows it by the events of the job itself, and gives what it came to.
fn worked(server: &Server, address: &str, body: &Value) -> Value {
    let begun = server.post(address, body);
    assert_eq!(begun.status, 202, "{}", begun.json());
    let job = begun.json();
    let id = job["id"].as_str().expect("because a job has an id");
    assert!(begun.header("location").starts_with("/v1/jobs/"));
    followed(server, &format!("/v1/jobs/{id}/events"))
}

/// What stock `ssh-keygen` says to a text: a signature for this purpose, by Bob.
fn signed(living: &Living, text: &[u8]) -> String {
    let path = living.place.path("statement.json");
    std::fs::write(&path, text).expect("because the folder is ours");
    let output = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "entrace-approval", "-f"])
        .arg(living.place.path("key"))
        .arg(&path)
        .output()
        .expect("because it is installed");
    assert!(output.status.success(), "{output:?}");
    let signature = std::fs::read_to_string(living.place.path("statement.json.sig"));
    signature.expect("because it was just written")
}

#[test]
fn a_change_is_undone_over_http_alone() {
    let Some(living) = living() else { return };
    switch_on(&living);
    let user = somebody(&living);
    let word = format!("user:{}", user["id"].as_str().unwrap_or_default());
    move_to(&living, &user, "Atlantis");
    let server = served(&living);

    // The archive has not seen her move: the tenant is read for the plan.
    let wanted = json!({"from": "latest", "against": "live", "objects": [word]});
    let made = worked(&server, "/v1/plans", &wanted);
    assert_eq!(
        (&made["steps"], &made["impossible"]),
        (&json!(1), &json!(0)),
        "{made}"
    );
    let plan = format!("/v1/plans/{}", made["plan"].as_str().unwrap_or_default());
    let shown = server.get(&plan);
    let (first, document) = (shown.header("etag"), shown.json());
    assert_eq!(document["summary"]["state"], "planned");
    assert_eq!(document["plan"]["against"]["live"], true);
    let change = &document["plan"]["steps"][0]["properties"][0];
    assert_eq!(
        (&change["old"], &change["new"]),
        (&json!("Atlantis"), &user["city"])
    );

    let execute = format!("{plan}/execute");
    assert_eq!(
        server.post(&execute, &json!({})).problem(),
        "approvals-missing"
    );
    let statement = server.get(&format!("{plan}/export?form=statement&approver=bob"));
    let approval = json!({
        "signature": signed(&living, &statement.body),
        "statement": String::from_utf8(statement.body).expect("because it is text"),
    });
    let approve = format!("{plan}/approve");
    let stale = server.post_if(&approve, "\"0000\"", &approval);
    assert_eq!(
        (stale.status, stale.problem().as_str()),
        (412, "precondition-failed")
    );
    let approved = server.post_if(&approve, &first, &approval);
    assert_eq!(approved.status, 200, "{}", approved.json());
    assert_eq!(approved.json()["verdict"]["is_approved"], true);
    assert_ne!(approved.header("etag"), first);
    let late = server.post_if(&execute, &first, &json!({}));
    assert_eq!(late.problem(), "precondition-failed");

    // The plan's own stream tells of its execution, step by step.
    let begun = server.post(&execute, &json!({}));
    assert_eq!(begun.status, 202, "{}", begun.json());
    let events = server.events(&format!("{plan}/events"));
    let steps: Vec<&Value> = events
        .iter()
        .filter(|(name, _)| name == "progress")
        .map(|(_, data)| &data["progress"])
        .collect();
    assert_eq!(
        steps.last().map(|step| &step["steps_done"]),
        Some(&json!(1)),
        "{events:?}"
    );
    let ran = followed(&server, &format!("{plan}/events"));
    assert_eq!(
        (&ran["ended"], &ran["counts"]),
        (&json!("done"), &json!({"done": 1}))
    );
    assert_eq!(city(&living, &user), user["city"]);

    let verified = worked(&server, &format!("{plan}/verify"), &json!({}));
    assert_eq!(verified["is_equal"], true, "{verified}");
    let report = server.get(&format!("{plan}/report")).json();
    assert_eq!(report["state"], "done");
    assert_eq!(report["execution"]["steps"][0]["outcome"], "done");
    assert_eq!(report["execution"]["counts"], ran["counts"]);
    assert_eq!(report["verifications"][0]["counts"], json!({"equal": 1}));

    let again = server.post(&execute, &json!({}));
    assert_eq!((again.status, again.problem().as_str()), (409, "plan-done"));
    let used = server.post(&approve, &approval);
    assert_eq!(used.problem(), "plan-done");
    assert_eq!(city(&living, &user), user["city"]);

    // What moves afterwards is found by the next verification, and counted.
    move_to(&living, &user, "Lemuria");
    let verified = worked(&server, &format!("{plan}/verify"), &json!({}));
    assert_eq!(verified["counts"], json!({"differs": 1}));
    let figures = String::from_utf8(server.get("/metrics").body).expect("because it is text");
    let line = "entrace_verify_failures_total{tenant=\"orrery\"} 1";
    assert!(figures.contains(line), "{figures}");
    let inverse = ran["inverse"].as_str().expect("because something was done");
    let back = server.get(&format!("/v1/plans/{inverse}")).json();
    assert_eq!(back["plan"]["steps"][0]["properties"][0]["new"], "Atlantis");
}

#[test]
fn what_may_only_read_uses_no_approval_up() {
    let Some(living) = living() else { return };
    let config = std::fs::read_to_string(living.place.path("entrace.toml"));
    let config = config.expect("because it was written");
    let restore = "[restore]\nenabled = true\n";
    living
        .place
        .write("entrace.toml", &format!("{config}{restore}"));
    let user = somebody(&living);
    let word = format!("user:{}", user["id"].as_str().unwrap_or_default());
    move_to(&living, &user, "Atlantis");
    let server = served(&living);
    let wanted = json!({"from": "latest", "against": "live", "objects": [word]});
    let made = worked(&server, "/v1/plans", &wanted);
    let plan = format!("/v1/plans/{}", made["plan"].as_str().unwrap_or_default());
    let statement = server.get(&format!("{plan}/export?form=statement&approver=bob"));
    let approval = json!({
        "signature": signed(&living, &statement.body),
        "statement": String::from_utf8(statement.body).expect("because it is text"),
    });
    assert_eq!(
        server.post(&format!("{plan}/approve"), &approval).status,
        200
    );
    let refused = server.post(&format!("{plan}/execute"), &json!({}));
    assert_eq!(refused.problem(), "cannot-restore");
    assert_eq!(server.get(&plan).json()["summary"]["state"], "approved");
    assert_eq!(city(&living, &user), "Atlantis");
}
