//! Which versions name which objects: what is needed to go from an object to the edges that end at it, to
//! the assignments that refer to it and to the events about it, without reading all of them.
//!
//! A version names an object where the object's id stands anywhere in it, in its key too. Only ids of
//! the form Graph gives to directory objects count (GUIDs), in any spelling.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use roaring::RoaringBitmap;
use store::{Archive, KindNumber, StoredKind};

use crate::error::{Error, Result};

/// Characters of a GUID: five groups of hexadecimal digits joined by hyphens.
const GUID_CHARS: usize = 36;
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The mentions of all kinds that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Mentioned {
    kinds: Mutex<HashMap<KindNumber, Arc<Mentions>>>,
}

impl Mentioned {
    pub(crate) fn kind(&self, archive: &Archive, kind: &StoredKind) -> Result<Arc<Mentions>> {
        let lock = || {
            self.kinds
                .lock()
                .map_err(|_| Error::Internal("cache of mentions is poisoned".to_owned()))
        };
        if let Some(known) = lock()?.get(&kind.number) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(Mentions::of_kind(archive, kind)?);
        lock()?.insert(kind.number, Arc::clone(&made));
        Ok(made)
    }
}

/// Which versions of one kind name which ids.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    /// Id and ordinal, sorted, each pair once.
    pairs: Vec<(u128, u32)>,
}

impl Mentions {
    fn of_kind(archive: &Archive, kind: &StoredKind) -> Result<Self> {
        let mut pairs = Vec::new();
        let all: RoaringBitmap = (0..kind.versions).collect();
        archive.versions(kind.number, &all, |ordinal, key, payload| {
            pairs.extend(guids(key).map(|id| (id, ordinal)));
            pairs.extend(guids(payload).map(|id| (id, ordinal)));
            Ok(())
        })?;
        pairs.sort_unstable();
        pairs.dedup();
        Ok(Self { pairs })
    }

    /// The versions in which an id stands; none for what is no GUID.
    pub(crate) fn of(&self, id: &str) -> RoaringBitmap {
        let Some(id) = guid(id.as_bytes()) else {
            return RoaringBitmap::new();
        };
        let first = self.pairs.partition_point(|(named, _)| *named < id);
        self.pairs[first..]
            .iter()
            .take_while(|(named, _)| *named == id)
            .map(|(_, ordinal)| *ordinal)
            .collect()
    }
}

/// The number a GUID is; `None` where the text is none.
pub(crate) fn guid(text: &[u8]) -> Option<u128> {
    if text.len() != GUID_CHARS {
        return None;
    }
    let mut id = 0u128;
    for (at, byte) in text.iter().enumerate() {
        if HYPHENS.contains(&at) {
            if *byte != b'-' {
                return None;
            }
        } else {
            id = id << 4 | u128::from(char::from(*byte).to_digit(16)?);
        }
    }
    Some(id)
}

/// All GUIDs in a text. One is found by its first hyphen, which is rarer than anything else in it.
fn guids(text: &str) -> impl Iterator<Item = u128> + '_ {
    let bytes = text.as_bytes();
    let mut end = 0;
    memchr::memchr_iter(b'-', bytes).filter_map(move |hyphen| {
        let first = hyphen.checked_sub(HYPHENS[0])?;
        if first < end {
            return None;
        }
        let id = guid(bytes.get(first..first + GUID_CHARS)?)?;
        end = first + GUID_CHARS;
        Some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_they_stand_and_however_they_are_written() {
        let text = r#"{"a":"0B9C3A4e-0000-4000-8000-00000000000f","b":"/groups/0b9c3a4f-0000-4000-8000-000000000010/x","c":"2026-01-05","d":"0b9c3a4f-0000-4000-8000-00000000001"}"#;
        let found: Vec<u128> = guids(text).collect();
        assert_eq!(
            found,
            [
                0x0b9c_3a4e_0000_4000_8000_0000_0000_000f,
                0x0b9c_3a4f_0000_4000_8000_0000_0000_0010
            ]
        );
        assert_eq!(
            guid(b"0b9c3a4e-0000-4000-8000-00000000000F"),
            Some(found[0])
        );
        assert_eq!(guid(b"contoso.example"), None);
        assert_eq!(guids("é-----------------------------------").count(), 0);
    }
}
