//! The synthetic tenant of the benchmark: full exports and deltas come to the same states.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::shared::shared;
use crate::support::{Tenant, json, objects_of};

/// Days of the workload.
const DAYS: usize = 8;

/// The generator's output; nothing, loudly, without the generator or Python.
fn workload(users: u32, days: usize, emit: &str) -> Option<tempfile::TempDir> {
    let script = shared("bench/tenant.py")?;
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let run = Command::new("python3")
        .arg(script)
        .args(["--users", &users.to_string(), "--days", &days.to_string()])
        .args([
            "--seed",
            "7",
            "--noise",
            "device",
            "--emit",
            emit,
            "--tree-per-day",
            "--out",
        ])
        .arg(folder.path())
        .output();
    match run {
        Ok(output) if output.status.success() => Some(folder),
        Ok(output) => panic!("tenant.py: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            assert!(
                std::env::var_os("ENTRACE_REQUIRE_SHARED").is_none(),
                "python3: {error}"
            );
            eprintln!("SKIPPED: python3 cannot be run: {error}");
            None
        }
    }
}

fn day(form: &Path, number: usize) -> PathBuf {
    form.join(format!("day-{number:03}"))
}

/// Every state of every kind, by snapshot.
fn states(tenant: &Tenant) -> Vec<BTreeMap<String, BTreeMap<String, String>>> {
    let archive = tenant.archive();
    let kinds: Vec<String> = archive.kinds().into_iter().map(|kind| kind.name).collect();
    let state = |snapshot| {
        let objects = |kind: &String| (kind.clone(), objects_of(archive, kind, Some(snapshot)));
        kinds.iter().map(objects).collect()
    };
    archive.snapshots().iter().map(state).collect()
}

#[test]
fn a_synthetic_tenant_in_every_form() {
    let Some(folder) = workload(300, DAYS, "jsonl,delta,audit") else {
        return;
    };
    full_exports_and_deltas_come_to_the_same(folder.path());
    a_day_again_is_no_news_and_a_day_later_costs_its_changes(folder.path());
    its_audit_log_is_kept_row_by_row(folder.path());
}

fn full_exports_and_deltas_come_to_the_same(folder: &Path) {
    let (jsonl, delta) = (folder.join("jsonl"), folder.join("delta"));
    let mut full = Tenant::new();
    let mut changes = Tenant::new();
    for number in 1..=DAYS {
        let report = full.next_day(&day(&jsonl, number));
        assert_eq!((report.rejected, report.doubtful), (0, 0));
        assert_eq!(report.suspected, []);
        let path = if number == 1 {
            day(&jsonl, 1)
        } else {
            day(&delta, number)
        };
        let report = changes.next_day_with(&path, |request| request.delta = number > 1);
        assert_eq!((report.rejected, report.doubtful), (0, 0));
    }
    for (number, (full, changes)) in states(&full).into_iter().zip(states(&changes)).enumerate() {
        for (kind, objects) in full {
            assert_eq!(
                Some(&objects),
                changes.get(&kind),
                "{kind} on day {}",
                number + 1
            );
        }
    }
    // The last day by the files themselves.
    let users = std::fs::read_to_string(day(&jsonl, DAYS).join("users.jsonl"))
        .expect("because it is there");
    let volatile = catalog::by_name("user")
        .expect("because it is listed")
        .volatile;
    let expected: BTreeMap<String, Value> = users
        .lines()
        .map(|line| {
            let mut user = json(line);
            let object = user.as_object_mut().expect("because it is an object");
            object.retain(|name, _| !volatile.contains(&name.as_str()));
            (
                user["id"].as_str().expect("because it has one").to_owned(),
                user,
            )
        })
        .collect();
    assert_eq!(full.parsed("user"), expected);
}

fn a_day_again_is_no_news_and_a_day_later_costs_its_changes(folder: &Path) {
    let jsonl = folder.join("jsonl");
    let mut tenant = Tenant::new();
    let first = tenant.next_day(&day(&jsonl, 1));
    let objects: u64 = first.snapshots[0].kinds.iter().map(|kind| kind.alive).sum();
    let second = tenant.next_day(&day(&jsonl, 1));
    assert!(
        second.snapshots[0]
            .kinds
            .iter()
            .all(|kind| kind.opened + kind.closed + kind.new_versions == 0)
    );
    let third = tenant.next_day(&day(&jsonl, 2));
    let new: u64 = third.snapshots[0]
        .kinds
        .iter()
        .map(|kind| kind.new_versions)
        .sum();
    assert!(new * 10 < objects, "{new} of {objects}");
}

#[test]
fn the_exporter_s_tree_holds_the_same_objects() {
    let Some(folder) = workload(50, 2, "jsonl,tree") else {
        return;
    };
    let mut lines = Tenant::new();
    lines.next_day(&day(&folder.path().join("jsonl"), 2));
    let mut tree = Tenant::new();
    let report = tree.next_day(&day(&folder.path().join("tree"), 2));
    assert_eq!(
        (report.rejected, report.doubtful),
        (0, 0),
        "{:?}",
        report.findings
    );
    let (lines, tree) = (lines.state(), tree.state());
    for (kind, objects) in &lines {
        if kind == "group_member" {
            let keys =
                |state: &crate::support::State| state[kind].keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&lines), keys(&tree));
        } else {
            assert_eq!(tree.get(kind), Some(objects), "{kind}");
        }
    }
}

fn its_audit_log_is_kept_row_by_row(folder: &Path) {
    let audit = folder.join("audit");
    let mut tenant = Tenant::new();
    let report = tenant.next_day(&audit);
    assert_eq!((report.rejected, report.doubtful), (0, 0));
    let files = std::fs::read_dir(&audit).expect("because it is there");
    let rows: usize = files
        .map(|file| {
            let text = std::fs::read_to_string(file.expect("because it is there").path());
            text.expect("because it is text").lines().count()
        })
        .sum();
    assert_eq!(tenant.keys("directory_audit").len(), rows);
    assert_eq!(tenant.state().len(), 1);
}
