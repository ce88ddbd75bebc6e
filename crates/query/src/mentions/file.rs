//! Files of pairs: which versions of a run name which ids, sorted by id, in blocks that are sealed one
//! by one, so that one id is found by reading two of them (`docs/format.md` section 14).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use store::Storage;

use super::pairs::Pairs;
use crate::columns::{Name, SegmentKey};
use crate::error::Result;

/// First bytes of a file, its layout among them.
const MAGIC: &[u8; 8] = b"ENTRIDS1";
/// Magic and salt.
const HEADER_BYTES: usize = 8 + SALT_BYTES;
const SALT_BYTES: usize = 16;
/// What the last block is called when it is sealed: it lists the others.
const DIRECTORY: u32 = u32::MAX;
/// Length of the sealed directory, at the very end.
const TRAILER_BYTES: usize = 4;
/// A block is closed when it has this many bytes.
const BLOCK_BYTES: usize = 4 << 10;
/// What is read at first: the directory of a million pairs is not longer.
const READ_AHEAD: usize = 32 << 10;
/// Blocks kept in memory once they were opened, 4 MB of each file.
const KEPT_BLOCKS: usize = 1024;

/// A file that was opened: its directory is in memory, its blocks are read when they are asked for.
#[derive(Debug)]
pub(crate) struct IdFile {
    path: String,
    first: u32,
    end: u32,
    storage: Arc<dyn Storage>,
    key: [u8; 32],
    blocks: Vec<Block>,
    opened: Mutex<HashMap<usize, Arc<Vec<u8>>>>,
}

/// A sealed block: the least id in it, and where it is.
#[derive(Debug, Clone, Copy)]
struct Block {
    id: [u8; 16],
    offset: u64,
    length: usize,
}

