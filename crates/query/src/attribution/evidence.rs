//! How well an event explains a change.
//!
//! Naming an innocent is the worst mistake, so an event must fit in everything it says: what it does, to
//! what kind of thing, to which objects, to which properties, and what they became. What it does not say
//! makes it weaker; what it says otherwise rules it out.

use catalog::{Kind, Relationship, audit};
use model::Change;

use super::activity::Operation;
use super::event::{AuditEvent, Target};
use super::paths;
use super::subject::{Form, Known, Subject};
use super::values::{Verdict, verdict, verdict_of_whole};

/// How much an event says for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// It may have caused the change.
    Possible,
    /// It tells of this very change.
    Proven,
    /// And of more than it had to: the value that was seen, or whose consent it is.
    Certain,
}

/// What happened to an object.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed<'c> {
    Added,
    Removed,
    Modified(&'c Change),
}

/// Seconds between an event and the time an object says it was changed.
const STAMP_SECONDS: i64 = 5;

/// How well an event explains a change of a subject; `None` where it does not.
pub(crate) fn strength(event: &AuditEvent, subject: &Subject, deed: Deed<'_>) -> Option<Strength> {
    if event.activity.operation == Operation::Nothing {
        return None;
    }
    match (&subject.form, subject.kind) {
        (
            Form::Edge {
                relationship,
                source,
                target,
            },
            Some(kind),
        ) => edge(event, kind, relationship, source, target, deed),
        (Form::Grant { ends, further }, Some(kind)) => {
            own(event, subject, deed).or_else(|| grant(event, kind, ends, further, deed))
        }
        (Form::Child { parents }, Some(kind)) => {
            own(event, subject, deed).or_else(|| child(event, subject, kind, parents, deed))
        }
        (Form::Single, Some(kind)) => single(event, kind, deed),
        (Form::Binned, _) => binned(event, subject, deed),
        _ => own(event, subject, deed),
    }
}

/// The target with an id. Some objects are named by what Graph uses as their id, and the log as their
/// name: domains, for one.
fn target_of<'e>(event: &'e AuditEvent, id: &str) -> Option<&'e Target> {
    let is_named = |target: &&Target| {
        let name = target.name.as_deref();
        name.is_some_and(|name| name.eq_ignore_ascii_case(id))
    };
    event.target(id).or_else(|| {
        let named = event.targets.iter().find(is_named);
        named.filter(|_| !model::is_guid(id))
    })
}

/// An event that names the object itself.
fn own(event: &AuditEvent, subject: &Subject, deed: Deed<'_>) -> Option<Strength> {
    let id = subject.own.as_deref()?;
    let is_about = subject.kind.and_then(|kind| event.activity.is_about(kind));
    let target = target_of(event, id)?;
    if is_about == Some(false) || (!model::is_guid(id) && is_about.is_none()) {
        return None;
    }
    match (deed, event.activity.operation) {
        (Deed::Added, Operation::Create | Operation::Restore)
        | (Deed::Removed, Operation::Delete) => Some(Strength::Proven),
        (Deed::Removed, Operation::Purge) => {
            // What is purged had gone before, where there is a recycle bin.
            let has_bin = subject.kind.is_some_and(|kind| kind.soft_delete.is_some());
            (!has_bin).then_some(Strength::Proven)
        }
        (Deed::Modified(change), Operation::Update | Operation::Restore) => {
            property(event, target, subject.kind, &change.path, change)
        }
        _ => None,
    }
}

