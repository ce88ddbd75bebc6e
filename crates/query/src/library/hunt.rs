//! Rules being run: what a rule's rows must have, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema, TimestampNanosecondType};
use jiff::Timestamp;
use store::CoverageState;

use super::Entry;
use super::header::unknown;
use super::severity::Severity;
use crate::error::{Error, Result};
use crate::scope::Scope;
use crate::session::{Answer, Session};

/// Columns of a rule's rows, and whether a rule must have them. `at` is a time, all others are text.
pub const CONTRACT: [(&str, bool, &str); 11] = [
    (
        "at",
        true,
        "when it happened, or when a snapshot first showed it",
    ),
    ("kind", true, "kind of the object it happened to"),
    ("object_id", true, "id of the object"),
    ("display_name", true, "name of the object, for people"),
    ("evidence", true, "what was seen, in one line"),
    (
        "severity",
        false,
        "how bad this one is; without it the rule's own",
    ),
    ("actor", false, "who did it, by name"),
    ("actor_id", false, "who did it, by id"),
    ("actor_ip", false, "the address it was done from"),
    (
        "confidence",
        false,
        "how sure the actor is, as in the table changes",
    ),
    ("change_id", false, "the change, as in the table changes"),
];

/// One row of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Id of the rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// When it happened, or when a snapshot first showed it.
    pub at: Timestamp,
    /// Kind of the object.
    pub kind: Option<String>,
    /// Id of the object.
    pub object_id: Option<String>,
    /// Name of the object.
    pub display_name: Option<String>,
    /// What was seen, in one line.
    pub evidence: Option<String>,
    /// Who did it, by name.
    pub actor: Option<String>,
    /// Who did it, by id.
    pub actor_id: Option<String>,
    /// The address it was done from.
    pub actor_ip: Option<String>,
    /// How sure the actor is.
    pub confidence: Option<String>,
    /// The change, as in the table `changes`.
    pub change_id: Option<String>,
}

/// What came of one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// What it found, oldest first.
    pub findings: Vec<Finding>,
    /// Kinds it needs that were never read: of those it says nothing.
    pub unread: Vec<String>,
    /// Whether it could look at anything at all.
    pub could_look: bool,
}

/// Runs rules over one session.
#[derive(Debug)]
pub struct Hunter<'s> {
    session: &'s mut Session,
    /// Kinds that were read at some time, if only in part.
    read: BTreeSet<String>,
}

impl<'s> Hunter<'s> {
    /// Begins a hunt in what a session may see.
    pub fn new(session: &'s mut Session) -> Result<Self> {
        let read = kinds_read(session.scope())?;
        Ok(Self { session, read })
    }

    /// Kinds an entry needs that were never read.
    #[must_use]
    pub fn unread(&self, entry: &Entry) -> Vec<String> {
        let missing = entry.needs.iter().filter(|kind| !self.read.contains(*kind));
        missing.cloned().collect()
    }

    /// Runs a rule; `given` are values of its parameters.
    pub async fn run(&mut self, rule: &Entry, given: &BTreeMap<String, String>) -> Result<Looked> {
        let default = rule
            .severity
            .ok_or_else(|| Error::invalid(format!("{} is a query, not a rule", rule.id)))?;
        let unread = self.unread(rule);
        let could_look = rule.needs.is_empty() || unread.len() < rule.needs.len();
        let sql = rule.statement(given, &self.session.scope().source)?;
        let Answer::Rows(mut rows) = self.session.run(&sql, &BTreeMap::new()).await? else {
            return Err(Error::invalid(format!(
                "{} asks nothing: a rule is a SELECT",
                rule.id
            )));
        };
        check(rule, &rows.schema)?;
        let mut findings = Vec::new();
        while let Some(batch) = rows.next().await? {
            for row in 0..batch.num_rows() {
                findings.push(finding(rule, default, &batch, row)?);
            }
        }
        findings.sort_by(|a, b| {
            (a.at, b.severity, &a.object_id).cmp(&(b.at, a.severity, &b.object_id))
        });
        Ok(Looked {
            findings,
            unread,
            could_look,
        })
    }
}

/// The columns a rule has must be those of the contract.
fn check(rule: &Entry, schema: &Schema) -> Result<()> {
    let id = &rule.id;
    for (name, is_required, meaning) in CONTRACT {
        let Ok(field) = schema.field_with_name(name) else {
            if is_required {
                return Err(Error::invalid(format!(
                    "{id} has no column {name} ({meaning}): every rule must have it"
                )));
            }
            continue;
        };
        let fits = match field.data_type() {
            DataType::Timestamp(..) => name == "at",
            DataType::Utf8 => name != "at",
            other => other.is_null() && name != "at",
        };
        if !fits {
            let wanted = if name == "at" { "a timestamp" } else { "text" };
            return Err(Error::invalid(format!(
                "the column {name} of {id} is {}: it must be {wanted}",
                field.data_type()
            )));
        }
    }
    let names = CONTRACT.map(|(name, ..)| name);
    let other = schema
        .fields()
        .iter()
        .find(|field| !names.contains(&field.name().as_str()));
    other.map_or(Ok(()), |other| {
        Err(Error::invalid(format!(
            "{id}: {}",
            unknown("column", other.name(), &names)
        )))
    })
}

fn finding(rule: &Entry, default: Severity, batch: &RecordBatch, row: usize) -> Result<Finding> {
    let text = |name: &str| {
        let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(row).then(|| column.value(row).to_owned())
    };
    let at = batch
        .column_by_name("at")
        .and_then(|column| column.as_primitive_opt::<TimestampNanosecondType>())
        .filter(|column| column.is_valid(row))
        .and_then(|column| Timestamp::from_nanosecond(column.value(row).into()).ok());
    let at = at.ok_or_else(|| {
        Error::invalid(format!("a row of {} has no time in its column at", rule.id))
    })?;
    let severity = match text("severity") {
        Some(word) => word.parse().map_err(|error: Error| {
            Error::invalid(format!("the column severity of {}: {error}", rule.id))
        })?,
        None => default,
    };
    Ok(Finding {
        rule: rule.id.clone(),
        severity,
        at,
        kind: text("kind"),
        object_id: text("object_id"),
        display_name: text("display_name"),
        evidence: text("evidence"),
        actor: text("actor"),
        actor_id: text("actor_id"),
        actor_ip: text("actor_ip"),
        confidence: text("confidence"),
        change_id: text("change_id"),
    })
}

/// Kinds of which at least one snapshot within the horizon says something it read.
fn kinds_read(scope: &Scope) -> Result<BTreeSet<String>> {
    let archive = &scope.source.archive;
    let mut read = BTreeSet::new();
    for number in archive.statements() {
        let time = scope.source.taken_at(number);
        let is_later =
            |horizon: &store::Snapshot| (time, number) > (horizon.taken_at, horizon.number);
        if scope.horizon.as_ref().is_some_and(is_later) {
            continue;
        }
        for kind in archive.record(number)?.kinds {
            let state = kind.coverage.state;
            if matches!(state, CoverageState::Complete | CoverageState::Partial) {
                read.insert(kind.kind);
            }
        }
    }
    Ok(read)
}
