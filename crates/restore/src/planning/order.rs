//! The order of steps: a graph, its cycles, its levels.
//!
//! ```text
//!   stage 1        what comes back from the recycle bin
//!   then           what is made, changed and linked, each after what it names
//!   then           what is deleted, what names others first
//!   last           what was made without effect is switched on
//! ```

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::draft::Draft;
use super::makers::Makers;
use super::mention::{all_guids, texts_in};
use crate::plan::{Action, Expected, Impossible, Inverse, Precondition, Reason, Request, Step};

/// The steps in the order of their numbers, and what cannot be put in order.
pub(super) struct Ordered {
    pub(super) steps: Vec<Step>,
    pub(super) impossible: Vec<Impossible>,
}

/// Every id a draft names.
fn named(draft: &Draft, each: &mut impl FnMut(&str)) {
    for name in &draft.names {
        each(name);
    }
    for part in &draft.step.object {
        each(part);
    }
    if let Some(body) = &draft.step.request.body {
        all_guids(body, each);
        for reference in draft.kind.references {
            texts_in(body, reference.path, each);
        }
    }
}

fn is_last(draft: &Draft) -> bool {
    matches!(draft.step.action, Action::SoftDelete | Action::Delete)
}

/// Puts drafts in order.
pub(super) fn ordered(mut drafts: Vec<Draft>) -> Ordered {
    let mut impossible = Vec::new();
    let makers = Makers::of(&drafts);
    if !makers.ids.is_empty() {
        break_cycles(&mut drafts, &makers);
        for at in 0..drafts.len() {
            link(&mut drafts, at, &makers);
        }
    }
    deletions_wait(&mut drafts);
    let levels = levels(&drafts);
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    for (at, level) in levels.iter().enumerate() {
        if level.is_none() {
            impossible.push(cycle(&drafts[at]));
        }
    }
    order.retain(|at| levels[*at].is_some());
    let rank = |at: usize| {
        let draft = &drafts[at];
        (levels[at], draft.step.action, place(draft), at)
    };
    order.sort_by_cached_key(|at| rank(*at));
    let mut numbers = vec![0; drafts.len()];
    for (number, at) in (1..).zip(&order) {
        numbers[*at] = number;
    }
    let mut slots: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    let mut steps = Vec::with_capacity(order.len());
    for at in order {
        let Some(Draft {
            step, mut waits, ..
        }) = slots[at].take()
        else {
            continue;
        };
        waits.sort_unstable();
        waits.dedup();
        let mut after: Vec<u32> = waits.into_iter().map(|it| numbers[it]).collect();
        after.sort_unstable();
        steps.push(Step {
            number: numbers[at],
            stage: levels[at].unwrap_or_default(),
            after,
            ..*step
        });
    }
    Ordered { steps, impossible }
}

fn place(draft: &Draft) -> usize {
    let mut kinds = catalog::kinds().iter();
    kinds
        .position(|kind| std::ptr::eq(*kind, draft.kind))
        .unwrap_or(usize::MAX)
}

/// Makes a draft wait for the makers of what it names, and notes the ids that will be others.
fn link(drafts: &mut [Draft], at: usize, makers: &Makers) {
    let mut found: Vec<(String, usize)> = Vec::new();
    let mut waits: Vec<usize> = Vec::new();
    named(&drafts[at], &mut |id| {
        if let Some(maker) = makers.ids.get(id).filter(|maker| **maker != at)
            && !found.iter().any(|(known, _)| known == id)
        {
            found.push((id.to_owned(), *maker));
        }
    });
    makers.each_other(&drafts[at], &mut |maker| {
        if maker != at {
            waits.push(maker);
        }
    });
    let mut uses = Vec::new();
    for (id, maker) in found {
        let is_new = drafts[maker].step.makes.iter().any(|made| made.old == id);
        if is_new {
            uses.push(id);
        }
        waits.push(maker);
    }
    uses.sort();
    drafts[at].step.uses = uses;
    for maker in waits {
        if !drafts[at].waits.contains(&maker) {
            drafts[at].waits.push(maker);
        }
    }
}

