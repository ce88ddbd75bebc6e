//! Objects of any kind, from what the catalogue says about it: fixtures completed, and kinds without
//! a fixture made up.
//!
//! Values follow the column's type and name. Where a kind holds several types, only what all of them
//! have is filled in; the rest is the fixture's business.

use catalog::{Column, ColumnType, Kind, Shape};
use serde_json::Value;

use super::chance::Chance;
use super::record::NULL;
use super::{DAY, World};
use crate::deed::{Properties, Seed};

/// Kinds made elsewhere: populations, and what follows from them.
pub(super) const MADE_ELSEWHERE: [&str; 38] = [
    "user",
    "group",
    "device",
    "application",
    "service_principal",
    "managed_device",
    "user_manager",
    "user_sponsor",
    "user_authentication_method",
    "user_license_detail",
    "user_registration_details",
    "group_member",
    "group_owner",
    "device_registered_owner",
    "device_registered_user",
    "app_role_assignment",
    "service_principal_app_role_assignment",
    "group_app_role_assignment",
    "oauth2_permission_grant",
    "application_owner",
    "service_principal_owner",
    "role_definition",
    "directory_role",
    "directory_role_template",
    "directory_role_member",
    "role_assignment",
    "role_assignment_schedule",
    "role_assignment_schedule_instance",
    "role_eligibility_schedule",
    "role_eligibility_schedule_instance",
    "role_management_policy",
    "role_management_policy_rule",
    "role_management_policy_assignment",
    "subscribed_sku",
    "company_subscription",
    "administrative_unit_member",
    "deleted_user",
    "deleted_group",
];

/// Where an object of a kind stands: the ids above it, its own last.
type Place = Vec<String>;

impl World {
    /// Places of the objects a kind's children are made under; two at most of a filled-in kind.
    fn places(&self, kind: &Kind) -> Vec<Place> {
        let names: &[&str] = match kind.name {
            "user" => &["adm.halvorsen", "adm.wrona", "18"],
            "group" => &["tier0", "helpdesk"],
            "device" => &["0", "1"],
            "application" => &["hr", "chart"],
            "service_principal" => &["hr", "gallery0"],
            "directory_role" => {
                return vec![vec![
                    self.directory_role_id(super::company::role("User Administrator")),
                ]];
            }
            "role_management_policy" => {
                return vec![vec![
                    self.role_policy_id(super::company::role("User Administrator")),
                ]];
            }
            _ => return self.filled_places(kind),
        };
        let ids = names
            .iter()
            .filter_map(|name| self.named(kind.name, name, "id"));
        ids.map(|id| vec![id]).collect()
    }

    fn filled_places(&self, kind: &Kind) -> Vec<Place> {
        let objects = self.filled_objects(kind).into_iter();
        objects
            .map(|(mut parents, properties)| {
                if let Some(key) = kind.key
                    && let Some(id) = properties.get(key).and_then(Value::as_str)
                {
                    parents.push(id.to_owned());
                }
                parents
            })
            .take(2)
            .collect()
    }

    /// Everything there is of a filled-in kind.
    pub(super) fn filled_seeds(&self, kind: &'static Kind, seeds: &mut Vec<Seed>) {
        if let Shape::Relationship(relationship) = kind.shape {
            return self.filled_links(kind, relationship.target, seeds);
        }
        if kind.is_event() {
            return;
        }
        let living = kind
            .name
            .strip_prefix("deleted_")
            .and_then(catalog::by_name);
        for ((parents, mut properties), number) in self.filled_objects(kind).into_iter().zip(0..) {
            match living {
                Some(living) => {
                    let since = self.deleted_since(kind.name, number);
                    properties.insert("deletedDateTime".to_owned(), self.written(since).into());
                    seeds.push(Seed::Deleted {
                        kind: living,
                        properties,
                    });
                }
                // Some kinds' parent stands in the query or nowhere: `pim_group_eligibility_schedule`.
                None if !kind.path.contains('{') => {
                    seeds.push(Seed::Object {
                        kind,
                        parents: Vec::new(),
                        properties,
                    });
                }
                None => seeds.push(Seed::Object {
                    kind,
                    parents,
                    properties,
                }),
            }
        }
    }

    fn filled_links(&self, kind: &'static Kind, target: &str, seeds: &mut Vec<Seed>) {
        let parent = kind.parent.and_then(catalog::by_name);
        let places = parent.map_or_else(Vec::new, |parent| self.places(parent));
        for (place, number) in places.iter().zip(0_u32..) {
            let Some(source) = place.last() else { continue };
            let target = match target {
                "directory_object" | "user" => self
                    .employee_near(40 + number)
                    .map(|user| self.user_id(user)),
                "application" => Some(self.application_id(number)),
                other => catalog::by_name(other).and_then(|other| {
                    let places = self.places(other);
                    places
                        .get(number as usize % places.len().max(1))?
                        .last()
                        .cloned()
                }),
            };
            seeds.extend(target.map(|target| Seed::Link {
                kind,
                source: source.clone(),
                target,
            }));
        }
    }

