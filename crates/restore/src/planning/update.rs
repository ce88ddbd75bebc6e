//! An object that is there with other values: which of them are sent.

use std::collections::{HashMap, HashSet};

use model::{Parser, PathTree, equivalent, top_property};

use super::draft::{Drafted, Subject};
use super::mention::display;
use super::patch::{Pair, Patch, rules};
use super::refusal::{Refusal, of_object};
use super::request::PlanOptions;
use super::risk;
use super::values::{is_bookkeeping, may_be_written};
use crate::error::{Error, Result};
use crate::fingerprint::Fingerprints;
use crate::own::own_text;
use crate::plan::{Precondition, Reason};

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

    /// The steps that give an object its wanted values. Values that name one of the ids in `made` are sent although
    /// they did not change, because those ids become others.
    pub(super) fn draft(
        &mut self,
        subject: Subject<'_>,
        wanted: &str,
        current: &str,
        made: &HashSet<String>,
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
        let (wanted, current) = (own_text(kind, wanted), own_text(kind, current));
        let was = old.parse_text(&wanted).map_err(document)?.root();
        let is = new.parse_text(&current).map_err(document)?.root();

        let name = display(kind, was);
        let subject = Subject {
            name: subject.name.or(name.as_deref()),
            ..subject
        };
        let mut patch = Patch::default();
        let mut refused = Refused::default();
        for pair in pairs(was, is) {
            let differs = differs(&pair, sets);
            if !differs || !is_meant(only, &pair.name) || is_bookkeeping(kind, &pair.name) {
                let kept = pair.wanted.zip(pair.current);
                if let Some((wanted, _)) = kept
                    && !differs
                    && !made.is_empty()
                    && may_be_written(kind, &pair.name, wanted, false).is_ok()
                {
                    patch.keep(&pair.name, wanted, made)?;
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
                Ok(()) => patch.set(&pair, sets, only)?,
                Err(refusal) => refused.note(refusal, pair.name.into_owned()),
            }
        }
        let mut drafted = Drafted::default();
        for (operation, part) in patch.parts(kind) {
            let refusal = of_object(kind, is).or_else(|| of_object(kind, was));
            let operation = match refusal.map_or(operation, Err) {
                Ok(operation) => operation,
                Err(refusal) => {
                    let names = part.values.into_iter().map(|value| value.name);
                    names.for_each(|name| refused.note(refusal.clone(), name));
                    continue;
                }
            };
            let risks = risk::of_update(kind, &part.properties, was, is);
            let Some(mut draft) = part.into_draft(subject, &operation, was, is)? else {
                continue;
            };
            draft.step.risks = risks;
            risk::protect(options, &mut draft);
            if drafted.drafts.is_empty() {
                draft.step.precondition = Precondition::Unchanged {
                    hash: fingerprints.of_value(sets, is),
                };
            } else {
                // The step before this one looked at the object, and changed it.
                draft.step.precondition = Precondition::Present;
                draft.waits.push(drafted.drafts.len() - 1);
            }
            drafted.drafts.push(draft);
        }
        for ((reason, text), properties) in refused.0 {
            drafted
                .impossible
                .push(subject.impossible(properties, reason, text));
        }
        Ok(drafted)
    }
}

/// The members of both objects by name, in the order of the names.
fn pairs<'v>(wanted: model::Value<'v>, current: model::Value<'v>) -> Vec<Pair<'v>> {
    let mut pairs: Vec<Pair<'v>> = wanted
        .members()
        .map(|(name, value)| Pair {
            name,
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
                name,
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

fn is_meant(only: &[String], property: &str) -> bool {
    only.is_empty() || only.iter().any(|path| top_property(path) == property)
}

/// Properties that cannot be written, by the reason.
#[derive(Default)]
struct Refused(Vec<(Refusal, Vec<String>)>);

impl Refused {
    fn note(&mut self, refusal: Refusal, property: String) {
        match self.0.iter_mut().find(|it| it.0 == refusal) {
            Some((_, properties)) => properties.push(property),
            None => self.0.push((refusal, vec![property])),
        }
    }
}