/// What two new objects name of each other, or one of itself, is set when both are there.
fn break_cycles(drafts: &mut Vec<Draft>, makers: &Makers) {
    let count = drafts.len();
    let mut edges: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, draft) in drafts.iter().enumerate() {
        if draft.step.action == Action::Create {
            named_by_body(draft, &mut |id| {
                if let Some(maker) = makers.ids.get(id) {
                    edges[at].push(*maker);
                }
            });
        }
    }
    let component = components(&edges);
    for at in 0..count {
        let is_inside = |other: &usize| component[*other] == component[at];
        let back: Vec<usize> = edges[at]
            .iter()
            .copied()
            .filter(|other| is_inside(other) && *other >= at)
            .collect();
        if back.is_empty() {
            continue;
        }
        let ids: HashSet<&str> = makers
            .ids
            .iter()
            .filter(|(_, maker)| back.contains(maker))
            .map(|(id, _)| id.as_str())
            .collect();
        if let Some(later) = postpone(&mut drafts[at], at, &ids) {
            drafts.push(later);
        }
    }
}

fn named_by_body(draft: &Draft, each: &mut impl FnMut(&str)) {
    if let Some(body) = &draft.step.request.body {
        all_guids(body, each);
    }
}

/// Takes the properties that name one of the ids out of a creation; the step that sets them afterwards.
fn postpone(draft: &mut Draft, at: usize, ids: &HashSet<&str>) -> Option<Draft> {
    let writing = draft.kind.writing?;
    let update = writing.update?;
    let Some(Value::Object(body)) = &mut draft.step.request.body else {
        return None;
    };
    let names: Vec<String> = body
        .iter()
        .filter(|(name, value)| {
            let mut found = false;
            all_guids(value, &mut |id| found |= ids.contains(id));
            // What the caller chooses at creation is the object's own name, and can be given only then.
            found && !writing.chosen.contains(&name.as_str())
        })
        .map(|(name, _)| name.clone())
        .collect();
    if names.is_empty() {
        return None;
    }
    let mut later = Map::new();
    for name in &names {
        later.extend(body.shift_remove_entry(name));
    }
    let key: Vec<&str> = draft.step.object.iter().map(String::as_str).collect();
    let request = draft.kind.write_request(&update, &key)?;
    let mut draft_later = draft.clone();
    draft_later.waits = vec![at];
    let step = &mut *draft_later.step;
    step.action = Action::Update;
    step.makes.clear();
    step.risks.clear();
    step.request = Request {
        method: request.method.as_str().to_owned(),
        target: request.target(),
        body: Some(Value::Object(later)),
        headers: Map::new(),
    };
    step.precondition = Precondition::Present;
    let is_later = |path: &str| names.iter().any(|name| name == path);
    step.properties.retain(|change| is_later(&change.path));
    let first = &mut *draft.step;
    first.properties.retain(|change| !is_later(&change.path));
    if let (Expected::Present { properties: now }, Expected::Present { properties: then }) =
        (&mut first.expected, &mut step.expected)
    {
        now.retain(|name, _| !is_later(name));
        then.retain(|name, _| is_later(name));
    }
    step.inverse =
        Inverse::Impossible("it goes with the object, which an earlier step made".to_owned());
    Some(draft_later)
}

