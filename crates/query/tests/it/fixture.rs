//! A small tenant with a history, written through the store.
//!
//! | snapshot | taken at | what changed |
//! |---|---|---|
//! | 1 | 2026-01-05 02:00Z | users alice, bob, carol; groups admins, staff; a policy; a location |
//! | 2 | 2026-01-06 02:00Z | bob disabled, dave added, policy loses a group, carol leaves staff |
//! | 3 | 2026-01-07 02:00Z | users only, read in part: alice's title |
//! | 4 | 2026-01-08 02:00Z | bob enabled again (his first version), dave gone, policy disabled |
//! | 5 | 2026-01-09 02:00Z | dave back as he was, an unlisted kind appears |

use std::sync::Arc;

use jiff::Timestamp;
use query::Source;
use store::{
    Archive, Closing, Coverage, CoverageState, CreateOptions, KindOptions, LocalStorage,
    MemoryStorage, Object, Secrets, SlotChoice, SnapshotWriter, Storage, Writer, WriterOptions,
};

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().expect("because it is a time")
}

pub(crate) fn now() -> Timestamp {
    time("2026-01-10T00:00:00Z")
}

const ALICE: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const BOB: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const CAROL: &str = "cccccccc-0000-4000-8000-000000000003";
const DAVE: &str = "dddddddd-0000-4000-8000-000000000004";
const ADMINS: &str = "11111111-0000-4000-8000-000000000001";
const STAFF: &str = "22222222-0000-4000-8000-000000000002";

/// What one snapshot says of one kind.
pub(crate) struct Stated {
    pub(crate) kind: &'static str,
    /// Keys and payloads.
    pub(crate) objects: Vec<(String, String)>,
    pub(crate) volatile: &'static str,
    pub(crate) complete: bool,
}

pub(crate) fn stated(kind: &'static str, objects: Vec<(String, String)>) -> Stated {
    Stated {
        kind,
        objects,
        volatile: "",
        complete: true,
    }
}

fn user(id: &str, name: &str, enabled: bool, title: &str) -> (String, String) {
    let upn = format!("{}@contoso.example", name.to_lowercase());
    let payload = format!(
        r#"{{"accountEnabled":{enabled},"assignedLicenses":[{{"skuId":"s1"}}],"createdDateTime":"2020-01-01T00:00:00Z","displayName":"{name}","id":"{id}","jobTitle":{title},"userPrincipalName":"{upn}"}}"#
    );
    (id.to_owned(), payload)
}

