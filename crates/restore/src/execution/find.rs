//! Looking for what a request may have made, when its answer was lost.
//!
//! The service chooses the id, so the object is known by what was written into it: every expected value, and a
//! time of creation not before the request was intended. Objects that other steps made are left out.

use std::collections::BTreeSet;

use catalog::Kind;
use graph::{Client, PageGuard};
use jiff::{SignedDuration, Timestamp};
use model::parse_time;
use serde_json::{Map, Value};

use super::judge::differing;
use super::live::{Object, kind, parsed, select_covered};
use crate::error::{Error, Result};
use crate::plan::{Expected, Step};

/// Clocks of the service may differ from each other by this much.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Kinds whose lists Graph filters by one of these properties; others are read whole.
const FILTERED: [(&str, &str); 8] = [
    ("user", "userPrincipalName"),
    ("group", "displayName"),
    ("application", "displayName"),
    ("service_principal", "appId"),
    ("administrative_unit", "displayName"),
    ("conditional_access_policy", "displayName"),
    ("named_location", "displayName"),
    ("role_assignment", "principalId"),
];

/// What is looked for.
pub(crate) struct Lost<'l> {
    pub(crate) step: &'l Step,
    /// The key in the tenant as it is now, but for the id that is looked for.
    pub(crate) key: &'l [String],
    /// The expectation, with ids as they are now.
    pub(crate) expected: &'l Expected,
    /// When the request was intended.
    pub(crate) since: Timestamp,
    /// Ids that steps have made already, in lower case.
    pub(crate) taken: &'l BTreeSet<String>,
}

impl Lost<'_> {
    /// The object, if it is there.
    ///
    /// # Errors
    /// Where the list cannot be read.
    pub(crate) async fn find(&self, client: &Client) -> Result<Option<Object>> {
        let kind = kind(self.step)?;
        let Expected::Present { properties } = self.expected else {
            return Ok(None);
        };
        // Its ids are what is looked for.
        let mut properties = properties.clone();
        let made = self.step.makes.iter();
        made.for_each(|made| drop(properties.shift_remove(&made.property)));
        let properties = &properties;
        // By nothing but its time, any new object would do.
        if properties.is_empty() {
            return Err(Error::Internal(format!(
                "step {} does not say how its object is known",
                self.step.number
            )));
        }
        let parents: Vec<&str> = self.key.iter().map(String::as_str).collect();
        let parents = &parents[..parents.len().saturating_sub(1)];
        let Some(mut request) = kind.list_request(parents, None) else {
            return Ok(None);
        };
        select_covered(kind, &mut request);
        let filter = filter(kind, properties);
        if let Some(filter) =
            filter.filter(|_| request.query.iter().all(|(name, _)| *name != "$filter"))
        {
            request.query.push(("$filter", filter));
        }
        let mut get = collector::get(kind, &request).list();
        let mut guard = PageGuard::default();
        loop {
            let page = client.get(&get).await?;
            let rows: Map<String, Value> = serde_json::from_slice(&page.body).unwrap_or_default();
            let rows = rows.get("value").and_then(Value::as_array);
            let found = rows.into_iter().flatten().find_map(|row| {
                let object = parsed(kind, row.to_string().as_bytes(), &[])?;
                self.is_it(kind, properties, &object).then_some(object)
            });
            if found.is_some() {
                return Ok(found);
            }
            guard.check(&page)?;
            let Some(next) = page.next else {
                return Ok(None);
            };
            get = get.following(next);
        }
    }

    fn is_it(&self, kind: &'static Kind, properties: &Map<String, Value>, object: &Object) -> bool {
        let id = kind
            .key
            .and_then(|key| object.properties.get(key)?.as_str());
        let is_anothers = id.is_some_and(|id| self.taken.contains(&id.to_ascii_lowercase()));
        !is_anothers && self.is_new(object) && differing(kind, properties, object).is_empty()
    }

    fn is_new(&self, object: &Object) -> bool {
        let created = object.properties.get("createdDateTime");
        let created = created
            .and_then(Value::as_str)
            .and_then(|text| parse_time(text).ok());
        created.is_none_or(|created| {
            let oldest = self.since.checked_sub(TOLERANCE).unwrap_or(self.since);
            created >= oldest
        })
    }
}

/// A condition for the list, where Graph takes one.
fn filter(kind: &Kind, properties: &Map<String, Value>) -> Option<String> {
    let (_, property) = FILTERED.iter().find(|(name, _)| *name == kind.name)?;
    let value = properties.get(*property)?.as_str()?;
    Some(format!("{property} eq '{}'", value.replace('\'', "''")))
}
