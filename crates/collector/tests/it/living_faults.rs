//! Whatever goes wrong on the way, an archive ends up as if nothing had: trust.md, test 28.

use simulator::{Faults, RetryAfter};

use crate::living::{
    Kept, Living, findings, incomplete, missed_by_deltas, request, unlike, untruths,
};

const NONE: [&str; 0] = [];

/// Kinds of every way of reading: lists, deltas with edges, edges along, rows below parents, singletons,
/// functions, logs, binary content.
const MANY: &str = "user,user_manager,user_sponsor,user_authentication_method,group,group_member,\
                    group_owner,application,application_owner,service_principal,app_role_assignment,\
                    device,organization,organizational_branding,organizational_branding_localization,\
                    conditional_access_policy,named_location,role_assignment,role_definition,\
                    authorization_policy,\
                    access_review_definition,access_review_instance,access_review_decision,\
                    deleted_user,directory_audit,sign_in";

/// An archive of a first snapshot and of days of changes, each read under other faults, has what one has
/// that was read without them.
fn come_to_the_same(words: &str, faults: &[Faults]) {
    company_comes_to_the_same(60, words, faults);
}

fn company_comes_to_the_same(users: u32, words: &str, faults: &[Faults]) {
    let mut living = Living::company(users);
    let request = request(words);
    let (mut clean, mut kept) = (Kept::new(&living.tenant_id), Kept::new(&living.tenant_id));
    for (day, faults) in faults.iter().enumerate() {
        living.faults(|current| *current = Faults::default());
        clean.collect(&living, &request);
        living.faults(|current| *current = faults.clone());
        let client = living.client_with(|settings| {
            settings.limits.max_tries = 100;
            settings.limits.max_total_wait = std::time::Duration::from_hours(24 * 365);
            settings.limits.max_silence = settings.limits.max_total_wait;
        });
        let report = kept
            .try_collect(&client, &living.runtime, &request, &())
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(incomplete(&report), NONE, "day {day}");
        assert!(report.meter.total.retries > 0, "nothing went wrong");
        assert_eq!(missed_by_deltas(&report), NONE, "day {day}");
        assert_eq!(untruths(&living, &kept, &report), NONE, "day {day}");
        assert_eq!(unlike(&kept, &clean), NONE, "day {day}");
        for log in ["directory_audit", "sign_in"] {
            assert_eq!(kept.rows(log), clean.rows(log), "day {day}");
        }
        living.live_day();
    }
}

/// The same faults on two days.
fn twice(faults: Faults) -> [Faults; 2] {
    let other = Faults {
        seed: faults.seed + 1,
        ..faults.clone()
    };
    [faults, other]
}

#[test]
fn half_of_all_connections_are_reset() {
    let faults = Faults {
        resets_before: 0.25,
        resets_inside: 0.33,
        ..Faults::default()
    };
    come_to_the_same(MANY, &twice(faults));
}

#[test]
fn throttling_with_every_form_of_retry_after() {
    let forms = [
        RetryAfter::Seconds(3),
        RetryAfter::Date(3),
        RetryAfter::Fraction,
        RetryAfter::Missing,
        RetryAfter::Malformed,
        RetryAfter::Absurd,
    ];
    let faults = forms.map(|retry_after| Faults {
        retry_after,
        throttled: 0.2,
        unavailable: 0.1,
        ..Faults::default()
    });
    come_to_the_same(MANY, &faults);
}

#[test]
fn errors_and_bodies_cut_short() {
    // Of an image nobody can tell that it is cut short if HTTP does not.
    let words = format!("{MANY},-organizational_branding,-organizational_branding_localization");
    let faults = Faults {
        truncated: 0.2,
        internal_errors: 0.1,
        unavailable: 0.1,
        ..Faults::default()
    };
    come_to_the_same(&words, &twice(faults));
}

#[test]
fn tokens_that_expire_all_the_time() {
    let faults = Faults {
        token_requests: Some(40),
        unavailable: 0.01,
        ..Faults::default()
    };
    come_to_the_same(MANY, &twice(faults));
}

#[test]
fn all_of_it_at_once_and_more_parents_than_are_asked_one_by_one() {
    let faults = Faults {
        resets_before: 0.25,
        resets_inside: 0.33,
        throttled: 0.1,
        retry_after: RetryAfter::Date(2),
        unavailable: 0.1,
        // More than are on their way at the same time, each batch being twenty.
        token_requests: Some(400),
        ..Faults::default()
    };
    company_comes_to_the_same(230, MANY, &[faults]);
}

#[test]
fn lists_that_do_not_show_what_stands_below() {
    const BELOW: &str =
        "user_sponsor,user_extension,group_owner,application_owner,device_registered_owner";
    let mut living = Living::company(230);
    let request = request(&format!(
        "user,group,application,device,directory_audit,{BELOW}"
    ));
    let (mut clean, mut kept) = (Kept::new(&living.tenant_id), Kept::new(&living.tenant_id));
    for day in 0..2 {
        living.faults(|current| current.declines_expansions = false);
        let shown = clean.collect(&living, &request);
        living.faults(|current| current.declines_expansions = true);
        let asked = kept.collect(&living, &request);
        assert_eq!(untruths(&living, &kept, &asked), NONE, "day {day}");
        assert_eq!(unlike(&kept, &clean), NONE, "day {day}");
        let [shown, told] = [&shown, &asked].map(|report| report.meter.total.requests);
        assert!(told >= shown, "{told} requests instead of {shown}");
        let is_said = |finding: &String| {
            finding.contains("asked below each parent, because lists do not show it")
        };
        if day == 0 {
            // Of each kind with more parents than are asked one by one.
            let found = findings(&asked);
            let said: Vec<_> = found.iter().filter(|it| is_said(it)).collect();
            assert!(
                said.iter().any(|it| it.starts_with("user_sponsor: ")),
                "{found:?}"
            );
            assert!(told > shown + 400, "{told} requests instead of {shown}");
        }
        living.live_day();
    }
}
