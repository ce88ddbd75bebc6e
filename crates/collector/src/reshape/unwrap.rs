//! Documents that only carry others.

use std::borrow::Cow;

use model::{JsonKind, Value};

/// What a document carries.
#[derive(Debug)]
pub(crate) enum Inside<'a> {
    /// The elements of a page, its `@odata.context`, and whether it says that another follows.
    List(Value<'a>, Option<Cow<'a, str>>, bool),
    /// One object, and the `@odata.context` beside it.
    One(Value<'a>, Option<Cow<'a, str>>),
    /// An event in a log forwarder's envelope, and the type it gave it.
    Logged(Value<'a>, Cow<'a, str>),
    /// A unified audit record in a search result: an object, or its text.
    AuditData(Value<'a>),
    /// Graph's answer that something failed.
    Failure(String),
}

/// Properties that stand beside a page's list: `Count` is what Windows PowerShell adds.
const BESIDE: [&str; 5] = [
    "count",
    "nextlink",
    "odata.metadata",
    "odata.nextlink",
    "skiptoken",
];

/// What the document carries, where it is nothing but an envelope.
pub(crate) fn unwrap<'a>(object: Value<'a>) -> Option<Inside<'a>> {
    let mut list = None;
    let mut others = 0_usize;
    let mut context = None;
    let mut followed = false;
    for (key, value) in object.members() {
        if key == "@odata.context" {
            context = value.text();
        }
        followed |= key.ends_with("nextLink") && !value.is_null();
        let lower = key.to_ascii_lowercase();
        match lower.as_str() {
            "value" | "records" if list.is_none() => list = Some(value),
            _ if key.starts_with('@') || BESIDE.contains(&lower.as_str()) => {}
            _ => others += 1,
        }
    }
    if let (Some(list), 0) = (list, others) {
        match list.kind() {
            // One element that is no object is that element's fault, not the list's.
            JsonKind::Array
                if list.elements().next().is_none()
                    || list
                        .elements()
                        .any(|element| element.kind() == JsonKind::Object) =>
            {
                return Some(Inside::List(list, context, followed));
            }
            JsonKind::Object => return Some(Inside::One(list, context)),
            _ => {}
        }
    }
    let member = |name: &str| object.get(name);
    let is_object = |value: &Value<'a>| value.kind() == JsonKind::Object;
    if let Some(log_type) = member("log_type").and_then(Value::text)
        && let Some(event) = member("event").filter(is_object)
    {
        return Some(Inside::Logged(event, log_type));
    }
    if let Some(data) = member("AuditData") {
        let holds = |text: Cow<'_, str>| text.trim_start().starts_with('{');
        if is_object(&data) || data.text().is_some_and(holds) {
            return Some(Inside::AuditData(data));
        }
    }
    let error = member("error").filter(|error| is_object(error) && others == 1)?;
    let code = error.get("code").and_then(Value::text)?;
    Some(Inside::Failure(code.into_owned()))
}

#[cfg(test)]
mod tests {
    use model::Parser;

    use super::*;

    fn name(text: &str) -> &'static str {
        let mut parser = Parser::new();
        let document = parser.parse(text.as_bytes()).expect("because it is JSON");
        match unwrap(document.root()) {
            None => "nothing",
            Some(Inside::List(..)) => "list",
            Some(Inside::One(..)) => "one",
            Some(Inside::Logged(..)) => "logged",
            Some(Inside::AuditData(..)) => "audit",
            Some(Inside::Failure(..)) => "failure",
        }
    }

    #[test]
    fn envelopes_are_told_from_objects() {
        for (text, expected) in [
            (r#"{"value":[{}],"Count":1}"#, "list"),
            (r#"{"records":[]}"#, "list"),
            (r#"{"value":{"id":"x"}}"#, "one"),
            (r#"{"value":[{}],"id":"x"}"#, "nothing"),
            (r#"{"value":["a"]}"#, "nothing"),
            (r#"{"value":[{},42]}"#, "list"),
            (r#"{"log_type":"x","event":{},"case":"y"}"#, "logged"),
            (r#"{"AuditData":"{}","Operations":"x"}"#, "audit"),
            (r#"{"error":{"code":"Forbidden","message":""}}"#, "failure"),
            (r#"{"error":{"code":"x"},"id":"y"}"#, "nothing"),
            ("{}", "nothing"),
        ] {
            assert_eq!(name(text), expected, "{text}");
        }
    }
}
