//! Rows below many parents, for which Graph has no delta: between full reads they are read where the
//! audit log says that something changed, and said to be partial.

use store::CoverageState;

use crate::living::{Kept, Living, incomplete, lagging, request, said, unlike, untruths};

const NONE: [&str; 0] = [];
const BELOW: [&str; 2] = ["user_sponsor", "user_authentication_method"];

#[test]
fn hinted_kinds_may_lag_say_so_and_are_right_after_the_next_full_read() {
    let mut living = Living::company(230);
    let mut kept = Kept::new(&living.tenant_id);
    let mut request =
        request("user,user_manager,user_sponsor,user_authentication_method,directory_audit");
    request.full_every = jiff::SignedDuration::from_hours(24 * 4);
    let report = kept.collect(&living, &request);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
    let whole_at = report.taken_at.strftime("%Y-%m-%d %H:%MZ").to_string();
    for day in 1..=3 {
        living.live_day();
        let report = kept.collect(&living, &request);
        assert_eq!(lagging(&report), BELOW.into(), "day {day}");
        for kind in BELOW {
            let said = said(&report, kind);
            let reason = said.reason.as_deref().unwrap_or_default();
            assert!(
                reason.ends_with(&format!("in full on {whole_at}")),
                "{reason}"
            );
            assert!(!said.is_lacking, "as much was read as was meant to be");
        }
        let mut untruths = untruths(&living, &kept, &report);
        untruths.retain(|one| !one.contains("customSecurityAttributes"));
        assert_eq!(untruths, NONE, "day {day}");
        // Whoever is gone has nothing below him any more.
        let users = kept.objects("user");
        for kind in BELOW {
            for key in kept.objects(kind).keys() {
                let owner = key.split(crate::living::UNIT).next().unwrap_or_default();
                assert!(users.contains_key(owner), "day {day}: {kind} of {owner}");
            }
        }
    }
    living.live_day();
    let report = kept.collect(&living, &request);
    assert_eq!(said(&report, BELOW[0]).state, CoverageState::Complete);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn parents_that_vanish_while_they_are_read_are_no_failure() {
    let living = Living::company(80);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request(
        "user,user_sponsor,user_authentication_method,group,group_owner,application,application_owner",
    );
    kept.collect(&living, &request);
    living.wait(1);
    living.faults(|faults| {
        faults.vanishing_parents = 0.1;
        faults.seed = 3;
    });
    let before = living.ids("user").len();
    let report = kept.collect(&living, &request);
    assert!(living.ids("user").len() < before, "nobody vanished");
    assert_eq!(incomplete(&report), NONE);
    living.faults(|faults| faults.vanishing_parents = 0.0);
    living.wait(24);
    let report = kept.collect(&living, &request);
    assert_eq!(incomplete(&report), NONE);
    let mut anew = Kept::new(&living.tenant_id);
    anew.collect(&living, &request);
    assert_eq!(unlike(&kept, &anew), NONE);
}
