//! The searches against a plain computation, on graphs of every shape.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use store::Snapshot;

use super::chains::shortest;
use super::facts::{Facts, Relation, Tie, Told};
use super::graph::{Graph, Sort};
use super::ids::Node;
use super::privilege::{Privilege, TENANT};
use super::search::{Follow, How, Search};
use super::telling::{Moment, TELLING};

/// Nodes of a graph: users, groups, service principals, applications, roles, app roles.
const USERS: usize = 4;
const GROUPS: usize = 5;
const PRINCIPALS: usize = 3;
const APPLICATIONS: usize = 2;
const PRIVILEGES: usize = 3;
const OBJECTS: usize = USERS + GROUPS + PRINCIPALS + APPLICATIONS;

/// Each privilege twice: as a role, and as an app role.
const RELATIONS: [Relation; 7] = [
    Relation::Member,
    Relation::EligibleMember,
    Relation::Owner,
    Relation::EligibleOwner,
    Relation::Assigned,
    Relation::Eligible,
    Relation::Granted,
];

fn telling(kind: &str) -> u8 {
    let at = TELLING.iter().position(|telling| telling.kind == kind);
    u8::try_from(at.expect("because the kind is read")).expect("because they are few")
}

/// The kind of the object with a number.
fn kind(object: usize) -> &'static str {
    match object {
        _ if object < USERS => "user",
        _ if object < USERS + GROUPS => "group",
        _ if object < USERS + GROUPS + PRINCIPALS => "service_principal",
        _ => "application",
    }
}

/// A graph whose first nodes are the objects, then the roles, then the app roles.
fn facts(edges: &[(usize, usize, usize)]) -> Facts {
    let mut facts = Facts::new();
    for object in 0..OBJECTS {
        let node = facts
            .ids
            .object(&format!("{object:08x}-0000-4000-8000-000000000000"));
        facts.told.push(Told {
            node,
            telling: telling(kind(object)),
            ..Told::default()
        });
    }
    for number in 0..PRIVILEGES {
        let role = facts.ids.object(&format!("role-{number}"));
        let scope = TENANT.into();
        facts.privilege(Privilege::Role { role, scope });
    }
    for number in 0..PRIVILEGES {
        let resource = facts.ids.object(&format!("resource-{number}"));
        let app_role = facts.ids.object("app-role");
        facts.privilege(Privilege::AppRole { resource, app_role });
    }
    let privileges: Vec<Node> = all_privileges(&facts);
    for (from, relation, to) in edges {
        let relation = RELATIONS[relation % RELATIONS.len()];
        let to = match relation {
            Relation::Member | Relation::EligibleMember => node(USERS + to % GROUPS),
            Relation::Owner | Relation::EligibleOwner => node(USERS + to % (OBJECTS - USERS)),
            Relation::Granted => privileges[PRIVILEGES + to % PRIVILEGES],
            _ => privileges[to % PRIVILEGES],
        };
        facts.ties.push(Tie {
            from: node(from % OBJECTS),
            to,
            ordinal: 0,
            window: 0,
            telling: 0,
            relation,
        });
    }
    facts.arrange();
    facts
}

fn node(object: usize) -> Node {
    u32::try_from(object).expect("because it is small")
}

fn all_privileges(facts: &Facts) -> Vec<Node> {
    let count = node(facts.ids.len());
    (0..count)
        .filter(|node| facts.privilege_of(*node).is_some())
        .collect()
}

fn moment() -> Moment {
    let snapshot = Snapshot {
        number: 1,
        id: "00".repeat(32).parse().expect("because it is an id"),
        taken_at: Timestamp::UNIX_EPOCH,
    };
    let alive = vec![None; TELLING.len()];
    Moment { snapshot, alive }
}

/// A node, whether it needs an activation, how it has what it has, and whether it is a group that hands
/// on to direct members only.
type Found = (Node, bool, How, bool);

