//! What the projection is for: what it spares, and that nothing depends on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use query::{Answer, Session, SessionOptions, Source};
use store::{LocalStorage, MemoryStorage, Operation, RecordingStorage, Storage};

use crate::fixture;
use crate::slt::texts;

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("because threads can be made")
}

pub(crate) fn ask(source: &Arc<Source>, sql: &str) -> query::Result<Vec<Vec<String>>> {
    let mut session = Session::new(source, SessionOptions::default())?;
    runtime().block_on(async {
        match session.run(sql, &BTreeMap::new()).await? {
            Answer::Rows(rows) => Ok(texts(&rows.collect().await?)),
            Answer::Pinned(_) => Ok(Vec::new()),
        }
    })
}

const EVERYTHING: [&str; 4] = [
    "select * from users_history order by id, _first_seen",
    "select * from conditional_access_policies_history order by _first_seen",
    "select * from property_changes order by object_id, changed_before, path",
    "select * from \"@first\".objects order by kind, id",
];

fn answers(source: &Arc<Source>) -> Vec<Vec<Vec<String>>> {
    EVERYTHING
        .iter()
        .map(|sql| ask(source, sql).expect("because the archive is sound"))
        .collect()
}

/// The fixture on disk as a new process sees it.
fn reopened(folder: &Path) -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder));
    let archive = fixture::writer(&storage).into_archive();
    Source::new(Arc::new(archive), fixture::now())
}

fn segments(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for kind in std::fs::read_dir(folder.join("columns"))
        .expect("because there are columns")
        .flatten()
    {
        let files = std::fs::read_dir(kind.path()).expect("because it is a folder");
        found.extend(files.flatten().map(|file| file.path()));
    }
    found.sort();
    found
}

#[test]
fn counting_reads_no_column() {
    let recorder = RecordingStorage::new(MemoryStorage::new());
    let storage: Arc<dyn Storage> = Arc::new(recorder.clone());
    let writer = fixture::fill(&storage);
    query::refresh_columns(&writer, true).expect("because the storage works");
    let source = Source::new(Arc::new(writer.into_archive()), fixture::now());
    // Opening reads footers; what counting itself reads is looked at.
    let counted = ask(&source, "select count(*) from users").expect("because it is a question");
    assert_eq!(counted, [["4"]]);
    recorder.take();
    for (sql, expected) in [
        ("select count(*) from users", "4"),
        ("select count(*) from \"@first\".users", "3"),
        ("select count(*) from groups version as of 2", "2"),
        (
            "select count(*) from users for system_time as of '2026-01-08T12:00Z'",
            "3",
        ),
    ] {
        assert_eq!(
            ask(&source, sql).expect("because it is a question"),
            [[expected]]
        );
        let read: Vec<Operation> = recorder
            .take()
            .into_iter()
            .filter(|operation| match operation {
                Operation::Read(path, bytes) => {
                    path.starts_with("packs/") || (path.starts_with("columns/") && *bytes > 4096)
                }
                _ => true,
            })
            .collect();
        assert_eq!(read, [], "{sql}");
    }
}

#[test]
fn every_file_can_be_missing() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let expected = answers(&fixture::projected(folder.path()));
    for segment in segments(folder.path()) {
        let bytes = std::fs::read(&segment).expect("because it is there");
        std::fs::remove_file(&segment).expect("because it is there");
        assert_eq!(
            answers(&reopened(folder.path())),
            expected,
            "without {}",
            segment.display()
        );
        std::fs::write(&segment, bytes).expect("because the disk works");
    }
    std::fs::remove_dir_all(folder.path().join("columns")).expect("because it is there");
    assert_eq!(
        answers(&reopened(folder.path())),
        expected,
        "from packs alone"
    );
}

#[test]
fn every_damage_is_found_and_read_around() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let expected = answers(&fixture::projected(folder.path()));
    let archive = Arc::clone(reopened(folder.path()).archive());
    assert_eq!(
        query::check_columns(&archive, true).expect("because the disk works"),
        []
    );
    for segment in segments(folder.path()) {
        let bytes = std::fs::read(&segment).expect("because it is there");
        let middle = bytes.len() / 2;
        // Every 97th byte, from behind the magic (which nothing reads) over the pages to the footer.
        for at in (4..bytes.len()).step_by(97).chain([middle]) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            std::fs::write(&segment, &flipped).expect("because the disk works");
            let damaged =
                query::check_columns(&archive, true).expect("because damage is no failure");
            let name = format!("{} at {at}", segment.display());
            assert_eq!(damaged.len(), 1, "{name}");
            assert!(segment.ends_with(&damaged[0].path), "{name}");
        }
        for damaged in [&bytes[..middle], &bytes[..0], b"PAR1 not really PARE"] {
            std::fs::write(&segment, damaged).expect("because the disk works");
            assert_eq!(answers(&reopened(folder.path())), expected);
        }
        let mut flipped = bytes.clone();
        flipped[middle / 2] ^= 1;
        std::fs::write(&segment, flipped).expect("because the disk works");
        assert_eq!(answers(&reopened(folder.path())), expected);
        std::fs::write(&segment, bytes).expect("because the disk works");
    }
}

#[test]
fn a_file_of_another_kind_is_not_taken() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let expected = answers(&fixture::projected(folder.path()));
    let all = segments(folder.path());
    for pair in all.windows(2) {
        let (kept, bytes) = (
            std::fs::read(&pair[1]).expect("because it is there"),
            std::fs::read(&pair[0]).expect("because it is there"),
        );
        std::fs::write(&pair[1], bytes).expect("because the disk works");
        assert_eq!(answers(&reopened(folder.path())), expected);
        std::fs::write(&pair[1], kept).expect("because the disk works");
    }
}

#[test]
fn refreshing_twice_changes_nothing() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    fixture::projected(folder.path());
    let before = segments(folder.path());
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(folder.path()));
    let writer = fixture::writer(&storage);
    let report = query::refresh_columns(&writer, true).expect("because the disk works");
    assert_eq!(report, query::RefreshReport::default());
    assert_eq!(segments(folder.path()), before);
}
