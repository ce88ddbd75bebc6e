//! The workload generator's ground truth against our changes, record by record.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::programs::{Place, command};
use crate::shared::shared;

const DAYS: u32 = 12;

/// Day, kind and id of a changed object.
type Object = (u32, String, String);

/// What the generator did, and what we say was done.
#[derive(Debug, Default)]
struct Changes {
    /// Added, modified, removed.
    objects: BTreeMap<Object, String>,
    /// Old and new value of every changed top-level property, as JSON.
    properties: BTreeMap<(Object, String), (Value, Value)>,
    /// Day, group, member and whether the membership was added.
    members: BTreeSet<(u32, String, String, bool)>,
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn truth(folder: &Path) -> Changes {
    let mut changes = Changes::default();
    for day in 2..=DAYS {
        let file = folder.join(format!("truth/day-{day:03}.jsonl"));
        let lines = fs::read_to_string(&file).expect("because the generator wrote it");
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).expect("because every line is JSON");
            let id = text(&record, "id").to_lowercase();
            if record["type"] == "groupMembers" {
                for (list, added) in [("added", true), ("removed", false)] {
                    for member in record[list].as_array().into_iter().flatten() {
                        let member = member.as_str().unwrap_or_default().to_lowercase();
                        changes.members.insert((day, id.clone(), member, added));
                    }
                }
                continue;
            }
            // Noise is kept as last seen values and is no change.
            if record["class"] == "noise" {
                continue;
            }
            let kind = catalog_kind(&text(&record, "type"));
            let object = (day, kind, id);
            let action = match record["action"].as_str() {
                Some("create") => "added",
                Some("update") => "modified",
                _ => "removed",
            };
            changes.objects.insert(object.clone(), action.to_owned());
            for (property, values) in record["changes"].as_object().into_iter().flatten() {
                if is_volatile(&object.1, property) {
                    continue;
                }
                let values = (values[0].clone(), values[1].clone());
                changes
                    .properties
                    .insert((object.clone(), property.clone()), values);
            }
        }
    }
    changes
}

/// Last seen values are kept beside the versions: they are no changes either.
fn is_volatile(kind: &str, property: &str) -> bool {
    catalog::by_name(kind).is_some_and(|kind| kind.volatile.contains(&property))
}

fn catalog_kind(plural: &str) -> String {
    catalog::resolve(plural).map_or_else(|| plural.to_owned(), |kind| kind.name.to_owned())
}

/// The day a snapshot belongs to, and 0 for the first, which changes nothing.
fn day(row: &Value) -> u32 {
    let time = text(row, "taken_at");
    let day: u32 = time[8..10].parse().expect("because it is a time");
    day - 4
}

fn ours(place: &Place) -> Changes {
    let mut changes = Changes::default();
    let join = "join snapshots s on s.snapshot_id = c.snapshot_id";
    for row in place.rows(&format!(
        "select c.kind, c.object_id, c.change_type, s.taken_at from changes c {join} where c.kind <> 'group_member'"
    )) {
        let object = (day(&row), text(&row, "kind"), text(&row, "object_id").to_lowercase());
        changes.objects.insert(object, text(&row, "change_type"));
    }
    for row in place.rows(&format!(
        "select c.kind, c.object_id, c.path, c.old_value, c.new_value, s.taken_at from property_changes c {join} \
         where c.kind <> 'group_member'"
    )) {
        let object = (day(&row), text(&row, "kind"), text(&row, "object_id").to_lowercase());
        let path = text(&row, "path");
        let property = path.split(['.', '[']).next().unwrap_or_default().to_owned();
        let is_whole = property == path;
        let value = |name: &str| if is_whole { row[name].clone() } else { Value::Null };
        changes.properties.insert((object, property), (value("old_value"), value("new_value")));
    }
    for row in place.rows(&format!(
        "select c.source_id, c.target_id, c.change_type, s.taken_at from link_changes c {join} \
         where c.source_kind = 'group' and c.relation = 'members'"
    )) {
        let added = row["change_type"] == "added";
        changes.members.insert((
            day(&row),
            text(&row, "source_id"),
            text(&row, "target_id"),
            added,
        ));
    }
    changes
}

#[test]
fn our_changes_are_the_truth() {
    let Some(generator) = shared("bench/tenant.py") else {
        return;
    };
    let place = Place::new();
    let days = DAYS.to_string();
    let output = command("python3", place.folder.path())
        .arg(generator)
        .args([
            "--users", "300", "--days", &days, "--seed", "11", "--noise", "device",
        ])
        .args(["--emit", "jsonl,truth", "--out", "o"])
        .output()
        .expect("because python3 is there");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    place.init();
    for day in 1..=DAYS {
        let taken_at = format!("2026-01-{:02}T02:00:00Z", day + 4);
        let folder = format!("o/jsonl/day-{day:03}");
        place.ok(&[
            "import",
            "--format",
            "jsonl",
            &folder,
            "--taken-at",
            &taken_at,
        ]);
    }
    let (truth, ours) = (truth(&place.path("o")), ours(&place));
    assert!(
        truth.objects.len() > 20 && !truth.members.is_empty(),
        "the workload changes something"
    );
    assert_eq!(truth.objects, ours.objects);
    assert_eq!(truth.members, ours.members);
    let names = |changes: &Changes| changes.properties.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&truth), names(&ours));
    for (place, (old, new)) in &truth.properties {
        let said = &ours.properties[place];
        // Of a list or an object only the part that changed is said.
        if !old.is_array() && !old.is_object() && !new.is_array() && !new.is_object() {
            assert_eq!((old, new), (&said.0, &said.1), "{place:?}");
        }
    }
}
