//! The shortest chains by which one thing leads to another, all of them up to a bound.

use std::collections::HashMap;

use super::facts::Relation;
use super::graph::{Graph, Sort};
use super::ids::Node;

/// One step of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    pub(crate) from: Node,
    pub(crate) relation: Relation,
    pub(crate) to: Node,
}

/// A node, and whether it is a group that is asked for its direct members alone.
type State = (Node, bool);

/// What follows each state on the shortest ways to the targets.
#[derive(Debug, Default)]
struct Ways {
    depths: HashMap<State, u32>,
    next: HashMap<State, Vec<(Relation, State)>>,
}

/// The shortest chains from a node to any of the targets, at most `most`.
pub(crate) fn shortest(
    graph: &Graph<'_>,
    from: Node,
    targets: &[Node],
    most: usize,
) -> Vec<Vec<Step>> {
    let ways = ways(graph, from, targets);
    let depth = |state: &State| ways.depths.get(state).copied();
    let starts = [(from, false), (from, true)];
    let Some(least) = starts.iter().filter_map(depth).min() else {
        return Vec::new();
    };
    let mut chains = Vec::new();
    for start in starts {
        if least > 0 && depth(&start) == Some(least) {
            walk(&ways, start, &mut Vec::new(), &mut chains, most);
        }
    }
    chains
}

/// Goes back from the targets, layer by layer, until the layer that has the node.
fn ways(graph: &Graph<'_>, from: Node, targets: &[Node]) -> Ways {
    let mut ways = Ways::default();
    let mut layer: Vec<State> = targets.iter().map(|target| (*target, false)).collect();
    ways.depths.extend(layer.iter().map(|state| (*state, 0)));
    let mut depth = 0;
    while !layer.is_empty() && !layer.iter().any(|(node, _)| *node == from) {
        depth += 1;
        let mut further = Vec::new();
        for near in &layer {
            graph.edges(near.0, near.1, |edge| {
                let narrow =
                    edge.relation == Relation::Granted && graph.sort(edge.from) == Sort::Group;
                let far = (edge.from, narrow);
                let known = *ways.depths.entry(far).or_insert_with(|| {
                    further.push(far);
                    depth
                });
                if known == depth {
                    let next = ways.next.entry(far).or_default();
                    // Of two relations between the same ends the better one comes first.
                    if next.last().is_none_or(|(_, last)| last != near) {
                        next.push((edge.relation, *near));
                    }
                }
            });
        }
        layer = further;
    }
    ways
}

fn walk(ways: &Ways, at: State, steps: &mut Vec<Step>, chains: &mut Vec<Vec<Step>>, most: usize) {
    if chains.len() == most {
        return;
    }
    if ways.depths.get(&at) == Some(&0) {
        chains.push(steps.clone());
        return;
    }
    for (relation, near) in ways.next.get(&at).into_iter().flatten() {
        steps.push(Step {
            from: at.0,
            relation: *relation,
            to: near.0,
        });
        walk(ways, *near, steps, chains, most);
        steps.pop();
    }
}
