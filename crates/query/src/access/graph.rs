//! Who gets what from whom at one moment: a graph that is followed backwards, from what is held to who
//! has it.

use std::collections::HashMap;

use super::facts::{Facts, Relation, Told, Traits};
use super::ids::Node;
use super::privilege::{Privilege, scope_object};
use super::telling::{Moment, TELLING};

/// `appId` of Microsoft Graph, in every tenant.
const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Application permissions of Microsoft Graph with which more can be taken: any role, any application
/// permission, the place of any application.
const GRANTS_ROLES: &str = "RoleManagement.ReadWrite.Directory";
const GRANTS_APP_ROLES: &str = "AppRoleAssignment.ReadWrite.All";
const ADDS_CREDENTIALS: &str = "Application.ReadWrite.All";
/// In [`Graph::told`]: nothing was read about it.
const UNTOLD: u32 = u32::MAX;

/// What an object is, as far as it decides which edges it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A user, a device, or something nothing was read about.
    Other,
    Group,
    ServicePrincipal,
    /// An app registration: no principal, but its owners sign in as its service principal.
    Application,
    Role,
    AppRole,
    Delegated,
}

impl Sort {
    pub(crate) fn is_privilege(self) -> bool {
        matches!(self, Self::Role | Self::AppRole | Self::Delegated)
    }

    /// Whether access can be somebody's who is such a thing.
    pub(crate) fn is_principal(self) -> bool {
        !self.is_privilege() && self != Self::Application
    }
}

/// An edge, seen from the end it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: Node,
    pub(crate) relation: Relation,
}

/// The graph of one moment.
#[derive(Debug)]
pub(crate) struct Graph<'f> {
    pub(crate) facts: &'f Facts,
    told: Vec<u32>,
    sorts: Vec<Sort>,
    /// Where each node's edges begin in `edges`.
    starts: Vec<u32>,
    edges: Vec<Edge>,
    /// Edges that follow from properties: few nodes have any.
    further: HashMap<Node, Vec<Edge>>,
    /// Privileges whose holders may add credentials to every application, or service principal.
    over_applications: Vec<Node>,
    over_service_principals: Vec<Node>,
    /// Permissions whose holders may give away any role, or any app role.
    grant_roles: Vec<Node>,
    grant_app_roles: Vec<Node>,
}

impl<'f> Graph<'f> {
    /// The graph of a moment. `only` says that nothing else was read, so that every version counts.
    pub(crate) fn at(facts: &'f Facts, moment: &Moment, only: bool) -> Self {
        let alive = |telling, ordinal| only || moment.is_alive(telling, ordinal);
        let count = facts.ids.len();
        let mut graph = Self {
            facts,
            told: vec![UNTOLD; count],
            sorts: vec![Sort::Other; count],
            starts: vec![0; count + 1],
            edges: Vec::with_capacity(facts.ties.len()),
            further: HashMap::new(),
            over_applications: Vec::new(),
            over_service_principals: Vec::new(),
            grant_roles: Vec::new(),
            grant_app_roles: Vec::new(),
        };
        graph.add_objects(&alive);
        graph.add_ties(crate::tables::nanoseconds(moment.snapshot.taken_at), &alive);
        graph.add_applications();
        graph.add_powers();
        graph
    }

    fn add_objects(&mut self, alive: &impl Fn(u8, u32) -> bool) {
        for (at, told) in (0..).zip(&self.facts.told) {
            let known = &mut self.told[told.node as usize];
            if *known != UNTOLD || !alive(told.telling, told.ordinal) {
                continue;
            }
            *known = at;
            self.sorts[told.node as usize] = match TELLING[told.telling as usize].kind {
                "group" => Sort::Group,
                "service_principal" => Sort::ServicePrincipal,
                "application" => Sort::Application,
                _ => Sort::Other,
            };
        }
        for (node, privilege) in self.facts.privileges() {
            self.sorts[node as usize] = match privilege {
                Privilege::Role { .. } => Sort::Role,
                Privilege::AppRole { .. } => Sort::AppRole,
                Privilege::Delegated { .. } => Sort::Delegated,
            };
        }
    }

    fn add_ties(&mut self, time: i64, alive: &impl Fn(u8, u32) -> bool) {
        let mut filled = 0;
        let mut last = None;
        for tie in &self.facts.ties {
            let in_force = self.facts.windows[tie.window as usize].contains(time);
            if !in_force || !alive(tie.telling, tie.ordinal) || !self.counts(tie.relation, tie.to) {
                continue;
            }
            let edge = Edge {
                from: tie.from,
                relation: tie.relation,
            };
            if last.replace((tie.to, edge)) == Some((tie.to, edge)) {
                continue;
            }
            while filled < tie.to as usize {
                filled += 1;
                self.starts[filled] = count_of(&self.edges);
            }
            self.edges.push(edge);
        }
        while filled + 1 < self.starts.len() {
            filled += 1;
            self.starts[filled] = count_of(&self.edges);
        }
    }

    /// Whether an edge gives what it seems to: nobody adds members to a group that fills itself, nor
    /// credentials to a managed identity.
    fn counts(&self, relation: Relation, to: Node) -> bool {
        let is_closed = matches!(self.traits(to), Traits::Dynamic | Traits::Closed);
        !(is_closed && matches!(relation, Relation::Owner | Relation::EligibleOwner))
    }