    /// Parents and properties of the objects of a filled-in kind.
    fn filled_objects(&self, kind: &Kind) -> Vec<(Vec<String>, Properties)> {
        let fixtures = self.fixtures.of(kind.name);
        let parent = kind.parent.and_then(catalog::by_name);
        let everywhere = || match parent {
            Some(parent) => self.places(parent),
            None => vec![Vec::new()],
        };
        if fixtures.is_empty() {
            let each = if kind.shape == Shape::Singleton { 1 } else { 2 };
            let places = everywhere().into_iter().zip(0_u32..);
            return places
                .flat_map(|(place, at)| {
                    (0..each).map(move |number| (place.clone(), at * each + number))
                })
                .map(|(place, number)| {
                    let object = self.filled(kind, number, &place, None);
                    (place, object)
                })
                .collect();
        }
        let mut objects = Vec::new();
        for (fixture, number) in fixtures.iter().zip(0_u32..) {
            let places = match fixture.get("@parent").and_then(Value::as_str) {
                Some(name) => vec![self.place_of(name)],
                None => everywhere(),
            };
            for place in places {
                let object = self.filled(kind, number, &place, Some(fixture));
                objects.push((place, object));
            }
        }
        objects
    }

    /// Place of the object a fixture's `@parent` names (`access_review_instance/0`).
    fn place_of(&self, name: &str) -> Place {
        let (kind, number) = name
            .split_once('/')
            .expect("because a parent is named kind/name");
        let parent = catalog::by_name(kind).and_then(|kind| kind.parent);
        match (parent, number.parse::<usize>()) {
            (Some(_), Ok(number)) => {
                let kind = catalog::by_name(kind).expect("because its parent was just read");
                self.filled_places(kind)
                    .into_iter()
                    .nth(number)
                    .unwrap_or_default()
            }
            _ => vec![self.resolved_text(&format!("@{name}"))],
        }
    }

    /// One object: the fixture's properties, and what it leaves out.
    fn filled(
        &self,
        kind: &Kind,
        number: u32,
        place: &[String],
        fixture: Option<&Value>,
    ) -> Properties {
        let mut written = match fixture.map(|fixture| self.resolved(fixture)) {
            Some(Value::Object(written)) => written,
            _ => Properties::new(),
        };
        let mut object = Properties::new();
        let several = !kind.derived_types.is_empty();
        if several {
            let of = kind.derived_types[number as usize % kind.derived_types.len()];
            let of = written
                .shift_remove("@odata.type")
                .unwrap_or_else(|| format!("#{of}").into());
            // Objects of the base type do not say theirs.
            if !of.is_null() {
                object.insert("@odata.type".to_owned(), of);
            }
        }
        if let Some(key) = kind.key {
            let id = written
                .shift_remove(key)
                .unwrap_or_else(|| self.made_up_key(kind, number, place));
            object.insert(key.to_owned(), id);
        }
        let seed = object
            .get(kind.key.unwrap_or_default())
            .and_then(Value::as_str)
            .unwrap_or(kind.name);
        let mut chance = self.key.chance(seed, u64::from(number));
        let columns = kind.columns.iter();
        for column in columns.filter(|column| Some(column.property) != kind.key) {
            let value = written.shift_remove(column.property);
            // No image is named that nobody could download.
            let is_content = column.property.ends_with("RelativeUrl");
            let is_left_out = is_content || several && !is_common(column.property);
            if value.is_none() && is_left_out {
                continue;
            }
            let value = value.unwrap_or_else(|| self.made_up(kind, column, number, &mut chance));
            object.insert(column.property.to_owned(), value);
        }
        object.extend(written);
        if fixture.is_none() {
            self.refer(kind, number, &mut object);
        }
        object
    }

    fn made_up_key(&self, kind: &Kind, number: u32, place: &[String]) -> Value {
        match (kind.shape, place.last()) {
            (Shape::Singleton, Some(parent)) => parent.as_str().into(),
            (Shape::Singleton, None) => self.key.guid(kind.name, 0).into(),
            (_, Some(parent)) => self
                .key
                .guid(&format!("{}/{parent}", kind.name), u64::from(number))
                .into(),
            (_, None) => self.key.guid(kind.name, u64::from(number)).into(),
        }
    }

    fn made_up(&self, kind: &Kind, column: &Column, number: u32, chance: &mut Chance) -> Value {
        let name = column.property;
        if name == "deletedDateTime" {
            return NULL;
        }
        match column.kind {
            ColumnType::Text => self.made_up_text(kind, name, number),
            ColumnType::Bool => chance
                .per_mille(if name.starts_with("is") { 500 } else { 350 })
                .into(),
            ColumnType::Int => made_up_number(name, chance).into(),
            ColumnType::Float => 1.into(),
            ColumnType::Time if is_future(name) => self
                .written(180 * DAY + i64::from(chance.below(86_400)))
                .into(),
            ColumnType::Time if name.starts_with("created") => {
                let seconds = -i64::from(400 + chance.below(400)) * DAY;
                self.written(seconds - i64::from(chance.below(86_400)))
                    .into()
            }
            ColumnType::Time => self.past(chance, 400).into(),
            ColumnType::Date => self.past(chance, 400)[..10].into(),
            ColumnType::Json if kind.sets.contains(&name) => Value::Array(Vec::new()),
            ColumnType::Json => NULL,
        }
    }

