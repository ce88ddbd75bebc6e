//! What objects and privileges are called in answers.

use super::facts::Told;
use super::ids::Node;
use super::privilege::{Privilege, scope_object};
use super::question::Known;

/// What `on_behalf_of` says of a delegated permission for everybody: Graph's own word.
const ALL_USERS: &str = "AllPrincipals";
impl Known<'_> {
    /// What the permission is called in tokens and in documentation.
    pub(super) fn value_of<'a>(&'a self, privilege: &'a Privilege) -> Option<&'a str> {
        match privilege {
            Privilege::AppRole { resource, app_role } => {
                let values = &self.facts.app_role_values;
                values.get(&(*resource, *app_role)).map(|value| &**value)
            }
            Privilege::Delegated { value, .. } => Some(value),
            Privilege::Role { .. } => None,
        }
    }

    /// What a privilege is called.
    pub(crate) fn privilege_name<'a>(&'a self, privilege: &'a Privilege) -> Option<&'a str> {
        match privilege {
            Privilege::Role { role, .. } => self.display(*role),
            _ => self.value_of(privilege),
        }
    }

    /// Id of a role's definition, or of an app role.
    pub(crate) fn privilege_id(&self, privilege: &Privilege) -> Option<String> {
        match privilege {
            Privilege::Role { role, .. } => Some(self.facts.ids.text(*role)),
            Privilege::AppRole { app_role, .. } => Some(self.facts.ids.text(*app_role)),
            Privilege::Delegated { .. } => None,
        }
    }

    /// Where a role holds, or the id of a permission's resource.
    pub(crate) fn scope(&self, privilege: &Privilege) -> String {
        match privilege {
            Privilege::Role { scope, .. } => scope.to_string(),
            other => self.facts.ids.text(other.owner()),
        }
    }

    /// What the scope is called.
    pub(crate) fn scope_name(&self, privilege: &Privilege) -> Option<&str> {
        match privilege {
            Privilege::Role { scope, .. } => {
                self.display(self.facts.ids.find(scope_object(scope)?)?)
            }
            other => self.display(other.owner()),
        }
    }

    /// In whose name a delegated permission is used.
    pub(crate) fn on_behalf_of(&self, privilege: &Privilege) -> Option<String> {
        let Privilege::Delegated { user, .. } = privilege else {
            return None;
        };
        Some(match user {
            None => ALL_USERS.to_owned(),
            Some(user) => {
                let name = self
                    .told(*user)
                    .and_then(|told| told.user_principal_name.as_deref());
                name.map_or_else(|| self.facts.ids.text(*user), str::to_owned)
            }
        })
    }

    /// What an object is called, where it is known.
    pub(crate) fn display(&self, node: Node) -> Option<&str> {
        self.told(node)?.display.as_deref()
    }

    /// What a node is called. A permission without a name is that to use its resource at all.
    pub(crate) fn name(&self, node: Node) -> Option<String> {
        let Some(privilege) = self.facts.privilege_of(node) else {
            return self.display(node).map(str::to_owned);
        };
        let name = self.privilege_name(privilege).map(str::to_owned);
        let is_role = matches!(privilege, Privilege::Role { .. });
        name.or_else(|| {
            Some(format!("access to {}", self.display(privilege.owner())?)).filter(|_| !is_role)
        })
    }

    /// An object, and if it is a resource all permissions on it: to hold one is to reach it.
    pub(crate) fn with_app_roles(&self, object: Node) -> Vec<Node> {
        let of = |privilege: &Privilege| matches!(privilege, Privilege::AppRole { resource, .. } if *resource == object);
        let permissions = self
            .facts
            .privileges()
            .filter(|(_, privilege)| of(privilege));
        std::iter::once(object)
            .chain(permissions.map(|(node, _)| node))
            .collect()
    }

    /// The id of a node.
    pub(crate) fn id(&self, node: Node) -> String {
        match self.facts.privilege_of(node) {
            Some(privilege) => self
                .privilege_id(privilege)
                .unwrap_or_else(|| self.facts.ids.text(privilege.owner())),
            None => self.facts.ids.text(node),
        }
    }

    /// The kind of a node, if something is known about it.
    pub(crate) fn kind(&self, node: Node) -> Option<&'static str> {
        match self.facts.privilege_of(node) {
            Some(privilege) => Some(privilege.kind()),
            None => self.told(node).map(Told::kind),
        }
    }

    /// Names as JSON text.
    pub(crate) fn path(&self, nodes: &[Node]) -> String {
        let names: Vec<String> = nodes
            .iter()
            .map(|node| self.name(*node).unwrap_or_else(|| self.id(*node)))
            .collect();
        serde_json::Value::from(names).to_string()
    }
}
