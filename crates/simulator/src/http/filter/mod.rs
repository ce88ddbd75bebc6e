//! `$filter`: the part of `OData`'s language that Graph's directory and logs understand.

mod parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use model::{JsonKind, Value};

pub(crate) use parse::parse;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Compare(Path, Comparison, Literal),
    In(Path, Vec<Literal>),
    Text(TextTest, Path, String),
    /// `assignedLicenses/$count eq 0`.
    Count(Path, Comparison, usize),
    /// `any` with the name of its variable and a condition about it; without one, not empty.
    Any(Path, Option<(String, Box<Filter>)>),
    All(Path, String, Box<Filter>),
}

/// Names joined by slashes; the first may be the variable of a lambda.
pub(crate) type Path = Vec<String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

/// A value in a condition. Ids, enumeration members and times may stand without quotation marks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Time(Timestamp),
}

/// What a lambda's variable stands for, innermost first.
#[derive(Clone, Copy)]
struct Scope<'s, 'v> {
    name: &'s str,
    value: Value<'v>,
    outer: Option<&'s Scope<'s, 'v>>,
}

impl Filter {
    /// Whether an object meets the condition.
    pub(crate) fn accepts(&self, object: Value<'_>) -> bool {
        self.holds(object, None)
    }

    fn holds<'v>(&self, object: Value<'v>, scope: Option<&Scope<'_, 'v>>) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(object, scope)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(object, scope)),
            Self::Not(inner) => !inner.holds(object, scope),
            Self::Compare(path, comparison, literal) => {
                compare(resolve(path, object, scope), *comparison, literal)
            }
            Self::In(path, literals) => {
                let value = resolve(path, object, scope);
                let mut literals = literals.iter();
                literals.any(|literal| compare(value, Comparison::Equal, literal))
            }
            Self::Text(test, path, wanted) => {
                let value = resolve(path, object, scope).and_then(Value::text);
                value.is_some_and(|text| test.holds(&text, wanted))
            }
            Self::Count(path, comparison, count) => {
                let length = resolve(path, object, scope).map_or(0, |list| list.elements().count());
                comparison.holds(length.cmp(count))
            }
            Self::Any(path, body) => {
                let mut elements = elements(path, object, scope);
                match body {
                    None => elements.next().is_some(),
                    Some((name, body)) => elements.any(|value| {
                        let inner = Scope {
                            name,
                            value,
                            outer: scope,
                        };
                        body.holds(object, Some(&inner))
                    }),
                }
            }
            Self::All(path, name, body) => elements(path, object, scope).all(|value| {
                let inner = Scope {
                    name,
                    value,
                    outer: scope,
                };
                body.holds(object, Some(&inner))
            }),
        }
    }

    /// The times between which a top-level property must lie, both included.
    pub(crate) fn time_range(&self, property: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        match self {
            Self::And(parts) => {
                let ranges = parts.iter().map(|part| part.time_range(property));
                ranges.fold((None, None), |(from, to), (other_from, other_to)| {
                    (from.max(other_from), earlier(to, other_to))
                })
            }
            Self::Compare(path, comparison, Literal::Time(time)) if *path == [property] => {
                match comparison {
                    Comparison::Greater | Comparison::GreaterOrEqual => (Some(*time), None),
                    Comparison::Less | Comparison::LessOrEqual => (None, Some(*time)),
                    Comparison::Equal => (Some(*time), Some(*time)),
                    Comparison::NotEqual => (None, None),
                }
            }
            _ => (None, None),
        }
    }

    /// The first names of all its paths, variables left out.
    pub(crate) fn properties(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(&mut names, &mut Vec::new());
        names
    }

    fn collect<'f>(&'f self, names: &mut Vec<&'f str>, variables: &mut Vec<&'f str>) {
        let mut add = |path: &'f Path, variables: &[&str]| {
            let first = path.first().map_or("", String::as_str);
            if !first.is_empty() && !variables.contains(&first) {
                names.push(first);
            }
        };
        match self {
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.collect(names, variables);
                }
            }
            Self::Not(inner) => inner.collect(names, variables),
            Self::Compare(path, ..)
            | Self::In(path, _)
            | Self::Text(_, path, _)
            | Self::Count(path, ..)
            | Self::Any(path, None) => add(path, variables),
            Self::Any(path, Some((name, body))) | Self::All(path, name, body) => {
                add(path, variables);
                variables.push(name);
                body.collect(names, variables);
                variables.pop();
            }
        }
    }

    /// Whether the directory answers it only with `ConsistencyLevel: eventual`.
    pub(crate) fn is_advanced(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::is_advanced),
            Self::Not(_)
            | Self::Count(..)
            | Self::Compare(_, Comparison::NotEqual, _)
            | Self::Text(TextTest::EndsWith | TextTest::Contains, ..) => true,
            Self::Any(_, Some((_, body))) | Self::All(_, _, body) => body.is_advanced(),
            _ => false,
        }
    }
}

impl TextTest {
    fn holds(self, text: &str, wanted: &str) -> bool {
        let (text, wanted) = (text.to_lowercase(), wanted.to_lowercase());
        match self {
            Self::StartsWith => text.starts_with(&wanted),
            Self::EndsWith => text.ends_with(&wanted),
            Self::Contains => text.contains(&wanted),
        }
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn resolve<'v>(
    path: &[String],
    object: Value<'v>,
    scope: Option<&Scope<'_, 'v>>,
) -> Option<Value<'v>> {
    let mut names = path;
    let mut value = object;
    let mut bound = scope;
    while let (Some(inner), Some(first)) = (bound, path.first()) {
        if inner.name == first {
            value = inner.value;
            names = &path[1..];
            break;
        }
        bound = inner.outer;
    }
    for name in names {
        // A cast in the path narrows the type, not the value.
        if name.starts_with("microsoft.graph.") {
            continue;
        }
        value = value.get(name)?;
    }
    Some(value)
}

fn elements<'v>(
    path: &[String],
    object: Value<'v>,
    scope: Option<&Scope<'_, 'v>>,
) -> impl Iterator<Item = Value<'v>> {
    let list = resolve(path, object, scope);
    list.into_iter().flat_map(Value::elements)
}

/// Missing is null. Text compares without regard to case, as the directory does.
fn compare(value: Option<Value<'_>>, comparison: Comparison, literal: &Literal) -> bool {
    let value = value.filter(|value| value.kind() != JsonKind::Null);
    let Some(value) = value else {
        let is_null = *literal == Literal::Null;
        return match comparison {
            Comparison::Equal => is_null,
            Comparison::NotEqual => !is_null,
            _ => false,
        };
    };
    order(value, literal).map_or(comparison == Comparison::NotEqual, |order| {
        comparison.holds(order)
    })
}

fn order(value: Value<'_>, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Null => None,
        Literal::Bool(wanted) => Some(value.bool()?.cmp(wanted)),
        Literal::Number(wanted) => value.number()?.parse::<f64>().ok()?.partial_cmp(wanted),
        Literal::Time(wanted) => {
            let time: Timestamp = value.text()?.parse().ok()?;
            Some(time.cmp(wanted))
        }
        Literal::Text(wanted) => {
            let text: Cow<'_, str> = value.text()?;
            if text.eq_ignore_ascii_case(wanted) {
                return Some(Ordering::Equal);
            }
            Some(text.to_lowercase().cmp(&wanted.to_lowercase()))
        }
    }
}

#[cfg(test)]
mod tests;
