//! POST, PATCH, PUT and DELETE: from a request to the deeds it asks for.
//!
//! What may be written is checked by [`rules`]; what follows from it, change log and audit row included,
//! is the tenant's.

use catalog::{Kind, Shape};
use serde_json::{Value, json};

use super::address::{Address, Segment};
use super::answer::{Answer, Failure};
use super::context::{self, Holds};
use super::expand::child_kind;
use super::get::entity;
use super::licence;
use super::oauth::Session;
use super::projection::Projection;
use super::route::{Route, find_object, is_cast};
use super::rules;
use super::surface::Headers;
use crate::deed::{Act, Actor, Deed, Properties};
use crate::tenant::{Slot, Tenant, key_of, living_kind, named, split_key};

/// A request that changes something.
pub(crate) struct Change<'c> {
    pub(crate) tenant: &'c mut Tenant,
    pub(crate) address: &'c Address,
    pub(crate) headers: &'c Headers,
    /// Scheme, host and version.
    pub(crate) root: String,
    pub(crate) session: &'c Session,
    /// The object that came to be.
    pub(crate) created: Option<Slot>,
}

/// Where a change applies.
struct Place {
    kind: &'static Kind,
    parents: Vec<String>,
    rest: Vec<Segment>,
}

impl Change<'_> {
    /// Answers the request.
    pub(crate) fn answer(&mut self, method: &str, body: &[u8]) -> Result<Answer, Failure> {
        if let Some(answer) = self.directory_object(method, body) {
            return answer;
        }
        let route = Route::find(self.address)?;
        licence::check(self.tenant, route.kind, self.address)?;
        let place = Place {
            kind: route.kind,
            parents: route.parents(self.tenant)?,
            rest: route.rest.clone(),
        };
        if let Some(living) = living_kind(place.kind) {
            return self.bin(method, living, &place.rest);
        }
        match place.kind.shape {
            Shape::Relationship(relationship) => {
                self.edge(method, &place, relationship.single, body)
            }
            Shape::Event { .. } => Err(Failure::method_not_allowed()),
            Shape::Singleton => match (method, place.rest.as_slice()) {
                ("PATCH" | "PUT", []) => self.update(&place, "", &parse(body)?),
                _ => Err(Failure::method_not_allowed()),
            },
            Shape::Object => self.object(method, &place, body),
        }
    }

    fn object(&mut self, method: &str, place: &Place, body: &[u8]) -> Result<Answer, Failure> {
        match (method, place.rest.as_slice()) {
            ("POST", []) => self.create(place, parse(body)?),
            ("PATCH" | "PUT", [key]) => self.patch(place, key, parse(body)?),
            ("DELETE", [key]) => self.delete(place, key),
            ("POST", [key, Segment::Name(action)]) => {
                let slot = find_object(self.tenant, place.kind, &place.parents, key)?;
                self.action(slot, action, &parse(body)?)
            }
            _ => Err(Failure::method_not_allowed()),
        }
    }

    fn create(&mut self, place: &Place, mut properties: Properties) -> Result<Answer, Failure> {
        let binds = take_binds(&mut properties);
        rules::check_new(self.tenant, place.kind, &place.parents, &properties)?;
        let properties = rules::complete(self.tenant, place.kind, properties);
        let id = rules::own_id(place.kind, &properties);
        self.apply(Act::Create {
            kind: place.kind,
            parents: place.parents.clone(),
            properties,
        })?;
        let key = key_of(&place.parents, &id);
        let slot = self.tenant.storage.find(place.kind, &key);
        let slot = slot.ok_or_else(|| Failure::not_found(&id))?;
        self.created = Some(slot);
        self.bind(slot, binds)?;
        Ok(self.show(201, place, slot))
    }

    fn show(&self, status: u16, place: &Place, slot: Slot) -> Answer {
        let context = context::of(&self.root, place.kind, &place.parents, None, Holds::Entity);
        let mut answer = entity(self.tenant, slot, &Projection::default(), &context);
        answer.status = status;
        let location = format!(
            "{}{}/{}",
            self.root,
            self.address.path,
            self.tenant.id(slot)
        );
        answer.with("Location", location)
    }

    fn patch(
        &mut self,
        place: &Place,
        key: &Segment,
        properties: Properties,
    ) -> Result<Answer, Failure> {
        let found = find_object(self.tenant, place.kind, &place.parents, key);
        if let (Err(_), Segment::Alternate(name, value)) = (&found, key)
            && self.headers.preference("create-if-missing").is_some()
        {
            let mut properties = properties;
            properties.insert(name.clone(), value.as_str().into());
            return self.create(place, properties);
        }
        let slot = found?;
        let (_, id) = split_key(self.tenant.key(slot));
        let id = id.to_owned();
        self.update(place, &id, &properties)
    }

    fn update(
        &mut self,
        place: &Place,
        id: &str,
        properties: &Properties,
    ) -> Result<Answer, Failure> {
        let mut properties = properties.clone();
        let binds = take_binds(&mut properties);
        let slot = self
            .tenant
            .storage
            .find(place.kind, &key_of(&place.parents, id));
        rules::check_changed(self.tenant, place.kind, slot, &properties)?;
        rules::stamp(self.tenant, place.kind, &mut properties);
        if !properties.is_empty() {
            self.apply(Act::Update {
                kind: place.kind,
                parents: place.parents.clone(),
                id: id.to_owned(),
                properties,
            })?;
        }
        if let Some(slot) = slot {
            self.bind(slot, binds)?;
        }
        Ok(Answer::empty(204))
    }

    fn delete(&mut self, place: &Place, key: &Segment) -> Result<Answer, Failure> {
        let slot = find_object(self.tenant, place.kind, &place.parents, key)?;
        rules::check_deleted(self.tenant, slot)?;
        let (_, id) = split_key(self.tenant.key(slot));
        let id = id.to_owned();
        self.apply(Act::Delete {
            kind: place.kind,
            parents: place.parents.clone(),
            id,
        })?;
        Ok(Answer::empty(204))
    }

    /// Links an object to what `members@odata.bind` and the like name.
    fn bind(&mut self, slot: Slot, binds: Vec<(String, Vec<String>)>) -> Result<(), Failure> {
        for (name, links) in binds {
            let relation = child_kind(self.tenant.kind(slot), &name);
            let Some(relation) = relation.filter(|kind| kind.is_relationship()) else {
                return Err(Failure::bad_request(format!(
                    "Invalid property '{name}@odata.bind'."
                )));
            };
            for link in links {
                self.link(relation, slot, &link)?;
            }
        }
        Ok(())
    }

    fn link(&mut self, relation: &'static Kind, slot: Slot, link: &str) -> Result<(), Failure> {
        rules::check_edge(self.tenant, relation, slot)?;
        let source = self.tenant.key(slot).to_owned();
        let target = linked_id(link).to_owned();
        self.apply(Act::Link {
            kind: relation,
            source,
            target,
        })
    }

    fn edge(
        &mut self,
        method: &str,
        place: &Place,
        single: bool,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let parent = named(place.kind.parent.expect("because edges start somewhere"));
        let source = place.parents[0].clone();
        let slot = self.tenant.storage.find(parent, &key_of(&[], &source));
        let slot = slot.ok_or_else(|| Failure::not_found(&source))?;
        let is_reference = |segment: &Segment| segment.text() == "$ref";
        match (method, place.rest.as_slice()) {
            ("POST" | "PUT", [last]) if is_reference(last) && (method == "PUT") == single => {
                let properties = parse(body)?;
                let link = properties.get("@odata.id").and_then(Value::as_str);
                let link = link.ok_or_else(|| Failure::bad_request("@odata.id is missing."))?;
                self.link(place.kind, slot, link)?;
            }
            ("DELETE", [last]) if single && is_reference(last) => {
                let target = self.tenant.edges.targets(place.kind, slot, None).next();
                let target = target.ok_or_else(|| Failure::not_found(&source))?;
                let target = self.tenant.key(target).to_owned();
                self.unlink(place.kind, slot, source, target)?;
            }
            ("DELETE", [key, last]) if is_reference(last) => {
                self.unlink(place.kind, slot, source, key.text().to_owned())?;
            }
            _ => return Err(Failure::method_not_allowed()),
        }
        Ok(Answer::empty(204))
    }

    fn unlink(
        &mut self,
        relation: &'static Kind,
        slot: Slot,
        source: String,
        target: String,
    ) -> Result<(), Failure> {
        rules::check_edge(self.tenant, relation, slot)?;
        self.apply(Act::Unlink {
            kind: relation,
            source,
            target,
        })
    }

    /// `/directory/deletedItems/{id}` and `/directoryObjects/getByIds`, which have no kind of their own.
    fn directory_object(&mut self, method: &str, body: &[u8]) -> Option<Result<Answer, Failure>> {
        let names: Vec<&str> = self.address.segments.iter().map(Segment::text).collect();
        match (method, names.as_slice()) {
            ("POST", ["directoryObjects", "getByIds"]) => {
                Some(parse(body).map(|properties| self.by_ids(&properties)))
            }
            (_, ["directory", "deletedItems", id, rest @ ..]) if !is_cast(id) => {
                let id = (*id).to_owned();
                let rest: Vec<Segment> = rest
                    .iter()
                    .map(|name| Segment::Name((*name).to_owned()))
                    .collect();
                let kinds = ["user", "group", "application", "service_principal"];
                let kinds = kinds.iter().chain(&["administrative_unit", "device"]);
                let kind = kinds.map(|name| named(name)).find(|kind| {
                    self.tenant
                        .storage
                        .find_binned(kind, &key_of(&[], &id))
                        .is_some()
                });
                let Some(kind) = kind else {
                    return Some(Err(Failure::not_found(&id)));
                };
                let mut segments = vec![Segment::Key(id)];
                segments.extend(rest);
                Some(self.bin(method, kind, &segments))
            }
            _ => None,
        }
    }

    fn bin(
        &mut self,
        method: &str,
        living: &'static Kind,
        rest: &[Segment],
    ) -> Result<Answer, Failure> {
        match (method, rest) {
            ("DELETE", [key]) => {
                self.apply(Act::Purge {
                    kind: living,
                    id: key.text().to_owned(),
                })?;
                Ok(Answer::empty(204))
            }
            ("POST", [key, Segment::Name(action)]) if action == "restore" => {
                let id = key.text().to_owned();
                self.apply(Act::Restore {
                    kind: living,
                    id: id.clone(),
                })?;
                let slot = self.tenant.storage.find(living, &key_of(&[], &id));
                let slot = slot.ok_or_else(|| Failure::not_found(&id))?;
                let context = format!("{}/$metadata#directoryObjects/$entity", self.root);
                let projection = Projection::of_any_type();
                Ok(entity(self.tenant, slot, &projection, &context))
            }
            _ => Err(Failure::method_not_allowed()),
        }
    }

    fn by_ids(&self, properties: &Properties) -> Answer {
        let ids = properties.get("ids").and_then(Value::as_array);
        let slots = ids
            .into_iter()
            .flatten()
            .filter_map(|id| self.tenant.storage.find_directory_object(id.as_str()?));
        let projection = Projection::of_any_type();
        let mut parser = model::Parser::new();
        let objects = slots.map(|slot| {
            let mut out = String::new();
            projection.write(self.tenant, slot, &mut parser, &mut out);
            out
        });
        let objects: Vec<String> = objects.collect();
        let context = json!(format!("{}/$metadata#directoryObjects", self.root));
        let list = objects.join(",");
        Answer::json(
            200,
            format!("{{\"@odata.context\":{context},\"value\":[{list}]}}"),
        )
    }

    /// Secrets of applications, the only actions that change what a snapshot sees.
    fn action(
        &mut self,
        slot: Slot,
        action: &str,
        properties: &Properties,
    ) -> Result<Answer, Failure> {
        let kind = self.tenant.kind(slot);
        if !matches!(kind.name, "application" | "service_principal") {
            return Err(Failure::no_segment(action));
        }
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

    fn apply(&mut self, act: Act) -> Result<(), Failure> {
        let app = &self.session.app;
        let by = match &self.session.user {
            Some(name) => Actor::User {
                id: app.service_principal_id.clone(),
                name: name.clone(),
                address: "127.0.0.1".to_owned(),
            },
            None => Actor::App {
                id: app.service_principal_id.clone(),
                app_id: app.app_id.clone(),
                name: app.name.clone(),
            },
        };
        let deed = Deed {
            at: self.tenant.now(),
            by,
            act,
            activity: None,
            silent: false,
        };
        self.tenant.apply(&deed)?;
        Ok(())
    }
}