    fn made_up_text(&self, kind: &Kind, name: &str, number: u32) -> Value {
        let title = kind.title;
        let text = match name {
            "displayName" | "name" | "title" | "policyName" => format!("{title} {}", number + 1),
            "description" => format!("{title} of {}", self.options.tenant_name),
            "status" if kind.name.ends_with("_job") || kind.name.ends_with("_query") => {
                "succeeded".to_owned()
            }
            "machineName" => format!("gate-{:02}.corp.{}", number + 1, self.domain),
            "externalIp" => format!("198.51.100.{}", 130 + number),
            "region" => "eur".to_owned(),
            "publishingType" => "provisioning".to_owned(),
            "resourceName" => format!("corp.{}", self.domain),
            "status" | "state" => "active".to_owned(),
            "version" => "1".to_owned(),
            "tenantId" | "customerId" | "addedByTenantId" => {
                self.key.guid("other tenant", u64::from(number))
            }
            "userPrincipalName" => self.upn(&self.person(18 + number)),
            "userDisplayName" | "principalDisplayName" => self.person(18 + number).display,
            "publisher" => self.options.tenant_name.clone(),
            _ if name.ends_with("Url") || name.ends_with("Uri") => {
                format!(
                    "https://intra.{}/{}",
                    self.domain,
                    catalog::snake_case(name)
                )
            }
            "principalOrganizationId" => self.tenant_id.clone(),
            "appScopeId" | "approvalId" | "targetScheduleId" => return NULL,
            _ if name.ends_with("Id") => self.key.guid(name, u64::from(number)),
            _ => return NULL,
        };
        text.into()
    }

    /// Sets the references of an object without a fixture to objects that exist.
    fn refer(&self, kind: &Kind, number: u32, object: &mut Properties) {
        for reference in kind.references {
            let name = match reference.target {
                "user" | "directory_object" => self
                    .employee_near(30 + number)
                    .map(|user| self.user_id(user)),
                "directory_object_scope" => Some("/".to_owned()),
                "access_package_catalog_scope" | "application_template" => None,
                "role_definition" => Some(super::company::role("User Administrator").to_owned()),
                "application" => {
                    self.named("application", &number.to_string(), reference.target_key)
                }
                "service_principal" => self.named(
                    "service_principal",
                    &number.to_string(),
                    reference.target_key,
                ),
                "group" => Some(self.group_id(number)),
                "device" => self.named("device", &number.to_string(), reference.target_key),
                other => catalog::by_name(other).and_then(|target| self.fixture_key(target, 0)),
            };
            if let Some(id) = name {
                let names: Vec<&str> = reference.path.split('.').collect();
                place_at(kind, object, &names, 0, id);
            }
        }
    }
}

/// Puts a text at a path, making lists where the catalogue says the property is one.
fn place_at(kind: &Kind, object: &mut Properties, names: &[&str], at: usize, text: String) {
    let path = names[..=at].join(".");
    let is_list = kind.sets.contains(&&*path);
    let slot = object.entry(names[at].to_owned()).or_insert(NULL);
    if at + 1 == names.len() {
        *slot = if is_list {
            Value::Array(vec![text.into()])
        } else {
            text.into()
        };
        return;
    }
    if is_list {
        if slot.as_array().is_none_or(Vec::is_empty) {
            *slot = Value::Array(vec![Value::Object(Properties::new())]);
        }
    } else if !slot.is_object() {
        *slot = Value::Object(Properties::new());
    }
    let inner = match slot {
        Value::Array(items) => items.first_mut().and_then(Value::as_object_mut),
        other => other.as_object_mut(),
    };
    if let Some(inner) = inner {
        place_at(kind, inner, names, at + 1, text);
    }
}

fn is_common(property: &str) -> bool {
    matches!(
        property,
        "displayName"
            | "description"
            | "createdDateTime"
            | "lastModifiedDateTime"
            | "version"
            | "name"
    )
}

fn is_future(property: &str) -> bool {
    let small = property.to_ascii_lowercase();
    ["end", "expir", "next"]
        .iter()
        .any(|word| small.contains(word))
}

fn made_up_number(property: &str, chance: &mut Chance) -> u32 {
    let small = property.to_ascii_lowercase();
    match () {
        () if small.contains("length") => 6 + chance.below(3),
        () if small.contains("days") || small.contains("hours") => 30,
        () if small.contains("version") => 1 + chance.below(4),
        () => chance.below(20),
    }
}
