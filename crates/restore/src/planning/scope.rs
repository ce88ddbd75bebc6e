//! Which of the differences a plan removes: what was asked for, and what must come with it.
//!
//! What is made anew gets another id, so everything that named the old one comes with it: edges, grants,
//! assignments, what stands below it. What comes back from the recycle bin brings its own along.

use std::collections::{HashMap, HashSet};

use catalog::{Kind, Shape};
use store::CoverageState;

use super::difference::Difference;
use super::request::Selection;
use super::rows::{Row, What, bound_to, is_attachment};

/// Kinds that show what another kind shows too: planned only where the other was not read.
const MIRRORS: [(&str, &str); 10] = [
    (
        "service_principal_app_role_assignment",
        "app_role_assignment",
    ),
    ("group_app_role_assignment", "app_role_assignment"),
    ("directory_role_member", "role_assignment"),
    ("directory_role_scoped_member", "role_assignment"),
    ("administrative_unit_scoped_role_member", "role_assignment"),
    (
        "role_assignment_schedule_instance",
        "role_assignment_schedule",
    ),
    (
        "role_eligibility_schedule_instance",
        "role_eligibility_schedule",
    ),
    (
        "pim_group_assignment_schedule_instance",
        "pim_group_assignment_schedule",
    ),
    (
        "pim_group_eligibility_schedule_instance",
        "pim_group_eligibility_schedule",
    ),
    ("directory_setting", "group_setting"),
];

/// Kinds whose rows record that something was asked for: bringing one back would ask for it again.
const RECORDS: [&str; 5] = [
    "access_review_history_definition",
    "audit_log_query",
    "configuration_snapshot_job",
    "role_assignment_schedule_request",
    "role_eligibility_schedule_request",
];

/// Whether the rows of a kind record that something was asked for.
pub(super) fn is_record(kind: &Kind) -> bool {
    RECORDS.contains(&kind.name)
}

/// Whether differences of a kind are told elsewhere, or by nobody.
pub(super) fn is_told_elsewhere(kind: &Kind, differences: &[Difference]) -> bool {
    let was_read = |name: &str| {
        let found = differences.iter().find(|it| it.kind.name == name);
        found.is_some_and(|it| {
            [&it.wanted, &it.current]
                .iter()
                .all(|side| side.coverage == Some(CoverageState::Complete))
        })
    };
    kind.is_event()
        || kind.name.starts_with("deleted_")
        || MIRRORS
            .iter()
            .any(|(mirror, original)| kind.name == *mirror && was_read(original))
}

/// What the choice depends on besides the rows.
pub(super) struct Choice<'c> {
    pub(super) selection: &'c Selection,
    pub(super) links: bool,
    pub(super) differences: &'c [Difference],
    /// Ids of the objects asked for one by one, with their kinds where those were named.
    pub(super) subjects: &'c HashMap<String, Option<&'static Kind>>,
    /// Whether a missing object comes back with its id.
    pub(super) comes_back: &'c dyn Fn(&Row) -> bool,
    /// Ids that chosen changed objects name.
    pub(super) named_by_changed: &'c HashSet<String>,
}