impl IdFile {
    /// Opens a file; `None` where it cannot be read, or is another than its name says.
    pub(crate) fn open(
        storage: &Arc<dyn Storage>,
        path: &str,
        segment: &SegmentKey<'_>,
    ) -> Option<Self> {
        let name = Name::of_ids(path)?;
        let size = storage.size(path).ok()??;
        let from = size.saturating_sub(READ_AHEAD as u64);
        let mut tail = storage
            .read_range(path, from, usize::try_from(size - from).ok()?)
            .ok()?;
        let trailer = tail.split_off(tail.len().checked_sub(TRAILER_BYTES)?);
        let length = u32::from_le_bytes(trailer.try_into().ok()?) as usize;
        let at = size.checked_sub((length + TRAILER_BYTES) as u64)?;
        let sealed = match tail.len().checked_sub(length) {
            Some(start) => tail.split_off(start),
            None => storage.read_range(path, at, length).ok()?,
        };
        let header = storage.read_range(path, 0, HEADER_BYTES).ok()?;
        let salt = header.strip_prefix(MAGIC.as_slice())?;
        let key = segment.for_ids(name.kind, name.first, name.end, salt);
        let directory = open(&key, DIRECTORY, &sealed)?;
        Some(Self {
            path: path.to_owned(),
            first: name.first,
            end: name.end,
            storage: Arc::clone(storage),
            key,
            blocks: blocks_of(&directory, at)?,
            opened: Mutex::default(),
        })
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The versions it speaks of.
    pub(crate) fn run(&self) -> std::ops::Range<u32> {
        self.first..self.end
    }

    /// The versions that name an id; `None` where the file is damaged there.
    pub(super) fn of(&self, id: [u8; 16]) -> Option<Vec<u32>> {
        let mut versions = Vec::new();
        // An id with many versions goes on in the blocks behind the one where it begins.
        let begins = self.blocks.partition_point(|block| block.id < id);
        for at in begins.saturating_sub(1)..self.blocks.len() {
            if self.blocks[at].id > id {
                break;
            }
            take_of(&self.block(at)?, id, self.first..self.end, &mut versions)?;
        }
        Some(versions)
    }

    fn block(&self, at: usize) -> Option<Arc<Vec<u8>>> {
        if let Some(block) = self.opened.lock().ok()?.get(&at) {
            return Some(Arc::clone(block));
        }
        let Block { offset, length, .. } = self.blocks[at];
        let sealed = self.storage.read_range(&self.path, offset, length).ok()?;
        let block = Arc::new(open(&self.key, u32::try_from(at).ok()?, &sealed)?);
        let mut opened = self.opened.lock().ok()?;
        if opened.len() >= KEPT_BLOCKS {
            opened.clear();
        }
        opened.insert(at, Arc::clone(&block));
        Some(block)
    }
}

/// Writes the pairs of a run; the bytes of the file.
pub(crate) fn write_ids(
    storage: &dyn Storage,
    segment: &SegmentKey<'_>,
    kind: u16,
    run: std::ops::Range<u32>,
    pairs: &Pairs,
) -> Result<u64> {
    let blocks: Vec<([u8; 16], Vec<u8>)> = encoded(pairs, run.start);
    // The key follows from what is sealed with it, so that no nonce is ever used for two contents.
    let mut hasher = blake3::Hasher::new_keyed(segment.key);
    blocks.iter().for_each(|(_, block)| {
        hasher.update(block);
    });
    let salt = &hasher.finalize().as_bytes()[..SALT_BYTES].to_owned();
    let key = segment.for_ids(kind, run.start, run.end, salt);
    let mut file = [MAGIC.as_slice(), salt].concat();
    let mut directory = Vec::new();
    for (number, (id, block)) in (0u32..).zip(&blocks) {
        let sealed = seal(&key, number, block);
        directory.extend_from_slice(id);
        put_varint(&mut directory, sealed.len());
        file.extend_from_slice(&sealed);
    }
    let sealed = seal(&key, DIRECTORY, &directory);
    file.extend_from_slice(&sealed);
    let length = u32::try_from(sealed.len())
        .expect("because a directory lists one block for every four kilobytes of pairs");
    file.extend_from_slice(&length.to_le_bytes());
    let path = format!(
        "columns/{kind}/{}-{}-{}{}",
        run.start,
        run.end,
        segment.hash(&file),
        Name::IDS
    );
    storage.put(&path, &file)?;
    Ok(file.len() as u64)
}

/// Blocks of pairs with the least id of each: an id, how many versions follow, and the distance of each
/// from the one before it.
fn encoded(pairs: &Pairs, first: u32) -> Vec<([u8; 16], Vec<u8>)> {
    let mut blocks: Vec<([u8; 16], Vec<u8>)> = Vec::new();
    pairs.each(|id, versions| {
        // Lists are cut so that no block grows far beyond its size.
        for list in versions.chunks(BLOCK_BYTES / 4) {
            if let Some((_, block)) = blocks.last_mut()
                && block.len() >= BLOCK_BYTES
            {
                block.shrink_to_fit();
                blocks.push((id, Vec::with_capacity(BLOCK_BYTES)));
            } else if blocks.is_empty() {
                blocks.push((id, Vec::with_capacity(BLOCK_BYTES)));
            }
            let Some((_, block)) = blocks.last_mut() else {
                continue;
            };
            block.extend_from_slice(&id);
            put_varint(block, list.len());
            let mut before = first;
            for ordinal in list {
                put_varint(block, (ordinal - before) as usize);
                before = *ordinal;
            }
        }
    });
    blocks
}

/// Adds the versions that a block lists for an id; `None` where it does not decode.
fn take_of(
    mut block: &[u8],
    id: [u8; 16],
    run: std::ops::Range<u32>,
    versions: &mut Vec<u32>,
) -> Option<()> {
    while !block.is_empty() {
        let (named, rest) = block.split_first_chunk::<16>()?;
        block = rest;
        if *named > id {
            break;
        }
        let count = take_varint(&mut block)?;
        let mut at = run.start;
        for _ in 0..count {
            at = at.checked_add(take_varint(&mut block)?)?;
            if *named == id {
                versions.push(at);
            }
        }
        if at >= run.end {
            return None;
        }
    }
    Some(())
}

fn blocks_of(mut directory: &[u8], end: u64) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut offset = HEADER_BYTES as u64;
    while !directory.is_empty() {
        let (id, rest) = directory.split_first_chunk::<16>()?;
        directory = rest;
        let length = take_varint(&mut directory)? as usize;
        blocks.push(Block {
            id: *id,
            offset,
            length,
        });
        offset += length as u64;
    }
    (offset == end).then_some(blocks)
}

fn nonce(number: u32) -> XNonce {
    let mut nonce = XNonce::default();
    nonce[..4].copy_from_slice(&number.to_le_bytes());
    nonce
}

