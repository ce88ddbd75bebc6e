//! What a scan decides itself must not change an answer: neither where its rows come from, nor how far
//! the session may see.

use std::collections::BTreeMap;
use std::sync::Arc;

use query::{Answer, Session, SessionOptions, Source};
use store::{MemoryStorage, Operation, RecordingStorage, Storage};

use crate::columns::{ask, runtime};
use crate::fixture;
use crate::slt::texts;

/// Statements whose filters, limits and ids reach the scan, with the answers that the history of the
/// fixture gives.
const QUESTIONS: [(&str, &[&[&str]]); 16] = [
    (
        "select count(*) from users for system_time as of '2026-01-06T12:00Z' where not account_enabled",
        &[&["1"]],
    ),
    (
        "select display_name from users where not account_enabled",
        &[],
    ),
    (
        "select display_name from users where account_enabled and job_title = 'Manager'",
        &[&["Alice"]],
    ),
    (
        "select display_name from users where job_title <> 'Manager'",
        &[&["Dave"]],
    ),
    (
        "select display_name from users where job_title is null order by 1",
        &[&["Bob"], &["Carol"]],
    ),
    (
        "select count(*) from (select id from users where display_name like '%a%' limit 2)",
        &[&["2"]],
    ),
    (
        "select display_name from users where id = 'bbbbbbbb-0000-4000-8000-000000000002'",
        &[&["Bob"]],
    ),
    (
        "select display_name from users where id = 'BBBBBBBB-0000-4000-8000-000000000002'",
        &[],
    ),
    (
        "select display_name from users where id in ('bbbbbbbb-0000-4000-8000-000000000002', 'x') and length(display_name) = 3",
        &[&["Bob"]],
    ),
    (
        "select count(*), count(distinct _version) from users_history where id = 'bbbbbbbb-0000-4000-8000-000000000002'",
        &[&["3", "2"]],
    ),
    (
        "select count(*), count(_gone_at) from group_members_history where group_id = '22222222-0000-4000-8000-000000000002'",
        &[&["3", "1"]],
    ),
    (
        "select count(*) from group_members where group_id = '22222222-0000-4000-8000-000000000002'",
        &[&["2"]],
    ),
    (
        "select count(*) from \"@first\".group_members where group_id = '22222222-0000-4000-8000-000000000002'",
        &[&["3"]],
    ),
    (
        "select group_id from group_members where id = 'aaaaaaaa-0000-4000-8000-000000000001' order by 1",
        &[
            &["11111111-0000-4000-8000-000000000001"],
            &["22222222-0000-4000-8000-000000000002"],
        ],
    ),
    (
        "select display_name from users for system_time as of '2026-01-05T12:00Z' where sign_in_activity is not null order by 1",
        &[&["Alice"], &["Bob"], &["Carol"]],
    ),
    (
        "select id from directory_audits where correlation_id = 'c-e2' and result = 'success'",
        &[&["e2"]],
    ),
];

fn assert_answers(source: &Arc<Source>, rows_from: &str) {
    for (sql, expected) in QUESTIONS {
        let answer = ask(source, sql).expect("because it is a question");
        assert_eq!(answer, expected, "{sql}, rows from {rows_from}");
    }
}

#[test]
fn answers_do_not_depend_on_where_rows_come_from() {
    assert_answers(&fixture::source(), "packs");
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    assert_answers(&fixture::projected(folder.path()), "segments");
    for last in 1..5 {
        let folder = tempfile::tempdir().expect("because there is a temporary folder");
        let source = fixture::projected_until(folder.path(), last);
        assert_answers(
            &source,
            &format!("segments until snapshot {last}, and a tail"),
        );
        // What was decoded once is used again.
        assert_answers(&source, "memory");
    }
}

#[test]
fn answers_do_not_depend_on_what_is_damaged() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let archive = Arc::clone(fixture::projected_until(folder.path(), 2).archive());
    let kinds = archive.kinds();
    for kind in &kinds {
        let path = format!("columns/{}", kind.number.0);
        for (path, bytes) in archive.storage().list(&path).expect("because it is there") {
            let sound = std::fs::read(folder.path().join(&path)).expect("because it is there");
            let length = usize::try_from(bytes).expect("because it is small");
            let mut damaged = sound.clone();
            damaged[length / 2] ^= 0x04;
            std::fs::write(folder.path().join(&path), damaged).expect("because the disk works");
            let storage: Arc<dyn Storage> = Arc::new(store::LocalStorage::new(folder.path()));
            let archive = Arc::new(fixture::writer(&storage).into_archive());
            assert_answers(
                &Source::new(archive, fixture::now()),
                &format!("{path}, damaged"),
            );
            std::fs::write(folder.path().join(&path), sound).expect("because the disk works");
        }
    }
}

