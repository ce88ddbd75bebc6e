//! Requests of Privileged Identity Management.
//!
//! As documented, a new schedule of a role has the id of the request that made it, and one of a group has it
//! behind those of the group and the relationship. That changes keep the schedule's id is from memory.

use serde_json::{Value, json};

use super::{check_members, needed};
use crate::deed::{Act, Properties};
use crate::http::answer::{Answer, Failure};
use crate::http::write::Change;
use crate::tenant::{Slot, end_of, named, split_key, text_property};

/// One of the four collections of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scheduling {
    path: &'static str,
    /// Kind of the requests, where the catalogue has one.
    requests: Option<&'static str>,
    /// Kind of what they make.
    pub(super) schedule: &'static str,
    /// What they are about.
    ends: &'static [&'static str],
}

const OF_ROLES: &[&str] = &[
    "principalId",
    "roleDefinitionId",
    "directoryScopeId",
    "appScopeId",
];
const OF_GROUPS: &[&str] = &["principalId", "groupId", "accessId"];

const ALL: [Scheduling; 4] = [
    Scheduling {
        path: "/rolemanagement/directory/roleassignmentschedulerequests",
        requests: Some("role_assignment_schedule_request"),
        schedule: "role_assignment_schedule",
        ends: OF_ROLES,
    },
    Scheduling {
        path: "/rolemanagement/directory/roleeligibilityschedulerequests",
        requests: Some("role_eligibility_schedule_request"),
        schedule: "role_eligibility_schedule",
        ends: OF_ROLES,
    },
    Scheduling {
        path: "/identitygovernance/privilegedaccess/group/assignmentschedulerequests",
        requests: None,
        schedule: "pim_group_assignment_schedule",
        ends: OF_GROUPS,
    },
    Scheduling {
        path: "/identitygovernance/privilegedaccess/group/eligibilityschedulerequests",
        requests: None,
        schedule: "pim_group_eligibility_schedule",
        ends: OF_GROUPS,
    },
];

/// Members of a request besides what it is about.
const MEMBERS: [&str; 7] = [
    "action",
    "customData",
    "isValidationOnly",
    "justification",
    "scheduleInfo",
    "targetScheduleId",
    "ticketInfo",
];

