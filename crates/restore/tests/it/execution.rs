//! What an execution does when nothing goes wrong, and when the tenant is not as planned.

use restore::execution::{Ended, Entry, IdMap, StepOutcome, dry_run, inverse};
use restore::{Error, Plan};
use serde_json::{Value, json};
use simulator::Act;

use crate::hand::{
    self, after, city, group, member, no_member, plan, policy_state, undelete, user,
};
use crate::tenant::{Live, Memory, POLICY, STAFF, id, kind};

/// Everything at once: an update, a user out of the bin, a group and a user made anew and joined to each other, a
/// member less, a policy switched on.
pub(crate) fn everything(live: &Live) -> Plan {
    live.act(Act::Delete {
        kind: kind("user"),
        parents: Vec::new(),
        id: id(3),
    });
    let (team, zoe) = (id(55), id(56));
    plan(vec![
        city(live, 1, "Berlin", "Bern"),
        undelete(3),
        group(55, "Team"),
        user(56, "Zoe"),
        no_member(&id(STAFF), &id(2)),
        after(member(&team, &zoe, &[&team, &zoe]), 2, &[3, 4]),
        after(member(&team, &id(3), &[&team]), 2, &[2, 3]),
        after(policy_state(POLICY, "disabled", "enabled"), 3, &[6]),
    ])
}

/// The tenant is what [`everything`] wants.
pub(crate) fn assert_everything(live: &Live) {
    let user = live.get("user", &id(1)).expect("because it was never gone");
    assert_eq!(user["city"], "Bern");
    assert!(
        live.get("user", &id(3)).is_some(),
        "it came back with its id"
    );
    let teams = live.named("group", "Team");
    let zoes = live.named("user", "Zoe");
    assert_eq!((teams.len(), zoes.len()), (1, 1));
    let (team, zoe) = (text(&teams[0]["id"]), text(&zoes[0]["id"]));
    assert!(live.is_linked("group_member", team, zoe));
    assert!(live.is_linked("group_member", team, &id(3)));
    assert!(!live.is_linked("group_member", &id(STAFF), &id(2)));
    assert!(live.is_linked("group_member", &id(STAFF), &id(1)));
    let policy = live.get("conditional_access_policy", &id(POLICY));
    assert_eq!(
        policy.expect("because it was never gone")["state"],
        "enabled"
    );
}

fn text(value: &Value) -> &str {
    value.as_str().expect("because it is text")
}

#[test]
fn a_plan_is_carried_out_once() {
    let live = Live::contoso(3);
    let plan = everything(&live);
    let journal = Memory::default();
    let report = live
        .run(&plan, &journal)
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::Done), "{report:#?}");
    assert_eq!(
        report.counts().into_iter().collect::<Vec<_>>(),
        [("done", 8)]
    );
    assert_everything(&live);
    let team = &live.named("group", "Team")[0];
    assert_eq!(report.ids[&id(55)], text(&team["id"]));

    // Again: nothing is written, and nothing is asked of what is done.
    let writes = live.writes();
    let again = live
        .run(&plan, &journal)
        .expect("because it can be executed");
    assert_eq!(again.ended, Some(Ended::Done));
    assert_eq!(live.writes(), writes);
    assert_eq!(again.ids, report.ids);
}

#[test]
fn nobody_sees_the_password_of_a_new_user() {
    let live = Live::contoso(1);
    let plan = plan(vec![user(56, "Zoe")]);
    let journal = Memory::default();
    live.run(&plan, &journal)
        .expect("because it can be executed");
    let zoe = &live.named("user", "Zoe")[0];
    assert_eq!(
        zoe["passwordProfile"]["forceChangePasswordNextSignIn"],
        true
    );
    let kept = serde_json::to_string(&journal.all()).expect("because it is JSON");
    assert!(!kept.contains("assword"), "{kept}");
}