/// What an event about an object says of one of its properties.
fn property(
    event: &AuditEvent,
    target: &Target,
    kind: Option<&Kind>,
    path: &str,
    change: &Change,
) -> Option<Strength> {
    let top = model::top_property(path);
    if target.tells_of_nothing() {
        return None;
    }
    if audit::is_stamp(path) {
        return stamp(event, change);
    }
    let implied = audit::implied(&event.activity.name);
    if !target.tells() {
        return match implied {
            // Nothing says what it changed.
            [] => Some(Strength::Possible),
            paths => paths.contains(&top).then_some(Strength::Proven),
        };
    }
    let Some(kind) = kind else {
        return Some(Strength::Possible);
    };
    match told_property(target, kind, path, change) {
        Some(Verdict::Same) => return Some(Strength::Certain),
        Some(Verdict::Unsaid) => return Some(Strength::Proven),
        Some(Verdict::Unclear) => return Some(Strength::Possible),
        Some(Verdict::Another) => return None,
        None => {}
    }
    if implied.contains(&top) {
        return Some(Strength::Proven);
    }
    let leads = |name: &String| {
        let paths = audit::paths(kind, name);
        audit::leaders(top)
            .iter()
            .any(|leader| paths.contains(leader))
    };
    let unknown = |name: &String| audit::paths(kind, name).is_empty();
    let mut named = told_names(target);
    named
        .any(|name| leads(name) || unknown(name))
        .then_some(Strength::Possible)
}

/// All names of properties an event gives.
fn told_names(target: &Target) -> impl Iterator<Item = &String> {
    let told = target.told.iter().map(|told| &told.name);
    told.chain(target.listed.iter().flatten())
}

/// The best of what is told of a property; `None` where it is not named.
fn told_property(target: &Target, kind: &Kind, path: &str, change: &Change) -> Option<Verdict> {
    let mut best: Option<Verdict> = None;
    let mut take = |verdict: Verdict| {
        let rank = |verdict: Verdict| match verdict {
            Verdict::Another => 0,
            Verdict::Unclear => 1,
            Verdict::Unsaid => 2,
            Verdict::Same => 3,
        };
        if best.is_none_or(|best| rank(verdict) > rank(best)) {
            best = Some(verdict);
        }
    };
    for told in &target.told {
        if audit::is_whole(kind, &told.name) {
            take(verdict_of_whole(
                told,
                &Change {
                    path: path.to_owned(),
                    ..change.clone()
                },
            ));
        }
        for outer in audit::paths(kind, &told.name) {
            if let Some(rest) = paths::below(path, outer) {
                take(verdict(told, rest, change));
            } else if paths::below(outer, path).is_some() {
                // More was changed than this name covers.
                take(Verdict::Unclear);
            }
        }
    }
    for name in target.listed.iter().flatten() {
        let has_value = target.told.iter().any(|told| told.name == *name);
        let covers = |outer: &&str| paths::below(path, outer).is_some();
        if !has_value && audit::paths(kind, name).iter().any(covers) {
            take(Verdict::Unsaid);
        }
    }
    best
}

/// A time that says when its object was changed names the event that did it.
fn stamp(event: &AuditEvent, change: &Change) -> Option<Strength> {
    let text: String = serde_json::from_str(change.new.as_deref()?).ok()?;
    let time = model::parse_time(&text).ok()?;
    let apart = (time.as_second() - event.time.as_second()).abs();
    (apart <= STAMP_SECONDS).then_some(Strength::Proven)
}

/// A relationship: both ends named by an activity that joins such ends.
fn edge(
    event: &AuditEvent,
    kind: &'static Kind,
    relationship: &Relationship,
    source: &Known,
    target: &Known,
    deed: Deed<'_>,
) -> Option<Strength> {
    let operation = event.activity.operation;
    let ends = [source, target];
    let gone = gone_with(event, &ends, deed);
    let fits = match (deed, operation) {
        (Deed::Added, Operation::Link) | (Deed::Removed, Operation::Unlink) => true,
        // Somebody with one manager gets another.
        (Deed::Removed, Operation::Link) => relationship.single,
        _ => false,
    };
    if !fits || !event.activity.joins(kind, relationship) {
        return gone;
    }
    let names = |end: &Known| end.iter().any(|id| event.names(id));
    match (names(source), names(target)) {
        (true, true) if is_turned(event, source, target) => None,
        (true, true) if operation == Operation::Link && matches!(deed, Deed::Removed) => {
            // It is the one that was set, not the one that was replaced.
            None
        }
        (true, true) => Some(Strength::Proven),
        (true, false) if matches!((deed, operation), (Deed::Removed, Operation::Link)) => {
            Some(Strength::Possible)
        }
        (true, false) if names_nothing_else(event, source) => Some(Strength::Possible),
        (false, true) if names_nothing_else(event, target) => Some(Strength::Possible),
        _ => None,
    }
}

