//! Events that tell of a change which no two readings show: changed, and put back in between.
//!
//! Only what is certain is said. The kind must have been read completely before and after, and what was
//! read must contradict the event: the property has the same value in both and the event tells of another,
//! the edge or object is there in both or in neither.

mod properties;
mod states;

use std::collections::BTreeSet;
use std::sync::Arc;

use catalog::{Kind, Shape};
use store::Snapshot;

use super::activity::Operation;
use super::event::{AuditEvent, Target};
use super::log::AuditLog;
use super::subject::is_grant;
use crate::error::Result;
use crate::source::Source;
use properties::Told;
use states::{AllStates, Between, States};

/// Grants that show what others repeat in other collections.
const MAIN_GRANTS: [&str; 4] = [
    "app_role_assignment",
    "oauth2_permission_grant",
    "role_assignment",
    "role_eligibility_schedule",
];
/// Objects an event may have joined that are looked up, of hostile rows too.
const MOST_JOINED: usize = 16;

/// A change that only the log tells of.
#[derive(Debug, Clone)]
pub(crate) struct Unseen {
    pub(crate) event: Arc<AuditEvent>,
    pub(crate) kind: &'static str,
    /// The readings it lies between.
    pub(crate) between: Between,
    /// The id; of an edge or a grant both ends, joined by `/`.
    pub(crate) object_id: String,
    pub(crate) display_name: Option<String>,
    /// `added`, `modified` or `removed`: what the event says.
    pub(crate) change_type: &'static str,
    pub(crate) path: Option<String>,
    /// Old and new value by the event's account, as JSON.
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

impl Unseen {
    /// A change of a target of an event.
    fn of(event: &Arc<AuditEvent>, kind: &'static Kind, between: Between, target: &Target) -> Self {
        Self {
            event: Arc::clone(event),
            kind: kind.name,
            between,
            object_id: target.id.clone().unwrap_or_default(),
            display_name: target.name.clone(),
            change_type: "modified",
            path: None,
            old: None,
            new: None,
        }
    }

    /// Two objects that were joined, or parted.
    fn joining(
        event: &Arc<AuditEvent>,
        kind: &'static Kind,
        between: Between,
        ends: (&str, &str),
        named: &str,
    ) -> Self {
        let (_, change_type) = joining(event);
        let name = event.target(named).and_then(|target| target.name.clone());
        Self {
            event: Arc::clone(event),
            kind: kind.name,
            between,
            object_id: format!("{}/{}", ends.0, ends.1),
            display_name: name,
            change_type,
            path: None,
            old: None,
            new: None,
        }
    }
}

/// Looks for such events.
#[derive(Debug)]
pub(crate) struct Finder<'s> {
    source: &'s Source,
    log: Option<AuditLog<'s>>,
    states: AllStates<'s>,
    /// Only changes of this kind.
    only: Option<String>,
}

impl<'s> Finder<'s> {
    pub(crate) fn new(source: &'s Source, horizon: Option<&Snapshot>, only: Option<&str>) -> Self {
        Self {
            source,
            log: Some(AuditLog::new(source, horizon)),
            states: AllStates::new(source, horizon),
            only: only.map(str::to_owned),
        }
    }

    /// Hands over all of them, or those of events that name an id.
    pub(crate) fn each(
        mut self,
        id: Option<&str>,
        mut each: impl FnMut(Unseen) -> Result<()>,
    ) -> Result<()> {
        let Some(mut log) = self.log.take() else {
            return Ok(());
        };
        log.each(id, |event| {
            let mut found = Vec::new();
            self.of(event, &mut found)?;
            found.into_iter().try_for_each(&mut each)
        })
    }

    fn of(&mut self, event: &Arc<AuditEvent>, found: &mut Vec<Unseen>) -> Result<()> {
        match event.activity.operation {
            Operation::Update => self.updated(event, found),
            Operation::Create | Operation::Restore | Operation::Delete => {
                self.came_or_went(event, found)
            }
            Operation::Link | Operation::Unlink => {
                self.joined(event, found)?;
                self.granted(event, found)
            }
            Operation::Purge | Operation::Nothing => Ok(()),
        }
    }

