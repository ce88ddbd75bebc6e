//! Which object or privilege is meant by a name.

use std::collections::BTreeSet;

use super::ids::Node;
use super::privilege::Privilege;
use super::question::Known;
use crate::error::{Error, Result};
use crate::scope::Scope;

/// Candidates listed for an ambiguous name.
const LISTED: usize = 10;
/// Kinds that are no kinds of objects, but words that a privilege may be introduced with.
const PERMISSIONS: [&str; 3] = [
    "permission",
    "application_permission",
    "delegated_permission",
];
/// Kinds whose objects are roles.
const ROLES: [&str; 2] = ["role_definition", "directory_role"];

/// A name as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'t> {
    text: &'t str,
    /// The kind before the colon, by its own name.
    kind: Option<&'t str>,
    /// What follows it.
    rest: &'t str,
}

impl<'t> Name<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let whole = Self {
            text,
            kind: None,
            rest: text,
        };
        let Some((kind, name)) = text.split_once(':') else {
            return whole;
        };
        let resolved = catalog::resolve(kind).map(|kind| kind.name);
        match resolved.or(PERMISSIONS.contains(&kind).then_some(kind)) {
            Some(kind) => Self {
                text,
                kind: Some(kind),
                rest: name,
            },
            None => whole,
        }
    }

    /// The value a permission would have, in lower case.
    pub(crate) fn value(&self) -> String {
        self.rest.to_lowercase()
    }

    fn may_be(&self, kind: &str) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind)
    }

    /// Whether the object meant can be of one of these kinds.
    pub(crate) fn is_of(&self, kinds: &[&str]) -> bool {
        self.kind.is_none_or(|kind| kinds.contains(&kind))
    }

    /// Nothing has the name.
    pub(crate) fn unknown(&self, what: &str) -> Error {
        Error::NotFound(format!(
            "no {what} is called {:?} at that time: try entrace find {:?}",
            self.text, self.rest
        ))
    }
}

/// Kinds as a sentence names them: `user, group or service principal`.
fn any_of(kinds: &[&str]) -> String {
    let names = match kinds {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => kinds.concat(),
    };
    names.replace('_', " ")
}

/// Whether there was such an object at another time, as far as the session may know.
fn existed(scope: &Scope, name: Name<'_>, kinds: &[&str]) -> Result<bool> {
    let source = &scope.source;
    let object = match source.object(name.text) {
        Ok(object) => object,
        Err(Error::NotFound(_) | Error::Ambiguous { .. }) => return Ok(false),
        Err(other) => return Err(other),
    };
    if !kinds.contains(&object.kind_name.as_str()) {
        return Ok(false);
    }
    let changes = source.changes(object.kind, scope.horizon.as_ref())?;
    let versions = source.archive.object_versions(object.kind, &object.key)?;
    let seen = |ordinal: &u32| {
        changes
            .iter()
            .any(|change| change.opened.contains(*ordinal))
    };
    Ok(versions.iter().any(seen))
}

