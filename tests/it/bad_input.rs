//! What cannot be done is refused in words of its own, with a code a script can act on, and nothing is lost.

use std::fs;

use crate::programs::{PROGRAM, Place, command};

const FAILED: i32 = 1;
const USAGE: i32 = 2;
const PARTIAL: i32 = 3;
const NO_ARCHIVE: i32 = 10;
const LOCKED: i32 = 11;
const WRONG_KEY: i32 = 12;
const TOO_NEW: i32 = 13;
const DAMAGED: i32 = 14;

/// An archive with two snapshots of a few policies.
fn place() -> Place {
    let place = Place::new();
    place.init();
    for (day, state) in [("2026-01-05", "enabled"), ("2026-01-06", "disabled")] {
        let file = place.path("conditionalAccessPolicies.jsonl");
        let line = format!(
            r##"{{"@odata.type":"#microsoft.graph.conditionalAccessPolicy","id":"11111111-1111-4111-8111-111111111111","displayName":"CA001","state":"{state}"}}"##
        );
        fs::write(&file, line).expect("because the folder is ours");
        place.ok(&[
            "import",
            "conditionalAccessPolicies.jsonl",
            "--taken-at",
            day,
        ]);
    }
    place
}

#[track_caller]
fn refused(place: &Place, arguments: &[&str], code: i32, words: &str) {
    let run = place.run(arguments);
    assert_eq!(run.code, Some(code), "{arguments:?}: {run:?}");
    assert!(
        run.stderr.contains(words),
        "{arguments:?} says: {}",
        run.stderr
    );
    assert!(
        run.stdout.is_empty(),
        "{arguments:?} printed: {}",
        run.stdout
    );
}

#[test]
fn revisions_and_names_that_are_none() {
    let place = place();
    for (revision, code, words) in [
        ("2026-01-01", FAILED, "no snapshot at or before"),
        ("2199-01-01", USAGE, "in the future"),
        ("abc", USAGE, "\"abc\" is no revision"),
        ("ffffffff", FAILED, "starts with ffffffff"),
        ("tag:none", FAILED, "no tag \"none\""),
        ("latest~9", FAILED, "latest~9"),
        ("live", USAGE, "live"),
        ("", USAGE, "is no revision"),
    ] {
        refused(&place, &["diff", revision, "latest"], code, words);
        refused(
            &place,
            &["sql", "--as-of", revision, "-c", "select 1"],
            code,
            words,
        );
    }
    refused(
        &place,
        &["show", "ca:nothing"],
        FAILED,
        "nothing in the archive is called",
    );
    refused(
        &place,
        &["show", "bogus:x"],
        FAILED,
        "there is no kind \"bogus\"",
    );
    refused(
        &place,
        &["log", "--kind", "bogus"],
        USAGE,
        "no kind \"bogus\"",
    );
    refused(&place, &["find", ""], USAGE, "empty");
    refused(&place, &["tag", "a b", "first"], USAGE, "a b");
    refused(&place, &["diff", "--format", "nonsense"], USAGE, "nonsense");
    refused(&place, &["ls", "first", "ca", "more"], USAGE, "more");
    refused(&place, &["-o", "yaml", "snapshots"], USAGE, "yaml");
    refused(
        &place,
        &["--json", "-o", "csv", "snapshots"],
        USAGE,
        "contradict",
    );
}

