//! Every route, every role, the right tenant and another one: as the matrix in `docs/api-roles.md` says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;
use server::roles::{MATRIX, page};
use server::{Role, openapi};
use tower::ServiceExt;

use crate::guarded::{Guarded, guarded};

/// What a cell of the matrix says: `x`, `a`, `s`, or nothing.
type Cells = BTreeMap<&'static str, String>;

/// Where this package is, asked for when the test runs: a compiled test may be run in another copy of the repository.
fn package() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR");
    PathBuf::from(folder.expect("because cargo runs the tests"))
}

fn document() -> PathBuf {
    package().join("../../docs/api-roles.md")
}

/// The rows of the page: method and path, and the cells of `public` and each role.
fn rows() -> BTreeMap<String, (bool, Cells)> {
    let text = std::fs::read_to_string(document()).expect("because the page is in the repository");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let parse = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 2 + Role::ALL.len(), "{line}");
        let roles = Role::ALL.iter().zip(&cells[2..]);
        let roles = roles
            .map(|(role, cell)| (role.word(), (*cell).to_owned()))
            .collect();
        (
            cells[0].trim_matches('`').to_owned(),
            (cells[1] == "x", roles),
        )
    };
    rows.map(parse).collect()
}

/// Every route that is served, as the API describes itself.
fn routes() -> Vec<(String, String)> {
    let document: Value = serde_json::from_slice(&openapi()).expect("because it is JSON");
    let paths = document["paths"].as_object().expect("because it has paths");
    let mut routes = Vec::new();
    for (path, item) in paths {
        let methods = item.as_object().expect("because it has methods");
        for method in methods.keys() {
            if let "get" | "post" | "put" | "patch" | "delete" = method.as_str() {
                routes.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    routes
}

#[test]
fn the_page_shows_the_matrix() {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(document(), page()).expect("because the folder is ours");
    }
    let text = std::fs::read_to_string(document()).expect("because the page is in the repository");
    assert!(
        text == page(),
        "docs/api-roles.md: UPDATE_DOCS=1 writes it anew"
    );
    assert_eq!(rows().len(), MATRIX.len());
}

#[test]
fn every_route_has_a_row() {
    let rows = rows();
    for (method, path) in routes() {
        let route = format!("{method} {path}");
        assert!(
            rows.contains_key(&route),
            "{route} has no row in docs/api-roles.md"
        );
    }
}

/// An address of a route: parameters get values that name nothing.
fn address(path: &str, tenant: &str) -> String {
    let mut address = path.replace("{tenant}", tenant);
    while let (Some(from), Some(to)) = (address.find('{'), address.find('}')) {
        address.replace_range(from..=to, "aaaaaaaa-0000-4000-8000-000000000000");
    }
    format!("{address}?tenant={tenant}")
}

/// What became of a request, as far as the layers decide it.
async fn outcome(guarded: &Guarded, method: &str, address: &str, token: &str) -> &'static str {
    let mut request = Request::builder().method(method).uri(address);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request
        .body(Body::empty())
        .expect("because it is a request");
    let Ok(response) = guarded.served.router.clone().oneshot(request).await;
    let status = response.status().as_u16();
    // Streams of events have no end: only refusals are read.
    let word = match status {
        401 | 403 | 404 => {
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
            let body = body.expect("because a problem is short");
            let problem: Value = serde_json::from_slice(&body).expect("because it is a problem");
            problem["type"].as_str().unwrap_or_default().to_owned()
        }
        _ => String::new(),
    };
    match (status, word.as_str()) {
        (401, "/problems/unauthenticated") => "not signed in",
        (403, "/problems/forbidden") => "forbidden",
        (404, "/problems/tenant-not-found") => "no such tenant",
        (401 | 403, word) => panic!("{address}: {word}"),
        _ => "through",
    }
}

#[tokio::test]
async fn every_route_lets_through_whom_the_matrix_says_and_nobody_else() {
    let guarded = guarded();
    let rows = rows();
    let tokens: BTreeMap<&str, String> = Role::ALL
        .iter()
        .map(|role| (role.word(), guarded.token(&[&format!("{role}@contoso")])))
        .collect();
    let mut compared = 0;
    for (method, path) in routes() {
        let (is_public, cells) = &rows[&format!("{method} {path}")];
        for tenant in ["contoso", "fabrikam", "northwind"] {
            let address = address(&path, tenant);
            let without = outcome(&guarded, &method, &address, "").await;
            let expected = if *is_public {
                "through"
            } else {
                "not signed in"
            };
            assert_eq!(without, expected, "{method} {address} without a token");
            for (role, token) in &tokens {
                let is_own = tenant == "contoso";
                let is_of_tenants = cells.values().any(|cell| cell == "x");
                let expected = match cells[role].as_str() {
                    _ if *is_public => "through",
                    _ if is_of_tenants && !is_own => "no such tenant",
                    "x" | "a" => "through",
                    // The whole server takes a role in every tenant.
                    _ => "forbidden",
                };
                let found = outcome(&guarded, &method, &address, token).await;
                assert_eq!(found, expected, "{method} {address} as {role}@contoso");
                compared += 1;
            }
        }
    }
    assert!(compared >= 8 * 3 * 4, "{compared}");
}

#[tokio::test]
async fn the_whole_server_is_for_roles_in_every_tenant() {
    let guarded = guarded();
    let rows = rows();
    for role in Role::ALL {
        let token = guarded.token(&[role.word()]);
        let whole = rows["GET /metrics"].1[role.word()] == "s";
        let expected = if whole { "through" } else { "forbidden" };
        assert_eq!(
            outcome(&guarded, "GET", "/metrics", &token).await,
            expected,
            "{role}"
        );
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_yours_is_one_that_is_not_there() {
    let guarded = guarded();
    let token = guarded.token(&["investigator@contoso"]);
    let mut answers = Vec::new();
    for tenant in ["fabrikam", "northwind"] {
        let answer = guarded
            .send(Method::GET, &format!("/v1/tenants/{tenant}/status"), &token)
            .await;
        let mut document = if answer.status == 404 {
            answer.json()
        } else {
            panic!("{tenant}: {}", answer.status)
        };
        for differs in ["instance", "request_id"] {
            document
                .as_object_mut()
                .expect("because it is an object")
                .remove(differs);
        }
        answers.push(document);
    }
    assert_eq!(answers[0], answers[1]);
    let listed = guarded
        .send(Method::GET, "/v1/tenants", &token)
        .await
        .json();
    let items = listed["items"].as_array().expect("because it is a list");
    let names: Vec<&Value> = items.iter().map(|tenant| &tenant["name"]).collect();
    assert_eq!(names, ["contoso"]);
}

#[tokio::test]
async fn a_method_that_has_no_row_is_nobodys() {
    let guarded = guarded();
    let words: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let token = guarded.token(&words);
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
        let answer = guarded.send(method, "/v1/tenants", &token).await;
        assert_eq!(answer.problem(), "method-not-allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
}
