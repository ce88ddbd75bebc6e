//! One document with many collections, each under a property that names it, as an assessment tool's
//! settings export is.

use std::borrow::Cow;

use model::{JsonKind, Value, is_guid};

/// One collection of a bundle.
#[derive(Debug)]
pub(crate) struct Collection<'a> {
    pub(crate) name: Cow<'a, str>,
    /// Its objects, with their keys where it is a map.
    pub(crate) objects: Vec<(Option<Cow<'a, str>>, Value<'a>)>,
    /// Whether it is a list or map, not one object.
    pub(crate) listed: bool,
}

/// The members of a document that hold objects. A map counts as a collection where its keys are
/// ids.
pub(crate) fn collections(object: Value<'_>) -> Vec<Collection<'_>> {
    let is_object = |value: &Value<'_>| value.kind() == JsonKind::Object;
    let members = object.members().filter_map(|(name, value)| {
        let (objects, listed): (Vec<_>, bool) = match value.kind() {
            JsonKind::Array if value.elements().any(|element| is_object(&element)) => {
                let objects = value.elements().filter(is_object);
                (objects.map(|object| (None, object)).collect(), true)
            }
            JsonKind::Object if value.members().next().is_some() => {
                let is_map = value
                    .members()
                    .all(|(key, value)| is_guid(&key) && is_object(&value));
                if is_map {
                    let objects = value.members().map(|(key, object)| (Some(key), object));
                    (objects.collect(), true)
                } else {
                    (vec![(None, value)], false)
                }
            }
            _ => return None,
        };
        Some(Collection {
            name,
            objects,
            listed,
        })
    });
    members.collect()
}
