//! Answers of delta queries: changes that are merged into what the archive has.
//!
//! A delta names an object with at least the properties that changed; properties that were never set
//! are absent, not null. So an object of a delta never replaces the stored one: its properties are
//! laid over the stored ones. The same object may come several times; each is laid over the one
//! before.

use std::collections::{BTreeMap, HashMap};

use model::{Parser, Value, write_text};

/// Objects of one delta are remembered up to this many bytes.
const MAX_BYTES: usize = 64 << 20;

/// What a delta has said of each object so far.
#[derive(Debug, Default)]
pub(crate) struct Deltas {
    texts: HashMap<(usize, String), String>,
    size_bytes: usize,
}

impl Deltas {
    pub(crate) fn get(&self, slot: usize, key: &str) -> Option<&str> {
        self.texts.get(&(slot, key.to_owned())).map(String::as_str)
    }

    pub(crate) fn insert(&mut self, slot: usize, key: &str, text: &str) {
        if self.size_bytes < MAX_BYTES {
            self.size_bytes += key.len() + text.len();
            self.texts.insert((slot, key.to_owned()), text.to_owned());
        }
    }

    pub(crate) fn remove(&mut self, slot: usize, key: &str) {
        self.texts.remove(&(slot, key.to_owned()));
    }
}

/// Canonical text of `new` with those of the named top-level members of `old` that it does not have, or
/// has as null; `new` where either is no object.
pub(crate) fn carried(old: &str, new: &str, names: &[String]) -> String {
    let mut parser = Parser::new();
    let Ok(before) = parser.parse(old.as_bytes()) else {
        return new.to_owned();
    };
    let mut now = Parser::new();
    let Ok(after) = now.parse(new.as_bytes()) else {
        return new.to_owned();
    };
    let mut kept = String::from("{");
    for name in names {
        let lacks = after.root().get(name).is_none_or(Value::is_null);
        let was = before.root().get(name).filter(|was| !was.is_null());
        if let Some(was) = was.filter(|_| lacks) {
            if kept.len() > 1 {
                kept.push(',');
            }
            write_text(name, &mut kept);
            kept.push(':');
            kept.push_str(was.raw());
        }
    }
    if kept.len() == 1 {
        return new.to_owned();
    }
    kept.push('}');
    merged(new, &kept)
}

/// Canonical text of `old` with the top-level members of `new` laid over it; `new` alone where
/// either is no object.
pub(crate) fn merged(old: &str, new: &str) -> String {
    let (mut before, mut after) = (Parser::new(), Parser::new());
    let (Ok(before), Ok(after)) = (before.parse(old.as_bytes()), after.parse(new.as_bytes()))
    else {
        return new.to_owned();
    };
    let mut members = BTreeMap::new();
    members.extend(before.root().members());
    members.extend(after.root().members());
    let mut out = String::with_capacity(old.len() + new.len());
    let mut separator = '{';
    for (name, value) in members {
        out.push(separator);
        write_text(&name, &mut out);
        out.push(':');
        out.push_str(Value::raw(value));
        separator = ',';
    }
    if separator == '{' {
        out.push('{');
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_laid_over_what_was() {
        assert_eq!(
            merged(r#"{"a":1,"b":[1],"c":null}"#, r#"{"b":null,"d":"x"}"#),
            r#"{"a":1,"b":null,"c":null,"d":"x"}"#
        );
        assert_eq!(merged("{}", "{}"), "{}");
        let names = ["b".to_owned(), "c".to_owned(), "z".to_owned()];
        assert_eq!(
            carried(
                r#"{"a":1,"b":[1],"c":2}"#,
                r#"{"a":2,"b":null,"c":3}"#,
                &names
            ),
            r#"{"a":2,"b":[1],"c":3}"#
        );
        assert_eq!(carried(r#"{"a":1}"#, r#"{"a":2}"#, &names), r#"{"a":2}"#);
        assert_eq!(merged("[]", r#"{"a":1}"#), r#"{"a":1}"#);
    }
}
