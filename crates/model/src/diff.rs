//! The semantic diff of two versions of one object.
//!
//! The result is a list of changed property paths with the old and the new value as canonical JSON.
//! What is compared is meaning: annotation keys are left out, an array that is a set differs only in
//! its elements, and the elements of an array of objects are matched by their own id, so that a
//! renewed secret reads as one element's change and not as a rewritten list.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::json::{JsonKind, Value, canonical_text, write_canonical, write_text};
use crate::path::PathTree;

/// One changed property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Property path: names joined by `.`, an array element as `[id=value]`.
    pub path: String,
    /// Canonical JSON of the old value; `None` where there was no such property.
    pub old: Option<String>,
    /// Canonical JSON of the new value; `None` where there is no such property any more.
    pub new: Option<String>,
}

/// What the kind of the object says about comparing it.
#[derive(Clone, Copy)]
pub struct DiffRules<'r> {
    /// Arrays whose order carries no meaning.
    pub sets: &'r PathTree,
    /// Keys that are annotations of the transport, at any depth.
    pub annotation: fn(&str) -> bool,
}

/// The changed properties, in the order of their paths' keys.
#[must_use]
pub fn diff(old: Value<'_>, new: Value<'_>, rules: DiffRules<'_>) -> Vec<Change> {
    let mut walk = Walk {
        rules,
        path: String::new(),
        found: Found::All(Vec::new()),
    };
    walk.compare(old, new, Some(rules.sets));
    match walk.found {
        Found::All(changes) => changes,
        Found::Any(_) => Vec::new(),
    }
}

/// Whether two versions mean the same: [`diff`] would be empty.
#[must_use]
pub fn equivalent(old: Value<'_>, new: Value<'_>, rules: DiffRules<'_>) -> bool {
    let mut walk = Walk {
        rules,
        path: String::new(),
        found: Found::Any(false),
    };
    walk.compare(old, new, Some(rules.sets));
    matches!(walk.found, Found::Any(false))
}

enum Found {
    All(Vec<Change>),
    /// Only whether there is a difference: the walk stops at the first.
    Any(bool),
}

struct Walk<'r> {
    rules: DiffRules<'r>,
    path: String,
    found: Found,
}

type Named<'a> = (Cow<'a, str>, Value<'a>);

impl<'r> Walk<'r> {
    fn compare(&mut self, old: Value<'_>, new: Value<'_>, sets: Option<&'r PathTree>) {
        if matches!(self.found, Found::Any(true)) {
            return;
        }
        match (old.kind(), new.kind()) {
            (JsonKind::Object, JsonKind::Object) => {
                let (old, new) = (self.members(old), self.members(new));
                self.merge(&old, &new, sets, |walk, name| {
                    if !walk.path.is_empty() {
                        walk.path.push('.');
                    }
                    walk.path.push_str(name);
                });
            }
            (JsonKind::Array, JsonKind::Array) => self.arrays(old, new, sets),
            _ => {
                if old.raw() != new.raw() && canonical_text(old) != canonical_text(new) {
                    self.report(Some(old), Some(new));
                }
            }
        }
    }

