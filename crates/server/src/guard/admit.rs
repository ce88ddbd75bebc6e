//! Whether a request reaches its route.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::Guard;
use super::front::{route, template_of};
use super::once::once;
use super::tally::Tally;
use super::tenant::meant;
use crate::auth::{Identity, Tricked, Unauthenticated};
use crate::principal::{Principal, Role, Tenants};
use crate::problem::{Code, Problem};
use crate::remembered::remember;
use crate::roles::{Access, Decision, Grant, Grants, MATRIX, Roles, Row, decide_row, row};
use crate::state::AppState;

/// When to try again where all permits are taken.
const BUSY_WAIT: Duration = Duration::from_secs(1);
/// End of the addresses that answer with a stream of events.
const STREAMS: &str = "/events";
/// Changes nothing although it is a POST: the statement is only in the body.
const QUESTION: &str = "/v1/query";

/// Lets a request through to its route, or says why not.
pub(crate) async fn admitted(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let tally = request
        .extensions()
        .get::<Tally>()
        .cloned()
        .unwrap_or_default();
    let template = request.extensions().get::<MatchedPath>().cloned();
    let admission = admit(&state, &tally, &mut request).await;
    let response = match admission {
        Ok(Admission::Unknown) => next.run(request).await,
        Ok(Admission::Route(asked)) => run(&state, &asked, request, next).await,
        Err(problem) => {
            state.guard.metrics.refused(problem.code().word());
            let is_method = problem.code() == Code::MethodNotAllowed;
            let mut response = problem.into_response();
            let template = template.filter(|_| is_method);
            let template = template.as_ref().map(|own| template_of(&state, own));
            if let Some(methods) = template.and_then(allow) {
                response.headers_mut().insert(header::ALLOW, methods);
            }
            response
        }
    };
    if let Some(problem) = response.extensions().get::<Problem>() {
        tally.note(|noted| noted.problem = Some(problem.word_and_reason()));
    }
    response
}

/// A request that may go on.
enum Admission {
    /// There is no such address: it says so itself.
    Unknown,
    Route(Asked),
}

/// What is known of a request that may go on to its route.
pub(super) struct Asked {
    /// Key of the principal; empty where it needs nobody.
    pub(super) principal: String,
    /// The tenant that is meant, where it is about one.
    pub(super) tenant: Option<String>,
    /// Whether it changes something.
    pub(super) changes: bool,
    is_stream: bool,
}

async fn admit(
    state: &AppState,
    tally: &Tally,
    request: &mut Request,
) -> Result<Admission, Problem> {
    let guard = &state.guard;
    sizes(guard, request)?;
    names(guard, request)?;
    guard.rates.anybody().map_err(rate_limited)?;
    let permit = Arc::clone(&guard.permits).try_acquire_owned();
    let permit = permit.map_err(|_| {
        Problem::new(Code::Busy, "as many requests as may be are worked on").retry_after(BUSY_WAIT)
    })?;
    tally.note(|noted| noted.permits.push(permit));
    let Some(template) = route(state, request) else {
        tally.note(|noted| noted.is_public = true);
        return Ok(Admission::Unknown);
    };
    let method = request.method().as_str();
    let Some(row) = row(method, template) else {
        return Err(no_row(method, template));
    };
    let mut asked = Asked {
        principal: String::new(),
        tenant: None,
        changes: !matches!(method, "GET" | "HEAD") && template != QUESTION,
        is_stream: template.ends_with(STREAMS),
    };
    // Before anything is looked up: what needs nobody must not depend on what somebody brings.
    if row.access == Access::Public {
        tally.note(|noted| noted.is_public = true);
        return Ok(Admission::Route(asked));
    }
    let identity = identify(state, request.headers()).await?;
    tally.note(|noted| noted.identity = Some(Arc::clone(&identity)));
    guard.rates.principal(&identity.key).map_err(rate_limited)?;
    if guard
        .record
        .as_ref()
        .is_some_and(|record| !record.is_writing())
    {
        return Err(Problem::new(
            Code::Unrecorded,
            "the access record cannot be written, and nothing is answered that is not recorded",
        )
        .retry_after(Duration::from_secs(5)));
    }
    asked.tenant = tenant(state, &identity, row, request)?;
    tally.note(|noted| noted.tenant.clone_from(&asked.tenant));
    let principal = decided(&identity, row, asked.tenant.as_deref())?;
    if asked.changes && state.options.read_only {
        return Err(Problem::new(Code::ReadOnly, "this server only reads"));
    }
    if asked.is_stream {
        let permit = Arc::clone(&guard.streams).try_acquire_owned();
        let permit = permit.map_err(|_| {
            Problem::new(Code::TooManyStreams, "as many streams as may be are open")
                .retry_after(Duration::from_secs(30))
        })?;
        tally.note(|noted| noted.permits.push(permit));
    }
    tally.note(|noted| noted.roles = principal.roles.iter().copied().collect());
    asked.principal.clone_from(&identity.key);
    request.extensions_mut().insert(Arc::new(principal));
    Ok(Admission::Route(asked))
}

