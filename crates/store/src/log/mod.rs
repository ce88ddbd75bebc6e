//! The transparency log: one leaf per act, C2SP tlog-tiles on storage, a signed checkpoint as the
//! commit point (`docs/format.md` section 9).

mod checkpoint;
mod leaf;
mod tiles;

pub(crate) use checkpoint::{CHECKPOINT, LogKey};
pub(crate) use leaf::Leaf;
pub(crate) use tiles::{verify_superseded, verify_tiles};

use tlog_tiles::{Hash, HashReader, record_hash, stored_hashes, tree_hash};

use crate::error::{Error, Result};
use crate::storage::Storage;
use tiles::{TileName, Tiles, bundle_path, decode_bundle};

/// Size and root of the log at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Head {
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

impl Head {
    pub(crate) const EMPTY: Head = Head {
        size: 0,
        root: tlog_tiles::EMPTY_HASH,
    };
}

/// The committed head.
pub(crate) fn read_head(storage: &dyn Storage, key: &LogKey) -> Result<Head> {
    let bytes = match storage.read(CHECKPOINT) {
        Err(Error::NotFound { .. }) => {
            let reason = "every archive has a signed checkpoint".to_owned();
            return Err(Error::Missing {
                place: CHECKPOINT.to_owned(),
                reason,
            });
        }
        other => other?,
    };
    key.open(&bytes)
}

/// The leaves `from..head.size`, in order.
///
/// Every leaf is checked against the hash tiles, whose right edge is checked against the head.
pub(crate) fn read_leaves(storage: &dyn Storage, head: Head, from: u64) -> Result<Vec<Leaf>> {
    let tiles = Tiles::new(storage, head.size);
    check_root(&tiles, head)?;
    let mut leaves = Vec::new();
    for bundle in from / 256..head.size.div_ceil(256) {
        let path = bundle_path(bundle, head.size);
        let bytes = storage.read(&path).map_err(|e| missing(&path, e))?;
        let entries = decode_bundle(&bytes, &path)?;
        let first = bundle * 256;
        if entries.len() as u64 != 256.min(head.size - first) {
            return Err(Error::corrupt(
                &path,
                "it does not hold as many leaves as its name says",
            ));
        }
        for (number, entry) in (first..).zip(entries).filter(|(number, _)| *number >= from) {
            if tiles.node(0, number).map_err(|e| tile_error(&tiles, &e))? != record_hash(entry) {
                return Err(Error::corrupt(
                    &path,
                    format!("leaf {number} does not fit its hash tile"),
                ));
            }
            leaves.push(Leaf::decode(entry, number, &path)?);
        }
    }
    Ok(leaves)
}

/// Appends a leaf and commits it: when this returns, the act has happened.
pub(crate) fn append(storage: &dyn Storage, key: &LogKey, head: Head, leaf: &Leaf) -> Result<Head> {
    let before = Tiles::new(storage, head.size);
    check_root(&before, head)?;
    let text = leaf.encode();
    let hashes =
        stored_hashes(head.size, text.as_bytes(), &before).map_err(|e| tile_error(&before, &e))?;
    append_entry(storage, head.size, text.as_bytes())?;
    for level in 0u8.. {
        let (old, new) = (
            head.size >> (8 * u32::from(level)),
            (head.size + 1) >> (8 * u32::from(level)),
        );
        if old == new {
            break;
        }
        let tile = TileName {
            level,
            number: old / 256,
        };
        let mut bytes = if old % 256 == 0 {
            Vec::new()
        } else {
            before.tile(tile)?
        };
        bytes.extend_from_slice(&hashes[8 * usize::from(level)].0);
        storage.put(&tile.path(head.size + 1), &bytes)?;
    }
    // Read back what is on storage now: only a log that continues the old one is signed.
    let after = Tiles::new(storage, head.size + 1);
    let root = tree_hash(head.size + 1, &after).map_err(|e| tile_error(&after, &e))?;
    check_root(&Tiles::new(storage, head.size), head)?;
    let new = Head {
        size: head.size + 1,
        root,
    };
    storage.put(CHECKPOINT, &key.seal(new)?)?;
    delete_superseded(storage, head.size)?;
    Ok(new)
}

fn append_entry(storage: &dyn Storage, number: u64, entry: &[u8]) -> Result<()> {
    let old = bundle_path(number / 256, number);
    let mut bundle = if number.is_multiple_of(256) {
        Vec::new()
    } else {
        storage.read(&old).map_err(|e| missing(&old, e))?
    };
    let length = u16::try_from(entry.len())
        .map_err(|_| Error::Internal("a log leaf is longer than 65,535 bytes".to_owned()))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    storage.put(&bundle_path(number / 256, number + 1), &bundle)
}

/// Deletes partial tiles of the size before `size` that neither `size` nor the next one uses: a reader
/// that has just read the previous checkpoint still finds its tiles.
fn delete_superseded(storage: &dyn Storage, size: u64) -> Result<()> {
    let Some(older) = size.checked_sub(1).filter(|older| *older > 0) else {
        return Ok(());
    };
    let current = [tiles::right_edge(size), tiles::right_edge(size + 1)].concat();
    for path in tiles::right_edge(older) {
        if !current.contains(&path) {
            storage.delete(&path)?;
        }
    }
    Ok(())
}

fn check_root(tiles: &Tiles<'_>, head: Head) -> Result<()> {
    let root = tree_hash(head.size, tiles).map_err(|e| tile_error(tiles, &e))?;
    if root == head.root {
        return Ok(());
    }
    Err(Error::corrupt(
        "log/tile",
        format!(
            "its right edge does not have the root of the checkpoint of size {}",
            head.size
        ),
    ))
}

fn missing(path: &str, error: Error) -> Error {
    match error {
        Error::NotFound { .. } => Error::Missing {
            place: path.to_owned(),
            reason: "the checkpoint covers it".to_owned(),
        },
        other => other,
    }
}

/// The storage error behind a failed hash read, which the log crate's own error cannot carry.
fn tile_error(tiles: &Tiles<'_>, error: &tlog_tiles::Error) -> Error {
    tiles
        .take_error()
        .unwrap_or_else(|| Error::corrupt("log/tile", error.to_string()))
}

impl HashReader for Tiles<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> std::result::Result<Vec<Hash>, tlog_tiles::Error> {
        indexes
            .iter()
            .map(|index| {
                let (level, number) = tlog_tiles::split_stored_hash_index(*index);
                self.node(level, number)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
