//! What a version is told apart by: a hash that two versions share exactly where they mean the same.
//!
//! The order of sets and the annotations of the transport do not count, as in every comparison of versions
//! ([`model::equivalent`]). So an object that was read again, and written by another node of the service in
//! another order, is still what the plan was made on.

use catalog::{Kind, is_transport};
use model::{JsonKind, Parser, PathTree, Value, canonical_text, write_text};

use crate::own::own_text;

/// BLAKE3 of a version's meaning, 64 hexadecimal digits. `text` is the version's JSON as an archive keeps it; a
/// live object goes through [`collector::normalised`] first. Of objects shown inside it only the ids count.
///
/// What is no JSON is hashed as it stands.
#[must_use]
pub fn fingerprint(kind: &Kind, text: &str) -> String {
    let sets = PathTree::new(kind.sets.iter().copied());
    Fingerprints::default().of(&sets, &own_text(kind, text))
}

/// Fingerprints of many versions, with one set of buffers.
#[derive(Default)]
pub(crate) struct Fingerprints {
    parser: Parser,
    out: String,
}

impl Fingerprints {
    /// The fingerprint of a version; `sets` are the paths of its kind's sets.
    pub(crate) fn of(&mut self, sets: &PathTree, text: &str) -> String {
        self.out.clear();
        match self.parser.parse_text(text) {
            Ok(document) => write_meaning(document.root(), sets, &mut self.out),
            Err(_) => self.out.push_str(text),
        }
        self.hash()
    }

    /// The fingerprint of a version that was parsed already.
    pub(crate) fn of_value(&mut self, sets: &PathTree, value: Value<'_>) -> String {
        self.out.clear();
        write_meaning(value, sets, &mut self.out);
        self.hash()
    }

    fn hash(&self) -> String {
        blake3::hash(self.out.as_bytes()).to_hex().to_string()
    }
}

/// A text that is equal for values that mean the same.
fn write_meaning(value: Value<'_>, sets: &PathTree, out: &mut String) {
    match value.kind() {
        JsonKind::Object => {
            let mut members: Vec<_> = value
                .members()
                .filter(|(name, _)| !is_transport(name))
                .collect();
            // Stable: a name that occurs twice keeps its order.
            members.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (name, member) in members {
                write_text(&name, out);
                out.push(':');
                write_meaning(member, sets.child(&name).unwrap_or(&PathTree::EMPTY), out);
                out.push(',');
            }
            out.push('}');
        }
        JsonKind::Array if sets.ends_here() => {
            let mut elements: Vec<String> = value
                .elements()
                .map(|element| {
                    let mut text = String::new();
                    write_meaning(element, sets, &mut text);
                    text
                })
                .collect();
            elements.sort_unstable();
            out.push('[');
            for element in elements {
                out.push_str(&element);
                out.push(',');
            }
            out.push(']');
        }
        JsonKind::Array => {
            out.push('[');
            for element in value.elements() {
                write_meaning(element, sets, out);
                out.push(',');
            }
            out.push(']');
        }
        _ => out.push_str(&canonical_text(value)),
    }
}

#[cfg(test)]
mod tests {
    use model::{DiffRules, equivalent};

    use super::*;

    /// Whether fingerprints and comparison agree that two versions mean the same.
    fn same(kind: &str, a: &str, b: &str) -> bool {
        let kind = catalog::by_name(kind).expect("because it is listed");
        let sets = PathTree::new(kind.sets.iter().copied());
        let (mut left, mut right) = (Parser::new(), Parser::new());
        let left = left.parse_text(a).expect("because it is JSON");
        let right = right.parse_text(b).expect("because it is JSON");
        let rules = DiffRules {
            sets: &sets,
            annotation: is_transport,
        };
        let equal = fingerprint(kind, a) == fingerprint(kind, b);
        assert_eq!(
            equal,
            equivalent(left.root(), right.root(), rules),
            "{a} {b}"
        );
        equal
    }

    #[test]
    fn it_is_equal_where_the_comparison_finds_nothing() {
        let ca = "conditional_access_policy";
        assert!(same(
            "group",
            r#"{"groupTypes":["Unified","DynamicMembership"]}"#,
            r#"{"groupTypes":["DynamicMembership","Unified"]}"#
        ));
        assert!(!same(
            "group",
            r#"{"groupTypes":["Unified"]}"#,
            r#"{"groupTypes":["Unified","Unified"]}"#
        ));
        // The order of other arrays counts.
        assert!(!same(
            "service_principal",
            r#"{"replyUrls":["a","b"]}"#,
            r#"{"replyUrls":["b","a"]}"#
        ));
        assert!(same(
            ca,
            r#"{"grantControls":{"authenticationStrength@odata.context":"x","operator":"OR"},"a":1}"#,
            r#"{"a":1,"grantControls":{"operator":"OR"}}"#
        ));
        // A null is said, an absence is not.
        assert!(!same("user", r#"{"mail":null}"#, "{}"));
        assert!(!same("user", r#"{"a":1}"#, r#"{"a":1.0}"#));
        assert!(same("user", r#"{"a":"\u0041"}"#, r#"{"a":"A"}"#));
    }

    #[test]
    fn elements_with_ids_are_equal_in_any_order_only_in_sets() {
        let roles = |first: &str, second: &str| {
            format!(r#"{{"appRoles":[{{"id":"{first}"}},{{"id":"{second}"}}]}}"#)
        };
        assert!(same("application", &roles("1", "2"), &roles("2", "1")));
        assert!(!same("application", &roles("1", "2"), &roles("1", "3")));
        let certificates =
            |a: &str| format!(r#"{{"publicClient":{{"redirectUris":["x","{a}"]}}}}"#);
        assert!(!same("application", &certificates("y"), &certificates("z")));
    }

    #[test]
    fn what_is_no_json_has_one_too() {
        let kind = catalog::by_name("user").expect("because it is listed");
        assert_ne!(fingerprint(kind, "{"), fingerprint(kind, "}"));
        assert_eq!(fingerprint(kind, "{").len(), 64);
    }
}
