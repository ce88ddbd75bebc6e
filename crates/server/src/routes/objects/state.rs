//! An object as it was in a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use store::{Archive, KindNumber, Snapshot, Version};

use crate::problem::Problem;

/// The version of an object that was alive in a snapshot; `None` where there was none.
pub(crate) fn state_of(
    archive: &Archive,
    kind: KindNumber,
    key: &str,
    snapshot: &Snapshot,
) -> Result<Option<Version>, Problem> {
    let alive = archive.alive(kind, snapshot)?;
    let versions = archive.object_versions(kind, key)?;
    let found = versions.into_iter().find(|own| alive.contains(*own));
    Ok(found.map(|own| archive.version(kind, own)).transpose()?)
}

/// Properties at the top level by name, as they are written.
type Members = BTreeMap<String, Box<RawValue>>;

/// The properties in which two versions differ: as they are in the first, and as they are in the second. One that a
/// version lacks is null there.
pub(crate) fn differing(
    first: Option<&Version>,
    second: Option<&Version>,
) -> Result<(Value, Value), Problem> {
    let (first, second) = (members(first)?, members(second)?);
    let mut both = (Map::new(), Map::new());
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    for name in names {
        let (one, other) = (first.get(name), second.get(name));
        let (one, other) = (one.map(AsRef::as_ref), other.map(AsRef::as_ref));
        // What is stored is canonical: the same bytes, the same value.
        if one.map(RawValue::get) == other.map(RawValue::get) {
            continue;
        }
        both.0.insert(name.clone(), value(one)?);
        both.1.insert(name.clone(), value(other)?);
    }
    Ok((Value::Object(both.0), Value::Object(both.1)))
}

fn members(version: Option<&Version>) -> Result<Members, Problem> {
    let text = version.map_or("{}", |version| version.payload.as_str());
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

fn value(raw: Option<&RawValue>) -> Result<Value, Problem> {
    let text = raw.map_or("null", RawValue::get);
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::bug(format!("a stored object is not JSON: {error}"))
}
