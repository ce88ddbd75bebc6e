//! Keys of natural persons' data: the leaves of a tree from which leaves can be cut.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use zeroize::Zeroizing;

use super::Key;
use crate::bytes::{Put, Reader, Short};

/// Levels below the root; each consumes one nibble of the handle.
const DEPTH: u8 = 16;
/// `"entrace v1 subject node"`, hashed: half of the work of a derivation, and always the same.
static CONTEXT_KEY: LazyLock<ContextKey> =
    LazyLock::new(|| hash_derive_key_context("entrace v1 subject node"));

/// Names a person within one archive: a keyed hash, never the id itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SubjectHandle(pub(crate) u64);

impl SubjectHandle {
    pub(crate) fn new(key: &Key, subject: &str) -> Self {
        let hash = blake3::keyed_hash(&key.0, subject.as_bytes());
        Self(u64::from_be_bytes(
            hash.as_bytes()[..8]
                .try_into()
                .expect("because 8 of 32 bytes are 8"),
        ))
    }

    fn nibble(self, depth: u8) -> u8 {
        ((self.0 >> (60 - 4 * u32::from(depth))) & 0xf) as u8
    }

    /// The handle's first `depth` nibbles, left-aligned.
    fn prefix(self, depth: u8) -> u64 {
        if depth == 0 {
            0
        } else {
            self.0 & (u64::MAX << (64 - 4 * u32::from(depth)))
        }
    }
}

/// The nodes from which every key that was not erased can be derived.
#[derive(Debug, Clone)]
pub(crate) struct KeyTree {
    /// (depth, prefix) -> node; no node stands below another.
    nodes: BTreeMap<(u8, u64), Key>,
}

impl KeyTree {
    pub(crate) fn random() -> Self {
        Self {
            nodes: BTreeMap::from([((0, 0), Key::random())]),
        }
    }

    /// The person's key; `None` when it was erased.
    pub(crate) fn key(&self, handle: SubjectHandle) -> Option<Key> {
        let (depth, node) = self.above(handle)?;
        let mut node = node.clone();
        for depth in depth..DEPTH {
            node = child(&node, handle.nibble(depth));
        }
        Some(node)
    }

    /// Makes the person's key underivable; `false` when it already was. No command offers this yet: the
    /// test holds the format to what it was made for.
    #[cfg(test)]
    pub(crate) fn erase(&mut self, handle: SubjectHandle) -> bool {
        let Some((depth, node)) = self.above(handle) else {
            return false;
        };
        let mut node = node.clone();
        self.nodes.remove(&(depth, handle.prefix(depth)));
        for depth in depth..DEPTH {
            let own = handle.nibble(depth);
            for sibling in (0..16).filter(|nibble| *nibble != own) {
                let prefix =
                    handle.prefix(depth) | u64::from(sibling) << (60 - 4 * u32::from(depth));
                self.nodes
                    .insert((depth + 1, prefix), child(&node, sibling));
            }
            node = child(&node, own);
        }
        true
    }

    fn above(&self, handle: SubjectHandle) -> Option<(u8, &Key)> {
        (0..=DEPTH).find_map(|depth| Some((depth, self.nodes.get(&(depth, handle.prefix(depth)))?)))
    }

    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::new());
        out.varint(self.nodes.len() as u64);
        for ((depth, prefix), key) in &self.nodes {
            out.push(*depth);
            out.u64(*prefix);
            out.extend_from_slice(&key.0);
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Short> {
        let mut reader = Reader(bytes);
        let count = reader.length()?;
        let node = |_| Ok(((reader.u8()?, reader.u64()?), Key(reader.array()?)));
        let nodes = (0..count).map(node).collect::<Result<_, Short>>()?;
        Ok(Self { nodes })
    }
}

fn child(node: &Key, nibble: u8) -> Key {
    let mut material = Zeroizing::new([0; 33]);
    material[..32].copy_from_slice(&node.0);
    material[32] = nibble;
    let mut hasher = blake3::Hasher::new_from_context_key(&CONTEXT_KEY);
    hasher.update(&*material);
    Key(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn erasing_takes_one_key_and_leaves_every_other(
            erased in prop::collection::btree_set(0u64..40, 1..8),
            near in any::<u64>(),
        ) {
            let whole = KeyTree::random();
            let mut cut = whole.clone();
            // Neighbours differ in the last nibble only, so that they share every node but the last.
            let handle = |n: u64| SubjectHandle((near & !0xff) | n);
            for n in &erased {
                prop_assert!(cut.erase(handle(*n)));
                prop_assert!(!cut.erase(handle(*n)), "erasing twice is noticed");
            }
            let cut = KeyTree::decode(&cut.encode()).expect("because it was just encoded");
            for n in 0..40 {
                let expected = (!erased.contains(&n)).then(|| whole.key(handle(n)).expect("because nothing was erased"));
                prop_assert_eq!(cut.key(handle(n)), expected);
            }
            prop_assert_eq!(cut.key(SubjectHandle(!near)), whole.key(SubjectHandle(!near)));
        }
    }

    #[test]
    fn a_new_keyring_is_one_node() {
        assert_eq!(KeyTree::random().encode().len(), 1 + 1 + 8 + 32);
        assert_eq!(KeyTree::decode(&[200, 1]).map(|_| ()), Err(Short));
    }
}
