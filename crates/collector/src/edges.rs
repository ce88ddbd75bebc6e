//! Relationships: each edge an object of its own, whatever holds it.
//!
//! Edges come as a list within their source (`{"id":"<group>","members":[...]}`, also as
//! `members@delta`), as a document alone whose path or page names the source, or with both ends as
//! properties. A list that stands in the source's own document, as `$expand` and delta queries write
//! it, is taken out of the document: a list inside an owner would be rewritten whole for each change.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use catalog::{Kind, Relationship, Shape};
use model::{JsonKind, Value};

use crate::recognise::Around;

/// One edge as it was read.
#[derive(Debug)]
pub(crate) struct Edge<'a> {
    pub(crate) source: Cow<'a, str>,
    pub(crate) target: Cow<'a, str>,
    /// What was said of the target.
    pub(crate) object: Value<'a>,
    /// Whether a delta says that it is gone.
    pub(crate) removed: bool,
}

/// The kinds of edges that start at objects of a kind.
pub(crate) fn from_kind(kind: &Kind) -> &'static [&'static Kind] {
    static INDEX: LazyLock<HashMap<&'static str, Vec<&'static Kind>>> = LazyLock::new(|| {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for kind in catalog::kinds()
            .iter()
            .filter(|kind| kind.is_relationship())
        {
            if let Some(parent) = kind.parent {
                index.entry(parent).or_default().push(*kind);
            }
        }
        index
    });
    INDEX.get(kind.name).map_or(&[], Vec::as_slice)
}

/// The two ends of a kind of edges.
pub(crate) fn relationship(kind: &Kind) -> Option<Relationship> {
    match kind.shape {
        Shape::Relationship(relationship) => Some(relationship),
        _ => None,
    }
}

/// Whether a document can hold edges of this kind.
pub(crate) fn holds(kind: &Kind, object: Value<'_>, around: &Around<'_>) -> bool {
    let Some(relationship) = relationship(kind) else {
        return false;
    };
    let has_id = object.get("id").is_some();
    (has_id && listed(object, relationship.relation).next().is_some())
        || ends(object, relationship).is_some()
        || (has_id && source(kind, relationship, around).is_some())
}

/// Whether an object has a property that lists edges of one of these kinds: nearly none has, and one
/// look tells.
pub(crate) fn lists_any(object: Value<'_>, kinds: &[&'static Kind]) -> bool {
    !kinds.is_empty()
        && object.members().any(|(key, value)| {
            let mut relations = kinds.iter().filter_map(|kind| relationship(kind));
            let may_list = is_list(value) || value.is_null();
            may_list && relations.any(|edge| relation_of(&key) == edge.relation)
        })
}

fn is_list(value: Value<'_>) -> bool {
    matches!(value.kind(), JsonKind::Array | JsonKind::Object)
}

/// The relation that a property of this name lists.
fn relation_of(name: &str) -> &str {
    name.strip_suffix("@delta").unwrap_or(name)
}

/// The properties that list edges of a relation: itself and its delta.
pub(crate) fn listed<'a>(
    object: Value<'a>,
    relation: &'a str,
) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
    object
        .members()
        .filter(move |(key, value)| is_list(*value) && relation_of(key) == relation)
}

/// The edges of a document that is about nothing else.
pub(crate) fn edges<'a>(
    kind: &Kind,
    object: Value<'a>,
    around: &Around<'a>,
) -> Vec<Result<Edge<'a>, &'static str>> {
    let Some(relationship) = relationship(kind) else {
        return Vec::new();
    };
    let id = object.get("id").and_then(Value::text);
    if let Some(id) = &id {
        let mut lists = listed(object, relationship.relation).peekable();
        if lists.peek().is_some() {
            return lists.flat_map(|(_, list)| list_edges(id, list)).collect();
        }
    }
    let (source, target) = match ends(object, relationship) {
        Some(ends) => ends,
        None => match (source(kind, relationship, around), id) {
            (Some(source), Some(id)) => (source, id),
            (None, _) => return vec![Err("does not say whose relationship it is")],
            (_, None) => return vec![Err("has no id of the target")],
        },
    };
    let removed = object.get("@removed").is_some();
    vec![Ok(Edge {
        source,
        target,
        object,
        removed,
    })]
}

/// The edges of one list: an array of targets, or the only target.
pub(crate) fn list_edges<'a>(
    source: &Cow<'a, str>,
    list: Value<'a>,
) -> Vec<Result<Edge<'a>, &'static str>> {
    let edge = |object: Value<'a>| {
        let target = object.get("id").and_then(Value::text);
        let target = target
            .filter(|id| !id.is_empty())
            .ok_or("has no id of the target")?;
        Ok(Edge {
            source: source.clone(),
            target,
            object,
            removed: object.get("@removed").is_some(),
        })
    };
    if list.kind() == JsonKind::Array {
        list.elements().map(edge).collect()
    } else {
        vec![edge(list)]
    }
}

/// Both ends as properties: `groupId` and `memberId`.
fn ends(object: Value<'_>, relationship: Relationship) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let named = |column: &str| {
        let mut members = object.members();
        let (_, value) = members.find(|(key, _)| catalog::snake_case(key) == column)?;
        value.text()
    };
    Some((
        named(relationship.source_column)?,
        named(relationship.target_column)?,
    ))
}

/// The source by the path, or by the key in the page's context: `groups('<id>')/members`.
fn source<'a>(
    kind: &Kind,
    relationship: Relationship,
    around: &Around<'a>,
) -> Option<Cow<'a, str>> {
    if let Some(parent) = around.parents().last() {
        return Some(Cow::Borrowed(parent));
    }
    let context = around.context?;
    if catalog::by_path(context).map(|other| other.name) != Some(kind.name) {
        return None;
    }
    let end = context.rfind(&format!("')/{}", relationship.relation))?;
    let start = context[..end].rfind("('")? + 2;
    Some(Cow::Borrowed(&context[start..end]))
}
