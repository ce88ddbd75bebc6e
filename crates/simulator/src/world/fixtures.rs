//! Objects written by hand as JSON: policies, packages, profiles, settings.
//!
//! A fixture file maps a kind's name to its objects. Only what matters is written; the filler adds
//! the other properties. In a text, `@kind/name` stands for an object's id, `@kind/name.property` for
//! another of its properties, `@day-30` for a moment, `{domain}`, `{initial}`, `{tenant}` and `{tenant letters}`
//! for the tenant's own; `@parent` names the parent, every one of the parent's kind without it.

use catalog::Kind;
use serde_json::Value;

use super::company;
use super::{DAY, World, applications, groups};
use crate::deed::Properties;

const FILES: [&str; 6] = [
    include_str!("fixtures/conditional_access.json"),
    include_str!("fixtures/policies.json"),
    include_str!("fixtures/governance.json"),
    include_str!("fixtures/intune.json"),
    include_str!("fixtures/organization.json"),
    include_str!("fixtures/services.json"),
];

/// All fixtures, kind by kind.
#[derive(Debug)]
pub(super) struct Fixtures(Properties);

impl Fixtures {
    pub(super) fn read() -> Self {
        let mut all = Properties::new();
        for file in FILES {
            let kinds: Properties =
                serde_json::from_str(file).expect("because the fixtures are part of the program");
            all.extend(kinds);
        }
        Self(all)
    }

    /// Objects written down for a kind.
    pub(super) fn of(&self, kind: &str) -> &[Value] {
        self.0
            .get(kind)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// Names of the kinds in the files.
    #[cfg(test)]
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl World {
    /// A fixture's value with everything that stands for something else filled in.
    pub(super) fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.resolved_text(text)),
            Value::Array(items) => items.iter().map(|item| self.resolved(item)).collect(),
            Value::Object(properties) => Value::Object(
                properties
                    .iter()
                    .filter(|(name, _)| *name != "@parent")
                    .map(|(name, value)| (name.clone(), self.resolved(value)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    pub(super) fn resolved_text(&self, text: &str) -> String {
        if let Some(days) = text.strip_prefix("@day")
            && let Ok(days) = days.parse::<i64>()
        {
            return self.written(days * DAY + 9 * 3_600 + 1_234);
        }
        if let Some((kind, name)) = text.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
            let (name, property) = match name.rsplit_once('.') {
                Some((name, property)) if is_property(property) => (name, property),
                _ => (name, "id"),
            };
            return self
                .named(kind, name, property)
                .unwrap_or_else(|| panic!("the fixture's {text} names nothing"));
        }
        if text.contains('{') {
            return text
                .replace("{domain}", &self.domain)
                .replace("{initial}", &self.initial_domain)
                .replace("{tenant}", &self.tenant_id)
                .replace("{tenant letters}", &self.tenant_id.replace('-', ""))
                .replace("{name}", &self.options.tenant_name);
        }
        text.to_owned()
    }

    /// A property of an object with a name.
    pub(super) fn named(&self, kind: &str, name: &str, property: &str) -> Option<String> {
        let number = name.parse::<u32>().ok();
        Some(match (kind, property) {
            ("user", property) => {
                let number = number.or_else(|| company::account(name))?;
                let person = self.person(number);
                match property {
                    "userPrincipalName" => self.upn(&person),
                    "displayName" => person.display,
                    _ => self.user_id(number),
                }
            }
            ("group", property) => {
                let number = number.or_else(|| groups::purpose(name))?;
                match property {
                    "displayName" => Self::group_name(number),
                    _ => self.group_id(number),
                }
            }
            ("application", property) => {
                let number = number.or_else(|| applications::named(name))?;
                match property {
                    "appId" => self.own_app_id(number),
                    _ => self.application_id(number),
                }
            }
            ("service_principal", property) => {
                let number = number.or_else(|| self.principal(name))?;
                match property {
                    "appId" => self.principal_app_id(number),
                    "displayName" => self.principal_name(number),
                    _ => self.principal_id(number),
                }
            }
            ("directory_role", _) => self.directory_role_id(company::role(name)),
            ("device", "displayName") => self.device_name(number?),
            ("device", "deviceId") => self.device_device_id(number?),
            ("device", _) => self.device_id(number?),
            ("role", _) => company::role(name).to_owned(),
            _ => return self.fixture_key(catalog::by_name(kind)?, number?),
        })
    }

    /// Key of object `number` of a kind that is written by hand or filled in.
    pub(super) fn fixture_key(&self, kind: &Kind, number: u32) -> Option<String> {
        let key = kind.key?;
        let written = self.fixtures.of(kind.name).get(number as usize);
        match written
            .and_then(|object| object.get(key))
            .and_then(Value::as_str)
        {
            Some(text) => Some(self.resolved_text(text)),
            None => Some(self.key.guid(kind.name, u64::from(number))),
        }
    }
}

/// Properties a fixture may ask for besides the id; a name with a dot in it (`adm.menon`) has none.
fn is_property(text: &str) -> bool {
    matches!(
        text,
        "appId" | "deviceId" | "displayName" | "userPrincipalName"
    )
}