#[test]
fn drift_stops_the_step_and_says_what_moved() {
    let live = Live::contoso(3);
    let plan = plan(vec![
        city(&live, 1, "Berlin", "Bern"),
        city(&live, 2, "Berlin", "Bern"),
        after(city(&live, 3, "Berlin", "Bern"), 2, &[2]),
        after(group(55, "Team"), 2, &[1]),
    ]);
    live.change("user", 2, json!({"city": "Rome", "department": "Law"}));
    let writes = live.writes();
    let journal = Memory::default();
    let report = live
        .run(&plan, &journal)
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::NeedsReview));
    let StepOutcome::Drifted { moved } = &report.steps[1].outcome else {
        panic!("{:?}", report.steps[1].outcome);
    };
    assert_eq!(moved.len(), 1);
    assert_eq!(
        (moved[0].path.as_str(), &moved[0].from, &moved[0].to),
        ("city", &json!("Berlin"), &json!("Rome"))
    );
    assert_eq!(live.writes(), writes, "nothing else was written");
    assert!(matches!(report.steps[0].outcome, StepOutcome::Cancelled));

    // With the whole object at hand, everything that moved is named.
    let before = json!({"city": "Berlin", "department": "Sales"}).to_string();
    let baseline = |_: &restore::Step| Some(before.clone());
    let mut options = live.options();
    options.keep_going = true;
    options.baseline = Some(&baseline);
    let report = live
        .run_with(&plan, &journal, &options, &())
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::PartlyDone));
    let StepOutcome::Drifted { moved } = &report.steps[1].outcome else {
        panic!("{:?}", report.steps[1].outcome);
    };
    assert!(
        moved
            .iter()
            .any(|one| one.path == "department" && one.to == "Law"),
        "{moved:?}"
    );
    let outcomes: Vec<_> = report
        .steps
        .iter()
        .map(|step| step.outcome.title())
        .collect();
    assert_eq!(outcomes, ["done", "drifted", "skipped", "done"]);
    assert_eq!(
        report.steps[2].outcome,
        StepOutcome::Skipped { waits_for: 2 }
    );
    let user = live.get("user", &id(3)).expect("because it was never gone");
    assert_eq!(user["city"], "Berlin");
}

#[test]
fn what_the_credential_may_not_read_is_not_compared() {
    let live = Live::contoso(3);
    let cleared = json!({"customSecurityAttributes": {"Clearance": {"Level": "Drawings"}}});
    live.change("user", 1, cleared.clone());
    let plan = plan(vec![city(&live, 1, "Berlin", "Bern")]);
    let report = live
        .run(&plan, &Memory::default())
        .expect("because it can be executed");
    let StepOutcome::Drifted { moved } = &report.steps[0].outcome else {
        panic!("{:?}", report.steps[0].outcome);
    };
    assert_eq!(moved[0].path, "customSecurityAttributes");

    // The archive knows what it was.
    let before = cleared.to_string();
    let baseline = |_: &restore::Step| Some(before.clone());
    let mut options = live.options();
    options.baseline = Some(&baseline);
    let report = live
        .run_with(&plan, &Memory::default(), &options, &())
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::Done), "{report:#?}");
    assert_eq!(report.unread["user"], ["customSecurityAttributes"]);
    let user = live.get("user", &id(1)).expect("because it was never gone");
    assert_eq!(user["city"], "Bern");

    // What can be read still counts.
    let plan = hand::plan(vec![city(&live, 1, "Bern", "Ulm")]);
    live.change("user", 1, json!({"department": "Law"}));
    let report = live
        .run_with(&plan, &Memory::default(), &options, &())
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::NeedsReview), "{report:#?}");
}

#[test]
fn what_is_as_wanted_already_is_left_alone() {
    let live = Live::contoso(3);
    let plan = everything(&live);
    // Somebody did by hand what could be done by hand.
    live.change("user", 1, json!({"city": "Bern"}));
    live.act(Act::Restore {
        kind: kind("user"),
        id: id(3),
    });
    live.act(Act::Unlink {
        kind: kind("group_member"),
        source: id(STAFF),
        target: id(2),
    });
    let report = live
        .run(&plan, &Memory::default())
        .expect("because it can be executed");
    let outcomes: Vec<_> = report
        .steps
        .iter()
        .map(|step| step.outcome.title())
        .collect();
    let there = "already there";
    assert_eq!(
        outcomes,
        [there, there, "done", "done", there, "done", "done", "done"]
    );
    assert_everything(&live);
}

#[test]
fn a_purged_object_cannot_come_out_of_the_bin() {
    let live = Live::contoso(3);
    let plan = everything(&live);
    live.act(Act::Purge {
        kind: kind("user"),
        id: id(3),
    });
    let report = live
        .run(&plan, &Memory::default())
        .expect("because it can be executed");
    let StepOutcome::Drifted { moved } = &report.steps[1].outcome else {
        panic!("{:?}", report.steps[1].outcome);
    };
    assert_eq!(
        (&moved[0].from, &moved[0].to),
        (&json!("in the recycle bin"), &Value::Null)
    );
}

#[test]
fn a_dry_run_writes_nothing() {
    let live = Live::contoso(3);
    let plan = everything(&live);
    let (before, writes) = (live.everything(), live.writes());
    let journal = Memory::default();
    let client = live.client();
    let report = live
        .runtime
        .block_on(dry_run(&plan, &client, &journal, &live.options(), &()))
        .expect("because it can be executed");
    let outcomes: Vec<_> = report
        .steps
        .iter()
        .map(|step| step.outcome.title())
        .collect();
    assert_eq!(
        outcomes,
        [
            "ready", "ready", "ready", "ready", "ready", "skipped", "skipped", "skipped"
        ]
    );
    assert_eq!((live.everything(), journal.all()), (before, Vec::new()));
    assert_eq!(live.writes(), writes);
}

