//! Statements meant to harm, through a pool of workers: each ends as it should, nothing outside the archive is
//! opened, and whoever else asks is answered.

mod statements;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use query::Error as QueryError;
use query::arrow::array::AsArray;
use query::arrow::datatypes::Int64Type;
use tokio::runtime::Runtime;
use worker::{Answer, Error, Pool, PoolOptions, Request};

use self::statements::Outcome::{self, Answered, Limit, Refused};
use self::statements::{forbidden, hungry, oversized};
use crate::programs::{PROGRAM, Place};

/// Deadline of statements that would never end.
const SHORT: Duration = Duration::from_secs(1);

struct Workshop {
    archive: PathBuf,
    runtime: Runtime,
    place: Place,
}

impl Workshop {
    /// An archive of four users.
    fn new() -> Self {
        let place = Place::new();
        place.init();
        let user = |at| {
            format!(r#"{{"id":"aaaaaaaa-0000-4000-8000-00000000000{at}","displayName":"U{at}"}}"#)
        };
        let users: Vec<String> = (1..=4).map(user).collect();
        let users = format!(
            r#"{{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[{}]}}"#,
            users.join(",")
        );
        place.write("users.json", &users);
        place.ok(&["import", "--taken-at", "2026-01-05T02:00:00Z", "users.json"]);
        Self {
            archive: place.path("t.entrace"),
            runtime: Runtime::new().expect("because threads can be started"),
            place,
        }
    }

    fn options(&self) -> PoolOptions {
        let secrets = store::Secrets::default();
        let arguments = vec!["query-worker".into()];
        let mut options = PoolOptions::new(self.archive.clone(), secrets, arguments)
            .expect("because the program has a path");
        options.program = PROGRAM.into();
        options.limits.memory_bytes = 64 << 20;
        options.limits.bytes = Some(16 << 20);
        options
    }

    fn pool(&self, options: PoolOptions) -> Pool {
        let pool = self.runtime.block_on(Pool::start(options));
        pool.expect("because the archive is sound")
    }
}

fn request(sql: &str) -> Request {
    Request {
        sql: sql.to_owned(),
        ..Request::default()
    }
}

async fn outcome(pool: &Pool, sql: &str) -> Result<Outcome, Error> {
    let answered = async {
        match pool.run(request(sql)).await? {
            Answer::Rows(mut rows) => while rows.next().await?.is_some() {},
            Answer::Pinned(_) => {}
        }
        Ok(Answered)
    };
    match answered.await {
        Err(Error::Statement(QueryError::Limit(_))) => Ok(Limit),
        Err(Error::Statement(QueryError::Invalid(_) | QueryError::NotFound(_))) => Ok(Refused),
        other => other,
    }
}

async fn users(pool: &Pool) -> i64 {
    let answer = pool.run(request("select count(*) from users")).await;
    let Ok(Answer::Rows(mut rows)) = answer else {
        panic!("{answer:?}");
    };
    let batches = rows
        .collect()
        .await
        .expect("because it is a plain question");
    assert!(
        rows.provenance()
            .is_some_and(|from| from.snapshots.len() == 1)
    );
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

/// Memory of this process that is in use, in KiB.
#[cfg(target_os = "linux")]
fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("because Linux has it");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let digits = line.and_then(|line| line.split_whitespace().nth(1));
    digits
        .and_then(|digits| digits.parse().ok())
        .expect("because it is a number")
}

/// Set where the test runs in a process of its own.
#[cfg(target_os = "linux")]
const ALONE: &str = "ENTRACE_TEST_ALONE";

#[test]
fn whatever_is_asked_ends_as_it_should() {
    // What the parent's memory does can only be seen where no other test takes any.
    #[cfg(target_os = "linux")]
    if std::env::var_os(ALONE).is_none() {
        let this = std::env::current_exe().expect("because a test runs from a file");
        let alone = Command::new(this)
            .args([
                "isolated::whatever_is_asked_ends_as_it_should",
                "--exact",
                "--nocapture",
            ])
            .env(ALONE, "1")
            .output()
            .expect("because it runs already");
        let said = String::from_utf8_lossy(&alone.stdout);
        let complained = String::from_utf8_lossy(&alone.stderr);
        assert!(
            alone.status.success() && said.contains("1 passed"),
            "{said}\n{complained}"
        );
        return;
    }
    let workshop = Workshop::new();
    let mut options = workshop.options();
    options.limits.time = Some(SHORT);
    let grace = options.grace;
    let pool = workshop.pool(options);
    let statements: Vec<_> = [forbidden(), oversized(), hungry()].concat();
    assert!(statements.len() >= 60, "{}", statements.len());
    #[cfg(target_os = "linux")]
    let before = resident_kib();
    let mut wrong = Vec::new();
    workshop.runtime.block_on(async {
        for (sql, expected) in &statements {
            let started = Instant::now();
            let became = outcome(&pool, sql).await;
            let took = started.elapsed();
            // Starting another worker in the place of a killed one is no part of a statement.
            let late = took > SHORT + grace + Duration::from_secs(5);
            if late || !matches!(&became, Ok(outcome) if expected.allows(*outcome)) {
                wrong.push(format!(
                    "{sql:.100}: {became:?} after {took:?}, not {expected:?}"
                ));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        assert_eq!(users(&pool).await, 4);
    });
    #[cfg(target_os = "linux")]
    {
        let grown = resident_kib() - before;
        assert!(grown.abs() < 50 << 10, "the parent grew by {grown} KiB");
    }
    // A worker is counted as running until it has said that it is done, behind the last row.
    let at_rest = async {
        while pool.stats().running > 0 {
            tokio::task::yield_now().await;
        }
    };
    let waited = workshop
        .runtime
        .block_on(async { tokio::time::timeout(SHORT, at_rest).await });
    assert!(waited.is_ok() && pool.stats().killed > 0);
    assert!(!Path::new("/tmp/entrace-was-here.csv").exists());
}

#[test]
fn others_are_answered_while_eight_do_harm() {
    let workshop = Workshop::new();
    let mut options = workshop.options();
    options.limits.time = Some(SHORT);
    options.workers = 9;
    options.waiting = 9;
    let pool = Arc::new(workshop.pool(options));
    workshop.runtime.block_on(async {
        let endless = "select sum(a.value * b.value) from generate_series(1, 1000000) a, generate_series(1, 1000000) b";
        let harm: Vec<_> = (0..8)
            .map(|_| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { outcome(&pool, endless).await })
            })
            .collect();
        assert_eq!(users(&pool).await, 4);
        for one in harm {
            let ended = one.await.expect("because nothing panics");
            assert!(matches!(ended, Ok(Limit)), "{ended:?}");
        }
        assert_eq!(users(&pool).await, 4);
    });
}

#[test]
fn more_than_may_wait_are_told_so() {
    let workshop = Workshop::new();
    let mut options = workshop.options();
    options.limits.time = Some(SHORT);
    options.workers = 1;
    options.waiting = 1;
    let pool = Arc::new(workshop.pool(options));
    workshop.runtime.block_on(async {
        let endless = "with recursive t as (select 1 as n union all select n + 1 from t) select count(*) from t";
        let many = (0..8).map(|_| outcome(&pool, endless));
        let became = futures_of(many).await;
        let busy = became.iter().filter(|one| matches!(one, Err(Error::Busy { .. })));
        assert!(busy.count() >= 5, "{became:?}");
        assert!(became.iter().any(|one| matches!(one, Ok(Limit))), "{became:?}");
        assert_eq!(users(&pool).await, 4);
    });
}

/// All of them at once, in the order they began.
async fn futures_of<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        let mut all = std::task::Poll::Ready(());
        for (future, value) in &mut pending {
            if value.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(became) => *value = Some(became),
                    std::task::Poll::Pending => all = std::task::Poll::Pending,
                }
            }
        }
        all
    })
    .await;
    pending.into_iter().filter_map(|(_, value)| value).collect()
}

