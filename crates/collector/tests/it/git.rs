//! Git histories: one snapshot a commit.

use collector::{Error, ImportRequest, Monitor, import};
use gix::objs::tree::EntryKind;

use crate::repository::Repository;
use crate::support::{Tenant, day, guid, objects_of, reasons, user};

fn request(repository: &Repository) -> ImportRequest {
    ImportRequest {
        path: repository.path().to_owned(),
        ..ImportRequest::default()
    }
}

/// The keys of a kind in every snapshot.
fn states(tenant: &Tenant, kind: &str) -> Vec<Vec<String>> {
    let archive = tenant.archive();
    let snapshots = archive.snapshots().iter();
    snapshots
        .map(|snapshot| {
            objects_of(archive, kind, Some(snapshot))
                .into_keys()
                .collect()
        })
        .collect()
}

#[test]
fn each_commit_that_touches_a_document_is_a_snapshot() {
    let mut repository = Repository::new();
    repository.write("README.md", b"nothing");
    repository.commit(day(1));
    repository.write("users/a.json", user(1, "A").as_bytes());
    let first = repository.commit(day(2));
    repository.write("README.md", b"still nothing");
    repository.commit(day(3));
    repository.write("users/b.json", user(2, "B").as_bytes());
    let second = repository.commit(day(4));
    repository.remove("users/a.json");
    let third = repository.commit(day(5));
    let mut tenant = Tenant::new();
    let report = tenant.import(&request(&repository));
    let versions: Vec<_> = report
        .snapshots
        .iter()
        .map(|one| one.version.clone())
        .collect();
    assert_eq!(versions, [first, second, third].map(|id| id.to_string()));
    let times: Vec<_> = report.snapshots.iter().map(|one| one.taken_at).collect();
    assert_eq!(times, [day(2), day(4), day(5)]);
    assert_eq!(
        states(&tenant, "user"),
        [vec![guid(1)], vec![guid(1), guid(2)], vec![guid(2)]]
    );
    assert_eq!(report.files, 2, "unchanged files are not read again");
    assert_eq!(report.already, 0);
}

#[test]
fn importing_again_continues_where_it_ended() {
    let mut repository = Repository::new();
    repository.write("users/a.json", user(1, "A").as_bytes());
    repository.write("users/b.json", user(2, "B").as_bytes());
    repository.commit(day(1));
    let mut tenant = Tenant::new();
    assert_eq!(tenant.import(&request(&repository)).snapshots.len(), 1);
    repository.write("users/b.json", user(2, "C").as_bytes());
    repository.commit(day(2));
    let report = tenant.import(&request(&repository));
    assert_eq!((report.snapshots.len(), report.already), (1, 1));
    assert_eq!(tenant.versions("user"), 3);
    let report = tenant.import(&request(&repository));
    assert_eq!(
        (report.snapshots.len(), report.already, report.files),
        (0, 2, 0)
    );
}

#[test]
fn a_kind_without_files_is_gone_only_where_that_is_accepted() {
    let mut repository = Repository::new();
    repository.write("users/a.json", user(1, "A").as_bytes());
    repository.write("groups/g.json", b"{\"id\":\"g\",\"displayName\":\"G\"}");
    repository.commit(day(1));
    repository.remove("groups/g.json");
    repository.commit(day(2));
    repository.remove("users/a.json");
    repository.commit(day(3));
    let mut tenant = Tenant::new();
    assert_eq!(tenant.import(&request(&repository)).snapshots.len(), 2);
    assert_eq!(tenant.keys("group"), ["g"]);
    assert_eq!(tenant.keys("user"), [guid(1)]);
    let mut tenant = Tenant::new();
    let accepting = ImportRequest {
        accept_deletions: true,
        ..request(&repository)
    };
    assert_eq!(tenant.import(&accepting).snapshots.len(), 3);
    assert_eq!(
        states(&tenant, "group"),
        [vec!["g".to_owned()], vec![], vec![]]
    );
    assert_eq!(
        states(&tenant, "user"),
        [vec![guid(1)], vec![guid(1)], vec![]]
    );

    // The same where the second commit is imported by another run.
    let mut repository = Repository::new();
    repository.write("users/a.json", user(1, "A").as_bytes());
    repository.write("groups/g.json", b"{\"id\":\"g\",\"displayName\":\"G\"}");
    repository.commit(day(1));
    let mut tenant = Tenant::new();
    let accepting = ImportRequest {
        accept_deletions: true,
        ..request(&repository)
    };
    tenant.import(&accepting);
    repository.remove("groups/g.json");
    repository.commit(day(2));
    tenant.import(&accepting);
    assert_eq!(states(&tenant, "group"), [vec!["g".to_owned()], vec![]]);
}

