//! From the PowerShell SDK's property names to Graph's.
//!
//! The SDK writes `DisplayName` for `displayName`, and puts what its typed objects have no property
//! for into `AdditionalProperties`, in Graph's own names. Both become one object in Graph's names;
//! where the two disagree about a property both stay, and the duplicate is reported like any other.

use std::fmt::Write as _;

use catalog::Kind;
use model::{JsonKind, Value, write_text};

/// The document in Graph's property names.
pub(crate) fn camel(object: Value<'_>, kind: Option<&Kind>) -> String {
    let mut out = String::with_capacity(object.raw().len());
    write_value(object, kind, &mut out);
    out
}

fn write_value(value: Value<'_>, kind: Option<&Kind>, out: &mut String) {
    match value.kind() {
        JsonKind::Object => {
            out.push('{');
            let mut names = Vec::new();
            write_members(value, kind, &mut names, out);
            out.push('}');
        }
        JsonKind::Array => {
            out.push('[');
            for (at, element) in value.elements().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_value(element, None, out);
            }
            out.push(']');
        }
        _ => out.push_str(value.raw()),
    }
}

/// Writes the members, those of `AdditionalProperties` among them.
fn write_members(
    object: Value<'_>,
    kind: Option<&Kind>,
    written: &mut Vec<(String, String)>,
    out: &mut String,
) {
    let additional = |key: &str| key == "AdditionalProperties";
    for (key, member) in object.members().filter(|(key, _)| !additional(key)) {
        let mut text = String::new();
        write_value(member, None, &mut text);
        let name = property(&key, kind);
        let again = |(other, value): &(String, String)| *other == name && *value == text;
        if !written.iter().any(again) {
            if !written.is_empty() {
                out.push(',');
            }
            write_text(&name, out);
            write!(out, ":{text}").expect("because writing to a String cannot fail");
            written.push((name, text));
        }
    }
    for (_, member) in object.members().filter(|(key, _)| additional(key)) {
        write_members(member, kind, written, out);
    }
}

/// Graph's name of a property: as the catalogue spells it, else with its first word small.
fn property(name: &str, kind: Option<&Kind>) -> String {
    if !name.as_bytes().first().is_some_and(u8::is_ascii_uppercase) {
        return name.to_owned();
    }
    let mut columns = kind.map_or(&[][..], |kind| kind.columns).iter();
    if let Some(column) = columns.find(|column| column.property.eq_ignore_ascii_case(name)) {
        return column.property.to_owned();
    }
    let run = name.bytes().take_while(u8::is_ascii_uppercase).count();
    // The last capital of a run begins the next word: `IPRanges` is `ipRanges`.
    let small = match name.as_bytes().get(run) {
        Some(next) if run > 1 && next.is_ascii_lowercase() => run - 1,
        _ => run,
    };
    name[..small].to_ascii_lowercase() + &name[small..]
}

#[cfg(test)]
mod tests {
    use model::Parser;

    use super::*;

    #[test]
    fn quirk_22_pascal_case_becomes_graphs() {
        let text = r#"{"Id":"x","DisplayName":"A","Conditions":{"SignInRiskLevels":[{"Mode":1}]},
            "IPRanges":[],"AllowedToUseSSPR":true,"AdditionalProperties":{"@odata.type":"t","state":"on",
            "displayName":"A"},"SSPR":1}"#;
        let mut parser = Parser::new();
        let document = parser.parse(text.as_bytes()).expect("because it is JSON");
        assert_eq!(
            camel(
                document.root(),
                catalog::by_name("conditional_access_policy")
            ),
            concat!(
                r#"{"id":"x","displayName":"A","conditions":{"signInRiskLevels":[{"mode":1}]},"#,
                r#""ipRanges":[],"allowedToUseSSPR":true,"sspr":1,"@odata.type":"t","state":"on"}"#
            )
        );
    }

    #[test]
    fn a_disagreement_keeps_both() {
        let text = r#"{"State":"a","AdditionalProperties":{"state":"b"}}"#;
        let mut parser = Parser::new();
        let document = parser.parse(text.as_bytes()).expect("because it is JSON");
        assert_eq!(camel(document.root(), None), r#"{"state":"a","state":"b"}"#);
    }
}
