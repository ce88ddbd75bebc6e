//! What the log can tell at all: which kinds, and which times were read.

use catalog::{Category, Kind};
use jiff::{SignedDuration, Timestamp};
use store::{CoverageState, Snapshot};

use super::log::{AUDITS, AuditLog};
use crate::error::Result;
use crate::source::Source;

/// The shortest time for which Microsoft keeps the log, in tenants without a licence. What was read again
/// within it has no gap.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Kinds about which no log tells: the service makes and changes them by itself.
const NOT_LOGGED: [&str; 25] = [
    "company_subscription",
    "conditional_access_template",
    "configuration_drift",
    "configuration_snapshot_job",
    "directory_role",
    "directory_role_template",
    "dlp_alert",
    "domain_service_configuration_record",
    "group_setting_template",
    "lifecycle_management_settings",
    "provisioning_agent",
    "provisioning_published_resource",
    "recovery_job",
    "recovery_snapshot",
    "risk_detection",
    "risky_service_principal",
    "risky_user",
    "role_assignment_schedule_instance",
    "role_eligibility_schedule_instance",
    "security_incident",
    "sensitivity_label",
    "service_principal_risk_detection",
    "subscribed_sku",
    "user_registration_details",
    "users_registered_by_feature",
];

/// Properties whose changes stand in a log of their own.
const IN_OTHER_LOG: [&str; 1] = ["customSecurityAttributes"];

/// Whether nothing tells of changes of a kind.
pub(crate) fn is_not_logged(kind: &str) -> bool {
    NOT_LOGGED.contains(&kind)
}

/// Whether another log than the directory's tells of changes of a kind: Intune and Microsoft 365 have
/// their own.
pub(crate) fn is_in_other_log(kind: &Kind) -> bool {
    matches!(kind.category, Category::Intune | Category::M365)
}

/// Whether another log tells of changes of a property.
pub(crate) fn is_property_in_other_log(path: &str) -> bool {
    IN_OTHER_LOG.contains(&model::top_property(path))
}

/// The times over which the directory audit log was read.
#[derive(Debug)]
pub(crate) struct LogCoverage {
    /// When it was read completely, in the order of time.
    readings: Vec<Timestamp>,
    /// When its events happened, in the order of time.
    events: Vec<Timestamp>,
}

impl LogCoverage {
    pub(crate) fn new(source: &Source, horizon: Option<&Snapshot>) -> Result<Self> {
        let mut readings = Vec::new();
        for number in source.archive.statements() {
            let taken_at = source.taken_at(number);
            if horizon.is_some_and(|horizon| taken_at > horizon.taken_at) {
                continue;
            }
            let record = source.archive.record(number)?;
            let audits = record.kinds.iter().find(|entry| entry.kind == AUDITS);
            let complete = audits.filter(|entry| entry.coverage.state == CoverageState::Complete);
            readings.extend(complete.map(|entry| entry.coverage.read_from.unwrap_or(taken_at)));
        }
        readings.sort_unstable();
        let events = AuditLog::new(source, horizon).times()?;
        Ok(Self { readings, events })
    }

    /// Whether an event of the time after one moment and not after another would have been read.
    pub(crate) fn covers(&self, after: Timestamp, before: Timestamp) -> bool {
        let end = self.readings.partition_point(|at| *at < before);
        if end == self.readings.len() {
            return false;
        }
        let start = self.readings.partition_point(|at| *at <= after);
        let Some(first) = start.checked_sub(1) else {
            // What the first reading found shows how far back it reached.
            return self.events.first().is_some_and(|event| *event <= after);
        };
        let is_close = |pair: &[Timestamp]| self.is_close(pair[0], pair[1]);
        self.readings[first..=end].windows(2).all(is_close)
    }

    /// Whether two readings that follow each other leave no gap: the second found what happened soon
    /// after the first, or was soon enough.
    fn is_close(&self, first: Timestamp, second: Timestamp) -> bool {
        if second.duration_since(first) <= KEPT {
            return true;
        }
        let forgotten = second - KEPT;
        let behind = self.events.partition_point(|event| *event <= first);
        self.events
            .get(behind)
            .is_some_and(|event| *event < forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("because it is a time")
    }

    #[test]
    fn a_time_is_covered_if_it_was_read_before_it_could_be_forgotten() {
        let times = |texts: &[&str]| texts.iter().map(|text| time(text)).collect();
        let log = LogCoverage {
            readings: times(&[
                "2026-01-05T00:00:00Z",
                "2026-01-06T00:00:00Z",
                "2026-02-06T00:00:00Z",
            ]),
            events: times(&["2026-01-04T00:00:00Z", "2026-02-01T00:00:00Z"]),
        };
        let covers = |after: &str, before: &str| log.covers(time(after), time(before));
        assert!(covers("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"));
        assert!(covers("2026-01-04T12:00:00Z", "2026-01-06T00:00:00Z"));
        assert!(!covers("2026-01-03T00:00:00Z", "2026-01-06T00:00:00Z"));
        assert!(!covers("2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z"));
        assert!(!covers("2026-02-05T00:00:00Z", "2026-02-07T00:00:00Z"));
    }

    #[test]
    fn kinds_without_a_log_are_in_the_catalogue() {
        for name in NOT_LOGGED {
            assert!(catalog::by_name(name).is_some(), "{name}");
        }
    }
}