#[test]
fn references_and_subfolders_choose_what_is_read() {
    let mut repository = Repository::new();
    repository.write("prod/users/a.json", user(1, "A").as_bytes());
    repository.write("test/users/b.json", user(2, "B").as_bytes());
    let first = repository.commit(day(1));
    repository.branch("old", first);
    repository.write("prod/users/c.json", user(3, "C").as_bytes());
    repository.commit(day(2));
    let run = |reference: Option<&str>, subfolder: Option<&str>| {
        let mut tenant = Tenant::new();
        let request = ImportRequest {
            reference: reference.map(str::to_owned),
            subfolder: subfolder.map(str::to_owned),
            ..request(&repository)
        };
        import(&mut tenant.writer, &request, &()).map(|_| tenant.keys("user").len())
    };
    assert_eq!(run(None, None).ok(), Some(3));
    assert_eq!(run(Some("old"), None).ok(), Some(2));
    assert_eq!(run(Some(&first.to_string()), Some("prod")).ok(), Some(1));
    assert_eq!(run(None, Some("prod/users/")).ok(), Some(2));
    let error = run(Some("nowhere"), None).expect_err("because there is no such branch");
    assert_eq!(error.to_string(), "git reference not found: nowhere");
    let error = run(None, Some("nowhere")).expect_err("because there is no such folder");
    assert_eq!(
        error.to_string(),
        "folder in the git history not found: nowhere"
    );
}

#[test]
fn links_and_submodules_are_left_out_and_said_once() {
    let mut repository = Repository::new();
    repository.write("users/a.json", user(1, "A").as_bytes());
    repository.write_as("link", EntryKind::Link, b"/etc/passwd");
    repository.submodule("other");
    repository.commit(day(1));
    repository.write("users/b.json", user(2, "B").as_bytes());
    repository.commit(day(2));
    let mut tenant = Tenant::new();
    let report = tenant.import(&request(&repository));
    assert_eq!(
        reasons(&report),
        [
            "link: is a link: links are not followed",
            "other: is a submodule: its files are another repository's",
        ]
    );
    assert_eq!(tenant.coverage("user").findings.len(), 2);
}

#[test]
fn a_stale_copy_is_told_apart_in_every_commit() {
    let policy = |state: &str| {
        format!(
            "{{\"id\":\"p\",\"displayName\":\"P\",\"conditions\":{{}},\"grantControls\":null,\"state\":\"{state}\"}}"
        )
    };
    let mut repository = Repository::new();
    repository.write("b.json", policy("on").as_bytes());
    repository.commit(day(1));
    repository.write("a.json", policy("off").as_bytes());
    repository.commit(day(2));
    repository.write("users/x.json", user(1, "A").as_bytes());
    repository.commit(day(3));
    repository.remove("a.json");
    repository.commit(day(4));
    let mut tenant = Tenant::new();
    let report = tenant.import(&request(&repository));
    let own = vec!["p".to_owned()];
    let both = vec!["p".to_owned(), "p\u{1f}b.json".to_owned()];
    assert_eq!(
        states(&tenant, "conditional_access_policy"),
        [own.clone(), both.clone(), both, own]
    );
    assert_eq!(reasons(&report), ["b.json: the id is also in a.json"; 1]);
}

