//! Hash tiles and entry bundles on storage.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tlog_tiles::{HASH_SIZE, Hash, node_hash, record_hash};

use super::{Head, check_root, missing, tile_error};
use crate::error::{Error, Result};
use crate::storage::Storage;

/// Hashes of a full tile.
const WIDTH: u64 = 256;

/// A hash tile, by level (of tiles) and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TileName {
    pub(super) level: u8,
    pub(super) number: u64,
}

impl TileName {
    /// Hashes the tile has in a tree of that size.
    fn width(self, size: u64) -> u64 {
        (size >> (8 * u32::from(self.level)))
            .saturating_sub(self.number * WIDTH)
            .min(WIDTH)
    }

    pub(super) fn path(self, size: u64) -> String {
        let width = self.width(size);
        format!(
            "log/tile/{}/{}{}",
            self.level,
            number_path(self.number),
            partial(width)
        )
    }
}

/// Path of the bundle that holds leaves `number * 256..` in a log of that size.
pub(super) fn bundle_path(number: u64, size: u64) -> String {
    let width = size.saturating_sub(number * WIDTH).min(WIDTH);
    format!("log/tile/entries/{}{}", number_path(number), partial(width))
}

/// C2SP's encoding: groups of three digits, all but the last with an `x` in front.
fn number_path(number: u64) -> String {
    let last = format!("{:03}", number % 1000);
    if number < 1000 {
        last
    } else {
        format!("{}/{last}", leading_groups(number / 1000))
    }
}

fn leading_groups(number: u64) -> String {
    let last = format!("x{:03}", number % 1000);
    if number < 1000 {
        last
    } else {
        format!("{}/{last}", leading_groups(number / 1000))
    }
}

fn partial(width: u64) -> String {
    if width == WIDTH {
        String::new()
    } else {
        format!(".p/{width}")
    }
}

/// Paths of the partial tiles and the partial bundle of a log of that size.
pub(super) fn right_edge(size: u64) -> Vec<String> {
    let mut paths = Vec::new();
    if !size.is_multiple_of(WIDTH) {
        paths.push(bundle_path(size / WIDTH, size));
    }
    for level in 0u8..8 {
        let hashes = size >> (8 * u32::from(level));
        if !hashes.is_multiple_of(WIDTH) {
            paths.push(
                TileName {
                    level,
                    number: hashes / WIDTH,
                }
                .path(size),
            );
        }
    }
    paths
}

/// The entries of a bundle.
pub(super) fn decode_bundle<'b>(mut bundle: &'b [u8], path: &str) -> Result<Vec<&'b [u8]>> {
    let cut = || Error::corrupt(path, "it ends inside a leaf");
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk::<2>().ok_or_else(cut)?;
        let (entry, rest) = rest
            .split_at_checked(u16::from_be_bytes(*length).into())
            .ok_or_else(cut)?;
        entries.push(entry);
        bundle = rest;
    }
    Ok(entries)
}

/// The hash tiles of a log of one size.
pub(super) struct Tiles<'s> {
    storage: &'s dyn Storage,
    size: u64,
    read: RefCell<HashMap<String, Rc<Vec<u8>>>>,
    error: RefCell<Option<Error>>,
}

impl<'s> Tiles<'s> {
    pub(super) fn new(storage: &'s dyn Storage, size: u64) -> Self {
        Self {
            storage,
            size,
            read: RefCell::default(),
            error: RefCell::default(),
        }
    }

    /// The tile's hashes, one behind the other.
    pub(super) fn tile(&self, name: TileName) -> Result<Vec<u8>> {
        Ok(self.cached(name)?.to_vec())
    }

    fn cached(&self, name: TileName) -> Result<Rc<Vec<u8>>> {
        let path = name.path(self.size);
        if let Some(bytes) = self.read.borrow().get(&path) {
            return Ok(Rc::clone(bytes));
        }
        let bytes = self.storage.read(&path).map_err(|e| missing(&path, e))?;
        if bytes.len() as u64 != name.width(self.size) * HASH_SIZE as u64 {
            return Err(Error::corrupt(
                &path,
                "it does not have the length its name says",
            ));
        }
        let bytes = Rc::new(bytes);
        self.read.borrow_mut().insert(path, Rc::clone(&bytes));
        Ok(bytes)
    }

