//! A page of a round, object by object.

use std::collections::BTreeMap;
use std::ops::Range;

use model::Parser;

use super::changed::{Changed, gather};
use super::{Scope, page_size};
use crate::http::context::type_annotation;
use crate::http::surface::Call;
use crate::tenant::{Sequence, Slot, State};

/// The page being written.
pub(super) struct Page<'p> {
    call: &'p Call<'p>,
    scope: &'p Scope,
    out: String,
    parser: Parser,
    /// Objects that still fit.
    objects_left: usize,
    /// Edges that still fit, over all objects.
    edges_left: usize,
    is_minimal: bool,
}

/// One edge of an object: its other end, and whether it is there.
type Edge = (Slot, bool);

/// How much of an object was written.
enum Written {
    Whole,
    /// Up to and with this other end of its edges.
    UpTo(Slot),
}

impl<'p> Page<'p> {
    pub(super) fn new(call: &'p Call<'p>, scope: &'p Scope) -> Self {
        Self {
            call,
            scope,
            out: String::with_capacity(16 * 1024),
            parser: Parser::new(),
            objects_left: page_size(call, scope.kind),
            edges_left: call.settings.delta_members_per_page.max(1),
            is_minimal: call.headers.preference("return") == Some("minimal"),
        }
    }

    /// The objects of the page, parted by commas.
    pub(super) fn finish(mut self) -> String {
        if self.out.ends_with(',') {
            self.out.pop();
        }
        self.out
    }

    /// Writes objects of the whole collection after a cursor; gives the cursor of the next page.
    ///
    /// A cursor is the key of the last object, with the last edge where the object is not finished.
    pub(super) fn everything(&mut self, after: Option<&str>) -> Option<String> {
        let tenant = self.call.tenant;
        let (mut last_key, mut last_edge) = read_cursor(after);
        let mut unfinished = last_key.filter(|_| last_edge.is_some()).and_then(|key| {
            let slot = tenant.storage.find(self.scope.kind, key)?;
            Some(slot)
        });
        let start = last_key.take();
        let slots = tenant.storage.live(self.scope.kind, "", start);
        let slots = unfinished.take().into_iter().chain(slots);
        let mut done: Option<Slot> = None;
        for slot in slots.filter(|slot| self.scope.has(self.call, *slot)) {
            if self.objects_left == 0 || self.edges_left == 0 {
                return done.map(|slot| format!("{} ", tenant.key(slot)));
            }
            let edges = self.present_edges(slot, last_edge.take());
            self.open(slot);
            self.write_properties(slot, None);
            if let Written::UpTo(edge) = self.write_edges(&edges) {
                return Some(format!("{} {edge}", tenant.key(slot)));
            }
            done = Some(slot);
        }
        None
    }

    /// Writes the objects a range of changes wakes; gives the cursor of the next page, the slot of the
    /// last object in place of its key.
    pub(super) fn changes(
        &mut self,
        range: Range<Sequence>,
        after: Option<&str>,
    ) -> Option<String> {
        let (last, mut last_edge) = read_cursor(after);
        let last: Option<Slot> = last.and_then(|text| text.parse().ok());
        let all = gather(self.call, self.scope, range);
        let mut done = None;
        for (slot, changed) in all {
            let is_unfinished = last == Some(slot) && last_edge.is_some();
            let is_past = last.is_some_and(|last| slot <= last) && !is_unfinished;
            let untold = self.call.settings.untold_in_delta.as_deref();
            if is_past || untold == Some(&*self.call.tenant.id(slot)) {
                continue;
            }
            if self.objects_left == 0 || self.edges_left == 0 {
                return done.map(|slot: Slot| format!("{slot} "));
            }
            let from = if is_unfinished {
                last_edge.take()
            } else {
                None
            };
            if let Written::UpTo(edge) = self.write_changed(slot, &changed, from) {
                return Some(format!("{slot} {edge}"));
            }
            done = Some(slot);
        }
        None
    }

