//! What it took to read tenants, counted with each run.

use std::time::Duration;

use collector::CollectReport;
use prometheus::{GaugeVec, IntCounterVec, Opts, Registry};

use super::{Metrics, Registered, counters};

/// Figures of runs.
#[derive(Debug)]
pub(super) struct Figures {
    seconds: GaugeVec,
    failures: IntCounterVec,
    changes: IntCounterVec,
    requests: IntCounterVec,
    throttled: IntCounterVec,
}

impl Figures {
    pub(super) fn new(registry: &Registry) -> Self {
        let of_tenants = |name: &str, help: &str| counters(registry, name, help, &["tenant"]);
        let seconds = Opts::new(
            "entrace_backup_duration_seconds",
            "Time the newest run took that ended well.",
        );
        let seconds = GaugeVec::new(seconds, &["tenant"]);
        Self {
            seconds: seconds
                .expect("because the names are well formed")
                .registered(registry),
            failures: of_tenants(
                "entrace_backup_failures_total",
                "Runs that took no snapshot.",
            ),
            changes: counters(
                registry,
                "entrace_changes_total",
                "Versions that came and went.",
                &["tenant", "kind", "type"],
            ),
            requests: of_tenants("entrace_graph_requests_total", "Requests to Graph."),
            throttled: of_tenants(
                "entrace_graph_throttled_total",
                "Answers of Graph that said too many requests.",
            ),
        }
    }
}

impl Metrics {
    /// Counts a run that took a snapshot.
    pub(crate) fn collected(&self, tenant: &str, report: &CollectReport, time: Duration) {
        let figures = &self.collecting;
        let gauge = figures.seconds.with_label_values(&[tenant]);
        gauge.set(time.as_secs_f64());
        for kind in &report.kinds {
            let changes = [("opened", kind.opened), ("closed", kind.closed)];
            for (what, count) in changes.into_iter().filter(|(_, count)| *count > 0) {
                let labels = [tenant, kind.kind.as_str(), what];
                figures.changes.with_label_values(&labels).inc_by(count);
            }
        }
        let total = report.meter.total;
        let requests = figures.requests.with_label_values(&[tenant]);
        requests.inc_by(total.requests);
        let throttled = figures.throttled.with_label_values(&[tenant]);
        throttled.inc_by(total.throttled);
    }

    /// Counts a run that took none.
    pub(crate) fn not_collected(&self, tenant: &str) {
        self.collecting.failures.with_label_values(&[tenant]).inc();
    }
}
