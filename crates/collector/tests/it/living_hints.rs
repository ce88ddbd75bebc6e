//! Rows below many parents, for which Graph has no delta: between full reads they are read where the
//! audit log says that something changed, and said to be partial.

use simulator::Act;
use store::CoverageState;

use crate::living::{Kept, Living, incomplete, kind, lagging, request, said, unlike, untruths};

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

#[test]
fn what_is_refused_below_many_parents_does_not_make_them_be_listed_every_day() {
    let mut living = Living::company(230);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("user,user_sponsor,user_authentication_method,directory_audit");
    let refused = "user_authentication_method";
    let forbid = |living: &Living, is_forbidden: bool| {
        living.change(|tenant| {
            let forbidden = &mut tenant.options_mut().forbidden;
            forbidden.clear();
            forbidden.extend(is_forbidden.then(|| refused.to_owned()));
        });
    };
    forbid(&living, true);
    let report = kept.collect(&living, &request);
    assert_eq!(said(&report, refused).state, CoverageState::Forbidden);
    living.live_day();
    let report = kept.collect(&living, &request);
    let again = said(&report, refused);
    assert_eq!(again.state, CoverageState::Forbidden);
    let reason = again.reason.as_deref().unwrap_or_default();
    assert!(reason.contains("(asked "), "{reason}");
    assert!(again.is_lacking);
    assert!(!report.meter.labels.contains_key(refused), "was asked for");
    let reason = said(&report, "user").reason.as_deref().unwrap_or_default();
    assert!(reason.starts_with("by its changes"), "{reason}");

    forbid(&living, false);
    living.live_day();
    let mut full = request.clone();
    full.full = true;
    let report = kept.collect(&living, &full);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}

#[test]
fn a_log_that_was_read_without_them_still_tells_kinds_below_what_changed() {
    let living = Living::company(230);
    let mut kept = Kept::new(&living.tenant_id);
    let all = request("user,user_sponsor,directory_audit");
    kept.collect(&living, &all);
    living.wait(1);
    let users = living.ids("user");
    let sponsored = Act::Link {
        kind: kind("user_sponsor"),
        source: users[3].clone(),
        target: users[4].clone(),
    };
    living.act(sponsored, false);
    // Somebody reads only the log, again and again, for more than what overlaps.
    for _ in 0..3 {
        living.wait(10);
        kept.collect(&living, &request("directory_audit"));
    }
    let report = kept.collect(&living, &all);
    assert!(lagging(&report).contains("user_sponsor"));
    let edge = format!("{}{}{}", users[3], crate::living::UNIT, users[4]);
    assert!(kept.objects("user_sponsor").contains_key(&edge));
}

#[test]
fn without_the_log_nobody_claims_to_know_what_changed() {
    let living = Living::company(230);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("user,user_sponsor");
    kept.collect(&living, &request);
    living.wait(24);
    let report = kept.collect(&living, &request);
    let reason = said(&report, "user_sponsor").reason.clone();
    let reason = reason.unwrap_or_default();
    assert!(reason.contains("directory_audit was not read"), "{reason}");
}

#[test]
fn what_was_told_and_not_read_is_read_in_full_the_next_time() {
    let living = Living::company(230);
    let mut kept = Kept::new(&living.tenant_id);
    let request = request("user,user_sponsor,directory_audit");
    kept.collect(&living, &request);
    living.wait(1);
    let users = living.ids("user");
    let sponsored = Act::Link {
        kind: kind("user_sponsor"),
        source: users[3].clone(),
        target: users[4].clone(),
    };
    living.act(sponsored, false);
    living.wait(10);
    // The log tells of it, and then the service fails.
    living.faults(|faults| {
        faults.internal_errors = 1.0;
        faults.only = Some("sponsors".to_owned());
    });
    let report = kept.collect(&living, &request);
    assert!(said(&report, "user_sponsor").is_lacking);
    living.faults(|faults| faults.internal_errors = 0.0);
    living.wait(24);
    let report = kept.collect(&living, &request);
    assert_eq!(incomplete(&report), NONE);
    assert_eq!(untruths(&living, &kept, &report), NONE);
}
