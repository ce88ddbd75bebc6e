//! Runs that end before the end: what is complete is a snapshot, what is not is said to be so.

use std::cell::Cell;
use std::time::Duration;

use collector::{CollectMonitor, CollectProgress};
use store::CoverageState;

use crate::living::{Kept, Living, incomplete, request, said, untruths};

const NONE: [&str; 0] = [];

/// Does something once so many pages and ends of kinds were told.
struct After<'a> {
    left: Cell<u32>,
    then: &'a dyn Fn(),
}

impl CollectMonitor for After<'_> {
    fn report(&self, _: &CollectProgress<'_>) {
        if self.left.get() == 1 {
            (self.then)();
        }
        self.left.set(self.left.get().saturating_sub(1));
    }
}

#[test]
fn a_run_that_loses_the_network_ends_soon_and_keeps_what_it_read() {
    let mut living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("all");
    kept.collect(&living, &request);
    living.live_day();
    let before = kept.state();
    let gone = After {
        left: Cell::new(40),
        then: &|| living.faults(|faults| faults.resets_before = 1.0),
    };
    let client = living.client();
    let report = kept
        .try_collect(&client, &living.runtime, &request, &gone)
        .unwrap_or_else(|error| panic!("{error}"));
    let of = |state: CoverageState| report.kinds.iter().filter(move |kind| kind.state == state);
    assert!(of(CoverageState::Complete).count() >= 5);
    let failed: Vec<_> = of(CoverageState::Failed).collect();
    assert!(failed.len() > 50, "{}", failed.len());
    for kind in &failed {
        assert_eq!(kind.closed, 0, "{kind:?}");
        assert!(kind.is_lacking, "{kind:?}");
    }
    let not_asked = failed.iter().filter(|kind| {
        let reason = kind.reason.as_deref().unwrap_or_default();
        reason.contains("not asked, because Graph has not answered for")
    });
    assert!(not_asked.count() > 30);
    // Each of two hundred kinds for minutes would be a day: those under way were asked to the end, no other.
    let total = report.meter.total;
    assert!(total.retries < 200, "{total:?}");
    for kind in &failed {
        let now = kept.objects(&kind.kind);
        assert_eq!(
            before.get(&kind.kind).unwrap_or(&now),
            &now,
            "{}",
            kind.kind
        );
    }

    living.faults(|faults| faults.resets_before = 0.0);
    living.wait(24);
    let report = kept.collect(&living, &request);
    let lacking = report.kinds.iter().filter(|kind| kind.is_lacking);
    assert_eq!(lacking.map(|kind| &kind.kind).collect::<Vec<_>>(), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn every_run_of_a_client_is_counted_by_itself() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let mut request = request("organization,device,named_location");
    request.full = true;
    let client = living.client();
    let mut asked = Vec::new();
    for _ in 0..3 {
        let report = kept
            .try_collect(&client, &living.runtime, &request, &())
            .unwrap_or_else(|error| panic!("{error}"));
        // A limit of requests is one of this run, too.
        assert_eq!(incomplete(&report), NONE);
        let total = report.meter.total;
        let of_kinds = report.meter.labels.values();
        assert_eq!(
            of_kinds.map(|figures| figures.requests).sum::<u64>(),
            total.requests
        );
        asked.push(total.requests);
        request.max_requests = Some(total.requests + 2);
        living.wait(24);
    }
    // A few more the second time: the changes are compared with the list.
    assert!(asked[2] <= asked[0] + 2, "{asked:?}");
    assert_eq!(client.meter().total().requests, asked.iter().sum::<u64>());
}

#[test]
fn a_kind_that_takes_too_long_is_left_and_the_others_are_read() {
    let living = Living::company(60);
    let mut kept = Kept::new(&living.tenant_id);
    let mut request = request("organization,user,group,device");
    kept.collect(&living, &request);
    let before = kept.state();
    living.faults(|faults| {
        faults.slow = 1.0;
        faults.slow_ms = 3_600_000;
        faults.only = Some("/groups".to_owned());
    });
    request.kind_time = Duration::from_secs(2);
    request.full = true;
    living.wait(24);
    let report = kept.collect(&living, &request);
    let groups = said(&report, "group");
    assert_eq!(groups.state, CoverageState::Partial);
    assert_eq!(groups.reason.as_deref(), Some("stopped after 2s"));
    assert!(groups.is_lacking);
    assert_eq!(groups.closed, 0);
    for kind in ["organization", "user", "device"] {
        assert_eq!(said(&report, kind).state, CoverageState::Complete, "{kind}");
    }
    assert_eq!(kept.state(), before);
}