impl Known<'_> {
    /// The object of one of some kinds that is meant; `None` where it existed only at another time.
    pub(crate) fn object(
        &self,
        scope: &Scope,
        name: Name<'_>,
        kinds: &[&str],
    ) -> Result<Option<Node>> {
        if let Some(kind) = name.kind.filter(|kind| !kinds.contains(kind)) {
            return Err(Error::invalid(format!(
                "{:?} is a {}: wanted is {}",
                name.text,
                kind.replace('_', " "),
                any_of(kinds)
            )));
        }
        if let Some(node) = self.matching(name, kinds)? {
            return Ok(Some(node));
        }
        // A deleted object is named by edges, or was there at another time.
        let unknown = self.facts.ids.find(name.rest);
        let unknown = unknown.filter(|node| self.told(*node).is_none());
        if unknown.is_some() {
            return Ok(unknown);
        }
        if existed(scope, name, kinds)? {
            return Ok(None);
        }
        Err(name.unknown(&any_of(kinds)))
    }

    /// The one object that bears a name.
    fn matching(&self, name: Name<'_>, kinds: &[&str]) -> Result<Option<Node>> {
        let mut found: BTreeSet<(usize, Node)> = BTreeSet::new();
        for told in &self.facts.told {
            let Some(place) = kinds.iter().position(|kind| *kind == told.kind()) else {
                continue;
            };
            if name.may_be(told.kind()) && self.bears(told.node, name) {
                found.insert((place, told.node));
            }
        }
        let mut found: Vec<Node> = found.into_iter().map(|(_, node)| node).collect();
        self.prefer_service_principal(&mut found);
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            several => Err(self.ambiguous(name, several)),
        }
    }

    /// Whether an object is called so by what was said last of it.
    fn bears(&self, node: Node, name: Name<'_>) -> bool {
        if self.facts.ids.find(name.rest) == Some(node) {
            return true;
        }
        self.told(node).is_some_and(|told| {
            let is_it = |text: &Option<Box<str>>| {
                text.as_ref()
                    .is_some_and(|text| text.eq_ignore_ascii_case(name.rest))
            };
            is_it(&told.display)
                || is_it(&told.user_principal_name)
                || told
                    .app
                    .is_some_and(|app| self.facts.ids.find(name.rest) == Some(app))
        })
    }

    /// An application and its service principal have the same name; what acts is the latter.
    fn prefer_service_principal(&self, found: &mut Vec<Node>) {
        let app = |node: Node| self.told(node).and_then(|told| told.app);
        let is = |node: Node, kind: &str| self.told(node).is_some_and(|told| told.kind() == kind);
        let principals: Vec<Option<Node>> = found
            .iter()
            .filter(|node| is(**node, "service_principal"))
            .map(|node| app(*node))
            .collect();
        found.retain(|node| {
            !(is(*node, "application") && app(*node).is_some() && principals.contains(&app(*node)))
        });
    }

    fn ambiguous(&self, name: Name<'_>, nodes: &[Node]) -> Error {
        let candidates = nodes.iter().take(LISTED).map(|node| {
            let kind = self.told(*node).map_or("object", |told| told.kind());
            format!("{kind}:{}", self.facts.ids.text(*node))
        });
        Error::Ambiguous {
            name: name.text.to_owned(),
            candidates: candidates.collect(),
        }
    }

    /// The roles and permissions that are meant, over all scopes and resources.
    pub(crate) fn privileges(&self, name: Name<'_>) -> Result<Vec<Node>> {
        let roles = self.roles(name)?;
        let values = self.permissions(name);
        if !roles.is_empty() && !values.is_empty() {
            return Err(Error::Ambiguous {
                name: name.text.to_owned(),
                candidates: vec![
                    format!("role:{}", name.rest),
                    format!("permission:{}", name.rest),
                ],
            });
        }
        let facts = self.facts;
        let is_meant = |node: &Node, privilege: &Privilege| match privilege {
            Privilege::Role { role, .. } => roles.contains(role),
            _ => values.contains(node),
        };
        let nodes: Vec<Node> = facts
            .privileges()
            .filter(|(node, privilege)| is_meant(node, privilege))
            .map(|(node, _)| node)
            .collect();
        let is_declared = facts.declares_value
            || facts
                .app_role_values
                .values()
                .any(|value| value.eq_ignore_ascii_case(name.rest));
        if nodes.is_empty() && !is_declared {
            return Err(name.unknown("role or permission"));
        }
        Ok(nodes)
    }

    fn roles(&self, name: Name<'_>) -> Result<BTreeSet<Node>> {
        let mut roles = BTreeSet::new();
        if !ROLES.iter().any(|kind| name.may_be(kind)) {
            return Ok(roles);
        }
        let told = self.facts.told.iter();
        let told = told.filter(|told| ROLES.contains(&told.kind()));
        roles.extend(
            told.map(|told| told.node)
                .filter(|node| self.bears(*node, name)),
        );
        if roles.len() > 1 {
            let several: Vec<Node> = roles.into_iter().collect();
            return Err(self.ambiguous(name, &several));
        }
        // A role that nothing was read about can be meant by its id.
        if let Some(node) = self.facts.ids.find(name.rest) {
            let mut held = self.facts.privileges();
            if held.any(|(_, held)| matches!(held, Privilege::Role { role, .. } if *role == node)) {
                roles.insert(node);
            }
        }
        Ok(roles)
    }

    fn permissions(&self, name: Name<'_>) -> BTreeSet<Node> {
        let may_be = |kind: &str| {
            name.kind
                .is_none_or(|wanted| wanted == kind || wanted == "permission")
        };
        let id = self.facts.ids.find(name.rest);
        let is_meant = |privilege: &Privilege| match privilege {
            Privilege::Role { .. } => false,
            // Of delegated permissions only those with the value were read.
            Privilege::Delegated { .. } => may_be(privilege.kind()),
            Privilege::AppRole { app_role, .. } => {
                let value = self.value_of(privilege);
                let is_value = value.is_some_and(|value| value.eq_ignore_ascii_case(name.rest));
                may_be(privilege.kind()) && (is_value || id == Some(*app_role))
            }
        };
        let meant = self
            .facts
            .privileges()
            .filter(|(_, privilege)| is_meant(privilege));
        meant.map(|(node, _)| node).collect()
    }
}
