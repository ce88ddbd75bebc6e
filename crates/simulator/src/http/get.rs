//! GET: from the address to the list, object, count or content it asks for.

use catalog::{Api, Kind, Shape};
use model::Parser;
use serde_json::json;

use super::address::Segment;
use super::answer::{Answer, Failure};
use super::context::{self, Holds};
use super::delta;
use super::inverse;
use super::licence;
use super::list::Listing;
use super::projection::Projection;
use super::route::{Route, find_object, is_cast};
use super::source::Source;
use super::surface::Call;
use crate::tenant::{Slot, Tenant, key_of, living_kind, named, read};

/// Answers a GET.
pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Failure> {
    if let Some(content) = call.tenant.content(&call.address.path) {
        let answer = Answer {
            status: 200,
            headers: vec![("Content-Type", content.media_type.to_owned())],
            body: content.bytes.clone(),
            ends_round: false,
        };
        return Ok(answer);
    }
    if let Some(answer) = directory_object(call) {
        return answer;
    }
    let route = Route::find(call.address)?;
    licence::check(call.tenant, route.kind, call.address, call.session)?;
    let parents = route.parents(call.tenant)?;
    let at = Place {
        call,
        kind: route.kind,
        parents: &parents,
    };
    match route.kind.shape {
        Shape::Relationship(relationship) => at.edges(&route.rest, relationship.single),
        Shape::Singleton => at.singleton(&route.rest),
        Shape::Object | Shape::Event { .. } => at.collection(&route.rest),
    }
}

/// Objects of any type by id alone, alive or deleted.
fn directory_object(call: &Call<'_>) -> Option<Result<Answer, Failure>> {
    let names: Vec<&str> = call.address.segments.iter().map(Segment::text).collect();
    match names.as_slice() {
        ["directoryObjects", id] => {
            let slot = call.tenant.storage.find_directory_object(id);
            Some(single_of_any_type(call, slot, id))
        }
        ["directory", "deletedItems"] => {
            let message = "Resource not found for the segment 'deletedItems': a type is required.";
            Some(Err(Failure::bad_request(message)))
        }
        ["directory", "deletedItems", id] if !is_cast(id) => {
            let slot = find_deleted(call, id);
            Some(single_of_any_type(call, slot, id))
        }
        _ => None,
    }
}

/// The object of an id in the directory's recycle bin.
fn find_deleted(call: &Call<'_>, id: &str) -> Option<Slot> {
    let key = key_of(&[], id);
    let kinds = [
        "user",
        "group",
        "application",
        "service_principal",
        "administrative_unit",
    ];
    let mut kinds = kinds.iter().chain(&["device"]);
    kinds.find_map(|name| call.tenant.storage.find_binned(named(name), &key))
}

fn single_of_any_type(call: &Call<'_>, slot: Option<Slot>, id: &str) -> Result<Answer, Failure> {
    let slot = slot.ok_or_else(|| Failure::not_found(id))?;
    let query = &call.address.query;
    let kind = call.tenant.kind(slot);
    let mut projection = Projection::read(kind, query.get("$select"), query.get("$expand"), false)?;
    projection.typed = true;
    let context = format!("{}/$metadata#directoryObjects/$entity", call.root);
    Ok(entity(call.tenant, slot, &projection, &context))
}

/// A collection, singleton or relationship, and the request for something in it.
struct Place<'p> {
    call: &'p Call<'p>,
    kind: &'static Kind,
    parents: &'p [String],
}

