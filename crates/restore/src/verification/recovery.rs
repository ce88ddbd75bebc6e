//! How completely a whole state came back: every object of two states, compared kind by kind.

use std::collections::{BTreeMap, HashMap, HashSet};

use catalog::Kind;
use model::{KEY_SEPARATOR, ObjectKey, top_property};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::execution::{IdMap, Moved, Report, unmet};
use crate::plan::{Plan, Reason};
use crate::planning::{State, is_bookkeeping};

/// Objects told one by one for each kind; of the others, only their number.
const MAX_TOLD: usize = 20;

/// How completely a state came back, kind by kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// Kinds that the wanted state has objects of, in the order of their names.
    pub kinds: Vec<KindRecovery>,
}

/// How completely the objects of one kind came back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Its key in the wanted state.
    pub object: Vec<String>,
    /// What differs, wanted and found; empty where it is not there at all.
    pub moved: Vec<Moved>,
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
        let wanted = objects(wanted, kind)?;
        let keys = wanted.keys().map(|key| key_now(&ids, key));
        let mut followers = Followers::of(kind, &there, keys);
        for (key, text) in wanted {
            // An id that is no GUID may have become another in one place and still be itself elsewhere.
            let now = there.get(&key_now(&ids, &key)).or_else(|| there.get(&key));
            let now = now.map(String::as_str);
            let now = now.or_else(|| followers.take(&ids.whole_text(&text)));
            let moved = now.map(|now| differing(kind, &ids, &text, now));
            let parts = key.split(KEY_SEPARATOR).map(str::to_owned).collect();
            tally.wanted += 1;
            tally.judge(&explained, parts, moved);
        }
        if tally.wanted > 0 {
            kinds.push(tally);
        }
    }
    kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
    Ok(Recovery { kinds })
}

impl KindRecovery {
    /// Takes in one object: what of it differs, `None` where it is not there.
    fn judge(&mut self, explained: &Explained<'_>, object: Vec<String>, moved: Option<Vec<Moved>>) {
        if moved.as_ref().is_some_and(Vec::is_empty) {
            self.equal += 1;
            return;
        }
        if let Some(reason) = explained.reason(&self.kind, &object, moved.as_deref()) {
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
                moved: moved.unwrap_or_default(),
            });
        }
    }
}

/// The key of an object in the tenant as it is after an execution.
fn key_now(ids: &IdMap, key: &str) -> String {
    let parts: Vec<String> = key.split(KEY_SEPARATOR).map(str::to_owned).collect();
    let now = ids.key(&parts);
    ObjectKey::composed(now.iter().map(String::as_str))
        .as_str()
        .to_owned()
}

/// Objects that the service made along with those of a plan: the other forms of a grant. It numbers them as it
/// likes, and they are known by what they join.
struct Followers<'t> {
    kind: &'static Kind,
    by_ends: HashMap<Vec<String>, Vec<&'t str>>,
}

impl<'t> Followers<'t> {
    /// Those of a kind that have none of these keys.
    fn of(
        kind: &'static Kind,
        there: &'t HashMap<String, String>,
        keys: impl Iterator<Item = String>,
    ) -> Self {
        let mut by_ends: HashMap<_, Vec<_>> = HashMap::new();
        if kind.name == "role_assignment" || kind.name.contains("_schedule") {
            let known: HashSet<String> = keys.collect();
            let others = there.iter().filter(|(key, _)| !known.contains(*key));
            let mut others: Vec<&str> = others.map(|(_, text)| text.as_str()).collect();
            others.sort_unstable();
            for text in others {
                by_ends.entry(ends(kind, text)).or_default().push(text);
            }
        }
        Self { kind, by_ends }
    }

    /// One that joins the same as a wanted object, whose ids are those of now.
    fn take(&mut self, wanted: &str) -> Option<&'t str> {
        if self.by_ends.is_empty() {
            return None;
        }
        let same = self.by_ends.get_mut(&ends(self.kind, wanted))?;
        let is_it = |text: &&str| {
            unmet(self.kind, wanted, text)
                .iter()
                .all(|it| it.path == "id")
        };
        let at = same.iter().position(is_it).unwrap_or(0);
        (at < same.len()).then(|| same.remove(at))
    }
}

