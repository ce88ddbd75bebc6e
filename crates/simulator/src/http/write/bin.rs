//! What applies to directory objects of any type: the recycle bin, and reading many by id.

use catalog::Kind;
use serde_json::{Value, json};

use super::{Change, parse};
use crate::deed::{Act, Properties};
use crate::http::address::Segment;
use crate::http::answer::{Answer, Failure};
use crate::http::get::entity;
use crate::http::projection::Projection;
use crate::http::route::is_cast;
use crate::tenant::{key_of, named};

impl Change<'_> {
    /// `/directory/deletedItems/{id}` and `/directoryObjects/getByIds`, which have no kind of their own.
    pub(super) fn directory_object(
        &mut self,
        method: &str,
        body: &[u8],
    ) -> Option<Result<Answer, Failure>> {
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

    pub(super) fn bin(
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
}
