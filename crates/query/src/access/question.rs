//! One question: what is read for it, and how its answers for many snapshots become one.

use std::hash::Hash;

use jiff::Timestamp;

use super::asked::{Asked, Over, Span};
use super::facts::{Facts, Told, Window};
use super::graph::Graph;
use super::ids::Node;
use super::reading::read;
use super::telling::{Moment, Moments, Subject};
use crate::error::Result;
use crate::scope::Scope;
use crate::source::short_id;

/// Rows an answer has at most: it is put together in memory.
const MOST_ROWS: usize = 4 << 20;

/// When and about what is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) scope: Scope,
    pub(crate) asked: Asked,
    subject: Subject,
}

impl Question {
    /// Finds the snapshots that are meant, and remembers what the answer is made from.
    pub(crate) fn new(scope: &Scope, revision: Option<&str>, subject: Subject) -> Result<Self> {
        let asked = Asked::new(scope, revision)?;
        let mut moments = Moments::new(scope, subject);
        for snapshot in &asked.snapshots {
            scope.touch(snapshot, None);
        }
        // What was not read at the ends of an interval is said; each day of it would be a list.
        moments.touch(&asked.snapshots[0])?;
        moments.touch(asked.last())?;
        Ok(Self {
            scope: scope.clone(),
            asked,
            subject,
        })
    }

    /// Reads everything, of delegated permissions those with one value in lower case.
    pub(crate) fn read(&self, value: Option<&str>) -> Result<Reading> {
        let mut moments = Moments::new(&self.scope, self.subject);
        let moments = self.asked.snapshots.iter().map(|s| moments.at(s));
        let moments = moments.collect::<Result<Vec<_>>>()?;
        let facts = read(&self.scope.source, &moments, value)?;
        Ok(Reading { facts, moments })
    }
}

/// What was read for a question.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) facts: Facts,
    moments: Vec<Moment>,
}

/// Takes what holds: a key that tells rows apart, and what else is to be known when it begins.
pub(crate) type Holds<'h, K, V> = dyn FnMut(K, &mut dyn FnMut() -> V) -> Result<()> + 'h;

impl Reading {
    /// What was said of each object in the last snapshot that says anything of it.
    pub(crate) fn known(&self) -> Known<'_> {
        Known::of(&self.facts, &self.moments)
    }

    /// Answers for each snapshot in which something changed, joined into intervals.
    pub(crate) fn over<K: Clone + Eq + Hash, V>(
        &self,
        mut answer: impl FnMut(&Graph<'_>, &mut Holds<'_, K, V>) -> Result<()>,
    ) -> Result<Vec<(K, V, Span)>> {
        let facts = &self.facts;
        let mut over = Over::new(MOST_ROWS);
        let mut bounds: Vec<i64> = facts
            .windows
            .iter()
            .flat_map(|window: &Window| [window.from, window.until])
            .collect();
        bounds.sort_unstable();
        for (at, moment) in self.moments.iter().enumerate() {
            if at > 0 && is_same(&self.moments[at - 1], moment, &bounds) {
                continue;
            }
            let graph = Graph::at(facts, moment, self.moments.len() == 1);
            answer(&graph, &mut |key, value| over.holds(at, key, value))?;
            over.end(at);
        }
        Ok(over.finish())
    }
}

/// Whether nothing changed from one moment to the next: no version, and nothing began or ended.
fn is_same(before: &Moment, after: &Moment, bounds: &[i64]) -> bool {
    let passed = |moment: &Moment| {
        let time = crate::tables::nanoseconds(moment.snapshot.taken_at);
        bounds.partition_point(|bound| *bound <= time)
    };
    passed(before) == passed(after) && before.alive == after.alive
}

/// What was said last of each object.
#[derive(Debug)]
pub(crate) struct Known<'f> {
    pub(crate) facts: &'f Facts,
    told: Vec<Option<&'f Told>>,
}

impl<'f> Known<'f> {
    fn of(facts: &'f Facts, moments: &[Moment]) -> Self {
        let mut told: Vec<Option<&Told>> = vec![None; facts.ids.len()];
        for (at, moment) in moments.iter().enumerate().rev() {
            if moments
                .get(at + 1)
                .is_some_and(|later| later.alive == moment.alive)
            {
                continue;
            }
            let mut here: Vec<(Node, &Told)> = Vec::new();
            for version in &facts.told {
                let is_new = told[version.node as usize].is_none()
                    && here.last().is_none_or(|(node, _)| *node != version.node);
                if is_new && moment.is_alive(version.telling, version.ordinal) {
                    here.push((version.node, version));
                }
            }
            for (node, version) in here {
                told[node as usize] = Some(version);
            }
        }
        Self { facts, told }
    }

    /// What is known of an object.
    pub(crate) fn told(&self, node: Node) -> Option<&'f Told> {
        self.told[node as usize]
    }
}

impl Question {
    pub(crate) fn tenant(&self) -> &str {
        self.scope.source.archive.tenant()
    }

    /// The snapshot that first shows it; the one asked for, outside of an interval.
    pub(crate) fn snapshot_id(&self, span: Span) -> String {
        short_id(&self.asked.snapshots[span.first].id)
    }

    /// When it was first seen in the interval; nothing is known of that where none was asked for.
    pub(crate) fn first_seen(&self, span: Span) -> Option<Timestamp> {
        let asked = &self.asked;
        asked.is_range.then(|| asked.snapshots[span.first].taken_at)
    }

    /// When it was first seen to be gone in the interval.
    pub(crate) fn gone_at(&self, span: Span) -> Option<Timestamp> {
        Some(self.asked.snapshots[span.gone?].taken_at)
    }
}
