//! The audit row a deed leaves, in the shape of `directoryAudit`.
//!
//! Names of activities and of modified properties are those of Microsoft's own log, which are not
//! Graph's: `AccountEnabled`, values as JSON inside text, user attributes as arrays of one value.

mod activity;
mod names;

use serde_json::{Map, Value, json};

use super::acts::Outcome;
use super::ids::guid;
use super::{Slot, State, Tenant, key_of, named, text_of, text_property};
use crate::deed::{Act, Actor, Deed, Properties};
use activity::Activity;

impl Tenant {
    /// Writes the row and gives its id.
    pub(super) fn audit(&mut self, deed: &Deed, outcome: &Outcome) -> String {
        let activity = activity::of(self, deed, outcome);
        let correlation = self.row_guid("correlation");
        let id = format!(
            "{}_{}_{}",
            activity.id_prefix(),
            correlation,
            self.changes.next()
        );
        let row = json!({
            "id": id,
            "category": activity.category,
            "correlationId": correlation,
            "result": "success",
            "resultReason": "",
            "activityDisplayName": activity.name,
            "activityDateTime": activity_time(deed),
            "loggedByService": activity.service,
            "operationType": activity.operation,
            "initiatedBy": initiator(&deed.by),
            "targetResources": self.targets(deed, outcome, &activity),
            "additionalDetails": details(&activity),
        });
        let Value::Object(row) = row else {
            unreachable!("the literal above is an object");
        };
        let kind = named("directory_audit");
        self.storage
            .insert(kind, &key_of(&[], &id), &text_of(&row), State::Live);
        id
    }

    fn row_guid(&self, purpose: &str) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("entrace simulator audit rows");
        hasher.update(self.options.tenant_id.as_bytes());
        hasher.update(purpose.as_bytes());
        hasher.update(&self.changes.next().to_le_bytes());
        guid(hasher.finalize().as_bytes())
    }

    fn targets(&self, deed: &Deed, outcome: &Outcome, activity: &Activity) -> Vec<Value> {
        match (&deed.act, outcome.target) {
            (Act::Link { .. } | Act::Unlink { .. }, Some(target)) => {
                self.edge_targets(deed, outcome, target)
            }
            _ if activity.is_grant() => self.grant_targets(deed, outcome, activity),
            _ => vec![self.object_target(deed, outcome, activity)],
        }
    }

    /// The member first, with the source as its modified property; then the source itself.
    fn edge_targets(&self, deed: &Deed, outcome: &Outcome, target: Slot) -> Vec<Value> {
        let source_type = target_type(self.kind(outcome.slot).entity_type);
        let source = self.properties(outcome.slot);
        let added = matches!(deed.act, Act::Link { .. });
        vec![
            self.resource(
                target,
                &self.properties(target),
                edge_changes(source_type, &source, added),
            ),
            self.resource(outcome.slot, &source, Vec::new()),
        ]
    }

    /// Both ends of a role assignment, grant or consent, which name them by id in properties. The first
    /// one carries what changed; of roles that is the role itself, as if it were an edge to it.
    fn grant_targets(&self, deed: &Deed, outcome: &Outcome, activity: &Activity) -> Vec<Value> {
        let properties = if outcome.after.is_empty() {
            &outcome.before
        } else {
            &outcome.after
        };
        let ends = activity.ends.iter().filter_map(|property| {
            let id = text_property(properties, property)?;
            self.end_slot(id)
        });
        let ends: Vec<Slot> = ends.collect();
        let role = ends
            .iter()
            .find(|slot| self.kind(**slot).name == "role_definition");
        let is_changed = matches!(deed.act, Act::Update { .. });
        let mut changes = match role {
            Some(role) if !is_changed => {
                let added = matches!(deed.act, Act::Create { .. });
                edge_changes("Role", &self.properties(*role), added)
            }
            _ => self.modified(deed, outcome),
        };
        let mut targets = Vec::with_capacity(ends.len());
        for slot in ends {
            let own = std::mem::take(&mut changes);
            targets.push(self.resource(slot, &self.properties(slot), own));
        }
        if targets.is_empty() {
            targets.push(self.resource(outcome.slot, properties, changes));
        }
        targets
    }

    fn end_slot(&self, id: &str) -> Option<Slot> {
        let role = self
            .storage
            .find(named("role_definition"), &key_of(&[], id));
        role.or_else(|| self.storage.find_directory_object(id))
    }

    fn object_target(&self, deed: &Deed, outcome: &Outcome, activity: &Activity) -> Value {
        let properties = if outcome.after.is_empty() {
            &outcome.before
        } else {
            &outcome.after
        };
        let changes = if activity.whole_object {
            vec![whole_change(self.kind(outcome.slot).name, outcome)]
        } else {
            self.modified(deed, outcome)
        };
        self.resource(outcome.slot, properties, changes)
    }

    fn modified(&self, deed: &Deed, outcome: &Outcome) -> Vec<Value> {
        match deed.act {
            Act::Create { .. } | Act::Update { .. } => {
                names::modified(self.kind(outcome.slot), &outcome.before, &outcome.after)
            }
            _ => Vec::new(),
        }
    }

    fn resource(&self, slot: Slot, properties: &Properties, changes: Vec<Value>) -> Value {
        let kind = self.kind(slot);
        let kind_type = target_type(kind.entity_type);
        let mut resource = Map::new();
        let id = properties.get("id").cloned();
        resource.insert("id".to_owned(), id.unwrap_or_else(|| self.key(slot).into()));
        let name = kind.display.iter().find_map(|name| properties.get(*name));
        resource.insert(
            "displayName".to_owned(),
            name.cloned().unwrap_or(Value::Null),
        );
        resource.insert("type".to_owned(), kind_type.into());
        let user_name = properties.get("userPrincipalName").cloned();
        resource.insert(
            "userPrincipalName".to_owned(),
            user_name.unwrap_or(Value::Null),
        );
        // A row about a deleted group does not tell what sort it was; a gap of Microsoft's log too.
        let sort = (kind_type == "Group" && self.is_live(slot)).then(|| group_type(properties));
        resource.insert("groupType".to_owned(), sort.into());
        resource.insert("modifiedProperties".to_owned(), changes.into());
        Value::Object(resource)
    }
}

