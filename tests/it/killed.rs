//! kill -9 of a real process that executes a plan, whenever its journal has grown: nothing is made twice, and nothing
//! is left out.
//!
//! What a process does between two pages of the journal is what may be lost. Each round lets the journal grow by a page
//! or a few and kills the process there; the next goes on. Requests that were intended and not sent, sent and not
//! answered, answered and not written down are all among it.

use std::process::Stdio;
use std::sync::Arc;

use jiff::SignedDuration;
use restore::execution::{Ended, Entry};
use restore::{Book, Plan};
use serde_json::{Value, json};
use simulator::{Act, Actor, AppCredential, Deed, Properties, Tenant};
use store::{Archive, LocalStorage, Secrets, Storage};

use crate::crash::Random;
use crate::live::Living;
use crate::programs::{PROGRAM, command};
use crate::restoring::{living_as, ok, switch_on};

const SEED: u64 = 20_261_123;
/// Groups that are gone for good, and members of each.
const GROUPS: usize = 4;
const MEMBERS: usize = 3;
/// People who are in them, and who moved.
const PEOPLE: usize = 6;
/// File with what the last process said.
const SAID: &str = "said";
/// Pages by which a round lets the journal grow, at most. One says that an execution began, one has the intents: only
/// those after them say that something was done, and rounds that all end before would go on for ever.
const PAGES: u64 = 3;
/// More rounds than there can be.
const MOST: u32 = 200;

fn apply(tenant: &mut Tenant, act: Act) {
    let deed = Deed {
        at: tenant.now(),
        by: Actor::Service,
        act,
        activity: None,
        silent: false,
    };
    tenant
        .apply(&deed)
        .unwrap_or_else(|refusal| panic!("{refusal}"));
}

fn kind(name: &str) -> &'static catalog::Kind {
    catalog::by_name(name).expect("because there is such a kind")
}

fn objects(tenant: &Tenant, name: &str) -> Vec<Value> {
    let texts = tenant.objects(kind(name));
    texts
        .map(|text| serde_json::from_str(text).expect("because it is JSON"))
        .collect()
}

fn id(object: &Value) -> String {
    object["id"].as_str().unwrap_or_default().to_owned()
}

/// People of the tenant that it may change.
fn people(tenant: &Tenant) -> Vec<Value> {
    let mut users = objects(tenant, "user");
    users.retain(|user| user["city"].is_string() && user["onPremisesSyncEnabled"] != true);
    users.truncate(PEOPLE);
    assert_eq!(users.len(), PEOPLE);
    users
}

/// Who is in a night shift.
fn members(people: &[Value], number: usize) -> Vec<String> {
    let of = |at| id(&people[(number + at) % PEOPLE]);
    (0..MEMBERS).map(of).collect()
}

fn name(number: usize) -> String {
    format!("Night shift {number}")
}

/// Groups of the night shifts, and who is in them.
fn make_groups(tenant: &mut Tenant) {
    let people = people(tenant);
    for number in 0..GROUPS {
        let own = tenant.assign_id();
        let properties = json!({
            "id": own, "displayName": name(number), "mailEnabled": false, "securityEnabled": true,
            "mailNickname": format!("night{number}"), "groupTypes": [],
        });
        let Value::Object(properties) = properties else {
            unreachable!("because it was written as one");
        };
        let properties = Properties::from_iter(properties);
        let act = Act::Create {
            kind: kind("group"),
            parents: Vec::new(),
            properties,
        };
        apply(tenant, act);
        for target in members(&people, number) {
            let act = Act::Link {
                kind: kind("group_member"),
                source: own.clone(),
                target,
            };
            apply(tenant, act);
        }
    }
}

/// The night shifts are gone for good, and some people moved.
fn incident(tenant: &mut Tenant) {
    for user in &people(tenant) {
        let act = Act::Update {
            kind: kind("user"),
            parents: Vec::new(),
            id: id(user),
            properties: Properties::from_iter([("city".to_owned(), json!("Atlantis"))]),
        };
        apply(tenant, act);
    }
    let is_ours = |group: &Value| {
        group["displayName"]
            .as_str()
            .is_some_and(|name| name.starts_with("Night shift"))
    };
    for group in objects(tenant, "group")
        .iter()
        .filter(|group| is_ours(group))
    {
        let delete = Act::Delete {
            kind: kind("group"),
            parents: Vec::new(),
            id: id(group),
        };
        apply(tenant, delete);
        let purge = Act::Purge {
            kind: kind("group"),
            id: id(group),
        };
        apply(tenant, purge);
    }
}

/// The plan of the archive's book, and its journal.
struct Watched {
    archive: Archive,
    id: String,
}

impl Watched {
    fn over(living: &Living) -> Self {
        let folder = living.place.path("t.entrace");
        let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
        let archive = Archive::open(storage, &Secrets::default());
        let archive = archive.expect("because nothing protects it");
        let list = Book::new(&archive).list().expect("because it can be read");
        let [entry] = list.as_slice() else {
            panic!("{} plans", list.len());
        };
        let id = entry.id.clone();
        Self { archive, id }
    }

    fn pages(&self) -> u64 {
        let pages = self
            .archive
            .list_papers(&format!("plans/{}/journal", self.id));
        pages.expect("because the folder can be read").len() as u64
    }

