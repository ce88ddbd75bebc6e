//! Which properties of a version may be written, and in which form Graph takes them.

use catalog::{Kind, is_transport};
use model::JsonKind;
use serde_json::Value;

use super::refusal::Refusal;
use crate::error::{Error, Result};
use crate::plan::Reason;

/// Whether a property moves by itself with every write, is the id, or shows what other steps are about: no step on the
/// object brings it back, and it is no difference to be listed.
#[must_use]
pub fn is_bookkeeping(kind: &Kind, property: &str) -> bool {
    let is_stamp = property.ends_with("DateTime") && kind.read_only.contains(&property);
    is_stamp
        || kind.key == Some(property)
        || kind.writing.is_some_and(|it| it.rows.contains(&property))
        || (kind.drift.contains(&property) && kind.read_only.contains(&property))
        || is_transport(property)
        || property == "@odata.type"
}

/// Whether a property can be sent; the reason where it cannot.
pub(super) fn may_be_written(
    kind: &Kind,
    property: &str,
    value: model::Value<'_>,
    is_new: bool,
) -> std::result::Result<(), Refusal> {
    let writing = kind.writing.as_ref();
    let is_chosen = writing.is_some_and(|writing| writing.chosen.contains(&property));
    if is_new && is_chosen {
        return Ok(());
    }
    let is_empty =
        value.is_null() || (value.kind() == JsonKind::Array && value.elements().next().is_none());
    let has_secrets = kind
        .secrets
        .iter()
        .any(|path| path.split('.').next() == Some(property));
    if (has_secrets && !is_empty) || is_redacted(value) {
        let text = "Graph never returns it, so no snapshot has it: issue it anew";
        return Err((Reason::NeverReturned, text.to_owned()));
    }
    if kind.is_computed(property) || is_chosen {
        return Err((Reason::ReadOnly, "Graph computes it".to_owned()));
    }
    let is_fixed = kind.immutable.contains(&property)
        || writing.is_some_and(|writing| writing.fixed.contains(&property));
    if is_fixed && !is_new {
        let text = "it is fixed at creation: only a new object can have another value";
        return Err((Reason::Immutable, text.to_owned()));
    }
    Ok(())
}

fn is_redacted(value: model::Value<'_>) -> bool {
    match value.kind() {
        JsonKind::Text => value.text().is_some_and(|text| text == "[redacted]"),
        JsonKind::Array => value.elements().any(is_redacted),
        JsonKind::Object => value.members().any(|(_, member)| is_redacted(member)),
        _ => false,
    }
}

/// The value as JSON of its own.
pub(super) fn to_json(value: model::Value<'_>) -> Result<Value> {
    serde_json::from_str(value.raw()).map_err(|error| {
        Error::Invalid(format!(
            "a stored value is no JSON that can be sent: {error}"
        ))
    })
}

/// A value as a request carries it: without what the transport added.
pub(super) fn to_body(value: model::Value<'_>) -> Result<Value> {
    let mut value = to_json(value)?;
    strip(&mut value);
    Ok(value)
}

fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(members) => {
            members.retain(|name, _| !is_transport(name));
            members.values_mut().for_each(strip);
        }
        _ => {}
    }
}

/// Sets what stands at a path to what stands there in another value; a property that is absent there becomes
/// null.
pub(super) fn set_at(target: &mut Value, path: &str, source: &Value) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let wanted = source.get(first).unwrap_or(&Value::Null);
    if let Value::Object(members) = target {
        let member = members.entry(first).or_insert(Value::Null);
        if rest.is_empty() || !member.is_object() {
            *member = wanted.clone();
        } else {
            set_at(member, rest, wanted);
        }
    }
}