    fn is_wanted(&self, kind: &Kind) -> bool {
        self.only.as_ref().is_none_or(|only| only == kind.name)
    }

    /// Kinds of objects an activity is about.
    fn kinds(&self, event: &AuditEvent) -> Vec<&'static Kind> {
        let kinds = catalog::kinds().iter().copied().filter(|kind| {
            !kind.is_relationship()
                && !kind.is_event()
                && !kind.name.starts_with("deleted_")
                && !is_grant(kind)
                && self.is_wanted(kind)
                && event.activity.is_about(kind) == Some(true)
        });
        kinds.collect()
    }

    /// Properties that have the same value before and after, and another by the event's account.
    fn updated(&mut self, event: &Arc<AuditEvent>, found: &mut Vec<Unseen>) -> Result<()> {
        for kind in self.kinds(event) {
            let Some(states) = self.states.kind(kind.name)? else {
                continue;
            };
            let Some(between) = states.around(event.time) else {
                continue;
            };
            for target in &event.targets {
                let Some(id) = target.id.as_deref().filter(|_| target.tells()) else {
                    continue;
                };
                let versions = self.versions_of(&states, kind, id)?;
                let (Some(before), Some(after)) = states.at(&versions, between) else {
                    continue;
                };
                let before = self.states.object(&states, before)?;
                let after = self.states.object(&states, after)?;
                let told = properties::contradicted(kind, target, &before, &after);
                for Told { path, old, new } in told {
                    found.push(Unseen {
                        change_type: "modified",
                        path: Some(path),
                        old,
                        new,
                        ..Unseen::of(event, kind, between, target)
                    });
                }
            }
        }
        Ok(())
    }

    fn versions_of(&self, states: &States, kind: &Kind, id: &str) -> Result<Vec<u32>> {
        if kind.shape == Shape::Singleton {
            // The log names what there is once by an id that Graph does not show.
            return Ok((0..states.kind.versions).collect());
        }
        self.states.versions(states, &[id])
    }

    /// Objects made and deleted, or deleted and restored, between two readings.
    fn came_or_went(&mut self, event: &Arc<AuditEvent>, found: &mut Vec<Unseen>) -> Result<()> {
        let (is_there, change_type) = match event.activity.operation {
            Operation::Create => (false, "added"),
            Operation::Delete => (true, "removed"),
            _ => (true, "added"),
        };
        for kind in self.kinds(event) {
            if kind.parent.is_some() {
                continue;
            }
            let Some(states) = self.states.kind(kind.name)? else {
                continue;
            };
            let Some(between) = states.around(event.time) else {
                continue;
            };
            for target in &event.targets {
                let Some(id) = target.id.as_deref().filter(|id| model::is_guid(id)) else {
                    continue;
                };
                let versions = self.states.versions(&states, &[id])?;
                let (before, after) = states.at(&versions, between);
                if before.is_some() == is_there && after.is_some() == is_there {
                    found.push(Unseen {
                        change_type,
                        ..Unseen::of(event, kind, between, target)
                    });
                }
            }
        }
        Ok(())
    }

    /// Edges that are there before and after, or neither.
    fn joined(&mut self, event: &Arc<AuditEvent>, found: &mut Vec<Unseen>) -> Result<()> {
        let (is_there, _) = joining(event);
        for kind in catalog::kinds() {
            let Shape::Relationship(relationship) = kind.shape else {
                continue;
            };
            // Roles are shown by their assignments.
            let is_role = kind.name == "directory_role_member" && self.has("role_assignment");
            if is_role || !self.is_wanted(kind) || !event.activity.joins(kind, &relationship) {
                continue;
            }
            let Some(states) = self.states.kind(kind.name)? else {
                continue;
            };
            let Some(between) = states.around(event.time) else {
                continue;
            };
            for (source, target) in pairs(event) {
                if !self.is_of_kind(kind.parent, &source)? {
                    continue;
                }
                let versions = self.states.versions(&states, &[&source, &target])?;
                let (before, after) = states.at(&versions, between);
                if before.is_some() == is_there && after.is_some() == is_there {
                    let ends = (source.as_str(), target.as_str());
                    found.push(Unseen::joining(event, kind, between, ends, &target));
                }
            }
        }
        Ok(())
    }

    fn has(&self, kind: &str) -> bool {
        self.source.archive.kind(kind).is_some()
    }

    fn is_of_kind(&mut self, kind: Option<&'static str>, id: &str) -> Result<bool> {
        let Some(kind) = kind else { return Ok(false) };
        let Some(states) = self.states.kind(kind)? else {
            return Ok(false);
        };
        Ok(!self.states.versions(&states, &[id])?.is_empty())
    }

    /// Assignments and consents of which neither reading shows anything, or both show them.
    fn granted(&mut self, event: &Arc<AuditEvent>, found: &mut Vec<Unseen>) -> Result<()> {
        let (is_there, _) = joining(event);
        if event.activity.noun.contains("requested") {
            return Ok(());
        }
        for name in MAIN_GRANTS {
            let Some(kind) = catalog::by_name(name) else {
                continue;
            };
            if !self.is_wanted(kind) || !event.activity.grants(kind) {
                continue;
            }
            let Some(states) = self.states.kind(kind.name)? else {
                continue;
            };
            let Some(between) = states.around(event.time) else {
                continue;
            };
            let pairs = pairs(event);
            let Some((second, first)) = pairs.first().cloned() else {
                continue;
            };
            let mentions = self.source.mentions(&states.kind)?;
            let mut ends = BTreeSet::new();
            for (source, target) in &pairs {
                let both = mentions.of(source) & mentions.of(target);
                let both: Vec<u32> = both.iter().collect();
                ends.insert(states.at(&both, between));
            }
            let agrees = |(before, after): &(Option<u32>, Option<u32>)| {
                before.is_some() == is_there && after.is_some() == is_there
            };
            let is_unseen = if is_there {
                ends.iter().any(agrees)
            } else {
                ends.iter().all(agrees)
            };
            // A grant that was never seen is not known to be of this kind: application roles of users
            // are shown elsewhere.
            let is_shown = kind.name != "app_role_assignment"
                || self.is_of_kind(Some("service_principal"), &first)?
                    && self.is_of_kind(Some("service_principal"), &second)?;
            if is_unseen && is_shown {
                let ends = (first.as_str(), second.as_str());
                found.push(Unseen::joining(event, kind, between, ends, &first));
            }
        }
        Ok(())
    }
}

