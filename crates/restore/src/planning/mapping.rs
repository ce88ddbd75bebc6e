//! Which objects of two archives are the same: by id, else by what people know them by.

use std::borrow::Cow;
use std::collections::HashMap;

use catalog::Kind;
use model::{KEY_SEPARATOR, Parser, Value};
use store::Ordinal;

use super::difference::Difference;
use super::mention::{display, guids, referred};
use super::request::State;
use super::rows::is_attachment;
use crate::error::Result;

/// Ids and domain names of the wanted state, and what they are in the tenant the plan is for.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    ids: HashMap<String, String>,
    domains: Vec<(String, String)>,
}

impl Mapping {
    pub(super) fn new(domains: &[(String, String)]) -> Self {
        Self {
            ids: HashMap::new(),
            domains: domains.to_vec(),
        }
    }

    /// The id in the tenant the plan is for.
    pub(super) fn id<'i>(&'i self, id: &'i str) -> &'i str {
        self.ids.get(id).map_or(id, String::as_str)
    }

    pub(super) fn is_known(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// A stored key with the ids of the tenant the plan is for.
    pub(super) fn key<'k>(&self, key: &'k str) -> Cow<'k, str> {
        if self.ids.is_empty() {
            return key.into();
        }
        let parts: Vec<&str> = key.split(KEY_SEPARATOR).map(|part| self.id(part)).collect();
        parts.join(&KEY_SEPARATOR.to_string()).into()
    }

    /// A version with the ids and domain names of the tenant the plan is for.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.ids.is_empty() && self.domains.is_empty() {
            return text.into();
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        for guid in guids(text) {
            // Offsets, since what is found is a part of the same text.
            let at = guid.as_ptr() as usize - rest.as_ptr() as usize;
            out.push_str(&rest[..at]);
            out.push_str(
                self.ids
                    .get(&guid.to_ascii_lowercase())
                    .map_or(guid, |id| id),
            );
            rest = &rest[at + guid.len()..];
        }
        out.push_str(rest);
        for (old, new) in &self.domains {
            out = out
                .replace(&format!("@{old}\""), &format!("@{new}\""))
                .replace(&format!("\"{old}\""), &format!("\"{new}\""));
        }
        out.into()
    }

    fn learn(&mut self, old: &str, new: &str) {
        if !old.is_empty() && old != new {
            self.ids.insert(old.to_owned(), new.to_owned());
        }
    }
}

/// What there is of an object to know it again by.
struct Known {
    ordinal: Ordinal,
    key: String,
    app_id: Option<String>,
}

/// Pairs the objects of two archives, kind by kind: those that others are known by first.
pub(super) fn pair(
    wanted: State<'_>,
    current: State<'_>,
    differences: &mut [Difference],
    domains: &[(String, String)],
) -> Result<Mapping> {
    let mut mapping = Mapping::new(domains);
    if model::is_guid(wanted.archive.tenant()) {
        mapping.learn(wanted.archive.tenant(), current.archive.tenant());
    }
    let mut order: Vec<usize> = (0..differences.len()).collect();
    let rank = |kind: &Kind| match kind.name {
        "service_principal" => 1,
        _ if kind.is_relationship() => 4,
        _ if is_attachment(kind) => 2 + u32::from(kind.parents().len() > 1),
        _ => 0,
    };
    order.sort_by_key(|at| rank(differences[*at].kind));
    for at in order {
        pair_kind(wanted, current, &mut differences[at], &mut mapping)?;
    }
    Ok(mapping)
}