    /// Whoever has an application's credentials signs in as its service principal.
    fn add_applications(&mut self) {
        let mut registered: HashMap<Node, Node> = HashMap::new();
        let of = |graph: &Self, sort| {
            let told = graph.told.iter().filter(|at| **at != UNTOLD);
            let told = told.map(|at| &graph.facts.told[*at as usize]);
            let told = told.filter(move |told| graph.sorts[told.node as usize] == sort);
            told.filter_map(|told| Some((told.app?, told.node)))
                .collect::<Vec<_>>()
        };
        registered.extend(of(self, Sort::Application));
        for (app, principal) in of(self, Sort::ServicePrincipal) {
            if let Some(application) = registered.get(&app) {
                self.further.entry(principal).or_default().push(Edge {
                    from: *application,
                    relation: Relation::SignsInAs,
                });
            }
        }
    }

    /// Roles and permissions whose holders can take more than they hold.
    fn add_powers(&mut self) {
        let graph_app = self.facts.ids.find(MICROSOFT_GRAPH);
        let facts = self.facts;
        for (node, privilege) in facts.privileges() {
            match privilege {
                Privilege::Role { role, scope } => self.add_role(node, *role, scope),
                Privilege::AppRole { resource, app_role } => {
                    let of_graph = self.object(*resource).and_then(|told| told.app) == graph_app;
                    let value = facts.app_role_values.get(&(*resource, *app_role));
                    match value
                        .filter(|_| of_graph && graph_app.is_some())
                        .map(|v| &**v)
                    {
                        Some(GRANTS_ROLES) => self.grant_roles.push(node),
                        Some(GRANTS_APP_ROLES) => self.grant_app_roles.push(node),
                        Some(ADDS_CREDENTIALS) => {
                            self.over_applications.push(node);
                            self.over_service_principals.push(node);
                        }
                        _ => {}
                    }
                }
                Privilege::Delegated { .. } => {}
            }
        }
    }

    fn add_role(&mut self, node: Node, role: Node, scope: &str) {
        let Traits::Over {
            applications,
            service_principals,
        } = self.traits(role)
        else {
            return;
        };
        let Some(object) = scope_object(scope) else {
            if applications {
                self.over_applications.push(node);
            }
            if service_principals {
                self.over_service_principals.push(node);
            }
            return;
        };
        let Some(object) = self.facts.ids.find(object) else {
            return;
        };
        let is_over = match self.sorts[object as usize] {
            Sort::Application => applications,
            Sort::ServicePrincipal => service_principals && self.takes_credentials(object),
            _ => false,
        };
        if is_over {
            self.further.entry(object).or_default().push(Edge {
                from: node,
                relation: Relation::AddsCredentials,
            });
        }
    }

    fn traits(&self, node: Node) -> Traits {
        self.object(node)
            .map_or_else(Traits::default, |told| told.traits)
    }

    fn takes_credentials(&self, principal: Node) -> bool {
        self.traits(principal) != Traits::Closed
    }

    /// What was read about an object that existed.
    pub(crate) fn object(&self, node: Node) -> Option<&'f Told> {
        match self.told[node as usize] {
            UNTOLD => None,
            at => Some(&self.facts.told[at as usize]),
        }
    }

    pub(crate) fn sort(&self, node: Node) -> Sort {
        self.sorts[node as usize]
    }

    /// Whether a group is filled by its rule.
    pub(crate) fn is_dynamic(&self, node: Node) -> bool {
        self.traits(node) == Traits::Dynamic
    }

    /// Hands over the edges that lead to a node. `narrow`: of a group, members that are groups
    /// themselves are left out, because app roles are not passed on to them.
    pub(crate) fn edges(&self, to: Node, narrow: bool, mut each: impl FnMut(Edge)) {
        let (from, end) = (self.starts[to as usize], self.starts[to as usize + 1]);
        for edge in &self.edges[from as usize..end as usize] {
            if !(narrow && self.sorts[edge.from as usize] == Sort::Group) {
                each(*edge);
            }
        }
        if let Some(further) = self.further.get(&to) {
            further.iter().copied().for_each(&mut each);
        }
        let (powers, relation): (&[Node], _) = match self.sorts[to as usize] {
            Sort::Application => (&self.over_applications, Relation::AddsCredentials),
            Sort::ServicePrincipal if self.takes_credentials(to) => {
                (&self.over_service_principals, Relation::AddsCredentials)
            }
            Sort::Role if self.is_tenant_role(to) => (&self.grant_roles, Relation::Grants),
            Sort::AppRole => (&self.grant_app_roles, Relation::Grants),
            _ => return,
        };
        for from in powers.iter().copied().filter(|from| *from != to) {
            each(Edge { from, relation });
        }
    }

    fn is_tenant_role(&self, node: Node) -> bool {
        self.facts
            .privilege_of(node)
            .is_some_and(Privilege::is_tenant_role)
    }
}

fn count_of(edges: &[Edge]) -> u32 {
    u32::try_from(edges.len()).expect("because each edge is a version, which 32 bits number")
}