/// Whether an event that names both ends has them the other way round: the log puts what is joined as
/// the target, with the id of what it is joined to among its values.
fn is_turned(event: &AuditEvent, source: &Known, target: &Known) -> bool {
    let is =
        |known: &Known, object: &Target| object.id.as_ref().is_some_and(|id| known.contains(id));
    let told = |known: &Known, object: &Target| known.iter().any(|id| object.told_of(id));
    let straight = event
        .targets
        .iter()
        .any(|object| is(target, object) && told(source, object));
    let turned = event
        .targets
        .iter()
        .any(|object| is(source, object) && told(target, object));
    // Assignments of application roles are told of the resource, with the principal as a value.
    turned && !straight && event.activity.noun.starts_with("member")
}

/// Whether an event about one end has no word about which other end it joined.
fn names_nothing_else(event: &AuditEvent, end: &Known) -> bool {
    event.targets.iter().all(|object| {
        let is_end = object.id.as_ref().is_none_or(|id| end.contains(id));
        is_end && object.told.is_empty()
    })
}

/// What goes or comes back because something it needs does.
fn gone_with(event: &AuditEvent, ends: &[&Known], deed: Deed<'_>) -> Option<Strength> {
    let operation = match deed {
        Deed::Removed => Operation::Delete,
        Deed::Added => Operation::Restore,
        Deed::Modified(_) => return None,
    };
    let is_hit = ends
        .iter()
        .copied()
        .flatten()
        .any(|id| event.target(id).is_some());
    (event.activity.operation == operation && is_hit).then_some(Strength::Possible)
}

/// An assignment or a consent: all it joins is named by an activity that grants such.
fn grant(
    event: &AuditEvent,
    kind: &'static Kind,
    ends: &[Known],
    further: &[String],
    deed: Deed<'_>,
) -> Option<Strength> {
    let all: Vec<&Known> = ends.iter().collect();
    let gone = gone_with(event, &all, deed);
    if !event.activity.grants(kind) || ends.is_empty() {
        return gone;
    }
    let named = |end: &&Known| end.iter().any(|id| event.names(id));
    let is_all = all.iter().all(named);
    let is_request = event.activity.noun.contains("requested");
    if is_request != kind.name.ends_with("_request") {
        return gone;
    }
    match (deed, event.activity.operation) {
        (Deed::Added, Operation::Link | Operation::Create)
        | (Deed::Removed, Operation::Unlink | Operation::Delete)
            if is_all =>
        {
            let is_better =
                !further.is_empty() && further.iter().all(|id| event.names(id) || is_by(event, id));
            Some(if is_better {
                Strength::Certain
            } else {
                Strength::Proven
            })
        }
        (Deed::Modified(change), operation)
            if is_all && !matches!(operation, Operation::Unlink | Operation::Delete) =>
        {
            let told = event
                .targets
                .iter()
                .filter_map(|target| told_property(target, kind, &change.path, change));
            let told: Vec<Verdict> = told.collect();
            if told.contains(&Verdict::Same) {
                Some(Strength::Certain)
            } else if !told.is_empty() && told.iter().all(|one| *one == Verdict::Another) {
                None
            } else {
                Some(Strength::Possible)
            }
        }
        (Deed::Added, Operation::Link) | (Deed::Removed, Operation::Unlink) => {
            let only = |end: &&&Known| named(end) && names_nothing_else(event, end);
            all.iter().find(only).map(|_| Strength::Possible)
        }
        _ => gone,
    }
}

/// Who consents for themselves is named as the actor.
fn is_by(event: &AuditEvent, id: &str) -> bool {
    event
        .actor
        .id
        .as_deref()
        .is_some_and(|actor| actor.eq_ignore_ascii_case(id))
}

