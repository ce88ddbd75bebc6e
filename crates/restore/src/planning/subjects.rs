//! The objects that were asked for one by one.

use std::collections::{HashMap, HashSet};

use catalog::Kind;
use model::{KEY_SEPARATOR, Parser, fold_id};
use roaring::RoaringBitmap;

use super::difference::Difference;
use super::mention::{display, referred};
use super::request::{By, PlanRequest, State};
use super::rows::{Row, What};
use super::scope::Choice;
use crate::error::{Error, Result};

/// More objects than these are not looked up one by one: those that are nowhere just select nothing.
const LOOKED_UP: usize = 1_000;

/// Refuses a request that asks for nothing, or for what cannot be.
pub(super) fn check(request: &PlanRequest<'_>) -> Result<()> {
    let selection = &request.selection;
    if !selection.everything && selection.kinds.is_empty() && selection.objects.is_empty() {
        return Err(Error::Invalid(
            "nothing is selected: name objects or kinds, or everything".to_owned(),
        ));
    }
    for path in &selection.only {
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(Error::Invalid(format!(
                "{path:?} is no path of a property: write it like conditions.users"
            )));
        }
    }
    Ok(())
}

/// Ids of the objects asked for, with their kinds where those were named.
pub(super) fn found(request: &PlanRequest<'_>) -> Result<HashMap<String, Option<&'static Kind>>> {
    let objects = &request.selection.objects;
    let mut subjects = HashMap::with_capacity(objects.len());
    let checked = objects.len() <= LOOKED_UP;
    for object in objects {
        match &object.by {
            By::Id(id) => {
                let parts: Vec<String> = id.split(KEY_SEPARATOR).map(fold_id).collect();
                let id = parts.join(&KEY_SEPARATOR.to_string());
                if checked && !is_anywhere(request, object.kind, &id)? {
                    return Err(Error::NotFound(format!(
                        "no object {id} is in the wanted state or in the current one"
                    )));
                }
                subjects.insert(id, object.kind);
            }
            By::Name(name) => {
                let ids = named(request, object.kind, name)?;
                if ids.is_empty() {
                    return Err(Error::NotFound(format!(
                        "nothing is called {name:?} in the wanted state or in the current one"
                    )));
                }
                subjects.extend(ids.into_iter().map(|(id, kind)| (id, Some(kind))));
            }
        }
    }
    Ok(subjects)
}

fn states<'a>(request: &PlanRequest<'a>) -> impl Iterator<Item = State<'a>> {
    std::iter::once(request.wanted).chain(request.current)
}

fn is_anywhere(request: &PlanRequest<'_>, kind: Option<&'static Kind>, id: &str) -> Result<bool> {
    for state in states(request) {
        for stored in state.archive.kinds() {
            if kind.is_some_and(|kind| kind.name != stored.name) {
                continue;
            }
            let alive = state.archive.alive(stored.number, state.snapshot)?;
            let versions = state.archive.object_versions(stored.number, id)?;
            if versions.into_iter().any(|it| alive.contains(it)) {
                return Ok(true);
            }
            // What stands below a parent is known by both ids; its own alone is told apart by reading.
            let is_below = kind.is_some_and(|kind| kind.parent.is_some());
            if is_below && !id.contains(KEY_SEPARATOR) {
                let mut any = false;
                state.archive.versions(stored.number, &alive, |_, key, _| {
                    any |= key.rsplit(KEY_SEPARATOR).next() == Some(id);
                    Ok(())
                })?;
                if any {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

fn named(
    request: &PlanRequest<'_>,
    kind: Option<&'static Kind>,
    name: &str,
) -> Result<Vec<(String, &'static Kind)>> {
    let mut found = Vec::new();
    let mut parser = Parser::new();
    for state in states(request) {
        for stored in state.archive.kinds() {
            let Some(this) = catalog::by_name(&stored.name) else {
                continue;
            };
            let is_meant = kind.is_none_or(|kind| std::ptr::eq(kind, this));
            if !is_meant || this.is_event() || this.is_relationship() {
                continue;
            }
            let alive = state.archive.alive(stored.number, state.snapshot)?;
            state
                .archive
                .versions(stored.number, &alive, |_, key, text| {
                    if let Ok(document) = parser.parse_text(text) {
                        let own = display(this, document.root());
                        if own.is_some_and(|own| own.to_lowercase() == name.to_lowercase())
                            && !found.iter().any(|(known, _)| known == key)
                        {
                            found.push((key.to_owned(), this));
                        }
                    }
                    Ok(())
                })?;
        }
    }
    Ok(found)
}

/// The ids that the wanted versions of changed objects name, of those that were asked for.
pub(super) fn named_by_changed(
    request: &PlanRequest<'_>,
    differences: &[Difference],
    rows: &[Row],
    choice: &Choice<'_>,
) -> Result<HashSet<String>> {
    let mut ids = HashSet::new();
    let mut parser = Parser::new();
    for (at, difference) in differences.iter().enumerate() {
        let Some(number) = difference.wanted.number else {
            continue;
        };
        if difference.kind.references.is_empty() || difference.changed.is_empty() {
            continue;
        }
        let asked: RoaringBitmap = rows
            .iter()
            .filter(|row| row.difference == at && choice.is_asked_for(row))
            .filter_map(|row| match row.what {
                What::Changed(was, _) => Some(was),
                _ => None,
            })
            .collect();
        let archive = request.wanted.archive;
        archive.versions(number, &asked, |_, _, text| {
            if let Ok(document) = parser.parse_text(text) {
                referred(difference.kind, document.root(), &mut |id| {
                    ids.insert(id.to_owned());
                });
            }
            Ok(())
        })?;
    }
    Ok(ids)
}