/// What came of a request: its status, and the schedule it was about.
type Outcome = (&'static str, Option<String>);

impl Scheduling {
    pub(super) fn at(path: &str) -> Option<Self> {
        ALL.into_iter().find(|it| it.path == path)
    }

    fn is_of_groups(self) -> bool {
        self.requests.is_none()
    }

    fn makes_active(self) -> bool {
        self.schedule.ends_with("assignment_schedule")
    }

    /// Checks that a request says who, what and where, and that they are there.
    fn check(self, change: &Change<'_>, asked: &Properties) -> Result<(), Failure> {
        let known: Vec<&str> = self.ends.iter().chain(&MEMBERS).copied().collect();
        check_members(asked, &known, named(self.schedule).entity_type)?;
        let tenant = &change.tenant;
        if tenant
            .storage
            .find_directory_object(needed(asked, "principalId")?)
            .is_none()
        {
            return Err(Failure::new(
                404,
                "SubjectNotFound",
                "The subject is not found.",
            ));
        }
        if self.is_of_groups() {
            let group = needed(asked, "groupId")?;
            let access = needed(asked, "accessId")?;
            if !["member", "owner"].contains(&access) {
                let message = format!("The accessId '{access}' is neither member nor owner.");
                return Err(Failure::bad_option(message));
            }
            return match tenant.object(named("group"), &[], group) {
                Some(_) => Ok(()),
                None => Err(Failure::not_found(group)),
            };
        }
        let role = needed(asked, "roleDefinitionId")?;
        if tenant.object(named("role_definition"), &[], role).is_none() {
            return Err(Failure::new(404, "RoleNotFound", "The role is not found."));
        }
        if text_property(asked, "appScopeId").is_none() {
            needed(asked, "directoryScopeId")?;
        }
        Ok(())
    }

    /// The schedules of the same principal for the same thing.
    fn existing(self, change: &Change<'_>, asked: &Properties) -> Vec<Slot> {
        change.tenant.having(self.schedule, &self.about(asked))
    }

    /// What a request is about, property by property.
    fn about(self, asked: &Properties) -> Vec<(&'static str, Option<&str>)> {
        let ends = self.ends.iter();
        ends.map(|name| (*name, text_property(asked, name)))
            .collect()
    }
}

impl Change<'_> {
    pub(super) fn schedule(
        &mut self,
        of: Scheduling,
        asked: &Properties,
    ) -> Result<Answer, Failure> {
        of.check(self, asked)?;
        let action = needed(asked, "action")?;
        let id = self.tenant.assign_id();
        let is_trial = asked.get("isValidationOnly") == Some(&Value::Bool(true));
        let there = of.existing(self, asked);
        let is_activated = |slot: &Slot| {
            let own = self.tenant.properties(*slot);
            text_property(&own, "assignmentType")
                .is_some_and(|it| it.eq_ignore_ascii_case("activated"))
        };
        let activated = there.iter().copied().find(is_activated);
        let standing = there.iter().copied().find(|slot| !is_activated(slot));
        let (status, target) = match action {
            "adminAssign" if standing.is_some() => return Err(exists()),
            "selfActivate" if activated.is_some() => return Err(exists()),
            "adminUpdate" | "adminExtend" | "adminRemove" if standing.is_none() => {
                return Err(does_not_exist());
            }
            "selfDeactivate" if activated.is_none() => return Err(does_not_exist()),
            "selfActivate" if !self.is_eligible(of, asked) => return Err(does_not_exist()),
            "selfExtend" | "selfRenew" => ("PendingApproval", None),
            _ if is_trial => ("Granted", None),
            "adminAssign" | "selfActivate" => self.assign(of, asked, &id)?,
            "adminRenew" if standing.is_none() => self.assign(of, asked, &id)?,
            "adminUpdate" | "adminExtend" | "adminRenew" => self.reschedule(of, standing, asked)?,
            "adminRemove" => self.end(of, standing)?,
            "selfDeactivate" => self.end(of, activated)?,
            other => {
                let message = format!("The action '{other}' of the request is unknown.");
                return Err(Failure::bad_option(message));
            }
        };
        let row = self.row(of, asked, (&id, status, target));
        if let (Some(kind), false) = (of.requests, is_trial) {
            self.apply(Act::Create {
                kind: named(kind),
                parents: Vec::new(),
                properties: row.clone(),
            })?;
        }
        Ok(self.requested(row))
    }

    /// Whether somebody may activate what they ask for.
    fn is_eligible(&self, of: Scheduling, asked: &Properties) -> bool {
        let eligibility = of.schedule.replace("assignment", "eligibility");
        of.makes_active()
            && !self
                .tenant
                .having(&eligibility, &of.about(asked))
                .is_empty()
    }

    fn assign(&mut self, of: Scheduling, asked: &Properties, id: &str) -> Result<Outcome, Failure> {
        let now = self.tenant.now().to_string();
        let schedule_id = match (
            text_property(asked, "groupId"),
            text_property(asked, "accessId"),
        ) {
            (Some(group), Some(access)) => format!("{group}_{access}_{id}"),
            _ => id.to_owned(),
        };
        let mut schedule = Properties::new();
        schedule.insert("id".to_owned(), schedule_id.as_str().into());
        for name in of.ends {
            let value = asked.get(*name).cloned().unwrap_or_default();
            schedule.insert((*name).to_owned(), value);
        }
        let info = self.period(asked, None)?;
        let member = if of.is_of_groups() {
            "direct"
        } else {
            "Direct"
        };
        for (name, value) in [
            ("createdUsing", id.into()),
            ("createdDateTime", now.into()),
            ("modifiedDateTime", Value::Null),
            ("status", "Provisioned".into()),
            ("memberType", member.into()),
            ("scheduleInfo", info),
        ] {
            schedule.insert(name.to_owned(), value);
        }
        if of.makes_active() {
            let is_activation = text_property(asked, "action") == Some("selfActivate");
            let word = if is_activation {
                "Activated"
            } else {
                "Assigned"
            };
            let word = if of.is_of_groups() {
                word.to_ascii_lowercase()
            } else {
                word.to_owned()
            };
            schedule.insert("assignmentType".to_owned(), word.into());
        }
        self.apply(Act::Create {
            kind: named(of.schedule),
            parents: Vec::new(),
            properties: schedule,
        })?;
        Ok(("Provisioned", Some(schedule_id)))
    }

    /// Another period for a schedule and its instance.
    fn reschedule(
        &mut self,
        of: Scheduling,
        slot: Option<Slot>,
        asked: &Properties,
    ) -> Result<Outcome, Failure> {
        let slot = slot.ok_or_else(does_not_exist)?;
        let mut schedule = self.tenant.properties(slot);
        let began = schedule["scheduleInfo"].get("startDateTime");
        let info = self.period(asked, began)?;
        schedule.insert("scheduleInfo".to_owned(), info.clone());
        let end = end_of(&schedule);
        let instances = format!("{}_instance", of.schedule);
        let instances = self.tenant.having(&instances, &of.about(asked));
        let modified = self.tenant.now().to_string();
        self.rewrite(
            slot,
            json!({"scheduleInfo": info, "modifiedDateTime": modified}),
        )?;
        for instance in instances {
            let start = schedule["scheduleInfo"]["startDateTime"].clone();
            self.rewrite(
                instance,
                json!({"startDateTime": start, "endDateTime": end}),
            )?;
        }
        let target = text_property(&schedule, "id").map(str::to_owned);
        Ok(("Provisioned", target))
    }

    fn rewrite(&mut self, slot: Slot, properties: Value) -> Result<(), Failure> {
        let (_, id) = split_key(self.tenant.key(slot));
        let id = id.to_owned();
        let Value::Object(properties) = properties else {
            unreachable!("only objects are written");
        };
        self.apply(Act::Update {
            kind: self.tenant.kind(slot),
            parents: Vec::new(),
            id,
            properties,
        })
    }

    fn end(&mut self, of: Scheduling, slot: Option<Slot>) -> Result<Outcome, Failure> {
        let slot = slot.ok_or_else(does_not_exist)?;
        let id = self.tenant.key(slot).to_owned();
        self.apply(Act::Delete {
            kind: named(of.schedule),
            parents: Vec::new(),
            id,
        })?;
        Ok(("Revoked", None))
    }

    /// The period asked for. What should have begun begins now, unless it has begun at that time already.
    fn period(&self, asked: &Properties, began: Option<&Value>) -> Result<Value, Failure> {
        let wrong = |what: &str| {
            let message = format!("The scheduleInfo of the request {what}.");
            Failure::new(400, "InvalidScheduleInfo", message)
        };
        let info = asked.get("scheduleInfo").filter(|it| it.is_object());
        let info = info.ok_or_else(|| wrong("is missing"))?;
        let now = self.tenant.now();
        let start = info.get("startDateTime").filter(|it| !it.is_null());
        let asked_start = start
            .and_then(Value::as_str)
            .map(str::parse::<jiff::Timestamp>);
        let start = match (asked_start, began) {
            (Some(Err(_)), _) => return Err(wrong("has a start that is no time")),
            (Some(Ok(time)), _) if time > now => json!(time.to_string()),
            (_, Some(began)) => began.clone(),
            _ => json!(now.to_string()),
        };
        let expiration = info.get("expiration").cloned().unwrap_or_default();
        let of = |name: &str| expiration.get(name).cloned().unwrap_or_default();
        let sort = of("type");
        let sort = sort.as_str().map_or("notSpecified".to_owned(), |sort| {
            let mut letters = sort.chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase());
            first.into_iter().chain(letters).collect()
        });
        let (end, length) = (of("endDateTime"), of("duration"));
        let is_whole = match sort.as_str() {
            "afterDateTime" => end
                .as_str()
                .is_some_and(|end| end.parse::<jiff::Timestamp>().is_ok_and(|end| end > now)),
            "afterDuration" => length
                .as_str()
                .is_some_and(|it| it.parse::<jiff::Span>().is_ok()),
            "noExpiration" | "notSpecified" => true,
            _ => false,
        };
        if !is_whole {
            return Err(wrong("does not say when it ends, or that was in the past"));
        }
        Ok(json!({
            "startDateTime": start, "recurrence": info.get("recurrence"),
            "expiration": {"type": sort, "endDateTime": end, "duration": length},
        }))
    }

    /// The request as it is kept and shown.
    fn row(
        &self,
        of: Scheduling,
        asked: &Properties,
        (id, status, target): (&str, &str, Option<String>),
    ) -> Properties {
        let now = self.tenant.now().to_string();
        let told = |name: &str| asked.get(name).cloned().unwrap_or(Value::Null);
        let mut row = Properties::new();
        let mut add = |name: &str, value: Value| row.insert(name.to_owned(), value);
        add("id", id.into());
        add("status", status.into());
        add("createdDateTime", now.as_str().into());
        add("completedDateTime", now.as_str().into());
        add("approvalId", Value::Null);
        add("customData", told("customData"));
        add("createdBy", self.asker());
        add("action", told("action"));
        for name in of.ends {
            add(name, told(name));
        }
        add(
            "isValidationOnly",
            told("isValidationOnly").as_bool().unwrap_or(false).into(),
        );
        add("targetScheduleId", target.into());
        add("justification", told("justification"));
        add("scheduleInfo", told("scheduleInfo"));
        add("ticketInfo", told("ticketInfo"));
        row
    }
}

fn exists() -> Failure {
    Failure::new(
        400,
        "RoleAssignmentExists",
        "The Role assignment already exists.",
    )
}

fn does_not_exist() -> Failure {
    Failure::new(
        404,
        "RoleAssignmentDoesNotExist",
        "The Role assignment does not exist.",
    )
}
