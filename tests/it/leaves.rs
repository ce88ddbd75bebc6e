//! No change is missed: any leaf of any object that is changed, taken away or set to null is a
//! difference, unless the catalogue says that it moves by mere use. All kinds that stand by themselves, every
//! column of theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Not;
use std::sync::Arc;

use arrow::array::AsArray;
use catalog::{ColumnType, Kind, Shape};
use collector::{ImportRequest, import};
use jiff::Timestamp;
use query::{Answer, Session, SessionOptions, Source};
use serde_json::{Value, json};
use store::{
    Archive, CreateOptions, MemoryStorage, Secrets, SlotChoice, Storage, Writer, WriterOptions,
};

/// Where a leaf is: names of members and places in arrays.
type Place = Vec<String>;

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("because it is a time")
}

fn writer(storage: &Arc<dyn Storage>) -> Writer {
    let options = CreateOptions {
        tenant: "contoso".to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: now(),
    };
    Archive::create(storage, &options).expect("because memory can be written");
    let options = WriterOptions {
        tool: "test".to_owned(),
        now,
    };
    Writer::open(Arc::clone(storage), &Secrets::default(), options)
        .expect("because it was just made")
}

/// An object of a kind that has every property its table shows, and one nobody has heard of.
fn template(kind: &Kind) -> Value {
    let mut object = serde_json::Map::new();
    for (at, column) in kind.columns.iter().enumerate() {
        let value = match column.kind {
            ColumnType::Text => json!(format!("text {at}")),
            ColumnType::Bool => json!(at % 2 == 0),
            ColumnType::Int => json!(at),
            ColumnType::Float => json!(1.5),
            ColumnType::Time => json!("2026-01-05T02:00:00Z"),
            ColumnType::Date => json!("2026-01-05"),
            ColumnType::Json if at % 2 == 0 => {
                json!([{"name": "one", "rank": 1}, {"name": "two", "deep": {"list": ["x", "y"]}}])
            }
            ColumnType::Json => {
                json!({"flag": true, "list": ["a", "b"], "none": null, "deep": {"n": 1}})
            }
        };
        object.insert(column.property.to_owned(), value);
    }
    object.insert("newInBeta".to_owned(), json!({"since": [{"v": "2"}]}));
    Value::Object(object)
}

fn leaves(value: &Value, place: &mut Place, found: &mut Vec<Place>) {
    let mut below = |name: String, value: &Value| {
        place.push(name);
        leaves(value, place, found);
        place.pop();
    };
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| below(name.clone(), value)),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(at, value)| below(at.to_string(), value)),
        _ => found.push(place.clone()),
    }
}

/// Ways in which a leaf can become another.
const WAYS: [&str; 4] = ["changed", "taken away", "null", "of another type"];

/// The object with one leaf another; `None` where that would be the same.
fn altered(object: &Value, place: &Place, way: &str) -> Option<Value> {
    let mut object = object.clone();
    let (last, above) = place.split_last()?;
    let mut parent = &mut object;
    for step in above {
        parent = match parent {
            Value::Array(elements) => elements.get_mut(step.parse::<usize>().ok()?)?,
            other => other.get_mut(step)?,
        };
    }
    if way == "taken away" {
        return match parent {
            Value::Array(elements) => elements.remove(last.parse().ok()?),
            other => other.as_object_mut()?.remove(last)?,
        }
        // Graph does not tell "null" from "not there".
        .is_null()
        .not()
        .then_some(object);
    }
    let leaf = match parent {
        Value::Array(elements) => elements.get_mut(last.parse::<usize>().ok()?)?,
        other => other.get_mut(last)?,
    };
    match way {
        "changed" => {
            *leaf = match &*leaf {
                Value::Bool(value) => json!(!value),
                Value::Number(_) => json!(77_777),
                Value::Null => json!("was null"),
                Value::String(text) if text.starts_with("2026-01-05T") => {
                    json!("2027-11-30T23:59:59Z")
                }
                Value::String(text) if text.starts_with("2026-01-05") => json!("2027-11-30"),
                _ => json!("another"),
            }
        }
        "null" if leaf.is_null() => return None,
        "null" => *leaf = Value::Null,
        _ => *leaf = json!({"of": "another type"}),
    }
    Some(object)
}

/// Whether a leaf is a secret: archives hold that there is one, and nothing of its value.
fn is_secret(kind: &Kind, place: &Place) -> bool {
    let names: Vec<&str> = place
        .iter()
        .filter(|step| step.parse::<usize>().is_err())
        .map(String::as_str)
        .collect();
    let leads_here = |path: &&str| names.starts_with(&path.split('.').collect::<Vec<_>>());
    kind.secrets.iter().any(leads_here)
}

