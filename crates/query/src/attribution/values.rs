//! Whether the value an event tells of is the value a version has.
//!
//! The log writes values as JSON inside text, single ones often as arrays of one, credentials as texts of
//! its own form. What is written in a form that cannot be compared is neither equal nor different.

use model::Change;
use serde_json::Value;

use super::event::{Told, contains};

/// What an event's value says about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The event made the value that was seen.
    Same,
    /// It made another value, or left this one as it was.
    Another,
    /// It says that the property changed, and not to what.
    Unsaid,
    /// Its value is written in a form we do not understand.
    Unclear,
}

/// Seconds between a time in the directory and the same in the log.
const SAME_TIME_SECONDS: i64 = 1;

/// Compares the event's word on a property with the change at `rest` below that property.
pub(super) fn verdict(told: &Told, rest: &str, change: &Change) -> Verdict {
    if told.old.is_none() && told.new.is_none() {
        return Verdict::Unsaid;
    }
    let (old, new) = (decoded(told.old.as_deref()), decoded(told.new.as_deref()));
    match (at(&old, rest), at(&new, rest)) {
        (Found::Text(was), Found::Text(is)) => presence(was, is, change),
        (Found::Nothing, Found::Text(is)) => presence(false, is, change),
        (Found::Text(was), Found::Nothing) => presence(was, false, change),
        // What has no such member on either side is written in another form.
        (Found::Nothing, Found::Nothing) if !rest.is_empty() => by_id(told, rest, change),
        (Found::Nowhere, _) | (_, Found::Nowhere) => by_id(told, rest, change),
        (old, new) => of_values(&old.value(), &new.value(), change),
    }
}

/// As [`verdict`], where the event has the object as a whole. What is in neither of its forms of the
/// object, the log does not show.
pub(super) fn verdict_of_whole(told: &Told, change: &Change) -> Verdict {
    let (old, new) = (decoded(told.old.as_deref()), decoded(told.new.as_deref()));
    let top = model::top_property(&change.path);
    let shows = |value: &Value| {
        value
            .as_object()
            .is_some_and(|object| object.contains_key(top))
    };
    match (at(&old, &change.path), at(&new, &change.path)) {
        _ if !shows(&old) && !shows(&new) => Verdict::Unclear,
        (Found::Nowhere | Found::Text(_), _) | (_, Found::Nowhere | Found::Text(_)) => {
            Verdict::Unclear
        }
        (old, new) => of_values(&old.value(), &new.value(), change),
    }
}

fn of_values(old: &Value, new: &Value, change: &Change) -> Verdict {
    if equal(old, new) == Some(true) {
        return Verdict::Another;
    }
    match equal(new, &decoded_json(change.new.as_deref())) {
        Some(true) => Verdict::Same,
        Some(false) => Verdict::Another,
        None => Verdict::Unclear,
    }
}

/// An element whose id is written somewhere in a form of the log's own: whether it came or went.
fn by_id(told: &Told, rest: &str, change: &Change) -> Verdict {
    let id = rest
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('='))
        .map(|(_, id)| id)
        .filter(|id| model::is_guid(id));
    let Some(id) = id else {
        return Verdict::Unclear;
    };
    let is_in = |text: &Option<String>| text.as_deref().is_some_and(|text| contains(text, id));
    match (is_in(&told.old), is_in(&told.new)) {
        (was, is) if was == is => Verdict::Unclear,
        (was, is) => presence(was, is, change),
    }
}

/// The two values of an event below a property; `None` where they cannot be read.
pub(crate) fn told_values(told: &Told) -> Option<(Value, Value)> {
    (told.old.is_some() || told.new.is_some())
        .then(|| (decoded(told.old.as_deref()), decoded(told.new.as_deref())))
}

/// An element of a list of texts: whether it is there.
fn presence(was: bool, is: bool, change: &Change) -> Verdict {
    match (change.old.is_some(), change.new.is_some()) {
        (false, true) if !was && is => Verdict::Same,
        (true, false) if was && !is => Verdict::Same,
        (true, true) if was && is => Verdict::Unclear,
        _ => Verdict::Another,
    }
}

/// A value of the log: JSON, JSON inside a JSON text, or plain text.
fn decoded(text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    match serde_json::from_str(text) {
        Ok(Value::String(inner)) => match serde_json::from_str(&inner) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ => Value::String(inner),
        },
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    }
}

fn decoded_json(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or(Value::Null)
}

enum Found<'v> {
    Value(&'v Value),
    /// In a list of texts that mention what was looked for: whether one does.
    Text(bool),
    /// There is no such member or element.
    Nothing,
    /// The path does not fit what is there.
    Nowhere,
}

impl Found<'_> {
    fn value(&self) -> Value {
        match self {
            Self::Value(value) => (*value).clone(),
            _ => Value::Null,
        }
    }
}

