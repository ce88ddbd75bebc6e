//! Damage: every kind of it to every kind of file is noticed, named, and never answered with.

use std::sync::Arc;

use store::{Archive, Closing, MemoryStorage, ReadData, Secrets, Storage};

use crate::support::{Objects, State, create, hour, read, write, writer};

const SNAPSHOTS: u32 = 3;

fn state(version: u32) -> State {
    let objects = |kind: &str| -> Objects {
        (0..30u32)
            .map(|n| {
                (
                    format!("{n}"),
                    format!(
                        "{{\"id\":\"{kind}{n}\",\"v\":{}}}",
                        if n % 7 == 0 { version } else { n }
                    ),
                )
            })
            .collect()
    };
    ["user", "group"]
        .into_iter()
        .map(|kind| (kind.to_owned(), objects(kind)))
        .collect()
}

fn archive(compacted: bool) -> MemoryStorage {
    let memory = MemoryStorage::new();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    create(&storage);
    let mut open = writer(&storage);
    for version in 0..SNAPSHOTS {
        write(
            &mut open,
            hour(version.into()),
            &state(version),
            Closing::Unseen,
        )
        .expect("because memory works");
    }
    if compacted {
        open.compact().expect("because memory works");
    }
    drop(open);
    memory
}

/// Opens, reads and checks a damaged archive; returns what was said about it.
fn said(memory: &MemoryStorage) -> Vec<String> {
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let archive = match Archive::open(storage, &Secrets::default()) {
        Ok(archive) => archive,
        Err(error) => return vec![error.to_string()],
    };
    for at in 0..archive.snapshots().len() {
        if let Ok(found) = read(&archive, at) {
            let expected = state(u32::try_from(at).expect("because it is small"));
            assert_eq!(found, expected, "a wrong answer from a damaged archive");
        }
    }
    match store::check(&archive, ReadData::All) {
        Ok(report) => report
            .problems
            .into_iter()
            .map(|problem| problem.message)
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// Positions to damage in a file: all of a short one, a spread over a long one with its ends.
fn positions(length: usize) -> Vec<usize> {
    let step = (length / 150).max(1);
    let ends = (0..length.min(40)).chain(length.saturating_sub(60)..length);
    let mut all: Vec<usize> = ends.chain((0..length).step_by(step)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn every_flipped_byte_is_noticed() {
    for compacted in [false, true] {
        let memory = archive(compacted);
        let files = memory.files().clone();
        for (path, bytes) in &files {
            for at in positions(bytes.len()) {
                let mut flipped = bytes.clone();
                flipped[at] ^= 0x41;
                memory.put(path, &flipped).expect("because memory works");
                let said = said(&memory);
                // A comment or the creation time may be anything; a newline may become another space.
                let harmless = path == "archive.toml" || path == "keys/unprotected.identity";
                assert!(
                    harmless || !said.is_empty(),
                    "{path}: flipped byte {at} of {} unnoticed",
                    bytes.len()
                );
            }
            memory.put(path, bytes).expect("because memory works");
        }
        assert_eq!(said(&memory), Vec::<String>::new());
    }
}

#[test]
fn other_damage_is_noticed_and_the_file_named() {
    let memory = archive(false);
    let files = memory.files().clone();
    for (path, bytes) in &files {
        let half = bytes.len() / 2;
        let damaged: Vec<(&str, Option<Vec<u8>>)> = vec![
            ("deleted", None),
            ("emptied", Some(Vec::new())),
            ("cut in half", Some(bytes[..half].to_vec())),
            ("cut by one", Some(bytes[..bytes.len() - 1].to_vec())),
            ("extended", Some([bytes.as_slice(), b"rubbish"].concat())),
            ("zeroed", Some(vec![0; bytes.len()])),
            ("doubled", Some([bytes.as_slice(), bytes].concat())),
        ];
        for (action, content) in damaged {
            match content {
                Some(content) => memory.put(path, &content).expect("because memory works"),
                None => memory.delete(path).expect("because memory works"),
            }
            let said = said(&memory).join("\n");
            memory.put(path, bytes).expect("because memory works");
            // The last newline of a text may go, and so may a tile that another has taken the place of.
            let text = path == "keys/unprotected.identity" || path == "archive.toml";
            let superseded =
                path.contains(".p/") && !path.ends_with(&format!(".p/{}", SNAPSHOTS + 1));
            if (text && action == "cut by one") || (superseded && action == "deleted") {
                continue;
            }
            let folder = path.split('/').next().unwrap_or_default();
            let named =
                said.contains(path.as_str()) || said.contains(folder) || said.contains("archive");
            assert!(named, "{path} {action}: {said:?}");
        }
    }
}

#[test]
fn a_lost_pack_names_its_objects_and_snapshots_and_spares_the_rest() {
    // On a real directory, so that the index outlives the pack.
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let storage: Arc<dyn Storage> = Arc::new(store::LocalStorage::new(folder.path().join("a")));
    create(&storage);
    let mut open = writer(&storage);
    let mut packs = Vec::new();
    for version in 0..SNAPSHOTS {
        write(
            &mut open,
            hour(version.into()),
            &state(version),
            Closing::Unseen,
        )
        .expect("because the disk works");
        packs.push(storage.list("packs").expect("because the disk works"));
    }
    drop(open);
    let last: Vec<_> = packs[2]
        .iter()
        .filter(|pack| !packs[1].contains(pack))
        .collect();
    assert_eq!(last.len(), 1);
    let bytes = storage.read(&last[0].0).expect("because it is there");
    storage.delete(&last[0].0).expect("because the disk works");

    let archive = Archive::open(Arc::clone(&storage), &Secrets::default())
        .expect("because the index is there");
    assert_eq!(
        read(&archive, 0).expect("because its packs are there"),
        state(0)
    );
    assert_eq!(
        read(&archive, 1).expect("because its packs are there"),
        state(1)
    );
    let error = read(&archive, 2).expect_err("because its pack is gone");
    assert_eq!(
        error.to_string(),
        format!("{} is missing: the log refers to it", last[0].0)
    );
    let report = store::check(&archive, ReadData::All).expect("because checking works");
    // Its record is in the pack too, so that nothing behind it can be verified.
    assert!(
        report.problems[0].message.contains(&last[0].0),
        "{:?}",
        report.problems
    );

    storage
        .put(&last[0].0, &bytes)
        .expect("because the disk works");
    let report = store::check(&archive, ReadData::All).expect("because checking works");
    assert_eq!(report.problems, Vec::new());
}

#[test]
fn damaged_versions_are_named_with_what_they_touch() {
    let folder = tempfile::tempdir().expect("because there is a temporary folder");
    let storage: Arc<dyn Storage> = Arc::new(store::LocalStorage::new(folder.path().join("a")));
    create(&storage);
    let mut open = writer(&storage);
    write(&mut open, hour(0), &state(0), Closing::Unseen).expect("because the disk works");
    let first = storage.list("packs").expect("because the disk works");
    write(&mut open, hour(1), &state(1), Closing::Unseen).expect("because the disk works");
    let second = storage.list("packs").expect("because the disk works");
    let pack = &second
        .iter()
        .find(|pack| !first.contains(pack))
        .expect("because a pack was added")
        .0;
    drop(open);
    // The pack of the second snapshot starts with a data frame; a byte in the middle of it goes bad.
    let mut bytes = storage.read(pack).expect("because it is there");
    bytes[90] ^= 1;
    storage.put(pack, &bytes).expect("because the disk works");

    let archive = Archive::open(Arc::clone(&storage), &Secrets::default())
        .expect("because the index is there");
    let report = store::check(&archive, ReadData::All).expect("because checking works");
    let named = report
        .problems
        .iter()
        .find(|problem| !problem.affected.is_empty());
    let named = named.unwrap_or_else(|| panic!("{:?}", report.problems));
    assert!(
        named
            .message
            .contains(&format!("{pack} (frame at 32) is damaged")),
        "{}",
        named.message
    );
    let affected = &named.affected[0];
    assert_eq!(
        (
            affected.kind.as_str(),
            affected.versions,
            affected.snapshots
        ),
        ("group", 5, 1)
    );
    assert_eq!(
        affected.objects,
        ["0", "14", "21", "28", "7"],
        "known from the version before"
    );
    assert_eq!(affected.snapshot_ids, [archive.snapshots()[1].id]);
    assert_eq!(
        read(&archive, 0).expect("because its packs are sound"),
        state(0)
    );
}