fn with_id(object: &Value, key: &str, id: &str) -> Value {
    let mut object = object.clone();
    object[key] = json!(id);
    object
}

/// Two states of a kind: copies of one object, and the same with one leaf another in each.
struct States {
    before: String,
    after: String,
    /// What was done to each object, by id, and whether it is a change.
    done: BTreeMap<String, (String, bool)>,
}

fn states(kind: &Kind, key: &str) -> States {
    let object = template(kind);
    let mut places = Vec::new();
    leaves(&object, &mut Vec::new(), &mut places);
    places.retain(|place| place[0] != key && !is_secret(kind, place));
    let mut states = States {
        before: String::new(),
        after: String::new(),
        done: BTreeMap::new(),
    };
    for place in &places {
        for way in WAYS {
            let Some(altered) = altered(&object, place, way) else {
                continue;
            };
            let id = format!("{:08x}-0000-4000-8000-000000000001", states.done.len());
            let line = |object: &Value| format!("{}\n", with_id(object, key, &id));
            states.before.push_str(&line(&object));
            states.after.push_str(&line(&altered));
            let what = format!("{} {way}", place.join("."));
            let is_change = !kind.volatile.contains(&place[0].as_str());
            states.done.insert(id, (what, is_change));
        }
    }
    states
}

/// Ids of the objects that differ between the two snapshots of each kind, with the properties named.
fn differing(storage: &Arc<dyn Storage>, kind: &str) -> BTreeMap<String, BTreeSet<String>> {
    let archive = Archive::open(Arc::clone(storage), &Secrets::default());
    let source = Source::new(Arc::new(archive.expect("because it is unprotected")), now());
    let mut session =
        Session::new(&source, SessionOptions::default()).expect("because there are snapshots");
    let sql =
        format!("select object_id, path from property_changes where kind = '{kind}' order by 1, 2");
    let runtime = tokio::runtime::Runtime::new().expect("because there are threads");
    let batches = runtime.block_on(async {
        match session.run(&sql, &BTreeMap::new()).await {
            Ok(Answer::Rows(rows)) => rows.collect().await,
            other => panic!("{sql}: {:?}", other.err()),
        }
    });
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for batch in batches.expect("because the archive is whole") {
        let (ids, paths) = (batch.column(0), batch.column(1));
        let (ids, paths) = (ids.as_string::<i32>(), paths.as_string::<i32>());
        for (id, path) in ids.iter().zip(paths).filter_map(|(id, path)| id.zip(path)) {
            found
                .entry(id.to_owned())
                .or_default()
                .insert(path.to_owned());
        }
    }
    found
}

#[test]
fn every_changed_leaf_of_every_kind_is_a_difference() {
    let folder = tempfile::tempdir().expect("because there is room");
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let mut writer = writer(&storage);
    let mut wrong = String::new();
    let (mut kinds, mut changed) = (0, 0);
    for kind in catalog::kinds() {
        let (Shape::Object, Some(key), None) = (kind.shape, kind.key, kind.parent) else {
            continue;
        };
        let states = states(kind, key);
        for (text, day) in [(&states.before, 0), (&states.after, 1)] {
            let path = folder.path().join("objects.jsonl");
            std::fs::write(&path, text).expect("because there is room");
            let request = ImportRequest {
                path,
                taken_at: Timestamp::from_second(1_767_225_600 + day * 86_400).ok(),
                kind: Some(kind.name.to_owned()),
                ..ImportRequest::default()
            };
            let report = import(&mut writer, &request, &()).expect("because it can be read");
            assert_eq!(report.rejected, 0, "{}", kind.name);
        }
        let found = differing(&storage, kind.name);
        kinds += 1;
        for (id, (what, is_change)) in &states.done {
            changed += usize::from(*is_change);
            let top = what.split(['.', ' ']).next().unwrap_or_default();
            let paths = found.get(id);
            let is_named = paths.is_some_and(|paths| {
                let names_it = |path: &String| {
                    let own = path.split(['.', '[']).next().unwrap_or_default();
                    own == top
                };
                paths.iter().all(names_it)
            });
            if is_named != *is_change || (!is_change && paths.is_some()) {
                let _ = writeln!(wrong, "{}: {what}: {paths:?}", kind.name);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        kinds > 100 && changed > 10_000,
        "{kinds} kinds, {changed} changes"
    );
}