/// Whether what is joined is there before and after if nobody saw it, and the word for it.
fn joining(event: &AuditEvent) -> (bool, &'static str) {
    if event.activity.operation == Operation::Unlink {
        (true, "removed")
    } else {
        (false, "added")
    }
}

/// What an event may have joined, and to what: (to, what). What is joined is a target; what it is joined
/// to stands among its values, or is another target.
fn pairs(event: &AuditEvent) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for target in &event.targets {
        let Some(id) = target.id.as_deref().filter(|id| model::is_guid(id)) else {
            continue;
        };
        let mut others: Vec<String> = target
            .told
            .iter()
            .filter(|told| told.name.ends_with("ObjectID"))
            .flat_map(|told| [&told.old, &told.new])
            .flatten()
            .map(|value| model::fold_id(value.trim_matches(['"', ' ', '[', ']'])))
            .filter(|value| model::is_guid(value))
            .collect();
        if others.is_empty() && event.targets.first() == Some(target) {
            let ids = event.targets[1..]
                .iter()
                .filter_map(|other| other.id.clone());
            others.extend(ids.filter(|other| model::is_guid(other)));
        }
        pairs.extend(others.into_iter().map(|other| (other, id.to_owned())));
    }
    pairs.truncate(MOST_JOINED);
    pairs
}
