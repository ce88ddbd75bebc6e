//! The description of the API: what the routes say of themselves, completed with what holds for all of them.

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::problem::{Code, MEDIA_TYPE};
use crate::routes;

/// The document, OpenAPI 3.1 in JSON, one line for each member.
#[must_use]
pub fn openapi() -> Bytes {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    DOCUMENT
        .get_or_init(|| {
            let mut text = serde_json::to_vec_pretty(&described()).unwrap_or_default();
            text.push(b'\n');
            Bytes::from(text)
        })
        .clone()
}

fn described() -> Value {
    let (_, document) = routes::all().split_for_parts();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"] = json!({
        "title": "entrace",
        "version": "1",
        "description": "History of Microsoft Entra ID tenants: any past state, every change, and who made it.",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["security"] = json!([{"token": []}]);
    if !document["components"].is_object() {
        document["components"] = json!({});
    }
    let components = &mut document["components"];
    components["securitySchemes"] = json!({"token": {
        "type": "http", "scheme": "bearer",
        "description": "A token made by `entrace token`, or an access token of Entra ID.",
    }});
    components["schemas"]["Problem"] = problem_schema();
    if let Some(paths) = document["paths"].as_object_mut() {
        for item in paths.values_mut() {
            let Some(item) = item.as_object_mut() else {
                continue;
            };
            for operation in item.values_mut().filter(|value| value.is_object()) {
                complete(operation);
            }
        }
    }
    document
}

/// Adds the problems that an operation can come to without saying so.
fn complete(operation: &mut Value) {
    let is_open = operation["security"].as_array().is_some_and(|list| {
        list.iter()
            .any(|one| one.as_object().is_some_and(Map::is_empty))
    });
    let mut codes = vec![Code::Internal, Code::NotReady];
    if !is_open {
        codes.extend([
            Code::InvalidParameter,
            Code::Unauthenticated,
            Code::Forbidden,
        ]);
        codes.extend([Code::TenantNotFound, Code::NotAcceptable]);
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for code in codes {
        let status = code.status().as_u16().to_string();
        responses
            .entry(status)
            .or_insert_with(|| problem_response(code.title()));
    }
}

fn problem_response(description: &str) -> Value {
    json!({
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    })
}

fn problem_schema() -> Value {
    let words: Vec<String> = Code::ALL
        .iter()
        .map(|code| format!("/problems/{}", code.word()))
        .collect();
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457). Problems have further members of their own; the page of each says which.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "enum": words,
                     "description": "Which problem it is: stable, for programs."},
            "title": {"type": "string", "description": "The same words each time."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What is wrong this time, and the way out."},
            "instance": {"type": "string", "description": "The address that was asked for."},
            "request_id": {"type": "string", "description": "The request's id, as in the log."},
            "hint": {"type": "string"},
            "parameter": {"type": "string"},
            "line": {"type": "integer"},
            "column": {"type": "integer"},
            "candidates": {"type": "array", "items": {"type": "string"}},
        },
    })
}
