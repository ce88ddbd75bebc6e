//! Which crate may know which: the arrows of the design.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crates of ours that each may depend on. What is not here is an arrow nobody drew.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("entrace-model", &[]),
    ("entrace-catalog", &[]),
    ("entrace-graph", &[]),
    // Written against Microsoft's documentation: it must not know the client it is to test.
    ("entrace-simulator", &["entrace-catalog", "entrace-model"]),
    ("entrace-store", &["entrace-model"]),
    (
        "entrace-collector",
        &[
            "entrace-catalog",
            "entrace-graph",
            "entrace-model",
            "entrace-store",
        ],
    ),
    (
        "entrace-query",
        &["entrace-catalog", "entrace-model", "entrace-store"],
    ),
    ("entrace-worker", &["entrace-query", "entrace-store"]),
    (
        "entrace-restore",
        &[
            "entrace-catalog",
            "entrace-collector",
            "entrace-graph",
            "entrace-model",
            "entrace-store",
        ],
    ),
    (
        "entrace-server",
        &[
            "entrace-catalog",
            "entrace-collector",
            "entrace-graph",
            "entrace-model",
            "entrace-query",
            "entrace-restore",
            "entrace-store",
            "entrace-worker",
        ],
    ),
    (
        "entrace",
        &[
            "entrace-catalog",
            "entrace-collector",
            "entrace-graph",
            "entrace-model",
            "entrace-query",
            "entrace-restore",
            "entrace-server",
            "entrace-simulator",
            "entrace-store",
            "entrace-worker",
        ],
    ),
];
/// The store is synchronous and knows no query engine and no Entra.
const NOT_IN_STORE: [&str; 5] = ["tokio", "datafusion", "arrow", "parquet", "gix"];

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
            "--locked",
        ])
        .current_dir(crate::shared::package())
        .output()
        .expect("because cargo runs this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("because cargo writes JSON")
}

/// Names of what each package of the workspace depends on, tests apart.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"]
        .as_array()
        .expect("because there are packages");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    packages
        .iter()
        .map(|package| {
            let all = package["dependencies"]
                .as_array()
                .expect("because there is a list");
            let names = all
                .iter()
                .filter(|one| one["kind"].is_null())
                .map(|one| text(&one["name"]));
            (text(&package["name"]), names.collect())
        })
        .collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let dependencies = dependencies();
    let drawn: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    let there: BTreeSet<&str> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(drawn, there, "every crate has its arrows drawn here");
    for (name, allowed) in ALLOWED {
        let ours = dependencies[name]
            .iter()
            .filter(|other| drawn.contains(other.as_str()));
        let undrawn: Vec<_> = ours
            .filter(|other| !allowed.contains(&other.as_str()))
            .collect();
        assert!(undrawn.is_empty(), "{name} must not know {undrawn:?}");
    }
}

#[test]
fn the_store_is_synchronous_and_knows_no_engine() {
    let dependencies = dependencies();
    let unwanted: Vec<_> = NOT_IN_STORE
        .iter()
        .filter(|name| dependencies["entrace-store"].contains(**name))
        .collect();
    assert!(unwanted.is_empty(), "{unwanted:?}");
}
