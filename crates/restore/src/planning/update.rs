//! An object that is there with other values: which of them are sent.

use std::collections::HashMap;

use catalog::{Body, Kind, NewVersion, Operation};
use model::{DiffRules, Parser, PathTree, diff, equivalent};
use serde_json::{Map, Value};

use super::draft::{Draft, Drafted, Subject};
use super::mention::display;
use super::refusal::{of_object, of_operation};
use super::request::PlanOptions;
use super::values::{is_bookkeeping, may_be_written, set_at, to_body, to_json, top};
use super::{bodies, risk};
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprints;
use crate::plan::{Action, Expected, Inverse, Precondition, PropertyChange, Reason};

static NO_SETS: PathTree = PathTree::EMPTY;

/// Makes steps of changed objects, one after the other.
pub(super) struct Updates<'u> {
    pub(super) options: &'u PlanOptions,
    /// Of the properties only these paths; empty: all.
    pub(super) only: &'u [String],
    sets: HashMap<&'static str, PathTree>,
    old: Parser,
    new: Parser,
    fingerprints: Fingerprints,
}

/// Two values of one property.
struct Pair<'v> {
    name: String,
    wanted: Option<model::Value<'v>>,
    current: Option<model::Value<'v>>,
}

/// What is sent, and what it undoes.
#[derive(Default)]
struct Patch {
    body: Map<String, Value>,
    expected: Map<String, Value>,
    inverse: Map<String, Value>,
    properties: Vec<PropertyChange>,
}

impl<'u> Updates<'u> {
    pub(super) fn new(options: &'u PlanOptions, only: &'u [String]) -> Self {
        Self {
            options,
            only,
            sets: HashMap::new(),
            old: Parser::new(),
            new: Parser::new(),
            fingerprints: Fingerprints::default(),
        }
    }

    /// The step that gives an object its wanted values; `names_made` tells which values must be sent although
    /// they did not change, because what they name gets another id.
    pub(super) fn draft(
        &mut self,
        subject: Subject<'_>,
        wanted: &str,
        current: &str,
        names_made: &dyn Fn(&Value) -> bool,
    ) -> Result<Drafted> {
        let kind = subject.kind;
        let Self {
            options,
            only,
            sets,
            old,
            new,
            fingerprints,
        } = self;
        let sets = &*sets
            .entry(kind.name)
            .or_insert_with(|| PathTree::new(kind.sets.iter().copied()));
        let document = |error| Error::Invalid(format!("{}: {error}", subject.key));
        let was = old.parse_text(wanted).map_err(document)?.root();
        let is = new.parse_text(current).map_err(document)?.root();

        let name = display(kind, was);
        let subject = Subject {
            name: subject.name.or(name.as_deref()),
            ..subject
        };
        let mut drafted = Drafted::default();
        let mut patch = Patch::default();
        let mut refused: Vec<(Reason, String, Vec<String>)> = Vec::new();
        for pair in pairs(was, is) {
            let differs = differs(&pair, sets);
            if !differs || !is_meant(only, &pair.name) || is_bookkeeping(kind, &pair.name) {
                let kept = pair.wanted.zip(pair.current);
                if let Some((wanted, _)) = kept
                    && !differs
                    && may_be_written(kind, &pair.name, wanted, false).is_ok()
                {
                    patch.keep(kind, &pair.name, wanted, names_made)?;
                }
                continue;
            }
            let judged = match pair.wanted {
                Some(wanted) => may_be_written(kind, &pair.name, wanted, false),
                None => Err((
                    Reason::NotRead,
                    "the wanted state does not say what it was".to_owned(),
                )),
            };
            match judged {
                Ok(()) => patch.set(kind, &pair, sets, only)?,
                Err((reason, text)) => note(&mut refused, reason, text, pair.name),
            }
        }
        for (reason, text, properties) in refused {
            drafted
                .impossible
                .push(subject.impossible(properties, reason, text));
        }
        if patch.body.is_empty() {
            return Ok(drafted);
        }
        let operation = match of_object(kind, is).or_else(|| of_object(kind, was)) {
            Some(refusal) => Err(refusal),
            None => of_operation(
                kind,
                kind.writing.and_then(|it| it.update).as_ref(),
                "change",
            ),
        };
        let operation = match operation {
            Ok(operation) => operation,
            Err((reason, text)) => {
                let names = patch.body.keys().cloned().collect();
                drafted
                    .impossible
                    .push(subject.impossible(names, reason, text));
                return Ok(drafted);
            }
        };
        let risks = risk::of_update(kind, &patch.properties, was, is);
        let version = kind.writing.and_then(|it| it.version);
        let version = version.filter(|it| {
            it.needed_for
                .iter()
                .any(|name| patch.body.contains_key(*name))
        });
        let drafted_patch = match version {
            Some(version) => patch.into_version(subject, &version, was, is)?,
            None => patch.into_draft(subject, &operation, was, is)?,
        };
        let Some(mut draft) = drafted_patch else {
            return Ok(drafted);
        };
        draft.precondition = Precondition::Unchanged {
            hash: fingerprints.of(sets, current),
        };
        draft.risks = risks;
        risk::protect(options, &mut draft);
        drafted.drafts.push(draft);
        Ok(drafted)
    }
}

