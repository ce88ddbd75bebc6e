//! `$expand`: what hangs on an object, shown inside it.
//!
//! A navigation property comes from the edges, from child objects, from the object of the id in
//! `{name}Id`, or from the object's own text where the tenant keeps it there.

use std::collections::HashMap;
use std::sync::LazyLock;

use catalog::{Kind, Shape};
use model::Parser;

use super::answer::Failure;
use super::projection::Projection;
use crate::tenant::{Slot, Tenant, index_of, key_of, named, read};

/// Most edges one expansion shows; Graph stops there without a word.
const MAX_EXPANDED_EDGES: usize = 20;

/// One expanded navigation property.
#[derive(Debug, Clone)]
pub(crate) struct Expand {
    pub(crate) name: String,
    from: From,
    inner: Projection,
}

#[derive(Debug, Clone, Copy)]
enum From {
    Edges(&'static Kind, bool),
    Children(&'static Kind),
    Reference(&'static Kind),
    Inline,
}

/// Reads `manager($select=id),members`.
pub(crate) fn parse(kind: &'static Kind, text: &str) -> Result<Vec<Expand>, Failure> {
    let parts = split_outside_brackets(text, ',');
    parts
        .into_iter()
        .map(|part| parse_one(kind, part.trim()))
        .collect()
}

fn parse_one(kind: &'static Kind, text: &str) -> Result<Expand, Failure> {
    let (name, options) = match text.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.strip_suffix(')').unwrap_or(rest)),
        None => (text, ""),
    };
    let Some(from) = origin(kind, name) else {
        return Err(Failure::unknown_property(name, kind.entity_type));
    };
    let (mut select, mut expand) = (None, None);
    for option in split_outside_brackets(options, ';') {
        match option.trim().split_once('=') {
            Some(("$select", value)) => select = Some(value),
            Some(("$expand", value)) => expand = Some(value),
            // Levels and the like narrow what is shown; the whole is shown.
            _ => {}
        }
    }
    let inner_kind = match from {
        From::Edges(inner, _) | From::Children(inner) | From::Reference(inner) => Some(inner),
        From::Inline => None,
    };
    let inner = match inner_kind {
        Some(inner) => Projection::read(inner, select, expand, false)?,
        None => Projection::default(),
    };
    Ok(Expand {
        name: name.to_owned(),
        from,
        inner,
    })
}

/// Contained objects that Graph shows without being asked.
pub(crate) fn always_expanded(kind: &Kind) -> Option<&'static str> {
    match kind.name {
        "authentication_strength_policy" => Some("combinationConfigurations"),
        "permission_grant_policy" => Some("includes,excludes"),
        _ => None,
    }
}

/// Where a navigation property of a kind comes from; `None` where the kind has none of that name.
fn origin(kind: &'static Kind, name: &str) -> Option<From> {
    let kind = crate::tenant::living_kind(kind).unwrap_or(kind);
    if let Some(child) = child_kind(kind, name) {
        return Some(match child.shape {
            Shape::Relationship(relationship) => From::Edges(child, relationship.single),
            _ => From::Children(child),
        });
    }
    let id_property = format!("{name}Id");
    let reference = kind
        .references
        .iter()
        .find(|reference| reference.path == id_property);
    if let Some(target) = reference.and_then(|reference| catalog::by_name(reference.target)) {
        return Some(From::Reference(target));
    }
    if reference.is_some() {
        return Some(From::Reference(named("user")));
    }
    inline_names(kind).contains(&name).then_some(From::Inline)
}

/// The kind under `/{parent}/{id}/{name}`.
pub(crate) fn child_kind(parent: &Kind, name: &str) -> Option<&'static Kind> {
    let kinds = catalog::kinds().iter().copied();
    let mut children = kinds.filter(|kind| kind.parent == Some(parent.name));
    children.find(|kind| {
        let last = kind.path.rsplit('/').next();
        last == Some(name) && kind.path.contains('{') || is_below_singleton(parent, kind, name)
    })
}

fn is_below_singleton(parent: &Kind, kind: &Kind, name: &str) -> bool {
    parent.shape == Shape::Singleton
        && kind.path.strip_prefix(parent.path) == Some(&format!("/{name}"))
}

/// Whether a name is one of the kind's navigation properties.
pub(crate) fn is_navigation(kind: &Kind, name: &str) -> bool {
    inline_names(kind).contains(&name) || child_kind(kind, name).is_some()
}

