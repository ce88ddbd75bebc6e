//! Which kinds tell who has access, and what they were at a moment.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use roaring::RoaringBitmap;
use store::{Archive, CoverageState, Snapshot, SnapshotNumber};

use crate::error::Result;
use crate::scope::Scope;

/// A kind that is read.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) kind: &'static str,
    /// The kind that tells the same, and is believed alone where it was read in full and no earlier.
    /// Otherwise both are: what one of them says is held must be looked at.
    instead_of: Option<&'static str>,
    use_of: Use,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Who is in a group: read for every question.
    Membership,
    /// Names of what can be in a group but hold nothing. Nothing is missing without them.
    MemberNames,
    /// Roles, permissions and owners.
    Privilege,
    /// Names of scopes, and of roles where the definitions were not read.
    PrivilegeNames,
    /// Delegated permissions.
    Consent,
}

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Members of groups.
    Members,
    /// Roles and application permissions.
    Privileges,
    /// The same with delegated permissions.
    AllPermissions,
}

impl Subject {
    fn uses(self, telling: &Telling) -> bool {
        match telling.use_of {
            Use::Membership => true,
            Use::MemberNames => self != Self::Privileges,
            Use::Privilege | Use::PrivilegeNames => self != Self::Members,
            Use::Consent => self == Self::AllPermissions,
        }
    }
}

const fn telling(kind: &'static str, use_of: Use) -> Telling {
    Telling {
        kind,
        instead_of: None,
        use_of,
    }
}

const fn instead(kind: &'static str, of: &'static str, use_of: Use) -> Telling {
    Telling {
        kind,
        instead_of: Some(of),
        use_of,
    }
}

/// All kinds that are read, objects before what refers to them.
pub(crate) static TELLING: [Telling; 29] = [
    telling("user", Use::Membership),
    telling("group", Use::Membership),
    telling("service_principal", Use::Membership),
    telling("device", Use::MemberNames),
    telling("contact", Use::MemberNames),
    telling("application", Use::Privilege),
    telling("administrative_unit", Use::PrivilegeNames),
    telling("role_definition", Use::Privilege),
    telling("directory_role", Use::PrivilegeNames),
    telling("group_member", Use::Membership),
    instead(
        "pim_group_assignment_schedule_instance",
        "group_member",
        Use::Membership,
    ),
    instead(
        "pim_group_assignment_schedule",
        "group_member",
        Use::Membership,
    ),
    telling("pim_group_eligibility_schedule_instance", Use::Membership),
    instead(
        "pim_group_eligibility_schedule",
        "pim_group_eligibility_schedule_instance",
        Use::Membership,
    ),
    telling("group_owner", Use::Privilege),
    telling("role_assignment", Use::Privilege),
    instead(
        "role_assignment_schedule_instance",
        "role_assignment",
        Use::Privilege,
    ),
    instead(
        "role_assignment_schedule",
        "role_assignment",
        Use::Privilege,
    ),
    instead("directory_role_member", "role_assignment", Use::Privilege),
    instead(
        "directory_role_scoped_member",
        "role_assignment",
        Use::Privilege,
    ),
    instead(
        "administrative_unit_scoped_role_member",
        "role_assignment",
        Use::Privilege,
    ),
    telling("role_eligibility_schedule_instance", Use::Privilege),
    instead(
        "role_eligibility_schedule",
        "role_eligibility_schedule_instance",
        Use::Privilege,
    ),
    telling("application_owner", Use::Privilege),
    telling("service_principal_owner", Use::Privilege),
    telling("app_role_assignment", Use::Privilege),
    instead(
        "service_principal_app_role_assignment",
        "app_role_assignment",
        Use::Privilege,
    ),
    instead(
        "group_app_role_assignment",
        "app_role_assignment",
        Use::Privilege,
    ),
    telling("oauth2_permission_grant", Use::Consent),
];

