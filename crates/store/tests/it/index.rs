//! The index is only ever believed when it is right.

use std::path::Path;
use std::sync::Arc;

use store::{Archive, Closing, LocalStorage, ReadData, Secrets, Storage, Writer};

use crate::support::{Objects, State, create, hour, options, read, reader, write, writer};

fn state(version: u32) -> State {
    let objects: Objects = (0..80u32)
        .map(|n| {
            (
                format!("{n}"),
                format!("{{\"n\":{n},\"v\":{}}}", if n < 5 { version } else { 0 }),
            )
        })
        .collect();
    State::from([("user".to_owned(), objects)])
}

fn archive(root: &Path) -> Arc<dyn Storage> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(root));
    create(&storage);
    let mut open = writer(&storage);
    for version in 0..3 {
        write(
            &mut open,
            hour(version.into()),
            &state(version),
            Closing::Unseen,
        )
        .expect("because the disk works");
    }
    storage
}

fn assert_right(archive: &Archive) {
    assert_eq!(archive.snapshots().len(), 3);
    for version in 0..3u32 {
        assert_eq!(
            read(archive, version as usize).expect("because packs and log are sound"),
            state(version)
        );
    }
}

#[test]
fn a_missing_or_cut_index_is_rebuilt() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let storage = archive(folder.path());
    let path = folder.path().join("index.redb");
    let bytes = std::fs::read(&path).expect("because the index is there");
    std::fs::remove_file(&path).expect("because the index is there");
    assert_right(&reader(&storage));
    assert!(path.exists(), "opening made it anew");
    for length in [0, 1, 100, 4096, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).expect("because the disk works");
        assert_right(&reader(&storage));
    }
    std::fs::write(&path, b"not a database at all").expect("because the disk works");
    assert_right(&reader(&storage));
    let report = store::check(&reader(&storage), ReadData::All).expect("because checking works");
    assert_eq!(report.problems, Vec::new());
}

#[test]
fn flipped_bytes_never_give_a_wrong_answer() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let storage = archive(folder.path());
    let path = folder.path().join("index.redb");
    let bytes = std::fs::read(&path).expect("because the index is there");
    let mut random = 12345u64;
    let mut refused = 0;
    for _ in 0..150 {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(random >> 33).expect("because it has 31 bits") % bytes.len();
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (random % 8);
        std::fs::write(&path, &flipped).expect("because the disk works");
        let opened = reader(&storage);
        let answers: Result<Vec<State>, _> = (0..opened.snapshots().len())
            .map(|at| read(&opened, at))
            .collect();
        match answers {
            Ok(answers) => assert_eq!(answers, (0..3).map(state).collect::<Vec<_>>(), "byte {at}"),
            // A row that was not read while opening: the index says that it cannot be used.
            Err(error) => {
                assert!(
                    matches!(error, store::Error::Index(_)),
                    "byte {at}: {error}"
                );
                refused += 1;
                drop(opened);
                let rebuilt = Writer::rebuild(Arc::clone(&storage), &Secrets::default(), options());
                assert_right(rebuilt.expect("because packs and log are sound").archive());
            }
        }
    }
    assert!(refused < 150, "most flips hit unused or repairable pages");
}

#[test]
fn a_rolled_back_log_is_refused() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let storage = archive(folder.path());
    let checkpoint = storage.read("log/checkpoint").expect("because it is there");
    let mut open = writer(&storage);
    write(&mut open, hour(9), &state(9), Closing::Unseen).expect("because the disk works");
    drop(open);
    storage
        .put("log/checkpoint", &checkpoint)
        .expect("because the disk works");
    let error = Archive::open(Arc::clone(&storage), &Secrets::default())
        .expect_err("because the log was rolled back");
    assert_eq!(
        error.to_string(),
        "log/checkpoint is damaged: it has size 4, but the index has already seen size 5: the log was rolled back; \
         delete index.redb to accept that"
    );
    std::fs::remove_file(folder.path().join("index.redb")).expect("because it is there");
    assert_right(&reader(&storage));
}
