//! What the archives hold, looked up when somebody asks.

use std::sync::Arc;

use prometheus::{IntGaugeVec, Registry};
use store::Archive;

use super::{Metrics, gauges};
use crate::fleet::Served;
use crate::problem::Problem;
use crate::state::AppState;

/// Parts of an archive on disk, and where they are.
const PARTS: [(&str, &str); 6] = [
    ("packs", "packs"),
    ("log", "log"),
    ("keys", "keys"),
    ("keyring", "keyring"),
    ("index", "index.redb"),
    ("columns", "columns"),
];

/// Figures of tenants.
#[derive(Debug)]
pub(super) struct Figures {
    open: IntGaugeVec,
    latest: IntGaugeVec,
    snapshots: IntGaugeVec,
    objects: IntGaugeVec,
    bytes: IntGaugeVec,
    running: IntGaugeVec,
    waiting: IntGaugeVec,
    answered: IntGaugeVec,
    killed: IntGaugeVec,
}

impl Figures {
    pub(super) fn new(registry: &Registry) -> Self {
        let of_tenants = |name: &str, help: &str| gauges(registry, name, help, &["tenant"]);
        Self {
            open: of_tenants(
                "entrace_archive_open",
                "1 where the archive can be read, else 0.",
            ),
            latest: of_tenants(
                "entrace_last_backup_timestamp_seconds",
                "When the newest snapshot was taken.",
            ),
            snapshots: of_tenants("entrace_snapshots", "Snapshots in the archive."),
            objects: gauges(
                registry,
                "entrace_objects",
                "Objects of the newest snapshot.",
                &["tenant", "kind"],
            ),
            bytes: gauges(
                registry,
                "entrace_store_bytes",
                "Room the archive takes.",
                &["tenant", "part"],
            ),
            running: of_tenants("entrace_workers_running", "Statements that run in workers."),
            waiting: of_tenants(
                "entrace_workers_waiting",
                "Statements that wait for a worker.",
            ),
            answered: of_tenants(
                "entrace_workers_answered_total",
                "Statements that workers answered, failures included.",
            ),
            killed: of_tenants(
                "entrace_workers_killed_total",
                "Workers that were killed or lost, and replaced.",
            ),
        }
    }

    /// Forgets what is gone: kinds, and tenants that are served no more.
    fn reset(&self) {
        for gauges in [
            &self.open,
            &self.latest,
            &self.snapshots,
            &self.objects,
            &self.bytes,
        ] {
            gauges.reset();
        }
    }

    fn archive(&self, tenant: &str, archive: &Archive) -> store::Result<()> {
        let snapshots = archive.snapshots();
        self.snapshots
            .with_label_values(&[tenant])
            .set(number(snapshots.len()));
        let Some(newest) = snapshots.last() else {
            return Ok(());
        };
        self.latest
            .with_label_values(&[tenant])
            .set(newest.taken_at.as_second());
        for kind in archive.kinds() {
            let is_state = catalog::by_name(&kind.name).is_none_or(|kind| !kind.is_event());
            if is_state {
                let alive = archive.alive(kind.number, newest)?.len();
                let gauge = self
                    .objects
                    .with_label_values(&[tenant, kind.name.as_str()]);
                gauge.set(number(alive));
            }
        }
        let storage = archive.storage();
        for (part, path) in PARTS {
            let size = match storage.size(path)? {
                Some(size) => size,
                None => storage.list(path)?.iter().map(|(_, size)| size).sum(),
            };
            let gauge = self.bytes.with_label_values(&[tenant, part]);
            gauge.set(number(size));
        }
        Ok(())
    }

    fn workers(&self, served: &Served) {
        let Some(pool) = served.pool_at_hand() else {
            return;
        };
        let (stats, tenant) = (pool.stats(), [served.name.as_str()]);
        let set = |gauges: &IntGaugeVec, value| gauges.with_label_values(&tenant).set(value);
        set(&self.running, number(stats.running));
        set(&self.waiting, number(stats.waiting));
        set(&self.answered, number(stats.answered));
        set(&self.killed, number(stats.killed));
    }
}

/// Brings the figures of all tenants up to date.
pub(crate) async fn collect(metrics: &Arc<Metrics>, state: &AppState) -> Result<(), Problem> {
    let mut opened = Vec::new();
    for served in state.fleet.all() {
        opened.push((Arc::clone(served), served.opened(&state.engine).await.ok()));
    }
    let metrics = Arc::clone(metrics);
    let looked = state.engine.run_blocking(move || {
        let figures = &metrics.tenants;
        figures.reset();
        for (served, opened) in &opened {
            let is_open = opened.is_some() && served.trouble().is_none();
            let gauge = figures.open.with_label_values(&[served.name.as_str()]);
            gauge.set(i64::from(is_open));
            figures.workers(served);
            if let Some(opened) = opened {
                figures.archive(&served.name, opened.archive())?;
            }
        }
        Ok(())
    });
    looked.await
}

fn number(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