#[test]
fn damage_and_cut_histories_are_said_clearly() {
    let mut repository = Repository::new();
    repository.write("users/a.json", user(1, "A").as_bytes());
    let first = repository.commit(day(1));
    repository.write("users/a.json", user(1, "B").as_bytes());
    repository.commit(day(2));
    let mut tenant = Tenant::new();
    std::fs::write(repository.path().join("shallow"), format!("{first}\n"))
        .expect("because it is ours");
    let error =
        import(&mut tenant.writer, &request(&repository), &()).expect_err("because it is cut");
    assert!(error.to_string().contains("shallow clone"), "{error}");
    std::fs::remove_file(repository.path().join("shallow")).expect("because it is ours");
    let object = repository.object_file(first);
    let bytes = std::fs::read(&object).expect("because it is there");
    std::fs::remove_file(&object).expect("because it is ours");
    let error = import(&mut tenant.writer, &request(&repository), &())
        .expect_err("because a commit is gone");
    assert!(
        matches!(&error, Error::Git { reason, .. } if reason.contains(&first.to_string())),
        "{error}"
    );
    std::fs::write(&object, &bytes[..bytes.len() / 2]).expect("because it is ours");
    assert!(import(&mut tenant.writer, &request(&repository), &()).is_err());
    let empty = Repository::new();
    let error = import(&mut tenant.writer, &request(&empty), &()).expect_err("because it is empty");
    assert!(
        error.to_string().contains("no commit to start from"),
        "{error}"
    );
    assert!(!error.to_string().contains('\n'), "{error}");
    assert_eq!(tenant.archive().snapshots().len(), 0);
}

#[test]
fn neither_delta_nor_time_applies() {
    let repository = Repository::new();
    let mut tenant = Tenant::new();
    for request in [
        ImportRequest {
            delta: true,
            ..request(&repository)
        },
        ImportRequest {
            taken_at: Some(day(1)),
            ..request(&repository)
        },
    ] {
        assert!(matches!(
            import(&mut tenant.writer, &request, &()),
            Err(Error::Invalid(_))
        ));
    }
}

/// Stops when the second commit is at hand.
struct AfterOne;

impl Monitor for AfterOne {
    fn report(&self, _: &collector::Progress<'_>) {}

    fn cancelled(&self) -> bool {
        SEEN.with(|seen| {
            seen.set(seen.get() + 1);
            seen.get() > 3
        })
    }
}

thread_local! {
    static SEEN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[test]
fn what_is_committed_before_a_stop_stays() {
    let mut repository = Repository::new();
    for number in 1..=3 {
        repository.write("users/a.json", user(1, &format!("{number}")).as_bytes());
        repository.commit(day(number));
    }
    let mut tenant = Tenant::new();
    let stopped = import(&mut tenant.writer, &request(&repository), &AfterOne);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let done = tenant.archive().snapshots().len();
    assert_eq!(done, 1);
    let report = tenant.import(&request(&repository));
    assert_eq!((report.snapshots.len(), report.already), (2, 1));
}

#[test]
fn a_repository_with_files_is_read_by_its_history() {
    let mut bare = Repository::new();
    bare.write("users/a.json", user(1, "A").as_bytes());
    bare.commit(day(1));
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let inside = folder.path().join(".git");
    let moved = bare.into_folder().keep();
    std::fs::rename(&moved, &inside).expect("because both are temporary");
    let config = std::fs::read_to_string(inside.join("config")).expect("because it is there");
    std::fs::write(
        inside.join("config"),
        config.replace("bare = true", "bare = false"),
    )
    .expect("because it is ours");
    // What lies in the folder and was not committed is no history.
    std::fs::write(folder.path().join("users.jsonl"), user(2, "B")).expect("because it is ours");
    let request = ImportRequest {
        path: folder.path().to_owned(),
        ..ImportRequest::default()
    };
    let mut tenant = Tenant::new();
    assert_eq!(tenant.import(&request).snapshots.len(), 1);
    assert_eq!(tenant.keys("user"), [guid(1)]);
    // Asked for, the files are read instead.
    let files = ImportRequest {
        format: collector::Format::Jsonl,
        ..request
    };
    tenant.import(&files);
    assert_eq!(tenant.keys("user"), [guid(2)]);
}
