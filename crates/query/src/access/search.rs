//! Who reaches something, and how: breadth first and backwards, so that the first way found is the
//! shortest of its kind. Cycles end where they began, because nothing is visited twice the same way.

use super::facts::Relation;
use super::graph::{Edge, Graph, Sort};
use super::ids::Node;

/// How a principal comes to what it has: the most roundabout step on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum How {
    /// It is assigned itself.
    Direct,
    /// A group it is in is.
    Group,
    /// A group it may enter through PIM for groups is.
    EligibleGroup,
    /// It owns the group, application or service principal that has it.
    Owner,
    /// It holds a role with which credentials can be added to the application that has it.
    RoleOverApplication,
    /// It holds a permission for the same.
    PermissionOverApplication,
    /// It holds a permission to grant it.
    PermissionToGrant,
}

impl How {
    const ALL: [Self; 7] = [
        Self::Direct,
        Self::Group,
        Self::EligibleGroup,
        Self::Owner,
        Self::RoleOverApplication,
        Self::PermissionOverApplication,
        Self::PermissionToGrant,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::EligibleGroup => "eligible_group",
            Self::Owner => "owner",
            Self::RoleOverApplication => "role_over_application",
            Self::PermissionOverApplication => "permission_over_application",
            Self::PermissionToGrant => "permission_to_grant",
        }
    }

    /// How the far end of an edge has what the near end has.
    fn through(self, edge: Edge, graph: &Graph<'_>) -> Self {
        self.max(match edge.relation {
            Relation::Member => Self::Group,
            Relation::EligibleMember => Self::EligibleGroup,
            Relation::Owner | Relation::EligibleOwner => Self::Owner,
            Relation::AddsCredentials if graph.sort(edge.from) == Sort::Role => {
                Self::RoleOverApplication
            }
            Relation::AddsCredentials => Self::PermissionOverApplication,
            Relation::Grants => Self::PermissionToGrant,
            Relation::Assigned
            | Relation::Eligible
            | Relation::Granted
            | Relation::Consented
            | Relation::SignsInAs => Self::Direct,
        })
    }
}

/// What is followed from where a search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// Memberships alone.
    Members,
    /// Everything up to ownership: what is held, and what its holders' owners can take.
    Held,
    /// Everything.
    All,
}

impl Follow {
    fn follows(self, relation: Relation) -> bool {
        match self {
            Self::Members => matches!(relation, Relation::Member | Relation::EligibleMember),
            Self::Held => !matches!(relation, Relation::AddsCredentials | Relation::Grants),
            Self::All => true,
        }
    }
}

/// Something that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) node: Node,
    /// Steps to where the search began.
    pub(crate) depth: u32,
    pub(crate) how: How,
    /// Whether a step on the way needs an activation.
    pub(crate) eligible: bool,
    /// A group that holds an app role itself: those in groups within it do not.
    narrow: bool,
    /// The next on the way, by position among what was reached.
    pub(crate) next: usize,
}

impl Reached {
    /// One bit for each way to be reached.
    fn way(&self) -> u32 {
        let how = How::ALL
            .iter()
            .position(|how| *how == self.how)
            .unwrap_or(0);
        1 << (how << 2 | usize::from(self.eligible) << 1 | usize::from(self.narrow))
    }
}

/// A search that is made again and again over one graph.
#[derive(Debug)]
pub(crate) struct Search<'g> {
    graph: &'g Graph<'g>,
    follow: Follow,
    /// Ways in which each node was reached.
    seen: Vec<u32>,
    reached: Vec<Reached>,
}

impl<'g> Search<'g> {
    pub(crate) fn new(graph: &'g Graph<'g>, follow: Follow) -> Self {
        Self {
            graph,
            follow,
            seen: vec![0; graph.facts.ids.len()],
            reached: Vec::new(),
        }
    }

    /// Looks for all that reach a node.
    pub(crate) fn run(&mut self, target: Node) {
        for reached in self.reached.drain(..) {
            self.seen[reached.node as usize] = 0;
        }
        let start = Reached {
            node: target,
            depth: 0,
            how: How::Direct,
            eligible: false,
            narrow: false,
            next: 0,
        };
        self.seen[target as usize] = u32::MAX;
        self.reached.push(start);
        let mut at = 0;
        while let Some(reached) = self.reached.get(at).copied() {
            self.step(at, reached);
            at += 1;
        }
    }

    /// What the last run reached, nearest first; where it began is the first.
    pub(crate) fn reached(&self) -> &[Reached] {
        &self.reached
    }

    /// Whether access can be that of a node.
    pub(crate) fn is_principal(&self, node: Node) -> bool {
        self.graph.sort(node).is_principal()
    }

    fn step(&mut self, at: usize, near: Reached) {
        let (graph, follow) = (self.graph, self.follow);
        let (seen, reached) = (&mut self.seen, &mut self.reached);
        graph.edges(near.node, near.narrow, |edge| {
            if !follow.follows(edge.relation) {
                return;
            }
            let far = Reached {
                node: edge.from,
                depth: near.depth + 1,
                how: near.how.through(edge, graph),
                eligible: near.eligible || edge.relation.is_eligible(),
                narrow: edge.relation == Relation::Granted && graph.sort(edge.from) == Sort::Group,
                next: at,
            };
            let ways = &mut seen[far.node as usize];
            if *ways & far.way() == 0 {
                *ways |= far.way();
                reached.push(far);
            }
        });
    }

    /// What lies between something that was reached and where the search began, in that order.
    pub(crate) fn between(&self, reached: &Reached) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut at = reached.next;
        while at != 0 {
            nodes.push(self.reached[at].node);
            at = self.reached[at].next;
        }
        nodes
    }
}
