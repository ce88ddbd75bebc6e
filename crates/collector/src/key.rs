//! Which object a document is.

use std::borrow::Cow;

use catalog::Shape;
use model::{JsonKind, ObjectKey, Value, is_guid};

use crate::read::Where;
use crate::recognise::{Around, Target, generic_id};

/// Longest id believed.
const MAX_ID_BYTES: usize = 1024;

/// The key of a document, and how far to trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) text: ObjectKey,
    /// Why it is doubtful.
    pub(crate) doubt: Option<&'static str>,
    /// Whether the path is part of it: the same text elsewhere is another object.
    pub(crate) by_path: bool,
}

impl Key {
    /// The key of what has this id and nothing else to say which it is.
    pub(crate) fn of_id(id: &str) -> Self {
        match check(id) {
            Ok(()) => Self {
                text: ObjectKey::new(id),
                doubt: None,
                by_path: false,
            },
            Err(_) => Self::of_content(id),
        }
    }

    /// The key of a row of a log without id: the same row again is no news.
    pub(crate) fn of_content(canonical: &str) -> Self {
        let hash = blake3::hash(canonical.as_bytes()).to_hex();
        Self {
            text: ObjectKey::new(&hash[..32]),
            doubt: Some("has no id; kept under a hash of its content"),
            by_path: false,
        }
    }

    /// The key of an edge.
    pub(crate) fn of_edge(source: &str, target: &str) -> Self {
        Self {
            text: ObjectKey::composed([source, target]),
            doubt: None,
            by_path: false,
        }
    }
}

/// The key of a document: its id, behind those of its parents where the path names them; a
/// singleton without id has the name of its kind; else where it stands.
pub(crate) fn key_of(target: &Target, object: Value<'_>, around: &Around<'_>) -> Key {
    let parents = if target.kind().is_some_and(|kind| kind.parent.is_some()) {
        around.parents()
    } else {
        &[]
    };
    let compose = |id: &str| {
        let parents = parents.iter().map(String::as_str);
        ObjectKey::composed(parents.chain(std::iter::once(id)))
    };
    let by_path = !parents.is_empty();
    let own = own_id(target, object, around);
    if let Ok(id) = &own {
        return Key {
            text: compose(id),
            doubt: None,
            by_path,
        };
    }
    let in_path = around
        .file
        .export
        .as_ref()
        .and_then(|export| export.object.as_deref());
    if let Some(id) = in_path.filter(|id| is_guid(id) && !around.listed && around.member.is_none())
    {
        return Key {
            text: compose(id),
            doubt: None,
            by_path: true,
        };
    }
    let singleton = target.kind().filter(|kind| kind.shape == Shape::Singleton);
    if let Some(kind) = singleton {
        return Key {
            text: compose(kind.name),
            doubt: None,
            by_path,
        };
    }
    Key {
        text: by_place(object, around),
        doubt: Some(own.err().unwrap_or("has no id; kept under its path")),
        by_path: true,
    }
}

/// The id a document gives itself, or why it gives none.
fn own_id<'a>(
    target: &Target,
    object: Value<'a>,
    around: &Around<'a>,
) -> Result<Cow<'a, str>, &'static str> {
    const NONE: &str = "has no id; kept under its path";
    let Some(kind) = target.kind() else {
        let id = generic_id(object, around).ok_or(NONE)?;
        return check(&id).map(|()| id);
    };
    let Some(name) = kind.key else {
        return Err(NONE);
    };
    let Some(value) = object.get_folded(name).filter(|value| !value.is_null()) else {
        return other_id(object, around).ok_or(NONE);
    };
    if value.kind() != JsonKind::Text {
        return Err("has an id that is no text; kept under its path");
    }
    let id = value.text().ok_or(NONE)?;
    check(&id).map(|()| id)
}

/// Where else an id may stand: in the object's link, where somebody took the property out; in what
/// older modules call it; in the key of a map.
fn other_id<'a>(object: Value<'a>, around: &Around<'a>) -> Option<Cow<'a, str>> {
    let link = object.get("@odata.id").and_then(Value::text);
    let linked = link.and_then(|link| id_in_link(&link).map(|id| Cow::Owned(id.to_owned())));
    let id = linked
        .or_else(|| object.get_folded("objectId").and_then(Value::text))
        .or_else(|| around.map_key.map(Cow::Borrowed))?;
    check(&id).ok().map(|()| id)
}

/// The key an object's link ends in: `policies('<id>')`, `directoryObjects/<id>/...`.
fn id_in_link(link: &str) -> Option<&str> {
    if let Some(open) = link.strip_suffix("')") {
        return open.rsplit_once("('").map(|(_, id)| id);
    }
    link.rsplit('/').find(|segment| is_guid(segment))
}

fn check(id: &str) -> Result<(), &'static str> {
    if id.trim().is_empty() {
        Err("has an empty id; kept under its path")
    } else if id.len() > MAX_ID_BYTES {
        Err("has an id longer than 1 KiB; kept under its path")
    } else if id.chars().any(char::is_control) {
        Err("has an id with control characters; kept under its path")
    } else {
        Ok(())
    }
}