    fn entries(&self) -> Vec<Entry> {
        let book = Book::new(&self.archive);
        let journal = book.journal(&self.id).expect("because there is one");
        journal.entries().expect("because it can be read")
    }

    fn plan(&self) -> Plan {
        let plan = Book::new(&self.archive).get(&self.id);
        plan.expect("because it is in the book")
    }
}

/// Executes the plan in a process of its own until the journal has grown by so many pages, and kills it then; how it
/// ended, where it did before.
fn run_until(living: &Living, watched: &Watched, more: u64) -> Option<i32> {
    let wanted = watched.pages() + more;
    let stderr =
        std::fs::File::create(living.place.path(SAID)).expect("because the folder is ours");
    let mut child = command(PROGRAM, living.place.folder.path())
        .envs(Living::secret())
        .args(["plan", "run", &watched.id])
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .expect("because the program was built");
    loop {
        let ended = child.try_wait().expect("because the process is ours");
        if let Some(status) = ended {
            return Some(status.code().expect("because nobody killed it"));
        }
        if watched.pages() >= wanted {
            child.kill().expect("because the process is ours");
            child.wait().expect("because the process is ours");
            return None;
        }
        std::thread::yield_now();
    }
}

#[test]
fn killed_whenever_the_journal_grows_a_plan_is_done_once() {
    let mut app = AppCredential::default();
    let groups = ["Group.ReadWrite.All", "GroupMember.ReadWrite.All"];
    app.roles.extend(groups.map(str::to_owned));
    let Some(living) = living_as(app) else { return };
    switch_on(&living);
    living.change(make_groups);
    ok(&living, &["snapshot"]);
    let before = living.look(people);
    living.change(incident);
    let kinds = ["--kinds", "user,group,group_member"];
    let create = ["plan", "create", "--from", "latest", kinds[0], kinds[1]];
    ok(&living, &create);
    let watched = Watched::over(&living);
    let steps = watched.plan().steps.len();
    assert!(steps >= GROUPS * (1 + MEMBERS) + PEOPLE, "{steps} steps");
    let approve = ["plan", "approve", &watched.id, "--key", "key", "--yes"];
    ok(&living, &approve);

    // Answers come one after the other, not all at once: so the journal has many pages.
    living.stagger(30);
    let mut random = Random(SEED);
    let mut kills = 0;
    loop {
        assert!(kills < MOST, "it never ends");
        match run_until(&living, &watched, 1 + random.below(PAGES)) {
            None => kills += 1,
            Some(code) => {
                let said = std::fs::read_to_string(living.place.path(SAID));
                assert_eq!(code, 0, "{said:?}");
                break;
            }
        }
        // Its last page may have been the one it was killed at.
        if matches!(watched.entries().last(), Some(Entry::Ended { .. })) {
            break;
        }
        // What was sent and never answered is waited for by the tenant's clock: nobody waits for it here.
        living.change(|tenant| {
            let later = tenant.now() + SignedDuration::from_mins(5);
            tenant.set_now(later);
        });
    }
    eprintln!("seed {SEED}: {steps} steps, killed {kills} times");
    assert!(kills >= 5, "{kills} kills");

    // The journal says of every step that it was carried out, or found so, and how it all ended.
    let entries = watched.entries();
    let ended = entries.iter().filter_map(|entry| match entry {
        Entry::Ended { ended, .. } => Some(*ended),
        _ => None,
    });
    assert_eq!(ended.collect::<Vec<_>>(), [Ended::Done]);
    for step in watched.plan().steps {
        let outcomes = entries.iter().filter_map(|entry| match entry {
            Entry::Outcome {
                step: own, outcome, ..
            } if *own == step.number => Some(outcome),
            _ => None,
        });
        let outcomes: Vec<_> = outcomes.collect();
        let is_done = outcomes.last().is_some_and(|outcome| outcome.is_done());
        assert!(is_done, "step {}: {outcomes:?}", step.number);
    }

    // What takes it back is in the book, wherever the last kill was.
    let list = Book::new(&watched.archive).list();
    let list = list.expect("because it can be read");
    let mut others = list.iter().rev().filter(|entry| entry.id != watched.id);
    let newest = others.next().expect("because something can be taken back");
    let back = Book::new(&watched.archive).get(&newest.id);
    let back = back.expect("because it is in the book");
    assert_eq!(back.steps.len(), steps, "{:?}", back.impossible);

    // And the tenant has everything once.
    living.look(|tenant| {
        let (groups, links) = (objects(tenant, "group"), kind("group_member"));
        for number in 0..GROUPS {
            let mut named = groups.iter().filter(|g| g["displayName"] == name(number));
            let group = named
                .next()
                .unwrap_or_else(|| panic!("{} is gone", name(number)));
            assert!(named.next().is_none(), "{} is there twice", name(number));
            let own = id(group);
            let mut found: Vec<String> = tenant
                .links(links)
                .filter(|(group, _)| *group == own)
                .map(|(_, user)| user.to_owned())
                .collect();
            let mut wanted = members(&before, number);
            found.sort();
            wanted.sort();
            assert_eq!(found, wanted, "{}", name(number));
        }
        let now = people(tenant);
        for (before, now) in before.iter().zip(&now) {
            assert_eq!(before["city"], now["city"]);
        }
    });
    ok(&living, &["plan", "verify", &watched.id]);
}
