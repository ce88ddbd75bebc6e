//! What was read, as numbers: objects, privileges, and what ties them together.

use std::collections::HashMap;

use super::ids::{Ids, Node};
use super::privilege::Privilege;
use super::telling::TELLING;

/// How one thing leads to another. `from` gets what `to` has, or `to` itself.
///
/// The order is that in which equally short chains are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Relation {
    /// Is in a group.
    Member,
    /// May enter a group through PIM for groups.
    EligibleMember,
    /// Holds a role.
    Assigned,
    /// May activate a role.
    Eligible,
    /// Holds an app role.
    Granted,
    /// Acts with a delegated permission in the name of users.
    Consented,
    /// An application signs in as its service principal.
    SignsInAs,
    /// May add members to a group, itself too; credentials to an application or service principal.
    Owner,
    /// May become such an owner through PIM for groups.
    EligibleOwner,
    /// Whoever holds it may add credentials to an application or service principal.
    AddsCredentials,
    /// Whoever holds it may give it to anybody.
    Grants,
}

impl Relation {
    /// What it is called in answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::EligibleMember => "eligible_member",
            Self::Assigned => "assigned",
            Self::Eligible => "eligible",
            Self::Granted => "granted",
            Self::Consented => "consented",
            Self::SignsInAs => "signs_in_as",
            Self::Owner => "owner",
            Self::EligibleOwner => "eligible_owner",
            Self::AddsCredentials => "adds_credentials",
            Self::Grants => "grants",
        }
    }

    /// Whether it holds only after an activation.
    pub(crate) fn is_eligible(self) -> bool {
        matches!(
            self,
            Self::EligibleMember | Self::Eligible | Self::EligibleOwner
        )
    }
}

/// One edge, as one version tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tie {
    pub(crate) from: Node,
    pub(crate) to: Node,
    pub(crate) ordinal: u32,
    /// When it is in force: a position in [`Facts::windows`].
    pub(crate) window: u32,
    /// Kind that tells it: a position in [`TELLING`].
    pub(crate) telling: u8,
    pub(crate) relation: Relation,
}

/// When something is in force, in nanoseconds since the epoch: from the first to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Window {
    pub(crate) const ALWAYS: Self = Self {
        from: i64::MIN,
        until: i64::MAX,
    };

    pub(crate) fn contains(self, time: i64) -> bool {
        self.from <= time && time < self.until
    }
}

/// What one version says of an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) node: Node,
    pub(crate) ordinal: u32,
    /// Its kind: a position in [`TELLING`].
    pub(crate) telling: u8,
    pub(crate) display: Option<Box<str>>,
    pub(crate) user_principal_name: Option<Box<str>>,
    pub(crate) enabled: Option<bool>,
    /// What its `appId` stands for.
    pub(crate) app: Option<Node>,
    pub(crate) traits: Traits,
}

/// What decides which edges an object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Traits {
    /// Nothing special.
    #[default]
    None,
    /// A group that is filled by its rule. Its owners cannot change the rule.
    Dynamic,
    /// What takes nothing from an owner: a group whose members come from the company's own directory,
    /// a managed identity, to which no credentials can be added.
    Closed,
    /// A role whose holders may add credentials.
    Over {
        /// To applications.
        applications: bool,
        /// To service principals.
        service_principals: bool,
    },
}

impl Told {
    /// Name of the object's kind.
    pub(crate) fn kind(&self) -> &'static str {
        TELLING[self.telling as usize].kind
    }
}

/// Everything that was read for one question.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) ids: Ids,
    pub(crate) told: Vec<Told>,
    pub(crate) ties: Vec<Tie>,
    pub(crate) windows: Vec<Window>,
    privileges: HashMap<Privilege, Node>,
    by_node: HashMap<Node, Privilege>,
    /// Privileges in the order of their ids.
    arranged: Vec<Node>,
    /// Whether a resource declares the delegated permission that was asked for.
    pub(crate) declares_value: bool,
    /// Values of app roles, by resource and app role.
    pub(crate) app_role_values: HashMap<(Node, Node), Box<str>>,
}

impl Facts {
    pub(crate) fn new() -> Self {
        Self {
            ids: Ids::default(),
            told: Vec::new(),
            ties: Vec::new(),
            windows: vec![Window::ALWAYS],
            privileges: HashMap::new(),
            by_node: HashMap::new(),
            arranged: Vec::new(),
            declares_value: false,
            app_role_values: HashMap::new(),
        }
    }

    /// The number of a privilege.
    pub(crate) fn privilege(&mut self, privilege: Privilege) -> Node {
        if let Some(known) = self.privileges.get(&privilege) {
            return *known;
        }
        let node = self.ids.privilege(&self.order(&privilege));
        self.by_node.insert(node, privilege.clone());
        self.privileges.insert(privilege, node);
        node
    }

    /// What a number stands for, if it is a privilege.
    pub(crate) fn privilege_of(&self, node: Node) -> Option<&Privilege> {
        self.by_node.get(&node)
    }

    /// All privileges with their numbers, in the order of their ids.
    pub(crate) fn privileges(&self) -> impl Iterator<Item = (Node, &Privilege)> {
        let nodes = self.arranged.iter();
        nodes.filter_map(|node| Some((*node, self.by_node.get(node)?)))
    }

    /// Puts ties in the order in which they are followed backwards, which does not depend on how they
    /// were stored. Ends reading.
    pub(crate) fn arrange(&mut self) {
        let mut rank = vec![0usize; self.ids.len()];
        let ordered = self.ids.ordered();
        for (place, node) in ordered.iter().enumerate() {
            rank[*node as usize] = place;
        }
        let place = |node: Node| rank[node as usize];
        // A tenant has a million memberships: two stable passes take a tenth of a sort's time.
        let by_from = counted(&self.ties, rank.len(), |tie| place(tie.from));
        self.ties = counted(&by_from, rank.len(), |tie| tie.to as usize);
        self.told
            .sort_unstable_by_key(|told| (place(told.node), told.telling, told.ordinal));
        self.arranged = ordered;
        self.arranged.retain(|node| self.by_node.contains_key(node));
    }

    /// The position of a window, which many ties share.
    pub(crate) fn window(&mut self, window: Window) -> u32 {
        if window == Window::ALWAYS {
            return 0;
        }
        if self.windows.last() != Some(&window) {
            self.windows.push(window);
        }
        u32::try_from(self.windows.len() - 1)
            .expect("because there are fewer windows than versions")
    }

    fn order(&self, privilege: &Privilege) -> String {
        let owner = self.ids.text(privilege.owner());
        match privilege {
            Privilege::Role { scope, .. } => format!("1 {owner} {scope}"),
            Privilege::AppRole { app_role, .. } => {
                format!("2 {owner} {}", self.ids.text(*app_role))
            }
            Privilege::Delegated { value, user, .. } => {
                let user = user.map_or_else(String::new, |user| self.ids.text(user));
                format!("3 {owner} {value} {user}")
            }
        }
    }
}

/// Items sorted by a number below `count`; those that have the same stay in their order.
fn counted<T: Copy>(items: &[T], count: usize, number: impl Fn(&T) -> usize) -> Vec<T> {
    let mut next = vec![0; count + 1];
    for item in items {
        next[number(item) + 1] += 1;
    }
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    let mut sorted = items.to_vec();
    for item in items {
        let at = &mut next[number(item)];
        sorted[*at] = *item;
        *at += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_sorts_and_keeps_the_order_of_equals() {
        let items = [(2, 'a'), (0, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        let sorted = counted(&items, 3, |(number, _)| *number);
        assert_eq!(sorted, [(0, 'b'), (0, 'e'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }
}
