//! Findings and rules as rows, for programs.

use std::sync::Arc;

use query::arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampNanosecondArray};
use query::{Entry, Finding, Severity};

use crate::failure::{FAILED, Failure, Result};

fn texts<'t>(values: impl Iterator<Item = Option<&'t str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// One row a finding.
pub(super) fn batch(findings: &[(&Entry, &Finding)]) -> Result<RecordBatch> {
    let all = || findings.iter().map(|(_, finding)| *finding);
    let text =
        |pick: fn(&Finding) -> &Option<String>| texts(all().map(move |f| pick(f).as_deref()));
    let nanoseconds = all().map(|finding| i64::try_from(finding.at.as_nanosecond()).ok());
    let times: TimestampNanosecondArray = nanoseconds.collect();
    let times = times.with_timezone("+00:00");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("at", Arc::new(times)),
        (
            "severity",
            texts(all().map(|finding| Some(finding.severity.as_str()))),
        ),
        (
            "rule",
            texts(all().map(|finding| Some(finding.rule.as_str()))),
        ),
        (
            "title",
            texts(findings.iter().map(|(rule, _)| Some(rule.title.as_str()))),
        ),
        ("kind", text(|finding| &finding.kind)),
        ("object_id", text(|finding| &finding.object_id)),
        ("display_name", text(|finding| &finding.display_name)),
        ("evidence", text(|finding| &finding.evidence)),
        ("actor", text(|finding| &finding.actor)),
        ("actor_id", text(|finding| &finding.actor_id)),
        ("actor_ip", text(|finding| &finding.actor_ip)),
        ("confidence", text(|finding| &finding.confidence)),
        ("change_id", text(|finding| &finding.change_id)),
    ];
    RecordBatch::try_from_iter(columns).map_err(|error| Failure::new(FAILED, error.to_string()))
}

/// One row a rule.
pub(super) fn rules(rules: &[&Entry]) -> Result<RecordBatch> {
    let joined = |pick: fn(&Entry) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            rules.iter().map(|rule| pick(rule)),
        ))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("rule", joined(|rule| rule.id.clone())),
        (
            "severity",
            joined(|rule| rule.severity.map_or("", Severity::as_str).to_owned()),
        ),
        ("title", joined(|rule| rule.title.clone())),
        ("description", joined(|rule| rule.description.clone())),
        ("references", joined(|rule| rule.references.join(", "))),
        ("parameters", joined(crate::library::parameters)),
        ("needs", joined(|rule| crate::library::tables(&rule.needs))),
        (
            "false_positives",
            joined(|rule| rule.false_positives.clone().unwrap_or_default()),
        ),
        ("file", joined(|rule| rule.file.clone())),
    ];
    RecordBatch::try_from_iter(columns).map_err(|error| Failure::new(FAILED, error.to_string()))
}