#[test]
fn statements_that_cannot_be_answered() {
    let place = place();
    for (sql, words) in [
        ("", "no statement"),
        ("-- nothing", "no statement"),
        ("select", "an expression"),
        ("select from where", "no table"),
        ("select * frm users", "Line: 1, Column: 14"),
        ("insert into users values (1)", "INSERT"),
        ("update users set state = 'x'", "UPDATE"),
        ("delete from users", "DELETE"),
        ("create table t (a int)", "CREATE"),
        ("copy users to 'x.csv'", "COPY"),
        (
            "set datafusion.execution.batch_size = 1",
            "there is no setting",
        ),
        ("show tables", "SHOW"),
        ("prepare p as select 1", "PREPARE"),
        ("select * from nothing", "no table \"nothing\""),
        ("select nothing from users", "no column \"nothing\""),
        (
            "select * from users for system_time as of 'nonsense'",
            "nonsense",
        ),
        (
            "select * from users for system_time as of timestamp '2000-01-01'",
            "no snapshot at or before",
        ),
        ("select 1/0", "zero"),
        ("select cast('x' as int)", "x"),
        ("select $who", "--param who"),
        ("select * from diff('first')", "diff"),
        ("select * from '/etc/passwd'", "passwd"),
    ] {
        let run = place.run(&["sql", "-c", sql]);
        assert!(matches!(run.code, Some(FAILED | USAGE)), "{sql}: {run:?}");
        assert!(run.stderr.contains(words), "{sql}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{sql}");
    }
    refused(
        &place,
        &["sql", "--param", "a=1", "-c", "select 1"],
        USAGE,
        "no parameter $a",
    );
    refused(
        &place,
        &["sql", "--param", "a", "-c", "select 1"],
        USAGE,
        "NAME=VALUE",
    );
    refused(
        &place,
        &["sql", "--memory", "lots", "-c", "select 1"],
        USAGE,
        "512MB",
    );
    refused(&place, &["sql", "-f", "nowhere.sql"], FAILED, "nowhere.sql");
    let long = format!("select '{}'", "x".repeat(500_000));
    place.write("long.sql", &long);
    refused(
        &place,
        &["sql", "-f", "long.sql"],
        FAILED,
        "the limit is 400000",
    );
}

#[test]
fn limits_say_which_was_met() {
    let place = place();
    let cross = "with t as (select * from columns) select count(*) from t a, t b, t c where a.column_name < b.column_name and b.column_name < c.column_name";
    refused(
        &place,
        &["sql", "--timeout", "1s", "-c", cross],
        FAILED,
        "longer than 1 s",
    );
    let sorted = "select a.column_name || b.column_name as x from columns a, columns b order by 1";
    refused(
        &place,
        &["sql", "--memory", "2MB", "-c", sorted],
        FAILED,
        "memory",
    );
}

#[test]
fn archives_that_cannot_be_opened() {
    let place = place();
    let run = |arguments: &[&str]| {
        let output = command(PROGRAM, place.folder.path())
            .args(arguments)
            .output();
        crate::programs::Run::from(output.expect("because the program was built"))
    };
    let none = run(&["snapshots"]);
    assert_eq!(
        (none.code, none.stderr.contains("no archive is named")),
        (Some(NO_ARCHIVE), true),
        "{none:?}"
    );
    let absent = run(&["-a", "absent", "snapshots"]);
    assert_eq!(
        (absent.code, absent.stderr.contains("absent")),
        (Some(NO_ARCHIVE), true),
        "{absent:?}"
    );
    fs::create_dir(place.path("empty")).expect("because the folder is ours");
    assert_eq!(run(&["-a", "empty", "snapshots"]).code, Some(NO_ARCHIVE));
    let url = run(&["-a", "s3://bucket/x", "snapshots"]);
    assert_eq!(
        (url.code, url.stderr.contains("s3://bucket/x")),
        (Some(USAGE), true),
        "{url:?}"
    );
    // An archive is never made over another, nor among other files.
    refused(
        &place,
        &["init", "--unprotected"],
        USAGE,
        "already an archive",
    );
    let file = run(&["-a", "conditionalAccessPolicies.jsonl", "snapshots"]);
    assert_ne!(file.code, Some(0), "{file:?}");
    // The name of the format decides who may read on.
    let format = place.path("t.entrace/archive.toml");
    let text = fs::read_to_string(&format).expect("because every archive has one");
    assert!(text.contains("format = 1\n"), "{text}");
    fs::write(&format, text.replace("format = 1\n", "format = 99\n"))
        .expect("because the folder is ours");
    refused(&place, &["snapshots"], TOO_NEW, "update entrace");
}