/// What an edge to an object changes, in the words of the log.
fn edge_changes(source_type: &str, source: &Properties, added: bool) -> Vec<Value> {
    let change = |name: &str, property: &str| {
        let text = text_property(source, property).map(|value| json!(value).to_string());
        let (old, new) = if added { (None, text) } else { (text, None) };
        let name = format!("{source_type}.{name}");
        json!({"displayName": name, "oldValue": old, "newValue": new})
    };
    let mut changes = vec![
        change("ObjectID", "id"),
        change("DisplayName", "displayName"),
        change("WellKnownObjectName", "wellKnownObjectName"),
    ];
    if source_type == "Role" {
        changes.push(change("TemplateId", "templateId"));
    }
    changes
}

fn activity_time(deed: &Deed) -> String {
    format!("{:.7}", deed.at)
}

fn initiator(actor: &Actor) -> Value {
    match actor {
        Actor::User { id, name, address } => json!({
            "app": null,
            "user": {
                "id": id, "displayName": null, "userPrincipalName": name, "ipAddress": address,
                "userType": null, "homeTenantId": null, "homeTenantName": null,
            },
        }),
        Actor::App { id, app_id, name } => json!({
            "user": null,
            "app": {
                "appId": app_id, "displayName": name, "servicePrincipalId": id,
                "servicePrincipalName": null,
            },
        }),
        Actor::Service => json!({
            "user": null,
            "app": {
                "appId": null, "displayName": "Microsoft Azure AD Internal - Jit Provisioning",
                "servicePrincipalId": null, "servicePrincipalName": null,
            },
        }),
    }
}

fn details(activity: &Activity) -> Value {
    if activity.service == "Conditional Access" {
        json!([{"key": "Category", "value": "Conditional Access"}])
    } else {
        json!([])
    }
}

/// `User` for `microsoft.graph.user`; policies of all sorts are just policies.
fn target_type(entity_type: &str) -> &'static str {
    let local = entity_type.rsplit('.').next().unwrap_or(entity_type);
    match local {
        "user" => "User",
        "group" => "Group",
        "application" => "Application",
        "servicePrincipal" => "ServicePrincipal",
        "device" => "Device",
        "directoryRole" | "unifiedRoleDefinition" => "Role",
        "administrativeUnit" => "AdministrativeUnit",
        "organization" | "domain" => "Directory",
        _ if local.ends_with("olicy") || local.ends_with("amedLocation") => "Policy",
        _ => "Other",
    }
}

fn group_type(properties: &Properties) -> &'static str {
    let unified = properties
        .get("groupTypes")
        .and_then(Value::as_array)
        .is_some_and(|types| types.iter().any(|name| name == "Unified"));
    if unified { "unifiedGroups" } else { "azureAD" }
}

/// Conditional Access logs the whole policy, before and after, as JSON text.
fn whole_change(kind: &str, outcome: &Outcome) -> Value {
    let name = if kind == "named_location" {
        "NamedLocation"
    } else {
        "ConditionalAccessPolicy"
    };
    let text = |properties: &Properties| (!properties.is_empty()).then(|| text_of(properties));
    json!({
        "displayName": name,
        "oldValue": text(&outcome.before),
        "newValue": text(&outcome.after),
    })
}

#[cfg(test)]
mod tests;