/// What stands at a path of the diff (`a.b[id=x].c`) in a value of the log.
fn at<'v>(value: &'v Value, path: &str) -> Found<'v> {
    let mut value = value;
    let mut rest = path;
    while !rest.is_empty() {
        let found = if let Some(selector) = rest.strip_prefix('[') {
            let Some((selector, after)) = selector.split_once(']') else {
                return Found::Nowhere;
            };
            rest = after.strip_prefix('.').unwrap_or(after);
            let Some((key, wanted)) = selector.split_once('=') else {
                return Found::Nowhere;
            };
            element(value, key, wanted)
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after.strip_prefix('.').unwrap_or(after);
            member(value, name)
        };
        match found {
            Found::Value(inner) => value = inner,
            Found::Text(_) if !rest.is_empty() => return Found::Nowhere,
            other => return other,
        }
    }
    Found::Value(value)
}

fn member<'v>(value: &'v Value, name: &str) -> Found<'v> {
    match sole(value) {
        Value::Object(members) => members
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map_or(Found::Nothing, |(_, member)| Found::Value(member)),
        nothing if is_nothing(nothing) => Found::Nothing,
        _ => Found::Nowhere,
    }
}

/// The only element of an array of one, or the value itself.
fn sole(value: &Value) -> &Value {
    match value {
        Value::Array(elements) if elements.len() == 1 => &elements[0],
        other => other,
    }
}

fn element<'v>(value: &'v Value, key: &str, wanted: &str) -> Found<'v> {
    let Value::Array(elements) = value else {
        return if is_nothing(value) {
            Found::Nothing
        } else {
            Found::Nowhere
        };
    };
    if elements.iter().all(Value::is_object) {
        let is_it = |element: &&Value| {
            let members = element.as_object().into_iter().flatten();
            members
                .filter(|(name, _)| name.eq_ignore_ascii_case(key))
                .filter_map(|(_, own)| own.as_str())
                .any(|own| own.eq_ignore_ascii_case(wanted))
        };
        let found = elements.iter().find(is_it);
        return found.map_or(Found::Nothing, Found::Value);
    }
    if elements.iter().all(Value::is_string) {
        let mentions =
            |element: &Value| element.as_str().is_some_and(|text| contains(text, wanted));
        return Found::Text(elements.iter().any(mentions));
    }
    Found::Nowhere
}

/// Whether two values mean the same; `None` where they are written in forms that cannot be compared.
pub(crate) fn equal(log: &Value, graph: &Value) -> Option<bool> {
    match (is_nothing(log), is_nothing(graph)) {
        (true, true) => return Some(true),
        (true, false) | (false, true) => return Some(false),
        (false, false) => {}
    }
    match (log, graph) {
        (Value::Array(first), Value::Array(second)) => {
            if first.iter().chain(second).all(is_scalar) {
                return Some(sorted(first) == sorted(second));
            }
            (pruned(log) == pruned(graph)).then_some(true)
        }
        (Value::Array(elements), scalar) | (scalar, Value::Array(elements)) => {
            match elements.as_slice() {
                [only] => equal(only, scalar),
                _ => None,
            }
        }
        (Value::Object(_), Value::Object(_)) => (pruned(log) == pruned(graph)).then_some(true),
        (Value::String(first), Value::String(second)) => {
            Some(first == second || are_the_same_time(first, second))
        }
        (Value::Bool(first), Value::Bool(second)) => Some(first == second),
        (Value::Number(first), Value::Number(second)) => {
            Some(first == second || first.as_f64() == second.as_f64())
        }
        // Written as text: equal if it reads the same, and else perhaps another way to write it.
        (Value::String(text), other) | (other, Value::String(text)) if is_scalar(other) => {
            if text.eq_ignore_ascii_case(&other.to_string()) {
                Some(true)
            } else if other.is_boolean() && matches!(&*text.to_ascii_lowercase(), "true" | "false")
            {
                Some(false)
            } else {
                None
            }
        }
        _ => None,
    }
}

