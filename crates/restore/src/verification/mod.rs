//! Whether the tenant is what a plan was to make of it.
//!
//! What was touched is read again and compared with what was wanted. Where several steps touched one object, the
//! last word on each property counts: a policy that was made disabled and switched on afterwards is to be on.

mod recovery;

use std::collections::BTreeMap;

use graph::Client;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Archive;

pub use recovery::{Example, KindRecovery, Recovery, recovery};

use crate::error::{Error, Result};
use crate::execution::{Live, Moved, Reader, Ready, Record, differing};
use crate::plan::{Action, Expected, Plan, Step};

/// Steps that are read together.
const WINDOW: usize = 100;

/// What was found, step by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Id of the plan.
    pub plan: String,
    /// When the tenant was read.
    pub at: Timestamp,
    /// What each step left, in the order of the plan.
    pub steps: Vec<Verified>,
}

/// What a step left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verified {
    /// Number of the step.
    pub number: u32,
    /// Kind of the object.
    pub kind: String,
    /// Its key in the tenant as it is now.
    pub object: Vec<String>,
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the step was to do.
    pub action: Action,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What was found of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The tenant is as wanted.
    Equal,
    /// The object is there, and not as wanted.
    Differs {
        /// What differs: wanted and found.
        moved: Vec<Moved>,
    },
    /// It should be there and is not.
    Gone,
    /// It should not be there and is.
    StillThere,
    /// It could not be read.
    NotReadable {
        /// Why.
        reason: String,
    },
}

impl Finding {
    /// A few words for a person.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Differs { .. } => "differs",
            Self::Gone => "not there",
            Self::StillThere => "still there",
            Self::NotReadable { .. } => "not readable",
        }
    }
}

impl Verification {
    /// Keeps it in the archive for ever; the BLAKE3 of the paper, 64 hexadecimal digits.
    ///
    /// # Errors
    /// Where the archive cannot be read or written.
    pub fn keep(&self, archive: &Archive) -> Result<String> {
        let folder = format!("plans/{}/verifications", self.plan);
        let number = archive.list_papers(&folder)?.len() + 1;
        let text = serde_json::to_vec(self).map_err(|error| {
            Error::Internal(format!("a verification cannot be written: {error}"))
        })?;
        archive.write_paper(&format!("{folder}/{number:08}"), &text)?;
        Ok(blake3::hash(&text).to_hex().to_string())
    }

    /// The verifications of a plan, oldest first.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub fn all(archive: &Archive, plan: &str) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for name in archive.list_papers(&format!("plans/{plan}/verifications"))? {
            let Some(bytes) = archive.read_paper(&name)? else {
                continue;
            };
            let one = serde_json::from_slice(&bytes).map_err(|error| {
                Error::Store(store::Error::Corrupt {
                    place: format!("papers/{name}"),
                    reason: error.to_string(),
                })
            })?;
            all.push(one);
        }
        Ok(all)
    }

    /// Whether everything is as wanted.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.all(|step| step.finding == Finding::Equal)
    }

    /// Steps by what was found, the words of [`Finding::title`].
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for step in &self.steps {
            *counts.entry(step.finding.title()).or_default() += 1;
        }
        counts
    }
}

/// Reads what a plan touched and compares. `record` says which ids its execution made.
///
/// # Errors
/// Where nothing could be read at all, or the plan names what the catalogue does not know.
pub async fn verify(
    plan: &Plan,
    record: &Record,
    client: &Client,
    now: impl FnOnce() -> Timestamp,
) -> Result<Verification> {
    let ids = record.ids();
    let last = last_words(plan);
    let reader = Reader::new(client);
    let mut steps = Vec::with_capacity(plan.steps.len());
    for window in plan.steps.chunks(WINDOW) {
        let ready: Vec<Ready<'_>> = window
            .iter()
            .map(|step| Ready::new(step, ids))
            .collect::<Result<_>>()?;
        let places: Vec<_> = ready.iter().map(|ready| ready.place.clone()).collect();
        let found = reader.read(&places).await?;
        for (ready, live) in ready.into_iter().zip(found) {
            let finding = match live {
                Ok(live) => finding(&ready, &last, &live),
                Err(error) => Finding::NotReadable {
                    reason: error.to_string(),
                },
            };
            let step = ready.step;
            steps.push(Verified {
                number: step.number,
                kind: step.kind.clone(),
                object: ready.key,
                name: step.name.clone(),
                action: step.action,
                finding,
            });
        }
    }
    Ok(Verification {
        plan: plan.id(),
        at: client.server_time().unwrap_or_else(now),
        steps,
    })
}

type Object<'p> = (&'p str, &'p [String]);

/// The last step that says whether an object is there, and the last for each of its properties.
#[derive(Default)]
struct LastWord<'p> {
    presence: u32,
    properties: BTreeMap<&'p str, u32>,
}

fn last_words(plan: &Plan) -> BTreeMap<Object<'_>, LastWord<'_>> {
    let mut last: BTreeMap<Object<'_>, LastWord<'_>> = BTreeMap::new();
    for step in &plan.steps {
        let word = last.entry((&step.kind, &step.object)).or_default();
        word.presence = step.number;
        if let Expected::Present { properties } = &step.expected {
            for name in properties.keys() {
                word.properties.insert(name, step.number);
            }
        }
    }
    last
}

fn finding(ready: &Ready<'_>, last: &BTreeMap<Object<'_>, LastWord<'_>>, live: &Live) -> Finding {
    let step: &Step = ready.step;
    let word = &last[&(step.kind.as_str(), step.object.as_slice())];
    match (&ready.expected, live) {
        (Expected::Absent, Live::Absent) | (Expected::Present { .. }, Live::Linked) => {
            Finding::Equal
        }
        // Made again by a later step.
        _ if word.presence != step.number && matches!(ready.expected, Expected::Absent) => {
            Finding::Equal
        }
        (Expected::Absent, _) => Finding::StillThere,
        (Expected::Present { .. }, Live::Absent) => Finding::Gone,
        (Expected::Present { properties }, Live::There(object)) => {
            let own: Map<String, Value> = properties
                .iter()
                .filter(|(name, _)| {
                    let last = word.properties.get(name.as_str());
                    last.is_none_or(|last| *last == step.number)
                })
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let moved = differing(ready.kind, &own, object);
            if moved.is_empty() {
                Finding::Equal
            } else {
                Finding::Differs { moved }
            }
        }
    }
}