/// Deletes the parent of a child read, as somebody else might between a list and the reads after it.
pub(crate) fn vanish_parent(tenant: &mut Tenant, route: Option<&Route>) {
    let Some(route) = route else { return };
    let (Some(parent), Ok(mut parents)) = (route.kind.parent, route.parents(tenant)) else {
        return;
    };
    let Some(id) = parents.pop() else { return };
    let deed = Deed {
        at: tenant.now(),
        by: Actor::Service,
        act: Act::Delete {
            kind: named(parent),
            parents,
            id,
        },
        activity: None,
        silent: false,
    };
    // It may be gone already: a second reader was told to delete it too.
    let _ = tenant.apply(&deed);
}

fn parse(body: &[u8]) -> Result<Properties, Failure> {
    if body.is_empty() {
        return Ok(Properties::new());
    }
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("Unable to read JSON request payload: {error}.");
        Failure::bad_option(message)
    })
}

/// Takes the links out of a body: property and addresses.
fn take_binds(properties: &mut Properties) -> Vec<(String, Vec<String>)> {
    let names: Vec<String> = properties
        .keys()
        .filter(|name| name.ends_with("@odata.bind"))
        .cloned()
        .collect();
    let binds = names.into_iter().filter_map(|name| {
        let value = properties.shift_remove(&name)?;
        let links = match value {
            Value::Array(links) => links,
            single => vec![single],
        };
        let links = links
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        Some((name.trim_end_matches("@odata.bind").to_owned(), links))
    });
    binds.collect()
}

/// The id at the end of `https://graph.microsoft.com/v1.0/users/x` or `.../users('x')`.
fn linked_id(link: &str) -> &str {
    let last = link
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(link);
    match last.split_once('(') {
        Some((_, key)) => key.trim_end_matches(')').trim_matches('\''),
        None => last,
    }
}
