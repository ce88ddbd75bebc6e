//! Roles of the directory: assignment, schedule, instance and member of the activated role are one grant.

use catalog::Kind;
use serde_json::{Value, json};

use super::{creation, end_of, scheduled};
use crate::deed::{Act, Properties};
use crate::tenant::{Slot, Tenant, key_of, named, text_property};

/// What shows that somebody holds a role now.
const ACTIVE: [&str; 3] = [
    "role_assignment",
    "role_assignment_schedule",
    "role_assignment_schedule_instance",
];

/// What shows that somebody may activate a role.
const ELIGIBLE: [&str; 2] = [
    "role_eligibility_schedule",
    "role_eligibility_schedule_instance",
];

pub(super) fn is_grant(kind: &str) -> bool {
    ACTIVE.contains(&kind) || ELIGIBLE.contains(&kind)
}

/// Who, which role, where.
struct Grant<'p> {
    principal: &'p str,
    role: &'p str,
    scope: Option<&'p str>,
    app_scope: Option<&'p str>,
}

impl<'p> Grant<'p> {
    fn of(properties: &'p Properties) -> Option<Self> {
        Some(Self {
            principal: text_property(properties, "principalId")?,
            role: text_property(properties, "roleDefinitionId")?,
            scope: text_property(properties, "directoryScopeId"),
            app_scope: text_property(properties, "appScopeId"),
        })
    }

    fn of_tenant(principal: &'p str, role: &'p str) -> Self {
        Self {
            principal,
            role,
            scope: Some("/"),
            app_scope: None,
        }
    }

    fn find(&self, tenant: &Tenant, kind: &str) -> Vec<Slot> {
        let values = [
            ("principalId", Some(self.principal)),
            ("roleDefinitionId", Some(self.role)),
            ("directoryScopeId", self.scope),
            ("appScopeId", self.app_scope),
        ];
        tenant.having(kind, &values)
    }

    /// The properties that every form of the grant repeats, behind an id.
    fn told(&self, id: &str) -> Value {
        json!({
            "id": id, "principalId": self.principal, "roleDefinitionId": self.role,
            "directoryScopeId": self.scope, "appScopeId": self.app_scope,
        })
    }
}

impl Tenant {
    /// The other forms of a grant that somebody makes in one form.
    pub(super) fn role_granted(&self, kind: &Kind, properties: &Properties) -> Vec<Act> {
        let Some(grant) = Grant::of(properties) else {
            return Vec::new();
        };
        let id = text_property(properties, "id").unwrap_or_default();
        if ELIGIBLE.contains(&kind.name) {
            return self.instance(&grant, "Eligibility", id, properties);
        }
        let mut acts = self.assignment(&grant, kind.name, id, properties);
        if grant.scope == Some("/") {
            acts.extend(self.membership(grant.role, grant.principal, true));
        }
        acts
    }

    fn assignment(&self, grant: &Grant<'_>, made: &str, id: &str, of: &Properties) -> Vec<Act> {
        let is_missing = |kind: &str| made != kind && grant.find(self, kind).is_empty();
        let mut acts = Vec::new();
        if is_missing("role_assignment") {
            let mut assignment = grant.told(id);
            assignment["condition"] = Value::Null;
            assignment["principalOrganizationId"] = self.options.tenant_id.as_str().into();
            acts.push(creation("role_assignment", assignment));
        }
        let schedule = match grant.find(self, "role_assignment_schedule").first() {
            _ if made == "role_assignment_schedule" => of.clone(),
            Some(slot) => self.properties(*slot),
            None => {
                let schedule = self.standing(grant, id);
                acts.push(creation("role_assignment_schedule", schedule.clone()));
                schedule.as_object().cloned().unwrap_or_default()
            }
        };
        acts.extend(self.instance(grant, "Assignment", id, &schedule));
        acts
    }

    /// The schedule of an assignment for good.
    fn standing(&self, grant: &Grant<'_>, id: &str) -> Value {
        let now = self.now.to_string();
        let mut schedule = grant.told(id);
        schedule["createdUsing"] = id.into();
        schedule["createdDateTime"] = now.as_str().into();
        schedule["modifiedDateTime"] = Value::Null;
        schedule["status"] = "Provisioned".into();
        schedule["memberType"] = "Direct".into();
        schedule["assignmentType"] = "Assigned".into();
        schedule["scheduleInfo"] = json!({
            "startDateTime": now, "recurrence": null,
            "expiration": {"type": "noExpiration", "endDateTime": null, "duration": null},
        });
        schedule
    }

