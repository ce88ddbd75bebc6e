//! One writer, many readers.

use std::sync::Arc;

use store::{Archive, Closing, Error, LocalStorage, MemoryStorage, Secrets, Storage, Writer};

use crate::support::{Objects, State, create, hour, options, reader, write, writer};

fn state(version: u32) -> State {
    let objects = Objects::from([("1".to_owned(), format!("{{\"v\":{version}}}"))]);
    State::from([("user".to_owned(), objects)])
}

#[test]
fn a_second_writer_is_told_who_holds_the_lock() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let local: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder.path()));
    let memory: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    for storage in [local, memory] {
        create(&storage);
        let first = writer(&storage);
        let error = Writer::open(Arc::clone(&storage), &Secrets::default(), options())
            .expect_err("because it is locked");
        let Error::Locked { holder } = &error else {
            panic!("{error}")
        };
        assert!(
            holder.starts_with(&format!("process {} on ", std::process::id())),
            "{holder}"
        );
        drop(first);
        writer(&storage);
    }
}

#[test]
fn readers_see_the_committed_state_while_a_writer_works() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder.path()));
    create(&storage);
    let mut open = writer(&storage);
    write(&mut open, hour(0), &state(0), Closing::Unseen).expect("because the disk works");
    let before = reader(&storage);
    write(&mut open, hour(1), &state(1), Closing::Unseen).expect("because the disk works");
    assert_eq!(
        before.snapshots().len(),
        1,
        "a reader keeps the moment it was opened at"
    );
    assert_eq!(
        reader(&storage).snapshots().len(),
        2,
        "a new reader follows"
    );
    assert_eq!(
        crate::support::read(&before, 0).expect("because nothing was deleted"),
        state(0)
    );
    drop(open);
}

#[test]
fn what_is_no_archive_is_said_so() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder.path()));
    let error =
        Archive::open(Arc::clone(&storage), &Secrets::default()).expect_err("because it is empty");
    assert_eq!(
        error.to_string(),
        format!("archive not found: {}", folder.path().display())
    );
    create(&storage);
    let again = store::CreateOptions {
        tenant: "contoso".to_owned(),
        slots: vec![store::SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: crate::support::now(),
    };
    let error = Archive::create(&storage, &again).expect_err("because there is one");
    assert_eq!(
        error.to_string(),
        format!(
            "there is already an archive here: {}",
            folder.path().display()
        )
    );
    let text = String::from_utf8(storage.read("archive.toml").expect("because it is there"))
        .expect("because it is text");
    storage
        .put(
            "archive.toml",
            text.replace("format = 1", "format = 2").as_bytes(),
        )
        .expect("because the disk works");
    let error = Archive::open(storage, &Secrets::default()).expect_err("because it is newer");
    assert_eq!(
        error.to_string(),
        "archive.toml has format 2, this program reads up to 1"
    );
}
