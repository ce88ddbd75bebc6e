//! What a drill came to: kept, listed, printed.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use restore::planning::State;
use restore::verification::{KindRecovery, Recovery};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Archive;

use crate::app::App;
use crate::failure::{Failure, Result};
use crate::output::{Tone, count, plural, short_time, truncated};

/// Folder of the papers.
const FOLDER: &str = "drills";

/// A drill, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Drill {
    /// When it began.
    pub(super) at: Timestamp,
    /// Program and version.
    pub(super) tool: String,
    /// The snapshot that was to come back.
    pub(super) snapshot: u64,
    /// Id of its record.
    pub(super) record: String,
    /// When the tenant was in that state.
    pub(super) taken_at: Timestamp,
    /// Whether what is synchronised from on premises was there.
    #[serde(default)]
    pub(super) synchronised: bool,
    /// Steps of the plan.
    pub(super) steps: u64,
    /// Steps by what came of them.
    pub(super) outcomes: BTreeMap<String, u64>,
    /// Objects by kind that the empty tenant had by itself.
    pub(super) given: BTreeMap<String, u64>,
    /// What came back.
    pub(super) recovery: Recovery,
    /// What no plan brings back because other services keep it.
    pub(super) outside: Vec<String>,
    /// Seconds until the plan was made.
    pub(super) planned_s: f64,
    /// Seconds the whole took here.
    pub(super) seconds: f64,
    /// Minutes the execution takes within Microsoft's limits: waits that overlap there are added up here, so that it is
    /// less.
    pub(super) minutes_at_limits: f64,
}

impl Drill {
    /// Keeps it in the archive.
    pub(super) fn keep(&self, archive: &Archive) -> Result<()> {
        let number = archive.list_papers(FOLDER)?.len() + 1;
        let text = serde_json::to_vec(self)
            .map_err(|error| Failure::new(crate::failure::FAILED, error.to_string()))?;
        Ok(archive.write_paper(&format!("{FOLDER}/{number:08}"), &text)?)
    }

    /// The drills of an archive, oldest first.
    pub(super) fn all(archive: &Archive) -> Result<Vec<Self>> {
        let mut drills = Vec::new();
        for name in archive.list_papers(FOLDER)? {
            let bytes = archive.read_paper(&name)?.unwrap_or_default();
            let drill = serde_json::from_slice(&bytes).map_err(|error| {
                Failure::new(crate::failure::DAMAGED, format!("papers/{name}: {error}"))
            })?;
            drills.push(drill);
        }
        Ok(drills)
    }

    fn given(&self) -> u64 {
        self.given.values().sum()
    }