/// The members of both objects by name, in the order of the names.
fn pairs<'v>(wanted: model::Value<'v>, current: model::Value<'v>) -> Vec<Pair<'v>> {
    let mut pairs: Vec<Pair<'v>> = wanted
        .members()
        .map(|(name, value)| Pair {
            name: name.into_owned(),
            wanted: Some(value),
            current: None,
        })
        .collect();
    let count = pairs.len();
    let mut at = 0;
    for (name, value) in current.members() {
        // Both are sorted: the next one is nearly always the same.
        let found = (at < count && pairs[at].name == name)
            .then_some(at)
            .or_else(|| pairs[..count].iter().position(|pair| pair.name == name));
        match found {
            Some(found) => {
                pairs[found].current = Some(value);
                at = found + 1;
            }
            None => pairs.push(Pair {
                name: name.into_owned(),
                wanted: None,
                current: Some(value),
            }),
        }
    }
    pairs
}

fn differs(pair: &Pair<'_>, sets: &PathTree) -> bool {
    match (pair.wanted, pair.current) {
        (Some(wanted), Some(current)) => {
            wanted.raw() != current.raw() && !equivalent(wanted, current, rules(sets, &pair.name))
        }
        // A null that is not said any more is the same to whoever writes.
        (Some(value), None) | (None, Some(value)) => !value.is_null(),
        (None, None) => false,
    }
}

fn rules<'s>(sets: &'s PathTree, property: &str) -> DiffRules<'s> {
    DiffRules {
        sets: sets.child(property).unwrap_or(&NO_SETS),
        annotation: catalog::is_transport,
    }
}

fn is_meant(only: &[String], property: &str) -> bool {
    only.is_empty() || only.iter().any(|path| top(path) == property)
}

fn note(
    refused: &mut Vec<(Reason, String, Vec<String>)>,
    reason: Reason,
    text: String,
    property: String,
) {
    match refused.iter_mut().find(|it| it.0 == reason && it.1 == text) {
        Some((_, _, properties)) => properties.push(property),
        None => refused.push((reason, text, vec![property])),
    }
}

impl Patch {
    /// Takes over a value that did not change but names what gets another id.
    fn keep(
        &mut self,
        kind: &Kind,
        property: &str,
        value: model::Value<'_>,
        names_made: &dyn Fn(&Value) -> bool,
    ) -> Result<()> {
        if value.raw().len() < 36 {
            return Ok(());
        }
        let body = to_body(kind, property, value)?;
        if names_made(&body) {
            let shown = to_json(value)?;
            self.properties.push(PropertyChange {
                path: property.to_owned(),
                old: Some(shown.clone()),
                new: Some(shown.clone()),
            });
            self.expected.insert(property.to_owned(), shown.clone());
            self.inverse.insert(property.to_owned(), shown);
            self.body.insert(property.to_owned(), body);
        }
        Ok(())
    }