impl Choice<'_> {
    fn kind(&self, row: &Row) -> &'static Kind {
        self.differences[row.difference].kind
    }

    /// Whether each row is chosen.
    pub(super) fn chosen(&self, rows: &[Row]) -> Vec<bool> {
        let told: Vec<bool> = self
            .differences
            .iter()
            .map(|it| is_told_elsewhere(it.kind, self.differences))
            .collect();
        let mut chosen: Vec<bool> = rows
            .iter()
            .map(|row| !told[row.difference] && self.is_asked_for(row))
            .collect();
        if !self.selection.everything {
            if self.links {
                self.choose_needed(rows, &told, &mut chosen);
            }
            while self.choose_attached(rows, &told, &mut chosen) {}
        }
        self.once_each(rows, &mut chosen);
        chosen
    }

    /// An active assignment is in two lists: as an assignment, which has no end, and as a schedule, which may
    /// have one. It is made once: with its end where it has one.
    fn once_each(&self, rows: &[Row], chosen: &mut [bool]) {
        let is = |row: &Row, name: &str| {
            self.kind(row).name == name && matches!(row.what, What::Missing(_))
        };
        let mut schedules: HashMap<&[Box<str>], usize> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            if chosen[at] && is(row, "role_assignment_schedule") {
                schedules.insert(&row.ends, at);
            }
        }
        for (at, row) in rows.iter().enumerate() {
            if chosen[at]
                && is(row, "role_assignment")
                && let Some(schedule) = schedules.get(&*row.ends)
            {
                let spare = if rows[*schedule].is_timed {
                    at
                } else {
                    *schedule
                };
                chosen[spare] = false;
            }
        }
    }

    /// Whether the selection itself names it.
    pub(super) fn is_asked_for(&self, row: &Row) -> bool {
        let kind = self.kind(row);
        if self.selection.everything
            || self
                .selection
                .kinds
                .iter()
                .any(|it| std::ptr::eq(*it, kind))
        {
            return true;
        }
        let is_meant = |id: &str| {
            let meant = self.subjects.get(id);
            meant.is_some_and(|meant| meant.is_none_or(|meant| std::ptr::eq(meant, kind)))
        };
        if is_meant(&row.key) || (!kind.is_relationship() && is_meant(row.id())) {
            return true;
        }
        is_attachment(kind)
            && self.is_wanted_link(kind)
            && row
                .ends
                .iter()
                .map(AsRef::as_ref)
                .chain(row.parts())
                .any(|end| self.subjects.contains_key(end))
    }

    /// Whether what hangs on the objects asked for is meant as well.
    fn is_wanted_link(&self, kind: &Kind) -> bool {
        match kind.shape {
            Shape::Relationship(relationship) => {
                let named = self
                    .selection
                    .only
                    .iter()
                    .any(|path| path == relationship.relation);
                named || (self.links && self.selection.only.is_empty())
            }
            _ => self.links && self.selection.only.is_empty(),
        }
    }

    /// Chooses the missing objects that chosen rows name.
    fn choose_needed(&self, rows: &[Row], told: &[bool], chosen: &mut [bool]) {
        let mut named: HashSet<&str> = self.named_by_changed.iter().map(String::as_str).collect();
        for (row, is_chosen) in rows.iter().zip(chosen.iter()) {
            if *is_chosen && matches!(row.what, What::Missing(_)) {
                named.extend(row.ends.iter().map(AsRef::as_ref));
            }
        }
        for (row, is_chosen) in rows.iter().zip(chosen.iter_mut()) {
            let is_object = matches!(row.what, What::Missing(_))
                && !is_attachment(self.kind(row))
                && !told[row.difference];
            let is_named = named.contains(row.id())
                || row
                    .alias
                    .as_ref()
                    .is_some_and(|alias| named.contains(&**alias));
            *is_chosen |= is_object && is_named;
        }
    }

    /// Chooses what named an object that is made anew; whether there was any.
    fn choose_attached(&self, rows: &[Row], told: &[bool], chosen: &mut [bool]) -> bool {
        let mut made: HashSet<&str> = HashSet::new();
        // An application does nothing in its tenant without its principal, however it comes back.
        let mut applications: HashSet<&str> = HashSet::new();
        let is_missing = |(row, is_chosen): &(&Row, &bool)| {
            **is_chosen && matches!(row.what, What::Missing(_)) && !self.kind(row).is_relationship()
        };
        for (row, _) in rows.iter().zip(chosen.iter()).filter(is_missing) {
            applications.extend(row.alias.as_deref());
            if !(self.comes_back)(row) {
                made.insert(row.id());
                made.extend(row.alias.as_deref());
            }
        }
        let bound: Vec<&str> = rows
            .iter()
            .zip(chosen.iter())
            .filter(is_missing)
            .filter(|(row, _)| {
                let mut ids = bound_to(self.kind(row), row).iter();
                ids.any(|id| made.contains(&**id))
            })
            .map(|(row, _)| row.id())
            .collect();
        made.extend(bound);
        let mut any = false;
        for (row, is_chosen) in rows.iter().zip(chosen.iter_mut()) {
            let kind = self.kind(row);
            let may = !*is_chosen
                && matches!(row.what, What::Missing(_))
                && !told[row.difference]
                && (is_attachment(kind) || kind.name == "service_principal");
            let is_meant = |end: &str| made.contains(end) || applications.contains(end);
            if may && row.ends.iter().any(|end| is_meant(end)) {
                *is_chosen = true;
                any = true;
            }
        }
        any
    }
}
