//! Questions that are wrong, too big or meant to harm.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use query::{Answer, Error, Limits, Session, SessionOptions};

use crate::columns::{ask, runtime};
use crate::fixture;

fn refusal(sql: &str) -> String {
    match ask(&fixture::source(), sql) {
        Ok(rows) => panic!("{sql:.100} was answered: {rows:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_has_its_own_words() {
    each_says(&[
        ("selec * from users", "Line: 1, Column: 1"),
        ("select *\nfrom users\nwhere", "Expected"),
        (
            "select 'never closed",
            "Unterminated string literal at Line: 1, Column: 8",
        ),
        ("", "the statement is empty"),
        (" ; ", "the statement is empty"),
        ("-- nothing", "the statement is empty"),
        (
            "select 1; select 2",
            "there are 2 statements: one at a time",
        ),
        (
            "drop table users",
            "DROP is not possible: an archive is asked with SELECT and changed by import",
        ),
        ("create table t (a int)", "CREATE is not possible"),
        (
            "create external table t stored as csv location '/etc/passwd'",
            "Expected",
        ),
        ("insert into users values (1)", "INSERT is not possible"),
        ("update users set id = '1'", "UPDATE is not possible"),
        ("delete from users", "DELETE is not possible"),
        ("copy users to '/tmp/x.csv'", "COPY is not possible"),
        ("prepare q as select 1", "PREPARE is not possible"),
        ("execute q", "EXECUTE is not possible"),
        (
            "show tables",
            "SHOW is not possible: select * from columns lists tables",
        ),
        (
            "show all",
            "select entrace_as_of() says which moment is seen",
        ),
        ("begin", "BEGIN is not possible"),
        ("explain delete from users", "DELETE is not possible"),
        (
            "set datafusion.execution.batch_size = 1",
            "there is no setting datafusion.execution.batch_size: the only one is entrace.as_of",
        ),
        (
            "set entrace.as_off = 'first'",
            "there is no setting entrace.as_off",
        ),
        ("set entrace.as_of = 'nope'", "is no revision"),
        (
            "with x as (insert into users values (1) returning id) select * from x",
            "INSERT",
        ),
        ("select * into t from users", "this statement would write"),
        ("select * from user", "users"),
        (
            "select * from usrs",
            r#"there is no table "usrs": did you mean users?"#,
        ),
        (
            "select * from information_schema.tables",
            r#"there is no schema "information_schema""#,
        ),
        (
            "select * from '/etc/passwd'",
            r#"there is no table "/etc/passwd""#,
        ),
        ("select * from read_csv('/etc/passwd')", "read_csv"),
        ("select displayname from users", "display_name"),
        (
            "select * from users where account_enabled = 'perhaps'",
            "Boolean = Utf8",
        ),
        ("select 1 / 0", "Divide by zero"),
        ("select cast(4000000000 as int)", "4000000000"),
        ("select cast('x' as int)", "Cannot cast string 'x'"),
        (
            "select $who",
            "the statement has a parameter $who: give it with --param who=VALUE",
        ),
        ("select \u{0} from users", "Column: 8"),
    ]);
}

#[test]
fn functions_that_are_not_there_are_told_from_those_that_are() {
    each_says(&[
        (
            "select no_such_function(1)",
            "there is no function no_such_function: select * from functions lists them",
        ),
        ("select uper('a')", "did you mean upper?"),
        (
            "select pg_catalog.version()",
            "the function version is not here",
        ),
        ("select random()", "must come out the same"),
        ("select * from history", "history"),
        ("select diff('first', 'latest')", "it stands in FROM"),
        (
            "select * from no_such(1)",
            "there is no table function no_such",
        ),
        ("select rev('nope')", "is no revision"),
    ]);
}

fn each_says(expected: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (sql, words) in expected {
        let refused = refusal(sql);
        if !refused.contains(words) || refused.contains('\n') {
            let _ = writeln!(wrong, "{sql:?}\n  says {refused:?}\n  should say {words:?}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn size_and_depth_are_limited() {
    let long = format!("select '{}'", "x".repeat(400_000));
    assert!(refusal(&long).contains("the statement has 400009 bytes, the limit is 400000"));
    for (open, close) in [("(", ")"), ("- ", "")] {
        for depth in [300, 5_000] {
            let sql = format!("select {}1{}", open.repeat(depth), close.repeat(depth));
            let refused = refusal(&sql);
            let words = ["deeper", "ecursion", "bytes"];
            assert!(
                words.iter().any(|word| refused.contains(word)),
                "{open} {depth}: {refused}"
            );
        }
    }
    for depth in [300, 3_000] {
        refusal(&format!(
            "select {}1{}",
            "case when true then ".repeat(depth),
            " end".repeat(depth)
        ));
    }
    let nested = format!(
        "{} select 1 {}",
        "select * from (".repeat(400),
        ")".repeat(400)
    );
    refusal(&nested);
    let wide = format!("select 1 where 1 in ({})", vec!["1"; 30_000].join(","));
    assert!(refusal(&wide).contains("more than 20000 values"));
    for (chain, words) in [
        (vec!["1"; 251].join("+"), "nested deeper than 250"),
        (vec!["1=2"; 5_000].join(" or "), "nested deeper than 250"),
        (vec!["1"; 100_000].join("+"), "100000 words and operators"),
    ] {
        let refused = refusal(&format!("select {chain}"));
        assert!(refused.contains(words), "{chain:.20}: {refused}");
    }
}

/// Neither the largest chain nor the longest list that is taken ends the process, on a thread with little stack.
#[test]
fn what_is_just_small_enough_is_answered() {
    let ids = vec!["'aaaaaaaa-0000-4000-8000-000000000001'"; 5_000].join(",");
    let chain = |operator: &str, term: &str| vec![term; 240].join(operator);
    let statements = [
        format!("select count(*) from users where id in ({ids})"),
        format!("select {}", chain(" + ", "1")),
        format!("select {}", chain(" || ", "display_name") + " from users"),
        format!(
            "select count(*) from users where {}",
            chain(" or ", "id = 'x'")
        ),
        format!("select 1{}", " is null".repeat(240)),
        format!(
            "select {}1{}",
            "case when true then ".repeat(20),
            " end".repeat(20)
        ),
        format!("{}select 1{}", "select * from (".repeat(15), ")".repeat(15)),
        vec!["select id from users"; 30].join(" union all "),
    ];
    let answered = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(move || {
            let source = fixture::source();
            for sql in &statements {
                ask(&source, sql).unwrap_or_else(|error| panic!("{sql:.60}: {error}"));
            }
        });
    answered
        .expect("because there is memory for a thread")
        .join()
        .expect("because every statement is answered");
}

#[test]
fn what_functions_make_is_limited() {
    for sql in [
        "select length(repeat('x', 2000000000))",
        "select repeat(display_name, 1000000000) from users",
        "select rpad('a', 2000000, 'b')",
        "select array_repeat('abc', 100000000)",
        "select array_resize([1], 100000000, 2)",
        "select replace(repeat('a', 100000), 'a', repeat('b', 1000))",
        "select regexp_replace(repeat('a', 100000), '.', repeat('b', 1000), 'g')",
        "select levenshtein(repeat('a', 100000), repeat('b', 100000))",
        "select concat(repeat('a', 600000), repeat('b', 600000))",
        "select string_agg(repeat('y', 10000), ',') from generate_series(1, 2000)",
        "select array_agg(repeat('y', 10000)) from generate_series(1, 2000)",
        "select * from generate_series(1, 100000000)",
        "select * from range(0, 9223372036854775807)",
    ] {
        let error = ask(&fixture::source(), sql).expect_err("because it is limited");
        assert!(matches!(error.root(), Error::Limit(_)), "{sql}: {error:?}");
    }
    let fine = ask(
        &fixture::source(),
        "select length(repeat('ab', 1000)), length(string_agg(display_name, ',')), array_length(array_agg(id)) from users",
    );
    assert!(fine.is_ok(), "{fine:?}");
}

/// A panic of the engine is an error, and the session goes on.
#[test]
fn a_panic_is_an_error_and_the_session_goes_on() {
    let mut session = Session::new(&fixture::source(), SessionOptions::default())
        .expect("because there is no revision");
    let mut run = |sql: &str| {
        runtime().block_on(async {
            match session.run(sql, &BTreeMap::new()).await? {
                Answer::Rows(rows) => rows.collect().await.map(|_| ()),
                Answer::Pinned(_) => Ok(()),
            }
        })
    };
    let panics = "select max(repeat('x', 1000000)) from generate_series(1, 3000)";
    let error = run(panics).expect_err("because a column cannot hold it");
    assert!(error.to_string().contains("2 GiB of text"), "{error}");
    run("select count(*) from users").expect("because the session goes on");
}

#[test]
fn parameters_are_values_never_text_of_the_statement() {
    let source = fixture::source();
    let run = |sql: &str, given: &[(&str, &str)]| {
        let mut session = Session::new(&source, SessionOptions::default())?;
        let given: BTreeMap<String, String> = given
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        runtime().block_on(async {
            match session.run(sql, &given).await? {
                Answer::Rows(rows) => Ok::<_, Error>(crate::slt::texts(&rows.collect().await?)),
                Answer::Pinned(_) => Ok(Vec::new()),
            }
        })
    };
    let by_name = "select id from users where display_name = $name";
    assert_eq!(
        run(by_name, &[("name", "Bob")])
            .expect("because it is bound")
            .len(),
        1
    );
    let injected = run(by_name, &[("name", "x' or '1' = '1")]).expect("because it is bound");
    assert_eq!(injected.len(), 0);
    let least = "select number from snapshots where number >= $n";
    assert_eq!(
        run(least, &[("n", "4")])
            .expect("because it is bound")
            .len(),
        2
    );
    let extra = run("select 1", &[("name", "Bob")]).expect_err("because nothing uses it");
    assert_eq!(extra.to_string(), "the statement has no parameter $name");
    let wrong = run(least, &[("n", "many")]).expect_err("because it is no number");
    assert!(wrong.to_string().contains("many"), "{wrong}");
}

#[test]
fn what_a_statement_takes_is_limited() {
    let source = fixture::source();
    let run = |limits: Limits, sql: &str| {
        let options = SessionOptions {
            limits,
            ..SessionOptions::default()
        };
        let mut session = Session::new(&source, options).expect("because there is no revision");
        let refused = runtime().block_on(async {
            match session.run(sql, &BTreeMap::new()).await? {
                Answer::Rows(rows) => rows.collect().await.map(|_| ()),
                Answer::Pinned(_) => Ok(()),
            }
        });
        let refused = refused.expect_err("because it is limited");
        assert!(matches!(refused.root(), Error::Limit(_)), "{refused:?}");
        refused.to_string()
    };
    let many = "select a.value, b.value from generate_series(1, 3000) a cross join generate_series(1, 3000) b order by a.value + b.value";
    let memory = Limits {
        memory_bytes: 1 << 20,
        ..Limits::default()
    };
    assert!(run(memory, many).contains("memory"));
    let time = Limits {
        time: Some(Duration::from_millis(50)),
        ..Limits::default()
    };
    let endless = "select count(*) from generate_series(1, 6000) a cross join generate_series(1, 6000) b where (a.value * b.value) % 7 = 8";
    assert!(run(time, endless).contains("took longer than 0.05 s, the limit"));
    let rows = Limits {
        rows: Some(2),
        ..Limits::default()
    };
    assert!(run(rows, "select * from users").contains("more than 2 rows, the limit"));
    let bytes = Limits {
        bytes: Some(10),
        ..Limits::default()
    };
    assert!(run(bytes, "select * from users").contains("more than 10 bytes, the limit"));
}
