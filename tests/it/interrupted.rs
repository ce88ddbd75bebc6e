//! A snapshot that is interrupted leaves nothing half done, and what it read is not read again.

use std::process::{Child, Stdio};
use std::thread;

use serde_json::Value;

use crate::live::Living;
use crate::programs::{PROGRAM, command};

const INTERRUPTED: i32 = 130;
/// Milliseconds of an answer, so that a run is long enough to be met in the middle.
const SLOW_MS: u64 = 100;
/// Answers that are waited for before a run is interrupted. All kinds take many times as many.
const ANSWERS: u64 = 30;
/// The first file of what a run has read: before it is there, a run that is killed has read nothing.
const FIRST_FILE: [&str; 4] = ["t.entrace", "work", "run", "000000"];

impl Living {
    /// Starts a snapshot of everything and comes back in the middle of it, when it is far enough.
    fn half_a_snapshot(&self, is_far_enough: impl Fn(u64) -> bool) -> Child {
        self.half_a_run(&["snapshot", "--kinds", "all"], is_far_enough)
    }

    /// The same of any command that reads.
    fn half_a_run(&self, arguments: &[&str], is_far_enough: impl Fn(u64) -> bool) -> Child {
        self.slow(SLOW_MS);
        let before = self.round_trips();
        let mut child = command(PROGRAM, self.place.folder.path())
            .envs(Self::secret())
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("because the program was built");
        while !is_far_enough(self.round_trips() - before) {
            let ended = child.try_wait().expect("because the process is ours");
            assert!(ended.is_none(), "it ended by itself: {ended:?}");
            thread::yield_now();
        }
        child
    }

    /// What a run comes to, the last line of those it prints.
    fn summary(&self, arguments: &[&str]) -> Value {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
        let last = run.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).expect("because every line is JSON")
    }

    /// Goes on with the snapshot, and compares it with one that nobody interrupted.
    fn completes(&self) {
        assert!(
            self.run(&["snapshots"]).stdout.contains("no snapshots yet"),
            "an interrupted run leaves no snapshot"
        );
        assert_eq!(self.run(&["check"]).code, Some(0));
        self.slow(0);
        let before = self.round_trips();
        let resumed = self.summary(&["--json", "snapshot", "--kinds", "all", "--resume"]);
        let requests = self.round_trips() - before;
        assert_eq!(resumed["resumed"], true, "{resumed}");

        let other = ["-a", "other.entrace", "-t", "orrery"];
        let made = self.run(&[&other[..], &["init", "--unprotected"]].concat());
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        let before = self.round_trips();
        let words = ["--json", "snapshot", "--kinds", "all"];
        let whole = self.summary(&[&other[..], &words].concat());
        let all = self.round_trips() - before;
        assert!(requests < all, "{requests} of {all} requests were asked");
        for number in ["objects", "new_versions", "kinds_complete"] {
            assert_eq!(resumed[number], whole[number], "{number}");
        }
        let sql = "select kind, id, properties from objects";
        let content = |archive: &str| {
            let run = self.run(&["-a", archive, "-o", "jsonl", "sql", "-c", sql]);
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            // Ids of children are their own only below their parent: no column orders them all.
            let mut lines: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        let (resumed, whole) = (content("t.entrace"), content("other.entrace"));
        let mut pairs = resumed.iter().zip(&whole);
        let differing = pairs.find(|(one, other)| one != other);
        assert_eq!(differing, None, "an object is another");
        assert_eq!(resumed.len(), whole.len());
        assert_eq!(self.run(&["check", "--read-data"]).code, Some(0));
        let doctor = self.json(&["--json", "doctor"]);
        let checks = doctor["checks"].as_array().expect("because it is a list");
        let unfinished = |check: &Value| check["check"] == "unfinished run";
        assert!(!checks.iter().any(unfinished), "{doctor:#}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_snapshot_and_resuming_completes_it() {
    let living = Living::new();
    let mut child = living.half_a_snapshot(|answers| answers >= ANSWERS);
    let told = command("kill", living.place.folder.path())
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(told.is_ok_and(|status| status.success()));
    let ended = child.wait().expect("because the process is ours");
    assert_eq!(ended.code(), Some(INTERRUPTED));
    living.completes();
}

#[test]
fn kill_leaves_no_snapshot_and_resuming_completes_it() {
    let living = Living::new();
    let file = living.place.path(&FIRST_FILE.join("/"));
    let mut child = living.half_a_snapshot(|_| file.exists());
    child.kill().expect("because the process is ours");
    let ended = child.wait().expect("because the process is ours");
    assert_eq!(ended.code(), None, "it was killed");
    living.completes();
}

#[cfg(unix)]
#[test]
fn a_watch_that_is_told_to_stop_in_the_middle_keeps_what_it_read() {
    let living = Living::new();
    let file = living.place.path(&FIRST_FILE.join("/"));
    let words = ["watch", "--interval", "1h", "--kinds", "all"];
    let mut child = living.half_a_run(&words, |_| file.exists());
    let told = command("kill", living.place.folder.path())
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(told.is_ok_and(|status| status.success()));
    let ended = child.wait().expect("because the process is ours");
    assert_eq!(ended.code(), Some(0), "it ends in peace");
    let doctor = living.json(&["--json", "doctor"]);
    let checks = doctor["checks"].as_array().expect("because it is a list");
    // There is no snapshot yet, so the run that was left is the next one's to find.
    assert!(
        checks
            .iter()
            .any(|check| check["check"] == "lock" && check["state"] == "ok")
    );
    living.completes();
}