fn seal(key: &[u8; 32], number: u32, plain: &[u8]) -> Vec<u8> {
    XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce(number), plain)
        .expect("because a block is far below the cipher's limit of 256 GiB")
}

fn open(key: &[u8; 32], number: u32, sealed: &[u8]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(&nonce(number), sealed).ok()
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use store::MemoryStorage;

    use super::super::pairs::Collector;
    use super::*;

    fn id(number: u32) -> [u8; 16] {
        // As random as ids are, and in another order than the numbers.
        u128::from(number)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
            .to_be_bytes()
    }

    fn guid(id: [u8; 16]) -> String {
        let hex = format!("{:032x}", u128::from_be_bytes(id));
        let groups = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
        groups.map(|(from, to)| &hex[from..to]).join("-")
    }

    /// One id in every version, each other id in two.
    fn pairs(first: u32, end: u32) -> Pairs {
        let mut collector = Collector::default();
        for ordinal in first..end {
            let (all, one) = (guid(id(0)), guid(id(1 + ordinal / 2)));
            let pushed = collector.push(ordinal, "x", &format!(r#"["{all}","{one}"]"#));
            pushed.expect("because the payload is JSON");
        }
        collector.finish()
    }

    fn written(first: u32, end: u32) -> (Arc<dyn Storage>, String, u64) {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        let bytes = write_ids(&*storage, &key(), 3, first..end, &pairs(first, end));
        let files = storage.list("columns/3").expect("because it is in memory");
        (
            storage,
            files[0].0.clone(),
            bytes.expect("because it is in memory"),
        )
    }

    fn key() -> SegmentKey<'static> {
        SegmentKey {
            key: &[7; 32],
            archive: "a".to_owned(),
        }
    }

    #[test]
    fn every_id_is_found_with_all_its_versions_and_no_other() {
        let (storage, path, bytes) = written(1_000, 61_000);
        let file = IdFile::open(&storage, &path, &key()).expect("because it was written");
        assert!(file.blocks.len() > 100, "{} blocks", file.blocks.len());
        // A pair of a scattered id and its part of the list that has all: 16 bytes an id, few an ordinal.
        assert!(bytes < 60_000 * 13, "{bytes} bytes");
        let all = file.of(id(0)).expect("because it is sound");
        assert!(all.into_iter().eq(1_000..61_000));
        for half in [500, 12_345, 30_499] {
            assert_eq!(file.of(id(1 + half)), Some(vec![half * 2, half * 2 + 1]));
        }
        assert_eq!(file.of(id(99_999)), Some(Vec::new()));
        assert_eq!(file.of([0xff; 16]), Some(Vec::new()));
    }

    #[test]
    fn a_run_that_names_nothing_is_a_file_too() {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        write_ids(&*storage, &key(), 3, 0..9, &Pairs::default()).expect("because it is in memory");
        let path = &storage.list("columns/3").expect("because it is in memory")[0].0;
        let file = IdFile::open(&storage, path, &key()).expect("because it was written");
        assert_eq!(file.of(id(0)), Some(Vec::new()));
    }

    #[test]
    fn what_was_changed_or_put_elsewhere_does_not_open() {
        let (storage, path, _) = written(0, 6_000);
        let bytes = storage.read(&path).expect("because it was written");
        let found = |bytes: &[u8], path: &str, key: &SegmentKey<'_>| {
            storage.put(path, bytes).expect("because it is in memory");
            let file = IdFile::open(&storage, path, key)?;
            let ids = (0..3_001).map(|number| file.of(id(number)));
            ids.collect::<Option<Vec<_>>>()
        };
        assert!(found(&bytes, &path, &key()).is_some());
        for at in (0..bytes.len()).step_by(211).chain([bytes.len() - 1]) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x20;
            assert_eq!(found(&flipped, &path, &key()), None, "byte {at}");
        }
        for length in [0, 3, 23, 24, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(
                found(&bytes[..length], &path, &key()),
                None,
                "{length} bytes"
            );
        }
        let other_run = path.replace("/0-6000-", "/0-6001-");
        let other_kind = path.replace("/3/", "/4/");
        let other_archive = SegmentKey {
            archive: "b".to_owned(),
            ..key()
        };
        assert_eq!(found(&bytes, &other_run, &key()), None);
        assert_eq!(found(&bytes, &other_kind, &key()), None);
        assert_eq!(found(&bytes, &path, &other_archive), None);
    }
}
