//! A plan as JSON batches for `POST /$batch`, a file a stage: for review, and for places where entrace does not
//! run.
//!
//! Ids that an earlier file makes are not known when the file is written. In their places stands `{{new:<old
//! id>}}`, and `made` of the earlier file says which answer holds the id to put there. Nor does a plan say which
//! cloud the tenant is in: `{{service}}` stands where an address inside a body needs it.

use serde_json::{Map, Value, json};

use super::{Rendered, place_service};
use crate::plan::{Action, Plan, Request, Step};

/// Requests a batch takes.
const MAX_REQUESTS: usize = 20;

/// The files, in the order in which they are to be sent.
#[must_use]
pub fn batches(plan: &Plan) -> Vec<Rendered> {
    let id = plan.id();
    plan.steps
        .chunk_by(|a, b| a.stage == b.stage)
        .map(|steps| {
            let stage = steps[0].stage;
            let batches: Vec<Value> = steps
                .chunk_by(|a, b| version(a) == version(b))
                .flat_map(|steps| steps.chunks(MAX_REQUESTS))
                .map(batch)
                .collect();
            let file = json!({
                "plan": id,
                "stage": stage,
                "how": HOW,
                "batches": batches,
                "made": made(steps),
            });
            Rendered {
                name: format!("stage-{stage:02}.json"),
                text: format!("{file:#}\n"),
            }
        })
        .collect()
}

/// What a person who has only the file must know.
const HOW: [&str; 6] = [
    "Send each member \"requests\" of \"batches\" as the body of POST <endpoint>, in the order of the files and of the list.",
    "Before a request, read its \"check\" and compare: a batch has no condition of its own, and what has moved since must not be overwritten.",
    "Where {{new:<id>}} stands, put the id that the object was given: \"made\" of an earlier file says which answer holds it.",
    "Where {{service}} stands, put the address of Graph in your cloud, such as https://graph.microsoft.com.",
    "A new user's passwordProfile has no password: add a random one, and tell nobody.",
    "An answer with status 429 or 503 was not carried out: send that request again after its Retry-After.",
];

/// First segment of the target: a batch is of one version.
fn version(step: &Step) -> &str {
    step.request.target.split('/').nth(1).unwrap_or("v1.0")
}

fn batch(steps: &[Step]) -> Value {
    let version = version(&steps[0]);
    let requests: Vec<Value> = steps.iter().map(|step| request(step, steps)).collect();
    let checks: Vec<Value> = steps.iter().map(check).collect();
    json!({
        "endpoint": format!("/{version}/$batch"),
        "checks": checks,
        "requests": requests,
    })
}

fn request(step: &Step, batch: &[Step]) -> Value {
    let Request {
        method,
        target,
        body,
        headers,
    } = &step.request;
    let mut request = Map::new();
    request.insert("id".to_owned(), step.number.to_string().into());
    request.insert("method".to_owned(), method.as_str().into());
    let prefix = format!("/{}", version(step));
    let url = target.strip_prefix(&prefix).unwrap_or(target);
    request.insert("url".to_owned(), placed(url, &step.uses).into());
    let within: Vec<Value> = step
        .after
        .iter()
        .filter(|number| batch.iter().any(|other| other.number == **number))
        .map(|number| number.to_string().into())
        .collect();
    if !within.is_empty() {
        request.insert("dependsOn".to_owned(), within.into());
    }
    let mut headers = headers.clone();
    if let Some(body) = body {
        headers.insert("Content-Type".to_owned(), "application/json".into());
        let mut body = exchanged(body, &step.uses);
        place_service(&mut body);
        request.insert("body".to_owned(), body);
    }
    if !headers.is_empty() {
        request.insert("headers".to_owned(), Value::Object(headers));
    }
    Value::Object(request)
}

/// What to look at before a request.
fn check(step: &Step) -> Value {
    let old: Map<String, Value> = step
        .properties
        .iter()
        .map(|change| {
            let old = change.old.clone().unwrap_or(Value::Null);
            (change.path.clone(), old)
        })
        .collect();
    json!({
        "id": step.number.to_string(),
        "action": step.action.title(),
        "kind": step.kind,
        "name": step.name,
        "precondition": step.precondition,
        "now": if step.action == Action::Create { Value::Null } else { Value::Object(old) },
    })
}

fn made(steps: &[Step]) -> Vec<Value> {
    let made = steps.iter().flat_map(|step| {
        step.makes.iter().map(move |made| {
            json!({ "request": step.number.to_string(), "property": made.property, "replaces": made.old })
        })
    });
    made.collect()
}

/// A text with placeholders for the ids that are made.
fn placed(text: &str, uses: &[String]) -> String {
    let mut text = text.to_owned();
    for id in uses {
        text = text.replace(id.as_str(), &format!("{{{{new:{id}}}}}"));
    }
    text
}

fn exchanged(value: &Value, uses: &[String]) -> Value {
    match value {
        Value::String(text) => placed(text, uses).into(),
        Value::Array(items) => items.iter().map(|item| exchanged(item, uses)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, item)| (name.clone(), exchanged(item, uses)))
            .collect(),
        other => other.clone(),
    }
}
