//! Storage that fails, and crashes between any two writes: nothing committed is lost, nothing half
//! written is seen, and the next try succeeds.

use std::sync::Arc;

use store::{
    Archive, Closing, Fault, FaultStorage, MemoryStorage, Operation, ReadData, RecordingStorage,
    Secrets, Storage, Writer,
};

use crate::support::{Objects, State, create, hour, options, read, reader, write, writer};

fn state(version: u32) -> State {
    let objects = |kind: &str| -> Objects {
        (0..12u32)
            .filter(|n| !(n + version).is_multiple_of(5))
            .map(|n| {
                (
                    format!("{n}"),
                    format!(
                        "{{\"id\":\"{kind}{n}\",\"v\":{}}}",
                        if n % 3 == 0 { version } else { 0 }
                    ),
                )
            })
            .collect()
    };
    ["user", "group"]
        .into_iter()
        .map(|kind| (kind.to_owned(), objects(kind)))
        .collect()
}

/// An archive with two snapshots.
fn two_snapshots() -> MemoryStorage {
    let memory = MemoryStorage::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    create(&storage);
    let mut open = writer(&storage);
    for version in 0..2 {
        write(
            &mut open,
            hour(version.into()),
            &state(version),
            Closing::Unseen,
        )
        .expect("because memory works");
    }
    drop(open);
    memory
}

/// What is done under fault: a snapshot, a tag, a compaction.
fn work(storage: Arc<dyn Storage>) -> store::Result<()> {
    let mut open = Writer::open(storage, &Secrets::default(), options())?;
    if open.archive().snapshots().len() < 3 {
        write(&mut open, hour(2), &state(2), Closing::Unseen)?;
    }
    open.tag("after", Some(3))?;
    open.compact()?;
    Ok(())
}

/// The archive is sound and holds the old snapshots, and the new one whole or not at all.
fn assert_sound(memory: &MemoryStorage, context: &str) {
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let archive = Archive::open(Arc::clone(&storage), &Secrets::default());
    let archive = archive.unwrap_or_else(|error| panic!("{context}: {error}"));
    let count = archive.snapshots().len();
    assert!((2..=3).contains(&count), "{context}: {count} snapshots");
    for at in 0..count {
        let expected = state(u32::try_from(at).expect("because it is small"));
        assert_eq!(
            read(&archive, at).expect("because nothing is damaged"),
            expected,
            "{context}"
        );
    }
    let report = store::check(&archive, ReadData::All).expect("because nothing is damaged");
    assert_eq!(report.problems, Vec::new(), "{context}");
}

#[test]
fn any_operation_may_fail() {
    let before = two_snapshots();
    for fault in [Fault::Before, Fault::After] {
        let mut failed = 0;
        for at in 0.. {
            let memory = before.snapshot();
            let faulty = FaultStorage::new(memory.clone(), at, fault);
            let result = work(Arc::new(faulty.clone()));
            if !faulty.struck() {
                result.expect("because no operation failed");
                break;
            }
            failed += 1;
            let error = result.expect_err("because an operation failed");
            assert!(
                error.to_string().contains("fault injected on purpose"),
                "{error}"
            );
            let context = format!("{fault:?} operation {at}");
            let after_crash = memory.snapshot();
            assert_sound(&after_crash, &context);
            work(Arc::new(after_crash.clone()))
                .unwrap_or_else(|error| panic!("{context}, second try: {error}"));
            assert_sound(&after_crash, &context);
        }
        assert!(failed > 40, "only {failed} operations were reached");
    }
}

#[test]
fn a_crash_between_any_two_writes_leaves_the_old_or_the_new() {
    let before = two_snapshots();
    let recording = RecordingStorage::new(before.snapshot());
    work(Arc::new(recording.clone())).expect("because memory works");
    let writes: Vec<Operation> = recording
        .take()
        .into_iter()
        .filter(|operation| !matches!(operation, Operation::Read(..)))
        .collect();
    assert!(writes.len() > 15, "{} writes", writes.len());
    let mut seen = 2;
    for count in 0..=writes.len() {
        let image = RecordingStorage::<MemoryStorage>::crash_image(&before, &writes, count);
        assert_sound(&image, &format!("crash after {count} writes"));
        let storage: Arc<dyn Storage> = Arc::new(image.clone());
        let snapshots = reader(&storage).snapshots().len();
        assert!(
            snapshots >= seen,
            "a committed snapshot was lost after {count} writes"
        );
        seen = snapshots;
        work(storage).unwrap_or_else(|error| panic!("after {count} writes: {error}"));
        assert_sound(&image, &format!("repaired after {count} writes"));
    }
    assert_eq!(seen, 3);
}

#[test]
fn a_snapshot_that_is_dropped_leaves_nothing_to_see() {
    let memory = two_snapshots();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let mut open = writer(&storage);
    let source = store::Source::default();
    let mut snapshot = open
        .begin(hour(9), source)
        .expect("because the time is fine");
    let kind = snapshot
        .kind("user", store::KindOptions::default())
        .expect("because there is room");
    let object = store::Object {
        key: "new",
        payload: "{}",
        subject: None,
        volatile: "",
    };
    snapshot
        .put(kind, &object, &mut |_| false)
        .expect("because memory works");
    drop(snapshot);
    drop(open);
    assert_eq!(reader(&storage).snapshots().len(), 2);
    assert_sound(&memory, "after a dropped snapshot");
}
