//! The actions that change what a snapshot sees: secrets of applications, versions of workflows, and properties that
//! are changed by an action of their own.

use serde_json::{Value, json};

use super::{Change, rules};
use crate::deed::{Act, Properties};
use crate::http::answer::{Answer, Failure};
use crate::tenant::Slot;

impl Change<'_> {
    /// Carries out an action on an object.
    pub(super) fn action(
        &mut self,
        slot: Slot,
        action: &str,
        properties: &Properties,
    ) -> Result<Answer, Failure> {
        let kind = self.tenant.kind(slot);
        let apart = kind.writing.map_or(&[][..], |writing| writing.apart);
        let apart = apart.iter().find(|it| it.action.ends_with(action));
        if let Some(apart) = apart {
            return self.set_apart(slot, apart.property, properties);
        }
        let local = action.rsplit('.').next().unwrap_or(action);
        match (kind.name, local) {
            ("application" | "service_principal", _) => self.secret(slot, action, properties),
            ("lifecycle_workflow", "createNewVersion") => self.new_version(slot, properties),
            _ => Err(Failure::no_segment(action)),
        }
    }

    /// The workflow as its next version has it.
    fn new_version(&mut self, slot: Slot, asked: &Properties) -> Result<Answer, Failure> {
        const PARTS: [&str; 7] = [
            "category",
            "description",
            "displayName",
            "executionConditions",
            "isEnabled",
            "isSchedulingEnabled",
            "tasks",
        ];
        let workflow = asked.get("workflow").and_then(Value::as_object);
        let workflow = workflow.ok_or_else(|| Failure::bad_option("The workflow is missing."))?;
        if let Some(name) = workflow.keys().find(|name| !PARTS.contains(&name.as_str())) {
            let message = format!("The property '{name}' of a workflow cannot be set.");
            return Err(Failure::bad_option(message));
        }
        let version = self
            .tenant
            .properties(slot)
            .get("version")
            .and_then(Value::as_u64);
        let mut changed = workflow.clone();
        changed.insert("version".to_owned(), (version.unwrap_or(1) + 1).into());
        let now = self.tenant.now().to_string();
        changed.insert("lastModifiedDateTime".to_owned(), now.into());
        self.apply(Act::Update {
            kind: self.tenant.kind(slot),
            parents: Vec::new(),
            id: self.tenant.key(slot).to_owned(),
            properties: changed,
        })?;
        let whole = self.tenant.properties(slot);
        Ok(Answer::value(201, &Value::Object(whole)))
    }

    fn secret(
        &mut self,
        slot: Slot,
        action: &str,
        properties: &Properties,
    ) -> Result<Answer, Failure> {
        let kind = self.tenant.kind(slot);
        let own = self.tenant.properties(slot);
        let list = own.get("passwordCredentials").and_then(Value::as_array);
        let mut list = list.cloned().unwrap_or_default();
        let answer = match action {
            "addPassword" => {
                let asked = properties.get("passwordCredential").cloned();
                let (kept, shown) = self.new_secret(&asked.unwrap_or_default());
                list.push(kept);
                Answer::value(200, &shown)
            }
            "removePassword" => {
                let id = properties.get("keyId").cloned().unwrap_or_default();
                let before = list.len();
                list.retain(|credential| credential.get("keyId") != Some(&id));
                if list.len() == before {
                    return Err(Failure::bad_request(
                        "No password credential found with keyId.",
                    ));
                }
                Answer::empty(204)
            }
            _ => return Err(Failure::no_segment(action)),
        };
        let mut changed = Properties::new();
        changed.insert("passwordCredentials".to_owned(), list.into());
        let id = self.tenant.key(slot).to_owned();
        self.apply(Act::Update {
            kind,
            parents: Vec::new(),
            id,
            properties: changed,
        })?;
        Ok(answer)
    }

    /// Changes the one property that an action is for.
    fn set_apart(
        &mut self,
        slot: Slot,
        property: &str,
        properties: &Properties,
    ) -> Result<Answer, Failure> {
        let kind = self.tenant.kind(slot);
        let own = self.tenant.properties(slot);
        let new = properties
            .get(property)
            .filter(|new| new.as_array().is_some_and(|list| !list.is_empty()));
        let (Some(new), false) = (new, rules::is_built_in(&own)) else {
            let message = format!("Invalid value specified for property '{property}'.");
            return Err(Failure::bad_request(message));
        };
        let before = own.get(property).cloned().unwrap_or_default();
        let mut changed = Properties::new();
        changed.insert(property.to_owned(), new.clone());
        rules::stamp(self.tenant, kind, &mut changed);
        let id = self.tenant.key(slot).to_owned();
        self.apply(Act::Update {
            kind,
            parents: Vec::new(),
            id,
            properties: changed,
        })?;
        let shown = json!({
            "additionalInformation": null,
            "conditionalAccessReferences": [],
            "currentCombinations": new,
            "previousCombinations": before,
        });
        Ok(Answer::value(200, &shown))
    }

    /// What the directory keeps of a new secret, and what it shows once.
    fn new_secret(&mut self, asked: &Value) -> (Value, Value) {
        let now = self.tenant.now();
        let year = jiff::SignedDuration::from_hours(24 * 365);
        let end = now.checked_add(year).unwrap_or(now);
        let secret = format!("sim~{}", self.tenant.assign_id().replace('-', ""));
        let value = |name: &str, otherwise: Value| match asked.get(name) {
            Some(value) if !value.is_null() => value.clone(),
            _ => otherwise,
        };
        let mut kept = json!({
            "customKeyIdentifier": null,
            "displayName": value("displayName", Value::Null),
            "endDateTime": value("endDateTime", end.to_string().into()),
            "hint": &secret[..3],
            "keyId": self.tenant.assign_id(),
            "secretText": null,
            "startDateTime": value("startDateTime", now.to_string().into()),
        });
        let mut shown = kept.clone();
        shown["secretText"] = secret.into();
        kept["secretText"] = Value::Null;
        (kept, shown)
    }
}
