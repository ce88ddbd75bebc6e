//! Which plans run, when, and how often.

use super::*;

#[test]
fn a_plan_that_another_person_approved_runs_once() -> Result<()> {
    let scene = Scene::new();
    let plan = plan(&scene.archive, 3);
    let begun = scene.run(&plan, &approval(&plan, BOB, hours(1)), hours(2))?;
    assert!(!begun.is_resumed);
    assert_eq!(begun.run.number, 1);
    assert_eq!(begun.run.approvals.len(), 1);

    // It was interrupted, and goes on with what it has.
    let id = plan.id();
    let again = scene.begin(&id, hours(3))?;
    assert!(again.is_resumed);
    assert_eq!(again.run, begun.run);
    // But not for ever.
    assert_eq!(code(scene.begin(&id, hours(9))), "approval_expired");

    let book = scene.book();
    book.journal(&id)?.finish::<()>(&[], Outcome::PartlyDone)?;
    assert_eq!(code(scene.begin(&id, hours(3))), "approval_used");
    // With another approval what is left can be done.
    let next = scene.run(&plan, &approval(&plan, CAROL, hours(3)), hours(3))?;
    assert_eq!((next.run.number, next.is_resumed), (2, false));
    book.journal(&id)?.finish::<()>(&[], Outcome::Done)?;
    let late = approval(&plan, BOB, hours(4));
    assert_eq!(code(scene.run(&plan, &late, hours(4))), "plan_done");
    assert_eq!(State::of(&book.record(&id)?, true), State::Done);
    Ok(())
}

#[test]
fn what_was_stopped_goes_on_unless_the_plan_was_cancelled() -> Result<()> {
    let scene = Scene::new();
    let plan = plan(&scene.archive, 3);
    let id = plan.id();
    scene.run(&plan, &approval(&plan, BOB, hours(1)), hours(2))?;
    let book = scene.book();
    book.journal(&id)?.finish::<()>(&[], Outcome::Cancelled)?;
    assert_eq!(State::of(&book.record(&id)?, true), State::Running);
    assert!(scene.begin(&id, hours(3))?.is_resumed);
    book.cancel(&id, &called_off())?;
    assert_eq!(State::of(&book.record(&id)?, true), State::Cancelled);
    assert_eq!(code(scene.begin(&id, hours(3))), "plan_cancelled");
    Ok(())
}

#[test]
fn an_interrupted_run_goes_on_with_a_fresh_approval() -> Result<()> {
    let scene = Scene::new();
    let plan = plan(&scene.archive, 3);
    scene.run(&plan, &approval(&plan, BOB, hours(1)), hours(2))?;
    let fresh = approval(&plan, CAROL, hours(20));
    let begun = scene.run(&plan, &fresh, hours(20))?;
    assert_eq!((begun.run.number, begun.is_resumed), (2, false));
    assert_eq!(begun.run.approvals, [fresh.id()]);
    Ok(())
}

#[test]
fn plans_that_do_not_run() -> Result<()> {
    let mut scene = Scene::new();
    let plan = own_plan(&scene);
    let book = scene.book();
    let id = book.put(&plan)?;
    assert_eq!(code(scene.begin(&id, hours(1))), "approvals_missing");
    let good = approval(&plan, BOB, hours(1));
    book.approve(&plan, &good, &scene.judge(hours(1)))?;

    let mut off = policy();
    off.enabled = false;
    let right = book.exclusive("test")?;
    let judge = Judge {
        policy: &off,
        ..scene.judge(hours(1))
    };
    assert_eq!(
        code(book.begin(&right, &id, "x", &judge)),
        "restore_disabled"
    );
    drop(right);

    book.mark_stale(&id, &called_off())?;
    assert_eq!(code(scene.begin(&id, hours(1))), "plan_stale");
    book.reject(&id, &called_off())?;
    assert_eq!(code(scene.begin(&id, hours(1))), "plan_rejected");

    scene.policy.longest_approval = HOUR * 1000;
    let old = own_plan(&scene);
    let mut late = Statement::new(&old, "bob", hours(200), HOUR);
    late.nonce = "0".repeat(32);
    let late = signed(&late, BOB.1, hours(200));
    let mut newer = old;
    newer.tool = "another".to_owned();
    assert_eq!(code(scene.run(&newer, &late, hours(200))), "plan_expired");
    Ok(())
}

