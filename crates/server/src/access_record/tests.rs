use std::io::Write;
use std::path::Path;

use jiff::Timestamp;

use super::*;
use crate::error::Result;

fn at(text: &str) -> Timestamp {
    text.parse().expect("because it is a time")
}

fn entry(time: &str, id: usize) -> Entry {
    Entry {
        at: at(time),
        request_id: format!("r-{id}"),
        principal: Some(format!("token/{}", id % 2)),
        tenant: Some(
            if id.is_multiple_of(3) {
                "contoso"
            } else {
                "fabrikam"
            }
            .to_owned(),
        ),
        address: format!("/v1/objects/{id}"),
        statement: Some("select \"line\nbreak\" from users".to_owned()),
        ..Entry::default()
    }
}

fn begin(folder: &Path, file_bytes: u64) -> Result<AccessRecord> {
    let options = AccessOptions {
        file_bytes,
        days: 30,
        ..AccessOptions::new(folder.join("access"))
    };
    AccessRecord::begin(options, at("2026-01-05T12:00:00Z"))
}

fn ids(found: &Found) -> Vec<&str> {
    let ids = found.entries.iter().map(|entry| entry.request_id.as_str());
    ids.collect()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("access")).expect("because it is there");
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn what_was_asked_is_found_again_page_by_page_over_files_and_days() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    // Two or three lines fill a file.
    let record = begin(folder.path(), 500)?;
    for id in 0..10 {
        record.add(entry("2026-01-05T12:00:00Z", id));
    }
    for id in 10..20 {
        record.add(entry("2026-01-06T01:00:00Z", id));
    }
    record.flush();
    assert!(files(folder.path()).len() > 4, "{:?}", files(folder.path()));
    let mut wanted = Wanted {
        limit: 3,
        ..Wanted::default()
    };
    let mut all = Vec::new();
    loop {
        let found = record.read(&wanted)?;
        all.extend(ids(&found).into_iter().map(str::to_owned));
        wanted.after = found.next;
        if wanted.after.is_none() {
            break;
        }
    }
    let newest_first: Vec<String> = (0..20).rev().map(|id| format!("r-{id}")).collect();
    assert_eq!(all, newest_first);

    let narrow = Wanted {
        tenant: Some("contoso".to_owned()),
        principal: Some("token/0".to_owned()),
        since: Some(at("2026-01-05T12:00:00Z")),
        until: Some(at("2026-01-06T00:00:00Z")),
        limit: 100,
        ..Wanted::default()
    };
    assert_eq!(ids(&record.read(&narrow)?), ["r-6", "r-0"]);
    let next_day = Wanted {
        since: Some(at("2026-01-06T00:00:00Z")),
        limit: 100,
        ..Wanted::default()
    };
    assert_eq!(record.read(&next_day)?.entries.len(), 10);
    for bad in [
        "",
        "x",
        "2026-01-05.jsonl",
        "../tokens.json@5",
        "2026-01-05.1.jsonl@0",
    ] {
        let wanted = Wanted {
            after: Some(bad.to_owned()),
            ..Wanted::default()
        };
        assert!(record.read(&wanted).is_err(), "{bad}");
    }
    Ok(())
}

#[test]
fn a_line_a_crash_cut_off_spoils_no_other() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    drop({
        let record = begin(folder.path(), 1 << 20)?;
        record.add(entry("2026-01-05T12:00:00Z", 1));
        record
    });
    let path = folder.path().join("access/2026-01-05.jsonl");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .expect("because it is there");
    file.write_all(b"{\"at\":\"2026-01-05T12:0")
        .expect("because it is ours");
    let record = begin(folder.path(), 1 << 20)?;
    record.add(entry("2026-01-05T12:00:02Z", 2));
    record.flush();
    let wanted = Wanted {
        limit: 10,
        ..Wanted::default()
    };
    assert_eq!(ids(&record.read(&wanted)?), ["r-2", "r-1"]);
    let text = std::fs::read_to_string(&path).expect("because it is text");
    assert_eq!(text.lines().count(), 3, "one line each");
    Ok(())
}

#[test]
fn old_days_go_and_only_they() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let access = folder.path().join("access");
    std::fs::create_dir(&access).expect("because it is new");
    for name in [
        "2025-12-05.jsonl",
        "2025-12-06.jsonl",
        "2025-12-05.2.jsonl",
        "notes.txt",
        "2025-01-01.jsonl.gz",
    ] {
        std::fs::write(access.join(name), "").expect("because it is ours");
    }
    let record = begin(folder.path(), 1 << 20)?;
    let left = files(folder.path());
    assert_eq!(
        left,
        [
            "2025-01-01.jsonl.gz",
            "2025-12-06.jsonl",
            "2026-01-05.jsonl",
            "notes.txt"
        ]
    );
    record.add(entry("2026-01-07T00:00:00Z", 1));
    record.flush();
    assert!(!files(folder.path()).contains(&"2025-12-06.jsonl".to_owned()));
    Ok(())
}

#[test]
fn statements_can_be_left_out() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let options = AccessOptions {
        statements: false,
        ..AccessOptions::new(folder.path().join("access"))
    };
    let record = AccessRecord::begin(options, at("2026-01-05T12:00:00Z"))?;
    record.add(entry("2026-01-05T12:00:00Z", 1));
    record.flush();
    let text = std::fs::read_to_string(folder.path().join("access/2026-01-05.jsonl"));
    assert!(!text.expect("because it is text").contains("select"));
    Ok(())
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_said() -> Result<()> {
    let folder = tempfile::tempdir().expect("because there is a folder for such things");
    let record = begin(folder.path(), 1)?;
    record.add(entry("2026-01-05T12:00:00Z", 1));
    record.flush();
    assert!(record.is_writing());
    // The next line needs a new file, and there is no folder for it.
    let (access, aside) = (folder.path().join("access"), folder.path().join("aside"));
    std::fs::rename(&access, &aside).expect("because it is ours");
    record.add(entry("2026-01-05T12:00:00Z", 2));
    record.flush();
    assert!(!record.is_writing());
    std::fs::rename(&aside, &access).expect("because it is ours");
    record.flush();
    assert!(record.is_writing());
    let wanted = Wanted {
        limit: 10,
        ..Wanted::default()
    };
    assert_eq!(
        ids(&record.read(&wanted)?),
        ["r-2", "r-1"],
        "nothing was lost"
    );
    Ok(())
}
