//! Which other objects a version names.

use catalog::Kind;
use model::{JsonKind, Value, is_guid};

/// The GUIDs in a text, in any case: a scope `/administrativeUnits/{id}` and a query `/groups/{id}/members` name an
/// object as much as an id does.
pub(super) fn guids(text: &str) -> impl Iterator<Item = &str> {
    const LENGTH: usize = 36;
    let mut at = 0;
    std::iter::from_fn(move || {
        while at + LENGTH <= text.len() {
            let found =
                text.as_bytes()[at + 8] == b'-' && text.get(at..at + LENGTH).is_some_and(is_guid);
            if found {
                at += LENGTH;
                return Some(&text[at - LENGTH..at]);
            }
            at += 1;
        }
        None
    })
}

/// The texts at a path; arrays on the way count for each element.
pub(super) fn texts_at(value: Value<'_>, path: &str, each: &mut impl FnMut(&str)) {
    match value.kind() {
        JsonKind::Array => value
            .elements()
            .for_each(|element| texts_at(element, path, each)),
        JsonKind::Text if path.is_empty() => {
            if let Some(text) = value.text() {
                each(&text);
            }
        }
        JsonKind::Object if !path.is_empty() => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(member) = value.get(first) {
                texts_at(member, rest, each);
            }
        }
        _ => {}
    }
}

/// The ids a version names by the references of its kind, as keys hold them: GUIDs in the values, and what is
/// no GUID as a whole.
pub(super) fn referred(kind: &Kind, value: Value<'_>, each: &mut impl FnMut(&str)) {
    for reference in kind.references {
        texts_at(value, reference.path, &mut |text| {
            let mut any = false;
            for guid in guids(text) {
                any = true;
                each(&guid.to_ascii_lowercase());
            }
            if !any && !text.is_empty() {
                each(text);
            }
        });
    }
}

/// Every GUID anywhere in a JSON value, in lower case.
pub(super) fn all_guids(value: &serde_json::Value, each: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::String(text) => {
            for guid in guids(text) {
                each(&guid.to_ascii_lowercase());
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| all_guids(item, each)),
        serde_json::Value::Object(members) => {
            members.values().for_each(|item| all_guids(item, each));
        }
        _ => {}
    }
}

/// [`texts_at`] of JSON that is sent.
pub(super) fn texts_in(value: &serde_json::Value, path: &str, each: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts_in(item, path, each)),
        serde_json::Value::String(text) if path.is_empty() => each(text),
        serde_json::Value::Object(members) if !path.is_empty() => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(member) = members.get(first) {
                texts_in(member, rest, each);
            }
        }
        _ => {}
    }
}

/// What a person calls an object.
pub(super) fn display(kind: &Kind, value: Value<'_>) -> Option<String> {
    kind.display.iter().find_map(|path| {
        let mut found = None;
        texts_at(value, path, &mut |text| {
            if found.is_none() && !text.is_empty() {
                found = Some(text.to_owned());
            }
        });
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3f1c0e00-0000-4000-8000-00000000000a";
    const B: &str = "3F1C0E00-0000-4000-8000-00000000000B";

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let text = format!("/groups/{A}/transitiveMembers|{B}é{A}");
        assert_eq!(guids(&text).collect::<Vec<_>>(), [A, B, A]);
        assert_eq!(
            guids("é-no id at all, and none that is longer than that").count(),
            0
        );
        assert_eq!(guids(&A[1..]).count(), 0);
    }

    #[test]
    fn references_name_objects_and_words() {
        let kind = catalog::by_name("conditional_access_policy").expect("because it is listed");
        let text = format!(
            r#"{{"conditions":{{"users":{{"includeUsers":["All"],"excludeGroups":["{B}"]}},
                "applications":{{"includeAuthenticationContextClassReferences":["c1"]}}}}}}"#
        );
        let mut parser = model::Parser::new();
        let document = parser.parse_text(&text).expect("because it is JSON");
        let mut found = Vec::new();
        referred(kind, document.root(), &mut |id| found.push(id.to_owned()));
        found.sort();
        assert_eq!(found, [B.to_lowercase(), "All".to_owned(), "c1".to_owned()]);
    }
}