#[test]
fn a_second_writer_waits_its_turn() {
    let place = place();
    let lock = fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(place.path("t.entrace/LOCK"));
    let lock = lock.expect("because the folder is ours");
    lock.lock().expect("because nobody else holds it");
    refused(
        &place,
        &[
            "import",
            "conditionalAccessPolicies.jsonl",
            "--taken-at",
            "2026-01-07",
        ],
        LOCKED,
        "only one process writes",
    );
    refused(&place, &["compact"], LOCKED, "only one process writes");
    // Readers do not mind.
    assert_eq!(place.ok(&["-o", "jsonl", "snapshots"]).lines().count(), 2);
}

#[test]
fn keys_that_do_not_open() {
    let place = Place::new();
    fs::write(place.path("pass"), "correct horse\n").expect("because the folder is ours");
    fs::write(place.path("wrong"), "battery staple\n").expect("because the folder is ours");
    for name in ["pass", "wrong"] {
        private(&place, name);
    }
    refused(&place, &["init"], USAGE, "an archive needs a key");
    refused(
        &place,
        &["init", "--recipient", "age1nonsense"],
        USAGE,
        "age1nonsense",
    );
    place.ok(&["--passphrase-file", "pass", "init", "--tenant", "contoso"]);
    refused(&place, &["snapshots"], WRONG_KEY, "--passphrase-file");
    refused(
        &place,
        &["--passphrase-file", "wrong", "snapshots"],
        WRONG_KEY,
        "key",
    );
    refused(
        &place,
        &["--passphrase-file", "absent", "snapshots"],
        FAILED,
        "absent",
    );
    refused(
        &place,
        &["--passphrase-command", "exit 3", "snapshots"],
        WRONG_KEY,
        "passphrase command failed",
    );
    refused(
        &place,
        &["--key-file", "wrong", "snapshots"],
        WRONG_KEY,
        "identity file",
    );
    place.ok(&["--passphrase-file", "pass", "snapshots"]);
    place.ok(&["--passphrase-command", "cat pass", "snapshots"]);
}

#[cfg(unix)]
fn private(place: &Place, name: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o600))
        .expect("because the file is ours");
}

#[cfg(not(unix))]
fn private(_: &Place, _: &str) {}

