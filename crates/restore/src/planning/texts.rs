//! Versions in memory, one after the other in one piece: a plan reads hundreds of thousands of them, and each is
//! needed for a moment.

use std::ops::Range;

use roaring::RoaringBitmap;
use store::{Archive, KindNumber, Ordinal};

use crate::error::Result;

/// Versions that are in memory at the same time.
const CHUNK: usize = 2_048;

/// Keys and contents of some versions of a kind.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    /// In the order of ordinals.
    places: Vec<Place>,
}

/// Where a version stands: its key, then its content.
#[derive(Debug)]
struct Place {
    ordinal: Ordinal,
    key: usize,
    content: Range<usize>,
}

impl Texts {
    /// Reads versions.
    pub(super) fn read(
        archive: &Archive,
        number: KindNumber,
        ordinals: &RoaringBitmap,
    ) -> Result<Self> {
        let mut texts = Self::default();
        let Self { all, places } = &mut texts;
        archive.versions(number, ordinals, |ordinal, key, text| {
            let first = all.len();
            all.push_str(key);
            let content = all.len()..all.len() + text.len();
            all.push_str(text);
            places.push(Place {
                ordinal,
                key: first,
                content,
            });
            Ok(())
        })?;
        places.sort_unstable_by_key(|place| place.ordinal);
        Ok(texts)
    }

    /// Key and content of a version, where it was read.
    pub(super) fn get(&self, ordinal: Ordinal) -> Option<(&str, &str)> {
        let found = self.places.binary_search_by_key(&ordinal, |it| it.ordinal);
        found.ok().map(|at| self.at(&self.places[at]))
    }

    /// Every version that was read with its key and its content, in the order of ordinals.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Ordinal, &str, &str)> {
        self.places.iter().map(|place| {
            let (key, content) = self.at(place);
            (place.ordinal, key, content)
        })
    }

    fn at(&self, place: &Place) -> (&str, &str) {
        let key = &self.all[place.key..place.content.start];
        (key, &self.all[place.content.clone()])
    }
}

/// Versions that are read at once, in the order of ordinals.
pub(super) fn chunks(ordinals: &RoaringBitmap) -> Vec<RoaringBitmap> {
    let all: Vec<Ordinal> = ordinals.iter().collect();
    all.chunks(CHUNK)
        .map(|chunk| chunk.iter().copied().collect())
        .collect()
}

/// Pairs of versions that are read at once, in their order.
pub(super) fn pairs(all: &[(Ordinal, Ordinal)]) -> impl Iterator<Item = &[(Ordinal, Ordinal)]> {
    all.chunks(CHUNK)
}