fn group(id: &str, name: &str) -> (String, String) {
    (
        id.to_owned(),
        format!(r#"{{"displayName":"{name}","id":"{id}","securityEnabled":true}}"#),
    )
}

fn member(group: &str, user: &str) -> (String, String) {
    (
        format!("{group}\u{1f}{user}"),
        r##"{"@odata.type":"#microsoft.graph.user"}"##.to_owned(),
    )
}

fn policy(state: &str, excluded: &str) -> (String, String) {
    let payload = format!(
        r#"{{"conditions":{{"users":{{"excludeGroups":[{excluded}],"includeUsers":["All"]}}}},"displayName":"CA001: Require MFA","id":"ca000000-0000-4000-8000-000000000001","state":"{state}"}}"#
    );
    ("ca000000-0000-4000-8000-000000000001".to_owned(), payload)
}

fn history() -> Vec<(&'static str, Vec<Stated>)> {
    let (alice, bob, carol) = (
        user(ALICE, "Alice", true, "\"Engineer\""),
        user(BOB, "Bob", true, "null"),
        user(CAROL, "Carol", true, "null"),
    );
    let dave = user(DAVE, "Dave", true, "\"Intern\"");
    let bob_off = user(BOB, "Bob", false, "null");
    let alice_2 = user(ALICE, "Alice", true, "\"Manager\"");
    let groups = || {
        stated(
            "group",
            vec![group(ADMINS, "admins"), group(STAFF, "staff")],
        )
    };
    let two = format!("\"{ADMINS}\",\"{STAFF}\"");
    let one = format!("\"{ADMINS}\"");
    let seen = |text| {
        move |stated: Stated| Stated {
            volatile: text,
            ..stated
        }
    };
    vec![
        (
            "2026-01-05T02:00:00Z",
            vec![
                seen(r#"{"signInActivity":{"lastSignInDateTime":"2026-01-04T08:00:00Z"}}"#)(stated("user", vec![alice.clone(), bob.clone(), carol.clone()])),
                groups(),
                stated("group_member", vec![member(ADMINS, ALICE), member(STAFF, ALICE), member(STAFF, BOB), member(STAFF, CAROL)]),
                stated("conditional_access_policy", vec![policy("enabled", &two)]),
                stated(
                    "named_location",
                    vec![("l1".to_owned(), r##"{"@odata.type":"#microsoft.graph.ipNamedLocation","displayName":"HQ","id":"l1","isTrusted":true}"##.to_owned())],
                ),
            ],
        ),
        (
            "2026-01-06T02:00:00Z",
            vec![
                stated("user", vec![alice.clone(), bob_off.clone(), carol.clone(), dave.clone()]),
                groups(),
                stated("group_member", vec![member(ADMINS, ALICE), member(STAFF, ALICE), member(STAFF, BOB)]),
                stated("conditional_access_policy", vec![policy("enabled", &one)]),
            ],
        ),
        ("2026-01-07T02:00:00Z", vec![Stated { complete: false, ..stated("user", vec![alice_2.clone()]) }]),
        (
            "2026-01-08T02:00:00Z",
            vec![stated("user", vec![alice_2.clone(), bob.clone(), carol.clone()]), stated("conditional_access_policy", vec![policy("disabled", &one)])],
        ),
        (
            "2026-01-09T02:00:00Z",
            vec![
                stated("user", vec![alice_2, bob, carol, dave]),
                stated("badge_printer", vec![("p1".to_owned(), r#"{"Id":"p1","PrinterDisplayName":"Lobby","Colour":true}"#.to_owned())]),
            ],
        ),
    ]
}

fn write(snapshot: &mut SnapshotWriter<'_>, stated: &Stated) {
    let kind = snapshot
        .kind(stated.kind, KindOptions::default())
        .expect("because there is room");
    for (key, payload) in &stated.objects {
        let subject = (stated.kind == "user").then_some(key.as_str());
        let object = Object {
            key,
            payload,
            subject,
            volatile: stated.volatile,
        };
        snapshot
            .put(kind, &object, &mut |_| false)
            .expect("because the storage works");
    }
    let (state, closing, reason) = if stated.complete {
        (CoverageState::Complete, Closing::Unseen, None)
    } else {
        (
            CoverageState::Partial,
            Closing::Keep,
            Some("only changes were read".to_owned()),
        )
    };
    let coverage = Coverage {
        state,
        objects: stated.objects.len() as u64,
        reason,
        ..Coverage::default()
    };
    snapshot.cover(kind, coverage, closing);
}

fn audits(writer: &mut Writer) {
    let mut snapshot = writer
        .begin(time("2026-01-09T03:00:00Z"), store::Source::default())
        .expect("because the time is fine");
    let kind = snapshot.kind("directory_audit", KindOptions { events: true });
    let kind = kind.expect("because there is room");
    let policy = "ca000000-0000-4000-8000-000000000001";
    let admins = format!(r#"{{"displayName":"Group.ObjectID","newValue":"\"{ADMINS}\""}}"#);
    let disabled = r#"{"displayName":"AccountEnabled","oldValue":"[true]","newValue":"[false]"}"#;
    for (id, at, activity, who, target, told) in [
        (
            "e1",
            "2026-01-05T17:42:10Z",
            "Update policy",
            "mallory",
            policy,
            "",
        ),
        (
            "e2",
            "2026-01-05T18:00:00Z",
            "Update user",
            "mallory",
            BOB,
            disabled,
        ),
        // In the group for an hour: no snapshot shows it.
        (
            "e5",
            "2026-01-05T20:00:00Z",
            "Add member to group",
            "mallory",
            CAROL,
            &admins,
        ),
        (
            "e3",
            "2026-01-07T10:00:00Z",
            "Update policy",
            "mallory",
            policy,
            "",
        ),
        (
            "e4",
            "2026-01-07T11:00:00Z",
            "Update policy",
            "trent",
            policy,
            "",
        ),
        (
            "e6",
            "2026-01-07T11:30:00Z",
            "Delete user",
            "trent",
            DAVE,
            "",
        ),
        // Off for a while.
        (
            "e7",
            "2026-01-08T12:00:00Z",
            "Update user",
            "mallory",
            CAROL,
            disabled,
        ),
    ] {
        let payload = format!(
            r#"{{"activityDateTime":"{at}","activityDisplayName":"{activity}","correlationId":"c-{id}","id":"{id}","initiatedBy":{{"user":{{"id":"u-{who}","ipAddress":"198.51.100.7","userPrincipalName":"{who}@contoso.example"}}}},"result":"success","targetResources":[{{"id":"{target}","modifiedProperties":[{told}]}}]}}"#
        );
        let object = Object {
            key: id,
            payload: &payload,
            subject: None,
            volatile: "",
        };
        snapshot
            .put(kind, &object, &mut |_| false)
            .expect("because the storage works");
    }
    snapshot.cover(kind, Coverage::default(), Closing::Keep);
    snapshot
        .commit("audits")
        .expect("because the storage works");
}

pub(crate) fn writer(storage: &Arc<dyn Storage>) -> Writer {
    let options = WriterOptions {
        tool: "test".to_owned(),
        now,
    };
    Writer::open(Arc::clone(storage), &Secrets::default(), options)
        .expect("because the archive is sound")
}

/// Fills an empty storage with the history.
pub(crate) fn fill(storage: &Arc<dyn Storage>) -> Writer {
    let mut writer = fill_with(storage, history(), |_, _| {});
    finish(&mut writer);
    writer
}

/// What stands beside the snapshots: a tag and a log.
fn finish(writer: &mut Writer) {
    writer
        .tag("before", Some(1))
        .expect("because the storage works");
    audits(writer);
}

/// Fills an empty storage with snapshots; `committed` is called after each with its number.
pub(crate) fn fill_with(
    storage: &Arc<dyn Storage>,
    history: Vec<(&'static str, Vec<Stated>)>,
    committed: impl Fn(usize, &Writer),
) -> Writer {
    let slots = vec![SlotChoice::Unprotected];
    let options = CreateOptions {
        tenant: "contoso".to_owned(),
        slots,
        tool: "test".to_owned(),
        now: now(),
    };
    Archive::create(storage, &options).expect("because the storage works");
    let mut writer = writer(storage);
    for (number, (at, kinds)) in (1..).zip(history) {
        let source = store::Source {
            kind: "test".to_owned(),
            name: "fixture".to_owned(),
            ..store::Source::default()
        };
        let mut snapshot = writer
            .begin(time(at), source)
            .expect("because the time is fine");
        kinds.iter().for_each(|stated| write(&mut snapshot, stated));
        snapshot.commit(at).expect("because the storage works");
        committed(number, &writer);
    }
    writer
}

/// The fixture in memory, read from packs alone.
pub(crate) fn source() -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    Source::new(Arc::new(fill(&storage).into_archive()), now())
}

/// The fixture in a folder, with every column in segments.
pub(crate) fn projected(folder: &std::path::Path) -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
    let writer = fill(&storage);
    query::refresh_columns(&writer, true).expect("because the disk works");
    Source::new(Arc::new(writer.into_archive()), now())
}

/// The fixture in a folder, with columns of the first snapshots alone: what came later is a tail.
pub(crate) fn projected_until(folder: &std::path::Path, last: usize) -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
    let mut writer = fill_with(&storage, history(), |number, writer| {
        if number == last {
            query::refresh_columns(writer, true).expect("because the disk works");
        }
    });
    finish(&mut writer);
    Source::new(Arc::new(writer.into_archive()), now())
}
