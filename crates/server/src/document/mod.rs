//! The description of the API: what the routes say of themselves, completed with what holds for all of them.

mod page;
mod problems;

use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::{Value, json};

pub(crate) use page::{page, policy, problem_page};

use crate::format::{Format, ROWS};
use crate::routes;

/// The groups of addresses, in the order in which they are shown.
pub(crate) const GROUPS: &[&str] = &[
    "tenants",
    "snapshots",
    "objects",
    "changes",
    "query",
    "holds",
    "plans",
    "jobs",
    "server",
];
/// Members of an item of `paths` that are operations.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The document, `OpenAPI` 3.1 in JSON.
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

pub(crate) fn described() -> Value {
    let (_, document) = routes::all().split_for_parts();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"] = json!({
        "title": "entrace",
        "version": "1",
        "description": "History of Microsoft Entra ID tenants: any past state, every change, and who made it.",
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "This server."}]);
    document["security"] = json!([{"token": []}]);
    document["tags"] = GROUPS.iter().map(|name| json!({"name": name})).collect();
    if !document["components"].is_object() {
        document["components"] = json!({});
    }
    let components = &mut document["components"];
    components["securitySchemes"] = json!({"token": {
        "type": "http", "scheme": "bearer",
        "description": "A token made by `entrace token`, or an access token of Entra ID.",
    }});
    components["schemas"]["Problem"] = problems::schema();
    let Some(paths) = document["paths"].as_object_mut() else {
        return document;
    };
    for (path, item) in paths {
        for method in METHODS {
            let operation = &mut item[method];
            if operation.is_object() {
                offer_formats(operation);
                describe_caching(method, operation);
                problems::add(method, path, operation);
            }
        }
        if let Some(item) = item.as_object_mut() {
            item.retain(|_, value| !value.is_null());
        }
    }
    document
}

/// Rows come in five formats; the routes describe them as JSON.
fn offer_formats(operation: &mut Value) {
    let Some(answer) = operation.pointer_mut("/responses/200") else {
        return;
    };
    let content = answer.get_mut("content").and_then(Value::as_object_mut);
    let Some(content) = content else {
        return;
    };
    let schema = content
        .get_mut("application/json")
        .and_then(|json| json.get_mut("schema"))
        .and_then(Value::as_object_mut);
    let Some(schema) = schema else {
        return;
    };
    // Of two forms of rows an empty page is both.
    if let Some(forms) = schema.remove("oneOf") {
        schema.insert("anyOf".to_owned(), forms);
    }
    let name = schema.get("$ref").and_then(Value::as_str);
    let name = name.unwrap_or_default();
    let is_paged = name.ends_with("Page") || schema.contains_key("anyOf");
    if !is_paged && !name.ends_with("/Table") && !name.ends_with("/StatsDocument") {
        return;
    }
    for format in &ROWS[1..] {
        let media = format.media_type().split(';').next().unwrap_or_default();
        let schema = match format {
            Format::Ndjson | Format::Csv => json!({"type": "string"}),
            _ => json!({"type": "string", "format": "binary"}),
        };
        content.insert(media.to_owned(), json!({"schema": schema}));
    }
    if is_paged {
        let link = json!({"description": "The next page, `rel=\"next\"`; absent on the last.",
                          "schema": {"type": "string"}});
        answer["headers"]["Link"] = link;
    }
}

/// Answers to questions about an archive have entity tags.
fn describe_caching(method: &str, operation: &mut Value) {
    let tags = ["snapshots", "objects", "changes", "query", "holds"];
    let is_tagged = tags.iter().any(|tag| operation["tags"][0] == *tag);
    let is_excepted = ["query_get", "events"]
        .iter()
        .any(|id| operation["operationId"] == *id);
    if method != "get" || !is_tagged || is_excepted {
        return;
    }
    let tag = json!({"description": "Names the answer; give it as `If-None-Match`.", "schema": {"type": "string"}});
    operation["responses"]["200"]["headers"]["ETag"] = tag;
    operation["responses"]["304"] = json!({"description": "It is what `If-None-Match` names."});
    let parameter = json!({"name": "If-None-Match", "in": "header", "required": false,
        "description": "Entity tags of answers at hand.", "schema": {"type": "string"}});
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.push(parameter);
    }
}
