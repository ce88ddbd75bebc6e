//! What people who mean harm write, and what becomes of it.

use Outcome::{Answered, Limit, Refused, Stopped};

/// What becomes of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is refused: nothing was run.
    Refused,
    /// A limit ends it, whether the worker or its parent sees to that.
    Limit,
    /// It is refused or ended at a limit.
    Stopped,
    /// It looks worse than it is.
    Answered,
}

impl Outcome {
    /// Whether what was expected to end like this may end like the other.
    pub(super) fn allows(self, other: Self) -> bool {
        self == other || (self == Stopped && other != Answered)
    }
}

fn chain(term: &str, operator: &str, times: usize) -> String {
    vec![term; times].join(operator)
}

fn wrapped(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// Statements that would write, read files, reach out, or learn of the machine.
pub(super) fn forbidden() -> Vec<(String, Outcome)> {
    [
        "create table t (a int)",
        "create table t as select * from users",
        "create view v as select 1",
        "create external table t stored as csv location '/etc/passwd'",
        "create external table t stored as parquet location 'http://127.0.0.1:1/x'",
        "create function f(int) returns int return $1 + 1",
        "create database d",
        "create schema s",
        "drop table users",
        "drop schema public cascade",
        "alter table users add column x int",
        "truncate table users",
        "insert into users values ('x')",
        "insert into users select * from users",
        "update users set id = 'x'",
        "delete from users",
        "merge into users u using groups g on u.id = g.id when matched then delete",
        "with x as (delete from users returning id) select * from x",
        "select * into copy_of_users from users",
        "copy users to '/tmp/entrace-was-here.csv'",
        "copy (select 1) to '/tmp/entrace-was-here.parquet' stored as parquet",
        "copy users from '/etc/passwd'",
        "explain copy (select 1) to '/tmp/entrace-was-here.csv'",
        "explain analyze copy (select 1) to '/tmp/entrace-was-here.csv'",
        "explain analyze insert into users values ('x')",
        "set datafusion.execution.target_partitions = 4096",
        "set datafusion.catalog.location = '/'",
        "set session characteristics as transaction read write",
        "reset all",
        "show all",
        "show tables",
        "show functions",
        "describe users",
        "prepare q as select 1",
        "execute q",
        "deallocate q",
        "declare c cursor for select 1",
        "begin",
        "commit",
        "vacuum",
        "analyze users",
        "attach database '/etc/passwd' as x",
        "load data inpath '/etc/passwd' into table users",
        "use other",
        "call f()",
        "kill 1",
        "select 1; select 2",
        "select 1; drop table users",
        "select * from '/etc/passwd'",
        "select * from 'file:///etc/passwd'",
        "select * from 'http://169.254.169.254/metadata'",
        "select * from \"/etc/passwd\"",
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('/etc/shadow')",
        "select * from parquet_metadata('/etc/passwd')",
        "select * from information_schema.df_settings",
        "select * from information_schema.tables",
        "select * from pg_catalog.pg_user",
        "select input_file_name() from users",
        "select version()",
        "select uuid()",
        "select random()",
        "select pg_sleep(1000)",
        "select current_setting('datafusion.catalog.location')",
        "select pg_read_file('/etc/passwd')",
        "select lo_import('/etc/passwd')",
        "select getenv('HOME')",
        "select array_length(generate_series(1, 200000000))",
        "select * from users for system_time as of '2126-01-01'",
        "select * from \"@../../etc\".users",
        "select regexp_like('a', '(')",
    ]
    .map(|sql| (sql.to_owned(), Refused))
    .to_vec()
}

/// Statements too large to be looked at.
pub(super) fn oversized() -> Vec<(String, Outcome)> {
    let doubled: Vec<String> = (1..30)
        .map(|at| format!("t{at} as (select a.id from t{0} a, t{0} b)", at - 1))
        .collect();
    let doubled = format!(
        "with t0 as (select id from users), {} select * from t29",
        doubled.join(", ")
    );
    [
        format!("select '{}'", "x".repeat(500_000)),
        format!("select {}", chain("1", "+", 1_500)),
        format!("select {}", chain("1", "+", 20_000)),
        format!("select {}", chain("1", "+", 150_000)),
        format!("select 1 where {}", chain("1=2", " or ", 8_000)),
        format!("select 1{}", " is null".repeat(5_000)),
        format!("select {}", wrapped("(", "1", ")", 3_000)),
        format!("select {}", wrapped("upper(", "'a'", ")", 40)),
        format!("select properties{} from users", "->'a'".repeat(40)),
        format!("select {}1", "- ".repeat(50_000)),
        format!("select {}true", "not ".repeat(50_000)),
        wrapped("select * from (", "select 1", ")", 400),
        vec!["select * from users"; 2_000].join(" union all "),
        format!("select * from {}", chain("users", ", ", 500)),
        format!("select {} from users", chain("*", ", ", 9_000)),
        doubled,
    ]
    .map(|sql| (sql, Limit))
    .to_vec()
}

/// Statements that are small, may be asked, and would take all there is.
pub(super) fn hungry() -> Vec<(String, Outcome)> {
    let numbers = "generate_series(1, 1000000)";
    [
        ("select length(repeat('x', 2000000000))".to_owned(), Limit),
        ("select length(rpad('x', 2000000000, 'y'))".to_owned(), Limit),
        ("select array_repeat('x', 1000000000)".to_owned(), Limit),
        (
            "select replace(repeat('a', 1000000), 'a', repeat('b', 1000000))".to_owned(),
            Limit,
        ),
        ("select * from range(0, 9000000000000)".to_owned(), Limit),
        (
            "select string_agg(repeat('y', 100000), ',') from generate_series(1, 20000)".to_owned(),
            Limit,
        ),
        (
            "select max(repeat('x', 1000000)) from generate_series(1, 3000)".to_owned(),
            Limit,
        ),
        (
            format!("select array_agg(a.value) from {numbers} a, {numbers} b"),
            Limit,
        ),
        (
            format!("select sum(a.value * b.value) from {numbers} a, {numbers} b"),
            Limit,
        ),
        (
            format!("select count(*) from {numbers} a join {numbers} b on a.value < b.value"),
            Limit,
        ),
        (
            format!("select count(distinct a.value * 1000 + b.value) from {numbers} a, {numbers} b"),
            Limit,
        ),
        (
            format!("select a.value from {numbers} a, {numbers} b order by a.value * b.value"),
            Limit,
        ),
        (
            "with recursive t as (select 1 as n union all select n + 1 from t) select count(*) from t"
                .to_owned(),
            Limit,
        ),
        (
            "with recursive t as (select 'x' as n union all select n || n from t) select count(*) from t"
                .to_owned(),
            Limit,
        ),
        (format!("select * from {numbers} a, {numbers} b"), Limit),
        (
            "explain analyze select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b"
                .to_owned(),
            Limit,
        ),
        // Which comes first depends on the machine: the pattern's size is refused after some work.
        (
            "select regexp_like('a', '(a{1000}){1000}')".to_owned(),
            Stopped,
        ),
        (
            format!(
                "select {}",
                wrapped("case when true then ", "1", " end", 3_000)
            ),
            Stopped,
        ),
        (
            format!("select {}", chain("1", "+", 250)),
            Answered,
        ),
        (
            "select regexp_like(repeat('a', 100000), '(a*)*b')".to_owned(),
            Answered,
        ),
    ]
    .to_vec()
}
