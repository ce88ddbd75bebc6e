//! From two states to a plan.
//!
//! A plan is always made of two snapshots: the wanted one and the current one, which for a live plan was just
//! read. What is alive in both costs nothing; of the rest the keys are read, then the choice is made
//! ([`scope`]), and only what was chosen is read in full and compared.
//!
//! ```text
//!   bitmaps ──▶ rows ──▶ choice ──▶ drafts ──▶ order ──▶ steps
//!                          ▲          │
//!                          └── what gets another id brings what names it
//! ```

mod assemble;
mod bodies;
mod concern;
mod create;
mod difference;
mod draft;
mod drafting;
mod edges;
mod link;
mod makers;
mod mapping;
mod mention;
mod order;
mod outside;
mod patch;
mod present;
mod referrers;
mod refusal;
mod remove;
mod request;
mod risk;
mod rows;
mod scope;
mod subjects;
mod texts;
mod update;
mod values;

pub use concern::{concerned, to_read};
pub use request::{By, PlanOptions, PlanRequest, Selected, Selection, State};
pub use values::is_bookkeeping;

use std::collections::{HashMap, HashSet};

use catalog::Kind;
use store::CoverageState;

use crate::error::Result;
use crate::plan::{Impossible, Plan, Reason};
use difference::Difference;
use drafting::Drafting;
use rows::{Row, What};
use scope::Choice;

/// Makes a plan.
///
/// # Errors
/// [`crate::Error::NotFound`] where an object that was asked for is in neither state, [`crate::Error::Invalid`]
/// where nothing was asked for, and what the archives report.
pub fn plan(request: &PlanRequest<'_>) -> Result<Plan> {
    subjects::check(request)?;
    let subjects = subjects::found(request)?;
    let mut differences = difference::differences(request.wanted, request.current)?;
    let mapping = match request.current {
        Some(current) if current.archive.id() != request.wanted.archive.id() => mapping::pair(
            request.wanted,
            current,
            &mut differences,
            &request.options.domains,
        )?,
        _ => mapping::Mapping::new(&request.options.domains),
    };
    let selection = &request.selection;
    let whole = |kind: &Kind| {
        selection.everything || selection.kinds.iter().any(|it| std::ptr::eq(*it, kind))
    };
    let by_object = !selection.objects.is_empty();
    let rows = rows::rows(request.wanted, request.current, &differences, |kind| {
        by_object && !whole(kind)
    })?;
    let bin = Bin::read(request, &differences, &rows)?;
    let comes_back = |row: &Row| bin.holds(&differences[row.difference], row);
    let mut choice = Choice {
        selection,
        links: request.options.links,
        differences: &differences,
        subjects: &subjects,
        comes_back: &comes_back,
        named_by_changed: &HashSet::new(),
    };
    let named = if request.options.links && !selection.everything {
        subjects::named_by_changed(request, &differences, &rows, &choice)?
    } else {
        HashSet::new()
    };
    choice.named_by_changed = &named;
    let mut chosen = choice.chosen(&rows);
    let mut impossible = Vec::new();
    let ranges = rows::ranges(&rows, differences.len());
    for (difference, range) in differences.iter().zip(&ranges) {
        let (rows, chosen) = (&rows[range.clone()], &mut chosen[range.clone()]);
        refuse_kind(difference, rows, chosen, &mut impossible);
    }
    let mut drafting = Drafting {
        request,
        differences: &differences,
        rows: &rows,
        ranges: &ranges,
        chosen,
        mapping: &mapping,
        bin: &bin,
        drafts: Vec::new(),
        impossible,
        dangling: Vec::new(),
        made: HashSet::new(),
        kept: HashSet::new(),
        restored: HashSet::new(),
        binned: Vec::new(),
        gone: gone(&differences, &rows),
        ruled: HashSet::new(),
        come_along: 0,
    };
    drafting.run()?;
    drafting.into_plan()
}

/// Names of the missing objects by every id they are known by.
fn gone<'r>(differences: &[Difference], rows: &'r [Row]) -> HashMap<&'r str, Option<&'r str>> {
    let mut gone = HashMap::new();
    for row in rows {
        let is_object = !differences[row.difference].kind.is_relationship();
        if is_object && matches!(row.what, What::Missing(_)) {
            gone.insert(row.id(), row.name.as_deref());
            gone.extend(
                row.alias
                    .as_deref()
                    .map(|alias| (alias, row.name.as_deref())),
            );
        }
    }
    gone
}

