//! The description tells what is served.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{ALICE, BOB, served};

/// The members that a schema of the description has, and those it requires.
fn members(document: &Value, name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = &document["components"]["schemas"][name];
    let all = schema["properties"]
        .as_object()
        .expect("because it is an object");
    let required = schema["required"]
        .as_array()
        .expect("because some are required");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        all.keys().cloned().collect(),
        required.iter().map(text).collect(),
    )
}

#[tokio::test]
async fn rows_have_the_columns_that_are_described() {
    let served = served();
    let document = served.get("/openapi.json").await.json();
    for (address, schema) in [
        ("/v1/snapshots".to_owned(), "SnapshotRow"),
        ("/v1/objects".to_owned(), "ObjectRow"),
        (format!("/v1/objects/{ALICE}/history"), "HistoryRow"),
        (format!("/v1/objects/{BOB}/timeline"), "TimelineRow"),
        (
            format!("/v1/objects/{ALICE}/diff?from=first"),
            "PropertyRow",
        ),
        ("/v1/diff?from=first".to_owned(), "DiffRow"),
        (
            "/v1/diff?from=first&summary=true".to_owned(),
            "DiffSummaryRow",
        ),
        ("/v1/changes".to_owned(), "ChangeRow"),
    ] {
        let answer = served.get(&address).await.json();
        let row = answer["items"][0].as_object();
        let row = row.unwrap_or_else(|| panic!("{address}: {answer}"));
        let own: BTreeSet<String> = row.keys().cloned().collect();
        let (all, required) = members(&document, schema);
        assert_eq!(own, all, "{address}");
        assert_eq!(own, required, "{address}");
    }
}

#[tokio::test]
async fn every_operation_is_described_whole() {
    let served = served();
    let document = served.get("/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"]
        .as_object()
        .expect("because there are some")
    {
        for (method, operation) in item.as_object().expect("because there are some") {
            let name = format!("{method} {path}");
            let id = operation["operationId"]
                .as_str()
                .expect("because each has one");
            assert!(ids.insert(id.to_owned()), "{name}: {id} is used twice");
            assert!(operation["summary"].is_string(), "{name}");
            let responses = operation["responses"]
                .as_object()
                .expect("because there are some");
            assert!(responses.contains_key("500"), "{name}");
            if path.starts_with("/v1") {
                assert!(
                    responses.contains_key("401") && responses.contains_key("403"),
                    "{name}"
                );
            }
            let none = Vec::new();
            for parameter in operation["parameters"].as_array().unwrap_or(&none) {
                assert!(
                    parameter["description"].is_string(),
                    "{name}: {}",
                    parameter["name"]
                );
            }
        }
    }
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().expect("because it ends");
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} leads nowhere"
        );
    }
}
