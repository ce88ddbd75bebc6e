//! Holds and plans in the log.

use std::sync::Arc;

use store::{
    Closing, Hold, HoldScope, MemoryStorage, PlanAct, PlanEvent, Secrets, Storage, Writer,
};

use crate::support::{State, create, hour, options, reader, write, writer};

fn storage() -> Arc<dyn Storage> {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::default());
    create(&storage);
    write(
        &mut writer(&storage),
        hour(0),
        &State::new(),
        Closing::Unseen,
    )
    .expect("because memory works");
    storage
}

fn ids(holds: &[Hold]) -> Vec<u64> {
    holds.iter().map(|hold| hold.id).collect()
}

#[test]
fn a_hold_is_in_force_until_it_is_released_and_survives_rebuild_and_compaction() {
    let storage = storage();
    let mut open = writer(&storage);
    let object = HoldScope::Object {
        kind: "user".to_owned(),
        key: "a".to_owned(),
    };
    let first = open
        .set_hold(object, "case 7", "ann")
        .expect("because memory works");
    let second = open
        .set_hold(HoldScope::Snapshot { snapshot: 1 }, "plan", "ben")
        .expect("because memory works");
    assert_eq!(ids(open.archive().holds()), [first.id, second.id]);
    let released = open
        .release_hold(first.id, "closed", "cem")
        .expect("because it is in force");
    assert_eq!(released, first);
    let again = open.release_hold(first.id, "closed", "cem");
    let again = again.expect_err("because it was released");
    assert_eq!(again.to_string(), format!("hold not found: {}", first.id));
    open.compact().expect("because memory works");
    drop(open);

    assert_eq!(reader(&storage).holds(), std::slice::from_ref(&second));
    let rebuilt = Writer::rebuild(Arc::clone(&storage), &Secrets::default(), options());
    assert_eq!(
        rebuilt
            .expect("because log and packs are sound")
            .archive()
            .holds(),
        [second]
    );
}

#[test]
fn a_hold_says_why_who_and_what() {
    let storage = storage();
    let mut open = writer(&storage);
    let refused = [
        (HoldScope::Archive, " ", "ann", "reason"),
        (HoldScope::Archive, "case 7", "", "name"),
        (
            HoldScope::Snapshot { snapshot: 9 },
            "case 7",
            "ann",
            "snapshot not found: 9",
        ),
        (
            HoldScope::Between {
                from: hour(2),
                to: hour(1),
            },
            "case 7",
            "ann",
            "before it begins",
        ),
    ];
    let size = open.archive().log_size();
    for (scope, reason, by, expected) in refused {
        let error = open
            .set_hold(scope, reason, by)
            .expect_err("because something is missing");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert_eq!(open.archive().log_size(), size, "nothing of it is an act");
}

#[test]
fn what_became_of_a_plan_is_a_leaf_of_the_log() {
    let storage = storage();
    let mut open = writer(&storage);
    let size = open.archive().log_size();
    let act = |event| PlanAct {
        event,
        plan: "ab".repeat(32),
        by: "ann".to_owned(),
        paper: None,
    };
    let created = open.record_plan(act(PlanEvent::Created));
    assert_eq!(created.expect("because memory works"), size);
    let approved = open.record_plan(act(PlanEvent::Approved));
    assert_eq!(approved.expect("because memory works"), size + 1);
    assert_eq!(open.archive().log_size(), size + 2);
    drop(open);
    let rebuilt = Writer::rebuild(Arc::clone(&storage), &Secrets::default(), options());
    assert_eq!(
        rebuilt
            .expect("because log and packs are sound")
            .archive()
            .snapshots()
            .len(),
        1
    );
}
