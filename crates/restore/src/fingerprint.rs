//! A version of an object as a hash, for what is compared at another time and place.

use catalog::{Kind, is_transport};
use model::PathTree;
use serde_json::{Map, Value};

/// BLAKE3 of a normalised object, 64 hexadecimal digits: the same for versions that mean the same, whatever the
/// order of their sets and the annotations of the transport.
#[must_use]
pub fn fingerprint(kind: &'static Kind, normalised: &str) -> String {
    let sets = PathTree::new(kind.sets.iter().copied());
    let value = serde_json::from_str::<Value>(normalised).unwrap_or_default();
    let text = plain(&value, Some(&sets)).to_string();
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Names sorted, annotations left out, sets in the order of their texts.
fn plain(value: &Value, sets: Option<&PathTree>) -> Value {
    match value {
        Value::Object(members) => {
            let mut own: Vec<(&String, &Value)> = members
                .iter()
                .filter(|(name, _)| !is_transport(name))
                .collect();
            own.sort_by_key(|(name, _)| *name);
            let own = own.into_iter().map(|(name, value)| {
                let below = sets.and_then(|sets| sets.child(name));
                (name.clone(), plain(value, below))
            });
            Value::Object(own.collect::<Map<_, _>>())
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|value| plain(value, sets)).collect();
            if sets.is_some_and(PathTree::ends_here) {
                list.sort_by_cached_key(Value::to_string);
            }
            Value::Array(list)
        }
        other => other.clone(),
    }
}