/// A key for what has no id: the file's path; within a list also the display name or, without one,
/// the number.
fn by_place(object: Value<'_>, around: &Around<'_>) -> ObjectKey {
    let name = object.get_folded("displayName").and_then(Value::text);
    let name = name.filter(|name| !name.is_empty());
    let mut parts: Vec<Cow<'_, str>> = vec![Cow::Borrowed(&around.file.path)];
    parts.extend(around.member.map(Cow::Borrowed));
    let number = match around.place {
        Where::Whole => None,
        Where::Line(number) | Where::Element(number) => Some(Cow::Owned(format!("#{number}"))),
    };
    if around.listed || around.member.is_some() {
        parts.extend(name.or(number));
    }
    ObjectKey::composed(parts.iter().map(AsRef::as_ref))
}

/// A key told apart by where its document stands: for a second document with the same id.
pub(crate) fn qualified(key: &ObjectKey, around: &Around<'_>) -> ObjectKey {
    let place = around.place.to_string();
    let own = [
        around.file.path.as_str(),
        around.member.unwrap_or_default(),
        &place,
    ];
    let own = own.into_iter().filter(|part| !part.is_empty());
    ObjectKey::composed(key.parts().chain(own))
}

/// A key with the number of its document in its file.
pub(crate) fn numbered(key: &ObjectKey, around: &Around<'_>) -> ObjectKey {
    let place = around.place.to_string();
    ObjectKey::composed(key.parts().chain(std::iter::once(place.as_str())))
}

#[cfg(test)]
mod tests {
    use model::Parser;

    use super::*;
    use crate::recognise::FilePlace;

    fn key(
        kind: &str,
        path: &str,
        text: &str,
        listed: bool,
    ) -> (String, Option<&'static str>, bool) {
        let mut parser = Parser::new();
        let document = parser.parse(text.as_bytes()).expect("because it is JSON");
        let file = FilePlace::new("root", path);
        let kind = catalog::by_name(kind).expect("because the kind is listed");
        let around = Around::new(&file, Where::Element(3), None, listed);
        let key = key_of(&Target::Catalogued(kind), document.root(), &around);
        (key.text.to_string(), key.doubt, key.by_path)
    }

    #[test]
    fn keys_are_ids_behind_their_parents() {
        let id = "3F1C0E00-0000-4000-8000-00000000ABCD";
        let lower = id.to_ascii_lowercase();
        for (kind, path, text, expected) in [
            (
                "user",
                "users.jsonl",
                format!("{{\"id\":\"{id}\"}}"),
                (lower.clone(), None, false),
            ),
            (
                "user",
                "users.jsonl",
                format!("{{\"ObjectId\":\"{id}\"}}"),
                (lower.clone(), None, false),
            ),
            (
                "user",
                "users.jsonl",
                format!("{{\"@odata.id\":\"users('{id}')\"}}"),
                (lower.clone(), None, false),
            ),
            (
                "user",
                "users.jsonl",
                format!(
                    "{{\"@odata.id\":\"https://x/directoryObjects/{id}/Microsoft.DirectoryServices.User\"}}"
                ),
                (lower.clone(), None, false),
            ),
            (
                "user",
                "users.jsonl",
                "{\"displayName\":\"A\"}".to_owned(),
                (
                    "users.jsonl/A".to_owned(),
                    Some("has no id; kept under its path"),
                    true,
                ),
            ),
            (
                "user",
                "users.jsonl",
                "{\"id\":7}".to_owned(),
                (
                    "users.jsonl/#3".to_owned(),
                    Some("has an id that is no text; kept under its path"),
                    true,
                ),
            ),
            (
                "user",
                "users.jsonl",
                "{\"id\":\"a\\u0000\"}".to_owned(),
                (
                    "users.jsonl/#3".to_owned(),
                    Some("has an id with control characters; kept under its path"),
                    true,
                ),
            ),
            (
                "user",
                "users.jsonl",
                "{\"id\":\" \"}".to_owned(),
                (
                    "users.jsonl/#3".to_owned(),
                    Some("has an empty id; kept under its path"),
                    true,
                ),
            ),
        ] {
            assert_eq!(key(kind, path, &text, true), expected, "{text}");
        }
        let long = format!("{{\"id\":\"{}\"}}", "x".repeat(MAX_ID_BYTES + 1));
        assert_eq!(
            key("user", "users.jsonl", &long, true).1,
            Some("has an id longer than 1 KiB; kept under its path")
        );
    }

    #[test]
    fn the_path_gives_what_the_document_does_not() {
        let id = "3f1c0e00-0000-4000-8000-00000000abcd";
        let path = format!("Groups/{id}/{id}.json");
        assert_eq!(
            key("group", &path, "{}", false),
            (id.to_owned(), None, true)
        );
        assert_eq!(
            key("group", "Groups/A.json", "{}", false),
            (
                "Groups/A.json".to_owned(),
                Some("has no id; kept under its path"),
                true
            )
        );
    }
}