    /// The hash of the complete subtree of height `level` with that number.
    pub(super) fn node(
        &self,
        level: u8,
        number: u64,
    ) -> std::result::Result<Hash, tlog_tiles::Error> {
        let below = level % 8;
        let name = TileName {
            level: level / 8,
            number: (number << below) / WIDTH,
        };
        let tile = self.cached(name).map_err(|error| {
            *self.error.borrow_mut() = Some(error);
            tlog_tiles::Error::InvalidTile
        })?;
        let start =
            usize::try_from((number << below) % WIDTH).map_err(|_| tlog_tiles::Error::BadMath)?;
        let hashes = tile
            .get(start * HASH_SIZE..(start + (1 << below)) * HASH_SIZE)
            .ok_or(tlog_tiles::Error::IndexesNotInTree)?;
        Ok(tlog_tiles::Tile::subtree_hash(hashes))
    }

    pub(super) fn take_error(&self) -> Option<Error> {
        self.error.borrow_mut().take()
    }
}

/// Checks every leaf and every tile of the log against the head.
pub(crate) fn verify_tiles(storage: &dyn Storage, head: Head) -> Result<()> {
    let tiles = Tiles::new(storage, head.size);
    check_root(&tiles, head)?;
    for bundle in 0..head.size.div_ceil(WIDTH) {
        let path = bundle_path(bundle, head.size);
        let bytes = storage.read(&path).map_err(|e| missing(&path, e))?;
        let entries = decode_bundle(&bytes, &path)?;
        let tile = tiles.tile(TileName {
            level: 0,
            number: bundle,
        })?;
        if entries.len() as u64 != WIDTH.min(head.size - bundle * WIDTH) {
            return Err(Error::corrupt(
                &path,
                "it does not hold as many leaves as its name says",
            ));
        }
        for (at, (entry, hash)) in entries.iter().zip(tile.chunks_exact(HASH_SIZE)).enumerate() {
            if record_hash(entry).0 != hash {
                let number = bundle * WIDTH + at as u64;
                return Err(Error::corrupt(
                    &path,
                    format!("leaf {number} does not fit its hash tile"),
                ));
            }
        }
    }
    verify_upper_tiles(&tiles, head.size)
}

/// Checks the partial tiles that are left of smaller sizes: each is the beginning of what took its place.
///
/// Nothing reads them but a reader that still holds an older checkpoint, which is why they are there. Those
/// of larger sizes were never committed: the next commit writes over them.
pub(crate) fn verify_superseded(storage: &dyn Storage, head: Head) -> Result<()> {
    let current = right_edge(head.size);
    for (path, _) in storage.list("log/tile")? {
        let Some((base, width)) = path.rsplit_once(".p/") else {
            continue;
        };
        let partial = current
            .iter()
            .find(|other| other.rsplit_once(".p/").is_some_and(|(b, _)| b == base));
        let successor = partial.map_or(base, String::as_str);
        let misnamed = || Error::corrupt(&path, "no tile is called so");
        let width: u64 = width.parse().map_err(|_| misnamed())?;
        let is_newer = partial
            .and_then(|other| other.rsplit_once(".p/")?.1.parse::<u64>().ok())
            .is_some_and(|committed| width >= committed);
        // A tile whose base the log has not reached yet was never committed either.
        if is_newer || (partial.is_none() && storage.size(successor)?.is_none()) {
            continue;
        }
        let (old, new) = (storage.read(&path)?, storage.read(successor)?);
        let held = if base.starts_with("log/tile/entries/") {
            decode_bundle(&old, &path)?.len() as u64
        } else {
            (old.len() / HASH_SIZE) as u64
        };
        if held != width || !new.starts_with(&old) {
            return Err(Error::corrupt(
                &path,
                format!("it is not the beginning of {successor}"),
            ));
        }
    }
    Ok(())
}

/// Every hash of an upper tile is the root of the tile below it.
fn verify_upper_tiles(tiles: &Tiles<'_>, size: u64) -> Result<()> {
    for level in 1u8..8 {
        for number in 0..(size >> (8 * u32::from(level))) {
            let name = TileName {
                level,
                number: number / WIDTH,
            };
            let below = tiles.tile(TileName {
                level: level - 1,
                number,
            })?;
            let (left, right) = below.split_at(below.len() / 2);
            let root = node_hash(
                tlog_tiles::Tile::subtree_hash(left),
                tlog_tiles::Tile::subtree_hash(right),
            );
            let stored = tiles
                .node(level * 8, number)
                .map_err(|e| tile_error(tiles, &e))?;
            if stored != root {
                return Err(Error::corrupt(
                    name.path(size),
                    format!("hash {} does not fit the tile below", number % WIDTH),
                ));
            }
        }
    }
    Ok(())
}