    /// An object's members without annotations, sorted, the second of two equal names as `name#2`.
    fn members<'a>(&self, object: Value<'a>) -> Vec<Named<'a>> {
        let annotation = self.rules.annotation;
        let mut members: Vec<Named<'a>> = object
            .members()
            .filter(|(key, _)| !annotation(key))
            .collect();
        members.sort_by(|a, b| a.0.cmp(&b.0));
        let mut times = 1;
        for at in 1..members.len() {
            let base = members[at - times].0.clone();
            if members[at].0 == base {
                times += 1;
                members[at].0 = Cow::Owned(format!("{base}#{times}"));
            } else {
                times = 1;
            }
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        members
    }

    /// Walks two sorted lists of named values side by side.
    fn merge(
        &mut self,
        old: &[Named<'_>],
        new: &[Named<'_>],
        sets: Option<&'r PathTree>,
        enter: impl Fn(&mut Self, &str),
    ) {
        let (mut left, mut right) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some(l), Some(r)) => l.0.cmp(&r.0),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return,
            };
            let was = if order.is_le() { left.next() } else { None };
            let is = if order.is_ge() { right.next() } else { None };
            let Some((name, _)) = was.or(is) else { return };
            let length = self.path.len();
            enter(self, name);
            match (was, is) {
                (Some((_, was)), Some((_, is))) => {
                    let below = sets.map(|tree| tree.child(name).unwrap_or(&EMPTY));
                    self.compare(*was, *is, below);
                }
                (was, is) => self.report(was.map(|m| m.1), is.map(|m| m.1)),
            }
            self.path.truncate(length);
        }
    }

    fn arrays(&mut self, old: Value<'_>, new: Value<'_>, sets: Option<&'r PathTree>) {
        if old.raw() == new.raw() {
            return;
        }
        let is_set = sets.is_some_and(PathTree::ends_here);
        if let Some((identity, was, is)) = identified(old, new)
            && (is_set || same_order(&was, &is))
        {
            let (mut was, mut is) = (was, is);
            was.sort_by(|a, b| a.0.cmp(&b.0));
            is.sort_by(|a, b| a.0.cmp(&b.0));
            // Arrays are transparent: an element's properties are found under the array's own rules.
            self.elements(&was, &is, sets, identity);
            return;
        }
        let (mut was, mut is) = (
            self.normal_elements(old, sets),
            self.normal_elements(new, sets),
        );
        if is_set {
            was.sort_unstable();
            is.sort_unstable();
        }
        if was != is {
            self.report(Some(old), Some(new));
        }
    }

    fn elements(
        &mut self,
        old: &[Named<'_>],
        new: &[Named<'_>],
        sets: Option<&'r PathTree>,
        identity: &str,
    ) {
        let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
        left.extend(old.iter().map(|(name, value)| (name.as_ref(), *value)));
        right.extend(new.iter().map(|(name, value)| (name.as_ref(), *value)));
        let names: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        for name in names {
            let length = self.path.len();
            write!(self.path, "[{identity}={name}]")
                .expect("because writing to a String cannot fail");
            match (left.get(name), right.get(name)) {
                (Some(was), Some(is)) => self.compare(*was, *is, sets),
                (was, is) => self.report(was.copied(), is.copied()),
            }
            self.path.truncate(length);
        }
    }

    fn normal_elements(&self, array: Value<'_>, sets: Option<&PathTree>) -> Vec<String> {
        array
            .elements()
            .map(|element| self.normal(element, sets))
            .collect()
    }

    /// A text that is equal for values that mean the same.
    fn normal(&self, value: Value<'_>, sets: Option<&PathTree>) -> String {
        match value.kind() {
            JsonKind::Object => {
                let mut out = String::from("{");
                for (name, member) in self.members(value) {
                    write_text(&name, &mut out);
                    out.push(':');
                    out.push_str(&self.normal(member, sets.and_then(|tree| tree.child(&name))));
                    out.push(',');
                }
                out.push('}');
                out
            }
            JsonKind::Array => {
                let mut elements = self.normal_elements(value, sets);
                if sets.is_some_and(PathTree::ends_here) {
                    elements.sort_unstable();
                }
                format!("[{}]", elements.join(","))
            }
            _ => canonical_text(value),
        }
    }

    fn report(&mut self, old: Option<Value<'_>>, new: Option<Value<'_>>) {
        match &mut self.found {
            Found::Any(any) => *any = true,
            Found::All(changes) => {
                changes.push(Change {
                    path: self.path.clone(),
                    old: old.map(text),
                    new: new.map(text),
                });
            }
        }
    }
}

static EMPTY: PathTree = PathTree::EMPTY;

fn text(value: Value<'_>) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

/// Names by which Graph's own arrays of objects tell their elements apart, most specific first.
const IDENTITIES: [&str; 6] = [
    "keyId",
    "id",
    "skuId",
    "servicePlanId",
    "resourceAppId",
    "name",
];

type Identified<'a, 'b> = (&'static str, Vec<Named<'a>>, Vec<Named<'b>>);

/// The elements of both arrays by an id that every element has and no two share.
fn identified<'a, 'b>(old: Value<'a>, new: Value<'b>) -> Option<Identified<'a, 'b>> {
    IDENTITIES.into_iter().find_map(|identity| {
        let was = by_identity(old, identity)?;
        let is = by_identity(new, identity)?;
        (!was.is_empty() || !is.is_empty()).then_some((identity, was, is))
    })
}

fn by_identity<'a>(array: Value<'a>, identity: &str) -> Option<Vec<Named<'a>>> {
    let mut seen = BTreeSet::new();
    array
        .elements()
        .map(|element| {
            let id = element.get(identity)?.text()?;
            seen.insert(id.clone()).then_some((id, element))
        })
        .collect()
}

/// Whether the elements that both lists have stand in the same order in both.
fn same_order(old: &[Named<'_>], new: &[Named<'_>]) -> bool {
    let has = |list: &[Named<'_>], name: &str| list.iter().any(|(n, _)| n == name);
    let was = old.iter().map(|(n, _)| n).filter(|n| has(new, n));
    let is = new.iter().map(|(n, _)| n).filter(|n| has(old, n));
    was.eq(is)
}

#[cfg(test)]
mod tests;