#[test]
fn large_and_risky_plans_need_two_persons() -> Result<()> {
    let mut scene = Scene::new();
    scene
        .policy
        .protected
        .insert("00000000-0000-0000-0000-000000000002".to_owned());
    scene.policy.max_changes = 2;
    let archive = &scene.archive;
    let mut role = plan(archive, 1);
    role.steps[0].kind = "role_assignment".to_owned();
    role.steps[0].action = Action::AddLink;
    let mut said = plan(archive, 1);
    said.steps[0].risks.push(Risk {
        code: RiskCode::PrivilegedRole,
        text: "gives Global Administrator".to_owned(),
    });
    let mut named = plan(archive, 1);
    named.steps[0].request.body =
        Some(serde_json::json!({"@odata.id": "x/00000000-0000-0000-0000-000000000002"}));
    assert_eq!(scene.policy.needed(&plan(archive, 1)).approvals, 1);
    for risky in [plan(archive, 3), plan(archive, 2), role, said, named] {
        let needed = scene.policy.needed(&risky);
        assert_eq!(needed.approvals, 2, "{needed:?}");
        assert!(!needed.because.is_empty());
    }

    let large = plan(archive, 3);
    let book = scene.book();
    let first = approval(&large, BOB, hours(1));
    assert!(
        !book
            .approve(&large, &first, &scene.judge(hours(1)))?
            .is_approved()
    );
    assert_eq!(
        code(scene.begin(&large.id(), hours(1))),
        "approvals_missing"
    );
    let again = approval(&large, BOB, hours(1));
    let twice = book.approve(&large, &again, &scene.judge(hours(1)));
    assert_eq!(code(twice), "approver_counted");
    let begun = scene.run(&large, &approval(&large, CAROL, hours(1)), hours(1))?;
    assert_eq!(begun.run.approvals.len(), 2);
    Ok(())
}

/// Two threads try to execute a plan; returns what came of it.
fn race(archive: &Archive, round: u32) -> [Result<Begun>; 2] {
    let (approvers, policy) = (approvers(), policy());
    let judge = Judge {
        approvers: &approvers,
        policy: &policy,
        now: hours(1),
    };
    let mut plan = plan(archive, 1);
    plan.tool = format!("round {round}");
    let book = Book::new(archive);
    let entered = book.approve(&plan, &approval(&plan, BOB, hours(1)), &judge);
    entered.expect("because it is a good approval");
    let id = plan.id();
    let attempt = || -> Result<Begun> {
        let right = book.exclusive("one of two")?;
        let begun = book.begin(&right, &id, "x", &judge)?;
        book.journal(&id)?.finish::<()>(&[], Outcome::Failed)?;
        Ok(begun)
    };
    let results = std::thread::scope(|scope| {
        let other = scope.spawn(attempt);
        let own = attempt();
        [own, other.join().expect("because it does not panic")]
    });
    let runs = book.record(&id).map(|record| record.runs.len());
    assert_eq!(runs.ok(), Some(1), "round {round}");
    results
}

#[track_caller]
fn assert_one_began(results: [Result<Begun>; 2]) {
    let began = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(began, 1, "{results:?}");
    for result in results.into_iter().filter(Result::is_err) {
        assert!(["plan_running", "approval_used"].contains(&code(result)));
    }
}

#[test]
fn of_two_executions_exactly_one_begins() {
    let archive = archive();
    for round in 0..1000 {
        assert_one_began(race(&archive, round));
    }
}

#[test]
fn so_it_is_with_the_lock_of_the_operating_system() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let archive = archive_in(Arc::new(LocalStorage::new(folder.path())));
    for round in 0..30 {
        assert_one_began(race(&archive, round));
    }
}
