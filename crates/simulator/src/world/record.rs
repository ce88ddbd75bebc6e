//! Properties written down as Graph writes them, in order.

use serde_json::Value;

use crate::deed::Properties;

/// `record! { "id": id, "mail": NULL }`: an object of those properties. Unlike `json!`, it has no
/// limit to their number.
macro_rules! record {
    ($($name:literal : $value:expr),* $(,)?) => {{
        let mut record = $crate::deed::Properties::with_capacity(<[&str]>::len(&[$($name),*]));
        $(record.insert($name.to_owned(), ::serde_json::Value::from($value));)*
        record
    }};
}

/// `add!(object, { "id": id })`: the same properties into an object that is there already; large
/// objects are written in several steps.
macro_rules! add {
    ($record:expr, { $($name:literal : $value:expr),* $(,)? }) => {{
        $($record.insert($name.to_owned(), ::serde_json::Value::from($value));)*
    }};
}

pub(super) use {add, record};

/// No value.
pub(super) const NULL: Value = Value::Null;

/// A list of objects.
pub(super) fn list(of: impl IntoIterator<Item = Properties>) -> Value {
    Value::Array(of.into_iter().map(Value::Object).collect())
}

/// A list of texts.
pub(super) fn texts<S: Into<String>>(of: impl IntoIterator<Item = S>) -> Value {
    Value::Array(
        of.into_iter()
            .map(|text| Value::String(text.into()))
            .collect(),
    )
}

/// The kind of a name this module's code spells out.
pub(super) fn kind(name: &str) -> &'static catalog::Kind {
    catalog::by_name(name).unwrap_or_else(|| panic!("{name} is not in the catalogue"))
}