/// Runs the route: once only where it changes something, within its time, and whatever becomes of it.
async fn run(state: &AppState, asked: &Asked, request: Request, next: Next) -> Response {
    let running = async {
        if asked.changes {
            once(state, asked, request, next).await
        } else {
            remember(state, request, next).await
        }
    };
    let caught = AssertUnwindSafe(running).catch_unwind();
    match tokio::time::timeout(state.guard.limits.time, caught).await {
        Ok(Ok(response)) => response,
        // What was thrown has been told to the log by the panic hook.
        Ok(Err(_)) => Problem::bug("the route panicked").into_response(),
        Err(_) => Problem::new(Code::TimedOut, "the answer did not begin in time").into_response(),
    }
}

fn sizes(guard: &Guard, request: &Request) -> Result<(), Problem> {
    let address = request.uri().path_and_query();
    let length = address.map_or(0, |address| address.as_str().len());
    let limit = guard.limits.address_bytes;
    if length > limit {
        return Err(Problem::new(
            Code::AddressTooLong,
            format!("the address has {length} bytes; at most {limit} are taken"),
        )
        .with("limit", limit));
    }
    let pairs = request.headers().iter();
    let length: usize = pairs
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    let limit = guard.limits.header_bytes;
    if length > limit {
        return Err(Problem::new(
            Code::HeadersTooLarge,
            format!("the headers have {length} bytes; at most {limit} are taken"),
        )
        .with("limit", limit));
    }
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let limit = guard.limits.body_bytes;
    match length {
        Some(length) if length > limit => Err(Problem::new(
            Code::BodyTooLarge,
            format!("the body has {length} bytes; at most {limit} are taken"),
        )
        .with("limit", limit)),
        _ => Ok(()),
    }
}

fn names(guard: &Guard, request: &Request) -> Result<(), Problem> {
    let Some(names) = guard.names.get() else {
        return Ok(());
    };
    let checked = names.check(request.method(), request.uri(), request.headers());
    checked.map_err(|tricked| match tricked {
        Tricked::Host => Problem::new(
            Code::WrongHost,
            "the header Host names another server; use the address this one was started with",
        ),
        Tricked::Origin => Problem::new(
            Code::CrossSite,
            "a browser sent this for a page of another site",
        ),
    })
}

fn rate_limited(wait: Duration) -> Problem {
    // Whole seconds, rounded up: who comes back then is not refused again.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(
        Code::RateLimited,
        "more requests than allowed came in a short time",
    )
    .retry_after(Duration::from_secs(seconds))
}

/// A method the address does not have, or a route that was never entered into the matrix: nobody's.
fn no_row(method: &str, template: &str) -> Problem {
    if !MATRIX.iter().any(|row| row.path == template) {
        return Problem::new(Code::Forbidden, "nobody may use this address").internal(format!(
            "{method} {template} has no row in the matrix of roles"
        ));
    }
    Problem::new(
        Code::MethodNotAllowed,
        format!("{template} has no {method}: the header Allow lists what it has"),
    )
}

async fn identify(state: &AppState, headers: &HeaderMap) -> Result<Arc<Identity>, Problem> {
    let identified = match &state.guard.authenticator {
        Some(authenticator) => authenticator.identify(headers).await,
        None => Err(Unauthenticated::Nothing),
    };
    match (identified, &state.options.everyone) {
        (Err(Unauthenticated::Nothing), Some(everyone)) => Ok(Arc::new(Identity {
            key: everyone.key.clone(),
            name: everyone.name.clone(),
            grants: grants(everyone),
        })),
        (identified, _) => identified.map_err(|error| unauthenticated(&error)),
    }
}

