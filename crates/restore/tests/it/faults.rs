//! A service that throttles, fails, loses answers and shows late what was written.

use restore::execution::{Ended, StepOutcome};

use crate::execution::{assert_everything, everything};
use crate::hand::{after, city, group, member, plan};
use crate::tenant::{Live, Memory, id};

#[test]
fn what_is_shown_late_is_waited_for() {
    for requests in [1, 3, 6] {
        let live = Live::contoso(3);
        let plan = everything(&live);
        live.faults(|faults| faults.replication_lag_requests = requests);
        let report = live
            .run(&plan, &Memory::default())
            .expect("because it can be executed");
        assert_eq!(report.ended, Some(Ended::Done), "{report:#?}");
        assert_everything(&live);
    }
}

#[test]
fn what_is_never_shown_is_said_to_be_written() {
    let live = Live::contoso(1);
    live.faults(|faults| faults.replication_lag_requests = 10_000);
    let plan = plan(vec![group(55, "Team")]);
    let report = live
        .run(&plan, &Memory::default())
        .expect("because it can be executed");
    assert_eq!(report.steps[0].outcome, StepOutcome::NotYetVisible);
    assert_eq!(live.named("group", "Team").len(), 1);
}

#[test]
fn answers_that_are_lost_make_nothing_twice() {
    let live = Live::contoso(20);
    let mut steps: Vec<_> = (1..=20)
        .map(|user| city(&live, user, "Berlin", "Bern"))
        .collect();
    // Two have the same name: each old id must become another new one.
    steps.extend((0..30).map(|at| group(1000 + at, &format!("Team {}", at / 2))));
    let members = (0..30_u32).map(|at| {
        let team = id(1000 + at);
        after(member(&team, &id(1 + at % 20), &[&team]), 2, &[21 + at])
    });
    steps.extend(members.collect::<Vec<_>>());
    let plan = plan(steps);
    live.faults(|faults| {
        faults.seed = 7;
        faults.throttled = 0.2;
        faults.unavailable = 0.1;
        faults.internal_errors = 0.1;
        faults.resets_before = 0.3;
        faults.resets_inside = 0.1;
        faults.html = 0.1;
        faults.per_url = 40;
        faults.replication_lag_requests = 2;
    });
    let journal = Memory::default();
    let mut report = None;
    for _ in 0..20 {
        // One that broke off goes on the next time.
        let Ok(ran) = live.run(&plan, &journal) else {
            continue;
        };
        let is_done = ran.ended == Some(Ended::Done);
        report = Some(ran);
        if is_done {
            break;
        }
    }
    let report = report.expect("because it ran");
    assert_eq!(report.ended, Some(Ended::Done), "{:?}", report.counts());
    for team in 0..15 {
        assert_eq!(live.named("group", &format!("Team {team}")).len(), 2);
    }
    let mut new: Vec<&String> = report.ids.values().collect();
    new.sort();
    new.dedup();
    assert_eq!(new.len(), 30);
    for at in 0..30_u32 {
        let team = &report.ids[&id(1000 + at)];
        assert!(
            live.is_linked("group_member", team, &id(1 + at % 20)),
            "{at}"
        );
    }
}