#[test]
fn a_pinned_session_does_not_learn_what_came_later() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let projected = fixture::projected(folder.path());
    for source in [fixture::source(), projected] {
        let options = SessionOptions {
            as_of: Some("2026-01-05T12:00Z".to_owned()),
            ..SessionOptions::default()
        };
        let mut session = Session::new(&source, options).expect("because the moment is known");
        for (sql, expected) in [
            (
                "select count(*) from users_history where id = 'bbbbbbbb-0000-4000-8000-000000000002'",
                "1",
            ),
            (
                "select count(*) from users_history where not account_enabled",
                "0",
            ),
            (
                "select count(_gone_at) from group_members_history where group_id = '22222222-0000-4000-8000-000000000002'",
                "0",
            ),
            (
                "select count(*) from users where id = 'dddddddd-0000-4000-8000-000000000004'",
                "0",
            ),
        ] {
            let rows = runtime().block_on(async {
                match session.run(sql, &BTreeMap::new()).await? {
                    Answer::Rows(rows) => Ok(texts(&rows.collect().await?)),
                    Answer::Pinned(_) => Ok(Vec::new()),
                }
            });
            let rows: query::Result<Vec<Vec<String>>> = rows;
            assert_eq!(
                rows.expect("because it is a question"),
                [[expected]],
                "{sql}"
            );
        }
    }
}

#[test]
fn a_filter_that_fails_fails_only_where_the_engine_asks_it() {
    let source = fixture::source();
    // Only Bob's name has three letters, and he is filtered out before the division.
    let sql = "select count(*) from users where display_name <> 'Bob' and 10 / (length(display_name) - 3) > 0";
    assert_eq!(
        ask(&source, sql).expect("because nobody divides by zero"),
        [["3"]]
    );
}

#[test]
fn what_was_asked_before_is_answered_from_memory() {
    let recorder = RecordingStorage::new(MemoryStorage::new());
    let storage: Arc<dyn Storage> = Arc::new(recorder.clone());
    let writer = fixture::fill(&storage);
    query::refresh_columns(&writer, true).expect("because the storage works");
    let source = Source::new(Arc::new(writer.into_archive()), fixture::now());
    let sql = "select count(*) from users_history where job_title = 'Engineer'";
    let first = ask(&source, sql).expect("because it is a question");
    // The column may be read only when reading versions one by one has cost as much.
    for _ in 0..9 {
        ask(&source, sql).expect("because it is a question");
    }
    recorder.take();
    assert_eq!(ask(&source, sql).expect("because it is a question"), first);
    let read: Vec<Operation> = recorder.take();
    assert_eq!(read, []);
}

#[test]
fn lists_of_ids_are_derived() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let source = fixture::projected(folder.path());
    let ids = |source: &Arc<Source>| -> Vec<String> {
        let kinds = source.archive().kinds();
        let files = kinds.iter().flat_map(|kind| {
            let path = format!("columns/{}", kind.number.0);
            source
                .archive()
                .storage()
                .list(&path)
                .expect("because the disk works")
        });
        let paths = files.map(|(path, _)| path);
        paths
            .filter(|path| std::path::Path::new(path).extension() == Some("ids".as_ref()))
            .collect()
    };
    let all = ids(&source);
    assert_eq!(
        all.len(),
        source.archive().kinds().len(),
        "one beside each segment"
    );
    for path in &all {
        std::fs::remove_file(folder.path().join(path)).expect("because it is there");
    }
    assert_answers(&source, "segments without lists of ids");
    drop(source);
    // The next writer makes them anew, byte for byte.
    let storage: Arc<dyn Storage> = Arc::new(store::LocalStorage::new(folder.path()));
    let writer = fixture::writer(&storage);
    let report = query::refresh_columns(&writer, false).expect("because the disk works");
    assert_eq!(report.segments, 0);
    assert!(report.bytes > 0);
    let source = Source::new(Arc::new(writer.into_archive()), fixture::now());
    assert_eq!(ids(&source), all);
}