fn are_the_same_time(first: &str, second: &str) -> bool {
    match (model::parse_time(first), model::parse_time(second)) {
        (Ok(first), Ok(second)) => {
            (first.as_second() - second.as_second()).abs() <= SAME_TIME_SECONDS
        }
        _ => false,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn sorted(elements: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = elements.iter().map(Value::to_string).collect();
    texts.sort_unstable();
    texts
}

/// A value without what says nothing: empty members and annotations; members and elements in one order.
fn pruned(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut kept: Vec<String> = members
                .iter()
                .filter(|(name, value)| !name.contains('@') && !is_nothing(value))
                .map(|(name, value)| format!("{name}:{}", pruned(value)))
                .collect();
            kept.sort_unstable();
            format!("{{{}}}", kept.join(","))
        }
        Value::Array(elements) => {
            let mut kept: Vec<String> = elements.iter().map(pruned).collect();
            kept.sort_unstable();
            format!("[{}]", kept.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(
        old: Option<&str>,
        new: Option<&str>,
        path: &str,
        is: (Option<&str>, Option<&str>),
    ) -> Verdict {
        let told = Told {
            name: "N".to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        };
        let change = Change {
            path: path.to_owned(),
            old: is.0.map(str::to_owned),
            new: is.1.map(str::to_owned),
        };
        verdict(&told, path, &change)
    }

    #[test]
    fn values_are_compared_whatever_they_are_wrapped_in() {
        let is = (Some("\"Sales\""), Some("\"Legal\""));
        assert_eq!(
            judged(Some("[\"Sales\"]"), Some("[\"Legal\"]"), "", is),
            Verdict::Same
        );
        assert_eq!(
            judged(Some("\"Sales\""), Some("\"Legal\""), "", is),
            Verdict::Same
        );
        assert_eq!(judged(None, Some("Legal"), "", is), Verdict::Same);
        assert_eq!(
            judged(Some("[\"Sales\"]"), Some("[\"HR\"]"), "", is),
            Verdict::Another
        );
        assert_eq!(
            judged(Some("[\"Legal\"]"), Some("[\"Legal\"]"), "", is),
            Verdict::Another
        );
        assert_eq!(judged(None, None, "", is), Verdict::Unsaid);
        assert_eq!(
            judged(
                Some("[true]"),
                Some("[false]"),
                "",
                (Some("true"), Some("false"))
            ),
            Verdict::Same
        );
        assert_eq!(
            judged(
                Some("[\"x\"]"),
                Some("[]"),
                "",
                (Some("\"x\""), Some("null"))
            ),
            Verdict::Same
        );
        let audience = (None, Some("\"AzureADMultipleOrgs\""));
        assert_eq!(
            judged(Some("[false]"), Some("[true]"), "", audience),
            Verdict::Unclear
        );
    }

    #[test]
    fn credentials_are_known_by_their_key() {
        let key = "c7890f61-0000-4000-8000-000000000001";
        let path = format!("[keyId={key}]");
        let text =
            format!(r#"["[KeyIdentifier={key},KeyType=Password,KeyUsage=Verify,DisplayName=x]"]"#);
        let added = (None, Some("{}"));
        assert_eq!(judged(Some("[]"), Some(&text), &path, added), Verdict::Same);
        assert_eq!(
            judged(Some(&text), Some("[]"), &path, added),
            Verdict::Another
        );
        assert_eq!(
            judged(Some(&text), Some("[]"), &path, (Some("{}"), None)),
            Verdict::Same
        );
        let other = "[keyId=aaaaaaaa-0000-4000-8000-000000000001]";
        assert_eq!(
            judged(Some("[]"), Some(&text), other, added),
            Verdict::Another
        );
    }

    #[test]
    fn an_element_is_found_in_another_form_by_its_id() {
        let (app, role) = (
            "00000003-0000-0000-c000-000000000000",
            "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
        );
        let path = format!("[resourceAppId={app}].resourceAccess[id={role}]");
        let form = |roles: &str| {
            format!(r#"[{{"ResourceAppId":"{app}","RequiredAppPermissions":[{roles}]}}]"#)
        };
        let (without, with) = (form(""), form(&format!(r#"{{"EntitlementId":"{role}"}}"#)));
        let added = (None, Some("{}"));
        assert_eq!(
            judged(Some(&without), Some(&with), &path, added),
            Verdict::Same
        );
        assert_eq!(
            judged(Some(&with), Some(&without), &path, added),
            Verdict::Another
        );
        assert_eq!(
            judged(Some(&with), Some(&with), &path, added),
            Verdict::Unclear
        );
    }

    #[test]
    fn a_whole_policy_tells_of_each_of_its_properties() {
        let told = Told {
            name: "ConditionalAccessPolicy".to_owned(),
            old: Some(
                r#"{"state":"enabled","conditions":{"users":{"excludeUsers":[]}}}"#.to_owned(),
            ),
            new: Some(
                r#"{"state":"disabled","conditions":{"users":{"excludeUsers":[]}}}"#.to_owned(),
            ),
        };
        let change = |path: &str, new: &str| Change {
            path: path.to_owned(),
            old: None,
            new: Some(new.to_owned()),
        };
        assert_eq!(
            verdict_of_whole(&told, &change("state", "\"disabled\"")),
            Verdict::Same
        );
        assert_eq!(
            verdict_of_whole(&told, &change("conditions.users.excludeUsers", "[\"x\"]")),
            Verdict::Another
        );
        assert_eq!(
            verdict_of_whole(&told, &change("sessionControls", "{}")),
            Verdict::Unclear
        );
    }
}
