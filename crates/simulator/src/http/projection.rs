//! Which properties of an object an answer shows, and how its text gets there.
//!
//! Without `$select` and with nothing to hide the stored text is copied as it is.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use catalog::Kind;
use model::Parser;

use super::answer::Failure;
use super::context::type_annotation;
use super::expand::{self, Expand};
use crate::tenant::{Slot, Tenant, index_of};

/// What `/users` shows of a user who is not asked for more.
const USER_DEFAULTS: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];

/// Properties of users that lists cannot return: 501.
const NOT_IN_LISTS: [&str; 11] = [
    "aboutMe",
    "birthday",
    "hireDate",
    "interests",
    "mySite",
    "pastProjects",
    "preferredName",
    "responsibilities",
    "schools",
    "skills",
    "mailboxSettings",
];

/// Most properties one `$select` may name: the marks of those seen are bits.
const MAX_SELECTED: usize = 128;

/// How to show the objects of a list or a single one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Projection {
    /// The properties to show and their place in the list of `order`; all where `None`.
    select: Option<HashMap<String, usize>>,
    order: Vec<String>,
    /// Navigation properties to show.
    pub(crate) expands: Vec<Expand>,
    /// Each object says its type, as lists of mixed types do.
    pub(crate) typed: bool,
}

impl Projection {
    /// Reads `$select` and `$expand` for a kind. In lists of mixed types nothing can be said about
    /// which properties there are.
    pub(crate) fn read(
        kind: &'static Kind,
        select: Option<&str>,
        expand: Option<&str>,
        of_list: bool,
    ) -> Result<Self, Failure> {
        let mut projection = Self {
            typed: kind.is_relationship(),
            ..Self::default()
        };
        if let Some(select) = select {
            let names: Vec<&str> = select.split(',').map(str::trim).collect();
            if names.iter().any(|name| name.is_empty()) || names.len() > MAX_SELECTED {
                return Err(Failure::bad_option(
                    "Parsing OData Select and Expand failed.",
                ));
            }
            if !names.contains(&"*") {
                check_names(kind, &names, of_list)?;
                projection.choose(&names);
            }
        }
        let expand = match (select, expand) {
            (None, None) => expand::always_expanded(kind),
            _ => expand,
        };
        if let Some(expand) = expand {
            projection.expands = expand::parse(kind, expand)?;
        }
        Ok(projection)
    }

    /// Shows only these properties.
    pub(crate) fn choose(&mut self, names: &[&str]) {
        for name in names {
            if !self.order.iter().any(|own| own == name) {
                self.order.push((*name).to_owned());
            }
        }
        let places = self.order.iter().cloned().zip(0..);
        self.select = Some(places.collect());
    }

    /// Objects whole, each with its type.
    pub(crate) fn of_any_type() -> Self {
        Self {
            typed: true,
            ..Self::default()
        }
    }

    /// Writes one object.
    pub(crate) fn write(&self, tenant: &Tenant, slot: Slot, parser: &mut Parser, out: &mut String) {
        let kind = tenant.kind(slot);
        let is_limited = self.typed && tenant.options().limited.contains(kind.name);
        let limited = is_limited.then(|| serde_json::json!({"id": tenant.id(slot)}).to_string());
        let whole = &*tenant.storage.object(slot).text;
        let text = limited.as_deref().unwrap_or(whole);
        let start = out.len();
        out.push('{');
        if self.typed && !text.starts_with("{\"@odata.type\"") {
            out.push_str("\"@odata.type\":\"");
            out.push_str(&type_annotation(kind));
            out.push_str("\",");
        }
        match &self.select {
            Some(select) => write_selected(kind, text, select, &self.order, parser, out),
            None if kind.name == "user" => {
                static DEFAULTS: LazyLock<Projection> = LazyLock::new(|| {
                    let mut projection = Projection::default();
                    projection.choose(&USER_DEFAULTS);
                    projection
                });
                let select = DEFAULTS
                    .select
                    .as_ref()
                    .expect("because it was just chosen");
                write_selected(kind, text, select, &DEFAULTS.order, parser, out);
            }
            None => write_whole(kind, text, &self.expands, parser, out),
        }
        for expand in &self.expands {
            expand.write(tenant, slot, out);
        }
        if out.ends_with(',') {
            out.pop();
        }
        if out.len() == start {
            out.push('{');
        }
        out.push('}');
    }
}