fn pair_kind(
    wanted: State<'_>,
    current: State<'_>,
    difference: &mut Difference,
    mapping: &mut Mapping,
) -> Result<()> {
    let kind = difference.kind;
    let (Some(was), Some(is)) = (difference.wanted.number, difference.current.number) else {
        return Ok(());
    };
    let mut parser = Parser::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut known: Vec<Known> = Vec::new();
    current
        .archive
        .versions(is, &difference.current.alive, |ordinal, key, text| {
            let at = known.len();
            let mut app_id = None;
            if !kind.is_relationship()
                && let Ok(document) = parser.parse_text(text)
            {
                let root = document.root();
                app_id = root.get("appId").and_then(Value::text).map(Into::into);
                if let Some(name) = natural(kind, key, root) {
                    by_name.insert(name, at);
                }
            }
            by_key.insert(key.to_owned(), at);
            known.push(Known {
                ordinal,
                key: key.to_owned(),
                app_id,
            });
            Ok(())
        })?;
    let mut taken = vec![false; known.len()];
    let mut changed = Vec::new();
    wanted
        .archive
        .versions(was, &difference.wanted.alive, |ordinal, key, text| {
            let key_there = mapping.key(key);
            let mut found = by_key.get(&*key_there).copied();
            let mut app_id: Option<String> = None;
            if !kind.is_relationship() {
                let mapped = mapping.text(text);
                if let Ok(document) = parser.parse_text(&mapped) {
                    let root = document.root();
                    app_id = root.get("appId").and_then(Value::text).map(Into::into);
                    if found.is_none() {
                        let name = natural(kind, &key_there, root);
                        found = name.and_then(|name| by_name.get(&name).copied());
                    }
                }
            }
            if let Some(at) = found.filter(|at| !taken[*at]) {
                taken[at] = true;
                let there = &known[at];
                changed.push((ordinal, there.ordinal));
                let own = |key: &str| {
                    key.rsplit(KEY_SEPARATOR)
                        .next()
                        .unwrap_or_default()
                        .to_owned()
                };
                mapping.learn(&own(key), &own(&there.key));
                if kind.name == "application"
                    && let (Some(old), Some(new)) = (app_id, &there.app_id)
                {
                    mapping.learn(&old.to_ascii_lowercase(), new);
                }
            }
            Ok(())
        })?;
    for (was, is) in &changed {
        difference.missing.remove(*was);
        difference.added.remove(*is);
    }
    changed.sort_unstable();
    difference.changed = changed;
    Ok(())
}

/// What tells an object apart where ids differ: with ids and domains of the tenant the plan is for.
fn natural(kind: &Kind, key: &str, value: Value<'_>) -> Option<String> {
    if kind.shape == catalog::Shape::Singleton {
        return Some(kind.name.to_owned());
    }
    let text = |name: &str| value.get(name).and_then(Value::text);
    let own = match kind.name {
        "user" => text("userPrincipalName")?.to_lowercase(),
        "service_principal" => text("appId")?.to_lowercase(),
        "application" | "group" => text("uniqueName")
            .or_else(|| text("displayName"))?
            .to_lowercase(),
        _ if is_attachment(kind) => {
            let mut ids = String::new();
            referred(kind, value, &mut |id| {
                ids.push_str(id);
                ids.push('|');
            });
            let name = if ids.is_empty() || kind.parent.is_some() {
                display(kind, value).unwrap_or_default()
            } else {
                text("appRoleId").unwrap_or_default().into_owned()
            };
            format!("{ids}{name}")
        }
        _ => display(kind, value)?.to_lowercase(),
    };
    let parents = key.rfind(KEY_SEPARATOR).map_or("", |at| &key[..at]);
    Some(format!("{parents}{KEY_SEPARATOR}{own}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "3f1c0e00-0000-4000-8000-00000000000a";
    const NEW: &str = "3f1c0e00-0000-4000-8000-00000000000b";

    #[test]
    fn ids_and_domains_are_exchanged_wherever_they_stand() {
        let mut mapping = Mapping::new(&[("a.example".to_owned(), "b.example".to_owned())]);
        mapping.learn(OLD, NEW);
        let text = format!(
            r#"{{"upn":"é@a.example","query":"/groups/{}/members","other":"x@sub.a.example"}}"#,
            OLD.to_uppercase()
        );
        let expected = format!(
            r#"{{"upn":"é@b.example","query":"/groups/{NEW}/members","other":"x@sub.a.example"}}"#
        );
        assert_eq!(mapping.text(&text), expected);
        assert_eq!(
            mapping.key(&format!("x\u{1f}{OLD}")),
            format!("x\u{1f}{NEW}")
        );
    }
}
