//! Logs of other services that reach people in the same exports as Entra's own. Their rows are kept as
//! they came.

/// Names of their kinds.
const KEPT_LOGS: [&str; 7] = [
    "azure_activity",
    "defender_event",
    "diagnostic_record",
    "event_record",
    "intune_log_record",
    "log_analytics_row",
    "unified_audit_record",
];

/// Whether a kind that is not in the catalogue holds rows of a log.
#[must_use]
pub fn is_kept_log(name: &str) -> bool {
    KEPT_LOGS.contains(&name)
}