/// The selected members, each followed by a comma; those the object does not have come as null.
fn write_selected(
    kind: &Kind,
    text: &str,
    select: &HashMap<String, usize>,
    order: &[String],
    parser: &mut Parser,
    out: &mut String,
) {
    let document = parser
        .parse_text(text)
        .expect("because only serialised objects are stored");
    let mut seen = 0_u128;
    for (name, value) in document.root().members() {
        let place = select.get(&*name);
        if place.is_none() && !name.starts_with('@') {
            continue;
        }
        if let Some(place) = place {
            seen |= 1 << place;
        }
        write_member(&name, value.raw(), out);
    }
    for (place, name) in order.iter().enumerate() {
        if seen & (1 << place) == 0 && !is_navigation(kind, name) {
            write_member(name, absent_value(kind, name), out);
        }
    }
}

/// Everything but navigation properties kept inside the object that nobody expanded.
fn write_whole(kind: &Kind, text: &str, expands: &[Expand], parser: &mut Parser, out: &mut String) {
    let inline = expand::inline_names(kind);
    if inline.is_empty() {
        out.push_str(&text[1..text.len() - 1]);
        out.push(',');
        return;
    }
    let document = parser
        .parse_text(text)
        .expect("because only serialised objects are stored");
    for (name, value) in document.root().members() {
        let is_hidden =
            inline.contains(&&*name) || expands.iter().any(|expand| expand.name == *name);
        if !is_hidden {
            write_member(&name, value.raw(), out);
        }
    }
}

fn write_member(name: &str, raw: &str, out: &mut String) {
    model::write_text(name, out);
    out.push(':');
    out.push_str(raw);
    out.push(',');
}

/// How Graph shows a property that was never set.
fn absent_value(kind: &Kind, name: &str) -> &'static str {
    if kind.sets.contains(&name) {
        "[]"
    } else {
        "null"
    }
}

fn is_navigation(kind: &Kind, name: &str) -> bool {
    expand::is_navigation(kind, name)
}

/// Properties of a kind that `$select`, `$filter` and `$orderby` may name.
pub(crate) fn knows_property(kind: &Kind, name: &str) -> bool {
    static KNOWN: LazyLock<HashMap<u16, HashSet<&'static str>>> = LazyLock::new(|| {
        let kinds = catalog::kinds().iter();
        let names = kinds.map(|kind| {
            let columns = kind.columns.iter().map(|column| column.property);
            let lists = [kind.display, kind.sets, kind.read_only, kind.immutable];
            let lists = lists.into_iter().flatten().copied();
            let plain = columns.chain(lists).filter(|name| !name.contains('.'));
            let keys = kind.key.into_iter().chain(["id"]);
            (index_of(kind), plain.chain(keys).collect())
        });
        names.collect()
    });
    // What the catalogue does not list whole cannot be checked: types with derived ones, edges to any
    // type, and extension properties, which the tenant itself may define.
    kind.is_relationship()
        || !kind.derived_types.is_empty() && kind.name != "user"
        || kind.columns.is_empty()
        || name.starts_with("extension_")
        || name.starts_with('@')
        || KNOWN[&index_of(kind)].contains(name)
        || is_navigation(kind, name)
}

fn check_names(kind: &Kind, names: &[&str], of_list: bool) -> Result<(), Failure> {
    for name in names {
        let first = name.split('/').next().unwrap_or(name);
        if !knows_property(kind, first) {
            return Err(Failure::unknown_property(first, kind.entity_type));
        }
        if of_list && kind.name == "user" && NOT_IN_LISTS.contains(&first) {
            let message = "This operation target is not yet supported.";
            return Err(Failure::new(501, "NotImplemented", message));
        }
    }
    Ok(())
}
