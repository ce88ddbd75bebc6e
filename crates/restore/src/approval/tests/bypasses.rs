//! Every way around an approval that we could think of, and the code it meets.

use super::*;

/// The twelve ways around an approval, each with a code of its own.
#[test]
fn bypasses_meet_distinct_codes() -> Result<()> {
    let mut codes = Vec::new();

    // 1: the author approves.
    let scene = Scene::new();
    let own = plan(&scene.archive, 1);
    codes.push(code(scene.run(
        &own,
        &approval(&own, ALICE, hours(1)),
        hours(1),
    )));

    // 2: the author approves by another account, and by another key.
    let mut other = own.clone();
    "alice-adm@contoso.example".clone_into(&mut other.author);
    for who in [ALICE, ("alice-token", 2)] {
        let again = approval(&other, who, hours(1));
        assert_eq!(
            code(scene.run(&other, &again, hours(1))),
            "approver_same_person"
        );
    }
    codes.push("approver_same_person");

    // 3: an approval is used a second time.
    let once = approval(&own, BOB, hours(1));
    scene.run(&own, &once, hours(1))?;
    scene
        .book()
        .journal(&own.id())?
        .finish::<()>(&[], Outcome::Failed)?;
    codes.push(code(scene.run(&own, &once, hours(2))));

    // 4: the plan is edited after it was approved. As a file it is refused, whatever approvals there are.
    let edited = own.to_file().replace("money", "moneY");
    let Err(Error::Edited { .. }) = Plan::from_file("p.json", edited.as_bytes()) else {
        panic!("it was edited");
    };
    codes.push("plan_edited");

    // 5: the approval has expired.
    let scene = Scene::new();
    let late = approval(&own_plan(&scene), BOB, hours(1));
    codes.push(code(scene.run(&own_plan(&scene), &late, hours(10))));

    // 6: the key was revoked between approval and execution.
    let mut scene = Scene::new();
    let plan_6 = own_plan(&scene);
    let book = scene.book();
    let good = approval(&plan_6, BOB, hours(1));
    book.approve(&plan_6, &good, &scene.judge(hours(1)))?;
    scene.approvers = revoked(&scene.approvers, "bob");
    codes.push(code(scene.begin(&plan_6.id(), hours(2))));

    // 7: the approval is for the same plan in another archive.
    let scene = Scene::new();
    let elsewhere = altered(&own_plan(&scene), |s| {
        "ff".repeat(16).clone_into(&mut s.archive);
    });
    codes.push(code(scene.run(&own_plan(&scene), &elsewhere, hours(1))));

    // 8: the approval is for another plan; so is that of a plan whose edit was covered up with a new id.
    let mut changed = own_plan(&scene);
    changed.steps[0].request.target = "/v1.0/groups/1".to_owned();
    let for_the_first = approval(&own_plan(&scene), BOB, hours(1));
    codes.push(code(scene.run(&changed, &for_the_first, hours(1))));

    // 9: the signature was made for something else.
    let statement = Statement::new(&own_plan(&scene), "bob", hours(1), HOUR).text();
    let other_purpose = Approval {
        signature: sign(&key(BOB.1), "git", &statement),
        statement,
        received_at: hours(1),
    };
    codes.push(code(scene.run(&own_plan(&scene), &other_purpose, hours(1))));

    // 10: two executions at once.
    let plan_10 = own_plan(&scene);
    let book = scene.book();
    book.approve(
        &plan_10,
        &approval(&plan_10, BOB, hours(1)),
        &scene.judge(hours(1)),
    )?;
    let right = book.exclusive("the first")?;
    codes.push(code(scene.begin(&plan_10.id(), hours(1))));
    drop(right);

    // 11: approval after cancellation.
    book.cancel(&plan_10.id(), &called_off())?;
    codes.push(code(scene.begin(&plan_10.id(), hours(1))));
    let after = approval(&plan_10, CAROL, hours(2));
    assert_eq!(
        code(scene.run(&plan_10, &after, hours(2))),
        "plan_cancelled"
    );

    // 12: clocks. An approval of the future; a clock that was set back behind what is written.
    let scene = Scene::new();
    let future = approval(&own_plan(&scene), BOB, hours(5));
    codes.push(code(scene.run(&own_plan(&scene), &future, hours(1))));
    let plan_12 = own_plan(&scene);
    let book = scene.book();
    book.approve(
        &plan_12,
        &approval(&plan_12, BOB, hours(6)),
        &scene.judge(hours(6)),
    )?;
    assert_eq!(code(scene.begin(&plan_12.id(), hours(3))), "clock_skew");

    let expected = [
        "approver_is_author",
        "approver_same_person",
        "approval_used",
        "plan_edited",
        "approval_expired",
        "approver_revoked",
        "approval_other_archive",
        "approval_other_plan",
        "signature_namespace",
        "plan_running",
        "plan_cancelled",
        "clock_skew",
    ];
    assert_eq!(codes, expected);
    Ok(())
}

#[test]
fn other_approvals_that_do_not_count() {
    let scene = Scene::new();
    let plan = own_plan(&scene);
    let refused = |approval: &Approval| code(scene.run(&plan, approval, hours(1)));

    assert_eq!(
        refused(&approval(&plan, NOBODY, hours(1))),
        "approver_unknown"
    );
    assert_eq!(
        refused(&approval(&plan, ("carol", BOB.1), hours(1))),
        "approval_other_approver"
    );
    assert_eq!(
        refused(&altered(&plan, |s| "delete".clone_into(&mut s.action))),
        "approval_other_action"
    );
    assert_eq!(
        refused(&altered(&plan, |s| "fabrikam".clone_into(&mut s.tenant))),
        "approval_other_tenant"
    );
    assert_eq!(
        refused(&altered(&plan, |s| s.not_after = hours(26))),
        "approval_too_long"
    );
    assert_eq!(
        refused(&altered(&plan, |s| s.not_after = s.made_at)),
        "statement_malformed"
    );
    assert_eq!(
        refused(&altered(&plan, |s| "entrace/approval/v2".clone_into(&mut s.format))),
        "statement_malformed"
    );
    // A statement from before there was such a plan.
    assert_eq!(
        refused(&altered(&plan, |s| s.made_at = hours(-1))),
        "clock_skew"
    );
    let mut swapped = approval(&plan, BOB, hours(1));
    swapped.signature = approval(&plan, BOB, hours(1)).signature;
    assert_eq!(refused(&swapped), "signature_bad");
    swapped.signature =
        "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----".to_owned();
    assert_eq!(refused(&swapped), "signature_malformed");
    // The same content in another spelling is another text, and nobody was asked to sign it.
    let mut spaced = approval(&plan, BOB, hours(1));
    spaced.statement.push('\n');
    spaced.signature = sign(&key(BOB.1), NAMESPACE, &spaced.statement);
    assert_eq!(refused(&spaced), "statement_malformed");

    let mut outside = Scene::new();
    let mut list = outside.approvers.list().to_vec();
    for approver in &mut list {
        approver.valid_until = Some(hours(1));
    }
    outside.approvers = Approvers::from_list(list);
    let plan = own_plan(&outside);
    let late = approval(&plan, BOB, hours(1));
    assert_eq!(
        code(outside.run(&plan, &late, hours(2))),
        "approver_not_valid"
    );
}
