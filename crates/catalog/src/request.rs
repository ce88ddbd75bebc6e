//! The exact requests that read a kind, made of its path, its query options and ids.
//!
//! Each `{name}` of a template stands for the id of one parent, outermost first, in the path and then
//! in the query; `{t}` is the time to read from. A parent that is a singleton is part of the path
//! itself and has no id in it.

use crate::kind::{Api, Kind, Shape};
use crate::lookup::{by_name, kinds};
use crate::reading::Delta;

/// One GET request, before the service root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Version of the endpoint.
    pub api: Api,
    /// Path below the version, ids percent-encoded.
    pub path: String,
    /// Query options in order, values not encoded.
    pub query: Vec<(&'static str, String)>,
    /// Headers besides those of every request.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Request {
    /// With one more navigation property expanded.
    #[must_use]
    pub fn expanding(mut self, clause: &str) -> Self {
        match self.query.iter_mut().find(|(name, _)| *name == "$expand") {
            Some((_, value)) => {
                value.push(',');
                value.push_str(clause);
            }
            None => self.query.push(("$expand", clause.to_owned())),
        }
        self
    }

    /// What follows the service root: `/v1.0/users?$select=id`, encoded.
    #[must_use]
    pub fn target(&self) -> String {
        let mut target = format!("/{}{}", self.api.segment(), self.path);
        for (at, (name, value)) in self.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(name);
            target.push('=');
            encode(value, QUERY_SIGNS, &mut target);
        }
        target
    }
}

