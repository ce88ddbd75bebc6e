//! `$ref` and `@odata.bind`: edges between objects.

use catalog::Kind;
use serde_json::Value;

use super::{Change, Place, parse, rules};
use crate::deed::{Act, Properties};
use crate::http::address::Segment;
use crate::http::answer::{Answer, Failure};
use crate::http::expand::child_kind;
use crate::tenant::{Slot, key_of, named};

impl Change<'_> {
    /// Links an object to what `members@odata.bind` and the like name.
    pub(super) fn bind(
        &mut self,
        slot: Slot,
        binds: Vec<(String, Vec<String>)>,
    ) -> Result<(), Failure> {
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

    pub(super) fn link(
        &mut self,
        relation: &'static Kind,
        slot: Slot,
        link: &str,
    ) -> Result<(), Failure> {
        rules::check_edge(self.tenant, relation, slot)?;
        let source = self.tenant.key(slot).to_owned();
        let target = linked_id(link).to_owned();
        self.apply(Act::Link {
            kind: relation,
            source,
            target,
        })
    }

    pub(super) fn edge(
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

    pub(super) fn unlink(
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
}

/// Takes the links out of a body: property and addresses.
pub(super) fn take_binds(properties: &mut Properties) -> Vec<(String, Vec<String>)> {
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
