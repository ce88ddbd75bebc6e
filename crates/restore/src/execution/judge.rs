//! Whether the tenant is as planned, as wanted, or neither.

use catalog::{Kind, is_transport};
use model::{DiffRules, Parser, PathTree, diff, parse_time};
use serde_json::{Map, Value};

use super::entry::Moved;
use super::live::{Live, Object};
use crate::fingerprint::fingerprint;
use crate::own::own_text;
use crate::plan::{Action, Expected, Precondition, Step};

/// What is to be done about a step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// The tenant is as planned: send it.
    Go,
    /// The tenant is as wanted: there is nothing to send.
    Holds,
    /// Neither.
    Drifted(Vec<Moved>),
}

/// What is known of the tenant before a step.
pub(crate) struct Found<'f> {
    pub(crate) kind: &'static Kind,
    pub(crate) live: &'f Live,
    /// What lies in the recycle bin; `None` where nobody looked.
    pub(crate) bin: Option<&'f Live>,
    /// The object as it was when the plan was made, where the archive has it.
    pub(crate) planned: Option<String>,
}

/// Judges a step. `expected` is its expectation, with ids as they are now.
pub(crate) fn judge(step: &Step, expected: &Expected, found: &Found<'_>) -> Verdict {
    let live = found.live;
    let holds = holds(found.kind, step.action, expected, live);
    match (&step.precondition, live) {
        (Precondition::Unchanged { hash }, Live::There(object))
            if is_as_planned(hash, found, object) =>
        {
            Verdict::Go
        }
        (Precondition::Absent, Live::Absent) => Verdict::Go,
        _ if holds => Verdict::Holds,
        (Precondition::Unchanged { .. }, Live::There(object)) => {
            Verdict::Drifted(moved(step, found, object))
        }
        (Precondition::Present, Live::There(_) | Live::Linked) => Verdict::Go,
        (Precondition::Deleted, Live::Absent) => match found.bin {
            Some(Live::Absent) => gone("in the recycle bin"),
            _ => Verdict::Go,
        },
        (Precondition::Unchanged { .. } | Precondition::Present, _) => gone("present"),
        (Precondition::Absent | Precondition::Deleted, Live::There(object)) => {
            Verdict::Drifted(differences(found.kind, expected, object))
        }
        (Precondition::Absent | Precondition::Deleted, _) => Verdict::Drifted(vec![Moved {
            path: String::new(),
            from: Value::Null,
            to: "present".into(),
        }]),
    }
}

/// Whether an object is what the plan was made on. What the credential may not read of it is taken to be as it was:
/// as the archive has it, or not set.
fn is_as_planned(hash: &str, found: &Found<'_>, object: &Object) -> bool {
    let is_meant = |text: &str| fingerprint(found.kind, text) == hash;
    if is_meant(&object.text) {
        return true;
    }
    let planned: Option<Map<String, Value>> = found
        .planned
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let completed = |value: &dyn Fn(&str) -> Value| {
        let mut properties = object.properties.clone();
        for name in &object.unread {
            properties.insert((*name).to_owned(), value(name));
        }
        text(&properties)
    };
    let as_it_was = |planned: &Map<String, Value>| {
        completed(&|name| planned.get(name).cloned().unwrap_or_default())
    };
    !object.unread.is_empty()
        && (planned.is_some_and(|planned| is_meant(&as_it_was(&planned)))
            || is_meant(&completed(&|_| Value::Null)))
}

/// Whether an expectation holds. An update that expects nothing in particular never does: there is no telling.
pub(crate) fn holds(kind: &'static Kind, action: Action, expected: &Expected, live: &Live) -> bool {
    match (expected, live) {
        (Expected::Absent, Live::Absent) | (Expected::Present { .. }, Live::Linked) => true,
        (Expected::Present { properties }, Live::There(object)) => {
            let says_nothing =
                properties.is_empty() && matches!(action, Action::Update | Action::Enable);
            !says_nothing && differing(kind, properties, object).is_empty()
        }
        _ => false,
    }
}