/// The ids an object names by the references of its kind, in their order.
fn ends(kind: &Kind, text: &str) -> Vec<String> {
    let object: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let id = |path: &str| {
        let value = path
            .split('.')
            .try_fold(&object, |value, name| value.get(name));
        value
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    };
    let references = kind.references.iter();
    references
        .map(|reference| id(reference.path).to_ascii_lowercase())
        .collect()
}

type Object<'p> = (&'p str, &'p [String]);

/// What a plan and its execution say of objects that did not come back as they were.
struct Explained<'p> {
    /// By object, and for whole kinds under an empty key: properties (none: all) and why.
    impossible: HashMap<Object<'p>, Vec<(&'p [String], Reason)>>,
    /// What refers to something that is not there and cannot be made.
    dangling: HashSet<Object<'p>>,
    outcomes: HashMap<Object<'p>, String>,
}

impl<'p> Explained<'p> {
    fn of(plan: &'p Plan, report: &'p Report) -> Self {
        let mut impossible: HashMap<Object<'p>, Vec<_>> = HashMap::new();
        for one in &plan.impossible {
            let reasons = impossible.entry((&one.kind, &one.object)).or_default();
            reasons.push((one.properties.as_slice(), one.reason));
        }
        let dangling = plan
            .dangling
            .iter()
            .map(|one| (one.kind.as_str(), one.object.as_slice()))
            .collect();
        let mut outcomes = HashMap::new();
        for step in report.steps.iter().filter(|step| !step.outcome.is_done()) {
            let outcome = serde_json::to_string(&step.outcome).unwrap_or_default();
            // The first says why; those after it wait for it.
            let object = (step.kind.as_str(), step.object.as_slice());
            outcomes.entry(object).or_insert(outcome);
        }
        Self {
            impossible,
            dangling,
            outcomes,
        }
    }

    /// Why all of this could not be helped; `None` where some of it could.
    fn reason(&self, kind: &str, object: &[String], moved: Option<&[Moved]>) -> Option<String> {
        let of_object = self.impossible.get(&(kind, object));
        let of_kind = self.impossible.get(&(kind, [].as_slice()));
        // Relationships are refused by their source: a group whose members follow a rule, or another directory.
        let source = object.split_last().map_or(&[][..], |(_, source)| source);
        let of_source = self.impossible.get(&(kind, source));
        let reasons: Vec<_> = [of_object, of_kind, of_source]
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        let whole = reasons.iter().find(|(properties, _)| properties.is_empty());
        if let Some((_, reason)) = whole {
            return Some(word(*reason));
        }
        if self.dangling.contains(&(kind, object)) {
            return Some(word(Reason::MissingParent));
        }
        let mut words = std::collections::BTreeSet::new();
        for path in moved?.iter().map(|moved| &moved.path) {
            let own = reasons.iter().find(|(properties, _)| {
                let mut properties = properties.iter();
                properties.any(|property| top_property(property) == top_property(path))
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

fn differing(kind: &'static Kind, ids: &IdMap, wanted: &str, found: &str) -> Vec<Moved> {
    let counts = |moved: &Moved| {
        let top = top_property(&moved.path);
        // A user made anew has a password of their own to change: the plan says so for all of them.
        let is_new_password = kind.name == "user" && top == "passwordProfile";
        !is_bookkeeping(kind, top) && !kind.is_computed(top) && !is_new_password
    };
    let mut moved = unmet(kind, &ids.whole_text(wanted), found);
    moved.retain(counts);
    if !moved.is_empty() {
        // Nothing touched it, and it names what is gone.
        let mut untouched = unmet(kind, wanted, found);
        untouched.retain(counts);
        if untouched.is_empty() {
            return untouched;
        }
    }
    moved
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