#[test]
fn an_answer_nobody_wants_ends_its_statement() {
    let workshop = Workshop::new();
    let mut options = workshop.options();
    options.workers = 1;
    options.limits.time = None;
    options.limits.rows = None;
    options.limits.bytes = None;
    let pool = workshop.pool(options);
    workshop.runtime.block_on(async {
        let endless =
            "select a.value from generate_series(1, 1000000) a, generate_series(1, 1000000) b";
        let Ok(Answer::Rows(mut rows)) = pool.run(request(endless)).await else {
            panic!("because rows come at once");
        };
        assert!(rows.next().await.expect("because rows come").is_some());
        drop(rows);
        // The only worker: this one waits until the other is gone.
        assert_eq!(users(&pool).await, 4);
        assert_eq!(pool.stats().killed, 1);
    });
}

/// What a worker opens after it has confined itself, by the kernel's own account.
#[test]
#[cfg(target_os = "linux")]
fn nothing_is_opened_outside_the_archive() {
    let strace = Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    if strace.is_err() {
        assert!(
            std::env::var_os("ENTRACE_REQUIRE_TOOLS").is_none(),
            "strace is not installed"
        );
        return;
    }
    let workshop = Workshop::new();
    let log = workshop.archive.with_file_name("calls");
    let mut options = workshop.options();
    options.program = "strace".into();
    let traced = "trace=open,openat,openat2,creat,socket,connect,execve,unlink,unlinkat,rename,renameat2,seccomp";
    let mut arguments: Vec<std::ffi::OsString> = ["-f", "-qq", "-s", "300", "-e", traced, "-o"]
        .map(Into::into)
        .to_vec();
    arguments.push(log.clone().into());
    arguments.extend([PROGRAM.into(), "query-worker".into()]);
    options.arguments = arguments;
    options.workers = 1;
    let pool = workshop.pool(options);
    let confinement = pool.confinement();
    workshop.runtime.block_on(async {
        for (sql, _) in forbidden() {
            let became = outcome(&pool, &sql).await;
            assert!(matches!(became, Ok(Refused)), "{sql}: {became:?}");
        }
        assert_eq!(users(&pool).await, 4);
    });
    drop(pool);
    let calls = std::fs::read_to_string(&log).expect("because strace wrote it");
    let archive = workshop.archive.display().to_string();
    let (_, confined) = calls
        .split_once("SECCOMP_SET_MODE_FILTER")
        .expect("because every kernel that can be traced has seccomp");
    let outside: Vec<&str> = confined
        .lines()
        .filter(|line| line.contains('"') || line.contains("socket("))
        .filter(|line| !line.contains(&archive))
        .filter(|line| !(line.contains("EACCES") || line.contains("EPERM")))
        // Without Landlock the runtime may look at how many processors it may use.
        .filter(|line| confinement.paths || !(line.contains("/proc/") || line.contains("/sys/")))
        .collect();
    assert!(outside.is_empty(), "{}", outside.join("\n"));
    assert!(confined.contains(&archive), "the archive was read");
}

