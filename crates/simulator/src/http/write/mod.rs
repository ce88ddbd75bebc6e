//! POST, PATCH, PUT and DELETE: from a request to the deeds it asks for.
//!
//! What may be written is checked by [`rules`]; what follows from it, change log and audit row included,
//! is the tenant's.

mod actions;
mod bin;
mod edges;
mod requests;
mod rules;

use catalog::{Kind, Shape};

use crate::deed::{Act, Actor, Deed, Properties};
use crate::http::address::{Address, Segment};
use crate::http::answer::{Answer, Failure};
use crate::http::context::{self, Holds};
use crate::http::get::entity;
use crate::http::licence;
use crate::http::oauth::Session;
use crate::http::projection::Projection;
use crate::http::route::{Route, find_object};
use crate::http::surface::Headers;
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
        if let Some(answer) = self.request(method, body) {
            return answer;
        }
        let route = Route::find(self.address)?;
        licence::check(self.tenant, route.kind, self.address, self.session)?;
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
                ("DELETE", []) if rules::may_be_without(place.kind) => {
                    self.delete(&place, &Segment::Key(String::new()))
                }
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
        let binds = edges::take_binds(&mut properties);
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
        if found.is_err() && rules::is_made_by_change(place.kind) {
            let mut properties = properties;
            let name = place.kind.key.unwrap_or("id");
            properties.insert(name.to_owned(), key.text().into());
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
        let binds = edges::take_binds(&mut properties);
        let slot = self
            .tenant
            .storage
            .find(place.kind, &key_of(&place.parents, id));
        rules::check_changed(self.tenant, place.kind, slot, &properties)?;
        if slot.is_none() {
            rules::number_setting(place.kind, &place.parents, &mut properties);
        }
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
        self.tenant.carry_out(&deed)?;
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
