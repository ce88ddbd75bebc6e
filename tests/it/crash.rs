//! kill -9 of a real importing process at 100 random moments: nothing committed is lost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::programs::{PROGRAM, Place, command};

const KILLS: u32 = 100;
/// Objects in every import.
const USERS: u32 = 400;

/// A small deterministic generator of random numbers (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// Users of whom a tenth is different every time.
fn export(place: &Place, round: u32) {
    let mut lines = String::new();
    for user in 0..USERS {
        let title = if user % 10 == round % 10 { round } else { 0 };
        let id = format!("{user:08x}-0000-4000-8000-000000000000");
        let _ = writeln!(
            lines,
            "{{\"id\":\"{id}\",\"displayName\":\"User {user}\",\"userPrincipalName\":\"u{user}@contoso.example\",\"jobTitle\":\"Title {title}\"}}"
        );
    }
    let folder = place.path("export");
    fs::create_dir_all(&folder).expect("because the folder is ours");
    fs::write(folder.join("users.jsonl"), lines).expect("because the folder is ours");
}

/// What the archive says of every snapshot: ids, and the state of each.
fn states(place: &Place) -> BTreeMap<String, String> {
    let snapshots = place.rows("select record_id, snapshot_id from snapshots order by taken_at");
    let text =
        |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    snapshots
        .iter()
        .map(|row| (text(row, "record_id"), text(row, "snapshot_id")))
        .collect()
}

/// Every object of a state with its version.
fn state(place: &Place, snapshot: &str) -> String {
    let sql = format!("select id, job_title, _version from \"@{snapshot}\".users order by id");
    place.ok(&["-o", "csv", "sql", "-c", &sql])
}

/// Kills an import at a random moment of the time it may take, in microseconds, and tells whether that
/// came before its end.
fn is_killed(place: &Place, taken_at: &str, longest: &mut u64, random: &mut Random) -> bool {
    let mut child = command(PROGRAM, place.folder.path())
        .args([
            "-a",
            "t.entrace",
            "import",
            "export",
            "--taken-at",
            taken_at,
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("because the program was built");
    std::thread::sleep(Duration::from_micros(random.below(*longest)));
    let ended = child
        .try_wait()
        .expect("because the process is ours")
        .is_some();
    // How long an import takes depends on the machine and on what else it does: kills are kept
    // inside it by looking whether they came too late.
    *longest = if ended {
        *longest * 9 / 10
    } else {
        *longest * 21 / 20
    }
    .max(1000);
    // Whether it was still at work is for the operating system to say.
    let _ = child.kill();
    let status = child.wait().expect("because the process is ours");
    !status.success()
}

#[test]
fn nothing_committed_is_lost() {
    let place = Place::new();
    place.init();
    export(&place, 1);
    let started = Instant::now();
    place.ok(&["import", "export", "--taken-at", "2026-01-01T00:00:01Z"]);
    let mut longest = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX / 2);
    let mut committed: BTreeMap<String, String> = BTreeMap::new();
    let mut known = states(&place);
    for snapshot in known.values() {
        committed.insert(snapshot.clone(), state(&place, snapshot));
    }
    let mut random = Random(20_260_105);
    let mut interrupted = 0;
    for round in 2..KILLS + 2 {
        export(&place, round);
        let taken_at = format!("2026-01-01T00:{:02}:{:02}Z", round / 60, round % 60);
        interrupted += u32::from(is_killed(&place, &taken_at, &mut longest, &mut random));
        let now = states(&place);
        for (record, snapshot) in &known {
            assert_eq!(
                now.get(record),
                Some(snapshot),
                "round {round} lost a snapshot"
            );
        }
        assert!(
            now.len() <= known.len() + 1,
            "round {round} made more than one snapshot"
        );
        for (record, snapshot) in &now {
            if !known.contains_key(record) {
                let rows = state(&place, snapshot);
                assert_eq!(
                    rows.lines().count(),
                    USERS as usize + 1,
                    "a committed snapshot is whole"
                );
                assert!(
                    rows.contains(&format!("Title {round}\n"))
                        || rows.contains(&format!("Title {round},"))
                );
                committed.insert(snapshot.clone(), rows);
            }
        }
        known = now;
        if round % 20 == 0 {
            place.ok(&["check", "--read-data"]);
        }
    }
    assert!(
        interrupted >= KILLS / 4,
        "only {interrupted} imports were killed in time"
    );
    assert!(
        known.len() > 1 && known.len() < KILLS as usize,
        "{} snapshots",
        known.len()
    );
    for (snapshot, rows) in &committed {
        assert_eq!(
            &state(&place, snapshot),
            rows,
            "{snapshot} is not what it was"
        );
    }
    place.ok(&["compact"]);
    place.ok(&["check", "--read-data"]);
    for (snapshot, rows) in &committed {
        assert_eq!(
            &state(&place, snapshot),
            rows,
            "{snapshot} is not what it was before compact"
        );
    }
    export(&place, KILLS + 2);
    place.ok(&["import", "export", "--taken-at", "2026-01-02T00:00:00Z"]);
}
