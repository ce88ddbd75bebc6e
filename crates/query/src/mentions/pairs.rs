//! Which versions of a run name which ids: collected from the versions themselves.

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

/// Collects pairs, in any order of versions.
#[derive(Default)]
pub(crate) struct Collector {
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
        Ok(())
    }

    /// The pairs by id and ordinal.
    pub(crate) fn finish(mut self) -> Pairs {
        self.pairs.sort_unstable();
        Pairs(self.pairs)
    }
}

/// Pairs by id and ordinal, each once.
#[derive(Debug, Default)]
pub(crate) struct Pairs(pub(super) Vec<Pair>);

impl Pairs {
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
        let first = self.0.partition_point(|(named, _)| *named < id);
        let of_id = self.0[first..].iter().take_while(move |pair| pair.0 == id);
        of_id.map(|(_, ordinal)| *ordinal)
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
        let pairs = collector.finish();
        assert!(pairs.0.iter().all(|(_, ordinal)| *ordinal == 7));
        pairs.0.iter().map(|(id, _)| id[15]).collect()
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
}