/// The number of the strongly connected component of each node (Tarjan), without recursion.
fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = edges.len();
    let (mut index, mut low) = (vec![UNSEEN; count], vec![0; count]);
    let mut component = vec![UNSEEN; count];
    let (mut stack, mut next, mut found) = (Vec::new(), 0, 0);
    for root in 0..count {
        if index[root] != UNSEEN {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some((at, edge)) = work.pop() {
            if edge == 0 {
                index[at] = next;
                low[at] = next;
                next += 1;
                stack.push(at);
            } else {
                let child = edges[at][edge - 1];
                low[at] = low[at].min(low[child]);
            }
            let mut edge = edge;
            let mut went_down = false;
            while edge < edges[at].len() {
                let other = edges[at][edge];
                edge += 1;
                if index[other] == UNSEEN {
                    work.push((at, edge));
                    work.push((other, 0));
                    went_down = true;
                    break;
                }
                if component[other] == UNSEEN {
                    low[at] = low[at].min(index[other]);
                }
            }
            if went_down {
                continue;
            }
            if low[at] == index[at] {
                while let Some(member) = stack.pop() {
                    component[member] = found;
                    if member == at {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    component
}

/// What is deleted waits for what names it: other deletions, and changes that no longer do.
fn deletions_wait(drafts: &mut [Draft]) {
    let deleted: HashMap<String, usize> = drafts
        .iter()
        .enumerate()
        .filter(|(_, draft)| is_last(draft))
        .filter_map(|(at, draft)| Some((draft.step.object.last()?.clone(), at)))
        .collect();
    if deleted.is_empty() {
        return;
    }
    for at in 0..drafts.len() {
        let mut named_before: Vec<usize> = Vec::new();
        let mut note = |id: &str| {
            if let Some(other) = deleted.get(id).filter(|other| **other != at) {
                named_before.push(*other);
            }
        };
        let draft = &drafts[at];
        draft.names.iter().for_each(|id| note(id));
        if is_last(draft) {
            let parents = draft.step.object.len().saturating_sub(1);
            draft.step.object[..parents].iter().for_each(|id| note(id));
        }
        for change in &draft.step.properties {
            if let Some(old) = &change.old {
                all_guids(old, &mut note);
            }
        }
        let wait_for_each_other =
            |drafts: &[Draft], other: usize| drafts[at].waits.contains(&other);
        for other in named_before {
            if !wait_for_each_other(drafts, other) && !drafts[other].waits.contains(&at) {
                drafts[other].waits.push(at);
            }
        }
    }
}

/// The stage of each draft; `None` for those that wait for themselves.
fn levels(drafts: &[Draft]) -> Vec<Option<u32>> {
    let count = drafts.len();
    let mut open: Vec<usize> = drafts.iter().map(|draft| draft.waits.len()).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, draft) in drafts.iter().enumerate() {
        for other in &draft.waits {
            followers[*other].push(at);
        }
    }
    let restores = drafts
        .iter()
        .any(|draft| draft.step.action == Action::Restore);
    let first = |draft: &Draft| {
        if draft.step.action == Action::Restore {
            1
        } else {
            1 + u32::from(restores)
        }
    };
    let mut level: Vec<u32> = drafts.iter().map(first).collect();
    let mut done = vec![false; count];
    let mut base = 0;
    // Deletions and switches come after everything else, each group at its own levels.
    for group in 0..3 {
        let belongs = |at: usize| match drafts[at].step.action {
            Action::Enable => group == 2,
            Action::SoftDelete | Action::Delete => group == 1,
            _ => group == 0,
        };
        let mut ready: Vec<usize> = (0..count)
            .filter(|at| open[*at] == 0 && !done[*at])
            .collect();
        let mut highest = base;
        while let Some(at) = ready.pop() {
            if done[at] || !belongs(at) {
                continue;
            }
            done[at] = true;
            if group > 0 {
                level[at] = level[at].max(base + 1);
            }
            highest = highest.max(level[at]);
            for follower in &followers[at] {
                level[*follower] = level[*follower].max(level[at] + 1);
                open[*follower] -= 1;
                if open[*follower] == 0 {
                    ready.push(*follower);
                }
            }
        }
        base = highest;
    }
    level
        .into_iter()
        .zip(done)
        .map(|(level, done)| done.then_some(level))
        .collect()
}

fn cycle(draft: &Draft) -> Impossible {
    Impossible {
        kind: draft.kind.name.to_owned(),
        object: draft.step.object.clone(),
        name: draft.step.name.clone(),
        properties: Vec::new(),
        reason: Reason::MissingParent,
        text: "it needs what needs it: make one of them by hand and plan again".to_owned(),
    }
}

#[cfg(test)]
mod tests;