/// The state of all that is read in one snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    pub(crate) snapshot: Snapshot,
    /// Versions that were alive, by the kinds of [`TELLING`]; `None` where a kind says nothing here.
    pub(crate) alive: Vec<Option<Arc<RoaringBitmap>>>,
}

impl Moment {
    /// Whether a version was alive.
    pub(crate) fn is_alive(&self, telling: u8, ordinal: u32) -> bool {
        let alive = self.alive[telling as usize].as_ref();
        alive.is_some_and(|alive| alive.contains(ordinal))
    }
}

/// Finds the moments of a question.
pub(crate) struct Moments<'s> {
    scope: &'s Scope,
    subject: Subject,
    /// Kinds that a statement read in full.
    complete: HashMap<SnapshotNumber, BTreeSet<String>>,
}

impl<'s> Moments<'s> {
    pub(crate) fn new(scope: &'s Scope, subject: Subject) -> Self {
        Self {
            scope,
            subject,
            complete: HashMap::new(),
        }
    }

    /// What was so in a snapshot.
    pub(crate) fn at(&mut self, snapshot: &Snapshot) -> Result<Moment> {
        let mut alive = Vec::with_capacity(TELLING.len());
        for telling in &TELLING {
            alive.push(if self.is_used(telling, snapshot)? {
                self.state(telling.kind, snapshot)?
            } else {
                None
            });
        }
        Ok(Moment {
            snapshot: snapshot.clone(),
            alive,
        })
    }

    /// Remembers for the answer's notes what it is made from: kinds that were not read, too.
    pub(crate) fn touch(&mut self, snapshot: &Snapshot) -> Result<()> {
        for telling in &TELLING {
            let names = [Use::MemberNames, Use::PrivilegeNames].contains(&telling.use_of);
            // What stands in for a kind is missed by nobody, and the kind itself is noted.
            let noted = match telling.instead_of {
                None => !names && self.subject.uses(telling),
                Some(_) => {
                    self.is_used(telling, snapshot)?
                        && self.state(telling.kind, snapshot)?.is_some()
                }
            };
            if noted {
                self.scope.touch(snapshot, Some(telling.kind));
            }
        }
        Ok(())
    }

    fn is_used(&mut self, telling: &Telling, snapshot: &Snapshot) -> Result<bool> {
        if !self.subject.uses(telling) {
            return Ok(false);
        }
        let Some(instead_of) = telling.instead_of else {
            return Ok(true);
        };
        let (Some(own), Some(other)) = (
            self.statement(telling.kind, snapshot)?,
            self.statement(instead_of, snapshot)?,
        ) else {
            return Ok(true);
        };
        let taken_at = |number| (self.scope.source.taken_at(number), number);
        Ok(taken_at(own) > taken_at(other) || !self.is_complete(instead_of, other)?)
    }

    fn statement(&self, kind: &str, snapshot: &Snapshot) -> Result<Option<SnapshotNumber>> {
        let archive = self.archive();
        match archive.kind(kind) {
            Some(stored) => Ok(archive.statement_of(stored.number, snapshot)?),
            None => Ok(None),
        }
    }

    fn is_complete(&mut self, kind: &str, statement: SnapshotNumber) -> Result<bool> {
        if !self.complete.contains_key(&statement) {
            let record = self.archive().record(statement)?;
            let complete = record.kinds.into_iter().filter_map(|entry| {
                (entry.coverage.state == CoverageState::Complete).then_some(entry.kind)
            });
            self.complete.insert(statement, complete.collect());
        }
        Ok(self.complete[&statement].contains(kind))
    }

    fn state(&self, kind: &str, snapshot: &Snapshot) -> Result<Option<Arc<RoaringBitmap>>> {
        let archive = self.archive();
        match archive.kind(kind) {
            Some(stored) if archive.statement_of(stored.number, snapshot)?.is_some() => {
                Ok(Some(archive.alive(stored.number, snapshot)?))
            }
            _ => Ok(None),
        }
    }

    fn archive(&self) -> &Archive {
        &self.scope.source.archive
    }
}