/// What of an expectation does not hold for an object: wanted and found.
pub(crate) fn differing(
    kind: &'static Kind,
    expected: &Map<String, Value>,
    object: &Object,
) -> Vec<Moved> {
    let found: Map<String, Value> = expected
        .keys()
        .map(|name| {
            let value = object.properties.get(name);
            (name.clone(), value.cloned().unwrap_or_default())
        })
        .collect();
    unmet(kind, &text(expected), &text(&found))
}

/// What of a wanted object does not hold for the one found. What is to begin at a time that is over begins when it
/// is granted: a later start is the wanted one.
pub(crate) fn unmet(kind: &'static Kind, wanted: &str, found: &str) -> Vec<Moved> {
    let mut moved = compared(kind, wanted, found);
    if kind.name.contains("_schedule") || kind.name == "access_package_assignment" {
        moved.retain(|it| !is_later_start(it));
    }
    moved
}

fn is_later_start(moved: &Moved) -> bool {
    let time = |value: &Value| value.as_str().and_then(|text| parse_time(text).ok());
    let is_start = moved.path.rsplit('.').next() == Some("startDateTime");
    is_start && time(&moved.from).is_some_and(|from| time(&moved.to).is_some_and(|to| from < to))
}

fn differences(kind: &'static Kind, expected: &Expected, object: &Object) -> Vec<Moved> {
    match expected {
        Expected::Present { properties } if !properties.is_empty() => {
            differing(kind, properties, object)
        }
        _ => vec![Moved {
            path: String::new(),
            from: Value::Null,
            to: "present".into(),
        }],
    }
}

/// What of an object is not as it was when the plan was made.
fn moved(step: &Step, found: &Found<'_>, object: &Object) -> Vec<Moved> {
    if let Some(planned) = &found.planned {
        let moved = compared(found.kind, planned, &object.text);
        if !moved.is_empty() {
            return moved;
        }
    }
    // Without the whole object, what the plan itself says of it.
    let changes = step.properties.iter().filter_map(|change| {
        let from = change.old.clone().unwrap_or_default();
        let to = at(&object.properties, &change.path)
            .cloned()
            .unwrap_or_default();
        let is_same = compared(
            found.kind,
            &serde_json::json!({ &change.path: from }).to_string(),
            &serde_json::json!({ &change.path: to }).to_string(),
        )
        .is_empty();
        (!is_same).then(|| Moved {
            path: change.path.clone(),
            from,
            to,
        })
    });
    let mut moved: Vec<Moved> = changes.collect();
    if moved.is_empty() {
        // Nothing that can be seen.
        moved.extend(object.unread.iter().map(|name| Moved {
            path: (*name).to_owned(),
            from: Value::Null,
            to: "nobody knows: the credential may not read it".into(),
        }));
    }
    moved
}

/// The value at a path of names.
fn at<'v>(properties: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let mut names = path.split('.');
    let first = properties.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// What differs between two objects of a kind.
pub(crate) fn compared(kind: &'static Kind, old: &str, new: &str) -> Vec<Moved> {
    let (old, new) = (own_text(kind, old), own_text(kind, new));
    let (mut left, mut right) = (Parser::new(), Parser::new());
    let (Ok(left), Ok(right)) = (left.parse_text(&old), right.parse_text(&new)) else {
        return Vec::new();
    };
    let sets = PathTree::new(kind.sets.iter().copied());
    let rules = DiffRules {
        sets: &sets,
        annotation: is_transport,
    };
    let value = |text: Option<String>| {
        text.and_then(|text| serde_json::from_str::<Value>(&text).ok())
            .unwrap_or_default()
    };
    let changes = diff(left.root(), right.root(), rules)
        .into_iter()
        .map(|change| Moved {
            path: change.path,
            from: value(change.old),
            to: value(change.new),
        });
    // The service leaves out, or shows as null or as an empty list, what is not set.
    changes
        .filter(|moved| !(says_nothing(&moved.from) && says_nothing(&moved.to)))
        .collect()
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn text(properties: &Map<String, Value>) -> String {
    serde_json::to_string(properties).expect("because it is JSON")
}

fn gone(from: &str) -> Verdict {
    Verdict::Drifted(vec![Moved {
        path: String::new(),
        from: from.into(),
        to: Value::Null,
    }])
}
