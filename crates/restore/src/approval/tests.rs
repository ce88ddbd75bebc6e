//! Every way around an approval that we could think of, and the code it meets.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{HashAlg, LineEnding, PrivateKey};
use store::{Archive, CreateOptions, LocalStorage, MemoryStorage, Secrets, SlotChoice, Storage};

use super::*;
use crate::book::{Act, Approval, Book, Outcome, State};
use crate::error::Error;
use crate::plan::{
    Action, Against, Estimate, Expected, FORMAT, Inverse, Plan, Precondition, Request, Risk,
    RiskCode, Step, Wanted,
};

type Result<T> = std::result::Result<T, Error>;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn noon() -> Timestamp {
    "2026-11-01T12:00:00Z"
        .parse()
        .expect("because it is a time")
}

fn hours(number: i64) -> Timestamp {
    noon() + SignedDuration::from_hours(number)
}

fn archive_in(storage: Arc<dyn Storage>) -> Archive {
    let options = CreateOptions {
        tenant: "contoso".to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: Timestamp::UNIX_EPOCH,
    };
    Archive::create(&storage, &options).expect("because it is empty");
    Archive::open(storage, &Secrets::default()).expect("because it was just made")
}

fn archive() -> Archive {
    archive_in(Arc::new(MemoryStorage::default()))
}

fn step(number: u32) -> Step {
    Step {
        number,
        stage: 1,
        after: Vec::new(),
        kind: "group".to_owned(),
        object: vec![format!("00000000-0000-0000-0000-{number:012}")],
        name: Some("Finance".to_owned()),
        action: Action::Update,
        properties: Vec::new(),
        request: Request {
            method: "PATCH".to_owned(),
            target: format!("/v1.0/groups/00000000-0000-0000-0000-{number:012}"),
            body: Some(serde_json::json!({"description": "money"})),
            headers: serde_json::Map::new(),
        },
        precondition: Precondition::Present,
        expected: Expected::Absent,
        makes: Vec::new(),
        uses: Vec::new(),
        inverse: Inverse::Impossible("it is a test".to_owned()),
        permissions: Vec::new(),
        risks: Vec::new(),
    }
}

fn plan(archive: &Archive, steps: u32) -> Plan {
    Plan {
        format: FORMAT.to_owned(),
        archive: archive.id().to_string(),
        tenant: "contoso".to_owned(),
        made_at: noon(),
        author: "alice@desk".to_owned(),
        tool: "test".to_owned(),
        wanted: Wanted {
            tenant: "contoso".to_owned(),
            revision: "-1d".to_owned(),
            snapshot: 1,
            record: "00".repeat(32),
            taken_at: noon(),
            selection: Vec::new(),
        },
        against: Against {
            live: false,
            snapshot: None,
            taken_at: None,
        },
        steps: (1..=steps).map(step).collect(),
        impossible: Vec::new(),
        dangling: Vec::new(),
        outside: Vec::new(),
        estimate: Estimate::default(),
    }
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

fn public(key: &PrivateKey) -> String {
    key.public_key().to_openssh().expect("because it is a key")
}

fn sign(key: &PrivateKey, namespace: &str, text: &str) -> String {
    key.sign(namespace, HashAlg::Sha512, text.as_bytes())
        .and_then(|signature| signature.to_pem(LineEnding::LF))
        .expect("because the key is not encrypted")
}

fn approver(name: &str, person: &str, accounts: &[&str], seed: u8) -> Approver {
    let accounts: Vec<String> = accounts.iter().map(|&account| account.to_owned()).collect();
    Approver::new(name, person, &accounts, key(seed).public_key()).expect("because it is sound")
}

/// Alice has two keys and an account for administration; Bob and Carol have a key each.
fn approvers() -> Approvers {
    Approvers::from_list(vec![
        approver("alice", "Alice", &["alice-adm@contoso.example"], 1),
        approver("alice-token", "alice", &[], 2),
        approver("bob", "Bob", &[], 3),
        approver("carol", "Carol", &[], 4),
    ])
}

const ALICE: (&str, u8) = ("alice", 1);
const BOB: (&str, u8) = ("bob", 3);
const CAROL: (&str, u8) = ("carol", 4);
const NOBODY: (&str, u8) = ("bob", 9);

fn policy() -> Policy {
    Policy {
        enabled: true,
        ..Policy::default()
    }
}

fn signed(statement: &Statement, seed: u8, now: Timestamp) -> Approval {
    let statement = statement.text();
    Approval {
        signature: sign(&key(seed), NAMESPACE, &statement),
        statement,
        received_at: now,
    }
}

fn approval(plan: &Plan, who: (&str, u8), now: Timestamp) -> Approval {
    signed(&Statement::new(plan, who.0, now, HOUR * 8), who.1, now)
}

/// A statement that was changed before it was signed.
fn altered(plan: &Plan, change: impl FnOnce(&mut Statement)) -> Approval {
    let mut statement = Statement::new(plan, "bob", hours(1), HOUR * 8);
    change(&mut statement);
    signed(&statement, BOB.1, hours(1))
}

struct Scene {
    archive: Archive,
    approvers: Approvers,
    policy: Policy,
}

impl Scene {
    fn new() -> Self {
        Self {
            archive: archive(),
            approvers: approvers(),
            policy: policy(),
        }
    }

    fn book(&self) -> Book<'_> {
        Book::new(&self.archive)
    }

    fn judge(&self, now: Timestamp) -> Judge<'_> {
        Judge {
            approvers: &self.approvers,
            policy: &self.policy,
            now,
        }
    }

    /// Hands an approval in, and lets an execution begin.
    fn run(&self, plan: &Plan, approval: &Approval, now: Timestamp) -> Result<Begun> {
        let book = self.book();
        let id = book.put(plan)?;
        book.approve(plan, approval, &self.judge(now))?;
        self.begin(&id, now)
    }

    fn begin(&self, id: &str, now: Timestamp) -> Result<Begun> {
        let book = self.book();
        let right = book.exclusive("test")?;
        book.begin(&right, id, "alice@desk", &self.judge(now))
    }
}

