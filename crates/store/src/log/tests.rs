use tlog_tiles::{check_record, check_tree, prove_record, prove_tree};

use super::*;
use crate::id::{ArchiveId, PackId, RecordId};
use crate::keys::KeyBundle;
use crate::storage::MemoryStorage;

fn leaf(number: u64) -> Leaf {
    let byte = number.to_le_bytes()[0];
    Leaf {
        act: "snapshot".to_owned(),
        number,
        time: jiff::Timestamp::UNIX_EPOCH,
        record: RecordId([byte; 32]),
        pack: PackId([byte ^ 0xff; 32]),
    }
}

fn log(leaves: u64) -> (MemoryStorage, LogKey, Vec<Head>) {
    let archive = ArchiveId([3; 16]);
    let key = LogKey::new(archive, &KeyBundle::random(archive));
    let storage = MemoryStorage::new();
    let mut heads = vec![Head::EMPTY];
    for number in 0..leaves {
        let head = append(&storage, &key, heads[heads.len() - 1], &leaf(number))
            .expect("because memory takes it");
        heads.push(head);
    }
    (storage, key, heads)
}

#[test]
fn leaves_come_back_and_every_proof_holds() {
    let (storage, key, heads) = log(600);
    let head = read_head(&storage, &key).expect("because it was just written");
    assert_eq!(head, heads[600]);
    let leaves = read_leaves(&storage, head, 0).expect("because it was just written");
    assert_eq!(leaves, (0..600).map(leaf).collect::<Vec<_>>());
    assert_eq!(
        read_leaves(&storage, head, 511).expect("because it was just written"),
        leaves[511..]
    );
    verify_tiles(&storage, head).expect("because nothing is damaged");

    let tiles = Tiles::new(&storage, 600);
    for number in (0..600).step_by(37) {
        let proof = prove_record(600, number, &tiles).expect("because the leaf exists");
        let hash = record_hash(leaf(number).encode().as_bytes());
        check_record(&proof, 600, head.root, number, hash).expect("because the leaf is in the log");
        if number > 0 {
            let proof = prove_tree(600, number, &tiles).expect("because the tree was that size");
            let old = heads[usize::try_from(number).expect("because it is small")];
            check_tree(&proof, 600, head.root, number, old.root)
                .expect("because the log only grew");
        }
    }
}

#[test]
fn only_the_right_edge_of_two_sizes_is_kept() {
    let (storage, ..) = log(600);
    let files: Vec<String> = storage
        .list("log")
        .expect("because memory lists")
        .into_iter()
        .map(|f| f.0)
        .collect();
    assert_eq!(
        files,
        [
            "log/checkpoint",
            "log/tile/0/000",
            "log/tile/0/001",
            "log/tile/0/002.p/87",
            "log/tile/0/002.p/88",
            "log/tile/1/000.p/2",
            "log/tile/entries/000",
            "log/tile/entries/001",
            "log/tile/entries/002.p/87",
            "log/tile/entries/002.p/88",
        ]
    );
}

#[test]
fn tile_numbers_are_written_as_c2sp_writes_them() {
    assert_eq!(bundle_path(5, 6 * 256), "log/tile/entries/005");
    assert_eq!(
        bundle_path(1_234_067, u64::MAX),
        "log/tile/entries/x001/x234/067"
    );
    assert_eq!(
        TileName {
            level: 1,
            number: 0
        }
        .path(70_000),
        "log/tile/1/000"
    );
    assert_eq!(
        TileName {
            level: 1,
            number: 1
        }
        .path(70_000),
        "log/tile/1/001.p/17"
    );
}

#[test]
fn every_flipped_byte_is_noticed() {
    let (storage, key, _) = log(20);
    let files = storage.files().clone();
    let used = |path: &String| !path.ends_with(".p/19");
    for (path, bytes) in files.iter().filter(|(path, _)| used(path)) {
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x41;
            storage
                .put(path, &flipped)
                .expect("because memory takes it");
            let noticed = read_head(&storage, &key).and_then(|head| verify_tiles(&storage, head));
            let error = noticed.expect_err("because a byte was flipped");
            assert!(error.is_damage(), "{path} at {at}: {error}");
        }
        storage.put(path, bytes).expect("because memory takes it");
    }
}

#[test]
fn a_missing_tile_is_named() {
    let (storage, key, heads) = log(300);
    storage
        .delete("log/tile/entries/000")
        .expect("because memory deletes");
    let error = read_leaves(&storage, heads[300], 0).expect_err("because a bundle is gone");
    assert_eq!(
        error.to_string(),
        "log/tile/entries/000 is missing: the checkpoint covers it"
    );
    storage.delete(CHECKPOINT).expect("because memory deletes");
    let error = read_head(&storage, &key).expect_err("because the checkpoint is gone");
    assert_eq!(
        error.to_string(),
        "log/checkpoint is missing: every archive has a signed checkpoint"
    );
}

#[test]
fn a_checkpoint_of_another_key_is_refused() {
    let (storage, key, _) = log(3);
    let (other, ..) = log(3);
    storage
        .put(
            CHECKPOINT,
            &other.read(CHECKPOINT).expect("because it is there"),
        )
        .expect("because memory takes it");
    let error = read_head(&storage, &key).expect_err("because it is another's");
    assert_eq!(
        error.to_string(),
        "log/checkpoint is damaged: it has no valid signature of the archive's key"
    );
}