/// What everybody is granted on a server that is open.
fn grants(everyone: &Principal) -> Grants {
    let roles = everyone.roles.iter().copied();
    Grants(match &everyone.tenants {
        Tenants::All => roles.map(|role| Grant { role, tenant: None }).collect(),
        Tenants::Only(names) => roles
            .flat_map(|role| {
                let tenants = names.iter().cloned().map(Some);
                tenants.map(move |tenant| Grant { role, tenant })
            })
            .collect(),
    })
}

fn unauthenticated(error: &Unauthenticated) -> Problem {
    let code = match error.status() {
        503 => Code::SignInUnavailable,
        403 => Code::Forbidden,
        _ if matches!(error, Unauthenticated::Nothing) => Code::Unauthenticated,
        _ => Code::InvalidToken,
    };
    let problem = Problem::new(code, error.to_string()).with("reason", error.code());
    match error {
        Unauthenticated::Unavailable(inner) => problem
            .retry_after(Duration::from_secs(10))
            .internal(inner.to_string()),
        Unauthenticated::Oidc(crate::auth::oidc::Refused::KeysUnavailable {
            retry_after_seconds,
        }) => problem.retry_after(Duration::from_secs(*retry_after_seconds)),
        _ => problem,
    }
}

/// The tenant a request is about; `None` where the route is about none, or none is served for the principal.
fn tenant(
    state: &AppState,
    identity: &Identity,
    row: &Row,
    request: &Request,
) -> Result<Option<String>, Problem> {
    if !matches!(row.access, Access::InTenant(_)) {
        return Ok(None);
    }
    if let Some(name) = meant(row.path, request) {
        let served = state.fleet.all().find(|served| served.name == *name);
        return Ok(served.map(|served| served.name.clone()));
    }
    let own: Vec<&str> = state
        .fleet
        .all()
        .map(|served| served.name.as_str())
        .filter(|name| !identity.grants.in_tenant(name).is_empty())
        .collect();
    match own.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some((*only).to_owned())),
        _ => Err(Problem::new(
            Code::TenantRequired,
            "several tenants are served: say which with ?tenant=NAME",
        )
        .with("tenants", own)),
    }
}

fn decided(identity: &Identity, row: &Row, tenant: Option<&str>) -> Result<Principal, Problem> {
    let principal = |roles: Roles, tenants: Tenants| Principal {
        name: identity.name.clone(),
        key: identity.key.clone(),
        roles: roles.iter().collect::<BTreeSet<Role>>(),
        tenants,
    };
    match decide_row(row, Some(&identity.grants), tenant) {
        Decision::Tenant(roles) => {
            let only = tenant.map(str::to_owned).into_iter().collect();
            Ok(principal(roles, Tenants::Only(only)))
        }
        Decision::Fleet(roles) => Ok(principal(roles, seen(&identity.grants))),
        Decision::Public => Ok(principal(Roles::NONE, Tenants::Only(BTreeSet::new()))),
        Decision::NotSignedIn => Err(Problem::new(Code::Unauthenticated, "nobody is signed in")),
        Decision::NoSuchTenant => Err(Problem::new(
            Code::TenantNotFound,
            "no such tenant is served for you",
        )),
        Decision::Forbidden(roles) => {
            let words: Vec<&str> = roles.iter().map(Role::word).collect();
            Err(Problem::new(
                Code::Forbidden,
                format!("this takes one of these roles: {}", words.join(", ")),
            )
            .with("roles", words))
        }
        Decision::NoRow => Err(no_row(row.method, row.path)),
    }
}

/// The tenants in which anything was granted.
fn seen(grants: &Grants) -> Tenants {
    if !grants.everywhere().is_empty() {
        return Tenants::All;
    }
    let named = grants.0.iter().filter_map(|grant| grant.tenant.clone());
    Tenants::Only(named.collect())
}

/// The methods of an address, as the header `Allow` lists them.
fn allow(template: &str) -> Option<HeaderValue> {
    let known = MATRIX.iter().filter(|row| row.path == template);
    let methods = known.map(|row| match row.method {
        "GET" => "GET,HEAD",
        other => other,
    });
    HeaderValue::from_str(&methods.collect::<Vec<_>>().join(",")).ok()
}
