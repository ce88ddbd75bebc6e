//! How completely a whole state came back: every object of two states, compared kind by kind.

use std::collections::{BTreeMap, HashMap};

use catalog::Kind;
use model::{KEY_SEPARATOR, ObjectKey};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::execution::{IdMap, Report, compared};
use crate::plan::{Plan, Reason};
use crate::planning::{State, is_bookkeeping};

/// Objects told one by one for each kind; of the others, only their number.
const MAX_TOLD: usize = 20;

/// How completely a state came back, kind by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Kinds that the wanted state has objects of, in the order of their names.
    pub kinds: Vec<KindRecovery>,
}

/// How completely the objects of one kind came back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindRecovery {
    /// The kind.
    pub kind: String,
    /// Objects in the wanted state.
    pub wanted: u64,
    /// Of these, those that are the same again.
    pub equal: u64,
    /// Of these, those that are not, or not quite, for a reason the plan gives.
    pub impossible: u64,
    /// The others: what a plan should bring back, and did not.
    pub failed: u64,
    /// Reasons of the impossible ones, with the number of objects for each.
    pub reasons: BTreeMap<String, u64>,
    /// The first of those that failed.
    pub examples: Vec<Example>,
}

/// An object that should have come back and did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Its key in the wanted state.
    pub object: Vec<String>,
    /// What differs; empty where it is not there at all.
    pub paths: Vec<String>,
    /// What came of the step that should have made it, where there was one.
    pub outcome: String,
}

impl Recovery {
    /// Sums over all kinds: wanted, equal, impossible, failed.
    #[must_use]
    pub fn sums(&self) -> KindRecovery {
        let mut sums = KindRecovery::default();
        for kind in &self.kinds {
            sums.wanted += kind.wanted;
            sums.equal += kind.equal;
            sums.impossible += kind.impossible;
            sums.failed += kind.failed;
        }
        sums
    }
}

/// Compares a state with the one that an execution of a plan led to. What the service computes or stamps is left
/// out; ids count as equal where the execution exchanged them.
///
/// # Errors
/// Where the archives cannot be read.
pub fn recovery(
    wanted: State<'_>,
    found: State<'_>,
    plan: &Plan,
    report: &Report,
) -> Result<Recovery> {
    let ids: IdMap = report.ids.clone().into_iter().collect();
    let explained = Explained::of(plan, report);
    let mut kinds = Vec::new();
    for stored in wanted.archive.kinds() {
        let Some(kind) = catalog::by_name(&stored.name) else {
            continue;
        };
        if kind.is_event() || kind.name.starts_with("deleted_") {
            continue;
        }
        let there = objects(found, kind)?;
        let mut tally = KindRecovery {
            kind: kind.name.to_owned(),
            ..KindRecovery::default()
        };
        for (key, text) in objects(wanted, kind)? {
            let parts: Vec<String> = key.split(KEY_SEPARATOR).map(str::to_owned).collect();
            let now = ids.key(&parts);
            let now = ObjectKey::composed(now.iter().map(String::as_str));
            let now = there.get(now.as_str());
            let paths = now.map(|now| differing(kind, &ids.whole_text(&text), now));
            tally.wanted += 1;
            tally.judge(&explained, parts, paths);
        }
        if tally.wanted > 0 {
            kinds.push(tally);
        }
    }
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    Ok(Recovery { kinds })
}

impl KindRecovery {
    /// Takes in one object: the paths in which it differs, `None` where it is not there.
    fn judge(
        &mut self,
        explained: &Explained<'_>,
        object: Vec<String>,
        paths: Option<Vec<String>>,
    ) {
        if paths.as_ref().is_some_and(Vec::is_empty) {
            self.equal += 1;
            return;
        }
        if let Some(reason) = explained.reason(&self.kind, &object, paths.as_deref()) {
            self.impossible += 1;
            *self.reasons.entry(reason).or_default() += 1;
            return;
        }
        self.failed += 1;
        if self.examples.len() < MAX_TOLD {
            let outcome = explained
                .outcomes
                .get(&(self.kind.as_str(), object.as_slice()));
            self.examples.push(Example {
                outcome: outcome.cloned().unwrap_or_default(),
                object,
                paths: paths.unwrap_or_default(),
            });
        }
    }
}

type Object<'p> = (&'p str, &'p [String]);

/// What a plan and its execution say of objects that did not come back as they were.
struct Explained<'p> {
    /// By object, and for whole kinds under an empty key: properties (none: all) and why.
    impossible: HashMap<Object<'p>, Vec<(&'p [String], Reason)>>,
    outcomes: HashMap<Object<'p>, String>,
}

impl<'p> Explained<'p> {
    fn of(plan: &'p Plan, report: &'p Report) -> Self {
        let mut impossible: HashMap<Object<'p>, Vec<_>> = HashMap::new();
        for one in &plan.impossible {
            let reasons = impossible.entry((&one.kind, &one.object)).or_default();
            reasons.push((one.properties.as_slice(), one.reason));
        }
        let mut outcomes = HashMap::new();
        for step in report.steps.iter().filter(|step| !step.outcome.is_done()) {
            let outcome = serde_json::to_string(&step.outcome).unwrap_or_default();
            outcomes.insert((step.kind.as_str(), step.object.as_slice()), outcome);
        }
        Self {
            impossible,
            outcomes,
        }
    }

    /// Why all of this could not be helped; `None` where some of it could.
    fn reason(&self, kind: &str, object: &[String], paths: Option<&[String]>) -> Option<String> {
        let of_object = self.impossible.get(&(kind, object));
        let of_kind = self.impossible.get(&(kind, [].as_slice()));
        // What stands below, or starts at, something that could not be made is not there either.
        let reasons: Vec<_> = of_object.into_iter().chain(of_kind).flatten().collect();
        let whole = reasons.iter().find(|(properties, _)| properties.is_empty());
        if let Some((_, reason)) = whole {
            return Some(word(*reason));
        }
        let paths = paths?;
        let mut words = std::collections::BTreeSet::new();
        for path in paths {
            let own = reasons.iter().find(|(properties, _)| {
                let mut properties = properties.iter();
                properties.any(|property| top(property) == top(path))
            });
            words.insert(word(own?.1));
        }
        Some(words.into_iter().collect::<Vec<_>>().join(", "))
    }
}

fn word(reason: Reason) -> String {
    let value = serde_json::to_value(reason).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn differing(kind: &'static Kind, wanted: &str, found: &str) -> Vec<String> {
    let moved = compared(kind, wanted, found).into_iter();
    let counts = |path: &String| {
        let top = top(path);
        !is_bookkeeping(kind, top) && !kind.read_only.contains(&top)
    };
    moved.map(|moved| moved.path).filter(counts).collect()
}

fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

fn objects(state: State<'_>, kind: &Kind) -> Result<HashMap<String, String>> {
    let mut objects = HashMap::new();
    let Some(stored) = state.archive.kind(kind.name) else {
        return Ok(objects);
    };
    let alive = state.archive.alive(stored.number, state.snapshot)?;
    state
        .archive
        .versions(stored.number, &alive, |_, key, payload| {
            objects.insert(key.to_owned(), payload.to_owned());
            Ok(())
        })?;
    Ok(objects)
}
