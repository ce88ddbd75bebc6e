//! Properties of which an event tells something that neither reading shows.

use catalog::{Kind, audit};
use serde_json::Value;

use super::super::event::{self, Target};
use super::super::values::{equal, told_values};

/// A property by an event's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) path: String,
    /// As JSON.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// The properties of a target that are the same before and after, though the event tells of others.
pub(super) fn contradicted(
    kind: &Kind,
    target: &Target,
    before: &Value,
    after: &Value,
) -> Vec<Told> {
    let mut found = Vec::new();
    for told in &target.told {
        if audit::is_whole(kind, &told.name) {
            if let Some((old, new)) = told_values(told) {
                leaves(kind, &old, &new, "", (before, after), &mut found);
            }
            continue;
        }
        if told.name == "KeyDescription" {
            found.extend(credentials(told, before, after));
            continue;
        }
        let Some((old, new)) = told_values(told) else {
            continue;
        };
        for path in audit::paths(kind, &told.name) {
            let ends = (inside(before, path), inside(after, path));
            found.extend(judged(kind, path, (&old, &new), ends));
        }
    }
    found
}

/// Whether an event contradicts a property that did not change.
fn judged(
    kind: &Kind,
    path: &str,
    (old, new): (&Value, &Value),
    (before, after): (&Value, &Value),
) -> Option<Told> {
    let top = model::top_property(path);
    let is_own = kind.volatile.contains(&top) || kind.drift.contains(&top) || audit::is_stamp(path);
    if is_own || before != after || equal(old, new) != Some(false) {
        return None;
    }
    let is_another = equal(new, after) == Some(false)
        || (equal(new, after) == Some(true) && equal(old, before) == Some(false));
    is_another.then(|| Told {
        path: path.to_owned(),
        old: written(old),
        new: written(new),
    })
}

/// The changed leaves of an object that the event has as a whole.
fn leaves(
    kind: &Kind,
    old: &Value,
    new: &Value,
    path: &str,
    (before, after): (&Value, &Value),
    found: &mut Vec<Told>,
) {
    let (Some(was), Some(is)) = (old.as_object(), new.as_object()) else {
        found.extend(judged(kind, path, (old, new), (before, after)));
        return;
    };
    for name in was
        .keys()
        .chain(is.keys().filter(|name| !was.contains_key(*name)))
    {
        // What the object does not have at all, the log shows in a form of its own.
        let Some(seen) = before.get(name) else {
            continue;
        };
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let member = |of: &Value| of.get(name).cloned().unwrap_or(Value::Null);
        leaves(
            kind,
            &member(old),
            &member(new),
            &path,
            (seen, &member(after)),
            found,
        );
    }
}

/// Credentials that came and went, by their keys' ids.
fn credentials(told: &event::Told, before: &Value, after: &Value) -> Vec<Told> {
    let (old, new) = (
        told.old.as_deref().unwrap_or_default(),
        told.new.as_deref().unwrap_or_default(),
    );
    let (was, is) = (before.to_string(), after.to_string());
    let mut found = Vec::new();
    for (first, second, is_added) in [(old, new, true), (new, old, false)] {
        for key in keys(second).filter(|key| !event::contains(first, key.id)) {
            let there = (event::contains(&was, key.id), event::contains(&is, key.id));
            if there == (!is_added, !is_added) {
                let value = Some(Value::from(key.text).to_string());
                found.push(Told {
                    path: format!("{}[keyId={}]", key.property, key.id),
                    old: if is_added { None } else { value.clone() },
                    new: if is_added { value } else { None },
                });
            }
        }
    }
    found
}

struct Key<'t> {
    id: &'t str,
    property: &'static str,
    text: &'t str,
}

/// The credentials in a text like `["[KeyIdentifier=...,KeyType=Password,...]"]`.
fn keys(text: &str) -> impl Iterator<Item = Key<'_>> {
    text.split("KeyIdentifier=").skip(1).filter_map(|rest| {
        let id = rest.get(..36).filter(|id| model::is_guid(id))?;
        let text = rest.split(']').next().unwrap_or(rest);
        let property = if text.contains("KeyType=Password") {
            "passwordCredentials"
        } else {
            "keyCredentials"
        };
        Some(Key { id, property, text })
    })
}

fn inside<'v>(value: &'v Value, path: &str) -> &'v Value {
    static NOTHING: Value = Value::Null;
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
        .unwrap_or(&NOTHING)
}

fn written(value: &Value) -> Option<String> {
    (!value.is_null()).then(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(name: &str, old: &str, new: &str) -> Target {
        Target {
            told: vec![event::Told {
                name: name.to_owned(),
                old: Some(old.to_owned()),
                new: Some(new.to_owned()),
            }],
            ..Target::default()
        }
    }

    fn found(
        kind: &str,
        target: &Target,
        before: &Value,
        after: &Value,
    ) -> Vec<(String, Option<String>)> {
        let kind = catalog::by_name(kind).expect("because it is listed");
        let found = contradicted(kind, target, before, after);
        found
            .into_iter()
            .map(|told| (told.path, told.new))
            .collect()
    }

    #[test]
    fn only_what_was_put_back_contradicts() {
        let off = target("AccountEnabled", "[true]", "[false]");
        let on = target("AccountEnabled", "[false]", "[true]");
        let enabled = json!({"accountEnabled": true});
        let disabled = json!({"accountEnabled": false});
        let told = |value: &str| vec![("accountEnabled".to_owned(), Some(value.to_owned()))];
        assert_eq!(found("user", &off, &enabled, &enabled), told("[false]"));
        assert_eq!(found("user", &on, &enabled, &enabled), told("[true]"));
        assert_eq!(found("user", &off, &enabled, &disabled), []);
        assert_eq!(found("user", &off, &disabled, &disabled), told("[false]"));
    }

    #[test]
    fn a_whole_policy_is_looked_through() {
        let policy = json!({"state": "enabled", "modifiedDateTime": "x", "conditions": {"users": {"excludeUsers": []}}});
        let off = target(
            "ConditionalAccessPolicy",
            r#"{"state":"enabled","modifiedDateTime":"x","conditions":{"users":{"excludeUsers":[]}},"etag":1}"#,
            r#"{"state":"disabled","modifiedDateTime":"y","conditions":{"users":{"excludeUsers":["a"]}},"etag":2}"#,
        );
        let paths: Vec<String> = found("conditional_access_policy", &off, &policy, &policy)
            .into_iter()
            .map(|(path, _)| path)
            .collect();
        assert_eq!(paths, ["state", "conditions.users.excludeUsers"]);
    }

    #[test]
    fn a_secret_that_came_and_went_is_found() {
        let key = "c7890f61-0000-4000-8000-000000000001";
        let text = format!(r#"["[KeyIdentifier={key},KeyType=Password,DisplayName=x]"]"#);
        let added = target("KeyDescription", "[]", &text);
        let none = json!({"passwordCredentials": []});
        let path = format!("passwordCredentials[keyId={key}]");
        assert_eq!(found("application", &added, &none, &none)[0].0, path);
        let there = json!({"passwordCredentials": [{"keyId": key}]});
        assert_eq!(found("application", &added, &none, &there), []);
    }
}
