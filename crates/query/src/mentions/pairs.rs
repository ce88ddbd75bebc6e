//! Which versions of a run name which ids: collected from the versions themselves.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use model::Parser;
use roaring::RoaringBitmap;
use store::{Archive, KindNumber};

use super::guid::{guid, guids};
use crate::error::{Error, Result};

/// An id in big-endian bytes, which sort as the numbers do, and an ordinal.
///
/// Bytes, because a `u128` would make a pair of 32 bytes of one of 20, and there are two of them for
/// every membership.
pub(super) type Pair = ([u8; 16], u32);

/// Members of objects that hold ids of products and of parts of products, on every user the same: they
/// name nothing that is in the tenant.
const PRODUCTS: [&str; 4] = [
    "assignedLicenses",
    "assignedPlans",
    "licenseAssignmentStates",
    "provisionedPlans",
];

/// Pairs sorted together: a part that grows has room for twice as many, and a whole run can have millions.
const PART_PAIRS: usize = 64 << 10;

/// Collects pairs, in any order of versions.
#[derive(Default)]
pub(crate) struct Collector {
    /// Sorted, and full but for the last version's pairs.
    parts: Vec<Vec<Pair>>,
    pairs: Vec<Pair>,
    parser: Parser,
}

impl Collector {
    /// Adds the ids that a version names. Its own is none of them where it is the whole key: then the
    /// index knows the object's versions.
    pub(crate) fn push(&mut self, ordinal: u32, key: &str, payload: &str) -> Result<()> {
        let own = guid(key.as_bytes());
        let first = self.pairs.len();
        let mut add = |id: u128| {
            if Some(id) != own {
                self.pairs.push((id.to_be_bytes(), ordinal));
            }
        };
        guids(key).for_each(&mut add);
        if PRODUCTS.iter().any(|name| payload.contains(name)) {
            let document = self
                .parser
                .parse_text(payload)
                .map_err(|e| Error::Internal(format!("a stored payload is not JSON: {e}")))?;
            for (name, value) in document.root().members() {
                if !PRODUCTS.contains(&name.as_ref()) {
                    guids(value.raw()).for_each(&mut add);
                }
            }
        } else {
            guids(payload).for_each(&mut add);
        }
        // An id that stands in a version twice is one pair; most versions name few.
        self.pairs[first..].sort_unstable();
        let mut kept = first;
        for at in first..self.pairs.len() {
            if at == first || self.pairs[at] != self.pairs[kept - 1] {
                self.pairs[kept] = self.pairs[at];
                kept += 1;
            }
        }
        self.pairs.truncate(kept);
        if self.pairs.len() >= PART_PAIRS {
            self.close_part();
        }
        Ok(())
    }

    fn close_part(&mut self) {
        let mut part = std::mem::take(&mut self.pairs);
        part.sort_unstable();
        part.shrink_to_fit();
        self.parts.push(part);
    }

    /// The pairs, each once.
    pub(crate) fn finish(mut self) -> Pairs {
        self.close_part();
        Pairs(self.parts)
    }
}

/// Pairs in parts that are sorted by id and ordinal.
#[derive(Debug, Default)]
pub(crate) struct Pairs(Vec<Vec<Pair>>);

impl Pairs {
    /// Each id in its order, with its versions in theirs.
    pub(super) fn each(&self, mut each: impl FnMut([u8; 16], &[u32])) {
        let mut at = vec![0; self.0.len()];
        // The next pair of each part; parts are few, and the least of their pairs is found at once.
        let mut next: BinaryHeap<Reverse<(Pair, usize)>> = BinaryHeap::new();
        for (part, pairs) in self.0.iter().enumerate() {
            next.extend(pairs.first().map(|pair| Reverse((*pair, part))));
        }
        let mut last: Option<[u8; 16]> = None;
        let mut versions: Vec<u32> = Vec::new();
        while let Some(Reverse(((id, ordinal), part))) = next.pop() {
            if last.is_some_and(|last| last != id) {
                each(last.unwrap_or_default(), &versions);
                versions.clear();
            }
            last = Some(id);
            versions.push(ordinal);
            at[part] += 1;
            next.extend(
                self.0[part]
                    .get(at[part])
                    .map(|pair| Reverse((*pair, part))),
            );
        }
        if let Some(id) = last {
            each(id, &versions);
        }
    }

    /// Reads these versions for what they name.
    pub(super) fn read(
        archive: &Archive,
        kind: KindNumber,
        versions: &RoaringBitmap,
    ) -> Result<Self> {
        let mut collector = Collector::default();
        let mut failed = None;
        let read = archive.versions(kind, versions, |ordinal, key, payload| {
            collector.push(ordinal, key, payload).map_err(|error| {
                failed = Some(error);
                store::Error::Internal("reading versions was stopped".to_owned())
            })
        });
        read.map_err(|error| failed.take().unwrap_or(Error::Store(error)))?;
        Ok(collector.finish())
    }

    /// The versions that name an id.
    pub(super) fn of(&self, id: [u8; 16]) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(move |part| {
            let first = part.partition_point(|(named, _)| *named < id);
            let of_id = part[first..].iter().take_while(move |pair| pair.0 == id);
            of_id.map(|(_, ordinal)| *ordinal)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0b9c3a4e-0000-4000-8000-00000000000a";
    const B: &str = "0b9c3a4e-0000-4000-8000-00000000000b";

    fn named(key: &str, payload: &str) -> Vec<u8> {
        let mut collector = Collector::default();
        collector
            .push(7, key, payload)
            .expect("because the payload is JSON");
        let mut ids = Vec::new();
        collector.finish().each(|id, versions| {
            assert_eq!(versions, [7]);
            ids.push(id[15]);
        });
        ids
    }

    #[test]
    fn each_id_counts_once_and_neither_the_own_nor_those_of_products() {
        assert_eq!(
            named(A, &format!(r#"{{"id":"{A}","x":["{B}","{B}"]}}"#)),
            [0xb]
        );
        assert_eq!(named(&format!("{A}\u{1f}{B}"), "{}"), [0xa, 0xb]);
        assert_eq!(
            named(
                "x",
                &format!(r#"{{"assignedPlans":[{{"servicePlanId":"{A}"}}],"z":"{B}"}}"#)
            ),
            [0xb]
        );
    }
    #[test]
    fn parts_are_walked_as_one() {
        let mut collector = Collector::default();
        let count = u32::try_from(PART_PAIRS).expect("because it is small");
        // One id in all versions, and one in each: more pairs than two parts hold.
        for ordinal in 0..count + 9 {
            let own = format!("0b9c3a4e-0000-4000-8000-{:012x}", ordinal ^ 0x5555);
            let payload = format!(r#"{{"a":"{A}","b":"{own}"}}"#);
            let pushed = collector.push(ordinal, "x", &payload);
            pushed.expect("because the payload is JSON");
        }
        let pairs = collector.finish();
        assert!(pairs.0.len() > 2);
        let (mut ids, mut last) = (0, [0; 16]);
        pairs.each(|id, versions| {
            assert!(id > last && versions.is_sorted());
            assert!(pairs.of(id).eq(versions.iter().copied()));
            assert!(versions.len() == 1 || id[15] == 0xa);
            (ids, last) = (ids + 1, id);
        });
        // The shared id is one of the others' too.
        assert_eq!(ids, count + 9);
    }
}