    /// Takes in a property that differs: the whole of it, or only what was asked for.
    fn set(
        &mut self,
        kind: &Kind,
        pair: &Pair<'_>,
        sets: &PathTree,
        only: &[String],
    ) -> Result<()> {
        let Some(wanted) = pair.wanted else {
            return Ok(());
        };
        let name = &pair.name;
        let inside: Vec<&str> = only
            .iter()
            .filter_map(|path| path.strip_prefix(name.as_str())?.strip_prefix('.'))
            .collect();
        let whole = inside.is_empty() || only.contains(name);
        let (mut body, mut shown) = (to_body(kind, name, wanted)?, to_json(wanted)?);
        let before = pair.current.map(to_json).transpose()?;
        if let (false, Some(current), Some(before)) = (whole, pair.current, &before) {
            let (wanted_body, wanted_shown) = (body, shown);
            body = to_body(kind, name, current)?;
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
                    let below = change.path.strip_prefix(name.as_str());
                    below.is_some_and(|below| below.trim_start_matches('.').starts_with(path))
                })
        };
        self.properties.extend(found.into_iter().filter(is_inside));
        let before = pair.current.map(|current| to_body(kind, name, current));
        let before = before.transpose()?.unwrap_or(Value::Null);
        self.inverse.insert(name.clone(), before);
        self.expected.insert(name.clone(), shown);
        self.body.insert(name.clone(), body);
        Ok(())
    }

    fn into_draft(
        mut self,
        subject: Subject<'_>,
        operation: &Operation,
        was: model::Value<'_>,
        is: model::Value<'_>,
    ) -> Result<Option<Draft>> {
        let (body, inverse) = match operation.body {
            Body::Action { member, word } => {
                let word = (member, word);
                (
                    bodies::action(subject, word, was)?,
                    bodies::action(subject, word, is)?,
                )
            }
            _ => (
                typed(subject.kind, std::mem::take(&mut self.body), was),
                typed(subject.kind, std::mem::take(&mut self.inverse), is),
            ),
        };
        Ok(self.requesting(subject, operation, body, inverse))
    }

    /// The step that makes another version of an object. It holds the wanted values of what changed, and of
    /// everything else what is there.
    fn into_version(
        self,
        subject: Subject<'_>,
        version: &NewVersion,
        was: model::Value<'_>,
        is: model::Value<'_>,
    ) -> Result<Option<Draft>> {
        let told = version.needed_for.iter().chain(version.besides);
        let (mut body, mut inverse) = (Map::new(), Map::new());
        for name in told {
            if let Some(value) = is.get(name) {
                let value = to_body(subject.kind, name, value)?;
                body.insert((*name).to_owned(), value.clone());
                inverse.insert((*name).to_owned(), value);
            } else if let Some(value) = was.get(name) {
                body.insert((*name).to_owned(), to_body(subject.kind, name, value)?);
            }
            if let Some(wanted) = self.body.get(*name) {
                body.insert((*name).to_owned(), wanted.clone());
            }
        }
        let whole = |members| {
            Value::Object(Map::from_iter([(
                version.member.to_owned(),
                Value::Object(members),
            )]))
        };
        let (body, inverse) = (whole(body), whole(inverse));
        Ok(self.requesting(subject, &version.operation, body, inverse))
    }

    fn requesting(
        self,
        subject: Subject<'_>,
        operation: &Operation,
        body: Value,
        inverse: Value,
    ) -> Option<Draft> {
        let request = subject.request(operation, Some(body))?;
        let inverse = subject.request(operation, Some(inverse));
        let mut draft = subject.draft(Action::Update, request);
        draft.properties = self.properties;
        draft.expected = Expected::Present {
            properties: self.expected,
        };
        draft.inverse = inverse.map_or_else(
            || Inverse::Impossible("it has no address".to_owned()),
            Inverse::Request,
        );
        Some(draft)
    }
}

/// With the type in front where the collection has several.
fn typed(kind: &Kind, properties: Map<String, Value>, object: model::Value<'_>) -> Value {
    let mut body = Map::new();
    if !kind.derived_types.is_empty()
        && let Some(word) = object.get("@odata.type").and_then(model::Value::text)
    {
        body.insert("@odata.type".to_owned(), word.into_owned().into());
    }
    body.extend(properties);
    Value::Object(body)
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
