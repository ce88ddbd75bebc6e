//! How near execution comes to the rate at which Graph takes writes.

use graph::Pace;
use restore::execution::{Ended, run};
use simulator::{Faults, Limits, TenantSize};

use crate::hand::{city, plan};
use crate::tenant::{Live, Memory, seconds};

/// Writes of directory objects in a second that Graph takes from an application.
const LIMIT: f64 = 20.0;
/// What Graph takes at once, before the rate counts.
const AT_ONCE: u32 = 3000;
const CHANGES: u32 = 3000;

#[test]
fn three_thousand_changes_at_the_rate_of_the_service() {
    let limits = Limits::Microsoft {
        size: TenantSize::Large,
    };
    let live = Live::with(CHANGES, limits, Faults::default());
    let warm = live.client();
    let identity = live.runtime.block_on(warm.identity());
    assert!(identity.is_ok());
    let steps = (1..=CHANGES).map(|user| city(&live, user, "Berlin", "Bern"));
    let plan = plan(steps.collect());
    let client = live.client_at(Pace::Microsoft);
    client.tell_user_count(CHANGES.into());
    let start = seconds(&live.clock);
    let journal = Memory::default();
    let report = live
        .runtime
        .block_on(run(&plan, &client, &journal, &live.options(), &()))
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::Done));
    let took = seconds(&live.clock) - start;
    let ratio = f64::from(CHANGES) / took / LIMIT;
    eprintln!(
        "{CHANGES} changes in {took:.1} s of simulated time: {:.1} % of the limit",
        ratio * 100.0
    );
    assert!(ratio >= 0.95, "{took} s");
    let usage = live.simulator.requests();
    let throttled: u64 = usage
        .by_template
        .values()
        .map(|count| count.throttled)
        .sum();
    assert_eq!(throttled, 0);
    assert!(u64::from(AT_ONCE) >= report.steps.len() as u64);
}
