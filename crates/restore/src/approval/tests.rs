//! Persons, keys, plans and approvals that the tests are made of.

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

mod bypasses;
mod hostile;
mod openssh;
mod roll;
mod runs;