impl Kind {
    /// The kinds its objects hang on, outermost first: of a role's rule, the policy.
    #[must_use]
    pub fn parents(&self) -> Vec<&'static Kind> {
        let parent = |kind: &Kind| kind.parent.and_then(by_name);
        let mut parents: Vec<_> =
            std::iter::successors(parent(self), |kind| parent(kind)).collect();
        parents.reverse();
        parents
    }

    /// The parents whose ids an address of this kind needs, outermost first: all but singletons.
    #[must_use]
    pub fn addressing_parents(&self) -> Vec<&'static Kind> {
        let mut parents = self.parents();
        parents.retain(|kind| kind.shape != Shape::Singleton);
        parents
    }

    /// Its path with the ids of [`Kind::addressing_parents`] in place, percent-encoded; `None` where
    /// their number is another, or one is empty, `.` or `..`.
    ///
    /// Kinds that name their parent in the query alone have no place for its id in the path.
    #[must_use]
    pub fn path_with(&self, ids: &[&str]) -> Option<String> {
        let places = count_places(self.path) + self.query.map_or(0, count_places);
        let sound = ids.iter().all(|id| !matches!(*id, "" | "." | ".."));
        if !sound || ids.len() != places {
            return None;
        }
        let mut ids = ids.iter();
        fill(self.path, |_, out| {
            encode(ids.next()?, "", out);
            Some(())
        })
    }

    /// Query options a faithful read needs, paging apart, as name and value with its placeholders.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        let options = self.query.into_iter().flat_map(|query| query.split('&'));
        options.filter_map(|option| option.split_once('='))
    }

    /// Whether its list can only be asked for from a time on: [`Kind::list_request`] needs one.
    #[must_use]
    pub fn needs_since(&self) -> bool {
        self.query.is_some_and(|query| query.contains(SINCE))
    }

    /// The first request for its rows: the collection, or the singleton. Further pages have addresses
    /// of their own.
    ///
    /// `ids` are those of [`Kind::addressing_parents`]; `since` is an RFC 3339 time in UTC, used by
    /// the logs that [`Kind::needs_since`]. `None` where the ids do not fit or the time is missing.
    #[must_use]
    pub fn list_request(&self, ids: &[&str], since: Option<&str>) -> Option<Request> {
        let path = self.path_with(ids)?;
        let mut left = ids.iter().skip(count_places(self.path));
        let mut query = Vec::new();
        for (name, template) in self.options() {
            let value = fill(template, |place, out| {
                if place == SINCE {
                    out.push_str(since?);
                } else {
                    // Inside an OData text literal.
                    out.push_str(&left.next()?.replace('\'', "''"));
                }
                Some(())
            });
            query.push((name, value?));
        }
        if let Some(rows) = self.page_size {
            query.push(("$top", rows.to_string()));
        }
        Some(self.request(path, query))
    }

    /// The request for one object by its key, with the same selection and expansion as the list.
    /// `None` for singletons, edges and rows of logs, or where the ids do not fit.
    #[must_use]
    pub fn object_request(&self, ids: &[&str], key: &str) -> Option<Request> {
        if self.shape != Shape::Object || matches!(key, "" | "." | "..") {
            return None;
        }
        let mut path = self.path_with(ids)?;
        path.push('/');
        encode(key, "", &mut path);
        let shaping = self
            .options()
            .filter(|(name, _)| matches!(*name, "$select" | "$expand"));
        let query = shaping.map(|(name, value)| (name, value.to_owned()));
        Some(self.request(path, query.collect()))
    }

    /// The kinds that arrive within its delta.
    pub fn delta_relations(&self) -> impl Iterator<Item = &'static Kind> + use<> {
        let name = self.name;
        let all = kinds().iter().copied();
        all.filter(move |kind| kind.delta == Some(Delta::Within) && kind.parent == Some(name))
    }

    /// The request that begins a round of its delta function, its relations selected; `None` where it
    /// has no function of its own.
    ///
    /// A selection decides which changes are told, so that a kind without one of its own names every
    /// column as soon as it has relations.
    #[must_use]
    pub fn delta_request(&self) -> Option<Request> {
        let Some(Delta::Own { path, without }) = self.delta else {
            return None;
        };
        let relations: Vec<&str> = self.delta_relations().filter_map(relation).collect();
        let own = self.options().find(|(name, _)| *name == "$select");
        let mut names: Vec<&str> = match own {
            Some((_, names)) => names.split(',').collect(),
            None if relations.is_empty() => Vec::new(),
            None => {
                let columns = self.columns.iter().map(|column| column.property);
                std::iter::once("id").chain(columns).collect()
            }
        };
        names.retain(|name| !without.contains(name));
        names.extend(relations);
        let query = (!names.is_empty()).then(|| ("$select", names.join(",")));
        Some(self.request(path.to_owned(), query.into_iter().collect()))
    }

    fn request(&self, path: String, query: Vec<(&'static str, String)>) -> Request {
        Request {
            api: self.api,
            path,
            query,
            headers: self.headers,
        }
    }
}

fn relation(kind: &'static Kind) -> Option<&'static str> {
    match kind.shape {
        Shape::Relationship(relationship) => Some(relationship.relation),
        _ => None,
    }
}

/// The placeholder of the time to read from.
const SINCE: &str = "{t}";

/// How many ids a template has places for.
fn count_places(template: &str) -> usize {
    template.matches('{').count() - template.matches(SINCE).count()
}

/// A template with each place, braces included, written by `write`; `None` as soon as that has
/// nothing for one.
pub(crate) fn fill(
    template: &str,
    mut write: impl FnMut(&str, &mut String) -> Option<()>,
) -> Option<String> {
    let mut filled = String::with_capacity(template.len() + 40);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let close = open + rest[open..].find('}')? + 1;
        filled.push_str(&rest[..open]);
        write(&rest[open..close], &mut filled)?;
        rest = &rest[close..];
    }
    filled.push_str(rest);
    Some(filled)
}

/// Signs of `OData` that a query may hold as they are (RFC 3986, section 3.4).
const QUERY_SIGNS: &str = "$,()/':=@";

/// Appends a text percent-encoded but for unreserved characters and the signs kept.
pub(crate) fn encode(text: &str, kept: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        let sign = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(sign) || kept.contains(sign) {
            out.push(sign);
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}
