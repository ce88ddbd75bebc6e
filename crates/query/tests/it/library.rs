//! The library over archives: every shipped file is planned and run, and rules keep their contract.

use std::collections::BTreeMap;
use std::sync::Arc;

use query::{
    Answer, Entry, Folder, Hunter, Library, Looked, ParameterType, Session, SessionOptions,
    Severity, Source,
};
use store::{
    Archive, Closing, Coverage, CreateOptions, KindOptions, MemoryStorage, Object, SlotChoice,
    Storage,
};

use crate::columns::runtime;
use crate::fixture;

/// A value for each parameter that has no default.
fn required(entry: &Entry) -> BTreeMap<String, String> {
    let missing = entry
        .parameters
        .iter()
        .filter(|parameter| parameter.default.is_none());
    missing
        .map(|parameter| {
            let value = match parameter.of_type {
                ParameterType::Text => "it's",
                ParameterType::Integer => "3",
                ParameterType::Time | ParameterType::Revision => "latest",
                ParameterType::Interval => "12h",
            };
            (parameter.name.clone(), value.to_owned())
        })
        .collect()
}

fn hunt(source: &Arc<Source>, rule: &Entry) -> query::Result<Looked> {
    let mut session = Session::new(source, SessionOptions::default())?;
    let mut hunter = Hunter::new(&mut session)?;
    runtime().block_on(hunter.run(rule, &BTreeMap::new()))
}

/// An archive with one snapshot of one user.
fn newborn() -> Arc<Source> {
    const ALICE: &str =
        r#"{"displayName":"Alice","id":"u1","userPrincipalName":"svc.alice@contoso.example"}"#;
    archive("user", &[("2026-01-05T02:00:00Z", &[("u1", ALICE)])])
}

/// An archive of one kind: times of the snapshots, with the ids and texts of their objects.
fn archive(kind: &str, snapshots: &[(&str, &[(&str, &str)])]) -> Arc<Source> {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let options = CreateOptions {
        tenant: "contoso".to_owned(),
        slots: vec![SlotChoice::Unprotected],
        tool: "test".to_owned(),
        now: fixture::now(),
    };
    Archive::create(&storage, &options).expect("because the storage works");
    let mut writer = fixture::writer(&storage);
    for (time, objects) in snapshots {
        let mut snapshot = writer
            .begin(fixture::time(time), store::Source::default())
            .expect("because the time is fine");
        let kind = snapshot
            .kind(kind, KindOptions::default())
            .expect("because there is room");
        for (key, payload) in *objects {
            let object = Object {
                key,
                payload,
                subject: None,
                volatile: "",
            };
            snapshot
                .put(kind, &object, &mut |_| false)
                .expect("because the storage works");
        }
        snapshot.cover(kind, Coverage::default(), Closing::Unseen);
        snapshot.commit(time).expect("because the storage works");
    }
    Source::new(Arc::new(writer.into_archive()), fixture::now())
}

