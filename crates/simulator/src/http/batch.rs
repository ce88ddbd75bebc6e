//! `$batch`: up to twenty requests in one body.
//!
//! Each counts against the limits by itself. The outer status is 200 whatever happens inside; what
//! depends on a failed request is 424. Answers come in another order than the requests, as Graph's do.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::Address;
use super::answer::{Answer, Failure, RequestIds};
use super::oauth::Session;
use super::service::{Incoming, Service};
use super::surface::Headers;

/// Most requests a batch may hold.
const MAX_REQUESTS: usize = 20;

#[derive(Debug, Deserialize)]
struct Batch {
    requests: Vec<Inner>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<Value>,
    #[serde(default)]
    depends_on: Vec<String>,
}

/// Answers a batch.
pub(crate) fn answer(
    service: &Service,
    outer: &Incoming,
    address: &Address,
    session: &Session,
    ids: &RequestIds,
) -> Answer {
    if outer.method != "POST" {
        return Failure::method_not_allowed().into_answer(ids);
    }
    let requests = match read(&outer.body) {
        Ok(requests) => requests,
        Err(failure) => return failure.into_answer(ids),
    };
    let mut failed: HashSet<String> = HashSet::new();
    let mut responses = Vec::with_capacity(requests.len());
    let mut ends_round = false;
    for inner in &requests {
        let id = inner.id.to_lowercase();
        let depends_on_failed = inner
            .depends_on
            .iter()
            .any(|id| failed.contains(&id.to_lowercase()));
        let answer = if depends_on_failed {
            let message = "One of the requests this one depends on failed.";
            Failure::new(424, "FailedDependency", message).into_answer(ids)
        } else {
            one(service, outer, address, session, ids, inner)
        };
        if answer.status >= 400 {
            failed.insert(id);
        }
        ends_round |= answer.ends_round;
        responses.push(response(&inner.id, &answer));
    }
    responses.reverse();
    let mut answer = Answer::value(200, &json!({ "responses": responses }));
    answer.ends_round = ends_round;
    answer
}

fn read(body: &[u8]) -> Result<Vec<Inner>, Failure> {
    let batch: Batch = serde_json::from_slice(body)
        .map_err(|error| Failure::bad_option(format!("Invalid batch payload format: {error}.")))?;
    if batch.requests.len() > MAX_REQUESTS {
        let message =
            format!("Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}.");
        return Err(Failure::bad_option(message));
    }
    let mut ids = HashSet::new();
    for request in &batch.requests {
        let known = |id: &String| ids.contains(&id.to_lowercase());
        if !request.depends_on.iter().all(known) {
            let message = "A request depends on one that does not come before it.";
            return Err(Failure::bad_option(message));
        }
        if !ids.insert(request.id.to_lowercase()) {
            let message = format!("Duplicate request id '{}' in the batch.", request.id);
            return Err(Failure::bad_option(message));
        }
        let has_type = request
            .headers
            .keys()
            .any(|name| name.eq_ignore_ascii_case("content-type"));
        if request.body.is_some() && !has_type {
            let message = "Request with a body requires a Content-Type header.";
            return Err(Failure::bad_option(message));
        }
    }
    Ok(batch.requests)
}

fn one(
    service: &Service,
    outer: &Incoming,
    address: &Address,
    session: &Session,
    ids: &RequestIds,
    inner: &Inner,
) -> Answer {
    let join = if inner.url.starts_with('/') { "" } else { "/" };
    let path_and_query = format!("/{}{join}{}", address.version(), inner.url);
    let Some(inner_address) = Address::parse(&path_and_query) else {
        return Failure::no_segment(&inner.url).into_answer(ids);
    };
    if inner.url.contains("://") || inner_address.path.starts_with("/$batch") {
        return Failure::no_segment(&inner.url).into_answer(ids);
    }
    let body = inner
        .body
        .as_ref()
        .map_or_else(Bytes::new, |body| body.to_string().into());
    let incoming = Incoming {
        method: inner.method.to_uppercase(),
        path_and_query: path_and_query.clone(),
        headers: Headers(inner.headers.clone().into_iter().collect()),
        body,
        origin: outer.origin.clone(),
    };
    let fate = service.fate_of(&path_and_query);
    service.one(&incoming, &inner_address, session, fate, ids, true)
}

fn response(id: &str, answer: &Answer) -> Value {
    let headers: serde_json::Map<String, Value> = answer
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
        .collect();
    let mut response = json!({"id": id, "status": answer.status, "headers": headers});
    if !answer.body.is_empty() {
        let body = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|_| String::from_utf8_lossy(&answer.body).into());
        response["body"] = body;
    }
    response
}
