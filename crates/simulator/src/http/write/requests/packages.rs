//! Requests of entitlement management: who gets an access package, and what a catalog holds.

use serde_json::{Value, json};

use super::{check_members, needed};
use crate::deed::{Act, Properties};
use crate::http::answer::{Answer, Failure};
use crate::http::write::Change;
use crate::tenant::{Slot, key_of, named, text_property};

/// One of the two collections of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Assignment,
    Resource,
}

impl Wish {
    pub(super) fn at(path: &str) -> Option<Self> {
        match path {
            "/identitygovernance/entitlementmanagement/assignmentrequests" => {
                Some(Self::Assignment)
            }
            "/identitygovernance/entitlementmanagement/resourcerequests" => Some(Self::Resource),
            _ => None,
        }
    }

    /// Kind of what the requests make.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Assignment => "access_package_assignment",
            Self::Resource => "access_package_resource",
        }
    }
}

impl Change<'_> {
    pub(super) fn wish(&mut self, wish: Wish, asked: &Properties) -> Result<Answer, Failure> {
        match wish {
            Wish::Assignment => self.package_asked(asked),
            Wish::Resource => self.resource_asked(asked),
        }
    }

    fn package_asked(&mut self, asked: &Properties) -> Result<Answer, Failure> {
        let known = [
            "requestType",
            "assignment",
            "schedule",
            "justification",
            "answers",
        ];
        check_members(
            asked,
            &known,
            "microsoft.graph.accessPackageAssignmentRequest",
        )?;
        let sort = needed(asked, "requestType")?;
        let assignment = asked.get("assignment").and_then(Value::as_object);
        let assignment = assignment.ok_or_else(|| missing("assignment"))?.clone();
        match sort {
            "adminAdd" => self.assign_package(&assignment, asked)?,
            "adminUpdate" => {
                let slot = self.assigned(&assignment)?;
                let schedule = asked.get("schedule").cloned();
                let schedule = schedule.ok_or_else(|| missing("schedule"))?;
                let id = self.tenant.key(slot).to_owned();
                self.apply(Act::Update {
                    kind: named("access_package_assignment"),
                    parents: Vec::new(),
                    id,
                    properties: Properties::from_iter([("schedule".to_owned(), schedule)]),
                })?;
            }
            "adminRemove" => {
                let slot = self.assigned(&assignment)?;
                let id = self.tenant.key(slot).to_owned();
                self.apply(Act::Delete {
                    kind: named("access_package_assignment"),
                    parents: Vec::new(),
                    id,
                })?;
            }
            other => return Err(unknown(other)),
        }
        let row = json!({
            "id": self.tenant.assign_id(), "requestType": sort, "state": "submitted",
            "status": "Accepted", "createdDateTime": null, "completedDateTime": null,
            "schedule": asked.get("schedule"), "justification": asked.get("justification"),
            "answers": asked.get("answers").cloned().unwrap_or_else(|| json!([])),
        });
        Ok(self.requested(members(row)))
    }

    fn assigned(&self, assignment: &Properties) -> Result<Slot, Failure> {
        let id = needed(assignment, "id")?;
        let kind = named("access_package_assignment");
        let slot = self.tenant.storage.find(kind, &key_of(&[], id));
        slot.ok_or_else(|| Failure::not_found(id))
    }

    fn assign_package(&mut self, of: &Properties, asked: &Properties) -> Result<(), Failure> {
        let (target, package) = (needed(of, "targetId")?, needed(of, "accessPackageId")?);
        let policy = needed(of, "assignmentPolicyId")?;
        for (kind, id) in [
            ("user", target),
            ("access_package", package),
            ("access_package_assignment_policy", policy),
        ] {
            if self.tenant.object(named(kind), &[], id).is_none() {
                return Err(Failure::not_found(id));
            }
        }
        let kind = named("access_package_assignment");
        let has_it = self.tenant.objects(kind).any(|text| {
            let own: Value = serde_json::from_str(text).unwrap_or_default();
            own["target"]["objectId"] == target && own["accessPackage"]["id"] == package
        });
        if has_it {
            let message = "The target already has an assignment of the access package.";
            return Err(Failure::new(400, "ExistingGrant", message));
        }
        let mut schedule = asked.get("schedule").cloned().unwrap_or_else(|| {
            json!({
                "startDateTime": null, "recurrence": null,
                "expiration": self.expiration_of(policy),
            })
        });
        let now = self.tenant.now();
        let start = schedule["startDateTime"]
            .as_str()
            .map(str::parse::<jiff::Timestamp>);
        if !start.is_some_and(|start| start.is_ok_and(|start| start > now)) {
            schedule["startDateTime"] = now.to_string().into();
        }
        let properties = json!({
            "id": self.tenant.assign_id(), "customExtensionCalloutInstances": [],
            "expiredDateTime": null, "schedule": schedule, "state": "delivered",
            "status": "Delivered", "target": {"objectId": target},
            "accessPackage": {"id": package}, "assignmentPolicy": {"id": policy},
        });
        self.apply(Act::Create {
            kind,
            parents: Vec::new(),
            properties: members(properties),
        })
    }

    /// How long an assignment lasts by its policy.
    fn expiration_of(&self, policy: &str) -> Value {
        let kind = named("access_package_assignment_policy");
        let text = self.tenant.object(kind, &[], policy).unwrap_or("{}");
        let policy: Value = serde_json::from_str(text).unwrap_or_default();
        policy.get("expiration").cloned().unwrap_or_default()
    }

    fn resource_asked(&mut self, asked: &Properties) -> Result<Answer, Failure> {
        let known = ["requestType", "resource", "catalog", "justification"];
        check_members(
            asked,
            &known,
            "microsoft.graph.accessPackageResourceRequest",
        )?;
        let sort = needed(asked, "requestType")?;
        let inner = |name: &str| asked.get(name).and_then(Value::as_object);
        let catalog = inner("catalog").ok_or_else(|| missing("catalog"))?;
        let catalog = needed(catalog, "id")?;
        let resource = inner("resource").ok_or_else(|| missing("resource"))?;
        if self
            .tenant
            .object(named("access_package_catalog"), &[], catalog)
            .is_none()
        {
            return Err(Failure::not_found(catalog));
        }
        let origin = needed(resource, "originId")?;
        let there = self.catalogued(catalog, origin);
        match (sort, there) {
            ("adminAdd", None) => self.add_resource(catalog, resource)?,
            ("adminAdd", Some(_)) => {
                let message = "The resource is already onboarded to the catalog.";
                return Err(Failure::new(400, "ResourceAlreadyOnboarded", message));
            }
            ("adminRemove", Some(id)) => self.apply(Act::Delete {
                kind: named("access_package_resource"),
                parents: vec![catalog.to_owned()],
                id,
            })?,
            ("adminRemove", None) => return Err(Failure::not_found(origin)),
            (other, _) => return Err(unknown(other)),
        }
        let row = json!({
            "id": self.tenant.assign_id(), "requestType": sort, "state": "delivered",
            "createdDateTime": self.tenant.now().to_string(),
        });
        Ok(self.requested(members(row)))
    }

    /// Id of the resource that a catalog has of an origin.
    fn catalogued(&self, catalog: &str, origin: &str) -> Option<String> {
        let kind = named("access_package_resource");
        let prefix = key_of(&[catalog.to_owned()], "");
        let mut all = self.tenant.storage.live(kind, &prefix, None);
        let own = all.find_map(|slot| {
            let own = self.tenant.properties(slot);
            text_property(&own, "originId")
                .is_some_and(|own| own.eq_ignore_ascii_case(origin))
                .then_some(own)
        });
        text_property(&own?, "id").map(str::to_owned)
    }

    /// Name, roles and scopes of a new resource are those of its origin.
    fn add_resource(&mut self, catalog: &str, asked: &Properties) -> Result<(), Failure> {
        let (origin, system) = (needed(asked, "originId")?, needed(asked, "originSystem")?);
        let (found, roles): (_, &[&str]) = match system {
            "AadGroup" => (
                self.tenant.object(named("group"), &[], origin),
                &["Owner", "Member"],
            ),
            "AadApplication" => {
                let kind = named("service_principal");
                (self.tenant.object(kind, &[], origin), &["Default Access"])
            }
            _ => (Some("{}"), &[]),
        };
        let found = found.ok_or_else(|| Failure::not_found(origin))?;
        let found: Value = serde_json::from_str(found).unwrap_or_default();
        let told = |name: &str| match asked.get(name) {
            Some(value) if !value.is_null() => value.clone(),
            _ => found.get(name).cloned().unwrap_or_default(),
        };
        let (name, description) = (told("displayName"), told("description"));
        let roles: Vec<Value> = roles
            .iter()
            .map(|role| {
                let origin = format!("{role}_{origin}");
                json!({
                    "id": self.tenant.assign_id(), "displayName": role, "originSystem": system,
                    "originId": origin,
                })
            })
            .collect();
        let now = self.tenant.now().to_string();
        let properties = json!({
            "id": self.tenant.assign_id(), "attributes": [], "createdDateTime": now,
            "description": description, "displayName": name, "modifiedDateTime": now,
            "originId": origin, "originSystem": system, "roles": roles,
            "scopes": [{
                "id": self.tenant.assign_id(), "displayName": "Root", "originSystem": system,
                "originId": origin, "isRootScope": true,
            }],
        });
        self.apply(Act::Create {
            kind: named("access_package_resource"),
            parents: vec![catalog.to_owned()],
            properties: members(properties),
        })
    }
}

fn members(value: Value) -> Properties {
    match value {
        Value::Object(members) => members,
        _ => Properties::new(),
    }
}

fn missing(name: &str) -> Failure {
    Failure::bad_option(format!("The {name} of the request is missing."))
}

fn unknown(sort: &str) -> Failure {
    Failure::bad_option(format!(
        "The requestType '{sort}' is not one that is carried out."
    ))
}