#[test]
fn an_action_that_is_protected_no_more_is_found() {
    let action = |id: &str, context: &str| {
        format!(
            r#"{{"authenticationContextId":{context},"id":"{id}","name":"microsoft.directory/{id}"}}"#
        )
    };
    let day = |contexts: [&str; 3]| {
        ["a", "b", "c"]
            .into_iter()
            .zip(contexts)
            .map(|(id, context)| (id, action(id, context)))
            .collect::<Vec<_>>()
    };
    let (then, now) = (
        day([r#""c1""#, r#""c1""#, "null"]),
        day(["null", r#""c2""#, r#""c1""#]),
    );
    let [then, now] = [&then, &now].map(|day| {
        day.iter()
            .map(|(id, text)| (*id, text.as_str()))
            .collect::<Vec<_>>()
    });
    let source = archive(
        "resource_action",
        &[
            ("2026-01-05T02:00:00Z", &then),
            ("2026-01-06T02:00:00Z", &now),
        ],
    );
    let library = Library::shipped();
    let rule = library.rules().find(|rule| rule.id == "action-unprotected");
    let looked = hunt(&source, rule.expect("because it is shipped"));
    let looked = looked.unwrap_or_else(|error| panic!("{error}"));
    let mut found: Vec<_> = looked
        .findings
        .iter()
        .map(|finding| {
            (
                finding.object_id.as_deref().unwrap_or_default(),
                finding.severity,
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("a", Severity::High), ("b", Severity::Medium)]);
    assert!(looked.could_look);
}

#[test]
fn every_shipped_file_runs_on_an_archive_that_knows_next_to_nothing() {
    let source = newborn();
    let library = Library::shipped();
    assert!(library.rules().count() >= 24 && library.queries().count() >= 18);
    for rule in library.rules() {
        let looked = hunt(&source, rule).unwrap_or_else(|error| panic!("{}: {error}", rule.file));
        assert_eq!(looked.findings, [], "{}", rule.id);
        let needs_user = rule.needs.iter().any(|kind| kind == "user");
        assert_eq!(
            looked.could_look,
            rule.needs.is_empty() || needs_user,
            "{}",
            rule.id
        );
        let others = rule.needs.iter().filter(|kind| *kind != "user");
        assert_eq!(
            looked.unread.iter().collect::<Vec<_>>(),
            others.collect::<Vec<_>>()
        );
    }
    for query in library.queries() {
        let mut session =
            Session::new(&source, SessionOptions::default()).expect("because the archive is sound");
        let sql = query
            .statement(&required(query), &source)
            .unwrap_or_else(|error| panic!("{}: {error}", query.file));
        let rows = runtime().block_on(async {
            match session.run(&sql, &BTreeMap::new()).await? {
                Answer::Rows(rows) => rows.collect().await,
                Answer::Pinned(_) => panic!("{} asks nothing", query.id),
            }
        });
        rows.unwrap_or_else(|error| panic!("{}: {error}", query.file));
    }
}

/// Rules of somebody's own, by id.
fn own(files: &[(&str, &str)]) -> (tempfile::TempDir, Library) {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    for (name, sql) in files {
        let text = format!(
            "-- id: {name}\n-- title: Test\n-- severity: low\n-- description: A test.\n{sql}\n"
        );
        std::fs::write(folder.path().join(format!("{name}.sql")), text)
            .expect("because the folder can be written");
    }
    let own = Folder {
        path: folder.path().to_owned(),
        rules_only: true,
    };
    let library = Library::with(&[own]).expect("because the folder can be listed");
    (folder, library)
}

#[test]
fn rows_that_break_the_contract_name_the_rule_and_the_column() {
    let broken = [
        (
            "lacks",
            "select taken_at as at, 'x' as kind, 'y' as object_id, 'z' as display_name from snapshots",
            "lacks has no column evidence (what was seen, in one line)",
        ),
        (
            "mistyped",
            "select 'then' as at, '' as kind, '' as object_id, '' as display_name, '' as evidence",
            "the column at of mistyped is Utf8: it must be a timestamp",
        ),
        (
            "number",
            "select taken_at as at, '' as kind, 1 as object_id, '' as display_name, '' as evidence from snapshots",
            "the column object_id of number is Int64: it must be text",
        ),
        (
            "misspelt",
            "select taken_at as at, '' as kind, '' as object_id, '' as display_name, '' as evidence, 'high' as severty from snapshots",
            "misspelt: there is no column \"severty\": did you mean severity?",
        ),
        (
            "timeless",
            "select cast(null as timestamp) as at, '' as kind, '' as object_id, '' as display_name, '' as evidence",
            "a row of timeless has no time in its column at",
        ),
        (
            "severe",
            "select taken_at as at, '' as kind, '' as object_id, '' as display_name, '' as evidence, 'bad' as severity from snapshots",
            "the column severity of severe: \"bad\" is no severity",
        ),
    ];
    let files: Vec<(&str, &str)> = broken.iter().map(|(name, sql, _)| (*name, *sql)).collect();
    let (_folder, library) = own(&files);
    let source = fixture::source();
    for (name, _, words) in broken {
        let rule = library.rule(name).expect("because it is well formed");
        let error = hunt(&source, rule).expect_err(name).to_string();
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn rows_become_findings_with_the_rules_severity_or_their_own() {
    let sql = "select taken_at as at, 'snapshot' as kind, snapshot_id as object_id, 'S' as display_name, 'seen' as evidence, \
               case when taken_at < timestamp '2026-01-06' then 'critical' end as severity from snapshots order by at desc";
    let (_folder, library) = own(&[("snapshots-seen", sql)]);
    let rule = library
        .rule("snapshots-seen")
        .expect("because it is well formed");
    let looked = hunt(&fixture::source(), rule).expect("because it keeps the contract");
    let severities: Vec<Severity> = looked
        .findings
        .iter()
        .map(|finding| finding.severity)
        .collect();
    let low = Severity::Low;
    assert_eq!(severities, [Severity::Critical, low, low, low, low]);
    assert_eq!(looked.findings[0].at, fixture::time("2026-01-05T02:00:00Z"));
    assert_eq!(looked.findings[0].evidence.as_deref(), Some("seen"));
    assert_eq!(looked.findings[0].actor, None);
}

#[test]
fn a_session_that_is_pinned_hunts_up_to_its_moment() {
    let library = Library::shipped();
    let rule = library
        .rule("ca-policy-disabled")
        .expect("because it is shipped");
    let source = fixture::source();
    let whole = hunt(&source, rule).expect("because the archive is sound");
    let [found] = whole.findings.as_slice() else {
        panic!("the policy was disabled once: {:?}", whole.findings);
    };
    assert_eq!(
        found.evidence.as_deref(),
        Some("state: enabled -> disabled")
    );
    assert_eq!(found.severity, Severity::Critical);
    let options = SessionOptions {
        as_of: Some("2026-01-07".to_owned()),
        ..SessionOptions::default()
    };
    let mut session = Session::new(&source, options).expect("because there is a snapshot");
    let mut hunter = Hunter::new(&mut session).expect("because the archive is sound");
    let looked = runtime()
        .block_on(hunter.run(rule, &BTreeMap::new()))
        .expect("because the archive is sound");
    assert_eq!(looked.findings, []);
}

#[test]
fn values_are_put_in_as_their_type_says_and_what_does_not_fit_is_refused() {
    let header = "-- id: takes\n-- title: T\n-- description: D.\n-- parameters:\n--   word text: w\n--   n integer = 3: n\n\
                  --   at time = first: t\n--   rev revision = latest: r\n--   span interval = 2w: s\n";
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let sql =
        "select $word as w, $n as n, $at as t, $rev as r, $span as s, '$word' as text -- $word";
    std::fs::write(folder.path().join("takes.sql"), format!("{header}{sql};\n"))
        .expect("because the folder can be written");
    let own = Folder {
        path: folder.path().to_owned(),
        rules_only: false,
    };
    let library = Library::with(&[own]).expect("because the folder can be listed");
    let entry = library.entry("takes").expect("because it is well formed");
    let source = fixture::source();
    let filled = |given: &[(&str, &str)]| {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        entry
            .statement(&given, &source)
            .map(|sql| sql.replacen(header, "", 1))
    };
    assert_eq!(
        filled(&[("word", "007's")]).expect("because all have values"),
        "select '007''s' as w, 3 as n, TIMESTAMP '2026-01-05T02:00:00Z' as t, 'latest' as r, INTERVAL '14 days' as s, '$word' as text -- $word;"
            .trim_end_matches(';')
    );
    assert!(
        filled(&[
            ("word", "x"),
            ("at", "2026-01-07T12:00Z"),
            ("n", "-1"),
            ("span", "90")
        ])
        .is_ok_and(
            |sql| sql.contains("-1 as n, TIMESTAMP '2026-01-07T12:00:00Z' as t")
                && sql.contains("INTERVAL '90 days'")
        )
    );
    for (given, words) in [
        (
            &[][..],
            "takes needs word, w: give it with --param word=VALUE",
        ),
        (
            &[("word", "x"), ("wrd", "y")][..],
            "takes: there is no parameter \"wrd\": did you mean word?",
        ),
        (
            &[("word", "x"), ("n", "many")][..],
            "\"many\" is no value of the parameter n: it takes a whole number",
        ),
        (
            &[("word", "x"), ("span", "soon")][..],
            "\"soon\" is no value of the parameter span",
        ),
        (&[("word", "x"), ("rev", "tag:none")][..], "there is no tag"),
    ] {
        let error = filled(given).expect_err(words).to_string();
        assert!(error.starts_with(words), "{error}");
    }
}