    /// Percentage of the objects that had to come back and are equal.
    fn score(&self) -> f64 {
        let sums = self.recovery.sums();
        percentage(
            sums.equal.saturating_sub(self.given()),
            sums.wanted - self.given(),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
fn percentage(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 100.0;
    }
    part as f64 / whole as f64 * 100.0
}

/// Objects by kind that a tenant had before anything was restored.
pub(super) fn given(wanted: State<'_>, before: State<'_>) -> Result<BTreeMap<String, u64>> {
    let mut given = BTreeMap::new();
    for stored in wanted.archive.kinds() {
        let own = keys(wanted, &stored.name)?;
        let there = own.intersection(&keys(before, &stored.name)?).count() as u64;
        if there > 0 {
            given.insert(stored.name, there);
        }
    }
    Ok(given)
}

fn keys(state: State<'_>, kind: &str) -> Result<HashSet<String>> {
    let mut keys = HashSet::new();
    let is_state = catalog::by_name(kind)
        .is_some_and(|kind| !kind.is_event() && !kind.name.starts_with("deleted_"));
    let Some(stored) = state.archive.kind(kind).filter(|_| is_state) else {
        return Ok(keys);
    };
    let alive = state.archive.alive(stored.number, state.snapshot)?;
    state.archive.versions(stored.number, &alive, |_, key, _| {
        keys.insert(key.to_owned());
        Ok(())
    })?;
    Ok(keys)
}

pub(super) fn print(app: &App, drill: &Drill) -> Result<()> {
    if app.wants_json() {
        return app.print(&format!("{}\n", document(drill)));
    }
    let sums = drill.recovery.sums();
    let given = drill.given();
    let mut text = format!(
        "{:<48} {:>9} {:>9} {:>9} {:>10} {:>7}\n",
        "kind", "objects", "given", "back", "impossible", "failed"
    );
    for kind in &drill.recovery.kinds {
        let given = drill.given.get(&kind.kind).copied().unwrap_or(0);
        if kind.wanted == given && kind.failed == 0 && kind.impossible == 0 {
            continue;
        }
        let _ = writeln!(
            text,
            "{:<48} {:>9} {:>9} {:>9} {:>10} {:>7}{}",
            kind.kind,
            count(kind.wanted),
            count(given),
            count(kind.equal.saturating_sub(given)),
            count(kind.impossible),
            count(kind.failed),
            reasons(kind)
        );
        for example in kind.examples.iter().take(3) {
            let paths: Vec<&str> = example
                .moved
                .iter()
                .map(|moved| moved.path.as_str())
                .collect();
            let what = if paths.is_empty() {
                "not there".to_owned()
            } else {
                format!("differs in {}", paths.join(", "))
            };
            let _ = writeln!(
                text,
                "    {}",
                truncated(
                    &format!("{}: {what} {}", example.object.join("/"), example.outcome),
                    300
                )
            );
        }
    }
    app.print(&text)?;
    let verdict = format!(
        "{:.1} % came back equal: {} of {}; {} could not, {} did not",
        drill.score(),
        count(sums.equal.saturating_sub(given)),
        plural(sums.wanted - given, "object"),
        count(sums.impossible),
        count(sums.failed)
    );
    app.print(&format!(
        "\n{}\n{} in the tenant before{}; {} executed here in {:.0} s, which takes {:.0} min at most within Microsoft's limits\n",
        app.colour.paint(Tone::Strong, &verdict),
        plural(given, "object"),
        if drill.synchronised {
            ", what is synchronised from on premises among them"
        } else {
            ", nothing from on premises"
        },
        plural(drill.steps, "step"),
        drill.seconds,
        drill.minutes_at_limits
    ))?;
    for outside in &drill.outside {
        app.print(&format!("  not in any plan: {outside}\n"))?;
    }
    Ok(())
}

fn reasons(kind: &KindRecovery) -> String {
    if kind.reasons.is_empty() {
        return String::new();
    }
    let reasons: Vec<&str> = kind.reasons.keys().map(String::as_str).collect();
    format!("  {}", reasons.join("; ").replace('_', " "))
}

fn document(drill: &Drill) -> serde_json::Value {
    let sums = drill.recovery.sums();
    json!({
        "message_type": "summary",
        "at": drill.at,
        "snapshot": drill.snapshot,
        "record": drill.record,
        "taken_at": drill.taken_at,
        "synchronised": drill.synchronised,
        "score": drill.score(),
        "wanted": sums.wanted,
        "given": drill.given(),
        "equal": sums.equal,
        "impossible": sums.impossible,
        "failed": sums.failed,
        "steps": drill.steps,
        "outcomes": drill.outcomes,
        "seconds": drill.seconds,
        "minutes_at_limits": drill.minutes_at_limits,
        "kinds": drill.recovery.kinds,
        "given_by_kind": drill.given,
        "outside": drill.outside,
    })
}

/// All drills, a line each.
pub(super) fn list(app: &App, drills: &[Drill]) -> Result<u8> {
    if app.wants_json() {
        let rows: Vec<_> = drills.iter().map(document).collect();
        app.print_json(&serde_json::Value::Array(rows))?;
        return Ok(0);
    }
    if drills.is_empty() {
        app.note("no drill yet");
        return Ok(0);
    }
    let mut text = format!(
        "{:<20} {:<20} {:<11} {:>8} {:>9} {:>10} {:>7} {:>8}\n",
        "drill", "state of", "on premises", "score", "objects", "impossible", "failed", "minutes"
    );
    for drill in drills {
        let sums = drill.recovery.sums();
        let _ = writeln!(
            text,
            "{:<20} {:<20} {:<11} {:>6.1} % {:>9} {:>10} {:>7} {:>8.0}",
            short_time(drill.at),
            short_time(drill.taken_at),
            if drill.synchronised { "there" } else { "lost" },
            drill.score(),
            count(sums.wanted),
            count(sums.impossible),
            count(sums.failed),
            drill.minutes_at_limits
        );
    }
    app.page(&text)?;
    Ok(0)
}