/// Navigation properties kept inside the object's text: those its catalogue entry expands and no
/// other kind holds.
pub(crate) fn inline_names(kind: &Kind) -> &'static [&'static str] {
    static NAMES: LazyLock<HashMap<u16, Vec<&'static str>>> = LazyLock::new(|| {
        let kinds = catalog::kinds().iter();
        kinds
            .map(|kind| (index_of(kind), expanded_names(kind)))
            .collect()
    });
    &NAMES[&index_of(kind)]
}

fn expanded_names(kind: &Kind) -> Vec<&'static str> {
    let options = kind.query.unwrap_or("").split('&');
    let expand = options.filter_map(|option| option.strip_prefix("$expand="));
    expand
        .flat_map(|list| split_outside_brackets(list, ','))
        .map(|part| part.split('(').next().unwrap_or(part))
        .collect()
}

fn split_outside_brackets(text: &str, mark: char) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == mark && depth == 0
    });
    parts.filter(|part| !part.is_empty()).collect()
}

impl Expand {
    /// Writes the member with a comma after it.
    pub(crate) fn write(&self, tenant: &Tenant, slot: Slot, out: &mut String) {
        model::write_text(&self.name, out);
        out.push(':');
        let before = out.len();
        match self.from {
            From::Edges(kind, single) => self.write_edges(tenant, kind, single, slot, out),
            From::Children(kind) => self.write_children(tenant, kind, slot, out),
            From::Reference(kind) => self.write_reference(tenant, kind, slot, out),
            From::Inline => {}
        }
        if out.len() == before {
            self.write_inline(tenant, slot, out);
        }
        out.push(',');
    }

    fn write_edges(
        &self,
        tenant: &Tenant,
        kind: &Kind,
        single: bool,
        slot: Slot,
        out: &mut String,
    ) {
        let targets = tenant.edges.targets(kind, slot, None);
        let mut targets = targets.filter(|target| tenant.is_live(*target));
        if single {
            match targets.next() {
                Some(target) => self.inner.write(tenant, target, &mut Parser::new(), out),
                None => out.push_str("null"),
            }
            return;
        }
        self.write_list(tenant, targets.take(MAX_EXPANDED_EDGES), out);
    }

    fn write_children(&self, tenant: &Tenant, kind: &'static Kind, slot: Slot, out: &mut String) {
        let prefix = if kind.path.contains('{') {
            format!("{}\u{1}", tenant.key(slot))
        } else {
            String::new()
        };
        let mut children = tenant.storage.live(kind, &prefix, None).peekable();
        if kind.shape == Shape::Singleton {
            match children.next() {
                Some(child) => self.inner.write(tenant, child, &mut Parser::new(), out),
                None => out.push_str("null"),
            }
        } else if children.peek().is_some() {
            self.write_list(tenant, children, out);
        }
    }

    fn write_reference(&self, tenant: &Tenant, kind: &'static Kind, slot: Slot, out: &mut String) {
        let object = tenant.storage.object(slot);
        let id = read(&object.text, |root| {
            let id = root.get(&format!("{}Id", self.name))?.text()?;
            Some(id.into_owned())
        });
        let Some(id) = id else { return };
        let target = tenant.storage.find(kind, &key_of(&[], &id));
        let target = target.or_else(|| tenant.storage.find_directory_object(&id));
        if let Some(target) = target {
            self.inner.write(tenant, target, &mut Parser::new(), out);
        }
    }

    /// The object's own member of that name, or nothing, which is null for what is one object and an
    /// empty list for everything else.
    fn write_inline(&self, tenant: &Tenant, slot: Slot, out: &mut String) {
        let object = tenant.storage.object(slot);
        read(&object.text, |root| match root.get(&self.name) {
            Some(value) => out.push_str(value.raw()),
            None => match self.from {
                From::Reference(_) => out.push_str("null"),
                _ if self.name.ends_with('s') => out.push_str("[]"),
                _ => out.push_str("null"),
            },
        });
    }

    fn write_list(&self, tenant: &Tenant, slots: impl Iterator<Item = Slot>, out: &mut String) {
        let mut parser = Parser::new();
        out.push('[');
        for (place, slot) in slots.enumerate() {
            if place > 0 {
                out.push(',');
            }
            self.inner.write(tenant, slot, &mut parser, out);
        }
        out.push(']');
    }
}