#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    match result {
        Err(Error::Refused(refusal)) => refusal.code(),
        other => panic!("nothing was refused: {other:?}"),
    }
}

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
        "ff".repeat(16).clone_into(&mut s.archive)
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

fn own_plan(scene: &Scene) -> Plan {
    plan(&scene.archive, 1)
}

fn called_off() -> Act {
    Act {
        by: "alice@desk".to_owned(),
        at: hours(1),
        reason: "not needed".to_owned(),
    }
}

fn revoked(approvers: &Approvers, name: &str) -> Approvers {
    let mut list = approvers.list().to_vec();
    for approver in list.iter_mut().filter(|approver| approver.name == name) {
        approver.revoked_at = Some(hours(1));
    }
    Approvers::from_list(list)
}

#[test]
fn other_approvals_that_do_not_count() -> Result<()> {
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

#[test]
fn of_executions_at_once_exactly_one_begins() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    for round in 0..1000 {
        // An archive of its own for each round would take most of the time.
        let root = folder.path().join(format!("{}", round / 100));
        let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(&root));
        let archive = if round % 100 == 0 {
            archive_in(storage)
        } else {
            Archive::open(storage, &Secrets::default()).expect("because it is there")
        };
        let (approvers, policy) = (approvers(), policy());
        let judge = Judge {
            approvers: &approvers,
            policy: &policy,
            now: hours(1),
        };
        let mut plan = plan(&archive, 1);
        plan.tool = format!("round {round}");
        let book = Book::new(&archive);
        let entered = book.approve(&plan, &approval(&plan, BOB, hours(1)), &judge);
        entered.expect("because it is a good approval");
        let id = plan.id();
        let attempt = || -> Result<Begun> {
            let right = book.exclusive("one of two")?;
            let begun = book.begin(&right, &id, "x", &judge)?;
            if !begun.is_resumed {
                book.journal(&id)?.finish::<()>(&[], Outcome::Done)?;
            }
            Ok(begun)
        };
        let results = std::thread::scope(|scope| {
            let other = scope.spawn(attempt);
            let own = attempt();
            [own, other.join().expect("because it does not panic")]
        });
        let began = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(began, 1, "round {round}: {results:?}");
        for result in results {
            if result.is_err() {
                assert!(["plan_running", "plan_done"].contains(&code(result)));
            }
        }
        assert_eq!(book.record(&id).map(|r| r.runs.len()).ok(), Some(1));
    }
}

mod hostile;
mod openssh;
mod roll;
