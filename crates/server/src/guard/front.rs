//! The outermost layer: names the request, completes its answer, and notes what became of it when the answer has been sent.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::replying::Replying;
use super::tally::Tally;
use crate::access_record::{Entry, redacted};
use crate::problem::Problem;
use crate::state::AppState;

/// Header with the name of a request, in requests and answers.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name that is taken over from a request, in bytes.
const MAX_ID_BYTES: usize = 64;
/// Longest address that is recorded, in bytes.
const MAX_ADDRESS_BYTES: usize = 2048;
/// Label of requests that no route takes.
const NO_ROUTE: &str = "none";

/// Names the request and notes what becomes of it.
pub(crate) async fn fronted(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = named(request.headers_mut());
    let tally = Tally::default();
    request.extensions_mut().insert(tally.clone());
    let entry = entry(&state, &request, &id);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let guard = &state.guard;
    guard.metrics.in_flight.inc();
    let in_flight = InFlight(&state);
    let mut response = completed(next.run(request).await, &path, &id);
    drop(in_flight);
    let route = entry.route.as_deref().unwrap_or(NO_ROUTE);
    let status = response.status().as_u16();
    guard
        .metrics
        .answered(method.as_str(), route, status, begun.elapsed());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let entry = Entry { status, ..entry };
    response.map(|body| Body::new(Replying::new(body, state.clone(), tally, entry, begun)))
}

/// Counts a request down even when the connection ends before the answer begins.
struct InFlight<'s>(&'s AppState);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.guard.metrics.in_flight.dec();
    }
}

/// The name a request came with, if it is one that can stand in a log, else a new one.
fn named(headers: &mut HeaderMap) -> String {
    let fits = |id: &&str| {
        (1..=MAX_ID_BYTES).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_secret = |id: &&str| matches!(redacted(id), Cow::Owned(_));
    let id = given
        .filter(fits)
        .filter(|id| !is_secret(id))
        .map_or_else(new_name, str::to_owned);
    let value = HeaderValue::from_str(&id).expect("because it has letters and digits");
    headers.insert(REQUEST_ID, value);
    id
}

/// A name of chance. It need not be secret, so the system is not asked for it each time.
fn new_name() -> String {
    uuid::Builder::from_random_bytes(rand::random())
        .into_uuid()
        .to_string()
}

fn entry(state: &AppState, request: &Request, id: &str) -> Entry {
    let address = request.uri().path_and_query();
    let address = address.map_or("", |address| address.as_str());
    let end = address.floor_char_boundary(MAX_ADDRESS_BYTES);
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
    Entry {
        at: state.guard.clock.now(),
        request_id: id.to_owned(),
        from: from.map(|ConnectInfo(from)| from.ip().to_string()),
        method: request.method().to_string(),
        route: route(state, request).map(str::to_owned),
        address: redacted(&address[..end]).into_owned(),
        ..Entry::default()
    }
}

/// The template of the route that takes a request, without the base path.
pub(super) fn route<'r>(state: &AppState, request: &'r Request) -> Option<&'r str> {
    let matched = request.extensions().get::<MatchedPath>()?;
    Some(template_of(state, matched))
}

/// A template as it is below the base path.
pub(super) fn template_of<'m>(state: &AppState, matched: &'m MatchedPath) -> &'m str {
    let matched = matched.as_str();
    let below = matched.strip_prefix(state.options.base_path.as_str());
    below.unwrap_or(matched)
}

/// Completes a problem with the request it is about, tells the log what only it is told, and adds what every answer
/// has.
fn completed(mut response: Response, path: &str, id: &str) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        if let Some(told) = problem.told_to_log() {
            tracing::error!(
                request_id = id,
                path = %redacted(path),
                code = problem.code().word(),
                "{told}"
            );
        }
        let (parts, _) = response.into_parts();
        response = problem.with("request_id", id).answer(Some(path));
        // What inner layers added stays: `Allow` of a method that is not.
        for (name, value) in &parts.headers {
            if !response.headers().contains_key(name) && *name != header::CONTENT_LENGTH {
                response.headers_mut().insert(name, value.clone());
            }
        }
    }
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    // Answers are small or streamed: a part of one is never given, and a range may be ignored (RFC 9110, 14.2).
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_break_a_log_is_replaced() {
        let named = |id: &[u8]| {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_bytes(id).expect("because it is a value");
            headers.insert(REQUEST_ID, value);
            let id = named(&mut headers);
            assert_eq!(headers[REQUEST_ID], id);
            id
        };
        assert_eq!(named(b"trace-1_a.B"), "trace-1_a.B");
        for bad in [
            &b""[..],
            b"a b",
            b"\xff",
            b"{\"a\":1}",
            "x".repeat(65).as_bytes(),
        ] {
            assert_eq!(named(bad).len(), 36);
        }
        assert_eq!(super::named(&mut HeaderMap::new()).len(), 36);
    }
}
