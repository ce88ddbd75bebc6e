//! What a writer makes of objects: versions, reopened versions, clashes, events, volatile values.

use std::sync::Arc;

use store::{
    Closing, Commit, Coverage, CoverageState, Finding, KindOptions, MemoryStorage, Object, Put,
    Source, Storage, Verdict, Writer,
};

use crate::support::{create, hour, reader, writer};

fn object<'a>(key: &'a str, payload: &'a str) -> Object<'a> {
    Object {
        key,
        payload,
        subject: None,
        volatile: "",
    }
}

/// Runs one snapshot with a single complete kind.
fn snapshot(
    open: &mut Writer,
    at: i64,
    options: KindOptions,
    mut body: impl FnMut(&mut store::SnapshotWriter<'_>, store::KindHandle),
) -> Commit {
    let mut snapshot = open
        .begin(hour(at), Source::default())
        .expect("because the time is fine");
    let kind = snapshot
        .kind("group", options)
        .expect("because there is room");
    body(&mut snapshot, kind);
    snapshot.cover(kind, Coverage::default(), Closing::Unseen);
    snapshot
        .commit(&at.to_string())
        .expect("because memory works")
}

fn storage() -> Arc<dyn Storage> {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    create(&storage);
    storage
}

#[test]
fn a_value_that_comes_back_reopens_its_version() {
    let storage = storage();
    let mut open = writer(&storage);
    let puts: Vec<Put> = ["{\"v\":1}", "{\"v\":2}", "{\"v\":1}", "{\"v\":1}"]
        .into_iter()
        .zip(0..)
        .map(|(payload, at)| {
            let mut put = None;
            snapshot(&mut open, at, KindOptions::default(), |snapshot, kind| {
                put = Some(
                    snapshot
                        .put(kind, &object("a", payload), &mut |_| false)
                        .expect("because memory works"),
                );
            });
            put.expect("because the snapshot ran")
        })
        .collect();
    assert_eq!(
        puts,
        [Put::New(0), Put::New(1), Put::Reopened(0), Put::Same(0)]
    );
    let archive = open.archive();
    let kind = archive
        .kind("group")
        .expect("because it was written")
        .number;
    assert_eq!(
        archive
            .object_versions(kind, "a")
            .expect("because nothing is damaged"),
        [1, 0]
    );
    let changes = archive
        .state_changes(kind)
        .expect("because nothing is damaged");
    let lives: Vec<(Vec<u32>, Vec<u32>)> = changes
        .iter()
        .map(|c| (c.opened.iter().collect(), c.closed.iter().collect()))
        .collect();
    assert_eq!(
        lives,
        [
            (vec![0], vec![]),
            (vec![1], vec![0]),
            (vec![0], vec![1]),
            (vec![], vec![])
        ]
    );
}

#[test]
fn an_equivalent_content_is_the_same_version() {
    let storage = storage();
    let mut open = writer(&storage);
    snapshot(&mut open, 0, KindOptions::default(), |snapshot, kind| {
        snapshot
            .put(kind, &object("a", "[1,2]"), &mut |_| false)
            .expect("because memory works");
    });
    snapshot(&mut open, 1, KindOptions::default(), |snapshot, kind| {
        let put = snapshot.put(kind, &object("a", "[2,1]"), &mut |old| old == "[1,2]");
        assert_eq!(put.expect("because memory works"), Put::Same(0));
    });
}

#[test]
fn two_contents_of_one_object_in_one_snapshot_clash() {
    let storage = storage();
    let mut open = writer(&storage);
    snapshot(&mut open, 0, KindOptions::default(), |snapshot, kind| {
        let mut put = |payload| {
            snapshot
                .put(kind, &object("a", payload), &mut |_| false)
                .expect("because memory works")
        };
        assert_eq!(
            (put("1"), put("1"), put("2")),
            (Put::New(0), Put::Same(0), Put::Clash(0))
        );
        assert_eq!(
            snapshot.seen(kind, "a").expect("because memory works"),
            Some(0)
        );
        snapshot.unsee(kind, 0);
        let put = snapshot
            .put(kind, &object("a", "2"), &mut |_| false)
            .expect("because memory works");
        assert_eq!(put, Put::New(1));
    });
    let archive = open.archive();
    let kind = archive
        .kind("group")
        .expect("because it was written")
        .number;
    let alive = archive
        .alive(kind, &archive.snapshots()[0])
        .expect("because nothing is damaged");
    assert_eq!(alive.iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn events_are_kept_once_and_for_ever() {
    let storage = storage();
    let mut open = writer(&storage);
    let events = KindOptions { events: true };
    let commit = snapshot(&mut open, 0, events, |snapshot, kind| {
        let mut put = |key, payload| {
            snapshot
                .put(kind, &object(key, payload), &mut |_| false)
                .expect("because memory works")
        };
        assert_eq!((put("e1", "1"), put("e2", "2")), (Put::New(0), Put::New(1)));
        assert_eq!(
            (put("e1", "1"), put("e1", "other")),
            (Put::Same(0), Put::Clash(0))
        );
    });
    let Commit::Made(summary) = commit else {
        panic!("{commit:?}")
    };
    assert_eq!(summary.record.act, "events");
    snapshot(&mut open, 1, events, |snapshot, kind| {
        assert_eq!(
            snapshot
                .put(kind, &object("e3", "3"), &mut |_| false)
                .expect("because memory works"),
            Put::New(2)
        );
    });
    drop(open);
    let archive = reader(&storage);
    assert_eq!(archive.snapshots(), [], "events are no state of the tenant");
    assert_eq!(
        archive
            .kind("group")
            .expect("because it was written")
            .versions,
        3
    );
}

#[test]
fn the_same_input_at_the_same_time_is_no_news() {
    let storage = storage();
    let mut open = writer(&storage);
    let run = |open: &mut Writer| {
        snapshot(open, 0, KindOptions::default(), |snapshot, kind| {
            snapshot
                .put(kind, &object("a", "1"), &mut |_| false)
                .expect("because memory works");
        })
    };
    let Commit::Made(first) = run(&mut open) else {
        panic!("the first is news")
    };
    let files = storage.list("packs").expect("because memory works");
    assert_eq!(run(&mut open), Commit::Unchanged(first.snapshot));
    assert_eq!(
        storage.list("packs").expect("because memory works"),
        files,
        "nothing was written"
    );
}

#[test]
fn volatile_values_make_no_version_and_can_be_read_at_any_time() {
    let storage = storage();
    let mut open = writer(&storage);
    for (at, seen) in [
        (0, "{\"seen\":1}"),
        (1, "{\"seen\":2}"),
        (2, ""),
        (900, "{\"seen\":3}"),
    ] {
        snapshot(&mut open, at, KindOptions::default(), |snapshot, kind| {
            let object = Object {
                volatile: seen,
                ..object("a", "1")
            };
            let put = snapshot
                .put(kind, &object, &mut |_| false)
                .expect("because memory works");
            assert_eq!(put.ordinal(), 0);
        });
    }
    let values = |open: &Writer| {
        let archive = open.archive();
        let kind = archive
            .kind("group")
            .expect("because it was written")
            .number;
        let at = |number| {
            archive
                .volatile(kind, number)
                .expect("because nothing is damaged")
                .remove(&0)
        };
        [1, 2, 3, 4].map(|number| at(number).unwrap_or_default())
    };
    assert_eq!(
        values(&open),
        [
            "{\"seen\":1}",
            "{\"seen\":2}",
            "{\"seen\":2}",
            "{\"seen\":3}"
        ]
    );
    open.compact().expect("because memory works");
    // The first of each month and the newest are kept.
    assert_eq!(
        values(&open),
        [
            "{\"seen\":1}",
            "{\"seen\":1}",
            "{\"seen\":1}",
            "{\"seen\":3}"
        ]
    );
}

#[test]
fn coverage_and_findings_are_kept_in_the_record() {
    let storage = storage();
    let mut open = writer(&storage);
    let mut snapshot = open
        .begin(hour(0), Source::default())
        .expect("because the time is fine");
    let kind = snapshot
        .kind("group", KindOptions::default())
        .expect("because there is room");
    let mut coverage = Coverage {
        state: CoverageState::Partial,
        objects: 7,
        ..Coverage::default()
    };
    for n in 0..1200 {
        let (file, place) = (format!("f{n}.json"), "line 1".to_owned());
        let verdict = if n % 2 == 0 {
            Verdict::Rejected
        } else {
            Verdict::Doubtful
        };
        coverage.add(Finding {
            file,
            place,
            reason: "not JSON".to_owned(),
            verdict,
        });
    }
    snapshot.cover(kind, coverage, Closing::Keep);
    snapshot.commit("x").expect("because memory works");
    let record = open
        .archive()
        .record(1)
        .expect("because nothing is damaged");
    let coverage = &record.kinds[0].coverage;
    assert_eq!(
        (
            coverage.rejected,
            coverage.doubtful,
            coverage.findings.len()
        ),
        (600, 600, 1000)
    );
    assert_eq!(coverage.state, CoverageState::Partial);
}

#[test]
fn tags_name_snapshots_until_they_are_taken_away() {
    let storage = storage();
    let mut open = writer(&storage);
    snapshot(&mut open, 0, KindOptions::default(), |_, _| {});
    assert!(open.tag("before", Some(1)).expect("because memory works"));
    assert!(
        !open.tag("before", Some(1)).expect("because memory works"),
        "nothing changed"
    );
    let error = open
        .tag("x", Some(9))
        .expect_err("because there is no snapshot 9");
    assert_eq!(error.to_string(), "snapshot not found: 9");
    drop(open);
    assert_eq!(reader(&storage).tags(), [("before".to_owned(), 1)]);
    let mut open = writer(&storage);
    assert!(open.tag("before", None).expect("because memory works"));
    assert_eq!(open.archive().tags(), []);
}

#[test]
fn compaction_repeats_no_volatile_values_that_lie_in_a_pack_that_stays() {
    let storage = storage();
    let mut open = writer(&storage);
    let mut state = 1u32;
    let mut random = |length: usize| -> String {
        let letters = (0..length).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'0' + (state >> 26) as u8)
        });
        letters.filter(char::is_ascii_alphanumeric).collect()
    };
    // Too long for its pack to be rewritten.
    let long = format!("\"{}\"", random(20 << 20));
    let seen: Vec<String> = (0..300)
        .map(|_| format!("{{\"seen\":\"{}\"}}", random(60)))
        .collect();
    let later = ["{\"seen\":\"later\"}", "{\"seen\":\"still later\"}"];
    for (at, first) in [&*seen[0], later[0], later[1]].into_iter().enumerate() {
        let at = i64::try_from(at).expect("because three is a small number");
        snapshot(&mut open, at, KindOptions::default(), |snapshot, kind| {
            let mut put = |object: Object<'_>| {
                let put = snapshot.put(kind, &object, &mut |_| false);
                put.expect("because memory works");
            };
            put(object("long", &long));
            for (number, seen) in seen.iter().enumerate() {
                put(Object {
                    // Later only the first one's values moved.
                    volatile: match (number, at) {
                        (0, _) => first,
                        (_, 0) => seen,
                        _ => "",
                    },
                    ..object(&number.to_string(), "1")
                });
            }
        });
    }
    let newest = |open: &Writer| {
        let archive = open.archive();
        let kind = archive.kind("group").expect("because it was written");
        let values = archive.volatile(kind.number, 3);
        values.expect("because nothing is damaged")
    };
    let before = newest(&open);
    assert_eq!((before.len(), &*before[&1]), (300, later[1]));
    let report = open.compact().expect("because memory works");
    assert!(
        report.packs.1 < report.packs.0 && report.pack_bytes.1 < report.pack_bytes.0,
        "{report:?}"
    );
    assert_eq!(newest(&open), before);
}
