//! Values that must never enter an archive in clear, whatever the kind.
//!
//! The catalogue names the secrets of Graph's own types. Exports hold more: settings of other tools,
//! `{"name":"Password","value":"..."}` pairs, documents as text inside documents. So every document
//! that is parsed is searched for names that mean a secret in any casing, and what stands there as
//! text is replaced before anything else looks at it.

use model::{JsonKind, Parser, Value, write_text};

/// Names that mean a secret, lower case.
const NAMES: [&str; 28] = [
    "access_token",
    "accesstoken",
    "accountkey",
    "api_key",
    "apikey",
    "client_secret",
    "clientsecret",
    "connectionstring",
    "currentpassword",
    "newpassword",
    "oldpassword",
    "passphrase",
    "password",
    "pkcs12value",
    "presharedkey",
    "private_key",
    "privatekey",
    "refresh_token",
    "refreshtoken",
    "sastoken",
    "secret",
    "secretkey",
    "secrettext",
    "secretvalue",
    "sharedkey",
    "sharedsecret",
    "storageaccountkey",
    "temporaryaccesspass",
];

/// Longest of [`NAMES`].
const MAX_NAME_BYTES: usize = 20;

/// By the first letter of a name, in any casing: bit n is set where one of [`NAMES`] of n bytes begins
/// with it. Nearly every property passes here without its name being looked at.
const LENGTHS: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < NAMES.len() {
        let name = NAMES[at].as_bytes();
        table[name[0] as usize] |= 1 << name.len();
        table[name[0].to_ascii_uppercase() as usize] |= 1 << name.len();
        at += 1;
    }
    table
};

/// What stands in the place of a secret.
const REDACTED: &str = "\"[redacted]\"";

/// Texts within texts are followed this far.
const MAX_NESTING: u8 = 3;

/// The text of a value with its secrets replaced; `None` where it has none.
pub(crate) fn redacted(value: Value<'_>) -> Option<String> {
    let mut search = Search {
        text: value.raw(),
        spans: Vec::new(),
        nesting: 0,
    };
    search.value(value);
    search.apply()
}

struct Search<'a> {
    text: &'a str,
    /// Where something is replaced, and by what.
    spans: Vec<(usize, usize, String)>,
    nesting: u8,
}

impl<'a> Search<'a> {
    fn value(&mut self, value: Value<'a>) {
        match value.kind() {
            JsonKind::Object => self.object(value),
            JsonKind::Array => value.elements().for_each(|element| self.value(element)),
            JsonKind::Text => self.nested(value),
            _ => {}
        }
    }

    fn object(&mut self, object: Value<'a>) {
        let mut named = None;
        for (key, member) in object.members() {
            if is_secret(&key) && holds_secret(member) {
                self.replace(member, REDACTED.to_owned());
                continue;
            }
            if key.eq_ignore_ascii_case("name") || key.eq_ignore_ascii_case("key") {
                named = named.or(member.text());
            }
            self.value(member);
        }
        if named.is_some_and(|name| is_secret(&name)) {
            let value = object
                .get_folded("value")
                .filter(|value| holds_secret(*value));
            if let Some(value) = value {
                self.replace(value, REDACTED.to_owned());
            }
        }
    }

    /// A text may be a document of its own.
    fn nested(&mut self, value: Value<'a>) {
        if self.nesting == MAX_NESTING || value.raw().len() < 12 {
            return;
        }
        let raw = value.raw().as_bytes();
        if !matches!(raw[1], b'{' | b'[' | b' ' | b'\\') {
            return;
        }
        let Some(text) = value
            .text()
            .filter(|text| text.trim_start().starts_with(['{', '[']))
        else {
            return;
        };
        let mut parser = Parser::new();
        let Ok(document) = parser.parse(text.as_bytes()) else {
            return;
        };
        let mut search = Search {
            text: &text,
            spans: Vec::new(),
            nesting: self.nesting + 1,
        };
        search.value(document.root());
        if let Some(clean) = search.apply() {
            let mut quoted = String::with_capacity(clean.len() + 16);
            write_text(&clean, &mut quoted);
            self.replace(value, quoted);
        }
    }

    fn replace(&mut self, value: Value<'a>, by: String) {
        // Both point into the same text, so their distance is an offset in it.
        let start = value.raw().as_ptr().addr() - self.text.as_ptr().addr();
        self.spans.push((start, start + value.raw().len(), by));
    }

    fn apply(mut self) -> Option<String> {
        if self.spans.is_empty() {
            return None;
        }
        self.spans.sort_unstable();
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for (start, end, by) in &self.spans {
            if *start < at {
                continue;
            }
            out.push_str(&self.text[at..*start]);
            out.push_str(by);
            at = *end;
        }
        out.push_str(&self.text[at..]);
        Some(out)
    }
}

fn is_secret(name: &str) -> bool {
    let first = name.as_bytes().first().copied().unwrap_or_default();
    if name.len() > MAX_NAME_BYTES || LENGTHS[usize::from(first)] >> name.len() & 1 == 0 {
        return false;
    }
    let mut lower = [0; MAX_NAME_BYTES];
    let lower = &mut lower[..name.len()];
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    NAMES
        .binary_search_by(|known| known.as_bytes().cmp(lower))
        .is_ok()
}

/// Whether a value can be a secret at all: not nothing, not a switch, not an object with one inside.
fn holds_secret(value: Value<'_>) -> bool {
    match value.kind() {
        JsonKind::Text => value.raw() != "\"\"",
        kind => kind == JsonKind::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> Option<String> {
        let mut parser = Parser::new();
        let document = parser.parse(text.as_bytes()).expect("because it is JSON");
        redacted(document.root())
    }

    #[test]
    fn secrets_are_replaced_wherever_they_stand() {
        for (text, expected) in [
            (
                r#"{"a.b":{"secretText":"x"}}"#,
                r#"{"a.b":{"secretText":"[redacted]"}}"#,
            ),
            (
                r#"{"l":[{"ClientSecret":"x"},{"clientSecret":null}]}"#,
                r#"{"l":[{"ClientSecret":"[redacted]"},{"clientSecret":null}]}"#,
            ),
            (
                r#"[{"Name":"Password","Value":"x"}]"#,
                r#"[{"Name":"Password","Value":"[redacted]"}]"#,
            ),
            (
                r#"{"t":"[{\"password\":\"x\"}]"}"#,
                r#"{"t":"[{\"password\":\"[redacted]\"}]"}"#,
            ),
            (r#" {"password" : 12 } "#, r#"{"password" : "[redacted]" }"#),
        ] {
            assert_eq!(clean(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            r#"{"passwordPolicies":"None","password":"","secretText":null,"secret":true}"#,
            r#"{"passwordCredentials":[{"hint":"abc"}],"t":"{not json"}"#,
        ] {
            assert_eq!(clean(text), None, "{text}");
        }
    }

    #[test]
    fn names_are_sorted_and_fit() {
        assert!(NAMES.is_sorted());
        assert!(NAMES.iter().all(|name| name.len() <= MAX_NAME_BYTES));
    }
}
