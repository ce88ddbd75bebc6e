//! An execution that dies at any moment and goes on: nothing is made twice.

use restore::execution::Ended;

use crate::execution::{assert_everything, everything};
use crate::tenant::{Death, Live, Memory};

/// More papers than the plan needs.
const MOST: u32 = 40;

/// Dies at the n-th paper, then goes on. Whether it died.
fn dies_once(at: u32, death: Death, answers_are_lost: bool) -> bool {
    let live = Live::contoso(3);
    let plan = everything(&live);
    if answers_are_lost {
        live.faults(|faults| {
            faults.resets_before = 1.0;
            faults.per_url = 1;
            faults.only = Some("/v1.0/".to_owned());
        });
    }
    let dying = Memory::dying(Vec::new(), at, death);
    let first = live.run(&plan, &dying);
    let journal = Memory::of(dying.all());
    let report = live
        .run(&plan, &journal)
        .unwrap_or_else(|error| panic!("at {at}: {error}"));
    assert_eq!(
        report.ended,
        Some(Ended::Done),
        "at {at} {death:?}: {report:#?}"
    );
    assert_everything(&live);
    first.is_err()
}

#[test]
fn killed_at_every_boundary_and_taken_up_again() {
    for answers_are_lost in [false, true] {
        for death in [Death::Before, Death::After] {
            let died = (0..MOST).take_while(|at| dies_once(*at, death, answers_are_lost));
            let died = died.count();
            assert!((5..MOST as usize).contains(&died), "{died} boundaries");
        }
    }
}

#[test]
fn killed_again_and_again() {
    let live = Live::contoso(3);
    let plan = everything(&live);
    let mut entries = Vec::new();
    for attempt in 0.. {
        assert!(attempt < 200, "it never ends");
        // Each attempt gets one paper further than the one before, at most.
        let journal = Memory::dying(entries, 1 + attempt % 3, Death::After);
        let ended = live.run(&plan, &journal);
        entries = journal.all();
        if ended.is_ok() {
            break;
        }
    }
    assert_everything(&live);
}
