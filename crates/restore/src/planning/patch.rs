//! What is sent about one object: the values, what they are afterwards, and what takes them back.

use std::borrow::Cow;
use std::collections::HashSet;

use catalog::{Body, Kind, NewVersion, Operation};
use model::{DiffRules, PathTree, diff, top_property};
use serde_json::{Map, Value};

use super::bodies;
use super::draft::{Draft, Subject};
use super::mention::all_guids;
use super::refusal::{Refusal, of_operation};
use super::values::{set_at, to_body, to_json};
use crate::error::{Error, Result};
use crate::plan::{Action, Expected, Inverse, PropertyChange};

static NO_SETS: PathTree = PathTree::EMPTY;

/// Two values of one property.
pub(super) struct Pair<'v> {
    pub(super) name: Cow<'v, str>,
    pub(super) wanted: Option<model::Value<'v>>,
    pub(super) current: Option<model::Value<'v>>,
}

/// What is sent, and what it undoes.
#[derive(Default)]
pub(super) struct Patch {
    pub(super) values: Vec<Sent>,
    pub(super) properties: Vec<PropertyChange>,
}

/// One property of a patch.
pub(super) struct Sent {
    pub(super) name: String,
    /// As the request carries it.
    body: Value,
    /// As the tenant shows it afterwards.
    expected: Value,
    /// As the request carries it that takes it back.
    inverse: Value,
}

impl Patch {
    /// What each request carries, and the request: one for all values, and one for each that an update does not take.
    pub(super) fn parts(
        mut self,
        kind: &Kind,
    ) -> Vec<(std::result::Result<Operation, Refusal>, Self)> {
        let mut parts = Vec::new();
        for apart in kind.writing.map_or(&[][..], |it| it.apart) {
            let part = self.split(|name| name == apart.property);
            if !part.values.is_empty() {
                parts.push((Ok(apart.operation()), part));
            }
        }
        if let Some(version) = kind.writing.and_then(|it| it.version)
            && self
                .values
                .iter()
                .any(|it| version.needed_for.contains(&&*it.name))
        {
            let part = self.split(|name| version.tells(name));
            parts.push((Ok(version.operation), part));
        }
        if !self.values.is_empty() {
            let update = kind.writing.and_then(|it| it.update);
            parts.insert(0, (of_operation(kind, update.as_ref(), "change"), self));
        }
        parts
    }

    /// Takes out some of the properties.
    fn split(&mut self, is_meant: impl Fn(&str) -> bool) -> Self {
        let values = std::mem::take(&mut self.values).into_iter();
        let (taken, rest) = values.partition(|it| is_meant(&it.name));
        self.values = rest;
        let properties = std::mem::take(&mut self.properties).into_iter();
        let (properties, rest) = properties.partition(|it| is_meant(top_property(&it.path)));
        self.properties = rest;
        Self {
            values: taken,
            properties,
        }
    }

    /// Takes over a value that did not change but names what gets another id.
    pub(super) fn keep(
        &mut self,
        property: &str,
        value: model::Value<'_>,
        made: &HashSet<String>,
    ) -> Result<()> {
        if value.raw().len() < 36 {
            return Ok(());
        }
        let body = to_body(value)?;
        let mut names_made = false;
        all_guids(&body, &mut |id| names_made |= made.contains(id));
        if names_made {
            let shown = to_json(value)?;
            self.properties.push(PropertyChange {
                path: property.to_owned(),
                old: Some(shown.clone()),
                new: Some(shown.clone()),
            });
            self.values.push(Sent {
                name: property.to_owned(),
                body,
                expected: shown.clone(),
                inverse: shown,
            });
        }
        Ok(())
    }

    /// Takes in a property that differs: the whole of it, or only what was asked for.
    pub(super) fn set(&mut self, pair: &Pair<'_>, sets: &PathTree, only: &[String]) -> Result<()> {
        let Some(wanted) = pair.wanted else {
            return Ok(());
        };
        let name = &*pair.name;
        let inside: Vec<&str> = only
            .iter()
            .filter_map(|path| path.strip_prefix(name)?.strip_prefix('.'))
            .collect();
        let whole = inside.is_empty() || only.iter().any(|path| path == name);
        let (mut body, mut shown) = (to_body(wanted)?, to_json(wanted)?);
        let before = pair.current.map(to_json).transpose()?;
        if let (false, Some(current), Some(before)) = (whole, pair.current, &before) {
            let (wanted_body, wanted_shown) = (body, shown);
            body = to_body(current)?;
            shown = before.clone();
            for path in &inside {
                set_at(&mut body, path, &wanted_body);
                set_at(&mut shown, path, &wanted_shown);
            }
            if shown == *before {
                return Ok(());
            }
        }
        let found = changes(name, wanted, pair.current, sets)?;
        let is_inside = |change: &PropertyChange| {
            whole
                || inside.iter().any(|path| {
                    let below = change.path.strip_prefix(name);
                    below.is_some_and(|below| below.trim_start_matches('.').starts_with(path))
                })
        };
        self.properties.extend(found.into_iter().filter(is_inside));
        let before = pair.current.map(to_body);
        let before = before.transpose()?.unwrap_or(Value::Null);
        self.values.push(Sent {
            name: name.to_owned(),
            body,
            expected: shown,
            inverse: before,
        });
        Ok(())
    }

