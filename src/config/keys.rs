//! Which keys there are, as the JSON Schema says: one source for files, variables and editors.

use std::sync::LazyLock;

use serde_json::Value;

use super::shape::Shape;

/// JSON Schema of the configuration.
pub(crate) fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Shape).to_value());
    &SCHEMA
}

/// What stands at a place of the configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(&'static Value);

impl Place {
    /// The whole configuration.
    pub(super) fn root() -> Self {
        Self(resolved(schema()))
    }

    /// What stands under a key; `None` where no such key is known.
    pub(super) fn inner(self, key: &str) -> Option<Self> {
        let own = self.0.get("properties").and_then(|keys| keys.get(key));
        let named = || {
            self.0
                .get("additionalProperties")
                .filter(|inner| inner.is_object())
        };
        own.or_else(named).map(|inner| Self(resolved(inner)))
    }

    /// Whether keys stand here, and not a value.
    pub(super) fn is_table(self) -> bool {
        self.is_open() || self.0.get("properties").is_some()
    }

    /// Whether keys here are names of somebody's own.
    pub(super) fn is_open(self) -> bool {
        self.0
            .get("additionalProperties")
            .is_some_and(Value::is_object)
    }

    /// Keys that are known here.
    pub(super) fn keys(self) -> impl Iterator<Item = &'static str> {
        let keys = self.0.get("properties").and_then(Value::as_object);
        keys.into_iter().flatten().map(|(key, _)| key.as_str())
    }

    /// Whether a value here is of a JSON type (`string`, `array`).
    pub(super) fn is_of(self, json_type: &str) -> bool {
        match self.0.get("type") {
            Some(Value::String(name)) => name == json_type,
            Some(Value::Array(names)) => names.iter().any(|name| name == json_type),
            // An enumeration without a type is one of words.
            _ => json_type == "string" && (self.0.get("oneOf").or(self.0.get("enum"))).is_some(),
        }
    }

    /// The known key most like a word; `None` where none is like it.
    pub(super) fn nearest(self, word: &str) -> Option<&'static str> {
        let like = |key: &'static str| (strsim::levenshtein(word, key), key);
        let (changes, key) = self.keys().map(like).min()?;
        (changes <= 3.min(word.len() / 2)).then_some(key)
    }
}

/// What a schema means: references followed, `null` of what may be left out aside.
fn resolved(mut at: &'static Value) -> &'static Value {
    loop {
        if let Some(reference) = at.get("$ref").and_then(Value::as_str) {
            let target = reference
                .strip_prefix('#')
                .and_then(|path| schema().pointer(path));
            at = target.expect("because a schema refers to its own parts only");
        } else if let Some(choices) = at.get("anyOf").and_then(Value::as_array) {
            let is_null = |choice: &&Value| choice.get("type").is_some_and(|name| name == "null");
            at = choices
                .iter()
                .find(|choice| !is_null(choice))
                .expect("because something else than nothing may stand there");
        } else {
            return at;
        }
    }
}
