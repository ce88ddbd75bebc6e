//! States of kinds: changesets and alive keyframes (`docs/format.md` section 7).

use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};

use crate::bytes::{Put, Reader, Short, put_runs, runs, take_runs};
use crate::id::{KindNumber, SnapshotNumber};

/// Keyframes bound how many changesets must be followed.
pub(crate) const KEYFRAME_EVERY: u32 = 32;

/// What one snapshot changed in one kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KindChange {
    pub(crate) kind: KindNumber,
    /// Snapshot the change is relative to; `None`: to nothing.
    pub(crate) base: Option<SnapshotNumber>,
    /// Ordinals of the kind after this snapshot.
    pub(crate) versions: u32,
    pub(crate) opened: RoaringBitmap,
    pub(crate) closed: RoaringBitmap,
}

/// The changes of one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Changeset {
    pub(crate) snapshot: SnapshotNumber,
    pub(crate) kinds: Vec<KindChange>,
}

impl KindChange {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.varint(self.kind.0.into());
        out.varint(self.base.unwrap_or(0).into());
        out.varint(self.versions.into());
        put_runs(out, &self.opened);
        put_runs(out, &self.closed);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, Short> {
        Ok(Self {
            kind: KindNumber(u16::try_from(reader.varint()?).map_err(|_| Short)?),
            base: Some(reader.varint_u32()?).filter(|base| *base > 0),
            versions: reader.varint_u32()?,
            opened: take_runs(reader)?,
            closed: take_runs(reader)?,
        })
    }

    /// The state this change leads to from `base`.
    #[cfg(test)]
    fn apply(&self, mut base: RoaringBitmap) -> RoaringBitmap {
        base -= &self.closed;
        base |= &self.opened;
        base
    }
}

/// Content of a changesets frame.
pub(crate) fn encode_changesets(changesets: &[Changeset]) -> Vec<u8> {
    let mut out = Vec::new();
    out.varint(changesets.len() as u64);
    for changeset in changesets {
        out.varint(changeset.snapshot.into());
        out.varint(changeset.kinds.len() as u64);
        changeset
            .kinds
            .iter()
            .for_each(|kind| kind.encode(&mut out));
    }
    out
}

pub(crate) fn decode_changesets(content: &[u8]) -> Result<Vec<Changeset>, Short> {
    let mut reader = Reader(content);
    let mut changesets = Vec::new();
    for _ in 0..reader.length()? {
        let snapshot = reader.varint_u32()?;
        let count = reader.length()?;
        let kinds = (0..count)
            .map(|_| KindChange::decode(&mut reader))
            .collect::<Result<_, _>>()?;
        changesets.push(Changeset { snapshot, kinds });
    }
    if reader.is_empty() {
        Ok(changesets)
    } else {
        Err(Short)
    }
}

/// Content of an alive frame.
pub(crate) fn encode_alive(alive: &RoaringBitmap) -> Vec<u8> {
    let mut out = Vec::new();
    put_runs(&mut out, alive);
    out
}

pub(crate) fn decode_alive(content: &[u8]) -> Result<RoaringBitmap, Short> {
    let mut reader = Reader(content);
    let alive = take_runs(&mut reader)?;
    if reader.is_empty() {
        Ok(alive)
    } else {
        Err(Short)
    }
}

/// The hash a record commits to: SHA-256 over `u32 first ‖ u32 length` of each maximal run.
pub(crate) fn alive_hash(alive: &RoaringBitmap) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (first, length) in runs(alive) {
        hasher.update(first.to_le_bytes());
        hasher.update(length.to_le_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_set() -> impl Strategy<Value = RoaringBitmap> {
        prop::collection::btree_set(0u32..5000, 0..40).prop_map(|set| set.into_iter().collect())
    }

    fn any_change() -> impl Strategy<Value = KindChange> {
        (
            1u16..300,
            prop::option::of(1u32..100),
            0u32..9000,
            any_set(),
            any_set(),
        )
            .prop_map(|(kind, base, versions, opened, closed)| KindChange {
                kind: KindNumber(kind),
                base,
                versions,
                closed: closed - &opened,
                opened,
            })
    }

    proptest! {
        #[test]
        fn changesets_come_back(all in prop::collection::vec((1u32..900, prop::collection::vec(any_change(), 0..4)), 0..4)) {
            let all: Vec<_> = all.into_iter().map(|(snapshot, kinds)| Changeset { snapshot, kinds }).collect();
            prop_assert_eq!(decode_changesets(&encode_changesets(&all)), Ok(all));
        }

        #[test]
        fn a_change_leads_from_one_state_to_the_other(before in any_set(), after in any_set()) {
            let change = KindChange {
                kind: KindNumber(1),
                base: None,
                versions: 5000,
                opened: &after - &before,
                closed: &before - &after,
            };
            prop_assert_eq!(change.apply(before), after.clone());
            prop_assert_eq!(decode_alive(&encode_alive(&after)), Ok(after));
        }

        #[test]
        fn no_bytes_make_the_decoders_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode_changesets(&bytes);
            let _ = decode_alive(&bytes);
        }
    }

    #[test]
    fn equal_sets_have_equal_hashes_however_they_were_built() {
        let ranged: RoaringBitmap = (60_000..70_000).collect();
        let mut singly = RoaringBitmap::new();
        (60_000..70_000).rev().for_each(|n| {
            singly.insert(n);
        });
        assert_eq!(alive_hash(&ranged), alive_hash(&singly));
        assert_eq!(runs(&ranged), [(60_000, 10_000)]);
    }
}