/// All that reach a privilege, by adding what one more edge leads to until nothing is added; each with
/// the number of the round.
fn plainly(facts: &Facts, graph: &Graph<'_>, target: Node) -> Vec<(Found, u32)> {
    let mut all: Vec<(Found, u32)> = vec![((target, false, How::Direct, false), 0)];
    let mut round = 0;
    loop {
        round += 1;
        let mut new = BTreeSet::new();
        for ((near, eligible, how, narrow), _) in &all {
            for tie in facts.ties.iter().filter(|tie| tie.to == *near) {
                let is_group = graph.sort(tie.from) == Sort::Group;
                if *narrow && is_group || tie.from == target {
                    continue;
                }
                let step = match tie.relation {
                    Relation::Member => How::Group,
                    Relation::EligibleMember => How::EligibleGroup,
                    Relation::Owner | Relation::EligibleOwner => How::Owner,
                    _ => How::Direct,
                };
                let eligible = *eligible || tie.relation.is_eligible();
                let is_narrow = tie.relation == Relation::Granted && is_group;
                new.insert((tie.from, eligible, step.max(*how), is_narrow));
            }
        }
        new.retain(|found| all.iter().all(|(known, _)| known != found));
        if new.is_empty() {
            return all;
        }
        all.extend(new.into_iter().map(|found| (found, round)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_search_finds_what_a_plain_computation_finds(
        edges in prop::collection::vec((0..OBJECTS, 0..RELATIONS.len(), 0..OBJECTS), 0..40)
    ) {
        let facts = facts(&edges);
        let graph = Graph::at(&facts, &moment(), true);
        let mut search = Search::new(&graph, Follow::Held);
        for target in all_privileges(&facts) {
            search.run(target);
            let mut found: Vec<(Node, bool, How, u32)> = search
                .reached()
                .iter()
                .map(|reached| (reached.node, reached.eligible, reached.how, reached.depth))
                .collect();
            let plain = plainly(&facts, &graph, target);
            let mut wanted: Vec<(Node, bool, How, u32)> = plain
                .iter()
                .map(|((node, eligible, how, _), depth)| (*node, *eligible, *how, *depth))
                .collect();
            found.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(&found, &wanted);

            for reached in search.reached() {
                let mut way = vec![reached.node];
                way.extend(search.between(reached));
                if reached.depth > 0 {
                    way.push(target);
                }
                prop_assert_eq!(way.len(), reached.depth as usize + 1);
                for pair in way.windows(2) {
                    let mut is_edge = false;
                    graph.edges(pair[1], false, |edge| is_edge |= edge.from == pair[0]);
                    prop_assert!(is_edge, "no edge from {} to {}", pair[0], pair[1]);
                }
            }
        }
    }

    #[test]
    fn chains_are_as_long_as_the_shortest_way_and_lead_there(
        edges in prop::collection::vec((0..OBJECTS, 0..RELATIONS.len(), 0..OBJECTS), 0..40),
        from in 0..OBJECTS,
    ) {
        let facts = facts(&edges);
        let graph = Graph::at(&facts, &moment(), true);
        for target in all_privileges(&facts) {
            let plain = plainly(&facts, &graph, target);
            let least = plain.iter().filter(|((found, ..), _)| *found == node(from)).map(|(_, depth)| *depth).min();
            let chains = shortest(&graph, node(from), &[target], 8);
            prop_assert_eq!(chains.is_empty(), least.is_none());
            let different: BTreeSet<Vec<Node>> = chains.iter().map(|chain| chain.iter().map(|step| step.from).collect()).collect();
            prop_assert_eq!(different.len(), chains.len());
            for chain in &chains {
                prop_assert_eq!(Some(chain.len()), least.map(|depth| depth as usize));
                prop_assert_eq!(chain[0].from, node(from));
                prop_assert_eq!(chain[chain.len() - 1].to, target);
                prop_assert!(chain.windows(2).all(|pair| pair[0].to == pair[1].from));
            }
        }
    }
}