    pub(super) fn into_draft(
        self,
        subject: Subject<'_>,
        operation: &Operation,
        was: model::Value<'_>,
        is: model::Value<'_>,
    ) -> Result<Option<Draft>> {
        let kind = subject.kind;
        let (mut sent, mut taken_back) = (opened(kind, &self, was), opened(kind, &self, is));
        let mut expected = Map::with_capacity(self.values.len());
        for value in self.values {
            sent.insert(value.name.clone(), value.body);
            taken_back.insert(value.name.clone(), value.inverse);
            expected.insert(value.name, value.expected);
        }
        let (body, inverse) = match operation.body {
            Body::Action { member, word } => {
                let word = (member, word);
                (
                    bodies::action(subject, word, was)?,
                    bodies::action(subject, word, is)?,
                )
            }
            _ => {
                let version = kind.writing.and_then(|it| it.version);
                match version.filter(|it| it.operation == *operation) {
                    Some(version) => (whole(&version, sent, is)?, whole(&version, taken_back, is)?),
                    None => (Value::Object(sent), Value::Object(taken_back)),
                }
            }
        };
        let Some(request) = subject.request(operation, Some(body)) else {
            return Ok(None);
        };
        let inverse = subject.request(operation, Some(inverse));
        let mut draft = subject.draft(Action::Update, request);
        draft.step.properties = self.properties;
        draft.step.properties.shrink_to_fit();
        draft.step.expected = Expected::Present {
            properties: expected,
        };
        draft.step.inverse = inverse.map_or_else(
            || Inverse::Impossible("it has no address".to_owned()),
            Inverse::Request,
        );
        Ok(Some(draft))
    }
}

/// The body of a new version: what changes, and of everything else it is told what is there.
fn whole(
    version: &NewVersion,
    mut changed: Map<String, Value>,
    is: model::Value<'_>,
) -> Result<Value> {
    for name in version.needed_for.iter().chain(version.besides) {
        if let (false, Some(value)) = (changed.contains_key(*name), is.get(name)) {
            changed.insert((*name).to_owned(), to_body(value)?);
        }
    }
    let member = version.member.to_owned();
    Ok(Value::Object(Map::from_iter([(member, changed.into())])))
}

/// A body that so much is put into: with the type in front where the collection has several.
fn opened(kind: &Kind, patch: &Patch, object: model::Value<'_>) -> Map<String, Value> {
    let word = object.get("@odata.type").and_then(model::Value::text);
    let word = word.filter(|_| !kind.derived_types.is_empty());
    let mut body = Map::with_capacity(patch.values.len() + usize::from(word.is_some()));
    if let Some(word) = word {
        body.insert("@odata.type".to_owned(), word.into_owned().into());
    }
    body
}

/// What changed below a property, by path.
fn changes(
    property: &str,
    wanted: model::Value<'_>,
    current: Option<model::Value<'_>>,
    sets: &PathTree,
) -> Result<Vec<PropertyChange>> {
    let Some(current) = current else {
        return Ok(vec![PropertyChange {
            path: property.to_owned(),
            old: None,
            new: Some(to_json(wanted)?),
        }]);
    };
    let parsed = |text: Option<String>| {
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| Error::Internal(format!("a difference is no JSON: {error}")))
    };
    let found = diff(current, wanted, rules(sets, property));
    let changes = found.into_iter().map(|change| {
        let path = match change.path.as_str() {
            "" => property.to_owned(),
            path if path.starts_with('[') => format!("{property}{path}"),
            path => format!("{property}.{path}"),
        };
        Ok(PropertyChange {
            path,
            old: parsed(change.old)?,
            new: parsed(change.new)?,
        })
    });
    changes.collect()
}

/// How the values of a property are compared.
pub(super) fn rules<'s>(sets: &'s PathTree, property: &str) -> DiffRules<'s> {
    DiffRules {
        sets: sets.child(property).unwrap_or(&NO_SETS),
        annotation: catalog::is_transport,
    }
}
