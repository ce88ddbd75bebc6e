//! The Merkle tree over a kind's versions, kept as its right edge.
//!
//! RFC 6962 shape: leaves are hashed with 0x00 in front, inner nodes with 0x01, and the tree of n
//! leaves is split at the largest power of two below n. Only the roots of the complete subtrees along
//! the right edge are kept, so appending costs a constant number of hashes.

use sha2::{Digest, Sha256};

use crate::bytes::{Put, Reader, Short};
use crate::id::BlobId;

type Hash = [u8; 32];

/// Roots of the complete subtrees, largest first; their sizes are the bits of `size`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RightEdge {
    size: u64,
    subtrees: Vec<Hash>,
}

impl RightEdge {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn push(&mut self, blob: &BlobId) {
        let mut node = leaf(&blob.0);
        // Each trailing one bit of the old size is a subtree of the same size that is now completed.
        for _ in 0..self.size.trailing_ones() {
            let left = self
                .subtrees
                .pop()
                .expect("because every one bit of the size has a subtree");
            node = inner(&left, &node);
        }
        self.subtrees.push(node);
        self.size += 1;
    }

    /// The tree hash; of the empty tree, the hash of nothing.
    pub(crate) fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(first) = subtrees.next() else {
            return Sha256::digest([]).into();
        };
        subtrees.fold(*first, |right, left| inner(left, &right))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.varint(self.size);
        self.subtrees
            .iter()
            .for_each(|hash| out.extend_from_slice(hash));
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, Short> {
        let size = reader.varint()?;
        let subtrees = (0..size.count_ones())
            .map(|_| reader.array())
            .collect::<Result<_, _>>()?;
        Ok(Self { size, subtrees })
    }
}

fn leaf(data: &Hash) -> Hash {
    let mut message = [0; 33];
    message[1..].copy_from_slice(data);
    Sha256::digest(message).into()
}

fn inner(left: &Hash, right: &Hash) -> Hash {
    let mut message = [1; 65];
    message[1..33].copy_from_slice(left);
    message[33..].copy_from_slice(right);
    Sha256::digest(message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962 section 2.1, word for word.
    fn by_definition(leaves: &[BlobId]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => leaf(&one.0),
            more => {
                let split = (more.len().next_power_of_two() / 2).max(1);
                let split = if split == more.len() {
                    split / 2
                } else {
                    split
                };
                inner(
                    &by_definition(&more[..split]),
                    &by_definition(&more[split..]),
                )
            }
        }
    }

    #[test]
    fn the_right_edge_has_the_root_of_the_definition() {
        let leaves: Vec<BlobId> = (0..200u8).map(|n| BlobId([n; 32])).collect();
        let mut edge = RightEdge::default();
        for (count, blob) in leaves.iter().enumerate() {
            assert_eq!(
                edge.root(),
                by_definition(&leaves[..count]),
                "{count} leaves"
            );
            edge.push(blob);
            let mut bytes = Vec::new();
            edge.encode(&mut bytes);
            assert_eq!(RightEdge::decode(&mut Reader(&bytes)), Ok(edge.clone()));
        }
    }
}