#[test]
fn the_command_answers_the_same_in_a_process_of_its_own() {
    let workshop = Workshop::new();
    let place = &workshop.place;
    let arguments = ["-o", "jsonl", "sql", "--param", "who=nobody", "-c"];
    let run = |more: &[&str], sql: &str| place.ok(&[arguments.as_slice(), &[sql], more].concat());
    let one = "select display_name, $who as who from users order by id";
    assert_eq!(run(&["--isolated"], one), run(&[], one));
    assert!(run(&["--isolated"], one).contains("U4"));
    let pinned = [
        "-o",
        "jsonl",
        "sql",
        "--isolated",
        "--as-of",
        "first",
        "-c",
        "select entrace_as_of() = rev('first') as first",
    ];
    assert_eq!(place.ok(&pinned), "{\"first\":true}\n");
    // A parameter that a statement lacks is the same error.
    for more in [[].as_slice(), &["--isolated"]] {
        let refused = place.run(&[&arguments[..], &["select 1"], more].concat());
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("has no parameter $who"),
            "{}",
            refused.stderr
        );
    }
    let limited = place.run(&["sql", "--isolated", "-c", "select repeat('x', 9000000)"]);
    assert_eq!(limited.code, Some(1), "{}", limited.stderr);
    assert!(
        limited.stderr.contains("larger than 1 MiB"),
        "{}",
        limited.stderr
    );
}