impl Place<'_> {
    fn collection(&self, rest: &[Segment]) -> Result<Answer, Failure> {
        match rest {
            [] => self.list(None)?.page(),
            [Segment::Name(name)] if name == "$count" => self.count(None),
            [Segment::Name(name)] if is_delta(name) => delta::answer(self.call, self.kind),
            [Segment::Name(cast)] if is_cast(cast) => self.list(Some(cast.clone()))?.page(),
            [Segment::Name(cast), Segment::Name(last)] if is_cast(cast) && last == "$count" => {
                self.count(Some(cast.clone()))
            }
            [key] => self.single(key),
            [key, Segment::Name(cast)] if is_cast(cast) => self.single(key),
            [key, Segment::Name(name), more @ ..] => self.below(key, name, more),
            _ => Err(Failure::no_segment(rest[0].text())),
        }
    }

    fn list(&self, cast: Option<String>) -> Result<Listing<'_>, Failure> {
        let source = match (living_kind(self.kind), self.kind.shape) {
            (Some(living), _) => Source::Bin(living),
            (None, Shape::Event { .. }) => Source::Events {
                kind: self.kind,
                from: i64::MIN,
                to: i64::MAX,
                ascending: false,
            },
            _ => Source::Collection(self.kind, self.parents.to_vec()),
        };
        Listing::read(self.call, self.kind, self.parents, source, cast)
    }

    fn count(&self, cast: Option<String>) -> Result<Answer, Failure> {
        if !self.call.is_eventual() && super::paging::is_directory(self.kind) {
            let message = "$count is not currently supported.";
            return Err(Failure::bad_request(message));
        }
        Ok(Answer::text(self.list(cast)?.count().to_string()))
    }

    fn single(&self, key: &Segment) -> Result<Answer, Failure> {
        let slot = self.find(key)?;
        self.show(slot)
    }

    fn find(&self, key: &Segment) -> Result<Slot, Failure> {
        if let Some(living) = living_kind(self.kind) {
            let binned = self
                .call
                .tenant
                .storage
                .find_binned(living, &key_of(&[], key.text()));
            return binned.ok_or_else(|| Failure::not_found(key.text()));
        }
        let found = find_object(self.call.tenant, self.kind, self.parents, key);
        // Under beta's path lie the sign-ins of two kinds.
        let slot = match self.kind.name {
            "sign_in" if found.is_err() && self.call.address.api == Api::Beta => {
                find_object(self.call.tenant, named("sign_in_beta"), self.parents, key)?
            }
            _ => found?,
        };
        if self.call.lagging.hides_once(slot) {
            return Err(Failure::not_found(key.text()));
        }
        Ok(slot)
    }

    fn show(&self, slot: Slot) -> Result<Answer, Failure> {
        let query = &self.call.address.query;
        let select = query.get("$select");
        let projection = Projection::read(self.kind, select, query.get("$expand"), false)?;
        let root = &self.call.root;
        let context = context::of(root, self.kind, self.parents, select, Holds::Entity);
        Ok(entity(self.call.tenant, slot, &projection, &context))
    }

    /// A property of an object, or a list the catalogue has no template for.
    fn below(&self, key: &Segment, name: &str, more: &[Segment]) -> Result<Answer, Failure> {
        let slot = self.find(key)?;
        let lists = inverse::sources(self.call.tenant, slot, name);
        if let Some((kind, source)) = lists {
            let listing = |cast| Listing::read(self.call, kind, &[], source, cast);
            return match more {
                [] => listing(None)?.page(),
                [Segment::Name(last)] if last == "$ref" => listing(None)?.page_of_references(),
                [Segment::Name(last)] if last == "$count" => {
                    Ok(Answer::text(listing(None)?.count().to_string()))
                }
                [Segment::Name(cast)] if is_cast(cast) => listing(Some(cast.clone()))?.page(),
                _ => Err(Failure::no_segment(more[0].text())),
            };
        }
        let wants_value = matches!(more, [Segment::Name(last)] if last == "$value");
        if !more.is_empty() && !wants_value {
            return Err(Failure::no_segment(name));
        }
        self.property(slot, name, wants_value)
    }

    fn property(&self, slot: Slot, name: &str, raw: bool) -> Result<Answer, Failure> {
        let object = self.call.tenant.storage.object(slot);
        let value = read(&object.text, |root| {
            let value = root.get(name)?;
            Some(if raw {
                value
                    .text()
                    .map_or_else(|| value.raw().to_owned(), std::borrow::Cow::into_owned)
            } else {
                value.raw().to_owned()
            })
        });
        let value = value.ok_or_else(|| Failure::no_segment(name))?;
        if raw {
            return Ok(Answer::text(value));
        }
        let root = &self.call.root;
        let context = context::of(root, self.kind, self.parents, None, Holds::List);
        let context = json!(format!("{context}('{}')/{name}", object.key));
        Ok(Answer::json(
            200,
            format!("{{\"@odata.context\":{context},\"value\":{value}}}"),
        ))
    }

    fn singleton(&self, rest: &[Segment]) -> Result<Answer, Failure> {
        let slot = self
            .call
            .tenant
            .storage
            .find(self.kind, &key_of(self.parents, ""));
        match rest {
            [] => self.show(slot.ok_or_else(|| Failure::not_found(self.kind.path))?),
            [Segment::Name(cast)] if is_cast(cast) => {
                self.show(slot.ok_or_else(|| Failure::not_found(self.kind.path))?)
            }
            [Segment::Name(name)] => {
                let slot = slot.ok_or_else(|| Failure::not_found(self.kind.path))?;
                self.property(slot, name, false)
            }
            _ => Err(Failure::no_segment(rest[0].text())),
        }
    }

    fn edges(&self, rest: &[Segment], single: bool) -> Result<Answer, Failure> {
        let tenant = self.call.tenant;
        let parent = named(self.kind.parent.expect("because edges start somewhere"));
        let source = tenant.storage.find(parent, &key_of(&[], &self.parents[0]));
        let source = source.ok_or_else(|| Failure::not_found(&self.parents[0]))?;
        if single {
            return self.only_target(source, rest);
        }
        let listing = |cast| {
            let targets = Source::Targets(self.kind, source);
            Listing::read(self.call, self.kind, self.parents, targets, cast)
        };
        match rest {
            [] => listing(None)?.page(),
            [Segment::Name(last)] if last == "$ref" => listing(None)?.page_of_references(),
            [Segment::Name(last)] if last == "$count" => {
                Ok(Answer::text(listing(None)?.count().to_string()))
            }
            [Segment::Name(cast)] if is_cast(cast) => listing(Some(cast.clone()))?.page(),
            [Segment::Name(cast), Segment::Name(last)] if is_cast(cast) && last == "$count" => Ok(
                Answer::text(listing(Some(cast.clone()))?.count().to_string()),
            ),
            [key] => {
                let mut targets = tenant.edges.targets(self.kind, source, None);
                let wanted = key.text().to_ascii_lowercase();
                let slot =
                    targets.find(|slot| tenant.is_live(*slot) && tenant.key(*slot) == wanted);
                single_of_any_type(self.call, slot, key.text())
            }
            _ => Err(Failure::no_segment(rest[0].text())),
        }
    }

    fn only_target(&self, source: Slot, rest: &[Segment]) -> Result<Answer, Failure> {
        let tenant = self.call.tenant;
        let mut targets = tenant.edges.targets(self.kind, source, None);
        let target = targets.find(|slot| tenant.is_live(*slot));
        let Some(target) = target else {
            return Err(Failure::not_found(
                self.kind.path.rsplit('/').next().unwrap_or(""),
            ));
        };
        match rest {
            [] => single_of_any_type(self.call, Some(target), ""),
            [Segment::Name(last)] if last == "$ref" => {
                let root = &self.call.root;
                let link = format!("{root}/directoryObjects/{}", tenant.key(target));
                Ok(Answer::value(200, &json!({ "@odata.id": link })))
            }
            _ => Err(Failure::no_segment(rest[0].text())),
        }
    }
}

fn is_delta(name: &str) -> bool {
    name == "delta" || name == "microsoft.graph.delta"
}

/// One object with its context.
pub(crate) fn entity(
    tenant: &Tenant,
    slot: Slot,
    projection: &Projection,
    context: &str,
) -> Answer {
    let mut object = String::new();
    projection.write(tenant, slot, &mut Parser::new(), &mut object);
    let mut body = String::with_capacity(object.len() + context.len() + 32);
    body.push_str("{\"@odata.context\":");
    model::write_text(context, &mut body);
    if object.len() > 2 {
        body.push(',');
    }
    body.push_str(&object[1..]);
    Answer::json(200, body)
}