/// What stands below another object, by events that name that one.
fn child(
    event: &AuditEvent,
    subject: &Subject,
    kind: &'static Kind,
    parents: &[String],
    deed: Deed<'_>,
) -> Option<Strength> {
    let known: Known = parents.to_vec();
    let target = parents
        .iter()
        .rev()
        .find_map(|parent| target_of(event, parent))?;
    let operation = event.activity.operation;
    let gone = gone_with(event, &[&known], deed).or_else(|| {
        // What every such object has is made with it.
        let is_made = matches!((deed, operation), (Deed::Added, Operation::Create));
        (is_made && kind.parent.is_some_and(|parent| is_of(event, parent)))
            .then_some(Strength::Possible)
    });
    if gone.is_some() {
        return gone;
    }
    if !event.activity.announces(kind) && event.activity.is_about(kind) != Some(true) {
        return None;
    }
    let fits = match operation {
        Operation::Create | Operation::Link => !matches!(deed, Deed::Removed),
        Operation::Delete | Operation::Unlink => matches!(deed, Deed::Removed),
        Operation::Update => true,
        _ => false,
    };
    let is_named = subject
        .own
        .as_deref()
        .is_some_and(|own| target.told_of(own));
    if event.activity.is_plain_update() {
        // An update of the parent is about its own properties, unless it says otherwise.
        let is_below = told_names(target).any(|name| audit::is_below(kind, name));
        return match (is_named, is_below) {
            (true, true) => Some(Strength::Proven),
            (_, true) => Some(Strength::Possible),
            _ => None,
        };
    }
    match (fits, is_named) {
        (true, true) => Some(Strength::Proven),
        (true, false) => Some(Strength::Possible),
        (false, _) => None,
    }
}

fn is_of(event: &AuditEvent, kind: &str) -> bool {
    catalog::by_name(kind).and_then(|kind| event.activity.is_about(kind)) == Some(true)
}

/// What there is once: the activity says what is meant.
fn single(event: &AuditEvent, kind: &'static Kind, deed: Deed<'_>) -> Option<Strength> {
    if event.activity.is_about(kind) != Some(true) {
        return None;
    }
    let Deed::Modified(change) = deed else {
        return (event.activity.operation == Operation::Create && matches!(deed, Deed::Added))
            .then_some(Strength::Possible);
    };
    if event.activity.operation != Operation::Update {
        return None;
    }
    // The same activity may be about a policy's part, or about another policy without an id.
    let is_exact = event.activity.noun != "policy";
    let best = event.targets.iter().filter_map(|target| {
        let part = target
            .id
            .as_deref()
            .and_then(|id| below_element(&change.path, id));
        let part_of = part.and(catalog::kinds().iter().copied().find(|part| {
            part.parent == Some(kind.name) && event.activity.is_about(part) == Some(true)
        }));
        match (part, part_of) {
            (Some(path), Some(part_of)) => property(event, target, Some(part_of), path, change),
            _ => property(event, target, Some(kind), &change.path, change),
        }
    });
    let best = best.max();
    match best {
        Some(Strength::Certain) if is_exact => Some(Strength::Proven),
        Some(_) => Some(Strength::Possible),
        None => None,
    }
}

/// The rest of a path behind the element that has an id: `[id=Sms].state` is `state` of `Sms`.
fn below_element<'p>(path: &'p str, id: &str) -> Option<&'p str> {
    let mut rest = path;
    while let Some((_, after)) = rest.split_once('[') {
        let (selector, after) = after.split_once(']')?;
        if selector
            .split_once('=')
            .is_some_and(|(_, own)| own.eq_ignore_ascii_case(id))
        {
            return Some(after.strip_prefix('.').unwrap_or(after));
        }
        rest = after;
    }
    None
}

/// What lies in the recycle bin came there by a deletion, and leaves by a purge or back to life.
fn binned(event: &AuditEvent, subject: &Subject, deed: Deed<'_>) -> Option<Strength> {
    event.target(subject.own.as_deref()?)?;
    if subject.kind.and_then(|kind| event.activity.is_about(kind)) == Some(false) {
        return None;
    }
    match (deed, event.activity.operation) {
        (Deed::Added, Operation::Delete)
        | (Deed::Removed, Operation::Purge | Operation::Restore) => Some(Strength::Proven),
        (Deed::Modified(change), Operation::Delete) => stamp_of_deletion(event, change),
        _ => None,
    }
}

fn stamp_of_deletion(event: &AuditEvent, change: &Change) -> Option<Strength> {
    (change.path == "deletedDateTime")
        .then(|| stamp(event, change))
        .flatten()
}

#[cfg(test)]
mod tests;