#[test]
fn a_plan_is_taken_back_by_its_inverse() {
    let live = Live::contoso(3);
    let plan = everything(&live);
    let before = live.everything();
    let journal = Memory::default();
    let report = live
        .run(&plan, &journal)
        .expect("because it can be executed");
    let ids: IdMap = report.ids.into_iter().collect();
    let now = "2026-03-02T00:00:00Z"
        .parse()
        .expect("because it is a time");
    let back = inverse(&plan, &ids, |_| true, now, "test", "test");
    // A user made by hand says how it is taken back nowhere.
    assert_eq!((back.steps.len(), back.impossible.len()), (7, 1));
    let report = live
        .run(&back, &Memory::default())
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::Done), "{report:#?}");
    let zoe = live.named("user", "Zoe")[0].to_string();
    let mut left = live.everything();
    left.retain(|line| !line.contains(zoe.trim_matches(['{', '}'])));
    let stamps = |lines: Vec<String>| -> Vec<String> {
        let unstamped = lines.into_iter().map(|line| {
            line.replace("\"modifiedDateTime\":null", "")
                .replace("\"modifiedDateTime\":\"2026-03-01T08:01:00Z\"", "")
        });
        unstamped.collect()
    };
    assert_eq!(stamps(left), stamps(before));
}

#[test]
fn nothing_is_sent_that_may_not_be() {
    let live = Live::contoso(2);
    let mut plan = plan(vec![
        city(&live, 1, "Berlin", "Bern"),
        city(&live, 2, "Berlin", "Bern"),
    ]);
    let mut options = live.options();
    options.max_changes = 1;
    let journal = Memory::default();
    let refused = |plan: &Plan, options: &restore::execution::Options<'_>| {
        let error = live.run_with(plan, &journal, options, &());
        error.expect_err("because it may not be executed")
    };
    let error = refused(&plan, &options);
    assert_eq!(
        error.to_string(),
        "the plan has 2 steps and 1 are allowed: raise the limit (--max-changes), or make smaller plans"
    );
    options.max_changes = 2;
    plan.steps[1].permissions = vec!["Domain.ReadWrite.All".to_owned()];
    let error = refused(&plan, &options);
    assert!(matches!(error, Error::Denied(_)));
    assert!(
        error
            .to_string()
            .starts_with("the write credential lacks Domain.ReadWrite.All: "),
        "{error}"
    );
    plan.steps[1].permissions.clear();
    plan.tenant = id(1);
    let error = refused(&plan, &options);
    assert!(matches!(error, Error::Denied(_)), "{error}");
    plan.steps[1].request.target = "https://elsewhere.example/v1.0/users".to_owned();
    let error = refused(&plan, &options);
    assert!(matches!(error, Error::Invalid(_)), "{error}");
    assert_eq!(journal.all(), []);
}

#[test]
fn a_refusal_stops_what_waits_for_it() {
    let live = Live::contoso(2);
    let mut step = group(55, "Team");
    step.request.body = Some(json!({"displayName": "Team"}));
    let plan = plan(vec![
        step,
        after(member(&id(55), &id(1), &[&id(55)]), 2, &[1]),
        city(&live, 1, "Berlin", "Bern"),
    ]);
    let journal = Memory::default();
    let report = live
        .run(&plan, &journal)
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::PartlyDone));
    let StepOutcome::Refused {
        code,
        status,
        request_id,
        ..
    } = &report.steps[0].outcome
    else {
        panic!("{:?}", report.steps[0].outcome);
    };
    assert_eq!(
        (code.as_deref(), *status),
        (Some("Request_BadRequest"), Some(400))
    );
    assert!(request_id.is_some());
    assert_eq!(
        report.steps[1].outcome,
        StepOutcome::Skipped { waits_for: 1 }
    );
    assert_eq!(report.steps[2].outcome, StepOutcome::Done);
    let last = journal.all().pop();
    assert!(matches!(
        last,
        Some(Entry::Ended {
            ended: Ended::PartlyDone,
            ..
        })
    ));
}

#[test]
fn a_stop_lets_requests_under_way_end() {
    struct Stop(std::cell::Cell<u32>);
    impl restore::execution::Monitor for Stop {
        fn step(&self, _: &restore::execution::StepDone<'_>) {
            self.0.set(self.0.get() + 1);
        }
        fn cancelled(&self) -> bool {
            self.0.get() >= 2
        }
    }
    let live = Live::contoso(6);
    let steps = (1..=6).map(|user| city(&live, user, "Berlin", "Bern"));
    let plan = plan(steps.collect());
    let journal = Memory::default();
    let mut options = live.options();
    options.window = 2;
    let report = live
        .run_with(&plan, &journal, &options, &Stop(std::cell::Cell::default()))
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::Cancelled));
    let counts: Vec<_> = report.counts().into_iter().collect();
    assert_eq!(counts, [("cancelled", 4), ("done", 2)]);
    let report = live
        .run(&plan, &journal)
        .expect("because it can be executed");
    assert_eq!(report.ended, Some(Ended::Done));
}