/// Takes out of the choice what the coverage of a kind, or Graph, does not allow for all of its objects.
fn refuse_kind(
    difference: &Difference,
    rows: &[Row],
    chosen: &mut [bool],
    impossible: &mut Vec<Impossible>,
) {
    let kind = difference.kind;
    let mut refuse = |what: fn(What) -> bool, reason: Reason, text: &dyn Fn(usize) -> String| {
        let mut count = 0;
        for (row, is_chosen) in rows.iter().zip(chosen.iter_mut()) {
            if *is_chosen && what(row.what) {
                *is_chosen = false;
                count += 1;
            }
        }
        if count > 0 {
            impossible.push(Impossible {
                kind: kind.name.to_owned(),
                object: Vec::new(),
                name: None,
                properties: Vec::new(),
                reason,
                text: text(count),
            });
        }
    };
    let is_any = |_: What| true;
    if scope::is_record(kind) {
        let is_lost = |what: What| !matches!(what, What::Added(_));
        refuse(is_lost, Reason::NoOperation, &|count| {
            outside::recorded(kind, count)
        });
        // What was asked for since stays on record.
        chosen.fill(false);
        return;
    }
    let is_added = |what: What| matches!(what, What::Added(_));
    if kind.writing.is_none() {
        refuse(is_any, Reason::NoOperation, &|count| {
            outside::unwritable(kind, count)
        });
        return;
    }
    let table = kind.table;
    match difference.current.coverage {
        Some(CoverageState::NotLicensed) => refuse(is_any, Reason::NotLicensed, &|count| {
            format!("{count} of {table} differ, and the tenant has no licence for them")
        }),
        None | Some(CoverageState::Forbidden | CoverageState::Failed) => {
            refuse(is_any, Reason::NotRead, &|count| {
                format!(
                    "{count} of {table} differ from what was read of them last, and they could not be read now"
                )
            });
        }
        _ => {}
    }
    if difference.wanted.coverage != Some(CoverageState::Complete) {
        refuse(is_added, Reason::NotRead, &|count| {
            format!("{count} of {table} may have been there: they were not read completely then")
        });
    }
}

/// What lies in the recycle bins now, of the objects that are missing.
#[derive(Debug, Default)]
struct Bin(HashMap<(&'static str, String), (usize, u32)>);

impl Bin {
    fn read(request: &PlanRequest<'_>, differences: &[Difference], rows: &[Row]) -> Result<Self> {
        let mut bin = Self::default();
        let Some(current) = request.current else {
            return Ok(bin);
        };
        for difference in differences {
            let undelete = difference.kind.writing.and_then(|it| it.undelete);
            let may = undelete.is_some_and(|operation| operation.app_only);
            let twin = difference.kind.deleted_twin();
            let twin = differences
                .iter()
                .position(|it| twin.is_some_and(|twin| std::ptr::eq(it.kind, twin)));
            let (true, Some(twin)) = (may && !difference.missing.is_empty(), twin) else {
                continue;
            };
            let Some(number) = differences[twin].current.number else {
                continue;
            };
            let missing: HashSet<&str> = rows
                .iter()
                .filter(|row| {
                    std::ptr::eq(differences[row.difference].kind, difference.kind)
                        && matches!(row.what, What::Missing(_))
                })
                .map(Row::id)
                .collect();
            let alive = &differences[twin].current.alive;
            current.archive.versions(number, alive, |ordinal, key, _| {
                if missing.contains(key) {
                    bin.0
                        .insert((difference.kind.name, key.to_owned()), (twin, ordinal));
                }
                Ok(())
            })?;
        }
        Ok(bin)
    }

    /// Whether a missing object can be taken out of the bin.
    fn holds(&self, difference: &Difference, row: &Row) -> bool {
        matches!(row.what, What::Missing(_)) && self.of(difference.kind, row.id()).is_some()
    }

    /// The place of the bin's kind in the list of differences, and the version that lies there.
    fn of(&self, kind: &Kind, id: &str) -> Option<(usize, u32)> {
        self.0.get(&(kind.name, id.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests;