    fn write_changed(&mut self, slot: Slot, changed: &Changed<'_>, from: Option<Slot>) -> Written {
        let state = self.call.tenant.storage.object(slot).state;
        if state != State::Live {
            // Whether it may come back is what the reason tells.
            let reason = if state == State::Binned {
                "changed"
            } else {
                "deleted"
            };
            self.open(slot);
            self.out.push_str("\"@removed\":{\"reason\":\"");
            self.out.push_str(reason);
            self.out.push_str("\"}");
            self.close();
            return Written::Whole;
        }
        let changes = changed.edges.iter();
        let changes = changes.map(|(end, is_there)| (*end, *is_there));
        let mut edges: BTreeMap<Slot, bool> = changes
            .filter(|(end, _)| from.is_none_or(|from| *end > from))
            .collect();
        if changed.is_new {
            edges.extend(self.present_edges(slot, from));
        }
        // One more than fits tells that there is more.
        let edges: Vec<Edge> = edges.into_iter().take(self.edges_left + 1).collect();
        self.open(slot);
        self.write_properties(slot, Some(changed));
        self.write_edges(&edges)
    }

    /// Begins an object with its id.
    fn open(&mut self, slot: Slot) {
        self.objects_left = self.objects_left.saturating_sub(1);
        self.out.push_str("{\"id\":");
        let id = self.call.tenant.id(slot);
        model::write_text(&id, &mut self.out);
        self.out.push(',');
    }

    fn close(&mut self) {
        if self.out.ends_with(',') {
            self.out.pop();
        }
        self.out.push_str("},");
    }

    /// What was never set is left out; what changed comes even when it is null now.
    fn write_properties(&mut self, slot: Slot, changed: Option<&Changed<'_>>) {
        let object = self.call.tenant.storage.object(slot);
        let document = self
            .parser
            .parse_text(&object.text)
            .expect("because only serialised objects are stored");
        for (name, value) in document.root().members() {
            let selected = self.scope.properties.as_ref();
            let is_selected = selected.is_none_or(|names| names.iter().any(|own| *own == name));
            let has_changed = changed.is_some_and(|changed| changed.properties.contains(&*name));
            let is_new = changed.is_none_or(|changed| changed.is_new);
            let wanted = if is_new || !self.is_minimal {
                has_changed || !value.is_null()
            } else {
                has_changed
            };
            if name == "id" || !is_selected || !wanted {
                continue;
            }
            model::write_text(&name, &mut self.out);
            self.out.push(':');
            self.out.push_str(value.raw());
            self.out.push(',');
        }
    }

    /// Every edge an object has now, those after an end only.
    fn present_edges(&self, slot: Slot, after: Option<Slot>) -> Vec<Edge> {
        let Some((edges, _)) = self.scope.edges else {
            return Vec::new();
        };
        let tenant = self.call.tenant;
        let targets = tenant.edges.targets(edges, slot, after);
        let living = targets.filter(|target| tenant.is_live(*target));
        // One more than fits tells that there is more.
        living
            .take(self.edges_left + 1)
            .map(|target| (target, true))
            .collect()
    }

    fn write_edges(&mut self, edges: &[Edge]) -> Written {
        let Some((_, name)) = self.scope.edges.filter(|_| !edges.is_empty()) else {
            self.close();
            return Written::Whole;
        };
        model::write_text(&format!("{name}@delta"), &mut self.out);
        self.out.push_str(":[");
        let fitting = edges.len().min(self.edges_left);
        for (place, (end, is_there)) in edges[..fitting].iter().enumerate() {
            if place > 0 {
                self.out.push(',');
            }
            self.write_edge(*end, *is_there);
        }
        self.edges_left -= fitting;
        self.out.push(']');
        self.close();
        if fitting < edges.len() {
            Written::UpTo(edges[fitting - 1].0)
        } else {
            Written::Whole
        }
    }

    fn write_edge(&mut self, end: Slot, is_there: bool) {
        let tenant = self.call.tenant;
        self.out.push_str("{\"@odata.type\":");
        model::write_text(&type_annotation(tenant.kind(end)), &mut self.out);
        self.out.push_str(",\"id\":");
        model::write_text(&tenant.id(end), &mut self.out);
        if !is_there {
            self.out.push_str(",\"@removed\":{\"reason\":\"deleted\"}");
        }
        self.out.push('}');
    }
}

/// `key edge`, the edge perhaps missing.
fn read_cursor(after: Option<&str>) -> (Option<&str>, Option<Slot>) {
    match after.and_then(|cursor| cursor.rsplit_once(' ')) {
        Some((key, edge)) => (Some(key), edge.parse().ok()),
        None => (None, None),
    }
}
