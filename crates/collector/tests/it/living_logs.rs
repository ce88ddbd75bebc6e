//! Logs: rows arrive late, windows overlap, nothing is ever gone.

use std::collections::BTreeSet;

use crate::living::{Kept, Living, incomplete, request, said};

const NONE: [&str; 0] = [];
const LOGS: [&str; 2] = ["directory_audit", "sign_in"];

/// Ids of all rows the tenant has, whether they are to be seen yet or not.
fn truth(living: &Living, log: &str) -> BTreeSet<String> {
    living
        .ids(log)
        .into_iter()
        .map(|id| id.to_lowercase())
        .collect()
}

fn rows(kept: &Kept, log: &str) -> BTreeSet<String> {
    kept.rows(log).iter().map(|id| id.to_lowercase()).collect()
}

#[test]
fn late_rows_arrive_once_and_stay() {
    let mut living = Living::company(80);
    living.faults(|faults| faults.log_delay_minutes = 350);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("organization,directory_audit,sign_in");
    let mut was_late = false;
    for day in 0..12 {
        let report = kept.collect(&living, &request);
        assert_eq!(incomplete(&report), NONE);
        for log in LOGS {
            assert_eq!(said(&report, log).closed, 0, "day {day}");
            was_late |= rows(&kept, log) != truth(&living, log);
        }
        living.live_day();
    }
    assert!(was_late, "no row came late");
    living.wait(6);
    kept.collect(&living, &request);
    for log in LOGS {
        assert_eq!(rows(&kept, log), truth(&living, log), "{log}");
        let versions = kept.archive().kind(log).map_or(0, |kind| kind.versions);
        assert_eq!(
            versions as usize,
            truth(&living, log).len(),
            "{log}: a row was stored twice"
        );
    }
}

#[test]
fn what_the_tenant_forgets_stays() {
    let mut living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("organization,directory_audit");
    living.live_day();
    kept.collect(&living, &request);
    let before = rows(&kept, "directory_audit");
    assert!(!before.is_empty());
    living.wait(24 * 60);
    assert_eq!(living.ids("directory_audit"), NONE);
    let report = kept.collect(&living, &request);
    assert_eq!(said(&report, "directory_audit").closed, 0);
    assert_eq!(rows(&kept, "directory_audit"), before);
}

#[test]
fn the_second_run_asks_for_little_more_than_the_news() {
    let mut living = Living::company(80);
    for _ in 0..5 {
        living.live_day();
    }
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("organization,directory_audit,sign_in");
    let first = kept.collect(&living, &request);
    living.live_day();
    let second = kept.collect(&living, &request);
    for log in LOGS {
        let (first, second) = (&first.meter.labels[log], &second.meter.labels[log]);
        assert!(
            second.bytes * 2 < first.bytes,
            "{log}: {} of {}",
            second.bytes,
            first.bytes
        );
        assert_eq!(rows(&kept, log), truth(&living, log));
    }
}