    fn instance(&self, grant: &Grant<'_>, sort: &str, id: &str, of: &Properties) -> Vec<Act> {
        let kind = format!("role_{}_schedule_instance", sort.to_ascii_lowercase());
        if !grant.find(self, &kind).is_empty() {
            return Vec::new();
        }
        let schedule = text_property(of, "id").unwrap_or(id);
        let mut instance = grant.told(&format!("{schedule}-1"));
        instance["startDateTime"] = scheduled(of, "startDateTime").into();
        instance["endDateTime"] = end_of(of).into();
        instance["memberType"] = "Direct".into();
        instance[format!("role{sort}ScheduleId")] = schedule.into();
        if sort == "Assignment" {
            let assignment = text_property(of, "assignmentType").unwrap_or("Assigned");
            instance["assignmentType"] = assignment.into();
            instance["roleAssignmentOriginId"] = schedule.into();
        }
        vec![creation(&kind, instance)]
    }

    /// The other forms of a grant that somebody takes away in one form.
    pub(super) fn role_withdrawn(&self, slot: Slot) -> Vec<Act> {
        let properties = self.properties(slot);
        let Some(grant) = Grant::of(&properties) else {
            return Vec::new();
        };
        let is_active = ACTIVE.contains(&self.kind(slot).name);
        let forms: &[&str] = if is_active { &ACTIVE } else { &ELIGIBLE };
        let others = forms.iter().flat_map(|kind| grant.find(self, kind));
        let others = others.filter(|other| *other != slot);
        let mut acts: Vec<Act> = others.map(|other| self.deletion(other)).collect();
        if is_active && grant.scope == Some("/") {
            acts.extend(self.membership(grant.role, grant.principal, false));
        }
        acts
    }

    /// The edge from an activated role that has to come or go; none where it is so already.
    fn membership(&self, role: &str, principal: &str, added: bool) -> Option<Act> {
        let kind = named("directory_role_member");
        let role = self.having("directory_role", &[("roleTemplateId", Some(role))]);
        let source = self.key(*role.first()?).to_owned();
        let (from, to) = self.ends(kind, &source, principal).ok()?;
        let target = principal.to_owned();
        (self.edges.contains(kind, from, to) != added)
            .then(|| Act::edge(kind, source, target, added))
    }

    /// The role behind an activated one.
    fn template_of(&self, activated: &str) -> Option<String> {
        let slot = self
            .storage
            .find(named("directory_role"), &key_of(&[], activated))?;
        let properties = self.properties(slot);
        text_property(&properties, "roleTemplateId").map(str::to_owned)
    }

    pub(super) fn member_added(&self, source: &str, principal: &str) -> Vec<Act> {
        let Some(role) = self.template_of(source) else {
            return Vec::new();
        };
        let grant = Grant::of_tenant(principal, &role);
        if !grant.find(self, "role_assignment").is_empty() {
            return Vec::new();
        }
        // An id that says what it is about, as those of the service do.
        let id = format!("{role}_{principal}").replace('-', "");
        self.assignment(&grant, "directory_role_member", &id, &Properties::new())
    }

    pub(super) fn member_removed(&self, source: &str, principal: &str) -> Vec<Act> {
        let Some(role) = self.template_of(source) else {
            return Vec::new();
        };
        let grant = Grant::of_tenant(principal, &role);
        let forms = ACTIVE.iter().flat_map(|kind| grant.find(self, kind));
        forms.map(|slot| self.deletion(slot)).collect()
    }

    /// Whoever holds a role already is a member of it as soon as it is activated.
    pub(super) fn members_of_activated(&self, role: &Properties) -> Vec<Act> {
        let (Some(id), Some(template)) = (
            text_property(role, "id"),
            text_property(role, "roleTemplateId"),
        ) else {
            return Vec::new();
        };
        let values = [
            ("roleDefinitionId", Some(template)),
            ("directoryScopeId", Some("/")),
        ];
        let holders = self.having("role_assignment", &values).into_iter();
        let members = holders.filter_map(|slot| {
            let properties = self.properties(slot);
            let target = text_property(&properties, "principalId")?.to_owned();
            self.storage.find_directory_object(&target)?;
            Some(Act::Link {
                kind: named("directory_role_member"),
                source: id.to_owned(),
                target,
            })
        });
        members.collect()
    }
}