#[test]
fn files_that_are_no_exports() {
    let place = place();
    refused(&place, &["import", "nowhere"], FAILED, "nowhere");
    refused(
        &place,
        &["import", "--format", "nonsense", "."],
        USAGE,
        "nonsense",
    );
    refused(
        &place,
        &[
            "import",
            "--taken-at",
            "soon",
            "conditionalAccessPolicies.jsonl",
        ],
        USAGE,
        "soon",
    );
    fs::create_dir(place.path("nothing")).expect("because the folder is ours");
    let nothing = place.run(&["import", "nothing", "--taken-at", "2026-01-08"]);
    assert_ne!(nothing.code, Some(0), "{nothing:?}");
    // One bad file never fails an import; it is named, and what is good in it is kept.
    fs::create_dir(place.path("mixed")).expect("because the folder is ours");
    for (name, bytes) in [
        (
            "users.json",
            &br#"{"value":[{"id":"u1","userPrincipalName":"a@contoso.example"},{"id":"u2"},42]}"#[..],
        ),
        ("cut.json", &br#"{"value":[{"id":"#[..]),
        ("deep.json", "[".repeat(5000).as_bytes()),
        ("binary.json", &[0xff, 0xfe, 0x00, 0xd8, 0x00][..]),
        ("empty.json", b""),
    ] {
        fs::write(place.path("mixed").join(name), bytes).expect("because the folder is ours");
    }
    let mixed = place.run(&["import", "mixed", "--taken-at", "2026-01-09"]);
    assert_eq!(mixed.code, Some(PARTIAL), "{mixed:?}");
    for name in ["cut.json", "deep.json", "binary.json"] {
        assert!(mixed.stderr.contains(name), "{name} in {}", mixed.stderr);
    }
    assert_eq!(place.rows("select id from users order by id").len(), 2);
    assert_eq!(
        place
            .rows("select * from conditional_access_policies")
            .len(),
        1,
        "what is not in an export stays"
    );
}

#[test]
fn damage_is_named_and_never_answered_over() {
    let place = place();
    let questions: [&[&str]; 4] = [
        &["diff", "first", "latest"],
        &["log", "-n", "9", "-p"],
        &["show", "ca:CA001", "first"],
        &[
            "sql",
            "-c",
            "select * from conditional_access_policies_history order by _first_seen",
        ],
    ];
    let whole_answers = questions.map(|arguments| (arguments, place.ok(arguments)));
    let whole = whole_answers[0].1.clone();
    let pack = files(&place.path("t.entrace/packs")).remove(0);
    let good = fs::read(&pack).expect("because it was just written");
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 0x41;
    fs::write(&pack, &bad).expect("because the folder is ours");
    let check = place.run(&["check", "--read-data"]);
    assert_eq!(check.code, Some(DAMAGED), "{check:?}");
    let name = pack
        .file_name()
        .expect("because it is a file")
        .to_string_lossy()
        .into_owned();
    assert!(
        format!("{}{}", check.stdout, check.stderr).contains(&name),
        "{check:?}"
    );
    for (arguments, answer) in &whole_answers {
        let run = place.run(arguments);
        let is_same = run.code == Some(0) && run.stdout == *answer;
        assert!(
            run.code == Some(DAMAGED) || is_same,
            "{arguments:?} over damage: {run:?}"
        );
    }
    fs::write(&pack, &good).expect("because the folder is ours");
    // What is derived may go missing: it is made anew, and the answer is the same.
    fs::remove_file(place.path("t.entrace/index.redb")).expect("because there is an index");
    let _ = fs::remove_dir_all(place.path("t.entrace/columns"));
    assert_eq!(place.ok(&["diff", "first", "latest"]), whole);
    fs::write(place.path("t.entrace/index.redb"), b"not an index")
        .expect("because the folder is ours");
    assert_eq!(place.ok(&["diff", "first", "latest"]), whole);
    assert_eq!(place.run(&["check", "--read-data"]).code, Some(0));
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)
        .expect("because there is a folder")
        .flatten()
    {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let place = place();
    let line = format!(
        "{PROGRAM} -a t.entrace sql -o csv -c 'select * from columns' | head -1; echo ${{PIPESTATUS[0]}}"
    );
    let output = command("bash", place.folder.path())
        .args(["-c", &line])
        .output();
    let run = crate::programs::Run::from(output.expect("because there is a shell"));
    assert!(run.stdout.ends_with("\n0\n"), "{run:?}");
    assert_eq!(run.stderr, "");
}

#[test]
fn what_a_spreadsheet_would_run_is_text_in_csv() {
    let place = Place::new();
    place.init();
    let user =
        r#"{"id":"aaaaaaaa-0000-4000-8000-000000000001","displayName":"=1+1","jobTitle":"plain"}"#;
    place.write("users.json", &format!(
        r#"{{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[{user}]}}"#
    ));
    place.ok(&["import", "--taken-at", "2026-01-05T02:00:00Z", "users.json"]);
    let sql = "select display_name, job_title, -1 as n from users";
    for (format, line) in [("csv", "'=1+1,plain,-1"), ("tsv", "'=1+1\tplain\t-1")] {
        let run = place.run(&["-o", format, "sql", "-c", sql]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(run.stdout.lines().nth(1), Some(line), "{run:?}");
        let said = "1 cell began like formulas and got an apostrophe in front";
        assert!(run.stderr.contains(said), "{run:?}");
    }
    let exact = place.ok(&["-o", "jsonl", "sql", "-c", sql]);
    assert!(exact.contains(r#""display_name":"=1+1""#), "{exact}");
}
