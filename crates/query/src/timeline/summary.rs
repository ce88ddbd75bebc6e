//! One line that says what happened, with the names of objects in place of their ids.

use std::fmt::Write as _;

use catalog::Kind;
use model::{Change, Document, JsonKind, Parser, Value};

use crate::error::Result;
use crate::tables::Directory;

/// Properties told of in one line; the rest is counted.
const TOLD: usize = 5;
/// Longest value in a line, in characters.
const VALUE_CHARS: usize = 80;

/// What changed, old and new.
pub(crate) fn of_changes(changes: &[Change], names: &mut Directory<'_>) -> Result<String> {
    let mut line = String::new();
    for change in changes.iter().take(TOLD) {
        separate(&mut line);
        line.push_str(&one_line(&change.path));
        line.push_str(": ");
        line.push_str(&difference(
            change.old.as_deref(),
            change.new.as_deref(),
            names,
        )?);
    }
    if changes.len() > TOLD {
        let _ = write!(line, "; and {} more", changes.len() - TOLD);
    }
    Ok(line)
}

/// How a value became another: elements where both are lists, else old and new.
fn difference(old: Option<&str>, new: Option<&str>, names: &mut Directory<'_>) -> Result<String> {
    let (mut first, mut second) = (Parser::new(), Parser::new());
    let before = old.and_then(|text| first.parse_text(text).ok());
    let after = new.and_then(|text| second.parse_text(text).ok());
    let (before, after) = (before.map(Document::root), after.map(Document::root));
    let is_list = |value: Option<Value<'_>>| value.is_some_and(|v| v.kind() == JsonKind::Array);
    if is_list(before) && is_list(after) {
        let list = |value: Option<Value<'_>>| -> Vec<String> {
            let elements = value.into_iter().flat_map(Value::elements);
            elements.map(|element| element.raw().to_owned()).collect()
        };
        let (mut kept, mut gained) = (list(before), Vec::new());
        for element in list(after) {
            match kept.iter().position(|other| *other == element) {
                Some(at) => drop(kept.remove(at)),
                None => gained.push(element),
            }
        }
        let mut parts = Vec::new();
        for (sign, elements) in [("-", &kept), ("+", &gained)] {
            for element in elements {
                parts.push(format!("{sign} {}", value(element, names)?));
            }
        }
        if !parts.is_empty() {
            return Ok(shortened(&parts.join(", "), VALUE_CHARS * 2));
        }
    }
    let mut shown = |text: Option<&str>| match text {
        Some(text) => value(text, names),
        None => Ok("(absent)".to_owned()),
    };
    Ok(format!("{} -> {}", shown(old)?, shown(new)?))
}

/// JSON as it is; the name of an object where it is an id.
fn value(json: &str, names: &mut Directory<'_>) -> Result<String> {
    let id = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match id {
        Some(id) if model::is_guid(id) => name(id, names),
        _ => Ok(shortened(json, VALUE_CHARS)),
    }
}

/// What an id's object is called; the id where nothing in the archive has it or it has no name.
pub(crate) fn name(id: &str, names: &mut Directory<'_>) -> Result<String> {
    let entry = names.entry(id)?;
    let display = entry.and_then(|entry| entry.display.as_deref());
    Ok(shortened(display.unwrap_or(id), VALUE_CHARS))
}

/// An edge that appeared or disappeared: `members of Finance: + Alice`.
pub(crate) fn of_edge(
    kind: &Kind,
    key: &str,
    is_there: bool,
    names: &mut Directory<'_>,
) -> Result<String> {
    let catalog::Shape::Relationship(relationship) = kind.shape else {
        return Ok(String::new());
    };
    let (source, target) = key.split_once(model::KEY_SEPARATOR).unwrap_or(("", key));
    let sign = if is_there { '+' } else { '-' };
    let relation = relationship.relation;
    let (source, target) = (name(source, names)?, name(target, names)?);
    Ok(format!("{relation} of {source}: {sign} {target}"))
}

/// What an object refers to, by the names of it: `principalId: Alice; roleDefinitionId: Reader`.
pub(crate) fn of_references(
    kind: &Kind,
    payload: &str,
    names: &mut Directory<'_>,
) -> Result<String> {
    let mut parser = Parser::new();
    let mut line = String::new();
    let Ok(document) = parser.parse_text(payload) else {
        return Ok(line);
    };
    for reference in kind
        .references
        .iter()
        .filter(|reference| reference.path != "id")
    {
        let mut at = Some(document.root());
        for part in reference.path.split('.') {
            at = at.and_then(|value| value.get(part));
        }
        let Some(id) = at.and_then(Value::text).filter(|id| !id.is_empty()) else {
            continue;
        };
        separate(&mut line);
        let _ = write!(line, "{}: {}", reference.path, name(&id, names)?);
    }
    Ok(line)
}

/// What the service thinks of somebody: `riskLevel: high; riskState: atRisk`.
pub(crate) fn of_risk(payload: &str) -> String {
    let mut parser = Parser::new();
    let mut line = String::new();
    let Ok(document) = parser.parse_text(payload) else {
        return line;
    };
    for property in ["riskLevel", "riskState", "riskDetail"] {
        let said = document.root().get(property).and_then(Value::text);
        if let Some(said) = said.filter(|said| said != "none") {
            separate(&mut line);
            let _ = write!(line, "{property}: {}", shortened(&said, VALUE_CHARS));
        }
    }
    line
}

pub(crate) fn separate(line: &mut String) {
    if !line.is_empty() {
        line.push_str("; ");
    }
}

/// Text of at most so many characters, in one line.
pub(crate) fn shortened(text: &str, chars: usize) -> String {
    let text = one_line(text);
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Line breaks and other control characters as escapes.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_and_has_an_end() {
        assert_eq!(shortened("a\nb\u{1b}[2J", 40), "a\\nb\\u{1b}[2J");
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}
